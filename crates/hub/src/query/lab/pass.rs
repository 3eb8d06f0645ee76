//! One pass over the sample.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    time::{Duration, Instant},
};

use dandelion_listen::{Explained, Facts, Matcher, Scratch, explain, near_miss};
use dandelion_post::{Micros, micros, timestamp};

use super::{Asked, Day, NearMiss};
use crate::{
    query::sample::{Sample, Sampled},
    scope::Scope,
    unit::Org,
};

/// After how many posts the clock is looked at.
const STRIDE: usize = 256;
/// How many posts the time of matching is taken over.
const TIMED: usize = 512;
/// Near misses shown for one and the same part.
const NEAR_EACH: usize = 2;

/// The units by number: key and name.
#[derive(Debug)]
pub(super) struct Units(HashMap<i64, [String; 2]>);

impl Units {
    pub(super) fn of(org: &Org) -> Self {
        Self(org.units.iter().map(|unit| (unit.id, [unit.key.clone(), unit.name.clone()])).collect())
    }
}

pub(super) struct Pass<'a> {
    sample: &'a Sample,
    asked: &'a Asked,
    scope: &'a Scope,
    units: &'a Units,
    /// How many posts, from the first, were looked at.
    pub(super) looked_at: usize,
    /// Indices of the posts that are heard.
    pub(super) hits: Vec<u32>,
    /// How many the other wording hears.
    pub(super) against: usize,
    pub(super) gained: Vec<u32>,
    pub(super) lost: Vec<u32>,
    /// Beginnings of the days, and how many posts were found, found by the other wording, looked at.
    starts: Vec<Micros>,
    by_day: Vec<[usize; 3]>,
    alone: Matcher,
}

impl<'a> Pass<'a> {
    pub(super) fn new(sample: &'a Sample, asked: &'a Asked, scope: &'a Scope, units: &'a Units) -> Self {
        let alone = Matcher::new([(0, asked.query.clone())]);
        let (starts, by_day) = (Vec::new(), Vec::new());
        let (gained, lost) = (Vec::new(), Vec::new());
        Self {
            sample,
            asked,
            scope,
            units,
            looked_at: 0,
            hits: Vec::new(),
            against: 0,
            gained,
            lost,
            starts,
            by_day,
            alone,
        }
    }

    /// Looks at as many posts as there is time for.
    pub(super) fn run(&mut self, now: Micros) {
        self.starts = days(self.sample.since, now, &self.asked.zone);
        self.by_day = vec![[0; 3]; self.starts.len()];
        let both = [(0, Some(&self.asked.query)), (1, self.asked.against.as_ref())];
        let matcher = Matcher::new(both.into_iter().filter_map(|(number, query)| Some((number, query?.clone()))));
        let (started, mut scratch, mut hits) = (Instant::now(), Scratch::default(), Vec::new());
        for (index, sampled) in self.sample.posts.iter().enumerate() {
            if index % STRIDE == 0 && index > 0 && started.elapsed() > super::TIME {
                break;
            }
            self.with_facts(sampled, |facts| matcher.hits(&sampled.post, facts, &mut scratch, &mut hits));
            self.note(index as u32, sampled, &hits);
        }
    }

    fn note(&mut self, index: u32, sampled: &Sampled, hits: &[i64]) {
        self.looked_at += 1;
        let day = self.starts.partition_point(|start| *start <= sampled.at).saturating_sub(1);
        let (heard, against) = (hits.contains(&0), hits.contains(&1));
        if let Some(counts) = self.by_day.get_mut(day) {
            counts[0] += usize::from(heard);
            counts[1] += usize::from(against);
            counts[2] += 1;
        }
        self.against += usize::from(against);
        if heard {
            self.hits.push(index);
        }
        match (heard, against) {
            (true, false) => self.gained.push(index),
            (false, true) => self.lost.push(index),
            _ => {}
        }
    }

    pub(super) fn post(&self, index: u32) -> &'a Sampled {
        &self.sample.posts[index as usize]
    }

    /// The newest of some posts.
    pub(super) fn newest(&self, posts: &[u32], most: usize) -> impl Iterator<Item = &'a Sampled> + use<'a> {
        let mut posts: Vec<&'a Sampled> = posts.iter().map(|index| self.post(*index)).collect();
        posts.sort_by_key(|post| std::cmp::Reverse((post.at, post.id)));
        posts.into_iter().take(most)
    }

    pub(super) fn people(&self) -> usize {
        let authors: HashSet<Option<i64>> = self.hits.iter().map(|index| self.post(*index).author).collect();
        authors.iter().flatten().count()
    }

    pub(super) fn days(&self, scaled: impl Fn(usize) -> i64) -> Vec<Day> {
        let of = |(start, counts): (&Micros, &[usize; 3])| {
            let [heard, against, stored] = counts.map(&scaled);
            Day { start: *start, heard, against, stored }
        };
        self.starts.iter().zip(&self.by_day).map(of).collect()
    }

    /// What made a post match.
    pub(super) fn spans(&self, sampled: &Sampled, scratch: &mut Scratch) -> Vec<Range<usize>> {
        let mut hits = Vec::new();
        self.with_facts(sampled, |facts| self.alone.matches(&sampled.post, facts, scratch, &mut hits));
        hits.into_iter().flat_map(|hit| hit.spans).collect()
    }

    /// Posts that one part of the query keeps out, as many different parts as there are, as long as there is time.
    pub(super) fn near(&self, most: usize, time: Duration) -> Vec<NearMiss> {
        let (started, mut found, mut hits) = (Instant::now(), Vec::new(), self.hits.iter().copied().peekable());
        let mut parts: HashMap<String, usize> = HashMap::new();
        for index in 0..self.looked_at as u32 {
            if found.len() >= most || index.is_multiple_of(32) && started.elapsed() > time {
                break;
            }
            if hits.next_if_eq(&index).is_some() {
                continue;
            }
            let Some((part, spans)) = self.miss(self.post(index)) else { continue };
            let seen = parts.entry(part.clone()).or_default();
            *seen += 1;
            if *seen <= NEAR_EACH {
                found.push(NearMiss { post: self.post(index).id, part, spans });
            }
        }
        found
    }

    /// The one part that keeps a post out, and what matches the rest. A post in which no word matches anything is no near
    /// miss to a person, even if a single word would do.
    fn miss(&self, sampled: &Sampled) -> Option<(String, Vec<Range<usize>>)> {
        self.with_facts(sampled, |facts| {
            let part = near_miss(&self.asked.query, &sampled.post, facts)?;
            let mut spans = Vec::new();
            lit(&explain(&self.asked.query, &sampled.post, facts), &mut spans);
            (!spans.is_empty()).then_some((part, spans))
        })
    }

    /// Everything that is known of a post, as far as the viewer may know it.
    fn with_facts<T>(&self, sampled: &Sampled, ask: impl FnOnce(&Facts<'_>) -> T) -> T {
        let known = &sampled.known;
        let unit = known.unit.filter(|unit| self.scope.holds(*unit)).and_then(|unit| self.units.0.get(&unit));
        let units: Vec<&str> = unit.into_iter().flatten().map(String::as_str).collect();
        let Some(judged) = &known.judged else {
            return ask(&Facts { source: Some(&known.source), units: &units, ..Facts::default() });
        };
        let intents: Vec<&str> = judged.intents.iter().map(String::as_str).collect();
        let topics: Vec<&str> = judged.topics.iter().map(String::as_str).collect();
        ask(&Facts {
            language: Some(judged.language.as_str()).filter(|language| *language != "unknown"),
            source: Some(&known.source),
            sentiment: Some(&judged.sentiment),
            intents: &intents,
            urgency: judged.urgency,
            topics: &topics,
            units: &units,
            ..Facts::default()
        })
    }

    /// Time that matching takes for one post, taken anew with this query alone.
    pub(super) fn nanos_a_post(&self) -> u64 {
        let posts = &self.sample.posts[..self.sample.posts.len().min(TIMED)];
        if posts.is_empty() {
            return 0;
        }
        let (started, mut scratch, mut hits) = (Instant::now(), Scratch::default(), Vec::new());
        for sampled in posts {
            self.with_facts(sampled, |facts| self.alone.hits(&sampled.post, facts, &mut scratch, &mut hits));
        }
        started.elapsed().as_nanos() as u64 / posts.len() as u64
    }
}

/// The spans of what holds in a query that as a whole does not, except of what is to be left out.
fn lit(node: &Explained, spans: &mut Vec<Range<usize>>) {
    if node.truth || node.children.is_empty() {
        spans.extend(node.spans.iter().cloned());
    } else if !node.text.starts_with("NOT ") {
        node.children.iter().for_each(|child| lit(child, spans));
    }
}

/// The first moments of the days from `since` to `now`; the first day is whole where the window allows it.
fn days(since: Micros, now: Micros, zone: &jiff::tz::TimeZone) -> Vec<Micros> {
    let first = timestamp(since).to_zoned_datetime(zone.clone()).date();
    let mut starts = Vec::new();
    for day in 0.. {
        let Ok(date) = first.checked_add(jiff::Span::new().days(day)) else { break };
        let Ok(start) = zone.to_timestamp(date.at(0, 0, 0, 0)) else { break };
        let start = micros(start);
        if start > now {
            break;
        }
        starts.push(start);
    }
    starts
}
