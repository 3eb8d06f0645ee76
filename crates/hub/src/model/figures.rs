//! How well judging goes, as far as people have said; how what comes in and what is said of it drift; how far stated
//! probabilities hold.
//!
//! **Corrections** come in two sorts. Somebody who stumbles upon a mistake corrects it: such corrections count mistakes and
//! say nothing of what was right. Somebody whom the hub *asked* says “right as it is” as well: only of those a share of
//! right answers is told, with Wilson's interval. The posts asked about are the doubtful ones, so that share is lower than
//! that of all posts.
//!
//! **Drift** is the population stability index of a week against the four before it, `Σ (p − q) ln (p / q)` over the values
//! of a feature, each count raised by ½ (S. Siddiqi, *Credit Risk Scorecards*, 2006: below 0.1 little, up to 0.25 some, above
//! much has changed). Of few posts it is large by chance alone, about `(k − 1)(1/n + 1/m)` for k values and n and m posts (B.
//! Yurdakul, *Statistical properties of population stability index*, 2018), so a week counts as moved only beyond three times
//! that as well.
//!
//! **Calibration** holds the probability that was stated against how often asked people agreed. Which posts are asked
//! about depends on that very probability, which does not bend the picture: it says how often answers *of that
//! probability* are right.

use std::collections::BTreeMap;

use dandelion_post::Micros;
use dandelion_understand::Analysis;
use serde::Serialize;

use super::{Bin, SENTIMENT, TOPIC, report::bins, speak::value_of};
use crate::{
    Hub, Result,
    query::precision::{Interval, wilson},
    scope::{Role, Viewer},
    store::{Q, q},
};

const DAY: Micros = 86_400_000_000;
/// A week, in microseconds.
const WEEK: Micros = 7 * DAY;
/// The first Monday after 1970 began.
const FIRST_MONDAY: Micros = 4 * DAY;
/// Weeks shown, and weeks that each is held against.
const WEEKS: i64 = 13;
const AGAINST: usize = 4;
/// Posts read of a week, evenly.
const SAMPLE: i64 = 400;
/// Posts below which a week, and the weeks before it, tell nothing.
const LEAST: i64 = 30;
const LEAST_AGAINST: i64 = 60;
/// Days of corrections that are counted.
pub const DAYS: i64 = 90;
/// Answers that calibration is drawn from, the newest.
const ANSWERS: i64 = 5_000;
/// Above this a feature has moved some; above the other, much.
pub const SOME: f64 = 0.1;
/// See [`SOME`].
pub const MUCH: f64 = 0.25;

/// What people said of one judgement in one unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Said {
    /// Mistakes that people stumbled upon.
    pub mistakes: i64,
    /// Answers to the hub's questions …
    pub asked: i64,
    /// … of which so many said that it is right as it is.
    pub right: i64,
    /// Answers to what nobody had judged.
    pub first: i64,
}

impl Said {
    /// The share of right ones among those asked about.
    pub fn share(&self) -> Option<Interval> {
        wilson(self.right, self.asked)
    }

    fn add(&mut self, other: Self) {
        self.mistakes += other.mistakes;
        self.asked += other.asked;
        self.right += other.right;
        self.first += other.first;
    }
}

/// What people said of the last [`DAYS`].
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Corrections {
    /// By judgement.
    pub by_question: BTreeMap<String, Said>,
    /// By unit.
    pub by_unit: BTreeMap<i64, Said>,
    /// Posts judged in cases of the same units in the same time.
    pub judged: i64,
}

/// What people said, in the units the viewer sees.
pub async fn corrections(hub: &Hub, viewer: &Viewer) -> Result<Corrections> {
    let since = hub.now() - DAYS * DAY;
    let units = viewer.scope(Role::Viewer).sql("c.unit_id");
    let sql = format!(
        "select x.judgement, c.unit_id, count(case when not x.asked and x.was <> 'null' then 1 end) as mistakes,
           count(case when x.asked and x.was <> 'null' then 1 end) as asked,
           count(case when x.asked and x.value = x.was then 1 end) as agreed, count(case when x.was = 'null' then 1 end) as first
         from corrections x join posts p on p.id = x.post_id join case_threads ct on ct.thread_id = p.thread_id
         join cases c on c.id = ct.case_id
         where x.undone_at is null and x.at >= $1 and {units} group by x.judgement, c.unit_id"
    );
    let mut found = Corrections::default();
    for row in hub.db.all(Q::of(sql).bind(since)).await? {
        let said = Said {
            mistakes: row.get("mistakes")?,
            asked: row.get("asked")?,
            right: row.get("agreed")?,
            first: row.get("first")?,
        };
        found.by_question.entry(row.get("judgement")?).or_default().add(said);
        found.by_unit.entry(row.get("unit_id")?).or_default().add(said);
    }
    let sql = format!(
        "select count(*) as n from mentions m join cases c on c.id = m.case_id where m.at >= $1 and m.off_at is null and {units}"
    );
    found.judged = hub.db.one(Q::of(sql).bind(since)).await?.get("n")?;
    Ok(found)
}

/// How far the probabilities of a judgement hold, by asked people: `sentiment`, `language`, or a question of a unit's own.
pub async fn calibration(hub: &Hub, viewer: &Viewer, question: &str) -> Result<Vec<Bin>> {
    let sql = format!(
        "select x.value, a.body from corrections x join posts p on p.id = x.post_id
         join case_threads ct on ct.thread_id = p.thread_id join cases c on c.id = ct.case_id
         join analyses a on a.id = (select max(n.id) from analyses n where n.post_id = x.post_id and n.at <= x.at)
         where x.judgement = $1 and x.asked and x.undone_at is null and {} order by x.id desc limit {ANSWERS}",
        viewer.scope(Role::Viewer).sql("c.unit_id")
    );
    let mut answers = Vec::new();
    for row in hub.db.all(Q::of(sql).bind(question)).await? {
        let (value, body): (serde_json::Value, String) = (row.json("value")?, row.get("body")?);
        let Ok(analysis) = serde_json::from_str::<Analysis>(&body) else { continue };
        if let Some((said, score)) = stated(question, &analysis) {
            let right = match &value {
                serde_json::Value::Array(list) => list.len() == 1 && list[0] == said.as_str(),
                one => *one == said.as_str(),
            };
            answers.push((score, right));
        }
    }
    Ok(bins(answers.into_iter()))
}

/// What was said, and with which probability.
fn stated(question: &str, analysis: &Analysis) -> Option<(String, f64)> {
    let of = |judgement: &dandelion_understand::Judgement| (judgement.value.clone(), judgement.score);
    match question {
        SENTIMENT => Some(of(&analysis.sentiment)),
        "language" => Some(of(&analysis.language)),
        _ => analysis.own.iter().find(|own| own.question == question).map(|own| of(&own.judgement)),
    }
}

/// One feature, week by week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// What it is: `network`, `length`, `language` come in; the others are said.
    pub feature: &'static str,
    /// Whether it describes what comes in.
    pub input: bool,
    /// The oldest week first.
    pub weeks: Vec<DriftWeek>,
    /// The values of the newest week that tells anything: value, share in it, share in the weeks before.
    pub values: Vec<(String, f64, f64)>,
}

/// One week of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DriftWeek {
    /// Its Monday, 00:00 UTC.
    pub from: Micros,
    /// Posts read of it.
    pub n: i64,
    /// Its index against the weeks before; none of too few posts.
    pub index: Option<f64>,
    /// What chance alone would give.
    pub chance: f64,
}

impl DriftWeek {
    /// Whether it moved more than chance explains: by more than [`SOME`] and three times chance.
    pub fn moved(&self) -> bool {
        self.index.is_some_and(|index| index > SOME && index > 3.0 * self.chance)
    }
}

/// What is looked at: name, whether it comes in.
const FEATURES: [(&str, bool); 7] = [
    ("network", true),
    ("language", true),
    ("length", true),
    ("sentiment", false),
    ("intent", false),
    ("urgency", false),
    ("topic", false),
];

/// Counts of each value of each feature in a week.
#[derive(Debug, Clone, Default)]
struct Counts {
    n: i64,
    of: [BTreeMap<String, i64>; FEATURES.len()],
}

/// How what comes in and what is said of it drift, week by week. The same for all who look: shares of all mentions.
pub async fn drift(hub: &Hub, viewer: &Viewer) -> Result<Vec<Drift>> {
    viewer.need_anywhere(Role::Viewer, "see how judging goes")?;
    hub.memo("drift of judgements".to_owned(), async {
        let this = (hub.now() - FIRST_MONDAY).div_euclid(WEEK) * WEEK + FIRST_MONDAY;
        let mut weeks = Vec::new();
        for back in (0..WEEKS + AGAINST as i64).rev() {
            let from = this - back * WEEK;
            weeks.push((from, counted(hub, from).await?));
        }
        Ok(FEATURES.iter().enumerate().map(|(at, (name, input))| series(&weeks, at, name, *input)).collect())
    })
    .await
}

async fn counted(hub: &Hub, from: Micros) -> Result<Counts> {
    let sql = "select count(*) as n from mentions where at >= $1 and at < $2 and off_at is null";
    let all: i64 = hub.db.one(q!(sql, from, from + WEEK)).await?.get("n")?;
    let mut counts = Counts::default();
    if all == 0 {
        return Ok(counts);
    }
    let sql = format!(
        "select p.network, cast(length(p.text) as bigint) as letters, a.body from mentions m join posts p on p.id = m.post_id
         join analyses a on a.id = (select max(n.id) from analyses n where n.post_id = p.id)
         where m.at >= $1 and m.at < $2 and m.off_at is null and p.deleted_at is null and m.id % {} = 0 limit {}",
        all / SAMPLE + 1,
        2 * SAMPLE
    );
    for row in hub.db.all(Q::of(sql).bind(from).bind(from + WEEK)).await? {
        let body: String = row.get("body")?;
        let Ok(analysis) = serde_json::from_str::<Analysis>(&body) else { continue };
        let values = [
            row.get("network")?,
            analysis.language.value.clone(),
            length(row.get("letters")?).to_owned(),
            analysis.sentiment.value.clone(),
            analysis.intents.first().map_or_else(|| "other".to_owned(), |intent| intent.value.clone()),
            analysis.urgency.value.clone(),
            value_of(TOPIC, &analysis).unwrap_or_default(),
        ];
        counts.n += 1;
        for (counts, value) in counts.of.iter_mut().zip(values) {
            *counts.entry(value).or_default() += 1;
        }
    }
    Ok(counts)
}

/// Letters of a post, in steps that each double what a post may say.
fn length(letters: i64) -> &'static str {
    match letters {
        ..=40 => "up to 40 letters",
        41..=80 => "41 to 80",
        81..=160 => "81 to 160",
        161..=320 => "161 to 320",
        321..=640 => "321 to 640",
        _ => "more than 640",
    }
}

fn series(weeks: &[(Micros, Counts)], at: usize, feature: &'static str, input: bool) -> Drift {
    let mut drift = Drift { feature, input, weeks: Vec::new(), values: Vec::new() };
    for place in AGAINST..weeks.len() {
        let (from, now) = &weeks[place];
        let mut before: BTreeMap<&str, i64> = BTreeMap::new();
        for (value, n) in weeks[place - AGAINST..place].iter().flat_map(|(_, counts)| &counts.of[at]) {
            *before.entry(value).or_default() += n;
        }
        let m: i64 = before.values().sum();
        let mut week = DriftWeek { from: *from, n: now.n, index: None, chance: 0.0 };
        if now.n >= LEAST && m >= LEAST_AGAINST {
            let (index, chance, values) = stability(&now.of[at], &before);
            (week.index, week.chance, drift.values) = (Some(index), chance, values);
        }
        drift.weeks.push(week);
    }
    drift
}

/// The index of a week's counts against those before, what chance alone would give, and the shares.
fn stability(now: &BTreeMap<String, i64>, before: &BTreeMap<&str, i64>) -> (f64, f64, Vec<(String, f64, f64)>) {
    let mut names: Vec<&str> = now.keys().map(String::as_str).chain(before.keys().copied()).collect();
    names.sort_unstable();
    names.dedup();
    let (all_now, all_before) = (now.values().sum::<i64>() as f64, before.values().sum::<i64>() as f64);
    let many = names.len() as f64;
    let share = |count: Option<&i64>, all: f64| (count.copied().unwrap_or(0) as f64 + 0.5) / (all + 0.5 * many);
    let mut index = 0.0;
    let mut values = Vec::new();
    for name in names {
        let (here, there) = (share(now.get(name), all_now), share(before.get(name), all_before));
        index += (here - there) * (here / there).ln();
        let plain = |count: Option<&i64>, all: f64| count.copied().unwrap_or(0) as f64 / all;
        values.push((name.to_owned(), plain(now.get(name), all_now), plain(before.get(name), all_before)));
    }
    values.sort_by(|a, b| (b.1 + b.2).total_cmp(&(a.1 + a.2)));
    (index, (many - 1.0) * (1.0 / all_now + 1.0 / all_before), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, i64)]) -> BTreeMap<String, i64> {
        of.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
    }

    #[test]
    fn the_index_is_nothing_of_the_same_and_much_of_the_opposite() {
        let now = counts(&[("a", 200), ("b", 200)]);
        let same: BTreeMap<&str, i64> = [("a", 800), ("b", 800)].into();
        let (index, chance, _) = stability(&now, &same);
        assert!(index < 0.001, "{index}");
        assert!((chance - (1.0 / 400.0 + 1.0 / 1600.0)).abs() < 1e-9);
        let other: BTreeMap<&str, i64> = [("a", 160), ("b", 1440)].into();
        // (0.5 − 0.1) ln 5 + (0.5 − 0.9) ln (5/9), but for the half that is added.
        let (index, _, values) = stability(&now, &other);
        assert!((index - 0.879).abs() < 0.01, "{index}");
        assert_eq!(values[0].0, "b");
    }

    #[test]
    fn few_posts_that_differ_by_chance_have_not_moved() {
        let week = DriftWeek { from: 0, n: 30, index: Some(0.15), chance: 0.08 };
        assert!(!week.moved());
        assert!(DriftWeek { chance: 0.01, ..week }.moved());
        assert!(!DriftWeek { index: None, ..week }.moved());
    }
}
