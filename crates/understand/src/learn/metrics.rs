//! How good answers are.

/// How often each label was said where each was right.
#[derive(Debug, Clone)]
pub struct Confusion {
    labels: usize,
    counts: Vec<u32>,
}

impl Confusion {
    /// Counts pairs of (right, said).
    pub fn of(labels: usize, pairs: impl IntoIterator<Item = (u16, u16)>) -> Self {
        let mut counts = vec![0; labels * labels];
        for (right, said) in pairs {
            counts[usize::from(right) * labels + usize::from(said)] += 1;
        }
        Self { labels, counts }
    }

    /// How often `said` was said where `right` is right.
    pub fn count(&self, right: usize, said: usize) -> u32 {
        self.counts[right * self.labels + said]
    }

    /// Share that is right.
    pub fn accuracy(&self) -> f64 {
        let right: u32 = (0..self.labels).map(|at| self.count(at, at)).sum();
        share(right, self.counts.iter().sum())
    }

    /// F1 of each label that is right anywhere or said anywhere, averaged.
    pub fn macro_f1(&self) -> f64 {
        mean((0..self.labels).filter(|at| self.right(*at) + self.said(*at) > 0).map(|at| self.f1(at)))
    }

    /// Recall of each label that is right anywhere, averaged.
    pub fn macro_recall(&self) -> f64 {
        mean((0..self.labels).filter(|at| self.right(*at) > 0).map(|at| self.recall(at)))
    }

    /// How often the label is right.
    pub fn right(&self, label: usize) -> u32 {
        (0..self.labels).map(|said| self.count(label, said)).sum()
    }

    /// How often the label is said.
    pub fn said(&self, label: usize) -> u32 {
        (0..self.labels).map(|right| self.count(right, label)).sum()
    }

    /// Share of the places where the label is right at which it is said.
    pub fn recall(&self, label: usize) -> f64 {
        share(self.count(label, label), self.right(label))
    }

    /// Share of the places where the label is said at which it is right.
    pub fn precision(&self, label: usize) -> f64 {
        share(self.count(label, label), self.said(label))
    }

    /// The harmonic mean of both.
    pub fn f1(&self, label: usize) -> f64 {
        share(2 * self.count(label, label), self.right(label) + self.said(label))
    }
}

/// Expected calibration error: how far the probability of answers lies from how often they are right, in ten steps of
/// equal width, weighed by how many answers each holds (Naeini et al. 2015).
pub fn ece(answers: impl IntoIterator<Item = (f32, bool)>) -> f64 {
    let mut steps = [(0u32, 0u32, 0.0f64); 10];
    for (chance, right) in answers {
        let step = &mut steps[((chance * 10.0) as usize).min(9)];
        step.0 += 1;
        step.1 += u32::from(right);
        step.2 += f64::from(chance);
    }
    let all: u32 = steps.iter().map(|step| step.0).sum();
    if all == 0 {
        return 0.0;
    }
    steps.iter().map(|(_, right, chance)| (f64::from(*right) - chance).abs()).sum::<f64>() / f64::from(all)
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { 0.0 } else { sum / f64::from(count) }
}
