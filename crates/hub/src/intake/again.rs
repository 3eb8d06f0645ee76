//! A query that was just made or changed hears what is stored already.

use std::sync::Arc;

use dandelion_listen::{Facts, Matcher, Scratch};
use dandelion_post::{Author, Micros, Network, Post, timestamp};
use serde_json::json;

use super::{BATCH, Item, Prepared, case, store::New};
use crate::{
    Error, Hub, Result, Tx,
    engine::Engine,
    log::{Actor, Entry},
    query,
    scope::{Role, Viewer},
    store::{Q, Row, q},
};

/// How many of the newest stored posts are looked at.
const MOST: i64 = 10_000;

/// Has a query hear the newest 10,000 stored posts, as if they came now: those nothing has heard yet become mentions and
/// find or open their cases, those that are mentions already are heard by this query too. Gives how many it heard that it
/// had not heard before.
pub async fn hear_again(hub: &Hub, viewer: &Viewer, query: i64) -> Result<i64> {
    let query = query::find(hub, query).await?;
    viewer.need(Role::Lead, query.unit, "have a query of this unit hear what is stored")?;
    let matcher = Matcher::new([(query.id, query::parse(&query.text)?)]);
    let sql = "select p.id, p.text, p.title from posts p where p.deleted_at is null and not p.ours
                 and p.id not in (select m.post_id from mentions m join mention_queries mq on mq.mention_id = m.id where mq.query_id = $1)
               order by p.id desc limit $2";
    let (mut ids, mut hits, mut scratch) = (Vec::new(), Vec::new(), Scratch::default());
    for row in hub.db.all(q!(sql, query.id, MOST)).await? {
        let post = Post { text: row.get("text")?, title: row.get("title")?, ..Post::default() };
        hits.clear();
        matcher.matches(&post, &Facts::default(), &mut scratch, &mut hits);
        if !hits.is_empty() {
            ids.push(row.get::<i64, _>("id")?);
        }
    }
    ids.reverse(); // in the order in which they came
    let mut heard = 0;
    for ids in ids.chunks(BATCH) {
        heard += hear(hub, viewer, query.id, ids).await?;
    }
    Ok(heard)
}

/// One batch in one transaction; begun again where a source brought something about the same posts meanwhile.
async fn hear(hub: &Hub, viewer: &Viewer, query: i64, ids: &[i64]) -> Result<i64> {
    for _ in 0..4 {
        let engine = hub.engine().await?;
        let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
        match in_one(&mut tx, &engine, query, ids).await {
            Err(error) if error.is_taken() || error.is_deadlock() => {}
            Err(error) => return Err(error),
            Ok(heard) => {
                tx.log(Entry::new("query.heard_stored", "query", query).with(json!({ "posts": heard })));
                return tx.commit().await.map(|()| heard);
            }
        }
    }
    Err(Error::Conflict("sources kept bringing posts at the same moment; save the query once more".into()))
}

async fn in_one(tx: &mut Tx, engine: &Arc<Engine>, query: i64, ids: &[i64]) -> Result<i64> {
    let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let sql = format!(
        "select p.id, p.network, p.remote_id, p.thread_id, p.author_id, p.url, p.text, p.title, p.lang, p.created_at, m.id as mention,
           a.remote_key, a.handle, a.name, a.followers, a.following, a.posts, a.verified, a.created_at as author_since
         from posts p left join mentions m on m.post_id = p.id left join authors a on a.id = p.author_id
         where p.id in ({}) and p.deleted_at is null order by p.id",
        list.join(", ")
    );
    let rows = tx.all(Q::of(sql)).await?;
    let posts: Vec<Post> = rows.iter().map(post).collect::<Result<_>>()?;
    let items = posts.into_iter().map(|post| Item::post("stored", post)).collect();
    let prepared = Prepared::new(engine.clone(), items, tx.now());
    if prepared.fresh.len() != rows.len() {
        return Err(Error::Damaged("a stored post does not pass the checks it was stored with".into()));
    }
    let (mut new, mut links) = (Vec::new(), Vec::new());
    for (row, fresh) in rows.iter().zip(&prepared.fresh) {
        let Some(hit) = fresh.hits.iter().find(|hit| hit.query == query) else { continue };
        let id: i64 = row.get("id")?;
        if let Some(mention) = row.get::<Option<i64>, _>("mention")? {
            links.push((mention, hit));
            continue;
        }
        let (thread, author) = (row.get("thread_id")?, row.get("author_id")?);
        let key = (row.get("network")?, row.get("remote_id")?);
        new.push(New { fresh, key, id, thread, author, ours: false, deleted_at: None });
    }
    let heard = (new.len() + links.len()) as i64;
    case::place(tx, &prepared, &new).await?;
    case::link(tx, &links).await?;
    Ok(heard)
}

/// A stored post as it would come again: what listening and judging look at.
fn post(row: &Row) -> Result<Post> {
    let moment = |at: Option<Micros>| at.map(timestamp);
    let network: String = row.get("network")?;
    let author = row.get::<Option<String>, _>("remote_key")?.map(|id| -> Result<Author> {
        Ok(Author {
            id: Some(id),
            handle: row.get("handle")?,
            name: row.get("name")?,
            followers: row.get("followers")?,
            following: row.get("following")?,
            posts: row.get("posts")?,
            verified: row.get("verified")?,
            created_at: moment(row.get("author_since")?),
            ..Author::default()
        })
    });
    Ok(Post {
        id: row.get("remote_id")?,
        network: Some(
            Network::new(&network).map_err(|_| Error::Damaged(format!("a post's network reads `{network}`")))?,
        ),
        url: row.get("url")?,
        text: row.get("text")?,
        title: row.get("title")?,
        lang: row.get("lang")?,
        created_at: moment(row.get("created_at")?),
        author: author.transpose()?,
        ..Post::default()
    })
}
