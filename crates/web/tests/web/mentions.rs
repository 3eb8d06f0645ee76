//! Back-fill, marks, precision, near posts and share of voice, through their pages.

use axum::http::StatusCode;
use dandelion_hub::{
    backfill,
    intake::{self, Item},
    log::Actor,
    mark, query,
    source::{self, Kind, NewSource},
    voice,
};
use dandelion_post::{Author, Post};
use jiff::Timestamp;

use crate::support::{Answer, Browser, Installation, REPAIRS};

const TEXT: &str = "Acme kettles melt at the base, please stop using them until the company answers";

async fn source(at: &Installation) -> i64 {
    let new = NewSource {
        key: "shop".into(),
        name: "Shop".into(),
        kind: Kind::Webhook,
        network: "demo".into(),
        unit: Some(REPAIRS),
        url: None,
    };
    source::add_as(&at.hub, Actor::System("test"), &new).await.unwrap().id
}

fn post(at: &Installation, id: usize, who: &str, text: &str) -> Item {
    let author = Author { handle: Some(who.into()), ..Author::default() };
    let written = Timestamp::from_microsecond(at.hub.clock.now() - 3_600_000_000 + id as i64 * 60_000_000).unwrap();
    Item::post(
        "x",
        Post {
            id: id.to_string(),
            text: text.into(),
            author: Some(author),
            created_at: Some(written),
            ..Post::default()
        },
    )
}

/// Twelve people copy a text, one praises, one writes of a recipe.
async fn take(at: &Installation, source: i64) {
    let mut items: Vec<Item> =
        (0..12).map(|n| post(at, n, &format!("p{n}"), &format!("RT @p{n}: {TEXT} https://example.org/{n}"))).collect();
    items.push(post(at, 20, "mia", "I love my kettle"));
    items.push(post(at, 21, "tom", "A recipe for kettle corn"));
    intake::receive(&at.hub, source, items).await.unwrap();
}

async fn send(browser: &mut Browser, at: &Installation, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.csrf(at);
    browser.post(path, &[fields, &[("csrf", csrf.as_str())]].concat()).await
}

#[tokio::test]
async fn a_saved_query_says_what_it_found_and_waits() {
    let at = Installation::new().await;
    let from = source(&at).await;
    take(&at, from).await;
    let mut lead = at.signed_in("lea").await;
    let saved = [("name", "Kettles"), ("unit", "repairs"), ("text", "kettle*"), ("act", "save")];
    let answer = send(&mut lead, &at, "/queries", &saved).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/backfills/1"), "{}", answer.text);
    let page = lead.get("/backfills/1").await.text;
    for said in ["14 posts", "of 14 people", "would open about 14 cases", "Only count them as mentions", "Leave it"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(lead.get("/search?backfill=1&copies=all").await.text.matches("<li class=\"found").count() == 14);
    let mut agent = at.signed_in("ana").await;
    assert!(!agent.get("/backfills/1").await.text.contains("name=\"choice\""), "an agent looks and does not decide");
    assert_eq!(
        send(&mut agent, &at, "/backfills/1/decision", &[("choice", "cases")]).await.status,
        StatusCode::FORBIDDEN
    );
    let wrong = send(&mut lead, &at, "/backfills/1/decision", &[("choice", "everything")]).await;
    assert_eq!(wrong.status, StatusCode::SEE_OTHER);
    assert!(lead.get("/backfills/1").await.text.contains("one of cases, mentions, leave"));
    send(&mut lead, &at, "/backfills/1/decision", &[("choice", "mentions")]).await;
    let viewer = dandelion_hub::member::viewer(&at.hub, 4).await.unwrap();
    assert_eq!(backfill::find(&at.hub, &viewer, 1).await.unwrap().made, 14);
    let page = lead.get("/backfills/1").await.text;
    assert!(page.contains("counted as mentions") && page.contains("No case was opened"), "{page}");
    assert!(lead.get("/backfills").await.text.contains("/backfills/1"));
}

#[tokio::test]
async fn a_post_in_no_case_says_why_it_was_judged_so() {
    let at = Installation::new().await;
    let from = source(&at).await;
    let text = "This kettle is dangerous and leaks, call me at +49 30 901820";
    intake::receive(&at.hub, from, vec![post(&at, 1, "mia", text), post(&at, 2, "tom", "Rain")]).await.unwrap();
    let mut lead = at.signed_in("lea").await;
    let saved = [("name", "Kettles"), ("unit", "repairs"), ("text", "kettle*"), ("act", "save")];
    send(&mut lead, &at, "/queries", &saved).await;
    send(&mut lead, &at, "/backfills/1/decision", &[("choice", "mentions")]).await;
    let viewer = dandelion_hub::member::viewer(&at.hub, 4).await.unwrap();
    assert_eq!(backfill::find(&at.hub, &viewer, 1).await.unwrap().made, 1);
    assert!(lead.get("/search?q=leaks").await.text.contains("href=\"/posts/1\""));
    let page = lead.get("/posts/1").await.text;
    for said in ["id=\"why-1\" open", "complaint", "Judged by", "/sources/1", "Kettles", "901820", "/posts/1/mark"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("/posts/1/corrections"), "people correct in a case");
    let page = lead.get("/posts/2").await.text;
    assert!(page.contains("concerns nobody here") && !page.contains("class=\"why\""), "{page}");
    assert_eq!(lead.get("/posts/3").await.status, StatusCode::NOT_FOUND);
    let mut looks = at.signed_in("vic").await;
    let page = looks.get("/posts/1").await.text;
    assert!(page.contains("[phone]") && !page.contains("901820"), "{page}");
    query::add(&at.hub, &viewer, REPAIRS, "Rain", "rain", "").await.unwrap();
    intake::receive(&at.hub, from, vec![post(&at, 3, "ann", "Rain again, and it leaks")]).await.unwrap();
    assert_eq!(lead.get("/posts/3").await.header("location"), "/cases/1#post-3");
}

#[tokio::test]
async fn a_mark_is_made_where_one_reads_and_counts_for_the_precision() {
    let at = Installation::new().await;
    let from = source(&at).await;
    let mut lead = at.signed_in("lea").await;
    let viewer = dandelion_hub::member::viewer(&at.hub, 4).await.unwrap();
    query::add(&at.hub, &viewer, REPAIRS, "Kettles", "kettle*", "").await.unwrap();
    take(&at, from).await;
    let page = lead.get("/search?q=recipe").await.text;
    assert!(page.contains("action=\"/posts/14/mark\"") && page.contains("data-key=\"x\""), "{page}");
    let answer = send(&mut lead, &at, "/posts/14/mark", &[("about", "no"), ("back", "/search?q=recipe")]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/search?q=recipe"));
    let page = lead.get("/search?q=recipe").await.text;
    assert!(page.contains("Not about us, says Lea") && page.contains("Take it back"), "{page}");
    let foreign =
        send(&mut lead, &at, "/posts/14/mark", &[("about", "take-back"), ("back", "https://evil.example/")]).await;
    assert_eq!(foreign.header("location"), "/", "only to this site");
    assert_eq!(
        send(&mut lead, &at, "/posts/14/mark", &[("about", "perhaps")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    send(&mut lead, &at, "/posts/14/mark", &[("about", "no"), ("back", "/queries/1/precision")]).await;
    mark::mark(&at.hub, &viewer, 13, true).await.unwrap();
    let page = lead.get("/queries/1/precision").await.text;
    for said in [
        "50 %",
        "of the 2 mentions that people judged are about us; 1 is not",
        "between 9 % and 91 %",
        "12 mentions",
        "Wilson",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!lead.get("/search?query=1&copies=all").await.text.contains("recipe"), "no count counts it");
    // On the desk, by the post, and undone there.
    let case = lead.get("/search?q=love").await.text;
    assert!(case.contains("About us, says Lea"));
    let mut root = at.signed_in("root").await;
    let page = root.get("/cases/1").await.text;
    assert!(
        page.contains("action=\"/posts/1/mark\"") && page.contains("11 other people wrote nearly the same"),
        "{page}"
    );
    send(&mut root, &at, "/posts/1/mark", &[("about", "no"), ("back", "/cases/1")]).await;
    assert!(root.get("/cases/1").await.text.contains("action=\"/undo\""));
}

#[tokio::test]
async fn copies_are_one_row_and_a_wave_on_the_home_page() {
    let at = Installation::new().await;
    let from = source(&at).await;
    let viewer = dandelion_hub::member::viewer(&at.hub, 4).await.unwrap();
    query::add(&at.hub, &viewer, REPAIRS, "Kettles", "kettle*", "").await.unwrap();
    take(&at, from).await;
    let mut lead = at.signed_in("lea").await;
    let rows = |page: &str| page.matches("<li class=\"found").count();
    let page = lead.get("/search?q=melt").await.text;
    assert!(rows(&page) == 1 && page.contains("11 other people wrote nearly the same"), "{page}");
    let open = page.split("href=\"/search?near=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert_eq!(rows(&lead.get(&format!("/search?near={open}")).await.text), 12);
    assert_eq!(rows(&lead.get("/search?q=melt&copies=all").await.text), 12);
    let home = lead.get("/").await.text;
    assert!(home.contains("A wave: ") && home.contains("12 people") && home.contains("Acme kettles melt"), "{home}");
}

#[tokio::test]
async fn share_of_voice_names_what_it_was_counted_in() {
    let at = Installation::new().await;
    let from = source(&at).await;
    let viewer = dandelion_hub::member::viewer(&at.hub, 4).await.unwrap();
    query::add(&at.hub, &viewer, REPAIRS, "Kettles", "kettle*", "").await.unwrap();
    take(&at, from).await;
    let mut lead = at.signed_in("lea").await;
    assert!(lead.get("/voice").await.text.contains("No group of queries yet"));
    let refused =
        send(&mut lead, &at, "/voice/groups", &[("name", "Us & them"), ("kind", "ours"), ("unit", "repairs")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("choose 1 to 100 queries") && refused.text.contains("Us &#38; them"),
        "{}",
        refused.text
    );
    let made = [("name", "Us & them"), ("kind", "ours"), ("unit", "repairs"), ("query-1", "on")];
    assert_eq!(send(&mut lead, &at, "/voice/groups", &made).await.status, StatusCode::SEE_OTHER);
    let page = lead.get("/voice?days=7").await.text;
    for said in ["14 people", "14 posts", ">Shop</a> (14)", "Sampling: none of ours", "/search?group=1&#38;since="] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let href = page.split("href=\"/search?group=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let opened = lead.get(&format!("/search?copies=all&group={}", href.replace("&#38;", "&"))).await.text;
    assert_eq!(opened.matches("<li class=\"found").count(), 14, "each number opens its posts");
    assert!(
        lead.get("/voice?since=2026-03-09&until=2026-03-01").await.text.contains("The first day lies after the last")
    );
    let version = voice::find(&at.hub, &viewer, 1).await.unwrap().version.to_string();
    let change = [("name", "Us"), ("kind", "product"), ("version", version.as_str()), ("query-1", "on")];
    assert_eq!(send(&mut lead, &at, "/voice/groups/1", &change).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        send(&mut lead, &at, "/voice/groups/1", &change).await.status,
        StatusCode::CONFLICT,
        "changed meanwhile"
    );
    let mut agent = at.signed_in("ana").await;
    assert!(!agent.get("/voice").await.text.contains("Change the groups"));
    assert_eq!(send(&mut lead, &at, "/voice/groups/1/removal", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(lead.get("/voice").await.text.contains("No group of queries yet"));
}
