use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Things remembered at most; more than there are accounts of ours.
const MOST: usize = 4096;

/// What connectors remember between two questions: sign-ins that hold for some hours. Never shown.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<HashMap<String, String>>>);

impl Memory {
    pub(super) fn recall(&self, key: &str) -> Option<String> {
        self.lock().get(key).cloned()
    }

    pub(super) fn remember(&self, key: String, what: String) {
        let mut known = self.lock();
        if known.len() >= MOST && !known.contains_key(&key) {
            // Whoever is forgotten signs in once more.
            known.clear();
        }
        known.insert(key, what);
    }

    pub(super) fn forget(&self, key: &str) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
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
        assert!(memory.lock().len() <= MOST && memory.recall(&MOST.to_string()).is_some());
    }
}
