//! Queries on both stores: versions, test cases, the lab.

use std::time::Duration;

use dandelion_post::{Author, Post, timestamp};
use jiff::tz::TimeZone;

use super::{
    Case, Change,
    lab::{Asked, Preview, preview},
};
use crate::{
    Error, Hub, both_stores,
    intake::{self, Item},
    log::Actor,
    query,
    scope::{Role, Viewer},
    testing::{MONDAY, TestHub},
};

const DAY: i64 = 86_400_000_000;

pub(super) async fn source(hub: &TestHub) -> i64 {
    crate::unit::import(hub, Actor::System("test"), ORGANISATION).await.unwrap();
    let new = crate::source::NewSource {
        key: String::new(),
        name: "Forum".into(),
        kind: crate::source::Kind::File,
        network: "forum".into(),
        unit: Some(1),
        url: None,
    };
    let lead = lead(hub).await;
    crate::source::add(hub, &lead, &new).await.unwrap().id
}

const ORGANISATION: &str = r#"
[organisation]
name = "Acme"
time_zone = "UTC"
languages = ["en"]
[[unit]]
key = "head"
name = "Head office"
kind = "hub"
[[unit]]
key = "repairs"
name = "Repairs"
kind = "spoke"
parent = "head"
[[member]]
key = "lea"
name = "Lea"
email = "lea@example.org"
roles = [{ unit = "repairs", role = "lead" }, { unit = "head", role = "lead" }]
[[member]]
key = "vic"
name = "Vic"
email = "vic@example.org"
roles = [{ unit = "repairs", role = "viewer" }]
"#;

async fn member(hub: &TestHub, key: &str) -> Viewer {
    let id = crate::member::by_key(&hub.db, key).await.unwrap().unwrap().id;
    crate::member::viewer(hub, id).await.unwrap()
}

async fn lead(hub: &TestHub) -> Viewer {
    member(hub, "lea").await
}

/// A post written so many days ago.
pub(super) fn said(id: &str, text: &str, days: i64) -> Post {
    let author = Author { id: Some(format!("a-{text}")), handle: Some("ann".into()), ..Author::default() };
    let at = timestamp(MONDAY - days * DAY - 60_000_000);
    Post { id: id.into(), text: text.into(), created_at: Some(at), author: Some(author), ..Post::default() }
}

pub(super) fn deleted(id: &str) -> Post {
    Post { id: id.into(), deleted_at: Some(timestamp(MONDAY)), ..Post::default() }
}

pub(super) async fn bring(hub: &Hub, source: i64, posts: Vec<Post>) {
    let items = posts.into_iter().map(|post| Item::post("test", post)).collect();
    assert_eq!(intake::receive(hub, source, items).await.unwrap().refused, 0);
}

async fn look(hub: &TestHub, viewer: &Viewer, text: &str, against: Option<&str>) -> Preview {
    let read = |text: &str| query::parse(text).unwrap();
    let asked =
        Asked { query: read(text), against: against.map(read), zone: TimeZone::UTC, patience: Duration::from_secs(30) };
    preview(hub, viewer, asked).await.unwrap().expect("a sample")
}

both_stores!(the_lab_says_what_a_wording_would_have_heard, |hub| async move {
    let source = source(&hub).await;
    bring(
        &hub,
        source,
        vec![
            said("1", "My kettle leaks, a recipe for trouble", 1),
            said("2", "A kettle recipe: leaks flavour", 1),
            said("3", "The kettle is loud", 3),
            said("4", "Nothing to do with it", 3),
            said("5", "kettle leaks since last year", 45),
        ],
    )
    .await;
    let viewer = member(&hub, "vic").await;
    let seen = look(&hub, &viewer, "kettle leaks", Some("kettle -recipe")).await;
    assert!(seen.exact);
    assert_eq!((seen.looked_at, seen.stored, seen.heard.posts, seen.heard.interval), (4, 4, 2, (2, 2)));
    assert_eq!((seen.against.unwrap().posts, seen.gained.count.posts, seen.lost.count.posts), (1, 2, 1));
    assert_eq!(seen.people, 2);
    let heard: Vec<(i64, i64, i64)> =
        seen.days.iter().filter(|day| day.stored > 0).map(|day| (day.heard, day.against, day.stored)).collect();
    assert_eq!(heard, [(0, 1, 2), (2, 0, 2)], "by the day they were written");
    assert_eq!(seen.days.len(), 31);
    assert_eq!(seen.hits.len(), 2);
    assert!(seen.hits.iter().all(|hit| hit.spans.len() == 2), "{:?}", seen.hits);
    let words: Vec<&str> = seen.words.iter().map(|word| word.word.as_str()).collect();
    assert!(words.contains(&"recipe") && !words.contains(&"kettle"), "{words:?}");
    let near = look(&hub, &viewer, "kettle leaks -recipe", None).await.near;
    let mut parts: Vec<(usize, &str)> = near.iter().map(|miss| (miss.spans.len(), miss.part.as_str())).collect();
    parts.sort_unstable();
    assert_eq!(parts, [(1, "leaks"), (2, "NOT recipe"), (2, "NOT recipe")], "and nothing of who says nothing of it");
    let nobody = Viewer::new(99, "Nobody".into(), &[], &[]);
    let asked =
        Asked { query: query::parse("a1").unwrap(), against: None, zone: TimeZone::UTC, patience: Duration::ZERO };
    assert!(matches!(preview(&hub, &nobody, asked).await, Err(Error::Forbidden(_))));
});

both_stores!(a_red_test_case_blocks_unless_a_reason_is_given, |hub| async move {
    source(&hub).await;
    let (lead, unit) = (lead(&hub).await, 2);
    let made = query::add(&hub, &lead, unit, "Kettles", "kettle", "new").await.unwrap();
    let cases = [Case::of_post(said("1", "My kettle leaks", 0), true), Case::of_text("A recipe", false)];
    let change = Change { text: "kettle", cases: &cases, why: "cases", despite: "" };
    let second = query::save(&hub, &lead, made.id, 1, change).await.unwrap();
    assert_eq!((second.version, &second.cases[..]), (2, &cases[..]), "the post of a case is kept");

    let red = Change { text: "teapot", why: "we sell teapots now", ..change };
    let refused = query::save(&hub, &lead, made.id, 2, red).await.unwrap_err().to_string();
    assert!(refused.contains("a test case fails"), "{refused}");
    assert_eq!(query::find(&hub, made.id).await.unwrap().version, 2, "nothing was saved");
    let despite = Change { despite: "kettles went to another query", ..red };
    query::save(&hub, &lead, made.id, 2, despite).await.unwrap();
    let versions = query::versions(&hub, made.id).await.unwrap();
    assert_eq!(
        versions[0].why,
        "we sell teapots now (saved although 1 of 2 test cases fail: kettles went to another query)"
    );

    let restored = query::restore(&hub, &lead, made.id, 3, 1, "").await.unwrap();
    assert_eq!((restored.version, restored.text.as_str()), (4, "kettle"));
    let stale = query::restore(&hub, &lead, made.id, 3, 1, "").await.unwrap_err();
    assert!(matches!(stale, Error::Conflict(_)), "{stale}");
    let viewer = member(&hub, "vic").await;
    let forbidden = query::restore(&hub, &viewer, made.id, 4, 1, "").await.unwrap_err();
    assert!(matches!(forbidden, Error::Forbidden(_)));
    assert!(viewer.may_anywhere(Role::Viewer));
    assert_eq!(
        crate::log::verify(&hub.db).await.unwrap(),
        crate::log::Chain::Whole(crate::log::newest(&hub.db).await.unwrap())
    );
});

both_stores!(test_cases_know_other_queries_and_judgements, |hub| async move {
    source(&hub).await;
    let (lead, unit) = (lead(&hub).await, 2);
    query::add(&hub, &lead, unit, "Kettles", "kettle OR boiler", "new").await.unwrap();
    let cases = [
        Case::of_text("This boiler is a disgrace, it broke on the first day. I want my money back!", true),
        Case::of_text("My boiler is wonderful, thank you, I love it", false),
    ];
    let change = Change { text: "query:Kettles intent:complaint", cases: &cases, why: "new", despite: "" };
    let made = query::make(&hub, &lead, unit, "Complaints", change).await.unwrap();
    let missing = Change { text: "query:Nowhere", ..change };
    let refused = query::save(&hub, &lead, made.id, 1, missing).await.unwrap_err().to_string();
    assert!(refused.contains("Nowhere"), "{refused}");
    let ring = Change { text: "query:Complaints", ..change };
    let refused = query::save(&hub, &lead, made.id, 1, ring).await.unwrap_err().to_string();
    assert!(refused.contains("Complaints"), "{refused}");
});
