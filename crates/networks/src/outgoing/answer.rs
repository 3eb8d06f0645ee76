use std::time::Duration;

use dandelion_post::{Micros, timestamp};
use serde_json::Value;

use crate::{
    contract::{Trouble, wait_in_body},
    egress::{Error, Response},
};

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The network confirmed that the words are out (now, or at an earlier attempt with the same key).
    Published {
        /// The network's id of the new post, where it told.
        remote_id: Option<String>,
        /// Where it can be read, where it told.
        url: Option<String>,
    },
    /// Nothing was published and trying again will not help; the words say why.
    Refused {
        /// In words, the network's own where it gave some.
        why: String,
    },
    /// Nothing was published; it may work later.
    Later {
        /// How long the network asked us to wait.
        after: Option<Duration>,
        /// In words.
        why: String,
    },
    /// The words were handed over, but whether they were published nobody said.
    InDoubt {
        /// In words.
        why: String,
    },
}

impl Answer {
    /// Reads an HTTP answer. Only what says plainly that nothing was done counts as that: 4xx, and 429 or 503 with the
    /// wish to be asked again. A server that fails (5xx) may have published first.
    pub(crate) fn read(answer: &Response, now: Micros) -> Self {
        let status = answer.status;
        let after = answer.stay_away(timestamp(now));
        match status {
            200..=299 => Self::published(&answer.body),
            // 302 and 303 are also how a server says "done, look here" after a POST.
            301 | 307 | 308 => {
                let to = answer.header("location").unwrap_or("another address");
                Self::Refused { why: format!("the address leads on to {}: enter that one in the handle", short(to)) }
            }
            403 if after.is_some() => Self::Later { after, why: words(answer) },
            425 | 429 => {
                let asked = after.or_else(|| wait_in_body(&answer.body)).or_else(|| answer.window(timestamp(now)));
                Self::Later { after: asked, why: words(answer) }
            }
            503 if answer.retry_after(timestamp(now)).is_some() => Self::Later { after, why: words(answer) },
            408 => Self::InDoubt { why: words(answer) },
            400..=499 => Self::Refused { why: words(answer) },
            _ => Self::InDoubt { why: words(answer) },
        }
    }

    /// Published, with what the body tells of the new post: an object with `id` and `url`, or nothing.
    pub(crate) fn published(body: &[u8]) -> Self {
        let told: Value = serde_json::from_slice(body).unwrap_or_default();
        let url = told["url"].as_str().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let remote_id = match &told["id"] {
            Value::String(id) if !id.is_empty() => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        };
        Self::Published { remote_id, url: url.map(ToOwned::to_owned) }
    }
}

/// What cannot leave is refused, what has not left can leave later, and everything else leaves a doubt.
impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        let why = error.to_string();
        match error {
            Error::Url { .. } | Error::Scheme { .. } | Error::Private { .. } | Error::Header { .. } => {
                Self::Refused { why }
            }
            Error::Name { .. } | Error::Unreached { .. } | Error::Client(_) => Self::Later { after: None, why },
            _ => Self::InDoubt { why },
        }
    }
}

/// For trouble before anything was said: nothing is in doubt.
impl From<Trouble> for Answer {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Passing { why, after } => Self::Later { after, why },
            Trouble::Revoked { why } | Trouble::Wrong { why } => Self::Refused { why },
        }
    }
}

/// What the other side said, fit to be shown: its message, or the bare status.
fn words(answer: &Response) -> String {
    let status = format!("the network answered {}", answer.status);
    match said(&answer.body) {
        Some(said) => format!("{status}: {said}"),
        None => status,
    }
}

/// The message of a JSON error, or a short plain text.
pub(crate) fn said(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let told: Value = serde_json::from_str(&text).unwrap_or_default();
    let said = ["detail", "message", "error_description", "description", "error_message", "error", "title"]
        .iter()
        .find_map(|field| {
            told[*field].as_str().or_else(|| told[*field]["message"].as_str()).filter(|said| !said.is_empty())
        })
        // Discourse: a list of them.
        .or_else(|| told["errors"][0].as_str());
    let plain = text.trim();
    match said {
        Some(said) => Some(short(said)),
        None if plain.is_empty() || plain.starts_with(['<', '{', '[']) => None,
        None => Some(short(plain)),
    }
}

fn short(text: &str) -> String {
    let mut words: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
    if words.len() < text.len() && text.chars().count() > 300 {
        words.push('…');
    }
    words
}
