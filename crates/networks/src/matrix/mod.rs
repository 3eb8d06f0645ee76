//! Matrix (client-server API, v3): the rooms of one account, or one of them.
//!
//! An id alone does not say where an event is, so a post's id here is `ROOM/EVENT` (`!room:server/$event`), as matrix.to
//! writes it. New posts come by `/sync`, whose token is the cursor; where more was said than one answer holds, what lies
//! between is fetched page by page. The same address, waiting, is the bell.

mod event;
mod page;
mod place;
mod publish;

use dandelion_post::Refusal;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Later,
    contract::{Access, Connected, Connector, Found, Item, Page, Place, Stream, Trouble},
    guess::Guess,
    networks::{About, Field, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "matrix",
    label: "Matrix",
    reads: Reads {
        what: "what is said in a room, or in all rooms of an account: threads, edits, redactions",
        poll: true,
        stream: true,
        push: false,
    },
    writes: Writes { reply: true, edit: true, delete: true, ..Writes::NOTHING },
    // Synapse remembers transactions for half an hour at least.
    once: Once::Key { minutes: 25, then_read_back: true },
    length: None,
    fields: &[
        Field {
            name: "token",
            label: "Access token",
            secret: true,
            needed: true,
            help: "Of an account of ours that is in the room. In Element: All settings, Help and about, Advanced.",
        },
        Field {
            name: "room",
            label: "Room",
            secret: false,
            needed: false,
            help: "Its address (#kettles:matrix.example) or its id (!abc:matrix.example); without one, every room the \
                   account is in.",
        },
    ],
    limits: "As the server says; 100 messages a page. Rooms that are encrypted end to end cannot be read",
    docs: "Give the address of the account's own server, https://matrix.example, or the room. Answers go into the \
           thread of what they answer; reactions are no posts.",
    proven: Proven::Live("Synapse"),
    connector: &Matrix,
};

struct Matrix;

impl Connector for Matrix {
    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(place::connect(access))
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

    fn thread<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Result<Vec<Item>, Trouble>> {
        Box::pin(page::thread(access, id))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish::publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, since: Timestamp) -> Later<'a, Found> {
        Box::pin(publish::find(access, reply, since))
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, text: &'a str) -> Later<'a, Answer> {
        Box::pin(publish::edit(access, id, text))
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(publish::delete(access, id))
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        place::guess(typed)
    }
}
