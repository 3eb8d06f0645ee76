//! Rprop (Riedmiller & Braun 1993): gradient descent in which each parameter keeps a step size of its own, longer while
//! its slope keeps its sign and shorter when that turns. It needs no tuning.

use std::ops::RangeInclusive;

/// The step sizes of some parameters, and the slopes they were last made for.
#[derive(Debug)]
pub(crate) struct Rprop {
    steps: Vec<f64>,
    before: Vec<f64>,
    sizes: RangeInclusive<f64>,
}

impl Rprop {
    /// For so many parameters, beginning with steps of `first`; no step leaves `sizes`.
    pub(crate) fn new(parameters: usize, first: f64, sizes: RangeInclusive<f64>) -> Self {
        Self { steps: vec![first; parameters], before: vec![0.0; parameters], sizes }
    }

    /// What to take from the parameter at `at`, whose slope is `slope` now; to be asked once a round.
    pub(crate) fn step(&mut self, at: usize, slope: f64) -> f32 {
        let same = slope * self.before[at];
        let turned = if same > 0.0 {
            1.2
        } else if same < 0.0 {
            0.5
        } else {
            1.0
        };
        self.steps[at] = (self.steps[at] * turned).clamp(*self.sizes.start(), *self.sizes.end());
        self.before[at] = slope;
        (self.steps[at] * slope.signum()) as f32
    }
}
