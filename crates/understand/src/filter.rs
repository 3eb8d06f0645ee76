//! The `understand` filter's pure part: one line of JSONL in, one line of JSON out.

use dandelion_post::{Post, Refusal};
use serde::Serialize;

use crate::{Analysis, Rules};

/// What is written for one post.
#[derive(Debug, Serialize, PartialEq)]
pub struct Answer {
    /// The post's id.
    pub id: String,
    /// What the rules say of it.
    #[serde(flatten)]
    pub analysis: Analysis,
}

/// Answers one line, or says why the post was refused.
///
/// ```
/// use dandelion_understand::{Lexicon, Rules, filter};
/// let rules = Rules::new(Lexicon::default());
/// let answer = filter::line(&rules, r#"{"id":"7","text":"Danke für die schnelle Hilfe!"}"#).unwrap();
/// assert!(serde_json::to_string(&answer).unwrap().starts_with(r#"{"id":"7","version":"panel-4+rules-5","language":{"value":"de""#));
/// assert!(filter::line(&rules, "{}").is_err());
/// ```
pub fn line(rules: &Rules, line: &str) -> Result<Answer, Refusal> {
    let post = Post::from_json(line)?;
    let analysis = rules.analyse(&post);
    Ok(Answer { id: post.id, analysis })
}
