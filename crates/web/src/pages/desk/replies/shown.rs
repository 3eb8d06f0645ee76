//! How a reply of ours stands in the conversation: where it is, what that means, and what may be done with it.

use dandelion_hub::{
    case,
    reply::{Kind, Reply, State},
    scope::Role,
};

use super::super::{Frame, spoken};
use crate::view::{
    Sentence,
    desk::{
        PostAct, Tone,
        thread::{ReplyEntry, web_address},
    },
    initials,
};

/// A reply in the conversation. `writing` is the one that stands in the composer.
pub(in crate::pages::desk) fn entry(
    frame: &Frame<'_>,
    page: &case::CasePage,
    written: &case::ReplyEntry,
    full: &Reply,
    writing: Option<i64>,
) -> ReplyEntry {
    let org = &frame.engine.org;
    let network = spoken::network(&full.network);
    let asked = full.approval_unit_id.map_or("an approver", |unit| org.unit_name(unit));
    let error = full.error.clone().unwrap_or_default();
    let last = written.steps.last();
    let said = last.map(|step| step.reason.as_str()).filter(|reason| !reason.is_empty());
    let decided = last.and_then(|step| step.by.as_ref()).map_or("Dandelion", |by| by.name.as_str());
    let (state, tone, explain) = match full.state {
        State::Draft => ("draft".to_owned(), Tone::Plain, Sentence::plain(draft_words(full, writing))),
        State::Submitted => {
            let words = format!("Nothing is sent before an approver of {asked} agrees.");
            (format!("waits for {asked}"), Tone::Open, Sentence::plain(words))
        }
        State::Changes => {
            let words = format!("{decided} wants it different: “{}”", said.unwrap_or("no reason given"));
            ("to be changed".to_owned(), Tone::Open, Sentence::plain(words))
        }
        State::Approved => {
            ("approved, not sent yet".to_owned(), Tone::Good, Sentence::plain("Exactly this wording may be sent."))
        }
        State::Rejected => {
            let words = format!("{decided} rejected it: “{}”", said.unwrap_or("no reason given"));
            ("rejected".to_owned(), Tone::Risk, Sentence::plain(words))
        }
        State::Expired => (
            "expired".to_owned(),
            Tone::Risk,
            Sentence::plain(format!("{}.", said.unwrap_or("Nobody decided in time"))),
        ),
        State::Cancelled => ("put away".to_owned(), Tone::Plain, Sentence::plain("Nothing was published.")),
        State::Queued if full.held_at.is_some() => {
            let words = format!(
                "Held since a backup was restored: it may have been sent after the backup. Look on {network} before you send it again."
            );
            ("held".to_owned(), Tone::Open, Sentence::plain(words))
        }
        State::Queued => ("about to be sent".to_owned(), Tone::Plain, queued_words(frame, full)),
        State::Sending => ("being sent".to_owned(), Tone::Plain, Sentence::new()),
        State::Sent => sent_words(frame, full, &network),
        State::Failed => {
            let words = format!("{network} did not take it{}. Nothing was published.", colon(&error));
            ("failed".to_owned(), Tone::Risk, Sentence::plain(words))
        }
        State::Unknown => {
            let words = format!(
                "We sent this, and {network} did not say whether it arrived{}. Look before you send again.",
                colon(&error)
            );
            ("unknown".to_owned(), Tone::Open, Sentence::plain(words))
        }
    };
    let name = spoken::handle(&full.handle);
    ReplyEntry {
        id: full.id,
        initials: initials(&full.handle),
        meta: meta(frame, written, full, &network),
        name,
        text: full.text.clone(),
        state,
        tone,
        public: full.state == State::Sent && full.deleted_at.is_none(),
        explain,
        acts: acts(frame, page, written, full, &network),
        url: full.remote_url.as_deref().filter(|_| full.deleted_at.is_none()).and_then(web_address),
    }
}

/// What became of a reply since it is out.
fn sent_words(frame: &Frame<'_>, full: &Reply, network: &str) -> (String, Tone, Sentence) {
    if let Some(at) = full.deleted_at {
        let words =
            Sentence::plain("It was taken back at ").time(frame.clock(at)).text("; these words are kept for us.");
        return ("taken back".to_owned(), Tone::Plain, words);
    }
    let state = format!("confirmed by {network}");
    match (full.changing, &full.change_error) {
        (Some(Kind::Edit), _) => {
            let words = format!("{network} is asked to show other words; until it has them these stand there.");
            ("being changed".to_owned(), Tone::Open, Sentence::plain(words))
        }
        (Some(Kind::Delete), _) => {
            let words = format!("{network} is asked to take it down.");
            ("being taken back".to_owned(), Tone::Open, Sentence::plain(words))
        }
        (None, Some(error)) => {
            let words = format!("The last change did not get through{}. These words still stand there.", colon(error));
            (state, Tone::Risk, Sentence::plain(words))
        }
        (None, None) => (state, Tone::Good, Sentence::new()),
    }
}

fn colon(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {}", words.trim_end_matches('.')) }
}

fn draft_words(full: &Reply, writing: Option<i64>) -> &'static str {
    if writing == Some(full.id) {
        "Only colleagues see this. It stands in the writing box below."
    } else {
        "Only colleagues see this."
    }
}

fn queued_words(frame: &Frame<'_>, full: &Reply) -> Sentence {
    let again = full.attempts > 0;
    match full.next_attempt_at.or(full.send_after) {
        Some(at) if again => {
            Sentence::plain("The network was busy; the next attempt is at ").time(frame.clock(at)).text(".")
        }
        Some(at) if at > frame.now => Sentence::plain("It can be taken back until it goes out."),
        _ => Sentence::plain("It goes out as soon as the sender gets to it."),
    }
}

fn meta(frame: &Frame<'_>, written: &case::ReplyEntry, full: &Reply, network: &str) -> Sentence {
    let mut meta = Sentence::plain(format!("{network} · {} · ", full.author))
        .time(frame.clock(full.sent_at.unwrap_or(full.changed_at)));
    if let Some(at) = full.edited_at {
        meta = meta.text(" · words changed ").time(frame.clock(at));
    }
    let approved = written.steps.iter().rev().find(|step| step.state == "approved");
    if let Some(by) = approved.and_then(|step| step.by.as_ref()) {
        meta = meta.text(format!(" · approved by {}", by.name));
    }
    meta
}

/// What this person may do with it now; the hub decides once more when they do.
fn acts(
    frame: &Frame<'_>,
    page: &case::CasePage,
    written: &case::ReplyEntry,
    full: &Reply,
    network: &str,
) -> Vec<PostAct> {
    let at = |what: &str| format!("/replies/{}/{what}", full.id);
    let seen = |act: PostAct| act.field("version", full.version.to_string());
    let cancel = |label: &str| PostAct::new(label, at("cancellation"));
    let again = || seen(PostAct::new("Write on", at("draft")));
    let mut acts = Vec::new();
    if full.state == State::Submitted && may_decide(frame, written, full) {
        acts.push(seen(PostAct::new("Approve", at("approval")).primary()));
        if page.may.work {
            acts.push(seen(PostAct::new("Approve and send", at("approval")).field("send", "yes")));
        }
        acts.push(seen(PostAct::new("Ask for changes", at("changes")).ask("reason", "What should be different")));
        acts.push(seen(PostAct::new("Reject", at("rejection")).ask("reason", "Why it must not be sent")));
    }
    if !page.may.work {
        return acts;
    }
    let mine = full.member_id == frame.signed.viewer.member;
    match full.state {
        State::Draft if mine => acts.push(cancel("Throw away")),
        State::Draft => acts.extend([seen(PostAct::new("Send it", at("queueing"))), cancel("Throw away")]),
        State::Changes if mine => acts.push(cancel("Put away")),
        State::Changes | State::Expired | State::Cancelled => acts.push(again()),
        State::Approved => {
            acts.push(seen(
                PostAct::new(format!("Send in public as {}", spoken::handle(&full.handle)), at("queueing")).primary(),
            ));
            acts.push(again());
            acts.push(cancel("Put away"));
        }
        State::Queued if full.held_at.is_some() => {
            acts.extend(to_decide(full, network, "It is not there: send it", "release"));
        }
        State::Submitted | State::Queued => acts.push(cancel("Take it back")),
        State::Unknown => acts.extend(to_decide(full, network, "It is not there: send again", "resending")),
        State::Failed => {
            acts.push(seen(PostAct::new("Try again", at("queueing"))));
            acts.push(again());
            acts.push(cancel("Put away"));
        }
        State::Sent if full.deleted_at.is_none() && full.changing.is_none() => {
            if full.lets(Kind::Edit) {
                acts.push(seen(PostAct::new("Change the words", at("correction")).reword(
                    "text",
                    "What it shall say",
                    &full.text,
                )));
            }
            if full.lets(Kind::Delete) {
                acts.push(PostAct::new("Take it down", at("withdrawal")).ask("reason", "Why it has to go"));
            }
        }
        State::Rejected | State::Sending | State::Sent => {}
    }
    acts
}

/// Both decisions about what nobody can tell, and the third: to leave it.
fn to_decide(full: &Reply, network: &str, send: &str, where_to: &str) -> [PostAct; 3] {
    let at = |what: &str| format!("/replies/{}/{what}", full.id);
    [
        PostAct::new("It is there", at("confirmation")).ask("url", format!("Its address on {network}")).primary(),
        PostAct::new(send, at(where_to)),
        PostAct::new("It is not there: leave it", at("cancellation")),
    ]
}

/// Whoever approves for the unit that was asked, and wrote no part of it.
fn may_decide(frame: &Frame<'_>, written: &case::ReplyEntry, full: &Reply) -> bool {
    let viewer = &frame.signed.viewer;
    let own =
        |step: &case::ReplyStep| step.state == "draft" && step.by.as_ref().is_some_and(|by| by.id == viewer.member);
    full.approval_unit_id.is_some_and(|unit| viewer.may(Role::Approver, unit)) && !written.steps.iter().any(own)
}
