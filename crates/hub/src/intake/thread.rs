//! Threads join by reply links and by the network's own conversation ids, in any order of arrival.

use std::collections::HashMap;

use super::known::Key;

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
