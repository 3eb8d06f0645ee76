use dandelion_networks::email::Beside;

use super::{Action, Reply, State, queries};
use crate::{
    Error, Hub, Result, Tx,
    log::Actor,
    scope::{Role, Viewer},
    store::{Q, q},
};

/// More characters than any network takes.
const MOST_CHARACTERS: usize = 10_000;
/// So many of the newest posts are looked through for one that a person wrote.
const LOOKED_AT: i64 = 50;

/// A reply about to be drafted.
#[derive(Debug, Clone)]
pub struct New {
    /// The case it answers.
    pub case_id: i64,
    /// The post it answers; without one, the newest the customer wrote.
    pub post_id: Option<i64>,
    /// The account of ours to speak from.
    pub handle_id: i64,
    /// The words.
    pub text: String,
}

/// Starts a reply.
pub async fn draft(hub: &Hub, viewer: &Viewer, new: &New) -> Result<Reply> {
    let text = words(&new.text)?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let unit = answerable(&mut tx, viewer, new.case_id).await?;
    viewer.need(Role::Agent, unit, "answer this case")?;
    let post = answered_post(&mut tx, new).await?;
    check_handle(&mut tx, new.handle_id, post.as_ref().map(|(_, network)| network.as_str())).await?;
    let id = tx.id("replies").await?;
    tx.run(q!(
        "insert into replies (id, case_id, post_id, handle_id, member_id, text, state, key, version, created_at, changed_at, attempts)
         values ($1, $2, $3, $4, $5, $6, 'draft', $7, 1, $8, $8, 0)",
        id,
        new.case_id,
        post.map(|(post, _)| post),
        new.handle_id,
        viewer.member,
        text,
        fresh_key(hub),
        tx.now()
    ))
    .await?;
    let reply = queries::locked(&mut tx, id).await?;
    reply.note(&mut tx, "reply.drafted", State::Draft, "").await?;
    tx.commit().await?;
    Ok(reply)
}

/// Changes the words. Whatever approval there was is gone with the wording it was for.
pub async fn edit(hub: &Hub, viewer: &Viewer, id: i64, version: i64, text: &str) -> Result<Reply> {
    let text = words(text)?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let mut reply = queries::for_change(&mut tx, viewer, id).await?;
    reply.need_agent(viewer, "edit this reply")?;
    reply.need_version(version)?;
    if reply.state == State::Draft && reply.text == text {
        return Ok(reply);
    }
    reply.version += 1;
    reply.step(&mut tx, Action::Edit, "").await?;
    tx.run(q!(
        "update replies set text = $2, version = $3, approval_unit_id = null, error = null where id = $1",
        id,
        text,
        reply.version
    ))
    .await?;
    let reply = queries::locked(&mut tx, id).await?;
    tx.commit().await?;
    Ok(reply)
}

/// A key no other reply has ever had.
pub(super) fn fresh_key(hub: &Hub) -> String {
    format!("reply_{}", hub.random.token())
}

/// The words, without blanks around them, if they can be sent at all.
pub(super) fn words(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("text", "a reply needs words; write some", ""));
    }
    let count = text.chars().count();
    if count > MOST_CHARACTERS {
        return Err(Error::invalid(
            "text",
            format!("{count} characters are too many; {MOST_CHARACTERS} at most"),
            text,
        ));
    }
    Ok(text.to_owned())
}

/// The unit of a case the viewer can see and that can still be answered.
async fn answerable(tx: &mut Tx, viewer: &Viewer, case_id: i64) -> Result<i64> {
    let seen = viewer.scope(Role::Viewer).case_sql("c");
    let sql = format!("select c.unit_id, c.merged_into from cases c where c.id = $1 and {seen}");
    let row = tx.opt(Q::of(sql).bind(case_id)).await?.ok_or(Error::not_found("case", case_id))?;
    if let Some(into) = row.get::<Option<i64>, _>("merged_into")? {
        return Err(Error::Conflict(format!("This case was merged into case {into}. Answer there")));
    }
    row.get("unit_id")
}

/// The post that is answered and its network; it must belong to the case, and somebody must stand behind it.
async fn answered_post(tx: &mut Tx, new: &New) -> Result<Option<(i64, String)>> {
    let in_case = "select p.id, p.network, case when p.network = 'email' then p.extra end as mail
        from posts p join case_threads t on t.thread_id = p.thread_id where t.case_id = $1";
    let rows = if let Some(post) = new.post_id {
        let row = tx.opt(Q::of(format!("{in_case} and p.id = $2")).bind(new.case_id).bind(post)).await?;
        vec![row.ok_or(Error::not_found("post of this case", post))?]
    } else {
        let newest = "not p.ours and p.deleted_at is null order by p.created_at desc, p.id desc limit $2";
        tx.all(Q::of(format!("{in_case} and {newest}")).bind(new.case_id).bind(LOOKED_AT)).await?
    };
    let mut nobody = None;
    for row in &rows {
        match machine(row.get("mail")?) {
            None => return Ok(Some((row.get("id")?, row.get("network")?))),
            Some(words) => nobody = nobody.or(Some(words)),
        }
    }
    nobody.map_or(Ok(None), |words| Err(Error::Conflict(format!("{words}. Write a note for colleagues instead"))))
}

/// In words, which machine wrote a mail that nobody stands behind.
fn machine(extra: Option<String>) -> Option<String> {
    let mail = Beside::of(&serde_json::from_str(&extra?).unwrap_or_default());
    mail.automatic.filter(|automatic| !automatic.kind.answerable()).map(|automatic| automatic.words())
}

/// A handle answers where it lives: on the network of the post.
async fn check_handle(tx: &mut Tx, handle: i64, network: Option<&str>) -> Result<()> {
    let row = tx.opt(q!("select name, network, archived_at from handles where id = $1", handle)).await?;
    let row = row.ok_or(Error::not_found("handle", handle))?;
    let (name, speaks_on): (String, String) = (row.get("name")?, row.get("network")?);
    if row.get::<Option<i64>, _>("archived_at")?.is_some() {
        return Err(Error::Conflict(format!("{name} is no longer in use. Choose another handle")));
    }
    match network {
        Some(network) if network != speaks_on => Err(Error::Conflict(format!(
            "{name} speaks on {speaks_on}, but the post is on {network}. Choose a handle of {network}"
        ))),
        _ => Ok(()),
    }
}
