//! Personal data in what customers wrote, and who reads it.
//!
//! Whoever works with customers has to read the number they are asked to call; whoever only looks does not. So members
//! whose strongest role anywhere is `viewer`, and programs with a token of that role, are shown `[phone]`, `[email]`,
//! `[name]` and the like in the place of what [`dandelion_understand::personal`] finds: on every page and in everything
//! the API gives. Nothing is changed in the store. Marks of words lose their place where something was masked.

use std::{collections::HashSet, sync::Arc};

use dandelion_understand::personal::{Kind, find, mask};

use crate::{
    Hub, Result,
    scope::{Role, Viewer},
    store::q,
    unit::Org,
};

/// Whether somebody reads personal data in posts: agents and all above, of any unit.
pub fn reads(viewer: &Viewer) -> bool {
    viewer.may_anywhere(Role::Agent)
}

/// Posts that are looked through for order numbers.
const LOOKED_AT: i64 = 500;

/// In how many of the newest posts the organisation's order numbers stand, and how many were looked at.
pub async fn with_order_numbers(hub: &Hub) -> Result<(usize, usize)> {
    let org = Org::load(&hub.db).await?;
    let rows = hub.db.all(q!("select text from posts order by id desc limit $1", LOOKED_AT)).await?;
    let texts = rows.iter().map(|row| row.get::<String, _>("text")).collect::<Result<Vec<_>>>()?;
    let holds = |text: &&String| find(text, &org.order_numbers).iter().any(|span| span.kind == Kind::Order);
    Ok((texts.iter().filter(holds).count(), texts.len()))
}

/// What hides personal data from those who only look. It knows how the organisation's order numbers look.
#[derive(Debug, Default)]
pub(crate) struct Cover {
    org: Arc<Org>,
}

impl Cover {
    /// None where the viewer reads everything.
    pub(crate) async fn over(hub: &Hub, viewer: &Viewer) -> Result<Option<Self>> {
        if reads(viewer) {
            return Ok(None);
        }
        Ok(Some(Self { org: Box::pin(hub.engine()).await?.org.clone() }))
    }

    /// Masks personal data in a text; whether there was any.
    pub(crate) fn text(&self, text: &mut String) -> bool {
        let spans = find(text, &self.org.order_numbers);
        if spans.is_empty() {
            return false;
        }
        *text = mask(text, &spans);
        true
    }

    /// As [`Cover::text`], of several.
    pub(crate) fn texts<'a>(&self, texts: impl IntoIterator<Item = &'a mut String>) -> bool {
        let mut any = false;
        for text in texts {
            any |= self.text(text); // each of them, also after the first
        }
        any
    }

    /// Masks personal data in the quotes of a stored analysis, whose places in the text no longer hold. `texts` are the
    /// whole texts that it is of.
    pub(crate) fn quotes<'a>(&self, body: &mut serde_json::Value, texts: impl IntoIterator<Item = &'a str>) {
        self.quotes_with(body, &self.pieces(texts));
    }

    fn quotes_with(&self, body: &mut serde_json::Value, pieces: &HashSet<String>) {
        match body {
            serde_json::Value::Object(fields) => {
                fields.remove("personal");
                for (name, value) in fields.iter_mut() {
                    match (name.as_str(), value) {
                        ("words", serde_json::Value::String(words)) => {
                            if !self.text(words) && split(words).any(|piece| pieces.contains(&piece)) {
                                "[hidden]".clone_into(words);
                            }
                        }
                        ("span", span) => *span = serde_json::Value::Null,
                        ("spans", spans) => *spans = serde_json::json!([]),
                        (_, value) => self.quotes_with(value, pieces),
                    }
                }
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(|value| self.quotes_with(value, pieces)),
            _ => {}
        }
    }

    /// The pieces of which the personal data in some texts are made, in lower case: a single word quoted out of a number
    /// or a name is no longer seen to be one.
    fn pieces<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> HashSet<String> {
        let of = |text: &'a str| {
            find(text, &self.org.order_numbers).into_iter().filter_map(move |span| text.get(span.from..span.to))
        };
        texts.into_iter().flat_map(of).flat_map(split).collect()
    }
}

/// The text as it is read under a cover, if there is one.
pub(crate) fn shown(cover: Option<&Cover>, mut text: String) -> String {
    if let Some(cover) = cover {
        cover.text(&mut text);
    }
    text
}

fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()).map(str::to_lowercase)
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
        assert!(!reads(&somebody(Role::Viewer)));
        let seen = shown(Some(&Cover::default()), text.to_owned());
        assert_eq!(seen, "Call me on [phone] or write to [email], card [card]");
        for role in [Role::Agent, Role::Approver, Role::Lead, Role::Admin] {
            assert!(reads(&somebody(role)));
        }
        assert_eq!(shown(None, text.to_owned()), text);
        assert!(!reads(&somebody(Role::Admin).at_most(Role::Viewer)), "a token of that role");
    }

    #[test]
    fn order_numbers_are_masked_as_the_organisation_writes_them() {
        let org = Org { order_numbers: vec!["HB-999999".into()], ..Org::default() };
        let cover = Cover { org: Arc::new(org) };
        assert_eq!(shown(Some(&cover), "hb-120034 and HB-12".into()), "[order] and HB-12");
    }

    #[test]
    fn quotes_are_masked_and_lose_their_place() {
        let mut body = serde_json::json!({ "sentiment": { "value": "negative", "reasons": [
            { "rule": "r", "words": "mia@example.org", "span": [3, 18] },
            { "rule": "r", "words": "901820", "span": null }, { "rule": "r", "words": "or", "span": null }] }, "topics": [{ "words": "leak", "spans": [[1, 2]] }] });
        body["personal"] = serde_json::json!([{ "kind": "email", "span": [3, 18] }]);
        Cover::default().quotes(&mut body, ["call +49 30 901820 or mia@example.org"]);
        assert!(body.get("personal").is_none());
        assert_eq!(body["sentiment"]["reasons"][0]["words"], "[email]");
        assert!(body["sentiment"]["reasons"][0]["span"].is_null());
        let words = |at: usize| body["sentiment"]["reasons"][at]["words"].as_str();
        assert_eq!((words(1), words(2)), (Some("[hidden]"), Some("or")), "a part of a number is hidden, too");
        assert_eq!(body["topics"][0], serde_json::json!({ "words": "leak", "spans": [] }));
    }
}
