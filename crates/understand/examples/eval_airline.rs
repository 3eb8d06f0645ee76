//! Prints how often the sentiment agrees with the people who labelled the airline posts. A sanity figure: the rules
//! were not tuned to it.
//!
//! `cargo run --release -p dandelion-understand --example eval_airline [FILE.tsv]`

use std::collections::BTreeMap;

use dandelion_post::Post;
use dandelion_understand::{Lexicon, Rules};

fn main() -> std::io::Result<()> {
    let shared = std::env::var("DANDELION_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let file = std::env::args().nth(1).unwrap_or_else(|| format!("{shared}/data/splits/airline/dev.tsv"));
    let table = std::fs::read_to_string(file)?;
    let rules = Rules::new(Lexicon::default());
    let mut cells: BTreeMap<(String, String), usize> = BTreeMap::new();
    let (mut right, mut all) = (0, 0);
    for line in table.lines().skip(1) {
        let mut columns = line.split('\t').skip(1);
        let (Some(text), Some(label)) = (columns.next(), columns.next()) else { continue };
        let said = rules.analyse(&Post { text: text.to_owned(), ..Post::default() }).sentiment.value;
        right += usize::from(said == label);
        all += 1;
        *cells.entry((label.to_owned(), said)).or_default() += 1;
    }
    for ((label, said), count) in &cells {
        println!("{count:6}  people say {label}, rules say {said}");
    }
    println!("agreement {:.1} % of {all} posts", 100.0 * f64::from(right as u32) / f64::from(all as u32));
    Ok(())
}
