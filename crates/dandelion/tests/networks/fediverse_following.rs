//! Accounts of other servers that an actor of ours follows: asked, heard, moved after, taken off.

use std::time::{Duration, Instant};

use dandelion_hub::{
    actor::{self, Follow, FollowState, NewActor},
    both_stores,
    log::Actor,
    testing::TestHub,
};
use dandelion_networks::activitypub::Remote;
use serde_json::{Value, json};

use crate::{
    bell::until,
    fediverse::{Here, Other},
    peer::ONE,
};

impl Here {
    /// A person says whom our actor follows.
    async fn follow(&self, typed: &str) -> Follow {
        let remote = Remote::new(self.client.clone());
        let follow = actor::follow_account(&self.world.hub, &self.world.viewer, &remote, &self.actor, typed).await;
        follow.expect("an account")
    }

    async fn unfollow(&self, follow: &Follow) {
        let done = actor::unfollow_account(&self.world.hub, &self.world.viewer, &self.actor, follow.id).await;
        done.expect("it is taken off");
    }

    async fn followed(&self) -> Vec<Follow> {
        actor::followed(&self.world.hub.db, self.actor.handle.id).await.expect("a list")
    }

    async fn stands(&self, state: FollowState) -> bool {
        self.followed().await.iter().any(|follow| follow.state == state)
    }

    async fn gone(&self) -> bool {
        self.world.posts(self.actor.source.id).await.iter().any(|post| post.deleted)
    }
}

impl Other {
    fn handle(&self, name: &str) -> String {
        format!("@{name}@{}", self.base.trim_start_matches("http://"))
    }

    /// Says something to all who follow, and whether it is here within two seconds.
    async fn heard(&self, here: &Here, what: Value, words: &str) -> String {
        let said = Instant::now();
        let id = self.send(what).await;
        until(words, || here.has(words)).await;
        let taken = said.elapsed();
        assert!(taken < Duration::from_secs(2), "{words}: {taken:?}");
        eprintln!("{}: {words}: stored {} ms after it was said", self.base, taken.as_millis());
        id
    }
}

/// Asked, refused, asked again, heard, taken off.
async fn followed_at(test: TestHub, name: &'static str) {
    let _turn = ONE.lock().await;
    let Some(other) = Other::start(name).await else { return };
    let here = Here::start(&test).await;
    let ana = other.handle("ana");
    // They refuse.
    other.send(json!({ "kind": "answers", "with": "Reject" })).await;
    here.follow(&ana).await;
    assert_eq!(here.deliver().await, 1);
    until("they refuse", || here.stands(FollowState::Refused)).await;
    // They think about it: what was asked stands as asked.
    other.send(json!({ "kind": "answers", "with": null })).await;
    let asked = here.follow(&ana).await;
    assert_eq!(here.deliver().await, 1);
    until("they are asked", || async { other.got("Follow").await.len() == 2 }).await;
    assert!(here.stands(FollowState::Asked).await);
    here.unfollow(&asked).await;
    assert_eq!(here.deliver().await, 1);
    until("they are asked no longer", || async { other.got("Undo").await.len() == 1 }).await;
    // They agree.
    other.send(json!({ "kind": "answers", "with": "Accept" })).await;
    let follow = here.follow(&ana).await;
    assert_eq!(here.deliver().await, 1);
    until("they agree", || here.stands(FollowState::Accepted)).await;
    assert_eq!(here.undelivered().await, actor::Undelivered::default());
    heard_of(&here, &other).await;
    here.unfollow(&follow).await;
    assert_eq!((here.deliver().await, here.followed().await.len()), (1, 0));
    until("they know that we follow no longer", || async { other.got("Undo").await.len() == 2 }).await;
    let before = here.world.posts(here.actor.source.id).await.len();
    other.send(json!({ "kind": "Create", "text": "<p>kettle, unheard</p>" })).await;
    // Named they are heard as before.
    let us = here.actor.ours.id.clone();
    other.send(json!({ "kind": "Create", "actor": us, "text": "<p>kettle to us</p>" })).await;
    until("what is said to us is here", || here.has("kettle to us")).await;
    assert_eq!(here.world.posts(here.actor.source.id).await.len(), before + 1);
    let source = here.world.source(here.actor.source.id).await;
    assert!(source.accounting.balances() && source.accounting.refused == 0, "{}", source.accounting);
    here.world.check().await;
}

/// What they say to all who follow them comes here, and nothing that is for some alone.
async fn heard_of(here: &Here, other: &Other) {
    let text = json!({ "kind": "Create", "text": "<p>my kettle leaks</p>" });
    let note = other.heard(here, text, "my kettle leaks").await;
    let posts = here.world.posts(here.actor.source.id).await;
    assert_eq!((posts.len(), posts[0].ours, posts[0].case.is_some()), (1, false, true));
    let text = json!({ "kind": "Update", "id": note, "text": "<p>my kettle is <b>gone</b></p>" });
    other.heard(here, text, "my kettle is gone").await;
    other.send(json!({ "kind": "Delete", "id": note })).await;
    until("the deletion is here", || here.gone()).await;
    other.send(json!({ "kind": "Create", "text": "<p>a kettle for friends</p>", "some": true })).await;
    // What they pass on is read where it was said; said by themselves it is theirs.
    let kept = other.send(json!({ "kind": "Keep", "text": "<p>an old kettle</p>" })).await;
    other.heard(here, json!({ "kind": "Announce", "id": kept }), "an old kettle").await;
    other.heard(here, json!({ "kind": "Create", "text": "<p>the next kettle</p>" }), "the next kettle").await;
    let posts = here.world.posts(here.actor.source.id).await;
    assert_eq!(posts.len(), 3, "{posts:?}");
    let source = here.world.source(here.actor.source.id).await;
    assert_eq!((source.accounting.stored, source.accounting.duplicate), (5, 0), "{}", source.accounting);
}

both_stores!(fedify_is_followed, |hub| followed_at(hub, "fedify"));
both_stores!(pubby_is_followed, |hub| followed_at(hub, "pubby"));

both_stores!(who_moves_is_followed_there_and_who_is_down_is_asked_when_they_are_back, |hub| async move {
    let _turn = ONE.lock().await;
    let Some(mut other) = Other::start("fedify").await else { return };
    let mut here = Here::start(&hub).await;
    // The second account of ours follows: what is heard is its own, not the first one's.
    let new = NewActor { name: "news".into(), label: "Acme News".into(), unit: here.world.unit };
    here.actor = actor::make(&here.world.hub, Actor::System("test"), &here.base, &new).await.expect("an actor");
    // Their server dies before it is asked, and ours once it has asked.
    here.follow(&other.handle("ana")).await;
    other.go_down();
    assert_eq!(here.deliver().await, 1);
    let waiting = here.followed().await.remove(0);
    assert!(waiting.state == FollowState::Asked && waiting.told_at.is_none() && waiting.error.is_some(), "{waiting:?}");
    other.come_up().await;
    let due =
        ["update deliveries set next_attempt_at = 0, lease_until = null where next_attempt_at is not null".to_owned()];
    hub.sql(&due).await;
    let delivery = here.deliverer.claim(&[]).await.expect("a store").expect("the question");
    drop(here.deliverer.make(&delivery).await.expect("a store"));
    hub.sql(&due).await;
    assert_eq!(here.deliver().await, 1, "what a dead program had claimed is made again");
    until("they agree", || here.stands(FollowState::Accepted)).await;
    let ids: std::collections::BTreeSet<String> =
        other.got("Follow").await.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "asked twice it is asked once");
    // They move, and both places say so.
    other.send(json!({ "kind": "Move" })).await;
    until("they are followed there", || here.stands(FollowState::Asked)).await;
    assert_eq!(here.deliver().await, 2);
    until("they agree there", || here.stands(FollowState::Accepted)).await;
    let followed = here.followed().await;
    assert_eq!(followed.len(), 1);
    assert!(followed[0].actor.ends_with("/users/ana-anew"), "{followed:?}");
    assert_eq!(followed[0].moved_from.as_deref(), Some(other.handle("ana").trim_start_matches('@')));
    until("nobody follows where they were", || async { other.got("Undo").await.len() == 1 }).await;
    assert_eq!(other.got("Undo").await[0]["whom"], "ana");
    let text = json!({ "kind": "Create", "as": "ana-anew", "text": "<p>a kettle in the new place</p>" });
    other.heard(&here, text, "a kettle in the new place").await;
    here.world.check().await;
});
