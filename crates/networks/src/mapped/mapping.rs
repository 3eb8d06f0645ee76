use dandelion_post::{Author, Metrics, Post, Refusal};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::contract::{Item, checked, json, refused};

/// Deepest path taken.
const DEEPEST: usize = 12;
/// Most posts of one delivery.
const MOST: usize = 1_000;

/// Which part of what is pushed is which part of a post.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    each: Vec<String>,
    only: Option<When>,
    gone: Option<When>,
    edited: Option<When>,
    id: Vec<String>,
    #[serde(default)]
    text: Vec<String>,
    #[serde(default)]
    title: Vec<String>,
    #[serde(default)]
    url: Vec<String>,
    #[serde(default)]
    lang: Vec<String>,
    #[serde(default)]
    created_at: Vec<String>,
    #[serde(default)]
    in_reply_to: Vec<String>,
    #[serde(default)]
    thread: Vec<String>,
    #[serde(default)]
    author: Who,
    #[serde(default)]
    metrics: Counts,
    pub(super) signature: Signature,
    pub(super) handshake: Option<String>,
}

/// Certain values of a field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    path: String,
    is: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Who {
    id: Vec<String>,
    handle: Vec<String>,
    name: Vec<String>,
    url: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Counts {
    likes: Vec<String>,
    shares: Vec<String>,
    replies: Vec<String>,
    views: Vec<String>,
}

/// How a delivery is signed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Signature {
    pub header: String,
    pub prefix: String,
    pub before: String,
    pub query: Option<String>,
}

impl Mapping {
    /// Reads a mapping as `docs/mappings/README.md` describes it.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let mapping: Self = toml::from_str(text).map_err(|e| Refusal::new("mapping", e.to_string(), ""))?;
        if mapping.id.is_empty() || mapping.each.is_empty() {
            return Err(Refusal::new("mapping", "say where the posts are (each) and what their id is (id)", ""));
        }
        let signed = !mapping.signature.header.is_empty() || mapping.signature.query.is_some();
        let known = matches!(mapping.handshake.as_deref(), None | Some("hub" | "challenge"));
        if !signed {
            return Err(Refusal::new("signature", "name the header that signs, or the parameter with the secret", ""));
        }
        if !known {
            return Err(Refusal::new(
                "handshake",
                "write hub or challenge",
                mapping.handshake.as_deref().unwrap_or_default(),
            ));
        }
        Ok(mapping)
    }

    /// The posts of a delivery.
    pub fn posts(&self, told: &Value, now: Timestamp) -> Vec<Item> {
        // The first place in which there is anything.
        let found = self.each.iter().map(|path| all(told, path)).find(|found| !found.is_empty()).unwrap_or_default();
        let holds = |value: &&Value| self.only.as_ref().is_none_or(|when| when.holds(value));
        found.into_iter().filter(holds).take(MOST).map(|value| self.post(value, now)).collect()
    }

    fn post(&self, value: &Value, now: Timestamp) -> Item {
        let text = |paths: &[String]| first(value, paths).and_then(json::id);
        let web = |paths: &[String]| text(paths).filter(|url| url.starts_with("http"));
        let count = |paths: &[String]| first(value, paths).and_then(Value::as_i64);
        let Some(id) = text(&self.id) else { return Err(refused("id", "what was pushed has no id", value)) };
        let gone = self.gone.as_ref().is_some_and(|when| when.holds(value));
        let edited = self.edited.as_ref().is_some_and(|when| when.holds(value));
        let author = Author {
            id: text(&self.author.id),
            handle: text(&self.author.handle),
            name: text(&self.author.name),
            url: web(&self.author.url),
            ..Author::default()
        };
        let post = Post {
            url: web(&self.url),
            text: text(&self.text).filter(|_| !gone).unwrap_or_default(),
            title: text(&self.title).filter(|_| !gone),
            lang: text(&self.lang),
            created_at: text(&self.created_at).and_then(|at| crate::moment::read(&at)),
            edited_at: edited.then_some(now),
            deleted_at: gone.then_some(now),
            in_reply_to: text(&self.in_reply_to).filter(|answered| *answered != id),
            thread: text(&self.thread),
            author: (author != Author::default()).then_some(author),
            metrics: Metrics {
                likes: count(&self.metrics.likes),
                shares: count(&self.metrics.shares),
                replies: count(&self.metrics.replies),
                views: count(&self.metrics.views),
            },
            // Whole, as it came: which of it has a word of its own is the mapping's affair.
            extra: std::iter::once(("pushed".to_owned(), value.clone())).collect(),
            id,
            ..Post::default()
        };
        checked(post, value)
    }
}

impl When {
    fn holds(&self, value: &Value) -> bool {
        at(value, &self.path).and_then(json::id).is_some_and(|found| self.is.contains(&found))
    }
}

/// The first path at which there is something.
fn first<'a>(value: &'a Value, paths: &[String]) -> Option<&'a Value> {
    paths.iter().filter_map(|path| at(value, path)).find(|found| !found.is_null() && **found != "")
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    all(value, path).into_iter().next()
}

/// Everything at a path: names with dots, `[*]` for each of a list.
fn all<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for part in path.split('.').take(DEEPEST) {
        let (name, each) = part.strip_suffix("[*]").map_or((part, false), |name| (name, true));
        found = found.into_iter().filter_map(|value| value.get(name)).collect();
        if each {
            found = found.into_iter().filter_map(Value::as_array).flatten().take(MOST).collect();
        }
    }
    found.retain(|value| !value.is_null());
    found
}
