//! Trains the shipped model of names from the labelled sets beside the repository (or under `DANDELION_SHARED`) and a list
//! of names, and tells what it is worth on the dev part.
//!
//! `./scripts/name_lists.py NAMES.tsv && cargo run --release -p dandelion-understand --example make_names -- NAMES.tsv OUT.bin`
//!
//! Texts: presidio-research's synthetic texts (MIT), train part, as they are and with other names; GoEmotions' Reddit
//! comments (CC BY 4.0), whose `[NAME]` becomes a name; sentences of ten languages (Apache-2.0) whose names nobody marked.

use std::io::{Error, Result};
use std::path::Path;

use dandelion_understand::personal::Span;
use dandelion_understand::personal::names::{Example, Names, train};
use serde_json::Value;

const SEED: u64 = 5;
/// Parts that are held out in turn.
const PARTS: u64 = 4;
const SENTENCES: [&str; 11] = ["de", "hr", "fr", "es", "it", "nl", "pl", "pt", "en", "sv", "da"];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(lists), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err(Error::other("say NAMES.tsv OUT.bin"));
    };
    let shared = std::env::var("DANDELION_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let splits = Path::new(&shared).join("data/splits");
    let lists = read_lists(&lists)?;
    let texts = marked(&splits.join("presidio_pii/train.jsonl"))?;
    let mut others = Vec::new();
    comments(&splits.join("goemotions/train.tsv"), &lists, &mut Chance(SEED), &mut others)?;
    sentences(&splits.join("lid_lingua/train.tsv"), &mut others)?;
    let learned = |texts: &mut dyn Iterator<Item = &Marked>| {
        let mut chance = Chance(SEED);
        let known = texts.flat_map(|text| as_examples(text, &lists, &mut chance)).collect::<Vec<_>>();
        train([&lists[0], &lists[1], &lists[2]], &[known, others.clone()].concat(), SEED)
    };
    let mut held_out = Counts::default();
    for part in 0..PARTS {
        let names = learned(&mut texts.iter().filter(|it| it.template % PARTS != part));
        texts.iter().filter(|it| it.template % PARTS == part).for_each(|it| held_out.take(&names, it));
    }
    println!("held out by template: {held_out}");
    let names = learned(&mut texts.iter());
    let mut dev = Counts::default();
    marked(&splits.join("presidio_pii/dev.jsonl"))?.iter().for_each(|it| dev.take(&names, it));
    println!("dev: {dev}");
    std::fs::write(&out, names.to_bytes())
}

/// How many names are found; spans must be exactly right.
#[derive(Default)]
struct Counts {
    right: usize,
    said: usize,
    wanted: usize,
}

impl Counts {
    fn take(&mut self, names: &Names, text: &Marked) {
        let mut spans: Vec<Span> = Vec::new();
        names.find(&text.text, &mut spans);
        self.right += spans.iter().filter(|span| text.names.contains(&(span.from, span.to))).count();
        self.said += spans.len();
        self.wanted += text.names.len();
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let f1 = 200.0 * self.right as f64 / (self.said + self.wanted).max(1) as f64;
        write!(f, "{} of {} names found, {} said, F1 {f1:.1}", self.right, self.wanted, self.said)
    }
}

/// SplitMix64 (Steele et al. 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * end as u128) >> 64) as usize
    }

    fn of<'l>(&mut self, list: &'l [String]) -> &'l str {
        &list[self.below(list.len())]
    }

    /// A name as people write it.
    fn name(&mut self, lists: &[Vec<String>; 3]) -> String {
        let (first, last) = (self.of(&lists[0]), self.of(&lists[1]));
        match self.below(100) {
            0..50 => first.to_owned(),
            50..80 => format!("{first} {last}"),
            80..87 => last.to_owned(),
            87..94 => format!("{first} {}. {last}", (b'A' + self.below(23) as u8) as char),
            94..97 => format!("{first} {} {last}", self.of(&lists[0])),
            _ => format!("{}. {last}", first.chars().next().unwrap_or('A')),
        }
    }
}

/// Lines of `first`, `last` or `place`, a tab, and the name.
fn read_lists(file: &str) -> Result<[Vec<String>; 3]> {
    let table = std::fs::read_to_string(file)?;
    let list = |kind: &str| -> Vec<String> {
        table
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter(|it| it.0 == kind)
            .map(|it| it.1.to_owned())
            .collect()
    };
    Ok([list("first"), list("last"), list("place")])
}

fn comments(file: &Path, lists: &[Vec<String>; 3], chance: &mut Chance, found: &mut Vec<Example>) -> Result<()> {
    for comment in column(file, 1)? {
        let mut parts = comment.split("[NAME]");
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut names = Vec::new();
        for part in parts {
            let name = chance.name(lists);
            names.push((text.len(), text.len() + name.len()));
            text.push_str(&name);
            text.push_str(part);
        }
        if !names.is_empty() || chance.below(100) < 35 {
            found.push(Example { text, names, complete: true });
        }
    }
    Ok(())
}

/// A text whose names are marked.
struct Marked {
    text: String,
    names: Vec<(usize, usize)>,
    /// What it was made from; texts of one template look alike.
    template: u64,
}

fn marked(file: &Path) -> Result<Vec<Marked>> {
    let read = |line: &str| -> Result<Marked> {
        let row: Value = serde_json::from_str(line)?;
        let text = row["text"].as_str().unwrap_or_default().to_owned();
        let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let place = |value: &Value| bytes[value.as_u64().unwrap_or(0) as usize];
        let spans = row["spans"].as_array().into_iter().flatten().filter(|span| span[2] == "PERSON");
        let mut names: Vec<(usize, usize)> = spans.map(|span| (place(&span[0]), place(&span[1]))).collect();
        names.sort_unstable();
        Ok(Marked { text, names, template: row["template_id"].as_u64().unwrap_or(0) })
    };
    std::fs::read_to_string(file)?.lines().map(read).collect()
}

/// A text twice as it is, and twice with other names.
fn as_examples(it: &Marked, lists: &[Vec<String>; 3], chance: &mut Chance) -> Vec<Example> {
    let same = || Example { text: it.text.clone(), names: it.names.clone(), complete: true };
    let mut found = vec![same(), same()];
    if !it.names.is_empty() {
        found.extend((0..2).map(|_| renamed(&it.text, &it.names, lists, chance)));
    }
    found
}

/// The same text with other names.
fn renamed(text: &str, names: &[(usize, usize)], lists: &[Vec<String>; 3], chance: &mut Chance) -> Example {
    let (mut new, mut marked, mut at) = (String::new(), Vec::new(), 0);
    for (from, to) in names {
        let name = chance.name(lists);
        new.push_str(&text[at..*from]);
        marked.push((new.len(), new.len() + name.len()));
        new.push_str(&name);
        at = *to;
    }
    new.push_str(&text[at..]);
    Example { text: new, names: marked, complete: true }
}

fn sentences(file: &Path, found: &mut Vec<Example>) -> Result<()> {
    let table = std::fs::read_to_string(file)?;
    let rows = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let wanted = rows.filter(|row| row.len() > 3 && row[3] == "sentences" && SENTENCES.contains(&row[2]));
    found.extend(wanted.map(|row| Example { text: row[1].to_owned(), names: Vec::new(), complete: false }));
    Ok(())
}

fn column(file: &Path, column: usize) -> Result<Vec<String>> {
    let table = std::fs::read_to_string(file)?;
    Ok(table.lines().skip(1).filter_map(|line| line.split('\t').nth(column)).map(str::to_owned).collect())
}
