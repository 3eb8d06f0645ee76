//! One question at a time: what the shipped panel or an organisation's own head answers to a text.

use crate::features::Extractor;
use crate::head::{Answer, BadModel, Head, HeldOut};
use crate::learn::{Aim, Example, Recipe, train};
use crate::panel::{Judge, Material, Panel, own_judge};
use crate::said::with_reader;
use crate::{Lexicon, Rules};

/// Labels beyond which a head of its own weighs no witnesses: it has enough to tell apart by itself.
const MOST_WITNESSED: usize = 24;
/// Examples below which there is too little to learn how far witnesses are to be believed.
const LEAST_WITNESSED: usize = 100;

/// A label, and other names it goes by.
pub type Named = (&'static str, &'static [&'static str]);

/// The questions that the shipped panel answers, with the labels of each and other names the labels go by.
pub const QUESTIONS: &[(&str, &[Named])] = &[
    ("sentiment", &[("negative", &["0", "neg"]), ("neutral", &["1", "neu"]), ("positive", &["2", "pos"])]),
    ("emotion", &[("anger", &["0"]), ("joy", &["1"]), ("optimism", &["2"]), ("sadness", &["3"])]),
    ("irony", &[("non_irony", &["0", "non-irony", "not-irony", "not_irony"]), ("irony", &["1"])]),
    ("offensive", &[("not-offensive", &["0", "non-offensive", "not_offensive"]), ("offensive", &["1"])]),
    ("purchase", &[("no", &["0", "false"]), ("yes", &["1", "true", "purchase"])]),
    ("cancel", &[("no", &["0", "false"]), ("yes", &["1", "true", "cancel"])]),
    ("risk", &[("none", &["-", "no"]), ("safety", &[]), ("legal", &[]), ("data breach", &["breach"]), ("press", &[])]),
    ("urgency", &[("0", &[]), ("1", &[]), ("2", &[]), ("3", &[])]),
    ("language", &[]),
];

/// What is answered: each label with its probability, and the one that is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Labels with their probabilities.
    pub chances: Vec<(String, f32)>,
    /// The label that is said.
    pub label: String,
    /// Its probability.
    pub chance: f32,
}

impl Said {
    /// The same with no other labels than those allowed. `None` where none of them is known.
    pub fn only(mut self, allowed: &[String]) -> Option<Self> {
        if allowed.contains(&self.label) {
            return Some(self);
        }
        self.chances.retain(|(label, _)| allowed.contains(label));
        let all: f32 = self.chances.iter().map(|(_, chance)| chance).sum();
        let (label, chance) = self.chances.iter().max_by(|a, b| a.1.total_cmp(&b.1)).cloned()?;
        Some(Self { chance: chance / all.max(1e-9), label, chances: self.chances })
    }
}

/// The shipped panel with the rules, asked one question at a time.
#[derive(Debug)]
pub struct Shipped {
    rules: Rules,
}

impl Default for Shipped {
    fn default() -> Self {
        Self { rules: Rules::new(Lexicon::default()) }
    }
}

impl Shipped {
    /// The answer to a question of [`QUESTIONS`]; `None` for other questions.
    pub fn ask(&self, question: &str, text: &str) -> Option<Said> {
        let panel = Panel::shipped();
        if question == "language" {
            let post = dandelion_post::Post { text: text.to_owned(), ..dandelion_post::Post::default() };
            let language = self.rules.analyse(&post).language;
            let chance = language.score as f32;
            return Some(Said { chances: vec![(language.value.clone(), chance)], label: language.value, chance });
        }
        with_reader(|reader| {
            panel.read(text, reader);
            let language = panel.language(reader).map_or("en", |(code, _)| code);
            let judge = match question {
                "sentiment" => panel.sentiment_judge(language).or_else(|| panel.judge_of("sentiment-many")),
                _ => panel.judge_of(question),
            }?;
            let best = panel.judge(judge, &self.rules.witness(text), reader);
            Some(said(&judge.labels, &reader.chances, best))
        })
    }
}

fn said(labels: &[String], chances: &[f32], best: usize) -> Said {
    Said {
        chances: labels.iter().cloned().zip(chances.iter().copied()).collect(),
        label: labels[best].clone(),
        chance: chances[best],
    }
}

/// An organisation's own head, with the judge that weighs the shipped heads beside it.
#[derive(Debug)]
pub struct Own {
    head: Head,
    rules: Rules,
}

impl Own {
    /// Trains a head on an organisation's examples. The same examples and recipe give the same bytes.
    pub fn train(name: &str, command: &str, labels: &[String], examples: Vec<Example>, recipe: &Recipe) -> Self {
        let mut trained = train(name, command, labels, &examples, recipe);
        let held_out = trained.held_out.iter().filter(|scores| !scores.is_empty()).count();
        if labels.len() <= MOST_WITNESSED && held_out >= LEAST_WITNESSED {
            let labels = labels.to_vec();
            let material =
                Material { name: name.to_owned(), labels, examples, recipe: *recipe, answers: true, set: "" };
            let judge = own_judge(Panel::shipped(), &material, &trained.held_out);
            // Of few examples there is too little to learn how far each witness is to be believed.
            if worth(recipe.aim, &judge.held_out) > worth(recipe.aim, &trained.head.manifest.held_out) {
                trained.head.manifest.held_out = judge.held_out;
                trained.head.manifest.panel.clone_from(&Panel::shipped().manifest.version);
                trained.head.manifest.judge = Some(judge);
            }
        }
        Self { head: trained.head, rules: Rules::new(Lexicon::default()) }
    }

    /// Reads a head's file. A head whose judge was fitted beside another panel is refused.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, BadModel> {
        let head = Head::from_bytes(bytes.into())?;
        let panel = Panel::shipped();
        if let Some(judge) = &head.manifest.judge {
            let inputs = head.labels().len() + panel.witnesses() + crate::panel::RULES;
            if head.manifest.panel != panel.manifest.version || !fits(judge, inputs, head.labels().len()) {
                return Err(BadModel::OtherPanel { head: head.manifest.head, found: head.manifest.panel });
            }
        }
        Ok(Self { head, rules: Rules::new(Lexicon::default()) })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.head.to_bytes()
    }

    /// The head itself.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The answer to a text.
    pub fn ask(&self, text: &str) -> Said {
        let mut answer = Answer::default();
        let Some(judge) = &self.head.manifest.judge else {
            self.head.answer_text(text, &mut Extractor::new(), &mut answer);
            return said(self.head.labels(), &answer.chances, answer.best);
        };
        let panel = Panel::shipped();
        let mut row = with_reader(|reader| {
            panel.read(text, reader);
            self.head.score_text(text, &mut reader.extractor, &mut answer);
            let mut row = answer.chances;
            row.extend_from_slice(&reader.scores[..panel.witnesses()]);
            row
        });
        row.extend_from_slice(&self.rules.witness(text));
        let mut chances = Vec::new();
        let best = judge.answer(&row, &mut chances);
        said(self.head.labels(), &chances, best)
    }
}

/// What held-out answers are worth for an aim.
fn worth(aim: Aim, held_out: &HeldOut) -> f64 {
    match aim {
        Aim::Accuracy => held_out.accuracy,
        Aim::MacroF1 => held_out.macro_f1,
        Aim::MacroRecall => held_out.macro_recall,
    }
}

fn fits(judge: &Judge, inputs: usize, labels: usize) -> bool {
    judge.labels.len() == labels
        && judge.stack.weights.len() == inputs * labels
        && judge.stack.constants.len() == labels
        && judge.calibration.fits(labels)
}

/// The recipe for an organisation's examples: many labels are told apart best as they come, few want each label found.
pub fn own_recipe(labels: usize, seed: u64) -> Recipe {
    if labels > MOST_WITNESSED {
        return Recipe {
            aim: Aim::Accuracy,
            balance: 0.0,
            meaning: 1.5,
            passes: 8,
            folds: 2,
            seed,
            ..Recipe::default()
        };
    }
    Recipe { cost: 0.15, balance: 0.3, naive_bayes: 0.5, meaning: 1.0, passes: 15, folds: 5, seed, ..Recipe::default() }
}
