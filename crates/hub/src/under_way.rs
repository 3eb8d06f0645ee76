use std::{collections::HashMap, hash::Hash};

use tokio::task::{Id, JoinSet};

/// Work under way, each piece for somebody, so that nobody takes up all of it.
pub(crate) struct UnderWay<K> {
    tasks: JoinSet<()>,
    whose: HashMap<Id, K>,
}

impl<K> Default for UnderWay<K> {
    fn default() -> Self {
        Self { tasks: JoinSet::new(), whose: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash> UnderWay<K> {
    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Begins one more.
    pub fn begin(&mut self, whose: K, work: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(work);
        self.whose.insert(task.id(), whose);
    }

    /// Those with as many pieces as they may have.
    pub fn busy(&self, most: usize) -> Vec<K> {
        let mut counts: HashMap<&K, usize> = HashMap::new();
        for whose in self.whose.values() {
            *counts.entry(whose).or_default() += 1;
        }
        counts.into_iter().filter(|(_, count)| *count >= most).map(|(whose, _)| whose.clone()).collect()
    }

    /// Waits until one has ended; for ever where there is none.
    pub async fn one_done(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.whose.remove(&id)),
            Some(Err(died)) => {
                tracing::error!(
                    panicked = died.is_panic(),
                    "an attempt broke off; it is taken up again when its lease runs out"
                );
                self.whose.remove(&died.id());
            }
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended.
    pub async fn finish(&mut self) {
        while !self.tasks.is_empty() {
            self.one_done().await;
        }
    }
}
