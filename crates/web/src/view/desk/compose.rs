//! Where one writes: a public reply or a note, and nobody can take one for the other.

use askama::Template;

use crate::view::{Choice, prints_html};

/// The composer. A partial: `#compose`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/compose.html")]
pub struct Compose {
    /// The case.
    pub case: i64,
    /// The token of its forms.
    pub csrf: String,
    /// The public reply, if one can be written.
    pub reply: Option<ReplyBox>,
    /// Why none can: `No handle of Repairs speaks on Mastodon. …`.
    pub why_not: String,
    /// Whether the person may write notes.
    pub notes: bool,
    /// A note left standing after a refusal.
    pub note: String,
    /// Whether the note is in front.
    pub note_first: bool,
    /// Who else has the case open: `Dario is reading this case`.
    pub others: String,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
    /// Colleagues and units that can be pinged: key and name.
    pub pings: Vec<Choice>,
}
prints_html!(Compose);

/// A public reply being written.
#[derive(Clone, Debug, Default)]
pub struct ReplyBox {
    /// The post it answers.
    pub post: i64,
    /// Whom it answers.
    pub to: String,
    /// Where it will be seen.
    pub network: String,
    /// From which of our handles: key and name; the first selected one is named in the tab.
    pub handles: Vec<Choice>,
    /// How many letters (as readers count them) the network takes.
    pub limit: Option<u32>,
    /// The unit that must approve, by name.
    pub approval: Option<String>,
    /// What stands there.
    pub text: String,
    /// The draft this goes on with.
    pub draft: Option<i64>,
    /// The wording of the draft that stands here.
    pub version: i64,
    /// Whether somebody else answers too, so that sending takes a second word.
    pub confirm: bool,
}

impl ReplyBox {
    /// The name of the handle that speaks.
    pub fn handle(&self) -> &str {
        let chosen = self.handles.iter().find(|handle| handle.selected).or_else(|| self.handles.first());
        chosen.map_or("", |handle| handle.label.as_str())
    }
}
