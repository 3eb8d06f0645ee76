//! The open case: its heading, what waits for a person, and what this person may do.

use dandelion_hub::{
    case::{CasePage, Closing, Entry, State},
    member,
    model::label,
    picture,
    reply::{self, Reply},
    scope::Role,
};
use dandelion_post::{Micros, timestamp};
use jiff::{ToSpan as _, civil::Weekday, tz::TimeZone};

use super::{
    Asked, Frame,
    back::{From, Refused},
    compose,
    judged::Opinions,
    list, side, spoken, thread,
    why::Reasons,
};
use crate::{
    Problem,
    pages::marks::Dressing,
    view::{
        Choice, Sentence, Text,
        desk::{
            Case, PostAct,
            case::{Banner, May, Refusal},
        },
    },
};

/// Posts offered as evidence, the newest first.
const EVIDENCE: usize = 20;

pub(super) async fn shown(
    frame: &Frame<'_>,
    asked: &Asked,
    page: &CasePage,
    refused: Option<&Refused>,
) -> Result<Case, Problem> {
    let (case, org) = (&page.case, &frame.engine.org);
    let may = may(frame, page);
    let has_replies = page.entries.iter().any(|entry| matches!(entry, Entry::Reply(_)));
    let replies: Vec<Reply> =
        if has_replies { reply::of_case(&frame.app.hub, &frame.signed.viewer, case.id).await? } else { Vec::new() };
    let colleagues = member::in_unit(&frame.app.hub.db, org, case.unit.id, Role::Agent).await?;
    let compose = compose::shown(frame, page, &replies, &colleagues, refused);
    let writing = compose.reply.as_ref().and_then(|reply| reply.draft);
    let opinions = Opinions::of(page);
    let line: Vec<i64> = org.line_of(case.unit.id).iter().map(|unit| unit.id).collect();
    let sets: Vec<_> = label::list(&frame.app.hub).await?.into_iter().filter(|set| line.contains(&set.unit)).collect();
    let posts = page.entries.iter().filter_map(|entry| match entry {
        Entry::Post(said) if !said.ours => Some(said.id),
        _ => None,
    });
    let here = asked.with_case(case.id).href();
    let dressing = Dressing::new(frame.app, frame.signed, &posts.collect::<Vec<_>>(), &here, "#thread").await?;
    let media = page.entries.iter().filter_map(|entry| match entry {
        Entry::Post(said) => said.media.as_array(),
        _ => None,
    });
    let pictures: Vec<String> = media.flatten().filter_map(picture::address).take(500).collect();
    let dressing = dressing.with_pictures(frame.app, &pictures).await?;
    Ok(Case {
        id: case.id,
        csrf: frame.signed.csrf.clone(),
        title: title(page),
        back: asked.without_case().href(),
        meta: meta(page),
        due: list::due(frame, case),
        banners: banners(frame, page),
        units: units(frame, page, refused),
        members: members(frame, page, &colleagues),
        snoozes: snoozes(frame, page),
        resolutions: resolutions(refused),
        evidence: evidence(frame, page),
        thread: thread::shown(frame, &Reasons { page, opinions: &opinions, sets: &sets }, &replies, writing, &dressing),
        compose,
        side: side::shown(frame, page, &opinions, &sets),
        refusal: refused.and_then(refusal),
        may,
    })
}

/// What is wrong with a form of the heading, and what was written in it.
fn refusal(refused: &Refused) -> Option<Refusal> {
    let form = match refused.from {
        From::Assign => "assign",
        From::Pass => "pass",
        From::Snooze => "snooze",
        From::Resolve => "resolve",
        From::Reopen => "reopen",
        From::Button | From::Note | From::Reply => return None,
    };
    Some(Refusal { form, words: refused.words.clone(), text: refused.text.clone() })
}

fn title(page: &CasePage) -> String {
    let text = page.case.title.trim();
    if text.is_empty() {
        format!("Case {}", page.case.id)
    } else {
        Text::plain(text).shortened(120).segments[0].text.clone()
    }
}

fn meta(page: &CasePage) -> Sentence {
    let case = &page.case;
    let worker = case.assignee.as_ref().map_or("nobody works on it".to_owned(), |member| member.name.clone());
    let mut meta = Sentence::new().text("owned by ").strong(&case.unit.name).text(format!(" · {worker}"));
    if case.state == State::Waiting {
        meta = meta.text(" · waits for the customer");
    }
    if !page.watches.is_empty() {
        let names: Vec<&str> = page.watches.iter().map(|watch| watch.unit.name.as_str()).collect();
        meta = meta.text(format!(" · watched by {}", names.join(", ")));
    }
    meta
}

fn banners(frame: &Frame<'_>, page: &CasePage) -> Vec<Banner> {
    let mut banners = Vec::new();
    let case = &page.case;
    if let Some(offer) = &case.offer {
        let mut text = Sentence::new().strong(&case.unit.name).text(" offers this to ").strong(&offer.to.name);
        text = text.text(format!(": “{}”. {} owns it until they accept", offer.reason, case.unit.name));
        text = match offer.expires_at {
            Some(at) => text.text("; goes back ").time(frame.due(at)).text("."),
            None => text.text("."),
        };
        let at = |what: &str| format!("/handoffs/{}/{what}", offer.id);
        let mut acts = Vec::new();
        if page.may.answer_offer {
            acts.push(PostAct::new("Accept", at("acceptance")).primary());
            acts.push(PostAct::new("Send back", at("bounce")).ask("reason", "Why it is not for you"));
        }
        if page.may.withdraw_offer {
            acts.push(PostAct::new("Take the offer back", at("withdrawal")));
        }
        banners.push(Banner { text, acts, open: page.may.answer_offer });
    }
    if let (State::Snoozed, Some(until)) = (case.state, case.snoozed_until) {
        let text =
            Sentence::new().text("Put aside until ").time(frame.clock(until)).text(", or until somebody writes.");
        banners.push(Banner { text, ..Banner::default() });
    }
    if case.state == State::Resolved {
        let kind = spoken::closing(case.resolution.as_deref().unwrap_or(""));
        let text = match case.confirmed_at {
            Some(at) => {
                Sentence::plain(format!("Resolved as {kind}, and the customer confirmed it ")).time(frame.clock(at))
            }
            None => Sentence::plain(format!("Resolved as {kind}: our word, not yet confirmed by the customer")),
        };
        banners.push(Banner { text: text.text("."), ..Banner::default() });
    }
    banners
}

fn may(frame: &Frame<'_>, page: &CasePage) -> May {
    let case = &page.case;
    let own = case.assignee.as_ref().is_some_and(|member| member.id == frame.signed.viewer.member);
    let open = case.state != State::Resolved;
    let work = page.may.work && open;
    May {
        take: work && case.assignee.is_none(),
        assign: open && (page.may.assign || (page.may.work && own)),
        pass: work && case.offer.is_none(),
        snooze: work && case.state != State::Snoozed,
        wake: page.may.work && case.state == State::Snoozed,
        resolve: work && case.offer.is_none(),
        reopen: page.may.work && !open,
    }
}

fn units(frame: &Frame<'_>, page: &CasePage, refused: Option<&Refused>) -> Vec<Choice> {
    let chosen = refused.filter(|refused| refused.from == From::Pass).map(|refused| refused.choice.as_str());
    let others = frame.engine.org.live_units().filter(|unit| unit.id != page.case.unit.id);
    let mut choices: Vec<Choice> = others.map(|unit| Choice::new(&unit.key, &unit.name)).collect();
    for choice in &mut choices {
        choice.selected = chosen == Some(choice.value.as_str());
    }
    if chosen.is_none() {
        choices.insert(0, Choice::new("", "Choose a unit").selected());
    }
    choices
}

fn members(frame: &Frame<'_>, page: &CasePage, colleagues: &[member::Member]) -> Vec<Choice> {
    let assignee = page.case.assignee.as_ref();
    let me = frame.signed.viewer.member;
    let mut choices = Vec::new();
    if assignee.is_some() {
        choices.push(Choice::new("none", "Nobody: let go of it"));
    }
    let given = |member: &&member::Member| page.may.assign || Some(member.id) == assignee.map(|named| named.id);
    choices.extend(colleagues.iter().filter(given).map(|member| {
        let label = if member.id == me { format!("{} (me)", member.name) } else { member.name.clone() };
        let choice = Choice::new(&member.key, label);
        if Some(member.id) == assignee.map(|named| named.id) { choice.selected() } else { choice }
    }));
    choices
}

fn resolutions(refused: Option<&Refused>) -> Vec<Choice> {
    let chosen = refused.filter(|refused| refused.from == From::Resolve).map(|refused| refused.choice.as_str());
    let label = |kind: Closing| match kind {
        Closing::Fixed => "Fixed",
        Closing::Answered => "Answered",
        Closing::NoAnswerNeeded => "No answer needed",
        Closing::NotOurs => "Not ours",
        Closing::Spam => "Spam",
        Closing::Duplicate => "Duplicate of another case",
    };
    let choice = |kind: Closing| {
        let choice = Choice::new(kind.as_str(), label(kind));
        if chosen == Some(kind.as_str()) { choice.selected() } else { choice }
    };
    Closing::ALL.into_iter().map(choice).collect()
}

fn evidence(frame: &Frame<'_>, page: &CasePage) -> Vec<Choice> {
    let posts = page.entries.iter().rev().filter_map(|entry| match entry {
        Entry::Post(post) if !post.ours && post.deleted_at.is_none() => Some(post),
        _ => None,
    });
    posts
        .take(EVIDENCE)
        .map(|post| {
            let words = Text::plain(&post.text).shortened(60).segments.pop().map_or(String::new(), |one| one.text);
            let who = spoken::author(post.author.as_ref());
            Choice::new(post.id.to_string(), format!("{who}, {}: “{words}”", frame.clock(post.at).words))
        })
        .collect()
}

/// Until when it can be put aside, by the clock of the unit that owns it. The exact moment is sent, so that what the
/// label says is what happens.
fn snoozes(frame: &Frame<'_>, page: &CasePage) -> Vec<Choice> {
    let zone = frame.engine.org.hours_of(page.case.unit.id).map(dandelion_hub::unit::Hours::time_zone);
    let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(|| frame.zone.clone());
    let now = timestamp(frame.now).to_zoned_datetime(zone);
    let morning = |day: jiff::civil::Date| day.at(8, 0, 0, 0).to_zoned_datetime(now.time_zone().clone()).ok();
    let hours = |n: i64| now.checked_add(n.hours()).ok();
    let tomorrow = now.date().tomorrow().ok().and_then(morning);
    let monday = now.date().nth_weekday(1, Weekday::Monday).ok().and_then(morning);
    let later = [
        ("For an hour, until", hours(1)),
        ("For 3 hours, until", hours(3)),
        ("Until tomorrow,", tomorrow),
        ("Until Monday,", monday),
    ];
    let choice = |(words, at): (&str, Option<jiff::ZonedDateTime>)| {
        let at = at?;
        let moment: Micros = dandelion_post::micros(at.timestamp());
        Some(Choice::new(dandelion_post::rfc3339(moment), format!("{words} {}", at.strftime("%H:%M"))))
    };
    later.into_iter().filter_map(choice).collect()
}
