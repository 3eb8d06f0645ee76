//! Telling other servers: each delivery is made until it has arrived, whoever is down meanwhile, and across restarts.

use std::time::Duration;

use dandelion_networks::{
    activitypub::{self, Remote},
    egress::Client,
    outgoing::Answer,
};
use dandelion_post::{Micros, timestamp};
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use super::said::Said;
use crate::{
    Db, Hub, Result, Tx, handle,
    log::{Actor, Entry},
    reply::sender::wait_at_most,
    store::{Q, Row, q},
    under_way::UnderWay,
};

/// Deliveries under way at once: in all, and to one host, so that one that hangs keeps nobody else waiting.
const AT_ONCE: usize = 16;
const AT_ONCE_PER_HOST: usize = 2;
/// How often it is looked for work.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The longest wait between two attempts, in microseconds.
const LONGEST: Micros = 4 * 3_600_000_000;
/// How long a delivery is tried, in microseconds.
const TRIED_FOR: Micros = 3 * 24 * 3_600_000_000;
/// Time to record an answer that came at the last moment, in microseconds.
const SPARE: Micros = 10_000_000;

/// Makes the deliveries of one running program.
#[derive(Debug, Clone)]
pub struct Deliverer {
    hub: Hub,
    remote: Remote,
    lease: Micros,
}

/// One claimed delivery.
#[derive(Debug, Clone)]
pub struct Delivery {
    id: i64,
    handle: i64,
    kind: String,
    reply: Option<i64>,
    actor: Option<String>,
    inbox: Option<String>,
    host: String,
    activity: Option<String>,
    made_at: Micros,
    attempts: i64,
}

impl Deliverer {
    /// Goes out through `client`. A claim holds longer than the client's deadline.
    pub fn new(hub: Hub, client: Client) -> Self {
        let deadline = Micros::try_from(client.rules().deadline.as_micros()).unwrap_or(Micros::MAX / 4);
        // The actor and their inbox are asked one after the other, each in two ways of signing.
        Self { hub, remote: Remote::new(client), lease: deadline.saturating_mul(4).saturating_add(SPARE) }
    }

    /// Delivers until `shutdown` turns true, then finishes what is under way.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        let mut under_way = UnderWay::default();
        while !*shutdown.borrow() {
            while under_way.len() < AT_ONCE {
                match self.claim(&under_way.busy(AT_ONCE_PER_HOST)).await {
                    Ok(Some(delivery)) => under_way.begin(delivery.host.clone(), self.clone().attempt(delivery)),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(
                            error = error.logged(),
                            "what other servers are told could not be looked up; trying again"
                        );
                        break;
                    }
                }
            }
            self.keep().await;
            tokio::select! {
                changed = shutdown.changed() => if changed.is_err() { break },
                () = under_way.one_done() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        under_way.finish().await;
        self.keep().await;
    }

    /// What was learned of other servers, here or where they write to us.
    async fn keep(&self) {
        if let Err(error) = super::keep_knocks(&self.hub, self.remote.client()).await {
            tracing::warn!(%error, "how other servers sign could not be kept; trying again");
        }
    }

    /// Makes one delivery that is due, if any; says whether there was one.
    pub async fn step(&self) -> Result<bool> {
        let Some(delivery) = self.claim(&[]).await? else { return Ok(false) };
        let answer = self.make(&delivery).await?;
        self.record(&delivery, answer).await?;
        Ok(true)
    }

    /// Takes the delivery that has been due longest, except to hosts that are `busy`. One server hears of one reply in
    /// the order in which things happened to it, and so does whoever is followed and no longer. What a dead program has claimed is taken again when its lease is over:
    /// every activity has one address, by which whoever hears it twice knows it.
    pub async fn claim(&self, busy: &[String]) -> Result<Option<Delivery>> {
        // Asked many times a minute, and mostly for nothing: a look holds up nobody who writes.
        let due = q!("select id from deliveries where next_attempt_at <= $1 limit 1", self.hub.now());
        if self.hub.db.opt(due).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.hub.begin(Actor::System("deliverer")).await?;
        let mut sql = String::from(
            "select d.id, d.handle_id, d.kind, d.reply_id, d.actor, d.inbox, d.host, d.activity, d.made_at, d.attempts
             from deliveries d where d.next_attempt_at <= $1 and (d.lease_until is null or d.lease_until <= $1)
             and not exists (select 1 from deliveries e where e.reply_id = d.reply_id and e.id < d.id
               and e.next_attempt_at is not null and e.inbox is not distinct from d.inbox
               and e.actor is not distinct from d.actor)
             and not exists (select 1 from deliveries e where d.kind in ('follow', 'unfollow') and e.handle_id = d.handle_id
               and e.actor = d.actor and e.kind in ('follow', 'unfollow') and e.id < d.id and e.next_attempt_at is not null)",
        );
        if !busy.is_empty() {
            let places: Vec<String> = (0..busy.len()).map(|at| format!("${}", at + 2)).collect();
            sql = format!("{sql} and d.host not in ({})", places.join(", "));
        }
        sql.push_str(" order by d.next_attempt_at, d.id limit 1");
        if tx.is_postgres() {
            sql.push_str(" for update of d skip locked");
        }
        let now = tx.now();
        let query = busy.iter().fold(Q::of(sql).bind(now), |query, host| query.bind(host.clone()));
        let Some(row) = tx.opt(query).await? else { return Ok(None) };
        let mut delivery = Delivery::read(&row)?;
        delivery.attempts += 1;
        let sql = "update deliveries set attempts = $2, lease_until = $3 where id = $1";
        tx.run(q!(sql, delivery.id, delivery.attempts, now + self.lease)).await?;
        tx.commit_unlogged("a claim is no change of state").await?;
        Ok(Some(delivery))
    }

    /// Touches the network. What is told is what is so now: of words that were changed meanwhile the newest.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn make(&self, delivery: &Delivery) -> Result<Answer> {
        let refused = |why: &str| Ok(Answer::Refused { why: why.to_owned() });
        let handle = handle::find(&self.hub.db, delivery.handle).await?;
        let Some(id) = handle.config.address.as_deref() else { return refused("the actor has no address any more") };
        let secret = handle.config.secret_value(self.hub.db.vault(), handle.id)?.unwrap_or_default();
        let signer = match activitypub::signer(id, &secret) {
            Ok(signer) => signer,
            Err(why) => return refused(&why.to_string()),
        };
        let body = match (&delivery.activity, delivery.reply) {
            (Some(activity), _) => activity.clone(),
            (None, Some(reply)) => match Said::of_reply(&self.hub, id, reply).await? {
                Some(said) => said.activity(&delivery.kind).to_string(),
                None => return refused("the reply is not out"),
            },
            (None, None) => return refused("there is nothing to tell"),
        };
        let now = timestamp(self.hub.now());
        let inbox = match (&delivery.inbox, &delivery.actor) {
            (Some(inbox), _) => inbox.clone(),
            (None, Some(actor)) => match self.remote.actor(actor, &signer, now).await {
                Ok(actor) => actor.inbox.clone(),
                Err(trouble) => return Ok(trouble.into()),
            },
            (None, None) => return refused("there is nobody to tell"),
        };
        Ok(activitypub::tell(&self.remote, &signer, &inbox, body.as_bytes(), now).await)
    }

    /// Commits what became of it.
    pub async fn record(&self, delivery: &Delivery, answer: Answer) -> Result<()> {
        let mut tx = self.hub.begin(Actor::System("deliverer")).await?;
        match answer {
            Answer::Published { .. } => delivery.arrived(&mut tx).await?,
            Answer::Refused { why } => delivery.failed(&mut tx, &why).await?,
            Answer::Later { after, why } => self.put_off(&mut tx, delivery, after, &why).await?,
            Answer::InDoubt { why } => self.put_off(&mut tx, delivery, None, &why).await?,
        }
        tx.commit_unlogged("that others have heard of it changes nothing here").await
    }

    async fn put_off(&self, tx: &mut Tx, delivery: &Delivery, asked: Option<Duration>, why: &str) -> Result<()> {
        let at = tx.now() + wait_at_most(LONGEST, delivery.attempts, asked, &self.hub.random);
        if at - delivery.made_at > TRIED_FOR {
            let why = format!("given up after {} attempts; the last: {why}", delivery.attempts);
            return delivery.failed(tx, &why).await;
        }
        let sql = "update deliveries set next_attempt_at = $2, lease_until = null, error = $3
                   where id = $1 and next_attempt_at is not null";
        tx.run(q!(sql, delivery.id, at, why)).await.map(drop)
    }

    async fn attempt(self, delivery: Delivery) {
        let went = match self.make(&delivery).await {
            Ok(answer) => self.record(&delivery, answer).await,
            Err(error) => Err(error),
        };
        if let Err(error) = went {
            let id = delivery.id;
            tracing::warn!(
                id,
                error = error.logged(),
                "a delivery could not be made or recorded; it is made again when its lease runs out"
            );
        }
    }
}

impl Delivery {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            handle: row.get("handle_id")?,
            kind: row.get("kind")?,
            reply: row.get("reply_id")?,
            actor: row.get("actor")?,
            inbox: row.get("inbox")?,
            host: row.get("host")?,
            activity: row.get("activity")?,
            made_at: row.get("made_at")?,
            attempts: row.get("attempts")?,
        })
    }

    /// It is kept who was told of what we said, because they are told what becomes of it.
    async fn arrived(&self, tx: &mut Tx) -> Result<()> {
        let sql = if self.reply.is_none() {
            "delete from deliveries where id = $1 and $2 = $2"
        } else {
            "update deliveries set done_at = $2, next_attempt_at = null, lease_until = null, error = null, failed_at = null
             where id = $1"
        };
        tx.run(q!(sql, self.id, tx.now())).await?;
        if self.kind == "follow" {
            let sql = "update follows set told_at = $3 where handle_id = $1 and actor = $2 and told_at is null";
            tx.run(q!(sql, self.handle, self.actor.as_deref(), tx.now())).await?;
        }
        Ok(())
    }

    async fn failed(&self, tx: &mut Tx, why: &str) -> Result<()> {
        if self.kind == "unfollow" {
            // Whoever does not hear that we follow no longer may go on telling us; it is not heard.
            return tx.run(q!("delete from deliveries where id = $1", self.id)).await.map(drop);
        }
        let sql = "update deliveries set failed_at = $2, next_attempt_at = null, lease_until = null, error = $3
                   where id = $1 and next_attempt_at is not null";
        if tx.run(q!(sql, self.id, tx.now(), why)).await? == 0 {
            return Ok(());
        }
        let actor = self.actor.as_deref();
        match self.kind.as_str() {
            // Who never heard that they follow does not follow; they may ask again.
            "accept" => {
                tx.run(q!("delete from followers where handle_id = $1 and actor = $2", self.handle, actor)).await?;
            }
            "follow" => {
                let sql = "update follows set failed_at = $3, error = $4
                           where handle_id = $1 and actor = $2 and accepted_at is null and refused_at is null";
                tx.run(q!(sql, self.handle, actor, tx.now(), why)).await?;
            }
            _ => {}
        }
        let body = json!({ "kind": self.kind, "host": self.host, "attempts": self.attempts });
        tx.log(Entry::new("handle.delivery_failed", "handle", self.handle).with(body));
        Ok(())
    }
}

/// What of a handle's deliveries has not arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Undelivered {
    /// How many are still tried.
    pub waiting: i64,
    /// Of these, how many have failed at least once: servers that are down.
    pub late: i64,
    /// How many were given up.
    pub failed: i64,
    /// What went wrong last, in words.
    pub error: Option<String>,
}

/// What of a handle's deliveries has not arrived.
pub async fn undelivered(db: &Db, handle: i64) -> Result<Undelivered> {
    let sql = "select count(case when next_attempt_at is not null then 1 end) as waiting,
               count(case when next_attempt_at is not null and error is not null then 1 end) as late,
               count(failed_at) as failed from deliveries where handle_id = $1";
    let row = db.one(q!(sql, handle)).await?;
    let sql = "select error from deliveries where handle_id = $1 and error is not null order by id desc limit 1";
    let error = db.opt(q!(sql, handle)).await?.map(|row| row.get("error")).transpose()?;
    Ok(Undelivered { waiting: row.get("waiting")?, late: row.get("late")?, failed: row.get("failed")?, error })
}
