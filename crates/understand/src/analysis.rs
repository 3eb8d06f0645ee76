use serde::{Deserialize, Serialize};

use crate::{OwnAnswer, personal};

/// Everything the rules say of one post. Immutable once stored; a person's correction stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Which rules said it, [`crate::VERSION`].
    pub version: String,
    /// An ISO 639-1 code, or `unknown`.
    pub language: Judgement,
    /// `negative`, `neutral`, `positive` or `mixed`.
    pub sentiment: Judgement,
    /// `anger`, `joy`, `sadness`, `fear`, `surprise`, `disgust` or `optimism`; none where nothing is felt or the language is
    /// not understood well enough.
    #[serde(default)]
    pub emotion: Option<Judgement>,
    /// Present where the words may mean the opposite: a caution beside the sentiment.
    #[serde(default)]
    pub irony: Option<Judgement>,
    /// Present where the post insults somebody, which is not the same as being angry at us.
    #[serde(default)]
    pub offensive: Option<Judgement>,
    /// What the author wants; several may hold, the strongest first, never empty (`other` stands alone).
    pub intents: Vec<Judgement>,
    /// `0` (whenever) to `3` (now).
    pub urgency: Judgement,
    /// `safety`, `legal`, `data breach`, `press`; most posts have none.
    pub risks: Vec<Judgement>,
    /// Products of the lexicon that are named, ours and competitors'.
    pub products: Vec<Found>,
    /// Topics of the lexicon that are named.
    pub topics: Vec<Found>,
    /// How far the author's words carry. It decides who is told, never how long anyone waits.
    pub influence: Sum,
    /// Where personal data stands in `post.text`, and what it is; what it says is not repeated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub personal: Vec<personal::Span>,
    /// What the organisation's own heads say, those of the unit it concerns. Nothing from the filters and rules here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnAnswer>,
}

/// One statement with its certainty and its causes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What is said; the words depend on the question.
    pub value: String,
    /// How much speaks for it, 0 to 1: a calibrated probability where a head judged (sentiment, emotion, irony,
    /// offensive, language), a measure of the evidence where rules did.
    pub score: f64,
    /// Whether the head is hardly better than a coin at answers this doubtful.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
    /// What caused it, strongest first.
    pub reasons: Vec<Reason>,
}

/// What caused a judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule's name, as the crate's documentation lists it.
    pub rule: String,
    /// The words of the post that met the rule, or what it says in words.
    pub words: String,
    /// The bytes of `post.text` where those words stand; none for words of the title and for what no words cause.
    pub span: Option<[usize; 2]>,
}

/// A product or topic of the lexicon that a post names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its key in the organisation.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Whether it is a competitor's.
    pub competitor: bool,
    /// The words that name it, as they stand in the post, first of each place.
    pub words: String,
    /// The bytes of `post.text` where it is named; empty when only the title names it.
    pub spans: Vec<[usize; 2]>,
}

/// A visible sum of named rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// The points of all terms that are known.
    pub total: i64,
    /// Every rule, also those whose number is unknown.
    pub terms: Vec<Term>,
}

/// One rule of a sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The rule's name.
    pub rule: String,
    /// What it saw, in words.
    pub words: String,
    /// What it adds; `None` means unknown, which is not zero.
    pub points: Option<i64>,
}
