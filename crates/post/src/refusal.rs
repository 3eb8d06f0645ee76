use serde::Serialize;

/// Why one item was not taken: which field, what was wrong, and the value, shortened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field}: {}", self.says())]
pub struct Refusal {
    /// The field or part that is wrong.
    pub field: String,
    /// What is wrong and, where one can say, what to do.
    pub reason: String,
    /// The value as it came, at most 80 characters of it.
    pub value: String,
}

impl Refusal {
    /// Makes one; `value` is shortened here.
    pub fn new(field: impl Into<String>, reason: impl Into<String>, value: &str) -> Self {
        let mut short: String = value.chars().take(80).filter(|c| !c.is_control()).collect();
        if short.len() < value.len() {
            short.push('…');
        }
        Self { field: field.into(), reason: reason.into(), value: short }
    }

    /// Why JSON is not read as a post, in words for whoever sent it.
    pub fn of_json(error: &serde_json::Error, text: &str) -> Self {
        let told = error.to_string();
        if !error.is_data() {
            return Self::new("json", format!("no whole JSON object stands here: {told}"), text);
        }
        // The place within a post says nothing that helps; which field it is does.
        let told = told.split_once(" at line 1 column").map_or(told.as_str(), |(told, _)| told);
        match told.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
            Some((field, _)) => Self::new(field, "it is missing; every post has `id` and `text`", ""),
            None => Self::new("json", told, ""),
        }
    }

    /// What is wrong with the value, without the field's name, for where that stands beside it.
    pub fn says(&self) -> String {
        let Self { reason, value, .. } = self;
        if value.is_empty() { reason.clone() } else { format!("{reason} (it reads `{value}`)") }
    }
}
