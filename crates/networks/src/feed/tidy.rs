//! Any XML-like text as well-formed, bounded XML.
//!
//! Feeds in the wild end early, hold bare `&`, unknown entities and tags that are never closed, and hostile ones hold
//! a million attributes. What the parser sees is written here anew: no declarations, comments, instructions or DTD;
//! elements closed in order; references that exist; depth, attributes and namespaces bounded (lists that the parser
//! searches from end to end). Linear in the input.

use std::fmt::Write as _;
use std::ops::Range;

use super::Unreadable;

/// Deepest nesting.
const MAX_DEPTH: usize = 256;
/// Most elements.
const MAX_ELEMENTS: usize = 1_000_000;
/// Most attributes of one element.
const MAX_ATTRIBUTES: usize = 256;
/// Most namespaces in force at one place.
const MAX_NAMESPACES: usize = 512;

/// A document made well-formed.
#[derive(Debug, Default)]
pub(crate) struct Tidied {
    /// The document.
    pub(crate) text: String,
    /// Where its items or entries lie.
    pub(crate) items: Vec<Range<usize>>,
    /// The start tags around the items, and the end tags that close them.
    pub(crate) around: (String, String),
    /// Whether it ended inside an item.
    pub(crate) cut: bool,
}

/// Writes a document anew.
pub(crate) fn tidy(source: &str) -> Result<Tidied, Unreadable> {
    let mut writer = Writer { source, ..Writer::default() };
    writer.out.text.reserve(source.len() + 1024);
    writer.run()?;
    Ok(writer.out)
}

#[derive(Default)]
struct Writer<'s> {
    source: &'s str,
    at: usize,
    out: Tidied,
    open: Vec<Open<'s>>,
    elements: usize,
    namespaces: usize,
    has_channel: bool,
}

struct Open<'s> {
    name: &'s str,
    namespaces: usize,
    tag: Range<usize>,
    /// Where it began, if it is an item.
    item: Option<usize>,
}

impl<'s> Writer<'s> {
    fn run(&mut self) -> Result<(), Unreadable> {
        while self.at < self.source.len() {
            let rest = &self.source[self.at..];
            let text = rest.find('<').unwrap_or(rest.len());
            self.text(&rest[..text]);
            self.at += text;
            let rest = &rest[text..];
            if rest.is_empty() {
                break;
            }
            if let Some(body) = rest.strip_prefix("<![CDATA[") {
                self.cdata(body);
            } else if rest.starts_with("<!--") {
                self.pass(rest, 4, "-->");
            } else if rest.starts_with("<?") {
                self.pass(rest, 2, "?>");
            } else if rest.starts_with("<!") {
                self.at += declaration_end(rest);
            } else if rest.starts_with("</") {
                self.end_tag(rest);
            } else {
                self.start_tag(rest)?;
            }
        }
        self.out.cut = self.open.iter().any(|open| open.item.is_some());
        while !self.open.is_empty() {
            self.close_top();
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        // Text outside the root means nothing.
        if !self.open.is_empty() {
            let person = self.open.last().is_some_and(|open| PERSONS.contains(&local(open.name)));
            if person && text.contains('@') {
                push_text(&mut self.out.text, &spaced(text));
            } else {
                push_text(&mut self.out.text, text);
            }
        }
    }

    fn cdata(&mut self, body: &str) {
        let end = body.find("]]>");
        let inside = &body[..end.unwrap_or(body.len())];
        if let Some(open) = self.open.last() {
            let person = PERSONS.contains(&local(open.name)) && inside.contains('@');
            self.out.text.push_str("<![CDATA[");
            if person {
                self.out.text.push_str(&spaced(inside));
            } else {
                self.out.text.push_str(inside);
            }
            self.out.text.push_str("]]>");
        }
        self.at += "<![CDATA[".len() + end.map_or(body.len(), |end| end + 3);
    }

    fn pass(&mut self, rest: &str, from: usize, until: &str) {
        self.at += rest[from..].find(until).map_or(rest.len(), |found| from + found + until.len());
    }

    fn end_tag(&mut self, rest: &'s str) {
        let end = rest.find('>').unwrap_or(rest.len());
        self.at += (end + 1).min(rest.len());
        let name = rest[2..end].trim();
        // One that nobody opened is dropped; one further out closes what is inside it.
        if let Some(depth) = self.open.iter().rposition(|open| open.name == name) {
            while self.open.len() > depth {
                self.close_top();
            }
        }
    }

    fn close_top(&mut self) {
        // A feed without a channel is an empty one.
        if self.open.len() == 1 && self.open[0].name == "rss" && !self.has_channel {
            self.out.text.push_str("<channel></channel>");
        }
        let Some(open) = self.open.pop() else { return };
        let _ = write!(self.out.text, "</{}>", open.name);
        self.namespaces -= open.namespaces;
        if let Some(begin) = open.item {
            self.out.items.push(begin..self.out.text.len());
        }
    }

    fn start_tag(&mut self, rest: &'s str) -> Result<(), Unreadable> {
        let Some(tag) = Tag::read(rest) else {
            // A `<` that begins no tag is a character; a tag that never ends is the end.
            if rest[1..].starts_with(is_name_start) {
                self.at = self.source.len();
            } else {
                self.text("<");
                self.at += 1;
            }
            return Ok(());
        };
        self.at += tag.length;
        if self.open.is_empty() && self.elements > 0 {
            return Ok(()); // A second root.
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Unreadable::Shape(format!("it has more than {MAX_ELEMENTS} elements")));
        }
        if self.open.len() == 1 && self.open[0].name == "rss" && matches!(tag.name, "item" | "title") {
            self.push("channel", "", 0)?;
        }
        let attributes = tag.attributes()?;
        let root = self.open.is_empty();
        let namespaces = attributes.iter().filter(|(name, _)| name.starts_with("xmlns")).count();
        let about = attributes.iter().find(|(name, _)| *name == "rdf:about").map(|(_, about)| *about);
        let mut written = String::new();
        for (name, value) in attributes {
            // The root's own namespace is left to the parser, which knows more spellings of feeds by their root.
            if root && (name == "xmlns" || (tag.name == "rss" && name == "version")) {
                continue;
            }
            let typed = name == "type"
                && ATOM_TEXTS.contains(&tag.name)
                && self.open.first().is_some_and(|root| matches!(root.name, "feed" | "entry"));
            let _ = write!(written, " {name}=\"");
            push_text(&mut written, if typed { text_type(value, tag.name) } else { value });
            written.push('"');
        }
        if root && tag.name == "rss" {
            written.push_str(" version=\"2.0\"");
        }
        self.push(tag.name, &written, namespaces)?;
        // RSS 1.0 names an item by what it is about; the parser wants that as a link.
        if let Some(about) = about.filter(|_| tag.name == "item") {
            self.out.text.push_str("<link>");
            push_text(&mut self.out.text, about);
            self.out.text.push_str("</link>");
        }
        if tag.closed {
            self.close_top();
        }
        Ok(())
    }

    fn push(&mut self, name: &'s str, attributes: &str, namespaces: usize) -> Result<(), Unreadable> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Unreadable::Shape(format!("its elements are nested more than {MAX_DEPTH} deep")));
        }
        self.namespaces += namespaces;
        if self.namespaces > MAX_NAMESPACES {
            return Err(Unreadable::Shape(format!("it declares more than {MAX_NAMESPACES} namespaces at one place")));
        }
        self.has_channel |= name == "channel";
        let begin = self.out.text.len();
        let outermost = self.open.iter().all(|open| open.item.is_none());
        let item = (outermost && !self.open.is_empty() && matches!(local(name), "item" | "entry")).then_some(begin);
        if item.is_some() && self.out.around.0.is_empty() {
            for open in &self.open {
                self.out.around.0.push_str(&self.out.text[open.tag.clone()]);
                self.out.around.1.insert_str(0, &format!("</{}>", open.name));
            }
        }
        let _ = write!(self.out.text, "<{name}{attributes}>");
        self.open.push(Open { name, namespaces, tag: begin..self.out.text.len(), item });
        Ok(())
    }
}

/// Elements that name a person. The parser cuts addresses out of them by bytes, which needs ASCII around them.
const PERSONS: [&str; 6] = ["author", "creator", "managingEditor", "webMaster", "name", "contributor"];

/// Elements of Atom that hold text of a stated type.
const ATOM_TEXTS: [&str; 9] =
    ["title", "subtitle", "tagline", "info", "summary", "rights", "copyright", "content", "abstract"];

/// Atom 0.3 and careless feeds write media types where Atom 1.0 has three words; the parser gives up on any other.
fn text_type<'s>(stated: &'s str, element: &str) -> &'s str {
    match stated.trim().to_ascii_lowercase().as_str() {
        "html" | "text/html" => "html",
        "xhtml" | "application/xhtml+xml" | "application/xhtml" => "xhtml",
        // Content may be of any type, which is then kept.
        other if element == "content" && other.contains('/') && other != "text/plain" => stated,
        _ => "text",
    }
}

/// Blanks between an ASCII character and any other.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut last = None::<char>;
    for c in text.chars() {
        if last.is_some_and(|last| last.is_ascii() != c.is_ascii() && last != ' ' && c != ' ') {
            out.push(' ');
        }
        out.push(c);
        last = Some(c);
    }
    out
}

struct Tag<'s> {
    name: &'s str,
    inside: &'s str,
    length: usize,
    closed: bool,
}

impl<'s> Tag<'s> {
    /// Reads `<name …>` or `<name …/>` at the start of `rest`.
    fn read(rest: &'s str) -> Option<Self> {
        if !rest[1..].starts_with(is_name_start) {
            return None;
        }
        let mut quote = None;
        let end = rest.bytes().enumerate().find_map(|(at, byte)| {
            match (quote, byte) {
                (None, b'>') => return Some(at),
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(q), byte) if q == byte => quote = None,
                _ => {}
            }
            None
        });
        // A quote that is never closed would swallow the rest: then the first `>` ends it.
        let end = end.or_else(|| rest.find('>'))?;
        let inside = &rest[1..end];
        let closed = inside.ends_with('/');
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let name_end = inside.find(|c: char| c.is_whitespace() || matches!(c, '/' | '<' | '"' | '\'' | '=' | '&'));
        let (name, inside) = inside.split_at(name_end.unwrap_or(inside.len()));
        Some(Self { name, inside, length: end + 1, closed })
    }

    /// Its attributes, the first of each name, as written.
    fn attributes(&self) -> Result<Vec<(&'s str, &'s str)>, Unreadable> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut rest = self.inside.trim_start();
        while let Some((name, behind)) = rest.split_once('=') {
            let name = name.rsplit(char::is_whitespace).find(|part| !part.is_empty()).unwrap_or("");
            let behind = behind.trim_start();
            let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (value, next) = match quote {
                Some(quote) => behind[1..].split_once(quote).unwrap_or((&behind[1..], "")),
                None => behind.split_once(char::is_whitespace).unwrap_or((behind, "")),
            };
            let fits = name.starts_with(is_name_start) && !name.contains(['<', '>', '"', '\'', '&', '/']);
            if fits && !found.iter().any(|(taken, _)| *taken == name) {
                found.push((name, value));
            }
            if found.len() > MAX_ATTRIBUTES {
                return Err(Unreadable::Shape(format!("an element has more than {MAX_ATTRIBUTES} attributes")));
            }
            rest = next.trim_start();
        }
        Ok(found)
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// The name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The length of `<!…>`, brackets respected: a document type with its own declarations.
fn declaration_end(rest: &str) -> usize {
    let end = rest.find('>').unwrap_or(rest.len());
    let Some(bracket) = rest[..end].find('[') else { return (end + 1).min(rest.len()) };
    // Declarations that never end leave nothing to read; anything else would search the rest again and again.
    let Some(closed) = rest[bracket..].find(']').map(|found| bracket + found) else { return rest.len() };
    rest[closed..].find('>').map_or(rest.len(), |found| closed + found + 1)
}

/// Text or an attribute's value, with references that exist and nothing that begins a tag.
fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '"']) {
        out.push_str(&rest[..at]);
        let special = &rest[at..];
        match special.as_bytes()[0] {
            b'<' => out.push_str("&lt;"),
            b'"' => out.push_str("&quot;"),
            _ if is_reference(special) => out.push('&'),
            _ => out.push_str("&amp;"),
        }
        rest = &special[1..];
    }
    out.push_str(rest);
}

/// Whether `&…` is a reference that stands for a character: `&#8230;`, `&#x2026;`, or a name (of HTML, perhaps).
fn is_reference(text: &str) -> bool {
    let window = crate::clean::head(text, 34);
    let Some(name) = window[1..].split_once(';').map(|(name, _)| name) else { return false };
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        let plain = !number.starts_with('+') && !number.starts_with("x+");
        return plain && code.ok().and_then(char::from_u32).is_some_and(|c| c != '\0');
    }
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn what_is_broken_becomes_well_formed() {
        for (given, text) in [
            ("<a>x</a>", "<a>x</a>"),
            ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "<a>&e;</a>"),
            ("<a>AT&T & &amp; &#0; &#x41;</a>", "<a>AT&amp;T &amp; &amp; &amp;#0; &#x41;</a>"),
            ("<a><b>x<c></b>y</a>", "<a><b>x<c></c></b>y</a>"),
            ("<a></b>x", "<a>x</a>"),
            ("<a x='1' x=\"2\" y=3 z>t</a><b/>", "<a x=\"1\" y=\"3\">t</a>"),
            ("<a>1 < 2<br/></a>", "<a>1 &lt; 2<br></br></a>"),
            ("<a><![CDATA[<p>", "<a><![CDATA[<p>]]></a>"),
            ("<a><!-- x --><!-- y", "<a></a>"),
            ("<rss><item>x</item></rss>", "<rss version=\"2.0\"><channel><item>x</item></channel></rss>"),
            ("<a><title>x</ti", "<a><title>x</title></a>"),
        ] {
            assert_eq!(tidy(given).unwrap().text, text, "{given}");
        }
    }

    #[test]
    fn an_end_inside_an_item_is_noticed() {
        assert!(tidy("<rss><channel><item><title>x").unwrap().cut);
        assert!(!tidy("<rss><channel><item></item>").unwrap().cut);
    }

    #[test]
    fn items_are_found_with_what_is_around_them() {
        let tidied = tidy("<feed xml:lang='de'><entry><entry/></entry><entry>2</entry></feed>").unwrap();
        let items: Vec<&str> = tidied.items.iter().map(|range| &tidied.text[range.clone()]).collect();
        assert_eq!(items, ["<entry><entry></entry></entry>", "<entry>2</entry>"]);
        assert_eq!(tidied.around, ("<feed xml:lang=\"de\">".to_owned(), "</feed>".to_owned()));
    }

    #[test]
    fn hostile_shapes_are_refused() {
        let deep = "<a>".repeat(100_000);
        let wide = (0..100_000).fold("<a ".to_owned(), |all, i| all + &format!("x{i}='1' ")) + ">";
        let spaces = "<a xmlns:a='1' xmlns:b='2' xmlns:c='3'>".repeat(255);
        for hostile in [deep, wide, spaces] {
            assert!(tidy(&hostile).is_err(), "{}", &hostile[..40]);
        }
    }
}
