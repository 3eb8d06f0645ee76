//! What counts of each judgement of a case: the machine's word, or the person's who corrected it (law 5).

use dandelion_hub::case::{CasePage, CorrectionEntry, Entry, Judged, PostAnalysis};
use dandelion_understand::{Analysis, Reason, personal::Span};

use super::spoken;

/// What a person says instead of a judgement to take it away from a list.
pub(super) const NONE: &str = "none";
/// What stands before a value that is added to a list.
pub(super) const ALSO: char = '+';

/// One judgement about one post.
#[derive(Debug, Clone)]
pub(super) struct Opinion {
    pub(super) judged: Judged,
    /// The post it is about.
    pub(super) post: i64,
    /// As stored: `complaint`, `de`, a product's key; none where a list is empty.
    pub(super) value: Option<String>,
    /// How much speaks for it, where the machine said so.
    pub(super) score: Option<f64>,
    /// Whether the head that said it is hardly better than a coin at answers this doubtful.
    pub(super) unsure: bool,
    /// What caused it.
    pub(super) reasons: Vec<Reason>,
    /// The correction that counts instead of the machine's word.
    pub(super) corrected: Option<CorrectionEntry>,
}

impl Opinion {
    /// As people read it.
    pub(super) fn words(&self) -> String {
        let Some(value) = &self.value else { return "none".to_owned() };
        match self.judged {
            Judged::Language => spoken::language(value),
            Judged::Urgency => spoken::urgency(value.parse().unwrap_or(0)).to_owned(),
            _ => value.clone(),
        }
    }
}

/// The answer to a question of the unit's own.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    pub(super) value: Option<String>,
    pub(super) score: Option<f64>,
    pub(super) unsure: bool,
    pub(super) reasons: Vec<Reason>,
    pub(super) corrected: Option<CorrectionEntry>,
}

/// Whether a judgement is a list of values.
pub(super) fn is_list(judged: Judged) -> bool {
    matches!(judged, Judged::Intent | Judged::Risk | Judged::Topic | Judged::Product)
}

/// An analysis, read.
struct Read {
    post: i64,
    analysis: Analysis,
}

/// What is thought of a case.
pub(super) struct Opinions {
    read: Vec<Read>,
    corrections: Vec<CorrectionEntry>,
    /// The newest version that judged.
    pub(super) version: String,
}

impl Opinions {
    pub(super) fn of(page: &CasePage) -> Self {
        let corrections = page.entries.iter().filter_map(|entry| match entry {
            Entry::Correction(correction) => Some(correction.clone()),
            _ => None,
        });
        Self { corrections: corrections.collect(), ..Self::machine(&page.analyses) }
    }

    /// What the machine says, where no person has said anything.
    pub(super) fn machine(analyses: &[PostAnalysis]) -> Self {
        // What an older version wrote and this one cannot read is left out: its post is analysed anew in time.
        let read = |one: &PostAnalysis| {
            let analysis = serde_json::from_value(one.body.clone()).ok()?;
            Some(Read { post: one.post, analysis })
        };
        Self {
            read: analyses.iter().filter_map(read).collect(),
            corrections: Vec::new(),
            version: analyses.last().map(|one| one.version.clone()).unwrap_or_default(),
        }
    }

    /// What counts as the answer to a question of the unit's own about one post: a person's word, or a head's.
    pub(super) fn own(&self, post: i64, key: &str) -> Own {
        let of = |one: &&CorrectionEntry| one.post == post && one.judgement == key;
        if let Some(correction) = self.corrections.iter().rfind(of) {
            let value = values(&correction.value).into_iter().next();
            return Own { value, corrected: Some(correction.clone()), ..Own::default() };
        }
        let read = self.read.iter().find(|read| read.post == post);
        let said = read.and_then(|read| read.analysis.own.iter().find(|own| own.question == key));
        said.map_or_else(Own::default, |said| Own {
            value: Some(said.judgement.value.clone()),
            score: Some(said.judgement.score),
            unsure: said.judgement.unsure,
            reasons: said.judgement.reasons.clone(),
            corrected: None,
        })
    }

    /// The analysis of one post.
    pub(super) fn analysis(&self, post: i64) -> Option<&Analysis> {
        self.read.iter().find(|read| read.post == post).map(|read| &read.analysis)
    }

    /// The post that speaks for the case: the opening one.
    pub(super) fn opening(&self) -> Option<i64> {
        self.read.first().map(|read| read.post)
    }

    /// How many posts were judged.
    pub(super) fn posts(&self) -> usize {
        self.read.len()
    }

    /// The analysis of the newest post whose author's reach is known best: the last one.
    pub(super) fn newest(&self) -> Option<&Analysis> {
        self.read.last().map(|read| &read.analysis)
    }

    /// Personal data in every post.
    pub(super) fn personal(&self) -> impl Iterator<Item = &Span> {
        self.read.iter().flat_map(|read| &read.analysis.personal)
    }

    /// What counts for the case. Risks and urgency are the whole conversation's; everything else is what the opening
    /// post says, or people's newest word about any post.
    pub(super) fn counting(&self, judged: Judged) -> Vec<Opinion> {
        if judged == Judged::Risk {
            let every: Vec<Opinion> =
                self.read.iter().flat_map(|read| self.about(read.post, judged)).filter(|o| o.value.is_some()).collect();
            let mut seen = Vec::new();
            let distinct: Vec<Opinion> = every
                .into_iter()
                .filter(|opinion| {
                    let new = !seen.contains(&opinion.value);
                    seen.push(opinion.value.clone());
                    new
                })
                .collect();
            if !distinct.is_empty() {
                return distinct;
            }
        }
        if judged == Judged::Urgency {
            let every = self.read.iter().flat_map(|read| self.about(read.post, judged));
            let level = |opinion: &Opinion| opinion.value.as_deref().and_then(|text| text.parse::<i64>().ok());
            return every.max_by_key(level).into_iter().collect();
        }
        let newest = self.corrections.iter().rfind(|one| one.judgement == judged.as_str());
        let post = newest.map(|one| one.post).or_else(|| self.read.first().map(|read| read.post));
        post.map(|post| self.about(post, judged)).unwrap_or_default()
    }

    /// What counts for one post. A list that is empty gives one opinion without a value.
    pub(super) fn about(&self, post: i64, judged: Judged) -> Vec<Opinion> {
        let of = |one: &&CorrectionEntry| one.post == post && one.judgement == judged.as_str();
        let corrected = self.corrections.iter().rfind(of);
        let opinion = |value: Option<String>| Opinion {
            judged,
            post,
            value,
            score: None,
            unsure: false,
            reasons: Vec::new(),
            corrected: corrected.cloned(),
        };
        if let Some(correction) = corrected {
            let values = values(&correction.value);
            return or_none(values.into_iter().map(|value| opinion(Some(value))).collect(), opinion(None));
        }
        let Some(read) = self.read.iter().find(|read| read.post == post) else { return Vec::new() };
        let said = |judgement: &dandelion_understand::Judgement| Opinion {
            score: Some(judgement.score),
            unsure: judgement.unsure,
            reasons: judgement.reasons.clone(),
            ..opinion(Some(judgement.value.clone()))
        };
        let found = |found: &dandelion_understand::Found| {
            let span = found.spans.first().copied();
            let reason = Reason { rule: "named".to_owned(), words: found.words.clone(), span };
            Opinion { reasons: vec![reason], ..opinion(Some(found.key.clone())) }
        };
        let analysis = &read.analysis;
        let all = match judged {
            Judged::Language => vec![said(&analysis.language)],
            Judged::Sentiment => vec![said(&analysis.sentiment)],
            Judged::Urgency => vec![said(&analysis.urgency)],
            Judged::Intent => analysis.intents.iter().map(said).collect(),
            Judged::Risk => analysis.risks.iter().map(said).collect(),
            Judged::Topic => analysis.topics.iter().map(found).collect(),
            Judged::Product => analysis.products.iter().map(found).collect(),
        };
        or_none(all, opinion(None))
    }
}

fn or_none(all: Vec<Opinion>, none: Opinion) -> Vec<Opinion> {
    if all.is_empty() { vec![none] } else { all }
}

/// The values of a correction: one, or several.
pub(super) fn values(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Array(list) => list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

/// A correction's value in a word or two.
pub(in crate::pages) fn said(value: &serde_json::Value) -> String {
    let values = values(value);
    if values.is_empty() { "none".to_owned() } else { values.join(", ") }
}
