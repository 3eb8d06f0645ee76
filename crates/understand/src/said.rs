//! What the panel says of a post, as judgements with the words that weighed most.

use std::cell::RefCell;
use std::ops::Range;

use crate::features::Feature;
use crate::head::Head;
use crate::panel::{Judge, LANGUAGE, Panel, Reader, Witness, evidence, mix};
use crate::{Judgement, Reason};

/// Words named as evidence of one judgement.
const MOST_REASONS: usize = 4;
/// Languages whose posts the sentiment heads were trained on, beside English.
const MANY: [&str; 7] = ["ar", "de", "es", "fr", "hi", "it", "pt"];
/// Feelings that only the head `feelings` knows, and what it takes to say one of them.
const RARE_FEELINGS: [&str; 3] = ["fear", "surprise", "disgust"];
const RARE_LEAST: f32 = 0.5;

thread_local! {
    static READER: RefCell<Reader> = RefCell::default();
}

/// Calls with this thread's buffers.
pub(crate) fn with_reader<T>(work: impl FnOnce(&mut Reader) -> T) -> T {
    READER.with(|reader| work(&mut reader.borrow_mut()))
}

impl Panel {
    /// The probability of each language for the text that was read, in the manifest's order, and how many letters it
    /// has. Nothing where it holds none.
    pub(crate) fn languages(&self, reader: &mut Reader) -> (Vec<f32>, u32) {
        let letters = self.grams.costs(&reader.extractor.tokens, &mut reader.costs);
        if letters == 0 {
            return (Vec::new(), 0);
        }
        let scores = &reader.scores[self.range(LANGUAGE)];
        (mix(&self.manifest.language_weights, &evidence(&reader.costs, letters), scores), letters)
    }

    /// The likeliest language of the text that was read, and its probability. `None` where it holds no letters.
    pub(crate) fn language(&self, reader: &mut Reader) -> Option<(&str, f32)> {
        let (chances, _) = self.languages(reader);
        let (place, chance) = chances.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
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

    /// A judge's answer as a judgement.
    pub(crate) fn say(&self, judge: &Judge, rules: &Witness, text: &str, reader: &mut Reader) -> Judgement {
        let best = self.judge(judge, rules, reader);
        let chance = reader.chances[best];
        let reasons = self.head(&judge.question).map_or_else(Vec::new, |head| evidence_of(head, best, text, reader));
        Judgement {
            value: judge.labels[best].clone(),
            score: crate::rules::round(f64::from(chance)),
            unsure: chance < judge.calibration.unsure_below,
            reasons,
        }
    }

    /// The emotion of a post: the judge's, or a rarer one that the head `feelings` is sure of, or none where that head
    /// hears nothing.
    pub(crate) fn emotion(&self, rules: &Witness, text: &str, reader: &mut Reader) -> Option<Judgement> {
        let feelings = self.head("feelings")?;
        let mut chances = reader.scores[self.range("feelings")].to_vec();
        feelings.manifest.calibration.apply(&mut chances);
        let place = |name: &str| feelings.labels().iter().position(|it| it == name);
        let rare =
            RARE_FEELINGS.iter().filter_map(|name| place(name)).max_by(|a, b| chances[*a].total_cmp(&chances[*b]))?;
        if chances[rare] >= RARE_LEAST {
            let score = crate::rules::round(f64::from(chances[rare]));
            let reasons = evidence_of(feelings, rare, text, reader);
            return Some(Judgement { value: feelings.labels()[rare].clone(), score, unsure: false, reasons });
        }
        if place("neutral").is_some_and(|at| chances[at] >= RARE_LEAST) {
            return None;
        }
        self.judge_of("emotion").map(|judge| self.say(judge, rules, text, reader))
    }
}

/// The words of a post that weighed most for a label, heaviest first.
pub(crate) fn evidence_of(head: &Head, label: usize, text: &str, reader: &Reader) -> Vec<Reason> {
    let features: &[Feature] = reader.extractor.features();
    let mut places: Vec<(Range<u32>, f32)> = Vec::new();
    head.weigh(features, label, |feature, weight| {
        if feature.to > feature.from {
            places.push((feature.from..feature.to, weight));
        }
    });
    // Pieces of a word count for the word; pairs and triples count for each of their words in part.
    let tokens = &reader.extractor.tokens.list;
    let mut words: Vec<(Range<usize>, f32)> = tokens.iter().map(|it| (it.from as usize..it.to as usize, 0.0)).collect();
    for (place, weight) in &places {
        let first = words.partition_point(|(word, _)| word.end <= place.start as usize);
        let inside = words[first..].iter().take_while(|(word, _)| word.start < place.end as usize).count();
        for (_, sum) in &mut words[first..first + inside] {
            *sum += weight / inside as f32;
        }
    }
    words.retain(|(_, sum)| *sum > 0.0);
    words.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.start.cmp(&b.0.start)));
    let least = words.first().map_or(0.0, |(_, sum)| sum * 0.25);
    let quote = |(span, _): (Range<usize>, f32)| Reason {
        rule: "words that weighed most".to_owned(),
        words: text[span.clone()].chars().take(80).collect(),
        span: Some([span.start, span.end]),
    };
    words.into_iter().take_while(|(_, sum)| *sum >= least).take(MOST_REASONS).map(quote).collect()
}
