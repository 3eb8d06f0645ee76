//! Closing a case, with who, why and evidence; and opening it again.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    State,
    handoff::worded,
    held::hold_for,
    reopen::{confirm, reopen as open_again},
    target,
};
use crate::{
    Error, Hub, Result,
    log::{Actor, Entry},
    outcome::{self, Claim, Kind},
    scope::{Role, Viewer},
    store::q,
    unit::Promise,
};

/// What kind of closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closing {
    /// What was broken works again. Claims an outcome.
    Fixed,
    /// What was asked is answered. Claims an outcome.
    Answered,
    /// Nothing needed an answer.
    NoAnswerNeeded,
    /// It is about somebody else.
    NotOurs,
    /// Not meant for anybody.
    Spam,
    /// The same matter is dealt with elsewhere.
    Duplicate,
}

impl Closing {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Fixed, Self::Answered, Self::NoAnswerNeeded, Self::NotOurs, Self::Spam, Self::Duplicate];

    /// As stored and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Answered => "answered",
            Self::NoAnswerNeeded => "no-answer-needed",
            Self::NotOurs => "not-ours",
            Self::Spam => "spam",
            Self::Duplicate => "duplicate",
        }
    }

    /// Whether it claims that somebody was helped.
    pub fn claims(self) -> bool {
        matches!(self, Self::Fixed | Self::Answered)
    }
}

impl std::str::FromStr for Closing {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            Error::invalid("kind", "one of fixed, answered, no-answer-needed, not-ours, spam, duplicate", text)
        })
    }
}

/// Closes a case. *Fixed* and *answered* enter the ledger as claimed by us (grade C); if the customer had said so
/// already, after our answer, their post confirms it at once. `evidence` is a post of the case that shows it.
/// Says the resolution's id.
pub async fn resolve(
    hub: &Hub,
    viewer: &Viewer,
    id: i64,
    kind: Closing,
    why: &str,
    evidence: Option<i64>,
    seen: Option<i64>,
) -> Result<i64> {
    let why = worded("why", why, "say in a few words why it is closed")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    viewer.need(Role::Agent, case.unit, "resolve this case")?;
    if case.state == State::Resolved {
        return Err(Error::Conflict(format!("Case {id} is resolved already")));
    }
    case.unchanged_since(seen)?;
    if tx.opt(q!("select 1 as x from handoffs where case_id = $1 and state = 'offered'", id)).await?.is_some() {
        return Err(Error::Conflict(format!("Case {id} is on offer to another unit. Take the offer back first")));
    }
    if let Some(post) = evidence {
        let sql = "select 1 as x from posts p join case_threads ct on ct.thread_id = p.thread_id
            where p.id = $1 and ct.case_id = $2 and p.deleted_at is null";
        if tx.opt(q!(sql, post, id)).await?.is_none() {
            return Err(Error::invalid("evidence", "choose a post of this case that still stands", &post.to_string()));
        }
    }
    super::follow_up::wake(&mut tx, &case, "resolved").await?;
    let (resolution, now) = (tx.id("resolutions").await?, tx.now());
    let sql = "insert into resolutions (id, case_id, member_id, at, kind, why, evidence_post_id) values ($1, $2, $3, $4, $5, $6, $7)";
    tx.run(q!(sql, resolution, id, viewer.member, now, kind.as_str(), why, evidence)).await?;
    let sql = "update cases set state = 'resolved', closed_at = $1, resolution = $2, asked_at = null, asks = 0,
        snoozed_until = null, accepted_at = coalesce(accepted_at, $1), version = version + 1 where id = $3";
    tx.run(q!(sql, now, kind.as_str(), id)).await?;
    target::meet(&mut tx, id, &[Promise::Resolution], now).await?;
    target::cancel(&mut tx, id, &[Promise::FirstResponse, Promise::NextResponse, Promise::Acceptance]).await?;
    target::sync(&mut tx, id).await?;
    let was = if case.state == State::Snoozed { State::Open } else { case.state };
    let body = json!({ "resolution": resolution, "kind": kind.as_str(), "was": was.as_str(), "asked_at": case.asked_at, "asks": case.asks });
    tx.log(Entry::new("case.resolved", "case", id).unit(case.unit).with(body));
    if kind.claims() {
        let evidence_words = format!("We say that it is {}", kind.as_str());
        let claim = Claim {
            case: id,
            unit: case.unit,
            at: now,
            resolution: Some(resolution),
            post: evidence,
            evidence: evidence_words,
            ..Claim::default()
        };
        outcome::claim(&mut tx, Kind::Resolved, claim).await?;
        if let Some(post) = standing_evidence(&mut tx, &case).await? {
            confirm(&mut tx, &case, post, now).await?;
        }
    }
    tx.commit().await?;
    Ok(resolution)
}

/// The customer's own words that it is fixed, if they said so while the case was open and the post still stands.
async fn standing_evidence(tx: &mut crate::Tx, case: &super::held::Held) -> Result<Option<i64>> {
    let Some(post) = case.evidence_post else { return Ok(None) };
    let sql = "select 1 as x from posts where id = $1 and deleted_at is null and author_id = $2 and not ours";
    Ok(tx.opt(q!(sql, post, case.author)).await?.map(|_| post))
}

/// Opens a resolved case again. The claim to have resolved it no longer holds; what the customer said stands.
pub async fn reopen(hub: &Hub, viewer: &Viewer, id: i64, why: &str) -> Result<()> {
    let why = worded("why", why, "say why it is not over")?;
    let engine = hub.engine().await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let mut case = hold_for(&mut tx, viewer, id).await?;
    viewer.need(Role::Agent, case.unit, "reopen this case")?;
    if case.state != State::Resolved {
        return Err(Error::Conflict(format!("Case {id} is not resolved (any more)")));
    }
    open_again(&mut tx, &engine.org, &mut case, why, false).await?;
    target::sync(&mut tx, id).await?;
    tx.commit().await
}
