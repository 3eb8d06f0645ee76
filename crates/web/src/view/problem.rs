//! What is said when a page cannot be shown: what was wrong, and what to do next.

use askama::Template;

use super::Shell;

/// An error page, in the frame.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "problem.html")]
pub struct Problem {
    /// The frame.
    pub shell: Shell,
    /// The status: 404.
    pub status: u16,
    /// What was wrong.
    pub title: String,
    /// Why, in words.
    pub text: String,
    /// What to do next: label and address; the first is the likely one.
    pub acts: Vec<(String, String)>,
    /// What to tell an administrator: a request's number.
    pub reference: String,
}

impl Problem {
    /// There is no such thing, or not for this person: the two look the same, so that nobody can probe.
    pub fn not_found(shell: Shell, what: &str) -> Self {
        Self {
            shell: Shell { title: "Not found".to_owned(), ..shell },
            status: 404,
            title: format!("There is no {what} here"),
            text: "It was never here, it is gone, or it belongs to a unit you cannot see.".to_owned(),
            acts: vec![("Go to the desk".to_owned(), "/desk".to_owned()), ("Search".to_owned(), "/search".to_owned())],
            reference: String::new(),
        }
    }

    /// The person's roles do not allow it.
    pub fn forbidden(shell: Shell, why: &str) -> Self {
        Self {
            shell: Shell { title: "Not allowed".to_owned(), ..shell },
            status: 403,
            title: "Your roles do not allow this".to_owned(),
            text: why.to_owned(),
            acts: vec![
                ("See my roles".to_owned(), "/account".to_owned()),
                ("Go to the desk".to_owned(), "/desk".to_owned()),
            ],
            reference: String::new(),
        }
    }

    /// Something of ours broke.
    pub fn internal(shell: Shell, reference: String) -> Self {
        Self {
            shell: Shell { title: "Something broke".to_owned(), ..shell },
            status: 500,
            title: "Something of ours broke".to_owned(),
            text:
                "Nothing was half done: a change is stored whole or not at all. Try again; if it happens again, give \
                   your administrator the number below."
                    .to_owned(),
            acts: vec![("Go home".to_owned(), "/".to_owned())],
            reference,
        }
    }

    /// The session ended, or the form's token is not this session's.
    pub fn expired(shell: Shell, next: &str) -> Self {
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        Self {
            shell: Shell { title: "Sign in again".to_owned(), ..shell },
            status: 403,
            title: "Your session has ended".to_owned(),
            text: "What you sent was not done. Sign in again and send it once more; what you were writing is kept in \
                   this browser."
                .to_owned(),
            acts: vec![("Sign in".to_owned(), format!("/session/new?next={next}"))],
            reference: String::new(),
        }
    }
}
