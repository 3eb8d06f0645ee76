//! Replies: what we say in public, from the first draft to the network's confirmation.
//!
//! ```text
//! draft → (submitted → approved, changes, rejected, expired) → queued → sending → sent, failed or unknown
//! ```
//! Every change of state is a row of `reply_steps` with who, when and why, and an event. [`State::after`] is the one
//! table of what may follow what. Law 3, a reply is published at most once, rests on three things: the intent to
//! publish is committed before the network is touched ([`sender`]); an attempt in doubt is made again only with the
//! same key and only while the network remembers it; everything else in doubt becomes *unknown*, and a person decides
//! ([`decide_unknown`]).
//!
//! What is out can be changed and taken back where its network allows ([`correct`], [`withdraw`]).

mod approval;
mod change;
mod compose;
mod queries;
mod queue;
pub mod sender;
#[cfg(test)]
mod tests;

use dandelion_post::Micros;
use serde::Serialize;
use serde_json::json;

use crate::{Error, Result, Tx, log::Entry, scope::Viewer, store::q};

pub use approval::{approve, expire, reject, request_changes, required, submit};
pub use change::{Change, Kind, changes, correct, withdraw};
pub use compose::{New, draft, edit};
pub use queries::{Attempt, Step, Totals, attempts, awaiting_approval, find, of_case, steps, totals, undecided};
pub use queue::{Send, Verdict, cancel, decide_unknown, hold_all, queue, release};
pub use sender::Sender;

/// Where a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Being written.
    Draft,
    /// Waiting for an approver.
    Submitted,
    /// An approver wants it different.
    Changes,
    /// This very wording may be sent.
    Approved,
    /// An approver said no, for good.
    Rejected,
    /// Nobody decided, or nobody sent it, in time.
    Expired,
    /// Taken back or put away before anything was published.
    Cancelled,
    /// On its way: waiting for its turn, its undo window, or another attempt.
    Queued,
    /// Being handed to the network right now.
    Sending,
    /// The network confirmed it, or a person found it there.
    Sent,
    /// The network will not have it; nothing was published.
    Failed,
    /// It may have been published or not; a person has to look.
    Unknown,
}

/// What can be done to a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A person changes the words.
    Edit,
    /// A person asks for approval.
    Submit,
    /// An approver agrees.
    Approve,
    /// An approver wants changes.
    RequestChanges,
    /// An approver refuses.
    Reject,
    /// Time ran out on an approval.
    Expire,
    /// A person sends it.
    Queue,
    /// A person takes it back.
    Cancel,
    /// A person lets a held one go.
    Release,
    /// The sender takes it.
    Claim,
    /// The network confirmed.
    Confirm,
    /// The network refused.
    Fail,
    /// The sender will try again.
    Defer,
    /// Nobody can tell whether it was published.
    Doubt,
    /// A person found it published.
    Find,
    /// A person sends an unknown one again.
    SendAgain,
    /// A person leaves an unknown one unsent.
    GiveUp,
}

impl State {
    /// All of them, in the order of the flow.
    pub const ALL: [Self; 12] = [
        Self::Draft,
        Self::Submitted,
        Self::Changes,
        Self::Approved,
        Self::Rejected,
        Self::Expired,
        Self::Cancelled,
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Failed,
        Self::Unknown,
    ];

    /// The state that follows an action, `None` where the action has no place. This table is the whole rule.
    pub fn after(self, action: Action) -> Option<Self> {
        use State::{
            Approved, Cancelled, Changes, Draft, Expired, Failed, Queued, Rejected, Sending, Sent, Submitted, Unknown,
        };
        match (action, self) {
            (Action::Edit, Draft | Submitted | Changes | Approved | Expired | Failed | Cancelled) => Some(Draft),
            (Action::Submit, Draft | Expired | Approved) => Some(Submitted),
            (Action::Approve, Submitted) => Some(Approved),
            (Action::RequestChanges, Submitted) => Some(Changes),
            (Action::Reject, Submitted) => Some(Rejected),
            (Action::Expire, Submitted | Approved) => Some(Expired),
            (Action::Cancel, Draft | Submitted | Changes | Approved | Expired | Failed | Queued)
            | (Action::GiveUp, Unknown | Queued) => Some(Cancelled),
            (Action::Queue, Draft | Approved | Failed | Cancelled)
            | (Action::Release, Queued)
            | (Action::Defer, Sending)
            | (Action::SendAgain, Unknown) => Some(Queued),
            (Action::Claim, Queued) => Some(Sending),
            // An acknowledgement that comes late still counts.
            (Action::Confirm, Sending | Unknown | Queued) | (Action::Find, Unknown | Queued) => Some(Sent),
            (Action::Fail, Sending | Queued) => Some(Failed),
            (Action::Doubt, Sending | Queued) => Some(Unknown),
            _ => None,
        }
    }

    /// As stored and shown in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Changes => "changes",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// For people: completes "This reply …".
    pub fn words(self) -> &'static str {
        match self {
            Self::Draft => "is a draft",
            Self::Submitted => "is waiting for approval",
            Self::Changes => "was sent back for changes",
            Self::Approved => "is approved",
            Self::Rejected => "was rejected",
            Self::Expired => "has expired",
            Self::Cancelled => "was cancelled",
            Self::Queued => "is about to be sent",
            Self::Sending => "is being sent right now",
            Self::Sent => "was sent",
            Self::Failed => "could not be sent",
            Self::Unknown => "may or may not have been published, and a person has to look",
        }
    }
}

impl std::str::FromStr for State {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| Error::Damaged(format!("a reply has the state `{text}`")))
    }
}

impl Action {
    /// Completes "It cannot be … now".
    fn words(self) -> &'static str {
        match self {
            Self::Edit => "edited",
            Self::Submit => "submitted for approval",
            Self::Approve => "approved",
            Self::RequestChanges => "sent back for changes",
            Self::Reject => "rejected",
            Self::Expire => "expired",
            Self::Queue => "sent",
            Self::Cancel => "cancelled",
            Self::Release => "released",
            Self::Claim => "taken by the sender",
            Self::Confirm => "confirmed",
            Self::Fail => "failed",
            Self::Defer => "put off",
            Self::Doubt => "put in doubt",
            Self::Find => "marked as found on the network",
            Self::SendAgain => "sent again",
            Self::GiveUp => "given up",
        }
    }

    /// The name of the event.
    fn event(self) -> &'static str {
        match self {
            Self::Edit => "reply.edited",
            Self::Submit => "reply.submitted",
            Self::Approve => "reply.approved",
            Self::RequestChanges => "reply.returned",
            Self::Reject => "reply.rejected",
            Self::Expire => "reply.expired",
            Self::Queue => "reply.queued",
            Self::Cancel => "reply.cancelled",
            Self::Release => "reply.released",
            Self::Claim => "reply.claimed",
            Self::Confirm => "reply.sent",
            Self::Fail => "reply.failed",
            Self::Defer => "reply.deferred",
            Self::Doubt => "reply.doubted",
            Self::Find => "reply.found",
            Self::SendAgain => "reply.repeated",
            Self::GiveUp => "reply.dropped",
        }
    }
}

/// One reply.
#[derive(Debug, Clone, Serialize)]
pub struct Reply {
    /// Its id.
    pub id: i64,
    /// The case it answers.
    pub case_id: i64,
    /// The unit that owns the case now.
    pub unit_id: i64,
    /// The post it answers, where it answers one.
    pub post_id: Option<i64>,
    /// The account of ours that speaks.
    pub handle_id: i64,
    /// How that account is called.
    pub handle: String,
    /// Where it speaks.
    pub network: String,
    /// Who wrote it first.
    pub member_id: i64,
    /// Their name.
    pub author: String,
    /// The words.
    pub text: String,
    /// Where it stands.
    pub state: State,
    /// Counts the wordings; an approval is for exactly one.
    pub version: i64,
    /// The unit whose approvers were asked.
    pub approval_unit_id: Option<i64>,
    /// First drafted.
    pub created_at: Micros,
    /// Last change of state.
    pub changed_at: Micros,
    /// Until then a queued reply can be taken back.
    pub send_after: Option<Micros>,
    /// Since when a restored one waits for a person.
    pub held_at: Option<Micros>,
    /// Attempts made with the current key.
    pub attempts: i64,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Micros>,
    /// When it was confirmed.
    pub sent_at: Option<Micros>,
    /// The network's id of what was published.
    pub remote_id: Option<String>,
    /// Where it can be read.
    pub remote_url: Option<String>,
    /// What went wrong last, in words.
    pub error: Option<String>,
    /// When its words were changed last, where it is out.
    pub edited_at: Option<Micros>,
    /// When it was taken back from where it was out.
    pub deleted_at: Option<Micros>,
    /// What is being done to it where it is out.
    pub changing: Option<Kind>,
    /// Why the last change of it was given up, in words, where it was.
    pub change_error: Option<String>,
    #[serde(skip)]
    pub(crate) key: String,
    #[serde(skip)]
    pub(crate) lease_by: Option<String>,
    #[serde(skip)]
    pub(crate) config: crate::handle::Config,
    #[serde(skip)]
    pub(crate) archived: bool,
    #[serde(skip)]
    pub(crate) in_reply_to: Option<String>,
}

impl Reply {
    /// Moves to the state after `action`, with its step and its event. What else changes is the caller's to write.
    async fn step(&mut self, tx: &mut Tx, action: Action, reason: &str) -> Result<()> {
        let from = self.state;
        let to = from.after(action).ok_or_else(|| {
            Error::Conflict(format!("This reply {}. It cannot be {} now", from.words(), action.words()))
        })?;
        self.state = to;
        self.changed_at = tx.now();
        tx.run(q!("update replies set state = $2, changed_at = $3 where id = $1", self.id, to.as_str(), tx.now()))
            .await?;
        self.note(tx, action.event(), from, reason).await
    }

    /// The row of `reply_steps` and the event of a change just made.
    async fn note(&self, tx: &mut Tx, event: &'static str, from: State, reason: &str) -> Result<()> {
        let step = tx.id("reply_steps").await?;
        let by = tx.actor().member();
        tx.run(q!(
            "insert into reply_steps (id, reply_id, state, version, by_id, at, reason) values ($1, $2, $3, $4, $5, $6, $7)",
            step,
            self.id,
            self.state.as_str(),
            self.version,
            by,
            tx.now(),
            reason
        ))
        .await?;
        let body =
            json!({ "case": self.case_id, "from": from.as_str(), "to": self.state.as_str(), "version": self.version });
        tx.log(Entry::new(event, "reply", self.id).unit(self.unit_id).with(body));
        Ok(())
    }

    /// An error in words unless the person has seen the current wording.
    fn need_version(&self, seen: i64) -> Result<()> {
        if seen == self.version {
            return Ok(());
        }
        Err(Error::Conflict(format!(
            "The text has changed since you looked (you saw version {seen}, now it is version {}). Read it again first",
            self.version
        )))
    }

    /// An error in words unless the viewer may answer for the unit that owns the case.
    fn need_agent(&self, viewer: &Viewer, to: &str) -> Result<()> {
        viewer.need(crate::scope::Role::Agent, self.unit_id, to)
    }
}
