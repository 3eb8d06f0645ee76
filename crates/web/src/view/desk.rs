//! The desk: views, the list of cases, and the case that is open.

use askama::Template;

use super::{Choice, Empty, Shell, Text, Time, prints_html};

pub mod case;
pub mod compose;
pub mod side;
pub mod thread;
pub mod why;

pub use case::Case;
pub use compose::Compose;
pub use side::Side;
pub use thread::{Entry, Thread};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk.html")]
pub struct Desk {
    /// The frame.
    pub shell: Shell,
    /// The first column.
    pub views: Views,
    /// The second column.
    pub list: CaseList,
    /// The third and fourth.
    pub case: Option<Case>,
    /// Said where the case would be, if none is open.
    pub no_case: Empty,
}

/// Views to choose from, in groups. A partial: `#views`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/views.html")]
pub struct Views {
    /// Each with a heading.
    pub groups: Vec<ViewGroup>,
}
prints_html!(Views);

impl Views {
    /// The label of the present view.
    pub fn current(&self) -> &str {
        let links = self.groups.iter().flat_map(|group| &group.links);
        links.filter(|link| link.current).map(|link| link.label.as_str()).next().unwrap_or("Views")
    }
}

/// Views that belong together.
#[derive(Clone, Debug, Default)]
pub struct ViewGroup {
    /// The heading: the unit's name, `Units I can see`.
    pub title: String,
    /// Its views.
    pub links: Vec<ViewLink>,
}

/// A view.
#[derive(Clone, Debug, Default)]
pub struct ViewLink {
    /// Its name: `Waiting for us`.
    pub label: String,
    /// Its address.
    pub href: String,
    /// How many cases it holds.
    pub count: Option<i64>,
    /// How many of them are late.
    pub late: i64,
    /// Whether it is the present one.
    pub current: bool,
}

/// The list of cases. A partial: `#list`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/list.html")]
pub struct CaseList {
    /// The view's name.
    pub title: String,
    /// How many, in which order: `12, longest first`.
    pub words: String,
    /// The query string of this list without `case` and without `?`, for live updates and the filter form.
    pub query: String,
    /// The filter's words.
    pub q: String,
    /// What the filter form sends along: `view`, `unit`.
    pub hidden: Vec<(String, String)>,
    /// The cases.
    pub rows: Vec<Row>,
    /// The address of the next page.
    pub more: Option<String>,
    /// Said if there are no rows.
    pub empty: Empty,
}
prints_html!(CaseList);

/// Rows alone: the answer to `/desk/rows`.
#[derive(Clone, Debug, Default, Template)]
#[template(source = "{% for row in rows %}{{ row }}{% endfor %}", ext = "html")]
pub struct Rows {
    /// The cases asked for that belong to the view.
    pub rows: Vec<Row>,
}

/// One case in the list.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/row.html")]
pub struct Row {
    /// The case.
    pub id: i64,
    /// Its address within this list.
    pub href: String,
    /// Letters of the author.
    pub initials: String,
    /// Where their picture is asked for here; their letters stand beneath it.
    pub avatar: Option<String>,
    /// The author's name.
    pub who: String,
    /// Where it was said: `Bluesky`, `Bluesky + mail`.
    pub network: String,
    /// The start of what was said last by a customer.
    pub text: Text,
    /// Judgements and marks, the most important first.
    pub chips: Vec<Chip>,
    /// What is promised, if anything.
    pub due: Option<Due>,
    /// Whether nobody of us has opened it.
    pub unread: bool,
    /// Whether it is the open one.
    pub current: bool,
}
prints_html!(Row);

/// A short word about a case.
#[derive(Clone, Debug, Default)]
pub struct Chip {
    /// The word.
    pub label: String,
    /// How it looks.
    pub tone: Tone,
}

impl Chip {
    /// A plain one.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), tone: Tone::Plain }
    }

    /// One about a risk.
    pub fn risk(label: impl Into<String>) -> Self {
        Self { label: label.into(), tone: Tone::Risk }
    }

    /// One about something good.
    pub fn good(label: impl Into<String>) -> Self {
        Self { label: label.into(), tone: Tone::Good }
    }

    /// One about something a person has to settle.
    pub fn open(label: impl Into<String>) -> Self {
        Self { label: label.into(), tone: Tone::Open }
    }
}

/// How a chip or a state looks. Never the only carrier of meaning: the words say it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Quiet.
    #[default]
    Plain,
    /// Late or risky: red.
    Risk,
    /// Good: the accent.
    Good,
    /// Waits for a person: amber.
    Open,
}

impl Tone {
    /// The class in the style sheet.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Risk => " risk",
            Self::Good => " good",
            Self::Open => " open",
        }
    }
}

/// A promise of time.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// What was promised: `reply`, `acceptance`, `resolution`.
    pub what: String,
    /// When, as [`Time::due`] says it.
    pub time: Time,
    /// Whether the moment has passed.
    pub late: bool,
}

/// A button that posts.
#[derive(Clone, Debug, Default)]
pub struct PostAct {
    /// What it says.
    pub label: String,
    /// Where it posts to.
    pub action: String,
    /// What it sends besides `csrf`.
    pub fields: Vec<(String, String)>,
    /// Whether it is the likely one.
    pub primary: bool,
    /// A text to give first: its name in the form and its label.
    pub ask: Option<(String, String)>,
    /// Where the text is a longer one to be changed: how it reads now.
    pub text: Option<String>,
}

impl PostAct {
    /// A button with nothing to send.
    pub fn new(label: impl Into<String>, action: impl Into<String>) -> Self {
        Self { label: label.into(), action: action.into(), ..Self::default() }
    }

    /// The likely one.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.primary = true;
        self
    }

    /// Asks for a text first.
    #[must_use]
    pub fn ask(mut self, name: impl Into<String>, label: impl Into<String>) -> Self {
        self.ask = Some((name.into(), label.into()));
        self
    }

    /// Asks for another wording of a longer text.
    #[must_use]
    pub fn reword(self, name: impl Into<String>, label: impl Into<String>, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..self.ask(name, label) }
    }

    /// Sends a field along.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }
}

/// A judgement of the machine with its reasons, to be corrected in place.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/judgement.html")]
pub struct Judgement {
    /// What is judged: `Intent`.
    pub name: String,
    /// The same for the form: `intent`.
    pub key: String,
    /// The judgement.
    pub value: String,
    /// Between 0 and 1, if the machine gave one.
    pub score: Option<f64>,
    /// The words or rules that caused it.
    pub because: super::Sentence,
    /// The version that judged.
    pub version: String,
    /// Who corrected it: `Ana, 09:20; before: question`.
    pub corrected: Option<String>,
    /// Whether it is about a risk.
    pub risk: bool,
    /// The post that was judged.
    pub post: i64,
    /// The case it is corrected in.
    pub case: i64,
    /// The token of the form.
    pub csrf: String,
    /// What it could be instead; empty if it cannot be corrected here.
    pub choices: Vec<Choice>,
    /// Whether the machine is hardly better than a coin at answers this doubtful.
    pub unsure: bool,
    /// Answers of one key each: what is sent, what is read, the key. They stand instead of the choices.
    pub quick: Vec<(String, String, String)>,
    /// The key that opens the choices; empty: none.
    pub opens: &'static str,
}
prints_html!(Judgement);
