//! What is delivered to our actors. Believed is only what is signed by a key of the actor whose doing it is, on the
//! server that all of it is of; whatever is of another server is fetched from there.
//!
//! Everything that can be seen to be of no use or no truth is put away before anybody is asked for a key.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    actor::{Actor, each},
    follow, knock,
    listening::Listening,
    note,
    remote::{Remote, Signer, origin},
    signature::{Claim, Message, Unsigned, Way},
};
use crate::contract::{Item, Trouble};

/// Largest delivery, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// What a delivery asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Somebody follows one of our actors: which, who, and what is to be answered.
    Follow {
        /// The actor of ours.
        ours: String,
        /// Who follows it.
        actor: Arc<Actor>,
        /// The activity as it came, for the answer.
        follow: Value,
    },
    /// Somebody follows one of our actors no longer.
    Unfollow {
        /// The actor of ours.
        ours: String,
        /// Who followed it.
        actor: String,
    },
    /// Somebody lets one of our actors follow them, as it asked.
    Accepted {
        /// The actor of ours.
        ours: String,
        /// Who was asked.
        actor: String,
    },
    /// Somebody does not let one of our actors follow them, or no longer.
    Refused {
        /// The actor of ours.
        ours: String,
        /// Who was asked.
        actor: String,
    },
    /// Somebody lives elsewhere now, and is there who they were here.
    Moved {
        /// Who they were.
        from: String,
        /// Who they are.
        to: Arc<Actor>,
    },
    /// Something was said, changed or taken back.
    Posts(Vec<Item>),
    /// Nothing that we keep.
    Nothing,
}

/// Why a delivery was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct No {
    /// The HTTP status that says so.
    pub status: u16,
    /// In words.
    pub why: String,
}

impl No {
    pub(super) fn new(status: u16, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }
}

impl From<Unsigned> for No {
    fn from(unsigned: Unsigned) -> Self {
        let status = if matches!(unsigned, Unsigned::Broken(_)) { 400 } else { 401 };
        Self::new(status, unsigned.to_string())
    }
}

/// Where nobody could be asked, it is said again later; where what was found does not fit, never.
impl From<Trouble> for No {
    fn from(trouble: Trouble) -> Self {
        let status = if matches!(trouble, Trouble::Passing { .. }) { 503 } else { 401 };
        Self::new(status, trouble.to_string())
    }
}

/// A delivery that was read but not yet believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub(super) activity: Value,
    pub(super) kind: String,
    pub(super) actor: String,
    pub(super) object: String,
}

impl Told {
    /// Reads a body.
    pub fn read(body: &[u8]) -> Result<Self, No> {
        if body.len() > LARGEST {
            return Err(No::new(413, "a delivery may hold 1 MiB"));
        }
        let activity: Value = serde_json::from_slice(body).map_err(|_| No::new(400, "the body is no JSON"))?;
        let text = |value: &Value| value.as_str().or_else(|| value["id"].as_str()).unwrap_or_default().to_owned();
        let (kind, actor) = (text(&activity["type"]), text(&activity["actor"]));
        let id = activity["id"].as_str().and_then(origin);
        if id.is_none() || kind.is_empty() {
            return Err(No::new(400, "the activity has no id or no type"));
        }
        if origin(&actor) != id {
            return Err(No::new(401, "the activity is of another server than its actor"));
        }
        Ok(Self { object: text(&activity["object"]), activity, kind, actor })
    }

    /// Whose doing it is, as far as it says so itself.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// What it takes back, where it takes something back: of what nobody here knows there is nothing to take back.
    pub fn takes_back(&self) -> Option<&str> {
        (self.kind == "Delete").then_some(self.object.as_str())
    }

    /// Whether it concerns whoever listens here, as far as it says so itself.
    fn concerns(&self, here: &Listening<'_>) -> bool {
        let object = &self.activity["object"];
        let said_to_us = || here.named(&self.activity) || here.named(object);
        match self.kind.as_str() {
            "Follow" => here.ours.contains(&self.object),
            "Undo" => here.is_ours(&object["object"]) || here.is_ours(&object["object"]["id"]),
            // Whom it is for may stand only where it is of.
            "Create" | "Update" => object.is_string() || said_to_us() || !here.following.is_empty(),
            // An account that is gone cannot be asked for its key, and what it said is not named.
            "Delete" => self.object != self.actor && !self.object.is_empty(),
            "Move" => self.object == self.actor,
            "Announce" => {
                let passed = follow::passed(object).is_some_and(|id| !here.is_ours(&id.into()));
                passed && (said_to_us() || !here.following.is_empty())
            }
            "Accept" | "Reject" => true,
            _ => false,
        }
    }

    /// Which of our actors it names first; none where it names none.
    pub fn whose<'a>(&self, ours: &'a [String]) -> Option<&'a String> {
        let text = self.activity.to_string();
        // Another actor's address may begin with the same letters.
        let ends = |after: &str| after.starts_with(['"', '/', '#', '?']);
        ours.iter().find(|id| text.match_indices(id.as_str()).any(|(at, id)| ends(&text[at + id.len()..])))
    }
}

/// Takes a delivery: checks who says it, and gives what follows from it.
pub async fn receive(
    remote: &Remote,
    signer: &Signer,
    here: &Listening<'_>,
    told: &Told,
    message: &Message<'_>,
    now: Timestamp,
) -> Result<Act, No> {
    let claim = Claim::read(message, now)?;
    if !told.concerns(here) {
        return Ok(Act::Nothing);
    }
    if matches!(told.kind.as_str(), "Accept" | "Reject") && here.following.is_empty() {
        return Err(No::new(403, follow::UNASKED));
    }
    if origin(&claim.key_id) != origin(&told.actor) {
        return Err(No::new(401, "the key is of another server than the actor"));
    }
    let actor = believed(remote, signer, &claim, now).await?;
    if claim.way == Way::Message {
        knock::understands(remote.client(), &actor.inbox, now);
    }
    if actor.id != told.actor {
        return Err(No::new(401, "the key is another actor's"));
    }
    match told.kind.as_str() {
        "Follow" => Ok(Act::Follow { ours: told.object.clone(), actor, follow: told.activity.clone() }),
        "Undo" => undone(told, &actor, here.ours),
        "Accept" | "Reject" => follow::answered(told, here.following),
        "Create" | "Update" => said((remote, signer), here, told, &actor, now).await,
        "Delete" if origin(&told.object) == origin(&actor.id) => {
            Ok(Act::Posts(vec![Ok(note::deletion(&told.object, now))]))
        }
        "Delete" => Err(No::new(401, "only the server that a post is of can say that it is gone")),
        "Move" => moved(remote, signer, told, now).await,
        "Announce" => passed_on((remote, signer), here, told, now).await,
        _ => Ok(Act::Nothing),
    }
}

/// The actor whose key the claim holds with. A key may have been changed since we saw it.
async fn believed(remote: &Remote, signer: &Signer, claim: &Claim, now: Timestamp) -> Result<Arc<Actor>, No> {
    let actor = remote.owner(&claim.key_id, signer, now).await?;
    let fits = |actor: &Actor| Remote::key(actor, &claim.key_id).is_some_and(|key| claim.holds(key).is_ok());
    if fits(&actor) {
        return Ok(actor);
    }
    let actor = remote.owner_now(&claim.key_id, signer, now).await?;
    if fits(&actor) { Ok(actor) } else { Err(Unsigned::Mismatch.into()) }
}

fn undone(told: &Told, actor: &Actor, ours: &[String]) -> Result<Act, No> {
    let undone = &told.activity["object"];
    if undone["type"].as_str() != Some("Follow") {
        return Ok(Act::Nothing);
    }
    let who = undone["actor"].as_str().or_else(|| undone["actor"]["id"].as_str()).unwrap_or(&actor.id);
    if who != actor.id {
        return Err(No::new(401, "only who follows can end it"));
    }
    let whom = undone["object"].as_str().or_else(|| undone["object"]["id"].as_str()).unwrap_or_default();
    match ours.iter().find(|id| *id == whom) {
        Some(ours) => Ok(Act::Unfollow { ours: ours.clone(), actor: actor.id.clone() }),
        None => Ok(Act::Nothing),
    }
}

/// What an actor says: from the delivery itself where all of it is of their server, else from where it is of.
async fn said(
    (remote, signer): (&Remote, &Signer),
    here: &Listening<'_>,
    told: &Told,
    actor: &Actor,
    now: Timestamp,
) -> Result<Act, No> {
    let object = &told.activity["object"];
    let id = told.object.as_str();
    if origin(id) != origin(&actor.id) {
        return Err(No::new(401, "what is said is of another server than who says it"));
    }
    let fetched;
    let object = if object.is_string() {
        fetched = remote.document(id, signer, now).await?;
        &fetched
    } else {
        object
    };
    if !note::is_said(object) || !here.named(&told.activity) && !here.hears(object) {
        return Ok(Act::Nothing);
    }
    if !each(&object["attributedTo"]).any(|by| by.as_str().or_else(|| by["id"].as_str()) == Some(&actor.id)) {
        return Err(No::new(401, "what is said is somebody else's"));
    }
    Ok(Act::Posts(vec![note::post(object, actor)]))
}

/// Somebody moved: only where the new account says that it was the old one. It may have said so only just now, so what
/// is remembered of it is asked anew.
async fn moved(remote: &Remote, signer: &Signer, told: &Told, now: Timestamp) -> Result<Act, No> {
    let target = &told.activity["target"];
    let target = target.as_str().or_else(|| target["id"].as_str()).unwrap_or_default();
    if target == told.actor {
        return Err(No::new(400, "nobody moves to where they are"));
    }
    let says_so = |to: &Actor| to.also_known_as.contains(&told.actor);
    let mut to = remote.actor(target, signer, now).await?;
    if !says_so(&to) {
        to = remote.actor_now(target, signer, now).await?;
    }
    if !says_so(&to) {
        return Err(No::new(401, "the new account does not say that it was the old one"));
    }
    Ok(Act::Moved { from: told.actor.clone(), to })
}

/// Somebody passes on what another said: it is read where it was said, with who said it.
async fn passed_on(
    (remote, signer): (&Remote, &Signer),
    here: &Listening<'_>,
    told: &Told,
    now: Timestamp,
) -> Result<Act, No> {
    let id = follow::passed(&told.activity["object"]).unwrap_or_default();
    let object = remote.document(id, signer, now).await?;
    if !note::is_said(&object) || object["id"].as_str() != Some(id) {
        return Ok(Act::Nothing);
    }
    if !here.named(&told.activity) && !here.hears(&object) {
        return Ok(Act::Nothing);
    }
    let by = each(&object["attributedTo"]).find_map(|by| by.as_str().or_else(|| by["id"].as_str())).unwrap_or_default();
    if origin(by) != origin(id) {
        return Err(No::new(401, "what is passed on is of another server than who said it"));
    }
    let author = remote.actor(by, signer, now).await?;
    Ok(Act::Posts(vec![note::post(&object, &author)]))
}
