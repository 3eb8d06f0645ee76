//! Writing into the ledger, always inside the transaction of what the claim speaks of.

use dandelion_post::Micros;
use serde_json::json;

use super::Kind;
use crate::{Result, Tx, log::Entry, store::q};

/// What is about to be claimed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claim {
    pub(crate) case: i64,
    pub(crate) unit: i64,
    pub(crate) at: Micros,
    pub(crate) handoff: Option<i64>,
    pub(crate) resolution: Option<i64>,
    pub(crate) post: Option<i64>,
    /// The evidence in words of ours; no words of customers.
    pub(crate) evidence: String,
}

/// Writes one claim. The grade follows from who said it: the receiver or the customer A, ourselves C.
pub(crate) async fn claim(tx: &mut Tx, kind: Kind, claim: Claim) -> Result<i64> {
    let grade = match kind {
        Kind::Passed | Kind::Confirmed => "A",
        Kind::Resolved => "C",
    };
    let id = tx.id("outcomes").await?;
    let Claim { case, unit, at, handoff, resolution, post, evidence } = claim;
    let sql = "insert into outcomes (id, kind, grade, unit_id, case_id, handoff_id, resolution_id, evidence_post_id, evidence, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    tx.run(q!(sql, id, kind.as_str(), grade, unit, case, handoff, resolution, post, evidence, at)).await?;
    let body = json!({ "case": case, "kind": kind.as_str(), "grade": grade });
    tx.log(Entry::new("outcome.claimed", "outcome", id).unit(unit).with(body));
    Ok(id)
}

/// Claims of these kinds about a case no longer hold. Says how many held until now.
pub(crate) async fn void(tx: &mut Tx, case: i64, kinds: &[Kind], why: &str) -> Result<usize> {
    let now = tx.now();
    let mut count = 0;
    for kind in kinds {
        let sql = "select id, unit_id from outcomes where case_id = $1 and kind = $2 and void_at is null";
        for row in tx.all(q!(sql, case, kind.as_str())).await? {
            let (id, unit): (i64, i64) = (row.get("id")?, row.get("unit_id")?);
            tx.run(q!("update outcomes set void_at = $1, void_why = $2 where id = $3", now, why, id)).await?;
            let body = json!({ "case": case, "kind": kind.as_str(), "why": why });
            tx.log(Entry::new("outcome.voided", "outcome", id).unit(unit).with(body));
            count += 1;
        }
    }
    Ok(count)
}

/// Whether a claim of this kind about a case holds.
pub(crate) async fn holds(tx: &mut Tx, case: i64, kind: Kind) -> Result<bool> {
    let sql = "select 1 as x from outcomes where case_id = $1 and kind = $2 and void_at is null limit 1";
    Ok(tx.opt(q!(sql, case, kind.as_str())).await?.is_some())
}
