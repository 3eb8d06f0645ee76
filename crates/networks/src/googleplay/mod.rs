//! Google Play: reviews of an app (Android Publisher API v3). A review has one answer of ours at most, and answering again
//! changes it, so that the same answer twice is one.

use std::time::Duration;

use dandelion_post::{Author, Metrics, Post, Refusal, micros};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Later,
    contract::{
        Access, Connector, Found, Item, Newest, Page, Place, Trouble, Wait, bearer, checked,
        json::{ask, encoded, read, rest},
        refused,
    },
    egress::{Budget, Method},
    google,
    guess::{Guess, address},
    networks::{About, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "googleplay",
    label: "Google Play",
    reads: Reads {
        what: "reviews of an app, with their stars; those changed come again",
        poll: true,
        stream: false,
        push: false,
    },
    writes: Writes { reply: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: Some(Length::characters(350)),
    fields: &[
        Field {
            name: "refresh_token",
            label: "Refresh token",
            secret: true,
            needed: false,
            help: "Of an account that may answer reviews in the Play Console, with the scope androidpublisher.",
        },
        google::CLIENT_SECRET,
        google::ACCESS_TOKEN,
        google::CLIENT_ID,
        Field {
            name: "app",
            label: "App",
            secret: false,
            needed: true,
            help: "Its package name, com.yourcompany.app.",
        },
    ],
    limits: "200 requests an hour to read, 2,000 answers a day; reviews of the last week only",
    docs: "Only reviews with words come, from the last seven days, as Google gives them.",
    proven: Proven::Replay("answers in the form of its discovery document"),
    connector: &GooglePlay,
};

/// Where its interface lives.
const API: &str = "https://androidpublisher.googleapis.com";
/// Shortest time between two looks.
const OFTEN: Duration = Duration::from_mins(10);

struct GooglePlay;

impl Connector for GooglePlay {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write {API}"), &place.url));
        }
        let app = place.setting("app").unwrap_or_default();
        if !is_package(app) {
            return Err(Refusal::new("app", "write the app's package name, com.yourcompany.app", app));
        }
        if place.credentials.is_empty() {
            return Err(Refusal::new("refresh_token", "enter the refresh token and the client's secret", ""));
        }
        Ok(())
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page(access, cursor))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, _since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move { Found::of(look(access, reply).await) })
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        if url.host_str() != Some("play.google.com") {
            return None;
        }
        let app = url
            .query_pairs()
            .find(|(name, _)| name == "id")
            .map(|(_, app)| app.into_owned())
            .filter(|app| is_package(app))?;
        Some(Guess::new(3, API, &[("app", &app)], format!("reviews of {app} on Google Play")))
    }
}

fn is_package(text: &str) -> bool {
    text.contains('.')
        && text.len() <= 150
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
}

fn reviews(place: &Place) -> String {
    place
        .at(&format!("/androidpublisher/v3/applications/{}/reviews", encoded(place.setting("app").unwrap_or_default())))
}

async fn get(access: &Access, url: &str) -> Result<(Value, Option<Budget>), Trouble> {
    let token = format!("Bearer {}", bearer::token(access, google::TOKENS, false).await?);
    read(ask(access, Method::GET, url, &[("authorization", &token)], None).await?, access)
}

async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut newest: Newest = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let further = newest.further().map(|token| format!("&token={}", encoded(token))).unwrap_or_default();
    let (told, budget) = get(access, &format!("{}?maxResults=100{further}", reviews(access))).await?;
    let all = told["reviews"].as_array().cloned().unwrap_or_default();
    let entry = |review: &Value| {
        let changed = &user(review)["lastModified"]["seconds"];
        (review["reviewId"].as_str().unwrap_or_default().to_owned(), changed.to_string())
    };
    let entries: Vec<_> = all.iter().map(entry).collect();
    let (news, wait) = newest.take(&entries, told["tokenPagination"]["nextPageToken"].as_str().map(ToOwned::to_owned));
    let fresh = all.into_iter().zip(news).filter_map(|(review, news)| news.then_some(review));
    let mut items: Vec<Item> = fresh.map(post).collect();
    items.reverse();
    let wait = if wait == Wait::More { wait } else { Wait::After(OFTEN) };
    Ok(Page { items, cursor: serde_json::to_value(&newest).unwrap_or_default(), wait, budget, ..Page::default() })
}

/// What the customer says now: a review's comments are theirs and ours.
fn user(review: &Value) -> &Value {
    static NONE: Value = Value::Null;
    let comments = review["comments"].as_array().into_iter().flatten();
    comments.map(|comment| &comment["userComment"]).find(|comment| comment.is_object()).unwrap_or(&NONE)
}

/// Reads one review.
pub fn post(raw: Value) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("review", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let Some(id) = whole["reviewId"].as_str().filter(|id| !id.is_empty()).map(ToOwned::to_owned) else {
        return Err(refused("reviewId", "the review has no id", &whole));
    };
    let said = user(&whole);
    // A title stands before a tab.
    let text = said["originalText"].as_str().or_else(|| said["text"].as_str()).unwrap_or_default();
    let (title, text) = text.split_once('\t').unwrap_or(("", text));
    let seconds = said["lastModified"]["seconds"].as_str().and_then(|seconds| seconds.parse().ok());
    let name = whole["authorName"].as_str().filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    fields.remove("reviewId");
    let post = Post {
        text: text.trim().to_owned(),
        title: Some(title.trim().to_owned()).filter(|title| !title.is_empty()),
        lang: said["reviewerLanguage"].as_str().map(|lang| lang.replace('_', "-")),
        created_at: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        // Whoever reviews is known by the review alone: names are not unique.
        author: Some(Author { id: Some(format!("review:{id}")), name, ..Author::default() }),
        metrics: Metrics { likes: said["thumbsUpCount"].as_i64(), ..Metrics::default() },
        extra: rest(fields),
        id,
        ..Post::default()
    };
    checked(post, &whole)
}

async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let Some(review) = reply.in_reply_to.as_deref() else {
        return Answer::Refused { why: "only a review can be answered on Google Play".to_owned() };
    };
    let token = match bearer::token(access, google::TOKENS, false).await {
        Ok(token) => format!("Bearer {token}"),
        Err(trouble) => return trouble.into(),
    };
    let url = format!("{}/{}:reply", reviews(access), encoded(review));
    match ask(access, Method::POST, &url, &[("authorization", &token)], Some(&json!({ "replyText": reply.text }))).await
    {
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            // The answer has no id of its own: there is one for each review.
            Answer::Published { .. } => Answer::Published { remote_id: Some(format!("{review}/reply")), url: None },
            other => other,
        },
        Err(error) => error.into(),
    }
}

async fn look(access: &Access, reply: &Outgoing) -> Result<Found, Trouble> {
    let review = reply.in_reply_to.as_deref().unwrap_or_default();
    let (told, _) = get(access, &format!("{}/{}", reviews(access), encoded(review))).await?;
    let comments = told["comments"].as_array().into_iter().flatten();
    let ours = comments
        .filter_map(|comment| comment["developerComment"]["text"].as_str())
        .any(|text| text.trim() == reply.text.trim());
    Ok(if ours { Found::Published { remote_id: Some(format!("{review}/reply")), url: None } } else { Found::NotThere })
}
