//! The conversation: what they said, what we said, what moved, in the order it happened.

use askama::Template;

use super::{PostAct, Tone};
use crate::view::{CleanHtml, Sentence, Text, Time, prints_html, search::MarkForm};

/// The conversation. A partial: `#thread`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/thread.html")]
pub struct Thread {
    /// The token of its forms.
    pub csrf: String,
    /// The address of earlier entries, if not all are here.
    pub earlier: Option<String>,
    /// In the order it happened.
    pub entries: Vec<Entry>,
}
prints_html!(Thread);

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Somebody outside said something.
    Post(Box<PostEntry>),
    /// We answered, or are about to.
    Reply(Box<ReplyEntry>),
    /// A colleague wrote a note.
    Note(NoteEntry),
    /// The case moved.
    Line(LineEntry),
}

/// A post.
#[derive(Clone, Debug, Default)]
pub struct PostEntry {
    /// Its number.
    pub id: i64,
    /// How deep it answers, 0 for a start; more than 3 looks like 3.
    pub depth: usize,
    /// Letters of the author.
    pub initials: String,
    /// Where their picture is asked for here; their letters stand beneath it.
    pub avatar: Option<String>,
    /// The author.
    pub name: String,
    /// Handle and network: `@jonas.example · Bluesky`.
    pub place: String,
    /// When.
    pub time: Time,
    /// What is known besides: `seen by about 4,200`, `not a customer we know`.
    pub about: String,
    /// A title, as feeds have.
    pub title: String,
    /// What was said.
    pub text: Text,
    /// The same as cleaned HTML, where the network gave HTML; used instead of `text`.
    pub html: Option<CleanHtml>,
    /// Its address outside, http or https.
    pub url: Option<String>,
    /// The language, for the browser's own reading aloud: `ar`.
    pub lang: String,
    /// How often it was edited, in words, with the old words one click away: each when and what.
    pub revisions: Vec<(Time, String)>,
    /// Its pictures, shown from here.
    pub pictures: Vec<Picture>,
    /// Of a mail that a machine wrote: which one, and whether anybody is answered.
    pub automatic: Option<Automatic>,
    /// What is folded away behind one line, a mail's quotes and signature: the line, and what stands behind it.
    pub folded: Option<(String, Vec<String>)>,
    /// Names of pictures and files that came with it: kind or description, and address.
    pub media: Vec<(String, String)>,
    /// Deleted by its author: when, in words.
    pub gone: Option<String>,
    /// Whether one of our accounts wrote it outside Dandelion.
    pub ours: bool,
    /// Whether replies go to this one.
    pub answered: bool,
    /// How many others say nearly the same.
    pub alike: Sentence,
    /// Whether it is about us.
    pub mark: Option<MarkForm>,
    /// Why it is judged as it is; none for what was not judged.
    pub why: Option<super::why::Why>,
}

/// A picture of a post.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// Where it is shown from: `/media/7/1`.
    pub src: String,
    /// What it shows, in words; empty where nobody said.
    pub alt: String,
    /// Where it lies outside.
    pub href: String,
    /// Why it is not shown.
    pub why: Option<String>,
}

/// What is said of a mail that no person wrote.
#[derive(Clone, Debug, Default)]
pub struct Automatic {
    /// `Automatic reply: nobody is answered`.
    pub words: String,
    /// The header it is known by, and of a bounce whom it could not reach.
    pub why: String,
}

/// A reply of ours, in whatever state.
#[derive(Clone, Debug, Default)]
pub struct ReplyEntry {
    /// Its number.
    pub id: i64,
    /// Letters of the handle.
    pub initials: String,
    /// The handle's name.
    pub name: String,
    /// Handle, network, when, by whom, approved by whom, confirmed by whom.
    pub meta: Sentence,
    /// What it says.
    pub text: String,
    /// Its state in a word or two: `draft`, `waits for Legal`, `sending`, `unknown`.
    pub state: String,
    /// How the state looks.
    pub tone: Tone,
    /// Whether the public can see it: confirmed by the network.
    pub public: bool,
    /// What the state means and what to do: “Look before you send again.”
    pub explain: Sentence,
    /// What the person may do.
    pub acts: Vec<PostAct>,
    /// Its address outside, http or https.
    pub url: Option<String>,
}

/// A note: seen by colleagues only.
#[derive(Clone, Debug, Default)]
pub struct NoteEntry {
    /// Letters of the colleague.
    pub initials: String,
    /// The colleague and the unit: `Dario, Legal`.
    pub name: String,
    /// When.
    pub time: Time,
    /// What it says; pings marked.
    pub text: Text,
}

/// A move of the case.
#[derive(Clone, Debug, Default)]
pub struct LineEntry {
    /// “**Retail North** passed this to **Repairs & service**: …”.
    pub text: Sentence,
    /// When.
    pub time: Time,
    /// How it looks.
    pub tone: Tone,
}

/// Only addresses of the web may be linked to: anything else (`javascript:`, `data:`) is none.
pub fn web_address(address: &str) -> Option<String> {
    let parsed = url::Url::parse(address.trim()).ok()?;
    matches!(parsed.scheme(), "http" | "https").then(|| parsed.to_string())
}
