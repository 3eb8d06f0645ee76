//! What the panel says of a post, as judgements with the words that weighed most.

use std::cell::RefCell;

use crate::head::Head;
use crate::panel::{Judge, LANGUAGE, Panel, Reader, Witness, evidence, mix};
use crate::{Judgement, Reason};

/// Words named as evidence of one judgement, and their characters.
const MOST_REASONS: usize = 4;
const MOST_CHARS: usize = 80;
/// Words that weigh less than this share of the heaviest are not named.
const LEAST_SHARE: f32 = 0.25;
/// Languages whose posts the sentiment heads were trained on, beside English.
const MANY: [&str; 7] = ["ar", "de", "es", "fr", "hi", "it", "pt"];
/// Feelings that only the head `feelings` knows, and what it takes to say one of them.
const RARE_FEELINGS: [&str; 3] = ["fear", "surprise", "disgust"];
const RARE_LEAST: f32 = 0.5;
/// What a head raises and holds less likely than this is unsure.
const SURE: f32 = 0.5;

thread_local! {
    static READER: RefCell<Reader> = RefCell::default();
}

/// Calls with this thread's buffers.
pub(crate) fn with_reader<T>(work: impl FnOnce(&mut Reader) -> T) -> T {
    READER.with(|reader| work(&mut reader.borrow_mut()))
}

impl Panel {
    /// Puts the probability of each language for the text that was read, in the manifest's order, into
    /// `reader.languages`; nothing where the text holds no letters.
    pub(crate) fn languages(&self, reader: &mut Reader) {
        reader.languages.clear();
        if reader.letters > 0 {
            evidence(&reader.costs, reader.letters, &mut reader.languages);
            mix(&self.manifest.language_weights, &reader.scores[self.range(LANGUAGE)], &mut reader.languages);
        }
    }

    /// The likeliest language of the text that was read, and its probability. `None` where it holds no letters.
    pub(crate) fn language(&self, reader: &mut Reader) -> Option<(&str, f32)> {
        self.languages(reader);
        let (place, chance) = reader.languages.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((&self.manifest.languages[place], *chance))
    }

    /// The judge of sentiment for posts of a language; none for languages whose posts no head has seen.
    pub(crate) fn sentiment_judge(&self, language: &str) -> Option<&Judge> {
        match language {
            "en" => self.judge_of("sentiment"),
            _ if MANY.contains(&language) => self.judge_of("sentiment-many"),
            _ => None,
        }
    }

    /// A judge's answer as a judgement, if it is `wanted`; its words are only looked for then.
    pub(crate) fn say(
        &self,
        judge: &Judge,
        rules: &Witness,
        text: &str,
        reader: &mut Reader,
        wanted: impl FnOnce(&str, bool, f32) -> bool,
    ) -> Option<Judgement> {
        let best = self.judge(judge, rules, reader);
        let (value, chance) = (&judge.labels[best], reader.chances[best]);
        let unsure = chance < judge.calibration.unsure_below;
        wanted(value, unsure, chance).then(|| Judgement {
            value: value.clone(),
            score: crate::rules::round(f64::from(chance)),
            unsure,
            reasons: self.head(&judge.question).map_or_else(Vec::new, |head| self.reasons(head, best, text, reader)),
        })
    }

    /// A judge's label by its place as a judgement, with the words that weighed most for it.
    pub(crate) fn raised(
        &self,
        judge: &Judge,
        place: usize,
        value: &str,
        chance: f32,
        post: (&str, &mut Reader),
    ) -> Judgement {
        let (text, reader) = post;
        let mut reasons =
            self.head(&judge.question).map_or_else(Vec::new, |head| self.reasons(head, place, text, reader));
        if reasons.is_empty() {
            reasons.push(Reason {
                rule: "learned from examples".to_owned(),
                words: "the post as a whole".to_owned(),
                span: None,
            });
        }
        let score = crate::rules::round(f64::from(chance));
        Judgement { value: value.to_owned(), score, unsure: chance < SURE, reasons }
    }

    /// The emotion of a post: the judge's, or a rarer one that the head `feelings` is sure of, or none where that head
    /// hears nothing.
    pub(crate) fn emotion(&self, rules: &Witness, text: &str, reader: &mut Reader) -> Option<Judgement> {
        let feelings = self.head("feelings")?;
        let chances = &mut reader.chances;
        chances.clear();
        chances.extend_from_slice(&reader.scores[self.range("feelings")]);
        feelings.manifest.calibration.apply(chances);
        let place = |name: &str| feelings.labels().iter().position(|it| it == name);
        let rare =
            RARE_FEELINGS.iter().filter_map(|name| place(name)).max_by(|a, b| chances[*a].total_cmp(&chances[*b]))?;
        if chances[rare] >= RARE_LEAST {
            let score = crate::rules::round(f64::from(chances[rare]));
            let reasons = self.reasons(feelings, rare, text, reader);
            return Some(Judgement { value: feelings.labels()[rare].clone(), score, unsure: false, reasons });
        }
        if place("neutral").is_some_and(|at| chances[at] >= RARE_LEAST) {
            return None;
        }
        self.say(self.judge_of("emotion")?, rules, text, reader, |_, _, _| true)
    }

    /// The words of a post that weighed most for a label, heaviest first.
    fn reasons(&self, head: &Head, label: usize, text: &str, reader: &mut Reader) -> Vec<Reason> {
        let mut words = std::mem::take(&mut reader.words);
        words.clear();
        words.resize(reader.extractor.tokens.list.len(), 0.0);
        self.weigh(head, label, reader, |tokens, weight| {
            let words = &mut words[tokens.start as usize..tokens.end as usize];
            let share = weight / words.len() as f32;
            for sum in words {
                *sum += share;
            }
        });
        let mut heaviest: [(f32, usize); MOST_REASONS] = [(0.0, 0); MOST_REASONS];
        for (place, weight) in words.iter().enumerate() {
            if let Some(at) = heaviest.iter().position(|(least, _)| weight > least) {
                heaviest[at..].rotate_right(1);
                heaviest[at] = (*weight, place);
            }
        }
        reader.words = words;
        let least = heaviest[0].0 * LEAST_SHARE;
        let quote = |(_, place): (f32, usize)| {
            let token = &reader.extractor.tokens.list[place];
            let span = [token.from as usize, token.to as usize];
            let words = text[span[0]..span[1]].chars().take(MOST_CHARS).collect();
            Reason { rule: "words that weighed most".to_owned(), words, span: Some(span) }
        };
        heaviest.into_iter().take_while(|(weight, _)| *weight > 0.0 && *weight >= least).map(quote).collect()
    }
}
