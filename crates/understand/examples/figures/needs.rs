//! What rules alone, and rules with the heads beside them, are worth on the held-out posts of `data/needs.tsv`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, Result};

use dandelion_post::Post;
use dandelion_understand::{Analysis, Judgement, Lexicon, Rules};
use serde_json::{Map, Value, json};

const FILE: &str = include_str!("../../data/needs.tsv");
/// What is asked of a post, by the name an analysis gives it, and the need of the file.
const QUESTIONS: [(&str, &str); 7] = [
    ("purchase", "purchase"),
    ("cancel", "cancel"),
    ("risk", "safety|legal|breach|press"),
    ("safety", "safety"),
    ("legal", "legal"),
    ("data breach", "breach"),
    ("press", "press"),
];

/// Figures of each question: F1 of the rules alone and with the heads, all together and by language.
pub fn figures() -> Result<Value> {
    let rows = rows()?;
    let mut found = Map::new();
    let held_out: Vec<&Labelled> =
        rows.iter().filter(|it| (121..=1635).contains(&it.id) && it.id.is_multiple_of(3)).collect();
    let matters: Vec<&Labelled> = rows.iter().filter(|it| it.id <= 120).collect();
    found.insert("held_out".to_owned(), part_of(&held_out));
    found.insert("matters".to_owned(), part_of(&matters));
    Ok(Value::Object(found))
}

struct Labelled {
    id: u32,
    lang: String,
    needs: BTreeSet<String>,
    urgency: usize,
    analysis: Analysis,
}

fn rows() -> Result<Vec<Labelled>> {
    let rules = Rules::new(Lexicon::default());
    let read = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [id, lang, text, needs, urgency, ..] = cells.as_slice() else { return None };
        let post = Post { text: (*text).to_owned(), ..Post::default() };
        Some(Labelled {
            id: id.parse().ok()?,
            lang: (*lang).to_owned(),
            needs: needs.split('|').map(str::to_owned).collect(),
            urgency: urgency.parse().ok()?,
            analysis: rules.analyse(&post),
        })
    };
    let rows: Option<Vec<Labelled>> = FILE.lines().skip(1).map(read).collect();
    rows.ok_or_else(|| Error::other("needs.tsv: a row lacks a column or a number"))
}

fn part_of(rows: &[&Labelled]) -> Value {
    let mut found = Map::new();
    found.insert("n".to_owned(), json!(rows.len()));
    let languages: BTreeSet<&str> = rows.iter().map(|it| it.lang.as_str()).collect();
    for (question, needs) in QUESTIONS {
        let mut own = Map::new();
        for with_heads in [false, true] {
            let counts = |language: Option<&str>| {
                let chosen = rows.iter().filter(|it| language.is_none_or(|code| it.lang == code));
                let pairs = chosen.map(|it| {
                    (needs.split('|').any(|need| it.needs.contains(need)), says(&it.analysis, question, with_heads))
                });
                Counts::of(pairs)
            };
            let all = counts(None);
            let by: BTreeMap<&str, Value> =
                languages.iter().map(|code| (*code, super::percent(counts(Some(code)).f1()))).collect();
            let name = if with_heads { "with_heads" } else { "rules" };
            own.insert(
                name.to_owned(),
                json!({
                    "f1": super::percent(all.f1()), "precision": super::percent(all.precision()),
                    "recall": super::percent(all.recall()), "by_language": by,
                }),
            );
        }
        found.insert(question.to_owned(), Value::Object(own));
    }
    found.insert("urgency".to_owned(), urgency_of(rows, &languages));
    Value::Object(found)
}

/// Figures of the level, by the rules alone and with the heads.
fn urgency_of(rows: &[&Labelled], languages: &BTreeSet<&str>) -> Value {
    let mut own = Map::new();
    for (name, level) in [("rules", by_rules as fn(&Judgement) -> usize), ("with_heads", level)] {
        let figures = |language: Option<&str>| {
            let chosen = rows.iter().filter(|it| language.is_none_or(|code| it.lang == code));
            let cases: Vec<_> = chosen
                .map(|it| dandelion_understand::evaluate::Case {
                    right: it.urgency.to_string(),
                    said: level(&it.analysis.urgency).to_string(),
                    chance: 0.0,
                })
                .collect();
            dandelion_understand::evaluate::figures(&cases, 1)
        };
        let all = figures(None);
        let by: BTreeMap<&str, Value> =
            languages.iter().map(|code| (*code, super::percent(figures(Some(code)).macro_f1))).collect();
        own.insert(
            name.to_owned(),
            json!({
                "macro_f1": super::percent(all.macro_f1), "accuracy": super::percent(all.accuracy),
                "recall_of_3": all.labels.get("3").map(|it| super::percent(it.recall)),
                "precision_of_3": all.labels.get("3").map(|it| super::percent(it.precision)), "by_language": by,
            }),
        );
    }
    Value::Object(own)
}

/// Whether a judgement comes from a head alone.
fn is_raised(it: &Judgement) -> bool {
    it.reasons
        .first()
        .is_some_and(|reason| matches!(reason.rule.as_str(), "words that weighed most" | "learned from examples"))
}

/// Whether an analysis says it: by rules, whether questioned or not; or with the heads, what they question left out.
fn says(analysis: &Analysis, question: &str, with_heads: bool) -> bool {
    let mut said = analysis.intents.iter().chain(&analysis.risks).filter(|it| it.value == question);
    said.any(|it| if with_heads { is_raised(it) || !it.unsure } else { !is_raised(it) })
}

fn level(urgency: &Judgement) -> usize {
    urgency.value.parse().unwrap_or_default()
}

fn by_rules(urgency: &Judgement) -> usize {
    let before = urgency.reasons.iter().find(|it| it.rule == "raised from");
    before.map_or_else(|| level(urgency), |it| it.words.parse().unwrap_or_default())
}

#[derive(Default)]
struct Counts {
    right: usize,
    said: usize,
    wanted: usize,
}

impl Counts {
    fn of(pairs: impl Iterator<Item = (bool, bool)>) -> Self {
        pairs.fold(Self::default(), |own, (wanted, said)| Self {
            right: own.right + usize::from(wanted && said),
            said: own.said + usize::from(said),
            wanted: own.wanted + usize::from(wanted),
        })
    }

    fn precision(&self) -> f64 {
        self.right as f64 / self.said.max(1) as f64
    }

    fn recall(&self) -> f64 {
        self.right as f64 / self.wanted.max(1) as f64
    }

    fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.said + self.wanted).max(1) as f64
    }
}
