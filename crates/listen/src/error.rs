use std::ops::Range;

/// What is wrong with a query: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at {}): {hint}", .span.start + 1)]
pub struct QueryError {
    /// The bytes of the query that are meant; may be empty, at its end.
    pub span: Range<usize>,
    /// What is wrong, in plain words.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl QueryError {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: hint.into() }
    }
}

/// What is legal in a query but probably not what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The bytes of the query that are meant.
    pub span: Range<usize>,
    /// What is odd, in plain words.
    pub message: String,
    /// What was probably meant.
    pub hint: String,
}

impl Warning {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: hint.into() }
    }
}
