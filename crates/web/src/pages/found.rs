//! Posts as a list shows them.

use std::ops::Range;

use dandelion_hub::search;

use super::wall::Wall;
use crate::view::{Text, desk::Chip, search::Found};

/// Letters of a post in a list.
const LETTERS: usize = 280;

/// A post with some of its words marked: byte ranges of its text.
pub(super) fn found(wall: &Wall, post: search::Found, marked: &[Range<usize>]) -> Found {
    let page = page_of(&post);
    let handle = post.handle.map(|handle| format!("@{}", handle.trim_start_matches('@')));
    let who = post.author.filter(|name| Some(name) != handle.as_ref()).or_else(|| handle.clone());
    let mut chips = Vec::new();
    if post.ours {
        chips.push(Chip::new("ours"));
    }
    if post.off {
        chips.push(Chip::open("not about us"));
    }
    if post.deleted {
        chips.push(Chip::new("deleted"));
    }
    let text = if post.deleted {
        Text::plain("Deleted by its author. Its text is no longer kept.")
    } else {
        Text::titled(post.title.as_deref(), &post.text, marked)
    };
    Found {
        who: who.unwrap_or_else(|| "Somebody".to_owned()),
        place: [handle, Some(post.network)].into_iter().flatten().collect::<Vec<_>>().join(" · "),
        time: wall.clock(post.created_at),
        text: text.shortened(LETTERS),
        page,
        case: post.case.map(|id| (id, String::new())),
        url: post.url.filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        chips,
        ..Found::default()
    }
}

/// The page of a post that was judged and stands in no case.
pub(super) fn page_of(post: &search::Found) -> Option<String> {
    let judged = post.mention && !post.deleted && !post.ours && post.case.is_none();
    judged.then(|| format!("/posts/{}", post.id))
}
