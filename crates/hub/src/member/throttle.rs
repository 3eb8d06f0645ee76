//! Holding up those who guess passwords: per e-mail address and per network address, in memory.
//!
//! Five tries are free. Each further one must wait, twice as long as the one before, from a second up to a quarter
//! of an hour. A try that succeeds clears the e-mail address; an hour without a try clears anything. Memory is
//! bounded: when [`MOST`] are known, those longest without a try are forgotten.

use std::collections::HashMap;

use dandelion_post::Micros;

use crate::{Error, Result};

const SECOND: Micros = 1_000_000;
/// Tries without any wait.
pub const FREE: u32 = 5;
/// The longest wait.
pub const LONGEST: Micros = 900 * SECOND;
/// Without a try for so long, everything is forgotten.
const FORGET: Micros = 3600 * SECOND;
/// How many e-mail and network addresses are remembered, each.
pub const MOST: usize = 20_000;

/// Who tried how often.
#[derive(Debug, Default)]
pub struct Throttle {
    emails: HashMap<String, Tries>,
    addresses: HashMap<String, Tries>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    failed: u32,
    last: Micros,
}

impl Throttle {
    /// Nobody tried yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a try before the password is looked at, or refuses it. Counted first, so that many at once gain
    /// nothing; [`Throttle::succeeded`] takes it back.
    ///
    /// # Errors
    /// [`Error::Forbidden`] that says in how many seconds to come again. A refused try is not counted.
    pub fn try_now(&mut self, email: &str, address: &str, now: Micros) -> Result<()> {
        let email = super::folded(email);
        let wait = wait(&self.emails, &email, now).max(wait(&self.addresses, address, now));
        if wait > 0 {
            let seconds = (wait + SECOND - 1) / SECOND;
            let plural = if seconds == 1 { "second" } else { "seconds" };
            return Err(Error::Forbidden(format!("Too many tries. Try again in {seconds} {plural}")));
        }
        count(&mut self.emails, email, now);
        count(&mut self.addresses, address.to_owned(), now);
        Ok(())
    }

    /// The password was right: the e-mail address starts afresh, and the network address gets this try back.
    pub fn succeeded(&mut self, email: &str, address: &str) {
        self.emails.remove(&super::folded(email));
        if let Some(tries) = self.addresses.get_mut(address) {
            tries.failed = tries.failed.saturating_sub(1);
        }
    }
}

fn wait(among: &HashMap<String, Tries>, who: &str, now: Micros) -> Micros {
    let Some(tries) = among.get(who).filter(|tries| tries.failed >= FREE && now - tries.last < FORGET) else {
        return 0;
    };
    let doubled = SECOND << (tries.failed - FREE).min(20);
    (tries.last + doubled.min(LONGEST) - now).max(0)
}

fn count(among: &mut HashMap<String, Tries>, who: String, now: Micros) {
    if among.len() >= MOST && !among.contains_key(&who) {
        among.retain(|_, tries| now - tries.last < FORGET);
        if among.len() >= MOST {
            let mut times: Vec<Micros> = among.values().map(|tries| tries.last).collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            among.retain(|_, tries| tries.last > middle);
        }
    }
    let tries = among.entry(who).or_insert(Tries { failed: 0, last: now });
    if now - tries.last >= FORGET {
        tries.failed = 0;
    }
    *tries = Tries { failed: tries.failed.saturating_add(1), last: now };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_are_free_then_each_waits_longer() {
        let mut throttle = Throttle::new();
        let mut now = 0;
        for _ in 0..FREE {
            throttle.try_now("a@b.c", "10.0.0.1", now).unwrap();
        }
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            let told = throttle.try_now(" A@b.c", "10.0.0.2", now).unwrap_err().to_string();
            let plural = if wait == 1 { "second" } else { "seconds" };
            assert_eq!(told, format!("Too many tries. Try again in {wait} {plural}"));
            now += wait * SECOND;
            throttle.try_now("a@b.c", &format!("10.0.1.{wait}"), now).unwrap();
        }
        throttle.try_now("a@b.c", "10.0.0.3", now + FORGET).unwrap();
        throttle.try_now("a@b.c", "10.0.0.3", now + FORGET).unwrap();
    }

    #[test]
    fn one_network_address_with_many_names_waits_too() {
        let mut throttle = Throttle::new();
        for name in 0..FREE {
            throttle.try_now(&format!("{name}@b.c"), "10.0.0.1", 0).unwrap();
        }
        assert!(throttle.try_now("other@b.c", "10.0.0.1", 0).is_err());
        assert!(throttle.try_now("other@b.c", "10.0.0.2", 0).is_ok());
    }

    #[test]
    fn success_clears_the_name_and_not_the_whole_address() {
        let mut throttle = Throttle::new();
        for _ in 0..20 {
            throttle.try_now("a@b.c", "10.0.0.1", 0).unwrap();
            throttle.succeeded("a@b.c", "10.0.0.1");
        }
        for _ in 0..FREE {
            throttle.try_now("b@b.c", "10.0.0.1", 0).unwrap();
        }
        throttle.succeeded("a@b.c", "10.0.0.9");
        assert!(throttle.try_now("c@b.c", "10.0.0.1", 0).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::new();
        for n in 0..(MOST as i64 * 2 + 10) {
            throttle.try_now(&format!("{n}@b.c"), &n.to_string(), n).unwrap();
        }
        assert!(throttle.emails.len() <= MOST && throttle.addresses.len() <= MOST);
    }
}
