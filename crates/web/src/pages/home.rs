//! Home: what waits, what came of it, what to do first. Every number opens the records it counts.

use axum::{Router, extract::State, response::Response, routing::get};
use dandelion_hub::{
    case::{self, Filter, View},
    home::{self, First, HandoffFilter, Number, PostFilter, Records, Step, Week},
    log,
    member::invitation,
    near, query, source,
    unit::Org,
};
use serde::Serialize;

use super::{print, refused::ended, wall::Wall};
use crate::{
    App, Problem, Signed, see_other,
    view::{
        Place, Sentence, Text, counted, grouped,
        home::{First as FirstView, Funnel, Home, Step as Bar},
    },
};

/// Calls shown; the newest.
const CALLS: i64 = 8;
/// Letters of a note shown with a call.
const LETTERS: usize = 160;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/", get(show))
}

/// An installation that nobody administers yet begins with its set-up.
async fn show(State(app): State<App>, signed: Option<Signed>) -> Result<Response, Problem> {
    let Some(signed) = signed else {
        if invitation::setup_needed(&app.hub).await? {
            return Ok(see_other("/setup"));
        }
        return Err(Problem::unauthorized());
    };
    let newest = log::newest(&app.hub.db).await?;
    let engine = app.hub.engine().await?;
    let (org, wall) = (&engine.org, Wall::of(&app, &engine.org));
    let read = home::read(&app.hub, &signed.viewer).await?;
    let mut shell = signed.shell(&app, "Home", Place::Home).await?;
    shell.live = Some(newest);
    let trouble = trouble(&app, &wall).await?;
    print(&Home {
        greeting: greeting(&wall, &signed.viewer.name, &read),
        today: today(&app, &signed, &wall, org).await?,
        came: ("What came of the last 7 days".to_owned(), came(&read.week, org)),
        funnel: funnel(&read.funnel, org),
        first: first(&app, read.first.as_ref()).await?,
        called: called(&app, &signed, &wall).await?,
        waits: waits(&read, org),
        trouble,
        shell,
    })
}

/// The address of the records a number counts.
pub(super) fn href(records: &Records, org: &Org) -> String {
    let (path, filter) = match records {
        Records::Cases(filter) => ("/desk", pairs(filter)),
        Records::Outcomes(filter) => ("/results", pairs(filter)),
        Records::Handoffs(filter) => ("/handoffs", pairs(filter)),
        Records::Replies(filter) => ("/replies", pairs(filter)),
        Records::Posts(filter) => ("/posts", pairs(filter)),
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in filter {
        let unit = (name == "unit").then(|| value.parse().ok().and_then(|id| org.unit(id))).flatten();
        query.append_pair(&name, unit.map_or(value.as_str(), |unit| unit.key.as_str()));
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A filter as it stands in an address: what is absent is not written.
fn pairs(filter: &impl Serialize) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(filter) else { return Vec::new() };
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    fields.into_iter().map(|(name, value)| (name, text(value))).collect()
}

fn greeting(wall: &Wall, name: &str, read: &home::Home) -> String {
    let hello = format!("{}, {}.", wall.greeting(), name.split_whitespace().next().unwrap_or(name));
    let whom = match read.units.as_slice() {
        [one] => one.unit.name.as_str(),
        _ => "us",
    };
    let (waiting, late) = (read.waiting.count, read.late.count);
    if waiting == 0 {
        return format!("{hello} Nobody waits for us.");
    }
    let who = if waiting == 1 { "One person waits".to_owned() } else { format!("{} people wait", spelled(waiting)) };
    let since = read.oldest.as_ref().map(|oldest| wall.clock(oldest.since).words);
    let longest = match since {
        Some(since) if waiting == 1 => format!(", since {since}"),
        Some(since) => format!("; the longest since {since}"),
        None => String::new(),
    };
    let late = match late {
        0 => String::new(),
        1 => " One of the promises is late.".to_owned(),
        _ => format!(" {} of the promises are late.", spelled(late)),
    };
    format!("{hello} {who} for {whom}{longest}.{late}")
}

/// A number as it is written in a sentence.
fn spelled(n: i64) -> String {
    const WORDS: [&str; 11] =
        ["Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"];
    let word = usize::try_from(n - 2).ok().and_then(|at| WORDS.get(at));
    word.map_or_else(|| grouped(n), |word| (*word).to_owned())
}

async fn today(app: &App, signed: &Signed, wall: &Wall, org: &Org) -> Result<Vec<Sentence>, Problem> {
    let since = Some(wall.today());
    let posts = |about_us| Records::Posts(PostFilter { since, about_us });
    let opened = Records::Cases(Filter { opened_since: since, ..Filter::view(View::All) });
    let handed = Records::Handoffs(HandoffFilter { since, ..HandoffFilter::default() });
    let mut counts = Vec::new();
    for records in [posts(false), posts(true), opened, handed] {
        let count = home::count(&app.hub, &signed.viewer, &records).await?;
        counts.push(Number { count, opens: records });
    }
    let [heard, ours, opened, handed] = counts.as_slice() else { return Ok(Vec::new()) };
    let mut lines = waves(app, signed, wall).await?;
    if heard.count == 0 && opened.count == 0 && handed.count == 0 {
        lines.push(Sentence::plain("Nothing was heard yet today."));
        return Ok(lines);
    }
    let were = |n: i64| if n == 1 { " was heard" } else { " were heard" };
    lines.push(
        link(Sentence::new(), heard, org, "post", "posts")
            .text(format!("{}; ", were(heard.count)))
            .link(grouped(ours.count), href(&ours.opens, org))
            .text(if ours.count == 1 { " is about us." } else { " are about us." }),
    );
    if opened.count > 0 {
        let new = link(Sentence::new(), opened, org, "case", "cases");
        lines.push(new.text(if opened.count == 1 { " was opened." } else { " were opened." }));
    }
    if handed.count > 0 {
        let passed = link(Sentence::new(), handed, org, "case", "cases");
        lines.push(passed.text(if handed.count == 1 { " was passed on." } else { " were passed on." }));
    }
    Ok(lines)
}

/// “A wave: 37 people wrote nearly the same between 14:10 and 15:02: “Acme kettles melt …””
async fn waves(app: &App, signed: &Signed, wall: &Wall) -> Result<Vec<Sentence>, Problem> {
    let found = near::waves(&app.hub, &signed.viewer, 24 * 3_600_000_000).await?;
    let line = |wave: &near::Wave| {
        let text = Text::plain(wave.text.split_whitespace().collect::<Vec<_>>().join(" ")).shortened(120);
        let said: String = text.segments.into_iter().map(|segment| segment.text).collect();
        let people = counted(wave.people, "person", "people");
        let line = Sentence::new().text("A wave: ").link(people, format!("/search?near={}", wave.group));
        let line = line.text(" wrote nearly the same between ").time(wall.clock(wave.from)).text(" and ");
        let more = match wave.people_in_all - wave.people {
            0 => String::new(),
            n => format!(" ({} more before or after)", grouped(n)),
        };
        line.time(wall.clock(wave.to)).text(format!("{more}: “{said}”"))
    };
    Ok(found.iter().map(line).collect())
}

fn link(sentence: Sentence, number: &Number, org: &Org, one: &str, many: &str) -> Sentence {
    sentence.link(counted(number.count, one, many), href(&number.opens, org))
}

fn came(week: &Week, org: &Org) -> Vec<Sentence> {
    let number = |sentence: Sentence, number: &Number| sentence.link(grouped(number.count), href(&number.opens, org));
    let mut lines = Vec::new();
    if week.passed.count > 0 {
        let line = link(Sentence::new(), &week.passed, org, "issue was offered", "issues were offered");
        let line = line.text(" to the department that could fix it: ");
        let line = number(line, &week.accepted).text(" accepted, ");
        lines.push(number(line, &week.bounced).text(" bounced."));
    }
    if week.resolved.count > 0 {
        let line = link(Sentence::new(), &week.resolved, org, "case", "cases");
        lines.push(line.text(" resolved by our own word, which is grade C."));
    }
    if week.confirmed.count > 0 {
        let line = link(Sentence::new(), &week.confirmed, org, "customer", "customers");
        lines.push(line.text(" told us that it is fixed: grade A."));
    }
    if week.silent.count > 0 {
        let line = link(Sentence::new(), &week.silent, org, "case was", "cases were");
        lines.push(line.text(" closed on silence, which counts as nothing."));
    }
    lines
}

fn funnel(steps: &[Step], org: &Org) -> Option<Funnel> {
    let heard = steps.first().filter(|step| step.number.count > 0)?;
    // Between cases alone: posts and cases are counted in different units.
    let cases = steps.get(2..).unwrap_or_default();
    let lost = cases.windows(2).max_by_key(|two| two[0].number.count - two[1].number.count);
    let note = lost
        .filter(|two| two[0].number.count > two[1].number.count)
        .map_or_else(String::new, |two| format!("Most is lost between “{}” and “{}”.", two[0].name, two[1].name));
    let bar = |step: &Step| Bar {
        label: step.name.to_owned(),
        count: step.number.count,
        href: href(&step.number.opens, org),
    };
    let posts = counted(heard.number.count, "post", "posts");
    Some(Funnel {
        title: format!("What became of {posts} in the last 30 days."),
        note,
        steps: steps.iter().map(bar).collect(),
    })
}

/// The case to open first; before there is any, the next step of setting up.
async fn first(app: &App, first: Option<&First>) -> Result<Option<FirstView>, Problem> {
    if let Some(First { case, why }) = first {
        let who = case.author.as_ref().and_then(|author| author.name.clone().or_else(|| author.handle.clone()));
        let text = Sentence::new().strong(who.unwrap_or_else(|| "Somebody".to_owned())).text(format!(
            ": “{}”. {}",
            case.title.trim_end_matches('.'),
            ended(&why.join(", "))
        ));
        let (label, href) = (format!("Open case {}", case.id), format!("/cases/{}", case.id));
        return Ok(Some(FirstView { text, label, href }));
    }
    let next = |text: &str, label: &str, href: &str| {
        Some(FirstView { text: Sentence::plain(text), label: label.to_owned(), href: href.to_owned() })
    };
    if source::list(&app.hub).await?.is_empty() {
        let text = "Nothing is being read yet. Connect a feed, a file or a webhook, and what people say comes in here.";
        return Ok(next(text, "Connect a source", "/sources/new"));
    }
    if query::list(&app.hub).await?.is_empty() {
        let text = "Posts come in, but we listen for nothing yet. Write down what people call you and your products.";
        return Ok(next(text, "Write the first query", "/queries/new"));
    }
    Ok(None)
}

fn waits(read: &home::Home, org: &Org) -> Vec<Sentence> {
    let mut lines: Vec<Sentence> = read
        .units
        .iter()
        .map(|unit| {
            let words = if unit.waiting.count == 1 { " waits for " } else { " wait for " };
            let line = Sentence::new().link(grouped(unit.waiting.count), href(&unit.waiting.opens, org));
            line.text(words).strong(unit.unit.name.clone())
        })
        .collect();
    let mut more = |number: &Number, words: &str| {
        if number.count > 0 {
            lines
                .push(Sentence::new().text(format!("{words}: ")).link(grouped(number.count), href(&number.opens, org)));
        }
    };
    more(&read.mine, "Assigned to me");
    more(&read.offered, "Offered to us");
    more(&read.approvals, "Waiting for my approval");
    more(&read.unknown, "Sent, not confirmed by the network; look before you send again");
    lines
}

/// Who calls this person to which case, until they have opened it.
async fn called(app: &App, signed: &Signed, wall: &Wall) -> Result<Vec<Sentence>, Problem> {
    let calls = case::pings(&app.hub, &signed.viewer, true, CALLS).await?;
    let line = |call: case::PingRow| {
        let line = Sentence::new().strong(call.by.name).text(" called you to ");
        let line =
            line.link(call.title, format!("/cases/{}", call.case)).text(": ").quote(&call.text, LETTERS).text(", ");
        line.time(wall.clock(call.at)).text(".")
    };
    Ok(calls.into_iter().map(line).collect())
}

/// Sources that do not read, each with its reason.
async fn trouble(app: &App, wall: &Wall) -> Result<Vec<Sentence>, Problem> {
    let sources = source::list(&app.hub).await?;
    let broken = sources.into_iter().filter(|source| source.error.is_some());
    Ok(broken
        .map(|source| {
            let since = source.error_at.map(|at| wall.clock(at));
            let line = Sentence::new().link(source.name, format!("/sources/{}", source.id)).text(" cannot be read");
            let line = match since {
                Some(since) => line.text(" (").time(since).text("): "),
                None => line.text(": "),
            };
            line.text(ended(&source.error.unwrap_or_default()))
        })
        .collect())
}
