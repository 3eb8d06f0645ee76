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
        match answer.success(now) {
            Ok(_) => Self::passing("the network answered well, but not what was asked"),
            Err(error) => match Self::from(error) {
                Self::Passing { why, after } => Self::Passing { why: with(why, said), after },
                Self::Revoked { why } => Self::Revoked { why: with(why, said) },
                Self::Wrong { why } => Self::Wrong { why: with(why, said) },
            },
        }
    }
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
