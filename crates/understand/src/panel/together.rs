//! All heads read at once. Rows of heads that choose them by the same bits of a hash lie side by side, so that a feature
//! costs one look instead of one a head, and its weights are added by a few vector instructions. Everything is a sum of
//! whole numbers, so that the order of adding changes nothing: each head says what it says alone ([`Head::score`]).

use std::ops::Range;

use crate::head::Head;

/// Weights of a joined row, and heads in it.
const LANES: usize = 32;
const HEADS: usize = 8;
/// Places of one step of a block's map.
const STEP: usize = 32;
/// Features summed at a time: their weights fit in 16 bits together.
pub(super) const MOST: usize = 250;

/// Weights of several heads for one place of their tables; zero where a head has no row. As long as a line of the processor's
/// cache, so that each costs one read of memory.
#[derive(Debug, Clone, Copy)]
struct Row {
    weights: [i8; LANES],
    parts: [u8; HEADS],
}

const NOTHING: Row = Row { weights: [0; LANES], parts: [0; HEADS] };

/// Heads whose rows are joined.
#[derive(Debug, Clone)]
struct Block {
    bits: u32,
    heads: Vec<usize>,
    outputs: usize,
    /// Which of 32 places have a row, and how many rows lie before them.
    map: Vec<(u32, u32)>,
    rows: Vec<Row>,
}

/// Where a head's numbers lie in [`Sums`].
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub weights: Range<usize>,
    pub square: usize,
}

/// The joined tables of a panel's heads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Together {
    blocks: Vec<Block>,
    /// Heads that share their bits with no other, or are too wide; they keep their own tables.
    alone: Vec<usize>,
    pub(super) places: Vec<Place>,
    /// How many sums of weights there are, and how many of squares.
    pub(super) width: usize,
    pub(super) squares: usize,
}

/// What features of one group add up to, all heads one after another.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub weights: Vec<i32>,
    pub squares: Vec<u32>,
}

impl Sums {
    pub(super) fn clear(&mut self, together: &Together) {
        self.weights.clear();
        self.weights.resize(together.width, 0);
        self.squares.clear();
        self.squares.resize(together.squares, 0);
    }

    pub(super) fn add(&mut self, weights: &[i16], squares: &[u32]) {
        for (sum, weight) in self.weights.iter_mut().zip(weights) {
            *sum += i32::from(*weight);
        }
        for (sum, square) in self.squares.iter_mut().zip(squares) {
            *sum += square;
        }
    }
}

impl Together {
    pub(super) fn new(heads: &[Head]) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        for (index, head) in heads.iter().enumerate() {
            let (bits, outputs) = (head.table.bits, head.outputs());
            let room = |it: &&mut Block| it.bits == bits && it.heads.len() < HEADS && it.outputs + outputs <= LANES;
            if let Some(block) = blocks.iter_mut().find(room) {
                block.heads.push(index);
                block.outputs += outputs;
            } else {
                blocks.push(Block { bits, heads: vec![index], outputs, map: Vec::new(), rows: Vec::new() });
            }
        }
        blocks.retain(|block| block.heads.len() > 1);
        let joined = |index: &usize| blocks.iter().any(|block| block.heads.contains(index));
        let alone: Vec<usize> = (0..heads.len()).filter(|index| !joined(index)).collect();
        let mut own = Self { alone, places: vec![Place::default(); heads.len()], ..Self::default() };
        for block in &mut blocks {
            block.fill(heads);
            own.place(block, heads);
        }
        own.blocks = blocks;
        for index in own.alone.clone() {
            let outputs = heads[index].outputs();
            own.places[index] = Place { weights: own.width..own.width + outputs, square: own.squares };
            own.width += outputs;
            own.squares += 1;
        }
        own
    }

    fn place(&mut self, block: &Block, heads: &[Head]) {
        let mut at = self.width;
        for (part, index) in block.heads.iter().enumerate() {
            let end = at + heads[*index].outputs();
            self.places[*index] = Place { weights: at..end, square: self.squares + part };
            at = end;
        }
        self.width += LANES;
        self.squares += HEADS;
    }

    /// What at most [`MOST`] features of one group add up to, in the place of what lay in `weights` and `squares`.
    pub(super) fn sum(&self, heads: &[Head], group: usize, hashes: &[u32], weights: &mut [i16], squares: &mut [u32]) {
        let (mut at, mut square) = (0, 0);
        for block in &self.blocks {
            let (sums, of_parts) = block.sum(hashes);
            weights[at..at + LANES].copy_from_slice(&sums);
            squares[square..square + HEADS].copy_from_slice(&of_parts);
            at += LANES;
            square += HEADS;
        }
        for index in &self.alone {
            let (head, place) = (&heads[*index], &self.places[*index]);
            let sums = &mut weights[place.weights.clone()];
            sums.fill(0);
            squares[place.square] = 0;
            if head.manifest.groups[group] != 0.0 {
                squares[place.square] = sum_alone(head, hashes, sums);
            }
        }
    }
}

fn sum_alone(head: &Head, hashes: &[u32], sums: &mut [i16]) -> u32 {
    let mut squares = 0;
    for row in hashes.iter().filter_map(|hash| head.table.row(*hash)) {
        squares += u32::from(row[0]) * u32::from(row[0]);
        for (sum, weight) in sums.iter_mut().zip(&row[1..]) {
            *sum += i16::from(*weight as i8);
        }
    }
    squares
}

impl Block {
    /// Joins the rows of its heads.
    fn fill(&mut self, heads: &[Head]) {
        let heads: Vec<&Head> = self.heads.iter().map(|index| &heads[*index]).collect();
        for step in 0..(1usize << self.bits) / STEP {
            let bits = heads.iter().fold(0, |bits, head| bits | head.table.places(step * STEP, STEP));
            self.map.push((bits as u32, self.rows.len() as u32));
            for place in (0..STEP).filter(|place| bits >> place & 1 == 1) {
                let hash = ((step * STEP + place) as u32) << (32 - self.bits);
                let mut row = NOTHING;
                let mut lane = 0;
                for (part, head) in heads.iter().enumerate() {
                    if let Some(found) = head.table.row(hash) {
                        row.parts[part] = found[0];
                        for (to, from) in row.weights[lane..].iter_mut().zip(&found[1..]) {
                            *to = *from as i8;
                        }
                    }
                    lane += head.outputs();
                }
                self.rows.push(row);
            }
        }
    }

    #[inline]
    fn row(&self, hash: u32) -> Option<&Row> {
        let place = (hash >> (32 - self.bits)) as usize;
        let (bits, before) = *self.map.get(place / STEP)?;
        let bit = 1u32 << (place % STEP);
        if bits & bit == 0 {
            return None;
        }
        self.rows.get((before + (bits & (bit - 1)).count_ones()) as usize)
    }

    fn sum(&self, hashes: &[u32]) -> ([i16; LANES], [u32; HEADS]) {
        let (mut sums, mut squares) = ([0i16; LANES], [0u32; HEADS]);
        for row in hashes.iter().filter_map(|hash| self.row(*hash)) {
            for (sum, weight) in sums.iter_mut().zip(&row.weights) {
                *sum += i16::from(*weight);
            }
            for (sum, part) in squares.iter_mut().zip(&row.parts) {
                *sum += u32::from(u16::from(*part) * u16::from(*part));
            }
        }
        (sums, squares)
    }
}
