//! Negative, neutral, positive or mixed: weighted words, turned by negation, strengthened by intensifiers.

use crate::dictionary::Meaning;
use crate::lists::Signal;
use crate::reading::{MAX_REASONS, Mark, Reading};
use crate::{Judgement, Reason};

/// Words that a negation may stand away from what it turns.
const REACH: u32 = 5;
/// Bytes of a dense run that a negation may stand away: two characters.
const DENSE_REACH: u32 = 6;
/// Less than this says nothing.
const LEAST: f64 = 0.5;
/// The weaker side must have this share of the stronger one to make it mixed.
const MIXED: f64 = 0.6;

/// What the words of a post weigh.
#[derive(Debug, Default)]
pub(crate) struct Tone {
    pub negative: f64,
    pub positive: f64,
    pub sarcastic: bool,
    /// What of both stands under a negation that turns it.
    pub turned: f64,
    reasons: Vec<(f64, Reason)>,
}

impl Tone {
    /// Weighs a settled reading.
    pub(crate) fn of(reading: &Reading, follows: bool) -> Self {
        let mut tone = Self::default();
        let mut last_but = None;
        for (index, mark) in reading.marks.iter().enumerate() {
            match mark.signal() {
                Some(Signal::But) => last_but = Some(mark),
                Some(signal @ (Signal::Negative | Signal::Positive)) => {
                    let after_but = last_but.is_some_and(|but| but.last < mark.first);
                    tone.weigh(reading, index, signal == Signal::Positive, after_but, follows);
                }
                _ => {}
            }
        }
        tone.hear_sarcasm(reading);
        tone
    }

    /// The judgement.
    pub(crate) fn judge(&self) -> Judgement {
        let (negative, positive) = (self.negative, self.positive);
        let (weak, strong) = (negative.min(positive), negative.max(positive));
        let value = match () {
            () if strong < LEAST => "neutral",
            () if weak >= LEAST && weak >= strong * MIXED => "mixed",
            () if negative > positive => "negative",
            () => "positive",
        };
        let score = match value {
            "neutral" => 0.5,
            "mixed" => weak / (weak + 1.0),
            _ => (strong - weak) / (strong - weak + 1.0),
        };
        let mut reasons: Vec<&(f64, Reason)> = self.reasons.iter().collect();
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
        let reasons = reasons.into_iter().take(MAX_REASONS).map(|(_, reason)| reason.clone()).collect();
        Judgement { value: value.to_owned(), score: crate::rules::round(score), unsure: false, reasons }
    }

    fn weigh(&mut self, reading: &Reading, index: usize, positive: bool, after_but: bool, follows: bool) {
        let mark = &reading.marks[index];
        let mut weight = mark.weight();
        let near = |signal| nearby(reading, index, signal);
        if near(Signal::Stronger).is_some() {
            weight *= 1.5;
        }
        if near(Signal::Weaker).is_some() {
            weight *= 0.6;
        }
        if after_but {
            weight *= 1.3;
        }
        // A phrase of blame holds its own negation ("ne … pas content").
        let turns = positive || mark.first == mark.last;
        let negation = near(Signal::Negation)
            .filter(|_| turns)
            .or_else(|| if follows && positive { following(reading, index, Signal::Negation) } else { None });
        let (from, to) = negation.map_or((mark.from, mark.to), |no| (no.from.min(mark.from), no.to.max(mark.to)));
        let rule = match (positive, negation.is_some()) {
            (true, false) => "positive words",
            (false, false) => "negative words",
            (true, true) => "negated positive words",
            (false, true) => "negated negative words",
        };
        // "not bad" praises less than "good"; "not good" blames as much as "bad".
        let weight = if !positive && negation.is_some() { weight * 0.5 } else { weight };
        // "Not bad", "can't complain" stand in the lists as they are.
        if negation.is_some() || positive && reading.negating.contains(&(mark.from, mark.to)) {
            self.turned += weight;
        }
        if positive == negation.is_some() {
            self.negative += weight;
        } else {
            self.positive += weight;
        }
        if self.reasons.len() < 64 {
            self.reasons.push((weight, reading.quote(rule, from, to)));
        }
    }

    /// Sarcasm: a phrase that is nearly always meant so, or praise that opens the post as a clause of its own
    /// ("Great, another broken one") before nothing but blame. Then praise counts as blame.
    fn hear_sarcasm(&mut self, reading: &Reading) {
        let phrase = reading.signs(Signal::Sarcasm).next();
        let opener = opener(reading).filter(|_| self.negative >= LEAST);
        let Some(mark) = phrase.or(opener) else { return };
        let only_a_hint = phrase.is_some_and(|it| it.to - it.from <= 4) && self.negative < LEAST;
        if only_a_hint {
            return;
        }
        self.sarcastic = true;
        self.negative += self.positive * 0.5 + 1.0;
        self.positive = 0.0;
        self.reasons.push((9.0, reading.quote("sarcasm", mark.from, mark.to)));
    }
}

/// Praise that is the whole first clause, when no thanks and no later praise of weight follow.
fn opener<'r>(reading: &'r Reading) -> Option<&'r Mark> {
    let first = reading.signs(Signal::Opener).next()?;
    let clause: Vec<_> = reading.words.iter().filter(|word| word.clause == first.clause && !word.named).collect();
    let covered = first.last - first.first + 1;
    let before = reading.words[..first.first as usize].iter().filter(|word| !word.named).count();
    let dense = clause.len() == 1 && clause[0].to - clause[0].from > first.to - first.from;
    let alone = clause.len() as u32 <= covered + 1 && before <= 1 && !dense;
    let praised_later = reading.signs(Signal::Positive).any(|it| it.clause != first.clause);
    let turned = reading.signs(Signal::But).next().is_some();
    (alone && !praised_later && !turned).then_some(first)
}

/// The nearest mark of a signal shortly before another, in the same clause.
fn nearby<'r>(reading: &'r Reading, index: usize, wanted: Signal) -> Option<&'r Mark> {
    let mark = &reading.marks[index];
    reading.marks[..index].iter().rev().take(12).find(|it| is(it, wanted) && reaches(it, mark))
}

fn following<'r>(reading: &'r Reading, index: usize, wanted: Signal) -> Option<&'r Mark> {
    let mark = &reading.marks[index];
    reading.marks[index + 1..].iter().take(12).find(|it| is(it, wanted) && reaches(mark, it) && it.first > mark.last)
}

fn is(mark: &Mark, wanted: Signal) -> bool {
    matches!(mark.meaning, Meaning::Listed { signal, .. } if signal == wanted)
}

fn reaches(before: &Mark, after: &Mark) -> bool {
    if before.clause != after.clause || before.to > after.from {
        return false;
    }
    if before.first == after.first {
        return after.from - before.to <= DENSE_REACH;
    }
    after.first.saturating_sub(before.last) <= REACH
}
