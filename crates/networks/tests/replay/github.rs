//! Reading and answering GitHub: the objects are those of its published deliveries, the answers of REST and GraphQL have the
//! form that docs.github.com gives them.

use std::sync::Mutex;

use dandelion_networks::{
    contract::{Access, Credentials, Found, Place, Trouble, Wait},
    github,
    outgoing::{Answer, testing::loopback},
};
use serde_json::{Value, json};

use crate::{
    server::{Asked, Replay, Say, reply},
    shared,
};

const REPOSITORY: &str = "acme/kettle";

fn place(github: &Replay, token: &str) -> Access {
    let place = Place {
        url: format!("https://github.com/{REPOSITORY}"),
        settings: json!({ "api": github.address }).as_object().cloned().unwrap(),
        credentials: Credentials::none().with("token", token),
    };
    github.about.connector.check(&place).expect("a place");
    Access::new(loopback(), place, "2026-03-02T09:00:00Z".parse().expect("a moment"))
}

/// A published object, in our repository, with another number and moment.
fn object(file: &str, part: &str, page: &str, at: &str) -> Value {
    let mut found = shared::json(&format!("github/webhooks/{file}.payload.json"))[part].take();
    for (name, value) in [("html_url", format!("https://github.com/{REPOSITORY}/{page}")), ("updated_at", at.into())] {
        found[name] = value.into();
    }
    found["created_at"] = at.into();
    found
}

fn issue(number: u64, at: &str) -> Value {
    object("issues/opened", "issue", &format!("issues/{number}"), at)
}

fn comment(id: u64, at: &str, body: &str) -> Value {
    let mut comment = object("issue_comment/created", "comment", &format!("issues/1#issuecomment-{id}"), at);
    comment["body"] = body.into();
    comment
}

/// The lists of a repository as REST shows them: by `since`, `direction`, `per_page` and `page`.
fn lists(asked: &Asked, issues: &[Value], comments: &[Value]) -> Option<Say> {
    let all = match asked.path.strip_prefix("/repos/acme/kettle/")? {
        "issues" => issues,
        "issues/comments" | "issues/1/comments" => comments,
        "pulls/comments" => &[],
        _ => return None,
    };
    let changed = |it: &Value| it["updated_at"].as_str().unwrap_or_default().to_owned();
    let since = asked.parameter("since");
    let mut shown: Vec<Value> = all.iter().filter(|it| changed(it).as_str() >= since).cloned().collect();
    shown.sort_by_key(changed);
    if asked.parameter("direction") == "desc" {
        shown.reverse();
    }
    let number = |name: &str, or: usize| asked.parameter(name).parse().unwrap_or(or);
    let (size, page) = (number("per_page", 30), number("page", 1));
    let shown: Vec<Value> = shown.into_iter().skip((page - 1) * size).take(size).collect();
    Some(Say::json(&shown.into()).with("x-ratelimit-remaining", 4987).with("x-ratelimit-reset", 1_772_443_200))
}

fn nowhere() -> Say {
    Say::status(
        404,
        &json!({ "message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404" }),
    )
}

#[tokio::test]
async fn a_repository_is_read_in_the_order_of_its_changes() {
    let at = |n: u64| format!("2026-03-02T{:02}:{:02}:00Z", n / 60, n % 60);
    let issues: Vec<Value> = (1..=40).map(|n| issue(n, &at(n))).collect();
    let state = std::sync::Arc::new(Mutex::new((issues, Vec::<Value>::new())));
    let shown = state.clone();
    let github = Replay::of("github", move |asked| {
        let shown = shown.lock().unwrap();
        lists(asked, &shown.0, &shown.1).unwrap_or_else(nowhere)
    })
    .await;
    let us = place(&github, "");
    let (first, cursor) = github.all(&us, &Value::Null).await;
    assert_eq!(first.len(), 30, "the newest thirty are where reading begins");
    assert_eq!((first[0].id.as_str(), first[29].id.as_str()), ("acme/kettle/issues/11", "acme/kettle/issues/40"));
    assert_eq!(first[0].edited_at, None);
    assert!(github.asked().iter().all(|asked| asked.header("authorization").is_empty()), "without a token");
    let (none, cursor) = github.all(&us, &cursor).await;
    assert!(none.is_empty(), "nothing is new, also of the very second that was read last: {none:?}");

    // More in one second than a page holds, and more after it.
    let rush: Vec<Value> = (1000..1250).map(|id| comment(id, "2026-03-02T09:10:00Z", "It leaks")).collect();
    let late = comment(1300, "2026-03-02T09:11:00Z", "Mine too");
    state.lock().unwrap().1 = [rush, vec![late.clone()]].concat();
    let (said, cursor) = github.all(&us, &cursor).await;
    assert_eq!(said.len(), 251);
    let last = said.last().expect("a post");
    assert_eq!(last.id, "acme/kettle/issues/1#issuecomment-1300");
    assert_eq!(
        (last.thread.as_deref(), last.in_reply_to.as_deref()),
        (Some("acme/kettle/issues/1"), Some("acme/kettle/issues/1"))
    );

    // Edited: it stands in the list again, later than it was said.
    let mut other = comment(1000, "2026-03-02T09:10:00Z", "It does not leak");
    other["updated_at"] = "2026-03-02T09:20:00Z".into();
    state.lock().unwrap().1[0] = other;
    let (said, cursor) = github.all(&us, &cursor).await;
    assert_eq!((said.len(), said[0].text.as_str()), (1, "It does not leak"));
    assert!(said[0].edited_at.is_some());

    let back = github.about.connector.rewound(&cursor, "2026-03-02T09:11:00Z".parse().expect("a moment"));
    let (again, _) = github.all(&us, &back).await;
    assert_eq!(again.len(), 2, "what was said and what was changed since");
}

/// The same comment by webhook and by asking is the same post, so that it is stored once.
#[tokio::test]
async fn what_was_delivered_and_what_is_asked_for_is_one_post() {
    let payload = shared::json("github/webhooks/issue_comment/created.payload.json");
    let now = "2026-03-02T09:00:00Z".parse().expect("a moment");
    let delivered = github::items("issue_comment", payload.to_string().as_bytes(), now).remove(0).expect("a post");
    let said = payload["comment"].clone();
    let github = Replay::of("github", move |asked| match asked.path.as_str() {
        "/repos/Codertocat/Hello-World/issues/comments" => Say::json(&json!([said])),
        _ => Say::json(&json!([])),
    })
    .await;
    let mut us = place(&github, "");
    us.place.url = "https://github.com/Codertocat/Hello-World".to_owned();
    let (asked, _) = github.all(&us, &Value::Null).await;
    assert_eq!((&asked[0].id, &asked[0].text, &asked[0].author), (&delivered.id, &delivered.text, &delivered.author));
    assert_eq!((&asked[0].thread, asked[0].edited_at), (&delivered.thread, delivered.edited_at));
}

fn who(login: &str) -> Value {
    json!({ "__typename": "User", "login": login, "url": format!("https://github.com/{login}"), "avatarUrl": "https://avatars.githubusercontent.com/u/7?v=4", "databaseId": 7, "name": "Zoe" })
}

fn spoken(id: u64, body: &str, login: &str, parent: Option<u64>) -> Value {
    json!({
        "databaseId": id, "id": format!("DC_{id}"), "url": format!("https://github.com/{REPOSITORY}/discussions/4#discussioncomment-{id}"),
        "body": body, "createdAt": "2026-03-02T08:20:00Z", "updatedAt": "2026-03-02T08:20:00Z", "lastEditedAt": null, "deletedAt": null,
        "isMinimized": false, "isAnswer": false, "authorAssociation": "NONE", "upvoteCount": 3, "viewerDidAuthor": login == "care",
        "replyTo": parent.map(|id| json!({ "databaseId": id })), "author": who(login), "reactions": { "totalCount": 2 },
    })
}

/// What GraphQL shows: one discussion with a comment, an answer to it, and our own answer.
fn graph(asked: &Asked) -> Say {
    let question = asked.json();
    let (query, variables) = (question["query"].as_str().unwrap_or_default(), &question["variables"]);
    let page = |nodes: Value| json!({ "pageInfo": { "hasNextPage": false, "endCursor": null }, "nodes": nodes });
    let made = |name: &str, id: u64| {
        let url = format!("https://github.com/{REPOSITORY}/discussions/4#discussioncomment-{id}");
        Say::json(&json!({ "data": { name: { "comment": { "url": url } } } }))
    };
    if variables["body"] == "slow" {
        return Say::json(
            &json!({ "data": { "addDiscussionComment": null }, "errors": [{ "type": "RATE_LIMITED", "message": "API rate limit exceeded" }] }),
        );
    }
    if variables["body"] == "locked" {
        return Say::json(
            &json!({ "data": { "addDiscussionComment": null }, "errors": [{ "type": "FORBIDDEN", "message": "Discussion is locked" }] }),
        );
    }
    if query.contains("addDiscussionComment") {
        assert_eq!(variables["discussion"], "D_4");
        assert_eq!(variables["to"], "DC_1", "an answer to an answer stands below the comment both belong to");
        return made("addDiscussionComment", 3);
    }
    if query.contains("updateDiscussionComment") {
        assert_eq!(variables["comment"], "DC_3");
        return made("updateDiscussionComment", 3);
    }
    if query.contains("deleteDiscussionComment") {
        return made("deleteDiscussionComment", 3);
    }
    if query.contains("discussion(number") {
        assert_eq!(variables["number"], 4);
        let mut top = spoken(1, "Does it come in blue?", "zoe", None);
        top["replies"] = json!({ "nodes": [spoken(2, "I wonder, too", "yan", Some(1)), spoken(3, "From June on.", "care", Some(1))] });
        return Say::json(
            &json!({ "data": { "repository": { "discussion": { "id": "D_4", "comments": page(json!([top])) } } } }),
        );
    }
    assert!(!query.contains("fragment said"), "GraphQL refuses a fragment that is not used");
    let discussion = json!({
        "databaseId": 44, "id": "D_4", "number": 4, "url": format!("https://github.com/{REPOSITORY}/discussions/4"), "title": "Colours",
        "body": "Which ones are there?", "createdAt": "2026-03-01T08:00:00Z", "updatedAt": "2026-03-02T08:20:00Z", "lastEditedAt": null,
        "authorAssociation": "NONE", "upvoteCount": 5, "category": { "name": "Q&A", "slug": "q-a" }, "author": who("zoe"), "reactions": { "totalCount": 0 },
    });
    Say::json(&json!({ "data": { "repository": { "discussions": page(json!([discussion])) } } }))
}

fn with_discussions(asked: &Asked) -> Say {
    assert_eq!(asked.header("authorization"), "Bearer t");
    if asked.path == "/graphql" { graph(asked) } else { lists(asked, &[], &[]).unwrap_or_else(nowhere) }
}

#[tokio::test]
async fn discussions_are_read_with_all_that_is_said_in_them() {
    let github = Replay::of("github", with_discussions).await;
    let us = place(&github, "t");
    let (first, cursor) = github.all(&us, &Value::Null).await;
    assert_eq!(first.iter().map(|post| post.id.as_str()).collect::<Vec<_>>(), ["acme/kettle/discussions/4"]);
    assert_eq!(first[0].title.as_deref(), Some("Colours"));
    let (none, _) = github.all(&us, &cursor).await;
    assert!(none.is_empty(), "{none:?}");
    let back = github.about.connector.rewound(&cursor, "2026-03-02T08:00:00Z".parse().expect("a moment"));
    let (said, _) = github.all(&us, &back).await;
    let told: Vec<String> = said
        .iter()
        .map(|post| {
            let who = post.author.as_ref().and_then(|author| author.handle.clone()).unwrap_or_default();
            format!(
                "{} by {who} to {}",
                post.id.trim_start_matches("acme/kettle/discussions/"),
                post.in_reply_to.as_deref().unwrap_or("-")
            )
        })
        .collect();
    let expected = [
        "4 by zoe to -",
        "4#discussioncomment-1 by zoe to acme/kettle/discussions/4",
        "4#discussioncomment-2 by yan to acme/kettle/discussions/4#discussioncomment-1",
        "4#discussioncomment-3 by care to acme/kettle/discussions/4#discussioncomment-1",
    ];
    assert_eq!(told, expected);
    assert_eq!((said[1].metrics.likes, said[1].edited_at), (Some(2), None));
    assert_eq!(
        (&said[1].extra["upvotes"], &said[0].extra["category"]["slug"]),
        (&json!(3), &json!("q-a")),
        "nothing is lost"
    );
}

#[tokio::test]
async fn an_answer_in_a_discussion_stands_below_its_comment_and_is_found_again() {
    let github = Replay::of("github", with_discussions).await;
    let (us, connector) = (place(&github, "t"), github.about.connector);
    let to = "acme/kettle/discussions/4#discussioncomment-2";
    let ours = "acme/kettle/discussions/4#discussioncomment-3";
    let expected =
        Answer::Published { remote_id: Some(ours.to_owned()), url: Some(format!("https://github.com/{ours}")) };
    assert_eq!(connector.publish(&us, &reply("k", "From June on.", to)).await, expected);
    let slow = connector.publish(&us, &reply("k", "slow", to)).await;
    assert!(matches!(&slow, Answer::Later { after: Some(_), .. }), "{slow:?}");
    let locked = connector.publish(&us, &reply("k", "locked", to)).await;
    assert!(matches!(&locked, Answer::Refused { why } if why.contains("is locked")), "{locked:?}");
    let since = "2026-03-02T08:19:00Z".parse().expect("a moment");
    let found = connector.find(&us, &reply("k", "From June on.", to), since).await;
    assert!(matches!(&found, Found::Published { remote_id: Some(id), .. } if id == ours), "{found:?}");
    let another = connector.find(&us, &reply("k", "Does it come in blue?", to), since).await;
    assert_eq!(another, Found::NotThere, "the same words by somebody else are not ours");
    assert_eq!(connector.edit(&us, ours, "From May on.").await, expected);
    let gone = connector.delete(&us, ours).await;
    assert_eq!(gone, Answer::Published { remote_id: Some(ours.to_owned()), url: None });
}

#[tokio::test]
async fn an_answer_in_an_issue_is_found_again_and_can_be_changed() {
    let mut ours = comment(9, "2026-03-02T08:50:00Z", "Which one?\r\nPlease say.");
    ours["user"]["login"] = "Care".into();
    let shown = ours.clone();
    let github = Replay::of("github", move |asked| {
        if asked.header("authorization") != "Bearer t" {
            return Say::status(403, &json!({ "message": "Resource not accessible by personal access token" }));
        }
        let body = asked.json();
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/repos/acme/kettle/issues/1/comments") if body["body"] == "slow" => {
                Say::status(403, &json!({ "message": "You have exceeded a secondary rate limit." }))
                    .with("retry-after", 61)
            }
            ("POST", "/repos/acme/kettle/issues/1/comments") if body["body"] == "no" => {
                Say::status(422, &json!({ "message": "Validation Failed", "errors": [{ "code": "custom" }] }))
            }
            ("POST", "/repos/acme/kettle/issues/1/comments" | "/repos/acme/kettle/pulls/2/comments/5/replies")
            | ("PATCH", "/repos/acme/kettle/issues/comments/9") => Say::json(&shown),
            ("DELETE", "/repos/acme/kettle/issues/comments/9") => Say(204, Vec::new(), String::new()),
            ("GET", "/user") => Say::json(&json!({ "login": "care", "id": 7 })),
            _ => lists(asked, &[], std::slice::from_ref(&shown)).unwrap_or_else(nowhere),
        }
    })
    .await;
    let (us, connector) = (place(&github, "t"), github.about.connector);
    assert_eq!(connector.connect(&us).await.expect("us").handle.as_deref(), Some("care"));
    let (to, id) = ("acme/kettle/issues/1#issuecomment-8", "acme/kettle/issues/1#issuecomment-9");
    let published = Answer::Published { remote_id: Some(id.to_owned()), url: Some(format!("https://github.com/{id}")) };
    assert_eq!(connector.publish(&us, &reply("k", "Which one?\nPlease say.", to)).await, published);
    assert_eq!(connector.publish(&us, &reply("k", "Here?", "acme/kettle/pull/2#discussion_r5")).await, published);
    assert_eq!(connector.edit(&us, id, "Which?").await, published);
    assert!(matches!(connector.delete(&us, id).await, Answer::Published { .. }));
    let slow = connector.publish(&us, &reply("k", "slow", to)).await;
    assert!(matches!(&slow, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 61), "{slow:?}");
    let wrong = connector.publish(&us, &reply("k", "no", to)).await;
    assert!(matches!(&wrong, Answer::Refused { why } if why.contains("Validation Failed")), "{wrong:?}");
    for elsewhere in ["acme/kettle/wiki/1", "../../user", ""] {
        let refused = connector.publish(&us, &reply("k", "x", elsewhere)).await;
        assert!(matches!(refused, Answer::Refused { .. }), "{elsewhere}");
    }
    let denied = connector.publish(&place(&github, "other"), &reply("k", "x", to)).await;
    assert!(matches!(&denied, Answer::Refused { why } if why.contains("not accessible")), "{denied:?}");
    let since = "2026-03-02T08:49:00Z".parse().expect("a moment");
    let found = connector.find(&us, &reply("k", "Which one?\nPlease say.", to), since).await;
    assert!(matches!(&found, Found::Published { remote_id: Some(found), .. } if found == id), "{found:?}");
    assert_eq!(connector.find(&us, &reply("k", "Other words", to), since).await, Found::NotThere);
}

#[tokio::test]
async fn its_limits_and_refusals_are_kept() {
    let limited = |status: u16, name: &'static str, value: &'static str| {
        move |_: &Asked| {
            Say::status(status, &json!({ "message": "API rate limit exceeded for 203.0.113.7." })).with(name, value)
        }
    };
    let github = Replay::of("github", limited(403, "retry-after", "44")).await;
    let slow = github.page(&place(&github, ""), &Value::Null).await.expect_err("a limit");
    assert_eq!(slow.retry_after().map(|wait| wait.as_secs()), Some(44));
    let github = Replay::of("github", |_| {
        Say::status(403, &json!({ "message": "API rate limit exceeded" }))
            .with("x-ratelimit-remaining", 0)
            .with("x-ratelimit-reset", jiff::Timestamp::now().as_second() + 120)
            .with("date", "Mon, 02 Mar 2026 09:00:00 GMT")
    })
    .await;
    let slow = github.page(&place(&github, ""), &Value::Null).await.expect_err("a limit");
    assert!(slow.retry_after().is_some(), "{slow}");
    let github = Replay::of("github", |_| Say::status(401, &json!({ "message": "Bad credentials" }))).await;
    let out = github.page(&place(&github, "t"), &Value::Null).await.expect_err("no way in");
    assert!(matches!(&out, Trouble::Revoked { why } if why.contains("Bad credentials")), "{out}");
    let github = Replay::of("github", |_| nowhere()).await;
    let none = github.page(&place(&github, ""), &Value::Null).await.expect_err("nothing there");
    assert!(matches!(&none, Trouble::Wrong { why } if why.contains("no such repository")), "{none}");
    let github =
        Replay::of("github", |_| Say::status(410, &json!({ "message": "Issues are disabled for this repo" }))).await;
    let page = github.page(&place(&github, ""), &Value::Null).await.expect("a page");
    assert!(page.items.is_empty() && page.wait == Wait::Usual);
}
