//! X: mentions of our account or what a search finds, by asking (API v2) or by the account activity webhook, and answers.
//!
//! X counts requests endpoint by endpoint, for each account (docs.x.com/fundamentals/rate-limits): a search that is used
//! up says nothing of mentions, and neither of posting.

mod post;

use dandelion_post::{Refusal, micros};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Later,
    contract::{
        Access, Connected, Connector, Delivery, Found, Item, Newest, Page, Place, Received, Trouble, Unsigned, bearer,
        hmac,
        json::{ask, encoded, read},
        refused, same,
    },
    egress::{Budget, Method, Response},
    guess::{Guess, address},
    networks::{About, Counted, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

pub use post::{delivered, length};

/// What this network is.
pub const ABOUT: About = About {
    name: "x",
    label: "X",
    reads: Reads {
        what: "mentions of our account, or what a search finds; deletions by the webhook",
        poll: true,
        stream: false,
        push: true,
    },
    writes: Writes { reply: true, delete: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: Some(Length {
        most: 280,
        counted: Counted {
            what: "characters; an address counts 23, a Chinese or Japanese one or an emoji 2",
            count: length,
        },
    }),
    fields: &[
        Field {
            name: "token",
            label: "Access token",
            secret: true,
            needed: false,
            help: "Of our account (OAuth 2, with tweet.read, tweet.write, users.read).",
        },
        Field {
            name: "refresh_token",
            label: "Refresh token",
            secret: true,
            needed: false,
            help: "Instead of it, together with the client's secret and id.",
        },
        Field {
            name: "client_secret",
            label: "Client secret",
            secret: true,
            needed: false,
            help: "Of the same app in X's developer portal.",
        },
        Field {
            name: "secret",
            label: "Consumer secret",
            secret: true,
            needed: false,
            help: "Only for the webhook: X signs with it.",
        },
        Field { name: "client_id", label: "Client id", secret: false, needed: false, help: "Of the same app." },
        Field {
            name: "search",
            label: "Search",
            secret: false,
            needed: false,
            help: "Reads what this search of X finds instead of our mentions: kettle -is:retweet lang:en.",
        },
    ],
    limits: "as its headers say (x-rate-limit-* for mentions, searches and posting each; so many posts a day); what an \
             account may read in a month depends on its plan",
    docs: "X wants a paid plan to read mentions.",
    proven: Proven::Replay("answers in the form of its OpenAPI document"),
    connector: &X,
};

/// Where its interface lives, and where tokens come from.
const API: &str = "https://api.x.com";
const TOKENS: &str = "https://api.x.com/2/oauth2/token";

/// What X counts apart, in words for people.
const MENTIONS: &str = "mentions";
const SEARCHES: &str = "searches";
const ACCOUNT: &str = "our account";
const OUR_POSTS: &str = "our posts";
const POSTING: &str = "posting";
const DELETING: &str = "deleting";
/// Longest search, as its OpenAPI document says; small plans allow less and say so themselves.
const LONGEST_SEARCH: usize = 4096;

struct X;

impl Connector for X {
    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(async move {
            let (told, _) = get(access, "/2/users/me", ACCOUNT).await?;
            let (id, name) = (told["data"]["id"].as_str(), told["data"]["username"].as_str());
            let (Some(id), Some(name)) = (id, name) else { return Err(Trouble::wrong("X does not say who we are")) };
            let mut place = access.place.clone();
            place.settings.insert("me".to_owned(), id.into());
            let label = match access.setting("search") {
                Some(search) => format!("“{search}” on X"),
                None => format!("Mentions of @{name}"),
            };
            Ok(Connected { place, name: Some(label), handle: Some(format!("@{name}")) })
        })
    }

    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write {API}"), &place.url));
        }
        if place.credentials.is_empty() {
            return Err(Refusal::new("token", "enter an access token of our account", ""));
        }
        if let Some(search) = place.setting("search").filter(|search| search.chars().count() > LONGEST_SEARCH) {
            let reason = format!("X takes searches of {LONGEST_SEARCH} characters at most; shorten it");
            return Err(Refusal::new("search", reason, search));
        }
        Ok(())
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page(access, cursor))
    }

    fn draws_on(&self, place: &Place) -> &'static str {
        if place.setting("search").is_some() { SEARCHES } else { MENTIONS }
    }

    /// A handshake is a GET with `crc_token`, answered with its HMAC; a delivery is signed alike, in base64.
    fn receive(&self, place: &Place, delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
        use base64::Engine as _;
        let secret = place.credentials.get("secret").ok_or(Unsigned::NoSecret)?;
        let signed = |bytes: &[u8]| {
            let code = base64::engine::general_purpose::STANDARD.encode(hmac(secret, &[bytes]));
            format!("sha256={code}")
        };
        if delivery.get {
            let token = delivery.parameter("crc_token").ok_or(Unsigned::Missing("crc_token"))?;
            let body = json!({ "response_token": signed(token.as_bytes()) }).to_string();
            return Ok(Received::Handshake { kind: "application/json", body });
        }
        if !same(delivery.header("x-twitter-webhooks-signature")?, &signed(delivery.body)) {
            return Err(Unsigned::Mismatch);
        }
        Ok(Received::Items { id: None, items: delivered(delivery.body, delivery.now) })
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(async move {
            let answered = reply.in_reply_to.as_deref().filter(|id| post::is_id(id));
            let Some(answered) = answered else {
                return Answer::Refused { why: "only a post of X can be answered there".to_owned() };
            };
            let counted = length(&reply.text);
            if counted > 280 {
                return Answer::Refused {
                    why: format!("{counted} characters as X counts them, and it takes 280; shorten it"),
                };
            }
            let body = json!({ "text": reply.text, "reply": { "in_reply_to_tweet_id": answered } });
            write(access, Method::POST, "/2/tweets", POSTING, Some(&body)).await
        })
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move { Found::of(look(access, reply, since).await) })
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            if !post::is_id(id) {
                return Answer::Refused { why: format!("{id} is no post of ours") };
            }
            match write(access, Method::DELETE, &format!("/2/tweets/{id}"), DELETING, None).await {
                Answer::Published { .. } => Answer::Published { remote_id: Some(id.to_owned()), url: None },
                other => other,
            }
        })
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        let host = url.host_str()?.trim_start_matches("www.").trim_start_matches("mobile.");
        matches!(host, "x.com" | "twitter.com").then(|| Guess::new(3, API, &[], "mentions of an account of ours on X"))
    }
}

/// Asks once, which draws on `allowance`.
async fn get(access: &Access, path: &str, allowance: &'static str) -> Result<(Value, Option<Budget>), Trouble> {
    let token = format!("Bearer {}", bearer::token(access, TOKENS, true).await?);
    let answer = ask(access, Method::GET, &access.at(path), &[("authorization", &token)], None).await?;
    access.meter.note(allowance, &answer, access.now);
    read(answer, access)
}

async fn me(access: &Access) -> Result<String, Trouble> {
    if let Some(me) = access.setting("me").filter(|me| post::is_id(me)) {
        return Ok(me.to_owned());
    }
    let (told, _) = get(access, "/2/users/me", ACCOUNT).await?;
    told["data"]["id"].as_str().map(ToOwned::to_owned).ok_or_else(|| Trouble::wrong("X does not say who we are"))
}

const FIELDS: &str = "post.fields=author_id,conversation_id,created_at,entities,in_reply_to_user_id,lang,note_post,public_metrics,referenced_posts\
                      &expansions=author_id&user.fields=created_at,name,profile_image_url,public_metrics,username,verified";

async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut newest: Newest = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let further = newest.further().map(|token| format!("&pagination_token={}", encoded(token))).unwrap_or_default();
    let (list, allowance) = match access.setting("search") {
        Some(search) => (format!("tweets/search/recent?query={}&", encoded(search)), SEARCHES),
        None => (format!("users/{}/mentions?", me(access).await?), MENTIONS),
    };
    let (told, budget) = get(access, &format!("/2/{list}max_results=100&{FIELDS}{further}"), allowance).await?;
    let posts = told["data"].as_array().cloned().unwrap_or_default();
    let users = told["includes"]["users"].as_array().cloned().unwrap_or_default();
    let entry = |post: &Value| (post["id"].as_str().unwrap_or_default().to_owned(), String::new());
    let entries: Vec<_> = posts.iter().map(entry).collect();
    let (news, wait) = newest.take(&entries, told["meta"]["next_token"].as_str().map(ToOwned::to_owned));
    let fresh = posts.into_iter().zip(news).filter_map(|(post, news)| news.then_some(post));
    let mut items: Vec<Item> = fresh.map(|raw| post::read(raw, &users)).collect();
    items.reverse();
    Ok(Page { items, cursor: serde_json::to_value(&newest).unwrap_or_default(), wait, budget, ..Page::default() })
}

async fn write(access: &Access, method: Method, path: &str, allowance: &'static str, body: Option<&Value>) -> Answer {
    let token = match bearer::token(access, TOKENS, true).await {
        Ok(token) => format!("Bearer {token}"),
        Err(trouble) => return trouble.into(),
    };
    match ask(access, method, &access.at(path), &[("authorization", &token)], body).await {
        Ok(answer) => match noted(access, allowance, &answer) {
            Answer::Published { .. } => {
                let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let id = told["data"]["id"].as_str().map(ToOwned::to_owned);
                Answer::Published { url: id.as_deref().map(post::link), remote_id: id }
            }
            other => other,
        },
        Err(error) => error.into(),
    }
}

fn noted(access: &Access, allowance: &'static str, answer: &Response) -> Answer {
    access.meter.note(allowance, answer, access.now);
    Answer::read(answer, micros(access.now))
}

async fn look(access: &Access, reply: &Outgoing, since: Timestamp) -> Result<Found, Trouble> {
    let me = me(access).await?;
    let from = (since - jiff::SignedDuration::from_mins(5)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let path =
        format!("/2/users/{me}/tweets?max_results=100&start_time={}&post.fields=referenced_posts", encoded(&from));
    let (told, _) = get(access, &path, OUR_POSTS).await?;
    for said in told["data"].as_array().into_iter().flatten() {
        let answered = post::answered(said);
        if answered.as_deref() == reply.in_reply_to.as_deref()
            && post::words(said["text"].as_str().unwrap_or_default()) == post::words(&reply.text)
        {
            let id = said["id"].as_str().map(ToOwned::to_owned);
            return Ok(Found::Published { url: id.as_deref().map(post::link), remote_id: id });
        }
    }
    let more = told["meta"]["next_token"].is_string();
    Ok(if more {
        Found::Unclear("too much was said since to look through all of it".to_owned())
    } else {
        Found::NotThere
    })
}

/// A delivery that is no JSON.
fn unread(error: &serde_json::Error, body: &[u8]) -> Vec<Item> {
    vec![Err(refused("json", &error.to_string(), &Value::String(String::from_utf8_lossy(body).into_owned())))]
}
