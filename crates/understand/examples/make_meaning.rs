//! Makes the table of what words mean.
//!
//! `cargo run --release -p dandelion-understand --example make_meaning -- MEANING.tsv OUT.bin`
//!
//! `MEANING.tsv` is written by `scripts/word_meanings.py`: a word, how much it counts (1 to 255), its steps in each direction.

use std::io::{Error, Result};

use dandelion_understand::features::build_meaning;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(table), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err(Error::other("usage: make_meaning MEANING.tsv OUT.bin"));
    };
    let words: Vec<_> = std::fs::read_to_string(&table)?.lines().filter_map(word).collect();
    println!("{} words", words.len());
    std::fs::write(out, build_meaning(&words).map_err(Error::other)?)
}

fn word(line: &str) -> Option<(String, u8, Vec<i8>)> {
    let mut cells = line.split('\t');
    let (word, counted, steps) = (cells.next()?, cells.next()?.parse().ok()?, cells.next()?);
    Some((word.to_owned(), counted, steps.split(' ').filter_map(|step| step.parse().ok()).collect()))
}
