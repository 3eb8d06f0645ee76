//! A person's judgement beside the machine's (law 5): the analysis stays as it was said, the correction counts, and no
//! later analysis overwrites it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    answer::answer,
    held::{Held, hold, hold_for},
    pack,
};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::q,
    unit::Org,
};

/// A judgement that can be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judged {
    /// A language code: `de`.
    Language,
    /// `negative`, `neutral`, `positive`, `mixed`.
    Sentiment,
    /// A list of `complaint`, `question`, `praise`, `idea`, `purchase`, `cancel`, `risk`, `other`.
    Intent,
    /// A number, 0 to 3.
    Urgency,
    /// A list of `safety`, `legal`, `data breach`, `press`; empty: none.
    Risk,
    /// A list of topic keys.
    Topic,
    /// A list of product keys.
    Product,
}

const SENTIMENTS: &[&str] = &["negative", "neutral", "positive", "mixed"];
const INTENTS: &[&str] = &["complaint", "question", "praise", "idea", "purchase", "cancel", "risk", "other"];
const RISKS: &[&str] = &["safety", "legal", "data breach", "press"];

impl Judged {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Language, Self::Sentiment, Self::Intent, Self::Urgency, Self::Risk, Self::Topic, Self::Product];

    /// As stored and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::Sentiment => "sentiment",
            Self::Intent => "intent",
            Self::Urgency => "urgency",
            Self::Risk => "risk",
            Self::Topic => "topic",
            Self::Product => "product",
        }
    }

    /// What an analysis says of it, in the shape of a correction's value.
    fn said(self, body: &Json) -> Json {
        let one = |name: &str| body[name]["value"].clone();
        let each = |name: &str, field: &str| -> Json {
            let found = body[name].as_array().map(Vec::as_slice).unwrap_or_default();
            found.iter().map(|judgement| judgement[field].clone()).filter(Json::is_string).collect()
        };
        match self {
            Self::Language => one("language"),
            Self::Sentiment => one("sentiment"),
            Self::Urgency => json!(one("urgency").as_str().and_then(|text| text.parse::<i64>().ok()).unwrap_or(0)),
            Self::Intent => each("intents", "value"),
            Self::Risk => each("risks", "value"),
            Self::Topic => each("topics", "key"),
            Self::Product => each("products", "key"),
        }
    }

    /// The value, checked and put into its one shape.
    pub(super) fn checked(self, value: &Json, org: &Org) -> Result<Json> {
        let field = self.as_str();
        let refuse = |reason: String| Error::invalid(field, reason, &value.to_string());
        let of = |known: &[&str]| -> Result<Json> {
            let list = strings(value).ok_or_else(|| refuse("give a list of words".into()))?;
            match list.iter().find(|word| !known.contains(&word.as_str())) {
                Some(_) => Err(refuse(format!("choose from {}", known.join(", ")))),
                None => Ok(json!(list)),
            }
        };
        match self {
            Self::Language => match value.as_str().map(str::trim) {
                Some(code)
                    if (2..=16).contains(&code.len())
                        && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') =>
                {
                    Ok(json!(code))
                }
                _ => Err(refuse("give a language code such as de or pt-BR".into())),
            },
            Self::Sentiment => match value.as_str().filter(|word| SENTIMENTS.contains(word)) {
                Some(word) => Ok(json!(word)),
                None => Err(refuse(format!("choose one of {}", SENTIMENTS.join(", ")))),
            },
            Self::Urgency => match value.as_i64().filter(|urgency| (0..=3).contains(urgency)) {
                Some(urgency) => Ok(json!(urgency)),
                None => Err(refuse("give a number from 0 (whenever) to 3 (now)".into())),
            },
            Self::Intent if strings(value).is_some_and(|list| list.is_empty()) => {
                Err(refuse("give at least one; “other” stands for none of them".into()))
            }
            Self::Intent => of(INTENTS),
            Self::Risk => of(RISKS),
            Self::Topic => of(&org.topics.iter().map(|topic| topic.key.as_str()).collect::<Vec<_>>()),
            Self::Product => of(&org.products.iter().map(|product| product.key.as_str()).collect::<Vec<_>>()),
        }
    }
}

impl std::str::FromStr for Judged {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|judged| judged.as_str() == text).ok_or_else(|| {
            Error::invalid("judgement", "one of language, sentiment, intent, urgency, risk, topic, product", text)
        })
    }
}

fn strings(value: &Json) -> Option<Vec<String>> {
    let list = value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
    (list.len() <= 64).then_some(list)
}

/// Says what a judgement about a post of a case really is. Says the correction's id.
pub async fn correct(hub: &Hub, viewer: &Viewer, case: i64, post: i64, judged: Judged, value: &Json) -> Result<i64> {
    answer(hub, viewer, case, post, judged.as_str(), value, false).await
}

/// Takes a correction back: whoever made it, or a lead.
pub async fn uncorrect(hub: &Hub, viewer: &Viewer, case: i64, correction: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let held = hold_for(&mut tx, viewer, case).await?;
    let sql = "select x.member_id from corrections x join posts p on p.id = x.post_id
        join case_threads ct on ct.thread_id = p.thread_id where x.id = $1 and ct.case_id = $2 and x.undone_at is null";
    let Some(row) = tx.opt(q!(sql, correction, case)).await? else {
        return Err(Error::not_found("correction", correction));
    };
    let own = row.get::<i64, _>("member_id")? == viewer.member;
    viewer.need(if own { Role::Agent } else { Role::Lead }, held.unit, "take this correction back")?;
    take_back(&mut tx, &held, correction).await?;
    tx.commit().await
}

/// Marks a correction as undone and lets the case follow.
pub(super) async fn take_back(tx: &mut Tx, case: &Held, correction: i64) -> Result<()> {
    let now = tx.now();
    tx.run(q!("update corrections set undone_at = $1 where id = $2", now, correction)).await?;
    judge(tx, case.id).await?;
    let body = json!({ "correction": correction });
    tx.log(Entry::new("judgement.restored", "case", case.id).unit(case.unit).with(body));
    Ok(())
}

/// Brings what the case says of itself in step with its posts' newest analyses and people's corrections. To be called
/// after a post was analysed anew. A correction always wins over an analysis, however new.
///
/// Risks and urgency are the whole conversation's (any risk, the highest urgency); everything else is what the opening
/// post says, or, where people corrected it, their newest word about any post of the case.
pub async fn judge(tx: &mut Tx, case: i64) -> Result<()> {
    let id = hold(tx, case).await?.id;
    let judgements = Judgements::of(tx, id).await?;
    if judgements.posts.is_empty() {
        return Ok(());
    }
    set_topics(tx, id, &judgements).await?;
    let text = |judged| judgements.leading(judged).as_str().map(str::to_owned);
    let list = |judged| pack(strings(&judgements.leading(judged)).unwrap_or_default().iter().map(String::as_str));
    let posts = judgements.posts.iter().map(|(post, _)| *post);
    let urgency = posts.clone().filter_map(|post| judgements.value(post, Judged::Urgency).as_i64()).max().unwrap_or(0);
    let risks: Vec<String> =
        posts.flat_map(|post| strings(&judgements.value(post, Judged::Risk)).unwrap_or_default()).collect();
    let sql = "update cases set language = $1, sentiment = $2, intents = $3, products = $4, topics = $5, risks = $6, urgency = $7,
        version = version + 1 where id = $8";
    tx.run(q!(
        sql,
        text(Judged::Language),
        text(Judged::Sentiment),
        list(Judged::Intent),
        list(Judged::Product),
        list(Judged::Topic),
        pack(risks.iter().map(String::as_str)),
        urgency,
        id
    ))
    .await
    .map(drop)
}

/// Each mention of the case counts for the topics that hold for its post.
async fn set_topics(tx: &mut Tx, case: i64, judgements: &Judgements) -> Result<()> {
    let sql = "select m.id, m.post_id from mentions m join posts p on p.id = m.post_id join case_threads ct on ct.thread_id = p.thread_id
        where ct.case_id = $1";
    let mut rows = Vec::new();
    for mention in tx.all(q!(sql, case)).await? {
        let (id, post): (i64, i64) = (mention.get("id")?, mention.get("post_id")?);
        let topics = strings(&judgements.value(post, Judged::Topic)).unwrap_or_default();
        rows.extend(topics.into_iter().map(|topic| vec![id.into(), topic.into()]));
    }
    let sql =
        "delete from mention_topics where mention_id in (select m.id from mentions m join posts p on p.id = m.post_id
        join case_threads ct on ct.thread_id = p.thread_id where ct.case_id = $1)";
    tx.run(q!(sql, case)).await?;
    tx.insert("mention_topics", &["mention_id", "topic"], rows, "on conflict do nothing").await.map(drop)
}

/// Newest analyses and standing corrections of a case's customer posts.
pub(super) struct Judgements {
    /// Oldest first.
    posts: Vec<(i64, Json)>,
    /// The newest correction of each judgement of each post.
    corrected: BTreeMap<(i64, Judged), Json>,
    /// The newest correction of each judgement in the whole case.
    newest: BTreeMap<Judged, Json>,
}

impl Judgements {
    pub(super) async fn of(tx: &mut Tx, case: i64) -> Result<Self> {
        let sql = "select a.post_id, a.body from (
              select max(n.id) as id from case_threads ct join posts p on p.thread_id = ct.thread_id
              join analyses n on n.post_id = p.id where ct.case_id = $1 and not p.ours group by n.post_id
            ) latest join analyses a on a.id = latest.id join posts p on p.id = a.post_id order by p.created_at, p.id";
        let rows = tx.all(q!(sql, case)).await?;
        let posts = rows
            .iter()
            .map(|row| Ok((row.get("post_id")?, row.json("body")?)))
            .collect::<Result<Vec<(i64, Json)>>>()?;
        let sql =
            "select x.post_id, x.judgement, x.value from case_threads ct join posts p on p.thread_id = ct.thread_id
            join corrections x on x.post_id = p.id where ct.case_id = $1 and x.undone_at is null order by x.id";
        let (mut corrected, mut newest) = (BTreeMap::new(), BTreeMap::new());
        for row in tx.all(q!(sql, case)).await? {
            // Answers to questions of a unit's own stand beside the post; the case says nothing of them.
            let Ok(judged) = row.get::<String, _>("judgement")?.parse::<Judged>() else { continue };
            let value: Json = row.json("value")?;
            corrected.insert((row.get("post_id")?, judged), value.clone());
            newest.insert(judged, value);
        }
        Ok(Self { posts, corrected, newest })
    }

    /// What counts for one post.
    pub(super) fn value(&self, post: i64, judged: Judged) -> Json {
        let said = || self.posts.iter().find(|(id, _)| *id == post).map_or(Json::Null, |(_, body)| judged.said(body));
        self.corrected.get(&(post, judged)).cloned().unwrap_or_else(said)
    }

    /// What counts for the case, where one post speaks for it.
    fn leading(&self, judged: Judged) -> Json {
        let opening = || self.posts.first().map_or(Json::Null, |(_, body)| judged.said(body));
        self.newest.get(&judged).cloned().unwrap_or_else(opening)
    }
}
