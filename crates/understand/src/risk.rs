//! Risks: words that somebody beside the owner should hear of.

use crate::Judgement;
use crate::lists::Signal;
use crate::reading::Reading;
use crate::rules::round;

/// Each risk, the rule that finds it, and the signs of it.
const RISKS: &[(&str, &str, Signal)] = &[
    ("safety", "safety words", Signal::Safety),
    ("legal", "legal words", Signal::Legal),
    ("data breach", "data words", Signal::Breach),
    ("press", "press words", Signal::Press),
];

/// Every risk with a sign. One sign is enough (0.6): whoever is told decides; more make it surer.
pub(crate) fn risks(reading: &Reading) -> Vec<Judgement> {
    let harmed = reading.signs(Signal::Harm).next().is_some();
    let judge = |(value, rule, signal): &(&str, &str, Signal)| {
        let reasons = reading.quotes(rule, *signal);
        let surer = 0.1 * reasons.len().saturating_sub(1) as f64 + if harmed && *value == "safety" { 0.2 } else { 0.0 };
        (!reasons.is_empty()).then(|| Judgement {
            value: (*value).to_owned(),
            score: round(0.6 + surer),
            unsure: false,
            reasons,
        })
    };
    RISKS.iter().filter_map(judge).collect()
}
