use super::*;
use crate::{
    Error, both_stores,
    case::{Assignee, Closing, Cursor, Filter, Sort, View, count, counts, list, offer, resolve, snooze, take},
    store::q,
};

async fn ids(hub: &TestHub, who: i64, filter: &Filter) -> Vec<i64> {
    list(hub, &viewer(who), filter, None, 200).await.unwrap().rows.iter().map(|row| row.id).collect()
}

async fn set(hub: &TestHub, sql: &'static str, case: Made) {
    let mut tx = hub.tx().await;
    tx.run(q!(sql, case.id)).await.unwrap();
    tx.commit_unlogged("a test arranges its case").await.unwrap();
}

both_stores!(neither_influence_nor_risk_moves_anybody_up, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let mut cases = Vec::new();
    for name in ["first", "second", "third"] {
        cases.push(fixture.fresh(REPAIRS, name).await);
        hub.clock.advance(MINUTE);
    }
    set(&hub, "update cases set influence = 1000, risks = ',press,', urgency = 3 where id = $1", cases[2]).await;
    let order: Vec<i64> = cases.iter().map(|case| case.id).collect();
    assert_eq!(ids(&hub, ANA, &Filter::default()).await, order, "longest waiting first");
    set(&hub, "update cases set due_at = 1 where id = $1", cases[1]).await;
    assert_eq!(ids(&hub, ANA, &Filter::default()).await, [order[1], order[0], order[2]], "late first");
});

both_stores!(pages_hold_every_case_once, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let mut all = Vec::new();
    for number in 0..23 {
        let case = fixture.fresh(if number % 3 == 0 { RETAIL } else { REPAIRS }, "x").await;
        all.push(case.id);
        if number % 4 == 0 {
            hub.clock.advance(MINUTE); // several wait since the same moment
        }
    }
    set(
        &hub,
        "update cases set due_at = 1 where id % 5 = 0 and id <> -$1",
        Made { id: 1, author: 0, thread: 0, post: 0 },
    )
    .await;
    let head = as_role(LEA, "lea", HEAD, Role::Lead);
    for sort in [Sort::Waiting, Sort::Newest, Sort::Due, Sort::Oldest] {
        let filter = Filter { sort: Some(sort), ..Filter::default() };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = list(&hub, &head, &filter, after, 5).await.unwrap();
            seen.extend(page.rows.iter().map(|row| row.id));
            match page.next {
                // The cursor survives being written into an address.
                Some(next) => after = Some(next.to_string().parse::<Cursor>().unwrap()),
                None => break,
            }
            hub.clock.advance(24 * HOUR); // what is late by now does not shuffle the list
        }
        let once: std::collections::BTreeSet<i64> = seen.iter().copied().collect();
        assert_eq!((seen.len(), once.len()), (23, 23), "{sort:?}");
    }
    assert!(matches!("1.2.x".parse::<Cursor>(), Err(Error::Invalid { .. })));
});

both_stores!(each_view_shows_its_pile_and_the_counts_agree, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let waiting = fixture.fresh(REPAIRS, "waiting").await;
    let offered = fixture.fresh(RETAIL, "offered").await;
    offer(&hub, &viewer(RITA), offered.id, REPAIRS, "yours", None).await.unwrap();
    let mine = fixture.fresh(REPAIRS, "mine").await;
    take(&hub, &viewer(ANA), mine.id).await.unwrap();
    let snoozed = fixture.fresh(REPAIRS, "snoozed").await;
    snooze(&hub, &viewer(ANA), snoozed.id, hub.now() + 90 * HOUR, None).await.unwrap();
    let resolved = fixture.fresh(REPAIRS, "resolved").await;
    resolve(&hub, &viewer(ANA), resolved.id, Closing::Spam, "spam", None, None).await.unwrap();
    let answered = fixture.fresh(REPAIRS, "answered").await;
    fixture.we_answer(answered).await;
    let approve = fixture.fresh(REPAIRS, "approve").await;
    let mut tx = hub.tx().await;
    let sql = "insert into replies (id, case_id, handle_id, member_id, text, state, key, version, approval_unit_id, created_at,
        changed_at, attempts) values (1, $1, 1, 1, 'x', 'submitted', 'k', 1, 4, 0, 0, 0)";
    tx.run(q!(sql, approve.id)).await.unwrap();
    tx.commit_unlogged("a test arranges a reply").await.unwrap();
    let view = |view| Filter::view(view);
    assert_eq!(ids(&hub, ANA, &view(View::Waiting)).await, [waiting.id, mine.id, approve.id]);
    assert_eq!(ids(&hub, ANA, &view(View::Offered)).await, [offered.id]);
    assert_eq!(ids(&hub, ANA, &view(View::Mine)).await, [mine.id]);
    assert_eq!(ids(&hub, ANA, &view(View::Snoozed)).await, [snoozed.id]);
    assert_eq!(ids(&hub, ANA, &view(View::Resolved)).await, [resolved.id]);
    assert_eq!(ids(&hub, ANA, &view(View::All)).await.len(), 7);
    assert!(ids(&hub, ANA, &view(View::Approve)).await.is_empty(), "approving takes the role");
    let dario = as_role(LEA, "dario", HEAD, Role::Approver);
    let found = list(&hub, &dario, &view(View::Approve), None, 9).await.unwrap();
    assert_eq!((found.rows.len(), found.rows[0].approvals), (1, 1));
    for who in [viewer(ANA), viewer(RITA), viewer(OTTO), dario] {
        let counts = counts(&hub, &who).await.unwrap();
        let expected = [
            (View::Waiting, counts.waiting),
            (View::Offered, counts.offered),
            (View::Mine, counts.mine),
            (View::Approve, counts.approve),
            (View::Watching, counts.watching),
            (View::Snoozed, counts.snoozed),
        ];
        for (view, number) in expected {
            assert_eq!(count(&hub, &who, &Filter::view(view)).await.unwrap(), number, "{view:?} of {}", who.name);
        }
        for unit in counts.units {
            let of = |view| Filter { unit: Some(unit.unit.id), ..Filter::view(view) };
            assert_eq!(count(&hub, &who, &of(View::Waiting)).await.unwrap(), unit.waiting);
            assert_eq!(count(&hub, &who, &of(View::Offered)).await.unwrap(), unit.offered);
            assert_eq!(count(&hub, &who, &of(View::Snoozed)).await.unwrap(), unit.snoozed);
        }
    }
});

both_stores!(filters_narrow_and_stay_safe, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let (one, two) = (fixture.fresh(REPAIRS, "one").await, fixture.fresh(REPAIRS, "two").await);
    set(&hub, "update cases set risks = ',safety,data breach,', urgency = 3, products = ',k2,', language = 'de' where id = $1", one).await;
    take(&hub, &viewer(ANA), two.id).await.unwrap();
    let with = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::view(View::All);
        change(&mut filter);
        filter
    };
    for (filter, expected) in [
        (with(&|f| f.risk = Some("data breach".into())), vec![one.id]),
        (with(&|f| f.risk = Some("any".into())), vec![one.id]),
        (with(&|f| f.risk = Some("%".into())), vec![]),
        (with(&|f| f.risk = Some("safet_".into())), vec![]),
        (with(&|f| f.product = Some("k2".into())), vec![one.id]),
        (with(&|f| f.intent = Some("complaint".into())), vec![two.id, one.id]),
        (with(&|f| f.intent = Some("' or 1=1 --".into())), vec![]),
        (with(&|f| f.language = Some("de".into())), vec![one.id]),
        (with(&|f| f.urgency_min = Some(2)), vec![one.id]),
        (with(&|f| f.assignee = Some(Assignee::Nobody)), vec![one.id]),
        (with(&|f| f.assignee = Some(Assignee::Member(ANA))), vec![two.id]),
        (with(&|f| f.author = Some(one.author)), vec![one.id]),
        (with(&|f| f.text = Some(format!(" #{} ", two.id))), vec![two.id]),
        (with(&|f| f.text = Some("\" ) or (".into())), vec![]),
        (with(&|f| f.network = Some("demo".into())), vec![two.id, one.id]),
    ] {
        let mut found = ids(&hub, ANA, &filter).await;
        found.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found, expected, "{filter:?}");
    }
});

both_stores!(a_row_shows_the_words_and_where_they_matched, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "My kettle läuft aus").await;
    let mut tx = hub.tx().await;
    for sql in [
        "insert into queries (id, unit_id, name, text, cases, version, created_at, changed_at) values (1, 2, 'k', 'kettle', '[]', 1, 0, 0)",
        "insert into queries (id, unit_id, name, text, cases, version, created_at, changed_at) values (2, 2, 'l', 'x', '[]', 1, 0, 0)",
    ] {
        tx.run(q!(sql)).await.unwrap();
    }
    let sql = "insert into mention_queries (mention_id, query_id, spans) values (1, $1, $2)";
    tx.run(q!(sql, 1_i64, "[[3,9],[900,901],[11,12]]")).await.unwrap();
    tx.run(q!(sql, 2_i64, "[[5,12]]")).await.unwrap();
    tx.commit_unlogged("a test arranges matches").await.unwrap();
    let row = list(&hub, &viewer(ANA), &Filter::default(), None, 9).await.unwrap().rows.remove(0);
    let words = row.words.unwrap();
    // [5,12] and [11,12] cut the two-byte ä in half: they are dropped rather than shown wrong.
    assert_eq!((words.post, words.spans.as_slice()), (case.post, [[3, 9]].as_slice()));
    assert!(row.unread);
    fixture.page(&viewer(ANA), case.id).await;
    assert!(!list(&hub, &viewer(ANA), &Filter::default(), None, 9).await.unwrap().rows[0].unread);
    assert!(list(&hub, &viewer(BEN), &Filter::default(), None, 9).await.unwrap().rows[0].unread, "each for themselves");
    fixture.says(case, Speaker::Us, None).await;
    let row = list(&hub, &viewer(ANA), &Filter::view(View::All), None, 9).await.unwrap().rows.remove(0);
    assert_eq!(row.words.unwrap().post, case.post, "our own words are not the customer's");
    // Deleted words are shown nowhere.
    set(&hub, "update posts set deleted_at = 1 where id = (select post_id from mentions where case_id = $1)", case)
        .await;
    let row = list(&hub, &viewer(ANA), &Filter::view(View::All), None, 9).await.unwrap().rows.remove(0);
    assert!(row.words.is_none());
    let page = serde_json::to_string(&fixture.page(&viewer(ANA), case.id).await.entries).unwrap();
    assert!(!page.contains("kettle"), "{page}");
});

both_stores!(words_find_the_cases_they_stand_in, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let (one, two) = (fixture.fresh(REPAIRS, "Größe").await, fixture.fresh(RETAIL, "größe").await);
    for case in [one, two] {
        let mut tx = hub.tx().await;
        let sql = if hub.db.is_postgres() {
            "insert into post_words (post_id, words) values ($1, to_tsvector('simple', $2))"
        } else {
            "insert into post_words (rowid, words) values ($1, $2)"
        };
        let post = dandelion_post::Post { text: "Die GRÖSSE passt nicht".into(), ..dandelion_post::Post::default() };
        tx.run(q!(sql, case.post, crate::search::words_of(&post))).await.unwrap();
        tx.commit_unlogged("an index is no state").await.unwrap();
    }
    let of = |text: &str| Filter { text: Some(text.into()), ..Filter::view(View::All) };
    assert_eq!(ids(&hub, ANA, &of("passt nicht")).await, [one.id], "and no other unit's");
    assert_eq!(ids(&hub, ANA, &of("pas*")).await, [one.id]);
    assert_eq!(ids(&hub, ANA, &of("\"nicht passt\"")).await, [0_i64; 0]);
    assert_eq!(count(&hub, &viewer(ANA), &of("passt")).await.unwrap(), 1);
});
