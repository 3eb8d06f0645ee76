//! Makes the table of what words mean.
//!
//! `cargo run --release -p dandelion-understand --example make_meaning -- MEANING.tsv OUT.bin`
//!
//! `MEANING.tsv` is written by `scripts/word_meanings.py`: a word and its steps in each direction. Words for people and for groups
//! of people (`data/people.tsv`) are left out: the encoder learned from people, and would have a post be blamed for being about them.

use std::io::{Error, Result};
use std::path::Path;

use dandelion_understand::features::build_meaning;

/// Words for people of any group.
const PERSONS: [&str; 12] =
    ["man", "men", "woman", "women", "girl", "boy", "lady", "ladies", "gentleman", "gentlemen", "person", "people"];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(table), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err(Error::other("usage: make_meaning MEANING.tsv OUT.bin"));
    };
    let people = people()?;
    let table = std::fs::read_to_string(&table)?;
    let words: Vec<_> = table.lines().filter_map(word).filter(|it| !is_one(&people, &it.0)).collect();
    println!("{} words", words.len());
    std::fs::write(out, build_meaning(&words).map_err(Error::other)?)
}

/// English names of groups of people, small.
fn people() -> Result<Vec<String>> {
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/people.tsv"))?;
    let names = table.lines().filter_map(|line| line.strip_prefix("en\t")?.split('\t').next());
    Ok(names.flat_map(|names| names.split(',')).chain(PERSONS).map(str::to_lowercase).collect())
}

/// Whether a word is such a name, or several of them.
fn is_one(people: &[String], word: &str) -> bool {
    people
        .iter()
        .any(|name| word.strip_prefix(name.as_str()).is_some_and(|rest| matches!(rest, "" | "s" | "'s" | "ness")))
}

fn word(line: &str) -> Option<(String, Vec<i8>)> {
    let (word, steps) = line.split_once('\t')?;
    Some((word.to_owned(), steps.split(' ').filter_map(|step| step.parse().ok()).collect()))
}
