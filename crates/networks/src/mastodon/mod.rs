//! Mastodon and those who speak its interface (GoToSocial, Pixelfed, Friendica, Akkoma): one place is one timeline of
//! one instance, seen by one account or by nobody in particular.
//!
//! Ids are each instance's own, so a post's id here is `ID@INSTANCE`. New posts are only ever taken by asking upwards
//! from the newest id known (`min_id`), or, where that leaves something out, down from the newest page to it; the stream
//! merely says when to ask. Edits and deletions come by the stream, and every few minutes the newest page is looked at
//! again for those the stream did not tell. What else differs from server to server is told by `dialect`.

mod ask;
mod cursor;
mod dialect;
mod guess;
mod length;
mod look;
mod page;
mod place;
mod publish;
mod sign_in;
mod status;
mod stream;

use std::time::Duration;

use dandelion_post::Refusal;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Later,
    contract::{Access, Authorize, Connected, Connector, Found, Item, Page, Place, Stream, Trouble},
    guess::Guess,
    networks::{About, Counted, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

pub use length::length;

/// What this network is.
pub const ABOUT: About = About {
    name: "mastodon",
    label: "Mastodon",
    reads: Reads {
        what: "mentions of an account, posts with a tag, the posts of an account; edits and deletions; whole threads",
        poll: true,
        stream: true,
        push: false,
    },
    writes: Writes { reply: true, post: true, edit: true, delete: true, private: true, react: false },
    once: Once::KeyWhereKnown { minutes: KEYS },
    length: Some(Length {
        most: 500,
        counted: Counted { what: "characters; an address counts 23, a handle without its host", count: length },
    }),
    fields: &[
        Field {
            name: "token",
            label: "Access token",
            secret: true,
            needed: false,
            help: "On the instance: Preferences, Development, New application, with read and write:statuses. Without \
                   one, only public tags and accounts can be read, and on Mastodon only.",
        },
        Field {
            name: "read",
            label: "What to read",
            secret: false,
            needed: false,
            help: "`mentions` of the account that the token is of, `tag`, or `account`.",
        },
        Field { name: "tag", label: "Tag", secret: false, needed: false, help: "With or without #." },
        Field {
            name: "account",
            label: "Account",
            secret: false,
            needed: false,
            help: "Whose posts to read, @name or @name@instance.",
        },
        Field {
            name: "visibility",
            label: "Visibility of replies",
            secret: false,
            needed: false,
            help: "`public`, `unlisted`, `private` or `direct`; never wider than the post that is answered.",
        },
    ],
    limits: "300 requests in 5 minutes for one account, as the instance's headers say; 40 posts a page",
    docs: "Speaks the client interface every Mastodon-like server has. Handles are written with their instance, \
           @care@social.example. GoToSocial, Pixelfed, Friendica, Pleroma and Akkoma are known by the version they show; they \
           are polled (their streams are others, or none), and their dialects are proven by replay of what they document.",
    proven: Proven::Live("mastodon-mock; its dialects by replay"),
    connector: &Mastodon,
};

/// For how many minutes keys are counted on: Mastodon keeps them for an hour (`PostStatusService`).
const KEYS: u64 = 55;
/// How long a stream may be silent: instances send a comment every 15 seconds.
const SILENT: Duration = Duration::from_mins(1);

struct Mastodon;

impl Connector for Mastodon {
    fn authorize<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Authorize, Trouble>> {
        Box::pin(sign_in::authorize(access))
    }

    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(sign_in::connect(access))
    }

    fn check(&self, place: &Place) -> Result<(), Refusal> {
        place::check(place)
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page::page(access, cursor))
    }

    fn rewound(&self, cursor: &Value, to: Timestamp) -> Value {
        cursor::rewound(cursor, to)
    }

    fn listen<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Stream, Trouble>> {
        Box::pin(stream::listen(access, SILENT))
    }

    fn thread<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Result<Vec<Item>, Trouble>> {
        Box::pin(page::thread(access, id))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(async move {
            let access = dialect::at_home(access, reply.in_reply_to.as_deref()).await;
            publish::publish(&access, reply).await
        })
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move {
            let access = dialect::at_home(access, reply.in_reply_to.as_deref()).await;
            look::find(&access, reply, since).await
        })
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, text: &'a str) -> Later<'a, Answer> {
        Box::pin(async move { publish::edit(&dialect::at_home(access, Some(id)).await, id, text).await })
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(async move { publish::delete(&dialect::at_home(access, Some(id)).await, id).await })
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        guess::guess(typed)
    }
}
