//! Training in the background: begun by a person, done by whichever program has time, ended as a shadow.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use dandelion_understand::Own;
use serde_json::json;
use tokio::sync::watch;

use super::{
    Change, Model, SENTIMENT, State, TOPIC, act, find, label,
    learn::{Lesson, Trained, learn, too_few},
    lesson::{self, Lessons},
    speak::{text_of, value_of},
};
use crate::{
    Error, Hub, Result, Tx,
    engine::Engine,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::{Q, Value, q},
};

/// Examples a file may bring.
pub const MOST_EXAMPLES: usize = 50_000;
/// A program that trains says so again and again; after so long a silence it is taken to have stopped, and another begins
/// anew.
const LEASE: i64 = 30 * 1_000_000;
/// How often it says that it is there, and how far.
const EVERY: Duration = Duration::from_millis(500);
/// Newest posts of the unit that are looked at for what would change, and how many of those that would are kept.
const LOOKED: i64 = 300;
const CHANGES: usize = 20;
/// Letters of an example that a file brings.
const MOST_LETTERS: usize = 20_000;

/// What a head learns from.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// What people of the unit corrected and confirmed.
    pub corrections: bool,
    /// Texts with their labels, from a file.
    pub file: Vec<(String, String)>,
}

impl Source {
    /// What people of the unit corrected and confirmed, and nothing else.
    pub fn corrections() -> Self {
        Self { corrections: true, file: Vec::new() }
    }

    fn origin(&self) -> &'static str {
        match (self.corrections, self.file.is_empty()) {
            (true, false) => "both",
            (_, true) => "corrections",
            (false, false) => "file",
        }
    }
}

/// Begins to train a unit's head for a question. Leads of the unit may. Refused where there is too little to learn from,
/// or where the same is being trained already.
pub async fn start(hub: &Hub, viewer: &Viewer, unit: i64, question: &str, source: Source) -> Result<Model> {
    viewer.need(Role::Lead, unit, "train a head for this unit")?;
    let engine = hub.engine().await?;
    let key = engine.org.unit(unit).filter(|unit| !unit.archived).ok_or(Error::not_found("unit", unit))?.key.clone();
    check_file(&engine, question, &source.file)?;
    let mut found =
        if source.corrections { lesson::of_people(hub, &engine, unit, question).await? } else { Lessons::default() };
    found.all.extend(source.file.iter().map(|(text, label)| Lesson {
        post: None,
        text: text.clone(),
        label: label.clone(),
        before: None,
    }));
    if let Some(words) = too_few(&found.all) {
        return Err(Error::Conflict(format!("There is too little to learn from: {words}")));
    }
    let by = Some(viewer.member).filter(|id| *id > 0);
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    if !matches!(question, SENTIMENT | TOPIC) {
        ask(hub, &mut tx, unit, question, &source, by).await?;
    }
    let busy = "select 1 as x from models where unit_id = $1 and question = $2 and state = 'training'";
    if tx.opt(q!(busy, unit, question)).await?.is_some() {
        return Err(Error::Conflict("A head for this question is being trained in this unit already".into()));
    }
    let sql = "select coalesce(max(number), 0) + 1 as number from models where unit_id = $1 and question = $2";
    let number: i64 = tx.one(q!(sql, unit, question)).await?.get("number")?;
    let (id, now) = (tx.id("models").await?, tx.now());
    let data = if source.file.is_empty() { "" } else { " --data FILE" };
    let corrections = if source.corrections { " --from-corrections" } else { "" };
    let command = format!("dandelion train{corrections}{data} --unit {key} --head {question}");
    let sql = "insert into models (id, unit_id, question, number, state, origin, share, examples, manifest, report, made_by, made_at)
        values ($1, $2, $3, $4, 'training', $5, 0, $6, $7, 'null', $8, $9)";
    let manifest = json!(super::Manifest { command, ..super::Manifest::default() }).to_string();
    let examples = found.all.len();
    tx.run(q!(sql, id, unit, question, number, source.origin(), examples, manifest, by, now)).await?;
    let rows: Vec<Vec<Value>> = (0_i64..)
        .zip(&source.file)
        .map(|(place, (text, label))| vec![id.into(), place.into(), Value::from(text), Value::from(label)])
        .collect();
    tx.insert("model_examples", &["model_id", "place", "text", "label"], rows, "").await?;
    let body = json!({ "question": question, "number": number, "examples": examples });
    tx.log(Entry::new("training.started", "training", id).unit(unit).with(body));
    tx.commit().await?;
    find(hub, viewer, id).await
}

/// The labels a file may bring for a question of the program.
fn check_file(engine: &Engine, question: &str, file: &[(String, String)]) -> Result<()> {
    if file.len() > MOST_EXAMPLES {
        let words = format!("it holds {} examples; at most {MOST_EXAMPLES} are taken", file.len());
        return Err(Error::invalid("file", words, ""));
    }
    let mut known: Vec<&str> = match question {
        SENTIMENT => vec!["negative", "neutral", "positive", "mixed"],
        TOPIC => engine.org.topics.iter().filter(|it| !it.archived).map(|it| it.key.as_str()).collect(),
        _ => Vec::new(),
    };
    if question == TOPIC {
        known.push(super::NONE);
    }
    for (text, label) in file {
        if text.chars().count() > MOST_LETTERS {
            return Err(Error::invalid("file", format!("a text has more than {MOST_LETTERS} letters"), text));
        }
        if !known.is_empty() && !known.contains(&label.as_str()) {
            return Err(Error::invalid("file", format!("a label is none of {}", known.join(", ")), label));
        }
    }
    Ok(())
}

/// Makes sure that the question is asked: a file brings its labels, corrections need a set that is there.
async fn ask(hub: &Hub, tx: &mut Tx, unit: i64, question: &str, source: &Source, by: Option<i64>) -> Result<()> {
    let mut labels: Vec<String> = source.file.iter().map(|(_, label)| label.clone()).collect();
    labels.sort_unstable();
    labels.dedup();
    if !labels.is_empty() {
        return label::ensure(hub, tx, unit, question, &labels, by).await;
    }
    match label::of_unit(hub, question, unit).await? {
        Some(_) => Ok(()),
        None => Err(Error::invalid("question", "one of sentiment, topic, or a set of labels of the unit", question)),
    }
}

/// Stops a training. Leads of the unit may.
pub async fn cancel(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let model = find(hub, viewer, id).await?;
    viewer.need(Role::Lead, model.unit, "stop a training of this unit")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    if !fail(&mut tx, &model, "somebody stopped it").await? {
        return Err(Error::Conflict("It is not being trained any more".into()));
    }
    tx.commit().await
}

/// Trains what people asked for until `stop` says so, beside everything else.
pub async fn run(hub: Hub, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let rest = match step(&hub).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => Duration::from_secs(1),
            Err(error) => {
                tracing::warn!(error = error.logged(), "a training could not go on; trying again");
                Duration::from_secs(5)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Trains here and now until this one is done, at most so long; what is left, the program does by and by.
pub async fn settle(hub: &Hub, id: i64, most: Duration) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < most {
        let row = hub.db.one(q!("select state from models where id = $1", id)).await?;
        if row.get::<String, _>("state")? != "training" || !step(hub).await? {
            break;
        }
    }
    Ok(())
}

/// Trains the head that has waited longest; whether there was one.
pub async fn step(hub: &Hub) -> Result<bool> {
    let now = hub.now();
    let sql = format!(
        "{} where m.state = 'training' and (m.lease_until is null or m.lease_until < $1) order by m.id limit 1",
        super::SELECT
    );
    let Some(row) = hub.db.opt(Q::of(sql).bind(now)).await? else { return Ok(false) };
    let model = super::from_row(&row)?;
    let mut tx = begin(hub).await?;
    let sql = "update models set lease_until = $1, share = 0 where id = $2 and state = 'training' and (lease_until is null or lease_until < $3)";
    if tx.run(q!(sql, now + LEASE, model.id, now)).await? == 0 {
        return Ok(true); // another program took it
    }
    tx.commit_unlogged("who trains it is no change of state").await?;
    if let Err(error) = train(hub, &model).await {
        let mut tx = begin(hub).await?;
        fail(&mut tx, &model, &error.to_string()).await?;
        tx.commit().await?;
    }
    Ok(true)
}

async fn begin(hub: &Hub) -> Result<Tx> {
    hub.begin(Actor::System("training")).await
}

async fn train(hub: &Hub, model: &Model) -> Result<()> {
    let engine = hub.engine().await?;
    let found = gather(hub, &engine, model).await?;
    if let Some(words) = too_few(&found.all) {
        return Err(Error::Conflict(format!("There is too little to learn from: {words}")));
    }
    let began = Instant::now();
    let mut trained = work(hub, model, found.all.clone()).await?;
    trained.report.seconds = began.elapsed().as_secs_f64();
    (trained.report.confirmed, trained.report.left_out) = (found.confirmed, found.left_out);
    let own = Own::from_bytes(trained.file.clone())
        .map_err(|error| Error::Damaged(format!("the head cannot be read back: {error}")))?;
    what_changes(hub, &engine, model, &own, &mut trained).await?;
    keep(hub, model, &trained).await
}

/// Everything there is to learn from, with what counts now.
async fn gather(hub: &Hub, engine: &Arc<Engine>, model: &Model) -> Result<Lessons> {
    let mut found = match model.origin.as_str() {
        "file" => Lessons::default(),
        _ => lesson::of_people(hub, engine, model.unit, &model.question).await?,
    };
    let sql = "select text, label from model_examples where model_id = $1 order by place";
    let mut lines = Vec::new();
    for row in hub.db.all(q!(sql, model.id)).await? {
        lines.push((row.get("text")?, row.get("label")?));
    }
    found.all.extend(lesson::of_lines(engine, model.unit, &model.question, lines));
    Ok(found)
}

/// The training itself, on a thread of its own, saying now and then how far it is.
async fn work(hub: &Hub, model: &Model, lessons: Vec<Lesson>) -> Result<Trained> {
    let thousandths = Arc::new(AtomicU64::new(0));
    let (told, question, command) = (thousandths.clone(), model.question.clone(), model.manifest.command.clone());
    let tell = move |share: f64| told.store((share * 1000.0) as u64, Ordering::Relaxed);
    let mut training = tokio::task::spawn_blocking(move || learn(&question, &command, &lessons, tell));
    let mut last = 0;
    loop {
        tokio::select! {
            done = &mut training => {
                return done.map_err(|_| Error::Damaged("training broke off; the log says where".into()));
            }
            () = tokio::time::sleep(EVERY) => {}
        }
        let now = thousandths.load(Ordering::Relaxed);
        let (share, lease) = (now as f64 / 1000.0, hub.now() + LEASE);
        let mut tx = begin(hub).await?;
        let sql = "update models set share = $1, lease_until = $2 where id = $3 and state = 'training'";
        tx.run(q!(sql, share, lease, model.id)).await?;
        if now > last {
            last = now;
            let body = json!({ "share": share });
            tx.log(Entry::new("training.moved", "training", model.id).unit(model.unit).with(body));
        }
        tx.commit_unlogged("that it is still there is no change of state").await?;
    }
}

/// Which of the unit's newest posts would be judged otherwise.
async fn what_changes(hub: &Hub, engine: &Engine, model: &Model, own: &Own, trained: &mut Trained) -> Result<()> {
    let units = engine.org.within(model.unit);
    let report = &mut trained.report;
    for stored in lesson::newest(hub, &units, LOOKED).await? {
        let opinion = engine.judge(&stored.post, &stored.origin.network);
        let (before, said) = (value_of(&model.question, &opinion.analysis), own.judge(&text_of(&stored.post)));
        report.looked += 1;
        if before.as_ref() == Some(&said.value) {
            continue;
        }
        report.changing += 1;
        if report.changes.len() < CHANGES {
            report.changes.push(Change { post: stored.id, before, after: said.value, score: said.score });
        }
    }
    Ok(())
}

/// It becomes the shadow of its question; an older one is retired.
async fn keep(hub: &Hub, model: &Model, trained: &Trained) -> Result<()> {
    let mut tx = begin(hub).await?;
    act::hold(&mut tx, model).await?;
    let sql = "select id from models where unit_id = $1 and question = $2 and state = 'shadow'";
    if let Some(row) = tx.opt(q!(sql, model.unit, &model.question)).await? {
        let older = Model { id: row.get("id")?, state: State::Shadow, ..model.clone() };
        act::rest(&mut tx, &older, "a newer version was trained").await?;
    }
    let (now, examples) = (tx.now(), trained.report.labels.values().sum::<i64>());
    let (manifest, report) = (json!(trained.manifest).to_string(), json!(trained.report).to_string());
    let sql = "update models set state = 'shadow', share = 1, lease_until = null, examples = $1, file = $2, manifest = $3, report = $4,
          ready_at = $5 where id = $6 and state = 'training'";
    if tx.run(q!(sql, examples, trained.file.clone(), manifest, report, now, model.id)).await? == 0 {
        return Ok(()); // somebody stopped it meanwhile
    }
    tx.run(q!("delete from model_examples where model_id = $1", model.id)).await?;
    let body = json!({ "question": model.question, "number": model.number, "file": trained.manifest.file });
    tx.log(Entry::new("training.done", "training", model.id).unit(model.unit).with(json!({ "examples": examples })));
    tx.log(Entry::new("model.shadowed", "model", model.id).unit(model.unit).with(body));
    tx.commit().await
}

/// Ends a training without a head; whether it was still under way.
async fn fail(tx: &mut Tx, model: &Model, why: &str) -> Result<bool> {
    let sql = "update models set state = 'failed', lease_until = null, error = $1 where id = $2 and state = 'training'";
    if tx.run(q!(sql, why, model.id)).await? == 0 {
        return Ok(false);
    }
    tx.run(q!("delete from model_examples where model_id = $1", model.id)).await?;
    let body = json!({ "question": model.question });
    tx.log(Entry::new("training.failed", "training", model.id).unit(model.unit).with(body));
    Ok(true)
}
