use sha2::{Digest as _, Sha256};

use super::hasty::copies;
use super::metrics::{Confusion, ece};
use super::prepare::{Columns, Texts};
use super::solve::{Rows, Task, solve};
use super::{Calibration, Dice, Example, Recipe};
use crate::features::{FEATURES, WITH_MEANING};
use crate::head::{Head, HeldOut, Manifest, Table, hash_of, hex};

/// Cores used at most; each holds a copy of the examples where features count by how unevenly they fall.
const MOST_CORES: usize = 4;

/// A head, and what training saw.
#[derive(Debug)]
pub struct Trained {
    /// The head.
    pub head: Head,
    /// What was said of each example while it was held out: the scores, in the order of the labels. Empty for
    /// examples that do not count, and where there were too few examples to hold any out.
    pub held_out: Vec<Vec<f32>>,
}

/// Trains a head. `labels` are its answers, at least two; `name` and `command` are written into its manifest.
pub fn train(name: &str, command: &str, labels: &[String], examples: &[Example], recipe: &Recipe) -> Trained {
    let data = fingerprint(examples);
    let (sources, copies): (Vec<usize>, Vec<Example>) = copies(examples, recipe.hasty).into_iter().unzip();
    let own = examples.len();
    let examples = &[examples, &copies].concat();
    let texts = Texts::read(examples, recipe);
    let scores = hold_out(&texts, labels.len(), examples, &sources, recipe);
    let (rows, truth): (Vec<f32>, Vec<u16>) = {
        let counted =
            examples.iter().zip(scores.chunks(labels.len())).filter(|(it, row)| it.counts && !row[0].is_nan());
        counted.fold((Vec::new(), Vec::new()), |(mut rows, mut truth), (example, row)| {
            rows.extend_from_slice(row);
            truth.push(example.label);
            (rows, truth)
        })
    };
    let calibration = Calibration::fit(&rows, labels.len(), &truth, recipe.aim);
    let held_out = figures(&calibration, &rows, labels.len(), &truth);
    let all: Vec<u32> = (0..examples.len() as u32).collect();
    let (columns, weights) = fit(&texts, &all, labels.len(), examples, recipe);
    let (table, scales, constants) = pack(&columns, &weights, recipe);
    let views = views(&columns, &weights, texts.inputs);
    let manifest = Manifest {
        head: name.to_owned(),
        features: if texts.inputs > 0 { WITH_MEANING } else { FEATURES }.to_owned(),
        labels: labels.to_vec(),
        command: command.to_owned(),
        data,
        examples: own,
        table: hash_of(&table, &views),
        bits: recipe.bits,
        groups: recipe.groups,
        meaning: recipe.meaning,
        scales,
        constants,
        calibration,
        held_out,
        panel: String::new(),
        judge: None,
    };
    let held_out =
        scores.chunks(labels.len()).take(own).map(|row| if row[0].is_nan() { Vec::new() } else { row.to_vec() });
    let held_out = held_out.collect();
    Trained { head: Head { manifest, table, views }, held_out }
}

/// Scores of each counted example by weights that did not see it; not a number where none was held out.
/// The last examples are copies of those that `sources` names, and are left out with them.
fn hold_out(texts: &Texts, labels: usize, examples: &[Example], sources: &[usize], recipe: &Recipe) -> Vec<f32> {
    let mut scores = vec![f32::NAN; examples.len() * labels];
    let mut order: Vec<u32> = (0..examples.len() as u32).filter(|at| examples[*at as usize].counts).collect();
    if recipe.folds < 2 || order.len() < recipe.folds * 2 {
        return scores;
    }
    Dice::new(recipe.seed ^ 0xf01d).shuffle(&mut order);
    // Within a label every part gets its share.
    order.sort_by_key(|at| examples[*at as usize].label);
    let mut part = vec![usize::MAX; examples.len()];
    for (place, at) in order.iter().enumerate() {
        part[*at as usize] = place % recipe.folds;
    }
    let own = examples.len() - sources.len();
    sources.iter().enumerate().for_each(|(at, source)| part[own + at] = part[*source]);
    for fold in 0..recipe.folds {
        let chosen: Vec<u32> = (0..examples.len() as u32).filter(|at| part[*at as usize] != fold).collect();
        let left: Vec<u32> = (0..own as u32).filter(|at| part[*at as usize] == fold).collect();
        let (columns, weights) = fit(texts, &chosen, labels, examples, recipe);
        let rows = columns.rows(texts, &left, recipe);
        for (place, at) in left.iter().enumerate() {
            let own = &mut scores[*at as usize * labels..][..labels];
            for (score, weights) in own.iter_mut().zip(&weights) {
                *score = rows.score(place, weights);
            }
            if labels == 2 {
                own.copy_from_slice(&[-own[0], own[0]]);
            }
        }
    }
    scores
}

/// The weights of each output on the chosen examples.
fn fit(
    texts: &Texts,
    chosen: &[u32],
    labels: usize,
    examples: &[Example],
    recipe: &Recipe,
) -> (Columns, Vec<Vec<f32>>) {
    let columns = Columns::count(texts, chosen, recipe);
    let rows = columns.rows(texts, chosen, recipe);
    let outputs = if labels == 2 { vec![1] } else { (0..labels as u16).collect() };
    let one = |label: &u16| one(&rows, chosen, *label, columns.places.len(), examples, recipe);
    // Labels know nothing of one another, so that each may be learned on a core of its own.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let parts = outputs.chunks(outputs.len().div_ceil(cores.min(MOST_CORES)));
    let weights = std::thread::scope(|scope| {
        let parts: Vec<_> = parts.map(|part| scope.spawn(|| part.iter().map(one).collect::<Vec<_>>())).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    });
    (columns, weights)
}

fn one(rows: &Rows, chosen: &[u32], label: u16, columns: usize, examples: &[Example], recipe: &Recipe) -> Vec<f32> {
    let of = |at: &u32| &examples[*at as usize];
    let holds: Vec<bool> = chosen.iter().map(|at| of(at).label == label).collect();
    let (mut yes, mut all) = (1e-3f32, 2e-3f32);
    for (holds, at) in holds.iter().zip(chosen) {
        all += of(at).weight;
        yes += if *holds { of(at).weight } else { 0.0 };
    }
    let (for_yes, for_no) = ((all / 2.0 / yes).powf(recipe.balance), (all / 2.0 / (all - yes)).powf(recipe.balance));
    let cost = |(holds, at): (&bool, &u32)| recipe.cost * of(at).weight * if *holds { for_yes } else { for_no };
    let costs: Vec<f32> = holds.iter().zip(chosen).map(cost).collect();
    let task = Task { rows, holds: &holds, costs: &costs, columns, passes: recipe.passes, seed: recipe.seed };
    if recipe.naive_bayes <= 0.0 {
        return solve(&task);
    }
    let shares = log_ratios(rows, &holds, columns, recipe.naive_bayes);
    let mut scaled = rows.clone();
    scaled.values.iter_mut().zip(&rows.columns).for_each(|(value, column)| *value *= shares[*column as usize]);
    let mut weights = solve(&Task { rows: &scaled, ..task });
    weights.iter_mut().zip(&shares).for_each(|(weight, share)| *weight *= share);
    weights
}

/// How unevenly each column falls on a label and on the rest: the size of the log ratio of its shares, smoothed by one
/// (naive Bayes features, Wang and Manning 2012), mixed with 1.
fn log_ratios(rows: &Rows, holds: &[bool], columns: usize, part: f32) -> Vec<f32> {
    let (mut with, mut without) = (vec![1.0f32; columns], vec![1.0f32; columns]);
    for (at, holds) in holds.iter().enumerate() {
        let counts = if *holds { &mut with } else { &mut without };
        rows.row(at).0.iter().for_each(|column| counts[*column as usize] += 1.0);
    }
    let (all_with, all_without): (f32, f32) = (with.iter().sum(), without.iter().sum());
    let ratio = |(with, without): (&f32, &f32)| (with / all_with / (without / all_without)).ln().abs();
    with.iter().zip(&without).map(|pair| 1.0 - part + part * ratio(pair)).collect()
}

/// Weights as small numbers: 127 steps to the largest but a few, which are cut.
fn pack(columns: &Columns, weights: &[Vec<f32>], recipe: &Recipe) -> (Table, Vec<f32>, Vec<f32>) {
    let (count, width) = (columns.places.len(), weights.len() + 1);
    let part = |at: usize| f32::from(columns.parts[at]);
    let mut rows = vec![0u8; count * width];
    let (mut scales, mut constants) = (Vec::new(), Vec::new());
    for (output, weights) in weights.iter().enumerate() {
        let mut sizes: Vec<f32> = (0..count).map(|at| (weights[at] * part(at)).abs()).collect();
        sizes.sort_unstable_by(f32::total_cmp);
        let high =
            sizes.get(count - (count / 2000).min(count) - usize::from(count / 2000 == 0)).copied().unwrap_or(1.0);
        let scale = high.max(1e-9) / 127.0;
        for at in 0..count {
            let steps = (weights[at] * part(at) / scale).round().clamp(-127.0, 127.0);
            rows[at * width + 1 + output] = (steps as i8).cast_unsigned();
        }
        scales.push(scale);
        constants.push(weights[weights.len() - 1]);
    }
    for (at, part) in columns.parts.iter().enumerate() {
        rows[at * width] = *part;
    }
    (Table::new(recipe.bits, width, &columns.places, &rows), scales, constants)
}

/// The weights of what texts mean, one output after another.
fn views(columns: &Columns, weights: &[Vec<f32>], inputs: usize) -> Vec<f32> {
    let count = columns.places.len();
    weights.iter().flat_map(|weights| &weights[count..count + inputs]).copied().collect()
}

fn figures(calibration: &Calibration, rows: &[f32], labels: usize, truth: &[u16]) -> HeldOut {
    let mut chances = rows.to_vec();
    for row in chances.chunks_mut(labels) {
        calibration.apply(row);
    }
    let said: Vec<usize> = chances.chunks(labels).map(|row| calibration.best(row)).collect();
    let counts = Confusion::of(labels, truth.iter().copied().zip(said.iter().map(|at| *at as u16)));
    let answers = chances.chunks(labels).zip(&said).zip(truth);
    let answers = answers.map(|((row, said), truth)| (row[*said], *said == usize::from(*truth)));
    HeldOut::new(&counts, ece(answers))
}

/// SHA-256 of the examples in their order.
fn fingerprint(examples: &[Example]) -> String {
    let mut digest = Sha256::new();
    for example in examples {
        digest.update((example.text.len() as u64).to_le_bytes());
        digest.update(&example.text);
        digest.update(example.label.to_le_bytes());
        digest.update(example.weight.to_le_bytes());
    }
    hex(&digest.finalize())
}
