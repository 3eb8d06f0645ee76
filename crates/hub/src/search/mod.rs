//! Full-text search over every stored post, on both databases by the same words.
//!
//! Words are cut and folded here, by the tokeniser that listening uses, so that SQLite (FTS5) and PostgreSQL
//! (`tsvector`, configuration `simple`) only have to compare; scripts without spaces are indexed character by
//! character and searched as phrases.

mod find;
mod open;
#[cfg(test)]
mod tests;

use dandelion_post::{
    Post,
    words::{Kind, Words},
};

pub(crate) use find::expression;
pub use find::{Found, Search, posts};
pub use open::{Opened, open};

/// Most bytes of words indexed of one post; PostgreSQL takes no `tsvector` over 1 MiB.
const MOST: usize = 128 * 1024;

/// The words of a post for the index, separated by spaces.
pub(crate) fn words_of(post: &Post) -> String {
    let mut words = String::with_capacity(post.text.len() + 32);
    let author = post.author.as_ref();
    let parts = [
        post.title.as_deref(),
        Some(post.text.as_str()),
        author.and_then(|author| author.handle.as_deref()),
        author.and_then(|author| author.name.as_deref()),
    ];
    for part in parts.into_iter().flatten() {
        push_words(part, &mut words);
    }
    words
}

/// The names addressed in a text as `@name`, folded, without the sign.
pub fn handles_in(text: &str) -> Vec<String> {
    if !text.contains('@') {
        return Vec::new();
    }
    Words::of(text).iter().filter(|(token, _)| token.kind == Kind::Handle).map(|(_, word)| word.to_owned()).collect()
}

fn push_words(text: &str, words: &mut String) {
    for (token, word) in Words::of(text).iter() {
        if words.len() + 4 * word.len() > MOST {
            return;
        }
        if token.kind == Kind::Dense {
            for character in word.chars() {
                words.push(character);
                words.push(' ');
            }
        } else {
            words.push_str(word);
            words.push(' ');
        }
    }
}
