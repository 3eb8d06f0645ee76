//! Which timeline of which instance.

use dandelion_post::Refusal;
use url::Url;

use crate::contract::Place;

/// What is read of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// Posts that mention the account the token is of.
    Mentions,
    /// Public posts with a tag.
    Tag(String),
    /// What an account says.
    Account(String),
}

/// How widely a post is seen, widest first.
pub(super) const VISIBILITIES: [&str; 4] = ["public", "unlisted", "private", "direct"];

pub(super) fn reading(place: &Place) -> Result<Reading, Refusal> {
    let tag = || place.setting("tag").map(|tag| tag.trim_start_matches('#').to_owned());
    let account = || place.setting("account").map(ToOwned::to_owned);
    let missing = |field: &str| Refusal::new(field, format!("say which {field} to read"), "");
    match place.setting("read") {
        Some("mentions") => Ok(Reading::Mentions),
        Some("tag") => tag().map(Reading::Tag).ok_or_else(|| missing("tag")),
        Some("account") => account().map(Reading::Account).ok_or_else(|| missing("account")),
        Some(other) => Err(Refusal::new("read", "write mentions, tag or account", other)),
        None => Ok(tag().map(Reading::Tag).or_else(|| account().map(Reading::Account)).unwrap_or(Reading::Mentions)),
    }
}

/// The instance's own name, which stands behind the `@` of its accounts: what it says itself, else its address's host.
pub(super) fn domain(place: &Place) -> String {
    let host = || {
        let url = Url::parse(&place.url).ok();
        url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned()
    };
    place.setting("domain").map_or_else(host, ToOwned::to_owned)
}

pub(super) fn check(place: &Place) -> Result<(), Refusal> {
    if !place.is_web() {
        return Err(Refusal::new("url", "write the instance's address, https://mastodon.example", &place.url));
    }
    let tag_fits = |tag: &str| {
        !tag.is_empty() && tag.len() <= 200 && tag.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '·' | '・'))
    };
    match reading(place)? {
        Reading::Tag(tag) if !tag_fits(&tag) => Err(Refusal::new("tag", "a tag has letters, digits and _ only", &tag)),
        Reading::Mentions if place.credentials.get("token").is_none() && place.credentials.get("code").is_none() => {
            Err(Refusal::new("token", "mentions are only shown to the account itself; enter its access token", ""))
        }
        _ => Ok(()),
    }?;
    match place.setting("visibility") {
        Some(other) if !VISIBILITIES.contains(&other) => {
            Err(Refusal::new("visibility", "write public, unlisted, private or direct", other))
        }
        _ => Ok(()),
    }
}

/// The id an instance knows a post of ours by: what stands before `@INSTANCE`. None for a post of another instance.
pub(super) fn local<'a>(place: &Place, id: &'a str) -> Option<&'a str> {
    let (local, of) = id.split_once('@')?;
    let plain = !local.is_empty() && local.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    (plain && of == domain(place)).then_some(local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Credentials;

    fn place(url: &str, settings: &serde_json::Value, token: &str) -> Place {
        let settings = settings.as_object().cloned().unwrap_or_default();
        Place { url: url.into(), settings, credentials: Credentials::none().with("token", token) }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let said = |url: &str, settings: serde_json::Value, token: &str| {
            check(&place(url, &settings, token)).err().map(|refusal| refusal.to_string()).unwrap_or_default()
        };
        let none = || serde_json::json!({});
        assert_eq!(said("https://m.example", none(), "t"), "");
        assert!(said("m.example", none(), "t").starts_with("url:"));
        assert!(said("https://m.example", none(), "").starts_with("token:"));
        assert_eq!(said("https://m.example", serde_json::json!({"tag": "#kettle"}), ""), "");
        assert!(said("https://m.example", serde_json::json!({"tag": "a/../b"}), "").starts_with("tag:"));
        assert!(said("https://m.example", serde_json::json!({"read": "tag"}), "").starts_with("tag:"));
        assert!(said("https://m.example", serde_json::json!({"read": "x"}), "t").starts_with("read:"));
        assert!(said("https://m.example", serde_json::json!({"visibility": "x"}), "t").starts_with("visibility:"));
    }

    #[test]
    fn an_id_belongs_to_its_instance() {
        let here = place("https://m.example", &serde_json::json!({ "domain": "example" }), "");
        assert_eq!(local(&here, "12@example"), Some("12"));
        for foreign in ["12", "12@m.example", "@example", "1/2@example", "../x@example"] {
            assert_eq!(local(&here, foreign), None, "{foreign}");
        }
    }
}
