//! What every network answers to, so that one poller, one sender, one page and one test suite serve them all.
//!
//! A network is its [`About`](crate::About) (names, what it can do, how it is signed in to, how it is proven) and a
//! [`Connector`] that does it. A connector holds no state: where reading goes on is the [`Page`]'s cursor, which the
//! caller stores in the transaction of what was read, and everything it needs to reach a place comes as [`Access`].
//! Whatever a network does not do, it says so: the methods' own answers are refusals in words.

mod access;
pub(crate) mod bearer;
pub(crate) mod json;
mod keeper;
mod meter;
mod newest;
mod push;
mod trouble;

use std::time::Duration;

use dandelion_post::{Post, Refusal};
use futures_util::{StreamExt as _, stream::BoxStream};
use jiff::Timestamp;
use serde_json::Value;

pub use access::{Access, Credentials, Place};
pub(crate) use keeper::Keeping;
pub use keeper::{Keeper, Kept, Renew};
pub use meter::Meter;
pub(crate) use newest::Newest;
pub use push::{Delivery, Received, Unsigned, hex, hmac, hmac_hex_fits, same};
pub use trouble::Trouble;
pub(crate) use trouble::wait_in_body;

use crate::{
    Later,
    egress::{Budget, Event, Events},
    guess::Guess,
    outgoing::{Answer, Outgoing},
};

/// One thing that a network gave: a post, or why it is none.
pub type Item = Result<Post, Refused>;

/// An item that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// The item as it came, or as much of it as was understood.
    pub raw: String,
}

/// One page of what a network has that is new.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What came, oldest first where the network lets us choose.
    pub items: Vec<Item>,
    /// Where reading goes on. Store it after the items, in the same transaction.
    pub cursor: Value,
    /// When to ask again.
    pub wait: Wait,
    /// What is left of the allowance that asking this place draws on ([`Connector::draws_on`]).
    pub budget: Option<Budget>,
    /// Where the place lives now, when it moved for good.
    pub moved_to: Option<String>,
    /// What the place calls itself.
    pub title: Option<String>,
}

/// When to ask again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wait {
    /// At once: more is there already.
    More,
    /// When the poller sees fit.
    #[default]
    Usual,
    /// After this has passed, because the place says so.
    After(Duration),
}

/// A sign-in that was begun.
#[derive(Debug, Clone)]
pub struct Authorize {
    /// The address a person opens to agree.
    pub url: String,
    /// What to keep meanwhile, sealed like every secret.
    pub credentials: Credentials,
    /// What is asked for there, for the person to read before they go.
    pub asks: &'static [Asked],
}

/// A permission that is asked for at a network's own pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// As the network writes it, and as its own page may show it.
    pub permission: &'static str,
    /// What we need it for, after "to".
    pub why: &'static str,
}

/// A place that is ready to be stored.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The place, with what was found out about it.
    pub place: Place,
    /// A name for people.
    pub name: Option<String>,
    /// Who we are there, as the network writes it.
    pub handle: Option<String>,
}

/// What reading our own account back showed of one reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Published {
        /// Its id there.
        remote_id: Option<String>,
        /// Its address there.
        url: Option<String>,
    },
    /// It may be said: everything said since the attempt was read and it is not among it, or the network answers the same
    /// key with what became of the first attempt.
    NotThere,
    /// It could not be seen; in words.
    Unclear(String),
}

impl Found {
    /// What looking gave; where it could not be looked, that is unclear.
    pub(crate) fn of(looked: Result<Self, Trouble>) -> Self {
        looked.unwrap_or_else(|trouble| Self::Unclear(trouble.to_string()))
    }
}

/// What an open stream brought.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Something is new: read the next page. New posts are never taken from a stream itself, so that there is one
    /// cursor and a broken stream loses nothing.
    Ring,
    /// An edit or a deletion, which no page would bring.
    Change(Box<Item>),
    /// Nothing that concerns us.
    Nothing,
}

/// An open stream of one place.
pub struct Stream {
    heard: BoxStream<'static, Result<Heard, Trouble>>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

impl Stream {
    /// A stream of server-sent events that `read` understands.
    pub fn new(events: Events, access: Access, read: fn(&Access, &Event) -> Heard) -> Self {
        Self::of(futures_util::stream::unfold((events, access), move |(mut events, access)| async move {
            let heard = events.next().await.map(|event| read(&access, &event)).map_err(Trouble::from);
            Some((heard, (events, access)))
        }))
    }

    /// A stream of any other kind. After an error it is not asked again.
    pub fn of(heard: impl futures_util::Stream<Item = Result<Heard, Trouble>> + Send + 'static) -> Self {
        Self { heard: heard.boxed() }
    }

    /// Waits for something that concerns us. An error ends the stream; polling goes on without it. Nothing is lost
    /// where it is no longer waited for.
    pub fn heard(&mut self) -> Later<'_, Result<Heard, Trouble>> {
        Box::pin(async move {
            loop {
                match self.heard.next().await {
                    Some(Ok(Heard::Nothing)) => {}
                    Some(heard) => return heard,
                    None => return Err(Trouble::passing("the stream ended")),
                }
            }
        })
    }
}

/// A network's behaviour. What it does not do keeps the answer given here.
pub trait Connector: Send + Sync {
    /// Whether people can sign in at the network's own pages and are sent back from there with a code. Then
    /// [`authorize`](Connector::authorize) takes the credentials `app` (who we are there) and `state`, and
    /// [`connect`](Connector::connect) gives the credential `kept`, for a [`Keeper`].
    fn sends_back(&self) -> bool {
        false
    }

    /// Ends at the network a sign-in that a [`Keeper`] kept.
    fn sign_out<'a>(&'a self, _access: &'a Access, _kept: &'a str) -> Later<'a, Result<(), Trouble>> {
        Box::pin(async { Ok(()) })
    }

    /// Begins a sign-in where the network has one of its own: the address a person opens, and what has to be kept until
    /// they come back with a code.
    fn authorize<'a>(&'a self, _access: &'a Access) -> Later<'a, Result<Authorize, Trouble>> {
        Box::pin(async { Err(Trouble::wrong("this network has no sign-in of this kind; enter its token")) })
    }

    /// Connects a place: ends a sign-in that was begun (credential `code`), looks who we are there, and gives the place
    /// as it is to be stored. Asks nothing where there is nothing to ask.
    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(async { Ok(Connected { place: access.place.clone(), name: None, handle: None }) })
    }

    /// Checks what a person entered to connect a place or an account, before it is stored.
    fn check(&self, _place: &Place) -> Result<(), Refusal> {
        Ok(())
    }

    /// Reads what is new since `cursor` (null at first). Never more than a few hundred items at once.
    fn page<'a>(&'a self, _access: &'a Access, _cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(async { Err(Trouble::wrong("this network is not asked; it brings its posts itself")) })
    }

    /// The handle of ours that a place's own answers are given the name of, where the network itself names none. It has to
    /// be one that exists, or our words would be taken for a customer's.
    fn speaks_as<'a>(&self, _place: &'a Place) -> Option<&'a str> {
        None
    }

    /// Which of its network's allowances asking this place draws on, in words as people read them (`mentions`,
    /// `searches`); nothing where the network counts every request alike. Those that share credentials and this word
    /// share what is left, and one that is used up keeps nobody else waiting. What requests of other kinds say is left,
    /// they note in [`Access::meter`].
    fn draws_on(&self, _place: &Place) -> &'static str {
        ""
    }

    /// The cursor from which pages bring again what was said since `to`, or everything that the place still shows where
    /// its cursor holds no time. What is known comes as duplicates.
    fn rewound(&self, _cursor: &Value, _to: Timestamp) -> Value {
        Value::Null
    }

    /// Opens the stream that says when something is new.
    fn listen<'a>(&'a self, _access: &'a Access) -> Later<'a, Result<Stream, Trouble>> {
        Box::pin(async { Err(Trouble::wrong("this network has no stream")) })
    }

    /// The whole conversation around a post, as far as the network shows it; on demand, and without the post itself.
    fn thread<'a>(&'a self, _access: &'a Access, _id: &'a str) -> Later<'a, Result<Vec<Item>, Trouble>> {
        Box::pin(async { Err(Trouble::wrong("this network does not show conversations")) })
    }

    /// Takes in what was pushed to us: checks the signature over the body as it came, then reads it.
    fn receive(&self, _place: &Place, _delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
        Err(Unsigned::NotPushed)
    }

    /// Publishes once. Never tries again by itself, and never follows a redirect.
    fn publish<'a>(&'a self, _access: &'a Access, _reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(async { Answer::Refused { why: "this network cannot be written to".to_owned() } })
    }

    /// Looks whether a reply attempted at `since` was published, by reading our own account back.
    fn find<'a>(&'a self, _access: &'a Access, _reply: &'a Outgoing, _since: Timestamp) -> Later<'a, Found> {
        Box::pin(async { Found::Unclear("this network cannot be read back".to_owned()) })
    }

    /// Changes the words of something we published.
    fn edit<'a>(&'a self, _access: &'a Access, _id: &'a str, _text: &'a str) -> Later<'a, Answer> {
        Box::pin(async { Answer::Refused { why: "this network does not let words be changed".to_owned() } })
    }

    /// Takes back something we published.
    fn delete<'a>(&'a self, _access: &'a Access, _id: &'a str) -> Later<'a, Answer> {
        Box::pin(async { Answer::Refused { why: "this network does not let posts be deleted".to_owned() } })
    }

    /// Whether what a person typed names a place of this network.
    fn guess(&self, _typed: &str) -> Option<Guess> {
        None
    }
}

/// Checks a post that was put together from a network's item, keeping the item where it is refused.
pub(crate) fn checked(post: Post, raw: &Value) -> Item {
    post.check().map_err(|refusal| Refused { refusal, raw: raw.to_string() })?;
    Ok(post)
}

/// An item that has not even the parts a post is made of.
pub(crate) fn refused(field: &str, reason: &str, raw: &Value) -> Refused {
    let raw = raw.to_string();
    Refused { refusal: Refusal::new(field, reason, &raw), raw }
}
