//! Following others: who a handle names (WebFinger, RFC 7033), what they are asked (ActivityPub §7.5), and what their
//! answer means.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use url::{Host, Url};

use super::{
    actor::{Actor, Ours, each},
    inbox::{Act, No, Told},
    remote::{Remote, Signer, origin},
};
use crate::{contract::Trouble, egress::Response};

/// Longest handle or address taken, in letters.
const LONGEST: usize = 500;

/// An account that was looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Who it is.
    pub actor: Arc<Actor>,
    /// `name@host`, as people call it.
    pub handle: String,
}

/// Looks an account up by what a person typed: `@name@host`, or the address of its page.
///
/// # Errors
/// In words for that person: what they typed names no account, nobody is there, or their server cannot be asked.
pub async fn look_up(remote: &Remote, signer: &Signer, typed: &str, now: Timestamp) -> Result<Found, Trouble> {
    let typed = typed.trim();
    if typed.chars().count() > LONGEST {
        return Err(Trouble::wrong("this is too long for a handle"));
    }
    if typed.starts_with("https://") || typed.starts_with("http://") {
        return by_page(remote, signer, typed, now).await;
    }
    let Some((name, host)) = parts(typed) else {
        return Err(Trouble::wrong("write a handle with its server, as in @name@mastodon.example"));
    };
    let id = fingered(remote, &name, &host, now).await?;
    let hidden = format!("{host} knows {name}, and does not show us the account; it may be gone");
    let actor = remote.actor_now(&id, signer, now).await.map_err(|trouble| unseen(trouble, &hidden))?;
    Ok(Found { actor, handle: format!("{name}@{host}") })
}

/// A page of an account, or its own address: whoever asks it for its document is shown who it is.
async fn by_page(remote: &Remote, signer: &Signer, page: &str, now: Timestamp) -> Result<Found, Trouble> {
    let nobody = "this address shows no account of the fediverse; write its handle, as in @name@mastodon.example";
    let document = remote.document(page, signer, now).await.map_err(|trouble| unseen(trouble, nobody))?;
    let id = document["id"].as_str().unwrap_or_default();
    Actor::read(&document).ok_or_else(|| Trouble::wrong(nobody))?;
    let actor = remote.actor_now(id, signer, now).await.map_err(|trouble| unseen(trouble, nobody))?;
    let handle = actor.handle.clone().unwrap_or_else(|| actor.id.clone());
    Ok(Found { actor, handle })
}

/// Name and host of `@name@host`, `name@host` or `acct:name@host`.
fn parts(typed: &str) -> Option<(String, String)> {
    let typed = typed.strip_prefix("acct:").unwrap_or(typed);
    let (name, host) = typed.trim_start_matches('@').rsplit_once('@')?;
    let fits = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '~'));
    let url =
        Url::parse(&format!("https://{host}/")).ok().filter(|url| url.path() == "/" && url.username().is_empty())?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.password().is_none();
    let at = match (url.host_str()?, url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    (fits && plain && (at.contains('.') || at.contains(':'))).then(|| (name.to_owned(), at))
}

/// The address of the actor that a server says is called so.
async fn fingered(remote: &Remote, name: &str, host: &str, now: Timestamp) -> Result<String, Trouble> {
    let base = format!("https://{host}/");
    let mut url = Url::parse(&base).map_err(|_| Trouble::wrong(format!("{host} is no server's name")))?;
    if here(&url) {
        // On this very machine nobody speaks https.
        url = Url::parse(&format!("http://{host}/")).unwrap_or(url);
    }
    url.set_path("/.well-known/webfinger");
    url.query_pairs_mut().append_pair("resource", &format!("acct:{name}@{host}"));
    remote.allowed(url.host_str().unwrap_or_default(), now)?;
    let unasked = format!("{host} cannot be asked for its accounts; check the spelling");
    let answer = remote.client().get(url.as_str(), &[("accept", "application/jrd+json, application/json")]).await;
    let answer = answer.map_err(|error| unseen(error.into(), &unasked))?;
    if matches!(answer.status, 404 | 410) {
        return Err(Trouble::wrong(format!("{host} knows nobody called {name}; check the spelling")));
    }
    if url.scheme() == "https" && answer.url.scheme() != "https" {
        return Err(Trouble::wrong(format!("{host} leads to a place that is not safe (http)")));
    }
    let answer = answer.success(now).map_err(|error| unseen(error.into(), &unasked))?;
    actor_in(&answer, &url).ok_or_else(|| {
        Trouble::wrong(format!("{host} names no account of the fediverse called {name}; only such can be followed"))
    })
}

/// Trouble in words for a person who waits for an answer: what is said of it elsewhere is advice about sources.
fn unseen(trouble: Trouble, what: &str) -> Trouble {
    let cause = |why: &str| why.split(';').next().unwrap_or_default().to_owned();
    match trouble {
        Trouble::Passing { why, after } => Trouble::Passing { why: format!("{}; try again later", cause(&why)), after },
        Trouble::Revoked { why } | Trouble::Wrong { why } => Trouble::wrong(format!("{what} ({})", cause(&why))),
    }
}

/// The actor that an answer of WebFinger names.
fn actor_in(answer: &Response, asked: &Url) -> Option<String> {
    let told: Value = serde_json::from_slice(&answer.body).ok()?;
    let actor = |link: &&Value| {
        let kind = link["type"].as_str().unwrap_or_default();
        let activity = kind == "application/activity+json" || kind.starts_with("application/ld+json");
        let address = link["href"].as_str().and_then(|href| Url::parse(href).ok());
        let safe = address.is_some_and(|url| url.scheme() == asked.scheme() || url.scheme() == "https");
        link["rel"].as_str() == Some("self") && activity && safe
    };
    each(&told["links"]).find(actor)?["href"].as_str().map(ToOwned::to_owned)
}

/// Whether an address is of this very machine.
fn here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Ours {
    /// Asks to follow somebody. One `key` for one time of asking.
    pub fn follow(&self, whom: &str, key: &str) -> Value {
        let mut follow = self.asking(whom, key);
        follow["@context"] = "https://www.w3.org/ns/activitystreams".into();
        follow
    }

    /// Follows somebody no longer, whom it asked with this key.
    pub fn unfollow(&self, whom: &str, key: &str) -> Value {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{}/follows/{key}/end", self.id), "type": "Undo",
            "actor": self.id, "to": [whom], "object": self.asking(whom, key),
        })
    }

    fn asking(&self, whom: &str, key: &str) -> Value {
        json!({
            "id": format!("{}/follows/{key}", self.id), "type": "Follow", "actor": self.id, "object": whom, "to": [whom],
        })
    }
}

/// Which of the actors that asked is answered: by the address of what it asked, or by what that is.
pub(super) fn answered(told: &Told, following: &[String]) -> Result<Act, No> {
    let asked = &told.activity["object"];
    let whom = asked["object"].as_str().or_else(|| asked["object"]["id"].as_str());
    if whom.is_some_and(|whom| whom != told.actor) {
        return Err(No::new(401, "only who is asked can answer"));
    }
    let by = asked["actor"].as_str().or_else(|| asked["actor"]["id"].as_str());
    let asks = |ours: &&String| by == Some(ours.as_str()) || told.object.starts_with(&format!("{ours}/follows/"));
    let ours = following.iter().find(asks).cloned();
    // Some name only what they answer, by an address of their own: where one actor alone asked, it is that.
    let ours = ours.or_else(|| following.first().filter(|_| following.len() == 1 && by.is_none()).cloned());
    let Some(ours) = ours else { return Err(No::new(403, UNASKED)) };
    let actor = told.actor.clone();
    Ok(if told.kind == "Accept" { Act::Accepted { ours, actor } } else { Act::Refused { ours, actor } })
}

/// Said to whoever answers what they were not asked, with 403: many servers say a thing again after 401, and this is over.
pub(super) const UNASKED: &str = "none of our actors asked to follow whoever says so";

/// What is passed on: a post by its address, by itself, or (as groups do) within what was done with it.
pub(super) fn passed(object: &Value) -> Option<&str> {
    let done = matches!(object["type"].as_str(), Some("Create" | "Update"));
    let thing = if done { &object["object"] } else { object };
    let id = thing.as_str().or_else(|| thing["id"].as_str().filter(|_| done || super::note::is_said(thing)))?;
    origin(id).map(|_| id)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn handles_are_read_and_nothing_else() {
        let read = |typed| parts(typed).map(|(name, host)| format!("{name} {host}"));
        for typed in ["@Ana@A.example", "Ana@a.example", "acct:Ana@a.example"] {
            assert_eq!(read(typed).as_deref(), Some("Ana a.example"), "{typed}");
        }
        assert_eq!(read("ana@localhost:4000").as_deref(), Some("ana localhost:4000"));
        assert_eq!(read("@ana@bücher.example").as_deref(), Some("ana xn--bcher-kva.example"));
        for wrong in [
            "",
            "@",
            "ana",
            "@ana",
            "@ana@",
            "@@a.example",
            "ana@intranet",
            "a b@a.example",
            "ana@a.example/x",
            "ana@a.example?x",
            "ana@u:p@a.example",
            "ana@a.example#x",
            "ana@a b",
            "ana@-",
            "<b>@a.example",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
