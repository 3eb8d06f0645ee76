//! Tries a recipe: held-out figures on the training part, and figures on the dev part.
//!
//! `cargo run --release -p dandelion-understand --example lab -- TRAIN.tsv[,MORE.tsv:WEIGHT…] DEV.tsv [COLUMN] [key=value…]`

use std::time::Instant;

use dandelion_understand::features::Extractor;
use dandelion_understand::head::Answer;
use dandelion_understand::learn::metrics::{Confusion, ece};
use dandelion_understand::learn::{Aim, Example, Recipe, train};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (files, dev) = (&arguments[0], &arguments[1]);
    let column = arguments.get(2).filter(|it| !it.contains('=')).map_or("label", String::as_str);
    let mut recipe = Recipe::default();
    for setting in arguments.iter().filter_map(|it| it.split_once('=')) {
        set(&mut recipe, setting);
    }
    let mut labels: Vec<String> = Vec::new();
    let mut examples = Vec::new();
    for (at, file) in files.split(',').enumerate() {
        let (file, weight) =
            file.rsplit_once(':').map_or((file, 1.0), |(file, weight)| (file, weight.parse().unwrap()));
        for (text, label) in rows(file, column) {
            let place = labels.iter().position(|it| *it == label).unwrap_or_else(|| {
                labels.push(label.clone());
                labels.len() - 1
            });
            examples.push(Example { text, label: place as u16, weight, counts: at == 0 });
        }
    }
    let begun = Instant::now();
    let head = train("lab", "lab", &labels, &examples, &recipe).head;
    let took = begun.elapsed().as_secs_f64();
    let it = head.manifest.held_out;
    let bytes = head.to_bytes().len();
    let wanted: Vec<(String, u16)> = rows(dev, column)
        .into_iter()
        .filter_map(|(text, label)| labels.iter().position(|it| *it == label).map(|at| (text, at as u16)))
        .collect();
    let (mut extractor, mut answer) = (Extractor::new(), Answer::default());
    let begun = Instant::now();
    let said: Vec<(u16, f32)> = wanted
        .iter()
        .map(|(text, _)| {
            head.answer_text(text, &mut extractor, &mut answer);
            (answer.best as u16, answer.chances[answer.best])
        })
        .collect();
    let speed = begun.elapsed().as_secs_f64() * 1e6 / wanted.len() as f64;
    let counts = Confusion::of(labels.len(), wanted.iter().zip(&said).map(|((_, right), (said, _))| (*right, *said)));
    let dev_ece = ece(wanted.iter().zip(&said).map(|((_, right), (said, chance))| (*chance, right == said)));
    println!(
        "cv acc {:.1} f1 {:.1} rec {:.1} ece {:.3} | dev acc {:.1} f1 {:.1} rec {:.1} ece {:.3} | {took:.1}s {speed:.0}us {}K {:?}",
        it.accuracy * 100.0,
        it.macro_f1 * 100.0,
        it.macro_recall * 100.0,
        it.ece,
        counts.accuracy() * 100.0,
        counts.macro_f1() * 100.0,
        counts.macro_recall() * 100.0,
        dev_ece,
        bytes / 1024,
        &arguments[2..],
    );
    if labels.len() < 12 {
        for (at, label) in labels.iter().enumerate() {
            print!("{label} p{:.0} r{:.0}  ", counts.precision(at) * 100.0, counts.recall(at) * 100.0);
        }
        println!();
    }
}

fn set(recipe: &mut Recipe, (key, value): (&str, &str)) {
    let number = || value.parse::<f32>().unwrap();
    match key {
        "bits" => recipe.bits = number() as u32,
        "w" => recipe.groups[0] = number(),
        "c" => recipe.groups[1] = number(),
        "s" => recipe.groups[2] = number(),
        "cost" => recipe.cost = number(),
        "balance" => recipe.balance = number(),
        "idf" => recipe.idf = number(),
        "hasty" => recipe.hasty = number(),
        "nb" => recipe.naive_bayes = number(),
        "meaning" => recipe.meaning = number(),
        "least" => recipe.least = number() as u32,
        "passes" => recipe.passes = number() as usize,
        "folds" => recipe.folds = number() as usize,
        "seed" => recipe.seed = number() as u64,
        "aim" => {
            recipe.aim = match value {
                "accuracy" => Aim::Accuracy,
                "recall" => Aim::MacroRecall,
                _ => Aim::MacroF1,
            }
        }
        _ => panic!("{key}?"),
    }
}

fn rows(file: &str, column: &str) -> Vec<(String, String)> {
    let table = std::fs::read_to_string(file).unwrap();
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let place = |name: &str| names.iter().position(|it| *it == name).unwrap();
    let (text, label) = (place("text"), place(column));
    lines
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|cells| cells.get(label).is_some_and(|it| *it != "-"))
        .map(|cells| (cells[text].to_owned(), cells[label].to_owned()))
        .collect()
}
