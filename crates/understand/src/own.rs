//! What an organisation's own heads say of a post, as judgements with the words that weighed most.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use crate::features::{Extractor, GROUPS};
use crate::{Judgement, Own, Reason};

/// Words named as evidence of one judgement, and their characters.
const MOST_REASONS: usize = 4;
const MOST_CHARS: usize = 80;
/// Words that weigh less than this share of the heaviest are not named.
const LEAST_SHARE: f32 = 0.25;

thread_local! {
    static EXTRACTOR: RefCell<Extractor> = RefCell::default();
}

/// The answer of one of an organisation's own heads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnAnswer {
    /// The question that the head answers, `reason` for example.
    pub question: String,
    /// Which head said it, and which of its versions.
    pub version: String,
    /// The answer.
    #[serde(flatten)]
    pub judgement: Judgement,
}

impl Own {
    /// The answer to a text with its probability, whether the head is unsure, and the words that weighed most.
    pub fn judge(&self, text: &str) -> Judgement {
        let said = self.ask(text);
        let manifest = &self.head().manifest;
        let calibration = manifest.judge.as_ref().map_or(&manifest.calibration, |judge| &judge.calibration);
        let place = self.head().labels().iter().position(|label| *label == said.label).unwrap_or_default();
        Judgement {
            score: crate::rules::round(f64::from(said.chance)),
            unsure: said.chance < calibration.unsure_below,
            reasons: EXTRACTOR.with(|extractor| self.reasons(place, text, &mut extractor.borrow_mut())),
            value: said.label,
        }
    }

    /// The words of a text that weighed most for a label, heaviest first.
    fn reasons(&self, label: usize, text: &str, extractor: &mut Extractor) -> Vec<Reason> {
        let weights = self.weights(label, text, extractor);
        let mut heaviest: Vec<(usize, f32)> = weights.into_iter().enumerate().filter(|it| it.1 > 0.0).collect();
        heaviest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let least = heaviest.first().map_or(0.0, |it| it.1 * LEAST_SHARE);
        let quote = |(place, _): (usize, f32)| {
            let token = &extractor.tokens.list[place];
            let span = [token.from as usize, token.to as usize];
            let words = text[span[0]..span[1]].chars().take(MOST_CHARS).collect();
            Reason { rule: "words that weighed most".to_owned(), words, span: Some(span) }
        };
        heaviest.into_iter().take(MOST_REASONS).take_while(|it| it.1 >= least).map(quote).collect()
    }

    /// What each token of a text adds to a label beyond what it adds to the others.
    fn weights(&self, label: usize, text: &str, extractor: &mut Extractor) -> Vec<f32> {
        let head = self.head();
        let features = extractor.read(text).to_vec();
        let mut squares = [0u32; GROUPS];
        for feature in &features {
            let part = head.table.row(feature.hash).map_or(0, |row| u32::from(row[0]));
            squares[usize::from(feature.group)] += part * part;
        }
        let mut weights = vec![0.0f32; extractor.tokens.list.len()];
        for feature in features.iter().filter(|it| it.past > it.first) {
            let Some(row) = head.table.row(feature.hash) else { continue };
            let group = usize::from(feature.group);
            let share = head.manifest.groups[group] / (squares[group].max(1) as f32).sqrt();
            let weight = head.beyond(label, |output| f32::from(row[1 + output] as i8)) * share;
            let words = &mut weights[feature.first as usize..feature.past as usize];
            let each = weight / words.len() as f32;
            for sum in words {
                *sum += each;
            }
        }
        if !head.views.is_empty() {
            extractor.meaning();
            extractor.weigh_meaning(&head.meaning_beyond(label), |at, weight| weights[at] += weight);
        }
        weights
    }
}
