//! Why a post is judged as it is: every judgement with how sure it is, its evidence, and who judged.

use askama::Template;

use super::Judgement;
use crate::view::{Text, prints_html};

/// The panel of one post, folded until somebody asks.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/why.html")]
pub struct Why {
    /// The post.
    pub post: i64,
    /// “complaint, negative, urgency 2”: what it comes to.
    pub short: String,
    /// Its words, those that weighed most marked.
    pub text: Text,
    /// The judgements.
    pub judgements: Vec<Judgement>,
    /// Irony, insult, feeling: what is said beside, in words.
    pub beside: Vec<String>,
    /// Who judged.
    pub version: String,
    /// Whether it is unfolded from the start.
    pub open: bool,
}
prints_html!(Why);
