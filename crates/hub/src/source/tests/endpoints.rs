//! A network that counts endpoint by endpoint: one that is used up stops no other.

use std::collections::BTreeMap;

use dandelion_networks::{
    contract::{Credentials, Place},
    egress::Budget,
    networks,
};

use super::{fairness::serve, *};
use crate::{
    source::{
        Left,
        allowance::{Allowances, Key},
        poll::SPARE,
        schedule::Waiting,
    },
    testing::{MONDAY, TestHub},
};

const SECOND: Micros = 1_000_000;

/// A place of X at `server`, of one and the same account: a search, or its mentions.
async fn of_x(hub: &TestHub, server: &str, search: &str) -> Source {
    let mut place = Place {
        url: server.trim_end_matches('/').to_owned(),
        credentials: Credentials::none().with("token", "t"),
        ..Place::default()
    };
    place.settings.insert("me".into(), "42".into());
    place.settings.insert("search".into(), search.into());
    let about = networks::find("x").unwrap();
    connect_place(hub, Actor::System("test"), NewPlace { name: "X".into(), about, unit: None, place }).await.unwrap()
}

/// Answers as X does (docs.x.com/fundamentals/rate-limits): no more searches for ten minutes, mentions as you like.
fn x(head: &str) -> String {
    let limits = |left: u32, limit: u32, resets: i64| {
        let at = MONDAY / SECOND + resets;
        format!(
            "x-rate-limit-limit: {limit}\r\nx-rate-limit-remaining: {left}\r\nx-rate-limit-reset: {at}\r\n\
             content-type: application/json\r\n"
        )
    };
    if head.contains("/2/tweets/search/recent") {
        let body = r#"{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}"#;
        return answer("429 Too Many Requests", &limits(0, 60, 600), body);
    }
    answer("200 OK", &limits(170, 180, 900), r#"{"data":[],"meta":{"result_count":0}}"#)
}

both_stores!(a_search_that_is_used_up_stops_other_searches_and_no_mentions, |hub| async move {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = asked.clone();
    let server = serve(move |head: &str| {
        heard.lock().unwrap().push(head.split_whitespace().nth(1).unwrap_or_default().to_owned());
        x(head)
    })
    .await;
    connect(&hub, "unit", Kind::Webhook, None).await;
    let search = of_x(&hub, &server, "kettle").await;
    let other = of_x(&hub, &server, "teapot").await;
    let mentions = of_x(&hub, &server, "").await;
    let poller = Poller::new(hub.hub.clone(), client());
    poller.acquaint().await.unwrap();
    for source in [&search, &other, &mentions] {
        poller.turn(source, SPARE, &Waiting::default()).await.unwrap();
    }
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2, "the second search is not even tried: {asked:?}");
    assert!(asked[1].starts_with("/2/users/42/mentions"), "{asked:?}");
    let ends = MONDAY + 600 * SECOND;
    for id in [search.id, other.id] {
        let waits = find(&hub, id).await.unwrap().next_poll_at.unwrap();
        assert!((ends..ends + 60 * SECOND).contains(&waits), "until X counts anew: {waits}");
    }
    let mentions = find(&hub, mentions.id).await.unwrap();
    assert!(mentions.error.is_none() && mentions.next_poll_at.unwrap() < ends, "{mentions:?}");
    assert_eq!(mentions.calls_left, Some(170));
    let shown: Vec<_> =
        mentions.allowances.iter().map(|left| (left.draws_on.as_str(), left.left, left.limit)).collect();
    assert_eq!(shown, [("searches", 0, Some(60)), ("mentions", 170, Some(180))], "what stops us first comes first");
    let failed = find(&hub, search.id).await.unwrap();
    assert_eq!(failed.allowances[0].draws_on, "searches", "also where it failed: {failed:?}");
    // Ten minutes later X is asked again.
    hub.clock.advance(11 * 60 * SECOND);
    poller.turn(&find(&hub, other.id).await.unwrap(), SPARE, &Waiting::default()).await.unwrap();
    assert!(find(&hub, other.id).await.unwrap().error.is_some(), "it was asked");
});

#[test]
fn what_answers_say_is_kept_and_told_worst_first() {
    let (allowances, place) = (Allowances::default(), Place { url: "https://api.x.com".into(), ..Place::default() });
    let key = Key::of_account("x", &place);
    let told = |remaining, limit, seconds| Budget { remaining, limit, resets_in: Some(Duration::from_secs(seconds)) };
    let said = [
        ("mentions", told(90, Some(180), 900)),
        ("posting", told(1, Some(17), 80_000)),
        ("deleting", told(3, None, 900)),
        ("our account", Budget { resets_in: None, ..told(1, None, 0) }),
    ];
    allowances.drawn(key, BTreeMap::from(said), MONDAY);
    let before = |draws_on: &str, until| Left { draws_on: draws_on.into(), left: 0, limit: None, resets_at: until };
    let before = [before("searches", MONDAY + SECOND), before("posting", MONDAY + SECOND), before("gone", MONDAY)];
    let shown = |now| -> Vec<_> {
        allowances.left(key, &before, now).into_iter().map(|left| (left.draws_on, left.left)).collect()
    };
    let named =
        |names: &[(&str, u64)]| -> Vec<_> { names.iter().map(|(name, left)| ((*name).to_owned(), *left)).collect() };
    assert_eq!(shown(MONDAY), named(&[("searches", 0), ("posting", 1), ("mentions", 90), ("deleting", 3)]));
    assert_eq!(shown(MONDAY + 1_000 * SECOND), named(&[("posting", 1)]), "what was counted anew is not known");
    let other = Key::of_account("x", &Place { credentials: Credentials::none().with("token", "u"), ..place });
    assert!(allowances.left(other, &[], MONDAY).is_empty(), "another account has its own");
}
