//! Bluesky, and every network of servers that speaks the AT Protocol as it does: one place is what concerns one account
//! (mentions, answers, quotes), what one account says, or what a search finds.
//!
//! A post's id is its `at://` address. Lists are read from their top down to what is known; Jetstream merely says when to
//! ask, and which posts that concerned us are gone. A reply lies under a key that follows from our own, so that it
//! exists once however often it is written.

mod guess;
mod identity;
mod jetstream;
pub mod oauth;
mod page;
mod place;
mod post;
mod publish;
mod rich;
mod session;

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
use place::Reading;

pub use jetstream::{Filter, News};
pub use post::post as read_post;
pub use rich::length;

/// What this network is.
pub const ABOUT: About = About {
    name: "bluesky",
    label: "Bluesky",
    reads: Reads {
        what: "mentions, answers and quotes of an account; the posts of an account; a search; deletions; whole threads",
        poll: true,
        stream: true,
        push: false,
    },
    writes: Writes { reply: true, post: true, edit: false, delete: true, private: false, react: false },
    // The key is where the post lies, and lies there for ever; a year is longer than anything is in doubt.
    once: Once::Key { minutes: 365 * 24 * 60, then_read_back: true },
    length: Some(Length {
        most: rich::MOST,
        counted: Counted { what: "letters as people see them, an emoji of any kind counts one", count: length },
    }),
    fields: &[
        Field {
            name: "account",
            label: "Account",
            secret: false,
            needed: false,
            help: "@name.bsky.social or @company.example: whose posts are read, or signed in, whose mentions.",
        },
        Field {
            name: "password",
            label: "App password",
            secret: true,
            needed: false,
            help: "On Bluesky: Settings, Privacy and security, App passwords. Never the account's own password. Not \
                   needed where you sign in at Bluesky's own pages; with neither, only public posts can be read.",
        },
        Field {
            name: "read",
            label: "What to read",
            secret: false,
            needed: false,
            help: "`mentions`, `account` or `search`; left out, mentions where we are signed in.",
        },
        Field {
            name: "search",
            label: "Search",
            secret: false,
            needed: false,
            help: "Words, a \"phrase\" or a #tag, as in the search field of Bluesky; most servers answer it to the signed in only.",
        },
        Field {
            name: "handle",
            label: "Our account",
            secret: false,
            needed: false,
            help: "Which account signs in, where another one is read.",
        },
        Field {
            name: "appview",
            label: "Where to look",
            secret: false,
            needed: false,
            help: "Only for a network of one's own: the address where its handles are looked up.",
        },
        Field {
            name: "plc",
            label: "Directory",
            secret: false,
            needed: false,
            help: "Only for a network of one's own: where its accounts' DIDs are kept, else https://plc.directory.",
        },
    ],
    limits: "3,000 requests in 5 minutes for one address and 30 sign-ins for one account, as the server's headers say; 50 \
             posts a page",
    docs: "Speaks the AT Protocol with the server an account lives on, which is found from its handle. People sign in at \
           that server's own pages (OAuth with PAR, PKCE and DPoP; the page that connects a source does it, and makes \
           the account that answers as well), or enter an app password. A handle of ours with an app password \
           has `address = \"https://bsky.social\"` (or its own server), its app password as `secret`, and `handle` among \
           its settings. Streams come from a Jetstream, `--set jetstream=https://…` another one, `--set jetstream=none` \
           none; it is proven on frames made of what the real server sends, as Jetstream itself is in no registry.",
    proven: Proven::Live("the network of @atproto/dev-env (PDS, PLC, AppView)"),
    connector: &Bluesky,
};

struct Bluesky;

impl Connector for Bluesky {
    fn sends_back(&self) -> bool {
        true
    }

    fn authorize<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Authorize, Trouble>> {
        Box::pin(oauth::authorize(access))
    }

    fn sign_out<'a>(&'a self, access: &'a Access, kept: &'a str) -> Later<'a, Result<(), Trouble>> {
        Box::pin(oauth::sign_out(access, kept))
    }

    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(async move {
            match access.credentials.get("code") {
                Some(code) => oauth::connect(access, code).await,
                None => connect(access).await,
            }
        })
    }

    fn check(&self, place: &Place) -> Result<(), Refusal> {
        place::check(place)
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page::page(access, cursor))
    }

    fn listen<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Stream, Trouble>> {
        Box::pin(jetstream::listen(access))
    }

    fn thread<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Result<Vec<Item>, Trouble>> {
        Box::pin(page::thread(access, id))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish::publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, _since: Timestamp) -> Later<'a, Found> {
        Box::pin(publish::find(access, reply))
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(publish::delete(access, id))
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        guess::guess(typed)
    }
}

/// Looks who we are, or whether there is who is to be read.
async fn connect(access: &Access) -> Result<Connected, Trouble> {
    let refused = |refusal: Refusal| Trouble::wrong(refusal.to_string());
    place::check(access).map_err(refused)?;
    let mut place = access.place.clone();
    let mut handle = None;
    if place::signed_in(access) {
        let me = session::me(access).await?;
        place.settings.insert("did".to_owned(), me.did.into());
        place.settings.insert("me".to_owned(), me.handle.clone().into());
        handle = Some(me.handle);
    }
    let name = match place::reading(&place).map_err(refused)? {
        Reading::Mentions => format!("Mentions of @{}", handle.as_deref().unwrap_or_default()),
        Reading::Account(who) => {
            identity::did(access, &who).await?;
            format!("Posts of @{who}")
        }
        Reading::Search(words) => format!("{words} on Bluesky"),
    };
    Ok(Connected { place, name: Some(name), handle: handle.map(|handle| format!("@{handle}")) })
}
