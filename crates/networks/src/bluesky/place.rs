//! What is read, and as whom.

use dandelion_post::Refusal;
use url::Url;

use super::identity::{is_did, is_handle};
use crate::contract::Place;

/// What is read of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// Whoever mentions, answers or quotes the account we are signed in as.
    Mentions,
    /// What an account says: its handle or DID.
    Account(String),
    /// What a search finds.
    Search(String),
}

/// What is read: as it was chosen, else what can be read with what there is.
pub(super) fn reading(place: &Place) -> Result<Reading, Refusal> {
    let account = || place.setting("account").map(|who| who.trim_start_matches('@').to_owned());
    let search = || place.setting("search").map(ToOwned::to_owned);
    let missing = |field: &str, what: &str| Refusal::new(field, what, "");
    match place.setting("read") {
        Some("mentions") => Ok(Reading::Mentions),
        Some("account") => account().map(Reading::Account).ok_or_else(|| missing("account", "say whose posts to read")),
        Some("search") => search().map(Reading::Search).ok_or_else(|| missing("search", "say what to search for")),
        Some(other) => Err(Refusal::new("read", "write mentions, account or search", other)),
        None if search().is_some() => Ok(Reading::Search(search().unwrap_or_default())),
        None if signed_in(place) => Ok(Reading::Mentions),
        None => account()
            .map(Reading::Account)
            .ok_or_else(|| missing("account", "name an account (@name.bsky.social), or a search")),
    }
}

/// Whether there is what to sign in with: an app password, or a sign-in that is kept.
pub(super) fn signed_in(place: &Place) -> bool {
    ["password", "sign_in"].iter().any(|name| place.credentials.get(name).is_some())
}

/// The account that signs in, as far as it is known.
pub(super) fn ours(place: &Place) -> Option<&str> {
    ["did", "handle", "me", "account"].iter().find_map(|name| place.setting(name))
}

pub(super) fn check(place: &Place) -> Result<(), Refusal> {
    let web = |text: &str| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !web(&place.url) {
        return Err(Refusal::new("url", "write the server's address, https://bsky.social", &place.url));
    }
    let who = |name: &str| {
        let value = place.setting(name).map(|value| value.trim_start_matches('@'));
        match value {
            Some(value) if !is_handle(value) && !is_did(value) => {
                Err(Refusal::new(name, "is no handle; write it as @name.bsky.social or @company.example", value))
            }
            _ => Ok(()),
        }
    };
    who("account")?;
    who("handle")?;
    for name in ["jetstream", "plc", "appview"] {
        let socket = |value: &str| {
            let plain = value.strip_prefix("wss://").or_else(|| value.strip_prefix("ws://"));
            name == "jetstream" && (value == "none" || plain.is_some_and(|rest| web(&format!("https://{rest}"))))
        };
        match place.setting(name) {
            Some(value) if !web(value) && !socket(value) => {
                return Err(Refusal::new(name, "is no web address; write it as https://host", value));
            }
            _ => {}
        }
    }
    let signs_in = signed_in(place);
    if signs_in && ours(place).is_none() {
        return Err(Refusal::new("handle", "say which account of ours signs in, @name.bsky.social", ""));
    }
    match reading(place)? {
        Reading::Mentions if !signs_in => Err(Refusal::new(
            "password",
            "mentions are only shown to the account itself; sign in as it, or enter an app password of it",
            "",
        )),
        Reading::Search(words) if words.chars().count() > 300 => {
            Err(Refusal::new("search", "a search has 300 letters at most", &words))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::Credentials;

    fn place(url: &str, settings: &serde_json::Value, password: &str) -> Place {
        let settings = settings.as_object().cloned().unwrap_or_default();
        Place { url: url.into(), settings, credentials: Credentials::none().with("password", password) }
    }

    #[test]
    fn what_is_read_follows_from_what_there_is() {
        let read = |settings, password| reading(&place("https://x.example", &settings, password)).unwrap();
        assert_eq!(read(json!({ "account": "@a.example" }), ""), Reading::Account("a.example".into()));
        assert_eq!(read(json!({ "account": "@a.example" }), "p"), Reading::Mentions);
        assert_eq!(
            read(json!({ "account": "a.example", "read": "account" }), "p"),
            Reading::Account("a.example".into())
        );
        assert_eq!(read(json!({ "search": "kettle" }), "p"), Reading::Search("kettle".into()));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let said = |url: &str, settings: serde_json::Value, password: &str| {
            check(&place(url, &settings, password)).err().map(|refusal| refusal.to_string()).unwrap_or_default()
        };
        assert_eq!(said("https://x.example", json!({ "account": "@a.example" }), ""), "");
        assert_eq!(said("https://x.example", json!({ "account": "@a.example" }), "p"), "");
        assert!(said("x.example", json!({ "account": "a.example" }), "").starts_with("url:"));
        assert!(said("https://x.example", json!({ "account": "ana" }), "").starts_with("account:"));
        assert!(said("https://x.example", json!({}), "").starts_with("account:"));
        assert!(said("https://x.example", json!({}), "p").starts_with("handle:"));
        assert!(
            said("https://x.example", json!({ "read": "mentions", "account": "a.example" }), "")
                .starts_with("password:")
        );
        assert!(said("https://x.example", json!({ "read": "search" }), "").starts_with("search:"));
        assert!(said("https://x.example", json!({ "read": "x" }), "").starts_with("read:"));
        assert!(
            said("https://x.example", json!({ "account": "a.example", "jetstream": "x" }), "")
                .starts_with("jetstream:")
        );
        assert_eq!(said("https://x.example", json!({ "account": "a.example", "jetstream": "none" }), ""), "");
    }
}
