//! The open case: what it is, what can be done with it, and its conversation.

use askama::Template;

use super::{Compose, Due, PostAct, Side, Thread};
use crate::view::{Choice, Sentence, prints_html};

/// The open case with its side pane. A partial: `#case`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/case.html")]
pub struct Case {
    /// Its number.
    pub id: i64,
    /// The token of its forms.
    pub csrf: String,
    /// What it is about.
    pub title: String,
    /// Where the list is, for narrow screens.
    pub back: String,
    /// Owner, assignee, who watches.
    pub meta: Sentence,
    /// What is promised next.
    pub due: Option<Due>,
    /// A move or a state that waits for a person, above the conversation.
    pub banners: Vec<Banner>,
    /// What the person may do.
    pub may: May,
    /// Units it can be passed on to.
    pub units: Vec<Choice>,
    /// Members it can be given to.
    pub members: Vec<Choice>,
    /// Until when it can be snoozed.
    pub snoozes: Vec<Choice>,
    /// Kinds of resolution.
    pub resolutions: Vec<Choice>,
    /// Posts of this case that can be evidence.
    pub evidence: Vec<Choice>,
    /// The conversation.
    pub thread: Thread,
    /// Where one writes.
    pub compose: Compose,
    /// Who it is, and why it is here.
    pub side: Side,
    /// A form of the heading that was refused.
    pub refusal: Option<Refusal>,
}
prints_html!(Case);

impl Case {
    /// What was refused of this form of the heading, if it was this one.
    pub fn refused(&self, form: &str) -> Option<&Refusal> {
        self.refusal.as_ref().filter(|refusal| refusal.form == form)
    }

    /// What was written in this form when it was refused.
    pub fn written(&self, form: &str) -> &str {
        self.refused(form).map_or("", |refusal| refusal.text.as_str())
    }
}

/// A form of the heading that was refused: it stands open, with the reason and what was written.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// Which: `assign`, `pass`, `snooze`, `resolve`, `reopen`.
    pub form: &'static str,
    /// What was wrong, and what to do.
    pub words: String,
    /// What was written in it.
    pub text: String,
}

/// What the person may do with the case now.
#[derive(Clone, Debug, Default)]
pub struct May {
    /// Take it.
    pub take: bool,
    /// Give it to somebody.
    pub assign: bool,
    /// Pass it on to another unit.
    pub pass: bool,
    /// Snooze it.
    pub snooze: bool,
    /// Resolve it.
    pub resolve: bool,
    /// Open it again.
    pub reopen: bool,
    /// Wake it.
    pub wake: bool,
}

/// Something that waits, or a state that explains why nothing does.
#[derive(Clone, Debug, Default)]
pub struct Banner {
    /// What it is: “Retail North offers this to Repairs & service: …”.
    pub text: Sentence,
    /// What can be done about it.
    pub acts: Vec<PostAct>,
    /// Whether a person has to decide.
    pub open: bool,
}
