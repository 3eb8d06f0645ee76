//! A query's new wording: versions with who, when and why, and the test cases that guard them.

use dandelion_listen::explain;
use serde_json::json;

use super::{Case, Query, find, parse};
use crate::{
    Error, Hub, Result,
    engine::Engine,
    intake::Origin,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::q,
};

/// What is to be saved.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change<'c> {
    /// The wording.
    pub text: &'c str,
    /// Its test cases.
    pub cases: &'c [Case],
    /// Why, for its history.
    pub why: &'c str,
    /// Why it shall be saved although test cases fail; empty: then it shall not.
    pub despite: &'c str,
}

impl Change<'_> {
    /// How many test cases fail, and what is kept as the reason. An error where some fail and there is no reason, or
    /// where the wording refers to a query that is not there, or to itself. `name` is the query's.
    pub(super) fn why_in_history(&self, engine: &Engine, name: &str) -> Result<(usize, String)> {
        let standing = engine.standing(Some(name), parse(self.text)?);
        let query = standing.map_err(|error| Error::invalid("text", error.to_string(), ""))?;
        let (failed, of) = (failing(engine, &query, self.cases).len(), self.cases.len());
        let (why, despite) = (self.why.trim(), self.despite.trim());
        match (failed, despite) {
            (0, _) => Ok((0, why.to_owned())),
            (_, "") => {
                let tests =
                    if failed == 1 { "a test case fails".to_owned() } else { format!("{failed} test cases fail") };
                let words =
                    format!("{tests}. Change the query or the cases, or say why it shall be saved all the same");
                Err(Error::invalid("cases", words, ""))
            }
            _ if why.is_empty() => Ok((failed, format!("Saved although {failed} of {of} test cases fail: {despite}"))),
            _ => Ok((failed, format!("{why} (saved although {failed} of {of} test cases fail: {despite})"))),
        }
    }
}

/// Changes a query's wording and test cases. `version` is the one the change was made from. A wording that fails one of
/// its test cases is refused.
pub async fn change(
    hub: &Hub,
    viewer: &Viewer,
    id: i64,
    version: i64,
    text: &str,
    cases: &[Case],
    why: &str,
) -> Result<Query> {
    save(hub, viewer, id, version, Change { text, cases, why, despite: "" }).await
}

/// Saves a new version made from `version`; its unit's leads may. Refused where a test case fails and no reason to save
/// it all the same is given; with one, the reason stands in the history.
pub async fn save(hub: &Hub, viewer: &Viewer, id: i64, version: i64, change: Change<'_>) -> Result<Query> {
    let old = find(hub, id).await?;
    viewer.need(Role::Lead, old.unit, "change a query of this unit")?;
    let (failed, why) = change.why_in_history(&*hub.engine().await?, &old.name)?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let (by, now, cases) = (viewer.member, tx.now(), json!(change.cases).to_string());
    let sql = "update queries set text = $1, cases = $2, version = version + 1, changed_at = $3
               where id = $4 and version = $5 and archived_at is null";
    if tx.run(q!(sql, change.text, cases, now, id, version)).await? == 0 {
        return Err(Error::Conflict(
            "somebody changed this query meanwhile; look at the new version and try again".into(),
        ));
    }
    let sql =
        "insert into query_versions (query_id, version, text, saved_by, saved_at, why) values ($1, $2, $3, $4, $5, $6)";
    tx.run(q!(sql, id, version + 1, change.text, by, now, why)).await?;
    let body = json!({ "version": version + 1, "failing": failed });
    tx.log(Entry::new("query.changed", "query", id).unit(old.unit).with(body));
    tx.commit().await?;
    find(hub, id).await
}

/// Saves the wording of an earlier version as a new one, made from `version`. Test cases stay, and guard it as any other.
pub async fn restore(hub: &Hub, viewer: &Viewer, id: i64, version: i64, earlier: i64, despite: &str) -> Result<Query> {
    let old = find(hub, id).await?;
    let sql = "select text from query_versions where query_id = $1 and version = $2";
    let row = hub.db.opt(q!(sql, id, earlier)).await?.ok_or(Error::not_found("version", earlier))?;
    let (text, why): (String, _) = (row.get("text")?, format!("Version {earlier} again"));
    save(hub, viewer, id, version, Change { text: &text, cases: &old.cases, why: &why, despite }).await
}

/// The cases a query fails, judgements included; `query:NAME` has to be in its place ([`Engine::standing`]).
pub fn failing<'c>(engine: &Engine, query: &dandelion_listen::Query, cases: &'c [Case]) -> Vec<&'c Case> {
    let judged = query.needs_analysis();
    let fails = |case: &&Case| {
        let (post, mut truth) = (case.post(), false);
        engine.with_facts(&post, &Origin::default(), judged, |facts| truth = explain(query, &post, facts).truth);
        truth != case.matches
    };
    cases.iter().filter(fails).collect()
}

/// A test case made from a stored post. Posts are public: every member may read them.
pub async fn case_of(hub: &Hub, viewer: &Viewer, post: i64, matches: bool) -> Result<Case> {
    viewer.need_anywhere(Role::Viewer, "make a test case")?;
    let post = super::sample::find(hub, post).await?;
    Ok(Case::of_post(post, matches))
}
