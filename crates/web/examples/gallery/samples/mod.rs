//! Sample records: six languages, long words, right-to-left, deleted posts, every state of a reply, and nothing at all.

use askama::Template;
use dandelion_web::view::{Flash, Place, Shell, User};

mod desk;
mod home;
mod listening;
mod places;

/// Makes sample strings; every one may carry a tail, so that a test can put hostile text everywhere.
pub struct Words(&'static str);

impl Words {
    /// As they are.
    #[allow(dead_code, reason = "the gallery and the tests each use one of the two")]
    pub fn plain() -> Self {
        Self("")
    }

    /// With a tail.
    #[allow(dead_code, reason = "the gallery and the tests each use one of the two")]
    pub fn with(tail: &'static str) -> Self {
        Self(tail)
    }

    /// One string.
    pub fn t(&self, text: &str) -> String {
        format!("{text}{}", self.0)
    }
}

/// Every view: its name and its HTML.
pub fn every(w: &Words) -> Vec<(&'static str, String)> {
    let mut pages = Vec::new();
    pages.extend(desk::pages(w));
    pages.extend(home::pages(w));
    pages.extend(listening::pages(w));
    pages.extend(places::pages(w));
    pages
}

fn shell(w: &Words, place: Place, title: &str) -> Shell {
    Shell {
        title: w.t(title),
        assets: "assets".to_owned(),
        user: Some(User {
            name: w.t("Ana Kovač"),
            initials: "AK".to_owned(),
            roles: w.t("agent in Repairs & service"),
        }),
        csrf: w.t("4e1f"),
        place,
        ..Shell::default()
    }
}

fn undoable(w: &Words) -> Flash {
    Flash::undoable(w.t("Passed to Retail North, waiting for them to accept."), 812)
}

fn print(view: &impl Template) -> String {
    view.render().expect("a sample prints")
}
