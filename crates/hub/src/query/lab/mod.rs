//! The query lab: what a wording would have heard in the last 30 days, at each keystroke.
//!
//! One wording (and the one it is compared with) is held against the [sample](super::sample) in one pass that stops after
//! [`TIME`]; as the sample's posts stand in an order made by chance, those looked at until then are a smaller sample of
//! the same kind. Counts are scaled to what is stored, with the 95 % interval of Wilson (1927, *JASA* 22); where every
//! stored post of the window was looked at, they are exact and the interval is a point.

mod frequent;
mod pass;

use std::{ops::Range, sync::Arc, time::Duration};

use dandelion_listen::{Query, Scratch};
use dandelion_post::Micros;
use jiff::tz::TimeZone;

pub use frequent::Frequent;

use super::sample::Sample;
use crate::{
    Error, Hub, Result,
    scope::{Role, Scope, Viewer},
    store::q,
};

/// How long one wording is held against the sample.
pub const TIME: Duration = Duration::from_millis(70);
/// How long near misses are looked for.
const NEAR_TIME: Duration = Duration::from_millis(20);
/// Most hits shown, and near misses.
const SHOWN: usize = 6;
/// Most posts shown of those gained or lost.
const DIFFERENT: usize = 3;

/// What is asked of the lab.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The wording, read and resolved.
    pub query: Query,
    /// The one it is compared with.
    pub against: Option<Query>,
    /// Where days begin.
    pub zone: TimeZone,
    /// How long to wait for a sample that is only just being drawn.
    pub patience: Duration,
}

/// What a wording would have heard.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Posts looked at.
    pub looked_at: usize,
    /// Posts stored in the window; see [`Sample::stored`].
    pub stored: i64,
    /// Whether every stored post of the window was looked at: then all figures are exact.
    pub exact: bool,
    /// What it hears.
    pub heard: Count,
    /// Different authors among the hits looked at.
    pub people: usize,
    /// What the other wording hears.
    pub against: Option<Count>,
    /// Posts the other wording does not hear.
    pub gained: Difference,
    /// Posts that only the other wording hears.
    pub lost: Difference,
    /// The days of the window, oldest first.
    pub days: Vec<Day>,
    /// Some of what it hears, the newest first.
    pub hits: Vec<Shown>,
    /// Some of what it just misses.
    pub near: Vec<NearMiss>,
    /// The most frequent words among the hits that are not as frequent everywhere.
    pub words: Vec<Frequent>,
    /// Time that matching takes for one post and this query alone, in nanoseconds.
    pub nanos_a_post: u64,
}

/// How many posts, estimated from those looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Among the posts looked at.
    pub found: usize,
    /// Among all that are stored.
    pub posts: i64,
    /// The least and the most it may be, with 95 % certainty.
    pub interval: (i64, i64),
}

/// Posts that one wording hears and the other does not.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// How many.
    pub count: Count,
    /// Some of them, the newest first.
    pub posts: Vec<i64>,
}

/// One day of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Day {
    /// When it began.
    pub start: Micros,
    /// Posts the wording hears, scaled as [`Count::posts`].
    pub heard: i64,
    /// Posts the other wording hears.
    pub against: i64,
    /// Posts stored.
    pub stored: i64,
}

/// A post that is heard.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its number.
    pub post: i64,
    /// The bytes of its text that made it match.
    pub spans: Vec<Range<usize>>,
}

/// A post that is not heard, by one part of the query.
#[derive(Debug, Clone)]
pub struct NearMiss {
    /// Its number.
    pub post: i64,
    /// The part, as the query writes it.
    pub part: String,
    /// The bytes of its text that match the rest.
    pub spans: Vec<Range<usize>>,
}

/// Since when the index of words is asked for words that the sample does not know.
const SEEN: Micros = 90 * 86_400_000_000;

/// Whether a word, folded as listening folds it, was written in the last 90 days. Where the sample is not there yet, or
/// the word says nothing by itself, it counts as seen.
pub async fn seen(hub: &Hub, word: &str) -> Result<bool> {
    let Some(sample) = hub.sample(Duration::ZERO).await? else { return Ok(true) };
    if !super::terms::telling(word) || sample.vocabulary.count(word) > 0 {
        return Ok(true);
    }
    // A word that stands in none of thousands of posts is rare, so that the index is asked for few.
    let Some(expression) = crate::search::expression(word, hub.db.is_postgres()) else { return Ok(true) };
    let sql = if hub.db.is_postgres() {
        "select post_id from post_words where words @@ cast($1 as tsquery) order by post_id desc limit 100"
    } else {
        "select rowid as post_id from post_words where post_words match $1 order by rowid desc limit 100"
    };
    let rows = hub.db.all(q!(sql, expression)).await?;
    let ids = rows.iter().map(|row| row.get::<i64, _>("post_id")).collect::<Result<Vec<_>>>()?;
    if ids.is_empty() {
        return Ok(false);
    }
    let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let sql = format!("select 1 as x from posts where id in ({}) and created_at >= $1 limit 1", list.join(", "));
    Ok(hub.db.opt(crate::store::Q::of(sql).bind(hub.now() - SEEN)).await?.is_some())
}

/// What a wording would have heard; none while the sample is still being read. Posts are public and listening is shared
/// by all units, so every member may ask; `unit:` finds nothing of units the viewer may not see.
pub async fn preview(hub: &Hub, viewer: &Viewer, asked: Asked) -> Result<Option<Preview>> {
    viewer.need_anywhere(Role::Viewer, "try a query")?;
    let Some(sample) = hub.sample(asked.patience).await? else { return Ok(None) };
    let (scope, now) = (viewer.scope(Role::Viewer), hub.now());
    let units = Arc::new(pass::Units::of(&hub.engine().await?.org));
    let worked = tokio::task::spawn_blocking(move || look(&sample, &asked, &scope, &units, now));
    worked.await.map(Some).map_err(|_| Error::Damaged("the lab's computation broke off".into()))
}

fn look(sample: &Sample, asked: &Asked, scope: &Scope, units: &pass::Units, now: Micros) -> Preview {
    let mut pass = pass::Pass::new(sample, asked, scope, units);
    pass.run(now);
    let mut scratch = Scratch::default();
    let exact = sample.exact && pass.looked_at == sample.posts.len();
    let count = |found: usize| Count::of(found, pass.looked_at, sample.stored, exact);
    let difference = |posts: &[u32]| Difference {
        count: count(posts.len()),
        posts: pass.newest(posts, DIFFERENT).map(|post| post.id).collect(),
    };
    Preview {
        looked_at: pass.looked_at,
        stored: sample.stored,
        exact,
        heard: count(pass.hits.len()),
        people: pass.people(),
        against: asked.against.as_ref().map(|_| count(pass.against)),
        gained: difference(&pass.gained),
        lost: difference(&pass.lost),
        days: pass.days(|found| count(found).posts),
        hits: pass
            .newest(&pass.hits, SHOWN)
            .map(|post| Shown { post: post.id, spans: pass.spans(post, &mut scratch) })
            .collect(),
        near: pass.near(SHOWN, NEAR_TIME),
        words: frequent::among(&pass, sample),
        nanos_a_post: pass.nanos_a_post(),
    }
}

impl Count {
    fn of(found: usize, looked_at: usize, stored: i64, exact: bool) -> Self {
        if exact || looked_at == 0 {
            return Self { found, posts: found as i64, interval: (found as i64, found as i64) };
        }
        let (least, most) = wilson(found as f64, looked_at as f64);
        let all = stored as f64;
        let posts = (all * found as f64 / looked_at as f64).round() as i64;
        let interval = ((all * least).floor().max(found as f64) as i64, (all * most).ceil() as i64);
        Self { found, posts, interval }
    }
}

/// The share's 95 % interval after Wilson.
fn wilson(found: f64, of: f64) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let (share, squared) = (found / of, Z * Z);
    let middle = (share + squared / (2.0 * of)) / (1.0 + squared / of);
    let half = Z / (1.0 + squared / of) * (share * (1.0 - share) / of + squared / (4.0 * of * of)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// The text with one more word left out of what it hears: `-word` after it, in brackets where the whole would otherwise
/// be read apart. Text that cannot be read just gets the word.
pub fn without(text: &str, word: &str) -> String {
    let text = text.trim_end();
    let (plain, bracketed) = (format!("{text} -{word}"), format!("({text}) -{word}"));
    if needs_brackets(text) { bracketed } else { plain }
}

/// Whether what is added at the end of a text would only belong to its last part.
pub fn needs_brackets(text: &str) -> bool {
    let with = |text: String| dandelion_listen::parse(&text).ok();
    let text = text.trim_end();
    match (with(format!("{text} -a0")), with(format!("({text}) -a0"))) {
        (Some(plain), Some(bracketed)) => plain.to_string() != bracketed.to_string(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, without};

    #[test]
    fn a_word_is_left_out_of_the_whole() {
        assert_eq!(without("kettle leak*  ", "recipe"), "kettle leak* -recipe");
        assert_eq!(without("kettle OR teapot", "recipe"), "(kettle OR teapot) -recipe");
        assert_eq!(without("(kettle OR teapot) leak", "#sale"), "(kettle OR teapot) leak -#sale");
        assert_eq!(without("(kettle", "recipe"), "(kettle -recipe");
    }

    #[test]
    fn estimates_hold_what_is_true_and_exact_ones_are_points() {
        assert_eq!(Count::of(3, 10, 10, true).interval, (3, 3));
        let none = Count::of(0, 20_000, 1_000_000, false);
        assert_eq!((none.posts, none.interval.0), (0, 0));
        assert!((150..250).contains(&none.interval.1), "the rule of three: {none:?}");
        let some = Count::of(100, 20_000, 1_000_000, false);
        assert_eq!(some.posts, 5000);
        assert!(some.interval.0 > 4000 && some.interval.1 < 6200, "{some:?}");
    }
}
