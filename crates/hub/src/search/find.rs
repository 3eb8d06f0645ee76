use dandelion_post::{
    Micros,
    words::{Kind, Words},
};

use crate::{
    Hub, Result,
    personal::{self, Cover},
    scope::{Role, Viewer},
    store::{Q, Value},
};

/// What to look for. Everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Words (all of them), `"phrases"`, `word*`. Anything may be typed; nothing is an error.
    pub text: String,
    /// Only this network.
    pub network: Option<String>,
    /// Only posts of this source.
    pub source: Option<i64>,
    /// Only posts heard by this query.
    pub query: Option<i64>,
    /// Only posts of this author.
    pub author: Option<i64>,
    /// Only these posts; empty: whichever.
    pub ids: Vec<i64>,
    /// Only posts that concern us (`true`) or do not (`false`).
    pub mentions: Option<bool>,
    /// Written at or after.
    pub since: Option<Micros>,
    /// Written before.
    pub until: Option<Micros>,
    /// Only posts that say nearly the same: a group of [`crate::near`].
    pub near: Option<i64>,
    /// Only posts heard by one of the queries of this group.
    pub group: Option<i64>,
    /// Only mentions of this topic, by key.
    pub topic: Option<String>,
    /// Only posts that this back-fill found and has made nothing of yet.
    pub backfill: Option<i64>,
    /// Only mentions marked as not about us (`true`), or none of them (`false`).
    pub off: Option<bool>,
    /// Of posts that say nearly the same only the latest to arrive.
    pub folded: bool,
}

/// A post as a search shows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Found {
    /// The post.
    pub id: i64,
    /// Its network.
    pub network: String,
    /// Its address there.
    pub url: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// Words.
    pub text: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// The name they type.
    pub handle: Option<String>,
    /// When it was written.
    pub created_at: Micros,
    /// Taken away by its author.
    pub deleted: bool,
    /// Ours.
    pub ours: bool,
    /// Its case, where the viewer may see it.
    pub case: Option<i64>,
    /// Whether it concerns us at all.
    pub mention: bool,
    /// Whether it is a mention that people say is not about us.
    pub off: bool,
}

/// Posts, the latest to arrive first, before the post `after`, at most `limit` (1 to 200). Posts are public and
/// listening is shared by all units, so every member may read them; whose case it is stays in scope.
pub async fn posts(hub: &Hub, viewer: &Viewer, search: &Search, after: Option<i64>, limit: i64) -> Result<Vec<Found>> {
    viewer.need_anywhere(Role::Viewer, "search posts")?;
    let mut values = Vec::new();
    let Some(mut conditions) = conditions(search, &mut values, hub.db.is_postgres()) else { return Ok(Vec::new()) };
    if search.folded {
        let fits = if conditions.is_empty() { String::new() } else { format!("and {}", conditions.join(" and ")) };
        // Inside, `p` and `m` are another post: one that fits as well, of the same group, and came later.
        conditions.push(format!(
            "not exists (select 1 from prints g join prints n on n.group_id = g.group_id and n.post_id > g.post_id
               where g.post_id = p.id and exists (select 1 from posts p left join mentions m on m.post_id = p.id
                 where p.id = n.post_id {fits}))"
        ));
    }
    if let Some(after) = after {
        conditions.push(format!("p.id < ${}", bind(&mut values, after)));
    }
    let most = bind(&mut values, limit.clamp(1, 200));
    let wanted = if conditions.is_empty() { String::new() } else { format!("where {}", conditions.join(" and ")) };
    let scope = viewer.scope(Role::Viewer).case_sql("c");
    let sql = format!(
        "select p.id, p.network, p.url, p.title, p.text, p.created_at, p.deleted_at, p.ours, a.name, a.handle, m.id as mention, m.off_at,
           (select c.id from cases c where c.id = m.case_id and {scope}) as case_id
         from posts p left join authors a on a.id = p.author_id left join mentions m on m.post_id = p.id
         {wanted} order by p.id desc limit ${most}"
    );
    let rows = hub.db.all(Q::of(sql).bind_all(values)).await?;
    let cover = Cover::over(hub, viewer).await?;
    rows.iter()
        .map(|row| {
            let handle: Option<String> = row.get("handle")?;
            Ok(Found {
                id: row.get("id")?,
                network: row.get("network")?,
                url: row.get("url")?,
                title: row.get::<Option<String>, _>("title")?.map(|title| personal::shown(cover.as_ref(), title)),
                text: personal::shown(cover.as_ref(), row.get("text")?),
                author: row.get::<Option<String>, _>("name")?.or_else(|| handle.clone()),
                handle,
                created_at: row.get("created_at")?,
                deleted: row.get::<Option<i64>, _>("deleted_at")?.is_some(),
                ours: row.get("ours")?,
                case: row.get("case_id")?,
                mention: row.get::<Option<i64>, _>("mention")?.is_some(),
                off: row.get::<Option<i64>, _>("off_at")?.is_some(),
            })
        })
        .collect()
}

/// What must hold of `posts p` and its mention `m`; nothing where no post can fit.
fn conditions(search: &Search, values: &mut Vec<Value>, postgres: bool) -> Option<Vec<String>> {
    let mut conditions = Vec::new();
    let words = expression(&search.text, postgres);
    match words {
        Some(expression) => {
            let n = bind(values, expression);
            conditions.push(if postgres {
                format!("p.id in (select post_id from post_words where words @@ cast(${n} as tsquery))")
            } else {
                format!("p.id in (select rowid from post_words where post_words match ${n})")
            });
        }
        None if !search.text.trim().is_empty() => return None,
        None => {}
    }
    if let Some(network) = &search.network {
        conditions.push(format!("p.network = ${}", bind(values, network)));
    }
    if let Some(source) = search.source {
        conditions.push(format!("p.source_id = ${}", bind(values, source)));
    }
    if let Some(author) = search.author {
        conditions.push(format!("p.author_id = ${}", bind(values, author)));
    }
    if let Some(query) = search.query {
        let n = bind(values, query);
        conditions.push(format!(
            "m.off_at is null and m.id in (select mention_id from mention_queries where query_id = ${n})"
        ));
    }
    if !search.ids.is_empty() {
        let list: Vec<String> = search.ids.iter().map(ToString::to_string).collect();
        conditions.push(format!("p.id in ({})", list.join(", ")));
    }
    if let Some(mentions) = search.mentions {
        conditions.push(format!("m.id is {}null", if mentions { "not " } else { "" }));
    }
    if let Some(since) = search.since {
        conditions.push(format!("p.created_at >= ${}", bind(values, since)));
    }
    if let Some(until) = search.until {
        conditions.push(format!("p.created_at < ${}", bind(values, until)));
    }
    if let Some(near) = search.near {
        conditions.push(format!("p.id in (select post_id from prints where group_id = ${})", bind(values, near)));
    }
    if let Some(group) = search.group {
        let n = bind(values, group);
        conditions.push(format!(
            "m.off_at is null and m.id in (select mq.mention_id from query_group_queries gq join mention_queries mq on mq.query_id = gq.query_id where gq.group_id = ${n})"
        ));
    }
    if let Some(topic) = &search.topic {
        let n = bind(values, topic);
        conditions
            .push(format!("m.off_at is null and m.id in (select mention_id from mention_topics where topic = ${n})"));
    }
    if let Some(backfill) = search.backfill {
        let n = bind(values, backfill);
        conditions.push(format!("p.id in (select post_id from backfill_posts where backfill_id = ${n})"));
    }
    if let Some(off) = search.off {
        conditions.push(format!("m.off_at is {}null", if off { "not " } else { "" }));
    }
    Some(conditions)
}

/// Keeps a value; gives its place.
fn bind(values: &mut Vec<Value>, value: impl Into<Value>) -> usize {
    values.push(value.into());
    values.len()
}

/// What was typed, as an expression of FTS5 or a `tsquery`; nothing if it holds no word.
pub(crate) fn expression(text: &str, postgres: bool) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    for (at, part) in text.split('"').enumerate().take(64) {
        let quoted = at % 2 == 1;
        let pieces: Vec<&str> = if quoted { vec![part] } else { part.split_whitespace().collect() };
        for piece in pieces.into_iter().take(64) {
            let prefix = !quoted && piece.ends_with('*');
            let mut words: Vec<String> = Vec::new();
            for (token, word) in Words::of(piece).iter() {
                if token.kind == Kind::Dense {
                    words.extend(word.chars().map(String::from));
                } else {
                    words.push(word.to_owned());
                }
            }
            if let Some(term) = term(&words, prefix, postgres) {
                terms.push(term);
            }
        }
    }
    terms.truncate(64);
    (!terms.is_empty()).then(|| terms.join(if postgres { " & " } else { " AND " }))
}

/// One word, prefix or phrase. Words hold only letters, digits and `_`, and are quoted all the same.
fn term(words: &[String], prefix: bool, postgres: bool) -> Option<String> {
    if words.is_empty() {
        return None;
    }
    let star = |sign: &'static str| if prefix { sign } else { "" };
    Some(if postgres {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "''"))).collect();
        format!("({}{})", quoted.join(" <-> "), star(":*"))
    } else {
        format!("\"{}\"{}", words.join(" ").replace('"', ""), star("*"))
    })
}
