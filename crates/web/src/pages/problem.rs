//! The page for what went wrong.

use axum::response::{Html, IntoResponse, Response};

use super::plain_shell;
use crate::{Problem, view};

/// The page of a problem. It asks the store for nothing, because the store may be what is wrong. `reference` is the
/// request's id, shown where an administrator could find more in the log.
pub(crate) fn page(problem: &Problem, reference: &str) -> Response {
    let page = view::problem::Problem {
        shell: plain_shell(problem.title()),
        status: problem.status().as_u16(),
        title: problem.title().to_owned(),
        text: match problem.field() {
            Some(field) => format!("{field}: {}", problem.detail()),
            None => problem.detail().to_owned(),
        },
        acts: acts(problem.status().as_u16()),
        reference: if problem.status().is_server_error() { reference.to_owned() } else { String::new() },
    };
    let html = askama::Template::render(&page).unwrap_or_else(|_| problem.title().to_owned());
    (problem.status(), Html(html)).into_response()
}

fn acts(status: u16) -> Vec<(String, String)> {
    let acts: &[(&str, &str)] = match status {
        401 => &[("Sign in", "/session/new")],
        403 => &[("Go to the desk", "/desk"), ("See my roles", "/account")],
        404 => &[("Go to the desk", "/desk"), ("Search", "/search")],
        _ => &[("Go home", "/")],
    };
    acts.iter().map(|(label, href)| ((*label).to_owned(), (*href).to_owned())).collect()
}
