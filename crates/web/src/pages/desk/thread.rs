//! The conversation: posts, notes, replies and moves, in the order they happened.

use dandelion_hub::{
    case::{AssignmentEntry, CasePage, Entry as Happened, HandoffEntry, NoteEntry, ResolutionEntry, ThreadPost},
    picture,
    reply::Reply,
};
use dandelion_networks::email::Beside;
use dandelion_post::Micros;
use serde_json::Value as Json;

use super::{
    Frame, judged,
    replies::entry as reply_entry,
    spoken,
    why::{self, Reasons},
};
use crate::{
    pages::marks::Dressing,
    view::{
        CleanHtml, Sentence, Text,
        desk::{
            Entry, Thread, Tone,
            thread::{Automatic, LineEntry, NoteEntry as Note, Picture, PostEntry, web_address},
        },
        grouped, initials,
    },
};

/// Links of a post that are shown beside its text.
const LINKS: usize = 6;

/// `replies` are the case's, `writing` the one that stands in the composer.
pub(super) fn shown(
    frame: &Frame<'_>,
    reasons: &Reasons<'_>,
    replies: &[Reply],
    writing: Option<i64>,
    dressing: &Dressing,
) -> Thread {
    let page = reasons.page;
    let mut entries: Vec<(Micros, Entry)> = Vec::new();
    let mut first = true;
    for happened in &page.entries {
        let at = happened.at();
        match happened {
            Happened::Post(said) => {
                let shown = post(frame, reasons, said, std::mem::take(&mut first), dressing);
                entries.push((at, Entry::Post(Box::new(shown))));
            }
            Happened::Note(written) => entries.push((at, Entry::Note(note(frame, written)))),
            Happened::Reply(written) => {
                let full = replies.iter().find(|reply| reply.id == written.id);
                let at = written.sent_at.unwrap_or(at);
                entries.extend(
                    full.map(|full| (at, Entry::Reply(Box::new(reply_entry(frame, page, written, full, writing))))),
                );
            }
            Happened::Assignment(given) => entries.extend(line(frame, at, assignment(page, given), Tone::Plain)),
            Happened::Handoff(moved) => entries.extend(handoff(frame, moved)),
            Happened::Snooze(snooze) => {
                let text = Sentence::new().strong(spoken::by(snooze.by.as_ref())).text(" put this aside until ");
                entries.extend(line(frame, at, Some(text.time(frame.clock(snooze.until))), Tone::Plain));
                if let Some(ended) = snooze.ended_at {
                    let why = snooze.ended_why.as_deref().unwrap_or("its time came");
                    let back = Sentence::plain(format!("Back on the desk: {why}."));
                    entries.extend(line(frame, ended, Some(back), Tone::Plain));
                }
            }
            Happened::Resolution(closed) => entries.extend(resolution(frame, closed)),
            Happened::Correction(correction) => {
                let text = Sentence::new().strong(&correction.by.name).text(format!(
                    " corrected {}: {} → {}.",
                    correction.judgement,
                    judged::said(&correction.was),
                    judged::said(&correction.value)
                ));
                entries.extend(line(frame, at, Some(text), Tone::Plain));
            }
        }
    }
    entries.sort_by_key(|(at, _)| *at); // stable: what happened at one moment stays as it came
    if page.earlier > 0 {
        entries.insert(0, (0, earlier(page)));
    }
    Thread {
        csrf: frame.signed.csrf.clone(),
        earlier: None,
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
    }
}

fn earlier(page: &CasePage) -> Entry {
    let words = format!("{} earlier posts are not shown here", grouped(page.earlier));
    let mut text = Sentence::plain(words);
    if let Some(author) = &page.case.author {
        text = text.text("; the search has ").link("all of this author's", format!("/search?author={}", author.id));
    }
    Entry::Line(LineEntry { text: text.text("."), ..LineEntry::default() })
}

fn line(
    frame: &Frame<'_>,
    at: Micros,
    text: Option<Sentence>,
    tone: Tone,
) -> impl Iterator<Item = (Micros, Entry)> + use<> {
    let time = frame.clock(at);
    text.map(|text| (at, Entry::Line(LineEntry { text, time, tone }))).into_iter()
}

fn post(frame: &Frame<'_>, reasons: &Reasons<'_>, said: &ThreadPost, first: bool, dressing: &Dressing) -> PostEntry {
    let page = reasons.page;
    let author = said.author.as_ref();
    let name = spoken::author(author);
    let theirs = author.map(|author| author.id) == page.case.author.as_ref().map(|author| author.id);
    let spans: Vec<_> = said.spans.iter().map(|[from, to]| *from..*to).collect();
    let handle = author.and_then(|author| author.handle.as_deref()).map(spoken::handle);
    let network = spoken::network(&said.network);
    let folded = said.mail.as_deref().and_then(folded);
    // What is folded away must not stand in the markup all the same.
    let html = said.html.as_deref().filter(|html| spans.is_empty() && folded.is_none() && !html.trim().is_empty());
    PostEntry {
        id: said.id,
        depth: usize::from(!first && !theirs && !said.ours),
        initials: initials(&name),
        avatar: frame.app.pictures.as_ref().and_then(|_| spoken::avatar(author)),
        place: handle
            .filter(|handle| *handle != name)
            .map_or(network.clone(), |handle| format!("{handle} · {network}")),
        name,
        time: frame.clock(said.at),
        about: about(said, frame),
        title: said.title.clone().unwrap_or_default(),
        text: Text::marked(&said.text, &spans),
        html: html.map(CleanHtml::clean),
        url: said.url.as_deref().and_then(web_address),
        lang: String::new(),
        revisions: Vec::new(),
        automatic: said.mail.as_ref().and_then(|mail| mail.automatic.as_ref()).map(automatic),
        folded,
        pictures: pictures(said, dressing),
        media: media(said),
        gone: said.deleted_at.map(|at| {
            format!("Deleted by its author; we learned of it {}. The text is no longer shown.", frame.clock(at).words)
        }),
        ours: said.ours,
        answered: false,
        alike: dressing.alike(said.id),
        mark: dressing.mark(said.id),
        why: why::shown(frame, reasons, said),
    }
}

fn about(said: &ThreadPost, frame: &Frame<'_>) -> String {
    let mut known = Vec::new();
    if said.ours {
        known.push("ours, written outside Dandelion".to_owned());
    }
    if let Some(views) = said.views {
        known.push(format!("seen {} times", grouped(views)));
    }
    if let Some(likes) = said.likes.filter(|likes| *likes > 0) {
        known.push(format!("{} likes", grouped(likes)));
    }
    if let Some(shares) = said.shares.filter(|shares| *shares > 0) {
        known.push(format!("{} shares", grouped(shares)));
    }
    match (said.edited_at, said.revisions) {
        (Some(at), _) => known.push(format!("edited {}", frame.clock(at).words)),
        (None, n) if n > 0 => known.push("edited".to_owned()),
        _ => {}
    }
    known.join(" · ")
}

/// The quotes and the signature of a mail, behind one line.
fn folded(mail: &Beside) -> Option<(String, Vec<String>)> {
    let line = match (mail.quoted.is_empty(), mail.signature.is_empty()) {
        (true, true) => return None,
        (false, true) => "Quoted mail",
        (true, false) => "Signature",
        (false, false) => "Quoted mail and signature",
    };
    let parts = [&mail.signature, &mail.quoted].into_iter().filter(|part| !part.is_empty()).cloned();
    Some((line.to_owned(), parts.collect()))
}

fn automatic(known: &dandelion_networks::email::Automatic) -> Automatic {
    let header = if known.why.is_empty() { String::new() } else { format!("its header says “{}”", known.why) };
    let parts: Vec<&str> = [known.told.as_str(), &header].into_iter().filter(|part| !part.is_empty()).collect();
    Automatic { words: known.words(), why: parts.join(" · ") }
}

/// Whether an item is shown as a picture, and not named beside the text.
fn is_shown(number: usize, item: &Json) -> bool {
    number < picture::MOST && picture::address(item).is_some()
}

fn pictures(said: &ThreadPost, dressing: &Dressing) -> Vec<Picture> {
    let items = said.media.as_array().map(Vec::as_slice).unwrap_or_default();
    let shown = items.iter().enumerate().filter(|(number, item)| is_shown(*number, item));
    let picture = |(number, item): (usize, &Json)| {
        let href = picture::address(item)?;
        Some(Picture {
            src: format!("/media/{}/{}", said.id, number + 1),
            alt: item["alt"].as_str().unwrap_or("").trim().to_owned(),
            why: dressing.not_shown(&href),
            href: web_address(&href)?,
        })
    };
    shown.filter_map(picture).collect()
}

/// Files and links that came with a post: what they are, and where.
fn media(said: &ThreadPost) -> Vec<(String, String)> {
    let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
    let picture = |item: &Json| {
        let href = web_address(item["url"].as_str()?)?;
        let kind = item["kind"].as_str().filter(|kind| !kind.is_empty()).unwrap_or("file");
        let alt = item["alt"].as_str().unwrap_or("").trim();
        Some((if alt.is_empty() { kind.to_owned() } else { format!("{kind}: {alt}") }, href))
    };
    let link = |item: &Json| {
        let href = web_address(item.as_str().or_else(|| item["url"].as_str())?)?;
        let host = url::Url::parse(&href).ok()?.host_str()?.to_owned();
        Some((host, href))
    };
    let all = list(&said.media);
    let others = all.iter().enumerate().filter(|(number, item)| !is_shown(*number, item)).map(|(_, item)| item);
    let pictures = others.filter_map(picture).collect::<Vec<_>>();
    let links = list(&said.links).iter().filter_map(link).take(LINKS).collect::<Vec<_>>();
    pictures.into_iter().chain(links).collect()
}

fn note(frame: &Frame<'_>, written: &NoteEntry) -> Note {
    let mut spans = Vec::new();
    let lower = written.text.to_ascii_lowercase(); // keeps every byte in its place
    for ping in &written.pings {
        let call = format!("@{}", ping.member.key.to_ascii_lowercase());
        spans.extend(lower.match_indices(&call).map(|(at, call)| at..at + call.len()));
    }
    Note {
        initials: initials(&written.by.name),
        name: written.by.name.clone(),
        time: frame.clock(written.at),
        text: Text::marked(&written.text, &spans),
    }
}

/// Accepting a case gives it to whoever accepted; that line says it already.
fn assignment(page: &CasePage, given: &AssignmentEntry) -> Option<Sentence> {
    let with_handoff = page.entries.iter().any(|entry| {
        matches!(entry, Happened::Handoff(moved) if moved.state == "accepted" && moved.decided_at == Some(given.at))
    });
    if with_handoff {
        return None;
    }
    let by = Sentence::new().strong(spoken::by(given.by.as_ref()));
    Some(match &given.to {
        Some(to) if given.by.as_ref().is_some_and(|by| by.id == to.id) => by.text(" took this."),
        Some(to) => by.text(" gave this to ").strong(&to.name).text("."),
        None => by.text(" let go of this: nobody works on it now."),
    })
}

fn handoff(frame: &Frame<'_>, moved: &HandoffEntry) -> Vec<(Micros, Entry)> {
    let who = moved.offered_by.as_ref().map_or_else(String::new, |by| format!(" ({})", by.name));
    let offered = Sentence::new()
        .strong(&moved.from.name)
        .text(format!("{who} offered this to "))
        .strong(&moved.to.name)
        .text(format!(": “{}”.", moved.reason));
    let tone = if moved.state == "offered" { Tone::Open } else { Tone::Plain };
    let mut entries: Vec<_> = line(frame, moved.offered_at, Some(offered), tone).collect();
    let Some(at) = moved.decided_at else { return entries };
    let by = moved.decided_by.as_ref().map_or_else(String::new, |by| format!(" ({})", by.name));
    let after = crate::view::time::span(at - moved.offered_at);
    let why = moved.decision.as_deref().filter(|why| !why.is_empty()).map_or(String::new(), |why| format!(": “{why}”"));
    let (text, tone) = match moved.state.as_str() {
        "accepted" => {
            (Sentence::new().strong(&moved.to.name).text(format!("{by} accepted it after {after}.")), Tone::Good)
        }
        "bounced" => (
            Sentence::new()
                .strong(&moved.to.name)
                .text(format!("{by} sent it back{why}. "))
                .strong(&moved.from.name)
                .text(" owns it."),
            Tone::Risk,
        ),
        "withdrawn" => {
            (Sentence::new().strong(&moved.from.name).text(format!("{by} took the offer back.")), Tone::Plain)
        }
        _ => (
            Sentence::new()
                .strong(&moved.to.name)
                .text(" did not answer in the time it promised. ")
                .strong(&moved.from.name)
                .text(" owns it still."),
            Tone::Risk,
        ),
    };
    entries.extend(line(frame, at, Some(text), tone));
    entries
}

fn resolution(frame: &Frame<'_>, closed: &ResolutionEntry) -> Vec<(Micros, Entry)> {
    let mut text = Sentence::new().strong(spoken::by(closed.by.as_ref())).text(format!(
        " resolved this as {}: “{}”.",
        spoken::closing(&closed.kind),
        closed.why
    ));
    if let Some(post) = closed.evidence_post {
        text = text.text(" Evidence: ").link("their post", format!("#post-{post}")).text(".");
    }
    let mut entries: Vec<_> = line(frame, closed.at, Some(text), Tone::Plain).collect();
    if let Some(at) = closed.confirmed_at {
        let said = Sentence::new().strong("The customer").text(" confirmed it");
        let said = match closed.confirmed_by_post {
            Some(post) => said.text(" in ").link("a post of their own", format!("#post-{post}")),
            None => said,
        };
        entries.extend(line(frame, at, Some(said.text(".")), Tone::Good));
    }
    if let Some(at) = closed.reopened_at {
        let why = closed.reopened_why.as_deref().filter(|why| !why.is_empty()).unwrap_or("no reason given");
        entries.extend(line(frame, at, Some(Sentence::plain(format!("Open again: {why}."))), Tone::Open));
    }
    entries
}
