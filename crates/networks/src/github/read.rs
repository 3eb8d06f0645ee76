//! Asking what was said since: the lists of issues, of their comments and of comments on lines, in the order in which they
//! were changed, and [`discussions`](super::discussions). So what a lost delivery of the webhook held comes all the same.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    api,
    discussions::{date, discussions},
    post::{self, State},
};
use crate::contract::{Access, Item, Page, Trouble, Wait};

/// Entries of a page; what GitHub gives at most.
const PAGE: usize = 100;
/// Entries of the first page: what a person is shown who connects a repository.
const FIRST: usize = 30;

/// How far GitHub's clock may be from ours.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Where reading goes on, for each list by itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    issues: Mark,
    comments: Mark,
    reviews: Mark,
    discussions: Mark,
}

/// Everything changed before `since` was read, and of what was changed in that very second, these.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Mark {
    pub since: Option<Timestamp>,
    seen: Vec<String>,
    /// The page that comes next, where more was changed in one second than a page holds.
    further: usize,
}

impl Mark {
    /// Whether an entry was not read yet.
    pub fn is_new(&self, address: &str, changed: Timestamp) -> bool {
        self.since.is_none_or(|since| changed > since || changed == since && !self.seen.iter().any(|it| it == address))
    }

    /// Where nothing was ever said: from now on, by whichever clock.
    pub fn begins(&mut self, access: &Access) {
        self.since = self.since.or(Some(access.now - SKEW));
    }

    /// Notes that everything up to these entries was read.
    pub fn moves(&mut self, entries: &[(String, Timestamp)]) {
        let Some(latest) = entries.iter().map(|(_, at)| *at).max() else { return };
        if self.since.is_some_and(|since| latest < since) {
            return;
        }
        if self.since != Some(latest) {
            self.seen.clear();
        }
        self.since = Some(latest);
        let there = entries.iter().filter(|(_, at)| *at == latest).map(|(address, _)| address.clone());
        let news: Vec<String> = there.filter(|address| !self.seen.contains(address)).collect();
        self.seen.extend(news);
    }
}

/// The cursor from which everything changed since `to` comes again.
pub(super) fn rewound(to: Timestamp) -> Value {
    let mark = Mark { since: Some(to), ..Mark::default() };
    let cursor = Cursor { issues: mark.clone(), comments: mark.clone(), reviews: mark.clone(), discussions: mark };
    serde_json::to_value(cursor).unwrap_or_default()
}

/// What is new in a repository.
pub(super) async fn page(access: &Access, repository: &str, cursor: &Value) -> Result<Page, Trouble> {
    let mut cursor: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let (mut items, mut more, mut budget) = (Vec::<Item>::new(), false, None);
    let lists = [
        ("issues?state=all&", &mut cursor.issues),
        ("issues/comments?", &mut cursor.comments),
        ("pulls/comments?", &mut cursor.reviews),
    ];
    for (list, mark) in lists {
        let path = format!("/repos/{repository}/{list}");
        let (entries, left) = changed(access, &path, mark, &mut more).await?;
        // A pull request is listed as an issue; what it says itself is work, not talk.
        let said = entries.into_iter().filter(|entry| entry.get("pull_request").is_none());
        items.extend(said.map(|entry| post::read(entry, Some(repository), State::Stands)));
        budget = left.or(budget);
    }
    // Only who is signed in sees discussions here.
    if access.credentials.get("token").is_some() {
        match discussions(access, repository, &mut cursor.discussions).await {
            Ok((said, rest)) => {
                items.extend(said);
                more |= rest;
            }
            // Their allowance is another one: what the lists gave is not held back for it. It is told when they give nothing.
            Err(Trouble::Passing { .. }) if !items.is_empty() => {}
            Err(trouble) => return Err(trouble),
        }
    }
    let wait = if more { Wait::More } else { Wait::Usual };
    let cursor = serde_json::to_value(&cursor).unwrap_or_default();
    Ok(Page { items, cursor, wait, budget, title: Some(repository.to_owned()), ..Page::default() })
}

/// The entries of one list that were changed since; moves its mark and says whether there are more.
async fn changed(
    access: &Access,
    path: &str,
    mark: &mut Mark,
    more: &mut bool,
) -> Result<(Vec<Value>, Option<crate::egress::Budget>), Trouble> {
    let asked = match mark.since {
        None => format!("{path}sort=updated&direction=desc&per_page={FIRST}"),
        Some(since) => {
            let page = mark.further + 1;
            format!("{path}sort=updated&direction=asc&per_page={PAGE}&page={page}&since={since}")
        }
    };
    let (mut entries, budget) = api::list(access, &asked).await?;
    let begins = mark.since.is_none();
    if begins {
        entries.reverse();
    }
    let whole = !begins && entries.len() >= PAGE;
    let before = mark.since;
    let known: Vec<(String, Timestamp)> = entries.iter().filter_map(entry).collect();
    entries.retain(|it| entry(it).is_none_or(|(address, at)| mark.is_new(&address, at)));
    mark.moves(&known);
    mark.begins(access);
    mark.further = if whole && mark.since == before { mark.further + 1 } else { 0 };
    *more |= whole;
    Ok((entries, budget))
}

/// Its address, and when it was changed.
pub(super) fn entry(said: &Value) -> Option<(String, Timestamp)> {
    let at = date(said, "updated_at")?;
    Some((said["html_url"].as_str()?.to_owned(), at))
}
