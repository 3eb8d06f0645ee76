//! What a wording would have heard, in words, a curve and posts.

use std::{collections::HashMap, time::Duration};

use dandelion_hub::{
    query::{
        self,
        lab::{Asked, Count, Preview},
    },
    search::{self, Search},
};
use dandelion_post::timestamp;

use super::{Lab, reading::Read};
use crate::{
    Problem,
    pages::found::found,
    view::{
        Sentence, counted, grouped,
        listening::lab::{Changed, Curve, CurveDay, Heard, LabPost},
    },
};

/// How long the script's question waits for a sample that is only just being read; it asks again.
pub(super) const BRIEFLY: Duration = Duration::from_millis(80);
/// How long a page waits for it.
pub(super) const PATIENTLY: Duration = Duration::from_secs(8);
/// Most words of two wordings that are compared word by word.
const COMPARED: usize = 400;

/// None where the wording cannot be read.
pub(super) async fn heard(lab: &Lab<'_>, reading: &Read, patience: Duration) -> Result<Option<Heard>, Problem> {
    let Ok(query) = &reading.query else { return Ok(None) };
    let hub = &lab.app.hub;
    let zone = super::super::zone_of(&hub.engine().await?.org);
    let (name, other) = other(lab).await?;
    let against = match &other {
        Some(text) if *text != lab.draft.text => read(lab, text).await?,
        _ => None,
    };
    let asked = Asked { query: query.clone(), against, zone: zone.clone(), patience };
    let Some(preview) = query::lab::preview(hub, &lab.signed.viewer, asked).await? else {
        let sum = Sentence::plain("Reading a sample of what is stored …");
        let basis = "The first time this takes a moment. The numbers come by themselves.".to_owned();
        return Ok(Some(Heard { wait: true, sum, basis, ..Heard::default() }));
    };
    let posts = Posts::load(lab, &preview).await?;
    let compared = preview.against.is_some();
    let name = if compared { name } else { String::new() };
    Ok(Some(Heard {
        wait: false,
        sum: sum(&preview),
        basis: basis(&preview),
        curve: Some(curve(&preview, &name, &zone)),
        hits: preview.hits.iter().filter_map(|hit| posts.of(hit.post, &hit.spans, None)).collect(),
        near: preview
            .near
            .iter()
            .filter_map(|near| posts.of(near.post, &near.spans, Some(near.part.clone())))
            .collect(),
        gained: (change("Newly heard", preview.gained.count, &preview), posts.all(&preview.gained.posts)),
        lost: (change("No longer heard", preview.lost.count, &preview), posts.all(&preview.lost.posts)),
        words_changed: other.filter(|_| compared).map(|text| difference(&text, &lab.draft.text)).unwrap_or_default(),
        against: name,
        words: preview.words.iter().map(|word| (word.word.clone(), (word.share * 100.0).round() as u32)).collect(),
        cost: cost(&preview),
    }))
}

/// What the wording is compared with: how it is called, and its text.
async fn other(lab: &Lab<'_>) -> Result<(String, Option<String>), Problem> {
    let Some(query) = &lab.query else { return Ok(Default::default()) };
    let Ok(number) = lab.draft.against.parse::<i64>() else {
        return Ok(("what listens now".to_owned(), Some(query.text.clone())));
    };
    let versions = query::versions(&lab.app.hub, query.id).await?;
    let version = versions.into_iter().find(|version| version.version == number);
    Ok((format!("version {number}"), version.map(|version| version.text)))
}

/// Another wording of the query; none where it can no longer be read.
async fn read(lab: &Lab<'_>, text: &str) -> Result<Option<dandelion_listen::Query>, Problem> {
    let Ok(query) = query::parse(text) else { return Ok(None) };
    let name = lab.query.as_ref().map(|query| query.name.as_str());
    Ok(lab.app.hub.engine().await?.standing(name, query).ok())
}

fn sum(preview: &Preview) -> Sentence {
    let heard = preview.heard;
    let start = Sentence::plain("In the last 30 days it would have heard ");
    if preview.looked_at == 0 {
        return Sentence::plain("Nothing of the last 30 days is stored, so there is nothing to try it on.");
    }
    match (heard.found, preview.exact) {
        (0, true) => start.strong("no post").text("."),
        (0, false) => start.strong("hardly a post").text(format!(": at most {}.", grouped(heard.interval.1))),
        (_, true) => {
            let people = counted(preview.people as i64, "person", "people");
            start.strong(counted(heard.posts, "post", "posts")).text(format!(" of {people}."))
        }
        (_, false) => start.text("about ").strong(counted(heard.posts, "post", "posts")).text(format!(
            " ({} to {}).",
            grouped(heard.interval.0),
            grouped(heard.interval.1)
        )),
    }
}

fn basis(preview: &Preview) -> String {
    let (looked_at, stored) = (grouped(preview.looked_at as i64), grouped(preview.stored));
    match (preview.looked_at, preview.exact) {
        (0, _) => String::new(),
        (1, true) => "The one post that is stored of that time was looked at.".to_owned(),
        (_, true) => format!("All {looked_at} posts that are stored of that time were looked at."),
        _ => format!(
            "From a sample of {looked_at} of {stored} posts; numbers are estimates, in brackets with 95 % certainty. \
             {} people wrote the {} hits in the sample.",
            grouped(preview.people as i64),
            grouped(preview.heard.found as i64)
        ),
    }
}

fn change(what: &str, count: Count, preview: &Preview) -> String {
    match (count.found, preview.exact) {
        (0, true) => format!("{what}: nothing"),
        (0, false) => format!("{what}: nothing in the sample"),
        (_, true) => format!("{what}: {}", counted(count.posts, "post", "posts")),
        (_, false) => format!(
            "{what}: about {} ({} to {})",
            counted(count.posts, "post", "posts"),
            grouped(count.interval.0),
            grouped(count.interval.1)
        ),
    }
}

fn curve(preview: &Preview, against: &str, zone: &jiff::tz::TimeZone) -> Curve {
    let day = |day: &query::lab::Day| CurveDay {
        label: timestamp(day.start).to_zoned_datetime(zone.clone()).strftime("%-d %B").to_string(),
        heard: day.heard,
        against: day.against,
        stored: day.stored,
    };
    let title = format!(
        "Posts a day over the last 30 days, {} in all; the numbers are in the table",
        grouped(preview.heard.posts)
    );
    Curve { title, against: against.to_owned(), days: preview.days.iter().map(day).collect() }
}

fn cost(preview: &Preview) -> String {
    let nanos = preview.nanos_a_post;
    if nanos == 0 {
        return String::new();
    }
    let each = if nanos < 10_000 { format!("{:.1} µs", nanos as f64 / 1e3) } else { format!("{} µs", nanos / 1000) };
    // 100 posts a second are 8.6 million a day.
    let percent = nanos as f64 * 100.0 / 1e9 * 100.0;
    let percent = if percent < 0.1 { "less than 0.1 %".to_owned() } else { format!("{percent:.1} %") };
    format!("About {each} a post with this query alone: {percent} of one processor core at 100 posts a second.")
}

/// The posts to be shown, as every member may see them.
struct Posts<'a> {
    lab: &'a Lab<'a>,
    found: HashMap<i64, search::Found>,
}

impl<'a> Posts<'a> {
    async fn load(lab: &'a Lab<'a>, preview: &Preview) -> Result<Self, Problem> {
        let shown = preview.hits.iter().map(|hit| hit.post).chain(preview.near.iter().map(|near| near.post));
        let ids: Vec<i64> = shown.chain(preview.gained.posts.iter().chain(&preview.lost.posts).copied()).collect();
        let mut found = HashMap::new();
        if !ids.is_empty() {
            let search = Search { ids, ..Search::default() };
            for post in search::posts(&lab.app.hub, &lab.signed.viewer, &search, None, 200).await? {
                found.insert(post.id, post);
            }
        }
        Ok(Self { lab, found })
    }

    fn of(&self, id: i64, spans: &[std::ops::Range<usize>], part: Option<String>) -> Option<LabPost> {
        let post = self.found.get(&id).filter(|post| !post.deleted)?.clone();
        Some(LabPost { id, found: found(&self.lab.wall, post, spans), part })
    }

    fn all(&self, ids: &[i64]) -> Vec<LabPost> {
        ids.iter().filter_map(|id| self.of(*id, &[], None)).collect()
    }
}

/// Two wordings word by word, by their longest common subsequence; whole where they are very long.
fn difference(other: &str, this: &str) -> Vec<Changed> {
    let (a, b): (Vec<&str>, Vec<&str>) = (other.split_whitespace().collect(), this.split_whitespace().collect());
    if a.len() > COMPARED || b.len() > COMPARED {
        return vec![Changed::Gone(other.to_owned()), Changed::Came(this.to_owned())];
    }
    let mut longest = vec![vec![0_u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] =
                if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut runs) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            runs.push(Changed::Same(a[i].to_owned()));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || i < a.len() && longest[i + 1][j] >= longest[i][j + 1] {
            runs.push(Changed::Gone(a[i].to_owned()));
            i += 1;
        } else {
            runs.push(Changed::Came(b[j].to_owned()));
            j += 1;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::{Changed, difference};

    #[test]
    fn wordings_are_compared_word_by_word() {
        let (same, gone, came) =
            (|w: &str| Changed::Same(w.into()), |w: &str| Changed::Gone(w.into()), |w: &str| Changed::Came(w.into()));
        assert_eq!(
            difference("kettle AND leak", "kettle leak*"),
            [same("kettle"), gone("AND"), gone("leak"), came("leak*")]
        );
        assert_eq!(difference("", "a"), [came("a")]);
    }
}
