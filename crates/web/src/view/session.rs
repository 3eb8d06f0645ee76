//! Signing in.

use askama::Template;

use super::Shell;

/// The page on which one signs in.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "session.html")]
pub struct SignIn {
    /// The frame.
    pub shell: Shell,
    /// The organisation's name.
    pub organisation: String,
    /// The address given before.
    pub email: String,
    /// Where one wanted to go.
    pub next: String,
    /// What was wrong: never which of the two.
    pub wrong: Option<String>,
    /// Said above: a session that ended, an address that was used.
    pub note: String,
}
