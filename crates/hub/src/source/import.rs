//! Reading a file or standard input into the store: prepared on one thread while another batch is being written,
//! resumable at the last commit.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::Source;
use crate::{
    Error, Hub, Result,
    engine::Engine,
    intake::{self, Accounting, BATCH, Item, Origin, Prepared},
};

/// After so many new posts the database looks anew at what its tables hold.
const MANY: i64 = 10_000;

/// One item of a file, and where the file goes on after it.
#[derive(Debug)]
pub struct Read {
    /// The item.
    pub item: Item,
    /// Its line, from 1.
    pub line: u64,
    /// The byte after it.
    pub offset: u64,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Bytes of the input that are stored.
    pub offset: u64,
    /// What became of them.
    pub counted: Accounting,
}

/// An import of one input into one source.
#[derive(Debug, Clone)]
pub struct Import {
    /// The source.
    pub source: i64,
    /// What the input is, so that another one is not mistaken for it: name, size, a digest of its beginning.
    pub fingerprint: String,
}

impl Import {
    /// Where an import of the same input that was cut off goes on: (byte, lines read before it).
    pub fn resumes_at(&self, source: &Source) -> Option<(u64, u64)> {
        let cursor = &source.cursor;
        let same = cursor["input"] == self.fingerprint.as_str() && cursor["done"] == false;
        let at = (cursor["offset"].as_u64()?, cursor["line"].as_u64()?);
        (same && at.0 > 0).then_some(at)
    }

    /// Takes everything in. `progress` is called after every commit. An error of the store ends it; what was committed
    /// stays, and the next run of the same input goes on there.
    pub async fn run<I>(&self, hub: &Hub, items: I, mut progress: impl FnMut(Progress)) -> Result<Accounting>
    where
        I: Iterator<Item = Read> + Send + 'static,
    {
        let engine = Arc::new(Mutex::new(hub.engine().await?));
        let (send, mut batches) = tokio::sync::mpsc::channel(2);
        let (shared, now, origin) = (engine.clone(), hub.clock.clone(), Origin::of(hub, self.source).await?);
        let reading = tokio::task::spawn_blocking(move || {
            let mut items = items.peekable();
            while items.peek().is_some() {
                let (mut batch, mut at) = (Vec::with_capacity(BATCH), (0, 0));
                for Read { item, line, offset } in items.by_ref().take(BATCH) {
                    at = (offset, line);
                    batch.push(item);
                }
                let engine: Arc<Engine> = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let prepared = Prepared::new(engine, &origin, batch, now.now());
                if send.blocking_send((prepared, at)).is_err() {
                    return;
                }
            }
        });
        let (mut counted, mut last) = (Accounting::default(), (0, 0));
        while let Some((prepared, at)) = batches.recv().await {
            counted += intake::store(hub, self.source, prepared, Some(self.cursor(at, false))).await?;
            last = at;
            *engine.lock().unwrap_or_else(PoisonError::into_inner) = hub.engine().await?;
            progress(Progress { offset: at.0, counted });
        }
        reading.await.map_err(|e| Error::Unusable(format!("reading the input stopped: {e}")))?;
        let end = Prepared::new(hub.engine().await?, &Origin::default(), Vec::new(), hub.now());
        intake::store(hub, self.source, end, Some(self.cursor(last, true))).await?;
        if counted.stored >= MANY {
            hub.db.take_stock().await?;
        }
        Ok(counted)
    }

    fn cursor(&self, (offset, line): (u64, u64), done: bool) -> serde_json::Value {
        json!({ "input": self.fingerprint, "offset": offset, "line": line, "done": done })
    }
}
