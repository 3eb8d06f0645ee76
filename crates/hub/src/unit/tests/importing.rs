use super::SMALL;
use crate::{
    Error, both_stores,
    log::{self, Actor, Chain},
    member,
    scope::Role,
    store::q,
    testing::TestHub,
    unit::{self, Kind, Org, Promise, toml},
};

const COMMAND: Actor = Actor::System("command");

async fn import(hub: &TestHub, text: &str) -> unit::Report {
    unit::import(hub, COMMAND, text).await.unwrap()
}

async fn refused(hub: &TestHub, text: &str) -> String {
    unit::import(hub, COMMAND, text).await.unwrap_err().to_string()
}

async fn ana(hub: &TestHub) -> crate::scope::Viewer {
    let ana = member::by_key(&hub.db, "@Ana").await.unwrap().unwrap();
    member::viewer(hub, ana.id).await.unwrap()
}

both_stores!(what_is_exported_imports_to_the_same, |hub| async move {
    let report = import(&hub, SMALL).await;
    assert_eq!((report.changed.len(), report.archived.len(), report.unchanged), (2, 0, 0), "{report}");
    assert_eq!(report.added.len(), 1 + 6 + 2 + 1 + 2 + 2 + 1, "{report}");
    let text = unit::export(&hub.db).await.unwrap();
    assert_eq!(toml::read(&text).unwrap(), toml::read(SMALL).unwrap());
    let newest = log::newest(&hub.db).await.unwrap();
    for again in [SMALL, &text] {
        let report = import(&hub, again).await;
        assert!(report.is_empty() && report.unchanged > 0, "{report}");
    }
    assert_eq!(log::newest(&hub.db).await.unwrap(), newest, "nothing changed, nothing was written");
    assert_eq!(unit::export(&hub.db).await.unwrap(), text);
    assert_eq!(log::verify(&hub.db).await.unwrap(), Chain::Whole(newest));
});

both_stores!(the_sample_organisation_goes_round, |hub| async move {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../dandelion/sample/org.toml");
    let sample = std::fs::read_to_string(path).unwrap();
    import(&hub, &sample).await;
    let text = unit::export(&hub.db).await.unwrap();
    assert_eq!(toml::read(&text).unwrap(), toml::read(&sample).unwrap());
    assert!(import(&hub, &text).await.is_empty());
});

both_stores!(the_organisation_is_loaded_as_imported, |hub| async move {
    import(&hub, SMALL).await;
    let (stored, read) = (Org::load(&hub.db).await.unwrap(), Org::from_toml(SMALL).unwrap());
    assert_eq!((&stored.units, &stored.products, &stored.topics), (&read.units, &read.products, &read.topics));
    assert_eq!((&stored.routes, &stored.promises, &stored.hours), (&read.routes, &read.promises, &read.hours));
    assert_eq!((&stored.handles, &stored.name), (&read.handles, &read.name));
    assert_eq!(Org::version_now(&hub.db).await.unwrap(), stored.version);
    let repairs = stored.unit_by_key("repairs").unwrap().id;
    // Monday 10:00 in Berlin, ninety minutes.
    let due = stored.due(repairs, Promise::FirstResponse, crate::testing::MONDAY);
    assert_eq!(due, Some(crate::testing::MONDAY + 90 * 60_000_000));
});

both_stores!(differences_are_written_with_events_and_nothing_else, |hub| async move {
    import(&hub, SMALL).await;
    let newest = log::newest(&hub.db).await.unwrap();
    let text = SMALL
        .replace("name = \"Kettles\"", "name = \"Kettles & coffee\"")
        .replace("first_response = \"90m\"", "first_response = \"2h\"")
        .replace("key = \"rival\"", "key = \"other-rival\"")
        .replace("deputy = \"ivo\"", "deputy = \"ana\"");
    let report = import(&hub, &text).await;
    assert_eq!(report.changed, ["unit kettles", "handle care", "targets"]);
    assert_eq!((report.added, report.archived), (vec!["product other-rival".to_owned()], vec!["product rival".into()]));
    let events = log::after(&hub.db, newest, 100).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    let expected = ["unit.changed", "product.added", "product.archived", "handle.changed", "organisation.promised"];
    assert_eq!(kinds, expected);
    assert_eq!(events[0].body, serde_json::json!({ "key": "kettles", "changed": ["name"] }));
    // What was archived comes back as itself.
    let before = Org::load(&hub.db).await.unwrap();
    import(&hub, SMALL).await;
    let after = Org::load(&hub.db).await.unwrap();
    let id = |org: &Org, key: &str| org.products.iter().find(|it| it.key == key).map(|it| (it.id, it.archived));
    assert_eq!(id(&before, "rival").unwrap(), (id(&after, "rival").unwrap().0, true));
    assert!(!id(&after, "rival").unwrap().1);
    assert!(after.version > before.version);
});

both_stores!(the_order_of_rules_is_kept, |hub| async move {
    import(&hub, SMALL).await;
    let mut file = toml::read(SMALL).unwrap();
    file.routes.reverse();
    file.units.swap(1, 2);
    let report = import(&hub, &toml::write(&file)).await;
    assert_eq!(report.changed.len(), 4, "{:?}", report.changed);
    assert_eq!(toml::read(&unit::export(&hub.db).await.unwrap()).unwrap(), file);
});

both_stores!(a_wrong_file_changes_nothing, |hub| async move {
    import(&hub, SMALL).await;
    let newest = log::newest(&hub.db).await.unwrap();
    let told = refused(&hub, &SMALL.replace("kind = \"spoke\"", "kind = \"wheel\"")).await;
    assert!(told.starts_with("org.toml: 4 things are wrong; nothing was changed\n  line "), "{told}");
    assert_eq!(log::newest(&hub.db).await.unwrap(), newest);
});

/// A case of a unit, as bare as the store allows.
async fn open_case(hub: &TestHub, unit: i64) {
    let mut tx = hub.tx().await;
    let sql = "insert into cases (id, unit_id, state, title, network, intents, risks, urgency, products, topics, route,
               opened_at, last_post_at, asks, version) values (1, $1, 'open', 't', 'demo', ',', ',', 0, ',', ',', 'r', 0, 0, 1, 1)";
    tx.run(q!(sql, unit)).await.unwrap();
    tx.commit_unlogged("a test's own case").await.unwrap();
}

both_stores!(a_unit_that_owns_open_cases_is_not_archived, |hub| async move {
    import(&hub, SMALL).await;
    let org = Org::load(&hub.db).await.unwrap();
    open_case(&hub, org.unit_by_key("retail-hr").unwrap().id).await;
    let mut file = toml::read(SMALL).unwrap();
    file.units.retain(|unit| unit.key != "retail-hr");
    file.routes.retain(|route| route.to != "retail-hr");
    file.members[1].roles = [("press".to_owned(), Role::Agent)].into();
    let told = refused(&hub, &toml::write(&file)).await;
    assert_eq!(
        told,
        "Retail Croatia cannot be archived yet: it owns 1 open case. First hand them to another unit or resolve them"
    );
    assert!(Org::load(&hub.db).await.unwrap().unit_by_key("retail-hr").is_some());
    let mut tx = hub.tx().await;
    tx.run(q!("update cases set state = 'resolved' where id = 1")).await.unwrap();
    tx.commit_unlogged("a test's own case").await.unwrap();
    let report = import(&hub, &toml::write(&file)).await;
    assert_eq!(report.archived, ["unit retail-hr", "route Croatian complaints"]);
});

both_stores!(a_file_never_locks_the_administrator_out, |hub| async move {
    import(&hub, SMALL).await;
    let text = r#"
[organisation]
name = "Other"
[[unit]]
key = "new"
name = "New"
kind = "hub"
[[member]]
key = "zoe"
name = "Zoe"
email = "zoe@acme.example"
"#;
    let report = import(&hub, text).await;
    assert_eq!(report.kept, ["ana"]);
    assert!(report.archived.contains(&"member ivo".to_owned()));
    assert!(report.to_string().contains("because they are administrators: ana"), "{report}");
    let org = Org::load(&hub.db).await.unwrap();
    assert!(ana(&hub).await.may(Role::Admin, org.hub().unwrap().id));
    let ivo = member::by_key(&hub.db, "ivo").await.unwrap().unwrap();
    assert!(matches!(member::viewer(&hub, ivo.id).await, Err(Error::Forbidden(_))));
    assert!(import(&hub, &unit::export(&hub.db).await.unwrap()).await.is_empty());
    let taken = text.replace("zoe@acme.example", "ana@acme.example");
    assert!(refused(&hub, &taken).await.contains("belongs to the member \"ana\""));
});

both_stores!(units_are_edited_by_administrators_alone, |hub| async move {
    import(&hub, SMALL).await;
    let viewer = ana(&hub).await;
    let ivo = member::by_key(&hub.db, "ivo").await.unwrap().unwrap();
    let ivo = member::viewer(&hub, ivo.id).await.unwrap();
    let spoke =
        toml::UnitEntry { parent: Some("zagreb".into()), ..toml::UnitEntry::named("", "Café & tea", Kind::Spoke) };
    assert!(matches!(unit::add(&hub, &ivo, spoke.clone()).await, Err(Error::Forbidden(_))));
    assert!(matches!(unit::rename(&hub, &ivo, 1, "x").await, Err(Error::Forbidden(_))));
    assert!(matches!(unit::archive(&hub, &ivo, 2).await, Err(Error::Forbidden(_))));
    assert!(matches!(unit::import_by(&hub, &ivo, SMALL).await, Err(Error::Forbidden(_))));
    let id = unit::add(&hub, &viewer, spoke.clone()).await.unwrap();
    let again = unit::add(&hub, &viewer, spoke).await.unwrap_err().to_string();
    assert!(again.contains("exists already"), "{again}");
    unit::rename(&hub, &viewer, id, "Tea").await.unwrap();
    assert!(unit::rename(&hub, &viewer, id, " ").await.unwrap_err().to_string().starts_with("name: it is empty"));
    let org = Org::load(&hub.db).await.unwrap();
    assert_eq!((org.unit(id).unwrap().name.as_str(), org.unit(id).unwrap().key.as_str()), ("Tea", "caf-tea"));
    let held = unit::archive(&hub, &viewer, org.unit_by_key("kettles").unwrap().id).await.unwrap_err().to_string();
    assert_eq!(held, "This unit cannot be archived yet: it still has 1 product; give them to another unit first");
    let hub_itself = unit::archive(&hub, &viewer, org.hub().unwrap().id).await.unwrap_err().to_string();
    assert!(hub_itself.contains("takes what nobody else does"), "{hub_itself}");
    unit::archive(&hub, &viewer, id).await.unwrap();
    assert!(matches!(unit::archive(&hub, &viewer, id).await, Err(Error::NotFound { .. })));
    let kinds: Vec<String> = log::of(&hub.db, "unit", id).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["unit.added", "unit.changed", "unit.archived"]);
    unit::set_organisation(&hub, &viewer, "Acme GmbH", "Europe/Vienna", &["de".into()]).await.unwrap();
    let wrong = unit::set_organisation(&hub, &viewer, "Acme", "Vienna", &[]).await.unwrap_err().to_string();
    assert!(wrong.starts_with("time_zone: no such time zone"), "{wrong}");
    assert_eq!(Org::load(&hub.db).await.unwrap().time_zone, "Europe/Vienna");
});
