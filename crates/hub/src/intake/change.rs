//! New wordings and deletions of posts that are here already.

use dandelion_post::micros;
use serde_json::json;

use super::{case, known::Key, prepare::Fresh, store::New};
use crate::{
    Result, Tx,
    engine::Engine,
    log::Entry,
    near, picture,
    store::{Row, q},
};

/// Applies one; false if it tells nothing new.
pub(super) async fn apply(tx: &mut Tx, engine: &Engine, key: &Key, fresh: &Fresh) -> Result<bool> {
    let sql =
        "select id, thread_id, author_id, ours, text, html, title, digest, revision, edited_at, deleted_at, received_at
               from posts where network = $1 and remote_id = $2";
    let row = tx.one(q!(sql, &key.0, &key.1)).await?;
    if row.get::<Option<i64>, _>("deleted_at")?.is_some() {
        return Ok(false);
    }
    match fresh.post.deleted_at {
        Some(at) => delete(tx, &row, micros(at)).await.map(|()| true),
        None => revise(tx, engine, key, fresh, &row).await,
    }
}

/// Takes the words away and keeps that there was something: text, markup, earlier wordings, the words an analysis
/// quotes and a case's title that was made of them.
async fn delete(tx: &mut Tx, row: &Row, at: i64) -> Result<()> {
    let (id, thread): (i64, i64) = (row.get("id")?, row.get("thread_id")?);
    let (text, title): (String, Option<String>) = (row.get("text")?, row.get("title")?);
    tx.run(q!(
        "update posts set text = '', html = null, title = null, links = '[]', media = '[]', extra = '{}', deleted_at = $1 where id = $2",
        at,
        id
    ))
    .await?;
    tx.run(q!("delete from revisions where post_id = $1", id)).await?;
    if let Some(author) = row.get::<Option<i64>, _>("author_id")? {
        picture::forget_author(tx, author).await?;
    }
    forget_words(tx, id).await?;
    near::forget(tx, id, title.as_deref(), &text).await?;
    for analysis in tx.all(q!("select id, body from analyses where post_id = $1", id)).await? {
        let mut body: serde_json::Value = analysis.json("body")?;
        unquote(&mut body);
        tx.run(q!("update analyses set body = $1 where id = $2", body.to_string(), analysis.get::<i64, _>("id")?))
            .await?;
    }
    tx.run(q!(
        "update mention_queries set spans = '[]' where mention_id in (select id from mentions where post_id = $1)",
        id
    ))
    .await?;
    tx.run(q!(
        "update cases set title = 'Deleted by its author', version = version + 1
         where title = $1 and id in (select case_id from case_threads where thread_id = $2)",
        case::title(title.as_deref(), &text),
        thread
    ))
    .await?;
    tx.log(Entry::new("post.deleted", "post", id).with(json!({ "thread": thread })));
    Ok(())
}

/// Removes every quoted piece of text from a stored analysis; rules, values and scores stay.
fn unquote(body: &mut serde_json::Value) {
    match body {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match name.as_str() {
                    "words" if value.is_string() => *value = "".into(),
                    "span" => *value = serde_json::Value::Null,
                    _ => unquote(value),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(unquote),
        _ => {}
    }
}

async fn revise(tx: &mut Tx, engine: &Engine, key: &Key, fresh: &Fresh, row: &Row) -> Result<bool> {
    let (id, digest): (i64, Vec<u8>) = (row.get("id")?, row.get("digest")?);
    let seen = q!("select 1 as seen from revisions where post_id = $1 and digest = $2", id, fresh.digest.clone());
    if digest == fresh.digest || tx.opt(seen).await?.is_some() {
        return Ok(false);
    }
    let (edited, stored) = (fresh.post.edited_at.map(micros), row.get::<Option<i64>, _>("edited_at")?);
    // Without a date of editing the later arrival is the newer wording; with one, the date decides.
    let older = match (edited, stored) {
        (Some(edited), Some(stored)) => edited < stored,
        (None, Some(_)) => true,
        _ => false,
    };
    let revision = tx.id("revisions").await?;
    let insert = q!(
        "insert into revisions (id, post_id, text, html, title, digest, edited_at, received_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        revision,
        id
    );
    let now = tx.now();
    if older {
        let post = &fresh.post;
        tx.run(
            insert
                .bind(&post.text)
                .bind(post.html.as_deref())
                .bind(post.title.as_deref())
                .bind(fresh.digest.clone())
                .bind(edited)
                .bind(now),
        )
        .await?;
        tx.log(Entry::new("post.revised", "post", id).with(json!({ "older": true })));
        return Ok(true);
    }
    let (text, html, title): (String, Option<String>, Option<String>) =
        (row.get("text")?, row.get("html")?, row.get("title")?);
    let ours: bool = row.get("ours")?;
    near::forget(tx, id, title.as_deref(), &text).await?;
    if let Some(print) = fresh.print.as_ref().filter(|_| !ours) {
        near::keep(tx, &[(id, print)]).await?;
    }
    tx.run(insert.bind(text).bind(html).bind(title).bind(digest).bind(stored).bind(row.get::<i64, _>("received_at")?))
        .await?;
    let number: i64 = row.get::<i64, _>("revision")? + 1;
    tx.run(q!(
        "update posts set text = $1, html = $2, title = $3, digest = $4, edited_at = $5, received_at = $6, revision = $7 where id = $8",
        &fresh.post.text,
        fresh.post.html.as_deref(),
        fresh.post.title.as_deref(),
        fresh.digest.clone(),
        edited,
        now,
        number,
        id
    ))
    .await?;
    forget_words(tx, id).await?;
    let sql = if tx.is_postgres() {
        "insert into post_words (post_id, words) values ($1, to_tsvector('simple', $2))"
    } else {
        "insert into post_words (rowid, words) values ($1, $2)"
    };
    tx.run(q!(sql, id, &fresh.words)).await?;
    let new = New {
        fresh,
        key: key.clone(),
        id,
        thread: row.get("thread_id")?,
        author: row.get("author_id")?,
        ours,
        deleted_at: None,
        actor: tx.actor().clone(),
    };
    case::judge_again(tx, engine, &new, number).await?;
    tx.log(Entry::new("post.revised", "post", id).with(json!({ "revision": number })));
    Ok(true)
}

async fn forget_words(tx: &mut Tx, post: i64) -> Result<()> {
    let sql = if tx.is_postgres() {
        "delete from post_words where post_id = $1"
    } else {
        "delete from post_words where rowid = $1"
    };
    tx.run(q!(sql, post)).await.map(drop)
}
