//! Reading one text with all heads.

use std::ops::Range;

use super::Panel;
use super::grams::{LONGEST, MOST_LANGUAGES, MOST_LETTERS};
use super::known::Known;
use super::together::{MOST, Sums};
use crate::features::{Extractor, Feature, GROUPS, Sort};
use crate::head::Head;

/// What one thread keeps from post to post.
#[derive(Debug, Default)]
pub struct Reader {
    pub(crate) extractor: Extractor,
    known: Known,
    sums: Sums,
    /// Sums of a few features, before they are added to the others.
    part: (Vec<i16>, Vec<u32>),
    hashes: Vec<u32>,
    /// The squares of each group, all heads one after another.
    squares: [Vec<u32>; GROUPS],
    /// Which tokens count as one, and what the pieces of each add up to, all heads one after another.
    runs: Vec<Range<u32>>,
    pieces: Vec<i16>,
    /// Scores of all heads of the panel, one after another.
    pub(crate) scores: Vec<f32>,
    pub(crate) row: Vec<f32>,
    pub(crate) chances: Vec<f32>,
    /// What the letters cost in each language, in sixteenths of a nat, and how many were looked at.
    pub(crate) costs: Vec<u32>,
    pub(crate) letters: u32,
    /// The probability of each language.
    pub(crate) languages: Vec<f32>,
    /// What each token weighed, for evidence.
    pub(crate) words: Vec<f32>,
}

impl Panel {
    /// Reads a text and lets every head score it.
    pub(crate) fn read(&self, text: &str, reader: &mut Reader) {
        reader.extractor.read_words(text);
        reader.scores.clear();
        self.heads.iter().for_each(|head| reader.scores.extend_from_slice(&head.manifest.constants));
        self.sum_features(0, reader);
        self.close(0, reader);
        self.sum_pieces(reader);
        self.close(1, reader);
        self.sum_features(2, reader);
        self.close(2, reader);
        self.add_meaning(reader);
        self.spread(&mut reader.scores);
    }

    /// Adds what the text means to the scores of the heads that learned from it.
    fn add_meaning(&self, reader: &mut Reader) {
        if self.heads.iter().all(|head| head.views.is_empty()) {
            return;
        }
        let meaning = reader.extractor.meaning();
        let mut scores = reader.scores.as_mut_slice();
        for head in &self.heads {
            let (own, rest) = scores.split_at_mut(head.outputs());
            scores = rest;
            if !head.views.is_empty() {
                let counts = head.manifest.meaning;
                head.add_meaning(&meaning.map(|it| it * counts), own);
            }
        }
    }

    /// Sums up what the features of words or of shape say.
    fn sum_features(&self, group: u8, reader: &mut Reader) {
        let Reader { extractor, sums, part: (weights, squares), hashes, .. } = reader;
        sums.clear(&self.together);
        weights.resize(self.together.width, 0);
        squares.resize(self.together.squares, 0);
        hashes.clear();
        hashes.extend(extractor.features().iter().filter(|it| it.group == group).map(|it| it.hash));
        for some in hashes.chunks(MOST) {
            self.together.sum(&self.heads, usize::from(group), some, weights, squares);
            sums.add(weights, squares);
        }
    }

    /// Sums up what the pieces of words say, and what their letters cost in each language.
    fn sum_pieces(&self, reader: &mut Reader) {
        let Reader { extractor, known, sums, runs, pieces, costs, .. } = reader;
        let languages = self.manifest.languages.len();
        known.fit(self.stamp, &self.together, languages);
        sums.clear(&self.together);
        runs.clear();
        pieces.clear();
        costs.clear();
        costs.resize(languages, 0);
        let (tokens, mut letters, mut at) = (&extractor.tokens, 0, 0);
        while let Some(run) = tokens.run(at) {
            at = run.end;
            let sort = tokens.list[run.start].sort;
            if !matches!(sort, Sort::Word | Sort::Tag | Sort::Number | Sort::Dense) {
                continue;
            }
            let parts = (self.heads.as_slice(), &self.together, &self.grams);
            let word = known.word(tokens.forms(&run), sort, extractor.hashes[run.start], parts);
            sums.add(word.weights, word.squares);
            runs.push(run.start as u32..run.end as u32);
            pieces.extend_from_slice(word.weights);
            if sort == Sort::Word && letters < MOST_LETTERS {
                letters += word.letters;
                for (sum, cost) in costs.iter_mut().zip(word.costs) {
                    *sum += u32::from(*cost);
                }
            } else if sort == Sort::Dense {
                letters += self.dense(extractor, &run, letters, costs);
            }
        }
        reader.letters = letters;
    }

    /// Adds what dense characters cost, each by those before it, also beyond where its run begins.
    fn dense(&self, extractor: &Extractor, run: &Range<usize>, before: u32, costs: &mut [u32]) -> u32 {
        let tokens = &extractor.tokens;
        let mut own = [0u16; MOST_LANGUAGES];
        let mut letters = 0;
        for at in run.clone() {
            let end = tokens.list[at].end as usize;
            if before + letters >= MOST_LETTERS || !tokens.chars[end - 1].is_alphabetic() {
                continue;
            }
            let joined = tokens.list[..at].iter().rev().take(LONGEST - 1).take_while(|it| it.sort == Sort::Dense);
            let start = tokens.list[at - joined.count()].start as usize;
            let own = &mut own[..costs.len().min(MOST_LANGUAGES)];
            own.fill(0);
            self.grams.letter(&tokens.chars[start..end], own);
            for (sum, cost) in costs.iter_mut().zip(own) {
                *sum += u32::from(*cost);
            }
            letters += 1;
        }
        letters
    }

    /// Adds a group's sums to the scores, brought to the length that the group counts.
    fn close(&self, group: usize, reader: &mut Reader) {
        let mut scores = reader.scores.as_mut_slice();
        for (head, place) in self.heads.iter().zip(&self.together.places) {
            let (own, rest) = scores.split_at_mut(head.outputs());
            scores = rest;
            let squares = reader.sums.squares[place.square];
            if squares > 0 {
                let share = head.manifest.groups[group] / (squares as f32).sqrt();
                let sums = &reader.sums.weights[place.weights.clone()];
                for ((score, sum), scale) in own.iter_mut().zip(sums).zip(&head.manifest.scales) {
                    *score += *sum as f32 * scale * share;
                }
            }
        }
        reader.squares[group].clone_from(&reader.sums.squares);
    }

    /// A head of two labels has one score, which speaks for the second and against the first.
    fn spread(&self, scores: &mut Vec<f32>) {
        let mut to = self.heads.iter().map(|head| head.labels().len()).sum::<usize>();
        let mut from = scores.len();
        scores.resize(to, 0.0);
        for head in self.heads.iter().rev() {
            if head.outputs() == 1 {
                let score = scores[from - 1];
                (from, to) = (from - 1, to - 2);
                (scores[to], scores[to + 1]) = (-score, score);
            } else {
                for _ in 0..head.outputs() {
                    (from, to) = (from - 1, to - 1);
                    scores[to] = scores[from];
                }
            }
        }
    }

    /// What each token of the text adds to a label of a head beyond what it adds to the others. Pieces of a word count
    /// for the word; pairs and triples count for each of their words in part.
    pub(crate) fn weigh(&self, head: &Head, label: usize, reader: &Reader, mut each: impl FnMut(Range<u32>, f32)) {
        let Some(index) = self.heads.iter().position(|it| std::ptr::eq(it, head)) else { return };
        let place = &self.together.places[index];
        let shares: [f32; GROUPS] = std::array::from_fn(|group| {
            let squares = reader.squares[group][place.square];
            if squares > 0 { head.manifest.groups[group] / (squares as f32).sqrt() } else { 0.0 }
        });
        for feature in reader.extractor.features().iter().filter(|it| it.past > it.first) {
            let Feature { hash, group, first, past } = *feature;
            if let Some(row) = head.table.row(hash) {
                let own = head.beyond(label, |output| f32::from(row[1 + output] as i8));
                each(first..past, own * shares[usize::from(group)]);
            }
        }
        for (run, sums) in reader.runs.iter().zip(reader.pieces.chunks(self.together.width)) {
            let sums = &sums[place.weights.clone()];
            each(run.clone(), head.beyond(label, |output| f32::from(sums[output])) * shares[1]);
        }
        if !head.views.is_empty() {
            reader
                .extractor
                .weigh_meaning(&head.meaning_beyond(label), |at, weight| each(at as u32..at as u32 + 1, weight));
        }
    }
}
