//! Personal data in what customers wrote, and who reads it.
//!
//! Whoever works with customers has to read the number they are asked to call; whoever only looks does not. So members
//! whose strongest role anywhere is `viewer`, and programs with a token of that role, are shown `[phone]`, `[email]`,
//! `[name]` and the like in the place of what [`dandelion_understand::personal`] finds: on every page and in everything
//! the API gives. Nothing is changed in the store. Marks of words lose their place where something was masked.

use std::collections::HashSet;

use dandelion_understand::personal::{find, mask};

use crate::scope::{Role, Viewer};

/// Whether somebody reads personal data in posts: agents and all above, of any unit.
pub fn reads(viewer: &Viewer) -> bool {
    viewer.may_anywhere(Role::Agent)
}

/// Masks personal data in a text; whether there was any.
pub(crate) fn cover(text: &mut String) -> bool {
    let spans = find(text, &[]);
    if spans.is_empty() {
        return false;
    }
    *text = mask(text, &spans);
    true
}

/// As [`cover`], of a text that may be missing.
pub(crate) fn cover_all<'a>(texts: impl IntoIterator<Item = &'a mut String>) -> bool {
    let mut any = false;
    for text in texts {
        any |= cover(text); // each of them, also after the first
    }
    any
}

/// The text as somebody reads it.
pub fn shown(viewer: &Viewer, text: String) -> String {
    let mut text = text;
    if !reads(viewer) {
        cover(&mut text);
    }
    text
}

/// The pieces of which the personal data in some texts are made, in lower case: a single word quoted out of a number or
/// a name is no longer seen to be one.
pub(crate) fn pieces<'a>(texts: impl IntoIterator<Item = &'a str>) -> HashSet<String> {
    let of = |text: &'a str| find(text, &[]).into_iter().filter_map(move |span| text.get(span.from..span.to));
    texts.into_iter().flat_map(of).flat_map(split).collect()
}

fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()).map(str::to_lowercase)
}

/// Masks personal data in the quotes of a stored analysis, whose places in the text no longer hold. `pieces` are those of
/// the text that it is of.
pub(crate) fn cover_quotes(body: &mut serde_json::Value, pieces: &HashSet<String>) {
    match body {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match (name.as_str(), value) {
                    ("words", serde_json::Value::String(words)) => {
                        if !cover(words) && split(words).any(|piece| pieces.contains(&piece)) {
                            "[hidden]".clone_into(words);
                        }
                    }
                    ("span", span) => *span = serde_json::Value::Null,
                    ("spans", spans) => *spans = serde_json::json!([]),
                    (_, value) => cover_quotes(value, pieces),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(|value| cover_quotes(value, pieces)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(role: Role) -> Viewer {
        Viewer::new(1, "Vic".into(), &[(1, role)], &[(1, None)])
    }

    #[test]
    fn whoever_only_looks_reads_no_numbers_and_addresses() {
        let text = "Call me on +49 30 901820 or write to mia@example.org, card 4111 1111 1111 1111";
        let seen = shown(&somebody(Role::Viewer), text.to_owned());
        assert_eq!(seen, "Call me on [phone] or write to [email], card [card]");
        for role in [Role::Agent, Role::Approver, Role::Lead, Role::Admin] {
            assert_eq!(shown(&somebody(role), text.to_owned()), text);
        }
        assert_eq!(shown(&somebody(Role::Admin).at_most(Role::Viewer), text.to_owned()), seen, "a token of that role");
    }

    #[test]
    fn quotes_are_masked_and_lose_their_place() {
        let mut body = serde_json::json!({ "sentiment": { "value": "negative", "reasons": [
            { "rule": "r", "words": "mia@example.org", "span": [3, 18] },
            { "rule": "r", "words": "901820", "span": null }, { "rule": "r", "words": "or", "span": null }] }, "topics": [{ "words": "leak", "spans": [[1, 2]] }] });
        cover_quotes(&mut body, &pieces(["call +49 30 901820 or mia@example.org"]));
        assert_eq!(body["sentiment"]["reasons"][0]["words"], "[email]");
        assert!(body["sentiment"]["reasons"][0]["span"].is_null());
        let words = |at: usize| body["sentiment"]["reasons"][at]["words"].as_str();
        assert_eq!((words(1), words(2)), (Some("[hidden]"), Some("or")), "a part of a number is hidden, too");
        assert_eq!(body["topics"][0], serde_json::json!({ "words": "leak", "spans": [] }));
    }
}
