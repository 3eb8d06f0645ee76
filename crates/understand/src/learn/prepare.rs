//! From texts to rows of columns: features counted, weighed, and brought to length 1 a group.

use super::solve::Rows;
use super::{Example, Recipe};
use crate::features::{Extractor, GROUPS, inputs};

/// Highest part of a feature in the length of its group; see [`crate::head::Head::answer`].
const MOST_PART: f32 = 255.0;

/// A feature of one text: where it lies, how often, which group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub place: u32,
    pub times: u16,
    pub group: u8,
}

/// The features of all texts.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    starts: Vec<usize>,
    seen: Vec<Seen>,
    /// What each text means, `inputs` numbers a text.
    views: Vec<f32>,
    pub inputs: usize,
}

impl Texts {
    /// Reads the features of the groups that count.
    pub(crate) fn read(examples: &[Example], recipe: &Recipe) -> Self {
        let bits = recipe.bits;
        let inputs = inputs(recipe.meaning);
        let mut own = Self { starts: vec![0], inputs, ..Self::default() };
        let mut extractor = Extractor::new();
        let mut buffer: Vec<(u8, u32)> = Vec::new();
        for example in examples {
            buffer.clear();
            let features = extractor.read(&example.text).iter();
            let counted = features.filter(|it| recipe.groups[usize::from(it.group)] > 0.0);
            buffer.extend(counted.map(|it| (it.group, it.hash >> (32 - bits))));
            buffer.sort_unstable();
            let same = buffer.chunk_by(|a, b| a == b);
            let seen = same.map(|run| Seen { group: run[0].0, place: run[0].1, times: run.len().min(999) as u16 });
            own.seen.extend(seen);
            own.starts.push(own.seen.len());
            extractor.view(recipe.meaning, &mut own.views);
        }
        own
    }

    fn view(&self, index: usize) -> &[f32] {
        &self.views[index * self.inputs..][..self.inputs]
    }

    fn of(&self, index: usize) -> &[Seen] {
        &self.seen[self.starts[index]..self.starts[index + 1]]
    }
}

/// Which places have a row, and what each feature counts.
#[derive(Debug)]
pub(crate) struct Columns {
    /// Places with a row, ascending.
    pub places: Vec<u32>,
    /// Each row's part in the length of its group, as stored.
    pub parts: Vec<u8>,
    numbers: Vec<u32>,
}

impl Columns {
    /// Counts in how many of the chosen examples each place occurs, and keeps those that are frequent enough.
    pub(crate) fn count(texts: &Texts, chosen: &[u32], recipe: &Recipe) -> Self {
        let mut counts = vec![0u32; 1 << recipe.bits];
        for index in chosen {
            for seen in texts.of(*index as usize) {
                counts[seen.place as usize] += 1;
            }
        }
        let mut numbers = vec![u32::MAX; counts.len()];
        let (mut places, mut weights) = (Vec::new(), Vec::new());
        let all = chosen.len() as f32;
        for (place, count) in (0u32..).zip(&counts) {
            if *count >= recipe.least {
                numbers[place as usize] = places.len() as u32;
                places.push(place);
                weights.push((1.0 + (all / *count as f32).ln()).max(0.05).powf(recipe.idf));
            }
        }
        let most = weights.iter().copied().fold(1e-6, f32::max);
        let parts = weights.iter().map(|weight| (weight / most * MOST_PART).round().max(1.0) as u8).collect();
        Self { places, parts, numbers }
    }

    /// The rows of the chosen examples.
    pub(crate) fn rows(&self, texts: &Texts, chosen: &[u32], recipe: &Recipe) -> Rows {
        let mut rows = Rows { starts: vec![0], inputs: texts.inputs, ..Rows::default() };
        for index in chosen {
            self.push(&mut rows, texts.of(*index as usize), recipe);
            rows.starts.push(rows.columns.len() as u32);
            rows.views.extend_from_slice(texts.view(*index as usize));
        }
        rows
    }

    fn push(&self, rows: &mut Rows, text: &[Seen], recipe: &Recipe) {
        for group in 0..GROUPS {
            let known = text.iter().filter(|it| usize::from(it.group) == group).filter_map(|it| {
                let number = self.numbers[it.place as usize];
                (number != u32::MAX).then(|| (number, f32::from(self.parts[number as usize]), f32::from(it.times)))
            });
            let squares: f32 = known.clone().map(|(_, part, times)| part * part * times).sum();
            let share = recipe.groups[group] / squares.max(1.0).sqrt();
            for (number, part, times) in known {
                rows.columns.push(number);
                rows.values.push(part * times * share);
            }
        }
    }
}
