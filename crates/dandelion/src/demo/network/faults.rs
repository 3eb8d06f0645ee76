use std::{sync::Mutex, time::Duration};

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{super::dice::Dice, wire::Cut};

/// What goes wrong with posting, each with its share of requests (0 to 1), decided by a seed.
#[derive(Debug)]
pub struct Faults {
    /// Publishes, then closes the connection without an answer.
    pub drop: f64,
    /// Answers 500 and publishes nothing.
    pub fail: f64,
    /// Answers 429 with `Retry-After` and publishes nothing.
    pub busy: f64,
    /// How long `Retry-After` says, in seconds.
    pub retry_after: u32,
    /// Time every post takes.
    pub delay: Duration,
    /// What decides, from a seed.
    pub dice: Mutex<Dice>,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fault {
    kind: Kind,
    retry_after: u32,
    delay: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    None,
    Drop,
    Fail,
    Busy,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none(seed: u64) -> Self {
        Self {
            drop: 0.0,
            fail: 0.0,
            busy: 0.0,
            retry_after: 1,
            delay: Duration::ZERO,
            dice: Mutex::new(Dice::new(seed)),
        }
    }

    /// What happens to the next request. The header `x-fault` (`drop`, `fail`, `busy` or `none`) decides for itself.
    pub(super) fn next(&self, headers: &HeaderMap) -> Fault {
        let asked = headers.get("x-fault").and_then(|value| value.to_str().ok());
        let kind = match asked {
            Some("drop") => Kind::Drop,
            Some("fail") => Kind::Fail,
            Some("busy") => Kind::Busy,
            Some(_) => Kind::None,
            None => self.thrown(),
        };
        Fault { kind, retry_after: self.retry_after, delay: self.delay }
    }

    fn thrown(&self) -> Kind {
        let mut dice = self.dice.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // One throw each, so that the shares add up to what was asked for whatever their sum.
        [(self.drop, Kind::Drop), (self.fail, Kind::Fail), (self.busy, Kind::Busy)]
            .into_iter()
            .find_map(|(share, kind)| (share > 0.0 && dice.chance(share)).then_some(kind))
            .unwrap_or(Kind::None)
    }
}

impl Fault {
    /// Takes its time; the answer, if nothing is to be published.
    pub(super) async fn before(self) -> Option<Response> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        match self.kind {
            Kind::Fail => {
                Some((StatusCode::INTERNAL_SERVER_ERROR, "something broke before publishing").into_response())
            }
            Kind::Busy => {
                let wait = [(header::RETRY_AFTER, self.retry_after.to_string())];
                Some((StatusCode::TOO_MANY_REQUESTS, wait, "too many posts; wait a little").into_response())
            }
            Kind::None | Kind::Drop => None,
        }
    }

    /// The answer after publishing, which never reaches anybody if the connection is cut.
    pub(super) fn after(self, answer: Response, cut: &Cut) -> Response {
        if self.kind == Kind::Drop {
            cut.now();
        }
        answer
    }
}
