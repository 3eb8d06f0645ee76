//! E-mail: one mailbox of ours, read by IMAP and written to by SMTP.
//!
//! A mail's Message-ID is its id, `References` and `In-Reply-To` are its thread. Reading never marks anything as read,
//! moves or deletes. What a machine wrote is told apart by its headers and never answered.

mod beside;
mod fold;
mod machine;
mod mail;
mod page;
mod place;
mod publish;
mod session;
mod smtp;

use dandelion_post::Refusal;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Later,
    contract::{Access, Connected, Connector, Found, Page, Place, Stream, Trouble},
    guess::Guess,
    networks::{About, Field, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

pub use beside::{Automatic, Beside};
pub use fold::{Folded, fold};
pub use machine::Machine;
pub use mail::{Mail, post, read};

/// What this network is.
pub const ABOUT: About = About {
    name: "email",
    label: "E-mail",
    reads: Reads {
        what: "the mails of a folder, with threads; quotes and signatures folded; bounces, automatic answers, lists and \
               newsletters told apart",
        poll: true,
        stream: true,
        push: false,
    },
    writes: Writes { reply: true, private: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: None,
    fields: &[
        Field {
            name: "password",
            label: "Password",
            secret: true,
            needed: true,
            help: "Of the mailbox. Where you sign in with a second factor, make a password for programs (an app \
                   password) in the mailbox's settings.",
        },
        Field {
            name: "imap",
            label: "Server for reading",
            secret: false,
            needed: false,
            help: "As your provider names it for IMAP, imap.yourcompany.example; with :PORT if it is not 993.",
        },
        Field {
            name: "smtp",
            label: "Server for sending",
            secret: false,
            needed: false,
            help: "As your provider names it for SMTP, smtp.yourcompany.example; with :PORT if it is not 465.",
        },
        Field {
            name: "user",
            label: "Name to sign in with",
            secret: false,
            needed: false,
            help: "Only where it is not the address itself.",
        },
        Field {
            name: "folder",
            label: "Folder",
            secret: false,
            needed: false,
            help: "What is read; INBOX unless you name another.",
        },
        Field {
            name: "name",
            label: "Sender's name",
            secret: false,
            needed: false,
            help: "What people see beside the address: Acme Care.",
        },
        Field {
            name: "copy",
            label: "Copy to ourselves",
            secret: false,
            needed: false,
            help: "`yes`, unless you write `no`: a blind copy of each answer comes into the mailbox, as proof that it \
                   went out. Write `no` only where your provider keeps sent mails by itself.",
        },
        Field {
            name: "cap",
            label: "Mails to one person in a day",
            secret: false,
            needed: false,
            help: "At most so many, 20 unless you write another number.",
        },
    ],
    limits: "50 mails and 8 MiB a page; 1 MiB of each mail; 20 mails to one person in a day",
    docs: "Connections are secured (TLS from the beginning on ports 993 and 465, STARTTLS on others); a password never \
           goes over an open one. Nothing in the mailbox is marked, moved or deleted. An answer has a Message-ID of its \
           own that is the same at every attempt; mails of machines are never answered.",
    proven: Proven::Live("Dovecot and OpenSMTPD"),
    connector: &Email,
};

struct Email;

impl Connector for Email {
    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(connect(access))
    }

    fn check(&self, place: &Place) -> Result<(), Refusal> {
        place::check(place)
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page::page(access, cursor))
    }

    fn listen<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Stream, Trouble>> {
        Box::pin(page::listen(access))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish::publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, _since: Timestamp) -> Later<'a, Found> {
        Box::pin(publish::find(access, reply))
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        place::guess(typed)
    }
}

/// Signs in on both sides, where a server for sending was named, and writes down which servers they were.
async fn connect(access: &Access) -> Result<Connected, Trouble> {
    let wrong = |refusal: Refusal| Trouble::wrong(refusal.to_string());
    place::check(access).map_err(wrong)?;
    let mailbox = place::mailbox(access).map_err(wrong)?;
    page::in_time(access, 1, async {
        let mut session = session::open(access, &mailbox, 1024 * 1024).await?;
        session.examine(&mailbox.folder).await.map_err(session::trouble)?;
        let _ = session.logout().await;
        Ok(())
    })
    .await?;
    if access.setting("smtp").is_some() {
        page::in_time(access, 1, smtp::check(access, &mailbox)).await?;
    }
    let mut place = access.place.clone();
    place.url = format!("mailto:{}", mailbox.address);
    place.settings.insert("me".to_owned(), mailbox.address.clone().into());
    Ok(Connected { place, name: Some(format!("Mails to {}", mailbox.address)), handle: Some(mailbox.address) })
}
