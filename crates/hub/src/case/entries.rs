//! What happened in a case, in the order it happened: posts, notes, moves between units, replies, closings.

use std::collections::HashMap;

use dandelion_networks::email::Beside;
use dandelion_post::Micros;
use serde::Serialize;

use super::{
    AuthorCard, Named,
    list::{author, fitting, spans},
};
use crate::{
    Hub, Result,
    store::{Row, q},
};

/// One line of the conversation.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "entry", rename_all = "lowercase")]
pub enum Entry {
    /// Public words.
    Post(Box<ThreadPost>),
    /// Words among ourselves.
    Note(NoteEntry),
    /// Somebody took it, gave it, or let go of it.
    Assignment(AssignmentEntry),
    /// A move to another unit, from offer to answer.
    Handoff(HandoffEntry),
    /// A reply of ours, from draft on.
    Reply(ReplyEntry),
    /// Put aside.
    Snooze(SnoozeEntry),
    /// A closing, and what became of it.
    Resolution(ResolutionEntry),
    /// A person corrected a judgement.
    Correction(CorrectionEntry),
}

impl Entry {
    /// When it happened.
    pub fn at(&self) -> Micros {
        match self {
            Self::Post(e) => e.at,
            Self::Note(e) => e.at,
            Self::Assignment(e) => e.at,
            Self::Handoff(e) => e.offered_at,
            Self::Reply(e) => e.created_at,
            Self::Snooze(e) => e.at,
            Self::Resolution(e) => e.at,
            Self::Correction(e) => e.at,
        }
    }
}

/// A post of one of the case's threads.
#[derive(Debug, Clone, Serialize)]
pub struct ThreadPost {
    /// Id.
    pub id: i64,
    /// Who said it.
    pub author: Option<AuthorCard>,
    /// Whether it is ours.
    pub ours: bool,
    /// Its network.
    pub network: String,
    /// Its address there.
    pub url: Option<String>,
    /// Title, where it has one.
    pub title: Option<String>,
    /// Its words; empty when it was deleted.
    pub text: String,
    /// As the network formatted it. **Not yet made safe**: pages clean it first.
    pub html: Option<String>,
    /// When it was posted.
    pub at: Micros,
    /// When we got it.
    pub received_at: Micros,
    /// When it was last edited, as far as known.
    pub edited_at: Option<Micros>,
    /// When it was deleted; its words are not shown any more.
    pub deleted_at: Option<Micros>,
    /// How many other wordings of it there were.
    pub revisions: i64,
    /// Byte ranges of `text` where a query matched.
    pub spans: Vec<[usize; 2]>,
    /// Likes, where known.
    pub likes: Option<i64>,
    /// Shares, where known.
    pub shares: Option<i64>,
    /// Views, where known.
    pub views: Option<i64>,
    /// Links, as the network gave them: JSON array.
    pub links: serde_json::Value,
    /// Pictures and the like, as the network gave them: JSON array.
    pub media: serde_json::Value,
    /// Of a mail: what it quotes, its signature, and which machine wrote it.
    pub mail: Option<Box<Beside>>,
}

/// Internal words.
#[derive(Debug, Clone, Serialize)]
pub struct NoteEntry {
    /// Id.
    pub id: i64,
    /// By whom.
    pub by: Named,
    /// Words.
    pub text: String,
    /// When.
    pub at: Micros,
    /// Who was called by it.
    pub pings: Vec<PingEntry>,
}

/// A colleague called in a note.
#[derive(Debug, Clone, Serialize)]
pub struct PingEntry {
    /// Whom.
    pub member: Named,
    /// When they looked.
    pub seen_at: Option<Micros>,
}

/// A change of who works on it.
#[derive(Debug, Clone, Serialize)]
pub struct AssignmentEntry {
    /// Id.
    pub id: i64,
    /// To whom; none: nobody any more.
    pub to: Option<Named>,
    /// By whom; none: by the program.
    pub by: Option<Named>,
    /// When.
    pub at: Micros,
}

/// A move to another unit.
#[derive(Debug, Clone, Serialize)]
pub struct HandoffEntry {
    /// Id.
    pub id: i64,
    /// From.
    pub from: Named,
    /// To.
    pub to: Named,
    /// `offered`, `accepted`, `bounced`, `withdrawn` or `expired`.
    pub state: String,
    /// Why it was offered.
    pub reason: String,
    /// By whom.
    pub offered_by: Option<Named>,
    /// When.
    pub offered_at: Micros,
    /// When it goes back by itself.
    pub expires_at: Option<Micros>,
    /// Who answered.
    pub decided_by: Option<Named>,
    /// When.
    pub decided_at: Option<Micros>,
    /// What they said.
    pub decision: Option<String>,
}

/// A reply of ours.
#[derive(Debug, Clone, Serialize)]
pub struct ReplyEntry {
    /// Id.
    pub id: i64,
    /// Its state, DESIGN's words.
    pub state: String,
    /// Who wrote it.
    pub by: Named,
    /// The handle it is spoken from.
    pub handle: Named,
    /// The post it answers.
    pub post: Option<i64>,
    /// Its words.
    pub text: String,
    /// Version of the words.
    pub version: i64,
    /// When it was begun.
    pub created_at: Micros,
    /// Until when it can be called back.
    pub send_after: Option<Micros>,
    /// Restored from a backup: a person decides.
    pub held_at: Option<Micros>,
    /// When the network confirmed it.
    pub sent_at: Option<Micros>,
    /// Its address there.
    pub remote_url: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
    /// Every change of state.
    pub steps: Vec<ReplyStep>,
}

/// One change of a reply's state.
#[derive(Debug, Clone, Serialize)]
pub struct ReplyStep {
    /// Into which.
    pub state: String,
    /// By whom; none: by the program.
    pub by: Option<Named>,
    /// When.
    pub at: Micros,
    /// Why.
    pub reason: String,
}

/// Put aside, and what ended it.
#[derive(Debug, Clone, Serialize)]
pub struct SnoozeEntry {
    /// Id.
    pub id: i64,
    /// By whom.
    pub by: Option<Named>,
    /// When.
    pub at: Micros,
    /// Until when.
    pub until: Micros,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// What ended it.
    pub ended_why: Option<String>,
}

/// A closing.
#[derive(Debug, Clone, Serialize)]
pub struct ResolutionEntry {
    /// Id.
    pub id: i64,
    /// By whom.
    pub by: Option<Named>,
    /// When.
    pub at: Micros,
    /// `fixed`, `answered`, `no-answer-needed`, `not-ours`, `spam`, `duplicate`.
    pub kind: String,
    /// Why, in words.
    pub why: String,
    /// The post that shows it.
    pub evidence_post: Option<i64>,
    /// When the customer confirmed it.
    pub confirmed_at: Option<Micros>,
    /// With which post.
    pub confirmed_by_post: Option<i64>,
    /// When it turned out not to hold.
    pub reopened_at: Option<Micros>,
    /// Why.
    pub reopened_why: Option<String>,
}

/// A person's judgement beside the machine's.
#[derive(Debug, Clone, Serialize)]
pub struct CorrectionEntry {
    /// Id.
    pub id: i64,
    /// About which post.
    pub post: i64,
    /// Which judgement: `intent`, `sentiment`, ….
    pub judgement: String,
    /// What it is.
    pub value: serde_json::Value,
    /// What it was taken for.
    pub was: serde_json::Value,
    /// By whom.
    pub by: Named,
    /// When.
    pub at: Micros,
}

/// The most posts a page holds: the newest ones.
pub(super) const MOST_POSTS: i64 = 200;

/// Everything that happened in a case, oldest first. Undone notes and corrections are left out.
pub(super) async fn of(hub: &Hub, case: i64) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = posts(hub, case).await?.into_iter().map(|post| Entry::Post(Box::new(post))).collect();
    entries.extend(notes(hub, case).await?.into_iter().map(Entry::Note));
    entries.extend(assignments(hub, case).await?.into_iter().map(Entry::Assignment));
    entries.extend(handoffs(hub, case).await?.into_iter().map(Entry::Handoff));
    entries.extend(replies(hub, case).await?.into_iter().map(Entry::Reply));
    entries.extend(snoozes(hub, case).await?.into_iter().map(Entry::Snooze));
    entries.extend(resolutions(hub, case).await?.into_iter().map(Entry::Resolution));
    entries.extend(corrections(hub, case).await?.into_iter().map(Entry::Correction));
    entries.sort_by_key(Entry::at); // stable: what happened at one moment stays in the order above
    Ok(entries)
}

async fn posts(hub: &Hub, case: i64) -> Result<Vec<ThreadPost>> {
    let sql = "select p.id as id, p.network as network, p.url as url, p.title as title, p.text as text, p.html as html,
          p.created_at as created_at, p.received_at as received_at, p.edited_at as edited_at, p.deleted_at as deleted_at,
          p.likes as likes, p.shares as shares, p.views as views, p.links as links, p.media as media, p.ours as ours,
          case when p.network = 'email' then p.extra end as mail,
          (select count(*) from revisions r where r.post_id = p.id) as revisions,
          a.id as author_id, a.network as author_network, a.handle as author_handle, a.name as author_name,
          a.url as author_url, a.avatar as author_avatar, a.followers as author_followers, a.verified as author_verified, a.ours as author_ours
        from case_threads ct join posts p on p.thread_id = ct.thread_id left join authors a on a.id = p.author_id
        where ct.case_id = $1 order by p.created_at desc, p.id desc limit $2";
    let found = hub.db.all(q!(sql, case, MOST_POSTS)).await?;
    let ids = found.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>>>()?;
    let mut marks = spans(hub, &ids).await?;
    found.iter().rev().map(|row| post(row, &mut marks)).collect()
}

fn post(row: &Row, marks: &mut HashMap<i64, Vec<[usize; 2]>>) -> Result<ThreadPost> {
    let id: i64 = row.get("id")?;
    let deleted_at: Option<Micros> = row.get("deleted_at")?;
    let kept = deleted_at.is_none();
    let mail: Option<String> = row.get("mail")?;
    let text: String = if kept { row.get("text")? } else { String::new() };
    Ok(ThreadPost {
        id,
        author: author(row)?,
        ours: row.get("ours")?,
        network: row.get("network")?,
        url: row.get("url")?,
        title: if kept { row.get("title")? } else { None },
        html: if kept { row.get("html")? } else { None },
        at: row.get("created_at")?,
        received_at: row.get("received_at")?,
        edited_at: row.get("edited_at")?,
        deleted_at,
        revisions: row.get("revisions")?,
        spans: fitting(marks.remove(&id).unwrap_or_default(), &text),
        text,
        likes: row.get("likes")?,
        shares: row.get("shares")?,
        views: row.get("views")?,
        links: if kept { row.json("links")? } else { serde_json::json!([]) },
        media: if kept { row.json("media")? } else { serde_json::json!([]) },
        mail: mail
            .filter(|_| kept)
            .map(|extra| Box::new(Beside::of(&serde_json::from_str(&extra).unwrap_or_default()))),
    })
}

async fn notes(hub: &Hub, case: i64) -> Result<Vec<NoteEntry>> {
    let sql = "select m.id as m_id, m.key as m_key, m.name as m_name, n.id as id, n.text as text, n.at as at
        from notes n join members m on m.id = n.member_id where n.case_id = $1 and n.undone_at is null order by n.id";
    let mut notes = Vec::new();
    for row in hub.db.all(q!(sql, case)).await? {
        let by = Named::one(&row, 0)?;
        notes.push(NoteEntry { id: row.get("id")?, by, text: row.get("text")?, at: row.get("at")?, pings: Vec::new() });
    }
    if notes.is_empty() {
        return Ok(notes);
    }
    let sql = "select m.id as m_id, m.key as m_key, m.name as m_name, p.note_id as note_id, p.seen_at as seen_at
        from notes n join pings p on p.note_id = n.id join members m on m.id = p.member_id
        where n.case_id = $1 order by p.note_id, m.name";
    for row in hub.db.all(q!(sql, case)).await? {
        let (note, ping): (i64, _) =
            (row.get("note_id")?, PingEntry { member: Named::one(&row, 0)?, seen_at: row.get("seen_at")? });
        if let Some(note) = notes.iter_mut().find(|n| n.id == note) {
            note.pings.push(ping);
        }
    }
    Ok(notes)
}

async fn assignments(hub: &Hub, case: i64) -> Result<Vec<AssignmentEntry>> {
    let sql = "select m.id as m_id, m.key as m_key, m.name as m_name, b.id as b_id, b.key as b_key, b.name as b_name,
          a.id as id, a.at as at
        from assignments a left join members m on m.id = a.member_id left join members b on b.id = a.by_id
        where a.case_id = $1 order by a.id";
    let rows = hub.db.all(q!(sql, case)).await?;
    rows.iter()
        .map(|row| {
            Ok(AssignmentEntry {
                id: row.get("id")?,
                to: Named::opt(row, 0)?,
                by: Named::opt(row, 3)?,
                at: row.get("at")?,
            })
        })
        .collect()
}

async fn handoffs(hub: &Hub, case: i64) -> Result<Vec<HandoffEntry>> {
    let sql = "select f.id as f_id, f.key as f_key, f.name as f_name, t.id as t_id, t.key as t_key, t.name as t_name,
          o.id as o_id, o.key as o_key, o.name as o_name, d.id as d_id, d.key as d_key, d.name as d_name,
          h.id as id, h.state as state, h.reason as reason, h.offered_at as offered_at, h.expires_at as expires_at,
          h.decided_at as decided_at, h.decision as decision
        from handoffs h join units f on f.id = h.from_unit join units t on t.id = h.to_unit
        left join members o on o.id = h.offered_by left join members d on d.id = h.decided_by
        where h.case_id = $1 order by h.id";
    let rows = hub.db.all(q!(sql, case)).await?;
    rows.iter()
        .map(|row| {
            Ok(HandoffEntry {
                id: row.get("id")?,
                from: Named::one(row, 0)?,
                to: Named::one(row, 3)?,
                state: row.get("state")?,
                reason: row.get("reason")?,
                offered_by: Named::opt(row, 6)?,
                offered_at: row.get("offered_at")?,
                expires_at: row.get("expires_at")?,
                decided_by: Named::opt(row, 9)?,
                decided_at: row.get("decided_at")?,
                decision: row.get("decision")?,
            })
        })
        .collect()
}

async fn replies(hub: &Hub, case: i64) -> Result<Vec<ReplyEntry>> {
    let sql = "select m.id as m_id, m.key as m_key, m.name as m_name, h.id as h_id, h.key as h_key, h.name as h_name,
          r.id as id, r.state as state, r.post_id as post_id, r.text as text, r.version as version,
          r.created_at as created_at, r.send_after as send_after, r.held_at as held_at, r.sent_at as sent_at,
          r.remote_url as remote_url, r.error as error
        from replies r join members m on m.id = r.member_id join handles h on h.id = r.handle_id
        where r.case_id = $1 order by r.id";
    let mut replies = Vec::new();
    for row in hub.db.all(q!(sql, case)).await? {
        replies.push(ReplyEntry {
            id: row.get("id")?,
            state: row.get("state")?,
            by: Named::one(&row, 0)?,
            handle: Named::one(&row, 3)?,
            post: row.get("post_id")?,
            text: row.get("text")?,
            version: row.get("version")?,
            created_at: row.get("created_at")?,
            send_after: row.get("send_after")?,
            held_at: row.get("held_at")?,
            sent_at: row.get("sent_at")?,
            remote_url: row.get("remote_url")?,
            error: row.get("error")?,
            steps: Vec::new(),
        });
    }
    if replies.is_empty() {
        return Ok(replies);
    }
    let sql =
        "select m.id as m_id, m.key as m_key, m.name as m_name, s.reply_id as reply_id, s.state as state, s.at as at,
          s.reason as reason
        from replies r join reply_steps s on s.reply_id = r.id left join members m on m.id = s.by_id
        where r.case_id = $1 order by s.id";
    for row in hub.db.all(q!(sql, case)).await? {
        let reply: i64 = row.get("reply_id")?;
        let by = Named::opt(&row, 0)?;
        let step = ReplyStep { state: row.get("state")?, by, at: row.get("at")?, reason: row.get("reason")? };
        if let Some(reply) = replies.iter_mut().find(|r| r.id == reply) {
            reply.steps.push(step);
        }
    }
    Ok(replies)
}

async fn snoozes(hub: &Hub, case: i64) -> Result<Vec<SnoozeEntry>> {
    let sql = "select m.id as m_id, m.key as m_key, m.name as m_name, s.id as id, s.at as at, s.until as until,
          s.ended_at as ended_at, s.ended_why as ended_why
        from snoozes s left join members m on m.id = s.member_id where s.case_id = $1 order by s.id";
    let rows = hub.db.all(q!(sql, case)).await?;
    rows.iter()
        .map(|row| {
            Ok(SnoozeEntry {
                id: row.get("id")?,
                by: Named::opt(row, 0)?,
                at: row.get("at")?,
                until: row.get("until")?,
                ended_at: row.get("ended_at")?,
                ended_why: row.get("ended_why")?,
            })
        })
        .collect()
}

async fn resolutions(hub: &Hub, case: i64) -> Result<Vec<ResolutionEntry>> {
    let sql =
        "select m.id as m_id, m.key as m_key, m.name as m_name, r.id as id, r.at as at, r.kind as kind, r.why as why,
          r.evidence_post_id as evidence_post_id, r.confirmed_at as confirmed_at,
          r.confirmed_by_post_id as confirmed_by_post_id, r.reopened_at as reopened_at, r.reopened_why as reopened_why
        from resolutions r left join members m on m.id = r.member_id where r.case_id = $1 order by r.id";
    let rows = hub.db.all(q!(sql, case)).await?;
    rows.iter()
        .map(|row| {
            Ok(ResolutionEntry {
                id: row.get("id")?,
                by: Named::opt(row, 0)?,
                at: row.get("at")?,
                kind: row.get("kind")?,
                why: row.get("why")?,
                evidence_post: row.get("evidence_post_id")?,
                confirmed_at: row.get("confirmed_at")?,
                confirmed_by_post: row.get("confirmed_by_post_id")?,
                reopened_at: row.get("reopened_at")?,
                reopened_why: row.get("reopened_why")?,
            })
        })
        .collect()
}

async fn corrections(hub: &Hub, case: i64) -> Result<Vec<CorrectionEntry>> {
    let sql = "select m.id as m_id, m.key as m_key, m.name as m_name, x.id as id, x.post_id as post_id,
          x.judgement as judgement, x.value as value, x.was as was, x.at as at
        from case_threads ct join posts p on p.thread_id = ct.thread_id join corrections x on x.post_id = p.id
        join members m on m.id = x.member_id
        where ct.case_id = $1 and x.undone_at is null order by x.id";
    let rows = hub.db.all(q!(sql, case)).await?;
    rows.iter()
        .map(|row| {
            Ok(CorrectionEntry {
                id: row.get("id")?,
                post: row.get("post_id")?,
                judgement: row.get("judgement")?,
                value: row.json("value")?,
                was: row.json("was")?,
                by: Named::one(row, 0)?,
                at: row.get("at")?,
            })
        })
        .collect()
}
