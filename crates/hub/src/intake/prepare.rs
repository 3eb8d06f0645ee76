//! What is done to a batch before the database is touched.

use std::sync::Arc;

use dandelion_listen::{Hit, Scratch, near::Print};
use dandelion_post::{Micros, Post, Refusal, micros};
use dandelion_understand::Analysis;
use sha2::{Digest, Sha256};

use super::{BATCH, Item, stored::Stored};
use crate::{Error, Hub, Result as Done, engine::Engine, model::Opinion, near, search, store::q};

/// A batch that was checked, cleaned, matched and judged, and waits to be stored.
#[derive(Debug)]
pub struct Prepared {
    engine: Option<Arc<Engine>>,
    origin: Origin,
    pub(super) fresh: Vec<Fresh>,
    pub(super) refused: Vec<(String, Refusal, String)>,
}

/// One checked post with everything that can be said of it without the database.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub post: Post,
    /// Network as said by the post; `None` until the source's is filled in.
    pub network: Option<String>,
    pub digest: Vec<u8>,
    pub words: String,
    pub handles: Vec<String>,
    pub created_at: Micros,
    pub hits: Vec<Hit>,
    pub opinion: Option<Opinion>,
    /// By which others that say nearly the same are found.
    pub print: Option<Print>,
}

/// Where posts come from, as far as they do not say it themselves.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The network of the source; empty: unknown.
    pub network: String,
    /// Name of the source; empty: unknown.
    pub source: String,
}

impl Origin {
    /// What a source says of its posts.
    pub async fn of(hub: &Hub, source: i64) -> Done<Self> {
        let row = hub.db.opt(q!("select network, name from sources where id = $1", source)).await?;
        let row = row.ok_or(Error::not_found("source", source))?;
        Ok(Self { network: row.get("network")?, source: row.get("name")? })
    }
}

impl Prepared {
    /// Prepares at most [`BATCH`] items. Pure, and the costly half of the work: run it beside the writer.
    pub fn new(engine: Arc<Engine>, origin: &Origin, items: Vec<Item>, now: Micros) -> Self {
        debug_assert!(items.len() <= BATCH);
        let (mut fresh, mut refused) = (Vec::with_capacity(items.len()), Vec::new());
        let mut scratch = Scratch::default();
        for Item { place, content } in items {
            match content.and_then(|post| checked(post, now)) {
                Ok(post) => fresh.push(Fresh::new(&engine, origin, post, now, &mut scratch)),
                Err((refusal, raw)) => refused.push((place, refusal, raw)),
            }
        }
        Self { engine: Some(engine), origin: origin.clone(), fresh, refused }
    }

    /// Nothing at all: what is stored with it is how a poll ended.
    pub(super) fn nothing() -> Self {
        Self { engine: None, origin: Origin::default(), fresh: Vec::new(), refused: Vec::new() }
    }

    /// What heard and judged the posts; nothing where there are none.
    pub(super) fn engine(&self) -> Option<&Arc<Engine>> {
        self.engine.as_ref().filter(|_| !self.fresh.is_empty())
    }

    /// Has the posts heard by `engine`, unless they were: queries or the organisation were changed since.
    pub(super) fn follow(&mut self, engine: &Arc<Engine>) {
        if self.engine().is_none_or(|own| Arc::ptr_eq(own, engine)) {
            return;
        }
        let mut scratch = Scratch::default();
        for fresh in &mut self.fresh {
            (fresh.hits, fresh.opinion) = heard(engine, &self.origin, &fresh.post, &mut scratch);
        }
        self.engine = Some(engine.clone());
    }

    /// Stored posts, as if they came now.
    pub(super) fn of_stored(engine: &Arc<Engine>, stored: &[Stored], now: Micros) -> Self {
        let mut scratch = Scratch::default();
        let mut again = |it: &Stored| {
            let post = checked(it.post.clone(), now).ok()?;
            Some(Fresh::new(engine, &it.origin, post, now, &mut scratch))
        };
        let (origin, fresh) = (Origin::default(), stored.iter().filter_map(&mut again).collect());
        Self { engine: Some(engine.clone()), origin, fresh, refused: Vec::new() }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.fresh.len() + self.refused.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each post with its hits and, where a query heard it, its analysis: for filters and rehearsals.
    pub fn judged(&self) -> impl Iterator<Item = (&Post, &[Hit], Option<&Analysis>)> {
        self.fresh
            .iter()
            .map(|fresh| (&fresh.post, fresh.hits.as_slice(), fresh.opinion.as_ref().map(|it| &it.analysis)))
    }
}

impl Fresh {
    fn new(engine: &Engine, origin: &Origin, mut post: Post, now: Micros, scratch: &mut Scratch) -> Self {
        post.html = post.html.as_deref().map(dandelion_networks::clean::html).filter(|html| !html.is_empty());
        let network = post.network.as_ref().map(|network| network.as_str().to_owned());
        let (hits, opinion) = heard(engine, origin, &post, scratch);
        let created_at = post.created_at.map_or(now, micros);
        Self {
            network,
            digest: digest(&post),
            words: search::words_of(&post),
            handles: handles_of(&post),
            created_at,
            hits,
            opinion,
            print: near::print_of(post.title.as_deref(), &post.text),
            post,
        }
    }

    /// What is said of it, by all who judge; made now if no query asked for it before. `network` is the post's own.
    pub fn opinion(&self, engine: &Engine, network: &str) -> Opinion {
        self.opinion.clone().unwrap_or_else(|| engine.judge(&self.post, network))
    }
}

/// The queries that hear a post, and what is said of it where one does or needed it.
fn heard(engine: &Engine, origin: &Origin, post: &Post, scratch: &mut Scratch) -> (Vec<Hit>, Option<Opinion>) {
    let mut hits = Vec::new();
    if post.deleted_at.is_some() {
        return (hits, None);
    }
    let mut opinion = engine.hear(post, origin, scratch, &mut hits);
    if !hits.is_empty() && opinion.is_none() {
        let network = post.network.as_ref().map_or(origin.network.as_str(), |network| network.as_str());
        opinion = Some(engine.judge(post, network));
    }
    (hits, opinion)
}

/// Who is addressed: the handles in its words, and those its network names (`mentions` of `{ "handle": … }`), which are
/// whole where the words often leave the host out.
fn handles_of(post: &Post) -> Vec<String> {
    let mut handles = search::handles_in(&post.text);
    let mentions = post.extra.get("mentions").and_then(serde_json::Value::as_array);
    let named = mentions.into_iter().flatten().filter_map(|mention| mention["handle"].as_str());
    handles.extend(named.take(100).map(|name| name.trim_start_matches('@').to_lowercase()));
    handles
}

/// Checks a post and mends what needs no asking: unknown becomes unknown (a negative count), a moment in the future
/// becomes now (the claim is kept).
fn checked(mut post: Post, now: Micros) -> Result<Post, (Refusal, String)> {
    if let Err(refusal) = post.check() {
        return Err((refusal, serde_json::to_string(&post).unwrap_or_default()));
    }
    for count in [&mut post.metrics.likes, &mut post.metrics.shares, &mut post.metrics.replies, &mut post.metrics.views]
    {
        *count = count.filter(|count| *count >= 0);
    }
    if let Some(author) = &mut post.author {
        for count in [&mut author.followers, &mut author.following, &mut author.posts] {
            *count = count.filter(|count| *count >= 0);
        }
    }
    let ten_minutes = 600_000_000;
    if let Some(claimed) = post.created_at.filter(|at| micros(*at) > now + ten_minutes) {
        post.extra.insert("created_at_claimed".into(), claimed.to_string().into());
        post.created_at = None;
    }
    Ok(post)
}

/// Tells one wording from another: 16 bytes of SHA-256 over title, text and markup.
pub(super) fn digest(post: &Post) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [post.title.as_deref().unwrap_or(""), &post.text, post.html.as_deref().unwrap_or("")] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..16].to_vec()
}
