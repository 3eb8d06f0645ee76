use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An account on a network, as the network described it beside a post.
///
/// Every number is optional: *unknown is not zero*, and no rule may treat it so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Author {
    /// The network's own id of the account; where a network has none, the handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name people type, without the leading `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The name shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Address of its picture; never hot-linked on a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Accounts that follow this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followers: Option<i64>,
    /// Accounts this one follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<i64>,
    /// Posts written so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts: Option<i64>,
    /// Whether the network vouches for who this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// When the account was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

impl Author {
    /// An address as [`Author::avatar`]: of the web, of a length that addresses have, and not the one picture that a server
    /// gives everybody who has none of their own.
    pub fn picture(address: &str) -> Option<String> {
        let web = address.starts_with("https://") || address.starts_with("http://");
        // Mastodon: /avatars/original/missing.png.
        let nobodys = address.ends_with("/missing.png");
        (web && !nobodys && address.len() <= Self::MAX_AVATAR).then(|| address.to_owned())
    }

    /// Longest address of a picture taken, in bytes.
    pub const MAX_AVATAR: usize = 2048;

    /// What tells this account from others of its network: its id, otherwise its handle (without `@`, folded).
    pub fn key(&self) -> Option<String> {
        let handle = || self.handle.as_deref().map(|h| h.trim_start_matches('@').to_lowercase());
        self.id.clone().filter(|id| !id.is_empty()).or_else(handle).filter(|key| !key.is_empty())
    }
}
