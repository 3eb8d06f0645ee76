//! Accounts that our actor follows: found, asked, heard.

use serde_json::{Value, json};

use super::{Delivery, OURS, There, now, only, secret};
use crate::{
    activitypub::{Act, Ours, Remote, look_up, signer},
    contract::Trouble,
    outgoing::testing::loopback,
};

/// What accounts that our actor follows say to everybody is heard, and what they pass on; nothing else of theirs.
#[tokio::test]
async fn whoever_is_followed_is_heard() {
    let (there, elsewhere) = (There::start().await, There::start().await);
    let remote = Remote::new(loopback());
    let at = format!("{}/notes/1", there.base);
    let public = |change: &dyn Fn(&mut Value)| {
        let mut note = there.note();
        (note["cc"], note["tag"]) = (json!([format!("{}/followers", there.id("ana"))]), json!([]));
        change(&mut note);
        note
    };
    // Not named anywhere: said to everybody, or to whoever follows.
    let said = |kind: &str, object: &Value| {
        let mut activity = there.activity(kind, object);
        activity["cc"] = json!([]);
        activity
    };
    let note = public(&|_| {});
    let post = only(Delivery::heard(&there, said("Create", &note)).arrive(&remote).await);
    assert_eq!((post.text.as_str(), post.id.as_str()), ("It leaks", at.as_str()));
    let edited =
        public(&|note| (note["content"], note["updated"]) = ("It is fine".into(), "2026-03-02T09:00:00Z".into()));
    assert_eq!(only(Delivery::heard(&there, said("Update", &edited)).arrive(&remote).await).text, "It is fine");
    let gone = json!({ "id": at, "type": "Tombstone" });
    assert!(only(Delivery::heard(&there, said("Delete", &gone)).arrive(&remote).await).deleted_at.is_some());
    // What they pass on is read where it was said: by its address, by itself, or as groups pass on what was done.
    let bob = json!({ "id": format!("{}/notes/7", elsewhere.base), "type": "Note", "attributedTo": elsewhere.id("bob"),
        "content": "By Bob", "to": "as:Public" });
    elsewhere.actor("bob", |_| {});
    elsewhere.show_json("/notes/7", &bob);
    let create = json!({ "id": format!("{}/activities/7", elsewhere.base), "type": "Create", "object": bob });
    let lying = json!({ "id": bob["id"], "type": "Note", "content": "By somebody else" });
    for object in [bob["id"].clone(), lying, create] {
        let post = only(Delivery::heard(&there, said("Announce", &object)).arrive(&remote).await);
        assert_eq!(post.text, "By Bob");
        assert_eq!(post.author.unwrap().id, Some(elsewhere.id("bob")));
    }
    // Words for some are not for us, nor is what is not said at all.
    there.show_json(
        "/notes/8",
        &public(&|note| (note["id"], note["to"]) = (format!("{}/notes/8", there.base).into(), json!([]))),
    );
    elsewhere.show_json(
        "/notes/9",
        &json!({ "id": format!("{}/notes/9", elsewhere.base), "type": "Note", "to": [elsewhere.id("bob")],
        "attributedTo": elsewhere.id("bob"), "content": "x" }),
    );
    for activity in [
        said("Create", &public(&|note| note["to"] = json!([there.id("bob")]))),
        said("Create", &json!(format!("{}/notes/8", there.base))),
        said("Announce", &json!(format!("{}/notes/9", elsewhere.base))),
        said("Announce", &json!(format!("{OURS}/posts/1"))),
        said("Announce", &json!({ "type": "Like", "id": at })),
        said("Update", &json!({ "id": there.id("ana"), "type": "Person" })),
        said("Like", &json!(at)),
    ] {
        assert_eq!(Delivery::heard(&there, activity.clone()).arrive(&remote).await, Ok(Act::Nothing), "{activity}");
    }
    // Whoever is not followed is not heard, and nobody is asked because of them.
    let asked = (there.asked(), elsewhere.asked());
    for activity in [said("Create", &note), said("Update", &edited), said("Announce", &bob["id"])] {
        assert_eq!(Delivery::of(&there, activity.clone()).arrive(&remote).await, Ok(Act::Nothing), "{activity}");
    }
    assert_eq!((there.asked(), elsewhere.asked()), asked);
    there.show_json("/notes/1", &note);
    let by_address = Delivery::of(&there, said("Create", &json!(at))).arrive(&remote).await;
    assert_eq!(by_address, Ok(Act::Nothing), "it is not said to us, as its own server shows");
    // Following somebody makes nobody else believed.
    let mut forged = Delivery::heard(&there, said("Create", &note));
    forged.activity["object"]["attributedTo"] = there.id("bob").into();
    assert!(forged.arrive(&remote).await.unwrap_err().why.contains("somebody else's"));
    let mut forged = Delivery::heard(&there, said("Create", &note));
    forged.key_id = format!("{}#main-key", elsewhere.id("ana"));
    assert!(forged.arrive(&remote).await.unwrap_err().why.contains("another server"));
}

/// Answers count where we asked, from whom we asked.
#[tokio::test]
async fn answers_to_our_asking_are_understood() {
    let there = There::start().await;
    let remote = Remote::new(loopback());
    let us = Ours { name: "care".into(), label: "Care".into(), id: OURS.into() };
    let ana = there.id("ana");
    let follow = us.follow(&ana, "k1");
    assert_eq!((&follow["type"], &follow["actor"], &follow["object"]), (&json!("Follow"), &json!(OURS), &json!(ana)));
    let undo = us.unfollow(&ana, "k1");
    assert_eq!((&undo["type"], &undo["object"]["id"]), (&json!("Undo"), &follow["id"]));
    assert_eq!(us.follow(&ana, "k1"), follow, "one time of asking has one address");
    assert_ne!(us.follow(&ana, "k2")["id"], follow["id"]);
    let mut bare = follow.clone();
    bare["id"] = format!("{}/mine/1", there.base).into();
    let nameless = json!(format!("{}/mine/1", there.base));
    // By what was asked, by its address alone, and by what only they know.
    for object in [follow.clone(), follow["id"].clone(), bare, nameless] {
        let act = |kind: &str| Delivery::heard(&there, there.activity(kind, &object));
        let (ours, actor) = (OURS.to_owned(), ana.clone());
        assert_eq!(act("Accept").arrive(&remote).await, Ok(Act::Accepted { ours: ours.clone(), actor: actor.clone() }));
        assert_eq!(act("Reject").arrive(&remote).await, Ok(Act::Refused { ours, actor }));
    }
    let asked = there.asked();
    for kind in ["Accept", "Reject"] {
        // Somebody whom we did not ask: nobody is even asked for a key.
        let fresh = Remote::new(loopback());
        let no = Delivery::of(&there, there.activity(kind, &follow)).arrive(&fresh).await.unwrap_err();
        assert!(no.status == 403 && no.why.contains("none of our actors asked"), "{no}");
        // Somebody answers for another, or what another of ours asked.
        let (mut other, mut foreign) = (follow.clone(), follow.clone());
        other["object"] = there.id("bob").into();
        foreign["actor"] = "https://care.example/actors/other".into();
        foreign["id"] = "https://care.example/actors/other/follows/k1".into();
        for (object, due) in [(other, (401, "only who is asked")), (foreign, (403, "none of our actors asked"))] {
            let no = Delivery::heard(&there, there.activity(kind, &object)).arrive(&remote).await.unwrap_err();
            assert!(no.status == due.0 && no.why.contains(due.1), "{no} does not say: {due:?}");
        }
        // The key has to be theirs.
        there.actor("bob", |_| {});
        let mut forged = Delivery::heard(&there, there.activity(kind, &follow));
        forged.key_id = format!("{}#main-key", there.id("bob"));
        assert!(forged.arrive(&remote).await.unwrap_err().why.contains("another actor's"));
    }
    assert_eq!(there.asked(), asked + 1, "Bob is asked for his key, once");
}

/// Accounts are found by their handle and by their page; where there is none, the words say what to do.
#[tokio::test]
async fn accounts_are_looked_up() {
    let there = There::start().await;
    let remote = Remote::new(loopback());
    let us = signer(OURS, secret()).unwrap();
    let host = there.base.trim_start_matches("http://").to_owned();
    let finger = |name: &str, links: &Value| {
        let path = format!("/.well-known/webfinger?resource=acct%3A{name}%40{}", host.replace(':', "%3A"));
        there.show(&path, "application/jrd+json", &json!({ "subject": "x", "links": links }).to_string());
    };
    let page = json!({ "rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": there.id("page") });
    let link = |name: &str| json!({ "rel": "self", "type": "application/activity+json", "href": there.id(name) });
    finger("ana", &json!([page, link("ana")]));
    for typed in [format!("@ana@{host}"), format!(" ana@{host} "), format!("acct:ana@{host}"), there.id("ana")] {
        let found = look_up(&remote, &us, &typed, now()).await.unwrap();
        assert_eq!((found.actor.id.clone(), found.handle), (there.id("ana"), format!("ana@{host}")), "{typed}");
    }
    // A page of somebody shows their document to whoever asks for it.
    let document = there.documents.lock().unwrap()["/users/ana"].1.clone();
    there.show("/@ana", "application/activity+json", &document);
    assert_eq!(look_up(&remote, &us, &format!("{}/@ana", there.base), now()).await.unwrap().actor.id, there.id("ana"));
    finger("page", &json!([page]));
    finger("gone", &json!([link("gone")]));
    there.show("/about", "text/html", "<p>about us");
    there.show_json("/notes/1", &there.note());
    for (typed, due) in [
        ("kettles".to_owned(), "write a handle with its server"),
        (format!("@nobody@{host}"), "knows nobody called nobody; check the spelling"),
        (format!("@page@{host}"), "names no account of the fediverse called page"),
        (format!("@gone@{host}"), "does not show us the account; it may be gone"),
        (format!("{}/about", there.base), "of another kind"),
        (format!("{}/notes/1", there.base), "this address shows no account"),
        (format!("@{}@{host}", "x".repeat(600)), "too long"),
    ] {
        let trouble = look_up(&remote, &us, &typed, now()).await.unwrap_err();
        assert!(trouble.to_string().contains(due), "{trouble} does not say: {due}");
    }
    // Where nobody listens it is for a while, and said so.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let trouble = look_up(&remote, &us, &format!("@ana@{gone}"), now()).await.unwrap_err();
    let (words, passes) = (trouble.to_string(), matches!(trouble, Trouble::Passing { .. }));
    assert!(passes && words.contains("cannot be reached") && words.ends_with("; try again later"), "{words}");
    // A name that leads to this machine where none such is allowed is refused by the way out.
    let closed = Remote::new(crate::egress::Client::new(crate::egress::Egress::default()).unwrap());
    assert!(look_up(&closed, &us, &format!("@ana@{host}"), now()).await.is_err());
    assert_eq!(there.ways().len(), there.asked());
}
