//! Signing in to Bluesky at its own pages: against the authorization server of the real PDS. A person is played by what
//! their browser would send; `tests/browser/bluesky.test.js` clicks through the pages themselves.

use std::{collections::BTreeMap, sync::Arc};

use dandelion_hub::{
    both_stores, handle,
    scope::{Role, Viewer},
    sign_in::{self, Done, Returned, Wanted},
    source,
    testing::TestHub,
};
use dandelion_networks::{
    Later,
    contract::{Access, Keeper, Kept, Renew, Trouble},
    egress::{Client, Method},
    outgoing::{Answer, Outgoing, Writer},
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    bluesky_peer::Person,
    peer::Peer,
    world::{MINUTE, World, client},
};

/// Where our installation would be.
const BASE: &str = "http://127.0.0.1:8080/";
const API: &str = "/@atproto/oauth-provider/~api";

/// What is to be signed in: our account of this network.
fn wanted(peer: &Peer, world: &World) -> Wanted {
    let there = peer.of_bluesky();
    let local = |port: u16| format!("http://127.0.0.1:{port}");
    let settings = json!({ "account": there.us.handle, "plc": local(there.plc), "appview": local(there.pds), "jetstream": "none" });
    Wanted {
        network: "bluesky".into(),
        typed: peer.us(),
        url: local(there.pds),
        settings: settings.as_object().cloned().unwrap_or_default(),
        unit: Some(world.unit),
        speaks: true,
        ..Wanted::default()
    }
}

async fn begun(world: &World, wanted: &Wanted) -> Url {
    let base = BASE.parse().expect("an address");
    sign_in::begin(&world.hub, &world.viewer, &client(), &base, wanted).await.expect("a way there").url
}

async fn finished(world: &World, back: &Returned) -> Result<Done, String> {
    sign_in::finish(&world.hub, &world.viewer, &client(), back).await.map_err(|failed| failed.why.to_string())
}

/// Goes there, agrees, and comes back.
async fn agreed(world: &World, wanted: &Wanted, who: &Person) -> Result<Done, String> {
    let back = Browser::open(begun(world, wanted).await).await.agree(who).await;
    finished(world, &back).await
}

/// A person at the pages of the authorization server.
struct Browser {
    page: Url,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn open(page: Url) -> Self {
        let mut browser = Self { page, cookies: BTreeMap::new() };
        let headers =
            [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        let url = browser.page.to_string();
        let (status, body) = browser.send(Method::GET, &url, &headers, None).await;
        assert_eq!(status, 200, "{body}");
        browser
    }

    async fn agree(mut self, who: &Person) -> Returned {
        let asked = json!({ "username": who.handle, "password": "pw-123456", "locale": "en", "remember": false });
        let signed_in = self.call("/sign-in", "", &asked).await;
        let token = signed_in["ephemeralToken"].as_str().unwrap_or_else(|| panic!("{signed_in}")).to_owned();
        let agreed = self.call("/consent", &token, &json!({ "did": who.did })).await;
        returned(&agreed)
    }

    async fn refuse(mut self) -> Returned {
        returned(&self.call("/reject", "", &json!({})).await)
    }

    async fn call(&mut self, name: &str, token: &str, body: &Value) -> Value {
        let (origin, page) = (self.page.origin().ascii_serialization(), self.page.to_string());
        let csrf = self.cookies.get("csrf-token").cloned().expect("a token for forms");
        let bearer = format!("Bearer {token}");
        let mut headers = vec![
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "same-origin"),
            ("sec-fetch-dest", "empty"),
            ("origin", &origin),
            ("referer", &page),
            ("x-csrf-token", &csrf),
            ("content-type", "application/json"),
        ];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        let url = format!("{origin}{API}{name}");
        let (status, said) = self.send(Method::POST, &url, &headers, Some(body.to_string().into_bytes())).await;
        assert_eq!(status, 200, "{name}: {said}");
        serde_json::from_str(&said).expect("JSON")
    }

    async fn send(
        &mut self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> (u16, String) {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = headers.to_vec();
        headers.push(("cookie", &cookies));
        let answer = client().send(method, url, &headers, body).await.expect("an answer");
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().expect("text").split(';').next().unwrap_or_default();
            if let Some((name, value)) = set.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    }
}

/// What the person's browser is sent back with.
fn returned(told: &Value) -> Returned {
    let url: Url = told["url"].as_str().unwrap_or_else(|| panic!("{told}")).parse().expect("an address");
    let said: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(said["redirect_uri"], "http://127.0.0.1:8080/oauth/callback");
    let get = |name: &str| said.get(name).cloned();
    Returned { state: get("state").unwrap_or_default(), code: get("code"), iss: get("iss"), error: get("error") }
}

/// How often the sign-in was renewed, and begun.
async fn version(world: &World, access: &Access) -> i64 {
    let key = access.credentials.get("sign_in").expect("a sign-in");
    sign_in::keeper(&world.hub).kept(key).await.expect("it holds").version
}

fn access(world: &World, source: &source::Source, client: Client) -> Access {
    let place = dandelion_networks::contract::Place {
        url: source.url.clone().unwrap_or_default(),
        settings: source.settings.clone(),
        credentials: source.credentials(&world.hub.db).expect("credentials"),
    };
    Access::new(client, place, dandelion_post::timestamp(world.hub.now()))
}

async fn signed_in(test: TestHub) {
    let Some(peer) = Peer::bluesky().await else { return };
    let (world, there) = (World::new(&test).await, peer.of_bluesky());
    let way = begun(&world, &wanted(&peer, &world)).await;
    assert_eq!((way.host_str(), way.port()), (Some("localhost"), Some(there.pds)), "where the account lives");
    assert!(way.query().is_some_and(|query| query.contains("request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri")));
    let back = Browser::open(way).await.agree(&there.us).await;
    let done = finished(&world, &back).await.expect("a source");
    assert_eq!(
        (done.source.name.clone(), done.handle.clone()),
        (format!("Mentions of {}", peer.us()), Some(peer.us()))
    );
    // Each way back is good for once.
    let again = finished(&world, &back).await.expect_err("used");
    assert!(again.contains("ended already") && again.contains("begin it again"), "{again}");

    // It reads, and answers, without any password.
    let asked = peer.say("my kettle leaks").await;
    let counted = source::poll_now(&world.hub, &world.viewer, &client(), done.source.id).await.expect("a page");
    assert_eq!((counted.stored, world.posts(done.source.id).await[0].text.contains("kettle leaks")), (1, true));
    let spoken = handle::all(&world.hub.db).await.expect("handles").pop().expect("a handle");
    let account = spoken.account(&world.hub.db).expect("an account");
    let writer = Writer::new(client().keeping(sign_in::keeper(&world.hub)), account);
    let reply = |key: &str, text: &str| Outgoing {
        key: key.into(),
        handle: peer.us(),
        text: text.into(),
        in_reply_to: Some(asked.clone()),
    };
    let said = writer.publish(&reply("o1", "Which kettle?"), world.hub.now()).await;
    assert!(matches!(said, Answer::Published { .. }), "{said:?}");
    assert_eq!(peer.published("Which kettle?").await, 1);
    single_permissions_suffice(&peer, &world, &done, &asked, &said).await;

    // An hour later the tokens have run out. Whoever asks first renews them, once; the clock that is an hour wrong is
    // told by the server's own.
    world.hub.clock.advance(61 * MINUTE);
    let ways = (0..6).map(|_| {
        let there = access(&world, &done.source, client().keeping(sign_in::keeper(&world.hub)));
        tokio::spawn(async move { there_is_a_page(&there).await })
    });
    for way in ways.collect::<Vec<_>>() {
        way.await.expect("asked");
    }
    let there = access(&world, &done.source, client());
    assert_eq!(version(&world, &there).await, 2, "renewed once by six who asked at once");
    let said = writer.publish(&reply("o2", "Under the lid"), world.hub.now()).await;
    assert!(matches!(said, Answer::Published { .. }), "{said:?}");
    world.check().await;
}

/// What was granted is what we use and nothing else, and everything we do works with it.
async fn single_permissions_suffice(peer: &Peer, world: &World, done: &Done, asked: &str, said: &Answer) {
    let (connector, there) = (peer.about.connector, peer.of_bluesky());
    let with = |settings: Value| {
        let mut us = access(world, &done.source, client().keeping(sign_in::keeper(&world.hub)));
        us.place.settings.extend(settings.as_object().cloned().unwrap_or_default());
        us
    };
    let us = with(json!({}));
    let kept =
        sign_in::keeper(&world.hub).kept(us.credentials.get("sign_in").expect("a sign-in")).await.expect("it holds");
    let kept: Value = serde_json::from_str(&kept.secret).expect("tokens");
    let granted = kept["granted"].as_str().expect("what the server said");
    assert!(granted.contains("repo:app.bsky.feed.post") && granted.contains("rpc:app.bsky.feed.searchPosts?aud=*"));
    assert!(!granted.contains("transition:"), "{granted}");

    let Answer::Published { remote_id: Some(id), .. } = said else { panic!("{said:?}") };
    crate::bell::until("it is shown", || async { there.shown(id).await.is_some() }).await;
    let thread = connector.thread(&us, asked).await.expect("a thread");
    assert_eq!(thread.len(), 1, "conversations are read");
    let reading = json!({ "read": "account", "account": there.ana.did, "handle": peer.us() });
    assert_eq!(connector.page(&with(reading), &Value::Null).await.expect("a page").items.len(), 1, "accounts are read");
    let search = json!({ "search": "leaks", "handle": peer.us() });
    let found = connector.page(&with(search), &Value::Null).await.expect("a page").items;
    assert!(found.iter().flatten().any(|post| post.id == asked), "searches are read: {found:?}");
    let gone = connector.delete(&us, id).await;
    assert!(matches!(gone, Answer::Published { .. }), "{gone:?}");
    assert_eq!(peer.published("Which kettle?").await, 0, "what we said is taken back");
}

async fn there_is_a_page(access: &Access) {
    let connector = dandelion_networks::networks::find("bluesky").expect("Bluesky").connector;
    connector.page(access, &Value::Null).await.expect("a page");
}

both_stores!(bluesky_is_signed_in_to_at_its_own_pages, |hub| signed_in(hub));

async fn not_signed_in(test: TestHub) {
    let Some(peer) = Peer::bluesky().await else { return };
    let (world, there) = (World::new(&test).await, peer.of_bluesky());
    let wanted = wanted(&peer, &world);
    let told = |done: Result<Done, String>| done.expect_err("refused");

    let back = Browser::open(begun(&world, &wanted).await).await.refuse().await;
    let denied = told(finished(&world, &back).await);
    assert!(denied.contains("you did not let us in at Bluesky") && denied.contains("begin again"), "{denied}");

    let other = told(agreed(&world, &wanted, &there.ana).await);
    assert!(other.contains(&format!("another account than {}", peer.us())), "{other}");

    let back = Browser::open(begun(&world, &wanted).await).await.agree(&there.us).await;
    let elsewhere = Returned { iss: Some("https://evil.example".into()), ..back };
    let mixed = told(finished(&world, &elsewhere).await);
    assert!(mixed.contains("another server"), "{mixed}");

    let back = Browser::open(begun(&world, &wanted).await).await.agree(&there.us).await;
    let stranger = Viewer::new(999, "Eve".into(), &[(world.unit, Role::Admin)], &[(world.unit, None)]);
    let stolen = sign_in::finish(&world.hub, &stranger, &client(), &back).await.expect_err("refused").why.to_string();
    assert!(stolen.contains("somebody else"), "{stolen}");

    world.hub.clock.advance(16 * MINUTE);
    let late = told(finished(&world, &back).await);
    assert!(late.contains("has run out; begin it again"), "{late}");

    let unknown = Wanted { settings: with(&wanted, "account", "nobody.test"), ..wanted.clone() };
    let base = BASE.parse().expect("an address");
    let nobody = sign_in::begin(&world.hub, &world.viewer, &client(), &base, &unknown).await.expect_err("nobody");
    assert!(nobody.to_string().contains("there is no account @nobody.test"), "{nobody}");
    assert!(source::list(&world.hub).await.expect("sources").is_empty(), "nothing was connected");
    assert!(handle::all(&world.hub.db).await.expect("handles").is_empty());
    world.check().await;
}

fn with(wanted: &Wanted, name: &str, value: &str) -> serde_json::Map<String, Value> {
    let mut settings = wanted.settings.clone();
    settings.insert(name.to_owned(), value.into());
    settings
}

both_stores!(whoever_is_not_let_in_is_told_what_to_do, |hub| not_signed_in(hub));

/// A keeper on whose way the answers to renewals are lost: the server has given new tokens, and nobody knows them.
struct Losing(Arc<dyn Keeper>);

impl Keeper for Losing {
    fn kept<'a>(&'a self, key: &'a str) -> Later<'a, Result<Kept, Trouble>> {
        self.0.kept(key)
    }

    fn renew<'a>(&'a self, key: &'a str, seen: i64, how: Renew) -> Later<'a, Result<Kept, Trouble>> {
        let lost = move |secret| -> Later<'static, Result<String, Trouble>> {
            Box::pin(async move {
                how(secret).await.expect("the server renews it");
                Err(Trouble::passing("the connection broke"))
            })
        };
        self.0.renew(key, seen, Box::new(lost))
    }
}

async fn ended(test: TestHub) {
    let Some(peer) = Peer::bluesky().await else { return };
    let (world, there) = (World::new(&test).await, peer.of_bluesky());
    let done = agreed(&world, &wanted(&peer, &world), &there.us).await.expect("a source");
    let id = done.source.id;

    world.hub.clock.advance(61 * MINUTE);
    let losing = client().keeping(Arc::new(Losing(sign_in::keeper(&world.hub))));
    let lost = peer.about.connector.page(&access(&world, &done.source, losing), &Value::Null).await;
    assert!(matches!(lost, Err(Trouble::Passing { .. })), "{lost:?}");
    // The old token is shown once more, the server ends the sign-in, and a person is told why.
    let told = source::poll_now(&world.hub, &world.viewer, &client(), id).await.expect_err("ended").to_string();
    assert!(told.contains("sign in again") && told.contains("was lost on the way"), "{told}");
    assert!(world.source(id).await.paused_at.is_some(), "it rests");

    let back = agreed(&world, &Wanted::again(&world.source(id).await), &there.us).await.expect("in again");
    assert!(back.again && back.source.paused_at.is_none() && back.source.error.is_none());
    peer.say("the lid is loose").await;
    let counted = source::poll_now(&world.hub, &world.viewer, &client(), id).await.expect("a page");
    assert_eq!(counted.stored, 1, "it goes on where it stopped");

    // Signed out, the tokens are worth nothing to whoever still has them.
    let key = access(&world, &back.source, client()).credentials.get("sign_in").expect("a key").to_owned();
    let stolen = sign_in::keeper(&world.hub).kept(&key).await.expect("it holds").secret;
    sign_in::sign_out(&world.hub, &world.viewer, &client(), id).await.expect("signed out");
    let thief = client().keeping(Arc::new(Thief(stolen)));
    let refused = peer.about.connector.page(&access(&world, &back.source, thief), &Value::Null).await;
    assert!(matches!(refused, Err(Trouble::Revoked { .. })), "{refused:?}");
    let source = world.source(id).await;
    assert!(source.paused_why.is_some_and(|why| why.contains("sign in again")));
    world.check().await;
}

/// Somebody who has the tokens of a moment, and goes on with them as long as the server lets them.
struct Thief(String);

impl Keeper for Thief {
    fn kept<'a>(&'a self, _: &'a str) -> Later<'a, Result<Kept, Trouble>> {
        Box::pin(async { Ok(Kept { version: 1, secret: self.0.clone() }) })
    }

    fn renew<'a>(&'a self, _: &'a str, _: i64, how: Renew) -> Later<'a, Result<Kept, Trouble>> {
        Box::pin(async { how(self.0.clone()).await.map(|secret| Kept { version: 2, secret }) })
    }
}

both_stores!(a_sign_in_that_has_ended_is_said_so_and_begun_anew, |hub| ended(hub));
