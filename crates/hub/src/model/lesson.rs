//! What there is to learn from: what people of a unit said of its posts, and lines of a file, each with what counts now.

use std::{collections::HashMap, sync::Arc};

use dandelion_post::Post;

use super::{
    NONE, Report, SENTIMENT, TOPIC, label,
    learn::Lesson,
    speak::{text_of, value_of},
};
use crate::{
    Hub, Result,
    engine::Engine,
    intake::stored::{self, SELECT, Stored},
    store::{Q, q},
};

/// Corrections that are learned from, the newest.
const MOST: i64 = 20_000;

/// What there is.
#[derive(Debug, Clone, Default)]
pub(super) struct Lessons {
    pub(super) all: Vec<Lesson>,
    /// Those where the person only said that it is right as it is.
    pub(super) confirmed: i64,
    /// Those that teach nothing: they name several answers, or one that is not asked any more.
    pub(super) left_out: i64,
}

pub(super) fn list_of(ids: &[i64]) -> String {
    if ids.is_empty() { "0".to_owned() } else { ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ") }
}

/// What people said of posts in cases of a unit and all below: their newest word about each post.
pub(super) async fn of_people(hub: &Hub, engine: &Arc<Engine>, unit: i64, question: &str) -> Result<Lessons> {
    let sql = format!(
        "select x.post_id, x.value, x.was from corrections x where x.id in (
           select max(n.id) from corrections n join posts p on p.id = n.post_id
             join case_threads ct on ct.thread_id = p.thread_id join cases c on c.id = ct.case_id
           where n.judgement = $1 and n.undone_at is null and p.deleted_at is null and c.unit_id in ({})
           group by n.post_id)
         order by x.id desc limit {MOST}",
        list_of(&engine.org.within(unit))
    );
    let asked = label::of_unit(hub, question, unit).await?.map(|set| set.labels);
    let (mut found, mut said) = (Lessons::default(), Vec::new());
    for row in hub.db.all(Q::of(sql).bind(question)).await? {
        let (value, was): (serde_json::Value, serde_json::Value) = (row.json("value")?, row.json("was")?);
        match label_of(question, &value).filter(|label| asked.as_ref().is_none_or(|asked| asked.contains(label))) {
            Some(label) => {
                found.confirmed += i64::from(value == was);
                said.push((row.get::<i64, _>("post_id")?, label));
            }
            None => found.left_out += 1,
        }
    }
    let before = Before::of(hub, engine, unit, question).await?;
    let ids: Vec<i64> = said.iter().map(|(post, _)| *post).collect();
    let posts: HashMap<i64, Stored> = posts(hub, &ids).await?.into_iter().map(|stored| (stored.id, stored)).collect();
    said.reverse(); // the oldest first, as they were said
    for (post, label) in said {
        let Some(stored) = posts.get(&post) else { continue };
        let text = text_of(&stored.post);
        found.all.push(Lesson { post: Some(post), before: before.to(Some(post), &stored.post), text, label });
    }
    Ok(found)
}

/// The answer that a correction's value stands for; none where it names several.
fn label_of(question: &str, value: &serde_json::Value) -> Option<String> {
    match (question, value) {
        (TOPIC, serde_json::Value::Array(list)) => match list.as_slice() {
            [] => Some(NONE.to_owned()),
            [one] => one.as_str().map(str::to_owned),
            _ => None,
        },
        (_, serde_json::Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Lines of a file as lessons.
pub(super) fn of_lines(engine: &Arc<Engine>, unit: i64, question: &str, lines: Vec<(String, String)>) -> Vec<Lesson> {
    let before = Before { engine: engine.clone(), unit, question: question.to_owned(), held: HashMap::new() };
    let lesson = |(text, label): (String, String)| {
        let post = Post { text: text.clone(), ..Post::default() };
        Lesson { post: None, before: before.to(None, &post), text, label }
    };
    lines.into_iter().map(lesson).collect()
}

/// What counts now, as if it had not learned from the very post.
struct Before {
    engine: Arc<Engine>,
    unit: i64,
    question: String,
    /// Of the head in use: what it said of its own examples while they were held out.
    held: HashMap<i64, String>,
}

impl Before {
    async fn of(hub: &Hub, engine: &Arc<Engine>, unit: i64, question: &str) -> Result<Self> {
        let report: Report = match engine.head_in_use(question, unit) {
            Some(head) => hub.db.one(q!("select report from models where id = $1", head.id)).await?.json("report")?,
            None => Report::default(),
        };
        let held = report.held.into_iter().filter_map(|held| Some((held.post?, held.after))).collect();
        Ok(Self { engine: engine.clone(), unit, question: question.to_owned(), held })
    }

    fn to(&self, id: Option<i64>, post: &Post) -> Option<String> {
        if let Some(head) = self.engine.head_in_use(&self.question, self.unit) {
            let held = id.and_then(|id| self.held.get(&id)).cloned();
            return Some(held.unwrap_or_else(|| head.own.ask(&text_of(post)).label));
        }
        if !matches!(self.question.as_str(), SENTIMENT | TOPIC) {
            return None;
        }
        value_of(&self.question, &self.engine.rules.analyse(post))
    }
}

/// Stored posts by their numbers, in any order.
pub(super) async fn posts(hub: &Hub, ids: &[i64]) -> Result<Vec<Stored>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(400) {
        let sql = format!("{SELECT} where p.deleted_at is null and p.id in ({})", list_of(ids));
        for row in hub.db.all(Q::of(sql)).await? {
            found.push(stored::read(&row)?);
        }
    }
    Ok(found)
}

/// The newest customers' posts in cases of these units.
pub(super) async fn newest(hub: &Hub, units: &[i64], limit: i64) -> Result<Vec<Stored>> {
    let sql = format!(
        "{SELECT} where p.id in (
           select n.post_id from mentions n join cases c on c.id = n.case_id where c.unit_id in ({}) and n.off_at is null
           order by n.id desc limit {limit})
         and p.deleted_at is null and not p.ours order by p.id desc",
        list_of(units)
    );
    hub.db.all(Q::of(sql)).await?.iter().map(stored::read).collect()
}
