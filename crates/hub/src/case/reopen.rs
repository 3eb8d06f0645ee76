//! A closed case turns out not to be over, or the customer says that it is.

use dandelion_post::Micros;
use serde_json::json;

use super::{State, held::Held, target};
use crate::{
    Result, Tx,
    log::Entry,
    outcome::{self, Claim, Kind},
    store::q,
    unit::{Org, Promise},
};

/// Opens a resolved case again: the resolution stays as history, marked; the claim to have resolved it no longer
/// holds. Whether the customer's own confirmation still holds is for the caller to say (`contradicted`): only the
/// customer can take it back.
pub(super) async fn reopen(tx: &mut Tx, org: &Org, case: &mut Held, why: &str, contradicted: bool) -> Result<()> {
    let now = tx.now();
    let sql = "update resolutions set reopened_at = $1, reopened_why = $2 where case_id = $3 and reopened_at is null";
    tx.run(q!(sql, now, why, case.id)).await?;
    let kinds: &[Kind] = if contradicted { &[Kind::Resolved, Kind::Confirmed] } else { &[Kind::Resolved] };
    outcome::void(tx, case.id, kinds, why).await?;
    let sql = "update cases set state = 'open', closed_at = null, resolution = null, confirmed_at = null,
        evidence_post_id = null, version = version + 1 where id = $1";
    tx.run(q!(sql, case.id)).await?;
    (case.state, case.closed_at, case.confirmed_at, case.evidence_post) = (State::Open, None, None, None);
    target::start(tx, org, case.id, case.unit, Promise::Resolution, now).await?;
    tx.log(Entry::new("case.reopened", "case", case.id).unit(case.unit).with(json!({ "why": why })));
    Ok(())
}

/// The customer said that it is fixed, in `post`: the resolution that holds is confirmed, and the ledger gets a claim
/// of grade A, once a case. The caller has made sure that it is the author whose matter it is who says so.
pub(super) async fn confirm(tx: &mut Tx, case: &Held, post: i64, at: Micros) -> Result<bool> {
    let sql = "select id, kind from resolutions where case_id = $1 and reopened_at is null order by id desc limit 1";
    let Some(row) = tx.opt(q!(sql, case.id)).await? else { return Ok(false) };
    let (resolution, kind): (i64, String) = (row.get("id")?, row.get("kind")?);
    if !matches!(kind.as_str(), "fixed" | "answered") || outcome::holds(tx, case.id, Kind::Confirmed).await? {
        return Ok(false);
    }
    let sql = "update resolutions set confirmed_at = $1, confirmed_by_post_id = $2 where id = $3";
    tx.run(q!(sql, at, post, resolution)).await?;
    let sql = "update cases set confirmed_at = $1, version = version + 1 where id = $2";
    tx.run(q!(sql, at, case.id)).await?;
    let evidence = "The customer said so in a post of their own".to_owned();
    let claim = Claim {
        case: case.id,
        unit: case.unit,
        at,
        resolution: Some(resolution),
        post: Some(post),
        evidence,
        ..Claim::default()
    };
    outcome::claim(tx, Kind::Confirmed, claim).await?;
    let body = json!({ "post": post, "resolution": resolution });
    tx.log(Entry::new("case.confirmed", "case", case.id).unit(case.unit).with(body));
    Ok(true)
}
