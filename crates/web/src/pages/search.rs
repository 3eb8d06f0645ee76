//! Search: everything that was heard, and the cases it is in.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use dandelion_hub::{
    backfill,
    case::{self, Filter, View},
    search::{self, Search as Wanted},
    voice,
};
use dandelion_listen::highlight;
use dandelion_post::Micros;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    desk::{Frame, spoken},
    found::page_of,
    marks::Dressing,
    print,
};
use crate::{
    App, Problem, Signed,
    view::{
        Choice, Empty, Place, Sentence, Text,
        desk::{Chip, thread::web_address},
        search::{Found, Search},
    },
};

/// Posts on a page.
const PAGE: i64 = 50;
/// Letters of a post shown.
const LETTERS: usize = 400;
/// Letters kept before the first word found.
const BEFORE: usize = 120;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/search", get(find))
}

/// The query of `/search`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    /// `mentions`: what concerns us; `others`: what does not; `cases`: what is in a case one may see.
    kind: String,
    network: String,
    /// First day, `2026-11-01`, by the organisation's clock.
    since: String,
    /// Last day.
    until: String,
    author: String,
    query: String,
    source: String,
    /// A group of posts that say nearly the same: all of it, each post on its own.
    near: String,
    /// A group of queries.
    group: String,
    /// A topic's key.
    topic: String,
    /// What a back-fill found.
    backfill: String,
    /// `all`: each post on its own, also where others say nearly the same.
    copies: String,
    /// The post the page before ended with.
    #[serde(skip_serializing)]
    after: String,
}

async fn find(State(app): State<App>, signed: Signed, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let frame = Frame::new(&app, &signed).await?;
    let mut page = Search {
        shell: signed.shell(&app, "Search", Place::Elsewhere).await?,
        q: asked.q.clone(),
        filters: filters(&frame, &asked),
        since: asked.since.clone(),
        until: asked.until.clone(),
        ..Search::default()
    };
    page.shell.search.clone_from(&asked.q);
    page.hidden = asked.hidden();
    page.only = asked.only(&frame).await?;
    match asked.wanted(&frame) {
        Ok(wanted) => fill(&frame, &asked, &wanted, &mut page).await?,
        Err(wrong) => page.wrong = Some(wrong),
    }
    print(&page)
}

async fn fill(frame: &Frame<'_>, asked: &Asked, wanted: &Wanted, page: &mut Search) -> Result<(), Problem> {
    let after = asked.after.parse().ok();
    let mut found = search::posts(&frame.app.hub, &frame.signed.viewer, wanted, after, PAGE + 1).await?;
    let more = found.len() as i64 > PAGE;
    found.truncate(PAGE as usize);
    page.more = found.last().filter(|_| more).map(|last| format!("/search?{}&after={}", asked.query(), last.id));
    if asked.kind == "cases" {
        found.retain(|post| post.case.is_some());
    }
    let titles = titles(frame, &found).await?;
    page.words = match (found.len(), more, after) {
        (0, ..) => String::new(),
        (n, false, None) => format!("{n} found, the latest to arrive first{}", folded(wanted)),
        (n, ..) => format!("{n} on this page, the latest to arrive first{}", folded(wanted)),
    };
    page.empty = nothing(asked);
    let ids: Vec<i64> = found.iter().map(|post| post.id).collect();
    let here = format!("/search?{}", asked.query());
    let dressing = Dressing::new(frame.app, frame.signed, &ids, &here, "#found").await?;
    let line = |post: &search::Found| {
        let mut line = shown(frame, asked, post, &titles);
        dressing.dress(post.id, &mut line);
        if !wanted.folded {
            line.alike = Sentence::new();
        }
        line
    };
    page.found = found.iter().map(line).collect();
    Ok(())
}

/// What a row stands for.
fn folded(wanted: &Wanted) -> &'static str {
    if wanted.folded { "; posts that say nearly the same are one" } else { "" }
}

/// Headings of the cases found, as far as the person may see them.
async fn titles(frame: &Frame<'_>, found: &[search::Found]) -> Result<HashMap<i64, String>, Problem> {
    let mut ids: Vec<i64> = found.iter().filter_map(|post| post.case).collect();
    ids.sort_unstable();
    ids.dedup();
    let filter = Filter::view(View::All);
    let cases = case::among(&frame.app.hub, &frame.signed.viewer, &filter, &ids).await?;
    Ok(cases.into_iter().map(|case| (case.id, case.title)).collect())
}

fn shown(frame: &Frame<'_>, asked: &Asked, post: &search::Found, titles: &HashMap<i64, String>) -> Found {
    let handle = post.handle.as_deref().map(spoken::handle).unwrap_or_default();
    let who = post.author.clone().unwrap_or_else(|| "Somebody".to_owned());
    let network = spoken::network(&post.network);
    let mut chips = Vec::new();
    if post.ours {
        chips.push(Chip::good("ours"));
    }
    if post.deleted {
        chips.push(Chip::new("deleted"));
    }
    if !post.mention && !post.ours {
        chips.push(Chip::new("no mention"));
    }
    Found {
        place: if handle.is_empty() || handle == who { network } else { format!("{handle} · {network}") },
        who,
        time: frame.clock(post.created_at),
        text: if post.deleted {
            Text::plain("Deleted by its author. The text is no longer shown.")
        } else {
            said(asked, post)
        },
        page: page_of(post),
        case: post.case.map(|id| (id, titles.get(&id).cloned().unwrap_or_default())),
        url: post.url.as_deref().and_then(web_address),
        chips,
        ..Found::default()
    }
}

/// The words of a post around the first one found, with all of them marked.
fn said(asked: &Asked, post: &search::Found) -> Text {
    let whole = match post.title.as_deref().filter(|title| !title.is_empty() && !post.text.starts_with(title)) {
        Some(title) => format!("{title}\n{}", post.text),
        None => post.text.clone(),
    };
    let spans = if asked.q.trim().is_empty() { Vec::new() } else { highlight::spans(&whole, &asked.q) };
    let first = spans.first().map_or(0, |span| span.start);
    let lead = whole[..first].char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
    if lead == 0 {
        return Text::marked(&whole, &spans).shortened(LETTERS);
    }
    let start = whole[lead..first].find(' ').map_or(lead, |blank| lead + blank + 1);
    let moved: Vec<_> =
        spans.iter().filter(|span| span.start >= start).map(|span| span.start - start..span.end - start).collect();
    let mut text = Text::marked(&whole[start..], &moved).shortened(LETTERS);
    if let Some(segment) = text.segments.first_mut() {
        segment.text.insert(0, '…');
    }
    text
}

fn filters(frame: &Frame<'_>, asked: &Asked) -> Vec<(String, String, Vec<Choice>)> {
    let choose = |list: Vec<(String, String)>, now: &str| -> Vec<Choice> {
        let choice = |(value, label): (String, String)| Choice { selected: value == now, value, label };
        list.into_iter().map(choice).collect()
    };
    let kinds = [
        ("", "Everything heard"),
        ("mentions", "About us"),
        ("cases", "In a case"),
        ("others", "No mention"),
        ("off", "Marked as not about us"),
    ];
    let kinds = kinds.map(|(value, label)| (value.to_owned(), label.to_owned())).into();
    let mut networks = vec![(String::new(), "Every network".to_owned())];
    let mut names: Vec<&str> = dandelion_networks::networks::NETWORKS.iter().map(|about| about.name).collect();
    names.extend(frame.engine.org.handles.iter().map(|handle| handle.network.as_str()));
    if !asked.network.is_empty() {
        names.push(&asked.network);
    }
    names.sort_unstable();
    names.dedup();
    networks.extend(names.into_iter().map(|name| (name.to_owned(), spoken::network(name))));
    let mut queries: Vec<(String, String)> =
        frame.engine.queries.iter().map(|(id, (_, name))| (id.to_string(), name.clone())).collect();
    queries.sort_by(|one, other| one.1.cmp(&other.1));
    queries.insert(0, (String::new(), "Any query".to_owned()));
    vec![
        ("kind".to_owned(), "What".to_owned(), choose(kinds, &asked.kind)),
        ("network".to_owned(), "Where".to_owned(), choose(networks, &asked.network)),
        ("query".to_owned(), "Heard by".to_owned(), choose(queries, &asked.query)),
    ]
}

fn nothing(asked: &Asked) -> Empty {
    if asked.q.trim().is_empty() && asked.query() == "q=" {
        return Empty::new("Nothing was heard yet", "Posts appear here as soon as a source is connected.")
            .act("Connect a source", "/sources/new");
    }
    Empty::new("Nothing found", "All words must stand in a post. Try fewer, a start with *, or another time.")
        .act("Start again", "/search")
}

impl Asked {
    /// Conditions without a field of their own, which the form sends along.
    fn hidden(&self) -> Vec<(String, String)> {
        let all = [
            ("author", &self.author),
            ("source", &self.source),
            ("near", &self.near),
            ("group", &self.group),
            ("topic", &self.topic),
            ("backfill", &self.backfill),
            ("copies", &self.copies),
        ];
        all.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }

    /// What these posts are, where a number or a link led to them, and the address of the search without it.
    async fn only(&self, frame: &Frame<'_>) -> Result<Option<(Sentence, String)>, Problem> {
        let (hub, viewer) = (&frame.app.hub, &frame.signed.viewer);
        let mut without = Self { near: String::new(), group: String::new(), topic: String::new(), ..self.clone() };
        without.backfill = String::new();
        let words = if !self.near.is_empty() {
            Sentence::plain("Only posts that say nearly the same, each on its own.")
        } else if let Ok(id) = self.group.parse::<i64>() {
            let group = voice::find(hub, viewer, id).await?;
            Sentence::new().text("Only posts heard by a query of the group ").strong(group.name).text(".")
        } else if !self.topic.is_empty() {
            let name = frame.engine.org.topics.iter().find(|topic| topic.key == self.topic);
            let name = name.map_or(self.topic.as_str(), |topic| topic.name.as_str());
            Sentence::new().text("Only mentions about ").strong(name).text(".")
        } else if let Ok(id) = self.backfill.parse::<i64>() {
            let at = backfill::find(hub, viewer, id).await?;
            let words = " found among what is stored, and of which nothing was made yet.";
            Sentence::new().text("Only what ").link(at.name, format!("/backfills/{id}")).text(words)
        } else {
            return Ok(None);
        };
        Ok(Some((words, format!("/search?{}", without.query()))))
    }

    fn query(&self) -> String {
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(self) else { return String::new() };
        let given = fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let given = given.filter(|(name, value)| *name == "q" || !value.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
    }

    /// What the hub is asked for, or in words what cannot be read.
    fn wanted(&self, frame: &Frame<'_>) -> Result<Wanted, String> {
        let number = |name: &str, text: &str| -> Result<Option<i64>, String> {
            let wrong = |_| format!("{name}: give a whole number, not “{text}”.");
            if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
        };
        Ok(Wanted {
            text: self.q.clone(),
            network: Some(self.network.clone()).filter(|name| !name.is_empty()),
            source: number("source", &self.source)?,
            query: number("query", &self.query)?,
            author: number("author", &self.author)?,
            mentions: match self.kind.as_str() {
                "mentions" | "cases" | "off" => Some(true),
                "others" => Some(false),
                _ => None,
            },
            since: day(frame, "From", &self.since, 0)?,
            until: day(frame, "To", &self.until, 1)?,
            near: number("near", &self.near)?,
            group: number("group", &self.group)?,
            topic: Some(self.topic.clone()).filter(|key| !key.is_empty()),
            backfill: number("backfill", &self.backfill)?,
            off: match self.kind.as_str() {
                "off" => Some(true),
                "mentions" | "cases" => Some(false),
                _ => None,
            },
            folded: self.near.is_empty() && self.copies != "all",
            ..Wanted::default()
        })
    }
}

/// The start of a day (or of the one `later`) by the organisation's clock.
fn day(frame: &Frame<'_>, field: &str, text: &str, later: i64) -> Result<Option<Micros>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || format!("{field}: give a day such as 2026-11-01, not “{text}”.");
    let date: Date = text.parse().map_err(|_| wrong())?;
    let date = date.checked_add(jiff::Span::new().days(later)).map_err(|_| wrong())?;
    let start = date.at(0, 0, 0, 0).to_zoned_datetime(frame.zone.clone()).map_err(|_| wrong())?;
    Ok(Some(dandelion_post::micros(start.timestamp())))
}
