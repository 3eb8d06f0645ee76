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

/// Whether something is said to everybody. JSON-LD may shorten that address (ActivityPub §5.6).
pub(super) fn is_public(object: &Value) -> bool {
    let everybody = |to: &Value| matches!(to.as_str(), Some(PUBLIC | "as:Public" | "Public"));
    [&object["to"], &object["cc"]].into_iter().flat_map(each).any(everybody)
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

/// Something we say: one address for one key, whenever it is told.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The address of the actor of ours that says it.
    pub actor: &'a str,
    /// The reply's key.
    pub key: &'a str,
    /// The words.
    pub text: &'a str,
    /// The address of what it answers.
    pub in_reply_to: Option<&'a str>,
    /// Who is answered: their address, and `name@host` where that is known.
    pub to: Option<(&'a str, Option<&'a str>)>,
    /// When it was said.
    pub at: Timestamp,
    /// When its words were changed last.
    pub edited_at: Option<Timestamp>,
}

impl Said<'_> {
    /// Its address.
    pub fn id(&self) -> String {
        format!("{}/posts/{}", self.actor, encoded(self.key))
    }

    /// The note as whoever asks for its address is shown it.
    pub fn shown(&self) -> Value {
        let mut note = self.note();
        note["@context"] = CONTEXT.into();
        note
    }

    /// What stands there once it was taken back (ActivityStreams vocabulary, `Tombstone`).
    pub fn tombstone(&self, gone_at: Timestamp) -> Value {
        json!({
            "@context": CONTEXT, "id": self.id(), "type": "Tombstone", "formerType": "Note", "deleted": written(gone_at),
        })
    }

    /// Tells that it is said.
    pub fn create(&self) -> Value {
        let note = self.note();
        let mut activity = self.activity("Create", "activity", note.clone());
        activity["published"] = note["published"].clone();
        activity
    }

    /// Tells that its words are others now. One address for one wording, so that what is told twice is known as one.
    pub fn update(&self) -> Value {
        let at = self.edited_at.unwrap_or(self.at);
        let mut activity = self.activity("Update", &format!("updates/{}", at.as_microsecond()), self.note());
        activity["updated"] = written(at).into();
        activity
    }

    /// Tells that it was taken back.
    pub fn delete(&self, gone_at: Timestamp) -> Value {
        let mut tombstone = self.tombstone(gone_at);
        if let Some(fields) = tombstone.as_object_mut() {
            fields.remove("@context");
        }
        self.activity("Delete", "deletion", tombstone)
    }

    /// The note, for everybody and for whom it answers.
    fn note(&self) -> Value {
        let mut note = json!({
            "id": self.id(), "type": "Note", "attributedTo": self.actor, "content": markup(self.text), "url": self.id(),
            "published": written(self.at), "to": [PUBLIC], "cc": self.cc(),
        });
        if let Some(at) = self.edited_at {
            note["updated"] = written(at).into();
        }
        if let Some(id) = self.in_reply_to {
            note["inReplyTo"] = id.into();
        }
        if let Some((id, handle)) = self.to {
            let name = handle.map_or_else(|| id.to_owned(), |handle| format!("@{}", handle.trim_start_matches('@')));
            note["tag"] = json!([{ "type": "Mention", "href": id, "name": name }]);
        }
        note
    }

    fn cc(&self) -> Vec<String> {
        let mut cc = vec![format!("{}/followers", self.actor)];
        cc.extend(self.to.map(|(id, _)| id.to_owned()));
        cc
    }

    fn activity(&self, kind: &str, number: &str, object: Value) -> Value {
        json!({
            "@context": CONTEXT, "id": format!("{}/{number}", self.id()), "type": kind, "actor": self.actor,
            "to": [PUBLIC], "cc": self.cc(), "object": object,
        })
    }
}

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
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
        avatar: actor.icon.as_deref().and_then(Author::picture),
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
