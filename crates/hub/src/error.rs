/// What can go wrong in the hub, each with what a person can do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or is out of reach.
    #[error("the database did not do this: {0}")]
    Store(#[from] sqlx::Error),
    /// The data directory or database cannot be used as it is.
    #[error("{0}")]
    Unusable(String),
    /// Something named does not exist, or is out of the viewer's sight: both look the same from outside.
    #[error("there is no {noun} {id} that you can see")]
    NotFound {
        /// The noun, in the singular.
        noun: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The viewer may see this but not do that.
    #[error("{0}")]
    Forbidden(String),
    /// The state has moved on since it was looked at.
    #[error("{0}")]
    Conflict(String),
    /// Something given does not fit.
    #[error("{field}: {reason}{}", if .value.is_empty() { String::new() } else { format!(" (it reads `{}`)", .value) })]
    Invalid {
        /// Which field, as the person knows it.
        field: String,
        /// What is wrong and what to do.
        reason: String,
        /// The value, shortened to 80 characters.
        value: String,
    },
    /// The store holds what it never should: a broken chain, a dangling reference. `dandelion check` says more.
    #[error("the stored data is damaged: {0}. Run `dandelion check`; it names the first broken line")]
    Damaged(String),
}

/// The hub's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Invalid`]; the value is shortened here.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>, value: &str) -> Self {
        let dandelion_post::Refusal { field, reason, value } = dandelion_post::Refusal::new(field, reason, value);
        Self::Invalid { field, reason, value }
    }

    /// The error as the log may hold it: nothing that somebody gave, said or wrote. What was given stands in
    /// [`Error::Invalid`] with its value and often in its reason, and in what PostgreSQL says of data that does not fit
    /// (class 22 of its codes, <https://www.postgresql.org/docs/current/errcodes-appendix.html>).
    pub fn logged(&self) -> String {
        match self {
            Self::Invalid { field, .. } => format!("{field} does not fit"),
            Self::Store(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code.starts_with("22")) => {
                format!("the database did not take a value (code {})", error.code().unwrap_or_default())
            }
            Self::Forbidden(_) => "not allowed".to_owned(),
            Self::Conflict(_) => "the state has moved on".to_owned(),
            Self::NotFound { noun, .. } => format!("there is no such {noun}"),
            other => other.to_string(),
        }
    }

    /// An [`Error::NotFound`].
    pub fn not_found(noun: &'static str, id: impl ToString) -> Self {
        Self::NotFound { noun, id: id.to_string() }
    }

    /// Whether the database undid this because two transactions waited for each other; trying again helps.
    pub fn is_deadlock(&self) -> bool {
        matches!(self, Self::Store(sqlx::Error::Database(e)) if matches!(e.code().as_deref(), Some("40P01" | "40001")))
    }

    /// Whether the database says that a unique value is already taken.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Store(sqlx::Error::Database(e)) if e.is_unique_violation())
    }
}

impl From<dandelion_post::Refusal> for Error {
    fn from(refusal: dandelion_post::Refusal) -> Self {
        Self::Invalid { field: refusal.field, reason: refusal.reason, value: refusal.value }
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn the_log_holds_nothing_that_was_given() {
        let given = "ana@customer.example";
        let errors = [
            Error::invalid("author", format!("`{given}` is no account"), given),
            Error::Forbidden(format!("{given} may not")),
            Error::Conflict(format!("{given} was faster")),
            Error::not_found("handle", given),
        ];
        for error in errors {
            assert!(error.to_string().contains("ana"), "{error}");
            assert!(!error.logged().contains("ana"), "{}", error.logged());
        }
        assert!(Error::invalid("author", "unknown", given).logged().contains("author"));
    }
}
