//! How well prints find the posts that say nearly the same, against the exact similarity of every pair.
//!
//! `cargo run --release -p dandelion-listen --example near -- POSTS.tsv…`
//! reads the column `text` of TSV files and prints one JSON line: of the pairs whose exact Jaccard similarity is at least
//! `NEAR`, how many share a key (`found_by_keys`) and how many are then taken for near (`recall`); of the pairs taken for
//! near, how many are (`precision`), and how many are at least 0.1 below (`far_off`). Also µs a print.

use std::{collections::HashMap, collections::HashSet, time::Instant};

use dandelion_listen::near::{NEAR, Print, alike, shingles};

fn main() {
    let texts: Vec<String> = std::env::args().skip(1).flat_map(|file| texts(&file)).collect();
    let started = Instant::now();
    let prints: Vec<Option<Print>> = texts.iter().map(|text| Print::of(text)).collect();
    let micros = started.elapsed().as_secs_f64() * 1e6 / texts.len().max(1) as f64;
    let exact = exact(&texts);
    let candidates = candidates(&prints);
    let near: HashSet<(u32, u32)> = exact.iter().filter(|(_, s)| **s >= NEAR).map(|(pair, _)| *pair).collect();
    let taken: HashSet<(u32, u32)> =
        candidates.iter().filter(|pair| estimate(&prints, **pair) >= NEAR).copied().collect();
    let similarity = |pair: &(u32, u32)| exact.get(pair).copied().unwrap_or(0.0);
    let right = taken.intersection(&near).count();
    let far = taken.iter().filter(|pair| similarity(pair) < NEAR - 0.1).count();
    let share =
        |part: usize, whole: usize| if whole == 0 { 1.0 } else { (part as f64 / whole as f64 * 1e4).round() / 1e4 };
    // Copies word for word are easy; what is told apart well must be told apart where it is hard.
    let hard: HashSet<_> = near.iter().filter(|pair| similarity(pair) < 0.999).copied().collect();
    println!(
        "{}",
        serde_json::json!({
            "posts": texts.len(), "with_print": prints.iter().flatten().count(), "boundary": NEAR,
            "near_pairs": near.len(), "word_for_word": near.len() - hard.len(), "candidates": candidates.len(),
            "found_by_keys": share(near.intersection(&candidates).count(), near.len()),
            "recall": share(right, near.len()), "precision": share(right, taken.len()), "far_off": share(far, taken.len()),
            "recall_of_changed": share(hard.intersection(&taken).count(), hard.len()),
            "micros_a_print": (micros * 100.0).round() / 100.0,
        })
    );
}

fn texts(file: &str) -> Vec<String> {
    let read = std::fs::read_to_string(file).expect("a TSV file with the column text");
    let mut lines = read.lines();
    let head: Vec<&str> = lines.next().unwrap_or("").split('\t').collect();
    let at = head.iter().position(|name| *name == "text").expect("a column text");
    lines.filter_map(|line| line.split('\t').nth(at).map(str::to_owned)).collect()
}

/// Every pair that shares a shingle, with its exact similarity.
fn exact(texts: &[String]) -> HashMap<(u32, u32), f64> {
    let sets: Vec<Vec<u64>> = texts.iter().map(|text| shingles(text)).collect();
    let mut holders: HashMap<u64, Vec<u32>> = HashMap::new();
    for (at, set) in (0..).zip(&sets) {
        for shingle in set {
            holders.entry(*shingle).or_default().push(at);
        }
    }
    let mut shared: HashMap<(u32, u32), u32> = HashMap::new();
    for held in holders.values() {
        for (n, one) in held.iter().enumerate() {
            for other in &held[n + 1..] {
                *shared.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    let length = |at: u32| sets[at as usize].len();
    let of = |((one, other), both): ((u32, u32), u32)| {
        ((one, other), f64::from(both) / (length(one) + length(other) - both as usize) as f64)
    };
    shared.into_iter().map(of).collect()
}

/// Every pair that shares a key.
fn candidates(prints: &[Option<Print>]) -> HashSet<(u32, u32)> {
    let mut holders: HashMap<i64, Vec<u32>> = HashMap::new();
    for (at, print) in (0..).zip(prints) {
        for key in print.iter().flat_map(Print::bands) {
            holders.entry(key).or_default().push(at);
        }
    }
    let mut pairs = HashSet::new();
    for held in holders.values() {
        for (n, one) in held.iter().enumerate() {
            pairs.extend(held[n + 1..].iter().filter(|other| *other != one).map(|other| (*one, *other)));
        }
    }
    pairs
}

fn estimate(prints: &[Option<Print>], (one, other): (u32, u32)) -> f64 {
    let bytes = |at: u32| prints[at as usize].as_ref().map(Print::bytes);
    bytes(one).zip(bytes(other)).map_or(0.0, |(one, other)| alike(&one, &other))
}
