//! Answers that are asked for again and again while nothing happens: the numbers beside every list, the home page.
//!
//! An answer holds for a second, as long as the log has no newer event: every change of state writes one (law 2), so it
//! is exact but for the passing of that second. Where things happen all the time and finding an answer is dear, it holds
//! for [`PATIENCE`] times as long as finding it took, so that no page asked for by a hundred people costs more than a
//! twentieth of the machine.

use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use dandelion_post::Micros;

use crate::{Hub, Result, log};

/// How long an answer holds at most while nothing happens: what is late now may be found by the passing of time alone.
const HOLDS: Micros = 1_000_000;
/// An answer that took at least so long is dear.
const DEAR: Micros = 25_000;
/// A dear answer holds for so many times what it took, whatever happens.
const PATIENCE: Micros = 20;
/// Most answers kept; beyond, all are forgotten.
const MOST: usize = 1_000;

/// Answers by what was asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<HashMap<String, Kept>>>);

#[derive(Debug, Clone)]
struct Kept {
    answer: Arc<dyn Any + Send + Sync>,
    newest: i64,
    at: Micros,
    took: Micros,
}

impl Kept {
    fn holds(&self, newest: i64, now: Micros) -> bool {
        let age = (now - self.at).abs();
        let exact = self.newest == newest && age < HOLDS;
        exact || (self.took >= DEAR && age < PATIENCE * self.took)
    }
}

impl Hub {
    /// The kept answer to `question` if it holds, otherwise `find`'s. A question names the viewer and their scope,
    /// wherever the answer depends on them.
    pub(crate) async fn memo<T: Any + Clone + Send + Sync>(
        &self,
        question: String,
        find: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let newest = log::newest(&self.db).await?;
        let held = {
            let kept = self.memo.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get(&question).filter(|kept| kept.holds(newest, self.now())).map(|kept| kept.answer.clone())
        };
        if let Some(answer) = held.as_ref().and_then(|answer| answer.downcast_ref::<T>()) {
            return Ok(answer.clone());
        }
        let start = Instant::now();
        let answer = find.await?;
        let took = Micros::try_from(start.elapsed().as_micros()).unwrap_or(Micros::MAX / PATIENCE);
        let kept = Kept { answer: Arc::new(answer.clone()), newest, at: self.now(), took };
        let mut all = self.memo.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(question, kept);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(took: Micros) -> Kept {
        Kept { answer: Arc::new(()), newest: 7, at: 1_000_000, took }
    }

    #[test]
    fn an_answer_holds_for_a_second_while_nothing_happens() {
        assert!(kept(10).holds(7, 1_999_999));
        assert!(!kept(10).holds(7, 2_000_000), "time passes");
        assert!(!kept(10).holds(8, 1_000_001), "something happened");
    }

    #[test]
    fn a_dear_answer_holds_for_twenty_times_what_it_took() {
        assert!(kept(50_000).holds(8, 1_999_999));
        assert!(!kept(50_000).holds(8, 2_000_000));
    }
}
