//! Handles: the accounts we speak from, who looks after each, who may publish, and when it was used last.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use dandelion_hub::{
    actor,
    handle::{self, Care, Handle, Purpose, Used},
    member::{self, Member},
    scope::Role,
    unit::Org,
};
use dandelion_networks::networks;
use dandelion_post::Micros;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{desk::spoken, print, refused::Refused, zone_of};
use crate::{
    App, Flashed, Form, Problem, Signed,
    view::{
        Choice, Empty, Flash, Place, Sentence, Time, counted,
        desk::thread::web_address,
        organisation::{HandlePage, HandleRow, Handles},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/handles", get(list)).route("/handles/{key}", get(show).post(entrust))
}

/// What rows are made from.
struct From<'a> {
    org: &'a Org,
    members: &'a [Member],
    now: Micros,
    zone: TimeZone,
}

async fn list(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let (mut all, mut used, members) =
        tokio::try_join!(handle::all(&app.hub.db), handle::used(&app.hub.db), member::all(&app.hub.db))?;
    all.sort_by_key(|handle| (handle.archived, handle.name.to_lowercase()));
    let from = From { org: &engine.org, members: &members, now: app.hub.now(), zone: zone_of(&engine.org) };
    let without = all.iter().filter(|handle| !handle.archived && handle.owner.is_none()).count();
    let rows = all.iter().map(|handle| row(&from, handle, used.remove(&handle.id).unwrap_or_default()));
    print(&Handles {
        shell: signed.shell(&app, "Handles", Place::Organisation).await?,
        rows: rows.collect(),
        missing: missing(without),
        empty: Empty {
            title: "No handle yet".to_owned(),
            text: "A handle is an account of yours that Dandelion speaks from. An administrator adds it in the file of the \
                   organisation, or, for an account of your own on the fediverse, with the command “dandelion actor add \
                   care”. Until then everything can be read and nothing answered in public."
                .to_owned(),
            act: Some(("See the organisation".to_owned(), "/organisation".to_owned())),
        },
    })
}

fn missing(without: usize) -> String {
    match without {
        0 => String::new(),
        1 => "One handle has no owner: nobody is asked when it breaks. Open it to name one.".to_owned(),
        n => format!("{n} handles have no owner: nobody is asked when one breaks. Open each to name one."),
    }
}

fn row(from: &From<'_>, handle: &Handle, used: Used) -> HandleRow {
    let person = |id: i64| from.members.iter().find(|member| member.id == id).map(|member| member.name.clone());
    let unit = from.org.units.iter().find(|unit| unit.id == handle.unit);
    HandleRow {
        key: handle.key.clone(),
        name: handle.name.clone(),
        network: spoken::network(&handle.network),
        purpose: purpose(handle.purpose).to_owned(),
        unit: unit.map(|unit| (unit.key.clone(), unit.name.clone())).unwrap_or_default(),
        owner: handle.owner.and_then(person),
        deputy: handle.deputy.and_then(person).unwrap_or_default(),
        answered: used.answered_at.map(|at| {
            (Time::ago(at, from.now, &from.zone), used.answered_by.unwrap_or_else(|| "Dandelion".to_owned()))
        }),
        read: used.read_at.map(|at| Time::ago(at, from.now, &from.zone)),
        archived: handle.archived,
    }
}

/// What a handle is for, as people say it.
pub(super) fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Care => "helping customers",
        Purpose::News => "telling the public",
        Purpose::Sales => "selling",
    }
}

async fn show(State(app): State<App>, Path(key): Path<String>, signed: Signed) -> Result<Response, Problem> {
    let handle = handle::by_key(&app.hub.db, &key).await?;
    page(&app, &signed, &handle, None).await
}

/// What was chosen: members by their number, nobody by nothing.
#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    deputy: String,
}

impl Chosen {
    fn care(&self) -> dandelion_hub::Result<Care> {
        let person = |field: &'static str, text: &str| match text {
            "" => Ok(None),
            id => {
                let wrong = |_| dandelion_hub::Error::invalid(field, "choose a member from the list", id);
                id.parse().map(Some).map_err(wrong)
            }
        };
        let (owner, deputy) = (person("owner", &self.owner)?, person("deputy", &self.deputy)?);
        Ok(Care { purpose: self.purpose.parse()?, owner, deputy })
    }
}

async fn entrust(
    State(app): State<App>,
    Path(key): Path<String>,
    signed: Signed,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    let before = handle::by_key(&app.hub.db, &key).await?;
    let done = match chosen.care() {
        Ok(care) => handle::entrust(&app.hub, &signed.viewer, before.id, care).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(handle) => {
            let says = Flash::done(format!("Saved. {} is looked after as you say.", handle.name));
            Ok(Flashed::new(&app, format!("/handles/{key}"), says).into_response())
        }
        Err(error) => {
            let refused = Refused::of(error)?;
            // What was chosen stays chosen.
            let typed = chosen.care().map_or(before.clone(), |care| Handle {
                purpose: care.purpose,
                owner: care.owner,
                deputy: care.deputy,
                ..before.clone()
            });
            Ok(refused.on(page(&app, &signed, &typed, Some(refused.words.clone())).await?))
        }
    }
}

async fn page(app: &App, signed: &Signed, handle: &Handle, wrong: Option<String>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let (used, members) = tokio::try_join!(handle::used_last(&app.hub.db, handle.id), member::all(&app.hub.db))?;
    let org = &engine.org;
    let from = From { org, members: &members, now: app.hub.now(), zone: zone_of(org) };
    let may = !handle.archived && signed.viewer.may(Role::Lead, handle.unit);
    let row = row(&from, handle, used);
    let undelivered = if handle.network == actor::NETWORK { on_the_way(app, handle).await? } else { Vec::new() };
    print(&HandlePage {
        shell: signed.shell(app, &handle.name, Place::Organisation).await?,
        url: handle.config.address.as_deref().filter(|_| handle.network == actor::NETWORK).and_then(web_address),
        publishes: publishes(app, handle),
        publishers: publishers(org, handle, &members),
        besides: besides(org, handle, &row.network),
        undelivered,
        purposes: if may { purposes(handle.purpose) } else { Vec::new() },
        owners: people(&members, handle.owner, "Nobody yet"),
        deputies: people(&members, handle.deputy, "Nobody"),
        ask: if handle.archived { String::new() } else { format!("A lead of {} can change this.", row.unit.1) },
        row,
        wrong,
    })
}

fn purposes(chosen: Purpose) -> Vec<Choice> {
    let words = |one: Purpose| Choice { selected: one == chosen, ..Choice::new(one.as_str(), purpose(one)) };
    Purpose::ALL.map(words).into()
}

/// Whoever can sign in, by name; whoever is chosen already is there in any case.
fn people(members: &[Member], chosen: Option<i64>, nobody: &str) -> Vec<Choice> {
    let mut known: Vec<&Member> =
        members.iter().filter(|member| member.disabled_at.is_none() || Some(member.id) == chosen).collect();
    known.sort_by_key(|member| member.name.to_lowercase());
    let mut choices = vec![Choice { selected: chosen.is_none(), ..Choice::new("", nobody) }];
    choices.extend(known.into_iter().map(|member| Choice {
        selected: Some(member.id) == chosen,
        ..Choice::new(member.id.to_string(), format!("{} (@{})", member.name, member.key))
    }));
    choices
}

/// Whether it can publish at all; what it lacks is said in the words of its settings.
fn publishes(app: &App, handle: &Handle) -> Sentence {
    if handle.archived {
        return Sentence::plain("Nothing is published from it any more.");
    }
    let name = handle.config.kind.as_deref().unwrap_or(&handle.network);
    let writes = networks::find(name).map(|about| about.writes.words().join(", ")).unwrap_or_default();
    match handle.account(&app.hub.db) {
        Ok(_) if writes.is_empty() => Sentence::plain("It can publish."),
        Ok(_) => Sentence::plain(format!("What can be done from it: {writes}.")),
        Err(why) => {
            let why = why.to_string();
            Sentence::new().late("It cannot publish yet").text(format!(": {}.", why.trim_end_matches('.')))
        }
    }
}

/// Whoever may answer in its unit, by a grant there or above.
fn publishers(org: &Org, handle: &Handle, members: &[Member]) -> Vec<(String, String)> {
    let line = org.line_of(handle.unit);
    let mut found = Vec::new();
    for member in members.iter().filter(|member| member.disabled_at.is_none()) {
        let grants = line.iter().filter_map(|from| Some((*member.roles.get(&from.id)?, *from)));
        let strongest = grants.reduce(|best, one| if one.0 > best.0 { one } else { best });
        let Some((role, from)) = strongest.filter(|(role, _)| *role >= Role::Agent) else { continue };
        let through = if from.id == handle.unit { String::new() } else { format!(", through {}", from.name) };
        found.push((format!("{} @{}", member.name, member.key), format!("{}{through}", role.as_str())));
    }
    found
}

/// Who answers from it besides, and who has to agree.
fn besides(org: &Org, handle: &Handle, network: &str) -> Vec<Sentence> {
    if handle.archived {
        return Vec::new();
    }
    let mut says = vec![Sentence::plain(format!(
        "Agents of other units may answer from it as well, where a case of theirs is on {network}."
    ))];
    let named = handle.config.approval.as_deref().and_then(|key| org.unit_by_key(key));
    let approval = org.approval_of(handle.unit).and_then(|id| org.unit(id)).or(named);
    says.push(match approval {
        Some(unit) => {
            Sentence::new().link(&unit.name, format!("/units/{}", unit.key)).text(" approves every answer first.")
        }
        None => Sentence::plain("Nobody has to approve an answer of its unit."),
    });
    says
}

/// What other servers have not heard yet.
async fn on_the_way(app: &App, handle: &Handle) -> Result<Vec<Sentence>, Problem> {
    let (open, followers) =
        tokio::try_join!(actor::undelivered(&app.hub.db, handle.id), actor::followers(&app.hub.db, handle.id))?;
    let mut says = vec![Sentence::plain(match followers {
        0 => "Nobody follows it yet".to_owned(),
        n => format!("{} it", counted(n, "account follows", "accounts follow")),
    })];
    if open.waiting > 0 {
        let waiting = counted(open.waiting, "delivery waits", "deliveries wait");
        let late = format!(", {} to servers that were down", open.late);
        says.push(Sentence::plain(waiting).text(if open.late > 0 { late } else { String::new() }));
    }
    if open.failed > 0 {
        says.push(
            Sentence::new().late(format!("{} given up", counted(open.failed, "delivery was", "deliveries were"))),
        );
    }
    if let Some(error) = open.error.filter(|_| open.late + open.failed > 0) {
        says.push(Sentence::plain(format!("The last trouble: {}", error.trim_end_matches('.'))));
    }
    Ok(says)
}
