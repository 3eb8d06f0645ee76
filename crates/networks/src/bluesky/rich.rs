//! Addresses, names and tags in words, as the network marks them: by byte offsets in UTF-8
//! (docs.bsky.app, "Links, mentions, and rich text").

use unicode_segmentation::UnicodeSegmentation as _;
use url::Url;

use super::identity::is_handle;

/// Most letters of a post, and most bytes.
pub(super) const MOST: usize = 300;
pub(super) const MOST_BYTES: usize = 3_000;

/// What a part of a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// A web address.
    Link(String),
    /// Somebody's handle, without `@`.
    Mention(String),
    /// A tag, without `#`.
    Tag(String),
}

/// A part of a text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    pub start: usize,
    pub end: usize,
    pub mark: Mark,
}

/// The length of a text as the network counts it: what people see as one letter counts one, an emoji of a family too.
pub fn length(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Everything in a text that is to be marked, in order.
pub(super) fn marks(text: &str) -> Vec<Marked> {
    let mut marks = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let start = at;
        at += word.len();
        let bare = word.trim_end();
        let opened = bare.trim_start_matches(['(', '"', '\'', '“', '„', '«', '[', '<', '*']);
        let from = start + bare.len() - opened.len();
        if let Some((length, mark)) = marked(opened) {
            marks.push(Marked { start: from, end: from + length, mark });
        }
    }
    marks
}

/// What a word is, and how much of it.
fn marked(word: &str) -> Option<(usize, Mark)> {
    if let Some(name) = word.strip_prefix('@') {
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).unwrap_or(name.len());
        let name = name[..end].trim_end_matches(['.', '-']);
        return is_handle(name).then(|| (1 + name.len(), Mark::Mention(name.to_ascii_lowercase())));
    }
    if let Some(tag) = word.strip_prefix(['#', '＃']) {
        let sign = word.len() - tag.len();
        let tag = tag.trim_end_matches(|c: char| is_punctuation(c));
        let fits = !tag.is_empty()
            && length(tag) <= 64
            && tag.len() <= 640
            && !tag.contains(['#', '＃'])
            && tag.chars().any(|c| !c.is_ascii_digit());
        return fits.then(|| (sign + tag.len(), Mark::Tag(tag.to_owned())));
    }
    let web = word.starts_with("https://") || word.starts_with("http://");
    let mut address = word.trim_end_matches(['.', ',', ';', ':', '!', '?', '"', '\'', '”', '“', '»', '>', ']', '*']);
    // A bracket belongs to the sentence where the address opened none.
    while address.ends_with(')') && address.matches(')').count() > address.matches('(').count() {
        address = address[..address.len() - 1].trim_end_matches(['.', ',', ';', ':', '!', '?']);
    }
    let url = Url::parse(address).ok().filter(|_| web)?;
    let fits = url.host_str().is_some_and(|host| host.contains('.')) && address.len() <= 2_000;
    fits.then(|| (address.len(), Mark::Link(address.to_owned())))
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() && c != '_' || matches!(c, '…' | '“' | '”' | '»' | '。' | '、' | '！' | '？' | '：')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(text: &str) -> Vec<(String, String)> {
        let kind = |mark: &Mark| match mark {
            Mark::Link(url) => format!("link {url}"),
            Mark::Mention(name) => format!("mention {name}"),
            Mark::Tag(tag) => format!("tag {tag}"),
        };
        marks(text).iter().map(|m| (text[m.start..m.end].to_owned(), kind(&m.mark))).collect()
    }

    #[test]
    fn parts_are_marked_where_their_bytes_stand() {
        let one = |part: &str, what: &str| vec![(part.to_owned(), what.to_owned())];
        assert_eq!(
            seen("✨ see https://x.example/a?b=c#d."),
            one("https://x.example/a?b=c#d", "link https://x.example/a?b=c#d")
        );
        assert_eq!(seen("(https://x.example/a_(b))."), one("https://x.example/a_(b)", "link https://x.example/a_(b)"));
        assert_eq!(seen("grüß dich, @Ana.Example!"), one("@Ana.Example", "mention ana.example"));
        assert_eq!(seen("@ana.example: hi"), one("@ana.example", "mention ana.example"));
        assert_eq!(seen("mein #Käse-brot, bitte"), one("#Käse-brot", "tag Käse-brot"));
        assert_eq!(seen("日本 #ケトル。"), one("#ケトル", "tag ケトル"));
        for none in [
            "mail ana@x.example",
            "@ana",
            "#1",
            "#",
            "C#",
            "http://localhost",
            "https://",
            "ftp://x.example",
            "see x.example",
        ] {
            assert_eq!(seen(none), [], "{none}");
        }
        assert_eq!(seen("@a.example @b.example #c").len(), 3);
    }

    #[test]
    fn letters_are_counted_as_people_see_them() {
        for (text, count) in
            [("", 0), ("hello", 5), ("👨‍👩‍👧‍👦", 1), ("👋🏽", 1), ("🇩🇪", 1), ("e\u{301}", 1), ("नमस्ते", 3), ("a\r\nb", 3)]
        {
            assert_eq!(length(text), count, "{text}");
        }
    }

    proptest! {
        #[test]
        fn marks_lie_in_the_text_in_order(text in "(\\PC| |@[a-z.]{1,9}|#\\PC{1,4}|https://[a-z./()]{1,9}){0,40}") {
            let mut last = 0;
            for mark in marks(&text) {
                prop_assert!(mark.start >= last && mark.start < mark.end && text.get(mark.start..mark.end).is_some());
                last = mark.end;
            }
        }
    }
}
