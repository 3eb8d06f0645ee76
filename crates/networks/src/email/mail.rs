//! From a mail (RFC 5322, MIME) to a post. Whatever the bytes are, something is read, or it is said why not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dandelion_post::{Author, Media, Post, Refusal};
use jiff::Timestamp;
use mail_parser::{Address, Message, MessageParser, MimeHeaders as _, PartType};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    fold::{self, fold},
    machine::{self, Machine},
};
use crate::{
    clean,
    contract::{Item, Refused, hex, json::encoded},
};

/// Most bytes of headers kept beside a post.
const HEADERS: usize = 32 * 1024;
/// Most attachments named.
const ATTACHMENTS: usize = 100;
/// Headers that a post has words of its own for, or that only say how it was packed.
const KNOWN: [&str; 11] = [
    "subject",
    "from",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "to",
    "cc",
];

/// A mail as it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mail {
    /// Its Message-ID without angle brackets, or a digest of the whole where it has none.
    pub id: String,
    /// Who wrote it, as the mail says: address (lower case) and name.
    pub from: (Option<String>, Option<String>),
    /// Where answers are wanted: `Reply-To`, else `From`.
    pub answers_to: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// When it was written, as the mail says.
    pub date: Option<Timestamp>,
    /// Its words, whole: quotes and signature included.
    pub text: String,
    /// Its markup, where it has some.
    pub html: Option<String>,
    /// The ids of `In-Reply-To`.
    pub in_reply_to: Vec<String>,
    /// The ids of `References`, the oldest first.
    pub references: Vec<String>,
    /// What came with it: media type, name and size in bytes.
    pub attachments: Vec<(String, Option<String>, usize)>,
    /// Which machine wrote it, where no person did, and by which header it is known.
    pub machine: Option<(Machine, String)>,
    /// Everything else: `to`, `cc`, `bounce`, `headers`.
    pub more: serde_json::Map<String, Value>,
}

/// Reads a mail. None where it has not even a header, or its parts contradict each other so that nobody can read them.
pub fn read(bytes: &[u8]) -> Option<Mail> {
    // The parser is known to give up on parts that were cut oddly, which must not reach further than the mail.
    catch_unwind(AssertUnwindSafe(|| parse(bytes))).ok().flatten()
}

fn parse(bytes: &[u8]) -> Option<Mail> {
    let parsed = MessageParser::default().parse(bytes)?;
    let from = first(parsed.from()).or_else(|| first(parsed.sender())).unwrap_or_default();
    let (text, html) = body(&parsed);
    let digest = || format!("sha256-{}", hex(&Sha256::digest(bytes)[..16]));
    let id = parsed.message_id().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty() && id.len() <= Post::MAX_ID);
    Some(Mail {
        id: id.unwrap_or_else(digest),
        answers_to: machine::address_of(parsed.reply_to()).or_else(|| from.0.clone()),
        from,
        subject: parsed.subject().map(one_line).filter(|subject| !subject.is_empty()),
        date: parsed.date().filter(|date| date.is_valid()).and_then(|d| Timestamp::from_second(d.to_timestamp()).ok()),
        text,
        html,
        in_reply_to: machine::ids(parsed.in_reply_to()),
        references: machine::ids(parsed.references()),
        attachments: attachments(&parsed),
        machine: machine::machine(&parsed),
        more: more(&parsed),
    })
}

/// A mail as a post; `received` is when it came, where the mail does not say when it was written.
pub fn post(bytes: &[u8], received: Option<Timestamp>) -> Item {
    let Some(mail) = read(bytes) else {
        let raw: String = String::from_utf8_lossy(bytes).chars().take(2000).collect();
        return Err(Refused {
            refusal: Refusal::new(
                "mail",
                "this is no mail that can be read: it has no header, or its parts do not fit together",
                &raw,
            ),
            raw,
        });
    };
    mail.post(received)
}

impl Mail {
    /// As a post: what is new in it is its text; quotes and signature are kept beside it.
    pub fn post(self, received: Option<Timestamp>) -> Item {
        let parts = fold(&self.text);
        let reply_to = self.in_reply_to.first().or(self.references.last()).cloned();
        let mut extra = self.more;
        let bounced = extra.get("bounce").and_then(|bounce| bounce["of"].as_str()).map(ToOwned::to_owned);
        let reply_to = bounced.or(reply_to).filter(|id| *id != self.id);
        let thread = self.references.first().or(reply_to.as_ref()).cloned();
        let mut keep = |name: &str, text: &str| {
            if !text.is_empty() {
                extra.insert(name.to_owned(), clean::head(text, Post::MAX_TEXT / 2).into());
            }
        };
        keep("quoted", &parts.quoted);
        keep("signature", &parts.signature);
        if let Some((machine, why)) = &self.machine {
            extra.insert("automatic".to_owned(), json!({ "kind": machine.as_str(), "why": why }));
        }
        if self.answers_to != self.from.0
            && let Some(to) = &self.answers_to
        {
            extra.insert("answers_to".to_owned(), to.as_str().into());
        }
        if parts.said.len() > Post::MAX_TEXT {
            extra.insert("cut_at".to_owned(), Post::MAX_TEXT.into());
        }
        let media = media(&self.id, &self.attachments);
        let author = Author { handle: self.from.0, name: self.from.1, ..Author::default() };
        let empty = parts.said.trim().is_empty() && self.subject.is_none() && media.is_empty();
        let post = Post {
            // A mail without a word says as much.
            text: if empty {
                "(an empty mail)".to_owned()
            } else {
                clean::head(&parts.said, Post::MAX_TEXT).to_owned()
            },
            html: self.html.filter(|html| html.len() <= Post::MAX_HTML && clean::is_markup(html)),
            title: self.subject,
            created_at: self.date.or(received),
            thread: Some(thread.unwrap_or_else(|| self.id.clone())),
            in_reply_to: reply_to,
            author: (author != Author::default()).then_some(author),
            media,
            extra,
            id: self.id,
            ..Post::default()
        };
        post.check().map_err(|refusal| Refused { refusal, raw: post.id.clone() })?;
        Ok(post)
    }
}

/// The words of a mail and its markup. Where it is markup alone, its words are those of the markup before what it quotes.
fn body(mail: &Message<'_>) -> (String, Option<String>) {
    let text_of = |id: &u32| match mail.part(*id).map(|part| &part.body) {
        Some(PartType::Text(text)) => Some(text.to_string()),
        Some(PartType::Html(html)) => Some(clean::text(fold::quote_in_markup(html).map_or(html, |at| &html[..at]))),
        _ => None,
    };
    let words: Vec<String> = mail.text_body.iter().filter_map(text_of).collect();
    let markup_of = |id: &u32| match mail.part(*id).map(|part| &part.body) {
        Some(PartType::Html(html)) => Some(fold::quote_in_markup(html).map_or(html.as_ref(), |at| &html[..at])),
        _ => None,
    };
    let markup: String = mail.html_body.iter().filter_map(markup_of).collect();
    (joined(&words), Some(markup).filter(|markup| !markup.trim().is_empty()))
}

fn joined(parts: &[String]) -> String {
    parts
        .iter()
        .map(|part| part.trim_end())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
        .replace("\r\n", "\n")
}

fn attachments(mail: &Message<'_>) -> Vec<(String, Option<String>, usize)> {
    let one = |part: &mail_parser::MessagePart<'_>| {
        let kind = part.content_type().map_or_else(
            || "application/octet-stream".to_owned(),
            |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_ascii_lowercase(),
        );
        let name = part.attachment_name().map(one_line).filter(|name| !name.is_empty());
        (kind, name, part.contents().len())
    };
    mail.attachments().map(one).collect()
}

/// What came with a mail, by the addresses of RFC 2392; they lead nowhere but into the mailbox.
fn media(id: &str, attachments: &[(String, Option<String>, usize)]) -> Vec<Media> {
    let part = encoded(id);
    let one = |(number, (kind, name, size)): (usize, &(String, Option<String>, usize))| {
        let family = kind.split('/').next().unwrap_or_default();
        let kind = if matches!(family, "image" | "video" | "audio") { family } else { "file" };
        let name = name.clone().unwrap_or_else(|| "without a name".to_owned());
        Media {
            kind: kind.to_owned(),
            url: format!("mid:{part}/{}", number + 1),
            alt: Some(format!("{name}, {size} bytes")),
        }
    };
    attachments.iter().enumerate().take(ATTACHMENTS).map(one).collect()
}

fn more(mail: &Message<'_>) -> serde_json::Map<String, Value> {
    let mut more = serde_json::Map::new();
    for (name, list) in [("to", mail.to()), ("cc", mail.cc())] {
        let all: Vec<String> = list.map(addresses).unwrap_or_default();
        if !all.is_empty() {
            more.insert(name.to_owned(), all.into());
        }
    }
    if let Some(bounce) = machine::bounce(mail) {
        more.insert("bounce".to_owned(), bounce);
    }
    let (mut headers, mut size) = (Vec::new(), 0);
    for (name, value) in mail.headers_raw() {
        let value = one_line(value);
        size += name.len() + value.len();
        if KNOWN.contains(&name.to_ascii_lowercase().as_str()) || size > HEADERS {
            continue;
        }
        headers.push(json!([name, value]));
    }
    if !headers.is_empty() {
        more.insert("headers".to_owned(), headers.into());
    }
    more
}

fn addresses(list: &Address<'_>) -> Vec<String> {
    list.iter()
        .filter_map(|one| one.address.as_deref())
        .map(|address| address.trim().to_lowercase())
        .take(100)
        .collect()
}

fn first(list: Option<&Address<'_>>) -> Option<(Option<String>, Option<String>)> {
    let one = list?.iter().next()?;
    let text = |text: &str| Some(one_line(text)).filter(|text| !text.is_empty());
    let address = one.address.as_deref().and_then(text).map(|address| address.to_lowercase());
    let name = one.name.as_deref().and_then(text);
    (address.is_some() || name.is_some()).then_some((address, name))
}

/// Folded headers on one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_contradict_each_other_are_no_end_of_reading() {
        // The parser of mails gives up on a message within a message within a part.
        let odd = "Content-Type: multipart/report; boundary=\"b\"\n\n\n--b\nx\nContent-Type: MESSAGE/RFC822\n\nRe\n\
            Content-Type: message/rfc822\n\nReturn\n\n--b--\n\n";
        for mail in [odd.to_owned(), format!("Subject: hello\n{odd}")] {
            let _ = post(mail.as_bytes(), None);
        }
    }

    const MAIL: &str = "Return-Path: <ana@x.example>\r\nFrom: =?utf-8?q?Ana_M=C3=BCller?= <Ana@X.example>\r\nTo: care@acme.example, b@y.example\r\n\
        Reply-To: private@x.example\r\nSubject: Re: Kettle\r\n leaks\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <m3@x.example>\r\n\
        In-Reply-To: <m2@acme.example>\r\nReferences: <m1@x.example>\r\n <m2@acme.example>\r\nX-Odd: yes\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe K2, since Sunday.\r\n-- \r\nAna\r\n\r\n\
        On 2026-03-01 care@acme.example wrote:\r\n> Which one?\r\n--B\r\nContent-Type: image/png; name=\"puddle.png\"\r\n\
        Content-Disposition: attachment; filename=\"puddle.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--B--\r\n";

    #[test]
    fn a_mail_becomes_a_post_and_nothing_is_lost() {
        let post = post(MAIL.as_bytes(), None).unwrap();
        assert_eq!((post.id.as_str(), post.in_reply_to.as_deref()), ("m3@x.example", Some("m2@acme.example")));
        assert_eq!(post.thread.as_deref(), Some("m1@x.example"));
        assert_eq!((post.text.as_str(), post.title.as_deref()), ("The K2, since Sunday.", Some("Re: Kettle leaks")));
        assert_eq!(post.extra["quoted"], "On 2026-03-01 care@acme.example wrote:\n> Which one?");
        assert_eq!(post.extra["signature"], "-- \nAna");
        assert_eq!(post.created_at.unwrap().to_string(), "2026-03-02T09:00:00Z");
        let author = post.author.unwrap();
        assert_eq!((author.handle.as_deref(), author.name.as_deref()), (Some("ana@x.example"), Some("Ana Müller")));
        assert_eq!(post.media[0].kind, "image");
        assert_eq!(post.media[0].alt.as_deref(), Some("puddle.png, 8 bytes"));
        assert_eq!(post.extra["to"], json!(["care@acme.example", "b@y.example"]));
        assert_eq!(post.extra["answers_to"], "private@x.example");
        assert!(post.extra["headers"].as_array().unwrap().contains(&json!(["X-Odd", "yes"])));
        assert!(!post.extra.contains_key("automatic"));
    }

    #[test]
    fn what_lacks_parts_is_read_all_the_same() {
        let bare = post(b"Subject: only this\r\n\r\n", None).unwrap();
        assert!(bare.id.starts_with("sha256-") && bare.author.is_none() && bare.created_at.is_none());
        assert_eq!(bare.thread.as_deref(), Some(bare.id.as_str()));
        assert_eq!(post(b"X: y\r\n\r\n\r\n", None).unwrap().text, "(an empty mail)");
        assert_eq!(post(b"", None).unwrap_err().refusal.field, "mail");
        let html = "From: a@x.example\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>Der Kessel ist <b>undicht</b></p><blockquote>alt</blockquote>";
        let html = post(html.as_bytes(), None).unwrap();
        assert_eq!(
            (html.text.as_str(), html.html.as_deref()),
            ("Der Kessel ist undicht", Some("<p>Der Kessel ist <b>undicht</b></p>"))
        );
        let own = post(b"Message-ID: <a@x>\r\nIn-Reply-To: <a@x>\r\n\r\nround and round", None).unwrap();
        assert_eq!(own.in_reply_to, None, "nothing answers itself");
    }
}
