//! A stored post as listening looks at it.

use dandelion_post::{Author, Micros, Network, Post, timestamp};
use dandelion_understand::Analysis;

use super::draw::Ring;
use crate::{
    Error, Hub, Result,
    store::{Q, Row},
};

/// A post of the sample.
#[derive(Debug)]
pub struct Sampled {
    /// Its number.
    pub id: i64,
    /// The post, without markup.
    pub post: Post,
    /// When it was written.
    pub at: Micros,
    /// The account that wrote it.
    pub author: Option<i64>,
    /// What is known beside it.
    pub known: Known,
    /// Memory it holds, in bytes: its own size and that of its texts.
    pub bytes: usize,
    pub(super) key: i64,
    pub(super) place: i64,
}

/// What is known of a post beside the post.
#[derive(Debug, Default)]
pub struct Known {
    /// Name of the source that brought it.
    pub source: String,
    /// What the newest analysis says; posts that concern nobody have none.
    pub judged: Option<Judged>,
    /// The unit that its case is with. Only for those who may see that unit.
    pub unit: Option<i64>,
}

/// The part of an analysis that a query can ask for.
#[derive(Debug)]
pub struct Judged {
    /// BCP 47, or `unknown`.
    pub language: String,
    /// `negative`, `neutral`, `positive` or `mixed`.
    pub sentiment: String,
    /// What the author wants.
    pub intents: Vec<String>,
    /// 0 to 3.
    pub urgency: Option<i64>,
    /// Keys of the topics named.
    pub topics: Vec<String>,
}

/// Everything of posts that listening looks at; `key` is the column that is returned as `k`.
pub(super) fn select(key: &str) -> String {
    format!(
        "select p.{key} as k, p.id, p.network, p.remote_id, p.author_id, p.url, p.text, p.title, p.lang, p.created_at, p.in_reply_to,
           p.deleted_at, p.ours, p.likes, p.shares, p.replies, p.views, p.links, p.media, p.extra, s.name as source, t.remote_key as thread,
           a.remote_key, a.handle, a.name, a.followers, a.following, a.posts as author_posts, a.verified, a.created_at as author_since,
           c.unit_id, (select n.body from analyses n where n.post_id = p.id order by n.id desc limit 1) as judged
         from posts p join sources s on s.id = p.source_id join threads t on t.id = p.thread_id
         left join authors a on a.id = p.author_id left join mentions m on m.post_id = p.id left join cases c on c.id = m.case_id"
    )
}

/// A row of [`select`]; none where it is ours or deleted.
pub(super) fn read(row: &Row, ring: Ring) -> Result<Option<Sampled>> {
    if row.get("ours")? || row.get::<Option<i64>, _>("deleted_at")?.is_some() {
        return Ok(None);
    }
    let (key, at): (i64, Micros) = (row.get("k")?, row.get("created_at")?);
    let judged = match row.get::<Option<String>, _>("judged")? {
        Some(body) => serde_json::from_str::<Analysis>(&body).ok().map(judged),
        None => None,
    };
    let known = Known { source: row.get("source")?, judged, unit: row.get("unit_id")? };
    let post = post(row)?;
    let bytes = bytes(&post) + known.source.len();
    Ok(Some(Sampled {
        id: row.get("id")?,
        author: row.get("author_id")?,
        at,
        known,
        bytes,
        key,
        place: ring.place(key),
        post,
    }))
}

/// One stored post as listening looks at it, ours too; a deleted one has no words any more and is not found.
pub(in crate::query) async fn find(hub: &Hub, id: i64) -> Result<Post> {
    let sql = format!("{} where p.id = $1 and p.deleted_at is null", select("id"));
    post(&hub.db.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("post", id))?)
}

fn judged(analysis: Analysis) -> Judged {
    Judged {
        language: analysis.language.value,
        sentiment: analysis.sentiment.value,
        intents: analysis.intents.into_iter().map(|intent| intent.value).collect(),
        urgency: analysis.urgency.value.parse().ok(),
        topics: analysis.topics.into_iter().map(|topic| topic.key).collect(),
    }
}

fn post(row: &Row) -> Result<Post> {
    let moment = |at: Option<Micros>| at.map(timestamp);
    let network: String = row.get("network")?;
    let author = match row.get::<Option<String>, _>("remote_key")? {
        None => None,
        Some(id) => Some(Author {
            id: Some(id),
            handle: row.get("handle")?,
            name: row.get("name")?,
            followers: row.get("followers")?,
            following: row.get("following")?,
            posts: row.get("author_posts")?,
            verified: row.get("verified")?,
            created_at: moment(row.get("author_since")?),
            ..Author::default()
        }),
    };
    let network = Network::new(&network).map_err(|_| Error::Damaged(format!("a post's network reads `{network}`")))?;
    let mut post = Post {
        id: row.get("remote_id")?,
        network: Some(network),
        url: row.get("url")?,
        text: row.get("text")?,
        title: row.get("title")?,
        lang: row.get("lang")?,
        created_at: moment(row.get("created_at")?),
        in_reply_to: row.get("in_reply_to")?,
        thread: row.get("thread")?,
        author,
        links: row.json("links")?,
        media: row.json("media")?,
        extra: row.json("extra")?,
        ..Post::default()
    };
    post.metrics.likes = row.get("likes")?;
    post.metrics.shares = row.get("shares")?;
    post.metrics.replies = row.get("replies")?;
    post.metrics.views = row.get("views")?;
    Ok(post)
}

/// The size of a post in memory: of its parts and of every text in it. Fields without a word of ours count by their JSON.
fn bytes(post: &Post) -> usize {
    let author = post.author.as_ref();
    let texts = [
        Some(&post.id),
        Some(&post.text),
        post.url.as_ref(),
        post.title.as_ref(),
        post.lang.as_ref(),
        post.in_reply_to.as_ref(),
        post.thread.as_ref(),
        author.and_then(|author| author.id.as_ref()),
        author.and_then(|author| author.handle.as_ref()),
        author.and_then(|author| author.name.as_ref()),
    ];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let links: usize = post.links.iter().map(|link| link.len() + size_of::<String>()).sum();
    let media: usize = post.media.iter().map(|media| media.url.len() + media.kind.len() + 72).sum();
    let extra =
        if post.extra.is_empty() { 0 } else { 3 * serde_json::Value::Object(post.extra.clone()).to_string().len() };
    size_of::<Sampled>() + texts + links + media + extra
}
