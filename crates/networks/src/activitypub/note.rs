//! Notes: those of others as posts, and our words as notes.

use dandelion_post::{Author, Media, Post};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::actor::{Actor, each};
use crate::{
    clean,
    contract::{Item, checked, json::encoded, refused},
};

/// Everybody.
pub(super) const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Whether this is something said: what is read as a post.
pub(super) fn is_said(object: &Value) -> bool {
    each(&object["type"]).any(|kind| matches!(kind.as_str(), Some("Note" | "Article" | "Page" | "Question")))
}

/// Reads a note of this author.
pub(super) fn post(raw: &Value, author: &Actor) -> Item {
    let Value::Object(fields) = raw else { return Err(refused("object", "is no object", raw)) };
    let mut fields = fields.clone();
    let mut take = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => Some(text).filter(|text| !text.is_empty()),
        Some(Value::Null) | None => None,
        Some(other) => {
            fields.insert(name.to_owned(), other);
            None
        }
    };
    let Some(id) = take("id") else { return Err(refused("id", "the note has no id", raw)) };
    let html = take("content").unwrap_or_default();
    let title = take("summary").or_else(|| take("name")).filter(|title| !title.trim().is_empty());
    let in_reply_to = take("inReplyTo");
    let url = take("url").filter(|url| url.starts_with("http"));
    let (created_at, edited_at) = (moment(&mut fields, "published"), moment(&mut fields, "updated"));
    fields.remove("attributedTo");
    let lang = raw["contentMap"].as_object().and_then(|map| map.keys().next().cloned());
    let post = Post {
        url: url.or_else(|| Some(id.clone())),
        text: clean::text(&html),
        html: Some(html).filter(|html| clean::is_markup(html)),
        title: title.map(|title| clean::text(&title)),
        lang,
        created_at,
        edited_at,
        in_reply_to,
        author: Some(author_of(author)),
        media: each(&raw["attachment"]).filter_map(media).collect(),
        extra: fields,
        id,
        ..Post::default()
    };
    checked(post, raw)
}

/// A deletion.
pub(super) fn deletion(id: &str, at: Timestamp) -> Post {
    Post { id: id.to_owned(), deleted_at: Some(at), ..Post::default() }
}

/// A note of ours: one address for one key, whenever it is made.
pub(super) struct Written<'a> {
    pub actor: &'a str,
    pub key: &'a str,
    pub text: &'a str,
    pub in_reply_to: Option<&'a str>,
    pub at: Timestamp,
}

impl Written<'_> {
    /// Its address.
    pub fn id(&self) -> String {
        format!("{}/posts/{}", self.actor, encoded(self.key))
    }

    /// The note, for everybody and for whom it answers.
    pub fn note(&self, to: Option<&Actor>) -> Value {
        let mut cc = vec![Value::from(format!("{}/followers", self.actor))];
        cc.extend(to.map(|to| Value::from(to.id.clone())));
        let mut note = json!({
            "id": self.id(), "type": "Note", "attributedTo": self.actor, "content": markup(self.text), "url": self.id(),
            "published": self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "to": [PUBLIC], "cc": cc,
        });
        if let Some(id) = self.in_reply_to {
            note["inReplyTo"] = id.into();
        }
        if let Some(to) = to {
            let name = to.handle.as_deref().map_or_else(|| to.id.clone(), |handle| format!("@{handle}"));
            note["tag"] = json!([{ "type": "Mention", "href": to.id, "name": name }]);
        }
        note
    }

    /// The note as it is sent.
    pub fn create(&self, to: Option<&Actor>) -> Value {
        let note = self.note(to);
        json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{}/activity", self.id()), "type": "Create",
            "actor": self.actor, "published": note["published"], "to": note["to"], "cc": note["cc"], "object": note,
        })
    }
}

/// Words as markup: paragraphs, lines, and addresses that can be followed.
fn markup(text: &str) -> String {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let word = |word: &str| {
        let bare = word.trim_end();
        let web = bare.starts_with("https://") || bare.starts_with("http://");
        let address = bare.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        match url::Url::parse(address) {
            Ok(url) if web && url.has_host() => {
                let (shown, rest) = (escaped(address), escaped(&word[address.len()..]));
                format!("<a href=\"{shown}\" rel=\"nofollow noopener\">{shown}</a>{rest}")
            }
            _ => escaped(word),
        }
    };
    let line = |line: &str| line.split_inclusive(' ').map(word).collect::<String>();
    let paragraph = |part: &str| format!("<p>{}</p>", part.lines().map(line).collect::<Vec<_>>().join("<br>"));
    text.split("\n\n").filter(|part| !part.trim().is_empty()).map(paragraph).collect()
}

fn author_of(actor: &Actor) -> Author {
    Author {
        id: Some(actor.id.clone()),
        handle: actor.handle.clone(),
        name: actor.name.clone(),
        url: actor.url.clone().or_else(|| Some(actor.id.clone())),
        ..Author::default()
    }
}

fn media(raw: &Value) -> Option<Media> {
    let url = raw["url"].as_str().or_else(|| raw["href"].as_str()).filter(|url| url.starts_with("http"))?;
    let kind = match (raw["type"].as_str(), raw["mediaType"].as_str().and_then(|kind| kind.split('/').next())) {
        (_, Some(kind @ ("image" | "video" | "audio"))) => kind,
        (Some("Image"), _) => "image",
        (Some("Video"), _) => "video",
        (Some("Audio"), _) => "audio",
        _ => "file",
    };
    let alt = raw["name"].as_str().filter(|alt| !alt.is_empty()).map(ToOwned::to_owned);
    Some(Media { kind: kind.to_owned(), url: url.to_owned(), alt })
}

fn moment(fields: &mut Map<String, Value>, name: &str) -> Option<Timestamp> {
    let at = fields.get(name)?.as_str().and_then(crate::moment::read)?;
    fields.remove(name);
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::markup;

    #[test]
    fn words_become_markup_that_does_nothing() {
        assert_eq!(markup("a <b> & \"c\"\nd\n\ne"), "<p>a &lt;b&gt; &amp; &quot;c&quot;<br>d</p><p>e</p>");
        assert_eq!(
            markup("see https://x.example/?a=\"b\"&c."),
            "<p>see <a href=\"https://x.example/?a=&quot;b&quot;&amp;c\" rel=\"nofollow noopener\">https://x.example/?a=&quot;b&quot;&amp;c</a>.</p>"
        );
        assert_eq!(markup("javascript:x https://"), "<p>javascript:x https://</p>");
    }
}
