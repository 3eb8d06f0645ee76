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

    /// A place, street or company made from the lists, or the one that was there.
    fn other(&mut self, kind: Kind, there: &str, lists: &[Vec<String>; 3]) -> String {
        let (first, last) = (self.of(&lists[0]), self.of(&lists[1]));
        let number = 1 + self.below(200);
        match (kind, self.below(4)) {
            (_, 0) => there.to_owned(),
            (Kind::Place, _) => self.of(&lists[2]).to_owned(),
            (Kind::Street, 1) => format!("{number} {last} {}", STREETS[self.below(STREETS.len())]),
            (Kind::Street, 2) => {
                format!("{first} {} {number}, {}", STREETS[self.below(STREETS.len())], self.of(&lists[2]))
            }
            (Kind::Street, _) => format!("{last} {number}"),
            (Kind::Company, 1) => format!("{last} {}", COMPANIES[self.below(COMPANIES.len())]),
            (Kind::Company, 2) => format!("{last}, {} and {}", self.of(&lists[1]), self.of(&lists[1])),
            (Kind::Company, _) => format!("{last}-{}", self.of(&lists[1])),
        }
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

/// What else is marked in a text and looks like a name.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Place,
    Street,
    Company,
}

const KINDS: [(&str, Kind); 3] =
    [("GPE", Kind::Place), ("STREET_ADDRESS", Kind::Street), ("ORGANIZATION", Kind::Company)];
const STREETS: [&str; 12] =
    ["Street", "Road", "Avenue", "Lane", "Drive", "Hill", "Court", "Square", "Way", "Mall", "Bridge", "Gardens"];
const COMPANIES: [&str; 10] =
    ["Inc", "Ltd", "LLC", "Group", "Systems", "Incorporated", "Corporation", "Capital", "Technologies", "Consulting"];

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
            let example = Example { text, names, complete: true };
            if chance.below(100) < 20 {
                found.push(lowered(&example));
            }
            found.push(example);
        }
    }
    Ok(())
}

/// A text whose names are marked.
struct Marked {
    text: String,
    names: Vec<(usize, usize)>,
    /// Places, streets and companies that are marked.
    others: Vec<(usize, usize, Kind)>,
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
        let kind = |name: &Value| KINDS.iter().find(|it| it.0 == name).map(|it| it.1);
        let spans = row["spans"].as_array().into_iter().flatten();
        let mut others: Vec<_> = spans.filter_map(|it| Some((place(&it[0]), place(&it[1]), kind(&it[2])?))).collect();
        others.sort_unstable_by_key(|it| it.0);
        others.dedup_by(|later, it| later.0 < it.1);
        Ok(Marked { text, names, others, template: row["template_id"].as_u64().unwrap_or(0) })
    };
    std::fs::read_to_string(file)?.lines().map(read).collect()
}

/// A text twice as it is, and twice with other names; one without names once with other places, streets and companies.
fn as_examples(it: &Marked, lists: &[Vec<String>; 3], chance: &mut Chance) -> Vec<Example> {
    let same = || Example { text: it.text.clone(), names: it.names.clone(), complete: true };
    let mut found = vec![same(), same()];
    if !it.names.is_empty() {
        found.extend((0..2).map(|_| renamed(it, lists, chance)));
    } else if !it.others.is_empty() {
        found.push(renamed(it, lists, chance));
    }
    let small = found.last().map(lowered);
    found.extend(small);
    found
}

/// The same text as somebody types it who writes no capitals.
fn lowered(it: &Example) -> Example {
    let (mut text, mut names, mut at) = (String::new(), Vec::new(), 0);
    for (from, to) in &it.names {
        text.push_str(&it.text[at..*from].to_lowercase());
        let start = text.len();
        text.push_str(&it.text[*from..*to].to_lowercase());
        names.push((start, text.len()));
        at = *to;
    }
    text.push_str(&it.text[at..].to_lowercase());
    Example { text, names, complete: true }
}

/// The same text with other names, places, streets and companies.
fn renamed(it: &Marked, lists: &[Vec<String>; 3], chance: &mut Chance) -> Example {
    let persons = it.names.iter().map(|(from, to)| (*from, *to, None));
    let mut spans: Vec<_> = persons.chain(it.others.iter().map(|(from, to, kind)| (*from, *to, Some(*kind)))).collect();
    spans.sort_unstable_by_key(|span| span.0);
    let (mut text, mut names, mut at) = (String::new(), Vec::new(), 0);
    for (from, to, kind) in spans.into_iter().filter(|span| span.0 < span.1) {
        if from < at {
            continue;
        }
        text.push_str(&it.text[at..from]);
        let start = text.len();
        match kind {
            None => {
                text.push_str(&chance.name(lists));
                names.push((start, text.len()));
            }
            Some(kind) => text.push_str(&chance.other(kind, &it.text[from..to], lists)),
        }
        at = to;
    }
    text.push_str(&it.text[at..]);
    Example { text, names, complete: true }
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
