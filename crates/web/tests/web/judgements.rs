//! Judgements through their pages: questions of a unit's own, answering by key, training, taking over, rolling back,
//! judging stored posts anew.

use axum::http::{StatusCode, header};
use dandelion_hub::{
    intake::{self, Item},
    log::Actor,
    model, query, reanalysis,
    source::{self, Kind, NewSource},
};
use dandelion_post::{Author, Post};

use crate::support::{Answer, Browser, Installation, REPAIRS};

const REASONS: [(&str, &str); 3] =
    [("money", "refund my money back"), ("delay", "late again, waiting for hours"), ("staff", "rude agent, so unkind")];

/// Thirty people write to Repairs, each for one of three reasons.
async fn heard(at: &Installation) {
    let new = NewSource {
        key: "shop".into(),
        name: "Shop".into(),
        kind: Kind::Webhook,
        network: "demo".into(),
        unit: Some(REPAIRS),
        url: None,
    };
    let source = source::add_as(&at.hub, Actor::System("test"), &new).await.unwrap().id;
    let lea = dandelion_hub::member::viewer(&at.hub, 4).await.unwrap();
    query::add(&at.hub, &lea, REPAIRS, "Kettles", "kettle", "").await.unwrap();
    let item = |n: usize| {
        let author = Author { handle: Some(format!("p{n}")), ..Author::default() };
        let text = format!("My kettle leaks. {}, number {n}", REASONS[n % 3].1);
        Item::post("x", Post { id: n.to_string(), text, author: Some(author), ..Post::default() })
    };
    intake::receive(&at.hub, source, (0..30).map(item).collect()).await.unwrap();
}

async fn send(at: &Installation, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.csrf(at);
    browser.post(path, &[fields, &[("csrf", csrf.as_str())]].concat()).await
}

async fn follow(browser: &mut Browser, answer: &Answer) -> Answer {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let to = answer.header(header::LOCATION).to_owned();
    browser.get(&to).await
}

fn has(page: &Answer, words: &str) {
    assert!(page.text.contains(words), "no “{words}” in {}", page.text);
}

#[tokio::test]
async fn an_empty_page_says_so_in_plain_words() {
    let at = Installation::new().await;
    let mut lea = at.signed_in("lea").await;
    let page = lea.get("/judgements").await;
    assert_eq!(page.status, StatusCode::OK);
    for words in [
        "In the last 90 days 0 posts were judged",
        "Nobody has stumbled upon a mistake",
        "Nobody was asked about posts yet",
        "Nobody has corrected or confirmed a judgement",
        "Too few posts in these weeks to tell",
        "Train a head",
    ] {
        has(&page, words);
    }
    let page = lea.get("/judgements/asked?unit=repairs&question=sentiment").await;
    has(&page, "Nothing left to ask");
    assert_eq!(lea.get("/judgements/asked?unit=repairs&question=weather").await.status, StatusCode::NOT_FOUND);
    let refused = send(&at, &mut lea, "/models", &[("unit", "repairs"), ("question", "sentiment")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    has(&refused, "There is too little to learn from: there are 0 examples");
    let mut vic = at.signed_in("vic").await;
    let page = vic.get("/judgements").await;
    assert!(!page.text.contains("Train a head") && !page.text.contains("A new question"));
}

#[tokio::test]
async fn people_teach_a_head_which_asks_before_it_takes_over() {
    let at = Installation::new().await;
    heard(&at).await;
    let mut lea = at.signed_in("lea").await;
    let set = [("unit", "repairs"), ("key", "reason"), ("name", "Reason"), ("labels", "money\ndelay\nstaff\n")];
    let made = send(&at, &mut lea, "/label-sets", &set).await;
    has(&follow(&mut lea, &made).await, "is asked from now on");
    let again = send(&at, &mut lea, "/label-sets", &set).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    has(&again, "there is a set of this key already");

    let mut ana = at.signed_in("ana").await;
    let to = "/judgements/asked?unit=repairs&question=reason";
    let page = ana.get(to).await;
    has(&page, "nobody answers this question yet");
    has(&page, "data-key=\"1\">money <kbd>1</kbd>");
    let mut last = String::new();
    for n in 0..30 {
        let (post, case) = ((n + 1).to_string(), at.case_of(n + 1).await.to_string());
        let fields = [
            ("case", case.as_str()),
            ("unit", "repairs"),
            ("question", "reason"),
            ("value", REASONS[n as usize % 3].0),
        ];
        let said = send(&at, &mut ana, &format!("/posts/{post}/answers"), &fields).await;
        let page = follow(&mut ana, &said).await;
        has(&page, "You said: Reason is really");
        last = page.text.split("/corrections/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    }
    has(&ana.get(to).await, "Nothing left to ask");
    let case = at.case_of(30).await;
    let back = format!("/cases/{case}/corrections/{last}/removal");
    let taken = send(&at, &mut ana, &back, &[("unit", "repairs"), ("question", "reason")]).await;
    has(&follow(&mut ana, &taken).await, "1 post");

    let begun = send(&at, &mut lea, "/models", &[("unit", "repairs"), ("question", "reason")]).await;
    let page = follow(&mut lea, &begun).await;
    has(&page, "It learns. In some seconds it is done");
    while model::step(&at.hub).await.unwrap() {}
    let page = lea.get("/models/1").await;
    for words in [
        "Reason of Repairs, version 1",
        "shadow: asks to take over",
        "Nobody answered this before. Of the examples held out it has",
        "29 examples are few",
        "Let it take over",
        "What would change",
        "nobody answers</span>",
        "dandelion train --from-corrections --unit repairs --head reason",
    ] {
        has(&page, words);
    }
    let done = send(&at, &mut lea, "/models/1/use", &[]).await;
    has(&follow(&mut lea, &done).await, "It judges new posts from now on");
    let begun = send(&at, &mut lea, "/reanalyses", &[("unit", "repairs")]).await;
    follow(&mut lea, &begun).await;
    reanalysis::settle(&at.hub, 1, std::time::Duration::from_secs(30)).await.unwrap();
    has(
        &lea.get("/reanalyses/1").await,
        "30 posts looked at, 30 judged otherwise than before; on 29 of those a person&#39;s word stands",
    );

    // The desk shows it with its probability and evidence, and a person's word above it.
    let page = lea.get(&format!("/cases/{case}")).await;
    has(&page, "+reason-1");
    has(&page, "<dt>Reason</dt>");
    has(&page, "Why: ");
    let rolled = send(&at, &mut lea, "/models/1/rollback", &[]).await;
    let page = follow(&mut lea, &rolled).await;
    has(&page, "Rolled back");
    has(&page, "Use it again");
    has(&lea.get("/judgements").await, "Reason 1");
}

#[tokio::test]
async fn one_key_corrects_and_u_undoes() {
    let at = Installation::new().await;
    heard(&at).await;
    let mut ana = at.signed_in("ana").await;
    let case = at.case_of(1).await;
    let page = ana.get(&format!("/cases/{case}")).await;
    has(&page, "data-key=\"3\">positive <kbd>3</kbd>");
    assert!(page.text.contains("data-key=\"w\">Why: "), "{}", page.text);
    let fields = [("case", &*case.to_string()), ("judgement", "sentiment"), ("value", "positive")];
    let said = send(&at, &mut ana, "/posts/1/corrections", &fields).await;
    let page = follow(&mut ana, &said).await;
    has(&page, "data-key=\"u\">Undo <kbd>u</kbd>");
    has(&page, "corrected by Ana");
    let event = page.text.split("name=\"event\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let undone = send(&at, &mut ana, "/undo", &[("event", &event)]).await;
    let page = follow(&mut ana, &undone).await;
    assert!(!page.text.contains("corrected by Ana"));
}
