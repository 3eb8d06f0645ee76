use std::{fmt::Write as _, fs, path::PathBuf};

use reqwest::header::HeaderMap;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::contract::{Credentials, hex};

const SECRET: &str = "It's a Secret to Everybody";

fn place(url: &str, secret: &str) -> Place {
    Place { url: url.into(), credentials: Credentials::none().with("secret", secret), ..Place::default() }
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn receive(secret: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Result<Received, Unsigned> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    let delivery = Delivery { get: false, headers: &map, query: "", body, now: now() };
    GitHub.receive(&place("https://github.com/a/b", secret), &delivery)
}

#[test]
fn a_delivery_is_believed_by_its_signature_alone() {
    let due = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let good = [("x-hub-signature-256", due), ("x-github-event", "ping"), ("x-github-delivery", "d-1")];
    let taken = receive(SECRET, &good, b"Hello, World!").unwrap();
    assert_eq!(taken, Received::Items { id: Some("d-1".into()), items: Vec::new() });
    assert_eq!(receive(SECRET, &good, b"Hello, World?"), Err(Unsigned::Mismatch));
    assert_eq!(receive("another one entirely", &good, b"Hello, World!"), Err(Unsigned::Mismatch));
    assert_eq!(receive("", &good, b"Hello, World!"), Err(Unsigned::NoSecret));
    assert_eq!(receive(SECRET, &good[1..], b"Hello, World!"), Err(Unsigned::Missing("x-hub-signature-256")));
    let sha1 = [("x-hub-signature-256", "sha1=757107"), good[1], good[2]];
    assert_eq!(receive(SECRET, &sha1, b"Hello, World!"), Err(Unsigned::Missing("x-hub-signature-256")));
}

#[test]
fn what_is_no_payload_is_refused_and_kept() {
    assert!(items("issues", b"{", now())[0].is_err());
    assert!(items("issues", br#"{"action":"opened"}"#, now())[0].is_err());
    assert!(items("issues", br#"{"action":"opened","issue":{"title":"x"}}"#, now())[0].is_err());
    let elsewhere = br#"{"action":"opened","issue":{"title":"x","html_url":"https://github.com/a/b"}}"#;
    assert!(items("issues", elsewhere, now())[0].is_err());
    assert!(items("issues", br#"{"action":"opened","issue":7}"#, now())[0].is_err());
    assert!(items("star", b"{}", now()).is_empty());
    assert!(items("issues", br#"{"action":"labeled","issue":7}"#, now()).is_empty());
}

#[test]
fn a_place_is_a_repository_or_with_a_token_an_account() {
    let said = |url: &str, secret: &str| GitHub.check(&place(url, secret)).map_err(|refusal| refusal.field);
    assert_eq!(said("https://github.com/a/b", SECRET), Ok(()));
    assert_eq!(said("https://github.com/a/b", ""), Ok(()), "it is asked, then");
    assert_eq!(said("https://github.com/a", SECRET), Err("url".to_owned()));
    assert_eq!(said("https://evil.example/a/b", SECRET), Err("url".to_owned()));
    assert_eq!(said("https://github.com/a/..", SECRET), Err("url".to_owned()));
    assert_eq!(said("https://github.com/a/b", "short"), Err("secret".to_owned()));
    let mut account = place("https://github.com", "");
    account.credentials.set("token", "t");
    assert_eq!(GitHub.check(&account), Ok(()));
    account.url = "https://git.acme.example".to_owned();
    assert!(GitHub.check(&account).is_err());
    account.settings.insert("api".to_owned(), "https://git.acme.example/api/v3".into());
    assert_eq!(GitHub.check(&account), Ok(()));
    let guessed = |typed: &str| GitHub.guess(typed).map(|guess| guess.url);
    assert_eq!(guessed("github.com/a/b/issues/3").as_deref(), Some("https://github.com/a/b"));
    assert_eq!(guessed("https://github.com/a/b.git").as_deref(), Some("https://github.com/a/b"));
    for other in ["https://github.com/orgs/x", "https://github.com/a", "https://gitlab.com/a/b", "a/b"] {
        assert_eq!(guessed(other), None, "{other}");
    }
}

fn fixtures() -> PathBuf {
    let shared = std::env::var_os("DANDELION_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let folder = shared.join("fixtures/github/webhooks");
    assert!(folder.is_dir(), "{} is missing; set DANDELION_SHARED to the shared folder", folder.display());
    folder
}

/// Every payload that GitHub gives as an example, in one line each: what became of it, and a digest of the whole post,
/// so that a field that is lost or read otherwise is noticed.
#[test]
fn every_example_of_github_becomes_what_it_should() {
    let folder = fixtures();
    let mut lines = String::new();
    let mut events: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    events.sort();
    for folder in events {
        let event = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap().trim_end_matches(".payload.json").to_owned();
            let body = fs::read(&file).unwrap();
            let read = items(&event, &body, now());
            assert_nothing_lost(&event, &body, &read);
            let _ = write!(lines, "{event}/{name}:");
            for item in read {
                let post = item.unwrap_or_else(|refused| panic!("{event}/{name}: {}", refused.refusal));
                let digest = hex(&Sha256::digest(serde_json::to_string(&post).unwrap())[..6]);
                let avatar = post.author.as_ref().and_then(|author| author.avatar.as_deref());
                assert!(avatar.is_some_and(|url| url.contains("avatars")), "{event}: {avatar:?}");
                let handle = post.author.as_ref().and_then(|author| author.handle.clone()).unwrap_or_default();
                let words: String = post.text.chars().take(30).map(|c| if c.is_control() { ' ' } else { c }).collect();
                let state = match (post.deleted_at, post.edited_at) {
                    (Some(_), _) => "deleted",
                    (_, Some(_)) => "edited",
                    _ => "said",
                };
                let to = post.in_reply_to.as_deref().unwrap_or("-");
                let _ = write!(lines, " {state} {} by {handle} to {to} “{words}” {digest}", post.id);
            }
            lines.push('\n');
        }
    }
    insta::assert_snapshot!(lines);
}

/// Each field of what was said is either a word of the post or in its `extra`.
fn assert_nothing_lost(event: &str, body: &[u8], read: &[crate::contract::Item]) {
    let [Ok(post)] = read else { return };
    let payload: Value = serde_json::from_slice(body).unwrap();
    let part = if matches!(event, "issues") {
        "issue"
    } else if event == "discussion" {
        "discussion"
    } else {
        "comment"
    };
    for (name, value) in payload[part].as_object().unwrap() {
        let ours = matches!(name.as_str(), "title" | "body" | "html_url" | "created_at" | "updated_at");
        let empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
        let kept = post.extra.get(name).or_else(|| post.extra.get(&format!("their_{name}")));
        assert!(ours || empty || kept == Some(value), "{event}: {name} is lost");
    }
}
