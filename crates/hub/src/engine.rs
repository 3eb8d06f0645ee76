//! Listening, understanding and routing in memory: what a post is held against.
//!
//! The engine is made from stored queries and the stored organisation, and made anew when the log says that one of
//! them changed, so that every process on the same database hears the same, at the latest one batch later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use dandelion_listen::Matcher;
use dandelion_understand::Rules;

use crate::{Db, Hub, Result, log, store::q, unit::Org};

/// Everything that decides what a post means to us, at one moment.
#[derive(Debug)]
pub struct Engine {
    /// The organisation: who owns what.
    pub org: Org,
    /// All live queries, compiled.
    pub matcher: Matcher,
    /// The judgement of posts.
    pub rules: Rules,
    /// Queries by id: the owner unit and the name.
    pub queries: HashMap<i64, (i64, String)>,
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

impl Engine {
    /// From an organisation and queries that need no database, for filters.
    pub fn of(org: Org, queries: Vec<(i64, i64, String, dandelion_listen::Query)>) -> Self {
        let rules = Rules::new(org.lexicon());
        let names = queries.iter().map(|(id, unit, name, _)| (*id, (*unit, name.clone()))).collect();
        let matcher = Matcher::new(queries.into_iter().map(|(id, _, _, query)| (id, query)));
        Self { org, matcher, rules, queries: names, event: 0 }
    }

    async fn load(db: &Db) -> Result<Self> {
        // The event first: a change that comes in between makes it new once more, which is harmless.
        let event = log::newest(db).await?;
        let org = Org::load(db).await?;
        let mut queries = Vec::new();
        for row in
            db.all(q!("select id, unit_id, name, text from queries where archived_at is null order by id")).await?
        {
            let (id, name, text): (i64, String, String) = (row.get("id")?, row.get("name")?, row.get("text")?);
            match dandelion_listen::parse(&text) {
                Ok(query) => queries.push((id, row.get("unit_id")?, name, query)),
                // Saving checks queries, so this takes a change of the language; the others must not suffer.
                Err(error) => {
                    tracing::warn!(query = id, %error, "a stored query can no longer be read and hears nothing");
                }
            }
        }
        Ok(Self { event, ..Self::of(org, queries) })
    }
}

impl Hub {
    /// The engine as of now.
    pub async fn engine(&self) -> Result<Arc<Engine>> {
        let held = self.engine.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let newest = log::newest(&self.db).await?;
        if let Some(current) = held {
            if current.looked == newest {
                return Ok(current.engine);
            }
            let changed = q!(
                "select 1 as changed from events where id > $1 and id <= $2
                 and noun in ('organisation', 'unit', 'query', 'handle', 'product', 'topic', 'route', 'hours', 'promise', 'member')
                 limit 1",
                current.looked,
                newest
            );
            if self.db.opt(changed).await?.is_none() {
                self.keep(Current { engine: current.engine.clone(), looked: newest });
                return Ok(current.engine);
            }
        }
        let engine = Arc::new(Engine::load(&self.db).await?);
        self.keep(Current { engine: engine.clone(), looked: engine.event });
        Ok(engine)
    }

    fn keep(&self, current: Current) {
        *self.engine.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
    }
}
