use url::Url;

use super::identity::{is_did, is_handle};
use crate::guess::Guess;

/// Where everybody can read what is public, without signing in.
pub(super) const APP_VIEW: &str = "https://public.api.bsky.app";

/// `@name.bsky.social`, `@company.example`, a DID, an `at://` address, and the addresses of bsky.app.
pub(super) fn guess(typed: &str) -> Option<Guess> {
    at_uri(typed).or_else(|| written(typed)).or_else(|| address(typed))
}

fn at_uri(typed: &str) -> Option<Guess> {
    let rest = typed.strip_prefix("at://")?;
    account(3, rest.split('/').next()?)
}

fn written(typed: &str) -> Option<Guess> {
    if is_did(typed) {
        return account(3, typed);
    }
    let (name, sign) = typed.strip_prefix('@').map_or((typed, false), |name| (name, true));
    let handle = name.to_ascii_lowercase();
    let hosted = handle.ends_with(".bsky.social");
    // `@ana.b` is a handle on other networks too; a bare `company.example` is a web site.
    match (sign, hosted) {
        (_, true) => account(3, &handle),
        (true, false) => account(2, &handle),
        (false, false) => None,
    }
}

fn address(typed: &str) -> Option<Guess> {
    let url = Url::parse(typed).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if !matches!(url.host_str()?, "bsky.app" | "www.bsky.app" | "main.bsky.dev" | "staging.bsky.app") {
        return None;
    }
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let decoded = |part: &str| {
        let text = format!("x={}", part.replace('+', "%2B"));
        url::form_urlencoded::parse(text.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    match parts.as_slice() {
        ["profile", who, ..] => account(3, &decoded(who)?),
        ["hashtag", tag] => search(&format!("#{}", decoded(tag)?)),
        ["search"] => search(&url.query_pairs().find(|(name, _)| name == "q")?.1),
        _ => None,
    }
}

fn account(sure: u8, who: &str) -> Option<Guess> {
    let who = if is_did(who) { who.to_owned() } else { who.trim_start_matches('@').to_ascii_lowercase() };
    if !is_did(&who) && !is_handle(&who) {
        return None;
    }
    let shown = if is_did(&who) { who.clone() } else { format!("@{who}") };
    let what = format!("{shown} on Bluesky: its posts, or signed in as it whoever mentions, answers or quotes it");
    Some(Guess::new(sure, APP_VIEW, &[("account", &who)], what))
}

fn search(words: &str) -> Option<Guess> {
    let words = words.trim();
    let fits = !words.is_empty() && words.len() <= 300 && words != "#";
    let settings = [("read", "search"), ("search", words)];
    fits.then(|| Guess::new(3, APP_VIEW, &settings, format!("posts on Bluesky with {words}")))
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn what_is_meant_is_found() {
        let found = |typed: &str| {
            guess(typed).map(|guess| {
                let set = |name: &str| guess.settings.get(name).and_then(|value| value.as_str()).map(ToOwned::to_owned);
                (guess.sure, set("account").or_else(|| set("search")).unwrap_or_default())
            })
        };
        for (typed, sure, what) in [
            ("@Care.bsky.social", 3, "care.bsky.social"),
            ("care.bsky.social", 3, "care.bsky.social"),
            ("@company.example", 2, "company.example"),
            ("did:plc:z72i7hdynmk6r22z27h6tvur", 3, "did:plc:z72i7hdynmk6r22z27h6tvur"),
            ("did:web:company.example", 3, "did:web:company.example"),
            ("at://company.example/app.bsky.feed.post/3k", 3, "company.example"),
            ("at://did:plc:z72i7hdynmk6r22z27h6tvur", 3, "did:plc:z72i7hdynmk6r22z27h6tvur"),
            ("https://bsky.app/profile/company.example", 3, "company.example"),
            (
                "https://bsky.app/profile/did%3Aplc%3Az72i7hdynmk6r22z27h6tvur/post/3k",
                3,
                "did:plc:z72i7hdynmk6r22z27h6tvur",
            ),
            ("https://bsky.app/hashtag/k%C3%A4se?author=x", 3, "#käse"),
            ("https://bsky.app/search?q=kettle+leaks", 3, "kettle leaks"),
        ] {
            assert_eq!(found(typed), Some((sure, what.to_owned())), "{typed}");
        }
        for other in [
            "company.example",
            "@ana",
            "@ana@m.example",
            "#kettle",
            "did:x",
            "did:plc:",
            "at://",
            "at://did:plc",
            "https://bsky.app/",
            "https://bsky.app/search",
            "https://bsky.app/hashtag/%20",
            "https://x.example/profile/a.b",
            "@a..b",
            "@-a.b",
            "@127.0.0.1",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
