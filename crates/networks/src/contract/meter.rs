//! What is left of a network's allowances where it counts endpoint by endpoint.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use crate::egress::{Budget, Response};

/// Notes what answers said is left, each of its own allowance; the last word counts. Clones share what they noted.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<BTreeMap<&'static str, Budget>>>);

impl Meter {
    /// Notes what an answer says is left of the allowance its request drew on, in words as people read them
    /// (`mentions`, `posting`).
    pub(crate) fn note(&self, allowance: &'static str, answer: &Response, now: Timestamp) {
        if let Some(budget) = answer.budget(now) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(allowance, budget);
        }
    }

    /// What was noted since it was asked last.
    pub fn take(&self) -> BTreeMap<&'static str, Budget> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
