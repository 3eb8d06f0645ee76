//! Stored posts, heard as if they came now.

use std::{collections::HashSet, sync::Arc};

use dandelion_listen::Hit;
use dandelion_post::{Author, Media, Metrics, Micros, Network, Post, timestamp};

use super::{Origin, Prepared, case, known, store::New};
use crate::{
    Error, Result, Tx,
    engine::Engine,
    store::{Row, q},
};

/// What [`read`] needs of a stored post. To be followed by conditions over `p`, `m` and `a`.
pub(crate) const SELECT: &str = "select p.id, p.network, p.remote_id, p.thread_id, p.author_id, p.in_reply_to, p.url, p.text, p.title, p.lang,
   p.created_at, p.likes, p.shares, p.replies, p.views, p.links, p.media, p.extra, p.ours, t.remote_key as conversation,
   s.name as source, m.id as mention, a.remote_key, a.handle, a.name, a.url as author_url, a.avatar, a.followers, a.following, a.posts,
   a.verified, a.created_at as author_since
 from posts p join threads t on t.id = p.thread_id join sources s on s.id = p.source_id
 left join mentions m on m.post_id = p.id left join authors a on a.id = p.author_id";

/// A stored post, as listening and judging look at it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: i64,
    pub(crate) thread: i64,
    pub(crate) author: Option<i64>,
    /// Its network and its source.
    pub(crate) origin: Origin,
    /// Its mention, where it is one already.
    pub(crate) mention: Option<i64>,
    pub(crate) post: Post,
}

/// Reads a row of [`SELECT`].
pub(crate) fn read(row: &Row) -> Result<Stored> {
    let moment = |at: Option<Micros>| at.map(timestamp);
    let network: String = row.get("network")?;
    let author = row.get::<Option<String>, _>("remote_key")?.map(|id| -> Result<Author> {
        Ok(Author {
            id: Some(id),
            handle: row.get("handle")?,
            name: row.get("name")?,
            url: row.get("author_url")?,
            avatar: row.get("avatar")?,
            followers: row.get("followers")?,
            following: row.get("following")?,
            posts: row.get("posts")?,
            verified: row.get("verified")?,
            created_at: moment(row.get("author_since")?),
        })
    });
    let named = Network::new(&network).map_err(|_| Error::Damaged(format!("a post's network reads `{network}`")))?;
    let post = Post {
        id: row.get("remote_id")?,
        network: Some(named),
        url: row.get("url")?,
        text: row.get("text")?,
        title: row.get("title")?,
        lang: row.get("lang")?,
        created_at: moment(row.get("created_at")?),
        in_reply_to: row.get("in_reply_to")?,
        thread: row.get("conversation")?,
        author: author.transpose()?,
        links: row.json("links")?,
        media: row.json::<Vec<Media>>("media")?,
        metrics: Metrics {
            likes: row.get("likes")?,
            shares: row.get("shares")?,
            replies: row.get("replies")?,
            views: row.get("views")?,
        },
        extra: row.json("extra")?,
        ..Post::default()
    };
    Ok(Stored {
        id: row.get("id")?,
        thread: row.get("thread_id")?,
        author: row.get("author_id")?,
        origin: Origin { network, source: row.get("source")? },
        mention: row.get("mention")?,
        post,
    })
}

/// Between which ids all posts lie that were written at or after `since`: behind the first, up to the second.
pub(crate) async fn reach(tx: &mut Tx, since: Option<Micros>) -> Result<(i64, i64)> {
    let sql =
        "select coalesce(max(id), 0) as upto, coalesce(min(id), 1) - 1 as first from posts where created_at >= $1";
    let row = tx.one(q!(sql, since.unwrap_or(i64::MIN))).await?;
    Ok((row.get("first")?, row.get("upto")?))
}

/// What is made of stored posts that a query hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    /// They find or open their cases.
    Cases,
    /// They are counted, and concern nobody.
    Mentions,
}

/// Has `query` hear these posts: those that are mentions already are heard by it too, the others become mentions. Posts
/// that it hears no longer, or heard before, are left out. Gives how many cases were opened.
pub(crate) async fn make(tx: &mut Tx, engine: &Arc<Engine>, query: i64, ids: &[i64], what: As) -> Result<i64> {
    let head = format!("{SELECT} where p.deleted_at is null and not p.ours and p.id");
    let mut stored = known::by_ids(tx, &head, "", ids).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
    stored.sort_by_key(|stored| stored.id); // as they came
    let prepared = Prepared::of_stored(engine, &stored, tx.now());
    if prepared.fresh.len() != stored.len() {
        return Err(Error::Damaged("a stored post does not pass the checks it was stored with".into()));
    }
    let (mut new, mut links): (Vec<New<'_>>, Vec<(i64, &Hit)>) = (Vec::new(), Vec::new());
    for (stored, fresh) in stored.iter().zip(&prepared.fresh) {
        let Some(hit) = fresh.hits.iter().find(|hit| hit.query == query) else { continue };
        if let Some(mention) = stored.mention {
            links.push((mention, hit));
            continue;
        }
        let key = (stored.origin.network.clone(), stored.post.id.clone());
        let (id, thread, author) = (stored.id, stored.thread, stored.author);
        new.push(New { fresh, key, id, thread, author, ours: false, deleted_at: None, actor: tx.actor().clone() });
    }
    case::link(tx, &links).await?;
    match what {
        As::Cases => case::place(tx, engine, &new).await,
        As::Mentions => case::count(tx, engine, &new).await.map(|()| 0),
    }
}

/// The unit that a post would go to.
pub(crate) fn unit_of(engine: &Engine, stored: &Stored) -> Result<i64> {
    let handles = crate::search::handles_in(&stored.post.text);
    case::unit_of(engine, &stored.post, &stored.origin.network, &handles)
}

/// What is known of cases where posts are: those of their threads, and open ones of their authors.
pub(crate) struct Around {
    pub(crate) case_of_thread: HashSet<i64>,
    /// Unit and newest post of each author's open case.
    pub(crate) open_of_author: std::collections::HashMap<i64, (i64, Micros)>,
}

/// See [`Around`].
pub(crate) async fn around(tx: &mut Tx, threads: &[i64], authors: &[i64]) -> Result<Around> {
    let head = "select thread_id from case_threads where thread_id";
    let rows = known::by_ids(tx, head, "", threads).await?;
    let case_of_thread = rows.iter().map(|row| row.get("thread_id")).collect::<Result<_>>()?;
    let head = "select author_id, unit_id, last_post_at from cases where state in ('open', 'waiting', 'snoozed') and author_id";
    let rows = known::by_ids(tx, head, "", authors).await?;
    let open = |row: &Row| Ok((row.get("author_id")?, (row.get("unit_id")?, row.get("last_post_at")?)));
    Ok(Around { case_of_thread, open_of_author: rows.iter().map(open).collect::<Result<_>>()? })
}
