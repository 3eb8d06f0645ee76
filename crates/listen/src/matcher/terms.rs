//! The words, tags, pairs and field values that queries look for, numbered.

use rustc_hash::FxHashMap;

use crate::query::NameField;
use crate::words::hash::hash_of;

/// A numbered thing to look for.
pub(super) type TermId = u32;

/// Where a term may be found. The same letters in two domains are two terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Domain(pub u8);

impl Domain {
    /// A word, or the tag, handle or ticker that is exactly it; an emoji; a character of a dense script.
    pub const WORD: Self = Self(0);
    pub const TAG: Self = Self(1);
    pub const HANDLE: Self = Self(2);
    pub const TICKER: Self = Self(3);
    /// Two characters of a dense script side by side.
    pub const PAIR: Self = Self(4);
    /// A word pattern; found by its own structure, never by hash.
    pub const PATTERN: Self = Self(5);
    /// The first of the fields that hold a name.
    pub const FIELDS: u8 = 16;

    pub fn of_field(field: NameField) -> Self {
        Self(Self::FIELDS + field as u8)
    }

    pub fn field(self) -> Option<NameField> {
        NameField::ALL.get(usize::from(self.0.checked_sub(Self::FIELDS)?)).copied()
    }

    /// What a slot says of it: the commonest have a tag of their own.
    #[inline]
    pub fn tag(self) -> u32 {
        u32::from(self.0).min(3)
    }

    /// Whether its tag is its own.
    #[inline]
    pub fn is_tagged(self) -> bool {
        self.0 < 3
    }

    /// What a hash is changed by, so that the domains lie apart.
    #[inline]
    pub fn salt(self) -> u64 {
        u64::from(self.0).wrapping_mul(0x94d0_49bb_1331_11eb)
    }
}

/// All terms of a set of queries, while it is put together.
#[derive(Debug, Default)]
pub(super) struct Terms {
    by_hash: FxHashMap<u64, TermId>,
    list: Vec<Listed>,
    text: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Listed {
    hash: u64,
    at: u32,
    length: u32,
    domain: Domain,
}

impl Terms {
    /// The number of this term; a new one where it is new.
    pub(super) fn number(&mut self, domain: Domain, text: &[u8]) -> TermId {
        let hash = hash_of(text) ^ domain.salt();
        let mut key = hash;
        // Two terms of one hash lie one step apart.
        while let Some(known) = self.by_hash.get(&key) {
            let listed = self.list[*known as usize];
            if listed.domain == domain && self.text(*known) == text {
                return *known;
            }
            key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
        let number = self.list.len() as TermId;
        self.by_hash.insert(key, number);
        self.list.push(Listed { hash, at: self.text.len() as u32, length: text.len() as u32, domain });
        self.text.extend_from_slice(text);
        number
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn text(&self, term: TermId) -> &[u8] {
        let listed = self.list[term as usize];
        &self.text[listed.at as usize..(listed.at + listed.length) as usize]
    }

    pub(super) fn domain(&self, term: TermId) -> Domain {
        self.list[term as usize].domain
    }

    /// The hash of its text, changed by its domain.
    pub(super) fn hash(&self, term: TermId) -> u64 {
        self.list[term as usize].hash
    }
}
