//! Queries of other tools, in our language: as far as their publicly documented Boolean syntaxes say what they mean.
//!
//! What cannot be carried over is left out and named with its place and the reason; what is only nearly the same is
//! carried over and named too. The text that comes out is one that [`parse`] takes.
//!
//! ```
//! use dandelion_listen::dialect;
//!
//! let query = dialect::brandwatch("(\"acme kettle\"~5 OR title:acme) AND leak* NEAR/3f water NOT site:ebay.com").unwrap();
//! assert_eq!(query.text, "(acme NEAR/5 kettle OR title:acme) AND leak* ONEAR/3 water AND NOT site:ebay.com");
//! assert!(query.lost.is_empty());
//!
//! let query = dialect::x("kettle (leaks OR drips) min_faves:10 filter:links -filter:replies list:123").unwrap();
//! assert_eq!(query.text, "kettle AND (leaks OR drips) AND likes:>=10 AND has:link AND NOT is:reply");
//! assert_eq!(query.lost[0].text, "list:123");
//! ```

mod brandwatch;
mod lex;
mod talkwalker;
mod tree;
mod twitter;
mod value;

use std::ops::Range;

use crate::{MAX_BYTES, QueryError, parse};
use lex::Lexer;
use value::{Carried, Value};

/// A query of another tool, carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The text in our language.
    pub text: String,
    /// What was left out, or is only nearly the same; in order.
    pub lost: Vec<Lost>,
}

/// Something that was left out, or is only nearly the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lost {
    /// Its bytes in the original.
    pub span: Range<usize>,
    /// The original's words there.
    pub text: String,
    /// Why, and what to do instead if there is something.
    pub reason: String,
}

/// Whose syntax it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Brandwatch Consumer Research.
    Brandwatch,
    /// Talkwalker.
    Talkwalker,
    /// X (Twitter): its search box and API.
    X,
}

impl Dialect {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Brandwatch, Self::Talkwalker, Self::X];

    /// Its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brandwatch => "brandwatch",
            Self::Talkwalker => "talkwalker",
            Self::X => "x",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::ALL.into_iter().find(|it| it.name() == name).or((name == "twitter").then_some(Self::X))
    }

    fn field(self, name: &str, value: &Value<'_>) -> Carried {
        match self {
            Self::Brandwatch => brandwatch::field(name, value),
            Self::Talkwalker => talkwalker::field(name, value),
            Self::X => twitter::field(name, value),
        }
    }

    /// Carries a query over. Fails where the original is broken, or nothing of it could be carried over.
    pub fn translate(self, text: &str) -> Result<Translation, QueryError> {
        if text.len() > MAX_BYTES {
            return parse(text).map(|_| Translation { text: String::new(), lost: Vec::new() });
        }
        let mut lexer = Lexer::new(self, text);
        lexer.run()?;
        let (tokens, mut lost) = (lexer.tokens, lexer.lost);
        let tree = tree::read(text, tokens, &mut lost)?;
        lost.sort_by_key(|it| it.span.start);
        let Some(tree) = tree else {
            let message = "nothing of this query could be carried over";
            let hint = lost.first().map_or("write it anew".to_owned(), |it| format!("{}: {}", it.text, it.reason));
            return Err(QueryError::new(0..text.len(), message, hint));
        };
        let carried = tree.to_string();
        match parse(&carried) {
            Ok(_) => Ok(Translation { text: carried, lost }),
            Err(error) => {
                let message = format!("carried over it reads `{}`, and there {}", shown(&carried), error.message);
                Err(QueryError::new(0..text.len(), message, error.hint))
            }
        }
    }
}

/// Carries over a query of Brandwatch.
pub fn brandwatch(text: &str) -> Result<Translation, QueryError> {
    Dialect::Brandwatch.translate(text)
}

/// Carries over a query of Talkwalker.
pub fn talkwalker(text: &str) -> Result<Translation, QueryError> {
    Dialect::Talkwalker.translate(text)
}

/// Carries over a search of X.
pub fn x(text: &str) -> Result<Translation, QueryError> {
    Dialect::X.translate(text)
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
