use crate::{
    both_stores,
    log::{self, Chain, Entry},
    store::{Q, q},
};

both_stores!(a_change_without_an_event_is_undone, |hub| async move {
    let mut tx = hub.tx().await;
    tx.run(q!("insert into settings (name, value) values ($1, $2)", "a", "1")).await.unwrap();
    assert!(tx.commit().await.unwrap_err().to_string().contains("without an event"));
    assert!(hub.db.opt(q!("select 1 as x from settings")).await.unwrap().is_none());
});

both_stores!(events_are_chained_and_a_change_is_found, |hub| async move {
    for number in 0..3_i64 {
        let mut tx = hub.tx().await;
        let id = tx.id("units").await.unwrap();
        assert_eq!(id, number + 1);
        tx.log(Entry::new("unit.made", "unit", id).with(serde_json::json!({ "n": number })));
        tx.log(Entry::new("unit.renamed", "unit", id).unit(id));
        tx.commit().await.unwrap();
    }
    assert_eq!(log::verify(&hub.db).await.unwrap(), Chain::Whole(6));
    assert_eq!(log::of(&hub.db, "unit", 2).await.unwrap().len(), 2);
    let mut tx = hub.tx().await;
    tx.run(q!("update events set kind = 'unit.gone' where id = 4")).await.unwrap();
    tx.commit_unlogged("a test breaks in").await.unwrap();
    let Chain::Broken { id, why } = log::verify(&hub.db).await.unwrap() else { panic!("not noticed") };
    assert_eq!(id, 4);
    assert!(why.contains("changed"));
    let mut tx = hub.tx().await;
    tx.run(q!("delete from events where id = 2")).await.unwrap();
    tx.commit_unlogged("a test breaks in").await.unwrap();
    assert!(matches!(log::verify(&hub.db).await.unwrap(), Chain::Broken { id: 3, .. }));
});

both_stores!(what_is_not_committed_is_gone, |hub| async move {
    let mut tx = hub.tx().await;
    tx.run(q!("insert into settings (name, value) values ('a', 'b')")).await.unwrap();
    tx.log(Entry::new("x.y", "x", 1));
    drop(tx);
    assert_eq!(log::newest(&hub.db).await.unwrap(), 0);
    assert!(hub.db.opt(q!("select 1 as x from settings")).await.unwrap().is_none());
});

both_stores!(many_rows_are_inserted_in_order, |hub| async move {
    let mut tx = hub.tx().await;
    let rows = (0..300).map(|n| vec![format!("k{n:03}").into(), format!("v{n}\0").into()]).collect();
    assert_eq!(tx.insert("settings", &["name", "value"], rows, "on conflict do nothing").await.unwrap(), 300);
    tx.log(Entry::new("x.y", "x", 1));
    tx.commit().await.unwrap();
    let row = hub.db.one(Q::new("select count(*) as n, max(value) as v from settings")).await.unwrap();
    assert_eq!((row.get::<i64, _>("n").unwrap(), row.get::<String, _>("v").unwrap()), (300, "v9\u{2400}".to_owned()));
});

both_stores!(a_newer_schema_is_refused_in_words, |hub| async move {
    let mut tx = hub.tx().await;
    tx.run(q!("update meta set value = '99' where name = 'schema'")).await.unwrap();
    tx.commit_unlogged("a test from the future").await.unwrap();
    let refused = crate::store::migrate::run(&hub.db).await.unwrap_err().to_string();
    assert!(refused.contains("newer Dandelion (schema 99"), "{refused}");
});

#[tokio::test]
async fn sqlite_is_new_enough_and_safe() {
    let hub = crate::testing::TestHub::sqlite().await;
    let row = hub.db.one(q!("select sqlite_version() as v")).await.unwrap();
    let version: String = row.get("v").unwrap();
    let parts: Vec<u32> = version.split('.').map(|p| p.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
    let mut tx = hub.tx().await;
    let sync: i64 = tx.one(q!("select synchronous as s from pragma_synchronous")).await.unwrap().get("s").unwrap();
    let mode: String = tx.one(q!("select journal_mode as m from pragma_journal_mode")).await.unwrap().get("m").unwrap();
    assert_eq!((sync, mode.as_str()), (2, "wal"));
}
