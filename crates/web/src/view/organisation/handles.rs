use askama::Template;

use crate::view::{Choice, Empty, Sentence, Shell, Time};

/// The accounts we speak from.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/handles.html")]
pub struct Handles {
    /// The frame.
    pub shell: Shell,
    /// One each, those in use first.
    pub rows: Vec<HandleRow>,
    /// “Three have no owner.” Empty where each has one.
    pub missing: String,
    /// Said if there is none.
    pub empty: Empty,
}

/// A handle.
#[derive(Clone, Debug, Default)]
pub struct HandleRow {
    /// Its key.
    pub key: String,
    /// Its name on its network.
    pub name: String,
    /// The network.
    pub network: String,
    /// What it is for.
    pub purpose: String,
    /// The unit: key and name.
    pub unit: (String, String),
    /// Who answers for it; none where nobody does.
    pub owner: Option<String>,
    /// Who stands in; empty where nobody does.
    pub deputy: String,
    /// When the last answer was published, and who wrote it.
    pub answered: Option<(Time, String)>,
    /// When something addressed to it was read last.
    pub read: Option<Time>,
    /// No longer spoken from.
    pub archived: bool,
}

/// One handle.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/handle.html")]
pub struct HandlePage {
    /// The frame.
    pub shell: Shell,
    /// As in the list.
    pub row: HandleRow,
    /// Its address outside, http or https.
    pub url: Option<String>,
    /// Whether it can publish, and what it lacks: one sentence.
    pub publishes: Sentence,
    /// Who may publish from it, with the role they have for that.
    pub publishers: Vec<(String, String)>,
    /// Who else, and who has to agree: sentences below the names.
    pub besides: Vec<Sentence>,
    /// What of it has not arrived, for networks that are told by us.
    pub undelivered: Vec<Sentence>,
    /// Purposes to choose from; none where the person may not choose.
    pub purposes: Vec<Choice>,
    /// Members to choose an owner from.
    pub owners: Vec<Choice>,
    /// Members to choose a deputy from.
    pub deputies: Vec<Choice>,
    /// Who may choose, where this person may not.
    pub ask: String,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
}
