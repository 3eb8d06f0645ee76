//! Threads join by reply links and by the network's own conversation ids, in any order of arrival.

use std::collections::{HashMap, HashSet};

use super::{
    case,
    known::{self, Key, Known},
    store::New,
};
use crate::{Result, Tx, store::q, unit::Org};

/// Finds each new post's thread, making new ones and merging those that turn out to be one.
pub(super) async fn join(tx: &mut Tx, org: &Org, new: &mut [New<'_>], known: &HashMap<Key, Known>) -> Result<()> {
    let (mut joins, mut referred, mut conversations) = (Joins::default(), HashSet::new(), HashSet::new());
    for post in new.iter() {
        let here = Node::Post(post.key.clone());
        referred.insert(post.key.clone());
        if let Some(parent) = &post.fresh.post.in_reply_to {
            let parent = (post.key.0.clone(), parent.clone());
            joins.join(here.clone(), Node::Post(parent.clone()));
            referred.insert(parent);
        }
        if let Some(conversation) = &post.fresh.post.thread {
            let conversation = (post.key.0.clone(), conversation.clone());
            joins.join(here, Node::Conversation(conversation.clone()));
            conversations.insert(conversation);
        }
    }
    for (key, post) in known {
        joins.join(Node::Post(key.clone()), Node::Thread(post.thread));
    }
    for (key, thread) in known::answers(tx, &referred).await? {
        joins.join(Node::Post(key), Node::Thread(thread));
    }
    // Where we speak, they answer us: what we published from here is no post of a source.
    let spoken: HashSet<Key> = referred.into_iter().filter(|key| org.speaks_on(&key.0)).collect();
    for (key, thread) in known::replies(tx, &spoken).await? {
        joins.join(Node::Post(key), Node::Thread(thread));
    }
    let mut named = HashSet::new();
    for (key, thread) in known::threads(tx, &conversations).await? {
        joins.join(Node::Conversation(key.clone()), Node::Thread(thread));
        named.insert(key);
    }

    let stored = joins.threads();
    let (mut of_group, mut fresh, mut brought) = (HashMap::new(), Vec::new(), HashMap::new());
    for post in new.iter() {
        let group = joins.group(Node::Post(post.key.clone()));
        brought.entry(group).or_insert_with(|| post.actor.clone());
        if stored.contains_key(&group) || of_group.contains_key(&group) {
            continue;
        }
        of_group.insert(group, 0);
        fresh.push((group, post.key.0.clone()));
    }
    let mut keys: HashMap<usize, Key> = HashMap::new();
    for conversation in conversations.difference(&named) {
        keys.entry(joins.group(Node::Conversation(conversation.clone()))).or_insert_with(|| conversation.clone());
    }
    let ids = tx.ids("threads", fresh.len()).await?;
    let mut rows = Vec::with_capacity(fresh.len());
    for ((group, network), id) in fresh.into_iter().zip(ids) {
        of_group.insert(group, id);
        rows.push(vec![id.into(), network.into(), keys.get(&group).map(|key| key.1.as_str()).into()]);
    }
    tx.insert("threads", &["id", "network", "remote_key"], rows, "").await?;
    for (group, threads) in stored {
        let keep = threads[0];
        of_group.insert(group, keep);
        if let Some(key) = keys.get(&group) {
            tx.run(q!("update threads set remote_key = $1 where id = $2 and remote_key is null", &key.1, keep)).await?;
        }
        if let Some(actor) = brought.get(&group) {
            tx.act_for(actor.clone());
        }
        for gone in &threads[1..] {
            case::merge_threads(tx, keep, *gone).await?;
        }
    }
    for post in new.iter_mut() {
        post.thread = of_group[&joins.group(Node::Post(post.key.clone()))];
    }
    Ok(())
}

/// Disjoint sets of things that belong to one conversation (union by smaller root, path halving: Tarjan, 1975).
#[derive(Debug, Default)]
pub(super) struct Joins {
    nodes: HashMap<Node, usize>,
    parent: Vec<usize>,
}

/// What can tie posts together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// A post, here already or only referred to.
    Post(Key),
    /// A conversation by the network's id.
    Conversation(Key),
    /// A stored thread.
    Thread(i64),
}

impl Joins {
    /// Says that two belong together.
    pub fn join(&mut self, a: Node, b: Node) {
        let (a, b) = (self.node(a), self.node(b));
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }

    /// The conversation something is in; the same number means the same conversation.
    pub fn group(&mut self, node: Node) -> usize {
        let node = self.node(node);
        self.root(node)
    }

    /// Every stored thread of each conversation, oldest first.
    pub fn threads(&mut self) -> HashMap<usize, Vec<i64>> {
        let stored: Vec<(i64, usize)> = self
            .nodes
            .iter()
            .filter_map(|(node, at)| if let Node::Thread(id) = node { Some((*id, *at)) } else { None })
            .collect();
        let mut groups: HashMap<usize, Vec<i64>> = HashMap::new();
        for (thread, at) in stored {
            let root = self.root(at);
            groups.entry(root).or_default().push(thread);
        }
        for threads in groups.values_mut() {
            threads.sort_unstable();
        }
        groups
    }

    fn node(&mut self, node: Node) -> usize {
        let next = self.parent.len();
        let at = *self.nodes.entry(node).or_insert(next);
        if at == next {
            self.parent.push(next);
        }
        at
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }
}
