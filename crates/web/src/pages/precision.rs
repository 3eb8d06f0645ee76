//! How precise a query is: what people said of its mentions, week by week, and what would make it more precise.

use axum::{Router, extract::State, response::Response, routing::get};
use dandelion_hub::{
    query::{
        self, Query,
        precision::{self, Interval, Precision, Suggestion, wilson},
    },
    scope::Role,
    search::{self, Search},
};
use dandelion_post::timestamp;

use super::{found::found, marks::Dressing, print, wall::Wall};
use crate::{
    App, Problem, Signed,
    problem::Id,
    view::{
        Place, Sentence, counted, grouped,
        listening::{Advice, PrecisionPage, Trend, Week},
        search::Found,
    },
};

/// Mentions to mark.
const SAMPLE: i64 = 10;
/// Wrong ones shown.
const WRONG: i64 = 10;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/queries/{id}/precision", get(show))
}

async fn show(State(app): State<App>, signed: Signed, Id(id): Id) -> Result<Response, Problem> {
    let query = query::find(&app.hub, id).await?;
    let (hub, viewer) = (&app.hub, &signed.viewer);
    let at = precision::of(hub, viewer, id).await?;
    let weeks = precision::weeks(hub, viewer, id).await?;
    let advice = precision::suggestions(hub, viewer, id).await?;
    let may = query.archived_at.is_none() && viewer.may(Role::Lead, query.unit);
    let drawn = precision::sample(hub, viewer, id, SAMPLE).await?;
    let sample = if drawn.is_empty() {
        Vec::new()
    } else {
        posts(&app, &signed, id, Search { ids: drawn, ..Search::default() }, SAMPLE).await?
    };
    // `query` leaves out what is off, so this asks for the posts themselves.
    let off = precision::wrong(hub, viewer, id, WRONG).await?;
    let wrong = if off.is_empty() {
        Vec::new()
    } else {
        posts(&app, &signed, id, Search { ids: off, ..Search::default() }, WRONG).await?
    };
    print(&PrecisionPage {
        shell: signed.shell(&app, format!("Precision: {}", query.name), Place::Listening).await?,
        query: (id, query.name.clone()),
        says: says(&at),
        trend: (at.judged() > 0).then(|| Trend { weeks: weeks.iter().map(week).collect() }),
        no_advice: no_advice(&at),
        advice: advice.iter().map(|one| advised(&query, &at, one, may)).collect(),
        sample,
        wrong,
    })
}

/// “…; 91 % about us (86 to 95 %)”, where people have judged anything.
pub(super) fn beside(says: Sentence, query: i64, at: Option<&Precision>) -> Sentence {
    let Some(Interval { share, low, high }) = at.and_then(|at| at.interval) else { return says };
    let words = format!("{:.0} % about us", percent(share));
    says.text("; ").link(words, format!("/queries/{query}/precision")).text(format!(
        " ({:.0} to {:.0} %)",
        percent(low),
        percent(high)
    ))
}

fn percent(share: f64) -> f64 {
    share * 100.0
}

/// “97 %”; with a digit after the point where the whole number would claim all or nothing.
fn rounded(share: f64) -> String {
    let percent = percent(share);
    let claims_too_much = percent > 0.0 && percent < 100.0 && !(0.5..99.5).contains(&percent);
    if claims_too_much { format!("{:.1} %", percent.clamp(0.1, 99.9)) } else { format!("{percent:.0} %") }
}

fn says(at: &Precision) -> Vec<Sentence> {
    let unseen = match at.unseen {
        0 => Sentence::plain("Nobody has to judge any more: every mention was judged."),
        n => Sentence::new()
            .text(format!("{} nobody has judged yet; ", counted(n, "mention", "mentions")))
            .link("a fair sample", "#sample")
            .text(" of them stands below."),
    };
    let Some(Interval { share, low, high }) = at.interval else {
        let words = "Nobody has judged any of its mentions yet, so nothing can be said. A mention counts as judged when somebody marks it, or works on its case.";
        return vec![Sentence::plain(words), unseen];
    };
    let judged = counted(at.judged(), "mention", "mentions");
    let first = Sentence::new().strong(rounded(share)).text(format!(
        " of the {judged} that people judged {} about us; {} {} not.",
        if at.judged() == 1 { "is" } else { "are" },
        grouped(at.wrong),
        if at.wrong == 1 { "is" } else { "are" },
    ));
    let interval = format!(
        "With so many judged, the true share probably lies between {} and {} (Wilson's interval at 95 %).",
        rounded(low),
        rounded(high)
    );
    let how = "Judged means: marked by somebody, or its case was taken up, answered or resolved as anything but spam or not ours.";
    vec![first, Sentence::plain(interval), unseen, Sentence::plain(how)]
}

fn week(week: &precision::Week) -> Week {
    Week {
        label: timestamp(week.from).strftime("%-d %b").to_string(),
        counts: (week.precision.right, week.precision.judged()),
        percent: week.precision.interval.map(|it| (percent(it.share), percent(it.low), percent(it.high))),
    }
}

fn no_advice(at: &Precision) -> String {
    match at.wrong {
        0 | 1 => "Suggestions come from the words of mentions marked as not about us. Mark at least two.".to_owned(),
        _ => "No word stands out among those that are not about us.".to_owned(),
    }
}

fn advised(query: &Query, at: &Precision, one: &Suggestion, may: bool) -> Advice {
    let unseen = match one.unseen {
        0 => String::new(),
        n => format!("; {} that nobody has judged would go too", grouped(n)),
    };
    let (right, wrong) = (at.right - one.lost, at.wrong - one.saved);
    let then = match wilson(right.max(0), (right + wrong).max(0)) {
        Some(it) => format!(
            "Of those judged {:.0} % would then be about us ({:.0} to {:.0} %).",
            percent(it.share),
            percent(it.low),
            percent(it.high)
        ),
        None => "Nothing that was judged would be left.".to_owned(),
    };
    let text: String = url::form_urlencoded::byte_serialize(one.text.as_bytes()).collect();
    Advice {
        word: one.word.clone(),
        says: format!(
            "Avoids {} of {} wrong ones and loses {} of {} right ones{unseen}.",
            grouped(one.saved),
            grouped(at.wrong),
            grouped(one.lost),
            grouped(at.right)
        ),
        then,
        href: may.then(|| format!("/queries/{}/lab?text={text}", query.id)),
    }
}

async fn posts(app: &App, signed: &Signed, query: i64, search: Search, most: i64) -> Result<Vec<Found>, Problem> {
    let engine = app.hub.engine().await?;
    let wall = Wall::of(app, &engine.org);
    let posts = search::posts(&app.hub, &signed.viewer, &search, None, most).await?;
    let ids: Vec<i64> = posts.iter().map(|post| post.id).collect();
    let back = format!("/queries/{query}/precision");
    let dressing = Dressing::new(app, signed, &ids, &back, "#precision").await?;
    Ok(posts
        .into_iter()
        .map(|post| {
            let id = post.id;
            let mut line = found(&wall, post, &[]);
            dressing.dress(id, &mut line);
            line
        })
        .collect())
}
