use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use dandelion_post::Micros;
use serde::{Deserialize, Serialize};

/// One post of the demo network, as kept: a line of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Counts up from 1.
    pub id: usize,
    /// When it was published, in UTC microseconds.
    pub at: Micros,
    /// The idempotency key it came with, honoured or not.
    pub key: String,
    /// The account that speaks.
    pub author: String,
    /// The words.
    pub text: String,
    /// The id of the post it answers, of this network or of a customer's.
    pub in_reply_to: Option<String>,
}

/// How often what was really published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// All posts.
    pub posts: usize,
    /// Posts of each idempotency key.
    pub by_key: BTreeMap<String, usize>,
    /// Posts of each text.
    pub by_text: BTreeMap<String, usize>,
}

/// Everything published, in memory and in an append-only file.
#[derive(Debug)]
pub struct Shelf(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    posts: Vec<Post>,
    by_key: BTreeMap<String, usize>,
    file: Option<File>,
}

impl Shelf {
    /// Reads the file, if there is one, and keeps it open. A last line that was cut short was never acknowledged and
    /// is dropped.
    pub fn open(file: Option<&Path>) -> io::Result<Self> {
        let mut kept = Kept::default();
        if let Some(path) = file {
            let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
            let mut whole = 0;
            let mut lines = BufReader::new(&mut file);
            let mut line = String::new();
            while lines.read_line(&mut line)? > 0 && line.ends_with('\n') {
                kept.put(serde_json::from_str(&line)?);
                whole += line.len() as u64;
                line.clear();
            }
            file.set_len(whole)?;
            kept.file = Some(file);
        }
        Ok(Self(Mutex::new(kept)))
    }

    /// Publishes a post, its id to be given here. If keys are honoured and this one is known, nothing is published
    /// and the post of the first time comes back.
    pub fn publish(&self, mut post: Post, honour_keys: bool) -> io::Result<Post> {
        let mut kept = self.lock();
        if honour_keys
            && !post.key.is_empty()
            && let Some(first) = kept.by_key.get(&post.key)
        {
            return Ok(kept.posts[*first].clone());
        }
        post.id = kept.posts.len() + 1;
        if let Some(file) = &mut kept.file {
            let mut line = serde_json::to_vec(&post)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_data()?;
        }
        kept.put(post.clone());
        Ok(post)
    }

    /// The posts after an id, oldest first.
    pub fn after(&self, id: usize) -> Vec<Post> {
        self.lock().posts.iter().skip(id).cloned().collect()
    }

    /// One post.
    pub fn find(&self, id: &str) -> Option<Post> {
        let place = id.parse::<usize>().ok()?.checked_sub(1)?;
        self.lock().posts.get(place).cloned()
    }

    /// How often what was really published.
    pub fn ledger(&self) -> Ledger {
        let kept = self.lock();
        let mut ledger = Ledger { posts: kept.posts.len(), ..Ledger::default() };
        for post in &kept.posts {
            *ledger.by_key.entry(post.key.clone()).or_default() += 1;
            *ledger.by_text.entry(post.text.clone()).or_default() += 1;
        }
        ledger
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, post: Post) {
        self.by_key.entry(post.key.clone()).or_insert(self.posts.len());
        self.posts.push(post);
    }
}
