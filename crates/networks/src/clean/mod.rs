//! Markup made safe to show, or plain.
//!
//! [`html`] keeps an allow-list of plain text markup and nothing that acts, loads or styles. Pictures are not
//! hot-linked (that would tell their server who reads the post): they become links. [`text`] gives readable words.
//! Both take time in proportion to the input, whatever it holds.

mod shape;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
};
use url::Url;

use self::shape::Shape;

/// Most markup cleaned as markup; a longer one is shown as its words.
pub const MAX_HTML: usize = 1024 * 1024;
/// Cleans fetched markup for showing. Relative addresses are dropped; see [`html_at`].
///
/// ```
/// use dandelion_networks::clean;
/// let shown = clean::html(r#"<p onclick="x()">Hi <script>x()</script><a href="javascript:x()">there</a></p>"#);
/// assert_eq!(shown, r#"<p>Hi <a rel="noopener noreferrer nofollow ugc">there</a></p>"#);
/// ```
pub fn html(markup: &str) -> String {
    html_at(markup, None)
}

/// Cleans fetched markup for showing; relative addresses are read from `base`, the address it was fetched from.
pub fn html_at(markup: &str, base: Option<&Url>) -> String {
    if markup.len() > MAX_HTML || !Shape::of(markup).is_bearable() {
        let words = text(markup);
        return words
            .lines()
            .filter(|line| !line.trim().is_empty())
            .fold(String::new(), |all, line| all + "<p>" + &escape(line) + "</p>");
    }
    let with_pictures = clean(true, markup, base);
    if !with_pictures.contains("<img") {
        return with_pictures;
    }
    clean(false, &pictures_as_links(&with_pictures), base)
}

/// The words of markup: tags gone, entities decoded, blocks on lines of their own, white space in order.
pub fn text(markup: &str) -> String {
    let words = tokenize(markup, Words::default());
    let raw = words.out.into_inner();
    tidy(&raw)
}

/// The head of a text: at most `bytes` bytes, cut between characters.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Whether a text looks like markup rather than plain words: a tag or an entity.
pub fn is_markup(text: &str) -> bool {
    let last_end = text.rfind('>').unwrap_or(0);
    let tag = text.match_indices('<').take_while(|(at, _)| *at < last_end).any(|(at, _)| {
        let next = text.as_bytes().get(at + 1).copied().unwrap_or(b' ');
        next.is_ascii_alphabetic() || matches!(next, b'/' | b'!')
    });
    tag || text.match_indices('&').any(|(at, _)| {
        // No name of an entity is longer than 31 letters.
        let Some((name, _)) = head(&text[at + 1..], 33).split_once(';') else { return false };
        name.len() >= 2 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')
    })
}

const TAGS: [&str; 47] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "u",
    "ul",
];
const TABLE_TAGS: [&str; 6] = ["tbody", "td", "tfoot", "th", "thead", "tr"];

/// The allow-list as shown.
static PLAIN: LazyLock<Builder<'static>> = LazyLock::new(|| rules(false));
/// The same with pictures still in, to be turned into links.
static PICTURES: LazyLock<Builder<'static>> = LazyLock::new(|| rules(true));

fn rules(pictures: bool) -> Builder<'static> {
    let mut tags: HashSet<&str> = TAGS.iter().chain(&TABLE_TAGS).copied().collect();
    let mut attributes: HashMap<&str, HashSet<&str>> = HashMap::from([
        ("a", HashSet::from(["href", "title"])),
        ("abbr", HashSet::from(["title"])),
        ("ol", HashSet::from(["start"])),
        ("td", HashSet::from(["colspan", "rowspan"])),
        ("th", HashSet::from(["colspan", "rowspan"])),
    ]);
    if pictures {
        tags.insert("img");
        attributes.insert("img", HashSet::from(["src", "alt"]));
    }
    let mut builder = Builder::empty();
    builder
        .tags(tags)
        .tag_attributes(attributes)
        .generic_attributes(HashSet::from(["lang", "dir"]))
        .clean_content_tags(HashSet::from([
            "script", "style", "svg", "math", "template", "iframe", "object", "embed", "noscript", "noembed",
            "noframes", "textarea", "select", "title", "head", "xmp",
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow ugc"))
        .strip_comments(true);
    builder
}

fn clean(pictures: bool, markup: &str, base: Option<&Url>) -> String {
    match base {
        None if pictures => PICTURES.clean(markup).to_string(),
        None => PLAIN.clean(markup).to_string(),
        Some(base) => {
            let mut rules = rules(pictures);
            rules.url_relative(UrlRelative::RewriteWithBase(base.clone()));
            rules.clean(markup).to_string()
        }
    }
}

/// Writes each `<img src alt>` of *already cleaned* markup as a link. The result is cleaned again, so nothing here
/// needs to be trusted; it only needs to find tags as the serialiser writes them.
fn pictures_as_links(cleaned: &str) -> String {
    let mut out = String::with_capacity(cleaned.len() + 64);
    let mut rest = cleaned;
    let mut in_link = false;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let end = tag_end(&rest[at..]);
        let tag = &rest[at..at + end];
        rest = &rest[at + end..];
        if tag.starts_with("<a ") || tag == "<a>" {
            in_link = true;
        } else if tag == "</a>" {
            in_link = false;
        }
        if tag.starts_with("<img") {
            out.push_str(&picture(tag, in_link));
        } else {
            out.push_str(tag);
        }
    }
    out + rest
}

/// The length of the tag at the start, its `>` included, quotes respected.
fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn picture(tag: &str, in_link: bool) -> String {
    let value = |name: &str| {
        let (_, rest) = tag.split_once(name)?;
        rest.split('"').next().filter(|v| !v.trim().is_empty())
    };
    // Values are as the serialiser escaped them, except `<` and `>`, which attributes may hold.
    let alt = value(" alt=\"").map(|alt| alt.replace('<', "&lt;").replace('>', "&gt;"));
    match (value(" src=\""), alt) {
        (Some(src), alt) if !in_link => format!("<a href=\"{src}\">{}</a>", alt.as_deref().unwrap_or("[image]")),
        (_, Some(alt)) => format!("[{alt}]"),
        (Some(_), None) => "[image]".to_owned(),
        (None, None) => String::new(),
    }
}

fn escape(words: &str) -> Cow<'_, str> {
    if words.contains(['<', '>', '&']) {
        words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").into()
    } else {
        words.into()
    }
}

/// Collects the words of a stream of tokens.
#[derive(Default)]
struct Words {
    out: RefCell<String>,
    /// The element whose content is no text, while inside it.
    hidden: RefCell<Option<String>>,
}

impl TokenSink for Words {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            CharacterTokens(words) if self.hidden.borrow().is_none() => self.out.borrow_mut().push_str(&words),
            TagToken(tag) => return self.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Words {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let start = tag.kind == StartTag;
        let hidden = self.hidden.borrow().clone();
        if let Some(hidden) = hidden {
            if !start && hidden == name {
                *self.hidden.borrow_mut() = None;
            }
            return TokenSinkResult::Continue;
        }
        let mut out = self.out.borrow_mut();
        match name {
            // `<script/>` is closed where markup was written as XML, as in feeds.
            "script" | "style" | "textarea" | "title" | "xmp" if start && !tag.self_closing => {
                *self.hidden.borrow_mut() = Some(name.to_owned());
                return TokenSinkResult::RawData(match name {
                    "script" => RawKind::ScriptData,
                    "textarea" | "title" => RawKind::Rcdata,
                    _ => RawKind::Rawtext,
                });
            }
            "img" if start => {
                if let Some(alt) =
                    tag.attrs.iter().find(|a| &*a.name.local == "alt").filter(|a| !a.value.trim().is_empty())
                {
                    out.push('[');
                    out.push_str(&alt.value);
                    out.push(']');
                }
            }
            "li" if start => out.push_str("\n• "),
            "td" | "th" if start => out.push(' '),
            "p" | "blockquote" | "pre" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table" | "figure"
            | "article" | "section" => out.push_str("\n\n"),
            "br" | "div" | "tr" | "hr" | "dt" | "dd" | "figcaption" | "header" | "footer" | "li" => out.push('\n'),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Runs the tokenizer of the HTML standard over `markup`.
pub(crate) fn tokenize<S: TokenSink>(markup: &str, sink: S) -> S {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(markup));
    let tokenizer = Tokenizer::new(sink, html5ever::tokenizer::TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink
}

/// At most one blank line in a row, no blanks at either end of a line, one blank between words.
pub(crate) fn tidy(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut blank = 0;
    for line in raw.lines() {
        let mut words = line.split_whitespace().peekable();
        if words.peek().is_none() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        for (at, word) in words.enumerate() {
            if at > 0 {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn what_acts_loads_or_styles_is_gone() {
        for (given, shown) in [
            ("<b>bold</b> & <i>it</i>", "<b>bold</b> &amp; <i>it</i>"),
            ("<p style=\"color:red\" class=x id=y>x</p>", "<p>x</p>"),
            ("<svg><script>x()</script></svg><math></math>after", "after"),
            ("<form action=/x><input name=a><button>go</button></form>", "go"),
            ("<iframe src=//x></iframe>y", "y"),
            ("<a href=\"ftp://x\">f</a>", "<a rel=\"noopener noreferrer nofollow ugc\">f</a>"),
            ("<a href=\"/rel\">f</a>", "<a rel=\"noopener noreferrer nofollow ugc\">f</a>"),
            (
                "<a href=\"https://x.example/\" target=_blank ping=y>f</a>",
                "<a href=\"https://x.example/\" rel=\"noopener noreferrer nofollow ugc\">f</a>",
            ),
        ] {
            assert_eq!(html(given), shown, "{given}");
        }
    }

    #[test]
    fn pictures_become_links_and_keep_their_words() {
        let rel = "rel=\"noopener noreferrer nofollow ugc\"";
        assert_eq!(
            html("<p><img src=\"https://x.example/a.png\" alt=\"a <b> c\" onerror=x></p>"),
            format!("<p><a href=\"https://x.example/a.png\" {rel}>a &lt;b&gt; c</a></p>")
        );
        assert_eq!(
            html("<img src='https://x.example/a.png'>"),
            format!("<a href=\"https://x.example/a.png\" {rel}>[image]</a>")
        );
        assert_eq!(
            html("<a href=https://x.example><img src=https://x.example/a alt=logo></a>"),
            format!("<a href=\"https://x.example\" {rel}>[logo]</a>")
        );
        assert_eq!(html("<img src=\"data:image/png;base64,AA\">x"), "x");
    }

    #[test]
    fn relative_addresses_are_read_from_where_it_was_fetched() {
        let base = Url::parse("https://x.example/news/1").unwrap();
        assert!(html_at("<a href=\"../b\">b</a>", Some(&base)).contains("href=\"https://x.example/b\""));
    }

    #[test]
    fn words_are_readable() {
        for (given, words) in [
            ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
            ("Caf&eacute; &amp; t&#233;a &lt;3", "Café & téa <3"),
            ("a<script>var x='<p>';</script>b<style>p{}</style>c", "abc"),
            ("<ul><li>x<li>y</ul>", "• x\n• y"),
            ("a   b\n c", "a b\nc"),
            ("<img alt='a cat' src=x>", "[a cat]"),
            ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
            ("", ""),
        ] {
            assert_eq!(text(given), words, "{given}");
        }
    }

    #[test]
    fn hostile_shapes_take_no_time() {
        let formatting: String =
            (0..30_000).fold(String::new(), |all, i| all + &format!("<b id={i}>")) + &"<p>x".repeat(100_000);
        let fenced = format!("<applet>{}</applet>{}", "<b></table></b>".repeat(8_000), "<p>x".repeat(8_000));
        for (name, markup) in [
            ("formatting", formatting),
            ("fenced formatting", fenced),
            ("deep", "<div>".repeat(200_000)),
            ("just deep enough", "<div>".repeat(500) + &"</p><p>".repeat(4_000)),
            ("deeper than it looks", "<div></x></x>".repeat(6_000)),
            ("open tag", "<a ".repeat(300_000)),
            ("entities", "&".repeat(1_000_000)),
            ("just few enough entities", "&amp;".repeat(14_000)),
            ("no-break spaces", "\u{a0}".repeat(500_000)),
            ("comments", "<!--".repeat(200_000)),
            ("attributes", (0..15_000).fold("<p ".to_owned(), |all, i| all + &format!("a{i}=1 ")) + ">"),
        ] {
            let begun = Instant::now();
            let shown = html(&markup);
            let _ = text(&markup);
            assert!(begun.elapsed() < Duration::from_mins(1), "{name} took {:?}", begun.elapsed());
            assert!(shown.len() < 16 * 1024 * 1024, "{name} grew to {}", shown.len());
        }
    }
}
