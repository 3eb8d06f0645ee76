//! Making a panel from labelled examples. Reading files is the caller's (`examples/make_panel.rs`).

use super::{Grams, Judge, Panel, PanelManifest, Reader};
use crate::learn::{Example, Recipe, rprop::Rprop, train};
use crate::{Lexicon, Rules};

/// What one head learns from.
#[derive(Debug, Clone)]
pub struct Material {
    /// The head's name; a judge of the same name is fitted on its examples, if it `answers`.
    pub name: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its examples.
    pub examples: Vec<Example>,
    /// How it is trained.
    pub recipe: Recipe,
    /// Whether a judge answers its question; other heads only bear witness.
    pub answers: bool,
    /// Materials of one set hold the same examples in the same order, with other labels: what their heads say of an example is
    /// then taken from while it was held out. Empty for a material alone.
    pub set: &'static str,
}

/// Trains all heads, then fits all judges. `tell` hears what is done.
pub fn make(
    version: &str,
    command: &str,
    materials: &[Material],
    languages: &[String],
    grams: Grams,
    mut tell: impl FnMut(&str),
) -> Panel {
    let (mut heads, mut heads_scores) = (Vec::new(), Vec::new());
    for material in materials {
        let trained = train(&material.name, command, &material.labels, &material.examples, &material.recipe);
        let it = trained.head.manifest.held_out;
        tell(&format!(
            "head {}: {} examples, accuracy {:.3}, macro-F1 {:.3}, macro-recall {:.3}, {} KiB",
            material.name,
            material.examples.len(),
            it.accuracy,
            it.macro_f1,
            it.macro_recall,
            trained.head.to_bytes().len() / 1024,
        ));
        heads.push(trained.head);
        heads_scores.push(trained.held_out);
    }
    let manifest = PanelManifest {
        version: version.to_owned(),
        command: command.to_owned(),
        languages: languages.to_vec(),
        ..PanelManifest::default()
    };
    let mut panel = Panel::new(manifest, grams, heads);
    let rules = Rules::new(Lexicon::default());
    for (material, scores) in materials.iter().zip(&heads_scores) {
        if material.name == super::LANGUAGE {
            let (weights, right) = fit_language(&panel, material, scores);
            panel.manifest.language_weights = weights;
            panel.manifest.language_least = 0.25;
            tell(&format!("language: {right:.4} of the examples right"));
        }
        if material.answers {
            let kin: Vec<_> = materials
                .iter()
                .zip(&heads_scores)
                .filter(|(it, _)| !it.set.is_empty() && it.set == material.set && it.name != material.name)
                .map(|(it, scores)| (panel.range(&it.name), scores.as_slice()))
                .collect();
            let judge = fit_judge(&panel, &rules, material, scores, &kin);
            let it = judge.held_out;
            tell(&format!(
                "judge {}: accuracy {:.3}, macro-F1 {:.3}, macro-recall {:.3}, ECE {:.3}",
                judge.question, it.accuracy, it.macro_f1, it.macro_recall, it.ece
            ));
            panel.manifest.judges.push(judge);
        }
    }
    panel
}

/// The judge of one head's question, fitted on scores its own head gave while an example was held out.
fn fit_judge(panel: &Panel, rules: &Rules, material: &Material, scores: &[Vec<f32>], kin: &[Kin]) -> Judge {
    let (mut rows, mut truth, mut inputs) = (Vec::new(), Vec::new(), 0);
    each_row(panel, rules, material, &panel.range(&material.name), scores, kin, |row, label| {
        inputs = row.len();
        rows.extend_from_slice(row);
        truth.push(label);
    });
    Judge::fit(&material.name, &material.labels, &rows, inputs, &truth, material.recipe.aim)
}

/// Where the scores of a head lie that learned from the same examples, and what it said of each while it was held out.
pub(crate) type Kin<'a> = (std::ops::Range<usize>, &'a [Vec<f32>]);

/// Calls with the row of every example that was held out: its own head's scores, all other heads', the rules'.
pub(crate) fn each_row(
    panel: &Panel,
    rules: &Rules,
    material: &Material,
    own: &std::ops::Range<usize>,
    scores: &[Vec<f32>],
    kin: &[Kin],
    mut each: impl FnMut(&[f32], u16),
) {
    let mut reader = Reader::default();
    let mut row = Vec::new();
    let held_out = material.examples.iter().zip(scores).enumerate().filter(|(_, (_, scores))| !scores.is_empty());
    for (at, (example, scores)) in held_out {
        panel.read(&example.text, &mut reader);
        for (range, said) in kin.iter().filter(|(_, said)| !said[at].is_empty()) {
            reader.scores[range.clone()].copy_from_slice(&said[at]);
        }
        row.clear();
        row.extend_from_slice(scores);
        row.extend_from_slice(&reader.scores[..own.start]);
        row.extend_from_slice(&reader.scores[own.end..panel.witnesses()]);
        if !kin.is_empty() {
            keep_kin(&mut row, own, kin);
        }
        row.extend_from_slice(&rules.witness(&example.text));
        each(&row, example.label);
    }
}

/// Silences all heads but its own and its kin: a set of its own posts is too small to learn how far the others are to be
/// believed.
fn keep_kin(row: &mut [f32], own: &std::ops::Range<usize>, kin: &[Kin]) {
    let place = |column: usize| if column < own.start { column + own.len() } else { column };
    let ends = row.len();
    let kept = |at: usize| kin.iter().any(|(range, _)| range.clone().any(|column| place(column) == at));
    for at in (own.len()..ends).filter(|at| !kept(*at)) {
        row[at] = 0.0;
    }
}

/// How rare and how common a language may become by the examples alone. Tweets in Hindi are full of English, so that the
/// fit makes English a hundred times rarer than it is.
const RAREST: f32 = -1.0;
const COMMONEST: f32 = 0.5;

/// Slopes of the table's costs and of the head's scores, and a constant a language, by gradient descent.
fn fit_language(panel: &Panel, material: &Material, scores: &[Vec<f32>]) -> (Vec<f32>, f64) {
    let count = material.labels.len();
    let mut reader = Reader::default();
    let mut rows: Vec<(Vec<f32>, &[f32], usize)> = Vec::new();
    for (example, scores) in material.examples.iter().zip(scores).filter(|(_, scores)| !scores.is_empty()) {
        panel.read(&example.text, &mut reader);
        let mut costs = Vec::new();
        evidence(&reader.costs, reader.letters, &mut costs);
        rows.push((costs, scores, usize::from(example.label)));
    }
    let mut weights = vec![0.0f32; count + 2];
    (weights[0], weights[1]) = (1.0, 1.0);
    let mut rprop = Rprop::new(count + 2, 0.05, 1e-6..=1.0);
    let mut right = 0;
    for _ in 0..80 {
        let mut gradient = vec![0.0f64; count + 2];
        right = 0;
        for (costs, scores, label) in &rows {
            let mut chances = costs.clone();
            mix(&weights, scores, &mut chances);
            right += usize::from((0..count).all(|at| chances[at] <= chances[*label]));
            chances[*label] -= 1.0;
            for at in 0..count {
                let chance = f64::from(chances[at]);
                gradient[0] += chance * f64::from(costs[at]);
                gradient[1] += chance * f64::from(scores[at]);
                gradient[2 + at] += chance;
            }
        }
        for (at, slope) in gradient.into_iter().enumerate() {
            weights[at] -= rprop.step(at, slope);
        }
    }
    for constant in &mut weights[2..] {
        *constant = constant.clamp(RAREST, COMMONEST);
    }
    (weights, right as f64 / rows.len().max(1) as f64)
}

/// A language counts as at most this much dearer a letter than the cheapest: one that is not written in these letters
/// may still be meant (Hindi in Latin ones), which the head can tell.
const DEAREST: f32 = 1.2;

/// Costs (in sixteenths) beside the cheapest language's, tempered by length: letters that follow one another are no new
/// evidence.
pub(crate) fn evidence(costs: &[u32], letters: u32, found: &mut Vec<f32>) {
    let least = costs.iter().copied().min().unwrap_or_default();
    let share = 1.0 / (letters.max(1) as f32).sqrt();
    let dearest = -DEAREST * letters.max(1) as f32;
    let beside = |cost: u32| (least as f32 / 16.0 - cost as f32 / 16.0).max(dearest) * share;
    found.clear();
    found.extend(costs.iter().map(|cost| beside(*cost)));
}

/// Probabilities of all languages, in the place of their evidence.
pub(crate) fn mix(weights: &[f32], scores: &[f32], evidence: &mut [f32]) {
    for ((cost, score), constant) in evidence.iter_mut().zip(scores).zip(&weights[2..]) {
        *cost = weights[0] * *cost + weights[1] * score + constant;
    }
    crate::learn::softmax(evidence);
}

/// A judge for an organisation's own head, with the shipped heads and the rules as witnesses.
pub(crate) fn own_judge(panel: &Panel, material: &Material, scores: &[Vec<f32>]) -> Judge {
    let rules = Rules::new(Lexicon::default());
    let (mut rows, mut truth, mut inputs) = (Vec::new(), Vec::new(), 0);
    each_row(panel, &rules, material, &(0..0), scores, &[], |row, label| {
        inputs = row.len();
        rows.extend_from_slice(row);
        truth.push(label);
    });
    Judge::fit(&material.name, &material.labels, &rows, inputs, &truth, material.recipe.aim)
}
