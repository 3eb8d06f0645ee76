//! The valence lexicon: how pleasant or unpleasant people found single words, −4 to 4. VADER's (Hutto & Gilbert 2014,
//! MIT), cut to words and their means; see `words/valence.tsv`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::tokens::Sort;
use super::{Token, hash_of};

const FILE: &str = include_str!("../../words/valence.tsv");

static WORDS: LazyLock<FxHashMap<u32, i8>> = LazyLock::new(|| {
    let mut words = FxHashMap::default();
    for line in FILE.lines().filter(|line| !line.starts_with('#')) {
        if let Some((word, tenths)) = line.split_once('\t')
            && let Ok(tenths) = tenths.trim().parse::<i8>()
        {
            let form: Vec<char> = word.chars().collect();
            words.insert(hash_of(&form, Sort::Word), tenths);
        }
    }
    words
});

/// What the valences of a text add up to, in tenths.
#[derive(Debug, Default)]
pub(super) struct Sum {
    good: i32,
    bad: i32,
    best: i32,
    worst: i32,
    last: i32,
    hits: u32,
}

impl Sum {
    /// Takes one token in, by its hash as a word; a negation before it turns three quarters of it, capitals add a fifth.
    pub(super) fn take(&mut self, word: u32, token: &Token, negated: bool) {
        if !matches!(token.sort, Sort::Word | Sort::Tag | Sort::Marks) {
            return;
        }
        let Some(found) = WORDS.get(&word) else { return };
        let mut tenths = i32::from(*found);
        if negated {
            tenths = -tenths * 3 / 4;
        }
        if token.shouted || token.stretched {
            tenths = tenths * 6 / 5;
        }
        if tenths > 0 {
            self.good += tenths;
        } else {
            self.bad -= tenths;
        }
        self.best = self.best.max(tenths);
        self.worst = self.worst.min(tenths);
        self.last = tenths;
        self.hits += 1;
    }

    /// The sums in steps, each a feature of its own.
    pub(super) fn steps(&self) -> [u32; 7] {
        let net = f64::from(self.good - self.bad) / 10.0;
        let squashed = net / (net * net + 15.0).sqrt();
        [
            (self.good / 8).min(12) as u32,
            (self.bad / 8).min(12) as u32,
            (self.best / 6).min(9) as u32,
            (-self.worst / 6).min(9) as u32,
            ((squashed + 1.0) * 10.0) as u32,
            (self.last / 8 + 10) as u32,
            self.hits.min(6),
        ]
    }
}
