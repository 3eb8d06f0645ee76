//! The sender: takes due replies to their networks, each at most once.
//!
//! One unit of work has three parts, and a crash between any two of them is recovered from:
//! 1. [`Sender::claim`] commits the intent (a row of `reply_attempts`, the state *sending*, a lease);
//! 2. [`Sender::publish`] touches the network, and nothing else does;
//! 3. [`Sender::record`] commits what became of it.
//!
//! A program that dies after 1 leaves a reply *sending* whose lease runs out; [`Sender::recover`] finds it and treats
//! it as any other doubt: where the network remembers keys, the same key is tried again until it settles; where it shows
//! our own posts, they are looked through first; elsewhere the reply becomes *unknown* and a person decides. There is no other path to a second attempt.

mod backoff;
mod change;
mod claim;
mod record;
mod run;

use dandelion_networks::{
    contract::Found,
    egress::Client,
    outgoing::{Account, Answer, Outgoing, Writer},
};
use dandelion_post::Micros;

use super::State;
use crate::{Hub, Result, sign_in, source::allowance::Key};

pub(crate) use backoff::wait_at_most;
pub use change::Task;
pub(super) use record::close_attempt;
pub use run::run;

/// The sender of one running program.
#[derive(Debug, Clone)]
pub struct Sender {
    hub: Hub,
    client: Client,
    rules: Rules,
    /// Tells this running program from every other, and from itself before a restart.
    name: String,
}

/// Time to record an answer that came at the last moment, in microseconds.
const SPARE: Micros = 10_000_000;

/// How the sender goes about it.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long a claim holds, in microseconds; longer than any attempt can take.
    pub lease: Micros,
    /// Attempts under way at once for one handle, so that a network that hangs keeps nobody else waiting.
    pub at_once_per_handle: usize,
    /// Attempts under way at once in all.
    pub at_once: usize,
    /// Attempts with one key before the reply fails or becomes unknown.
    pub attempts: i64,
    /// How long after it was sent off a reply is still tried, in microseconds.
    pub tried_for: Micros,
    /// How often the sender looks for work.
    pub look_every: std::time::Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            lease: 45_000_000,
            at_once_per_handle: 4,
            at_once: 32,
            attempts: 14,
            tried_for: 24 * 3_600_000_000,
            look_every: std::time::Duration::from_millis(200),
        }
    }
}

/// One claimed attempt.
#[derive(Debug, Clone)]
pub struct Job {
    /// The reply.
    pub reply_id: i64,
    /// The handle that speaks.
    pub handle_id: i64,
    /// Which attempt of the reply this is.
    pub number: i64,
    /// Until when nobody else takes it.
    pub lease_until: Micros,
    account: Account,
    /// Since when our own posts on the network have to be looked through before anything is sent.
    look_since: Option<Micros>,
    outgoing: Outgoing,
}

/// Whose claims are recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// Those whose lease has run out.
    Expired,
    /// Those of any other program as well: where there can only be one, at its start, all others are dead.
    Foreign,
}

impl Sender {
    /// A sender with a name of its own that goes out by `client`. A claim holds longer than the client's deadline,
    /// whatever the rules say.
    pub fn new(hub: Hub, client: Client, rules: Rules) -> Self {
        let name = hub.random.token();
        let deadline = Micros::try_from(client.rules().deadline.as_micros()).unwrap_or(Micros::MAX / 2);
        let rules = Rules { lease: rules.lease.max(deadline + SPARE), ..rules };
        let client = client.keeping(sign_in::keeper(&hub));
        Self { hub, client, rules, name }
    }

    /// Does one unit of work: recovers what was left behind, then claims, publishes and records one reply. Says what
    /// became of it, or nothing if nothing was due.
    pub async fn step(&self) -> Result<Option<State>> {
        self.recover(Stale::Expired).await?;
        let Some(job) = self.claim(&[]).await? else { return Ok(None) };
        let answer = self.publish(&job).await;
        self.record(&job, answer).await.map(Some)
    }

    /// Touches the network, once. An attempt whose lease is already over is not made: somebody else may have
    /// decided about it.
    pub async fn publish(&self, job: &Job) -> Answer {
        let now = self.hub.now();
        if now >= job.lease_until {
            return Answer::Later { after: None, why: "the program was held up before it could send".into() };
        }
        let writer = Writer::new(self.client.clone(), job.account.clone());
        let answer = self.ask(&writer, job, now).await;
        self.note(&writer);
        answer
    }

    async fn ask(&self, writer: &Writer, job: &Job, now: Micros) -> Answer {
        if let Some(since) = job.look_since {
            match writer.find(&job.outgoing, since, now).await {
                Found::Published { remote_id, url } => return Answer::Published { remote_id, url },
                Found::Unclear(why) => return Answer::InDoubt { why },
                Found::NotThere => {}
            }
        }
        writer.publish(&job.outgoing, self.hub.now()).await
    }

    /// Remembers what the network said is left, for the pages of the sources that ask with the same credentials.
    fn note(&self, writer: &Writer) {
        let account = writer.account();
        let key = Key::of_account(account.about.name, &account.place);
        self.hub.allowances.drawn(key, writer.drawn(), self.hub.now());
    }
}
