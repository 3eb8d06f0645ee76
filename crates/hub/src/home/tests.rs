use super::{Number, Records, count, handoffs, posts, read, replies};
use crate::{
    both_stores,
    case::{
        self, Closing, Filter, View, accept, bounce, list, offer, resolve, take,
        tests::{ANA, BEN, Fixture, HEAD, HOUR, LEA, MINUTE, REPAIRS, RETAIL, RITA, Speaker, as_role, viewer},
    },
    outcome,
    scope::{Role, Viewer},
    store::q,
    testing::TestHub,
};

/// How many records really open behind a number.
async fn opened(hub: &TestHub, viewer: &Viewer, number: &Number) -> i64 {
    let most = 200;
    let rows = match &number.opens {
        Records::Cases(filter) => list(hub, viewer, filter, None, most).await.unwrap().rows.len(),
        Records::Outcomes(filter) => outcome::list(hub, viewer, filter, None, most).await.unwrap().rows.len(),
        Records::Handoffs(filter) => handoffs(hub, viewer, filter, None, most).await.unwrap().len(),
        Records::Replies(filter) => replies(hub, viewer, filter, None, most).await.unwrap().len(),
        Records::Posts(filter) => posts(hub, viewer, filter, None, most).await.unwrap().len(),
    };
    rows as i64
}

/// A little of everything.
async fn life(hub: &TestHub) {
    let fixture = Fixture::new(hub).await;
    let mut cases = Vec::new();
    for number in 0..9 {
        cases.push(fixture.fresh(if number % 3 == 2 { RETAIL } else { REPAIRS }, "It leaks").await);
        hub.clock.advance(20 * MINUTE);
    }
    take(hub, &viewer(ANA), cases[0].id).await.unwrap();
    let passed = offer(hub, &viewer(ANA), cases[1].id, RETAIL, "theirs", None).await.unwrap();
    accept(hub, &viewer(RITA), passed).await.unwrap();
    let passed = offer(hub, &viewer(ANA), cases[3].id, RETAIL, "theirs", None).await.unwrap();
    bounce(hub, &viewer(RITA), passed, "no").await.unwrap();
    offer(hub, &viewer(RITA), cases[2].id, REPAIRS, "yours", None).await.unwrap();
    for (at, case) in cases[3..7].iter().enumerate() {
        let who = if at == 2 { RITA } else { ANA };
        let kind = if at == 3 { Closing::Spam } else { Closing::Fixed };
        resolve(hub, &viewer(who), case.id, kind, "done", None, None).await.unwrap();
    }
    fixture.says(cases[3], Speaker::Author(cases[3].author), Some(true)).await;
    let mut tx = hub.tx().await;
    for (id, state) in [(1_i64, "unknown"), (2, "submitted"), (3, "sent")] {
        let sql = "insert into replies (id, case_id, handle_id, member_id, text, state, key, version, approval_unit_id, created_at,
            changed_at, attempts) values ($1, $2, 1, 1, 'x', $3, $3, 1, 2, 0, 0, 0)";
        tx.run(q!(sql, id, cases[0].id, state)).await.unwrap();
    }
    tx.commit_unlogged("a test arranges replies").await.unwrap();
}

both_stores!(every_number_equals_the_records_it_opens, |hub| async move {
    life(&hub).await;
    let people = [
        viewer(ANA),
        viewer(RITA),
        as_role(LEA, "lea", HEAD, Role::Admin),
        as_role(BEN, "ben", 5, Role::Agent),
        Viewer::new(9, "nobody".into(), &[], &[(1, None)]),
    ];
    for person in people {
        let home = read(&hub, &person).await.unwrap();
        let week = &home.week;
        let mut numbers = vec![&home.waiting, &home.late, &home.mine, &home.offered, &home.approvals, &home.unknown];
        numbers.extend([&week.passed, &week.accepted, &week.bounced, &week.resolved, &week.confirmed, &week.silent]);
        numbers.extend(home.funnel.iter().map(|step| &step.number));
        numbers.extend(home.units.iter().map(|unit| &unit.waiting));
        for number in &numbers {
            assert_eq!(opened(&hub, &person, number).await, number.count, "{} {:?}", person.name, number.opens);
            assert_eq!(count(&hub, &person, &number.opens).await.unwrap(), number.count);
        }
        let steps: Vec<i64> = home.funnel.iter().skip(2).map(|step| step.number.count).collect();
        assert!(steps.is_sorted_by(|a, b| a >= b), "each step is part of the one before: {steps:?}");
    }
});

both_stores!(home_says_what_happened, |hub| async move {
    life(&hub).await;
    let boss = as_role(LEA, "lea", HEAD, Role::Admin);
    let home = read(&hub, &boss).await.unwrap();
    let week = &home.week;
    let counts = [&home.waiting, &home.offered, &home.approvals, &home.unknown].map(|number| number.count);
    assert_eq!(counts, [5, 1, 1, 1]);
    let counts = [&week.passed, &week.accepted, &week.bounced, &week.resolved, &week.confirmed, &week.silent];
    assert_eq!(counts.map(|number| number.count), [3, 1, 1, 3, 1, 2], "closed on silence is not confirmed");
    let funnel: Vec<i64> = home.funnel.iter().map(|step| step.number.count).collect();
    assert_eq!(funnel, [10, 9, 9, 6, 3, 1]);
    assert_eq!(home.oldest.as_ref().map(|oldest| oldest.case), Some(1));
    let first = home.first.unwrap();
    assert!(first.why.iter().any(|why| why.contains("due in")), "{:?}", first.why);
    // Nobody else's case is the one to do first, and nothing is for who may only look.
    assert!(read(&hub, &viewer(RITA)).await.unwrap().first.unwrap().case.unit.id == RETAIL);
    assert!(read(&hub, &as_role(BEN, "ben", REPAIRS, Role::Viewer)).await.unwrap().first.is_none());
    // A week later the week is empty; what waits still waits.
    hub.clock.advance(8 * 24 * HOUR);
    let home = read(&hub, &boss).await.unwrap();
    assert_eq!((home.week.passed.count, home.week.silent.count, home.waiting.count), (0, 0, 5));
    assert_eq!(home.late.count, 5);
    assert!(case::count(&hub, &boss, &Filter::view(View::Waiting)).await.unwrap() == 5);
});
