//! What a source brought, day by day.

use askama::Template;

use super::lab::{below, round_up};
use crate::view::{grouped, prints_html};

/// A bar a day: stored, known already, refused.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/days.html")]
pub struct Days {
    /// Oldest first.
    pub days: Vec<SourceDay>,
}
prints_html!(Days);

/// One day.
#[derive(Clone, Debug, Default)]
pub struct SourceDay {
    /// `3 March`
    pub label: String,
    /// New ones.
    pub stored: i64,
    /// Ones we had.
    pub duplicate: i64,
    /// Ones that could not be taken.
    pub refused: i64,
}

impl SourceDay {
    /// All that came.
    pub fn sum(&self) -> i64 {
        self.stored + self.duplicate + self.refused
    }
}

/// A part of a day's bar, in a field of 1000 by 100.
pub struct DayBar {
    /// What it is, as a class.
    pub class: &'static str,
    /// Its left edge.
    pub x: String,
    /// Its width.
    pub width: String,
    /// Its upper edge.
    pub y: String,
    /// Its height.
    pub height: String,
}

impl Days {
    const WIDTH: f64 = 1000.0;
    const HEIGHT: f64 = 100.0;
    /// Room left above the highest bar.
    const ABOVE: f64 = 4.0;
    /// How much of its field a bar fills.
    const FILLED: f64 = 0.7;

    /// A round number that no day exceeds.
    pub fn most(&self) -> i64 {
        round_up(self.days.iter().map(SourceDay::sum).max().unwrap_or(0))
    }

    fn field(&self) -> f64 {
        Self::WIDTH / self.days.len().max(1) as f64
    }

    /// The parts of all bars. Something is never nothing.
    pub fn bars(&self) -> Vec<DayBar> {
        let (most, field) = (self.most() as f64, self.field());
        let mut bars = Vec::new();
        for (nth, day) in self.days.iter().enumerate() {
            let mut top = Self::HEIGHT;
            for (class, count) in [("", day.stored), (" muted", day.duplicate), (" bad", day.refused)] {
                if count == 0 {
                    continue;
                }
                let height = ((Self::HEIGHT - Self::ABOVE) * count as f64 / most).max(1.5);
                top -= height;
                let left = field * (nth as f64 + (1.0 - Self::FILLED) / 2.0);
                let written = |number: f64| format!("{number:.1}");
                let (x, width) = (written(left), written(field * Self::FILLED));
                bars.push(DayBar { class, x, width, y: written(top.max(0.0)), height: written(height) });
            }
        }
        bars
    }

    /// The field of each day that says its numbers on hovering: left edge, width, words.
    pub fn fields(&self) -> Vec<(String, String, String)> {
        let field = self.field();
        let words = |day: &SourceDay| {
            let SourceDay { label, stored, duplicate, refused } = day;
            format!(
                "{label}: {} stored, {} duplicate, {} refused",
                grouped(*stored),
                grouped(*duplicate),
                grouped(*refused)
            )
        };
        let days = self.days.iter().enumerate();
        days.map(|(nth, day)| (format!("{:.1}", field * nth as f64), format!("{field:.1}"), words(day))).collect()
    }

    /// Whether anything came that was not stored.
    pub fn has_others(&self) -> bool {
        self.days.iter().any(|day| day.duplicate + day.refused > 0)
    }

    /// Labels below: the first day, the middle and the last.
    pub fn below(&self) -> Vec<&str> {
        below(&self.days, |day| &day.label)
    }

    /// The same in words, for those who do not see it.
    pub fn words(&self) -> String {
        let sum = |of: fn(&SourceDay) -> i64| grouped(self.days.iter().map(of).sum::<i64>());
        format!(
            "Items a day over the last {} days: {} stored, {} duplicate, {} refused; the numbers are in the table",
            self.days.len(),
            sum(|day| day.stored),
            sum(|day| day.duplicate),
            sum(|day| day.refused)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Days, SourceDay};

    #[test]
    fn bars_stand_on_the_ground_one_above_the_other_and_stay_inside() {
        let day = |stored, duplicate, refused| SourceDay { stored, duplicate, refused, ..SourceDay::default() };
        let days = Days { days: vec![day(10, 10, 0), day(0, 0, 0), day(999_999, 0, 1)] };
        let bars = days.bars();
        assert_eq!(bars.len(), 4);
        for bar in &bars {
            let (y, height): (f64, f64) = (bar.y.parse().unwrap(), bar.height.parse().unwrap());
            assert!(y >= 0.0 && y + height <= 100.1, "{y} {height}");
        }
        assert_eq!((bars[3].class, bars[3].height.as_str()), (" bad", "1.5"), "one among a million is seen");
        assert_eq!(Days::default().bars().len(), 0);
    }
}
