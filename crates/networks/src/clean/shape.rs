//! Whether a tree builder can bear some markup, told before it is asked to: a few bytes may become millions of elements.

/// Most tags of one post; more are shown as words. A long article has some thousand.
const MAX_TAGS: usize = 20_000;
/// Deepest nesting, as in browsers: the tree builder looks through all open elements again and again.
const MAX_DEPTH: usize = 512;
/// Most elements a tree builder may have to make. Unclosed formatting is repeated in every later block, which lets
/// few bytes become many nodes; see [`Shape`].
const MAX_NODES: usize = 2_000_000;
/// Most bytes the serialiser may search; see [`Shape`]. A tenth of a second.
const MAX_SEARCHED: usize = 1_000_000_000;

/// What a tree builder would have to bear, estimated from above in one pass.
#[derive(Default)]
pub(super) struct Shape {
    tags: usize,
    depth: usize,
    formatting: usize,
    /// Bytes searched by the serialiser: each character to escape is looked for up to the end of its text, so that
    /// many of them in one long text cost their number times its length.
    searched: usize,
}

impl Shape {
    pub(super) fn of(markup: &str) -> Self {
        let mut shape = Self::default();
        let (mut opened, mut open, mut deepest, mut walled) = (0usize, 0usize, 0usize, false);
        let bytes = markup.as_bytes();
        let mut elements: Vec<&[u8]> = Vec::new();
        // 0xC2 begins the no-break space, which is escaped too.
        let escaped = bytes.iter().filter(|b| matches!(b, b'&' | 0xC2)).count();
        shape.searched = escaped.saturating_mul(bytes.len());
        for (at, _) in markup.match_indices('<') {
            let closing = bytes.get(at + 1) == Some(&b'/');
            let from = at + 1 + usize::from(closing);
            let name = tag_name(&bytes[from.min(bytes.len())..]);
            shape.tags += 1;
            if shape.tags > MAX_TAGS {
                break;
            }
            nest(&mut elements, name, closing);
            shape.depth = shape.depth.max(elements.len());
            if FORMATTING.iter().any(|f| name.eq_ignore_ascii_case(f)) {
                if closing {
                    open = open.saturating_sub(1);
                } else {
                    opened += 1;
                    open += 1;
                    deepest = deepest.max(open);
                }
            } else if name.is_empty() || WALLS.iter().any(|w| name.eq_ignore_ascii_case(w)) {
                walled = true;
            }
        }
        // Behind a wall (a cell, raw text, a comment) a closing tag may close nothing, so every opening counts.
        shape.formatting = if walled { opened } else { deepest };
        shape
    }

    pub(super) fn is_bearable(&self) -> bool {
        self.tags <= MAX_TAGS
            && self.depth <= MAX_DEPTH
            && self.formatting.saturating_mul(self.tags) <= MAX_NODES
            && self.searched <= MAX_SEARCHED
    }
}

/// Opens or closes an element of the nesting as a parser would at least: what is not surely closed stays open.
fn nest<'m>(elements: &mut Vec<&'m [u8]>, name: &'m [u8], closing: bool) {
    let same = |a: &[u8]| a.eq_ignore_ascii_case(name);
    if closing {
        let near = elements.len().saturating_sub(8);
        if let Some(at) = elements[near..].iter().rposition(|open| same(open)) {
            elements.truncate(near + at);
        }
        return;
    }
    let closes_its_like = CLOSE_THEIR_LIKE.iter().any(|n| same(n)) && elements.last().is_some_and(|open| same(open));
    if name.is_empty() || closes_its_like || VOID.iter().any(|n| same(n)) {
        return;
    }
    elements.push(name);
}

/// Elements that end where another of their kind begins.
const CLOSE_THEIR_LIKE: [&[u8]; 8] = [b"p", b"li", b"dd", b"dt", b"tr", b"td", b"th", b"option"];
/// Elements without content (HTML standard §13.1.2).
const VOID: [&[u8]; 13] =
    [b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"track", b"wbr"];

fn tag_name(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().take(16).position(|b| !b.is_ascii_alphanumeric()).unwrap_or(bytes.len().min(16));
    &bytes[..end]
}

/// Elements the HTML parser opens again in later blocks ("active formatting elements", HTML standard §13.2.4.3).
const FORMATTING: [&[u8]; 14] =
    [b"a", b"b", b"big", b"code", b"em", b"font", b"i", b"nobr", b"s", b"small", b"strike", b"strong", b"tt", b"u"];
/// Elements behind which a closing tag may mean something else.
const WALLS: [&[u8]; 24] = [
    b"applet",
    b"button",
    b"caption",
    b"iframe",
    b"marquee",
    b"math",
    b"noembed",
    b"noframes",
    b"noscript",
    b"object",
    b"plaintext",
    b"script",
    b"select",
    b"style",
    b"svg",
    b"table",
    b"td",
    b"template",
    b"textarea",
    b"th",
    b"title",
    b"xmp",
    b"frameset",
    b"html",
];
