//! Where one writes: from which of our accounts, to whom, or why nobody can.

use dandelion_hub::{
    case::{CasePage, Entry, State as Standing, ThreadPost},
    handle::Handle,
    member::Member,
    reply::{Reply, State},
};

use super::{
    Frame,
    back::{From, Refused},
    spoken,
};
use crate::view::{
    Choice,
    desk::{Compose, compose::ReplyBox},
};

/// Colleagues offered to be called.
const PINGS: usize = 6;

pub(super) fn shown(
    frame: &Frame<'_>,
    page: &CasePage,
    replies: &[Reply],
    colleagues: &[Member],
    refused: Option<&Refused>,
) -> Compose {
    let me = frame.signed.viewer.member;
    let (reply, why_not) = match reply_box(frame, page, replies, refused) {
        Ok(reply) => (Some(reply), String::new()),
        Err(why_not) => (None, why_not),
    };
    let note = refused.filter(|refused| refused.from == From::Note);
    let beside = refused.filter(|refused| matches!(refused.from, From::Note | From::Reply));
    let callable = colleagues.iter().filter(|member| member.id != me).take(PINGS);
    Compose {
        case: page.case.id,
        csrf: frame.signed.csrf.clone(),
        // Whoever watches the case or is offered it may write to those who have it.
        notes: may_note(frame, page),
        note: note.map(|refused| refused.text.clone()).unwrap_or_default(),
        note_first: note.is_some(),
        others: others(frame, replies),
        wrong: beside.map(|refused| refused.words.clone()),
        pings: callable.map(|member| Choice::new(&member.key, &member.name)).collect(),
        why_not,
        reply,
    }
}

fn may_note(frame: &Frame<'_>, page: &CasePage) -> bool {
    let agent = |unit: i64| frame.signed.viewer.may(dandelion_hub::scope::Role::Agent, unit);
    page.may.work || page.may.answer_offer || page.watches.iter().any(|watch| agent(watch.unit.id))
}

/// The writing box, or in words why there is none.
fn reply_box(
    frame: &Frame<'_>,
    page: &CasePage,
    replies: &[Reply],
    refused: Option<&Refused>,
) -> Result<ReplyBox, String> {
    let case = &page.case;
    if !page.may.work {
        return Err(match &case.offer {
            Some(_) if page.may.answer_offer => "You can answer in public once you have accepted".to_owned(),
            _ => format!("Only agents of {} answer this in public", case.unit.name),
        });
    }
    if case.state == Standing::Resolved {
        return Err("This case is resolved. Open it again to answer in public".to_owned());
    }
    let post = answered(page)?;
    let network = spoken::network(&post.network);
    let handles = handles(frame, page, &post.network).map_err(|why| match why {
        None => format!("Nobody here can write on {network} yet: no handle of ours lives there"),
        Some(why) => format!("Nobody here can write on {network} yet: {why}"),
    })?;
    let refused = refused.filter(|refused| refused.from == From::Reply);
    let me = frame.signed.viewer.member;
    let draft = match refused {
        Some(refused) => refused.draft.and_then(|id| replies.iter().find(|reply| reply.id == id)),
        None => replies.iter().rev().find(|reply| reply.member_id == me && is_being_written(reply.state)),
    };
    let chosen = refused.map(|refused| refused.choice.as_str()).filter(|key| !key.is_empty());
    let fits = |handle: &Handle| match (chosen, draft) {
        (Some(key), _) => handle.key == key,
        (None, Some(draft)) => handle.id == draft.handle_id,
        (None, None) => false,
    };
    let approval = approval(frame, page, handles.iter().find(|handle| fits(handle)).unwrap_or(&handles[0]));
    Ok(ReplyBox {
        post: draft.and_then(|draft| draft.post_id).unwrap_or(post.id),
        to: spoken::author(post.author.as_ref()),
        limit: None,
        approval,
        text: refused.map(|refused| refused.text.clone()).or(draft.map(|draft| draft.text.clone())).unwrap_or_default(),
        draft: draft.map(|draft| draft.id),
        version: draft.map_or(0, |draft| draft.version),
        confirm: refused.is_some_and(|refused| refused.confirm),
        handles: handles
            .iter()
            .map(|handle| Choice { selected: fits(handle), ..Choice::new(&handle.key, spoken::handle(&handle.name)) })
            .collect(),
        network,
    })
}

/// States in which a reply stands in the writing box of whoever began it.
pub(super) fn is_being_written(state: State) -> bool {
    matches!(state, State::Draft | State::Changes)
}

/// The newest post of a customer that still stands and that a person wrote, or why there is none.
fn answered(page: &CasePage) -> Result<&ThreadPost, String> {
    let standing = page.entries.iter().rev().filter_map(|entry| match entry {
        Entry::Post(post) if !post.ours && post.deleted_at.is_none() => Some(post),
        _ => None,
    });
    let mut why_not = "No post is left that could be answered".to_owned();
    let mut automatic = false;
    for post in standing {
        match post.mail.as_ref().and_then(|mail| mail.automatic.as_ref()).filter(|one| !one.kind.answerable()) {
            None => return Ok(post),
            Some(machine) if !automatic => (why_not, automatic) = (machine.words(), true),
            Some(_) => {}
        }
    }
    Err(why_not)
}

/// Our accounts on a network that can publish: those of the unit first, then of the units above it, then others.
/// Otherwise what is missing, if any account lives there at all.
fn handles<'a>(frame: &'a Frame<'_>, page: &CasePage, network: &str) -> Result<Vec<&'a Handle>, Option<String>> {
    let org = &frame.engine.org;
    let mut why = None;
    let mut found = Vec::new();
    for handle in org.handles.iter().filter(|handle| !handle.archived && handle.network == network) {
        match handle.account(&frame.app.hub.db) {
            Ok(_) => found.push(handle),
            Err(error) => why = why.or(Some(format!("{}: {error}", spoken::handle(&handle.name)))),
        }
    }
    let line: Vec<i64> = org.line_of(page.case.unit.id).iter().map(|unit| unit.id).collect();
    let distance = |handle: &&Handle| line.iter().position(|unit| *unit == handle.unit).unwrap_or(usize::MAX);
    found.sort_by_key(|handle| (distance(handle), handle.purpose, handle.id));
    if found.is_empty() { Err(why) } else { Ok(found) }
}

/// Who must approve, by name: the unit that the case's unit names, otherwise the one the handle names.
fn approval(frame: &Frame<'_>, page: &CasePage, handle: &Handle) -> Option<String> {
    let org = &frame.engine.org;
    let of_handle = || org.unit_by_key(handle.config.approval.as_deref()?).map(|unit| unit.id);
    let unit = org.approval_of(page.case.unit.id).or_else(of_handle)?;
    Some(org.unit_name(unit).to_owned())
}

/// Colleagues who write an answer too.
fn others(frame: &Frame<'_>, replies: &[Reply]) -> String {
    let me = frame.signed.viewer.member;
    let writing = |reply: &&Reply| reply.member_id != me && is_being_written(reply.state);
    let mut names: Vec<&str> = replies.iter().filter(writing).map(|reply| reply.author.as_str()).collect();
    names.dedup();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("{one} has a draft here too"),
        several => format!("{} have drafts here too", several.join(", ")),
    }
}
