//! The counting.

use std::collections::HashMap;

use serde::Serialize;

use super::{Group, Span, groups};
use crate::{
    Hub, Result,
    scope::{Role, Viewer},
    store::q,
};

/// How many, in both ways of counting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Posts.
    pub posts: i64,
    /// Different people who wrote them; a post of nobody known counts as one.
    pub people: i64,
}

/// A group with what was said of it.
#[derive(Debug, Clone, Serialize)]
pub struct GroupShare {
    /// Which.
    pub group: Group,
    /// In the span.
    pub count: Count,
}

/// A topic with what was said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicShare {
    /// Its key.
    pub key: String,
    /// Its name; the key where the organisation no longer knows it.
    pub name: String,
    /// In the span.
    pub count: Count,
}

/// A source with what it brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceCount {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its kind: file, feed, webhook.
    pub kind: String,
    /// Posts of others in the span.
    pub posts: i64,
    /// Since when it rests.
    pub paused: bool,
}

/// Who speaks of what in a span of time.
#[derive(Debug, Clone, Serialize)]
pub struct Voice {
    /// From, inclusive, to, exclusive; by when posts were written.
    pub span: Span,
    /// The groups, ours first.
    pub groups: Vec<GroupShare>,
    /// Of any of them; who speaks of two is one person.
    pub any: Count,
    /// Topics, most people first.
    pub topics: Vec<TopicShare>,
    /// Mentions with any topic or none.
    pub mentions: Count,
    /// What it was counted in: every source that brought something in the span, the largest first.
    pub sources: Vec<SourceCount>,
    /// Queries of the groups that began to listen within the span and were not run over what was stored before: number,
    /// name. What was said before is missing from their counts.
    pub late: Vec<(i64, String)>,
}

const PEOPLE: &str = "count(distinct p.id) as posts, count(distinct coalesce(p.author_id, -p.id)) as people";

/// Counts everything anew; nothing is kept, so that a mark or a deletion shows at once.
pub async fn read(hub: &Hub, viewer: &Viewer, span: Span) -> Result<Voice> {
    viewer.need_anywhere(Role::Viewer, "see the share of voice")?;
    let groups = groups(hub, viewer).await?;
    let (counts, any, topics, mentions, sources, late) = tokio::try_join!(
        of_groups(hub, span),
        of_any(hub, span),
        of_topics(hub, span),
        of_mentions(hub, span),
        of_sources(hub, span),
        late(hub, span),
    )?;
    let count = |group: &Group| counts.get(&group.id).copied().unwrap_or_default();
    let groups = groups.into_iter().map(|group| GroupShare { count: count(&group), group }).collect();
    Ok(Voice { span, groups, any, topics, mentions, sources, late })
}

async fn of_groups(hub: &Hub, (from, to): Span) -> Result<HashMap<i64, Count>> {
    let sql = format!(
        "select gq.group_id, {PEOPLE} from query_group_queries gq join query_groups g on g.id = gq.group_id and g.archived_at is null
         join mention_queries mq on mq.query_id = gq.query_id join mentions m on m.id = mq.mention_id and m.off_at is null
         join posts p on p.id = m.post_id where p.created_at >= $1 and p.created_at < $2 group by gq.group_id"
    );
    let rows = hub.db.all(crate::store::Q::of(sql).bind(from).bind(to)).await?;
    rows.iter()
        .map(|row| Ok((row.get("group_id")?, Count { posts: row.get("posts")?, people: row.get("people")? })))
        .collect()
}

async fn of_any(hub: &Hub, (from, to): Span) -> Result<Count> {
    let sql = format!(
        "select {PEOPLE} from posts p join mentions m on m.post_id = p.id and m.off_at is null
         where p.created_at >= $1 and p.created_at < $2 and m.id in (select mq.mention_id from query_group_queries gq
           join query_groups g on g.id = gq.group_id and g.archived_at is null join mention_queries mq on mq.query_id = gq.query_id)"
    );
    let row = hub.db.one(crate::store::Q::of(sql).bind(from).bind(to)).await?;
    Ok(Count { posts: row.get("posts")?, people: row.get("people")? })
}

async fn of_mentions(hub: &Hub, (from, to): Span) -> Result<Count> {
    let sql = format!(
        "select {PEOPLE} from posts p join mentions m on m.post_id = p.id and m.off_at is null where p.created_at >= $1 and p.created_at < $2"
    );
    let row = hub.db.one(crate::store::Q::of(sql).bind(from).bind(to)).await?;
    Ok(Count { posts: row.get("posts")?, people: row.get("people")? })
}

async fn of_topics(hub: &Hub, (from, to): Span) -> Result<Vec<TopicShare>> {
    let engine = hub.engine().await?;
    let sql = format!(
        "select t.topic, {PEOPLE} from mention_topics t join mentions m on m.id = t.mention_id and m.off_at is null
         join posts p on p.id = m.post_id where p.created_at >= $1 and p.created_at < $2 group by t.topic"
    );
    let mut found = Vec::new();
    for row in hub.db.all(crate::store::Q::of(sql).bind(from).bind(to)).await? {
        let key: String = row.get("topic")?;
        let name = engine.org.topics.iter().find(|topic| topic.key == key).map_or(&key, |topic| &topic.name).clone();
        found.push(TopicShare { name, key, count: Count { posts: row.get("posts")?, people: row.get("people")? } });
    }
    found.sort_by(|one, other| other.count.people.cmp(&one.count.people).then_with(|| one.name.cmp(&other.name)));
    Ok(found)
}

async fn of_sources(hub: &Hub, (from, to): Span) -> Result<Vec<SourceCount>> {
    let sql = "select s.id, s.name, s.kind, s.paused_at, n.posts from sources s join (
          select source_id, count(*) as posts from posts where created_at >= $1 and created_at < $2 and not ours group by source_id
        ) n on n.source_id = s.id order by n.posts desc, s.name";
    let rows = hub.db.all(q!(sql, from, to)).await?;
    rows.iter()
        .map(|row| {
            Ok(SourceCount {
                id: row.get("id")?,
                name: row.get("name")?,
                kind: row.get("kind")?,
                posts: row.get("posts")?,
                paused: row.get::<Option<i64>, _>("paused_at")?.is_some(),
            })
        })
        .collect()
}

/// A query hears what comes after it was saved; the rest only a back-fill brings.
async fn late(hub: &Hub, (from, to): Span) -> Result<Vec<(i64, String)>> {
    let sql = "select distinct q.id, q.name from query_group_queries gq join query_groups g on g.id = gq.group_id and g.archived_at is null
        join queries q on q.id = gq.query_id
        where q.created_at > $1 and exists (select 1 from posts p where p.created_at >= $1 and p.created_at < $2 and p.received_at < q.created_at)
          and not exists (select 1 from backfills b where b.query_id = q.id and b.state = 'done' and (b.since is null or b.since <= $1))
        order by q.name";
    let rows = hub.db.all(q!(sql, from, to)).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}
