use serde_json::json;

use super::*;
use crate::{
    Error, both_stores,
    case::{Judged, correct, judge, uncorrect},
    scope::Role,
};

async fn judged_again(hub: &TestHub, case: i64) {
    let mut tx = hub.tx().await;
    judge(&mut tx, case).await.unwrap();
    tx.log(Entry::new("case.judged", "case", case));
    tx.commit().await.unwrap();
}

both_stores!(no_analysis_overwrites_a_person, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "Great, another broken kettle").await;
    fixture.analysed(case.post, "rules-1", "positive", &["safety"], 3).await;
    judged_again(&hub, case.id).await;
    let row = fixture.page(&viewer(ANA), case.id).await.case;
    assert_eq!((row.sentiment.as_deref(), row.urgency, row.risks.len()), (Some("positive"), 3, 1));
    let to = |judged, value| correct_to(&hub, case, judged, value);
    let first = to(Judged::Sentiment, json!("negative")).await.unwrap();
    to(Judged::Risk, json!([])).await.unwrap();
    to(Judged::Urgency, json!(1)).await.unwrap();
    to(Judged::Topic, json!(["leak"])).await.unwrap();
    // A newer model says otherwise, twice.
    for version in ["rules-2", "rules-3"] {
        fixture.analysed(case.post, version, "mixed", &["safety", "press"], 2).await;
        judged_again(&hub, case.id).await;
        let page = fixture.page(&viewer(ANA), case.id).await;
        let row = &page.case;
        assert_eq!((row.sentiment.as_deref(), row.urgency), (Some("negative"), 1));
        assert!(row.risks.is_empty() && row.topics == ["leak"]);
        assert_eq!(page.analyses[0].version, version, "the machine's own judgement is kept as it was said");
    }
    uncorrect(&hub, &viewer(ANA), case.id, first).await.unwrap();
    assert_eq!(fixture.page(&viewer(ANA), case.id).await.case.sentiment.as_deref(), Some("mixed"));
    whole(&hub).await;
});

async fn correct_to(hub: &TestHub, case: Made, judged: Judged, value: serde_json::Value) -> crate::Result<i64> {
    correct(hub, &viewer(ANA), case.id, case.post, judged, &value).await
}

both_stores!(a_correction_is_checked, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let (case, other) = (fixture.fresh(REPAIRS, "A").await, fixture.fresh(REPAIRS, "B").await);
    for (judged, value) in [
        (Judged::Sentiment, json!("sad")),
        (Judged::Urgency, json!(4)),
        (Judged::Urgency, json!("1")),
        (Judged::Intent, json!([])),
        (Judged::Intent, json!(["rage"])),
        (Judged::Risk, json!("safety")),
        (Judged::Topic, json!(["unheard-of"])),
        (Judged::Language, json!("' or 1=1")),
    ] {
        let refused = correct_to(&hub, case, judged, value.clone()).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{judged:?} {value}");
    }
    let foreign = correct(&hub, &viewer(ANA), case.id, other.post, Judged::Urgency, &json!(2)).await;
    assert!(matches!(foreign, Err(Error::Invalid { .. })));
    let looks = correct(&hub, &viewer(VIC), case.id, case.post, Judged::Urgency, &json!(2)).await;
    assert!(matches!(looks, Err(Error::Forbidden(_))));
    let id = correct_to(&hub, case, Judged::Urgency, json!(2)).await.unwrap();
    let ben = uncorrect(&hub, &viewer(BEN), case.id, id).await;
    assert!(matches!(ben, Err(Error::Forbidden(_))), "another agent's word is not mine to take back");
    uncorrect(&hub, &as_role(BEN, "ben", REPAIRS, Role::Lead), case.id, id).await.unwrap();
    whole(&hub).await;
});
