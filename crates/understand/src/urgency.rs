//! How soon somebody should look: 0 whenever, 1 in turn, 2 today, 3 now.

use crate::lists::Signal;
use crate::reading::Reading;
use crate::rules::round;
use crate::{Judgement, Reason};

/// The highest level that a rule gives, with the reasons of that level.
pub(crate) fn urgency(reading: &Reading, intents: &[Judgement], risks: &[Judgement]) -> Judgement {
    let has = |list: &[Judgement], value: &str| list.iter().any(|it| it.value == value);
    let praised = has(intents, "praise") && !has(intents, "complaint");
    let wants = has(intents, "complaint") || has(intents, "question") || has(intents, "cancel") || has(intents, "risk");
    let safety = has(risks, "safety");
    let mut rules: Vec<(u8, Vec<Reason>)> = Vec::new();
    if safety {
        rules.push((3, reading.quotes("harm", Signal::Harm)));
        rules.push((2, reading.quotes("danger", Signal::Safety)));
    }
    if !praised {
        rules.push((3, reading.quotes("stranded", Signal::Stranded)));
    }
    if has(risks, "data breach") && wants {
        rules.push((2, reading.quotes("data of others", Signal::Breach)));
    }
    if has(intents, "complaint") {
        rules.push((2, reading.quotes("again", Signal::Again)));
    }
    if wants && !praised {
        rules.push((2, reading.quotes("deadline", Signal::Deadline)));
    }
    if has(risks, "press") && wants {
        rules.push((2, reading.quotes("press waits", Signal::Press)));
    }
    for value in ["complaint", "cancel", "question", "purchase"] {
        let intent = intents.iter().filter(|it| it.value == value).flat_map(|it| it.reasons.iter().cloned());
        rules.push((1, intent.map(|reason| Reason { rule: value.to_owned(), ..reason }).collect()));
    }
    let level = rules.iter().filter(|(_, reasons)| !reasons.is_empty()).map(|(level, _)| *level).max().unwrap_or(0);
    let mut reasons: Vec<Reason> = rules.into_iter().filter(|(it, _)| *it == level).flat_map(|(_, it)| it).collect();
    reasons.truncate(crate::reading::MAX_REASONS);
    if level == 0 {
        let words = "nobody waits for anything".to_owned();
        reasons.push(Reason { rule: "no demand".to_owned(), words, span: None });
    }
    let score = if level == 0 { 0.5 } else { round(0.5 + 0.15 * reasons.len() as f64) };
    Judgement { value: level.to_string(), score, unsure: false, reasons }
}
