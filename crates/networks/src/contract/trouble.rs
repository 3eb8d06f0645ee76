use std::time::Duration;

use crate::egress::{Error, Response};
use jiff::Timestamp;

/// Why a place gave no page, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It may work at the next turn, without anybody doing anything.
    #[error("{why}")]
    Passing {
        /// In words.
        why: String,
        /// How long the network wants to be left alone.
        after: Option<Duration>,
    },
    /// We are not let in any more: reading rests until a person has signed in again. Nothing is lost meanwhile.
    #[error("{why}")]
    Revoked {
        /// In words, with the next step.
        why: String,
    },
    /// Something has to be set right by a person; asking again as it is will not help.
    #[error("{why}")]
    Wrong {
        /// In words, with the next step.
        why: String,
    },
}

impl Trouble {
    /// May pass by itself.
    pub fn passing(why: impl Into<String>) -> Self {
        Self::Passing { why: why.into(), after: None }
    }

    /// Has to be set right.
    pub fn wrong(why: impl Into<String>) -> Self {
        Self::Wrong { why: why.into() }
    }

    /// What follows from it, for the log: the words may repeat what the network said, and that may repeat what a person
    /// wrote.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Passing { .. } => "it may pass",
            Self::Revoked { .. } => "we are not let in any more",
            Self::Wrong { .. } => "a person has to set something right",
        }
    }

    /// How long the other side asked us to wait, where it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Passing { after, .. } => *after,
            _ => None,
        }
    }

    /// What an answer that is no success means: 401 says that our sign-in no longer holds; everything else is told by
    /// its status, with the network's own words where it gave some.
    pub fn of(answer: Response, now: Timestamp) -> Self {
        let said = crate::outgoing::said(&answer.body);
        let waits = matches!(answer.status, 429 | 503).then(|| wait_in_body(&answer.body)).flatten();
        let waits = waits.or_else(|| answer.window(now).filter(|_| answer.status == 429));
        match answer.success(now) {
            Ok(_) => Self::passing("the network answered well, but not what was asked"),
            Err(error) => match Self::from(error) {
                Self::Passing { why, after } => Self::Passing { why: with(why, said), after: after.or(waits) },
                Self::Revoked { why } => Self::Revoked { why: with(why, said) },
                Self::Wrong { why } => Self::Wrong { why: with(why, said) },
            },
        }
    }
}

/// How long a body asks us to wait, where no header does: `retry_after_ms` (Matrix), `parameters.retry_after`
/// (Telegram), `extras.wait_seconds` (Discourse), `retryDelay` among the details of an error (Google's `RetryInfo`),
/// `retry_after` in seconds.
pub(crate) fn wait_in_body(body: &[u8]) -> Option<Duration> {
    let told: serde_json::Value = serde_json::from_slice(body).ok()?;
    let seconds = |value: &serde_json::Value| value.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    let asked = seconds(&told["retry_after_ms"])
        .map(|ms| ms / 1000.0)
        .or_else(|| seconds(&told["parameters"]["retry_after"]))
        .or_else(|| seconds(&told["extras"]["wait_seconds"]))
        .or_else(|| told["error"]["details"].as_array()?.iter().find_map(retry_delay))
        .or_else(|| seconds(&told["retry_after"]))?;
    // Nobody makes us wait for ever.
    Some(Duration::from_secs_f64(asked.min(24.0 * 3600.0)))
}

/// `"retryDelay": "36s"`.
fn retry_delay(detail: &serde_json::Value) -> Option<f64> {
    let seconds: f64 = detail["retryDelay"].as_str()?.strip_suffix('s')?.parse().ok()?;
    Some(seconds).filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}

fn with(why: String, said: Option<String>) -> String {
    match said {
        Some(said) => format!("{why} (it says: {said})"),
        None => why,
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let (why, after) = (error.to_string(), error.retry_after());
        match error.status() {
            Some(401) => Self::Revoked { why: format!("{why}; sign in again") },
            _ if error.passing() => Self::Passing { why, after },
            _ => Self::Wrong { why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_ask_to_wait_in_their_own_words() {
        let asked = |body: &str| wait_in_body(body.as_bytes()).map(|wait| wait.as_millis());
        assert_eq!(asked(r#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2500}"#), Some(2500));
        assert_eq!(asked(r#"{"ok":false,"parameters":{"retry_after":35}}"#), Some(35_000));
        assert_eq!(asked(r#"{"errors":["slow"],"extras":{"wait_seconds":7}}"#), Some(7_000));
        assert_eq!(asked(r#"{"error":{"code":429,"details":[{},{"retryDelay":"36.5s"}]}}"#), Some(36_500));
        assert_eq!(asked(r#"{"retry_after":1e300}"#), Some(24 * 3_600_000));
        for none in [
            r#"{"error":{"details":[{"retryDelay":"-1s"},{"retryDelay":"soon"}]}}"#,
            "",
            "{}",
            r#"{"retry_after":-1}"#,
            r#"{"retry_after":"soon"}"#,
            "[]",
        ] {
            assert_eq!(asked(none), None, "{none}");
        }
    }
}
