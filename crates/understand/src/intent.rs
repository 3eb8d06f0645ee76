//! What the author wants. Several may hold; nothing at all is `other`.

use crate::lists::Signal;
use crate::reading::{MAX_REASONS, Reading};
use crate::rules::round;
use crate::sentiment::Tone;
use crate::{Judgement, Reason};

/// Intents that one phrase of their own list is enough for, with the rule's name and the score of one phrase.
const PLAIN: &[(&str, &str, Signal, f64)] = &[
    ("idea", "wish or proposal", Signal::Idea, 0.7),
    ("purchase", "wants to buy", Signal::Purchase, 0.7),
    ("cancel", "wants to leave", Signal::Cancel, 0.7),
];

/// Tags beyond which a post is rather bait than speech.
const MANY_TAGS: u32 = 8;
/// Addresses beyond which a post is rather bait than speech.
const MANY_ADDRESSES: u32 = 3;

/// Every intent that holds, the surest first.
pub(crate) fn intents(reading: &Reading, tone: &Tone, risks: &[Judgement]) -> Vec<Judgement> {
    let mut intents: Vec<Judgement> =
        [complaint(reading, tone), praise(reading, tone), question(reading), spam(reading), risk(risks)]
            .into_iter()
            .flatten()
            .collect();
    for (value, rule, signal, one) in PLAIN {
        intents.extend(judge(value, *one, reading.quotes(rule, *signal)));
    }
    intents.sort_by(|a, b| b.score.total_cmp(&a.score));
    if intents.is_empty() {
        let words = "none of the other intents".to_owned();
        let reasons = vec![Reason { rule: "nothing else".to_owned(), words, span: None }];
        intents.push(Judgement { value: "other".to_owned(), score: 0.5, unsure: false, reasons });
    }
    intents
}

/// Faults and demands of the complaint list, or blame that outweighs praise clearly.
fn complaint(reading: &Reading, tone: &Tone) -> Option<Judgement> {
    let mut reasons = reading.quotes("complaint words", Signal::Complaint);
    let blame = tone.negative - tone.positive;
    if blame < 0.0 && !tone.sarcastic {
        return None;
    }
    if reasons.is_empty() && blame < 1.5 {
        return None;
    }
    let sure = 0.3 * reasons.len() as f64 + 0.2 * blame.max(0.0) + 0.2;
    if blame >= 1.5 {
        reasons.extend(tone.judge().reasons.into_iter().take(3));
    }
    reasons.truncate(MAX_REASONS);
    if sure < 0.5 && blame <= 0.0 {
        return None;
    }
    Some(Judgement { value: "complaint".to_owned(), score: round(sure.min(0.95)), unsure: false, reasons })
}

/// Praise that outweighs blame, and is no sarcasm.
fn praise(reading: &Reading, tone: &Tone) -> Option<Judgement> {
    let mut reasons = reading.quotes("praise words", Signal::Praise);
    let lead = tone.positive - tone.negative;
    if tone.sarcastic || lead <= 0.0 || (reasons.is_empty() && tone.positive < 2.0) {
        return None;
    }
    let sure = 0.35 + 0.2 * reasons.len() as f64 + 0.1 * lead;
    if reasons.is_empty() {
        reasons = tone.judge().reasons;
    }
    Some(Judgement { value: "praise".to_owned(), score: round(sure.min(0.95)), unsure: false, reasons })
}

/// A question mark, question words, or both; rhetorical questions ask nothing.
fn question(reading: &Reading) -> Option<Judgement> {
    let rhetorical = reading.signs(Signal::Rhetorical).count() as u32;
    let asks = reading.questions > rhetorical;
    let mut reasons = reading.quotes("question words", Signal::Question);
    let score = match (asks, reasons.is_empty()) {
        (true, false) => 0.9,
        (true, true) => 0.6,
        (false, false) if opens(reading) && reading.questions == 0 => 0.5,
        _ => return None,
    };
    if let Some(at) = reading.first_question.filter(|_| asks) {
        reasons.truncate(MAX_REASONS - 1);
        reasons.push(reading.quote("question mark", at, at + reading.mark_length(at)));
    }
    Some(Judgement { value: "question".to_owned(), score, unsure: false, reasons })
}

/// Without a question mark, question words count only where a clause begins with them.
fn opens(reading: &Reading) -> bool {
    reading.signs(Signal::Question).any(|mark| {
        let before = mark.first.checked_sub(1).and_then(|at| reading.words.get(at as usize));
        before.is_none_or(|word| word.named || word.clause != mark.clause)
    })
}

/// Phrases of bait; or many tags or addresses with little else.
fn spam(reading: &Reading) -> Option<Judgement> {
    let mut reasons = reading.quotes("bait words", Signal::Spam);
    let words = reading.words.iter().filter(|word| !word.named).count() as u32;
    let counted = |rule: &str, words: String| Reason { rule: rule.to_owned(), words, span: None };
    if reading.tags >= MANY_TAGS && reading.tags > words / 2 {
        reasons.push(counted("many tags", format!("{} tags beside {words} words", reading.tags)));
    }
    if reading.addresses >= MANY_ADDRESSES && reading.addresses * 5 > words {
        reasons.push(counted("many addresses", format!("{} addresses beside {words} words", reading.addresses)));
    }
    // One bait word may be news about it; with an address it is bait.
    let enough = reasons.len() >= 2 || (!reasons.is_empty() && reading.addresses > 0);
    enough.then(|| Judgement {
        value: "spam".to_owned(),
        score: round(0.5 + 0.15 * reasons.len() as f64),
        unsure: false,
        reasons,
    })
}

fn risk(risks: &[Judgement]) -> Option<Judgement> {
    let surest = risks.iter().map(|risk| risk.score).fold(0.0, f64::max);
    let reasons = risks.iter().flat_map(|risk| risk.reasons.iter().cloned()).take(MAX_REASONS).collect();
    (!risks.is_empty()).then(|| Judgement { value: "risk".to_owned(), score: surest, unsure: false, reasons })
}

fn judge(value: &str, one: f64, reasons: Vec<Reason>) -> Option<Judgement> {
    let more = 0.1 * reasons.len().saturating_sub(1) as f64;
    (!reasons.is_empty()).then(|| Judgement {
        value: value.to_owned(),
        score: round((one + more).min(0.95)),
        unsure: false,
        reasons,
    })
}
