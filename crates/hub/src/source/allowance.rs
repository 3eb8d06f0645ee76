//! What networks still allow, shared fairly by all sources that ask with the same credentials: each may use its part of
//! what is left of the window, and nobody asks where the network has said that it is enough. A network that counts
//! endpoint by endpoint has an allowance for each.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use dandelion_networks::{
    contract::{Connector, Place},
    egress::Budget,
};
use dandelion_post::Micros;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Kind, Source};

/// The allowances of everything this program asks; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Allowances(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Which credentials each source asks with.
    keys: HashMap<i64, Key>,
    /// What is known of each credentials' allowance.
    windows: HashMap<Key, Window>,
}

/// Names one allowance: of which credentials, without holding them, and for what.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    account: [u8; 16],
    draws_on: &'static str,
}

impl Key {
    /// Whoever has the same key shares one allowance: the same network, the same server, the same credentials, or none
    /// at all where the server counts by our address. Feeds are many servers' and counted by nobody.
    pub fn of(source: &Source, place: &Place) -> Self {
        if source.kind == Kind::Network {
            let connector = source.about().map(|about| about.connector);
            let draws_on = connector.map_or("", |connector: &dyn Connector| connector.draws_on(place));
            return Self { draws_on, ..Self::of_account(&source.network, place) };
        }
        let mut hash = Sha256::new();
        hash.update(source.id.to_be_bytes());
        Self::from(hash)
    }

    /// The account of ours that speaks or reads at a place.
    pub fn of_account(network: &str, place: &Place) -> Self {
        let mut hash = Sha256::new();
        let url = place.url.as_str();
        let server = url::Url::parse(url).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
        let server = server.map_or(url.to_owned(), |origin| origin.ascii_serialization());
        for part in [network, &server, &serde_json::to_string(&place.credentials).unwrap_or_default()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self::from(hash)
    }

    fn from(hash: Sha256) -> Self {
        let mut account = [0; 16];
        account.copy_from_slice(&hash.finalize()[..16]);
        Self { account, draws_on: "" }
    }
}

/// What is left of one allowance, as it is stored with a source and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// What for, in words (`mentions`, `posting`); nothing where the network counts every request alike.
    pub draws_on: String,
    /// Requests left.
    pub left: u64,
    /// Requests of a whole window, where the network says so.
    pub limit: Option<u64>,
    /// When the network counts anew.
    pub resets_at: Micros,
}

impl Left {
    /// What stops us first comes first: the smallest share of a whole window, where that is known, then the smallest number.
    fn rank(&self) -> (u64, u64) {
        let thousandths = self.limit.filter(|limit| *limit > 0).map(|limit| self.left.saturating_mul(1000) / limit);
        (thousandths.unwrap_or(if self.left == 0 { 0 } else { 1000 }), self.left)
    }

    /// Reads what is stored; what cannot be read is forgotten, for the network says it again.
    pub(crate) fn read(text: &str) -> Vec<Self> {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// What one network allows one of our accounts until a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Window {
    /// Questions left, as it said last, and of how many.
    left: u64,
    limit: Option<u64>,
    /// From when until when that holds; before (a clock was put back) and afterwards nothing is known.
    since: Micros,
    until: Micros,
    /// Questions asked and not answered yet.
    open: u64,
}

impl Window {
    /// Questions that may still be asked now; none where that is not known.
    fn left(&self, now: Micros) -> Option<u64> {
        (self.since..self.until).contains(&now).then(|| self.left.saturating_sub(self.open))
    }
}

/// A question under way. It counts against what is left until the network's own word does.
pub(crate) struct Call<'a> {
    allowances: &'a Allowances,
    key: Key,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(window) = self.allowances.lock().windows.get_mut(&self.key) {
            window.open = window.open.saturating_sub(1);
        }
    }
}

impl Allowances {
    /// Says which sources there are, and with which credentials each asks; all others are forgotten.
    pub fn know(&self, keys: HashMap<i64, Key>) {
        let mut known = self.lock();
        known.windows.retain(|key, window| window.open > 0 || keys.values().any(|used| used.account == key.account));
        known.keys = keys;
    }

    /// Begins a question, unless no more than `spare` are left: then it says until when. With nothing to spare whoever
    /// asks has decided to.
    pub fn begin(&self, source: &Source, key: Key, spare: u64, now: Micros) -> Result<Call<'_>, Micros> {
        let mut known = self.lock();
        known.keys.insert(source.id, key);
        // After a start, what the network said before it.
        let told = || Window {
            left: source.calls_left.map_or(0, |left| left.max(0) as u64),
            limit: source.allowances.iter().find(|left| left.draws_on == key.draws_on).and_then(|left| left.limit),
            since: source.polled_at.unwrap_or(now),
            until: source.calls_left.and(source.calls_reset_at).unwrap_or(0),
            open: 0,
        };
        let window = known.windows.entry(key).or_insert_with(told);
        if spare > 0 && window.left(now).is_some_and(|left| left <= spare) {
            return Err(window.until);
        }
        window.open += 1;
        Ok(Call { allowances: self, key })
    }

    /// What the network said is left.
    pub fn told(&self, key: Key, budget: Budget, now: Micros) {
        let Some(resets) = budget.resets_in else { return };
        let mut known = self.lock();
        let window = known.windows.entry(key).or_default();
        (window.left, window.limit) = (budget.remaining, budget.limit.or(window.limit));
        (window.since, window.until) = (now, now + micros(resets));
    }

    /// The same of everything that requests of one account drew on.
    pub fn drawn(&self, account: Key, drawn: BTreeMap<&'static str, Budget>, now: Micros) {
        for (draws_on, budget) in drawn {
            self.told(Key { draws_on, ..account }, budget, now);
        }
    }

    /// What is known to be left of everything that is counted for the account of `key`, what stops us first at the front.
    /// `before` is what a source was told earlier, which counts where nothing newer is known: after a start, say.
    pub fn left(&self, key: Key, before: &[Left], now: Micros) -> Vec<Left> {
        let known = self.lock();
        let of_account = known.windows.iter().filter(|(other, _)| other.account == key.account);
        let now_left = of_account.filter_map(|(of, window)| {
            let draws_on = of.draws_on.to_owned();
            Some(Left { draws_on, left: window.left(now)?, limit: window.limit, resets_at: window.until })
        });
        let mut all: Vec<Left> = now_left.collect();
        let named = |all: &[Left], left: &Left| all.iter().any(|known| known.draws_on == left.draws_on);
        let earlier: Vec<Left> =
            before.iter().filter(|left| left.resets_at > now && !named(&all, left)).cloned().collect();
        all.extend(earlier);
        all.sort_by_key(|left| (left.rank(), left.draws_on.clone()));
        all
    }

    /// It wants to be left alone: by all that ask with these credentials.
    pub fn refused(&self, key: Key, wait: Duration, now: Micros) {
        let mut known = self.lock();
        let window = known.windows.entry(key).or_default();
        (window.left, window.since, window.until) = (0, now, now + micros(wait));
    }

    /// How many questions one of those who share may ask in one go: its part of what is left beyond `spare`, at least
    /// one and at most `most`.
    pub fn part(&self, key: Key, spare: u64, most: usize, now: Micros) -> usize {
        let known = self.lock();
        let Some(left) = known.windows.get(&key).and_then(|window| window.left(now)) else { return most };
        let part = left.saturating_sub(spare) / known.sharers(key);
        usize::try_from(part).unwrap_or(most).clamp(1, most)
    }

    /// How long one of several who share waits after so many questions: were all to ask as often, what is left would
    /// last until the window ends, and never longer than that. Who is alone need not wait.
    pub fn pace(&self, key: Key, spare: u64, asked: usize, now: Micros) -> Micros {
        let known = self.lock();
        let Some(window) = known.windows.get(&key) else { return 0 };
        let (Some(left), sharers) = (window.left(now), known.sharers(key)) else { return 0 };
        if sharers < 2 {
            return 0;
        }
        let lasts = i128::from(window.until - now);
        let wait = lasts * i128::from(sharers) * asked as i128 / i128::from(left.saturating_sub(spare).max(1));
        wait.min(lasts) as Micros
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// How many sources ask with these credentials; at least one does.
    fn sharers(&self, key: Key) -> u64 {
        (self.keys.values().filter(|other| **other == key).count() as u64).max(1)
    }
}

impl fmt::Debug for Allowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Allowances").finish_non_exhaustive()
    }
}

fn micros(wait: Duration) -> Micros {
    Micros::try_from(wait.as_micros()).unwrap_or(Micros::MAX / 4)
}
