use dandelion_networks::activitypub;
use serde_json::json;
use url::Url;

use super::{NewActor, all, follow, followers, inboxes, make, moved, unfollow};
use crate::{
    Error, both_stores,
    fixture::{all_is_well, ready},
    log,
    unit::Org,
    vault,
};

fn somebody(name: &str, server: &str) -> activitypub::Actor {
    let id = format!("https://{server}/users/{name}");
    let document = json!({ "id": id, "inbox": format!("{id}/inbox"), "endpoints": { "sharedInbox": format!("https://{server}/inbox") } });
    activitypub::Actor::read(&document).expect("an actor")
}

both_stores!(an_actor_is_made_once_and_followed, |hub| async move {
    ready(&hub).await;
    let base = Url::parse("https://care.example/").unwrap();
    let unit = Org::load(&hub.db).await.unwrap().hub().expect("a hub").id;
    let new = |name: &str| NewActor { name: name.into(), label: "Acme Care".into(), unit };
    let by = || log::Actor::System("test");
    for wrong in ["", "a b", "ä", "a/b", &"x".repeat(31)] {
        assert!(matches!(make(&hub, by(), &base, &new(wrong)).await, Err(Error::Invalid { .. })), "{wrong}");
    }
    let actor = make(&hub, by(), &base, &new("@Care")).await.unwrap();
    assert_eq!(
        (actor.ours.id.as_str(), actor.handle.name.as_str()),
        ("https://care.example/actors/care", "@care@care.example")
    );
    assert!(actor.handle.config.secret.as_deref().is_some_and(vault::is_sealed));
    let again = make(&hub, by(), &base, &new("care")).await.unwrap();
    assert_eq!((again.handle.id, again.source.id), (actor.handle.id, actor.source.id));
    let pem = actor.signer(&hub).unwrap().keys.public_pem();
    assert_eq!(again.signer(&hub).unwrap().keys.public_pem(), pem, "the key stays");
    assert_eq!(
        actor.ours.document(&base, &actor.signer(&hub).unwrap().keys)["publicKey"]["publicKeyPem"],
        pem.as_str()
    );
    // Reached by another address it is not this actor.
    assert!(all(&hub, &Url::parse("https://other.example/").unwrap()).await.unwrap().is_empty());

    let (ana, bob) = (somebody("ana", "a.example"), somebody("bob", "a.example"));
    for who in [&ana, &bob, &ana] {
        follow(&hub, &actor, who).await.unwrap();
    }
    assert_eq!(followers(&hub.db, actor.handle.id).await.unwrap(), 2);
    assert_eq!(inboxes(&hub.db, actor.handle.id).await.unwrap(), ["https://a.example/inbox"]);
    assert_eq!(moved(&hub, &actor, &ana.id, &somebody("ana", "b.example")).await.unwrap(), 1);
    assert_eq!(
        inboxes(&hub.db, actor.handle.id).await.unwrap(),
        ["https://a.example/inbox", "https://b.example/inbox"]
    );
    assert_eq!(
        moved(&hub, &actor, &bob.id, &somebody("ana", "b.example")).await.unwrap(),
        1,
        "who is there already is there once"
    );
    assert_eq!(followers(&hub.db, actor.handle.id).await.unwrap(), 1);
    unfollow(&hub, &actor, "https://b.example/users/ana").await.unwrap();
    unfollow(&hub, &actor, "https://b.example/users/ana").await.unwrap();
    assert_eq!(followers(&hub.db, actor.handle.id).await.unwrap(), 0);
    assert_eq!(actor.note(&hub, "nothing").await.unwrap(), None);
    all_is_well(&hub).await;
});
