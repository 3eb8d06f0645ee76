//! Values of fields as terms, so that `from:acme` or `site:example.com` can be waited at like a word.

use dandelion_post::Post;

use super::segment::{Segment, State};
use super::terms::Domain;
use crate::facts::Facts;
use crate::known::host_of;
use crate::query::NameField;
use crate::words::fold;
use crate::words::scan::Scan;

impl Segment {
    /// Notes the values of those fields that some query waits at. Every value that the full test would accept must be
    /// among them; more do no harm.
    pub(super) fn note_fields(&self, post: &Post, facts: &Facts, scan: &Scan, state: &mut State) {
        if self.fields == 0 {
            return;
        }
        for field in NameField::ALL {
            if self.fields >> *field as u8 & 1 == 1 {
                let domain = Domain::of_field(*field);
                values(*field, post, facts, scan, &mut |value| self.note_value(domain, value.as_bytes(), state));
            }
        }
    }
}

fn values(field: NameField, post: &Post, facts: &Facts, scan: &Scan, tell: &mut dyn FnMut(&str)) {
    let extra = |key: &str| post.extra.get(key).and_then(|value| value.as_str());
    let mut folded = |value: Option<&str>| value.into_iter().for_each(|value| tell(&fold(value)));
    match field {
        NameField::From => post.author.iter().for_each(|author| {
            author.handle.iter().chain(&author.id).for_each(|name| handle(name, tell));
        }),
        NameField::To | NameField::Mentions => {
            for entry in scan.entries.iter().filter(|entry| entry.kind == crate::words::Kind::Handle) {
                handle(&String::from_utf8_lossy(scan.word(entry)), tell);
            }
            if field == NameField::To {
                ["in_reply_to_handle", "in_reply_to_screen_name"]
                    .into_iter()
                    .filter_map(extra)
                    .for_each(|it| handle(it, tell));
            }
        }
        NameField::Lang => {
            let tag = fold(facts.language.or(post.lang.as_deref()).unwrap_or_default()).replace('_', "-");
            tell(&tag);
            tag.match_indices('-').for_each(|(at, _)| tell(&tag[..at]));
        }
        NameField::Country => folded(facts.country.or_else(|| extra("country"))),
        NameField::Network => folded(facts.network.or(post.network.as_ref().map(dandelion_post::Network::as_str))),
        NameField::Source => folded(facts.source),
        NameField::Site => {
            let host = host_of(post.url.as_deref().unwrap_or_default()).to_lowercase();
            tell(&host);
            host.match_indices('.').for_each(|(at, _)| tell(&host[at + 1..]));
        }
        NameField::In => tell(post.thread.as_deref().unwrap_or_default()),
        NameField::Sentiment => folded(facts.sentiment),
        NameField::Intent => facts.intents.iter().for_each(|it| tell(&fold(it))),
        NameField::Topic => facts.topics.iter().for_each(|it| tell(&fold(it))),
        NameField::Unit => facts.units.iter().for_each(|it| tell(&fold(it))),
        // Too common to wait at, or not found by whole values.
        NameField::Type | NameField::Link => {}
    }
}

/// A handle with its host and without.
fn handle(name: &str, tell: &mut dyn FnMut(&str)) {
    let name = fold(name.trim_start_matches('@'));
    tell(&name);
    if let Some((local, _)) = name.split_once('@') {
        tell(local);
    }
}
