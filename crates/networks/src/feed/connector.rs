use dandelion_post::Refusal;
use serde_json::Value;
use url::Url;

use super::{Cursor, Error, poll};
use crate::{
    Later,
    contract::{Access, Connector, Page, Place, Trouble, Wait},
    guess::Guess,
};

/// Feeds, as the contract wants them.
pub(super) struct Feeds;

impl Connector for Feeds {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        let reason = "a feed needs the address it lies at, https://example.org/feed.xml";
        if place.is_web() { Ok(()) } else { Err(Refusal::new("url", reason, &place.url)) }
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(async move {
            let known: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
            let polled = poll(&access.client, &access.url, &known, access.now).await?;
            Ok(Page {
                items: polled.posts,
                cursor: serde_json::to_value(&polled.cursor).unwrap_or_default(),
                wait: polled.next_after.map_or(Wait::Usual, Wait::After),
                budget: None,
                moved_to: polled.moved_to,
                title: polled.title,
            })
        })
    }

    /// Any web address may be a feed or a page that has one; it is only looked for when nothing says more.
    fn guess(&self, typed: &str) -> Option<Guess> {
        let with_scheme = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
        let url = Url::parse(&with_scheme).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let host = url.host_str()?;
        let plain = !typed.contains(|c: char| c.is_whitespace() || matches!(c, '@' | '#')) && host.contains('.');
        if !plain && !typed.contains("://") {
            return None;
        }
        let path = url.path().to_ascii_lowercase();
        let named =
            [".xml", ".rss", ".atom", "/feed", "/feed/", "/rss", "feed.json"].iter().any(|end| path.ends_with(end));
        let what = format!("the feed at {host}, or the one its page names");
        Some(Guess::new(if named { 3 } else { 1 }, url.as_str(), &[], what))
    }
}

/// A feed has no sign-in that could be revoked: one that asks for a password has to be looked at by a person, in its
/// own time.
impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let why = error.to_string();
        match error {
            Error::Egress(error) => match Self::from(error) {
                Self::Revoked { .. } => Self::wrong(why),
                other => other,
            },
            Error::Unreadable(_) | Error::NothingFound(_) => Self::wrong(why),
        }
    }
}
