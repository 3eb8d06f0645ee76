//! Who judges: what is part of the program, and the heads that units have trained on their people's corrections.
//!
//! A *model* is one version of a unit's head for one question: `sentiment`, `topic`, or a set of labels of its own
//! ([`label`](mod@label)). It is *trained* in the background ([`learn`](mod@learn)), then runs as a *shadow*: it answers every new post
//! beside whatever answers now, and its answers lie apart and are compared ([`shadow`](mod@shadow)). A lead lets it take over, and it is
//! *in use* for posts that concern the unit or any below, until another takes over, it is retired, or the change is
//! rolled back. At most one version of a question is in use in a unit, and at most one a shadow. The nearest unit's head
//! speaks; where none does, what is part of the program says what counts.
//!
//! Every analysis keeps the name of all who judged (`panel-1+rules-2+topic-12`: 12 is the model). Changes are events.

mod act;
pub mod active;
pub mod bundled;
pub mod figures;
pub mod label;
pub mod learn;
mod lesson;
mod report;
pub mod shadow;
pub(crate) mod speak;
#[cfg(test)]
pub(crate) mod tests;
mod train;

use dandelion_post::Micros;
use serde::{Deserialize, Serialize};

pub use act::{retire, rollback, take_over};
pub use report::{Bin, Change, Held, Report, Standing};
pub use speak::Opinion;
pub use train::{MOST_EXAMPLES, Source, cancel, run, settle, start, step};

use crate::{
    Error, Hub, Result,
    scope::{Role, Viewer},
    store::{Q, Row},
};

/// The question whose answer replaces what the program says of the sentiment.
pub const SENTIMENT: &str = "sentiment";
/// The question whose answer replaces the topics that the organisation's words find.
pub const TOPIC: &str = "topic";
/// The answer that stands for “no topic”.
pub const NONE: &str = "none";

/// Where a model stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It learns.
    Training,
    /// It answers beside whatever answers now.
    Shadow,
    /// Its answers count.
    InUse,
    /// It answers nothing; it can be used again.
    Retired,
    /// It could not be trained.
    Failed,
}

impl State {
    const ALL: [Self; 5] = [Self::Training, Self::Shadow, Self::InUse, Self::Retired, Self::Failed];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Shadow => "shadow",
            Self::InUse => "in-use",
            Self::Retired => "retired",
            Self::Failed => "failed",
        }
    }
}

/// What a head's file says of itself, without its weights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// SHA-256 of the whole file.
    pub file: String,
    /// Bytes of the file.
    pub bytes: usize,
    /// The set of features it reads.
    pub features: String,
    /// Its answers.
    pub labels: Vec<String>,
    /// Below this probability it is unsure.
    pub unsure_below: f64,
    /// SHA-256 of the examples, in the order of training.
    pub data: String,
    /// SHA-256 of the table of weights.
    pub table: String,
    /// The panel that it was fitted beside; empty where it answers alone.
    pub panel: String,
    /// How it was made.
    pub command: String,
}

/// One version of a unit's head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// Its number; analyses name it.
    pub id: i64,
    /// The unit.
    pub unit: i64,
    /// The question.
    pub question: String,
    /// Which version of the unit's head it is, from 1.
    pub number: i64,
    /// Where it stands.
    pub state: State,
    /// What it learned from: `corrections`, a `file`, or `both`.
    pub origin: String,
    /// How far training has come, 0 to 1.
    pub share: f64,
    /// Examples it learned from.
    pub examples: i64,
    /// What its file says; empty while it is trained.
    pub manifest: Manifest,
    /// Figures before and after; none while it is trained.
    pub report: Option<Report>,
    /// Why it could not be trained.
    pub error: Option<String>,
    /// Who had it trained; none for a command.
    pub made_by: Option<String>,
    /// When that began.
    pub made_at: Micros,
    /// When it was trained.
    pub ready_at: Option<Micros>,
    /// When it last took over.
    pub used_at: Option<Micros>,
    /// Who let it.
    pub used_by: Option<String>,
    /// When it was retired.
    pub retired_at: Option<Micros>,
    /// What it took over from; none for what is part of the program.
    pub before: Option<i64>,
}

impl Model {
    /// As analyses name it: `topic-12`.
    pub fn version(&self) -> String {
        version(&self.question, self.id)
    }
}

pub(crate) fn version(question: &str, id: i64) -> String {
    format!("{question}-{id}")
}

const SELECT: &str = "select m.id, m.unit_id, m.question, m.number, m.state, m.origin, m.share, m.examples, m.manifest, m.report, m.error,
   b.name as made_by, m.made_at, m.ready_at, m.used_at, u.name as used_by, m.retired_at, m.before_id
 from models m left join members b on b.id = m.made_by left join members u on u.id = m.used_by";

fn from_row(row: &Row) -> Result<Model> {
    let state: String = row.get("state")?;
    let state = State::ALL.into_iter().find(|known| known.as_str() == state);
    Ok(Model {
        id: row.get("id")?,
        unit: row.get("unit_id")?,
        question: row.get("question")?,
        number: row.get("number")?,
        state: state.ok_or_else(|| Error::Damaged("a model is in a state nobody knows".into()))?,
        origin: row.get("origin")?,
        share: row.get("share")?,
        examples: row.get("examples")?,
        manifest: row.json("manifest")?,
        report: row.json("report")?,
        error: row.get("error")?,
        made_by: row.get("made_by")?,
        made_at: row.get("made_at")?,
        ready_at: row.get("ready_at")?,
        used_at: row.get("used_at")?,
        used_by: row.get("used_by")?,
        retired_at: row.get("retired_at")?,
        before: row.get("before_id")?,
    })
}

/// One model.
pub async fn find(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Model> {
    viewer.need_anywhere(Role::Viewer, "see who judges")?;
    let row = hub.db.opt(Q::of(format!("{SELECT} where m.id = $1")).bind(id)).await?;
    from_row(&row.ok_or(Error::not_found("model", id))?)
}

/// All models, those that answer now first, then the newest.
pub async fn list(hub: &Hub, viewer: &Viewer) -> Result<Vec<Model>> {
    viewer.need_anywhere(Role::Viewer, "see who judges")?;
    let order = "case m.state when 'in-use' then 0 when 'shadow' then 1 when 'training' then 2 else 3 end";
    let sql = format!("{SELECT} order by {order}, m.id desc limit 500");
    hub.db.all(Q::of(sql)).await?.iter().map(from_row).collect()
}

/// The questions that can be learned in a unit: those of the program and the sets of labels of it and all above.
pub async fn questions(hub: &Hub, unit: i64) -> Result<Vec<(String, String)>> {
    let org = crate::unit::Org::load(&hub.db).await?;
    let mut all = vec![(SENTIMENT.to_owned(), "Sentiment".to_owned()), (TOPIC.to_owned(), "Topic".to_owned())];
    let line = org.line_ids(unit);
    let sets = label::list(hub).await?;
    all.extend(sets.into_iter().filter(|set| line.contains(&set.unit)).map(|set| (set.key, set.name)));
    Ok(all)
}
