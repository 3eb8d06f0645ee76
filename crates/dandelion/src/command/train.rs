use std::{io::Write as _, path::Path, process::ExitCode, time::Instant};

use anyhow::{Context as _, Result, bail, ensure};
use dandelion_understand::{
    Own,
    evaluate::{Case, figures},
    learn::{Aim, Example, Recipe},
    own_recipe,
};

use super::labelled::{Labelled, read};
use crate::cli::{Aims, Train};

/// The most labels a head may have.
const MOST_LABELS: usize = 2000;

/// Trains a head of the organisation's own labels.
pub fn run(arguments: &Train) -> Result<ExitCode> {
    let name = &arguments.head;
    ensure!(
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')),
        "a head's name is made of letters, digits, - and _; “{name}” is not"
    );
    let (Some(data), Some(out)) = (&arguments.data, &arguments.out) else {
        bail!("give --data FILE.tsv and --out DIR, or --unit KEY for a head of the hub")
    };
    let rows = read(data, &arguments.label)?;
    let (labels, examples) = examples(&rows)?;
    let mut recipe = own_recipe(labels.len(), arguments.seed);
    if let Some(aim) = arguments.aim {
        recipe.aim = aim_of(aim);
    }
    let begun = Instant::now();
    let own = trained(name, &labels, examples, &recipe)?;
    let took = begun.elapsed().as_secs_f64();
    std::fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let file = out.join(format!("{name}.head"));
    write(&file, &own.to_bytes())?;
    let it = own.head().manifest.held_out;
    println!(
        "{name}: {} examples of {} labels, trained in {took:.1} s; held out: accuracy {:.3}, macro-F1 {:.3}, \
         macro-recall {:.3}, ECE {:.3}",
        rows.len(),
        labels.len(),
        it.accuracy,
        it.macro_f1,
        it.macro_recall,
        it.ece
    );
    if let Some(dev) = &arguments.dev {
        let cases: Vec<Case> = read(dev, &arguments.label)?.into_iter().map(|row| case(&own, row)).collect();
        let it = figures(&cases, 1);
        println!(
            "{}: {} texts, accuracy {:.3}, macro-F1 {:.3}, macro-recall {:.3}, ECE {:.3}",
            dev.display(),
            it.n,
            it.accuracy,
            it.macro_f1,
            it.macro_recall,
            it.ece
        );
    }
    println!("written to {}", file.display());
    Ok(ExitCode::SUCCESS)
}

/// Labels in the order of the alphabet, so that the order of the file does not matter, and the examples.
fn examples(rows: &[Labelled]) -> Result<(Vec<String>, Vec<Example>)> {
    let mut labels: Vec<String> = rows.iter().map(|row| row.label.clone()).collect();
    labels.sort_unstable();
    labels.dedup();
    ensure!(labels.len() >= 2, "the file holds {} label(s); a head needs at least two to tell apart", labels.len());
    ensure!(
        labels.len() <= MOST_LABELS,
        "the file holds {} labels; at most {MOST_LABELS} can be told apart",
        labels.len()
    );
    let place = |label: &String| labels.binary_search(label).unwrap_or_default() as u16;
    let example =
        |row: &Labelled| Example { text: row.text.clone(), label: place(&row.label), weight: 1.0, counts: true };
    let examples = rows.iter().map(example).collect();
    Ok((labels, examples))
}

fn trained(name: &str, labels: &[String], examples: Vec<Example>, recipe: &Recipe) -> Result<Own> {
    let command = format!("dandelion train --head {name} --seed {}", recipe.seed);
    let own = Own::train(name, &command, labels, examples, recipe);
    // What was written must be what would be read.
    match Own::from_bytes(own.to_bytes()) {
        Ok(_) => Ok(own),
        Err(error) => bail!("the head cannot be read back: {error}"),
    }
}

fn case(own: &Own, row: Labelled) -> Case {
    let said = own.ask(&row.text);
    Case { right: row.label, said: said.label, chance: said.chance }
}

fn aim_of(aim: Aims) -> Aim {
    match aim {
        Aims::Accuracy => Aim::Accuracy,
        Aims::MacroF1 => Aim::MacroF1,
        Aims::MacroRecall => Aim::MacroRecall,
    }
}

/// Writes beside the file and renames, so that a head in use is never half a file.
fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let part = file.with_extension("part");
    let mut out = std::fs::File::create(&part).with_context(|| format!("{} cannot be written", part.display()))?;
    out.write_all(bytes)
        .and_then(|()| out.sync_all())
        .with_context(|| format!("{} cannot be written", part.display()))?;
    std::fs::rename(&part, file).with_context(|| format!("{} cannot be put in place", file.display()))
}
