//! Google Business Profile, in the form of its reference (accounts.locations.reviews) and its discovery documents
//! (accounts and locations).

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use dandelion_networks::{
    contract::{Access, Found, Trouble, Wait},
    outgoing::Answer,
};
use serde_json::{Value, json};

use crate::{
    server::{Asked, Replay, Say, reply},
    shared,
};

/// A review with every field that the reference shows.
fn review(id: &str, comment: &str, created: &str, updated: &str) -> Value {
    json!({
        "name": format!("accounts/1/locations/22/reviews/{id}"), "reviewId": id,
        "reviewer": { "profilePhotoUrl": "https://lh3.example/a", "displayName": "Ana", "isAnonymous": false },
        "starRating": "TWO", "comment": comment, "createTime": created, "updateTime": updated,
        "reviewMediaItems": [{ "thumbnailUrl": "https://lh3.example/t" }], "reviewReplyUrl": "https://business.example/r",
    })
}

/// One that was said in this minute and not changed.
fn said(minute: usize) -> Value {
    let at = format!("2026-03-02T08:{minute:02}:00.123Z");
    review(&format!("R{minute}"), "It leaks", &at, &at)
}

const SIGNED_OUT: &str = "Request had invalid authentication credentials.";

fn place(google: &Replay, settings: &Value) -> Access {
    let mut all = json!({ "location": "accounts/1/locations/22", "maps": "https://maps.google.com/?cid=9", "client_id": "app",
        "sign_in": format!("{}/token", google.address) });
    all.as_object_mut().expect("settings").extend(settings.as_object().cloned().unwrap_or_default());
    google.place(&all, &[("refresh_token", "r"), ("client_secret", "s")])
}

fn signed_in(asked: &Asked) -> Option<Say> {
    (asked.path == "/token").then(|| {
        assert_eq!(asked.body, "grant_type=refresh_token&refresh_token=r&client_id=app&client_secret=s");
        Say::json(&json!({ "access_token": "a", "expires_in": 3599, "token_type": "Bearer" }))
    })
}

fn ids(posts: &[dandelion_post::Post]) -> Vec<&str> {
    posts.iter().map(|post| post.id.as_str()).collect()
}

#[tokio::test]
async fn a_documented_review_loses_nothing() {
    let google = Replay::of("googlebusiness", |asked| {
        signed_in(asked).unwrap_or_else(|| {
            let mut full = review(
                "R/1",
                "(Translated by Google) It leaks\n\n(Original)\nEs tropft",
                "2026-03-02T08:00:00Z",
                "2026-03-02T08:05:00.5Z",
            );
            full["reviewReply"] =
                json!({ "comment": "Sorry!", "updateTime": "2026-03-02T08:06:00Z", "reviewReplyState": "APPROVED" });
            let mut wordless = review("R0", "", "2026-03-02T07:00:00Z", "2026-03-02T07:00:00Z");
            wordless["comment"] = Value::Null;
            wordless["reviewMediaItems"] = json!([]);
            wordless["reviewer"] = json!({ "displayName": "A Google user", "isAnonymous": true });
            let broken = json!({ "reviewId": "", "starRating": "ONE" });
            let nothing = json!({ "reviewId": "R9", "starRating": "STAR_RATING_UNSPECIFIED" });
            Say::json(
                &json!({ "reviews": [full, wordless, broken, nothing], "averageRating": 3.5, "totalReviewCount": 4 }),
            )
        })
    })
    .await;
    let page = google.page(&place(&google, &json!({ "handle": "@acme" })), &Value::Null).await.expect("a page");
    let [nothing, broken, wordless, full, answer] = page.items.as_slice() else { panic!("{:?}", page.items) };
    assert!(nothing.as_ref().is_err_and(|refused| refused.raw.contains("R9")), "{nothing:?}");
    assert!(broken.as_ref().is_err_and(|refused| refused.refusal.to_string().contains("no id")), "{broken:?}");
    let wordless = wordless.as_ref().expect("a post");
    assert_eq!((wordless.text.as_str(), wordless.extra["stars"].as_u64()), ("2 of 5 stars (no words)", Some(2)));
    assert_eq!((wordless.edited_at, wordless.extra["reviewer"]["isAnonymous"].as_bool()), (None, Some(true)));
    let full = full.as_ref().expect("a post");
    assert_eq!((full.id.as_str(), full.text.as_str()), ("22/R/1", "Es tropft"));
    assert_eq!(full.url.as_deref(), Some("https://maps.google.com/?cid=9"));
    assert!(full.edited_at > full.created_at);
    let author = full.author.as_ref().expect("an author");
    assert_eq!((author.name.as_deref(), author.key().as_deref()), (Some("Ana"), Some("review:R/1")));
    assert_eq!((full.media.len(), full.media[0].url.as_str()), (1, "https://lh3.example/t"));
    for (name, value) in [
        ("translated", json!("It leaks")),
        ("starRating", json!("TWO")),
        ("name", json!("accounts/1/locations/22/reviews/R/1")),
        ("reviewReplyUrl", json!("https://business.example/r")),
    ] {
        assert_eq!(full.extra[name], value);
    }
    assert_eq!(full.extra["reviewReply"]["comment"], "Sorry!");
    let answer = answer.as_ref().expect("a post");
    assert_eq!((answer.id.as_str(), answer.in_reply_to.as_deref()), ("22/R/1/reply", Some("22/R/1")));
    assert_eq!(answer.author.as_ref().and_then(|author| author.handle.as_deref()), Some("@acme"), "it is ours");
    assert_eq!((answer.text.as_str(), answer.extra["reviewReplyState"].as_str()), ("Sorry!", Some("APPROVED")));
    // Without a handle's name nobody could tell that it is ours: it stays with its review.
    let page = google.page(&place(&google, &json!({})), &Value::Null).await.expect("a page");
    assert_eq!(page.items.iter().flatten().count(), 2);
}

#[tokio::test]
async fn reviews_are_read_down_to_what_is_known_and_changes_hide_nothing() {
    let turn = std::sync::Arc::new(AtomicUsize::new(0));
    let now = turn.clone();
    let google = Replay::of("googlebusiness", move |asked| {
        if let Some(token) = signed_in(asked) {
            return token;
        }
        assert_eq!(
            (asked.header("authorization"), asked.path.as_str()),
            ("Bearer a", "/v4/accounts/1/locations/22/reviews")
        );
        assert_eq!((asked.parameter("pageSize"), asked.parameter("orderBy")), ("50", "updateTime desc"));
        let page = |reviews: Value, next: &str| {
            Say::json(&json!({ "reviews": reviews, "nextPageToken": next, "totalReviewCount": 9 }))
        };
        match (now.load(Ordering::SeqCst), asked.parameter("pageToken")) {
            (0, "") => page(json!([said(2), said(1)]), "old"),
            // The first review was changed and stands at the top; new ones lie beneath it, over two pages.
            (1, "") => page(
                json!([
                    review("R1", "It still leaks", "2026-03-02T08:01:00.123Z", "2026-03-02T08:40:00Z"),
                    said(6),
                    said(5)
                ]),
                "p 2",
            ),
            (1, "p 2") => page(json!([said(4), said(3), said(2)]), "p3"),
            other => panic!("{other:?}"),
        }
    })
    .await;
    let us = place(&google, &json!({}));
    let first = google.page(&us, &Value::Null).await.expect("a page");
    assert_eq!((first.items.len(), first.wait), (2, Wait::After(std::time::Duration::from_mins(10))));
    // A crash before the cursor is stored: the same page comes again; after it, nothing.
    assert_eq!(google.page(&us, &Value::Null).await.expect("a page").items.len(), 2);
    assert!(google.page(&us, &first.cursor).await.expect("a page").items.is_empty());
    turn.store(1, Ordering::SeqCst);
    let half = google.page(&us, &first.cursor).await.expect("a page");
    assert_eq!((half.items.len(), half.wait), (3, Wait::More));
    // A crash on the way down.
    let (rest, cursor) = google.all(&us, &half.cursor).await;
    assert_eq!(ids(&rest), ["22/R3", "22/R4"]);
    let (posts, _) = google.all(&us, &first.cursor).await;
    assert_eq!(ids(&posts), ["22/R5", "22/R6", "22/R1", "22/R3", "22/R4"]);
    assert!(posts[2].text == "It still leaks" && posts[2].edited_at > posts[2].created_at);
    assert!(google.all(&us, &cursor).await.0.is_empty());
}

#[tokio::test]
async fn an_answer_is_written_once_changed_and_taken_down() {
    let stands = std::sync::Arc::new(Mutex::new(None::<String>));
    let there = stands.clone();
    let google = Replay::of("googlebusiness", move |asked| {
        if let Some(token) = signed_in(asked) {
            return token;
        }
        let mut there = there.lock().expect("the answer");
        let gone = Say::status(404, &json!({ "error": { "code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND" } }));
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/v4/accounts/1/locations/33/reviews/R1") => {
                let mut review = said(1);
                if let Some(said) = there.as_ref() {
                    review["reviewReply"] = json!({ "comment": said, "updateTime": "2026-03-02T09:00:00Z" });
                }
                Say::json(&review)
            }
            ("PUT", "/v4/accounts/1/locations/33/reviews/R1/reply") => {
                let comment = asked.json()["comment"].as_str().expect("words").to_owned();
                if comment == "slow" {
                    return Say::status(429, &json!({ "error": { "code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED",
                        "details": [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s" }] } }));
                }
                if comment == "rude" {
                    return Say::status(400, &json!({ "error": { "code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT" } }));
                }
                *there = Some(comment.clone());
                if comment == "lost" {
                    return Say::status(502, &json!({}));
                }
                Say::json(&json!({ "comment": comment, "updateTime": "2026-03-02T09:00:00Z" }))
            }
            ("DELETE", "/v4/accounts/1/locations/33/reviews/R1/reply") => {
                if there.take().is_some() { Say::json(&json!({})) } else { gone }
            }
            _ => gone,
        }
    })
    .await;
    // One handle answers at every place of its account.
    let us = place(&google, &json!({ "location": "accounts/1" }));
    let connector = google.about.connector;
    let published = |id: &str| Answer::Published { remote_id: Some(id.to_owned()), url: None };
    let writes = || google.asked().iter().filter(|asked| asked.method == "PUT").count();
    assert_eq!(connector.find(&us, &reply("k", "Sorry!", "33/R1"), us.now).await, Found::NotThere);
    assert_eq!(connector.publish(&us, &reply("k", "Sorry!", "33/R1")).await, published("33/R1/reply"));
    assert_eq!(connector.publish(&us, &reply("k", "Sorry! ", "33/R1")).await, published("33/R1/reply"));
    assert_eq!(writes(), 1, "the same words are not written again");
    assert!(matches!(connector.find(&us, &reply("k", "Sorry!", "33/R1"), us.now).await, Found::Published { .. }));
    let over = connector.publish(&us, &reply("k2", "Another", "33/R1")).await;
    assert!(matches!(&over, Answer::Refused { why } if why.contains("another answer already")), "{over:?}");
    let told = connector.find(&us, &reply("k2", "Another", "33/R1"), us.now).await;
    assert!(matches!(told, Found::Unclear(_)) && writes() == 1, "{told:?}");
    assert_eq!(connector.edit(&us, "33/R1/reply", "So sorry!").await, published("33/R1/reply"));
    assert_eq!(stands.lock().expect("the answer").as_deref(), Some("So sorry!"));
    assert_eq!(connector.delete(&us, "33/R1/reply").await, published("33/R1/reply"));
    assert_eq!(connector.delete(&us, "33/R1/reply").await, published("33/R1/reply"), "gone is gone");
    // The acknowledgement is lost: what stands there decides.
    let lost = connector.publish(&us, &reply("k3", "lost", "33/R1")).await;
    assert!(matches!(lost, Answer::InDoubt { .. }), "{lost:?}");
    let found = connector.find(&us, &reply("k3", "lost", "33/R1"), us.now).await;
    assert_eq!(found, Found::Published { remote_id: Some("33/R1/reply".into()), url: None });
    connector.delete(&us, "33/R1/reply").await;
    let slow = connector.publish(&us, &reply("k", "slow", "33/R1")).await;
    assert!(matches!(&slow, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 36), "{slow:?}");
    let rude = connector.publish(&us, &reply("k", "rude", "33/R1")).await;
    assert!(matches!(&rude, Answer::Refused { why } if why.contains("invalid argument")), "{rude:?}");
    for bad in ["R1", "33/", "x/R1", "33/..", "33/R1/../../x"] {
        assert!(matches!(connector.publish(&us, &reply("k", "x", bad)).await, Answer::Refused { .. }), "{bad}");
    }
    let gone = connector.publish(&us, &reply("k", "x", "33/R7")).await;
    assert!(matches!(&gone, Answer::Refused { why } if why.contains("not found")), "{gone:?}");
}

#[tokio::test]
async fn troubles_are_told_apart() {
    let quota = |value: &str| {
        json!({ "error": { "code": 429, "message": "Quota exceeded for quota metric 'Requests'.", "status": "RESOURCE_EXHAUSTED",
        "details": [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com",
            "metadata": { "quota_limit_value": value, "service": "mybusiness.googleapis.com" } }] } })
    };
    for (say, expected) in [
        (Say::status(429, &quota("300")).with("retry-after", 42), "passing 42"),
        (Say::status(429, &quota("0")), "wrong apply for access"),
        (
            Say::status(401, &json!({ "error": { "code": 401, "message": SIGNED_OUT, "status": "UNAUTHENTICATED" } })),
            "revoked sign in again",
        ),
        (
            Say::status(
                403,
                &json!({ "error": { "code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED" } }),
            ),
            "wrong permission",
        ),
        (
            Say::status(
                500,
                &json!({ "error": { "code": 500, "message": "Internal error encountered.", "status": "INTERNAL" } }),
            ),
            "passing ",
        ),
        (Say(200, Vec::new(), "<html>Sorry</html>".to_owned()), "passing no JSON"),
        (Say(200, Vec::new(), format!("{{\"reviews\": [\"{}\"]}}", "x".repeat(20 << 20))), " "),
    ] {
        let Say(status, headers, body) = say;
        let google = Replay::of("googlebusiness", move |asked| {
            signed_in(asked).unwrap_or_else(|| Say(status, headers.clone(), body.clone()))
        })
        .await;
        let trouble = google.page(&place(&google, &json!({})), &Value::Null).await.expect_err("no page");
        let told = match &trouble {
            Trouble::Passing { after: Some(after), .. } => format!("passing {}", after.as_secs()),
            Trouble::Passing { why, .. } => format!("passing {why}"),
            Trouble::Revoked { why } => format!("revoked {why}"),
            Trouble::Wrong { why } => format!("wrong {why}"),
        };
        assert!(
            expected.split_inclusive(' ').next().is_some_and(|kind| told.contains(kind.trim())),
            "{expected}: {told}"
        );
        assert!(told.contains(expected.split_once(' ').map_or("", |(_, words)| words)), "{expected}: {told}");
        assert_eq!(google.asked().iter().filter(|asked| asked.path == "/token").count(), 1, "signed in once: {told}");
    }
    let google = Replay::of("googlebusiness", |_| {
        Say::status(
            400,
            &json!({ "error": "invalid_grant", "error_description": "Token has been expired or revoked." }),
        )
    })
    .await;
    let trouble = google.page(&place(&google, &json!({})), &Value::Null).await.expect_err("no way in");
    assert!(matches!(&trouble, Trouble::Revoked { why } if why.contains("expired or revoked")), "{trouble}");
    assert_eq!(google.asked().len(), 1);
}

#[tokio::test]
async fn silence_ends() {
    let google = Replay::of("googlebusiness", |asked| signed_in(asked).unwrap_or_else(Say::nothing)).await;
    let mut us = place(&google, &json!({}));
    us.client = crate::server::impatient();
    let trouble = google.page(&us, &Value::Null).await.expect_err("no page");
    assert!(matches!(&trouble, Trouble::Passing { .. }), "{trouble}");
    let connector = google.about.connector;
    // Nothing was said before the look, so nothing is in doubt.
    let answer = connector.publish(&us, &reply("k", "Sorry!", "22/R1")).await;
    assert!(matches!(&answer, Answer::Later { .. }), "{answer:?}");
    let found = connector.find(&us, &reply("k", "Sorry!", "22/R1"), us.now).await;
    assert!(matches!(&found, Found::Unclear(_)), "{found:?}");
}

/// A value of a schema of a discovery document, with the fields that are wanted set.
fn described(document: &str, schema: &str, set: &Value) -> Value {
    let known = shared::json(document)["schemas"][schema]["properties"].as_object().cloned().expect("fields");
    for name in set.as_object().expect("fields").keys() {
        assert!(known.contains_key(name), "{schema} has no {name}");
    }
    set.clone()
}

async fn company(places: usize) -> Replay {
    let account = |id: usize| {
        let set = json!({ "name": format!("accounts/{id}"), "accountName": "Acme", "type": "LOCATION_GROUP" });
        described("google/mybusinessaccountmanagement.v1.json", "Account", &set)
    };
    let location = |id: usize| {
        let set = json!({ "name": format!("locations/{id}"), "title": "Acme Kettles",
            "storefrontAddress": { "addressLines": [format!("{id} High Street")], "locality": "Leeds" },
            "metadata": { "mapsUri": format!("https://maps.google.com/?cid={id}"), "placeId": "x" } });
        described("google/mybusinessbusinessinformation.v1.json", "Location", &set)
    };
    Replay::of("googlebusiness", move |asked| {
        if let Some(token) = signed_in(asked) {
            return token;
        }
        match asked.path.as_str() {
            "/v1/accounts" => Say::json(&json!({ "accounts": [account(1), account(2)] })),
            "/v1/accounts/2/locations" => {
                assert_eq!(asked.parameter("readMask"), "name,title,storefrontAddress,metadata");
                let page: usize = asked.parameter("pageToken").parse().unwrap_or(1);
                let next = if page < places { json!((page + 1).to_string()) } else { Value::Null };
                Say::json(&json!({ "locations": [location(20 + page)], "nextPageToken": next }))
            }
            "/v1/locations/21" => Say::json(&location(21)),
            "/v1/locations/22" => Say::status(403, &json!({ "error": { "code": 403, "message": "My Business Business Information API has not been used", "status": "PERMISSION_DENIED" } })),
            "/v1/accounts/1/locations"
            | "/v4/accounts/2/locations/21/reviews"
            | "/v4/accounts/2/locations/22/reviews" => Say::json(&json!({})),
            _ => Say::status(404, &json!({ "error": { "code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND" } })),
        }
    })
    .await
}

#[tokio::test]
async fn places_are_found_and_named_to_choose_from() {
    let one = company(1).await;
    let connect = async |google: &Replay, location: &str| {
        google.about.connector.connect(&place(google, &json!({ "location": location, "maps": "" }))).await
    };
    let found = connect(&one, "").await.expect("the only place");
    assert_eq!(found.place.setting("location"), Some("accounts/2/locations/21"));
    assert_eq!(found.place.setting("maps"), Some("https://maps.google.com/?cid=21"));
    assert_eq!(found.name.as_deref(), Some("Reviews of Acme Kettles, 21 High Street, Leeds"));
    let two = company(2).await;
    let choose = connect(&two, "").await.expect_err("two places").to_string();
    assert!(
        choose.contains("accounts/2/locations/21 (Acme Kettles, 21 High Street, Leeds), accounts/2/locations/22"),
        "{choose}"
    );
    let found = connect(&two, "locations/22").await.expect("a place of an account");
    assert_eq!(found.place.setting("location"), Some("accounts/2/locations/22"));
    let found = connect(&two, "accounts/2/locations/22").await.expect("a place nobody describes");
    assert_eq!(found.name.as_deref(), Some("Reviews of accounts/2/locations/22"));
    let none = connect(&two, "accounts/1").await.expect_err("no place").to_string();
    assert!(none.contains("manages no such place"), "{none}");
    let none = connect(&two, "accounts/2/locations/99").await.expect_err("no such place").to_string();
    assert!(none.contains("not found"), "{none}");
}
