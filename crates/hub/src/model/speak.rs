//! The heads in memory, and what they make of an analysis. Pure: what they say depends on the post and the engine alone.

use std::sync::Arc;

use dandelion_post::Post;
use dandelion_understand::{Analysis, Found, Judgement, Own, OwnAnswer};

use super::{NONE, SENTIMENT, State, TOPIC, version};
use crate::{
    Db, Result,
    engine::Engine,
    store::q,
    unit::{Org, RouteFacts},
};

/// A head that answers: in use or as a shadow.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) id: i64,
    pub(crate) unit: i64,
    pub(crate) question: String,
    pub(crate) state: State,
    pub(crate) own: Arc<Own>,
}

/// What is said of a post: what counts, and what shadows say beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// What counts.
    pub analysis: Analysis,
    /// What versions say that do not count yet.
    pub(crate) shadows: Vec<ShadowAnswer>,
}

/// What one shadow says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ShadowAnswer {
    pub(crate) model: i64,
    pub(crate) judgement: Judgement,
    /// What counts instead; none where nobody answers.
    pub(crate) present: Option<String>,
}

/// The heads that answer, read from the store. `known` are those read before, which need not be read again.
pub(crate) async fn load(db: &Db, known: &[Head]) -> Result<Vec<Head>> {
    let sql = "select id, unit_id, question, state from models where state in ('shadow', 'in-use') order by id";
    let mut heads = Vec::new();
    for row in db.all(q!(sql)).await? {
        let id: i64 = row.get("id")?;
        let state = if row.get::<String, _>("state")? == "in-use" { State::InUse } else { State::Shadow };
        let own = match known.iter().find(|head| head.id == id) {
            Some(head) => head.own.clone(),
            None => match read(db, id).await? {
                Some(own) => own,
                None => continue,
            },
        };
        heads.push(Head { id, unit: row.get("unit_id")?, question: row.get("question")?, state, own });
    }
    Ok(heads)
}

/// One head's file. One that this program can no longer read answers nothing and says so: a newer program may read other
/// features, and posts must still be judged.
async fn read(db: &Db, id: i64) -> Result<Option<Arc<Own>>> {
    let row = db.opt(q!("select file from models where id = $1 and file is not null", id)).await?;
    let Some(row) = row else { return Ok(None) };
    match Own::from_bytes(row.get("file")?) {
        Ok(own) => Ok(Some(Arc::new(own))),
        Err(error) => {
            tracing::warn!(model = id, %error, "a head can no longer be read and answers nothing; train it again");
            Ok(None)
        }
    }
}

impl Engine {
    /// What the program and the heads of the unit that a post concerns say of it. The unit is the one the post would go
    /// to by what the program alone says, so that no head decides whose heads speak.
    pub fn judge(&self, post: &Post, network: &str) -> Opinion {
        let mut analysis = self.rules.analyse(post);
        if self.heads.is_empty() {
            return Opinion { analysis, shadows: Vec::new() };
        }
        let facts = RouteFacts { network, ..RouteFacts::default() };
        let line: Vec<i64> = match self.org.route(&analysis, &facts) {
            Ok(route) => self.org.line_ids(route.unit),
            Err(_) => Vec::new(),
        };
        let text = text_of(post);
        let before = text.len() - post.text.len();
        for head in self.speaking(&line) {
            let judgement = placed(head.own.judge(&text), before);
            put(&mut analysis, &self.org, head, judgement);
        }
        let shadows = self.heads.iter().filter(|head| head.state == State::Shadow && line.contains(&head.unit));
        let shadows = shadows.map(|head| ShadowAnswer {
            model: head.id,
            judgement: head.own.judge(&text),
            present: value_of(&head.question, &analysis),
        });
        let shadows = shadows.collect();
        Opinion { analysis, shadows }
    }

    /// The heads in use that answer for a unit, given with all above it: the nearest of each question.
    fn speaking<'a>(&'a self, line: &'a [i64]) -> impl Iterator<Item = &'a Head> {
        let distance = |head: &Head| line.iter().position(|unit| *unit == head.unit);
        let in_use = move |head: &&Head| head.state == State::InUse && distance(head).is_some();
        self.heads.iter().filter(in_use).filter(move |head| {
            !self.heads.iter().filter(in_use).any(|it| it.question == head.question && distance(it) < distance(head))
        })
    }

    /// The head in use that answers a question in a unit.
    pub(crate) fn head_in_use(&self, question: &str, unit: i64) -> Option<&Head> {
        let line = self.org.line_ids(unit);
        let head = self.speaking(&line).find(|head| head.question == question)?;
        self.heads.iter().find(|it| it.id == head.id)
    }
}

/// What heads read of a post, which is what they learned from: its title and its text.
pub(crate) fn text_of(post: &Post) -> String {
    joined(post.title.as_deref(), &post.text)
}

/// See [`text_of`].
pub(crate) fn joined(title: Option<&str>, text: &str) -> String {
    match title.map(str::trim).filter(|title| !title.is_empty() && !text.starts_with(title)) {
        Some(title) => format!("{title}\n{text}"),
        None => text.to_owned(),
    }
}

/// A judgement of a text that begins with a title of so many bytes: its words have no place in the text itself.
fn placed(mut judgement: Judgement, before: usize) -> Judgement {
    for reason in &mut judgement.reasons {
        reason.span = reason.span.filter(|[from, _]| *from >= before).map(|[from, to]| [from - before, to - before]);
    }
    judgement
}

/// What an analysis answers to a question; none where nobody answered it.
pub(crate) fn value_of(question: &str, analysis: &Analysis) -> Option<String> {
    match question {
        SENTIMENT => Some(analysis.sentiment.value.clone()),
        TOPIC => {
            let keys: Vec<&str> = analysis.topics.iter().map(|topic| topic.key.as_str()).collect();
            Some(if keys.is_empty() { NONE.to_owned() } else { keys.join(", ") })
        }
        _ => analysis.own.iter().find(|own| own.question == question).map(|own| own.judgement.value.clone()),
    }
}

/// Puts a head's answer in its place in an analysis.
fn put(analysis: &mut Analysis, org: &Org, head: &Head, judgement: Judgement) {
    let name = version(&head.question, head.id);
    analysis.version.push('+');
    analysis.version.push_str(&name);
    match head.question.as_str() {
        SENTIMENT => analysis.sentiment = judgement.clone(),
        TOPIC => analysis.topics = topics(org, &judgement),
        _ => {}
    }
    analysis.own.push(OwnAnswer { question: head.question.clone(), version: name, judgement });
}

fn topics(org: &Org, judgement: &Judgement) -> Vec<Found> {
    let known = org.topics.iter().find(|topic| topic.key == judgement.value && !topic.archived);
    let found = known.map(|topic| Found {
        key: topic.key.clone(),
        name: topic.name.clone(),
        competitor: false,
        words: judgement.reasons.first().map(|reason| reason.words.clone()).unwrap_or_default(),
        spans: judgement.reasons.iter().filter_map(|reason| reason.span).collect(),
    });
    found.into_iter().collect()
}
