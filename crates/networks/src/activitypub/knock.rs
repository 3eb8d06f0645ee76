//! In which of two ways a server is written to: RFC 9421 where it is known to understand that, draft-cavage-12
//! everywhere else, and the other one where the first was not believed ("double-knocking", W3C Social Web CG,
//! *ActivityPub and HTTP Signatures*).
//!
//! What is known of a server holds until the program ends, so that one that learns RFC 9421 is found out some day.

use url::Url;

use super::signature::{Way, authority};
use crate::egress::{Client, Response};

const MESSAGE: &str = "message";
const CAVAGE: &str = "cavage";

/// How to sign a first request to this address.
pub(super) fn first(client: &Client, url: &Url) -> Way {
    match client.known_of(&host(url)).as_deref() {
        Some(MESSAGE) => Way::Message,
        _ => Way::Cavage,
    }
}

/// Whether an answer may mean that the signature was not understood. Servers that know only the other way say each of
/// these.
pub(super) fn unbelieved(status: u16) -> bool {
    matches!(status, 400 | 401 | 403)
}

/// Which of two answers counts, after the first way was not believed; remembers the way that was.
pub(super) fn of_both(client: &Client, url: &Url, (way, second): (Way, Response), first: Response) -> Response {
    if unbelieved(second.status) {
        // The way it usually takes says best why not.
        return first;
    }
    if second.status < 400 {
        let name = if way == Way::Message { MESSAGE } else { CAVAGE };
        client.learn_of(host(url), name.to_owned());
    }
    second
}

/// Somebody of this address signed by RFC 9421, and it held. Where it was tried in vain, that is known better.
pub(super) fn understands(client: &Client, url: &str) {
    let Ok(url) = Url::parse(url) else { return };
    let host = host(&url);
    if client.known_of(&host).is_none() {
        client.learn_of(host, MESSAGE.to_owned());
    }
}

fn host(url: &Url) -> String {
    format!("activitypub {}", authority(url))
}
