//! How many people say nearly the same, and waves of it.

use std::collections::{HashMap, HashSet};

use dandelion_post::Micros;
use serde::Serialize;

use super::places;
use crate::{
    Hub, Result,
    scope::{Role, Viewer},
    store::{Q, q},
};

/// A wave is at least so many people …
pub const WAVE_PEOPLE: i64 = 8;
/// … within so long: an hour.
pub const WAVE_WITHIN: Micros = 3_600_000_000;

/// How many say nearly what a post says, that post included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What to ask the search for.
    pub group: i64,
    /// Posts.
    pub posts: i64,
    /// Different people who wrote them; a post of nobody known counts as one.
    pub people: i64,
}

/// Many people say nearly the same within an hour, and it is about us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wave {
    /// What to ask the search for.
    pub group: i64,
    /// Different people within the fullest hour.
    pub people: i64,
    /// When the first of them wrote.
    pub from: Micros,
    /// When the last of them wrote.
    pub to: Micros,
    /// What the first of them wrote.
    pub text: String,
    /// Different people in all of the time asked for.
    pub people_in_all: i64,
}

/// For each of these posts that is not alone: how many say nearly the same, by post.
pub async fn groups(hub: &Hub, viewer: &Viewer, posts: &[i64]) -> Result<HashMap<i64, Group>> {
    viewer.need_anywhere(Role::Viewer, "read posts")?;
    let mut found = HashMap::new();
    for posts in posts.chunks(200) {
        let (list, values) = places(posts);
        let sql = format!(
            "select a.post_id, g.group_id, count(*) as posts, count(distinct coalesce(p.author_id, -p.id)) as people
             from prints a join prints g on g.group_id = a.group_id join posts p on p.id = g.post_id
             where a.post_id in ({list}) group by a.post_id, g.group_id having count(*) > 1"
        );
        for row in hub.db.all(Q::of(sql).bind_all(values)).await? {
            let group = Group { group: row.get("group_id")?, posts: row.get("posts")?, people: row.get("people")? };
            found.insert(row.get("post_id")?, group);
        }
    }
    Ok(found)
}

/// Waves about us among what was written in the last `within`, the largest first, at most five.
pub async fn waves(hub: &Hub, viewer: &Viewer, within: Micros) -> Result<Vec<Wave>> {
    viewer.need_anywhere(Role::Viewer, "read posts")?;
    hub.memo(format!("waves {within}"), find_waves(hub, hub.now() - within)).await
}

async fn find_waves(hub: &Hub, since: Micros) -> Result<Vec<Wave>> {
    // Most posts are alone; the few groups left are looked at one by one. `cross join` holds SQLite to this order.
    let sql = "select g.group_id from posts p cross join prints g where p.created_at >= $1 and g.post_id = p.id
        group by g.group_id having count(*) >= $2";
    let mut waves = Vec::new();
    for row in hub.db.all(q!(sql, since, WAVE_PEOPLE)).await? {
        waves.extend(wave(hub, row.get("group_id")?, since).await?);
    }
    waves.sort_by_key(|wave| (-wave.people, wave.from));
    waves.truncate(5);
    Ok(waves)
}

/// The fullest hour of a group, if it is a wave and enough of its people said it about us.
async fn wave(hub: &Hub, group: i64, since: Micros) -> Result<Option<Wave>> {
    let sql = "select p.created_at as at, coalesce(p.author_id, -p.id) as who, m.id as mention
        from prints g join posts p on p.id = g.post_id left join mentions m on m.post_id = p.id and m.off_at is null
        where g.group_id = $1 and p.created_at >= $2 order by p.created_at, p.id";
    let (mut said, mut concerned) = (Vec::new(), HashSet::new());
    for row in hub.db.all(q!(sql, group, since)).await? {
        let (at, who): (Micros, i64) = (row.get("at")?, row.get("who")?);
        if row.get::<Option<i64>, _>("mention")?.is_some() {
            concerned.insert(who);
        }
        said.push((at, who));
    }
    if (concerned.len() as i64) < WAVE_PEOPLE {
        return Ok(None);
    }
    let Some((from, to, people)) = fullest(&said, WAVE_WITHIN).filter(|(_, _, people)| *people >= WAVE_PEOPLE) else {
        return Ok(None);
    };
    let sql = "select p.text from prints g join posts p on p.id = g.post_id where g.group_id = $1 and p.created_at = $2
        and p.deleted_at is null order by p.id limit 1";
    let text = hub.db.opt(q!(sql, group, from)).await?.map(|row| row.get("text")).transpose()?;
    let mut all: Vec<i64> = said.iter().map(|(_, who)| *who).collect();
    all.sort_unstable();
    all.dedup();
    Ok(Some(Wave { group, people, from, to, text: text.unwrap_or_default(), people_in_all: all.len() as i64 }))
}

/// The stretch of at most `within` in which most different people spoke; `said` in the order of time.
pub(super) fn fullest(said: &[(Micros, i64)], within: Micros) -> Option<(Micros, Micros, i64)> {
    let (mut counts, mut start, mut best) = (HashMap::<i64, i64>::new(), 0, None);
    for (at, who) in said {
        *counts.entry(*who).or_default() += 1;
        while at - said[start].0 > within {
            let gone = said[start].1;
            if let Some(count) = counts.get_mut(&gone) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&gone);
                }
            }
            start += 1;
        }
        let people = counts.len() as i64;
        if best.is_none_or(|(_, _, most)| people > most) {
            best = Some((said[start].0, *at, people));
        }
    }
    best
}
