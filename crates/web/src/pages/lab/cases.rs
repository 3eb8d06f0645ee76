//! Test cases on their way: saved ones that stay, and new ones made of posts or words, kept in a field of the form until
//! they are saved with the wording.
//!
//! The field lists them with spaces between: `s0` is the saved case 0, `+12` says that post 12 must match and `-12` that
//! it must not, `+t…` and `-t…` the same of words, percent-encoded.

use dandelion_hub::{
    engine::Engine,
    query::{self, Case},
    scope::Viewer,
};
use dandelion_listen::Query;

use crate::{
    App, Problem,
    view::{Text, listening::lab::Test},
};

/// Most test cases of one query.
const MOST: usize = 100;
/// Longest words of one, in letters.
const LETTERS: usize = 4_000;
/// Letters shown of one.
const SHOWN: usize = 160;

pub(super) struct Cases(Vec<(String, Case)>);

impl Cases {
    /// The cases a form lists; those that are saved where it lists none.
    pub(super) async fn read(app: &App, viewer: &Viewer, saved: &[Case], list: Option<&str>) -> Result<Self, Problem> {
        let mut cases = Self(Vec::new());
        let Some(list) = list else {
            cases.0 = saved.iter().enumerate().map(|(at, case)| (format!("s{at}"), case.clone())).collect();
            return Ok(cases);
        };
        for word in list.split_whitespace().take(MOST) {
            let matches = word.starts_with('+');
            if let Some(case) = word.strip_prefix('s').and_then(|at| saved.get(at.parse::<usize>().ok()?)) {
                cases.0.push((word.to_owned(), case.clone()));
            } else if let Some(words) = word.strip_prefix(['+', '-']).and_then(|rest| rest.strip_prefix('t')) {
                cases.add_text(&decoded(words), matches);
            } else if let Some(post) = word.strip_prefix(['+', '-']).and_then(|id| id.parse().ok()) {
                // One that was deleted meanwhile is no case any more.
                let _ = cases.add_post(app, viewer, post, matches).await;
            }
        }
        Ok(cases)
    }

    pub(super) async fn add_post(
        &mut self,
        app: &App,
        viewer: &Viewer,
        post: i64,
        matches: bool,
    ) -> Result<(), Problem> {
        let name = format!("{}{post}", if matches { '+' } else { '-' });
        if self.0.len() < MOST && !self.0.iter().any(|(known, _)| *known == name) {
            self.0.push((name, query::case_of(&app.hub, viewer, post, matches).await?));
        }
        Ok(())
    }

    pub(super) fn add_text(&mut self, words: &str, matches: bool) {
        let words: String = words.chars().take(LETTERS).collect();
        let encoded: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
        if self.0.len() < MOST {
            self.0.push((format!("{}t{encoded}", if matches { '+' } else { '-' }), Case::of_text(words, matches)));
        }
    }

    pub(super) fn drop(&mut self, at: usize) {
        if at < self.0.len() {
            self.0.remove(at);
        }
    }

    /// As the form keeps them.
    pub(super) fn written(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.join(" ")
    }

    pub(super) fn all(&self) -> Vec<Case> {
        self.0.iter().map(|(_, case)| case.clone()).collect()
    }

    /// Each with whether it holds; unknown for a wording that cannot be read.
    pub(super) fn tests(&self, engine: &Engine, query: Option<&Query>) -> Vec<Test> {
        let all = self.all();
        let failing = query.map(|query| query::failing(engine, query, &all));
        let test = |((name, case), same): (&(String, Case), &Case)| Test {
            text: Text::plain(&case.text).shortened(SHOWN),
            post: name.strip_prefix(['+', '-']).and_then(|id| id.parse().ok()),
            matches: case.matches,
            holds: failing.as_ref().map(|failing| !failing.iter().any(|one| std::ptr::eq(*one, same))),
            saved: name.starts_with('s'),
        };
        self.0.iter().zip(&all).map(test).collect()
    }
}

fn decoded(words: &str) -> String {
    url::form_urlencoded::parse(format!("t={words}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, words)| words.into_owned())
}
