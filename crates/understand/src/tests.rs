//! Tables of labelled posts, and hostile input.

mod answers;
mod behaviour;
mod heads;
mod hostile;
mod languages;
mod lexicon;
mod needs;
mod personal;
mod posts;

use dandelion_post::Post;

use crate::{Analysis, Lexicon, Rules};

fn post(text: &str) -> Post {
    Post { id: "1".into(), text: text.into(), ..Post::default() }
}

fn analyses(texts: impl IntoIterator<Item = &'static str>) -> Vec<Analysis> {
    let rules = Rules::new(Lexicon::default());
    texts.into_iter().map(|text| rules.analyse(&post(text))).collect()
}
