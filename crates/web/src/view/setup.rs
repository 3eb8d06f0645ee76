//! The first run: from an empty data directory to the first thing heard, with something to see after each step.

use askama::Template;

use super::listening::Tried;
use super::{Choice, Sentence, Shell};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "setup.html")]
pub struct Setup {
    /// The frame; nobody is signed in before the first step is done.
    pub shell: Shell,
    /// What is to be done now.
    pub step: Step,
    /// What is there already, to be seen.
    pub seen: Vec<Sentence>,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
}

/// The steps.
#[derive(Clone, Debug)]
pub enum Step {
    /// Who looks after it: the token from the terminal, name, address.
    Administrator {
        /// As given before, or from the address printed on the terminal.
        token: String,
        /// As given before.
        name: String,
        /// As given before.
        email: String,
    },
    /// What the organisation is called.
    Organisation {
        /// As given before.
        name: String,
        /// The first unit's name, as given before.
        unit: String,
        /// Time zones, the likely one selected.
        zones: Vec<Choice>,
    },
    /// What to read first.
    Source {
        /// As given before.
        address: String,
        /// Feeds found on the page at that address: their address and title.
        found: Vec<Choice>,
        /// Webhook made: address and secret, shown once.
        webhook: Option<(String, String)>,
    },
    /// What to listen for.
    Query {
        /// As given before.
        name: String,
        /// As given before.
        text: String,
        /// What it would have matched.
        tried: Option<Tried>,
    },
    /// Nothing more.
    Done,
}

impl Default for Step {
    fn default() -> Self {
        Self::Administrator { token: String::new(), name: String::new(), email: String::new() }
    }
}

impl Step {
    const NAMES: [&str; 5] = ["Administrator", "Organisation", "First source", "First query", "Done"];

    /// Which one it is, from 0.
    pub fn index(&self) -> usize {
        match self {
            Self::Administrator { .. } => 0,
            Self::Organisation { .. } => 1,
            Self::Source { .. } => 2,
            Self::Query { .. } => 3,
            Self::Done => 4,
        }
    }

    /// All of them: name, whether it is done, whether it is this one.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, bool, bool)> + use<> {
        let here = self.index();
        Self::NAMES.into_iter().enumerate().map(move |(i, name)| (name, i < here, i == here))
    }
}
