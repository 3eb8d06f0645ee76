//! The words that stand out among what a query hears.

use std::collections::HashMap;

use dandelion_listen::Scratch;

use super::pass::Pass;
use crate::query::{sample::Sample, terms::each_term};

/// Most hits whose words are counted.
const COUNTED: usize = 2_000;
/// Most words given.
const MOST: usize = 24;
/// How many times as frequent as elsewhere a word must be, with 95 % certainty; leaves out `the`, `and` and their kin in
/// every language.
const LIFT: f64 = 2.0;
/// The same where there are too few hits to be certain of anything.
const LIFT_OF_FEW: f64 = 1.5;
/// Below how many hits these are few.
const FEW: usize = 8;
/// Below how many posts nothing is known of what is usual, and any word may be meant.
const TELLING: usize = 500;

/// A word among the hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Frequent {
    /// As a query would write it.
    pub word: String,
    /// The share of the hits it stands in, 0 to 1.
    pub share: f64,
}

/// The words in most hits that are more frequent there than in all posts, without those that made them hits.
pub(super) fn among(pass: &Pass<'_>, sample: &Sample) -> Vec<Frequent> {
    let hits = &pass.hits[..pass.hits.len().min(COUNTED)];
    let (mut counts, mut scratch): (HashMap<String, usize>, _) = (HashMap::new(), Scratch::default());
    for index in hits {
        let sampled = pass.post(*index);
        let spans = pass.spans(sampled, &mut scratch);
        let mut terms: Vec<String> = Vec::new();
        each_term(&sampled.post.text, |term, at| {
            let matched = spans.iter().any(|span| span.start < at.end && at.start < span.end);
            if !matched {
                terms.push(term.to_owned());
            }
        });
        terms.sort_unstable();
        terms.dedup();
        for term in terms {
            *counts.entry(term).or_default() += 1;
        }
    }
    let few = hits.len() < FEW;
    let least = if few { 1 } else { 2 };
    let (of, all) = (hits.len() as f64, sample.posts.len() as f64);
    let stands_out = |term: &str, count: usize| {
        let usual = f64::from(sample.vocabulary.count(term)) / all;
        match (sample.posts.len() < TELLING, few) {
            (true, _) => true,
            (false, true) => count as f64 / of >= LIFT_OF_FEW * usual,
            (false, false) => super::wilson(count as f64, of).0 >= LIFT * usual,
        }
    };
    let mut words: Vec<(String, usize)> =
        counts.into_iter().filter(|(term, count)| *count >= least && stands_out(term, *count)).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words.truncate(MOST);
    words.into_iter().map(|(word, count)| Frequent { word, share: count as f64 / of }).collect()
}
