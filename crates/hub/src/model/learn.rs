//! Learning from what people said: pure work on texts, without a database.

use std::collections::BTreeMap;

use dandelion_networks::contract::hex;
use dandelion_understand::{Own, learn::Example, own_recipe};
use sha2::{Digest as _, Sha256};

use super::{Held, Manifest, Report};

/// Examples below which nothing is trained: a head from fewer repeats chance.
pub const LEAST_EXAMPLES: usize = 10;
/// Parts that are held out in turn, and beyond how many examples fewer are, since each costs a training.
const FOLDS: usize = 5;
const FEW_FOLDS: usize = 3;
const MANY: usize = 2_000;
/// Seed of every training, so that the same examples give the same bytes.
const SEED: u64 = 1;

/// A text with what a person says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// The post; none for a line of a file.
    pub post: Option<i64>,
    /// Its words.
    pub text: String,
    /// The right answer.
    pub label: String,
    /// What counts now without having learned from this very answer; none where nobody answers.
    pub before: Option<String>,
}

/// A trained head with what it says of itself.
#[derive(Debug)]
pub struct Trained {
    /// The head's file.
    pub file: Vec<u8>,
    /// What the file says.
    pub manifest: Manifest,
    /// Figures; what would change is not in it yet.
    pub report: Report,
}

/// Why these lessons teach nothing, in words; none where they do.
pub fn too_few(lessons: &[Lesson]) -> Option<String> {
    let labels = labels_of(lessons);
    if lessons.len() < LEAST_EXAMPLES {
        let n = lessons.len();
        return Some(format!(
            "there are {n} examples, and it takes at least {LEAST_EXAMPLES}: about 20 of each answer make a useful head. \
             Correct some more on the desk, or go through the posts whose correction would teach most"
        ));
    }
    if labels.len() < 2 {
        return Some(format!(
            "every example says “{}”; it takes at least two different answers to tell apart",
            labels.first().map_or("", |label| label.as_str())
        ));
    }
    None
}

/// Trains a head on all lessons, after as many trainings as there are parts to hold out, which say what it is worth.
/// `tell` hears how far it is, from 0 to 1. Lessons of the same words are never on both sides.
pub fn learn(question: &str, command: &str, lessons: &[Lesson], mut tell: impl FnMut(f64)) -> Trained {
    let labels = labels_of(lessons);
    let folds = if lessons.len() > MANY { FEW_FOLDS } else { FOLDS };
    let parts = parts(lessons, folds);
    let recipe = own_recipe(labels.len(), SEED);
    let steps = (folds + 1) as f64;
    let mut held: Vec<Option<Held>> = vec![None; lessons.len()];
    for part in 0..folds {
        let seen = lessons.iter().zip(&parts).filter(|(_, own)| **own != part).map(|(lesson, _)| lesson);
        let seen = examples(seen, &labels);
        if seen.is_empty() {
            continue;
        }
        let own = Own::train(question, command, &labels, seen, &recipe);
        for (place, lesson) in lessons.iter().enumerate().filter(|(place, _)| parts[*place] == part) {
            let said = own.ask(&lesson.text);
            held[place] = Some(Held {
                post: lesson.post,
                right: lesson.label.clone(),
                before: lesson.before.clone(),
                after: said.label,
                chance: said.chance,
            });
        }
        tell((part + 1) as f64 / steps);
    }
    let own = Own::train(question, command, &labels, examples(lessons.iter(), &labels), &recipe);
    let mut report = Report { folds: folds as i64, ..Report::default() };
    for lesson in lessons {
        *report.labels.entry(lesson.label.clone()).or_default() += 1;
    }
    report.count(held.into_iter().flatten().collect());
    let file = own.to_bytes();
    Trained { manifest: manifest(&own, &file), file, report }
}

fn examples<'a>(lessons: impl Iterator<Item = &'a Lesson>, labels: &[String]) -> Vec<Example> {
    let place = |label: &String| labels.binary_search(label).unwrap_or_default() as u16;
    lessons.map(|it| Example { text: it.text.clone(), label: place(&it.label), weight: 1.0, counts: true }).collect()
}

/// In the order of the alphabet, so that the order of lessons does not matter.
fn labels_of(lessons: &[Lesson]) -> Vec<String> {
    let mut labels: Vec<String> = lessons.iter().map(|lesson| lesson.label.clone()).collect();
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// The part of each lesson: within a label every part gets its share, and lessons of the same words go together.
fn parts(lessons: &[Lesson], folds: usize) -> Vec<usize> {
    let mut of_text: BTreeMap<String, usize> = BTreeMap::new();
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    let mut order: Vec<usize> = (0..lessons.len()).collect();
    // An order that depends on the words alone, so that neighbours in time fall into different parts.
    let print = |at: &usize| Sha256::digest(lessons[*at].text.as_bytes());
    order.sort_by_cached_key(|at| (print(at), *at));
    let mut parts = vec![0; lessons.len()];
    for at in order {
        let lesson = &lessons[at];
        let turn = next.entry(&lesson.label).or_default();
        let part = of_text.entry(lesson.text.trim().to_lowercase()).or_insert_with(|| {
            *turn += 1;
            (*turn - 1) % folds
        });
        parts[at] = *part;
    }
    parts
}

fn manifest(own: &Own, file: &[u8]) -> Manifest {
    let it = &own.head().manifest;
    let calibration = it.judge.as_ref().map_or(&it.calibration, |judge| &judge.calibration);
    Manifest {
        file: hex(&Sha256::digest(file)),
        bytes: file.len(),
        features: it.features.clone(),
        labels: it.labels.clone(),
        unsure_below: f64::from(calibration.unsure_below),
        data: it.data.clone(),
        table: it.table.clone(),
        panel: it.panel.clone(),
        command: it.command.clone(),
    }
}
