//! What judging anew would change, before anything does: the newest posts of a unit, judged in memory by whoever judges
//! now and held against what is stored. A version of the program that is new stands beside the old one's word this way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dandelion_understand::{Analysis, Judgement, VERSION};
use serde::Serialize;

use super::step::{Judged, concerned, judged};
use crate::{
    Error, Hub, Result, case,
    scope::{Role, Viewer},
    store::Q,
};

/// Posts that are judged.
const MOST: i64 = 500;
/// Differences that are shown.
const SHOWN: usize = 30;
/// Characters of a post that are shown.
const LETTERS: usize = 200;

/// What would change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rehearsal {
    /// Posts that were judged.
    pub looked: i64,
    /// Of those, how many would be judged otherwise.
    pub changed: i64,
    /// Who judged them before: versions, with the posts each judged.
    pub before: Vec<Counted>,
    /// Who would judge them.
    pub now: String,
    /// Questions whose answers change, with the posts on which they do, most first.
    pub questions: Vec<Counted>,
    /// Some of the differences, of the newest posts.
    pub apart: Vec<Difference>,
}

/// How many posts something is true of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// A version, or a question.
    pub what: String,
    /// How many posts.
    pub posts: i64,
}

/// One answer that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The post.
    pub post: i64,
    /// How it begins.
    pub text: String,
    /// What is asked: a judgement's name, or the key of a unit's own question.
    pub question: String,
    /// What is said of it now.
    pub before: String,
    /// What would be said.
    pub after: String,
}

/// Judges the newest posts of a unit in memory. Leads may, as they may judge them anew. Nothing is stored.
pub async fn rehearse(hub: &Hub, viewer: &Viewer, unit: i64) -> Result<Rehearsal> {
    viewer.need(Role::Lead, unit, "see what judging this unit's posts anew would change")?;
    let engine = hub.engine().await?;
    engine.org.unit(unit).ok_or(Error::not_found("unit", unit))?;
    let sql = format!("{} order by p.id desc limit {MOST}", concerned(&engine.org, unit));
    let rows = hub.db.all(Q::of(sql).bind(0).bind(i64::MAX).bind(i64::MIN)).await?;
    let judged = judged(&engine, &rows)?;
    let posts: Vec<i64> = judged.iter().map(|it| it.post).collect();
    let stored = case::analyses_of(hub, &posts).await?;
    // What an older program wrote and this one cannot read has nothing to be held against.
    let read = |it: case::PostAnalysis| Some((it.post, serde_json::from_value::<Analysis>(it.body).ok()?));
    let stored: HashMap<i64, Analysis> = stored.into_iter().filter_map(read).collect();
    let mut found = Rehearsal { now: VERSION.to_owned(), ..Rehearsal::default() };
    let (mut versions, mut questions) = (BTreeMap::new(), BTreeMap::new());
    for it in &judged {
        let Some(before) = stored.get(&it.post) else { continue };
        found.looked += 1;
        *versions.entry(before.version.clone()).or_insert(0) += 1;
        let apart = apart(before, &it.opinion.analysis);
        found.changed += i64::from(!apart.is_empty());
        for (question, before, after) in apart {
            *questions.entry(question.clone()).or_insert(0) += 1;
            if found.apart.len() < SHOWN {
                found.apart.push(Difference { post: it.post, text: beginning(it), question, before, after });
            }
        }
    }
    (found.before, found.questions) = (most_first(versions), most_first(questions));
    Ok(found)
}

fn most_first(counted: BTreeMap<String, i64>) -> Vec<Counted> {
    let mut all: Vec<Counted> = counted.into_iter().map(|(what, posts)| Counted { what, posts }).collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.posts));
    all
}

fn beginning(it: &Judged) -> String {
    let mut words: String = it.text.chars().take(LETTERS).collect();
    if words.len() < it.text.len() {
        words.push('…');
    }
    words
}

/// The answers that differ: what was asked, before, after.
pub(super) fn apart(before: &Analysis, after: &Analysis) -> Vec<(String, String, String)> {
    let (before, after) = (answers(before), answers(after));
    let asked: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let word = |of: &BTreeMap<String, String>, it: &String| of.get(it).cloned().unwrap_or_default();
    let both = asked.into_iter().map(|it| (it.clone(), word(&before, it), word(&after, it)));
    both.filter(|(_, before, after)| before != after).collect()
}

/// What an analysis says, question by question; nothing for what it leaves out.
fn answers(it: &Analysis) -> BTreeMap<String, String> {
    let list = |all: &[Judgement]| all.iter().map(|it| it.value.as_str()).collect::<Vec<_>>().join(", ");
    let keys =
        |all: &[dandelion_understand::Found]| all.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
    let maybe = |one: &Option<Judgement>| one.as_ref().map_or_else(String::new, |it| it.value.clone());
    let bundled = [
        ("language", it.language.value.clone()),
        ("sentiment", it.sentiment.value.clone()),
        ("emotion", maybe(&it.emotion)),
        ("irony", maybe(&it.irony)),
        ("offensive", maybe(&it.offensive)),
        ("intent", list(&it.intents)),
        ("urgency", it.urgency.value.clone()),
        ("risk", list(&it.risks)),
        ("product", keys(&it.products)),
        ("topic", keys(&it.topics)),
    ];
    let own = it.own.iter().map(|own| (own.question.clone(), own.judgement.value.clone()));
    let all = bundled.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(own);
    all.filter(|(_, value)| !value.is_empty()).collect()
}
