//! What networks still allow, shared fairly by all sources that ask with the same credentials: each may use its part of
//! what is left of the window, and nobody asks where the network has said that it is enough.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use dandelion_networks::{contract::Credentials, egress::Budget};
use dandelion_post::Micros;
use sha2::{Digest as _, Sha256};

use super::{Kind, Source};

/// The allowances of everything this program asks; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Allowances(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Which credentials each source asks with.
    keys: HashMap<i64, Key>,
    /// What is known of each credentials' allowance.
    windows: HashMap<Key, Window>,
}

/// Names credentials at a place without holding them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 16]);

impl Key {
    /// Whoever has the same key shares one allowance: the same network, the same server, the same credentials, or none
    /// at all where the server counts by our address. Feeds are many servers' and counted by nobody.
    pub fn of(source: &Source, credentials: &Credentials) -> Self {
        let mut hash = Sha256::new();
        if source.kind == Kind::Network {
            let url = source.url.as_deref().unwrap_or_default();
            let server = url::Url::parse(url).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
            let server = server.map_or(url.to_owned(), |origin| origin.ascii_serialization());
            for part in [source.network.as_str(), &server, &serde_json::to_string(credentials).unwrap_or_default()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        } else {
            hash.update(source.id.to_be_bytes());
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Self(key)
    }
}

/// What one network allows one of our accounts until a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Window {
    /// Questions left, as it said last.
    left: u64,
    /// From when until when that holds; before (a clock was put back) and afterwards nothing is known.
    since: Micros,
    until: Micros,
    /// Questions asked and not answered yet.
    open: u64,
}

impl Window {
    /// Questions that may still be asked now; none where that is not known.
    fn left(&self, now: Micros) -> Option<u64> {
        (self.since..self.until).contains(&now).then(|| self.left.saturating_sub(self.open))
    }
}

/// A question under way. It counts against what is left until the network's own word does.
pub(crate) struct Call<'a> {
    allowances: &'a Allowances,
    key: Key,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(window) = self.allowances.lock().windows.get_mut(&self.key) {
            window.open = window.open.saturating_sub(1);
        }
    }
}

impl Allowances {
    /// Says which sources there are, and with which credentials each asks; all others are forgotten.
    pub fn know(&self, keys: HashMap<i64, Key>) {
        let mut known = self.lock();
        known.windows.retain(|key, window| window.open > 0 || keys.values().any(|used| used == key));
        known.keys = keys;
    }

    /// Begins a question, unless no more than `spare` are left: then it says until when. With nothing to spare whoever
    /// asks has decided to.
    pub fn begin(&self, source: &Source, key: Key, spare: u64, now: Micros) -> Result<Call<'_>, Micros> {
        let mut known = self.lock();
        known.keys.insert(source.id, key);
        // After a start, what the network said before it.
        let told = || Window {
            left: source.calls_left.map_or(0, |left| left.max(0) as u64),
            since: source.polled_at.unwrap_or(now),
            until: source.calls_left.and(source.calls_reset_at).unwrap_or(0),
            open: 0,
        };
        let window = known.windows.entry(key).or_insert_with(told);
        if spare > 0 && window.left(now).is_some_and(|left| left <= spare) {
            return Err(window.until);
        }
        window.open += 1;
        Ok(Call { allowances: self, key })
    }

    /// What the network said is left.
    pub fn told(&self, key: Key, budget: Budget, now: Micros) {
        let Some(resets) = budget.resets_in else { return };
        let mut known = self.lock();
        let window = known.windows.entry(key).or_default();
        (window.left, window.since, window.until) = (budget.remaining, now, now + micros(resets));
    }

    /// It wants to be left alone: by all that ask with these credentials.
    pub fn refused(&self, key: Key, wait: Duration, now: Micros) {
        let mut known = self.lock();
        let window = known.windows.entry(key).or_default();
        (window.left, window.since, window.until) = (0, now, now + micros(wait));
    }

    /// How many questions one of those who share may ask in one go: its part of what is left beyond `spare`, at least
    /// one and at most `most`.
    pub fn part(&self, key: Key, spare: u64, most: usize, now: Micros) -> usize {
        let known = self.lock();
        let Some(left) = known.windows.get(&key).and_then(|window| window.left(now)) else { return most };
        let part = left.saturating_sub(spare) / known.sharers(key);
        usize::try_from(part).unwrap_or(most).clamp(1, most)
    }

    /// How long one of several who share waits after so many questions: were all to ask as often, what is left would
    /// last until the window ends, and never longer than that. Who is alone need not wait.
    pub fn pace(&self, key: Key, spare: u64, asked: usize, now: Micros) -> Micros {
        let known = self.lock();
        let Some(window) = known.windows.get(&key) else { return 0 };
        let (Some(left), sharers) = (window.left(now), known.sharers(key)) else { return 0 };
        if sharers < 2 {
            return 0;
        }
        let lasts = i128::from(window.until - now);
        let wait = lasts * i128::from(sharers) * asked as i128 / i128::from(left.saturating_sub(spare).max(1));
        wait.min(lasts) as Micros
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// How many sources ask with these credentials; at least one does.
    fn sharers(&self, key: Key) -> u64 {
        (self.keys.values().filter(|other| **other == key).count() as u64).max(1)
    }
}

impl fmt::Debug for Allowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowances").finish_non_exhaustive()
    }
}

fn micros(wait: Duration) -> Micros {
    Micros::try_from(wait.as_micros()).unwrap_or(Micros::MAX / 4)
}
