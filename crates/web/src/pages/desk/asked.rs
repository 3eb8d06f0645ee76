//! What a person asked the desk for: an address, read and written.

use dandelion_hub::{
    case::{Assignee, Cursor, Filter, View},
    member,
    unit::Org,
};
use dandelion_post::Micros;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Frame;
use crate::Problem;

/// The query of `/desk`: which pile, of which unit, narrowed by what, and which case is open.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// A [`View`]; empty: waiting.
    pub(crate) view: String,
    /// Key (or id) of a unit.
    pub(crate) unit: String,
    /// Words, or a case number.
    pub(crate) q: String,
    /// `nobody`, `me`, or a member's key.
    pub(crate) assignee: String,
    pub(crate) intent: String,
    pub(crate) risk: String,
    pub(crate) language: String,
    pub(crate) network: String,
    pub(crate) product: String,
    pub(crate) topic: String,
    pub(crate) urgency_min: String,
    pub(crate) author: String,
    /// `true`: only those that are late.
    pub(crate) late: String,
    pub(crate) stage: String,
    pub(crate) sort: String,
    /// Microseconds since 1970.
    pub(crate) opened_since: String,
    /// Microseconds since 1970.
    pub(crate) closed_since: String,
    /// The open case.
    #[serde(skip_serializing, deserialize_with = "id_or_none")]
    pub(crate) case: Option<i64>,
    /// Where an earlier page ended.
    #[serde(skip_serializing)]
    pub(crate) after: String,
    /// Cases wanted by `/desk/rows`.
    #[serde(skip_serializing)]
    pub(crate) ids: String,
    /// The address is that of the case, not of the desk.
    #[serde(skip)]
    pub(crate) alone: bool,
}

/// An empty or odd `case=` is none: the list still stands.
fn id_or_none<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(String::deserialize(from)?.parse().ok().filter(|id| *id > 0))
}

impl Asked {
    /// A view and nothing else.
    pub(crate) fn view(view: View) -> Self {
        Self { view: view.as_str().to_owned(), ..Self::default() }
    }

    /// The same with another case open.
    pub(crate) fn with_case(&self, case: i64) -> Self {
        Self { case: Some(case), ..self.clone() }
    }

    /// The list alone, without the open case.
    pub(super) fn without_case(&self) -> Self {
        Self { case: None, alone: false, ..self.clone() }
    }

    /// Everything given but the case and the page, as `name=value` pairs.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(self) else { return Vec::new() };
        let text = |value: serde_json::Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        fields.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()
    }

    /// The query string of the list: without `case`, without `?`.
    pub(super) fn query(&self) -> String {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(self.pairs());
        text.finish()
    }

    /// The address.
    pub(crate) fn href(&self) -> String {
        let query = self.query();
        match self.case {
            Some(id) if self.alone && query.is_empty() => format!("/cases/{id}"),
            Some(id) if self.alone => format!("/cases/{id}?{query}"),
            Some(id) if query.is_empty() => format!("/desk?case={id}"),
            Some(id) => format!("/desk?{query}&case={id}"),
            None if query.is_empty() => "/desk".to_owned(),
            None => format!("/desk?{query}"),
        }
    }

    /// The address of the page after this place.
    pub(super) fn more(&self, after: Cursor) -> String {
        let query = self.query();
        format!("/desk?{query}{}after={after}", if query.is_empty() { "" } else { "&" })
    }

    /// Where an earlier page ended, if this is a later one.
    pub(super) fn cursor(&self) -> Result<Option<Cursor>, Problem> {
        Ok(if self.after.is_empty() { None } else { Some(self.after.parse()?) })
    }

    /// The pile.
    pub(super) fn pile(&self) -> Result<View, Problem> {
        if self.view.is_empty() { Ok(View::Waiting) } else { word("view", &self.view) }
    }

    /// What it is called.
    pub(super) fn title(&self, org: &Org) -> String {
        let pile = self.pile().map_or("Cases", name);
        match self.unit_id(org) {
            Ok(Some(unit)) => format!("{pile}: {}", org.unit_name(unit)),
            _ => pile.to_owned(),
        }
    }

    /// The unit asked for.
    pub(super) fn unit_id(&self, org: &Org) -> Result<Option<i64>, Problem> {
        if self.unit.is_empty() {
            return Ok(None);
        }
        let unit = org.units.iter().find(|unit| unit.key == self.unit || unit.id.to_string() == self.unit);
        let none = || Problem::new(axum::http::StatusCode::NOT_FOUND, format!("There is no unit “{}”.", self.unit));
        unit.map(|unit| Some(unit.id)).ok_or_else(none)
    }

    /// What the hub is asked for.
    pub(super) async fn filter(&self, frame: &Frame<'_>) -> Result<Filter, Problem> {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Filter {
            view: self.pile()?,
            unit: self.unit_id(&frame.engine.org)?,
            assignee: self.assigned(frame).await?,
            intent: text(&self.intent),
            risk: text(&self.risk),
            language: text(&self.language),
            network: text(&self.network),
            product: text(&self.product),
            topic: text(&self.topic),
            text: text(&self.q),
            urgency_min: number("urgency_min", &self.urgency_min)?,
            author: number("author", &self.author)?,
            late: matches!(self.late.as_str(), "true" | "1"),
            stage: optional("stage", &self.stage)?,
            opened_since: moment("opened_since", &self.opened_since)?,
            closed_since: moment("closed_since", &self.closed_since)?,
            sort: optional("sort", &self.sort)?,
        })
    }

    async fn assigned(&self, frame: &Frame<'_>) -> Result<Option<Assignee>, Problem> {
        Ok(match self.assignee.as_str() {
            "" => None,
            "nobody" => Some(Assignee::Nobody),
            "me" => Some(Assignee::Member(frame.signed.viewer.member)),
            key => match member::by_key(&frame.app.hub.db, key).await? {
                Some(member) => Some(Assignee::Member(member.id)),
                None => return Err(Problem::invalid("assignee", format!("nobody has the key “{key}”"))),
            },
        })
    }
}

/// What a view is called.
pub(super) fn name(view: View) -> &'static str {
    match view {
        View::Waiting => "Waiting for us",
        View::Offered => "Offered to us",
        View::Mine => "Mine",
        View::Approve => "To approve",
        View::Watching => "Watching",
        View::Snoozed => "Snoozed",
        View::Resolved => "Resolved",
        View::All => "All cases",
    }
}

fn word<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, Problem> {
    let value = serde_json::Value::String(text.to_owned());
    serde_json::from_value(value).map_err(|error| Problem::invalid(field, error.to_string()))
}

fn optional<T: DeserializeOwned>(field: &str, text: &str) -> Result<Option<T>, Problem> {
    if text.is_empty() { Ok(None) } else { word(field, text).map(Some) }
}

fn number(field: &str, text: &str) -> Result<Option<i64>, Problem> {
    let wrong = |_| Problem::invalid(field, format!("give a whole number, not “{text}”"));
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
}

fn moment(field: &str, text: &str) -> Result<Option<Micros>, Problem> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Some(dandelion_post::micros(at)));
    }
    number(field, text)
}
