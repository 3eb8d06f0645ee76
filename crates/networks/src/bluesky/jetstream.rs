//! Jetstream: everything the network says, as JSON over a WebSocket (v1 `/subscribe`, v2 `subscribeEvents`). Here it is a
//! bell: what concerns a place makes the poller ask, and a deletion of what concerned it is taken in at once.
//!
//! An event is there a moment before the list that is asked knows it, so the bell rings a moment later, and again.

use std::{
    borrow::Cow,
    collections::{HashSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::{
    identity,
    place::{self, Reading},
    post::{self, COLLECTION},
    session,
};
use crate::{
    contract::{Access, Heard, Stream, Trouble},
    egress::WebSocket,
};

/// Where it is listened to unless the place says otherwise.
const USUAL: &str = "https://jetstream2.us-east.bsky.network";
/// The second kind of stream has its own path, and its own names for what is wanted.
const SECOND: &str = "/xrpc/network.bsky.jetstream.subscribeEvents";
/// How long a stream may be silent: the whole network always speaks, one account does not.
const SILENT: Duration = Duration::from_mins(2);
const SILENT_ALONE: Duration = Duration::from_mins(30);
/// When the bell rings after an event, in milliseconds: the lists of a network at ease know of it within one second, of a
/// busy one within some.
const RINGS: [u64; 6] = [300, 1_300, 2_300, 3_500, 6_000, 15_000];
/// Posts remembered that concerned a place, so that their deletions are known.
const REMEMBERED: usize = 4096;

/// What one event means for a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A post that concerns it, by its address.
    Post(String),
    /// A post is gone, whether it concerned it or not: its address, and when the network saw it go.
    Gone(String, Timestamp),
    /// Nothing that concerns it.
    Nothing,
    /// The stream ends, in its own words.
    End(String),
}

/// What of the whole stream concerns a place.
#[derive(Debug, Clone)]
pub struct Filter {
    wanted: Wanted,
}

#[derive(Debug, Clone)]
enum Wanted {
    /// Whoever mentions, answers or quotes this DID.
    About { did: String, prefix: String },
    /// What this DID says.
    By(String),
    /// Posts with all of these words.
    Words(Vec<String>),
}

impl Filter {
    /// Whoever mentions, answers or quotes an account.
    pub fn about(did: &str) -> Self {
        Self { wanted: Wanted::About { did: did.to_owned(), prefix: format!("at://{did}/") } }
    }

    /// What an account says.
    pub fn by(did: &str) -> Self {
        Self { wanted: Wanted::By(did.to_owned()) }
    }

    /// Posts that a search for these words may find; the search itself has the last word.
    pub fn words(search: &str) -> Self {
        let word = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        Self { wanted: Wanted::Words(search.split_whitespace().map(word).filter(|word| !word.is_empty()).collect()) }
    }

    /// Reads one frame of either kind. A frame that cannot be read concerns nobody.
    pub fn read(&self, frame: &str) -> News {
        let Ok(read) = serde_json::from_str::<Frame<'_>>(frame) else { return News::Nothing };
        if read.kind.as_deref() == Some("error") || read.error.is_some() {
            let said = read.message.or(read.error).unwrap_or_default();
            return News::End(said.chars().filter(|c| !c.is_control()).take(300).collect());
        }
        let Some(change) = read.change() else { return News::Nothing };
        let Some(key) = change.rkey.filter(|key| change.collection == Some(COLLECTION) && post::is_key(key)) else {
            return News::Nothing;
        };
        let did = change.did;
        let uri = || format!("at://{did}/{COLLECTION}/{key}");
        match change.operation {
            Some("delete") if self.may_say(did) => read.at().map_or(News::Nothing, |at| News::Gone(uri(), at)),
            // Only now is it worth looking at the words.
            Some("create" | "update") if self.concerns(did, frame) => News::Post(uri()),
            _ => News::Nothing,
        }
    }

    fn may_say(&self, did: &str) -> bool {
        !matches!(&self.wanted, Wanted::By(who) if who != did)
    }

    fn concerns(&self, did: &str, frame: &str) -> bool {
        match &self.wanted {
            Wanted::By(who) => who == did,
            Wanted::About { did: us, prefix } => {
                did != us && record(frame).is_some_and(|record| record.is_about(us, prefix))
            }
            Wanted::Words(words) => record(frame).is_some_and(|record| {
                let text = record.text.unwrap_or_default().to_lowercase();
                words.iter().all(|word| text.contains(word))
            }),
        }
    }
}

/// Listens for a place.
pub(super) async fn listen(access: &Access) -> Result<Stream, Trouble> {
    let base = access.setting("jetstream").unwrap_or(USUAL).trim_end_matches('/').to_owned();
    if base == "none" {
        return Err(Trouble::wrong("this place is set to be polled only"));
    }
    let reading = place::reading(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let filter = match &reading {
        Reading::Mentions => Filter::about(&session::me(access).await?.did),
        Reading::Account(who) => Filter::by(&identity::did(access, who).await?),
        Reading::Search(words) => Filter::words(words),
    };
    let silent = if filter.is_by() { SILENT_ALONE } else { SILENT };
    let socket = access.client.web_socket(&address(&base, &filter), &[], silent, access.now).await?;
    let begun = Listening { socket, filter, known: HashSet::new(), order: VecDeque::new(), again: VecDeque::new() };
    let heard = |mut listening: Listening| async move { Some((listening.heard().await, listening)) };
    Ok(Stream::of(futures_util::stream::unfold(begun, heard)))
}

fn address(base: &str, filter: &Filter) -> String {
    let second = base.ends_with(SECOND);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair(if second { "collections" } else { "wantedCollections" }, COLLECTION);
    if second {
        query.append_pair("kinds", "commit");
    }
    if let Wanted::By(did) = &filter.wanted {
        query.append_pair(if second { "dids" } else { "wantedDids" }, did);
    }
    let path = if second || base.ends_with("/subscribe") { "" } else { "/subscribe" };
    format!("{base}{path}?{}", query.finish())
}

/// An open stream, and what it has told so far.
#[derive(Debug)]
struct Listening {
    socket: WebSocket,
    filter: Filter,
    known: HashSet<String>,
    order: VecDeque<String>,
    again: VecDeque<Instant>,
}

impl Listening {
    /// The next thing that concerns us.
    async fn heard(&mut self) -> Result<Heard, Trouble> {
        loop {
            let frame = if let Some(at) = self.again.front() {
                let Ok(frame) = timeout_at(*at, self.socket.next()).await else {
                    self.again.pop_front();
                    return Ok(Heard::Ring);
                };
                frame?
            } else {
                self.socket.next().await?
            };
            match self.filter.read(&frame) {
                News::Post(uri) => {
                    self.remember(uri);
                    // Where one event follows the other, the first ring is not put off by the next.
                    let next = self.again.front().copied();
                    let now = Instant::now();
                    self.again =
                        next.into_iter().chain(RINGS.map(|after| now + Duration::from_millis(after))).collect();
                }
                News::Gone(uri, at) if self.known.contains(&uri) || self.filter.is_by() => {
                    return Ok(Heard::Change(Box::new(Ok(post::deletion(&uri, at)))));
                }
                News::Gone(..) | News::Nothing => {}
                News::End(why) => return Err(Trouble::passing(format!("the stream ended: {why}"))),
            }
        }
    }

    fn remember(&mut self, uri: String) {
        if self.known.insert(uri.clone()) {
            self.order.push_back(uri);
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

impl Filter {
    fn is_by(&self) -> bool {
        matches!(self.wanted, Wanted::By(_))
    }
}

/// One frame of either kind, without its record.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default, rename = "$type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    did: Option<Cow<'a, str>>,
    /// Microseconds since 1970, of the first kind.
    #[serde(default)]
    time_us: Option<i64>,
    #[serde(borrow, default)]
    commit: Option<Payload<'a>>,
    #[serde(borrow, default)]
    payload: Option<Payload<'a>>,
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

/// A change of a record, without the record: whose, what was done, where it lies.
struct Change<'a> {
    did: &'a str,
    operation: Option<&'a str>,
    collection: Option<&'a str>,
    rkey: Option<&'a str>,
}

/// What was done, of both kinds; the second also says here whose it is and when.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default)]
    did: Option<Cow<'a, str>>,
    /// RFC 3339, of the second kind.
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    operation: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    collection: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    rkey: Option<Cow<'a, str>>,
}

impl Frame<'_> {
    fn change(&self) -> Option<Change<'_>> {
        let (it, did) = match (&self.commit, &self.payload) {
            (Some(it), _) => (it, &self.did),
            (None, Some(it)) => (it, &it.did),
            (None, None) => return None,
        };
        let change = Change {
            did: did.as_deref()?,
            operation: it.operation.as_deref(),
            collection: it.collection.as_deref(),
            rkey: it.rkey.as_deref(),
        };
        identity::is_did(change.did).then_some(change)
    }

    fn at(&self) -> Option<Timestamp> {
        let written = self.payload.as_ref().and_then(|payload| payload.time.as_deref());
        let counted = || self.time_us.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        written.and_then(crate::moment::read).or_else(counted)
    }
}

/// A record's words and whom they concern; read only of posts.
#[derive(Deserialize, Default)]
struct Record<'a> {
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    reply: Option<Reply<'a>>,
    #[serde(borrow, default)]
    facets: Vec<Facet<'a>>,
    #[serde(borrow, default)]
    embed: Option<Embed<'a>>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    parent: Reference<'a>,
    #[serde(borrow)]
    root: Reference<'a>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    uri: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Facet<'a> {
    #[serde(borrow, default)]
    features: Vec<Feature<'a>>,
}

#[derive(Deserialize)]
struct Feature<'a> {
    #[serde(borrow, default)]
    did: Option<Cow<'a, str>>,
}

/// A quoted post, alone (`record.uri`) or beside pictures (`record.record.uri`).
#[derive(Deserialize)]
struct Embed<'a> {
    #[serde(borrow, default)]
    record: Option<Quoted<'a>>,
}

#[derive(Deserialize)]
struct Quoted<'a> {
    #[serde(borrow, default)]
    uri: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    record: Option<Reference<'a>>,
}

impl Record<'_> {
    fn is_about(&self, did: &str, prefix: &str) -> bool {
        let answers =
            self.reply.as_ref().is_some_and(|it| it.parent.uri.starts_with(prefix) || it.root.uri.starts_with(prefix));
        let mentions =
            self.facets.iter().flat_map(|facet| &facet.features).any(|feature| feature.did.as_deref() == Some(did));
        let quoted = self.embed.as_ref().and_then(|embed| embed.record.as_ref());
        let quotes = quoted.is_some_and(|quoted| {
            let uri = quoted.uri.as_deref().or(quoted.record.as_ref().map(|inner| inner.uri.as_ref()));
            uri.is_some_and(|uri| uri.starts_with(prefix))
        });
        answers || mentions || quotes
    }
}

fn record(frame: &str) -> Option<Record<'_>> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow, default)]
        commit: Option<Inner<'a>>,
        #[serde(borrow, default)]
        payload: Option<Inner<'a>>,
    }
    #[derive(Deserialize)]
    struct Inner<'a> {
        #[serde(borrow, default)]
        record: Option<Record<'a>>,
    }
    let outer: Outer<'_> = serde_json::from_str(frame).ok()?;
    outer.commit.or(outer.payload)?.record
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const US: &str = "did:plc:z72i7hdynmk6r22z27h6tvur";
    const ANA: &str = "did:plc:eygmaihciaxprqvxpfvl6flk";

    fn v1(collection: &str, operation: &str, record: Value) -> String {
        json!({ "did": ANA, "time_us": 1_725_911_162_329_308_u64, "cursor": 12_345, "kind": "commit", "commit": {
            "rev": "3l3qo2vutsw2b", "operation": operation, "collection": collection, "rkey": "3k", "cid": "b", "record": record } })
        .to_string()
    }

    fn v2(collection: &str, operation: &str, record: Value) -> String {
        json!({ "$type": "message", "payload": { "$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": 12_345,
            "did": ANA, "time": "2024-09-09T19:46:02.329308Z", "rev": "r", "operation": operation, "collection": collection,
            "rkey": "3k", "cid": "b", "record": record } })
        .to_string()
    }

    #[test]
    fn what_concerns_us_rings_in_both_kinds() {
        let uri = format!("at://{ANA}/{COLLECTION}/3k");
        let ours = json!({ "uri": format!("at://{US}/{COLLECTION}/3j"), "cid": "c" });
        let theirs = json!({ "uri": format!("at://{ANA}/{COLLECTION}/3j"), "cid": "c" });
        let mention = json!({ "text": "@us hi", "facets": [{ "index": { "byteStart": 0, "byteEnd": 3 },
            "features": [{ "$type": "x#tag", "tag": "a" }, { "$type": "app.bsky.richtext.facet#mention", "did": US }] }] });
        for frame in [v1, v2] {
            let about = |record: Value| Filter::about(US).read(&frame(COLLECTION, "create", record));
            assert_eq!(about(mention.clone()), News::Post(uri.clone()));
            assert_eq!(
                about(json!({ "text": "re", "reply": { "root": ours, "parent": theirs } })),
                News::Post(uri.clone())
            );
            assert_eq!(
                about(json!({ "text": "q", "embed": { "$type": "e", "record": ours } })),
                News::Post(uri.clone())
            );
            assert_eq!(
                about(json!({ "text": "q", "embed": { "media": {}, "record": { "record": ours } } })),
                News::Post(uri.clone())
            );
            assert_eq!(about(json!({ "text": format!("{US} by word only") })), News::Nothing);
            assert_eq!(about(json!({ "text": 7 })), News::Nothing);
            assert_eq!(Filter::about(US).read(&frame("app.bsky.feed.like", "create", mention.clone())), News::Nothing);
            assert_eq!(
                Filter::about(US).read(&frame(COLLECTION, "delete", Value::Null)),
                News::Gone(uri.clone(), "2024-09-09T19:46:02.329308Z".parse().unwrap())
            );
            assert_eq!(Filter::by(ANA).read(&frame(COLLECTION, "create", json!({}))), News::Post(uri.clone()));
            assert_eq!(Filter::by(US).read(&frame(COLLECTION, "create", mention.clone())), News::Nothing);
            assert_eq!(Filter::by(US).read(&frame(COLLECTION, "delete", Value::Null)), News::Nothing);
            let words = |search: &str| {
                Filter::words(search).read(&frame(COLLECTION, "create", json!({ "text": "My KETTLE \"leaks\"" })))
            };
            assert_eq!(words("#kettle leaks"), News::Post(uri.clone()));
            assert_eq!(words("kettle toaster"), News::Nothing);
        }
    }

    #[test]
    fn the_documented_samples_are_read() {
        // jetstream-wire-format, 5.1: a like concerns nobody; and the other kinds of both wires.
        for nothing in [
            v1("app.bsky.feed.like", "create", json!({ "$type": "app.bsky.feed.like", "subject": { "cid": "b", "uri": format!("at://{US}/{COLLECTION}/3l") } })),
            json!({ "did": ANA, "time_us": 1, "kind": "identity", "identity": { "did": ANA, "handle": "a.b", "seq": 1 } }).to_string(),
            json!({ "did": ANA, "time_us": 1, "kind": "account", "account": { "active": true, "did": ANA } }).to_string(),
            json!({ "$type": "message", "payload": { "$type": "network.bsky.jetstream.subscribeEvents#info", "name": "OutdatedCursor" } }).to_string(),
            json!({ "$type": "message", "payload": { "$type": "x#sync", "did": ANA, "seq": 4, "sync": {} } }).to_string(),
        ] {
            assert_eq!(Filter::about(US).read(&nothing), News::Nothing, "{nothing}");
        }
        let error = r#"{"$type":"error","error":"ConsumerTooSlow","message":"too slow"}"#;
        assert_eq!(Filter::about(US).read(error), News::End("too slow".into()));
    }

    #[test]
    fn each_kind_is_asked_in_its_own_words() {
        let by = Filter::by(ANA);
        assert_eq!(
            address("https://j.example", &by),
            "https://j.example/subscribe?wantedCollections=app.bsky.feed.post&wantedDids=did%3Aplc%3Aeygmaihciaxprqvxpfvl6flk"
        );
        assert_eq!(
            address("https://j.example/xrpc/network.bsky.jetstream.subscribeEvents", &Filter::about(US)),
            "https://j.example/xrpc/network.bsky.jetstream.subscribeEvents?collections=app.bsky.feed.post&kinds=commit"
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_nothing(
            cut in 0_usize..600, byte in any::<u8>(), text in ".{0,40}", any in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let whole = v2(COLLECTION, "create", json!({ "text": text, "facets": [{ "features": [{ "did": US }] }] }));
            prop_assert_eq!(Filter::about(US).read(&whole), News::Post(format!("at://{ANA}/{COLLECTION}/3k")));
            let mut bytes = whole.clone().into_bytes();
            let at = cut % bytes.len();
            bytes[at] = byte;
            let _ = Filter::about(US).read(&String::from_utf8_lossy(&bytes));
            bytes.truncate(at);
            let _ = Filter::words("a").read(&String::from_utf8_lossy(&bytes));
            let _ = Filter::by(US).read(&String::from_utf8_lossy(&any));
        }
    }
}
