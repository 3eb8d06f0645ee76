//! Asking hubs: at first, again before a lease ends, and to stop.

use std::time::Duration;

use dandelion_networks::{
    egress::Client,
    feed::websub::{self, Mode},
};
use dandelion_post::{Micros, timestamp};
use tokio::{sync::watch, task::JoinSet};
use url::Url;

use super::{Push, locked};
use crate::{
    Hub, Result,
    log::Actor,
    store::{Q, q},
    vault,
};

/// How often it is looked which hubs are to be asked.
const LOOK: Duration = Duration::from_secs(2);
/// Hubs asked in one go.
const AT_ONCE: usize = 16;
/// Wait after the first vain question, doubled with each; and the longest.
const FIRST_WAIT: Micros = 10 * 60_000_000;
const LONGEST_WAIT: Micros = 24 * 3_600_000_000;
/// How often a hub is asked to stop; then its lease runs out, and what it sends meanwhile is not taken.
const GOODBYES: i64 = 3;

/// Keeps the agreements with the hubs of this hub's feeds.
#[derive(Clone, Debug)]
pub struct Pusher {
    hub: Hub,
    client: Client,
    base: Url,
}

impl Pusher {
    /// One that goes out through `client` and is reached from outside at `base`.
    pub fn new(hub: Hub, client: Client, base: Url) -> Self {
        Self { hub, client, base }
    }

    /// Asks whoever is due until `stop` says so.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.step().await {
                tracing::warn!(error = error.logged(), "the hubs of feeds could not be looked up; trying again");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Asks everybody who is due, once.
    pub async fn step(&self) -> Result<()> {
        let anything = "select 1 as x from pushes p join sources s on s.id = p.source_id
            where p.next_at <= $1 or (s.paused_at is null) = (p.state in ('ending', 'resting')) limit 1";
        if self.hub.db.opt(q!(anything, self.hub.now())).await?.is_none() {
            return Ok(());
        }
        self.follow_pauses().await?;
        let mut asking = JoinSet::new();
        for push in self.claim().await? {
            let pusher = self.clone();
            asking.spawn(async move { pusher.ask(&push).await });
        }
        while let Some(asked) = asking.join_next().await {
            match asked {
                Ok(asked) => asked?,
                Err(died) => tracing::error!(panicked = died.is_panic(), "asking a hub broke down"),
            }
        }
        Ok(())
    }

    /// A source that rests wants to be told nothing; one that was resumed wants to be told again, at an address that nobody
    /// knew before.
    async fn follow_pauses(&self) -> Result<()> {
        let mut tx = self.hub.begin(Actor::System("pusher")).await?;
        let now = tx.now();
        let rests = "(select id from sources where paused_at is not null)";
        let sql = format!(
            "update pushes set state = case when state = 'offered' then 'resting' else 'ending' end, tries = 0, live_at = null,
               next_at = case when state = 'offered' then null else $1 end
             where state in ('offered', 'asked', 'live') and source_id in {rests}"
        );
        let ended = tx.run(Q::of(sql).bind(now)).await?;
        let woken = tx
            .all(q!("select p.source_id from pushes p join sources s on s.id = p.source_id
                               where p.state in ('resting', 'ending') and s.paused_at is null"))
            .await?;
        for row in &woken {
            let id: i64 = row.get("source_id")?;
            let secret = tx.seal(&vault::push(id), &self.hub.random.token())?;
            let sql =
                "update pushes set state = 'offered', path = $1, secret = $2, tries = 0, next_at = $3, until_at = null,
                       live_at = null, pushed_at = null, missed_at = null, why = null where source_id = $4";
            tx.run(q!(sql, self.hub.random.token(), secret, now, id)).await?;
        }
        if ended == 0 && woken.is_empty() {
            return Ok(()); // dropped: nothing was written
        }
        tx.commit_unlogged("the pause and the resumption are logged; this follows from them").await
    }

    /// Takes those who are due for this program, and says when they are due again if nothing comes of it.
    async fn claim(&self) -> Result<Vec<Push>> {
        let mut tx = self.hub.begin(Actor::System("pusher")).await?;
        let now = tx.now();
        let sql = "select source_id from pushes where next_at <= $1 order by next_at limit $2";
        let mut due = Vec::new();
        for row in tx.all(q!(sql, now, AT_ONCE)).await? {
            let id: i64 = row.get("source_id")?;
            let Some(push) = locked(&mut tx, id).await? else { continue };
            let leaving = push.state == "ending" && push.tries >= GOODBYES;
            let wait = FIRST_WAIT.saturating_mul(1 << push.tries.clamp(0, 12)).min(LONGEST_WAIT);
            let jitter = (self.hub.random.u64() % (wait as u64 / 4).max(1)) as Micros;
            let state = match push.state.as_str() {
                "ending" if leaving => "resting",
                "offered" => "asked",
                same => same,
            };
            let sql =
                "update pushes set state = $1, tries = tries + 1, next_at = $2 where source_id = $3 and next_at <= $4";
            if tx.run(q!(sql, state, (!leaving).then_some(now + wait + jitter), id, now)).await? == 1 && !leaving {
                due.push(Push { state: state.to_owned(), ..push });
            }
        }
        tx.commit_unlogged("that a hub is asked is no news until it answers").await?;
        Ok(due)
    }

    /// Asks one hub. What it says to that comes to our address.
    async fn ask(&self, push: &Push) -> Result<()> {
        let mode = if push.state == "ending" { Mode::Unsubscribe } else { Mode::Subscribe };
        let callback = format!("{}/hooks/websub/{}", self.base.as_str().trim_end_matches('/'), push.path);
        let secret = self.hub.db.vault().open(&vault::push(push.source), &push.secret)?;
        let now = timestamp(self.hub.now());
        let refused = websub::ask(&self.client, &push.offer(), mode, &callback, &secret, now).await.err();
        if refused == push.why {
            return Ok(());
        }
        let mut tx = self.hub.begin(Actor::Source(push.source)).await?;
        tx.run(q!(
            "update pushes set why = $1 where source_id = $2 and path = $3 and state <> 'offered'",
            refused,
            push.source,
            &push.path
        ))
        .await?;
        tx.commit_unlogged("why a hub could not be asked is shown, and asked again").await
    }
}
