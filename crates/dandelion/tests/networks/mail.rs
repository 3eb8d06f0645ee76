//! What only mail has: a bell, quotes, machines, folders whose numbers begin anew, and doubts nobody can settle.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use dandelion_hub::{both_stores, testing::TestHub};
use dandelion_networks::{
    contract::{Access, Found, Trouble},
    outgoing::{Answer, Outgoing},
};
use serde_json::Value;

use crate::{
    bell::Bell,
    faults::Fault,
    peer::{Peer, access},
    post_office::{ANA, CARE, PostOffice},
};

async fn rung(test: TestHub) {
    let Some(peer) = Peer::mail().await else { return };
    Bell::rung(&test, &peer).await.silenced().await;
}

both_stores!(a_mail_is_stored_within_two_seconds, |hub| rung(hub));

fn reply(key: &str, text: &str, to: &str) -> Outgoing {
    Outgoing { key: key.into(), handle: CARE.into(), text: text.into(), in_reply_to: Some(to.into()) }
}

async fn read(peer: &Peer, us: &Access, cursor: &Value) -> (Vec<dandelion_post::Post>, Value) {
    let page = peer.about.connector.page(us, cursor).await.expect("a page");
    (page.items.into_iter().map(|item| item.expect("a post")).collect(), page.cursor)
}

#[tokio::test]
async fn a_conversation_holds_together_and_is_answered_to_whoever_asked() {
    let Some(peer) = Peer::mail().await else { return };
    let (us, office) = (access(peer.place()), peer.office());
    let head = "Subject: =?utf-8?q?Kessel_undicht?=\r\nReply-To: Ana <ana@hub.test>\r\n";
    let asked = office.deliver("shop@elsewhere.test", head, "Mein Kessel leckt.\r\n-- \r\nAna").await;
    let (posts, cursor) = read(&peer, &us, &Value::Null).await;
    assert_eq!((posts[0].id.as_str(), posts[0].text.as_str()), (asked.as_str(), "Mein Kessel leckt."));
    assert_eq!(posts[0].extra["signature"], "-- \nAna");
    let answer = peer.about.connector.publish(&us, &reply("k1", "Grüße! Welcher?\n.\nIhr Team", &asked)).await;
    let Answer::Published { remote_id: Some(id), .. } = answer else { panic!("{answer:?}") };
    let got = office.received(ANA, &id).await;
    assert_eq!(got.len(), 1);
    let got = dandelion_networks::email::read(got[0].as_bytes()).expect("a mail");
    assert_eq!(
        (got.text.as_str(), got.subject.as_deref()),
        ("Grüße! Welcher?\n.\nIhr Team", Some("Re: Kessel undicht"))
    );
    assert_eq!((got.references, got.in_reply_to), (vec![asked.clone()], vec![asked.clone()]));
    let more = format!("Subject: Re: Kessel undicht\r\nIn-Reply-To: <{id}>\r\nReferences: <{asked}> <{id}>\r\n");
    office.deliver(ANA, &more, "Der K2.\r\n\r\nAm 02.03.2026 schrieb Care:\r\n> Welcher?").await;
    let (posts, _) = read(&peer, &us, &cursor).await;
    // Our own copy, then the answer: one conversation.
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert!(posts.iter().all(|post| post.thread.as_deref() == Some(asked.as_str())), "{posts:?}");
    assert_eq!(posts[0].author.as_ref().and_then(|author| author.handle.as_deref()), Some(CARE));
    assert_eq!((posts[1].text.as_str(), posts[1].in_reply_to.as_deref()), ("Der K2.", Some(id.as_str())));
    assert_eq!(posts[1].extra["quoted"], "Am 02.03.2026 schrieb Care:\n> Welcher?");
}

#[tokio::test]
async fn machines_are_told_apart_and_never_answered() {
    let Some(peer) = Peer::mail().await else { return };
    let (us, office) = (access(peer.place()), peer.office());
    for (head, kind) in [
        ("Auto-Submitted: auto-replied\r\n", "vacation"),
        ("Precedence: bulk\r\n", "bulk"),
        ("From: MAILER-DAEMON@hub.test\r\n", "bounce"),
    ] {
        let id = office.deliver(ANA, &format!("Subject: kettle\r\n{head}"), "I am away").await;
        let answer = peer.about.connector.publish(&us, &reply(&id, "Thank you", &id)).await;
        // A second From is the mail's own matter; the first one counts for the reader.
        if kind != "bounce" {
            assert!(matches!(&answer, Answer::Refused { why } if why.contains("never answered")), "{kind}: {answer:?}");
            let (posts, _) = read(&peer, &us, &Value::Null).await;
            let post = posts.iter().find(|post| post.id == id).expect("the mail");
            assert_eq!(post.extra["automatic"]["kind"], kind);
        }
    }
    assert!(office.received(ANA, "Thank you").await.is_empty());
    let own = office.deliver(CARE, "Subject: kettle\r\n", "a note to ourselves").await;
    let answer = peer.about.connector.publish(&us, &reply("own", "Hi", &own)).await;
    assert!(matches!(&answer, Answer::Refused { why } if why.contains("our own")), "{answer:?}");
    let gone = peer.about.connector.publish(&us, &reply("gone", "Hi", "nowhere@hub.test")).await;
    assert!(matches!(&gone, Answer::Refused { why } if why.contains("not in the mailbox")), "{gone:?}");
}

#[tokio::test]
async fn nobody_gets_more_mails_in_a_day_than_allowed() {
    let Some(peer) = Peer::mail().await else { return };
    let mut us = access(peer.place());
    us.place.settings.insert("cap".into(), "2".into());
    let asked = peer.say("kettle").await;
    for number in 0..2 {
        let answer = peer.about.connector.publish(&us, &reply(&format!("k{number}"), "On it", &asked)).await;
        assert!(matches!(answer, Answer::Published { .. }), "{answer:?}");
        assert_eq!(peer.office().received(CARE, "On it").await.len(), number + 1, "our copy");
    }
    let third = peer.about.connector.publish(&us, &reply("k3", "On it", &asked)).await;
    assert!(matches!(&third, Answer::Later { after: Some(_), why } if why.contains("most in a day")), "{third:?}");
    assert_eq!(peer.office().received(ANA, "On it").await.len(), 2);
}

/// After a restore a folder counts anew: nothing is lost, and what is known comes again as what it is.
#[tokio::test]
async fn a_folder_that_counts_anew_loses_nothing() {
    let Some(peer) = Peer::mail().await else { return };
    let us = access(peer.place());
    for number in 0..3 {
        peer.say(&format!("kettle {number}")).await;
    }
    let (first, cursor) = read(&peer, &us, &Value::Null).await;
    assert_eq!(first.len(), 3);
    // Dovecot takes the second it is made in as the new number.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    peer.office().forget_numbers();
    peer.say("kettle after the restore").await;
    let (again, anew) = read(&peer, &us, &cursor).await;
    assert_ne!(anew["validity"], cursor["validity"]);
    assert_eq!(again.len(), 4, "all of the last days");
    assert!(again.iter().any(|post| post.text == "kettle after the restore"));
    let (none, _) = read(&peer, &us, &anew).await;
    assert!(none.is_empty());
}

/// The server breaks off before it says what became of a mail: our own copy decides, and where there is none, a person.
#[tokio::test]
async fn a_lost_acknowledgement_is_settled_by_our_own_copy_alone() {
    let Some(peer) = Peer::mail().await else { return };
    let (connector, mut us) = (peer.about.connector, access(peer.place()));
    let asked = peer.say("kettle").await;
    let since = us.now;
    peer.proxy.next("POST", Fault::LoseAnswer);
    let lost = reply("k1", "Which one?", &asked);
    let answer = connector.publish(&us, &lost).await;
    assert!(matches!(answer, Answer::InDoubt { .. }), "{answer:?}");
    assert_eq!(peer.office().received(CARE, "Which one?").await.len(), 1, "our copy");
    let found = connector.find(&us, &lost, since).await;
    assert!(matches!(&found, Found::Published { remote_id: Some(_), .. }), "{found:?}");
    us.place.settings.insert("copy".into(), "no".into());
    peer.proxy.next("POST", Fault::LoseAnswer);
    let lost = reply("k2", "And since when?", &asked);
    assert!(matches!(connector.publish(&us, &lost).await, Answer::InDoubt { .. }));
    assert_eq!(peer.office().received(ANA, "And since when?").await.len(), 1);
    let found = connector.find(&us, &lost, since).await;
    assert!(matches!(&found, Found::Unclear(why) if why.contains("on its way")), "never sent a second time: {found:?}");
}

#[tokio::test]
async fn what_is_set_up_wrongly_is_said_before_it_is_stored() {
    let Some(peer) = Peer::mail().await else { return };
    let connector = peer.about.connector;
    let connected = connector.connect(&access(peer.place())).await.expect("a mailbox");
    assert_eq!((connected.handle.as_deref(), connected.name.as_deref()), (Some(CARE), Some("Mails to care@hub.test")));
    let with = |name: &str, value: &str| {
        let mut place = peer.place();
        place.settings.insert(name.into(), value.into());
        access(place)
    };
    let mut wrong = peer.place();
    wrong.credentials.set("password", "guessed");
    let why = connector.connect(&access(wrong)).await.expect_err("no way in");
    assert!(matches!(&why, Trouble::Revoked { why } if why.contains("sign in again")), "{why}");
    let why = connector.connect(&with("folder", "Nowhere")).await.expect_err("no folder");
    assert!(matches!(&why, Trouble::Wrong { why } if why.contains("folder")), "{why}");
    let why = connector.connect(&with("imap", "10.1.2.3:143")).await.expect_err("not public");
    assert!(matches!(&why, Trouble::Wrong { why } if why.contains("not a public address")), "{why}");
    let why = connector.connect(&with("smtp", "127.0.0.1:1")).await.expect_err("nobody there");
    assert!(matches!(&why, Trouble::Passing { why, .. } if why.contains("cannot be reached")), "{why}");
}

/// A certificate for `localhost` by an authority of our own.
fn certificate(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let at = |name: &str| folder.join(name);
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().expect("openssl");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    std::fs::write(at("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").expect("a file");
    openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Authority -keyout ca.key -out ca.pem");
    openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out request.pem");
    openssl("x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 2 -extfile names -out certificate.pem");
    (at("ca.pem"), at("certificate.pem"), at("key.pem"))
}

/// The command a person connects a mailbox with, over STARTTLS: it works where this machine trusts whoever vouches for
/// the server, and says so in words where it does not.
#[tokio::test]
async fn a_mailbox_is_connected_over_a_secured_line_from_the_command_line() {
    let Some(peer) = Peer::mail().await else { return };
    // One mail server at a time.
    drop(peer);
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, certificate, key) = certificate(folder.path());
    let office = PostOffice::open(Some((&certificate, &key))).await;
    office.deliver(ANA, "Subject: A question\r\n", "kettle leaks").await;
    let password = folder.path().join("password");
    std::fs::write(&password, "secret\n").expect("a file");
    let run = |trusted: Option<&Path>, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dandelion"));
        command
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .args(["--allow-private", "localhost"])
            .args(arguments);
        command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        if let Some(trusted) = trusted {
            command.env("SSL_CERT_FILE", trusted);
        }
        let done = command.output().expect("dandelion");
        (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    };
    let imap = format!("imap=localhost:{}", office.imap);
    let file = password.display().to_string();
    let add = ["source", "add", CARE, "--set", &imap, "--secret", &file];
    let (done, said) = run(None, &add);
    assert!(!done && said.contains("no secure connection"), "{said}");
    let (done, said) = run(Some(&authority), &add);
    assert!(
        done && said.contains("Mails to care@hub.test is connected as `mails-to-care-hub-test` (E-mail, proven live"),
        "{said}"
    );
    let (done, said) = run(Some(&authority), &["source", "test", "mails-to-care-hub-test"]);
    assert!(done && said.contains("A question") && said.contains("1 item, 0 refused"), "{said}");
    assert!(office.secured(), "the password went over a secured line");
}
