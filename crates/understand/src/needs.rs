//! What the author needs, and how soon: the rules' statement, weighed by heads that learned from labelled posts.
//!
//! The rules speak first, and their words stay the reason that people see. A head may *raise* what the rules missed, with the
//! words that weighed most; it may *question* what they say (`unsure`), but never takes it away: who is told of a danger does not
//! depend on a probability alone.

use crate::panel::{Panel, Reader, Witness};
use crate::reading::Reading;
use crate::sentiment::Tone;
use crate::{Judgement, Reason, intent, risk, urgency};

/// Languages whose posts the heads learned from.
const LEARNED: [&str; 6] = ["en", "de", "fr", "es", "it", "pt"];
/// What the rules say is questioned where a head holds it less likely than this.
const QUESTIONED: f32 = 0.1;
/// What the rules do not say is raised where a head holds it at least this likely: where half of what is raised is right, F1 is
/// best near half of what it then is (Lipton et al. 2014).
const RAISED: f32 = 0.4;
/// The same for risks, where a false alarm costs somebody else's time: more likely than not.
const ALARMED: f32 = 0.5;
/// Urgency is raised to the highest level that is at least this likely to be reached.
const REACHED: f32 = 0.5;

/// Whether the heads learned from posts in a language.
pub(crate) fn is_learned(language: &str) -> bool {
    LEARNED.contains(&language)
}

/// What the author wants, what others should hear of, how soon somebody should look.
pub(crate) struct Needs {
    pub intents: Vec<Judgement>,
    pub risks: Vec<Judgement>,
    pub urgency: Judgement,
}

impl Needs {
    /// What the rules say.
    pub(crate) fn by_rules(reading: &Reading, tone: &Tone) -> Self {
        let risks = risk::risks(reading);
        let intents = intent::intents(reading, tone, &risks);
        let urgency = urgency::urgency(reading, &intents, &risks);
        Self { intents, risks, urgency }
    }

    /// Lets the heads raise and question, after [`Panel::read`].
    pub(crate) fn weigh(&mut self, panel: &Panel, rules: &Witness, text: &str, reader: &mut Reader) {
        for intent in ["purchase", "cancel"] {
            self.weigh_intent(intent, panel, rules, text, reader);
        }
        self.weigh_risks(panel, rules, text, reader);
        self.weigh_urgency(panel, rules, text, reader);
        if self.intents.len() > 1 {
            self.intents.retain(|it| it.value != "other");
            self.intents.sort_by(|a, b| b.score.total_cmp(&a.score));
        }
    }

    fn weigh_intent(&mut self, intent: &str, panel: &Panel, rules: &Witness, text: &str, reader: &mut Reader) {
        let Some(judge) = panel.judge_of(intent) else { return };
        panel.judge(judge, rules, reader);
        let chance = reader.chances[1];
        match self.intents.iter_mut().find(|it| it.value == intent) {
            Some(said) => said.unsure |= chance < QUESTIONED,
            None if chance >= RAISED => self.intents.push(panel.raised(judge, 1, intent, chance, (text, reader))),
            None => {}
        }
    }

    /// The first label of the judge is that there is no risk; the others are the risks by their names.
    fn weigh_risks(&mut self, panel: &Panel, rules: &Witness, text: &str, reader: &mut Reader) {
        let Some(judge) = panel.judge_of("risk") else { return };
        panel.judge(judge, rules, reader);
        let likelier = |best: usize, at: usize| if reader.chances[at] > reader.chances[best] { at } else { best };
        let best = (2..judge.labels.len()).fold(1, likelier);
        let any = 1.0 - reader.chances[0];
        if any < QUESTIONED {
            self.risks.iter_mut().for_each(|it| it.unsure = true);
            self.intents.iter_mut().filter(|it| it.value == "risk").for_each(|it| it.unsure = true);
        }
        if any < ALARMED || self.risks.iter().any(|it| it.value == judge.labels[best]) {
            return;
        }
        let raised = panel.raised(judge, best, &judge.labels[best], any, (text, reader));
        if !self.intents.iter().any(|it| it.value == "risk") {
            self.intents.push(Judgement { value: "risk".to_owned(), ..raised.clone() });
        }
        self.risks.push(raised);
    }

    fn weigh_urgency(&mut self, panel: &Panel, rules: &Witness, text: &str, reader: &mut Reader) {
        let Some(judge) = panel.judge_of("urgency") else { return };
        panel.judge(judge, rules, reader);
        let reached = |level: usize| reader.chances[level..].iter().sum::<f32>();
        let by_rules = self.urgency.value.parse::<usize>().unwrap_or(0);
        let level = (1..judge.labels.len()).rev().find(|level| reached(*level) >= REACHED).unwrap_or(0);
        if level > by_rules {
            let chance = reached(level);
            let mut raised = panel.raised(judge, level, &judge.labels[level], chance, (text, reader));
            raised.reasons.push(Reason { rule: "raised from".to_owned(), words: by_rules.to_string(), span: None });
            self.urgency = raised;
        } else if reached(by_rules) < QUESTIONED {
            self.urgency.unsure = true;
        }
    }
}
