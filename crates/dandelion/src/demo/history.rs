//! Thirty days of what people said, as the demo loads them.

#[cfg(test)]
use dandelion_post::Post;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::cast::Cast;
use super::dice::Dice;
use super::thread::Scene;
pub use super::thread::Told;
use super::voice::{K2, Kind, PRODUCTS, Product, Voice};
use super::words::Lang;

/// How far back the history goes.
pub const DAYS: i64 = 30;

/// Conversations that begin on a usual day, complaints about the K2 aside.
const A_DAY: f64 = 96.0;

/// What conversations begin with, with the share of each.
const KINDS: [(Kind, f64); 15] = [
    (Kind::Off, 0.20),
    (Kind::Defect, 0.17),
    (Kind::Praise, 0.115),
    (Kind::Question, 0.11),
    (Kind::Purchase, 0.095),
    (Kind::Delivery, 0.07),
    (Kind::Idea, 0.06),
    (Kind::Sarcasm, 0.045),
    (Kind::Rival, 0.04),
    (Kind::Cancel, 0.03),
    (Kind::Spam, 0.025),
    (Kind::Article, 0.015),
    (Kind::Job, 0.012),
    (Kind::Legal, 0.007),
    (Kind::Press, 0.006),
];

/// New complaints about the K2 by week: the first two days, then four weeks.
const COMPLAINTS: [(i64, i64); 5] = [(2, 3), (7, 9), (7, 12), (7, 17), (7, 27)];

/// Hours of the day (UTC), as busy as people are: little at night, most in the evening.
const HOURS: [f64; 24] = [
    0.15, 0.08, 0.06, 0.07, 0.15, 0.4, 0.8, 1.1, 1.2, 1.1, 1.0, 1.05, 1.1, 1.0, 0.95, 1.0, 1.15, 1.35, 1.5, 1.55, 1.3,
    0.9, 0.55, 0.3,
];

/// Monday to Sunday: people write most when they have time to cook.
const WEEK: [f64; 7] = [1.0, 0.9, 0.9, 0.92, 0.95, 1.12, 1.2];

/// The posts of the thirty days before `now`, in order of time. The same seed and time tell the same.
#[cfg(test)]
pub fn history(seed: u64, now: Timestamp) -> Vec<Post> {
    script(seed, now).into_iter().map(|told| told.post).collect()
}

/// The same with what each post is: for tests, and so that customers of the past can go on living.
pub fn script(seed: u64, now: Timestamp) -> Vec<Told> {
    let mut dice = Dice::new(seed);
    let mut voice = Voice::new();
    let cast = Cast::new(voice.words(), seed);
    let mut told = Vec::new();
    let begins = now - SignedDuration::from_hours(24 * DAYS);
    let mut scene = Scene { cast: &cast, voice: &mut voice, dice: &mut dice, now, told: &mut told };
    usual_days(&mut scene, begins);
    complaints(&mut scene, begins);
    told.retain(|told| told.at() < now);
    told.sort_by(|a, b| (a.at(), &a.post.id).cmp(&(b.at(), &b.post.id)));
    told
}

fn usual_days(scene: &mut Scene, begins: Timestamp) {
    let shares: Vec<f64> = KINDS.iter().map(|(_, share)| *share).collect();
    for day in 0..DAYS {
        let starts = (A_DAY * (0.85 + 0.3 * scene.dice.share())) as i64;
        for _ in 0..starts {
            let at = moment(scene.dice, begins, day, 1);
            let kind = KINDS[scene.dice.weighed(&shares)].0;
            let (lang, product) = (lang(scene.dice), product(scene.dice));
            match kind {
                // The magazines of the sample test kettles.
                Kind::Article => {
                    let kettle = *scene.dice.pick(&[PRODUCTS[0].0, PRODUCTS[1].0]);
                    scene.article(at, lang, kettle);
                }
                kind => scene.play(at, kind, lang, product),
            }
        }
    }
}

fn complaints(scene: &mut Scene, begins: Timestamp) {
    let mut day = 0;
    for (days, count) in COMPLAINTS {
        for _ in 0..count {
            let at = moment(scene.dice, begins, day, days);
            let lang = lang(scene.dice);
            scene.play(at, Kind::Safety, lang, K2);
        }
        day += days;
    }
}

/// A moment within some days of the history, by the rhythm of day and week.
fn moment(dice: &mut Dice, begins: Timestamp, day: i64, days: i64) -> Timestamp {
    // Rejection: a moment is kept as often as its hour is busy beside the busiest there is.
    let busiest = 1.55 * 1.2;
    loop {
        let milliseconds = dice.between(day * 86_400_000..(day + days) * 86_400_000);
        let at = begins + SignedDuration::from_millis(milliseconds);
        let clock = TimeZone::UTC.to_datetime(at);
        let weekday = clock.weekday().to_monday_zero_offset() as usize;
        if dice.chance(HOURS[clock.hour() as usize] * WEEK[weekday] / busiest) {
            return at;
        }
    }
}

/// A language, as often as it is spoken.
pub(super) fn lang(dice: &mut Dice) -> Lang {
    let shares: Vec<f64> = Lang::ALL.iter().map(|(_, share)| *share).collect();
    Lang::ALL[dice.weighed(&shares)].0
}

/// A product, as often as it is spoken of.
pub(super) fn product(dice: &mut Dice) -> Product {
    let shares: Vec<f64> = PRODUCTS.iter().map(|(_, share)| *share).collect();
    PRODUCTS[dice.weighed(&shares)].0
}
