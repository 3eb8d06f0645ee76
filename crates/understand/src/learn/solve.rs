//! Dual coordinate descent for the linear support vector machine with squared hinge loss (Hsieh et al. 2008, the
//! solver of LIBLINEAR), one label against the rest.

use super::dice::Dice;
use crate::features::product;

/// Rows of features, one after another; each has some numbers of its own beside the columns, which follow them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Rows {
    pub starts: Vec<u32>,
    pub columns: Vec<u32>,
    pub values: Vec<f32>,
    /// `inputs` numbers a row.
    pub views: Vec<f32>,
    pub inputs: usize,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(crate) fn row(&self, index: usize) -> (&[u32], &[f32]) {
        let range = self.starts[index] as usize..self.starts[index + 1] as usize;
        (&self.columns[range.clone()], &self.values[range])
    }

    fn view(&self, index: usize) -> &[f32] {
        &self.views[index * self.inputs..][..self.inputs]
    }

    /// The row's product with the weights: of all columns, of its own numbers, and of the constant.
    pub(crate) fn score(&self, index: usize, weights: &[f32]) -> f32 {
        let (columns, values) = self.row(index);
        let sum = dot(columns, values, weights);
        if self.inputs == 0 {
            return sum;
        }
        sum + product(self.view(index), &weights[weights.len() - 1 - self.inputs..])
    }
}

/// What one label's solver is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    pub rows: &'a Rows,
    /// Whether each row has the label.
    pub holds: &'a [bool],
    /// What a mistake at each row costs.
    pub costs: &'a [f32],
    pub columns: usize,
    pub passes: usize,
    pub seed: u64,
}

/// The weights of all columns, those of the rows' own numbers, and the last one that of the constant.
pub(crate) fn solve(task: &Task) -> Vec<f32> {
    let rows = task.rows;
    let constant = task.columns + rows.inputs;
    let mut weights = vec![0.0f32; constant + 1];
    let mut alphas = vec![0.0f32; rows.len()];
    let square = |values: &[f32]| values.iter().map(|x| x * x).sum::<f32>();
    let norms: Vec<f32> = (0..rows.len()).map(|at| square(rows.row(at).1) + square(rows.view(at)) + 1.0).collect();
    let mut order: Vec<u32> = (0..rows.len() as u32).filter(|at| task.costs[*at as usize] > 0.0).collect();
    let mut dice = Dice::new(task.seed);
    let mut active = order.len();
    let mut bound = f32::INFINITY;
    for _ in 0..task.passes {
        dice.shuffle(&mut order[..active]);
        let (mut most, mut least) = (f32::NEG_INFINITY, f32::INFINITY);
        let mut place = 0;
        while place < active {
            let at = order[place] as usize;
            let sign = if task.holds[at] { 1.0 } else { -1.0 };
            let diagonal = 0.5 / task.costs[at];
            let gradient = sign * rows.score(at, &weights) - 1.0 + diagonal * alphas[at];
            // A row that stays right of its margin is left out until the end (shrinking).
            if alphas[at] == 0.0 && gradient > bound {
                active -= 1;
                order.swap(place, active);
                continue;
            }
            let projected = if alphas[at] == 0.0 { gradient.min(0.0) } else { gradient };
            most = most.max(projected);
            least = least.min(projected);
            if projected.abs() > 1e-6 {
                let old = alphas[at];
                alphas[at] = (old - gradient / (norms[at] + diagonal)).max(0.0);
                let step = (alphas[at] - old) * sign;
                let (columns, values) = rows.row(at);
                for (column, value) in columns.iter().zip(values) {
                    weights[*column as usize] += step * value;
                }
                for (weight, value) in weights[task.columns..].iter_mut().zip(rows.view(at)) {
                    *weight += step * value;
                }
                weights[constant] += step;
            }
            place += 1;
        }
        if most - least < 0.1 {
            if active == order.len() {
                break;
            }
            active = order.len();
            bound = f32::INFINITY;
        } else {
            bound = if most <= 0.0 { f32::INFINITY } else { most };
        }
    }
    weights
}

/// The columns' product with the weights, constant included.
fn dot(columns: &[u32], values: &[f32], weights: &[f32]) -> f32 {
    let mut sums = [0.0f32; 4];
    let (fours, rest) = columns.as_chunks::<4>();
    for (four, values) in fours.iter().zip(values.as_chunks::<4>().0) {
        for place in 0..4 {
            sums[place] += weights[four[place] as usize] * values[place];
        }
    }
    let tail: f32 =
        rest.iter().zip(&values[fours.len() * 4..]).map(|(column, value)| weights[*column as usize] * value).sum();
    sums.iter().sum::<f32>() + tail + weights[weights.len() - 1]
}
