//! Time and randomness as parameters, so that tests can hold both still.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use dandelion_post::Micros;

/// What time it is.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands still until it is moved.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn fixed(at: Micros) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at)))
    }

    /// Now, in UTC microseconds.
    pub fn now(&self) -> Micros {
        match self {
            Self::System => jiff::Timestamp::now().as_microsecond(),
            Self::Fixed(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Moves a fixed clock by so many microseconds; the machine's clock is nobody's to move.
    pub fn advance(&self, by: Micros) {
        if let Self::Fixed(at) = self {
            at.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Where keys, tokens and jitter come from.
#[derive(Clone, Debug)]
pub enum Random {
    /// The machine's secure source.
    System,
    /// A repeatable sequence (SplitMix64), for tests and the demo. Never for secrets of a real installation.
    Seeded(Arc<Mutex<u64>>),
}

impl Random {
    /// A repeatable sequence from a seed.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(seed)))
    }

    /// Fills a buffer.
    ///
    /// # Panics
    /// If the operating system has no randomness to give, in which case nothing secret can be made at all.
    pub fn fill(&self, buffer: &mut [u8]) {
        match self {
            Self::System => getrandom::fill(buffer).expect("the operating system gives no randomness"),
            Self::Seeded(_) => {
                for chunk in buffer.chunks_mut(8) {
                    let bytes = self.u64().to_le_bytes();
                    chunk.copy_from_slice(&bytes[..chunk.len()]);
                }
            }
        }
    }

    /// Sixty-four random bits.
    ///
    /// # Panics
    /// As [`Random::fill`].
    pub fn u64(&self) -> u64 {
        match self {
            Self::System => {
                let mut bytes = [0; 8];
                self.fill(&mut bytes);
                u64::from_le_bytes(bytes)
            }
            Self::Seeded(state) => {
                // SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
                let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                z ^ (z >> 31)
            }
        }
    }

    /// A secret of 32 random bytes as URL-safe text (43 characters).
    pub fn token(&self) -> String {
        use base64::Engine as _;
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }
}
