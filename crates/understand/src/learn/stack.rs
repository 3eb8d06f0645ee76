//! Multinomial logistic regression over a few dense inputs, with an L2 penalty: it weighs what several heads say.

use super::rprop::Rprop;

/// Weights of each label over the inputs.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Stack {
    /// Each label's weights, one row after another.
    pub weights: Vec<f32>,
    /// Each label's constant.
    pub constants: Vec<f32>,
}

impl Stack {
    /// Fits to rows of `inputs` numbers. `penalty` is what a squared weight costs beside one example's log-loss.
    pub fn fit(rows: &[f32], inputs: usize, truth: &[u16], labels: usize, penalty: f64) -> Self {
        let mut own = Self { weights: vec![0.0; labels * inputs], constants: vec![0.0; labels] };
        let parameters = labels * inputs + labels;
        let mut rprop = Rprop::new(parameters, 0.02, 1e-7..=0.5);
        let mut chances = vec![0.0f32; labels];
        let mut gradient = vec![0.0f64; parameters];
        for _ in 0..120 {
            let mut sums = vec![0.0f32; parameters];
            for (row, truth) in rows.chunks(inputs).zip(truth) {
                own.apply(row, &mut chances);
                chances[usize::from(*truth)] -= 1.0;
                for (label, chance) in chances.iter().enumerate() {
                    for (sum, value) in sums[label * inputs..][..inputs].iter_mut().zip(row) {
                        *sum += chance * value;
                    }
                    sums[labels * inputs + label] += chance;
                }
            }
            for (at, sum) in sums.iter().enumerate() {
                let pull = own.weights.get(at).map_or(0.0, |weight| penalty * f64::from(*weight));
                gradient[at] = f64::from(*sum) + pull;
            }
            own.step(&gradient, &mut rprop);
        }
        own
    }

    /// One round; a parameter without slope stays.
    fn step(&mut self, gradient: &[f64], rprop: &mut Rprop) {
        let inner = self.weights.len();
        for (at, slope) in gradient.iter().enumerate() {
            let step = rprop.step(at, *slope);
            if *slope != 0.0 {
                if at < inner { self.weights[at] -= step } else { self.constants[at - inner] -= step }
            }
        }
    }

    /// The probability of each label.
    pub fn apply(&self, row: &[f32], chances: &mut [f32]) {
        for (label, chance) in chances.iter_mut().enumerate() {
            let weights = &self.weights[label * row.len()..][..row.len()];
            *chance =
                self.constants[label] + weights.iter().zip(row).map(|(weight, value)| weight * value).sum::<f32>();
        }
        super::calibrate::softmax(chances);
    }
}
