//! The terms of a post that a person would put into a query: words, tags, handles, pairs of letters of scripts without
//! spaces.

use std::ops::Range;

use dandelion_listen::words::{Kind, Words};
use dandelion_post::Post;

/// Calls `each` with every term of a text, as it would be written in a query, and the bytes where it stands. Addresses,
/// numbers and single letters are left out.
pub(super) fn each_term(text: &str, mut each: impl FnMut(&str, Range<usize>)) {
    let words = Words::of(text);
    let (mut written, mut before) = (String::new(), None::<(&str, usize)>);
    for token in words.iter() {
        if token.kind == Kind::Dense {
            if let Some((first, start)) = before.filter(|_| token.adjacent) {
                written.clear();
                written.extend([first, token.word]);
                each(&written, start..token.span.end);
            }
            before = Some((token.word, token.span.start));
            continue;
        }
        let sign = match token.kind {
            Kind::Tag => "#",
            Kind::Handle => "@",
            Kind::Ticker => "$",
            Kind::Word if telling(token.word) => "",
            Kind::Emoji => "",
            Kind::Word | Kind::Address | Kind::Dense => continue,
        };
        written.clear();
        written.extend([sign, token.word]);
        each(&written, token.span);
    }
}

/// Whether a word says something by itself.
pub(super) fn telling(word: &str) -> bool {
    word.chars().nth(1).is_some() && word.contains(char::is_alphabetic)
}

/// Calls `each` once for every different term of a post, title included.
pub(super) fn each_different(post: &Post, mut each: impl FnMut(&str)) {
    let mut terms: Vec<String> = Vec::new();
    for text in [post.title.as_deref().unwrap_or(""), &post.text] {
        each_term(text, |term, _| terms.push(term.to_owned()));
    }
    terms.sort_unstable();
    terms.dedup();
    for term in &terms {
        each(term);
    }
}

#[cfg(test)]
mod tests {
    use super::each_term;

    #[test]
    fn terms_are_written_as_a_query_writes_them() {
        let mut terms = Vec::new();
        each_term("A K2 #Leak for @Acme_Care at https://x.example/kettle 42 水壶漏 😡", |term, _| {
            terms.push(term.to_owned());
        });
        assert_eq!(terms, ["k2", "#leak", "for", "@acme_care", "at", "水壶", "壶漏", "😡"]);
    }
}
