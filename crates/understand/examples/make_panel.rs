//! Makes the shipped panel from the labelled sets beside the repository.
//!
//! `cargo run --release -p dandelion-understand --example make_panel -- GRAMS.tsv OUT.bin`
//!
//! `GRAMS.tsv` is written by `scripts/language_grams.py` from a public package. The sets are read from `../shared` or
//! `DANDELION_SHARED`; only train parts, and only sets whose licence lets weights be shipped (`docs/models/`).

use std::io::{Error, Result};
use std::path::{Path, PathBuf};

use dandelion_understand::learn::{Aim, Example, Recipe};
use dandelion_understand::panel::{Material, build_grams, make};

const VERSION: &str = "panel-4";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(grams), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err(Error::other("usage: make_panel GRAMS.tsv OUT.bin"));
    };
    let shared = std::env::var_os("DANDELION_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let splits = shared.join("data/splits");
    let (languages, runs) = read_grams(&grams)?;
    let materials = materials(&splits, &languages)?;
    let panel = make(VERSION, "make_panel GRAMS.tsv OUT.bin", &materials, &languages, build_grams(&runs), |line| {
        println!("{line}");
    });
    std::fs::write(&out, panel.to_bytes())
}

fn materials(splits: &Path, languages: &[String]) -> Result<Vec<Material>> {
    let small = Recipe { cost: 0.12, balance: 0.0, folds: 6, aim: Aim::MacroF1, passes: 15, ..Recipe::default() };
    // Features by how unevenly they fall on a label serve every head but irony's, on held-out parts.
    let uneven = Recipe { naive_bayes: 0.5, ..small };
    // What English words mean serves these three, on held-out parts; not irony.
    let meant = Recipe { meaning: 0.7, ..uneven };
    // People write in haste; a head that only knows the right spelling hears nothing in theirs.
    let large =
        Recipe { hasty: 0.3, cost: 0.1, folds: 4, least: 5, bits: 21, passes: 10, aim: Aim::MacroRecall, ..meant };
    let mild = |row: &Row| Some(row.get("label")?.to_owned());
    let mut found = vec![
        material("sentiment", &[&splits.join("tweeteval_sentiment")], large, true, mild)?,
        material(
            "sentiment-many",
            &[&splits.join("xlmt_sentiment")],
            Recipe { folds: 5, balance: 0.3, least: 2, ..uneven },
            true,
            |row| {
                // English posts have a judge of their own, and their set is drawn from the same source as this one's.
                (row.get("lang")? != "en").then(|| row.get("label").map(str::to_owned))?
            },
        )?,
        material("emotion", &[&splits.join("tweeteval_emotion")], meant, true, mild)?,
        material("irony", &[&splits.join("tweeteval_irony")], Recipe { cost: 0.08, ..small }, true, mild)?,
        material("offensive", &[&splits.join("tweeteval_offensive")], meant, true, mild)?,
        material("slurs", &[&splits.join("davidson_hate")], Recipe { folds: 0, least: 5, ..uneven }, false, mild)?,
        material(
            "feelings",
            &[&splits.join("goemotions")],
            Recipe { folds: 3, least: 8, passes: 8, ..uneven },
            false,
            |row| Some(feeling(row.get("labels")?.split('|').next()?).to_owned()),
        )?,
        material(
            "valence",
            &[&splits.join("vader_tweets"), &splits.join("vader_amazon")],
            Recipe { folds: 0, ..small },
            false,
            |row| {
                let mean: f32 = row.get("mean_rating")?.parse().ok()?;
                let label = if mean > 0.6 {
                    "pleasant"
                } else if mean < -0.6 {
                    "unpleasant"
                } else {
                    "plain"
                };
                Some(label.to_owned())
            },
        )?,
    ];
    add_people(&mut found[0], "en")?;
    add_people(&mut found[1], "others")?;
    let feelings = found.iter().position(|it| it.name == "feelings").unwrap_or_default();
    add_people(&mut found[feelings], "en")?;
    let harmless = found.iter().position(|it| it.name == "offensive").unwrap_or_default();
    add_harmless(&mut found[harmless], splits)?;
    let mut language = material(
        "language",
        &[&splits.join("lid_lingua")],
        Recipe {
            bits: 20,
            least: 12,
            folds: 3,
            groups: [0.0, 1.0, 0.0],
            cost: 0.3,
            passes: 6,
            aim: Aim::Accuracy,
            ..small
        },
        false,
        |row| Some(row.get("lang")?.to_owned()),
    )?;
    // What tells languages apart is letters: emoji and handles would only tell which set a text comes from.
    let tweets = read(&splits.join("xlmt_sentiment/train.tsv"))?;
    let place = |code: &str| languages.iter().position(|it| it == code);
    let old = std::mem::take(&mut language.labels);
    for example in &mut language.examples {
        example.label = place(&old[usize::from(example.label)]).unwrap_or_default() as u16;
    }
    language.labels = languages.to_vec();
    for row in &tweets {
        if let (Some(text), Some(label)) = (row.get("text"), row.get("lang").and_then(place)) {
            language.examples.push(Example { text: text.to_owned(), label: label as u16, weight: 0.5, counts: true });
        }
    }
    // Hindi in Latin letters is full of English words, so English needs more examples of how people post.
    let english = read(&splits.join("tweeteval_sentiment/train.tsv"))?;
    for row in english.iter().step_by(12) {
        if let (Some(text), Some(label)) = (row.get("text"), place("en")) {
            language.examples.push(Example { text: text.to_owned(), label: label as u16, weight: 0.5, counts: true });
        }
    }
    found.extend(needs()?);
    found.push(language);
    Ok(found)
}

/// What this repository's own posts say of needs and urgency: four questions on the same posts.
fn needs() -> Result<Vec<Material>> {
    let rows = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/needs.tsv"))?;
    let learned = |row: &&Row| row.get("id").and_then(|id| id.parse::<u32>().ok()).is_some_and(is_learned);
    let rows: Vec<&Row> = rows.iter().filter(learned).collect();
    let has = |row: &Row, need: &str| row.get("needs").is_some_and(|it| it.split('|').any(|it| it == need));
    let first = |row: &Row| RISKS.iter().position(|(need, _)| has(row, need)).unwrap_or_default();
    let level = |row: &Row| row.get("urgency").and_then(|it| it.parse().ok()).unwrap_or_default();
    let yes_no = || vec!["no".to_owned(), "yes".to_owned()];
    let material = |name: &str, labels: Vec<String>, label: &dyn Fn(&Row) -> usize| {
        let example = |row: &&Row| {
            let text = row.get("text").unwrap_or_default().to_owned();
            Example { text, label: label(row) as u16, weight: 1.0, counts: true }
        };
        let recipe = Recipe { cost: 0.3, balance: 0.3, folds: 8, least: 2, passes: 15, ..Recipe::default() };
        let examples = rows.iter().map(example).collect();
        Material { name: name.to_owned(), labels, examples, recipe, answers: true, set: "needs" }
    };
    Ok(vec![
        material("purchase", yes_no(), &|row| usize::from(has(row, "purchase"))),
        material("cancel", yes_no(), &|row| usize::from(has(row, "cancel"))),
        material("risk", RISKS.iter().map(|(_, risk)| (*risk).to_owned()).collect(), &first),
        material("urgency", (0..4).map(|it: u8| it.to_string()).collect(), &level),
    ])
}

/// Whether a post of this id may be learned from (`docs/models/needs-guide.md`).
fn is_learned(id: u32) -> bool {
    id > 1635 || id > 120 && !id.is_multiple_of(3)
}

/// Needs of the labelled posts that are risks, the gravest first, and what an analysis calls them.
const RISKS: [(&str, &str); 5] =
    [("-", "none"), ("safety", "safety"), ("breach", "data breach"), ("legal", "legal"), ("press", "press")];

/// Adds what insults nobody to the head that hears insults, whose own set is half about politics: reviews that blame things, our
/// own posts to companies, and plain words about people of every group (after Dixon et al. 2018).
fn add_harmless(material: &mut Material, splits: &Path) -> Result<()> {
    let mut add = |text: String, weight: f32| {
        material.examples.push(Example { text, label: 0, weight, counts: false });
    };
    for row in read(&splits.join("vader_amazon/train.tsv"))? {
        add(row.get("text").unwrap_or_default().to_owned(), 0.5);
    }
    for row in read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/needs.tsv"))? {
        let learned = row.get("id").and_then(|id| id.parse().ok()).is_some_and(is_learned);
        if learned && row.get("lang") == Some("en") {
            add(row.get("text").unwrap_or_default().to_owned(), 1.0);
        }
    }
    for text in about_people("en")? {
        add(text, 0.5);
    }
    Ok(())
}

/// Plain sentences about people of a language, or of every language but English.
fn about_people(language: &str) -> Result<Vec<String>> {
    let rows = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/people.tsv"))?;
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| (row.get("lang") == Some("en")) == (language == "en")) {
        for sentence in row.get("sentences").unwrap_or_default().split('|') {
            found.extend(row.get("people").unwrap_or_default().split(',').map(|who| sentence.replace("{}", who)));
        }
    }
    Ok(found)
}

/// Adds to a head of sentiment or feelings that naming people is neither praise nor blame, and no feeling.
fn add_people(material: &mut Material, language: &str) -> Result<()> {
    let neutral = material.labels.iter().position(|it| it == "neutral").unwrap_or_default() as u16;
    let example = |text| Example { text, label: neutral, weight: 1.0, counts: false };
    material.examples.extend(about_people(language)?.into_iter().map(example));
    Ok(())
}

fn material(
    name: &str,
    folders: &[&Path],
    recipe: Recipe,
    answers: bool,
    label: impl Fn(&Row) -> Option<String>,
) -> Result<Material> {
    let (mut labels, mut examples): (Vec<String>, Vec<Example>) = (Vec::new(), Vec::new());
    let mut rows = Vec::new();
    for folder in folders {
        rows.extend(read(&folder.join("train.tsv"))?);
    }
    for row in &rows {
        let (Some(text), Some(label)) = (row.get("text"), label(row)) else { continue };
        let place = labels.iter().position(|it| *it == label).unwrap_or_else(|| {
            labels.push(label);
            labels.len() - 1
        });
        examples.push(Example { text: text.to_owned(), label: place as u16, weight: 1.0, counts: true });
    }
    // Two labels keep the one that the question is about last: its score is the head's only output.
    if labels.len() == 2 && matches!(labels[0].as_str(), "irony" | "offensive") {
        labels.swap(0, 1);
        for example in &mut examples {
            example.label = 1 - example.label;
        }
    }
    Ok(Material { name: name.to_owned(), labels, examples, recipe, answers, set: "" })
}

/// Twelve feelings of the set's twenty-eight.
fn feeling(label: &str) -> &str {
    match label {
        "annoyance" | "disapproval" | "anger" => "anger",
        "amusement" | "excitement" | "joy" | "pride" | "relief" => "joy",
        "grief" | "sadness" | "disappointment" | "remorse" | "embarrassment" => "sadness",
        "fear" | "nervousness" => "fear",
        "surprise" | "realization" => "surprise",
        "optimism" | "desire" | "caring" => "optimism",
        "curiosity" | "confusion" => "curiosity",
        "admiration" | "approval" => "approval",
        other => other,
    }
}

struct Row {
    names: std::rc::Rc<Vec<String>>,
    cells: Vec<String>,
}

impl Row {
    fn get(&self, name: &str) -> Option<&str> {
        let at = self.names.iter().position(|it| it == name)?;
        self.cells.get(at).map(String::as_str)
    }
}

fn read(file: &Path) -> Result<Vec<Row>> {
    let table = std::fs::read_to_string(file).map_err(|error| Error::other(format!("{}: {error}", file.display())))?;
    let mut lines = table.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let names = std::rc::Rc::new(lines.next().unwrap_or_default());
    Ok(lines.map(|cells| Row { names: names.clone(), cells }).collect())
}

/// Languages, then for each run of letters the languages that know it with what it costs there.
type Grams = (Vec<String>, Vec<(String, Vec<(u8, f32)>)>);

fn read_grams(file: &str) -> Result<Grams> {
    let table = std::fs::read_to_string(file)?;
    let mut lines = table.lines();
    let languages = lines.next().unwrap_or_default().split(' ').map(str::to_owned).collect();
    let runs = lines.filter_map(|line| {
        let (run, costs) = line.split_once('\t')?;
        let pairs = costs.split(' ').filter_map(|pair| {
            let (language, cost) = pair.split_once(':')?;
            Some((language.parse().ok()?, cost.parse().ok()?))
        });
        Some((run.to_owned(), pairs.collect()))
    });
    Ok((languages, runs.collect()))
}
