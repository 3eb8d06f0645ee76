//! Answering a mail, once: under a Message-ID made from the reply's key, the same at every attempt, so that our own copy
//! or the folder of sent mails shows whether it went out.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt as _;
use jiff::{Timestamp, tz::TimeZone};
use lettre::{
    Message,
    message::{Mailbox as Sender, SinglePart},
};
use mail_parser::MessageParser;
use sha2::{Digest as _, Sha256};

use super::{
    machine, mail,
    page::in_time,
    place::{self, Mailbox},
    session::{self, Reading, quoted, trouble},
    smtp,
};
use crate::{
    contract::{Access, Found, Trouble, hex},
    outgoing::{Answer, Outgoing},
};

/// Bytes that looking for a mail may bring.
const SESSION: usize = 4 * 1024 * 1024;
/// Ids of a conversation that an answer names: the first, and the last of the others.
const REFERENCES: usize = 20;

/// The mail that is answered, as far as an answer has to fit it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Answered {
    id: String,
    to: String,
    subject: String,
    references: Vec<String>,
}

pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    // Until the mail itself begins to leave, nothing can have been published.
    let handed_over = AtomicBool::new(false);
    let deadline = access.client.rules().deadline;
    let attempt = tokio::time::timeout(deadline, attempt(access, reply, &handed_over)).await;
    attempt.unwrap_or_else(|_| {
        let why = format!("the mail servers did not finish within {} s", deadline.as_secs_f32());
        if handed_over.load(Ordering::Relaxed) { Answer::InDoubt { why } } else { Answer::Later { after: None, why } }
    })
}

async fn attempt(access: &Access, reply: &Outgoing, handed_over: &AtomicBool) -> Answer {
    let mailbox = match place::mailbox(access) {
        Ok(mailbox) => mailbox,
        Err(refusal) => return Answer::Refused { why: refusal.to_string() },
    };
    let Some(id) = reply.in_reply_to.as_deref() else {
        return Answer::Refused { why: "a mail is only ever sent as an answer to one".to_owned() };
    };
    let answered = match answered(access, &mailbox, id).await {
        Ok(answered) => answered,
        Err(answer) => return answer,
    };
    let own = message_id(&mailbox, &reply.key);
    let written = compose(&mailbox, &answered, reply, &own, access.now)
        .and_then(|bytes| smtp::envelope(&mailbox, &answered.to).map(|envelope| (bytes, envelope)));
    let (bytes, envelope) = match written {
        Ok(written) => written,
        Err(why) => return Answer::Refused { why },
    };
    let sent = async {
        let mut sending = smtp::open(access, &mailbox).await?;
        sending.address(&envelope).await?;
        handed_over.store(true, Ordering::Relaxed);
        sending.hand_over(&bytes).await
    };
    match sent.await {
        Ok(()) => Answer::Published { remote_id: Some(own), url: None },
        Err(answer) => answer,
    }
}

/// Reads the mail that is answered out of the mailbox: where answers go, what they are about, and whether there is
/// anybody to answer.
async fn answered(access: &Access, mailbox: &Mailbox, id: &str) -> Result<Answered, Answer> {
    let later = |trouble: Trouble| match trouble {
        Trouble::Passing { why, after } => Answer::Later { after, why },
        Trouble::Revoked { why } | Trouble::Wrong { why } => Answer::Refused { why },
    };
    let mut session = session::open(access, mailbox, SESSION).await.map_err(later)?;
    let head = head(&mut session, mailbox, id).await.map_err(later)?.ok_or_else(|| Answer::Refused {
        why: format!("the mail answered is not in the mailbox {} any more; answer it by hand", mailbox.address),
    })?;
    let answered = fit(&head, mailbox, id).map_err(|why| Answer::Refused { why })?;
    let today = said_today(&mut session, mailbox, &answered.to, access.now).await.map_err(later)?;
    let _ = session.logout().await;
    if today >= mailbox.cap {
        let why = format!(
            "{} got {today} mails from here today, and {} are the most in a day; it is tried again tomorrow",
            answered.to, mailbox.cap
        );
        return Err(Answer::Later { after: Some(Duration::from_hours(6)), why });
    }
    Ok(answered)
}

/// The headers of a mail, wherever in the mailbox it lies.
async fn head(session: &mut Reading, mailbox: &Mailbox, id: &str) -> Result<Option<Vec<u8>>, Trouble> {
    for folder in session::folders(session, mailbox).await? {
        if session.examine(&folder).await.is_err() {
            continue; // listed, and yet not to be opened
        }
        let Some(uid) = session::find(session, id).await? else { continue };
        let fetched = session.uid_fetch(uid.to_string(), "(UID BODY.PEEK[HEADER])").await.map_err(trouble)?;
        let fetched: Vec<_> = fetched.try_collect().await.map_err(trouble)?;
        if let Some(head) = fetched.iter().find_map(|mail| mail.header()) {
            return Ok(Some(head.to_vec()));
        }
    }
    Ok(None)
}

/// What an answer to this mail needs, or why there is nobody to answer.
fn fit(head: &[u8], mailbox: &Mailbox, id: &str) -> Result<Answered, String> {
    let parsed =
        MessageParser::default().parse_headers(head).ok_or("the mail answered cannot be read; answer it by hand")?;
    if let Some((kind, why)) = machine::machine(&parsed).filter(|(machine, _)| !machine.answerable()) {
        return Err(format!("a machine wrote this mail ({}, {why}); such mails are never answered", kind.as_str()));
    }
    let to = machine::address_of(parsed.reply_to()).or_else(|| machine::address_of(parsed.from()));
    let to = to.ok_or("the mail answered does not say who wrote it; answer it by hand")?;
    if to == mailbox.address {
        return Err("the mail answered is our own".to_owned());
    }
    let subject = parsed.subject().map(mail::one_line).unwrap_or_default();
    let mut references = machine::ids(parsed.references());
    if references.is_empty() {
        references = machine::ids(parsed.in_reply_to());
    }
    references.retain(|known| known != id);
    if references.len() > REFERENCES {
        references.drain(1..=(references.len() - REFERENCES));
    }
    references.push(id.to_owned());
    Ok(Answered { id: id.to_owned(), to, subject, references })
}

/// How many mails from here to one person the mailbox holds of today.
async fn said_today(session: &mut Reading, mailbox: &Mailbox, to: &str, now: Timestamp) -> Result<u32, Trouble> {
    let (Some(from), Some(to)) = (quoted(&mailbox.address), quoted(to)) else { return Ok(0) };
    let day = TimeZone::UTC.to_datetime(now).date().strftime("%d-%b-%Y");
    let mut most = 0;
    for folder in session::folders(session, mailbox).await?.into_iter().take(2) {
        if session.examine(&folder).await.is_err() {
            continue;
        }
        let found = session.uid_search(format!("FROM {from} TO {to} SINCE {day}")).await.map_err(trouble)?;
        most = most.max(found.len() as u32);
    }
    Ok(most)
}

/// The Message-ID of a reply, without its brackets: nothing of the key can be read from it.
fn message_id(mailbox: &Mailbox, key: &str) -> String {
    let digest = Sha256::digest(format!("{}\n{key}", mailbox.address));
    format!("dandelion.{}@{}", hex(&digest[..16]), mailbox.address.split('@').nth(1).unwrap_or("localhost"))
}

fn compose(
    mailbox: &Mailbox,
    answered: &Answered,
    reply: &Outgoing,
    id: &str,
    now: Timestamp,
) -> Result<Vec<u8>, String> {
    let read = |text: &str| text.parse().map_err(|e| format!("{text} is no address a mail can go to ({e})"));
    let from = Sender::new(mailbox.name.clone(), read(&mailbox.address)?);
    let again = answered.subject.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("re:"));
    let subject =
        if again { answered.subject.clone() } else { format!("Re: {}", answered.subject).trim_end().to_owned() };
    let references = answered.references.iter().map(|id| format!("<{id}>")).collect::<Vec<_>>().join(" ");
    let mail = Message::builder()
        .from(from)
        .to(Sender::new(None, read(&answered.to)?))
        .subject(subject)
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_second().max(0) as u64))
        .message_id(Some(format!("<{id}>")))
        .in_reply_to(format!("<{}>", answered.id))
        .references(references)
        .singlepart(SinglePart::plain(reply.text.clone()))
        .map_err(|e| format!("the mail cannot be written ({e})"))?;
    Ok(mail.formatted())
}

/// Looks for a reply among our own mails.
pub(super) async fn find(access: &Access, reply: &Outgoing) -> Found {
    let mailbox = match place::mailbox(access) {
        Ok(mailbox) => mailbox,
        Err(refusal) => return Found::Unclear(refusal.to_string()),
    };
    let id = message_id(&mailbox, &reply.key);
    let looked = in_time(access, 1, async {
        let mut session = session::open(access, &mailbox, SESSION).await?;
        let found = head(&mut session, &mailbox, &id).await?;
        let _ = session.logout().await;
        Ok(found.is_some())
    });
    match looked.await {
        Ok(true) => Found::Published { remote_id: Some(id), url: None },
        // A mail server may hold a mail for hours before it delivers it.
        Ok(false) => Found::Unclear(
            "the mail is neither in the mailbox nor among the sent ones; it may still be on its way".to_owned(),
        ),
        Err(trouble) => Found::Unclear(trouble.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Credentials, Place};

    fn ours() -> Mailbox {
        let credentials = Credentials::none().with("password", "p");
        place::mailbox(&Place { url: "mailto:care@acme.example".into(), credentials, ..Place::default() }).unwrap()
    }

    fn reply(text: &str) -> Outgoing {
        Outgoing {
            key: "k-1".into(),
            handle: "care@acme.example".into(),
            text: text.into(),
            in_reply_to: Some("m1@x.example".into()),
        }
    }

    const HEAD: &str = "From: Ana <ana@x.example>\r\nSubject: =?utf-8?q?Kessel_=C3=BC?=\r\nMessage-ID: <m1@x.example>\r\n\
                        References: <m0@x.example>\r\n";

    #[test]
    fn an_answer_fits_what_it_answers() {
        let answered = fit(format!("{HEAD}\r\n").as_bytes(), &ours(), "m1@x.example").unwrap();
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let id = message_id(&ours(), "k-1");
        assert_eq!(id, message_id(&ours(), "k-1"), "the same at every attempt");
        assert_ne!(id, message_id(&ours(), "k-2"));
        let mail = compose(&ours(), &answered, &reply("Wir prüfen das.\n.\nGrüße"), &id, now).unwrap();
        let read = mail::read(&mail).unwrap();
        assert_eq!((read.id.as_str(), read.subject.as_deref()), (id.as_str(), Some("Re: Kessel ü")));
        assert_eq!(read.text, "Wir prüfen das.\n.\nGrüße");
        assert_eq!(read.references, ["m0@x.example", "m1@x.example"]);
        assert_eq!((read.in_reply_to.as_slice(), read.date), (["m1@x.example".to_owned()].as_slice(), Some(now)));
        assert_eq!(read.machine, None, "a person wrote it");
        let again = fit(HEAD.replace("=?utf-8", "RE: =?utf-8").as_bytes(), &ours(), "m1@x.example").unwrap();
        let again = mail::read(&compose(&ours(), &again, &reply("x"), &id, now).unwrap()).unwrap();
        assert_eq!(again.subject.as_deref(), Some("RE: Kessel ü"), "one Re: is enough");
    }

    #[test]
    fn machines_and_ourselves_are_not_answered() {
        let why =
            |more: &str| fit(format!("{more}{HEAD}\r\n").as_bytes(), &ours(), "m1@x.example").err().unwrap_or_default();
        assert!(why("Auto-Submitted: auto-replied\r\n").contains("never answered"));
        assert!(why("Return-Path: <>\r\n").contains("never answered"));
        assert!(why("Reply-To: Care@acme.example\r\n").contains("our own"));
        assert_eq!(
            why("List-Post: <mailto:k@x.example>\r\nReply-To: k@x.example\r\n"),
            "",
            "behind a list there are people"
        );
        assert!(fit(b"Subject: x\r\n\r\n", &ours(), "m1").is_err());
    }

    #[test]
    fn nothing_in_a_mail_changes_the_head_of_the_answer() {
        let head = "From: a@x.example\r\nSubject: =?utf-8?q?x=0D=0ABcc:_all@x.example?=\r\nReferences: <a b> <c\r\n d>\r\n\r\n";
        let answered = fit(head.as_bytes(), &ours(), "m1@x.example").unwrap();
        let mail =
            compose(&ours(), &answered, &reply("x\r\n.\r\nQUIT"), "id@acme.example", Timestamp::UNIX_EPOCH).unwrap();
        let text = String::from_utf8(mail).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        let long = (0..100).map(|n| format!("<{n}@x>")).collect::<Vec<_>>().join("\r\n ");
        let many = fit(format!("From: a@x.example\r\nReferences: {long}\r\n\r\n").as_bytes(), &ours(), "m1").unwrap();
        assert_eq!((many.references.len(), many.references[0].as_str()), (REFERENCES + 1, "0@x"));
    }
}
