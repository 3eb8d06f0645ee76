//! The inbox: one page of cases with what a person needs to choose the next one.

use std::collections::HashMap;

use dandelion_post::Micros;
use serde::Serialize;

use super::{Cursor, Filter, Named, State, unpack};
use crate::{
    Hub, Result,
    personal::Cover,
    picture,
    scope::Viewer,
    store::{Q, Row, Value},
};

/// One line of the inbox.
#[derive(Debug, Clone, Serialize)]
pub struct CaseRow {
    /// Number.
    pub id: i64,
    /// Counts up with every change.
    pub version: i64,
    /// Where it stands.
    pub state: State,
    /// First words, as a heading.
    pub title: String,
    /// Who owns it.
    pub unit: Named,
    /// Who works on it.
    pub assignee: Option<Named>,
    /// Whose matter it is.
    pub author: Option<AuthorCard>,
    /// Where it was said.
    pub network: String,
    /// Judged language.
    pub language: Option<String>,
    /// Judged sentiment.
    pub sentiment: Option<String>,
    /// Judged intents.
    pub intents: Vec<String>,
    /// Judged risks.
    pub risks: Vec<String>,
    /// Product keys.
    pub products: Vec<String>,
    /// Topic keys.
    pub topics: Vec<String>,
    /// 0 to 3.
    pub urgency: i64,
    /// The visible sum; none where nothing is known.
    pub influence: Option<i64>,
    /// Why it is with this unit, in words.
    pub route: String,
    /// When it was opened.
    pub opened_at: Micros,
    /// Newest post of anybody.
    pub last_post_at: Micros,
    /// Since when the customer waits; none when it is their turn.
    pub asked_at: Option<Micros>,
    /// How often they asked since our last answer.
    pub asks: i64,
    /// Our first answer.
    pub first_reply_at: Option<Micros>,
    /// The next promise.
    pub due_at: Option<Micros>,
    /// Which one: `first_response`, `next_response`, `resolution`, `acceptance`.
    pub due_kind: Option<String>,
    /// Whether that promise is broken already.
    pub late: bool,
    /// Put aside until then.
    pub snoozed_until: Option<Micros>,
    /// When it was closed.
    pub closed_at: Option<Micros>,
    /// Kind of the resolution that holds.
    pub resolution: Option<String>,
    /// When the customer said that it is so.
    pub confirmed_at: Option<Micros>,
    /// Whether something was posted since this member last looked.
    pub unread: bool,
    /// The handoff on offer, if any.
    pub offer: Option<OfferCard>,
    /// Replies in it that wait for an approval.
    pub approvals: i64,
    /// Replies in it of which nobody knows whether they were published.
    pub unknown: i64,
    /// The customer's newest words that still stand.
    pub words: Option<Words>,
}

/// An account on a network, as shown beside its words. Unknown numbers are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorCard {
    /// Id.
    pub id: i64,
    /// Network.
    pub network: String,
    /// `@name`, as the network writes it.
    pub handle: Option<String>,
    /// Shown name.
    pub name: Option<String>,
    /// Address of the profile.
    pub url: Option<String>,
    /// Tells one picture of theirs from another ([`picture::of_author`](crate::picture::Pictures::of_author)); none where
    /// there is none, or where whoever looks reads no personal data.
    pub avatar: Option<String>,
    /// Followers.
    pub followers: Option<i64>,
    /// Whether the network vouches for it.
    pub verified: Option<bool>,
    /// Whether it is an account of ours.
    pub ours: bool,
}

/// A handoff that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferCard {
    /// Id.
    pub id: i64,
    /// To whom.
    pub to: Named,
    /// Why.
    pub reason: String,
    /// Since when.
    pub offered_at: Micros,
    /// When it goes back by itself.
    pub expires_at: Option<Micros>,
}

/// Words of a post, and where in them a query matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Words {
    /// The post.
    pub post: i64,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// Its text.
    pub text: String,
    /// When it was posted.
    pub at: Micros,
    /// Byte ranges of `text` to highlight, in order, none overlapping.
    pub spans: Vec<[usize; 2]>,
}

/// One page of the inbox.
#[derive(Debug, Clone, Serialize)]
pub struct List {
    /// The cases.
    pub rows: Vec<CaseRow>,
    /// Where the next page starts; none at the end.
    pub next: Option<Cursor>,
    /// How many cases the filter opens, where finding them cost so much that they were counted on the way: the first
    /// page of a search. Otherwise ask [`count`].
    #[serde(skip)]
    pub all: Option<i64>,
}

/// The longest page.
const MOST: i64 = 200;

/// One page of cases, in the filter's order. `after` is [`List::next`] of the page before; `limit` is held to 1..=200.
pub async fn list(hub: &Hub, viewer: &Viewer, filter: &Filter, after: Option<Cursor>, limit: i64) -> Result<List> {
    let limit = limit.clamp(1, MOST);
    let now = after.map_or_else(|| hub.now(), |cursor| cursor.now);
    let mut conditions = filter.conditions(viewer, now, hub.db.is_postgres());
    let (first, second) = filter.keys(now);
    let mut place = String::new();
    if let Some(cursor) = after {
        let (a, b, c) = (conditions.bind(cursor.first), conditions.bind(cursor.second), conditions.bind(cursor.id));
        place = format!(" and ({first}, {second}, c.id) > ({a}, {b}, {c})");
    }
    let counted = filter.text.is_some() && after.is_none();
    let sql = format!(
        "select c.id, cast({first} as bigint) as first, cast({second} as bigint) as second{} from cases c where {}{place} \
         order by 2, 3, 1 limit {}",
        if counted { ", count(*) over () as of_all" } else { "" },
        conditions.sql(),
        limit + 1
    );
    let mut found = hub.db.all(conditions.query(sql)).await?;
    let all = match found.first() {
        Some(row) if counted => Some(row.get("of_all")?),
        _ => None,
    };
    let more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let next = match found.last().filter(|_| more) {
        Some(row) => Some(Cursor { now, first: row.get("first")?, second: row.get("second")?, id: row.get("id")? }),
        None => None,
    };
    let ids = found.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>>>()?;
    Ok(List { rows: rows(hub, viewer, &ids).await?, next, all })
}

/// How many cases a filter opens.
pub async fn count(hub: &Hub, viewer: &Viewer, filter: &Filter) -> Result<i64> {
    let conditions = filter.conditions(viewer, hub.now(), hub.db.is_postgres());
    let sql = format!("select count(*) as n from cases c where {}", conditions.sql());
    hub.db.one(conditions.query(sql)).await?.get("n")
}

/// Those of some cases that a filter opens, in no particular order; those beyond 200 are left out.
pub async fn among(hub: &Hub, viewer: &Viewer, filter: &Filter, ids: &[i64]) -> Result<Vec<CaseRow>> {
    let ids = &ids[..ids.len().min(MOST as usize)];
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut conditions = filter.conditions(viewer, hub.now(), hub.db.is_postgres());
    let wanted: Vec<String> = padded(ids).map(|id| conditions.bind(id)).collect();
    let sql = format!("select c.id from cases c where c.id in ({}) and {}", wanted.join(", "), conditions.sql());
    let found = hub.db.all(conditions.query(sql)).await?;
    let ids = found.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>>>()?;
    rows(hub, viewer, &ids).await
}

/// Columns of [`row`], from `cases c` with its joins.
const COLUMNS: &str = "u.id as u_id, u.key as u_key, u.name as u_name, m.id as m_id, m.key as m_key, m.name as m_name,
  t.id as t_id, t.key as t_key, t.name as t_name,
  c.id as id, c.version as version, c.state as state, c.title as title, c.network as network, c.language as language,
  c.sentiment as sentiment, c.intents as intents, c.risks as risks, c.products as products, c.topics as topics,
  c.urgency as urgency, c.influence as influence, c.route as route, c.opened_at as opened_at,
  c.last_post_at as last_post_at, c.asked_at as asked_at, c.asks as asks, c.first_reply_at as first_reply_at,
  c.due_at as due_at, c.due_kind as due_kind, c.snoozed_until as snoozed_until, c.closed_at as closed_at,
  c.resolution as resolution, c.confirmed_at as confirmed_at, s.at as seen_at,
  a.id as author_id, a.network as author_network, a.handle as author_handle, a.name as author_name,
  a.url as author_url, a.avatar as author_avatar, a.followers as author_followers, a.verified as author_verified, a.ours as author_ours,
  h.id as offer_id, h.reason as offer_reason, h.offered_at as offered_at, h.expires_at as expires_at,
  (select count(*) from replies r where r.case_id = c.id and r.state = 'submitted') as approvals,
  (select count(*) from replies r where r.case_id = c.id and r.state = 'unknown') as unknown_replies,
  p.id as post_id, p.title as post_title, p.text as post_text, p.created_at as post_at";

/// The rows of these cases, in this order: two queries, however many there are. The caller has checked the scope.
pub(super) async fn rows(hub: &Hub, viewer: &Viewer, ids: &[i64]) -> Result<Vec<CaseRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select {COLUMNS} from cases c join units u on u.id = c.unit_id
         left join members m on m.id = c.assignee_id
         left join authors a on a.id = c.author_id
         left join seen_marks s on s.case_id = c.id and s.member_id = $1
         left join handoffs h on h.case_id = c.id and h.state = 'offered'
         left join units t on t.id = h.to_unit
         left join posts p on p.id = coalesce(
           (select q.id from case_threads ct join posts q on q.thread_id = ct.thread_id
            where ct.case_id = c.id and not q.ours and q.deleted_at is null and q.author_id = c.author_id
            order by q.created_at desc, q.id desc limit 1),
           (select q.id from case_threads ct join posts q on q.thread_id = ct.thread_id
            where ct.case_id = c.id and not q.ours and q.deleted_at is null
            order by q.created_at desc, q.id desc limit 1))
         where c.id in ({})",
        places(ids.len(), 2)
    );
    let found = hub.db.all(Q::of(sql).bind(viewer.member).bind_all(padded(ids))).await?;
    let now = hub.now();
    let mut cases = found.iter().map(|r| row(r, now)).collect::<Result<Vec<_>>>()?;
    let posts: Vec<i64> = cases.iter().filter_map(|case| case.words.as_ref().map(|words| words.post)).collect();
    let mut marks = spans(hub, &posts).await?;
    for words in cases.iter_mut().filter_map(|case| case.words.as_mut()) {
        words.spans = fitting(marks.remove(&words.post).unwrap_or_default(), &words.text);
    }
    if let Some(cover) = Cover::over(hub, viewer).await? {
        for case in &mut cases {
            hide(&cover, case);
        }
    }
    let place: HashMap<i64, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    cases.sort_by_key(|case| place.get(&case.id).copied());
    Ok(cases)
}

/// Masks personal data in what a row shows of its posts.
fn hide(cover: &Cover, case: &mut CaseRow) {
    cover.text(&mut case.title);
    case.author.iter_mut().for_each(|author| author.avatar = None);
    if let Some(words) = &mut case.words
        && cover.texts(words.title.iter_mut().chain([&mut words.text]))
    {
        words.spans.clear();
    }
}

fn row(row: &Row, now: Micros) -> Result<CaseRow> {
    let packed = |column: &'static str| -> Result<Vec<String>> { Ok(unpack(&row.get::<String, _>(column)?)) };
    let due_at: Option<Micros> = row.get("due_at")?;
    let (seen_at, last_post_at): (Option<Micros>, Micros) = (row.get("seen_at")?, row.get("last_post_at")?);
    let words = match row.get::<Option<i64>, _>("post_id")? {
        Some(post) => Some(Words {
            post,
            title: row.get("post_title")?,
            text: row.get("post_text")?,
            at: row.get("post_at")?,
            spans: Vec::new(),
        }),
        None => None,
    };
    let offer = match Named::opt(row, 6)? {
        Some(to) => Some(OfferCard {
            id: row.get("offer_id")?,
            to,
            reason: row.get("offer_reason")?,
            offered_at: row.get("offered_at")?,
            expires_at: row.get("expires_at")?,
        }),
        None => None,
    };
    Ok(CaseRow {
        id: row.get("id")?,
        version: row.get("version")?,
        state: row.get::<String, _>("state")?.parse()?,
        title: row.get("title")?,
        unit: Named::one(row, 0)?,
        assignee: Named::opt(row, 3)?,
        author: author(row)?,
        network: row.get("network")?,
        language: row.get("language")?,
        sentiment: row.get("sentiment")?,
        intents: packed("intents")?,
        risks: packed("risks")?,
        products: packed("products")?,
        topics: packed("topics")?,
        urgency: row.get("urgency")?,
        influence: row.get("influence")?,
        route: row.get("route")?,
        opened_at: row.get("opened_at")?,
        last_post_at,
        asked_at: row.get("asked_at")?,
        asks: row.get("asks")?,
        first_reply_at: row.get("first_reply_at")?,
        due_at,
        due_kind: row.get("due_kind")?,
        late: due_at.is_some_and(|due| due <= now),
        snoozed_until: row.get("snoozed_until")?,
        closed_at: row.get("closed_at")?,
        resolution: row.get("resolution")?,
        confirmed_at: row.get("confirmed_at")?,
        unread: seen_at.is_none_or(|seen| seen < last_post_at),
        offer,
        approvals: row.get("approvals")?,
        unknown: row.get("unknown_replies")?,
        words,
    })
}

/// The author in the columns `author_…`.
pub(super) fn author(row: &Row) -> Result<Option<AuthorCard>> {
    let Some(id) = row.get::<Option<i64>, _>("author_id")? else { return Ok(None) };
    Ok(Some(AuthorCard {
        id,
        network: row.get("author_network")?,
        handle: row.get("author_handle")?,
        name: row.get("author_name")?,
        url: row.get("author_url")?,
        avatar: row.get::<Option<String>, _>("author_avatar")?.map(|url| picture::avatar_mark(&url)),
        followers: row.get("author_followers")?,
        verified: row.get("author_verified")?,
        ours: row.get("author_ours")?,
    }))
}

/// Where queries matched in these posts.
pub(super) async fn spans(hub: &Hub, posts: &[i64]) -> Result<HashMap<i64, Vec<[usize; 2]>>> {
    let mut marks: HashMap<i64, Vec<[usize; 2]>> = HashMap::new();
    if posts.is_empty() {
        return Ok(marks);
    }
    let sql = format!(
        "select m.post_id, mq.spans from mentions m join mention_queries mq on mq.mention_id = m.id where m.post_id in ({})",
        places(posts.len(), 1)
    );
    for row in hub.db.all(Q::of(sql).bind_all(padded(posts))).await? {
        marks.entry(row.get("post_id")?).or_default().extend(row.json::<Vec<[usize; 2]>>("spans")?);
    }
    Ok(marks)
}

/// Spans in order, joined where they overlap; those that do not fit the text (it was edited since) are left out.
pub(super) fn fitting(mut spans: Vec<[usize; 2]>, text: &str) -> Vec<[usize; 2]> {
    spans.retain(|[from, to]| from < to && text.get(*from..*to).is_some());
    spans.sort_unstable();
    let mut joined: Vec<[usize; 2]> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => joined.push(span),
        }
    }
    joined
}

/// How many places a list of so many ids takes: few sizes, so that few statements serve every list and the database
/// keeps their plans.
fn room(count: usize) -> usize {
    [1, 8, 64].into_iter().find(|room| count <= *room).unwrap_or(MOST as usize).max(count)
}

/// `$2, $3, …` for so many ids, the first one being `$from`.
pub(super) fn places(count: usize, from: usize) -> String {
    (from..from + room(count)).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// The ids for [`places`]: the last one again and again where there is room left.
pub(super) fn padded(ids: &[i64]) -> impl Iterator<Item = Value> {
    let last = ids.last().copied();
    ids.iter().copied().chain(last.into_iter().cycle()).take(room(ids.len())).map(Value::from)
}
