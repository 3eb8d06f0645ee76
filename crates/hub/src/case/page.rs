//! The case page: everything one looks at before answering, with the reasons on screen.

use dandelion_networks::email::Beside;
use dandelion_post::Micros;
use serde::Serialize;

use super::{
    CaseRow, Entry, Named, State, entries,
    list::{padded, places, rows},
    undo::{Undoable, undoable},
};
use crate::{
    Error, Hub, Result,
    log::Actor,
    outcome::{self, OutcomeRow},
    personal::Cover,
    scope::{Role, Viewer},
    store::{Q, q},
};

/// What was found under a number.
#[derive(Debug, Clone)]
pub enum Found {
    /// The case.
    Here(Box<CasePage>),
    /// It became part of this one: lead people there.
    Moved(i64),
}

/// Everything the page of a case shows.
#[derive(Debug, Clone, Serialize)]
pub struct CasePage {
    /// As in the inbox.
    pub case: CaseRow,
    /// What happened, oldest first; of the posts the newest 200.
    pub entries: Vec<Entry>,
    /// Older posts that are not in `entries`.
    pub earlier: i64,
    /// The newest analysis of each customer post in `entries`, in their order.
    pub analyses: Vec<PostAnalysis>,
    /// The same author's other cases, newest first, at most 20, as far as the viewer may see them.
    pub others: Vec<OtherCase>,
    /// Units that were told.
    pub watches: Vec<WatchCard>,
    /// Promises, newest first.
    pub targets: Vec<TargetCard>,
    /// What came of it.
    pub outcomes: Vec<OutcomeRow>,
    /// What the viewer may do here.
    pub may: May,
    /// What the viewer just did here and may take back.
    pub undo: Option<Undoable>,
}

/// What a model version said of a post. `body` is the `Analysis` of the understand crate as stored: language,
/// sentiment, intents, urgency, risks, products, topics with scores and reasons, and the influence sum.
#[derive(Debug, Clone, Serialize)]
pub struct PostAnalysis {
    /// The post.
    pub post: i64,
    /// Model version.
    pub version: String,
    /// When.
    pub at: Micros,
    /// All of it.
    pub body: serde_json::Value,
}

/// Another case of the same author.
#[derive(Debug, Clone, Serialize)]
pub struct OtherCase {
    /// Number.
    pub id: i64,
    /// Heading.
    pub title: String,
    /// Where it stands.
    pub state: State,
    /// Who owns it.
    pub unit: Named,
    /// Opened.
    pub opened_at: Micros,
    /// Kind of its resolution, while it holds.
    pub resolution: Option<String>,
    /// When the customer confirmed it.
    pub confirmed_at: Option<Micros>,
}

/// A unit that was told.
#[derive(Debug, Clone, Serialize)]
pub struct WatchCard {
    /// Which.
    pub unit: Named,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Micros,
}

/// A promise of time.
#[derive(Debug, Clone, Serialize)]
pub struct TargetCard {
    /// Id.
    pub id: i64,
    /// `first_response`, `next_response`, `resolution`, `acceptance`.
    pub kind: String,
    /// Whose promise.
    pub unit: Named,
    /// When it began.
    pub started_at: Micros,
    /// When it is due.
    pub due_at: Micros,
    /// Kept.
    pub met_at: Option<Micros>,
    /// Broken (it may still be kept late).
    pub missed_at: Option<Micros>,
    /// No longer counts.
    pub cancelled_at: Option<Micros>,
}

/// What the viewer may do with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct May {
    /// Take, note, hand off, draft, send, resolve, snooze, correct.
    pub work: bool,
    /// Assign to others.
    pub assign: bool,
    /// Accept or bounce the handoff on offer.
    pub answer_offer: bool,
    /// Take the offer back.
    pub withdraw_offer: bool,
}

/// A case with everything around it; remembers that the viewer has now seen it. What is out of their sight is
/// [`Error::NotFound`], as if it did not exist.
pub async fn open(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Found> {
    let scope = viewer.scope(Role::Viewer).case_sql("c");
    let sql = format!("select c.merged_into, c.author_id from cases c where c.id = $1 and {scope}");
    let Some(row) = hub.db.opt(Q::of(sql).bind(id)).await? else {
        return moved_in_sight(hub, viewer, id).await;
    };
    if let Some(into) = row.get("merged_into")? {
        return Ok(Found::Moved(into));
    }
    let author: Option<i64> = row.get("author_id")?;
    let case = rows(hub, viewer, &[id]).await?.pop().ok_or_else(|| Error::not_found("case", id))?;
    let mut entries = entries::of(hub, id).await?;
    let shown = entries.iter().filter(|entry| matches!(entry, Entry::Post(_))).count() as i64;
    let (mut analyses, mut others) = (analyses(hub, &entries).await?, others(hub, viewer, id, author).await?);
    if let Some(cover) = Cover::over(hub, viewer).await? {
        for analysis in &mut analyses {
            let posts = entries.iter().filter_map(|entry| match entry {
                Entry::Post(post) if post.id == analysis.post => Some(post),
                _ => None,
            });
            let texts = posts.flat_map(|post| post.title.iter().chain([&post.text])).map(String::as_str);
            cover.quotes(&mut analysis.body, texts);
        }
        for entry in &mut entries {
            hide(&cover, entry);
        }
        for other in &mut others {
            cover.text(&mut other.title);
        }
    }
    let page = CasePage {
        earlier: if shown < entries::MOST_POSTS { 0 } else { posts(hub, id).await? - shown },
        analyses,
        others,
        watches: watches(hub, id).await?,
        targets: targets(hub, id).await?,
        outcomes: outcome::of_case(hub, id).await?,
        may: may(viewer, &case),
        undo: undoable(hub, viewer, id).await?,
        case,
        entries,
    };
    if page.case.unread || called(hub, viewer, id).await? {
        see(hub, viewer, id).await?; // a write waits for the disk: only where it changes something
    }
    Ok(Found::Here(Box::new(page)))
}

/// A merged case is owned by nobody's watch any more; its address still leads on for whoever sees where it went.
async fn moved_in_sight(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Found> {
    let scope = viewer.scope(Role::Viewer).case_sql("k");
    let sql = format!("select k.id from cases c join cases k on k.id = c.merged_into where c.id = $1 and {scope}");
    let row = hub.db.opt(Q::of(sql).bind(id)).await?;
    Ok(Found::Moved(row.ok_or_else(|| Error::not_found("case", id))?.get("id")?))
}

/// Whether a note in the case calls the viewer, and they have not looked yet.
async fn called(hub: &Hub, viewer: &Viewer, case: i64) -> Result<bool> {
    let sql = "select 1 as x from pings p join notes n on n.id = p.note_id
        where p.member_id = $1 and p.seen_at is null and n.case_id = $2 limit 1";
    Ok(hub.db.opt(q!(sql, viewer.member, case)).await?.is_some())
}

/// Remembers that the member looked. Reading is no change of state, so nothing is logged.
async fn see(hub: &Hub, viewer: &Viewer, case: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    let sql = "insert into seen_marks (member_id, case_id, at) values ($1, $2, $3)
        on conflict (member_id, case_id) do update set at = excluded.at";
    tx.run(q!(sql, viewer.member, case, now)).await?;
    let sql = "update pings set seen_at = $1 where member_id = $2 and seen_at is null
        and note_id in (select n.id from notes n where n.case_id = $3)";
    tx.run(q!(sql, now, viewer.member, case)).await?;
    tx.commit_unlogged("that somebody looked is theirs alone").await
}

fn may(viewer: &Viewer, case: &CaseRow) -> May {
    let (unit, offer) = (case.unit.id, case.offer.as_ref());
    May {
        work: viewer.may(Role::Agent, unit),
        assign: viewer.may(Role::Lead, unit),
        answer_offer: offer.is_some_and(|offer| viewer.may(Role::Agent, offer.to.id)),
        withdraw_offer: offer.is_some() && viewer.may(Role::Agent, unit),
    }
}

/// Masks personal data in what customers wrote; our own words and notes among ourselves stay.
fn hide(cover: &Cover, entry: &mut Entry) {
    let Entry::Post(post) = entry else { return };
    if post.ours {
        return;
    }
    post.author.iter_mut().for_each(|author| author.avatar = None);
    let texts = post.title.iter_mut().chain([&mut post.text]).chain(post.html.iter_mut());
    if cover.texts(texts) {
        post.spans.clear();
        post.html = None; // a mask may have met its markup
    }
    cover.texts(post.mail.iter_mut().flat_map(|mail| Beside::texts(mail)));
    // Descriptions of pictures and addresses of links are words as well.
    let parts = [&mut post.links, &mut post.media].into_iter().filter_map(serde_json::Value::as_array_mut).flatten();
    for part in parts {
        let texts = match part {
            serde_json::Value::String(text) => vec![text],
            serde_json::Value::Object(fields) => fields
                .values_mut()
                .filter_map(|value| if let serde_json::Value::String(text) = value { Some(text) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        cover.texts(texts);
    }
}

async fn posts(hub: &Hub, case: i64) -> Result<i64> {
    let sql =
        "select count(*) as n from case_threads ct join posts p on p.thread_id = ct.thread_id where ct.case_id = $1";
    hub.db.one(q!(sql, case)).await?.get("n")
}

async fn analyses(hub: &Hub, entries: &[Entry]) -> Result<Vec<PostAnalysis>> {
    let customers = |entry: &Entry| if let Entry::Post(post) = entry { (!post.ours).then_some(post.id) } else { None };
    let ids: Vec<i64> = entries.iter().filter_map(customers).collect();
    analyses_of(hub, &ids).await
}

/// The newest analysis of one post, in a case or not; quotes masked as [`open`] masks them.
pub(crate) async fn analysis(hub: &Hub, viewer: &Viewer, post: i64) -> Result<Option<PostAnalysis>> {
    let Some(mut found) = analyses_of(hub, &[post]).await?.pop() else { return Ok(None) };
    if let Some(cover) = Cover::over(hub, viewer).await? {
        let row = hub.db.one(q!("select title, text from posts where id = $1", post)).await?;
        let (title, text): (Option<String>, String) = (row.get("title")?, row.get("text")?);
        let texts = title.iter().chain([&text]).map(String::as_str);
        cover.quotes(&mut found.body, texts);
    }
    Ok(Some(found))
}

pub(crate) async fn analyses_of(hub: &Hub, ids: &[i64]) -> Result<Vec<PostAnalysis>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select a.post_id, a.version, a.at, a.body from analyses a where a.id in (
           select max(n.id) from analyses n where n.post_id in ({}) group by n.post_id)",
        places(ids.len(), 1)
    );
    let rows = hub.db.all(Q::of(sql).bind_all(padded(ids))).await?;
    let mut found = rows
        .iter()
        .map(|row| {
            let (post, version) = (row.get("post_id")?, row.get("version")?);
            Ok(PostAnalysis { post, version, at: row.get("at")?, body: row.json("body")? })
        })
        .collect::<Result<Vec<_>>>()?;
    found.sort_by_key(|analysis| ids.iter().position(|id| *id == analysis.post));
    Ok(found)
}

async fn others(hub: &Hub, viewer: &Viewer, case: i64, author: Option<i64>) -> Result<Vec<OtherCase>> {
    let Some(author) = author else { return Ok(Vec::new()) };
    let sql = format!(
        "select u.id as u_id, u.key as u_key, u.name as u_name, c.id as id, c.title as title, c.state as state,
           c.opened_at as opened_at, c.resolution as resolution, c.confirmed_at as confirmed_at
         from cases c join units u on u.id = c.unit_id
         where c.author_id = $1 and c.id <> $2 and c.state <> 'merged' and {} order by c.opened_at desc, c.id desc limit 20",
        viewer.scope(Role::Viewer).case_sql("c")
    );
    let rows = hub.db.all(Q::of(sql).bind(author).bind(case)).await?;
    rows.iter()
        .map(|row| {
            Ok(OtherCase {
                id: row.get("id")?,
                title: row.get("title")?,
                state: row.get::<String, _>("state")?.parse()?,
                unit: Named::one(row, 0)?,
                opened_at: row.get("opened_at")?,
                resolution: row.get("resolution")?,
                confirmed_at: row.get("confirmed_at")?,
            })
        })
        .collect()
}

async fn watches(hub: &Hub, case: i64) -> Result<Vec<WatchCard>> {
    let sql = "select u.id as u_id, u.key as u_key, u.name as u_name, w.reason as reason, w.at as at
        from watches w join units u on u.id = w.unit_id where w.case_id = $1 order by w.at, u.position";
    let rows = hub.db.all(q!(sql, case)).await?;
    rows.iter()
        .map(|row| Ok(WatchCard { unit: Named::one(row, 0)?, reason: row.get("reason")?, at: row.get("at")? }))
        .collect()
}

async fn targets(hub: &Hub, case: i64) -> Result<Vec<TargetCard>> {
    let sql = "select u.id as u_id, u.key as u_key, u.name as u_name, t.id as id, t.kind as kind,
          t.started_at as started_at, t.due_at as due_at, t.met_at as met_at, t.missed_at as missed_at,
          t.cancelled_at as cancelled_at
        from targets t join units u on u.id = t.unit_id where t.case_id = $1 order by t.id desc";
    let rows = hub.db.all(q!(sql, case)).await?;
    rows.iter()
        .map(|row| {
            Ok(TargetCard {
                id: row.get("id")?,
                kind: row.get("kind")?,
                unit: Named::one(row, 0)?,
                started_at: row.get("started_at")?,
                due_at: row.get("due_at")?,
                met_at: row.get("met_at")?,
                missed_at: row.get("missed_at")?,
                cancelled_at: row.get("cancelled_at")?,
            })
        })
        .collect()
}
