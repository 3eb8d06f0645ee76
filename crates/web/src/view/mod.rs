//! What pages look like: plain view models and the templates that print them.
//!
//! A view holds owned text and numbers and knows neither the store nor the request, so it can be printed from a test or
//! from `examples/gallery.rs`. Everything printed is escaped; the only HTML let through is [`text::CleanHtml`], whose one
//! maker cleans it. No template holds a `style` or `on…` attribute or an inline script, because the content security
//! policy forbids all three.
//!
//! # Addresses the views link and post to
//!
//! | address | what |
//! |---|---|
//! | `/` | Home |
//! | `/desk?view=waiting\|offered\|mine\|approve\|watching\|snoozed\|all&unit=KEY&q=…&case=ID` | the desk; `/cases/ID` is the desk with that case |
//! | `/desk/rows?ids=1,2&` + the desk's query | the rows ([`desk::Rows`]) of those cases that belong to that view, for live updates |
//! | `POST /cases/ID/assignment` (`member`: a key, `me`, `none`), `/notes` (`text`), `/handoffs` (`to`, `reason`) | |
//! | `POST /handoffs/ID/acceptance`, `/bounce` (`reason`), `/withdrawal` | |
//! | `POST /cases/ID/replies` (`text`, `handle`, `post`, `act`: `draft`, `send` or `submit`) | |
//! | `POST /replies/ID/submission`, `/approval`, `/changes` (`reason`), `/rejection` (`reason`), `/queueing`, `/cancellation`, `/resending`, `/confirmation` (`url`), `/correction` (`version`, `text`), `/withdrawal` (`reason`) | |
//! | `POST /cases/ID/resolution` (`kind`, `why`, `evidence`), `/reopening`, `/snooze` (`until`), `/waking` | |
//! | `POST /posts/ID/corrections` (`judgement`, `value`); `POST /undo` (`event`) | |
//! | `/search?q=…&kind=…` | posts and cases |
//! | `/queries`, `/queries/new`, `/queries/ID`, `/queries/ID/lab?against=VERSION`; `POST /queries` and `POST /queries/ID/lab` (`name`, `unit`, `text`, `cases`, `act`: see `pages/lab`); `/queries/completions?before=…` answers JSON | the lab |
//! | `/sources`, `/sources/new`, `/sources/place?address=`, `/sources/ID`; `POST /sources` (`kind`, `address`, `name`, `unit`), `POST /sources/place` (`address`, `name`, `unit`, `set-FIELD`), `POST /sources/ID/pause`, `/resumption`, `/polling`, `/rereading` (`since`), `/secrets`; `POST /refusals/ID/retry` | |
//! | `/results?unit=&from=&to=&kind=` | the ledger |
//! | `/handoffs?since=&state=`, `/replies?state=`, `/posts?since=&about_us=` | what a number of the home page counts, where no other page lists it |
//! | `/organisation`, `/units/KEY`, `/members`, `POST /members`, `/tokens`, `POST /tokens`, `POST /tokens/ID/revocation`, `/account`, `POST /account/password` | |
//! | `/session/new`, `POST /session` (`email`, `password`, `next`), `POST /session/end`, `/setup/administrator`, `/setup/organisation`, `/setup/source`, `/setup/query`, `/setup/done` | |
//! | `/live` | server-sent events, see below; `/palette?q=` answers JSON `[{"label","hint","href"}]`; `/docs/api` |
//!
//! Every form that posts carries a hidden `csrf`.
//!
//! # Partial updates
//!
//! A form or link with `data-partial="#list #case"` is fetched by script, redirects followed, and the named elements are
//! swapped from the answer (`#flash` always). The server needs to know nothing of it: it answers with the whole page as it
//! does without script. It *may* leave out the rest when the request has the header `Dandelion-Partial`.
//!
//! # Live
//!
//! `/live` sends `event: case` with `data: {"case": 4127}` for each case that changed and that the person may see, and
//! nothing about what changed. The page gathers them for a moment, asks `/desk/rows` once, puts rows it already shows in
//! place, and counts the others in a chip ("3 new"), so that the list never jumps under the cursor. If the open case is
//! among them, its thread and side are fetched again from the page's own address.

pub mod desk;
pub mod home;
pub mod judgements;
pub mod listening;
pub mod organisation;
pub mod problem;
pub mod records;
pub mod results;
pub mod search;
pub mod session;
pub mod setup;
pub mod shell;
pub mod text;
pub mod time;

pub use shell::{Flash, Place, Shell, User};
pub use text::{CleanHtml, Sentence, Text};
pub use time::Time;

/// Marks views whose printed form is HTML already escaped by their own template, so that a parent can print them.
macro_rules! prints_html {
    ($($view:ty),+ $(,)?) => { $(impl askama::filters::HtmlSafe for $view {})+ };
}
pub(crate) use prints_html;

/// One thing to choose: in a select, a group of radio buttons, a filter.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is the present one.
    pub selected: bool,
}

impl Choice {
    /// A choice that is not the present one.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), selected: false }
    }

    /// The same, as the present one.
    #[must_use]
    pub fn selected(mut self) -> Self {
        self.selected = true;
        self
    }
}

/// What stands where records would be: why there are none, and what to do next.
#[derive(Clone, Debug, Default, askama::Template)]
#[template(path = "part/empty.html")]
pub struct Empty {
    /// One short line.
    pub title: String,
    /// Why, in words.
    pub text: String,
    /// What to do next: label and address.
    pub act: Option<(String, String)>,
}
prints_html!(Empty);

impl Empty {
    /// Nothing here, with the reason, and nothing to do about it.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into(), act: None }
    }

    /// With a way on.
    #[must_use]
    pub fn act(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.act = Some((label.into(), href.into()));
        self
    }
}

/// A count in words: "1 case", "12 cases", with thousands apart.
pub fn counted(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(n)) }
}

/// A number with its thousands apart: `18402` is `18,402`.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("−{out}") } else { out }
}

/// Up to two letters that stand for a name in a small circle: `Marta Oyelaran` is `MO`, `雅婷` is `雅`.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let first = |word: &&str| word.chars().next();
    let letters: String = match (words.first().and_then(first), words.get(1).and_then(first)) {
        (Some(a), Some(b)) if a.is_ascii() && b.is_ascii() => [a, b].iter().collect(),
        (Some(a), _) if a.is_ascii() => words[0].chars().take(2).collect(),
        (Some(a), _) => a.to_string(),
        _ => "?".to_owned(),
    };
    letters.to_uppercase()
}

#[cfg(test)]
mod tests;
