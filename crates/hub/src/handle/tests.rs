use super::{Care, Config, Details, Purpose, Used};
use crate::{
    Error, both_stores, handle,
    log::{self, Actor},
    member,
    scope::{Role, Viewer},
    store::q,
    testing::TestHub,
    unit::{self, Org, tests::SMALL},
    vault::Vault,
};

async fn start(hub: &TestHub) -> (Org, Viewer, Viewer) {
    unit::import(hub, Actor::System("command"), SMALL).await.unwrap();
    let viewer = async |key: &str| {
        let id = member::by_key(&hub.db, key).await.unwrap().unwrap().id;
        member::viewer(hub, id).await.unwrap()
    };
    (Org::load(&hub.db).await.unwrap(), viewer("ana").await, viewer("ivo").await)
}

fn news(unit: i64) -> Details {
    Details {
        key: String::new(),
        network: "Demo".into(),
        name: "@Acme_News".into(),
        unit,
        purpose: Purpose::News,
        owner: None,
        deputy: None,
        config: Config { secret: Some("s3cret".into()), ..Config::default() },
    }
}

both_stores!(a_handle_is_added_changed_and_archived, |hub| async move {
    let (org, ana, ivo) = start(&hub).await;
    let press = org.unit_by_key("press").unwrap().id;
    assert!(matches!(handle::add(&hub, &ivo, news(press)).await, Err(Error::Forbidden(_))));
    let id = handle::add(&hub, &ana, news(press)).await.unwrap();
    let stored = handle::find(&hub.db, id).await.unwrap();
    assert_eq!((stored.key.as_str(), stored.network.as_str()), ("acme-news", "demo"));
    let twice = handle::add(&hub, &ana, Details { key: "x".into(), name: "acme_news".into(), ..news(press) }).await;
    assert!(twice.unwrap_err().to_string().contains("is the handle \"acme-news\" already"));
    // A change that says nothing of the secret leaves it; an empty one removes it.
    let address = Some("https://demo.example/p".to_owned());
    let config = Config { address, honours_keys: true, ..Config::default() };
    handle::change(&hub, &ana, id, Details { config: config.clone(), ..news(press) }).await.unwrap();
    assert_eq!(
        handle::find(&hub.db, id).await.unwrap().config.secret_value(hub.db.vault(), id).unwrap().as_deref(),
        Some("s3cret")
    );
    let text = unit::export(&hub.db).await.unwrap();
    assert!(!text.contains("s3cret") && text.contains("@Acme_News"));
    assert!(unit::import(&hub, Actor::System("command"), &text).await.unwrap().is_empty());
    let emptied = Config { secret: Some(String::new()), ..config };
    handle::change(&hub, &ana, id, Details { config: emptied, ..news(press) }).await.unwrap();
    assert_eq!(handle::find(&hub.db, id).await.unwrap().config.secret, None);
    handle::archive(&hub, &ana, id).await.unwrap();
    assert!(matches!(handle::archive(&hub, &ana, id).await, Err(Error::NotFound { .. })));
    let kinds: Vec<String> = log::of(&hub.db, "handle", id).await.unwrap().into_iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["handle.added", "handle.changed", "handle.changed", "handle.archived"]);
});

both_stores!(what_does_not_fit_is_refused_in_words, |hub| async move {
    let (org, ana, ivo) = start(&hub).await;
    let press = org.unit_by_key("press").unwrap().id;
    for (details, says) in [
        (Details { name: " ".into(), ..news(press) }, "name: it is empty"),
        (Details { network: "a b".into(), ..news(press) }, "network: "),
        (Details { key: "Ä".into(), ..news(press) }, "key: a key is"),
        (Details { owner: Some(99), ..news(press) }, "no member 99"),
        (
            Details { config: Config { address: Some("ftp://x".into()), ..Config::default() }, ..news(press) },
            "address: this is no web address",
        ),
    ] {
        let told = handle::add(&hub, &ana, details).await.unwrap_err().to_string();
        assert!(told.contains(says), "{told}");
    }
    // Out of sight is not there at all.
    assert!(matches!(handle::archive(&hub, &ivo, 1).await, Err(Error::NotFound { .. })));
    let network = dandelion_post::Network::new("demo").unwrap();
    handle::add(&hub, &ana, news(press)).await.unwrap();
    let mine = handle::for_unit(&hub.db, press, &network).await.unwrap();
    assert_eq!(mine.iter().map(|handle| handle.key.as_str()).collect::<Vec<_>>(), ["acme-news", "care"]);
});

both_stores!(a_lead_says_who_looks_after_a_handle, |hub| async move {
    let (org, ana, ivo) = start(&hub).await;
    let press = org.unit_by_key("press").unwrap().id;
    let id = handle::add(&hub, &ana, news(press)).await.unwrap();
    assert_eq!(handle::used_last(&hub.db, id).await.unwrap(), Used::default(), "never used");
    let (anas, ivos) = (ana.member, ivo.member);
    let care = |owner, deputy| Care { purpose: Purpose::Care, owner, deputy };
    assert!(matches!(handle::entrust(&hub, &ivo, id, care(Some(ivos), None)).await, Err(Error::Forbidden(_))));
    let units = [(press, None)];
    let lead = Viewer::new(ivos, "Ivo".into(), &[(press, Role::Lead)], &units);
    for (wrong, says) in [
        (care(None, Some(ivos)), "name an owner first"),
        (care(Some(ivos), Some(ivos)), "nobody stands in for themselves"),
        (care(Some(99), None), "no member 99"),
    ] {
        let told = handle::entrust(&hub, &lead, id, wrong).await.unwrap_err().to_string();
        assert!(told.contains(says), "{told}");
    }
    let now = handle::entrust(&hub, &lead, id, care(Some(anas), Some(ivos))).await.unwrap();
    assert_eq!(handle::by_key(&hub.db, "acme-news").await.unwrap(), now);
    assert_eq!((now.purpose, now.owner, now.deputy), (Purpose::Care, Some(anas), Some(ivos)));
    assert_eq!(now.config.secret_value(hub.db.vault(), id).unwrap().as_deref(), Some("s3cret"), "the rest stays");
    handle::entrust(&hub, &lead, id, care(Some(anas), Some(ivos))).await.unwrap();
    let kinds: Vec<String> = log::of(&hub.db, "handle", id).await.unwrap().into_iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["handle.added", "handle.entrusted"], "what changes nothing is no event");
    // What was said last, and by whom.
    let mut tx = hub.tx().await;
    let sql = "insert into cases (id, unit_id, state, title, network, intents, risks, urgency, products, topics, route, opened_at, last_post_at, asks, version)
               values (1, $1, 'open', 't', 'demo', '', '', 0, '', '', '', 0, 0, 1, 1)";
    tx.run(q!(sql, press)).await.unwrap();
    for (reply, by, state, sent) in
        [(1_i64, anas, "sent", Some(7_i64)), (2, ivos, "sent", Some(9)), (3, anas, "draft", None)]
    {
        let sql = "insert into replies (id, case_id, handle_id, member_id, text, state, key, version, created_at, changed_at, attempts, sent_at)
                   values ($1, 1, $2, $3, 't', $4, $5, 1, 0, 0, 1, $6)";
        tx.run(q!(sql, reply, id, by, state, format!("k{reply}"), sent)).await.unwrap();
    }
    tx.log(log::Entry::new("test.prepared", "test", 0));
    tx.commit().await.unwrap();
    let used = handle::used(&hub.db).await.unwrap();
    assert_eq!((used[&id].answered_at, used[&id].answered_by_id), (Some(9), Some(ivos)));
    assert_eq!(used[&id], handle::used_last(&hub.db, id).await.unwrap());
    assert_eq!(used.len(), handle::all(&hub.db).await.unwrap().len());
    handle::archive(&hub, &ana, id).await.unwrap();
    assert!(matches!(handle::entrust(&hub, &lead, id, care(None, None)).await, Err(Error::NotFound { .. })));
});

#[test]
fn only_our_own_variables_are_read() {
    let vault = Vault::in_folder(std::path::Path::new("nowhere"), crate::Random::System);
    let config = |secret: &str| Config { secret: Some(secret.into()), ..Config::default() };
    assert!(config("env:HOME").secret_value(&vault, 1).unwrap_err().to_string().contains("begins with DANDELION_"));
    let told = config("env:DANDELION_NO_SUCH_SECRET").secret_value(&vault, 1).unwrap_err().to_string();
    assert!(told.contains("is not set"), "{told}");
}
