use dandelion_networks::outgoing::{Answer, Writer};
use dandelion_post::Micros;

use super::{Sender, backoff};
use crate::{
    Error, Result, Tx, actor,
    log::Actor,
    reply::{
        Reply,
        change::{Change, Kind},
        queries,
    },
    store::{Q, q},
};

/// One claimed change of what is out.
#[derive(Debug, Clone)]
pub struct Task {
    /// The handle that spoke.
    pub handle_id: i64,
    change: Change,
    reply: Reply,
}

impl Sender {
    /// Does one change that is due, if any; says whether there was one.
    pub async fn change_step(&self) -> Result<bool> {
        let Some(task) = self.claim_change(&[]).await? else { return Ok(false) };
        let answer = self.make_change(&task).await;
        self.record_change(&task, answer).await?;
        Ok(true)
    }

    /// Takes the change that has been due longest, except from handles that are `busy`. A claim of a dead program ends
    /// with its lease: the same words twice, or gone twice, is the same as once.
    pub async fn claim_change(&self, busy: &[i64]) -> Result<Option<Task>> {
        // Asked many times a minute, and mostly for nothing: a look holds up nobody who writes.
        let due = q!("select id from reply_changes where next_attempt_at <= $1 limit 1", self.hub.now());
        if self.hub.db.opt(due).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.hub.begin(Actor::System("sender")).await?;
        let mut sql = String::from(
            "select c.id, c.reply_id from reply_changes c join replies r on r.id = c.reply_id
             where c.next_attempt_at <= $1 and (c.lease_until is null or c.lease_until <= $1)",
        );
        if !busy.is_empty() {
            let list: Vec<String> = busy.iter().map(ToString::to_string).collect();
            sql = format!("{sql} and r.handle_id not in ({})", list.join(", "));
        }
        sql.push_str(" order by c.next_attempt_at, c.id limit 1");
        if tx.is_postgres() {
            sql.push_str(" for update of c skip locked");
        }
        let now = tx.now();
        let Some(row) = tx.opt(Q::of(sql).bind(now)).await? else { return Ok(None) };
        let (id, reply_id): (i64, i64) = (row.get("id")?, row.get("reply_id")?);
        let sql = "update reply_changes set attempts = attempts + 1, lease_until = $2 where id = $1";
        tx.run(q!(sql, id, now + self.rules.lease)).await?;
        let reply = queries::locked(&mut tx, reply_id).await?;
        let change = Change::find(&mut tx, id).await?;
        tx.commit_unlogged("a claim is no change of state").await?;
        Ok(Some(Task { handle_id: reply.handle_id, change, reply }))
    }

    /// Touches the network, once.
    pub async fn make_change(&self, task: &Task) -> Answer {
        let reply = &task.reply;
        let account = match reply.config.account(self.hub.db.vault(), reply.handle_id, &reply.network) {
            Ok(account) => account,
            Err(why) => return Answer::Refused { why: why.to_string() },
        };
        let Some(id) = reply.remote_id.as_deref() else {
            return Answer::Refused { why: "the network never said under which address it keeps this reply".into() };
        };
        let writer = Writer::new(self.client.clone(), account);
        let answer = match task.change.kind {
            Kind::Edit => writer.edit(id, &task.change.words, self.hub.now()).await,
            Kind::Delete => writer.delete(id, self.hub.now()).await,
        };
        self.note(&writer);
        answer
    }

    /// Commits what became of it.
    pub async fn record_change(&self, task: &Task, answer: Answer) -> Result<()> {
        let mut tx = self.hub.begin(Actor::System("sender")).await?;
        let mut reply = queries::locked(&mut tx, task.reply.id).await?;
        let change = Change::find(&mut tx, task.change.id).await?;
        if !change.waiting() {
            return Ok(()); // its lease ran out, and somebody was quicker
        }
        match answer {
            Answer::Published { .. } => done(&mut tx, &mut reply, &change).await?,
            Answer::Refused { why } => failed(&mut tx, &reply, &change, &why).await?,
            Answer::Later { after, why } => self.put_off(&mut tx, &reply, &change, after, &why).await?,
            // Whether it was done or not, doing it again is no harm.
            Answer::InDoubt { why } => self.put_off(&mut tx, &reply, &change, None, &why).await?,
        }
        tx.commit_unlogged("an attempt that is made again changes nothing").await
    }

    async fn put_off(
        &self,
        tx: &mut Tx,
        reply: &Reply,
        change: &Change,
        asked: Option<std::time::Duration>,
        why: &str,
    ) -> Result<()> {
        let at: Micros = tx.now() + backoff::wait(change.attempts, asked, &self.hub.random);
        if change.attempts >= self.rules.attempts || at - change.asked_at > self.rules.tried_for {
            let why = format!("given up after {} attempts; the last: {why}", change.attempts);
            return failed(tx, reply, change, &why).await;
        }
        let sql = "update reply_changes set next_attempt_at = $2, lease_until = null, error = $3 where id = $1";
        tx.run(q!(sql, change.id, at, why)).await.map(drop)
    }

    /// One change from network to record.
    pub(super) async fn attempt_change(self, task: Task) {
        let answer = self.make_change(&task).await;
        if let Err(error) = self.record_change(&task, answer).await {
            let reply = task.reply.id;
            tracing::warn!(
                reply,
                error = error.logged(),
                "a change could not be recorded; it is made again when its lease runs out"
            );
        }
    }
}

async fn done(tx: &mut Tx, reply: &mut Reply, change: &Change) -> Result<()> {
    let sql =
        "update reply_changes set done_at = $2, next_attempt_at = null, lease_until = null, error = null where id = $1";
    tx.run(q!(sql, change.id, tx.now())).await?;
    let (event, reason) = match change.kind {
        Kind::Edit => {
            reply.version += 1;
            let sql = "update replies set text = $2, version = $3, edited_at = $4 where id = $1";
            tx.run(q!(sql, reply.id, &change.words, reply.version, tx.now())).await?;
            ("reply.corrected", "the network shows the new words")
        }
        Kind::Delete => {
            tx.run(q!("update replies set deleted_at = $2 where id = $1", reply.id, tx.now())).await?;
            ("reply.withdrawn", "the network no longer shows it")
        }
    };
    if reply.network == actor::NETWORK {
        actor::tell_change(tx, reply, change.kind).await?;
    }
    reply.note(tx, event, reply.state, reason).await
}

async fn failed(tx: &mut Tx, reply: &Reply, change: &Change, why: &str) -> Result<()> {
    let sql =
        "update reply_changes set failed_at = $2, next_attempt_at = null, lease_until = null, error = $3 where id = $1";
    tx.run(q!(sql, change.id, tx.now(), why)).await?;
    reply.note(tx, "reply.change_failed", reply.state, why).await
}

impl Change {
    async fn find(tx: &mut Tx, id: i64) -> Result<Self> {
        let sql = format!("{} where c.id = $1", Self::SELECT);
        Self::read(&tx.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("change", id))?)
    }
}
