//! Connecting a place of a network: what was typed is recognised, its newest posts are shown with what would hear them,
//! and one more step connects it.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use dandelion_hub::{
    actor::{self, NewActor},
    engine::Engine,
    intake::Origin,
    log,
    scope::Role,
    sign_in::Wanted,
    source::{self, NewPlace},
};
use dandelion_listen::Scratch;
use dandelion_networks::{
    About,
    activitypub::{self, Ours},
    contract::{Access, Page, Place as At},
    guess::{self, Guess},
    networks::Field,
};
use dandelion_post::{Post, micros, timestamp};
use serde::Deserialize;

use super::{
    connect, print,
    refused::{Refused, ended},
    setup, sign_in,
    source_page::go,
    wall::Wall,
};
use crate::{
    App, Form, Problem, Signed,
    view::{
        Flash, Place, Text,
        listening::{NewPlace as PlacePage, PlaceField, PlacePost},
    },
};

/// Posts shown before a place is connected.
const SHOWN: usize = 10;
/// Letters of each.
const LETTERS: usize = 240;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/sources/place", get(ask).post(create))
}

/// The network that something typed is of, where that can be seen and it is no mere web page. A handle on our own
/// address is an actor of ours, to be made.
pub(super) fn recognised(app: &App, typed: &str) -> Option<(&'static About, Guess)> {
    if let Some(ours) = own(app, typed) {
        let what = format!(
            "an account of our own, @{}: whoever is on Mastodon or elsewhere in the fediverse can follow it, write to it and is answered from it",
            ours.address(&app.config.public_url)
        );
        return Some((&activitypub::ABOUT, Guess::new(3, ours.id, &[], what)));
    }
    let first = guess::guess(typed).into_iter().next()?;
    (first.1.sure >= 2 && first.0.has_places()).then_some(first)
}

/// The actor of ours that a handle names.
fn own(app: &App, typed: &str) -> Option<Ours> {
    let base = &app.config.public_url;
    let name = activitypub::fingered(base, typed.trim().strip_prefix('@')?)?;
    Some(Ours::new(base, &name, ""))
}

/// What was typed, and what a form adds to it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Draft {
    address: String,
    name: String,
    unit: String,
    /// `network` where the person signs in at the network's own pages.
    by: String,
    /// Whether the account is to be answered from as well.
    speaks: String,
    /// Fields of the network, `set-NAME`.
    #[serde(flatten)]
    more: HashMap<String, String>,
}

impl Draft {
    fn set(&self, field: &Field) -> &str {
        self.more.get(&format!("set-{}", field.name)).map_or("", |value| value.trim())
    }

    /// The place with what the form gave: secrets apart.
    fn place(&self, about: &About, guess: Guess) -> At {
        let mut place = At { url: guess.url, settings: guess.settings, ..At::default() };
        for field in about.fields {
            match self.set(field) {
                "" => {}
                value if field.secret => place.credentials = place.credentials.with(field.name, value),
                value => drop(place.settings.insert(field.name.to_owned(), value.into())),
            }
        }
        place
    }
}

async fn ask(State(app): State<App>, signed: Signed, Query(draft): Query<Draft>) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "connect a source")?;
    show(&app, &signed, &draft, None).await
}

async fn show(app: &App, signed: &Signed, draft: &Draft, refused: Option<&Refused>) -> Result<Response, Problem> {
    let Some((about, guess)) = recognised(app, &draft.address) else {
        return Ok(crate::see_other("/sources/new"));
    };
    let engine = app.hub.engine().await?;
    let what = guess.what.clone();
    let makes = about.name == actor::NETWORK;
    let asked = about.fields.iter().filter(|field| !makes && !guess.settings.contains_key(field.name));
    let fields = asked.map(|field| PlaceField {
        name: format!("set-{}", field.name),
        label: field.label.to_owned(),
        help: field.help.to_owned(),
        secret: field.secret,
        needed: field.needed,
        value: if field.secret { String::new() } else { draft.set(field).to_owned() },
    });
    let (posts, trouble) = match newest(app, about, &Draft::default().place(about, guess.clone())).await {
        None => (Vec::new(), None),
        Some(Ok(page)) => (seen(app, &engine, about, &page), None),
        Some(Err(words)) => (Vec::new(), Some(words)),
    };
    let page = print(&PlacePage {
        shell: signed.shell(app, "Connect a source", Place::Listening).await?,
        address: draft.address.clone(),
        label: about.label.to_owned(),
        what: ended(&what),
        reads: about.reads.what.to_owned(),
        pushes: !about.reads.poll && !makes,
        proven: about.proven.words(),
        name: draft.name.clone(),
        units: super::lead_units(&engine.org, &signed.viewer, &draft.unit),
        fields: fields.collect(),
        sends_back: about.connector.sends_back(),
        may_speak: signed.viewer.may_anywhere(Role::Admin),
        posts,
        trouble,
        wrong: refused.map(|refused| refused.words.clone()),
    })?;
    Ok(match refused {
        Some(refused) => refused.on(page),
        None => page,
    })
}

/// What a place shows to everybody; none where nobody can ask it, or this installation fetches nothing.
async fn newest(app: &App, about: &About, place: &At) -> Option<Result<Page, String>> {
    let client = app.config.outside.as_ref().filter(|_| about.reads.poll)?;
    let access = Access::new(client.clone(), place.clone(), timestamp(app.hub.now()));
    if let Err(refusal) = about.connector.check(place) {
        return Some(Err(ended(&refusal.to_string())));
    }
    let page = about.connector.page(&access, &serde_json::Value::Null).await;
    Some(page.map_err(|trouble| ended(&trouble.to_string())))
}

/// The newest posts, each with the queries that would have heard it.
fn seen(app: &App, engine: &Engine, about: &About, page: &Page) -> Vec<PlacePost> {
    let wall = Wall::of(app, &engine.org);
    let origin = Origin { network: about.name.to_owned(), ..Origin::default() };
    let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
    let mut posts: Vec<&Post> = page.items.iter().filter_map(|item| item.as_ref().ok()).collect();
    posts.sort_by_key(|post| std::cmp::Reverse(post.created_at));
    let shown = posts.into_iter().take(SHOWN).map(|post| {
        engine.hear(post, &origin, &mut scratch, &mut hits);
        let spans: Vec<_> = hits.iter().flat_map(|hit| hit.spans.clone()).collect();
        let author = post.author.as_ref();
        PlacePost {
            who: author.and_then(|it| it.name.clone().or_else(|| it.handle.clone())).unwrap_or_default(),
            time: post.created_at.map(|at| wall.ago(micros(at))),
            text: Text::marked(&post.text, &spans).shortened(LETTERS),
            heard: hits.iter().filter_map(|hit| Some(engine.queries.get(&hit.query)?.1.clone())).collect(),
        }
    });
    shown.collect()
}

async fn create(State(app): State<App>, signed: Signed, Form(draft): Form<Draft>) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "connect a source")?;
    let unit = super::unit_named(&app.hub.engine().await?.org, &draft.unit)?;
    let Some((about, guess)) = recognised(&app, &draft.address) else {
        return Ok(crate::see_other("/sources/new"));
    };
    if let Some(ours) = own(&app, &draft.address) {
        return make(&app, &signed, &draft, ours, unit).await;
    }
    let what = guess.what.clone();
    if draft.by == "network" && about.connector.sends_back() {
        let place = draft.place(about, guess);
        let wanted = Wanted {
            network: about.name.to_owned(),
            typed: draft.address.clone(),
            url: place.url,
            settings: place.settings,
            name: draft.name.clone(),
            unit,
            speaks: !draft.speaks.is_empty(),
            again: None,
        };
        return match sign_in::begin(&app, &signed, &wanted).await? {
            Ok(page) => Ok(page),
            Err(refused) => show(&app, &signed, &draft, Some(&refused)).await,
        };
    }
    let mut new = NewPlace { name: draft.name.clone(), about, unit, place: draft.place(about, guess) };
    if let Err(refused) = connected(&app, &mut new, &what).await {
        return show(&app, &signed, &draft, Some(&refused)).await;
    }
    let source = match source::connect_as(&app.hub, &signed.viewer, new).await {
        Ok(source) => source,
        Err(error) => return show(&app, &signed, &draft, Some(&Refused::of(error)?)).await,
    };
    let mut flash = Flash::done(format!("{} is connected.", source.name));
    if let Some(client) = app.config.outside.as_ref().filter(|_| about.reads.poll) {
        flash = connect::said(&source, &connect::read_now(&app, &signed.viewer, client, &source).await?);
    }
    if about.reads.poll {
        return setup::after_connecting(&app, source.id, flash).await;
    }
    Ok(go(&app, source.id, flash))
}

/// Makes an actor of ours; whoever speaks from it has to be allowed to have others speak for the unit.
async fn make(app: &App, signed: &Signed, draft: &Draft, ours: Ours, unit: Option<i64>) -> Result<Response, Problem> {
    let unit = match unit {
        Some(unit) => unit,
        None => app.hub.engine().await?.org.hub()?.id,
    };
    signed.viewer.need(Role::Admin, unit, "make an account of ours")?;
    let new = NewActor { name: ours.name, label: draft.name.clone(), unit };
    match actor::make(&app.hub, log::Actor::Member(signed.viewer.member), &app.config.public_url, &new).await {
        Ok(made) => {
            let flash = Flash::done(format!("{} can be followed and written to.", made.handle.name));
            Ok(go(app, made.source.id, flash))
        }
        Err(error) => show(app, signed, draft, Some(&Refused::of(error)?)).await,
    }
}

/// Looks who we are there, and names the place.
async fn connected(app: &App, new: &mut NewPlace, what: &str) -> Result<(), Refused> {
    let about = new.about;
    about.connector.check(&new.place).map_err(|refusal| Refused::new(ended(&refusal.to_string())))?;
    if let Some(client) = app.config.outside.as_ref() {
        let access = Access::new(client.clone(), new.place.clone(), timestamp(app.hub.now()));
        let found = about.connector.connect(&access).await.map_err(|trouble| {
            Refused::new(format!("{} did not let us in: {}", about.label, ended(&trouble.to_string())))
        })?;
        new.place = found.place;
        if new.name.trim().is_empty() {
            new.name = found.name.unwrap_or_default();
        }
    }
    if new.name.trim().is_empty() {
        what.clone_into(&mut new.name);
    }
    Ok(())
}
