//! From posts to mentions, and from mentions to cases: each in the hands of exactly one unit (law 4).

use std::collections::{HashMap, HashSet};

use dandelion_listen::Hit;
use dandelion_post::{Micros, Post};
use dandelion_understand::{Analysis, Judgement};
use serde_json::json;

use super::{known, store::New};
use crate::{
    Result, Tx,
    case::{FollowUp, Verdict, follow_up},
    engine::Engine,
    log::Entry,
    model::{Opinion, shadow},
    store::{Value, q},
    unit::{Promise, Route, RouteFacts},
};

/// How long after their last post a person's next one, in another thread, still belongs to the same open case.
pub(crate) const SAME_MATTER: Micros = 72 * 3_600_000_000;

/// Why a post concerns us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Query,
    Handle(i64),
    Reply,
}

/// Makes mentions of the new posts that concern us and finds or opens their cases; says how many it opened.
pub(super) async fn place(tx: &mut Tx, engine: &Engine, new: &[New<'_>]) -> Result<i64> {
    let threads: Vec<i64> = new.iter().map(|new| new.thread).collect::<HashSet<_>>().into_iter().collect();
    let mut case_of = cases_of(tx, &threads).await?;
    let mut theirs = open_cases_of(tx, new).await?;
    let (mut opens, mut heard, mut follows, mut links) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut next = tx.ids("cases", count_of_openings(engine, new, &case_of)).await?.into_iter();
    for post in new.iter().filter(|new| !new.ours && new.deleted_at.is_none()) {
        let Some(reason) = reason(engine, post) else { continue };
        let opinion = post.fresh.opinion(engine, &post.key.0);
        let analysis = &opinion.analysis;
        if let Some(case) = case_of.get(&post.thread) {
            follows.push((post, *case));
        } else {
            let facts = RouteFacts {
                network: &post.key.0,
                handle: if let Reason::Handle(id) = reason { Some(id) } else { None },
                ..RouteFacts::default()
            };
            let route = engine.org.route(analysis, &facts)?;
            let same = post
                .author
                .and_then(|author| theirs.get(&author))
                .filter(|open| open.unit == route.unit && (post.fresh.created_at - open.last).abs() < SAME_MATTER);
            if let Some(open) = same {
                links.push((post.thread, open.case));
                case_of.insert(post.thread, open.case);
                follows.push((post, open.case));
            } else {
                let Some(case) = next.next() else {
                    unreachable!("an id was taken for every thread that may open a case")
                };
                if let Some(author) = post.author {
                    theirs.insert(author, Open { case, unit: route.unit, last: post.fresh.created_at });
                }
                links.push((post.thread, case));
                case_of.insert(post.thread, case);
                opens.push((case, post, analysis.clone(), route));
            }
        }
        heard.push((post, reason, opinion));
    }
    let mentioned: HashSet<i64> = heard.iter().map(|(post, ..)| post.id).collect();
    for post in new.iter().filter(|new| new.deleted_at.is_none() && !mentioned.contains(&new.id)) {
        if let Some(case) = case_of.get(&post.thread) {
            follows.push((post, *case));
            if !post.ours {
                heard.push((post, Reason::Reply, post.fresh.opinion(engine, &post.key.0)));
            }
        }
    }
    insert_cases(tx, engine, &opens).await?;
    let rows = links.iter().map(|(thread, case)| vec![(*thread).into(), (*case).into()]).collect();
    tx.insert("case_threads", &["thread_id", "case_id"], rows, "").await?;
    insert_mentions(tx, &heard, &case_of).await?;
    follows.sort_by_key(|(post, _)| post.fresh.created_at);
    for (post, case) in follows {
        tx.act_for(post.actor.clone());
        follow(tx, engine, post, case).await?;
    }
    Ok(opens.len() as i64)
}

/// Makes mentions of posts without opening or touching any case.
pub(super) async fn count(tx: &mut Tx, engine: &Engine, new: &[New<'_>]) -> Result<()> {
    let threads: Vec<i64> = new.iter().map(|new| new.thread).collect::<HashSet<_>>().into_iter().collect();
    let case_of = cases_of(tx, &threads).await?;
    let reasoned = new.iter().filter_map(|post| Some((post, reason(engine, post)?)));
    let heard: Vec<_> =
        reasoned.map(|(post, reason)| (post, reason, post.fresh.opinion(engine, &post.key.0))).collect();
    insert_mentions(tx, &heard, &case_of).await
}

/// The unit that a post would go to.
pub(super) fn unit_of(engine: &Engine, post: &Post, network: &str, handles: &[String]) -> Result<i64> {
    let handle = handles.iter().find_map(|name| engine.org.handle_named(network, name)).map(|handle| handle.id);
    let facts = RouteFacts { network, handle, ..RouteFacts::default() };
    Ok(engine.org.route(&engine.judge(post, network).analysis, &facts)?.unit)
}

/// A known post has other words: it is judged anew beside the old judgement, and may concern us only now.
pub(super) async fn judge_again(tx: &mut Tx, engine: &Engine, post: &New<'_>, revision: i64) -> Result<()> {
    if post.ours {
        return Ok(());
    }
    let Some(mention) = tx.opt(q!("select id, case_id from mentions where post_id = $1", post.id)).await? else {
        return place(tx, engine, std::slice::from_ref(post)).await.map(drop);
    };
    let (mention, case): (i64, Option<i64>) = (mention.get("id")?, mention.get("case_id")?);
    tx.run(q!("delete from mention_queries where mention_id = $1", mention)).await?;
    tx.insert("mention_queries", &["mention_id", "query_id", "spans"], hits(mention, post), "").await?;
    let id = tx.id("analyses").await?;
    let opinion = post.fresh.opinion(engine, &post.key.0);
    let analysis = &opinion.analysis;
    let now = tx.now();
    let row = analysis_row(id, post.id, revision, now, analysis);
    tx.insert("analyses", ANALYSIS_COLUMNS, vec![row], "on conflict do nothing").await?;
    shadow::keep(tx, &[(post.id, revision, opinion.shadows.as_slice())]).await?;
    if let Some(case) = case {
        return crate::case::judge(tx, case).await; // people's corrections stay above it
    }
    tx.run(q!("delete from mention_topics where mention_id = $1", mention)).await?;
    let rows = analysis.topics.iter().map(|topic| vec![mention.into(), Value::from(&topic.key)]).collect();
    tx.insert("mention_topics", &["mention_id", "topic"], rows, "on conflict do nothing").await.map(drop)
}

/// Two threads turned out to be one: posts move, and two cases become one.
pub(super) async fn merge_threads(tx: &mut Tx, keep: i64, gone: i64) -> Result<()> {
    tx.run(q!("update posts set thread_id = $1 where thread_id = $2", keep, gone)).await?;
    tx.run(q!("update threads set merged_into = $1 where id = $2 or merged_into = $2", keep, gone)).await?;
    let cases = cases_of(tx, &[keep, gone]).await?;
    match (cases.get(&keep).copied(), cases.get(&gone).copied()) {
        (None, Some(_)) => {
            tx.run(q!("update case_threads set thread_id = $1 where thread_id = $2", keep, gone)).await?;
        }
        (Some(kept), Some(other)) => {
            tx.run(q!("delete from case_threads where thread_id = $1", gone)).await?;
            if kept != other {
                crate::case::merge(tx, kept.min(other), kept.max(other)).await?;
            }
        }
        _ => {}
    }
    tx.log(Entry::new("thread.merged", "thread", gone).with(json!({ "into": keep })));
    Ok(())
}

/// What a case is called: the headline or the first words, on one line, at most 90 characters.
pub(super) fn title(title: Option<&str>, text: &str) -> String {
    let said = title.filter(|title| !title.trim().is_empty()).unwrap_or(text);
    let mut line = String::new();
    for word in said.split_whitespace() {
        if line.chars().count() + word.chars().count() >= 90 {
            if line.is_empty() {
                line = word.chars().take(88).collect();
            }
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.is_empty() { "Without words".into() } else { line }
}

fn reason(engine: &Engine, post: &New<'_>) -> Option<Reason> {
    let addressed = || {
        let handles = post.fresh.handles.iter();
        handles
            .filter_map(|name| engine.org.handle_named(&post.key.0, name))
            .map(|handle| Reason::Handle(handle.id))
            .next()
    };
    // Addressed to us says more than matching a query: it also says to whom.
    addressed().or_else(|| (!post.fresh.hits.is_empty()).then_some(Reason::Query))
}

/// Most cases this batch can open: one for each thread without one.
fn count_of_openings(engine: &Engine, new: &[New<'_>], case_of: &HashMap<i64, i64>) -> usize {
    let concerned = new.iter().filter(|new| !new.ours && new.deleted_at.is_none() && reason(engine, new).is_some());
    concerned.map(|new| new.thread).filter(|thread| !case_of.contains_key(thread)).collect::<HashSet<_>>().len()
}

async fn cases_of(tx: &mut Tx, threads: &[i64]) -> Result<HashMap<i64, i64>> {
    let rows = known::by_ids(tx, "select thread_id, case_id from case_threads where thread_id", "", threads).await?;
    rows.iter().map(|row| Ok((row.get("thread_id")?, row.get("case_id")?))).collect()
}

#[derive(Debug)]
struct Open {
    case: i64,
    unit: i64,
    last: Micros,
}

async fn open_cases_of(tx: &mut Tx, new: &[New<'_>]) -> Result<HashMap<i64, Open>> {
    let authors: HashSet<i64> = new.iter().filter(|new| !new.ours).filter_map(|new| new.author).collect();
    let authors: Vec<i64> = authors.into_iter().collect();
    let head = "select id, unit_id, author_id, last_post_at from cases where state in ('open', 'waiting', 'snoozed') and author_id";
    let mut open = HashMap::new();
    for row in known::by_ids(tx, head, "", &authors).await? {
        open.insert(
            row.get("author_id")?,
            Open { case: row.get("id")?, unit: row.get("unit_id")?, last: row.get("last_post_at")? },
        );
    }
    Ok(open)
}

async fn insert_cases(tx: &mut Tx, engine: &Engine, opens: &[(i64, &New<'_>, Analysis, Route)]) -> Result<()> {
    let org = &engine.org;
    let (mut rows, mut targets, mut watches) = (Vec::new(), Vec::new(), Vec::new());
    for (case, post, analysis, route) in opens {
        let at = post.fresh.created_at;
        let due = [Promise::FirstResponse, Promise::Resolution]
            .into_iter()
            .filter_map(|promise| Some((promise, org.due(route.unit, promise, at)?)))
            .collect::<Vec<_>>();
        let first = due.iter().min_by_key(|(_, due)| *due);
        targets.extend(due.iter().map(|(promise, due)| (*case, route.unit, promise.as_str(), at, *due)));
        watches.extend(
            route.tell.iter().filter(|(unit, _)| *unit != route.unit).map(|(unit, why)| (*case, *unit, why.clone())),
        );
        let influence =
            analysis.influence.terms.iter().any(|term| term.points.is_some()).then_some(analysis.influence.total);
        rows.push(vec![
            (*case).into(),
            route.unit.into(),
            "open".into(),
            title(post.fresh.post.title.as_deref(), &post.fresh.post.text).into(),
            post.author.into(),
            Value::from(&post.key.0),
            analysis.language.value.as_str().into(),
            analysis.sentiment.value.as_str().into(),
            list(analysis.intents.iter().map(|intent| intent.value.as_str())).into(),
            list(analysis.risks.iter().map(|risk| risk.value.as_str())).into(),
            urgency(&analysis.urgency).into(),
            influence.into(),
            list(analysis.products.iter().map(|found| found.key.as_str())).into(),
            list(analysis.topics.iter().map(|found| found.key.as_str())).into(),
            Value::from(&route.reason),
            at.into(),
            at.into(),
            at.into(),
            1_i64.into(),
            first.map(|(_, due)| *due).into(),
            first.map(|(promise, _)| promise.as_str()).into(),
            1_i64.into(),
        ]);
        tx.act_for(post.actor.clone());
        let told: Vec<i64> = route.tell.iter().map(|(unit, _)| *unit).collect();
        tx.log(
            Entry::new("case.opened", "case", *case).unit(route.unit).with(json!({ "post": post.id, "told": told })),
        );
    }
    let columns = &[
        "id",
        "unit_id",
        "state",
        "title",
        "author_id",
        "network",
        "language",
        "sentiment",
        "intents",
        "risks",
        "urgency",
        "influence",
        "products",
        "topics",
        "route",
        "opened_at",
        "last_post_at",
        "asked_at",
        "asks",
        "due_at",
        "due_kind",
        "version",
    ];
    tx.insert("cases", columns, rows, "").await?;
    let ids = tx.ids("targets", targets.len()).await?;
    let rows = targets
        .into_iter()
        .zip(ids)
        .map(|((case, unit, kind, at, due), id)| {
            vec![id.into(), case.into(), unit.into(), kind.into(), at.into(), due.into()]
        })
        .collect();
    tx.insert("targets", &["id", "case_id", "unit_id", "kind", "started_at", "due_at"], rows, "").await?;
    let now = tx.now();
    let rows =
        watches.into_iter().map(|(case, unit, why)| vec![case.into(), unit.into(), why.into(), now.into()]).collect();
    tx.insert("watches", &["case_id", "unit_id", "reason", "at"], rows, "on conflict do nothing").await.map(drop)
}

async fn insert_mentions(
    tx: &mut Tx,
    heard: &[(&New<'_>, Reason, Opinion)],
    case_of: &HashMap<i64, i64>,
) -> Result<()> {
    let now = tx.now();
    let ids = tx.ids("mentions", heard.len()).await?;
    let analysis_ids = tx.ids("analyses", heard.len()).await?;
    let (mut mentions, mut queries, mut analyses) = (Vec::new(), Vec::new(), Vec::new());
    let mut topics = Vec::new();
    for (((post, reason, Opinion { analysis, .. }), id), analysis_id) in heard.iter().zip(ids).zip(analysis_ids) {
        let (word, handle) = match reason {
            Reason::Query => ("query", None),
            Reason::Handle(handle) => ("handle", Some(*handle)),
            Reason::Reply => ("reply", None),
        };
        mentions.push(vec![
            id.into(),
            post.id.into(),
            word.into(),
            handle.into(),
            case_of.get(&post.thread).copied().into(),
            now.into(),
        ]);
        queries.extend(hits(id, post));
        topics.extend(analysis.topics.iter().map(|topic| vec![id.into(), Value::from(&topic.key)]));
        analyses.push(analysis_row(analysis_id, post.id, 1, now, analysis));
    }
    tx.insert("mentions", &["id", "post_id", "reason", "handle_id", "case_id", "at"], mentions, "").await?;
    tx.insert("mention_queries", &["mention_id", "query_id", "spans"], queries, "").await?;
    tx.insert("mention_topics", &["mention_id", "topic"], topics, "on conflict do nothing").await?;
    tx.insert("analyses", ANALYSIS_COLUMNS, analyses, "on conflict do nothing").await?;
    let shadows: Vec<_> = heard.iter().map(|(post, _, opinion)| (post.id, 1, opinion.shadows.as_slice())).collect();
    shadow::keep(tx, &shadows).await
}

/// Notes that mentions were heard by a further query.
pub(super) async fn link(tx: &mut Tx, links: &[(i64, &Hit)]) -> Result<()> {
    let rows = links.iter().map(|(mention, hit)| hit_row(*mention, hit)).collect();
    tx.insert("mention_queries", &["mention_id", "query_id", "spans"], rows, "on conflict do nothing").await.map(drop)
}

fn hits(mention: i64, post: &New<'_>) -> Vec<Vec<Value>> {
    post.fresh.hits.iter().map(|hit| hit_row(mention, hit)).collect()
}

fn hit_row(mention: i64, hit: &Hit) -> Vec<Value> {
    let spans: Vec<[usize; 2]> = hit.spans.iter().map(|span| [span.start, span.end]).collect();
    let spans = serde_json::to_string(&spans).unwrap_or_else(|_| "[]".into());
    vec![mention.into(), hit.query.into(), spans.into()]
}

pub(crate) const ANALYSIS_COLUMNS: &[&str] = &["id", "post_id", "revision", "version", "at", "body"];

pub(crate) fn analysis_row(id: i64, post: i64, revision: i64, now: Micros, analysis: &Analysis) -> Vec<Value> {
    let body = serde_json::to_string(analysis).unwrap_or_else(|_| "{}".into());
    vec![id.into(), post.into(), revision.into(), analysis.version.as_str().into(), now.into(), body.into()]
}

/// A further post in a case's thread: the customer's, a stranger's or our own.
async fn follow(tx: &mut Tx, engine: &Engine, post: &New<'_>, case: i64) -> Result<()> {
    let verdict = if post.ours { None } else { verdict(engine, &post.fresh.post) };
    let up = FollowUp { post_id: post.id, author_id: post.author, ours: post.ours, at: post.fresh.created_at, verdict };
    follow_up(tx, &engine.org, case, &up).await?;
    if post.ours {
        return Ok(());
    }
    let analysis = post.fresh.opinion(engine, &post.key.0).analysis;
    let urgency = urgency(&analysis.urgency);
    let row = tx.one(q!("select urgency, risks from cases where id = $1", case)).await?;
    let (had, mut risks): (i64, String) = (row.get("urgency")?, row.get("risks")?);
    let before = risks.clone();
    for risk in &analysis.risks {
        if !risks.contains(&format!(",{},", risk.value)) {
            risks = format!("{}{},", if risks.is_empty() { "," } else { &risks }, risk.value);
        }
    }
    if urgency > had || risks != before {
        tx.run(q!(
            "update cases set urgency = $1, risks = $2, version = version + 1 where id = $3",
            urgency.max(had),
            risks,
            case
        ))
        .await?;
    }
    Ok(())
}

fn verdict(engine: &Engine, post: &Post) -> Option<Verdict> {
    let judgement = engine.rules.verdict(post)?;
    let words = judgement.reasons.first().map(|reason| reason.words.clone()).unwrap_or_default();
    Some(Verdict { fixed: judgement.value == "fixed", words })
}

fn urgency(judgement: &Judgement) -> i64 {
    judgement.value.parse().unwrap_or(0)
}

/// `,complaint,risk,`: a list that `like '%,risk,%'` finds exactly; nothing is the empty text.
fn list<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for value in values {
        list.push_str(if list.is_empty() { "," } else { "" });
        list.push_str(value);
        list.push(',');
    }
    list
}
