//! Text that is more than letters: with words marked, with numbers that open their records, with cleaned HTML.

use std::ops::Range;

use askama::Template;

use super::prints_html;

/// A run of text, marked or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The letters.
    pub text: String,
    /// Whether they are what matched.
    pub mark: bool,
}

/// Text with the words that matched marked. Printed escaped, in its own direction.
#[derive(Clone, Debug, Default, Template)]
#[template(
    source = "{% for s in segments %}{% if s.mark %}<mark>{{ s.text }}</mark>{% else %}{{ s.text }}{% endif %}{% endfor %}",
    ext = "html"
)]
pub struct Text {
    /// In order.
    pub segments: Vec<Segment>,
}
prints_html!(Text);

impl Text {
    /// Text with nothing marked.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { segments: vec![Segment { text: text.into(), mark: false }] }
    }

    /// Marks byte ranges of `text`. Ranges may overlap and come in any order; ends that do not lie between letters or
    /// beyond the text are moved inwards, so that no range can make this fail.
    pub fn marked(text: &str, spans: &[Range<usize>]) -> Self {
        let mut spans: Vec<Range<usize>> =
            spans.iter().map(|span| within(text, span)).filter(|s| !s.is_empty()).collect();
        spans.sort_by_key(|span| (span.start, span.end));
        let mut segments = Vec::with_capacity(spans.len() * 2 + 1);
        let mut at = 0;
        for span in spans {
            let start = span.start.max(at);
            if start >= span.end {
                continue;
            }
            push(&mut segments, &text[at..start], false);
            push(&mut segments, &text[start..span.end], true);
            at = span.end;
        }
        push(&mut segments, &text[at..], false);
        Self { segments }
    }

    /// What a list shows of a post: its title, unless the text begins with it, then the text with the ranges marked.
    pub fn titled(title: Option<&str>, text: &str, spans: &[Range<usize>]) -> Self {
        match title.map(str::trim).filter(|title| !title.is_empty() && !text.starts_with(title)) {
            Some(title) if text.is_empty() => Self::plain(title),
            Some(title) => {
                let mut both = Self::plain(format!("{title} · "));
                both.segments.extend(Self::marked(text, spans).segments);
                both
            }
            None => Self::marked(text, spans),
        }
    }

    /// The start of a long text: at most `max` letters, cut before a space where there is one, with an ellipsis.
    #[must_use]
    pub fn shortened(&self, max: usize) -> Self {
        let mut left = max;
        let mut segments = Vec::new();
        for segment in &self.segments {
            let length = segment.text.chars().count();
            if length <= left {
                segments.push(segment.clone());
                left -= length;
                continue;
            }
            segments.push(Segment { text: start(&segment.text, left), mark: segment.mark });
            break;
        }
        Self { segments }
    }
}

/// The start of a text that is longer than `max` letters.
fn start(text: &str, max: usize) -> String {
    let cut: String = text.chars().take(max).collect();
    let kept = cut.rfind(' ').filter(|at| *at > cut.len() / 2).map_or(cut.as_str(), |at| &cut[..at]);
    format!("{kept}…")
}

fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    let mut end = span.end.min(text.len());
    while !text.is_char_boundary(start) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    start..end.max(start)
}

fn push(segments: &mut Vec<Segment>, text: &str, mark: bool) {
    if !text.is_empty() {
        segments.push(Segment { text: text.to_owned(), mark });
    }
}

/// A part of a [`Sentence`].
#[derive(Clone, Debug)]
pub enum Part {
    /// Letters.
    Plain(String),
    /// Letters that carry weight: a unit's name.
    Strong(String),
    /// Words that matched.
    Mark(String),
    /// A number or name that opens its records: words, address.
    Link(String, String),
    /// Something late or risky.
    Late(String),
    /// A moment.
    Time(super::Time),
}

/// A sentence whose numbers and names are links.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "part/sentence.html")]
pub struct Sentence {
    /// In order.
    pub parts: Vec<Part>,
}
prints_html!(Sentence);

impl Sentence {
    /// An empty one to add to.
    pub fn new() -> Self {
        Self::default()
    }

    /// One of plain words.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new().text(text)
    }

    /// Adds plain words.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.with(Part::Plain(text.into()))
    }

    /// Adds what somebody wrote, in quotation marks: at most `max` letters of it.
    #[must_use]
    pub fn quote(self, written: &str, max: usize) -> Self {
        let written = written.trim();
        let long = written.chars().count() > max;
        self.text(format!("“{}”", if long { start(written, max) } else { written.to_owned() }))
    }

    /// Adds words of weight.
    #[must_use]
    pub fn strong(self, text: impl Into<String>) -> Self {
        self.with(Part::Strong(text.into()))
    }

    /// Adds words that matched.
    #[must_use]
    pub fn mark(self, text: impl Into<String>) -> Self {
        self.with(Part::Mark(text.into()))
    }

    /// Adds words that open `href`.
    #[must_use]
    pub fn link(self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.with(Part::Link(text.into(), href.into()))
    }

    /// Adds words about something late or risky.
    #[must_use]
    pub fn late(self, text: impl Into<String>) -> Self {
        self.with(Part::Late(text.into()))
    }

    /// Adds a moment.
    #[must_use]
    pub fn time(self, time: super::Time) -> Self {
        self.with(Part::Time(time))
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
}

/// HTML that went through the cleaner: the only text printed as it is.
#[derive(Clone, Debug, Default)]
pub struct CleanHtml(String);

impl CleanHtml {
    /// Cleans foreign HTML: no script, style, form, frame or image; links only to http, https and mail, opened without
    /// telling who we are. Styles and ids go too, so that a post cannot dress up as a part of the page.
    pub fn clean(html: &str) -> Self {
        let cleaned = ammonia::Builder::default()
            .rm_tags(["img", "area", "map", "article", "aside", "header", "footer", "nav", "details", "summary"])
            .generic_attributes(["lang", "title", "dir"].into())
            .url_schemes(["http", "https", "mailto"].into())
            .link_rel(Some("noopener noreferrer nofollow ugc"))
            .clean(html);
        Self(cleaned.to_string())
    }
}

impl std::fmt::Display for CleanHtml {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}
prints_html!(CleanHtml);
