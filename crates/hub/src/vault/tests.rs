use std::os::unix::fs::PermissionsExt as _;

use dandelion_networks::{
    contract::{Credentials, Place},
    networks,
};

use super::*;
use crate::{
    both_stores,
    handle::{self, Config, Details, Purpose},
    scope::{Role, Viewer},
    source::{self, NewPlace},
    testing::TestHub,
};

const CANARY: &str = "canary-5ccf1a7e";

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("dandelion-vault-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_secret_is_opened_by_its_key_and_its_place_only() {
    let folder = folder("opened");
    let vault = Vault::in_folder(&folder, Random::System);
    assert!(!folder.join("keys").exists(), "no secret, no key");
    let sealed = vault.seal("handle 1", CANARY).unwrap();
    assert!(is_sealed(&sealed) && !sealed.contains(CANARY));
    assert_ne!(sealed, vault.seal("handle 1", CANARY).unwrap(), "each time another nonce");
    assert_eq!(vault.open("handle 1", &sealed).unwrap(), CANARY);
    assert!(matches!(vault.open("handle 2", &sealed), Err(Error::Damaged(_))), "moved to another row");
    let mut bent = sealed.clone();
    let last = if bent.pop() == Some('A') { 'B' } else { 'A' };
    bent.push(last);
    assert!(matches!(vault.open("handle 1", &bent), Err(Error::Damaged(_))));
    for broken in ["sealed:1:", "sealed:1:x", "sealed:1:x:", "sealed:1:x:AAAA"] {
        assert!(vault.open("handle 1", broken).is_err(), "{broken}");
    }
    assert_eq!(vault.open("handle 1", "plain").unwrap(), "plain");
    let mode = fs::metadata(folder.join("keys")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{vault:?}").contains(&URL_SAFE_NO_PAD.encode(vault.newest().unwrap().bytes)));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_old_key_opens_what_it_sealed_and_a_missing_one_is_named() {
    let folder = folder("old");
    let vault = Vault::in_folder(&folder, Random::System);
    let before = vault.seal("x", CANARY).unwrap();
    let other = Vault::in_folder(&folder, Random::System);
    other.add_key().unwrap();
    let after = other.seal("x", CANARY).unwrap();
    assert_ne!(before.split(':').nth(2), after.split(':').nth(2));
    assert_eq!(other.open("x", &before).unwrap(), CANARY);
    assert_eq!(vault.open("x", &after).unwrap(), CANARY, "a key made by another program is found");
    fs::write(folder.join("keys"), "").unwrap();
    let told = Vault::in_folder(&folder, Random::System).open("x", &after).unwrap_err().to_string();
    assert!(told.contains("does not hold") && told.contains("enter the secret again"), "{told}");
    fs::write(folder.join("keys"), "nonsense\n").unwrap();
    assert!(Vault::in_folder(&folder, Random::System).seal("x", "y").is_err(), "never a new key over an old file");
    fs::remove_dir_all(folder).unwrap();
}

/// An installation in which every place for a secret holds the canary.
async fn filled(hub: &TestHub) -> (Viewer, i64, i64) {
    let org = "[organisation]\nname = \"T\"\ntime_zone = \"UTC\"\nlanguages = [\"en\"]\n\
               [[unit]]\nkey = \"head\"\nname = \"Head\"\nkind = \"hub\"\n\
               [[member]]\nkey = \"ana\"\nname = \"Ana\"\nemail = \"ana@t.example\"\nroles = [{ unit = \"head\", role = \"admin\" }]\n";
    crate::unit::import(hub, Actor::System("test"), org).await.unwrap();
    let unit = crate::unit::Org::load(&hub.db).await.unwrap().hub().unwrap().id;
    let viewer = Viewer::new(1, "Ana".into(), &[(unit, Role::Admin)], &[(unit, None)]);
    let config = Config { address: Some("https://m.example".into()), secret: Some(CANARY.into()), ..Config::default() };
    let details = Details {
        key: "care".into(),
        network: "mastodon".into(),
        name: "@care@m.example".into(),
        unit,
        purpose: Purpose::Care,
        owner: None,
        deputy: None,
        config,
    };
    let handle = handle::add(hub, &viewer, details).await.unwrap();
    let place = Place {
        url: "https://m.example".into(),
        credentials: Credentials::none().with("token", CANARY),
        ..Place::default()
    };
    let about = networks::find("mastodon").unwrap();
    let new = NewPlace { name: "Mentions".into(), about, unit: Some(unit), place };
    let source = source::connect_place(hub, Actor::System("test"), new).await.unwrap();
    (viewer, handle, source.id)
}

both_stores!(secrets_live_through_rotation, |hub| async move {
    let (_, handle, source) = filled(&hub).await;
    let before = handle::find(&hub.db, handle).await.unwrap().config.secret.unwrap();
    assert_eq!(rotate(&hub).await.unwrap(), 2);
    let after = handle::find(&hub.db, handle).await.unwrap().config;
    assert_ne!(after.secret.as_deref(), Some(before.as_str()));
    assert_eq!(after.secret_value(hub.db.vault(), handle).unwrap().as_deref(), Some(CANARY));
    let credentials = source::find(&hub, source).await.unwrap().credentials(&hub.db).unwrap();
    assert_eq!(credentials.get("token"), Some(CANARY));
    assert!(crate::check::run(&hub).await.unwrap().iter().all(|finding| finding.ok));
});

both_stores!(what_was_stored_in_the_clear_is_sealed_at_the_next_start, |hub| async move {
    let (_, handle, _) = filled(&hub).await;
    hub.sql(&[
        format!("update handles set config = '{{\"address\":\"https://m.example\",\"secret\":\"{CANARY}\"}}'"),
        "insert into source_secrets (id, source_id, secret, created_at) values (900, 1, 'whsec_open', 0)".to_owned(),
    ])
    .await;
    seal_what_is_not(&hub.db).await.unwrap();
    let config = handle::find(&hub.db, handle).await.unwrap().config;
    assert!(is_sealed(config.secret.as_deref().unwrap()));
    assert_eq!(config.secret_value(hub.db.vault(), handle).unwrap().as_deref(), Some(CANARY));
    let row = hub.db.one(q!("select secret from source_secrets where id = 900")).await.unwrap();
    let stored: String = row.get("secret").unwrap();
    assert_eq!(hub.db.vault().open(&source_secret(900), &stored).unwrap(), "whsec_open");
});

/// Nothing that leaves the program, and nothing on disk but the key file's holder can read, has a secret in it.
#[tokio::test]
async fn no_canary_anywhere() {
    let hub = TestHub::sqlite().await;
    let (viewer, handle, source) = filled(&hub).await;
    let found = source::find(&hub, source).await.unwrap();
    let shown = [
        format!("{:?}", handle::find(&hub.db, handle).await.unwrap()),
        serde_json::to_string(&found).unwrap(),
        format!("{found:?}"),
        crate::unit::export(&hub.db).await.unwrap(),
        format!("{:?}", crate::log::of(&hub.db, "source", source).await.unwrap()),
        format!("{:?}", crate::log::of(&hub.db, "handle", handle).await.unwrap()),
        format!("{:?}", found.credentials(&hub.db).unwrap()),
        format!(
            "{:?}",
            handle::find(&hub.db, handle).await.unwrap().config.account(hub.db.vault(), handle, "mastodon").unwrap()
        ),
    ];
    for text in shown {
        assert!(!text.contains(CANARY), "{text}");
    }
    // An error that quotes what it was given never quotes a secret.
    let bad =
        Place { url: "nowhere".into(), credentials: Credentials::none().with("token", CANARY), ..Place::default() };
    let new = NewPlace { name: "x".into(), about: networks::find("mastodon").unwrap(), unit: None, place: bad };
    let told = source::connect_place(&hub, Actor::Member(viewer.member), new).await.unwrap_err().to_string();
    assert!(told.contains("url") && !told.contains(CANARY), "{told}");
    let backup = hub.folder().join("backup.db");
    hub.db.copy_into(&backup).await.unwrap();
    hub.db.close().await;
    let mut looked_at = 0;
    for file in fs::read_dir(hub.folder()).unwrap() {
        let file = file.unwrap().path();
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "{}", file.display());
        looked_at += 1;
    }
    assert!(looked_at >= 3, "database, backup and keys were looked at");
}
