//! The posts whose correction would teach most, each answered by one key.

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    case,
    model::{
        NONE, SENTIMENT, TOPIC,
        active::{self, Asked},
        label,
    },
    scope::Role,
    search::{self, Search},
    unit::Org,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{question_name, questions, said, units};
use crate::{
    App, Flashed, Form, Problem, Signed,
    pages::{found::found, print, wall::Wall},
    problem::{Id, Ids},
    see_other,
    view::{
        Empty, Place, Sentence, counted,
        judgements::{Ask, AskedPage, AskedPost},
    },
};

/// Answers that have a key of their own.
const KEYS: usize = 9;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/judgements/asked", get(show))
        .route("/posts/{id}/answers", post(answer))
        .route("/cases/{id}/corrections/{correction}/removal", post(take_back))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chosen {
    /// The unit's key; the first one may answer for, where it names none.
    unit: String,
    question: String,
    /// The case and the number of the answer just given.
    case: Option<i64>,
    last: Option<i64>,
}

impl Chosen {
    fn href(&self) -> String {
        let part = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let href = format!("/judgements/asked?unit={}&question={}", part(&self.unit), part(&self.question));
        match (self.case, self.last) {
            (Some(case), Some(last)) => format!("{href}&case={case}&last={last}"),
            _ => href,
        }
    }
}

async fn show(State(app): State<App>, signed: Signed, Query(asked): Query<Chosen>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let org = &engine.org;
    let units = units(org, &signed.viewer, Role::Agent, &asked.unit);
    let question = if asked.question.is_empty() { SENTIMENT } else { &asked.question };
    let Some(unit) = units.iter().find(|choice| choice.selected).or(units.first()) else {
        return Err(Problem::from(dandelion_hub::Error::Forbidden(
            "You may not answer for any unit: it takes the role “agent”. Ask an administrator for it".into(),
        )));
    };
    let unit = unit.value.clone();
    let id = org.unit_by_key(&unit).map_or(0, |unit| unit.id);
    let sets = label::list(&app.hub).await?;
    let answers = answers(org, question, &sets);
    let known = question == SENTIMENT || question == TOPIC || sets.iter().any(|set| set.key == question);
    if !known {
        return Err(dandelion_hub::Error::not_found("question", question).into());
    }
    let posts = active::list(&app.hub, &signed.viewer, id, question).await?;
    let name = question_name(question, &sets);
    let why = "Every post of this unit that would teach anything has been answered, or none has been heard yet.";
    let mut units = units;
    for choice in &mut units {
        choice.selected = choice.value == unit;
    }
    print(&AskedPage {
        shell: signed.shell(&app, format!("Answer twenty: {name}"), Place::Listening).await?,
        units,
        questions: questions(&app.hub, question).await?,
        says: says(&posts, &name),
        posts: lines(&app, &signed, &posts, &answers).await?,
        last: last(&app, &signed, &asked, &sets).await?,
        empty: Empty::new("Nothing left to ask", why).act("Judgements", "/judgements"),
        unit,
        question: question.to_owned(),
        name,
    })
}

fn says(posts: &[Asked], name: &str) -> Sentence {
    let doubtful = posts.iter().filter(|post| post.score.is_some()).count() as i64;
    let asked = counted(posts.len() as i64, "post", "posts");
    if posts.is_empty() {
        return Sentence::plain(format!("{name}: nothing is asked just now."));
    }
    if doubtful == 0 {
        return Sentence::plain(format!(
            "{asked}, chosen to differ from one another: nobody answers this question yet, so no doubt can be told."
        ));
    }
    Sentence::plain(format!("{asked} that are in doubt and differ from one another, the most telling first."))
}

/// What can be answered: what is sent, what is read.
fn answers(org: &Org, question: &str, sets: &[label::LabelSet]) -> Vec<(String, String)> {
    let same = |words: &[&str]| words.iter().map(|word| ((*word).to_owned(), (*word).to_owned())).collect();
    match question {
        SENTIMENT => same(&["negative", "neutral", "positive", "mixed"]),
        TOPIC => {
            let live = org.topics.iter().filter(|topic| !topic.archived);
            let mut all: Vec<_> = live.map(|topic| (topic.key.clone(), topic.name.clone())).collect();
            all.push((NONE.to_owned(), "No topic".to_owned()));
            all
        }
        _ => {
            let set = sets.iter().find(|set| set.key == question);
            let labels = set.map(|set| set.labels.as_slice()).unwrap_or_default();
            labels.iter().map(|label| (label.clone(), label.clone())).collect()
        }
    }
}

async fn lines(
    app: &App,
    signed: &Signed,
    posts: &[Asked],
    answers: &[(String, String)],
) -> Result<Vec<AskedPost>, Problem> {
    let ids: Vec<i64> = posts.iter().map(|post| post.post).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let engine = app.hub.engine().await?;
    let wall = Wall::of(app, &engine.org);
    let many = ids.len() as i64;
    let mut shown = search::posts(&app.hub, &signed.viewer, &Search { ids, ..Search::default() }, None, many).await?;
    let mut lines = Vec::new();
    for asked in posts {
        let Some(at) = shown.iter().position(|post| post.id == asked.post) else { continue };
        let mut post = found(&wall, shown.swap_remove(at), &[]);
        post.case = None; // the line itself is what one moves to
        lines.push(AskedPost {
            id: asked.post,
            case: asked.case,
            post,
            said: now(asked, answers),
            answers: keys(asked, answers),
        });
    }
    Ok(lines)
}

/// What counts now, in words.
fn now(asked: &Asked, answers: &[(String, String)]) -> String {
    let Some(said) = &asked.said else { return "Nobody answers this yet.".to_owned() };
    let name = answers.iter().find(|(value, _)| value == said).map_or(said.as_str(), |(_, label)| label.as_str());
    match asked.score {
        Some(score) => format!("Taken for “{name}”, {:.0} of 100 sure.", score * 100.0),
        None => format!("Taken for “{name}”."),
    }
}

fn keys(asked: &Asked, answers: &[(String, String)]) -> Vec<Ask> {
    let ask = |(at, (value, label)): (usize, &(String, String))| {
        let present = asked.said.as_ref() == Some(value);
        let key = match at {
            _ if present => "y".to_owned(),
            at if at < KEYS => (at + 1).to_string(),
            _ => String::new(),
        };
        Ask { value: value.clone(), label: label.clone(), key, present }
    };
    answers.iter().enumerate().map(ask).collect()
}

/// The answer just given, which can be taken back.
async fn last(
    app: &App,
    signed: &Signed,
    asked: &Chosen,
    sets: &[label::LabelSet],
) -> Result<Option<(String, i64, i64)>, Problem> {
    let (Some(id), Some(correction)) = (asked.case, asked.last) else { return Ok(None) };
    let Ok(case::Found::Here(page)) = case::open(&app.hub, &signed.viewer, id).await else { return Ok(None) };
    let said = page.entries.iter().find_map(|entry| match entry {
        case::Entry::Correction(said) if said.id == correction => Some(said),
        _ => None,
    });
    Ok(said.map(|said| {
        let value = crate::pages::desk::said(&said.value);
        let name = question_name(&said.judgement, sets);
        let words = if said.value == said.was {
            format!("You said: {name} is right as it is.")
        } else {
            format!("You said: {name} is really {value}.")
        };
        (words, id, correction)
    }))
}

#[derive(Deserialize)]
struct Given {
    case: i64,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    question: String,
    #[serde(default)]
    value: String,
}

async fn answer(
    State(app): State<App>,
    signed: Signed,
    Id(post): Id,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let value: Json = match (given.question.as_str(), given.value.as_str()) {
        (TOPIC, NONE) => json!([]),
        (TOPIC, key) => json!([key]),
        (_, value) => json!(value),
    };
    let made = case::answer(&app.hub, &signed.viewer, given.case, post, &given.question, &value, true).await;
    let mut to = Chosen { unit: given.unit, question: given.question, ..Chosen::default() };
    match made {
        Ok(made) => {
            (to.case, to.last) = (Some(given.case), Some(made));
            Ok(see_other(&to.href()))
        }
        Err(error) => Ok(Flashed::new(&app, to.href(), said(Err(error), "")?).into_response()),
    }
}

#[derive(Deserialize)]
struct Where {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    question: String,
}

async fn take_back(
    State(app): State<App>,
    signed: Signed,
    Ids(id, correction): Ids,
    Form(given): Form<Where>,
) -> Result<Response, Problem> {
    let done = case::uncorrect(&app.hub, &signed.viewer, id, correction).await;
    let to = Chosen { unit: given.unit, question: given.question, ..Chosen::default() };
    Ok(Flashed::new(&app, to.href(), said(done, "Taken back: the post is asked about again.")?).into_response())
}
