//! Listening, understanding and routing in memory: what a post is held against.
//!
//! The engine is made from stored queries and the stored organisation, so that every process on the same database hears
//! the same, at the latest one batch later: the log says what changed. Where only queries changed, only they (and those
//! that refer to them) are taken out and put in again; where the organisation changed, all is made anew.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use dandelion_listen::{Facts, Hit, Matcher, Query, ResolveError, Scratch};
use dandelion_post::Post;
use dandelion_understand::Rules;

use crate::{
    Db, Hub, Result, Tx,
    intake::Origin,
    log,
    model::{Opinion, speak},
    store::Q,
    unit::{Org, RouteFacts},
};

/// Everything that decides what a post means to us, at one moment.
#[derive(Debug, Clone)]
pub struct Engine {
    /// The organisation: who owns what.
    pub org: Arc<Org>,
    /// All live queries, compiled, references to others in place.
    pub matcher: Matcher,
    /// The judgement of posts that is part of the program; [`Engine::judge`] asks the organisation's heads as well.
    pub rules: Arc<Rules>,
    /// Heads of units that answer.
    pub(crate) heads: Arc<Vec<speak::Head>>,
    /// Queries by id: the owner unit and the name.
    pub queries: HashMap<i64, (i64, String)>,
    /// As they were written, by id.
    written: HashMap<i64, Query>,
    /// Queries that ask for judgements, so that posts are judged before they are matched.
    judging: HashSet<i64>,
    /// The newest event this was made after.
    event: i64,
}

/// Where the current engine is kept.
#[derive(Clone, Debug, Default)]
pub struct Slot(Arc<Mutex<Option<Current>>>);

#[derive(Clone, Debug)]
struct Current {
    engine: Arc<Engine>,
    /// Up to here the log was looked through for changes.
    looked: i64,
}

/// A query as it is stored: id, unit, name, and the text, read.
type Stored = (i64, i64, String, Query);

impl Engine {
    /// From an organisation and queries that need no database, for filters.
    pub fn of(org: Org, queries: Vec<Stored>) -> Self {
        let rules = Rules::new(org.lexicon());
        let mut engine = Self {
            org: Arc::new(org),
            matcher: Matcher::default(),
            rules: Arc::new(rules),
            heads: Arc::default(),
            queries: HashMap::new(),
            written: HashMap::new(),
            judging: HashSet::new(),
            event: 0,
        };
        let all: Vec<i64> = queries.iter().map(|(id, ..)| *id).collect();
        for (id, unit, name, query) in queries {
            engine.queries.insert(id, (unit, name));
            engine.written.insert(id, query);
        }
        let ready = engine.resolved(&all);
        engine.judging = ready.iter().filter(|(_, query)| query.needs_analysis()).map(|(id, _)| *id).collect();
        engine.matcher = Matcher::new(ready);
        engine
    }

    async fn load(db: &Db) -> Result<Self> {
        // The event first: a change that comes in between makes it new once more, which is harmless.
        let event = log::newest(db).await?;
        let org = Org::load(db).await?;
        let queries = stored(db, None).await?;
        let heads = Arc::new(speak::load(db, &[]).await?);
        Ok(Self { heads, event, ..Self::of(org, queries) })
    }

    /// The same after models took over, were retired or became shadows.
    async fn with_heads(&self, db: &Db, event: i64) -> Result<Self> {
        let heads = Arc::new(speak::load(db, &self.heads).await?);
        Ok(Self { heads, event, ..self.clone() })
    }

    /// The same after these queries were made, changed or archived.
    async fn changed(&self, db: &Db, ids: &[i64], event: i64) -> Result<Self> {
        let mut next = Self { event, ..self.clone() };
        let mut names: HashSet<String> = ids.iter().filter_map(|id| Some(self.queries.get(id)?.1.clone())).collect();
        for id in ids {
            next.queries.remove(id);
            next.written.remove(id);
        }
        for (id, unit, name, query) in stored(db, Some(ids)).await? {
            names.insert(name.clone());
            next.queries.insert(id, (unit, name));
            next.written.insert(id, query);
        }
        let mut touched = next.referring_to(names);
        touched.extend(ids);
        touched.sort_unstable();
        touched.dedup();
        let ready: HashMap<i64, Query> = next.resolved(&touched).into_iter().collect();
        for id in touched {
            next.judging.remove(&id);
            next.matcher = match ready.get(&id) {
                Some(query) => {
                    if query.needs_analysis() {
                        next.judging.insert(id);
                    }
                    next.matcher.with(id, query.clone())
                }
                None => next.matcher.without(id),
            };
        }
        Ok(next)
    }

    /// Queries that refer to one of these names, at first or at second hand.
    fn referring_to(&self, mut names: HashSet<String>) -> Vec<i64> {
        let mut found = HashSet::new();
        loop {
            let mut more = Vec::new();
            for (id, query) in self.written.iter().filter(|(id, _)| !found.contains(*id)) {
                if query.refers_to().iter().any(|name| names.contains(*name)) {
                    more.push(*id);
                }
            }
            if more.is_empty() {
                return found.into_iter().collect();
            }
            names.extend(more.iter().filter_map(|id| Some(self.queries.get(id)?.1.clone())));
            found.extend(more);
        }
    }

    /// These queries with what they refer to in its place; one that cannot be resolved hears nothing, and no other
    /// suffers from it.
    fn resolved(&self, ids: &[i64]) -> Vec<(i64, Query)> {
        let wanted = |id: &i64| Some((*id, self.written.get(id)?.clone()));
        if ids.iter().filter_map(|id| self.written.get(id)).all(|query| query.refers_to().is_empty()) {
            return ids.iter().filter_map(wanted).collect();
        }
        let mut all: Vec<i64> = self.written.keys().copied().collect();
        all.sort_unstable();
        let named = |id: &i64| Some((self.queries.get(id)?.1.clone(), self.written.get(id)?.clone()));
        let resolved = dandelion_listen::resolve(all.iter().filter_map(named).collect());
        let (ids, mut ready): (HashSet<&i64>, Vec<(i64, Query)>) = (ids.iter().collect(), Vec::new());
        for (id, query) in all.iter().zip(resolved).filter(|(id, _)| ids.contains(id)) {
            match query {
                Ok(query) => ready.push((*id, query)),
                Err(error) => tracing::warn!(query = id, %error, "a query cannot be resolved and hears nothing"),
            }
        }
        ready
    }

    /// A wording with every `query:NAME` in it put in its place, or why that cannot be done. `name` is the query's own, if
    /// it has one, so that a ring is found.
    pub fn standing(&self, name: Option<&str>, query: Query) -> std::result::Result<Query, ResolveError> {
        if query.refers_to().is_empty() {
            return Ok(query);
        }
        let mut all = vec![(name.unwrap_or_default().to_owned(), query)];
        let mut next = 0;
        while let Some((_, query)) = all.get(next) {
            for name in query.refers_to().into_iter().map(ToOwned::to_owned).collect::<Vec<_>>() {
                let known = all.iter().any(|(known, _)| *known == name);
                let id = self.queries.iter().find(|(_, (_, stored))| *stored == name).map(|(id, _)| id);
                if let Some(query) = id.filter(|_| !known).and_then(|id| self.written.get(id)) {
                    all.push((name, query.clone()));
                }
            }
            next += 1;
        }
        dandelion_listen::resolve(all).swap_remove(0)
    }

    /// Replaces what is in `hits` by the queries that hear a post. Gives what is said of the post where that was needed.
    pub fn hear(&self, post: &Post, origin: &Origin, scratch: &mut Scratch, hits: &mut Vec<Hit>) -> Option<Opinion> {
        let judged = !self.judging.is_empty();
        self.with_facts(post, origin, judged, |facts| self.matcher.matches(post, facts, scratch, hits))
    }

    /// What is known of a post beside itself, also its judgements where they are asked for; gives them back.
    pub fn with_facts(
        &self,
        post: &Post,
        origin: &Origin,
        judged: bool,
        with: impl FnOnce(&Facts<'_>),
    ) -> Option<Opinion> {
        let network = post.network.as_ref().map_or(origin.network.as_str(), |network| network.as_str());
        let handle = post.author.as_ref().and_then(|author| author.handle.as_deref());
        let mut facts = Facts {
            network: Some(network).filter(|name| !name.is_empty()),
            source: Some(origin.source.as_str()).filter(|name| !name.is_empty()),
            ours: handle.is_some_and(|handle| self.org.is_ours(network, handle)),
            ..Facts::default()
        };
        if !judged {
            with(&facts);
            return None;
        }
        let opinion = self.judge(post, network);
        let analysis = &opinion.analysis;
        let intents: Vec<&str> = analysis.intents.iter().map(|intent| intent.value.as_str()).collect();
        let topics: Vec<&str> = analysis.topics.iter().map(|topic| topic.key.as_str()).collect();
        let route = self.org.route(analysis, &RouteFacts { network, ..RouteFacts::default() }).ok();
        let unit = route.and_then(|route| self.org.unit(route.unit));
        let units: Vec<&str> = unit.iter().flat_map(|unit| [unit.key.as_str(), unit.name.as_str()]).collect();
        facts.language = Some(analysis.language.value.as_str()).filter(|code| !code.is_empty() && *code != "und");
        facts.sentiment = Some(analysis.sentiment.value.as_str());
        facts.urgency = analysis.urgency.value.parse().ok();
        (facts.intents, facts.topics, facts.units) = (&intents, &topics, &units);
        with(&facts);
        Some(opinion)
    }
}

/// Live queries, all or some. One that can no longer be read is left out and said so: saving checks queries, so this
/// takes a change of the language, and the others must not suffer.
async fn stored(db: &Db, ids: Option<&[i64]>) -> Result<Vec<Stored>> {
    let some = ids.map_or(String::new(), |ids| {
        let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
        format!(" and id in ({})", list.join(", "))
    });
    let sql = format!("select id, unit_id, name, text from queries where archived_at is null{some} order by id");
    let mut queries = Vec::new();
    for row in db.all(Q::of(sql)).await? {
        let (id, name, text): (i64, String, String) = (row.get("id")?, row.get("name")?, row.get("text")?);
        match dandelion_listen::parse(&text) {
            Ok(query) => queries.push((id, row.get("unit_id")?, name, query)),
            Err(error) => {
                tracing::warn!(query = id, %error, "a stored query can no longer be read and hears nothing");
            }
        }
    }
    Ok(queries)
}

/// Most changed queries taken over one by one.
const FEW: usize = 64;
/// Changes after which the matcher is put together again.
const MANY: usize = 512;

/// Events of what decides what a post means.
const DECIDES: &str = "noun in ('organisation', 'unit', 'query', 'handle', 'product', 'topic', 'route', 'hours', 'promise', 'member', 'model')";

impl Hub {
    /// Whether nothing was changed that `engine` does not know, until this transaction ends.
    pub(crate) async fn holds(&self, tx: &mut Tx, engine: &Arc<Engine>) -> Result<bool> {
        log::hold(tx).await?;
        let held = self.engine.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(current) = held.filter(|current| Arc::ptr_eq(&current.engine, engine)) else { return Ok(false) };
        let sql = format!("select 1 as x from events where id > $1 and {DECIDES} limit 1");
        Ok(tx.opt(Q::of(sql).bind(current.looked)).await?.is_none())
    }

    /// The engine as of now.
    pub async fn engine(&self) -> Result<Arc<Engine>> {
        let held = self.engine.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let newest = log::newest(&self.db).await?;
        if let Some(current) = held {
            if current.looked == newest {
                return Ok(current.engine);
            }
            let sql = format!(
                "select distinct noun, case when noun = 'query' then noun_id else 0 end as id from events
                 where id > $1 and id <= $2 and {DECIDES}"
            );
            let changed = self.db.all(Q::of(sql).bind(current.looked).bind(newest)).await?;
            if changed.is_empty() {
                self.keep(Current { engine: current.engine.clone(), looked: newest });
                return Ok(current.engine);
            }
            let (mut queries, mut models) = (Vec::new(), 0);
            for row in &changed {
                match row.get::<String, _>("noun")?.as_str() {
                    "query" => queries.push(row.get::<i64, _>("id")?),
                    "model" => models += 1,
                    _ => {}
                }
            }
            if models == changed.len() {
                let engine = Arc::new(current.engine.with_heads(&self.db, newest).await?);
                self.keep(Current { engine: engine.clone(), looked: newest });
                return Ok(engine);
            }
            if queries.len() == changed.len() && queries.len() <= FEW {
                let engine = Arc::new(current.engine.changed(&self.db, &queries, newest).await?);
                self.keep(Current { engine: engine.clone(), looked: newest });
                self.compact(&engine);
                return Ok(engine);
            }
        }
        let engine = Arc::new(Engine::load(&self.db).await?);
        self.keep(Current { engine: engine.clone(), looked: engine.event });
        Ok(engine)
    }

    /// Where many queries were changed one by one, puts them in one structure again, beside the traffic: until that is
    /// done, and where something changes meanwhile, what is there goes on.
    fn compact(&self, engine: &Arc<Engine>) {
        if engine.matcher.changes() < MANY {
            return;
        }
        let (slot, engine) = (self.engine.clone(), engine.clone());
        tokio::task::spawn_blocking(move || {
            let next = Arc::new(Engine { matcher: engine.matcher.compacted(), ..(*engine).clone() });
            let mut held = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(held) = held.as_mut().filter(|held| Arc::ptr_eq(&held.engine, &engine)) {
                held.engine = next;
            }
        });
    }

    fn keep(&self, current: Current) {
        let mut held = self.engine.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Two may have worked at once: what has seen more stays.
        if held.as_ref().is_none_or(|held| held.looked <= current.looked) {
            *held = Some(current);
        }
    }
}
