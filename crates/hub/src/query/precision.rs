//! How much of what a query hears is about us, as far as people have looked.
//!
//! A mention is *right* when somebody marked it as about us, or took up, answered or resolved its case (as anything but
//! spam or not ours); it is *wrong* when somebody marked it as not about us. Everything else nobody has judged yet and
//! is left out. What people look at first is no fair sample, so the page offers a drawn one to mark ([`sample`]).
//!
//! The interval is Wilson's score interval at 95 % (E. B. Wilson, "Probable inference, the law of succession, and
//! statistical inference", JASA 22 (1927) 209–212), which also says something sensible of few mentions and of none wrong.
//! Words that stand out among the wrong ones are ranked by the log-likelihood ratio G² (T. Dunning, "Accurate methods for
//! the statistics of surprise and coincidence", Computational Linguistics 19 (1993) 61–74).

use std::collections::{HashMap, HashSet};

use dandelion_post::{
    Micros,
    words::{Kind, Words},
};
use serde::Serialize;

use super::{Query, find};
use crate::{
    Hub, Result,
    scope::{Role, Viewer},
    store::Q,
};

/// A week, in microseconds.
const WEEK: Micros = 7 * 86_400_000_000;
/// The first Monday after 1970 began.
const FIRST_MONDAY: Micros = 4 * 86_400_000_000;
/// Weeks of the trend.
const WEEKS: i64 = 12;
/// Most mentions of a kind that words are counted in, the newest.
const MOST: i64 = 5_000;
/// Suggestions made.
const SUGGESTED: usize = 6;

/// A share with its interval of 95 %, each between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// As counted.
    pub share: f64,
    /// It may well be as low as this …
    pub low: f64,
    /// … or as high.
    pub high: f64,
}

/// What people said of the mentions of a query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Precision {
    /// About us.
    pub right: i64,
    /// Not about us.
    pub wrong: i64,
    /// Nobody has said.
    pub unseen: i64,
    /// The share of right ones; none where nobody has said anything.
    pub interval: Option<Interval>,
}

/// One week of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Week {
    /// Its Monday, 00:00 UTC.
    pub from: Micros,
    /// Of what was written in it.
    pub precision: Precision,
}

/// A word whose exclusion would make the query more precise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The word, as it would be excluded.
    pub word: String,
    /// Wrong mentions that would no longer be heard …
    pub saved: i64,
    /// … and right ones that would be lost.
    pub lost: i64,
    /// Mentions nobody has judged that would go with them.
    pub unseen: i64,
    /// The query's text with it excluded.
    pub text: String,
}

/// Wilson's interval of `right` among `judged`.
pub fn wilson(right: i64, judged: i64) -> Option<Interval> {
    if judged <= 0 || right < 0 || right > judged {
        return None;
    }
    let (z, n) = (1.959_963_984_540_054_f64, judged as f64); // 97.5 % of the normal distribution lie below z
    let share = right as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let reach = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    Some(Interval { share, low: ((middle - reach) / scale).max(0.0), high: ((middle + reach) / scale).min(1.0) })
}

impl Precision {
    fn of(right: i64, wrong: i64, unseen: i64) -> Self {
        Self { right, wrong, unseen, interval: wilson(right, right + wrong) }
    }

    /// Mentions that somebody has judged.
    pub fn judged(&self) -> i64 {
        self.right + self.wrong
    }
}

/// 1 for right, 0 for wrong, null for unseen; over `mention_queries mq`, `mentions m`, `posts p`.
const VERDICT: &str = "case when k.id is not null then (case when k.about_us then 1 else 0 end)
    when c.accepted_at is not null and coalesce(c.resolution, '') not in ('spam', 'not-ours') then 1 end";
const FROM: &str = "from mention_queries mq join mentions m on m.id = mq.mention_id join posts p on p.id = m.post_id
    left join marks k on k.post_id = m.post_id and k.undone_at is null left join cases c on c.id = m.case_id";

/// The precision of each query that heard anything, by query.
pub async fn all(hub: &Hub, viewer: &Viewer) -> Result<HashMap<i64, Precision>> {
    viewer.need_anywhere(Role::Viewer, "see how precise queries are")?;
    let sql = format!("select v.query_id, sum(case when v.verdict = 1 then 1 else 0 end) as r, sum(case when v.verdict = 0 then 1 else 0 end) as w,
          sum(case when v.verdict is null then 1 else 0 end) as u from (select mq.query_id, {VERDICT} as verdict {FROM}) v group by v.query_id");
    let rows = hub.db.all(Q::of(sql)).await?;
    rows.iter()
        .map(|row| Ok((row.get("query_id")?, Precision::of(row.get("r")?, row.get("w")?, row.get("u")?))))
        .collect()
}

/// The precision of one query.
pub async fn of(hub: &Hub, viewer: &Viewer, query: i64) -> Result<Precision> {
    viewer.need_anywhere(Role::Viewer, "see how precise a query is")?;
    let sql = format!("select coalesce(sum(case when v.verdict = 1 then 1 else 0 end), 0) as r,
          coalesce(sum(case when v.verdict = 0 then 1 else 0 end), 0) as w, coalesce(sum(case when v.verdict is null then 1 else 0 end), 0) as u
        from (select {VERDICT} as verdict {FROM} where mq.query_id = $1) v");
    let row = hub.db.one(Q::of(sql).bind(query)).await?;
    Ok(Precision::of(row.get("r")?, row.get("w")?, row.get("u")?))
}

/// The last twelve weeks, the oldest first; weeks in which nothing was written are there too.
pub async fn weeks(hub: &Hub, viewer: &Viewer, query: i64) -> Result<Vec<Week>> {
    viewer.need_anywhere(Role::Viewer, "see how precise a query is")?;
    let this = (hub.now() - FIRST_MONDAY).div_euclid(WEEK);
    let first = this - WEEKS + 1;
    let sql = format!("select v.week, sum(case when v.verdict = 1 then 1 else 0 end) as r, sum(case when v.verdict = 0 then 1 else 0 end) as w,
          sum(case when v.verdict is null then 1 else 0 end) as u
        from (select (p.created_at - {FIRST_MONDAY}) / {WEEK} as week, {VERDICT} as verdict {FROM}
          where mq.query_id = $1 and p.created_at >= $2) v group by v.week");
    let mut found = HashMap::new();
    for row in hub.db.all(Q::of(sql).bind(query).bind(FIRST_MONDAY + first * WEEK)).await? {
        found.insert(row.get::<i64, _>("week")?, Precision::of(row.get("r")?, row.get("w")?, row.get("u")?));
    }
    let week = |at| Week { from: FIRST_MONDAY + at * WEEK, precision: found.get(&at).copied().unwrap_or_default() };
    Ok((first..=this).map(week).collect())
}

/// Mentions nobody has judged, drawn at random but always the same ones until they are judged: a fair sample to mark.
pub async fn sample(hub: &Hub, viewer: &Viewer, query: i64, count: i64) -> Result<Vec<i64>> {
    viewer.need_anywhere(Role::Viewer, "see how precise a query is")?;
    // Knuth's multiplicative hash of the post's number orders them as good as at random.
    let sql = format!(
        "select v.id from (select p.id, {VERDICT} as verdict {FROM} where mq.query_id = $1 and p.deleted_at is null) v
        where v.verdict is null order by (v.id * 2654435761) % 4294967296, v.id limit $2"
    );
    hub.db.all(Q::of(sql).bind(query).bind(count)).await?.iter().map(|row| row.get("id")).collect()
}

/// The newest mentions that are wrong.
pub async fn wrong(hub: &Hub, viewer: &Viewer, query: i64, count: i64) -> Result<Vec<i64>> {
    viewer.need_anywhere(Role::Viewer, "see how precise a query is")?;
    let sql = format!(
        "select p.id {FROM} where mq.query_id = $1 and k.about_us = false order by k.at desc, p.id desc limit $2"
    );
    hub.db.all(Q::of(sql).bind(query).bind(count)).await?.iter().map(|row| row.get("id")).collect()
}

/// Words to exclude, the most telling first; none where fewer than two mentions are wrong.
pub async fn suggestions(hub: &Hub, viewer: &Viewer, query: i64) -> Result<Vec<Suggestion>> {
    viewer.need_anywhere(Role::Viewer, "see how precise a query is")?;
    let query = find(hub, query).await?;
    let wrong = texts(hub, query.id, "= 0").await?;
    if wrong.len() < 2 {
        return Ok(Vec::new());
    }
    let (right, unseen) = (texts(hub, query.id, "= 1").await?, texts(hub, query.id, "is null").await?);
    Ok(telling(&query, &wrong, &right, &unseen))
}

/// Title and text of mentions with such a verdict, the newest.
async fn texts(hub: &Hub, query: i64, verdict: &str) -> Result<Vec<String>> {
    let sql = format!(
        "select v.title, v.text from (select p.id, p.title, p.text, {VERDICT} as verdict {FROM}
          where mq.query_id = $1 and p.deleted_at is null) v where v.verdict {verdict} order by v.id desc limit {MOST}"
    );
    let rows = hub.db.all(Q::of(sql).bind(query)).await?;
    rows.iter()
        .map(|row| {
            let title: Option<String> = row.get("title")?;
            let text: String = row.get("text")?;
            Ok(title.map_or(text.clone(), |title| format!("{title}\n{text}")))
        })
        .collect()
}

/// In how many texts each word stands.
fn counts(texts: &[String]) -> HashMap<String, i64> {
    let mut counts = HashMap::new();
    for text in texts {
        for word in words(text) {
            *counts.entry(word).or_default() += 1;
        }
    }
    counts
}

/// The words of a text that an exclusion can name; runs of scripts without spaces are no words.
fn words(text: &str) -> HashSet<String> {
    let cut = Words::of(text);
    let named = cut.iter().filter(|(token, _)| !token.address).filter_map(|(token, word)| match token.kind {
        Kind::Word | Kind::Tag if word.chars().count() >= 3 && !word.chars().all(char::is_numeric) => {
            Some(word.to_owned())
        }
        Kind::Handle => Some(format!("@{word}")),
        _ => None,
    });
    named.collect()
}

fn telling(query: &Query, wrong: &[String], right: &[String], unseen: &[String]) -> Vec<Suggestion> {
    let own = words(&query.text);
    let (in_wrong, in_right, in_unseen) = (counts(wrong), counts(right), counts(unseen));
    let (wrongs, rights) = (wrong.len() as f64, right.len() as f64);
    let mut found: Vec<(f64, &String, i64, i64)> = Vec::new();
    for (word, saved) in in_wrong.iter().filter(|(word, saved)| **saved >= 2 && !own.contains(*word)) {
        let lost = in_right.get(word).copied().unwrap_or(0);
        // With half a mention added to each side, so that "never" is not "impossible".
        let over = (*saved as f64 + 0.5) / (wrongs + 1.0) > 2.0 * (lost as f64 + 0.5) / (rights + 1.0);
        let surprise = g2([*saved as f64, wrongs - *saved as f64, lost as f64, rights - lost as f64]);
        if over && surprise > 3.84 {
            // 95 % of the chi-squared distribution with one degree of freedom lie below 3.84.
            found.push((surprise, word, *saved, lost));
        }
    }
    found.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    let made = found.into_iter().take(SUGGESTED).filter_map(|(_, word, saved, lost)| {
        let unseen = in_unseen.get(word).copied().unwrap_or(0);
        Some(Suggestion { text: excluding(&query.text, word)?, word: word.clone(), saved, lost, unseen })
    });
    made.collect()
}

/// Dunning's log-likelihood ratio of a table of two by two: with and without the word, wrong and right.
fn g2([with_wrong, without_wrong, with_right, without_right]: [f64; 4]) -> f64 {
    let (wrong, right) = (with_wrong + without_wrong, with_right + without_right);
    let (with, without, all) = (with_wrong + with_right, without_wrong + without_right, wrong + right);
    let part =
        |seen: f64, row: f64, column: f64| if seen > 0.0 { seen * (seen * all / (row * column)).ln() } else { 0.0 };
    2.0 * (part(with_wrong, with, wrong)
        + part(without_wrong, without, wrong)
        + part(with_right, with, right)
        + part(without_right, without, right))
}

/// The text with a word excluded from all of it, or none where the result could not be read.
fn excluding(text: &str, word: &str) -> Option<String> {
    let whole = format!("({text}) -{word}");
    let parsed = dandelion_listen::parse(&whole).ok()?;
    // Without the brackets where they change nothing.
    let plain = format!("{text} -{word}");
    Some(if dandelion_listen::parse(&plain).is_ok_and(|plain| plain == parsed) { plain } else { whole })
}

#[cfg(test)]
mod tests;
