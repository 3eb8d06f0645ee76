use serde_json::json;

use super::*;
use crate::{
    Error, both_stores,
    case::{
        Closing, Filter, Judged, View, assign, correct, count, counts, list, note, offer, pings, release, reopen,
        resolve, snooze, stop_watching, take, tell, wake,
    },
};

/// Everything that changes a case, tried by one person.
async fn attempts(hub: &TestHub, who: &Viewer, case: Made) -> Vec<(&'static str, Error)> {
    let later = hub.now() + HOUR;
    let mut refused = Vec::new();
    let mut tried = |name, result: crate::Result<()>| match result {
        Ok(()) => panic!("{name} went through"),
        Err(why) => refused.push((name, why)),
    };
    tried("take", take(hub, who, case.id).await);
    tried("assign", assign(hub, who, case.id, who.member, None).await);
    tried("note", note(hub, who, case.id, "hello").await.map(drop));
    tried("offer", offer(hub, who, case.id, PRESS, "x", None).await.map(drop));
    tried("tell", tell(hub, who, case.id, PRESS, "x").await);
    tried("stop watching", stop_watching(hub, who, case.id, RETAIL).await);
    tried("snooze", snooze(hub, who, case.id, later, None).await);
    tried("wake", wake(hub, who, case.id).await);
    tried("resolve", resolve(hub, who, case.id, Closing::Fixed, "x", None, None).await.map(drop));
    tried("reopen", reopen(hub, who, case.id, "x").await);
    tried("correct", correct(hub, who, case.id, case.post, Judged::Urgency, &json!(2)).await.map(drop));
    refused
}

both_stores!(another_units_case_does_not_exist, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    for who in [viewer(OTTO), viewer(RITA)] {
        for (name, why) in attempts(&hub, &who, case).await {
            assert!(matches!(why, Error::NotFound { .. }), "{name}: {why}");
        }
        assert!(matches!(open(&hub, &who, case.id).await, Err(Error::NotFound { .. })));
        for view in View::ALL {
            assert_eq!(count(&hub, &who, &Filter::view(view)).await.unwrap(), 0);
        }
        let by_number = Filter { text: Some(format!("#{}", case.id)), ..Filter::view(View::All) };
        assert!(list(&hub, &who, &by_number, None, 9).await.unwrap().rows.is_empty());
        assert!(counts(&hub, &who).await.unwrap().units.iter().all(|unit| unit.unit.id != REPAIRS));
    }
    whole(&hub).await;
});

both_stores!(who_may_only_look_changes_nothing, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let before = crate::log::newest(&hub.db).await.unwrap();
    for (name, why) in attempts(&hub, &viewer(VIC), case).await {
        assert!(matches!(why, Error::Forbidden(_)), "{name}: {why}");
    }
    fixture.page(&viewer(VIC), case.id).await;
    assert_eq!(crate::log::newest(&hub.db).await.unwrap(), before);
});

both_stores!(a_member_with_no_role_sees_nothing, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    fixture.fresh(REPAIRS, "It leaks").await;
    let nobody = Viewer::new(ANA, "Ana".into(), &[], &[(REPAIRS, None)]);
    for view in View::ALL {
        assert_eq!(count(&hub, &nobody, &Filter::view(view)).await.unwrap(), 0, "{view:?}");
    }
});

both_stores!(assigning_others_takes_a_lead, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    assert!(matches!(assign(&hub, &viewer(ANA), case.id, BEN, None).await, Err(Error::Forbidden(_))));
    assert!(matches!(assign(&hub, &viewer(LEA), case.id, RITA, None).await, Err(Error::Invalid { .. })));
    assert!(matches!(assign(&hub, &viewer(LEA), case.id, VIC, None).await, Err(Error::Invalid { .. })));
    assign(&hub, &viewer(LEA), case.id, BEN, None).await.unwrap();
    assert!(matches!(assign(&hub, &viewer(ANA), case.id, ANA, None).await, Err(Error::Forbidden(_))));
    assert!(matches!(release(&hub, &viewer(ANA), case.id, None).await, Err(Error::Forbidden(_))));
    let stale = assign(&hub, &viewer(LEA), case.id, ANA, Some(1)).await;
    assert!(matches!(stale, Err(Error::Conflict(_))));
    release(&hub, &viewer(BEN), case.id, None).await.unwrap();
    take(&hub, &viewer(ANA), case.id).await.unwrap();
    whole(&hub).await;
});

both_stores!(a_note_calls_those_who_may_see_it, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let noted = note(&hub, &viewer(ANA), case.id, "@ben and @Rita, and @nobody: mail x@ben.example").await.unwrap();
    let keys = |named: &[crate::case::Named]| named.iter().map(|named| named.key.clone()).collect::<Vec<_>>();
    assert_eq!((keys(&noted.called), keys(&noted.blind)), (vec!["ben".to_owned()], vec!["rita".to_owned()]));
    assert_eq!(noted.unknown, ["nobody"]);
    assert_eq!(pings(&hub, &viewer(BEN), true, 9).await.unwrap().len(), 1);
    assert!(pings(&hub, &viewer(RITA), false, 9).await.unwrap().is_empty());
    fixture.page(&viewer(BEN), case.id).await; // looking at the case is looking at the ping
    assert!(pings(&hub, &viewer(BEN), true, 9).await.unwrap().is_empty());
    assert_eq!(pings(&hub, &viewer(BEN), false, 9).await.unwrap().len(), 1);
    assert!(matches!(note(&hub, &viewer(ANA), case.id, " \n ").await, Err(Error::Invalid { .. })));
    // Retail is asked for advice: it is told, and its agents may write notes, and nothing else.
    tell(&hub, &viewer(ANA), case.id, RETAIL, "you sold it").await.unwrap();
    note(&hub, &viewer(RITA), case.id, "bought on Monday").await.unwrap();
    assert!(matches!(take(&hub, &viewer(RITA), case.id).await, Err(Error::Forbidden(_))));
    whole(&hub).await;
});
