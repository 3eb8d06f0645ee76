use dandelion_networks::outgoing::{Account, Again, Outgoing};
use dandelion_post::Micros;

use super::{Job, Sender};
use crate::{
    Result, Tx,
    log::Actor,
    reply::{Action, Reply, queries},
    store::{Q, q},
};

impl Sender {
    /// Takes the reply that has been due longest, except from handles that are `busy`, and commits the intent to
    /// publish it. Replies that can no longer be published on the way are settled.
    pub async fn claim(&self, busy: &[i64]) -> Result<Option<Job>> {
        loop {
            let mut tx = self.hub.begin(Actor::System("sender")).await?;
            let Some(id) = next_due(&mut tx, busy).await? else { return Ok(None) };
            let mut reply = queries::locked(&mut tx, id).await?;
            let (account, look_since) = match self.may_try(&mut tx, &reply).await? {
                Ok(ready) => ready,
                Err((action, why)) => {
                    self.settle(&mut tx, &mut reply, action, &why).await?;
                    tx.commit().await?;
                    continue;
                }
            };
            let job = self.intend(&mut tx, &mut reply, account, look_since).await?;
            tx.commit().await?;
            return Ok(Some(job));
        }
    }

    /// The account to publish with, and since when its own posts have to be looked through first; or what has to become
    /// of the reply instead.
    async fn may_try(&self, tx: &mut Tx, reply: &Reply) -> Result<Result<(Account, Option<Micros>), (Action, String)>> {
        let doubt = queries::doubt_since(tx, reply).await?;
        let instead = if doubt.is_some() { Action::Doubt } else { Action::Fail };
        let account = match reply.config.account(self.hub.db.vault(), reply.handle_id, &reply.network) {
            _ if reply.archived => return Ok(Err((instead, format!("{} is no longer in use", reply.handle)))),
            Err(why) => return Ok(Err((instead, why.to_string()))),
            Ok(account) => account,
        };
        let Some(since) = doubt else { return Ok(Ok((account, None))) };
        match account.again(since, tx.now()) {
            Again::SameKey => Ok(Ok((account, None))),
            Again::LookFirst => Ok(Ok((account, Some(since)))),
            Again::Never => {
                Ok(Err((Action::Doubt, "the network no longer remembers the key of the attempt in doubt".into())))
            }
        }
    }

    /// The intent row and the state *sending*, before anything leaves.
    async fn intend(
        &self,
        tx: &mut Tx,
        reply: &mut Reply,
        account: Account,
        look_since: Option<Micros>,
    ) -> Result<Job> {
        let lease_until = tx.now() + self.rules.lease;
        let last = tx.one(q!("select coalesce(max(number), 0) as n from reply_attempts where reply_id = $1", reply.id));
        let number = last.await?.get::<i64, _>("n")? + 1;
        let attempt = tx.id("reply_attempts").await?;
        tx.run(q!(
            "insert into reply_attempts (id, reply_id, number, key, started_at) values ($1, $2, $3, $4, $5)",
            attempt,
            reply.id,
            number,
            &reply.key,
            tx.now()
        ))
        .await?;
        reply.step(tx, Action::Claim, "").await?;
        tx.run(q!(
            "update replies set attempts = attempts + 1, lease_until = $2, lease_by = $3 where id = $1",
            reply.id,
            lease_until,
            &self.name
        ))
        .await?;
        let outgoing = Outgoing {
            key: reply.key.clone(),
            handle: reply.handle.clone(),
            text: reply.text.clone(),
            in_reply_to: reply.in_reply_to.clone(),
        };
        Ok(Job { reply_id: reply.id, handle_id: reply.handle_id, number, lease_until, account, look_since, outgoing })
    }
}

async fn next_due(tx: &mut Tx, busy: &[i64]) -> Result<Option<i64>> {
    let mut sql =
        String::from("select id from replies where state = 'queued' and held_at is null and next_attempt_at <= $1");
    if !busy.is_empty() {
        let list: Vec<String> = busy.iter().map(ToString::to_string).collect();
        sql = format!("{sql} and handle_id not in ({})", list.join(", "));
    }
    sql.push_str(" order by next_attempt_at, id limit 1");
    if tx.is_postgres() {
        // Another program's sender takes the next one instead of waiting for this.
        sql.push_str(" for update skip locked");
    }
    let now = tx.now();
    tx.opt(Q::of(sql).bind(now)).await?.map(|row| row.get("id")).transpose()
}
