//! What shadows say beside the heads that count. Their answers lie apart, so that nothing on the desk reads them, and are
//! compared with what counted at that moment.

use serde::Serialize;

use super::{find, speak::ShadowAnswer};
use crate::{
    Hub, Result, Tx,
    query::precision::{Interval, wilson},
    scope::Viewer,
    store::{Value, q},
};

const COLUMNS: &[&str] = &["model_id", "post_id", "revision", "value", "score", "unsure", "present", "at"];

/// Keeps what shadows say of posts: post, revision, answers.
pub(crate) async fn keep(tx: &mut Tx, said: &[(i64, i64, &[ShadowAnswer])]) -> Result<()> {
    let now = tx.now();
    let row = |post: i64, revision: i64, answer: &ShadowAnswer| -> Vec<Value> {
        vec![
            answer.model.into(),
            post.into(),
            revision.into(),
            Value::from(&answer.judgement.value),
            answer.judgement.score.into(),
            answer.judgement.unsure.into(),
            answer.present.clone().into(),
            now.into(),
        ]
    };
    let rows =
        said.iter().flat_map(|(post, revision, answers)| answers.iter().map(|it| row(*post, *revision, it))).collect();
    tx.insert("shadow_answers", COLUMNS, rows, "on conflict do nothing").await.map(drop)
}

/// How a shadow's answers compare with those that counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Posts it answered.
    pub answered: i64,
    /// Of those, how many had an answer that counted.
    pub beside: i64,
    /// Of these, how many it answered alike.
    pub alike: i64,
    /// The share of those, with its interval of 95 %; none where there was nothing beside it.
    pub share: Option<Interval>,
}

/// Posts that a shadow answered otherwise, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Apart {
    /// The post.
    pub post: i64,
    /// What counted.
    pub present: Option<String>,
    /// What the shadow said …
    pub value: String,
    /// … and how likely it held it.
    pub score: f64,
}

/// How often a model agreed with what counted while it was a shadow.
pub async fn agreement(hub: &Hub, viewer: &Viewer, model: i64) -> Result<Agreement> {
    find(hub, viewer, model).await?;
    let sql =
        "select count(*) as answered, count(present) as beside, count(case when present = value then 1 end) as alike
        from shadow_answers where model_id = $1";
    let row = hub.db.one(q!(sql, model)).await?;
    let (beside, alike): (i64, i64) = (row.get("beside")?, row.get("alike")?);
    Ok(Agreement { answered: row.get("answered")?, beside, alike, share: wilson(alike, beside) })
}

/// Where it did not.
pub async fn apart(hub: &Hub, viewer: &Viewer, model: i64, limit: i64) -> Result<Vec<Apart>> {
    find(hub, viewer, model).await?;
    let sql = "select post_id, present, value, score from shadow_answers
        where model_id = $1 and present is distinct from value order by at desc, post_id desc limit $2";
    let rows = hub.db.all(q!(sql, model, limit.clamp(1, 200))).await?;
    let apart = |row: &crate::store::Row| {
        Ok(Apart {
            post: row.get("post_id")?,
            present: row.get("present")?,
            value: row.get("value")?,
            score: row.get("score")?,
        })
    };
    rows.iter().map(apart).collect()
}
