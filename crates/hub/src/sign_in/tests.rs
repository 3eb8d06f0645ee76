use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dandelion_networks::{
    contract::{Kept, Trouble},
    networks,
};

use super::*;
use crate::{both_stores, testing::TestHub};

const CANARY: &str = "canary-81f0c2aa";

/// An administrator, and a sign-in that is kept.
async fn signed_in(hub: &TestHub) -> (Viewer, String) {
    let org = "[organisation]\nname = \"T\"\ntime_zone = \"UTC\"\nlanguages = [\"en\"]\n\
               [[unit]]\nkey = \"head\"\nname = \"Head\"\nkind = \"hub\"\n\
               [[member]]\nkey = \"ana\"\nname = \"Ana\"\nemail = \"ana@t.example\"\nroles = [{ unit = \"head\", role = \"admin\" }]\n";
    crate::unit::import(hub, Actor::System("test"), org).await.unwrap();
    let unit = Org::load(&hub.db).await.unwrap().hub().unwrap().id;
    let viewer = Viewer::new(1, "Ana".into(), &[(unit, Role::Admin)], &[(unit, None)]);
    let mut place = Place { credentials: Credentials::none().with("kept", CANARY), ..Place::default() };
    place.settings.insert("did".into(), "did:plc:a".into());
    let connected = Connected { place, name: None, handle: None };
    let about = networks::find("bluesky").unwrap();
    let key = keep(hub, &viewer, about, &connected).await.unwrap();
    (viewer, key)
}

fn renew(count: &Arc<AtomicUsize>, gives: Result<&'static str, Trouble>) -> dandelion_networks::contract::Renew {
    let count = count.clone();
    Box::new(move |_| {
        Box::pin(async move {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            gives.map(ToOwned::to_owned)
        })
    })
}

both_stores!(of_many_who_ask_one_renews_and_all_get_it, |hub| async move {
    let (_, key) = signed_in(&hub).await;
    let count = Arc::new(AtomicUsize::new(0));
    let asked = (0..12).map(|_| {
        // Each as a program of its own would.
        let (keeper, key, count) = (keeper(&hub), key.clone(), count.clone());
        tokio::spawn(async move { keeper.renew(&key, 1, renew(&count, Ok("second"))).await })
    });
    for asked in asked.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), Ok(Kept { version: 2, secret: "second".into() }));
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(keeper(&hub).kept(&key).await.unwrap().version, 2);
});

both_stores!(a_renewal_nobody_waits_for_is_written_down_all_the_same, |hub| async move {
    let (_, key) = signed_in(&hub).await;
    let (keeper, count) = (keeper(&hub), Arc::new(AtomicUsize::new(0)));
    drop(keeper.renew(&key, 1, renew(&count, Ok("second"))));
    for _ in 0..100 {
        if keeper.kept(&key).await.unwrap().version == 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the new tokens are lost");
});

both_stores!(a_lost_answer_is_remembered_until_the_next_one, |hub| async move {
    let (_, key) = signed_in(&hub).await;
    let (keeper, count) = (keeper(&hub), Arc::new(AtomicUsize::new(0)));
    let lost = keeper.renew(&key, 1, renew(&count, Err(Trouble::passing("the connection broke")))).await;
    assert!(matches!(lost, Err(Trouble::Passing { .. })));
    assert_eq!(keeper.kept(&key).await.unwrap().version, 1, "still to be tried");
    let ended = Trouble::Revoked { why: "it has ended; sign in again".into() };
    let told = keeper.renew(&key, 1, renew(&count, Err(ended))).await.unwrap_err().to_string();
    assert!(told.contains("sign in again") && told.contains("was lost on the way"), "{told}");
    assert!(matches!(keeper.kept(&key).await, Err(Trouble::Revoked { why }) if why == told));
    // Nobody shows it again.
    assert!(keeper.renew(&key, 1, renew(&count, Ok("third"))).await.is_err());
    assert_eq!(count.load(Ordering::SeqCst), 2);
});

both_stores!(a_refusal_that_can_be_mended_ends_nothing_and_leaves_no_doubt, |hub| async move {
    let (_, key) = signed_in(&hub).await;
    let (keeper, count) = (keeper(&hub), Arc::new(AtomicUsize::new(0)));
    let refused = keeper.renew(&key, 1, renew(&count, Err(Trouble::wrong("who asks cannot be checked")))).await;
    assert!(matches!(refused, Err(Trouble::Wrong { .. })));
    let ended = Trouble::Revoked { why: "it has ended; sign in again".into() };
    let told = keeper.renew(&key, 1, renew(&count, Err(ended))).await.unwrap_err().to_string();
    assert_eq!(told, "it has ended; sign in again", "no answer was lost");
});

both_stores!(tokens_are_sealed_and_live_through_new_keys, |hub| async move {
    let (_, key) = signed_in(&hub).await;
    let stored = |row: crate::store::Row| row.get::<String, _>("secret").unwrap();
    let before = stored(hub.db.one(q!("select secret from sign_ins")).await.unwrap());
    assert!(vault::is_sealed(&before) && !before.contains(CANARY));
    let first = app(&hub, &"https://hub.example".parse().unwrap()).await.unwrap();
    assert_eq!(vault::rotate(&hub).await.unwrap(), 2, "the tokens and our own key");
    let after = stored(hub.db.one(q!("select secret from sign_ins")).await.unwrap());
    assert_ne!(before, after);
    assert_eq!(keeper(&hub).kept(&key).await.unwrap().secret, CANARY);
    assert_eq!(app(&hub, &"https://hub.example".parse().unwrap()).await.unwrap(), first, "who we are stays");
    assert!(!format!("{:?}", keeper(&hub).kept(&key).await.unwrap()).contains(CANARY));
});

both_stores!(nobody_is_taken_back_who_was_not_sent, |hub| async move {
    let (viewer, _) = signed_in(&hub).await;
    let client = Client::new(dandelion_networks::egress::Egress::default()).unwrap();
    let back = Returned { state: "x".into(), code: Some("y".into()), ..Returned::default() };
    let told = finish(&hub, &viewer, &client, &back).await.unwrap_err().why.to_string();
    assert!(told.contains("begin it again"), "{told}");
});
