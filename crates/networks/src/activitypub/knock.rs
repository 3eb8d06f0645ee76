//! In which of two ways a server is written to: RFC 9421 where it is known to understand that, draft-cavage-12
//! everywhere else, and the other one where the first was not believed ("double-knocking", W3C Social Web CG,
//! *ActivityPub and HTTP Signatures*).
//!
//! What is known of a server holds for four weeks, so that one that learns RFC 9421 is found out some day. Whoever runs
//! the program keeps it across restarts: [`learned`] tells what there is to keep, [`remind`] brings it back.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::signature::{Way, authority};
use crate::egress::{Client, Response};

/// How long it holds what was learned of a server.
pub const KNOCKS_HOLD: SignedDuration = SignedDuration::from_hours(4 * 7 * 24);

const PREFIX: &str = "activitypub ";

/// In which way a server is to be written to first, as it was learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knock {
    /// Its host, with the port where that is not the usual one.
    pub host: String,
    /// How it takes what is signed.
    pub way: Way,
    /// When that was learned.
    pub at: Timestamp,
}

/// What was learned through this client since it was asked last.
pub fn learned(client: &Client) -> Vec<Knock> {
    let read = |(key, value): (String, String)| {
        let (way, at) = written(&value)?;
        Some(Knock { host: key.strip_prefix(PREFIX)?.to_owned(), way, at })
    };
    client.learned_anew().into_iter().filter_map(read).collect()
}

/// Brings back what was learned earlier.
pub fn remind(client: &Client, knock: &Knock) {
    client.remind_of(format!("{PREFIX}{}", knock.host), value(knock.way, knock.at));
}

/// Has [`learned`] tell it again: it could not be kept.
pub fn relearn(client: &Client, knock: &Knock) {
    client.learn_of(format!("{PREFIX}{}", knock.host), value(knock.way, knock.at));
}

/// How to sign a first request to this address.
pub(super) fn first(client: &Client, url: &Url, now: Timestamp) -> Way {
    known(client, &key(url), now).unwrap_or(Way::Cavage)
}

/// Whether an answer may mean that the signature was not understood. Servers that know only the other way say each of
/// these.
pub(super) fn unbelieved(status: u16) -> bool {
    matches!(status, 400 | 401 | 403)
}

/// Which of two answers counts, after the first way was not believed; remembers the way that was.
pub(super) fn of_both(
    client: &Client,
    url: &Url,
    (way, second): (Way, Response),
    first: Response,
    now: Timestamp,
) -> Response {
    if unbelieved(second.status) {
        // The way it usually takes says best why not.
        return first;
    }
    if second.status < 400 {
        client.learn_of(key(url), value(way, now));
    }
    second
}

/// Somebody of this address signed by RFC 9421, and it held. Where it was tried in vain, that is known better.
pub(super) fn understands(client: &Client, url: &str, now: Timestamp) {
    let Ok(url) = Url::parse(url) else { return };
    let key = key(&url);
    if known(client, &key, now).is_none() {
        client.learn_of(key, value(Way::Message, now));
    }
}

/// What is known and still holds.
fn known(client: &Client, key: &str, now: Timestamp) -> Option<Way> {
    let (way, at) = client.known_of(key).and_then(|value| written(&value))?;
    if now.duration_since(at).abs() < KNOCKS_HOLD {
        return Some(way);
    }
    client.unlearn_of(key);
    None
}

fn value(way: Way, at: Timestamp) -> String {
    format!("{} {}", way.as_str(), at.as_microsecond())
}

fn written(value: &str) -> Option<(Way, Timestamp)> {
    let (way, at) = value.split_once(' ')?;
    Some((Way::named(way)?, Timestamp::from_microsecond(at.parse().ok()?).ok()?))
}

fn key(url: &Url) -> String {
    format!("{PREFIX}{}", authority(url))
}
