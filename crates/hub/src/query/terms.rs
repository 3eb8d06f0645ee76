//! The terms of a post that a person would put into a query: words, tags, handles, pairs of letters of scripts without
//! spaces.

use std::ops::Range;

use dandelion_post::{
    Post,
    words::{Kind, Words},
};

/// Calls `each` with every term of a text, as it would be written in a query, and the bytes where it stands. Addresses,
/// numbers and single letters are left out.
pub(super) fn each_term(text: &str, mut each: impl FnMut(&str, Range<usize>)) {
    let mut written = String::new();
    for (token, word) in Words::of(text).iter() {
        if token.address {
            continue;
        }
        let sign = match token.kind {
            Kind::Tag => "#",
            Kind::Handle => "@",
            Kind::Dense => {
                pairs(word, |pair| each(pair, token.span()));
                continue;
            }
            _ if word.chars().nth(1).is_none() || !word.contains(char::is_alphabetic) => continue,
            _ => "",
        };
        written.clear();
        written.push_str(sign);
        written.push_str(word);
        each(&written, token.span());
    }
}

/// Every two letters that stand side by side in a dense run.
fn pairs(run: &str, mut each: impl FnMut(&str)) {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    for three in starts.windows(3) {
        each(&run[three[0]..three[2]]);
    }
}

/// Calls `each` once for every different term of a post, title included.
pub(super) fn each_different(post: &Post, mut each: impl FnMut(&str)) {
    let mut terms: Vec<String> = Vec::new();
    for text in [post.title.as_deref().unwrap_or(""), &post.text] {
        each_term(text, |term, _| terms.push(term.to_owned()));
    }
    terms.sort_unstable();
    terms.dedup();
    terms.iter().for_each(|term| each(term));
}

#[cfg(test)]
mod tests {
    use super::each_term;

    #[test]
    fn terms_are_written_as_a_query_writes_them() {
        let mut terms = Vec::new();
        each_term("A K2 #Leak for @Acme_Care at https://x.example/kettle 42 水壶漏", |term, _| terms.push(term.to_owned()));
        assert_eq!(terms, ["k2", "#leak", "for", "@acme_care", "at", "水壶", "壶漏"]);
    }
}
