//! The words and names of a sample: what is usual, and what can be completed.

use std::{collections::HashMap, sync::Arc};

use rustc_hash::FxHashMap;

use super::Sampled;
use crate::query::terms::each_different;

/// Most different terms kept; the rarest go first.
const MOST_TERMS: usize = 100_000;
/// Most names kept of each sort.
const MOST_NAMES: usize = 2_000;

/// In how many posts of a sample each term stands, and the names in it, the most frequent first.
#[derive(Debug, Default)]
pub struct Vocabulary {
    terms: FxHashMap<Box<str>, u32>,
    /// Accounts that wrote or were addressed, without `@`.
    pub handles: Vec<(String, u32)>,
    /// Tags, without `#`.
    pub tags: Vec<(String, u32)>,
    /// Languages as the networks state them.
    pub languages: Vec<(String, u32)>,
    /// Networks.
    pub networks: Vec<(String, u32)>,
    /// Names of sources.
    pub sources: Vec<(String, u32)>,
}

impl Vocabulary {
    /// Of these posts; `ours` are our own handles, which come first.
    pub(super) fn of(posts: &[Arc<Sampled>], ours: &[String]) -> Self {
        let mut terms: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let (mut handles, mut languages) = (HashMap::new(), HashMap::new());
        let (mut networks, mut sources) = (HashMap::new(), HashMap::new());
        for sampled in posts {
            let post = &sampled.post;
            each_different(post, |term| match terms.get_mut(term) {
                Some(count) => *count += 1,
                None => drop(terms.insert(term.into(), 1)),
            });
            let count = |names: &mut HashMap<String, u32>, name: Option<&str>| {
                if let Some(name) = name.filter(|name| !name.is_empty()) {
                    *names.entry(name.to_owned()).or_default() += 1;
                }
            };
            let handle = post.author.as_ref().and_then(|author| author.handle.as_deref());
            count(&mut handles, handle.map(|handle| handle.trim_start_matches('@').to_lowercase()).as_deref());
            count(&mut languages, post.lang.as_deref());
            count(&mut networks, post.network.as_ref().map(dandelion_post::Network::as_str));
            count(&mut sources, Some(&sampled.known.source));
        }
        let mut tags = HashMap::new();
        for (term, count) in &terms {
            if let Some(tag) = term.strip_prefix('#') {
                tags.insert(tag.to_owned(), *count);
            } else if let Some(handle) = term.strip_prefix('@') {
                *handles.entry(handle.to_owned()).or_default() += *count;
            }
        }
        for handle in ours {
            handles.insert(handle.trim_start_matches('@').to_lowercase(), u32::MAX);
        }
        let mut least = 1;
        while terms.len() > MOST_TERMS {
            terms.retain(|_, count| *count > least);
            least += 1;
        }
        let [handles, tags, languages, networks, sources] = [handles, tags, languages, networks, sources].map(ranked);
        Self { terms, handles, tags, languages, networks, sources }
    }

    /// In how many posts a term stands; 0 where it stands in none, or in hardly any of very many.
    pub fn count(&self, term: &str) -> u32 {
        self.terms.get(term).copied().unwrap_or(0)
    }
}

fn ranked(names: HashMap<String, u32>) -> Vec<(String, u32)> {
    let mut names: Vec<(String, u32)> = names.into_iter().collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    names.truncate(MOST_NAMES);
    names
}
