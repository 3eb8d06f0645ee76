//! The query lab as forms use it: with and without script the same requests.

use axum::http::{HeaderValue, StatusCode, header};
use dandelion_hub::{
    intake::{self, Item},
    log::Actor,
    query,
    source::{self, Kind, NewSource},
};
use dandelion_post::{Author, Post, timestamp};

use crate::support::{Answer, Browser, Installation, REPAIRS};

/// An installation with a query, and five posts of the last days.
async fn prepared() -> (Installation, i64) {
    let at = Installation::new().await;
    let kind = Kind::File;
    let new =
        NewSource { key: String::new(), name: "Forum".into(), kind, network: "forum".into(), unit: None, url: None };
    let source = source::add_as(&at.hub, Actor::System("test"), &new).await.unwrap().id;
    let texts = [
        "My kettle leaks all over",
        "A kettle recipe: leaks flavour",
        "The kettle is <b>loud</b>",
        "Nothing to do with it",
        "Mein Wasserkocher",
    ];
    let post = |(n, text): (usize, &&str)| {
        let author = Author { id: Some(format!("a{n}")), handle: Some(format!("ann{n}")), ..Author::default() };
        let at = Some(timestamp(at.hub.now() - (n as i64 + 1) * 3_600_000_000));
        Item::post(
            "test",
            Post { id: format!("p{n}"), text: (*text).into(), created_at: at, author: Some(author), ..Post::default() },
        )
    };
    intake::receive(&at.hub, source, texts.iter().enumerate().map(post).collect()).await.unwrap();
    let lead = dandelion_hub::member::by_key(&at.hub.db, "lea").await.unwrap().unwrap().id;
    let lead = dandelion_hub::member::viewer(&at.hub, lead).await.unwrap();
    let made = query::add(&at.hub, &lead, REPAIRS, "Kettles", "kettle", "the first").await.unwrap();
    (at, made.id)
}

struct Lab {
    browser: Browser,
    path: String,
    csrf: String,
}

impl Lab {
    async fn of(at: &Installation, who: &str, path: impl Into<String>) -> Self {
        let browser = at.signed_in(who).await;
        Self { csrf: browser.csrf(at), browser, path: path.into() }
    }

    async fn send(&mut self, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let all: Vec<(&str, &str)> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let path = self.path.clone();
        self.browser.post(&path, &all).await
    }
}

/// What a hidden field of the page holds.
fn hidden(answer: &Answer, name: &str) -> String {
    let (_, rest) = answer
        .text
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no {name}: {}", answer.text));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_without_script_says_what_it_would_have_heard() {
    let (at, id) = prepared().await;
    let mut lab = Lab::of(&at, "lea", format!("/queries/{id}/lab")).await;
    let page = lab.browser.get(&format!("/queries/{id}/lab")).await;
    assert_eq!(page.status, StatusCode::OK);
    for words in ["<b>3 posts</b>", "of 3 people", "All 5 posts", "<mark>kettle</mark>", "Show as table", "Versions"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert!(!page.text.contains("<b>loud"), "markup of posts is text");
    let tried = lab.send(&[("act", "try"), ("text", "kettle -recipe"), ("version", "1")]).await;
    for words in
        ["<b>2 posts</b>", "No longer heard: 1 post", "Newly heard: nothing", "<ins>-recipe</ins>", "NOT recipe"]
    {
        assert!(tried.text.contains(words), "{words}: {}", tried.text);
    }
    assert_eq!(query::find(&at.hub, id).await.unwrap().version, 1, "trying saves nothing");
}

#[tokio::test]
async fn the_script_gets_only_what_changes_and_nothing_typed_is_refused() {
    let (at, id) = prepared().await;
    let mut lab = Lab::of(&at, "vic", format!("/queries/{id}/lab")).await;
    lab.browser.headers.insert("dandelion-partial", HeaderValue::from_static("#lab-heard"));
    let long = "水".repeat(30_000);
    for text in ["", "(", "kettle AND", "\"", "-a", "kettle NEAR/", "lang:", "query:Kettles", "query:nothing", &long] {
        let answer = lab.send(&[("act", "try"), ("text", text), ("version", "1")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{text}: {}", answer.text);
        assert!(answer.text.starts_with("<div id=\"lab-read\"") && !answer.text.contains("<html"), "{}", answer.text);
    }
    let wrong = lab.send(&[("act", "try"), ("text", "ü AND"), ("version", "1")]).await;
    assert!(wrong.text.contains("data-at=\"2\""), "the place in UTF-16 units: {}", wrong.text);
    assert!(wrong.text.contains("<code>AND</code> needs something on its right"), "{}", wrong.text);
    let ring = lab.send(&[("act", "try"), ("text", "kettle OR query:Kettles"), ("version", "1")]).await;
    assert!(ring.text.contains("Kettles → Kettles"), "{}", ring.text);
    assert!(!ring.text.contains("value=\"save\""), "a viewer tries, and cannot save");
}

#[tokio::test]
async fn a_word_is_left_out_and_that_can_be_undone() {
    let (at, id) = prepared().await;
    let mut lab = Lab::of(&at, "lea", format!("/queries/{id}/lab")).await;
    let tried = lab.send(&[("act", "try"), ("text", "kettle OR wasserkocher"), ("version", "1")]).await;
    assert!(tried.text.contains("value=\"exclude-recipe\""), "{}", tried.text);
    let without = lab.send(&[("act", "exclude-recipe"), ("text", "kettle OR wasserkocher"), ("version", "1")]).await;
    assert!(without.text.contains("(kettle OR wasserkocher) -recipe</textarea>"), "{}", without.text);
    assert!(without.text.contains("<b>3 posts</b>"));
    let before = hidden(&without, "before");
    let undone = lab
        .send(&[("act", "undo"), ("text", "(kettle OR wasserkocher) -recipe"), ("before", &before), ("version", "1")])
        .await;
    assert!(undone.text.contains(">kettle OR wasserkocher</textarea>"));
}

#[tokio::test]
async fn test_cases_are_made_of_posts_and_guard_every_save() {
    let (at, id) = prepared().await;
    let mut lab = Lab::of(&at, "lea", format!("/queries/{id}/lab")).await;
    let with = lab.send(&[("act", "not-2"), ("text", "kettle"), ("version", "1"), ("cases", "")]).await;
    let cases = hidden(&with, "cases");
    assert_eq!(cases, "-2");
    assert!(with.text.contains("1 of 1 fails") || with.text.contains("fails"), "{}", with.text);
    let saving = [("text", "kettle"), ("version", "1"), ("cases", cases.as_str())];
    let refused = lab.send(&[&saving[..], &[("act", "save")]].concat()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("say why it shall be saved all the same"), "{}", refused.text);
    assert!(refused.text.contains("name=\"despite\""));

    let saved = lab.send(&[&saving[..], &[("act", "save"), ("despite", "for now"), ("why", "recipes")]].concat()).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let stored = query::find(&at.hub, id).await.unwrap();
    assert_eq!((stored.version, stored.cases.len()), (2, 1));
    let kept = stored.cases[0].post.as_ref().expect("the whole post");
    assert_eq!(kept.author.as_ref().unwrap().handle.as_deref(), Some("ann1"));

    let mended = [("text", "kettle -recipe"), ("version", "2"), ("cases", "s0 +1 +tMy+kettle"), ("act", "save")];
    assert_eq!(lab.send(&mended).await.status, StatusCode::SEE_OTHER);
    let stored = query::find(&at.hub, id).await.unwrap();
    assert_eq!((stored.version, stored.cases.len()), (3, 3));
    assert_eq!(stored.cases[2].text, "My kettle");

    let red = lab.send(&[("act", "restore-1"), ("version", "3"), ("text", "kettle -recipe")]).await;
    assert_eq!(red.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(red.text.contains(">kettle</textarea>") && red.text.contains("name=\"despite\""), "{}", red.text);
    let restored =
        lab.send(&[("act", "restore-1"), ("version", "3"), ("text", "x"), ("despite", "recipes again")]).await;
    assert!(
        restored.header(header::LOCATION).starts_with("/backfills/"),
        "it hears again what the narrower wording did not"
    );
    assert_eq!(query::find(&at.hub, id).await.unwrap().text, "kettle");
    let page = lab.browser.get(&format!("/queries/{id}/lab?against=3")).await;
    assert!(page.text.contains("Against version 3") && page.text.contains("<del>-recipe</del>"), "{}", page.text);
}

#[tokio::test]
async fn a_new_query_begins_in_the_lab() {
    let (at, _) = prepared().await;
    let mut lab = Lab::of(&at, "lea", "/queries").await;
    let page = lab.browser.get("/queries/new?text=Wasserkocher").await;
    assert!(page.text.contains("<b>1 post</b>") && page.text.contains("name=\"name\""), "{}", page.text);
    let fields =
        [("name", "Kocher"), ("unit", "repairs"), ("text", "wasserkocher"), ("cases", "+5 -1"), ("act", "save")];
    let made = lab.send(&fields).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let made = query::list(&at.hub).await.unwrap().into_iter().find(|query| query.name == "Kocher").unwrap();
    assert_eq!(made.cases.len(), 2);
}

#[tokio::test]
async fn completion_knows_fields_names_and_what_is_ours() {
    let (at, id) = prepared().await;
    let mut browser = at.signed_in("vic").await;
    browser.get(&format!("/queries/{id}/lab")).await; // the sample is there afterwards
    for (before, back, first) in [
        ("kettle fol", 3, "followers:"),
        ("kettle -la", 2, "lang:"),
        ("kettle A", 0, ""),
        ("kettle AN", 2, "AND"),
        ("topic:re", 2, "repair"),
        ("unit:Pre", 3, "press"),
        ("(query:ke", 2, "Kettles"),
        ("from:an", 2, "ann0"),
        ("@ac", 3, "@acme_care"),
        ("has:li", 2, "link"),
        ("\"topic:re", 0, ""),
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(before.as_bytes()).collect();
        let answer = browser.get(&format!("/queries/completions?before={encoded}")).await.json();
        let found = answer["options"][0]["insert"].as_str().unwrap_or("");
        assert_eq!((found, answer["back"].as_u64().unwrap()), (first, back), "{before}: {answer}");
    }
}
