use dandelion_post::Micros;
use serde::Serialize;

use super::{Kind, Reply, State};
use crate::{
    Error, Hub, Result, Tx,
    scope::{Role, Scope, Viewer},
    store::{Q, Row, q},
};

const SELECT: &str = "select r.id, r.case_id, c.unit_id, r.post_id, r.handle_id, h.name as handle, h.network, h.config,
    h.archived_at, r.member_id, m.name as author, r.text, r.state, r.key, r.version, r.approval_unit_id, r.created_at,
    r.changed_at, r.send_after, r.held_at, r.lease_by, r.attempts, r.next_attempt_at, r.sent_at, r.remote_id,
    r.remote_url, r.error, r.edited_at, r.deleted_at, p.remote_id as in_reply_to, ch.kind as change_kind,
    ch.done_at as change_done, ch.failed_at as change_failed, ch.error as change_error
    from replies r join cases c on c.id = r.case_id join handles h on h.id = r.handle_id
    join members m on m.id = r.member_id left join posts p on p.id = r.post_id
    left join reply_changes ch on ch.id = (select max(id) from reply_changes where reply_id = r.id)";

/// One reply.
pub async fn find(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Reply> {
    let sql = format!("{SELECT} where r.id = $1 and {}", visible(viewer));
    read(&hub.db.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("reply", id))?)
}

/// The replies of a case, oldest first.
pub async fn of_case(hub: &Hub, viewer: &Viewer, case_id: i64) -> Result<Vec<Reply>> {
    let sql = format!("{SELECT} where r.case_id = $1 and {} order by r.id", visible(viewer));
    hub.db.all(Q::of(sql).bind(case_id)).await?.iter().map(read).collect()
}

/// What waits for this person's approval, longest first. Nobody approves what they wrote a part of.
pub async fn awaiting_approval(hub: &Hub, viewer: &Viewer) -> Result<Vec<Reply>> {
    let scope = viewer.scope(Role::Approver).sql("r.approval_unit_id");
    let sql = format!(
        "{SELECT} where r.state = 'submitted' and {scope} and not exists
         (select 1 from reply_steps s where s.reply_id = r.id and s.state = 'draft' and s.by_id = $1)
         order by r.changed_at, r.id"
    );
    hub.db.all(Q::of(sql).bind(viewer.member)).await?.iter().map(read).collect()
}

/// What a person has to decide: replies that may have been published or not, and those held after a restore.
pub async fn undecided(hub: &Hub, viewer: &Viewer) -> Result<Vec<Reply>> {
    let scope = viewer.scope(Role::Agent).sql("c.unit_id");
    let sql = format!(
        "{SELECT} where (r.state = 'unknown' or (r.state = 'queued' and r.held_at is not null)) and {scope}
         order by r.changed_at, r.id"
    );
    hub.db.all(Q::of(sql)).await?.iter().map(read).collect()
}

/// How many replies stand where, and how long the oldest waits to go out: what an operator watches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Replies in each state that occurs.
    pub states: Vec<(State, i64)>,
    /// Since when the oldest queued reply that is not held could go out; none where nothing waits.
    pub due_since: Option<Micros>,
}

/// The numbers of the whole outbox, for the program's own metrics: no one's scope, and no words.
pub async fn totals(hub: &Hub) -> Result<Totals> {
    let rows = hub.db.all(q!("select state, count(*) as n from replies group by state order by state")).await?;
    let state = |row: &Row| Ok((row.get::<String, _>("state")?.parse()?, row.get("n")?));
    let sql = "select min(coalesce(send_after, changed_at)) as at from replies
               where state in ('queued', 'sending') and held_at is null";
    let due_since = hub.db.one(q!(sql)).await?.get("at")?;
    Ok(Totals { states: rows.iter().map(state).collect::<Result<_>>()?, due_since })
}

/// One change of state.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// What the reply became.
    pub state: State,
    /// The wording it concerned.
    pub version: i64,
    /// Who did it; nobody where the program did.
    pub by_id: Option<i64>,
    /// Their name.
    pub by: Option<String>,
    /// When.
    pub at: Micros,
    /// Why, in words.
    pub reason: String,
}

/// Every change of state of a reply, oldest first.
pub async fn steps(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Vec<Step>> {
    find(hub, viewer, id).await?;
    let sql = "select s.state, s.version, s.by_id, m.name as by_name, s.at, s.reason from reply_steps s
               left join members m on m.id = s.by_id where s.reply_id = $1 order by s.id";
    let rows = hub.db.all(q!(sql, id)).await?;
    rows.iter()
        .map(|row| {
            Ok(Step {
                state: row.get::<String, _>("state")?.parse()?,
                version: row.get("version")?,
                by_id: row.get("by_id")?,
                by: row.get("by_name")?,
                at: row.get("at")?,
                reason: row.get("reason")?,
            })
        })
        .collect()
}

/// One attempt to publish.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Counts up within the reply.
    pub number: i64,
    /// When the intent was committed.
    pub started_at: Micros,
    /// When the answer was; absent while it is under way.
    pub finished_at: Option<Micros>,
    /// `sent`, `refused`, `later` or `unknown`.
    pub result: Option<String>,
    /// In words.
    pub detail: Option<String>,
}

/// Every attempt to publish a reply, oldest first.
pub async fn attempts(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Vec<Attempt>> {
    find(hub, viewer, id).await?;
    let sql = "select number, started_at, finished_at, result, detail from reply_attempts where reply_id = $1 order by number";
    let rows = hub.db.all(q!(sql, id)).await?;
    rows.iter()
        .map(|row| {
            Ok(Attempt {
                number: row.get("number")?,
                started_at: row.get("started_at")?,
                finished_at: row.get("finished_at")?,
                result: row.get("result")?,
                detail: row.get("detail")?,
            })
        })
        .collect()
}

/// One reply the viewer can see, for changing: nobody else changes it before this transaction ends.
pub(super) async fn for_change(tx: &mut Tx, viewer: &Viewer, id: i64) -> Result<Reply> {
    let sql = format!("{SELECT} where r.id = $1 and {}{}", visible(viewer), lock(tx));
    read(&tx.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("reply", id))?)
}

/// The same for the program itself.
pub(super) async fn locked(tx: &mut Tx, id: i64) -> Result<Reply> {
    let sql = format!("{SELECT} where r.id = $1{}", lock(tx));
    read(&tx.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("reply", id))?)
}

/// Nobody else changes the reply's case before this transaction ends. Taken before the reply is written to: PostgreSQL
/// locks the case for sharing when a reply is written twice, and two that share cannot both go on to change it.
pub(super) async fn lock_case(tx: &mut Tx, reply: &Reply) -> Result<()> {
    if tx.is_postgres() {
        tx.all(q!("select id from cases where id = $1 for update", reply.case_id)).await?;
    }
    Ok(())
}

/// Since when it is in doubt whether the words went out under the current key, if it is.
pub(super) async fn doubt_since(tx: &mut Tx, reply: &Reply) -> Result<Option<Micros>> {
    let sql =
        "select min(started_at) as at from reply_attempts where reply_id = $1 and key = $2 and result = 'unknown'";
    tx.one(q!(sql, reply.id, &reply.key)).await?.get("at")
}

/// A person sees a reply with its case, or because its approval is theirs to give.
fn visible(viewer: &Viewer) -> String {
    let case: Scope = viewer.scope(Role::Viewer);
    format!("({} or {})", case.case_sql("c"), viewer.scope(Role::Approver).sql("r.approval_unit_id"))
}

/// SQLite has one writer, so whoever writes is alone already.
fn lock(tx: &Tx) -> &'static str {
    if tx.is_postgres() { " for update of r" } else { "" }
}

fn read(row: &Row) -> Result<Reply> {
    let (done, failed): (Option<Micros>, Option<Micros>) = (row.get("change_done")?, row.get("change_failed")?);
    let kind: Option<String> = row.get("change_kind")?;
    let changing = kind.filter(|_| done.is_none() && failed.is_none());
    let change_error: Option<String> = row.get("change_error")?;
    Ok(Reply {
        edited_at: row.get("edited_at")?,
        deleted_at: row.get("deleted_at")?,
        changing: changing.map(|kind| if kind == "delete" { Kind::Delete } else { Kind::Edit }),
        change_error: change_error.filter(|_| failed.is_some()),
        id: row.get("id")?,
        case_id: row.get("case_id")?,
        unit_id: row.get("unit_id")?,
        post_id: row.get("post_id")?,
        handle_id: row.get("handle_id")?,
        handle: row.get("handle")?,
        network: row.get("network")?,
        member_id: row.get("member_id")?,
        author: row.get("author")?,
        text: row.get("text")?,
        state: row.get::<String, _>("state")?.parse()?,
        version: row.get("version")?,
        approval_unit_id: row.get("approval_unit_id")?,
        created_at: row.get("created_at")?,
        changed_at: row.get("changed_at")?,
        send_after: row.get("send_after")?,
        held_at: row.get("held_at")?,
        attempts: row.get("attempts")?,
        next_attempt_at: row.get("next_attempt_at")?,
        sent_at: row.get("sent_at")?,
        remote_id: row.get("remote_id")?,
        remote_url: row.get("remote_url")?,
        error: row.get("error")?,
        key: row.get("key")?,
        lease_by: row.get("lease_by")?,
        config: row.json("config")?,
        archived: row.get::<Option<i64>, _>("archived_at")?.is_some(),
        in_reply_to: row.get("in_reply_to")?,
    })
}
