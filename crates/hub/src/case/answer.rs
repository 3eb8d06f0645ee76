//! What a person says of a post: a judgement of the program, or a question of the unit's own. Said by themselves it must
//! differ from what counts; where the hub asked, “it is right as it is” is an answer too, from which heads learn.

use serde_json::{Value as Json, json};

use super::{
    correction::{Judged, Judgements, judge},
    held::hold_for,
};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    model::label::{self, LabelSet},
    scope::{Role, Viewer},
    store::q,
};

/// What is asked.
enum Question {
    Judged(Judged),
    Set(LabelSet),
}

/// Says what the answer to a question about a post of a case really is: `question` is a [`Judged`] or the key of a set of
/// labels that the case's unit asks. With `asked` it may be what counts already. Says the correction's id.
pub async fn answer(
    hub: &Hub,
    viewer: &Viewer,
    case: i64,
    post: i64,
    question: &str,
    value: &Json,
    asked: bool,
) -> Result<i64> {
    let engine = hub.engine().await?;
    let sets = if question.parse::<Judged>().is_ok() { Vec::new() } else { label::list(hub).await? };
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let held = hold_for(&mut tx, viewer, case).await?;
    viewer.need(Role::Agent, held.unit, "correct judgements in this case")?;
    let line: Vec<i64> = engine.org.line_of(held.unit).iter().map(|unit| unit.id).collect();
    let about = match question.parse::<Judged>() {
        Ok(judged) => Question::Judged(judged),
        Err(_) => match sets.into_iter().find(|set| set.key == question && line.contains(&set.unit)) {
            Some(set) => Question::Set(set),
            None => question.parse::<Judged>().map(Question::Judged)?,
        },
    };
    let value = match &about {
        Question::Judged(judged) => judged.checked(value, &engine.org)?,
        Question::Set(set) => one_of(set, value)?,
    };
    let sql = "select 1 as x from posts p join case_threads ct on ct.thread_id = p.thread_id
        where p.id = $1 and ct.case_id = $2 and not p.ours";
    if tx.opt(q!(sql, post, case)).await?.is_none() {
        return Err(Error::invalid("post", "choose a customer's post of this case", &post.to_string()));
    }
    let was = match &about {
        Question::Judged(judged) => Judgements::of(&mut tx, case).await?.value(post, *judged),
        Question::Set(set) => said(&mut tx, post, &set.key).await?,
    };
    if was == value && !asked {
        return Err(Error::invalid(question, "this is what it is taken for already", &value.to_string()));
    }
    let (id, now) = (tx.id("corrections").await?, tx.now());
    let sql = "insert into corrections (id, post_id, judgement, value, was, member_id, at, asked) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.run(q!(sql, id, post, question, value.to_string(), was.to_string(), viewer.member, now, asked)).await?;
    if let Question::Judged(_) = about {
        judge(&mut tx, case).await?;
    }
    let body = json!({ "correction": id, "post": post, "judgement": question, "was": was, "is": value });
    tx.log(Entry::new("judgement.corrected", "case", case).unit(held.unit).with(body));
    tx.commit().await?;
    Ok(id)
}

fn one_of(set: &LabelSet, value: &Json) -> Result<Json> {
    match value.as_str().filter(|word| set.labels.iter().any(|label| label == word)) {
        Some(word) => Ok(json!(word)),
        None => Err(Error::invalid(&set.key, format!("choose one of {}", set.labels.join(", ")), &value.to_string())),
    }
}

/// What counts as the answer to a question of a unit's own: a person's newest word, or the head's.
async fn said(tx: &mut Tx, post: i64, key: &str) -> Result<Json> {
    let sql = "select value from corrections where post_id = $1 and judgement = $2 and undone_at is null order by id desc limit 1";
    if let Some(row) = tx.opt(q!(sql, post, key)).await? {
        return row.json("value");
    }
    let Some(row) = tx.opt(q!("select body from analyses where post_id = $1 order by id desc limit 1", post)).await?
    else {
        return Ok(Json::Null);
    };
    let body: Json = row.json("body")?;
    let own = body["own"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(own.iter().find(|own| own["question"] == key).map_or(Json::Null, |own| own["value"].clone()))
}
