use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Things remembered at most; more than there are accounts of ours.
const MOST: usize = 4096;

/// What connectors remember between two questions: sign-ins that hold for some hours. Never shown.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    what: HashMap<String, String>,
    /// What of it is new since it was last asked what is.
    new: HashSet<String>,
}

impl Memory {
    pub(super) fn recall(&self, key: &str) -> Option<String> {
        self.lock().what.get(key).cloned()
    }

    pub(super) fn remember(&self, key: String, what: String) {
        let mut known = self.lock();
        if known.what.len() >= MOST && !known.what.contains_key(&key) {
            // Whoever is forgotten signs in once more.
            *known = Known::default();
        }
        known.what.insert(key, what);
    }

    /// As [`Memory::remember`], and told by [`Memory::anew`].
    pub(super) fn learn(&self, key: String, what: String) {
        self.remember(key.clone(), what);
        self.lock().new.insert(key);
    }

    /// What was learned since this was asked last.
    pub(super) fn anew(&self) -> Vec<(String, String)> {
        let mut known = self.lock();
        let new = std::mem::take(&mut known.new);
        new.into_iter().filter_map(|key| known.what.get(&key).cloned().map(|what| (key, what))).collect()
    }

    pub(super) fn forget(&self, key: &str) {
        self.lock().what.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Memory};

    #[test]
    fn it_is_shared_bounded_and_never_shown() {
        let memory = Memory::default();
        memory.clone().remember("k".into(), "hush".into());
        assert_eq!(memory.recall("k").as_deref(), Some("hush"));
        assert!(!format!("{memory:?}").contains("hush"));
        memory.forget("k");
        assert_eq!(memory.recall("k"), None);
        for n in 0..=MOST {
            memory.remember(n.to_string(), String::new());
        }
        assert!(memory.lock().what.len() <= MOST && memory.recall(&MOST.to_string()).is_some());
    }

    #[test]
    fn what_is_new_is_told_once() {
        let memory = Memory::default();
        memory.remember("old".into(), "1".into());
        for what in ["2", "3"] {
            memory.learn("k".into(), what.into());
        }
        memory.learn("gone".into(), "4".into());
        memory.forget("gone");
        assert_eq!(memory.anew(), [("k".to_owned(), "3".to_owned())]);
        assert_eq!(memory.anew(), []);
        for n in 0..=MOST {
            memory.learn(n.to_string(), String::new());
        }
        assert!(memory.anew().len() <= MOST);
    }
}
