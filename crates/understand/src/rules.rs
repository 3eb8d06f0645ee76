use dandelion_post::Post;

use crate::influence::influence;
use crate::{Analysis, Judgement, Lexicon, VERSION};

/// The rules, compiled with an organisation's lexicon.
#[derive(Debug)]
pub struct Rules {
    _lexicon: Lexicon,
}

impl Rules {
    /// Compiles the rules.
    pub fn new(lexicon: Lexicon) -> Self {
        Self { _lexicon: lexicon }
    }

    /// What the rules say of a post.
    pub fn analyse(&self, post: &Post) -> Analysis {
        let plain = |value: &str| Judgement { value: value.into(), score: 0.0, reasons: Vec::new() };
        Analysis {
            version: VERSION.into(),
            language: plain("unknown"),
            sentiment: plain("neutral"),
            intents: vec![plain("other")],
            urgency: plain("0"),
            risks: Vec::new(),
            products: Vec::new(),
            topics: Vec::new(),
            influence: influence(post),
        }
    }

    /// Whether a customer's answer says that it is `fixed` or `not fixed`.
    pub fn verdict(&self, _post: &Post) -> Option<Judgement> {
        None
    }
}
