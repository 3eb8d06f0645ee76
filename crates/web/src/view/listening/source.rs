//! Sources: the list, one with its accounting and its quarantine, a new one.

use askama::Template;

use super::{days::Days, follows::Follows};
use crate::view::desk::{PostAct, Tone};
use crate::view::{Choice, Empty, Sentence, Shell, Text, Time, grouped, prints_html};

/// All sources.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/sources.html")]
pub struct Sources {
    /// The frame.
    pub shell: Shell,
    /// One each, those in trouble first.
    pub rows: Vec<SourceRow>,
    /// Whether the person may connect one.
    pub may_add: bool,
    /// Said if there is none.
    pub empty: Empty,
}

/// A source in the list.
#[derive(Clone, Debug, Default)]
pub struct SourceRow {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its kind and network: `feed · web`.
    pub kind: String,
    /// Its state in a word: `reads`, `paused`, `does not answer`.
    pub state: String,
    /// How the state looks.
    pub tone: Tone,
    /// Its numbers.
    pub accounting: Accounting,
    /// When it was read last, and the newest post: words.
    pub lag: Sentence,
}

/// The equation every source keeps: seen = stored + duplicate + refused.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/accounting.html")]
pub struct Accounting {
    /// Items it gave us.
    pub seen: i64,
    /// Of these, new ones.
    pub stored: i64,
    /// Of these, ones we had.
    pub duplicate: i64,
    /// Of these, ones we could not take, each kept with its reason.
    pub refused: i64,
}
prints_html!(Accounting);

impl Accounting {
    const WIDTH: i64 = 1000;

    /// A part of the bar: where it starts and how long it is, in thousandths. Something is never nothing.
    pub fn bars(&self) -> Vec<(&'static str, i64, i64)> {
        let whole = self.seen.max(self.stored + self.duplicate + self.refused).max(1);
        let mut at = 0;
        let parts = [("", self.stored), (" muted", self.duplicate), (" bad", self.refused)];
        let bar = |(class, count): (&'static str, i64)| {
            let length = if count > 0 { (count * Self::WIDTH / whole).max(6) } else { 0 };
            let start = at.min(Self::WIDTH - length);
            at = start + length;
            (class, start, length)
        };
        parts.into_iter().map(bar).filter(|(_, _, length)| *length > 0).collect()
    }

    /// Whether it holds; if not, something of ours is broken and the page says so.
    pub fn holds(&self) -> bool {
        self.seen == self.stored + self.duplicate + self.refused
    }

    /// A number as read.
    pub fn n(&self, number: &i64) -> String {
        grouped(*number)
    }
}

/// One source.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/source.html")]
pub struct SourcePage {
    /// The frame.
    pub shell: Shell,
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its state in a word.
    pub state: String,
    /// How the state looks.
    pub tone: Tone,
    /// Kind, network, unit, address: name and value.
    pub facts: Vec<(String, Sentence)>,
    /// Its numbers.
    pub accounting: Accounting,
    /// Since when it counts.
    pub since: Time,
    /// The last days; none where nothing came in them.
    pub days: Option<Days>,
    /// Whether it can be asked again for what was said since a day; then that of a week ago.
    pub reread: Option<String>,
    /// What is wrong with it: what, and what to do next.
    pub error: Option<(String, String)>,
    /// Pause, resume, read now.
    pub acts: Vec<PostAct>,
    /// Whether it is a webhook, which has secrets.
    pub webhook: bool,
    /// Where posts are sent to, for a webhook.
    pub hook: String,
    /// Its secrets, without the secret.
    pub secrets: Vec<Secret>,
    /// A secret just made: shown once.
    pub secret: Option<String>,
    /// Whether another can be made.
    pub may_add_secret: bool,
    /// Whether one can be ended.
    pub may_end_secret: bool,
    /// Whom it follows, where it is an account of our own.
    pub follows: Option<Follows>,
    /// What was refused, the newest first.
    pub refused: Vec<Quarantined>,
    /// The address of more of it.
    pub more: Option<String>,
}

/// A secret of a webhook.
#[derive(Clone, Debug, Default)]
pub struct Secret {
    /// Its number.
    pub id: i64,
    /// Its last letters.
    pub ends_with: String,
    /// When it was made.
    pub time: Time,
    /// When it ended.
    pub ended: Option<Time>,
}

/// An item that could not be taken.
#[derive(Clone, Debug, Default)]
pub struct Quarantined {
    /// Its number.
    pub id: i64,
    /// When.
    pub time: Time,
    /// Where in what was sent: `line 17`.
    pub place: String,
    /// The field.
    pub field: String,
    /// What was wrong and what to do.
    pub reason: String,
    /// What was sent.
    pub raw: String,
    /// Whether that is all of it.
    pub whole: bool,
    /// Whether the person may mend it and try again.
    pub may_retry: bool,
}

/// Connecting a source.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/new_source.html")]
pub struct NewSource {
    /// The frame.
    pub shell: Shell,
    /// Kinds: `feed`, `webhook`, `file`.
    pub kinds: Vec<Choice>,
    /// As given before.
    pub address: String,
    /// As given before.
    pub name: String,
    /// Units it can belong to.
    pub units: Vec<Choice>,
    /// Feeds found on the page at that address.
    pub found: Vec<Choice>,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
}

/// Connecting a place of a network that was recognised.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/new_place.html")]
pub struct NewPlace {
    /// The frame.
    pub shell: Shell,
    /// What was typed.
    pub address: String,
    /// The network, as people call it.
    pub label: String,
    /// What was recognised, in words.
    pub what: String,
    /// What is read of the network.
    pub reads: String,
    /// Whether it sends by itself and is not asked.
    pub pushes: bool,
    /// How it is proven to work.
    pub proven: String,
    /// As given before.
    pub name: String,
    /// Units it can belong to.
    pub units: Vec<Choice>,
    /// What else the network needs or takes.
    pub fields: Vec<PlaceField>,
    /// Whether one can sign in at the network's own pages.
    pub sends_back: bool,
    /// Whether the person may have the account answered from as well.
    pub may_speak: bool,
    /// What was said there last, newest first.
    pub posts: Vec<PlacePost>,
    /// Why nothing can be shown.
    pub trouble: Option<String>,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
}

/// On the way to a network's own pages.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/sign_in.html")]
pub struct SignIn {
    /// The frame.
    pub shell: Shell,
    /// The server that asks for the password.
    pub host: String,
    /// Where it asks.
    pub url: String,
    /// Whether the account is to be answered from.
    pub speaks: bool,
    /// What is asked for there: each permission, and what for.
    pub asks: Vec<(&'static str, &'static str)>,
}

/// One thing a person enters to connect a place.
#[derive(Clone, Debug, Default)]
pub struct PlaceField {
    /// Its name in the form.
    pub name: String,
    /// Its name as shown.
    pub label: String,
    /// Where it comes from.
    pub help: String,
    /// Whether it is never shown again.
    pub secret: bool,
    /// Whether it has to be there.
    pub needed: bool,
    /// As given before.
    pub value: String,
}

/// One post of a place that is not connected yet.
#[derive(Clone, Debug, Default)]
pub struct PlacePost {
    /// Who wrote it.
    pub who: String,
    /// When.
    pub time: Option<Time>,
    /// What was said, shortened, with what would make queries hear it.
    pub text: Text,
    /// Names of the queries that would hear it.
    pub heard: Vec<String>,
}
