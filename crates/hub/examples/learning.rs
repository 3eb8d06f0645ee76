//! How a unit's head learns: macro-F1 on the airline reasons after so many corrections, drawn at random ten times, by the
//! same code that trains in the hub. Reads the labelled set beside the repository (or under `DANDELION_SHARED`). One JSON
//! object on standard output.
//!
//! `cargo run --release -p dandelion-hub --example learning`

use std::{
    io::{Error, Result},
    path::PathBuf,
};

use dandelion_hub::model::learn::{Lesson, learn};
use dandelion_understand::{
    Own,
    evaluate::{Case, figures},
};
use serde_json::json;

/// Corrections made.
const AFTER: [usize; 5] = [0, 20, 50, 200, 1_000];
/// Times that they are drawn.
const DRAWS: u64 = 10;

fn main() -> Result<()> {
    let (train, dev) = (read("train")?, read("dev")?);
    let mut curve = Vec::new();
    for n in AFTER {
        let (mut f1, mut accuracy, mut seconds) = (Vec::new(), Vec::new(), 0.0);
        for draw in 0..if n == 0 { 1 } else { DRAWS } {
            let began = std::time::Instant::now();
            let own = (n > 0).then(|| trained(&drawn(&train, n, draw)));
            seconds += began.elapsed().as_secs_f64();
            let cases: Vec<Case> = dev.iter().map(|(text, label)| case(own.as_ref(), text, label)).collect();
            let it = figures(&cases, 1);
            f1.push(it.macro_f1 * 100.0);
            accuracy.push(it.accuracy * 100.0);
        }
        f1.sort_by(f64::total_cmp);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (low, high) = (f1[0], f1[f1.len() - 1]);
        curve.push(json!({ "corrections": n, "macro_f1": mean(&f1), "lowest": low, "highest": high, "accuracy": mean(&accuracy),
            "seconds": seconds / f1.len() as f64 }));
    }
    println!("{}", json!({ "dev": dev.len(), "labels": labels(&dev), "draws": DRAWS, "curve": curve }));
    Ok(())
}

/// Without a head nobody answers: the answer that the set holds most often stands for that.
fn case(own: Option<&Own>, text: &str, label: &str) -> Case {
    let (said, chance) = match own.map(|own| own.ask(text)) {
        Some(said) => (said.label, said.chance),
        None => ("Customer Service Issue".to_owned(), 0.0),
    };
    Case { right: label.to_owned(), said, chance }
}

/// As the hub trains, with its cross-validation.
fn trained(lessons: &[Lesson]) -> Own {
    let trained = learn("reason", "learning", lessons, |_| {});
    Own::from_bytes(trained.file).expect("a head reads back what it wrote")
}

/// So many of the texts, drawn without putting back (a linear congruential generator, so that every run draws the same).
fn drawn(all: &[(String, String)], n: usize, draw: u64) -> Vec<Lesson> {
    let mut state = draw.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut order: Vec<usize> = (0..all.len()).collect();
    for at in 0..n.min(order.len() - 1) {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = at + (state >> 33) as usize % (order.len() - at);
        order.swap(at, other);
    }
    let lesson = |at: &usize| Lesson { post: None, text: all[*at].0.clone(), label: all[*at].1.clone(), before: None };
    order[..n].iter().map(lesson).collect()
}

fn labels(all: &[(String, String)]) -> usize {
    let mut labels: Vec<&str> = all.iter().map(|(_, label)| label.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    labels.len()
}

/// Texts with the reason they complain for; those without one are left out.
fn read(part: &str) -> Result<Vec<(String, String)>> {
    let shared = std::env::var_os("DANDELION_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let table = std::fs::read_to_string(shared.join("data/splits/airline").join(format!("{part}.tsv")))?;
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let place = |name: &str| names.iter().position(|it| *it == name).ok_or_else(|| Error::other(format!("no {name}")));
    let (text, reason) = (place("text")?, place("negativereason")?);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let label = cells.get(reason).filter(|label| !matches!(**label, "" | "-"))?;
        Some(((*cells.get(text)?).to_owned(), (*label).to_owned()))
    };
    Ok(lines.filter_map(row).collect())
}
