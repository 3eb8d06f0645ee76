//! Words among ourselves, and colleagues called with `@key`.

use dandelion_post::Micros;
use serde::Serialize;
use serde_json::json;

use super::{Named, held::hold_for};
use crate::{
    Error, Hub, Result,
    log::{Actor, Entry},
    member,
    scope::{Role, Viewer},
    store::{Q, q},
};

/// The longest note, in characters.
const LONGEST: usize = 10_000;
/// The most colleagues one note may call.
const MOST_CALLS: usize = 20;

/// A note that was written.
#[derive(Debug, Clone, Serialize)]
pub struct Noted {
    /// The note.
    pub id: i64,
    /// Who was called.
    pub called: Vec<Named>,
    /// Keys nobody has.
    pub unknown: Vec<String>,
    /// Who would be called, but may not see the case.
    pub blind: Vec<Named>,
}

/// A call that waits for the viewer.
#[derive(Debug, Clone, Serialize)]
pub struct PingRow {
    /// The note.
    pub note: i64,
    /// The case.
    pub case: i64,
    /// Its heading.
    pub title: String,
    /// Who called.
    pub by: Named,
    /// What they wrote.
    pub text: String,
    /// When.
    pub at: Micros,
    /// When the viewer looked.
    pub seen_at: Option<Micros>,
}

/// Writes a note. Whoever is an agent in the unit that owns the case, is offered it, or was told of it, may.
/// Colleagues called by `@key` find it among their pings, if they may see the case.
pub async fn note(hub: &Hub, viewer: &Viewer, case: i64, text: &str) -> Result<Noted> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("note", "write something", ""));
    }
    if text.chars().count() > LONGEST {
        return Err(Error::invalid("note", format!("at most {LONGEST} characters"), text));
    }
    let (called, unknown) = members(hub, &calls(text)).await?;
    let mut sighted = Vec::new();
    for named in called {
        sighted.push((member::viewer(hub, named.id).await?, named));
    }
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let held = hold_for(&mut tx, viewer, case).await?;
    let among = |viewer: &Viewer, role| {
        Q::of(format!("select 1 as x from cases c where c.id = $1 and {}", viewer.scope(role).case_sql("c"))).bind(case)
    };
    if tx.opt(among(viewer, Role::Agent)).await?.is_none() {
        viewer.need(Role::Agent, held.unit, "write notes in this case")?;
    }
    let (id, now) = (tx.id("notes").await?, tx.now());
    let sql = "insert into notes (id, case_id, member_id, text, at) values ($1, $2, $3, $4, $5)";
    tx.run(q!(sql, id, case, viewer.member, text, now)).await?;
    let mut noted = Noted { id, called: Vec::new(), unknown, blind: Vec::new() };
    for (theirs, named) in sighted {
        if tx.opt(among(&theirs, Role::Viewer)).await?.is_none() {
            noted.blind.push(named);
            continue;
        }
        tx.run(q!("insert into pings (note_id, member_id, at) values ($1, $2, $3)", id, named.id, now)).await?;
        noted.called.push(named);
    }
    let body = json!({ "note": id, "called": noted.called.iter().map(|named| named.id).collect::<Vec<_>>() });
    tx.log(Entry::new("note.added", "case", case).unit(held.unit).with(body));
    tx.commit().await?;
    Ok(noted)
}

/// The viewer's pings in cases they may see, newest first, at most `limit` (1 to 200).
pub async fn pings(hub: &Hub, viewer: &Viewer, unseen_only: bool, limit: i64) -> Result<Vec<PingRow>> {
    let sql = format!(
        "select m.id as m_id, m.key as m_key, m.name as m_name, n.id as id, n.case_id as case_id, c.title as title,
           n.text as text, p.at as at, p.seen_at as seen_at
         from pings p join notes n on n.id = p.note_id join cases c on c.id = n.case_id join members m on m.id = n.member_id
         where p.member_id = $1 and n.undone_at is null and (p.seen_at is null or not $2) and {}
         order by n.id desc limit {}",
        viewer.scope(Role::Viewer).case_sql("c"),
        limit.clamp(1, 200)
    );
    let rows = hub.db.all(Q::of(sql).bind(viewer.member).bind(unseen_only)).await?;
    rows.iter()
        .map(|row| {
            Ok(PingRow {
                note: row.get("id")?,
                case: row.get("case_id")?,
                title: row.get("title")?,
                by: Named::one(row, 0)?,
                text: row.get("text")?,
                at: row.get("at")?,
                seen_at: row.get("seen_at")?,
            })
        })
        .collect()
}

/// The viewer has seen a ping. Opening its case says so too.
pub async fn see_ping(hub: &Hub, viewer: &Viewer, note: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    let sql = "update pings set seen_at = coalesce(seen_at, $1) where note_id = $2 and member_id = $3";
    if tx.run(q!(sql, now, note, viewer.member)).await? == 0 {
        return Err(Error::not_found("ping", note));
    }
    tx.commit_unlogged("that somebody looked is theirs alone").await
}

/// The keys called in a text, each once: `@` at the start of a word, then a member's key. `a@b` is an address.
fn calls(text: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let in_key = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    for (at, _) in text.match_indices('@') {
        if text[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '.') {
            continue;
        }
        let key: String = text[at + 1..].chars().take_while(|c| in_key(*c)).collect();
        let key = key.trim_end_matches(['-', '_']).to_lowercase();
        if !key.is_empty() && !keys.contains(&key) && keys.len() < MOST_CALLS {
            keys.push(key);
        }
    }
    keys
}

async fn members(hub: &Hub, keys: &[String]) -> Result<(Vec<Named>, Vec<String>)> {
    let (mut called, mut unknown) = (Vec::new(), Vec::new());
    for key in keys {
        let sql = "select id as m_id, key as m_key, name as m_name from members where lower(key) = $1 and disabled_at is null";
        match hub.db.opt(q!(sql, key)).await? {
            Some(row) => called.push(Named::one(&row, 0)?),
            None => unknown.push(key.clone()),
        }
    }
    Ok((called, unknown))
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn colleagues_are_called_and_addresses_are_not() {
        let text = "@ana please; (@dario-l) and @ANA. Not bob@example.com, not @, not x.@y";
        assert_eq!(calls(text), ["ana", "dario-l"]);
    }
}
