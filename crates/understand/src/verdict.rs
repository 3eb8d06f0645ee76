//! Whether a customer's answer to us says that it is fixed. A wrong yes would close a case over somebody's head and
//! count as evidence, so every doubt is a `None`.

use crate::Judgement;
use crate::lists::Signal;
use crate::reading::{Mark, Reading};
use crate::rules::round;
use crate::sentiment::Tone;

/// An answer longer than this tells a story, which a person should read.
const MOST_WORDS: usize = 60;

/// `fixed`, `not fixed`, or neither.
pub(crate) fn verdict(reading: &Reading, tone: &Tone) -> Option<Judgement> {
    if tone.sarcastic || reading.questions > 0 || reading.words.len() > MOST_WORDS || asks(reading) {
        return None;
    }
    let failed: Vec<&Mark> = reading.signs(Signal::NotFixed).collect();
    let hides = |inner: &&Mark| !failed.iter().any(|outer| outer.from <= inner.from && outer.to >= inner.to);
    let works: Vec<&Mark> = reading.signs(Signal::Fixed).filter(hides).collect();
    if !failed.is_empty() {
        // "works now" beside "still leaking" is neither.
        let clear = works.is_empty() && !is_supposed(reading, &failed);
        return clear.then(|| judge(reading, "not fixed", "says it is not fixed", &failed, 0.75));
    }
    if is_hedged(reading) || tone.negative > tone.positive || turned(reading) {
        return None;
    }
    let thanked: Vec<&Mark> = reading.signs(Signal::Thanks).collect();
    if !works.is_empty() && !is_negated(reading, &works) {
        let surer = if thanked.is_empty() { 0.7 } else { 0.85 };
        return Some(judge(reading, "fixed", "says it is fixed", &works, surer));
    }
    // "arrived", "works" alone may be about anything; with thanks, and in a short answer, they are about this.
    let weak: Vec<&Mark> = reading.signs(Signal::FixedWithThanks).filter(hides).collect();
    let thanks_stand_apart = thanked.iter().any(|it| weak.iter().all(|word| word.from != it.from));
    let short = reading.words.len() <= 15;
    if weak.is_empty() || !thanks_stand_apart || !short || is_negated(reading, &weak) {
        return None;
    }
    Some(judge(reading, "fixed", "says it is fixed, with thanks", &weak, 0.7))
}

/// A question need not end with its mark.
fn asks(reading: &Reading) -> bool {
    reading.signs(Signal::Question).any(|mark| mark.first == 0)
}

fn is_hedged(reading: &Reading) -> bool {
    reading.signs(Signal::Hedge).next().is_some()
}

/// "But" after a yes takes it back, whatever follows.
fn turned(reading: &Reading) -> bool {
    reading.signs(Signal::But).next().is_some()
}

/// A negation shortly before in the same clause, or anywhere else that is not a clause of its own ("no, it works").
fn is_negated(reading: &Reading, marks: &[&Mark]) -> bool {
    reading.signs(Signal::Negation).any(|no| {
        marks.iter().any(|mark| {
            let outside = no.to <= mark.from || no.from >= mark.to;
            outside && no.clause == mark.clause
        })
    })
}

/// "If it is still leaking tomorrow …": a condition that opens the clause of the failure.
fn is_supposed(reading: &Reading, failed: &[&Mark]) -> bool {
    reading
        .signs(Signal::Hedge)
        .any(|hedge| failed.iter().any(|mark| mark.clause == hedge.clause && hedge.to <= mark.from))
}

fn judge(reading: &Reading, value: &str, rule: &str, marks: &[&Mark], score: f64) -> Judgement {
    let reasons = marks.iter().take(3).map(|mark| reading.quote(rule, mark.from, mark.to)).collect();
    Judgement { value: value.to_owned(), score: round(score), unsure: false, reasons }
}
