//! The organisation: its tree, how posts find their unit, and its file to take out and bring in.

use std::collections::BTreeSet;

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    case::{self, UnitCounts},
    personal,
    scope::Role,
    unit::{self, Conditions, Kind, Org, Rule, Unit},
};
use serde::Deserialize;

use super::{print, refused::Refused};
use crate::{
    App, Flashed, Form, Problem, Signed, Upload,
    view::{
        Flash, Place, Sentence, counted,
        organisation::{Node, Organisation, Tree},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/organisation", get(tree))
        .route("/organisation/org.toml", get(download))
        .route("/organisation/import", post(import))
        .route("/organisation/order-numbers", post(order_numbers))
}

async fn tree(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    page(&app, &signed, None).await
}

/// The organisation as a file. It names every member with their address, so it is for whoever administers it.
async fn download(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    signed.viewer.need(Role::Admin, engine.org.hub()?.id, "take out the organisation's file")?;
    let text = unit::export(&app.hub.db).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"org.toml\""),
    ];
    Ok((headers, text).into_response())
}

async fn import(State(app): State<App>, signed: Signed, upload: Upload) -> Result<Response, Problem> {
    let done = match upload.file {
        None => Err(Refused::new("No file was chosen. Choose an org.toml first.")),
        Some((_, contents)) => match std::str::from_utf8(&contents) {
            Err(_) => Err(Refused::new("The file is not text in UTF-8, so it cannot be an org.toml.")),
            Ok(text) => match unit::import_by(&app.hub, &signed.viewer, text).await {
                Ok(report) => Ok(report),
                Err(error) => Err(Refused::of(error)?),
            },
        },
    };
    match done {
        Ok(report) if report.is_empty() => {
            let says =
                format!("Nothing changed: everything is as the file says already ({} entries).", report.unchanged);
            Ok(Flashed::new(&app, "/organisation", Flash::done(says)).into_response())
        }
        Ok(report) => {
            let says = format!("The organisation is as the file says: {report}.");
            Ok(Flashed::new(&app, "/organisation", Flash::done(says)).into_response())
        }
        Err(refused) => Ok(refused.on(page(&app, &signed, Some(refused.words.clone())).await?)),
    }
}

#[derive(Deserialize)]
struct Patterns {
    #[serde(default)]
    patterns: String,
}

/// How order numbers look, a pattern a line.
async fn order_numbers(
    State(app): State<App>,
    signed: Signed,
    Form(given): Form<Patterns>,
) -> Result<Response, Problem> {
    let patterns = given.patterns.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned);
    let patterns: Vec<String> = patterns.collect();
    if let Err(error) = unit::set_order_numbers(&app.hub, &signed.viewer, &patterns).await {
        let refused = Refused::of(error)?;
        return Ok(refused.on(page(&app, &signed, Some(refused.words.clone())).await?));
    }
    let says = match personal::with_order_numbers(&app.hub).await? {
        _ if patterns.is_empty() => "No numbers of our own are looked for any more.".to_owned(),
        (0, 0) => "From now on such numbers are seen in posts.".to_owned(),
        (with, of) => format!("Seen in {with} of the newest {}.", counted(of as i64, "post", "posts")),
    };
    Ok(Flashed::new(&app, "/organisation", Flash::done(says)).into_response())
}

async fn page(app: &App, signed: &Signed, wrong: Option<String>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let org = &engine.org;
    let counts = case::counts(&app.hub, &signed.viewer).await?;
    let may_import = org.hub().is_ok_and(|hub| signed.viewer.may(Role::Admin, hub.id));
    print(&Organisation {
        shell: signed.shell(app, "Organisation", Place::Organisation).await?,
        name: org.name.clone(),
        words: in_words(org),
        tree: Tree::grown(nodes(org, &counts.units)),
        routes: org.routes.iter().map(|rule| rule_in_words(org, rule)).collect(),
        hint: hint(org, may_import),
        order_numbers: org.order_numbers.clone(),
        may_import,
        wrong,
    })
}

/// “2 hubs and 9 spokes in 2 countries.”
fn in_words(org: &Org) -> String {
    let of = |kind: Kind| org.live_units().filter(|unit| unit.kind == kind).count() as i64;
    let mut words = counted(of(Kind::Hub), "hub", "hubs");
    if of(Kind::Spoke) > 0 {
        words = format!("{words} and {}", counted(of(Kind::Spoke), "spoke", "spokes"));
    }
    let countries: BTreeSet<&str> = org.live_units().filter_map(|unit| unit.country.as_deref()).collect();
    if !countries.is_empty() {
        words = format!("{words} in {}", counted(countries.len() as i64, "country", "countries"));
    }
    format!("{words}. Times are those of {}.", org.time_zone)
}

fn hint(org: &Org, may_import: bool) -> String {
    match (org.live_units().count(), may_import) {
        (0 | 1, true) => "There is one unit so far. Write the others into an org.toml and bring it in below: take out \
                          the file first, it shows the form."
            .to_owned(),
        (0 | 1, false) => "There is one unit so far. An administrator can bring in the others.".to_owned(),
        _ => String::new(),
    }
}

/// The live units, each below its parent. Numbers are of units the person sees; the others show none.
fn nodes(org: &Org, counts: &[UnitCounts]) -> Vec<Node> {
    let mut order: Vec<(&Unit, Option<usize>)> = Vec::new();
    gather(org, None, None, &mut order);
    order
        .into_iter()
        .map(|(unit, parent)| {
            let counts = counts.iter().find(|counts| counts.unit.id == unit.id);
            Node {
                key: unit.key.clone(),
                name: unit.name.clone(),
                parent,
                hub: unit.kind == Kind::Hub,
                waits: counts.map_or(0, |counts| counts.waiting),
                late: counts.map_or(0, |counts| counts.late),
                unseen: counts.is_none(),
                words: place(unit),
                ..Node::default()
            }
        })
        .collect()
}

fn gather<'o>(org: &'o Org, parent: Option<i64>, at: Option<usize>, order: &mut Vec<(&'o Unit, Option<usize>)>) {
    for unit in org.below(parent) {
        order.push((unit, at));
        gather(org, Some(unit.id), Some(order.len() - 1), order);
    }
}

/// Country and languages: `DE · de, en`.
fn place(unit: &Unit) -> String {
    let languages = unit.languages.join(", ");
    let parts = [unit.country.clone().unwrap_or_default(), languages];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// “Safety: risk safety, intent complaint goes to Repairs; Press office is told.”
fn rule_in_words(org: &Org, rule: &Rule) -> Sentence {
    let link = |says: Sentence, id: i64| match org.unit(id) {
        Some(unit) => says.link(&unit.name, format!("/units/{}", unit.key)),
        None => says.text(org.unit_name(id)),
    };
    let says = Sentence::new().strong(&rule.name).text(format!(": {} goes to ", conditions(org, &rule.when)));
    let mut says = link(says, rule.unit);
    for (place, told) in rule.tell.iter().enumerate() {
        says = link(says.text(if place == 0 { "; told as well: " } else { ", " }), *told);
    }
    says.text(".")
}

fn conditions(org: &Org, when: &Conditions) -> String {
    let topic = |key: &String| org.topics.iter().find(|t| t.key == *key).map_or(key, |topic| &topic.name).clone();
    let product =
        |key: &String| org.products.iter().find(|p| p.key == *key).map_or(key, |product| &product.name).clone();
    let topics: Vec<String> = when.topic.iter().map(topic).collect();
    let products: Vec<String> = when.product.iter().map(product).collect();
    let all = [
        ("risk of", &when.risk),
        ("intent", &when.intent),
        ("topic", &topics),
        ("product", &products),
        ("language", &when.language),
        ("network", &when.network),
        ("country", &when.country),
    ];
    let given = all.iter().filter(|(_, values)| !values.is_empty());
    let words: Vec<String> = given.map(|(name, values)| format!("{name} {}", values.join(" or "))).collect();
    if words.is_empty() { "whatever comes this far".to_owned() } else { words.join(" and ") }
}
