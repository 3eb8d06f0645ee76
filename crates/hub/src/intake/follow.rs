//! What a further post does to its case, until the case noun does it.

use dandelion_post::Micros;

use crate::{Result, Tx, log::Entry, store::q, unit::Org};

pub(super) struct Verdict {
    pub fixed: bool,
    pub words: String,
}

pub(super) struct FollowUp {
    pub post_id: i64,
    pub author_id: Option<i64>,
    pub ours: bool,
    pub at: Micros,
    pub verdict: Option<Verdict>,
}

pub(super) async fn follow_up(tx: &mut Tx, _org: &Org, case: i64, up: &FollowUp) -> Result<()> {
    let _ = (up.author_id, up.verdict.as_ref().map(|verdict| (verdict.fixed, &verdict.words)));
    let sql = if up.ours {
        "update cases set asked_at = null, asks = 0, last_post_at = $1, version = version + 1 where id = $2"
    } else {
        "update cases set asked_at = coalesce(asked_at, $1), asks = asks + 1, last_post_at = $1, version = version + 1 where id = $2"
    };
    tx.run(q!(sql, up.at, case)).await?;
    tx.log(Entry::new("case.followed", "case", case).with(serde_json::json!({ "post": up.post_id })));
    Ok(())
}

pub(super) async fn merge(tx: &mut Tx, keep: i64, gone: i64) -> Result<()> {
    tx.run(q!("update case_threads set case_id = $1 where case_id = $2", keep, gone)).await?;
    tx.run(q!("update mentions set case_id = $1 where case_id = $2", keep, gone)).await?;
    tx.run(q!("update cases set state = 'merged', merged_into = $1 where id = $2", keep, gone)).await?;
    tx.log(Entry::new("case.merged", "case", gone).with(serde_json::json!({ "into": keep })));
    Ok(())
}
