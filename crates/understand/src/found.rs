//! Products and topics of the lexicon that a post names.

use crate::dictionary::Meaning;
use crate::reading::{Mark, Reading};
use crate::{Found, Lexicon};

/// Places kept of one product or topic.
const MOST_PLACES: usize = 64;

/// Products in the order they are first named; where names overlap ("K2", "K2 Pro") the longer one counts.
pub(crate) fn products(reading: &Reading, lexicon: &Lexicon) -> Vec<Found> {
    let mut named: Vec<(&Mark, u32)> = of(reading, |meaning| match meaning {
        Meaning::Product(index) => Some(index),
        _ => None,
    });
    let (mut from, mut to) = (0, 0);
    named.retain(|(mark, _)| {
        // Marks are sorted by place, the longer first.
        let hidden = mark.to <= to && (mark.from, mark.to) != (from, to);
        if !hidden {
            (from, to) = (mark.from, mark.to);
        }
        !hidden
    });
    gather(reading, &named, |index| {
        let product = &lexicon.products[index as usize];
        (&product.key, &product.name, product.competitor)
    })
}

/// Topics in the order they are first named.
pub(crate) fn topics(reading: &Reading, lexicon: &Lexicon) -> Vec<Found> {
    let named = of(reading, |meaning| match meaning {
        Meaning::Topic(index) => Some(index),
        _ => None,
    });
    gather(reading, &named, |index| {
        let topic = &lexicon.topics[index as usize];
        (&topic.key, &topic.name, false)
    })
}

fn of<'r>(reading: &'r Reading, which: impl Fn(Meaning) -> Option<u32>) -> Vec<(&'r Mark, u32)> {
    reading.marks.iter().filter_map(|mark| which(mark.meaning).map(|index| (mark, index))).collect()
}

fn gather<'l>(
    reading: &Reading,
    named: &[(&Mark, u32)],
    entry: impl Fn(u32) -> (&'l String, &'l String, bool),
) -> Vec<Found> {
    let mut order: Vec<u32> = Vec::new();
    let mut found: Vec<Found> = Vec::new();
    for (mark, index) in named {
        let at = order.iter().position(|it| it == index).unwrap_or_else(|| {
            let (key, name, competitor) = entry(*index);
            order.push(*index);
            let words = reading.words_of(mark.from, mark.to);
            found.push(Found { key: key.clone(), name: name.clone(), competitor, words, spans: Vec::new() });
            found.len() - 1
        });
        let spans = &mut found[at].spans;
        if let Some(span) = reading.span_of(mark.from, mark.to)
            && spans.last().is_none_or(|last| last[1] <= span[0])
            && spans.len() < MOST_PLACES
        {
            spans.push(span);
        }
    }
    found
}
