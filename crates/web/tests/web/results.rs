//! The ledger: its sums by kind and grade, its filters in the address, and who sees what.

use axum::http::StatusCode;

use crate::support::{Installation, PRESS, REPAIRS};

/// One case in each of two units, with claims about them on three days.
async fn ledger() -> Installation {
    let at = Installation::new().await;
    let day = |n: i64| dandelion_hub::testing::MONDAY + n * 86_400_000_000;
    let case = |id: i64, unit: i64, title: &str| {
        format!(
            "insert into cases (id, unit_id, state, title, network, intents, risks, urgency, products, topics, route,
               opened_at, last_post_at, asks, version)
             values ({id}, {unit}, 'open', '{title}', 'demo', '', '', 0, '', '', 'a test', {0}, {0}, 0, 1)",
            day(0)
        )
    };
    let claim = |id: i64, kind: &str, grade: &str, unit: i64, case: i64, at: i64, void: &str| {
        format!(
            "insert into outcomes (id, kind, grade, unit_id, case_id, evidence, at, void_at, void_why)
             values ({id}, '{kind}', '{grade}', {unit}, {case}, 'evidence {id}', {at}, {void})"
        )
    };
    at.hub
        .sql(&[
            case(7, REPAIRS, "It <leaks>"),
            case(8, PRESS, "A question"),
            claim(1, "passed", "A", REPAIRS, 7, day(0), "null, null"),
            claim(2, "resolved", "C", REPAIRS, 7, day(1), "null, null"),
            claim(3, "resolved", "C", REPAIRS, 7, day(2), &format!("{}, 'opened again'", day(2))),
            claim(4, "confirmed", "A", PRESS, 8, day(2), "null, null"),
        ])
        .await;
    at
}

#[tokio::test]
async fn kinds_and_grades_stand_side_by_side_and_each_opens_its_lines() {
    let at = ledger().await;
    let mut root = at.signed_in("root").await;
    let page = root.get("/results").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let sums: Vec<&str> = page.text.split("/results?kind=").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(sums, ["confirmed&#38;grade=A", "passed&#38;grade=A", "resolved&#38;grade=C"]);
    assert_eq!(page.text.matches("<b>1</b>").count(), 3, "no sum adds two of them: {}", page.text);
    assert!(page.text.contains("1 claim no longer holds and is counted nowhere"), "{}", page.text);
    assert!(page.text.contains("It &#60;leaks&#62;") && page.text.contains("href=\"/cases/7\">evidence 2"));
    assert!(!page.text.contains("evidence 3"), "what no longer holds is not among them");

    let page = root.get("/results?kind=resolved&grade=C").await;
    assert!(page.text.contains("evidence 2") && !page.text.contains("evidence 1"), "{}", page.text);
    let page = root.get("/results?void=1").await;
    assert!(page.text.contains("no longer counts: opened again"), "{}", page.text);
    assert_eq!(page.text.matches("<b>1</b>").count(), 3, "shown, but counted nowhere");
    let page = root.get("/results?case=8").await;
    assert!(page.text.contains("evidence 4") && !page.text.contains("evidence 2"), "{}", page.text);
}

#[tokio::test]
async fn days_are_whole_and_both_included() {
    let at = ledger().await;
    let mut root = at.signed_in("root").await;
    let first = dandelion_post::timestamp(dandelion_hub::testing::MONDAY);
    let day = |n: i64| (first + jiff::SignedDuration::from_hours(24 * n)).to_string()[..10].to_owned();
    let page = root.get(&format!("/results?from={}&to={}", day(1), day(1))).await;
    assert!(page.text.contains("evidence 2"), "{}", page.text);
    assert!(!page.text.contains("evidence 1") && !page.text.contains("evidence 4"), "{}", page.text);
    assert!(page.text.contains(&format!("value=\"{}\"", day(1))), "what was chosen stays");
    let since = dandelion_hub::testing::MONDAY + 86_400_000_000 + 1;
    let page = root.get(&format!("/results?since={since}")).await;
    assert!(page.text.contains("evidence 4") && !page.text.contains("evidence 2"), "a number's own moment");
}

#[tokio::test]
async fn nobody_sees_claims_of_units_out_of_their_sight() {
    let at = ledger().await;
    let mut max = at.signed_in("max").await;
    let page = max.get("/results").await;
    assert!(page.text.contains("evidence 4") && !page.text.contains("evidence 1"), "{}", page.text);
    assert!(!page.text.contains("value=\"repairs\""), "not offered either");
    let page = max.get("/results?unit=repairs").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("There is no unit “repairs” that you can see."), "{}", page.text);
    assert!(!max.get("/results?case=7").await.text.contains("href=\"/cases/7"));
}

#[tokio::test]
async fn what_makes_no_sense_is_said_and_kept() {
    let at = ledger().await;
    let mut root = at.signed_in("root").await;
    for (asked, words) in [
        ("from=yesterday", "“yesterday” is no day"),
        ("from=2026-11-05&to=2026-11-01", "The first day is after the last one"),
        ("kind=sold", "There is no kind “sold”"),
        ("unit=nowhere", "There is no unit “nowhere”"),
        ("after=x", "no whole number"),
        ("to=9999-12-31", "is no day"),
    ] {
        let page = root.get(&format!("/results?{asked}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{asked}: {}", page.text);
        assert!(page.text.contains("role=\"alert\"") && page.text.contains(words), "{asked}: {}", page.text);
        assert!(!page.text.contains("evidence 1"), "{asked}: nothing was looked up");
    }
    assert!(root.get("/results?from=yesterday").await.text.contains("value=\"yesterday\""));
    let page = root.get("/results?kind=confirmed&unit=repairs").await;
    assert!(page.text.contains("No line of the ledger fits"), "{}", page.text);
}
