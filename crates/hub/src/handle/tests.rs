use super::{Config, Details, Purpose};
use crate::{
    Error, both_stores, handle,
    log::{self, Actor},
    member,
    scope::Viewer,
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

#[test]
fn only_our_own_variables_are_read() {
    let vault = Vault::in_folder(std::path::Path::new("nowhere"), crate::Random::System);
    let config = |secret: &str| Config { secret: Some(secret.into()), ..Config::default() };
    assert!(config("env:HOME").secret_value(&vault, 1).unwrap_err().to_string().contains("begins with DANDELION_"));
    let told = config("env:DANDELION_NO_SUCH_SECRET").secret_value(&vault, 1).unwrap_err().to_string();
    assert!(told.contains("is not set"), "{told}");
}
