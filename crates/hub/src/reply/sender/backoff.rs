use dandelion_post::Micros;

use crate::Random;

/// The first wait.
const BASE: Micros = 2_000_000;
/// The longest.
const MOST: Micros = 15 * 60_000_000;

/// How long to wait after attempt number `attempt` (from 1): doubling, half of it random, so that replies that failed
/// together do not come back together; never less than the network asked for.
pub(super) fn wait(attempt: i64, asked: Option<std::time::Duration>, random: &Random) -> Micros {
    wait_at_most(MOST, attempt, asked, random)
}

/// The same with another longest wait.
pub(crate) fn wait_at_most(most: Micros, attempt: i64, asked: Option<std::time::Duration>, random: &Random) -> Micros {
    let doublings = u32::try_from(attempt - 1).unwrap_or(0).min(20);
    let whole = BASE.saturating_mul(1 << doublings).min(most);
    let wait = whole / 2 + (random.u64() % (whole / 2) as u64) as Micros;
    let asked = asked.map_or(0, |asked| Micros::try_from(asked.as_micros()).unwrap_or(Micros::MAX));
    wait.max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_jitters_and_obeys() {
        let random = Random::seeded(7);
        for attempt in 1..40 {
            let whole = (BASE << (attempt - 1).min(20)).min(MOST);
            let waited = wait(attempt, None, &random);
            assert!((whole / 2..whole).contains(&waited), "attempt {attempt} waits {waited}");
        }
        assert_ne!(wait(5, None, &random), wait(5, None, &random));
        let hour = std::time::Duration::from_hours(1);
        assert_eq!(wait(1, Some(hour), &random), 3_600_000_000);
    }
}
