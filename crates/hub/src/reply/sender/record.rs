use std::time::Duration;

use dandelion_networks::outgoing::{Account, Again, Answer};
use dandelion_post::Micros;

use super::{Job, Sender, Stale, backoff};
use crate::{
    Result, Tx,
    log::Actor,
    reply::{Action, Reply, State, queries, queue},
    store::{Q, q},
};

/// How long after an attempt our own posts are trusted to show it, in microseconds.
const SHOWN_AFTER: Micros = 60_000_000;

impl Sender {
    /// Commits what became of an attempt.
    ///
    /// If somebody else has settled the reply in the meantime (its lease ran out), only the news that it *was*
    /// published still counts; nothing else may overrule them.
    pub async fn record(&self, job: &Job, answer: Answer) -> Result<State> {
        let engine = self.hub.engine().await?;
        let mut tx = self.hub.begin(Actor::System("sender")).await?;
        let mut reply = queries::locked(&mut tx, job.reply_id).await?;
        if let Answer::Published { .. } = answer {
            queries::lock_case(&mut tx, &reply).await?;
        }
        let open = finish_attempt(&mut tx, job, &answer).await?;
        let ours = open && reply.state == State::Sending && reply.lease_by.as_deref() == Some(self.name.as_str());
        match answer {
            Answer::Published { remote_id, url } => {
                if ours || matches!(reply.state, State::Unknown | State::Queued) {
                    let reason = if ours { "the network confirmed it" } else { "the confirmation came late" };
                    reply.step(&mut tx, Action::Confirm, reason).await?;
                    queue::settle_sent(&mut tx, &engine.org, &reply, remote_id.as_deref(), url.as_deref()).await?;
                }
            }
            _ if !ours => {}
            Answer::Refused { why } => self.refused(&mut tx, &mut reply, &why).await?,
            Answer::Later { after, why } => {
                self.try_again(&mut tx, &mut reply, Some(&job.account), after, &why).await?;
            }
            Answer::InDoubt { why } => self.try_again(&mut tx, &mut reply, Some(&job.account), None, &why).await?,
        }
        tx.commit_unlogged("an attempt somebody else has settled changes nothing").await?;
        Ok(reply.state)
    }

    /// Finds replies that a dead program left *sending* and treats each as in doubt. Returns how many.
    pub async fn recover(&self, stale: Stale) -> Result<usize> {
        let (sql, name) = match stale {
            Stale::Expired => ("select id from replies where state = 'sending' and lease_until <= $1", None),
            Stale::Foreign => (
                "select id from replies where state = 'sending' and (lease_until <= $1 or lease_by is distinct from $2)",
                Some(&self.name),
            ),
        };
        let with = |query: Q| name.map_or(query.clone(), |name| query.bind(name));
        let rows = self.hub.db.all(with(q!(sql, self.hub.now()))).await?;
        for row in &rows {
            let mut tx = self.hub.begin(Actor::System("sender")).await?;
            let mut reply = queries::locked(&mut tx, row.get("id")?).await?;
            let still = tx.opt(with(Q::of(format!("{sql} and id = {}", reply.id)).bind(tx.now()))).await?;
            if still.is_none() {
                continue; // somebody was quicker
            }
            let why = "the program stopped in the middle of this attempt";
            close_attempt(&mut tx, reply.id, why).await?;
            let account = reply.config.account(self.hub.db.vault(), reply.handle_id, &reply.network).ok();
            self.try_again(&mut tx, &mut reply, account.as_ref(), None, why).await?;
            tx.commit().await?;
        }
        Ok(rows.len())
    }

    /// The network will not have it. That settles the matter only if no earlier attempt is in doubt.
    async fn refused(&self, tx: &mut Tx, reply: &mut Reply, why: &str) -> Result<()> {
        if queries::doubt_since(tx, reply).await?.is_some() {
            let why = format!("{why}; but an earlier attempt may have been published");
            return self.settle(tx, reply, Action::Doubt, &why).await;
        }
        self.settle(tx, reply, Action::Fail, why).await
    }

    /// Puts it in line again if that is safe and there is a point; otherwise it has failed, or nobody can tell.
    async fn try_again(
        &self,
        tx: &mut Tx,
        reply: &mut Reply,
        account: Option<&Account>,
        asked: Option<Duration>,
        why: &str,
    ) -> Result<()> {
        let mut at = tx.now() + backoff::wait(reply.attempts, asked, &self.hub.random);
        let doubt = queries::doubt_since(tx, reply).await?;
        if let Some(since) = doubt {
            match account.map_or(Again::Never, |account| account.again(since, at)) {
                Again::SameKey => {}
                // What was published may take a moment to be shown; looking too soon would find nothing.
                Again::LookFirst => at = at.max(tx.now() + SHOWN_AFTER),
                Again::Never => return self.settle(tx, reply, Action::Doubt, why).await,
            }
        }
        let since = reply.send_after.unwrap_or(reply.changed_at);
        if reply.attempts >= self.rules.attempts || at - since > self.rules.tried_for {
            let action = if doubt.is_some() { Action::Doubt } else { Action::Fail };
            let why = format!("given up after {} attempts; the last: {why}", reply.attempts);
            return self.settle(tx, reply, action, &why).await;
        }
        reply.step(tx, Action::Defer, why).await?;
        let sql =
            "update replies set next_attempt_at = $2, error = $3, lease_until = null, lease_by = null where id = $1";
        tx.run(q!(sql, reply.id, at, why)).await.map(drop)
    }

    /// Ends the sender's part without a confirmation.
    pub(super) async fn settle(&self, tx: &mut Tx, reply: &mut Reply, action: Action, why: &str) -> Result<()> {
        reply.step(tx, action, why).await?;
        let sql =
            "update replies set error = $2, next_attempt_at = null, lease_until = null, lease_by = null where id = $1";
        tx.run(q!(sql, reply.id, why)).await.map(drop)
    }
}

/// Writes the answer into the intent's row; says whether it was still open. A late confirmation overwrites a doubt.
async fn finish_attempt(tx: &mut Tx, job: &Job, answer: &Answer) -> Result<bool> {
    let (result, detail) = match answer {
        Answer::Published { .. } => ("sent", None),
        Answer::Refused { why } => ("refused", Some(why)),
        Answer::Later { why, .. } => ("later", Some(why)),
        Answer::InDoubt { why } => ("unknown", Some(why)),
    };
    let sql = "update reply_attempts set finished_at = $3, result = $4, detail = $5
               where reply_id = $1 and number = $2 and finished_at is null";
    if tx.run(q!(sql, job.reply_id, job.number, tx.now(), result, detail)).await? == 1 {
        return Ok(true);
    }
    if result == "sent" {
        let sql = "update reply_attempts set result = 'sent', detail = null where reply_id = $1 and number = $2";
        tx.run(q!(sql, job.reply_id, job.number)).await?;
    }
    Ok(false)
}

/// Closes the attempt nobody finished: whether it was published nobody can tell.
pub(in crate::reply) async fn close_attempt(tx: &mut Tx, reply: i64, why: &str) -> Result<()> {
    let sql = "update reply_attempts set finished_at = $2, result = 'unknown', detail = $3
               where reply_id = $1 and finished_at is null";
    tx.run(q!(sql, reply, tx.now(), why)).await.map(drop)
}
