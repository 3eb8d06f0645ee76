//! WebSub (W3C Recommendation, 23 January 2018): a hub sends a feed's news to us as they are published. Who is asked, how it is
//! proven that we asked, and what is believed of what comes. Nothing here remembers anything.

use hmac::Hmac;
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use url::Url;

use super::entry::web_address;
use crate::{
    Later,
    contract::{Delivery, Item, Unsigned, hex, same},
    egress::Client,
};

/// How long we ask to be told, in seconds; the hub decides.
pub const LEASE: i64 = 10 * 24 * 3600;
/// What a lease may be, in seconds. Hubs of PubSubHubbub 0.3 named none: it is taken for a day.
const LEASES: std::ops::RangeInclusive<i64> = 60..=30 * 24 * 3600;
const LEASE_UNSAID: i64 = 24 * 3600;
/// Longest address of a hub or a topic, and longest challenge, in bytes.
const MAX_WORD: usize = 2048;

/// Where a feed can be subscribed to, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The hub that is asked.
    pub hub: String,
    /// The name of the feed there: its address as it gives it (`rel="self"`).
    pub topic: String,
}

/// What we want of a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To be told.
    Subscribe,
    /// Not to be told any more.
    Unsubscribe,
}

impl Mode {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// What a hub asks or tells at our address (sections 5.2 and 5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Whether we really want this; whoever does answers with the challenge.
    Intent {
        /// What.
        mode: Mode,
        /// Of which feed.
        topic: String,
        /// What to answer.
        challenge: String,
        /// For how long, in seconds.
        lease: i64,
    },
    /// The hub will not tell us.
    Denied {
        /// Of which feed.
        topic: String,
        /// Why, in its words.
        reason: String,
    },
}

/// What a feed offers: its `Link` headers stand above the hub and the name that it states within (section 4). Without a
/// name a feed has none but its address.
pub fn offer(headers: &HeaderMap, hub: Option<&str>, itself: Option<&str>, at: &Url) -> Option<Offer> {
    let address = |href: &str| web_address(href, Some(at)).filter(|url| url.len() <= MAX_WORD);
    let links: Vec<(String, String)> =
        headers.get_all("link").iter().filter_map(|value| value.to_str().ok()).flat_map(links).collect();
    let linked = |wanted: &str| {
        let has = |rels: &str| rels.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case(wanted));
        links.iter().filter(|(_, rels)| has(rels)).find_map(|(href, _)| address(href))
    };
    let hub = linked("hub").or_else(|| hub.and_then(address))?;
    let topic = linked("self").or_else(|| itself.and_then(address)).unwrap_or_else(|| at.to_string());
    Some(Offer { hub, topic })
}

/// The targets of a `Link` header with their relations (RFC 8288, section 3). What is no link is left out.
fn links(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let mut rel = String::new();
        rest = after;
        while let Some(parameter) = rest.trim_start().strip_prefix(';') {
            let name_ends = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
            let name = parameter[..name_ends].trim();
            let (value, after) = match parameter[name_ends..].strip_prefix('=') {
                Some(value) => value_of(value),
                None => (String::new(), &parameter[name_ends..]),
            };
            if name.eq_ignore_ascii_case("rel") && rel.is_empty() {
                rel = value;
            }
            rest = after;
        }
        found.push((target.trim().to_owned(), rel));
    }
    found
}

/// A parameter's value, quoted or not, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut escaped = false;
    let end = quoted.find(|c| match (escaped, c) {
        (true, _) => {
            escaped = false;
            false
        }
        (false, '\\') => {
            escaped = true;
            false
        }
        (false, c) => c == '"',
    });
    let end = end.unwrap_or(quoted.len());
    (quoted[..end].replace('\\', ""), quoted.get(end + 1..).unwrap_or_default())
}

/// Asks a hub to tell us of a feed, or to stop (section 5.1). `secret` is what it signs with. An error is in words for
/// people; what the hub says comes later, at `callback`.
pub fn ask<'a>(
    client: &'a Client,
    offer: &'a Offer,
    mode: Mode,
    callback: &'a str,
    secret: &'a str,
    now: Timestamp,
) -> Later<'a, Result<(), String>> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("hub.callback", callback)
        .append_pair("hub.mode", mode.as_str())
        .append_pair("hub.topic", &offer.topic);
    if mode == Mode::Subscribe {
        form.append_pair("hub.lease_seconds", &LEASE.to_string()).append_pair("hub.secret", secret);
    }
    let body = form.finish().into_bytes();
    Box::pin(async move {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = client.post(&offer.hub, &headers, body).await;
        answer.and_then(|answer| answer.success(now)).map(drop).map_err(|error| error.to_string())
    })
}

/// Reads what a hub asks at our address. None for anything else.
pub fn asked(delivery: &Delivery<'_>) -> Option<Asked> {
    let word = |name: &str| delivery.parameter(name).filter(|word| !word.is_empty() && word.len() <= MAX_WORD);
    let topic = word("hub.topic")?;
    let mode = match word("hub.mode")?.as_str() {
        "subscribe" => Mode::Subscribe,
        "unsubscribe" => Mode::Unsubscribe,
        "denied" => return Some(Asked::Denied { topic, reason: word("hub.reason").unwrap_or_default() }),
        _ => return None,
    };
    let lease = word("hub.lease_seconds").and_then(|lease| lease.parse().ok()).unwrap_or(LEASE_UNSAID);
    let lease = lease.clamp(*LEASES.start(), *LEASES.end());
    Some(Asked::Intent { mode, topic, challenge: word("hub.challenge")?, lease })
}

/// Whether the hub signed this body with our secret (section 8): `X-Hub-Signature: method=hex`, in constant time.
pub fn verify(delivery: &Delivery<'_>, secret: &str) -> Result<(), Unsigned> {
    const HEADER: &str = "x-hub-signature";
    let (method, given) = delivery.header(HEADER)?.split_once('=').ok_or(Unsigned::Missing(HEADER))?;
    let (key, body) = (secret.as_bytes(), delivery.body);
    let due = match method.trim().to_ascii_lowercase().as_str() {
        "sha1" => mac::<Hmac<sha1::Sha1>>(key, body),
        "sha256" => mac::<Hmac<sha2::Sha256>>(key, body),
        "sha384" => mac::<Hmac<sha2::Sha384>>(key, body),
        "sha512" => mac::<Hmac<sha2::Sha512>>(key, body),
        _ => return Err(Unsigned::Missing(HEADER)),
    };
    if same(&given.trim().to_ascii_lowercase(), &due) { Ok(()) } else { Err(Unsigned::Mismatch) }
}

fn mac<M: hmac::Mac + hmac::KeyInit>(key: &[u8], body: &[u8]) -> String {
    let mut mac = <M as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

/// The posts of what was told (section 7): the feed, or as much of it as is new. None where it is no feed; then the feed
/// itself has to be asked.
pub fn read<'a>(delivery: &'a Delivery<'a>, topic: &'a str) -> Later<'a, Option<Vec<Item>>> {
    Box::pin(async move {
        let kind = delivery.header("content-type").ok().map(ToOwned::to_owned);
        let (body, base) = (delivery.body.to_vec(), Url::parse(topic).ok());
        let work = move || super::parse(&body, kind.as_deref(), base.as_ref()).ok().map(|parsed| parsed.posts);
        tokio::task::spawn_blocking(work).await.ok().flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Url {
        Url::parse("https://x.example/news/feed.xml").unwrap()
    }

    fn headers(links: &[&str]) -> HeaderMap {
        links.iter().map(|link| (reqwest::header::LINK, link.parse().unwrap())).collect()
    }

    fn delivery<'a>(headers: &'a HeaderMap, query: &'a str, body: &'a [u8]) -> Delivery<'a> {
        Delivery { get: body.is_empty(), headers, query, body, now: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn headers_stand_above_what_a_feed_says_within() {
        let both =
            headers(&["<https://hub.example/>; rel=\"hub\", </feed>; title=\"a, \\\"b\\\"; rel=hub\"; rel=self"]);
        let found = offer(&both, Some("https://other.example/"), Some("https://x.example/old"), &at()).unwrap();
        assert_eq!((found.hub.as_str(), found.topic.as_str()), ("https://hub.example/", "https://x.example/feed"));
        let two = headers(&["<https://hub.example/>; rel=\"alternate hub\"", "<b.xml>;rel=SELF"]);
        assert_eq!(offer(&two, None, None, &at()).unwrap().topic, "https://x.example/news/b.xml");
        let within = offer(&HeaderMap::new(), Some("https://h.example/"), None, &at()).unwrap();
        assert_eq!((within.hub.as_str(), within.topic.as_str()), ("https://h.example/", at().as_str()));
    }

    #[test]
    fn what_is_no_hub_is_none() {
        for odd in [
            "",
            "<",
            "<javascript:x()>; rel=hub",
            "<https://h.example/>; rel=next",
            "no link; rel=hub",
            "<a>;rel",
            "<a>;rel=\"hub",
        ] {
            let found = offer(&headers(&[odd]), None, Some("https://x.example/"), &at());
            assert!(found.is_none() || odd == "<a>;rel=\"hub", "{odd}: {found:?}");
        }
        assert_eq!(offer(&HeaderMap::new(), None, None, &at()), None);
    }

    #[test]
    fn what_a_hub_asks_is_read() {
        let none = HeaderMap::new();
        let asks = |query: &str| asked(&delivery(&none, query, b""));
        let topic = "https://x.example/a b".to_owned();
        let intent =
            |mode, lease| Some(Asked::Intent { mode, topic: topic.clone(), challenge: "c&d".to_owned(), lease });
        let query = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fx.example%2Fa+b&hub.challenge=c%26d";
        assert_eq!(asks(&format!("{query}&hub.lease_seconds=3600")), intent(Mode::Subscribe, 3600));
        assert_eq!(asks(&format!("{query}&hub.lease_seconds=1")), intent(Mode::Subscribe, 60));
        assert_eq!(asks(&format!("{query}&hub.lease_seconds=999999999999")), intent(Mode::Subscribe, 30 * 24 * 3600));
        assert_eq!(asks(&query.replace("=subscribe", "=unsubscribe")), intent(Mode::Unsubscribe, LEASE_UNSAID));
        let denied = asks("hub.mode=denied&hub.topic=t&hub.reason=no");
        assert_eq!(denied, Some(Asked::Denied { topic: "t".into(), reason: "no".into() }));
        for odd in [
            "",
            "hub.mode=subscribe&hub.topic=t",
            "hub.mode=x&hub.topic=t&hub.challenge=c",
            "hub.mode=subscribe&hub.challenge=c",
        ] {
            assert_eq!(asks(odd), None, "{odd}");
        }
    }

    #[test]
    fn each_method_is_checked_and_a_wrong_one_refused() {
        // RFC 2202 section 3 (SHA-1) and RFC 4231 section 4.3 (SHA-2), test case 2 of both.
        let (secret, body) = ("Jefe", b"what do ya want for nothing?");
        for good in [
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "SHA512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ] {
            let signed: HeaderMap =
                [("x-hub-signature".parse::<reqwest::header::HeaderName>().unwrap(), good.parse().unwrap())]
                    .into_iter()
                    .collect();
            assert_eq!(verify(&delivery(&signed, "", body), secret), Ok(()), "{good}");
            assert_eq!(
                verify(&delivery(&signed, "", b"what do ya want for nothing!"), secret),
                Err(Unsigned::Mismatch)
            );
            assert_eq!(verify(&delivery(&signed, "", body), "jefe"), Err(Unsigned::Mismatch));
        }
        for bad in
            ["", "sha256", "md5=00", "sha256=", "sha1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"]
        {
            let signed: HeaderMap =
                [("x-hub-signature".parse::<reqwest::header::HeaderName>().unwrap(), bad.parse().unwrap())]
                    .into_iter()
                    .collect();
            assert!(verify(&delivery(&signed, "", body), secret).is_err(), "{bad}");
        }
        assert_eq!(verify(&delivery(&HeaderMap::new(), "", body), secret), Err(Unsigned::Missing("x-hub-signature")));
    }
}
