//! Connecting a source, as the first run and the page of sources both do it.

use std::io::Cursor;

use axum::body::Bytes;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dandelion_hub::{
    Error,
    intake::{Accounting, Item},
    scope::{Role, Viewer},
    source::{self, Import, Kind, NewSource, Read, Source},
};
use dandelion_networks::{
    egress::Client,
    feed,
    file::{Format, Mapping, Place, Reader},
};
use dandelion_post::timestamp;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::refused::{Refused, ended};
use crate::{
    App, Problem,
    view::{Choice, Flash},
};

/// Longest name of a source, in characters.
const NAME: usize = 120;

/// The feeds at an address: it may be one, name some, or have one where feeds usually lie.
pub(super) async fn look(app: &App, address: &str) -> Result<Vec<feed::Found>, Refused> {
    let client =
        app.config.outside.as_ref().ok_or_else(|| Refused::new("This installation fetches nothing from outside."))?;
    let address = address.trim();
    if address.is_empty() {
        return Err(Refused::new("Give the address of a page or a feed, such as https://example.org/blog."));
    }
    feed::discover(client, address, timestamp(app.hub.now()))
        .await
        .map_err(|error| Refused::new(ended(&error.to_string())))
}

/// Feeds to choose from, the first one chosen.
pub(super) fn choices(found: &[feed::Found]) -> Vec<Choice> {
    let choice = |found: &feed::Found| Choice::new(&found.url, found.title.as_deref().unwrap_or("A feed"));
    let mut choices: Vec<Choice> = found.iter().map(choice).collect();
    if let Some(first) = choices.first_mut() {
        first.selected = true;
    }
    choices
}

/// Connects a feed and reads it at once; the words say what it gave, or why it gave nothing.
pub(super) async fn feed(
    app: &App,
    viewer: &Viewer,
    unit: Option<i64>,
    found: &feed::Found,
    name: &str,
) -> Result<(Source, Result<Accounting, String>), Error> {
    let known = source::list(&app.hub).await?.into_iter().find(|source| source.url.as_deref() == Some(&found.url));
    if let Some(known) = known {
        let words = format!("this feed is connected already, as “{}”", known.name);
        return Err(Error::Conflict(words));
    }
    let new = new_feed(unit, found, name);
    let added = source::connect(&app.hub, viewer, new).await?;
    let Some(client) = app.config.outside.as_ref() else { return Ok((added, Ok(Accounting::default()))) };
    let read = read_now(app, viewer, client, &added).await?;
    Ok((added, read))
}

/// Reads a source that was just connected; the words say why it gave nothing.
pub(super) async fn read_now(
    app: &App,
    viewer: &Viewer,
    client: &Client,
    added: &Source,
) -> Result<Result<Accounting, String>, Error> {
    match source::poll_now(&app.hub, viewer, client, added.id).await {
        Ok(counted) => Ok(Ok(counted)),
        Err(Error::Conflict(words)) => Ok(Err(words)),
        Err(error) => Err(error),
    }
}

/// What is said of a source that was connected and read.
pub(super) fn said(source: &Source, read: &Result<Accounting, String>) -> Flash {
    match read {
        Ok(counted) => Flash::done(format!("{} is connected; it {}.", source.name, gave(counted))),
        Err(why) => Flash::problem(format!("{} is connected, but could not be read: {}", source.name, ended(why))),
    }
}

/// Connects a feed of a list, to be read in its turn; false where it is connected already.
pub(super) async fn listed(app: &App, viewer: &Viewer, unit: Option<i64>, found: &feed::Found) -> Result<bool, Error> {
    let known = source::list(&app.hub).await?;
    if known.iter().any(|source| source.url.as_deref() == Some(&found.url)) {
        return Ok(false);
    }
    source::connect(&app.hub, viewer, new_feed(unit, found, "")).await.map(|_| true)
}

fn new_feed(unit: Option<i64>, found: &feed::Found, name: &str) -> NewSource {
    let host = || Url::parse(&found.url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
    let named = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let name = named.or_else(|| found.title.clone()).or_else(host).unwrap_or_else(|| "Feed".to_owned());
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(NAME).collect();
    let (key, network, url) = (String::new(), String::new(), Some(found.url.clone()));
    NewSource { key, name, kind: Kind::Feed, network, unit, url }
}

/// Connects a webhook; gives it with its first secret, which is shown this once.
pub(super) async fn webhook(
    app: &App,
    viewer: &Viewer,
    unit: Option<i64>,
    name: &str,
) -> Result<(Source, String), Error> {
    let name = if name.trim().is_empty() { "Webhook" } else { name }.to_owned();
    let new = NewSource { key: String::new(), name, kind: Kind::Webhook, network: String::new(), unit, url: None };
    let added = source::connect(&app.hub, viewer, new).await?;
    let secret = source::add_secret(&app.hub, viewer, added.id).await?;
    Ok((added, secret.secret))
}

/// Where another system sends posts of a webhook.
pub(super) fn hook_address(app: &App, source: &Source) -> String {
    let path = format!("/hooks/{}", source.key);
    app.config.public_url.join(&path).map_or(path, String::from)
}

/// Takes a file in. A file of the same name goes on in the same source.
pub(super) async fn file(
    app: &App,
    viewer: &Viewer,
    unit: Option<i64>,
    named: &str,
    bytes: Bytes,
) -> Result<Result<(Source, Accounting), Refused>, Problem> {
    let name: String = named.rsplit(['/', '\\']).next().unwrap_or("").trim().chars().take(NAME).collect();
    if name.is_empty() || bytes.is_empty() {
        return Ok(Err(Refused::new("Choose a file that is not empty.")));
    }
    let Some(format) = Format::of_name(&name) else {
        let words = format!(
            "What “{name}” is laid out like cannot be seen from its name. Take a file whose name ends in .jsonl, .csv, .tsv, .rss or .xml."
        );
        return Ok(Err(Refused::new(words)));
    };
    let fingerprint = format!("{}-{}", bytes.len(), URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes)));
    let reader = match Reader::open(format, Box::new(Cursor::new(bytes)), &Mapping::default(), Place::default()) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(Refused::new(ended(&error.to_string())))),
    };
    let source = match file_source(app, viewer, unit, &name).await {
        Ok(source) => source,
        Err(error) => return Refused::of(error).map(Err),
    };
    let rows = reader.map_while(move |row| {
        let row = row.ok()?; // bytes in memory can always be read
        let item = Item { place: format!("{name} line {}", row.line), content: row.result };
        Some(Read { item, line: row.line, offset: row.offset })
    });
    let counted = Import { source: source.id, fingerprint }.run(&app.hub, rows, |_| {}).await?;
    Ok(Ok((source::find(&app.hub, source.id).await?, counted)))
}

async fn file_source(app: &App, viewer: &Viewer, unit: Option<i64>, name: &str) -> Result<Source, Error> {
    let known = source::list(&app.hub).await?;
    if let Some(known) = known.into_iter().find(|source| source.kind == Kind::File && source.name == name) {
        match known.unit {
            Some(unit) => viewer.need(Role::Lead, unit, "import into this source")?,
            None => viewer.need_anywhere(Role::Lead, "import into this source")?,
        }
        return Ok(known);
    }
    let (key, network) = (String::new(), String::new());
    let new = NewSource { key, name: name.to_owned(), kind: Kind::File, network, unit, url: None };
    source::connect(&app.hub, viewer, new).await
}

/// What a reading gave, in words: “It gave us 3 posts: 3 stored, …”.
pub(super) fn gave(counted: &Accounting) -> String {
    let seen = crate::view::counted(counted.seen, "post", "posts");
    let n = crate::view::grouped;
    match counted.seen {
        0 => "gave us nothing yet".to_owned(),
        _ => format!(
            "gave us {seen}: {} stored, {} known already, {} refused",
            n(counted.stored),
            n(counted.duplicate),
            n(counted.refused)
        ),
    }
}
