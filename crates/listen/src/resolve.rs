//! `query:NAME`: other queries put in their place.

use rustc_hash::FxHashMap;

use crate::cost::{MAX_COST, cost};
use crate::query::{Leaf, Near, Node, Query};

/// Why a query that refers to others cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// There is no query of that name.
    #[error("`query:{name}` names no query; {}", .nearest.as_ref().map_or("write the name of one that exists".to_owned(), |near| format!("did you mean `query:\"{near}\"`?")))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The name most alike, if any is.
        nearest: Option<String>,
    },
    /// The queries refer to each other in a ring.
    #[error("queries refer to each other in a ring: {}; take one of these references out", .ring.join(" → "))]
    Cycle {
        /// The names along the ring; the first is the last again.
        ring: Vec<String>,
    },
    /// A query it refers to cannot be used itself.
    #[error("`query:{name}` cannot be used: {reason}")]
    Broken {
        /// The name of the query that is broken.
        name: String,
        /// What is wrong with it.
        reason: Box<ResolveError>,
    },
    /// With everything in its place it is too costly.
    #[error(
        "with the queries it refers to it costs {cost}; at most {MAX_COST} are taken: divide it into several queries"
    )]
    TooCostly {
        /// What it would cost.
        cost: u64,
    },
    /// With everything in its place it would match nearly everything.
    #[error("with the queries it refers to it only says what to leave out: add a word that must be there")]
    OnlyExclusions,
}

/// Puts `query:NAME` in place in all queries, which know each other by name; the answers stand in the order of the
/// queries. A query that cannot be resolved does not stop those that do not refer to it.
///
/// ```
/// use dandelion_listen::{parse, resolve};
/// let named = |name: &str, text: &str| (name.to_owned(), parse(text).unwrap());
/// let resolved = resolve(vec![named("ours", "acme OR #acme"), named("leaks", "query:ours leak*"), named("me", "query:me")]);
/// assert_eq!(resolved[1].as_ref().unwrap().to_string(), "(acme OR #acme) leak*");
/// assert!(resolved[2].as_ref().unwrap_err().to_string().contains("me → me"));
/// ```
pub fn resolve(queries: Vec<(String, Query)>) -> Vec<Result<Query, ResolveError>> {
    let mut resolver = Resolver { done: vec![None; queries.len()], at: FxHashMap::default(), queries: &queries };
    for (index, (name, _)) in queries.iter().enumerate() {
        resolver.at.entry(name).or_insert(index);
    }
    (0..queries.len()).map(|index| resolver.query(index, &mut Vec::new())).collect()
}

struct Resolver<'q> {
    queries: &'q [(String, Query)],
    at: FxHashMap<&'q str, usize>,
    done: Vec<Option<Result<Query, ResolveError>>>,
}

/// Longest chain of queries that refer to one another.
const MAX_CHAIN: usize = 100;

impl Resolver<'_> {
    fn query(&mut self, index: usize, path: &mut Vec<usize>) -> Result<Query, ResolveError> {
        if let Some(done) = &self.done[index] {
            return done.clone();
        }
        if let Some(from) = path.iter().position(|it| *it == index) {
            let ring = path[from..].iter().chain([&index]).map(|it| self.queries[*it].0.clone()).collect();
            return Err(ResolveError::Cycle { ring });
        }
        if path.len() == MAX_CHAIN {
            return Err(ResolveError::TooCostly { cost: MAX_COST + 1 });
        }
        path.push(index);
        let resolved = self.node(&self.queries[index].1.root, path).and_then(checked);
        path.pop();
        // Within a ring, where it is entered decides how the ring is told: each member tells it from itself.
        if path.is_empty() || resolved.is_ok() {
            self.done[index] = Some(resolved.clone());
        }
        resolved
    }

    fn node(&mut self, node: &Node, path: &mut Vec<usize>) -> Result<Node, ResolveError> {
        Ok(match node {
            Node::And(members) => Node::and(self.all(members, path)?),
            Node::Or(members) => Node::or(self.all(members, path)?),
            Node::Not(inner) => Node::Not(Box::new(self.node(inner, path)?)),
            Node::Leaf(Leaf::Query(name)) => self.named(name, path)?,
            Node::Near(near) => {
                let Near { left, right, within, ordered } = &**near;
                Near::node(left.clone(), right.clone(), *within, *ordered)
            }
            Node::Leaf(_) => node.clone(),
        })
    }

    fn all(&mut self, members: &[Node], path: &mut Vec<usize>) -> Result<Vec<Node>, ResolveError> {
        let mut total = 0;
        members
            .iter()
            .map(|member| {
                let resolved = self.node(member, path)?;
                total += cost(&resolved);
                if total > MAX_COST { Err(ResolveError::TooCostly { cost: total }) } else { Ok(resolved) }
            })
            .collect()
    }

    fn named(&mut self, name: &str, path: &mut Vec<usize>) -> Result<Node, ResolveError> {
        let Some(index) = self.at.get(name).copied() else {
            let names = self.queries.iter().map(|(name, _)| name.as_str());
            let nearest = crate::parse::nearest(name, names).map(ToOwned::to_owned);
            return Err(ResolveError::Unknown { name: name.to_owned(), nearest });
        };
        match self.query(index, path) {
            Ok(query) => Ok(query.root),
            Err(ResolveError::Cycle { ring }) => match self.seen_from(path, &ring) {
                Some(ring) => Err(ResolveError::Cycle { ring }),
                None => {
                    Err(ResolveError::Broken { name: name.to_owned(), reason: Box::new(ResolveError::Cycle { ring }) })
                }
            },
            Err(ResolveError::TooCostly { cost }) => Err(ResolveError::TooCostly { cost }),
            Err(reason) => Err(ResolveError::Broken { name: name.to_owned(), reason: Box::new(reason) }),
        }
    }
}

impl Resolver<'_> {
    /// The same ring beginning with a query of the path; `None` where none of them is in it.
    fn seen_from(&self, path: &[usize], ring: &[String]) -> Option<Vec<String>> {
        let names = &ring[..ring.len() - 1];
        let own = |name: &String| path.iter().any(|it| self.queries[*it].0 == *name);
        if own(&ring[0]) {
            return Some(ring.to_vec());
        }
        let at = names.iter().position(own)?;
        Some(names[at..].iter().chain(&names[..=at]).cloned().collect())
    }
}

fn checked(root: Node) -> Result<Query, ResolveError> {
    let cost = cost(&root);
    if cost > MAX_COST {
        return Err(ResolveError::TooCostly { cost });
    }
    if root.holds_of_nothing() {
        return Err(ResolveError::OnlyExclusions);
    }
    Ok(Query { root })
}
