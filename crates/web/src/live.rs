//! Server-sent events: what changed, for pages that are open.
//!
//! One task reads the log every 200 ms while anybody listens, so that changes made by other processes (an import, the
//! command line) arrive as well. Each listener gets what lies in their units, named once per reading however often it
//! changed: `event: case` with `{"case":4127,"noun":"note","id":9,"kind":"note.added","unit":3}` where a case is
//! concerned, otherwise an event called like its noun, without `case`. Nothing is said of what changed in it.
//!
//! Every message carries the id of its event, so a browser that reconnects says where it was (`Last-Event-ID`); a page
//! can say the same at first with `?after=`. Who missed too much is told to `reload`. A listener that does not keep up
//! is dropped and comes back this way. Every 15 s a comment keeps the line open, and session and roles are looked at
//! again: who signed out hears nothing more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event as Message, Sse},
    },
    routing::get,
};
use dandelion_hub::{
    Hub, log, member,
    scope::{Role, Scope},
};
use serde_json::json;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::StreamExt as _;

use crate::{App, Problem, Signed};

/// How often the log is read.
const EVERY: Duration = Duration::from_millis(200);
/// How often the line is kept open and the session looked at again.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Readings a listener may be behind.
const BEHIND: usize = 64;
/// Messages waiting for one browser.
const WAITING: usize = 1024;
/// Events read at once, and at most made up for after a pause.
const BATCH: i64 = 1000;
/// Most listeners of one process.
const LISTENERS: usize = 2048;

/// Who listens for changes, and the task that reads them.
#[derive(Debug)]
pub struct Live {
    hub: Hub,
    read: broadcast::Sender<Arc<[log::Event]>>,
    closing: watch::Sender<bool>,
    /// Whether the reading task runs.
    running: Arc<Mutex<bool>>,
}

impl Live {
    pub(crate) fn new(hub: Hub) -> Self {
        Self { hub, read: broadcast::Sender::new(BEHIND), closing: watch::Sender::new(false), running: Arc::default() }
    }

    /// Ends every listener, for shutting down; no new one is taken.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Whether it is shutting down.
    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Begins to listen; says after which event.
    async fn listen(&self) -> Result<(broadcast::Receiver<Arc<[log::Event]>>, i64), Problem> {
        if self.is_closing() || self.read.receiver_count() >= LISTENERS {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "No more pages can listen for changes just now.",
            ));
        }
        let receiver = self.read.subscribe();
        let newest = log::newest(&self.hub.db).await?;
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if !*running {
            *running = true;
            tokio::spawn(read_log(self.hub.clone(), self.read.clone(), Arc::clone(&self.running), newest));
        }
        Ok((receiver, newest))
    }
}

/// Reads the log as long as anybody listens.
async fn read_log(hub: Hub, read: broadcast::Sender<Arc<[log::Event]>>, running: Arc<Mutex<bool>>, mut last: i64) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        {
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            if read.receiver_count() == 0 {
                *running = false;
                return;
            }
        }
        match log::after(&hub.db, last, BATCH).await {
            Ok(events) if events.is_empty() => {}
            Ok(events) => {
                last = events.last().map_or(last, |event| event.id);
                let _ = read.send(events.into()); // nobody left: noticed at the next tick
            }
            Err(error) => {
                tracing::warn!(error = error.logged(), "the log could not be read for live updates");
                tokio::time::sleep(EVERY * 10).await;
            }
        }
    }
}

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/live", get(stream))
}

#[derive(serde::Deserialize)]
struct Since {
    after: Option<i64>,
}

async fn stream(
    State(app): State<App>,
    signed: Signed,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (receiver, newest) = app.live.listen().await?;
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let after: i64 = resumed.or(since.after).filter(|after| (0..=newest).contains(after)).unwrap_or(newest);
    let (to_browser, messages) = mpsc::channel(WAITING);
    let listener = Listener { app: app.clone(), signed, last: after, to_browser };
    tokio::spawn(listener.run(receiver));
    let messages = tokio_stream::wrappers::ReceiverStream::new(messages).map(Ok::<_, std::convert::Infallible>);
    Ok(Sse::new(messages).into_response())
}

/// One open page.
struct Listener {
    app: App,
    signed: Signed,
    /// The newest event that was sent or passed over.
    last: i64,
    to_browser: mpsc::Sender<Message>,
}

/// The page has gone, or is too slow.
struct Gone;

impl Listener {
    async fn run(mut self, receiver: broadcast::Receiver<Arc<[log::Event]>>) {
        self.app.metrics.listeners().inc();
        let gauge = self.app.metrics.listeners().clone();
        let _ = self.relay(receiver).await;
        gauge.dec();
    }

    async fn relay(&mut self, mut receiver: broadcast::Receiver<Arc<[log::Event]>>) -> Result<(), Gone> {
        self.send(Message::default().event("ready").id(self.last.to_string()).retry(EVERY * 10).data("{}"))?;
        self.make_up().await?;
        let mut closing = self.app.live.closing.subscribe();
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.tick().await; // the first is at once
        loop {
            tokio::select! {
                read = receiver.recv() => self.pass_on(&read.map_err(|_| Gone)?)?,
                _ = heartbeat.tick() => {
                    self.look_again().await?;
                    self.send(Message::default().comment("here"))?;
                }
                () = async { drop(closing.wait_for(|closing| *closing).await) } => return Ok(()),
                () = self.to_browser.closed() => return Err(Gone),
            }
        }
    }

    /// Sends what happened between the page's moment and now.
    async fn make_up(&mut self) -> Result<(), Gone> {
        let missed = log::after(&self.app.hub.db, self.last, BATCH).await.map_err(|_| Gone)?;
        if missed.len() as i64 == BATCH {
            self.last = log::newest(&self.app.hub.db).await.map_err(|_| Gone)?;
            return self.send(Message::default().event("reload").id(self.last.to_string()).data("{}"));
        }
        self.pass_on(&missed)
    }

    /// Sends what of a reading is for this person, each thing once.
    fn pass_on(&mut self, events: &[log::Event]) -> Result<(), Gone> {
        let scope = self.signed.viewer.scope(Role::Viewer);
        let mut newest: HashMap<(&str, i64), &log::Event> = HashMap::new();
        for event in events.iter().filter(|event| event.id > self.last && is_for(event, &scope)) {
            newest.insert(subject(event), event);
        }
        let mut messages: Vec<_> = newest.into_iter().collect();
        messages.sort_by_key(|(_, event)| event.id);
        for ((name, id), event) in messages {
            let mut body = json!({ "noun": event.noun, "id": event.noun_id, "kind": event.kind, "unit": event.unit });
            if name == "case" {
                body["case"] = id.into();
            }
            self.send(Message::default().event(name).id(event.id.to_string()).data(body.to_string()))?;
        }
        self.last = events.last().map_or(self.last, |event| event.id.max(self.last));
        Ok(())
    }

    /// Ends the line when the session has ended; otherwise sees roles as they are now.
    async fn look_again(&mut self) -> Result<(), Gone> {
        let hub = &self.app.hub;
        let live = member::session::list(hub, &self.signed.viewer).await.map_err(|_| Gone)?;
        if !live.iter().any(|session| session.id == self.signed.session.id) {
            return Err(Gone);
        }
        self.signed.viewer = member::viewer(hub, self.signed.viewer.member).await.map_err(|_| Gone)?;
        Ok(())
    }

    fn send(&self, message: Message) -> Result<(), Gone> {
        self.to_browser.try_send(message).map_err(|_| Gone)
    }
}

/// An event without a unit is nobody's in particular, and is not sent.
fn is_for(event: &log::Event, scope: &Scope) -> bool {
    event.unit.is_some_and(|unit| scope.holds(unit))
}

/// What a page would look at again because of it: the case where one is concerned, otherwise the thing itself.
fn subject(event: &log::Event) -> (&str, i64) {
    let case = if event.noun == "case" { Some(event.noun_id) } else { event.body["case"].as_i64() };
    case.map_or((event.noun.as_str(), event.noun_id), |case| ("case", case))
}
