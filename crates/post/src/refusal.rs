use serde::Serialize;

/// Why one item was not taken: which field, what was wrong, and the value, shortened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field}: {reason}{}", if .value.is_empty() { String::new() } else { format!(" (it reads `{}`)", .value) })]
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
}
