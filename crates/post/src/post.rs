use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Author, Network, Refusal};

/// One public utterance as its network gave it. Identified by (network, id).
///
/// An edit is the same key with other words and, where the network says so, `edited_at`.
/// A deletion is the same key with `deleted_at`; its text may be empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// The network's own id of the post. Required, 1 to 512 bytes.
    pub id: String,
    /// Where it was said; absent means the network of the source that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Address of the post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The words, without markup. Required, at most [`Post::MAX_TEXT`] bytes.
    pub text: String,
    /// The words with markup, as fetched: never shown before it was cleaned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// A headline or subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The language as the network states it (BCP 47), which is often wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// When it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed by its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When its author or the network took it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The id of the post this one answers, on the same network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The network's own id of the conversation, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Addresses in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Pictures, films and sounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Counts, where known.
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    pub metrics: Metrics,
    /// Every field we have no word for, kept as it came.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// An address in a post, as a plain string in JSON.
pub type Link = String;

/// A picture, film or sound of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// `image`, `video`, `audio` or what the network calls it.
    #[serde(default)]
    pub kind: String,
    /// Where it lies; never hot-linked on a page.
    #[serde(default)]
    pub url: String,
    /// What it shows, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

/// Counts of a post. Absent means unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Approvals of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likes: Option<i64>,
    /// Reposts and quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<i64>,
    /// Answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replies: Option<i64>,
    /// Times shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub views: Option<i64>,
}

impl Metrics {
    /// Whether nothing at all is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Post {
    /// Longest text taken, in bytes. A longer one is refused with its size.
    pub const MAX_TEXT: usize = 256 * 1024;
    /// Longest id taken, in bytes.
    pub const MAX_ID: usize = 512;
    /// Longest markup taken, in bytes.
    pub const MAX_HTML: usize = 1024 * 1024;

    /// Reads one line of JSONL, or says in plain words what is wrong with it.
    pub fn from_json(line: &str) -> Result<Self, Refusal> {
        let post: Self = serde_json::from_str(line).map_err(|error| Refusal::of_json(&error, line))?;
        post.check()?;
        Ok(post)
    }

    /// Checks what the type cannot say: sizes, an empty id, text of nothing, impossible numbers.
    pub fn check(&self) -> Result<(), Refusal> {
        let id = self.id.trim();
        if id.is_empty() {
            return Err(Refusal::new("id", "the post has no id; every post needs one that stays the same", ""));
        }
        if self.id.len() > Self::MAX_ID {
            return Err(Refusal::new(
                "id",
                format!("the id is {} bytes long; at most {} are taken", self.id.len(), Self::MAX_ID),
                &self.id,
            ));
        }
        if self.text.len() > Self::MAX_TEXT {
            return Err(Refusal::new(
                "text",
                format!("the text is {} bytes long; at most {} are taken", self.text.len(), Self::MAX_TEXT),
                &self.text,
            ));
        }
        let html = self.html.as_ref().map_or(0, String::len);
        if html > Self::MAX_HTML {
            return Err(Refusal::new(
                "html",
                format!("the markup is {html} bytes long; at most {} are taken", Self::MAX_HTML),
                "",
            ));
        }
        let wordless = self.text.trim().is_empty() && self.title.as_deref().is_none_or(|t| t.trim().is_empty());
        if wordless && self.media.is_empty() && self.deleted_at.is_none() {
            return Err(Refusal::new("text", "the post has neither words, title nor media", &self.text));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Post;

    #[test]
    fn a_post_survives_the_round_trip_with_unknown_fields() {
        let line = r#"{"id":"7","network":"mastodon","text":"hi","metrics":{"likes":3},"x":{"y":[1,2]},"author":{"handle":"a"}}"#;
        let post = Post::from_json(line).unwrap();
        let back: Post = serde_json::from_str(&serde_json::to_string(&post).unwrap()).unwrap();
        assert_eq!(post, back);
        assert_eq!(back.extra["x"]["y"][1], 2);
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let reason = |line: &str| Post::from_json(line).unwrap_err().to_string();
        assert_eq!(reason(r#"{"text":"x"}"#), "id: it is missing; every post has `id` and `text`");
        assert_eq!(reason(r#"{"id":7,"text":"x"}"#), "json: invalid type: integer `7`, expected a string");
        assert!(reason(r#"{"id":"","text":"x"}"#).contains("no id"));
        assert!(reason(r#"{"id":"1","text":"  "}"#).contains("neither words"));
        assert!(reason("{").contains("json"));
    }

    #[test]
    fn a_deletion_needs_no_words() {
        assert!(Post::from_json(r#"{"id":"1","text":"","deleted_at":"2026-01-02T03:04:05Z"}"#).is_ok());
    }
}
