//! Which mails a machine wrote, and which kind of machine: by their headers alone (RFC 3834, RFC 3464, RFC 3798,
//! RFC 2369), never by their words.

use mail_parser::{Address, HeaderValue, Message, MessagePart, MimeHeaders as _, PartType};
use serde_json::{Value, json};

/// What kind of machine wrote a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Machine {
    /// A mail could not be delivered.
    Bounce,
    /// A mail is not delivered yet, or it was: a report that asks for nothing.
    Report,
    /// Somebody is away, or "we have received your message".
    Vacation,
    /// A mail was opened.
    Receipt,
    /// A mailing list passed on what a person wrote.
    List,
    /// One mail for many: a newsletter.
    Bulk,
    /// A program tells something.
    Notice,
}

impl Machine {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Bounce, Self::Report, Self::Vacation, Self::Receipt, Self::List, Self::Bulk, Self::Notice];

    /// As it is written in `extra`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Report => "report",
            Self::Vacation => "vacation",
            Self::Receipt => "receipt",
            Self::List => "list",
            Self::Bulk => "bulk",
            Self::Notice => "notice",
        }
    }

    /// For people: what such a mail is.
    pub fn words(self) -> &'static str {
        match self {
            Self::Bounce => "Returned mail",
            Self::Report => "Delivery report",
            Self::Vacation => "Automatic reply",
            Self::Receipt => "Read receipt",
            Self::List => "Passed on by a mailing list",
            Self::Bulk => "Newsletter",
            Self::Notice => "Automatic notice",
        }
    }

    /// Whether a person may answer it: behind a list there is somebody, behind the others there is nobody.
    pub fn answerable(self) -> bool {
        self == Self::List
    }
}

impl std::str::FromStr for Machine {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|machine| machine.as_str() == text).ok_or(())
    }
}

/// What wrote a mail, where it was no person, and by which header it is known.
pub fn machine(mail: &Message<'_>) -> Option<(Machine, String)> {
    report(mail).or_else(|| by_headers(mail))
}

fn report(mail: &Message<'_>) -> Option<(Machine, String)> {
    let kind = mail.content_type()?;
    let is_report = kind.ctype().eq_ignore_ascii_case("multipart") && kind.subtype()?.eq_ignore_ascii_case("report");
    let named = kind.attribute("report-type").unwrap_or_default().to_ascii_lowercase();
    let why = |named: &str| format!("Content-Type: multipart/report; report-type={named}");
    match named.as_str() {
        _ if !is_report => None,
        "delivery-status" => {
            let action = bounce(mail).and_then(|told| told["action"].as_str().map(ToOwned::to_owned));
            let report = matches!(action.as_deref(), Some("delayed" | "delivered" | "relayed" | "expanded"));
            Some((if report { Machine::Report } else { Machine::Bounce }, why(&named)))
        }
        "disposition-notification" => Some((Machine::Receipt, why(&named))),
        _ => Some((Machine::Notice, why(&named))),
    }
}

fn by_headers(mail: &Message<'_>) -> Option<(Machine, String)> {
    let header = |name: &str| mail.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    let told = |name: &str, value: &str| format!("{name}: {}", value.chars().take(80).collect::<String>());
    let found = |machine: Machine, name: &str, value: &str| Some((machine, told(name, value)));
    let from = address_of(mail.from()).unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default();
    if matches!(local, "mailer-daemon" | "mail-daemon") {
        return found(Machine::Bounce, "From", &from);
    }
    if let Some(value) = header("Auto-Submitted") {
        match value.split([';', ' ', '(']).next().unwrap_or_default() {
            "no" => {}
            "auto-replied" => return found(Machine::Vacation, "Auto-Submitted", &value),
            _ => return found(Machine::Notice, "Auto-Submitted", &value),
        }
    }
    for name in ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Mail-Autoreply"] {
        if let Some(value) = header(name).filter(|value| value != "no") {
            return found(Machine::Vacation, name, &value);
        }
    }
    let precedence = header("Precedence").unwrap_or_default();
    if precedence == "auto_reply" {
        return found(Machine::Vacation, "Precedence", &precedence);
    }
    if header("Return-Path").is_some_and(|path| path == "<>") {
        return found(Machine::Vacation, "Return-Path", "<>");
    }
    if let Some(value) = header("X-Auto-Response-Suppress").filter(|value| value.contains("all")) {
        return found(Machine::Notice, "X-Auto-Response-Suppress", &value);
    }
    if let Some(value) = header("List-Post").filter(|value| value.starts_with('<')) {
        return found(Machine::List, "List-Post", &value);
    }
    if let Some(value) = header("List-Unsubscribe") {
        return found(Machine::Bulk, "List-Unsubscribe", &value);
    }
    match precedence.as_str() {
        "bulk" | "junk" => found(Machine::Bulk, "Precedence", &precedence),
        "list" => found(Machine::List, "Precedence", &precedence),
        _ => header("List-Id").and_then(|value| found(Machine::List, "List-Id", &value)),
    }
}

/// What a report on delivery says of the first recipient that it is about (RFC 3464), and which mail it was (its
/// Message-ID, from the copy or the headers that come with the report).
pub fn bounce(mail: &Message<'_>) -> Option<Value> {
    let kind = |part: &MessagePart<'_>| {
        let kind = part.content_type()?;
        Some(format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase())
    };
    let mut told = serde_json::Map::new();
    for part in &mail.parts {
        match kind(part).as_deref() {
            Some("message/delivery-status" | "message/global-delivery-status") => {
                let text = String::from_utf8_lossy(part.contents()).into_owned();
                for (name, field) in [
                    ("action", "action:"),
                    ("status", "status:"),
                    ("recipient", "final-recipient:"),
                    ("why", "diagnostic-code:"),
                ] {
                    if let Some(value) = field_of(&text, field) {
                        told.insert(name.to_owned(), value.into());
                    }
                }
            }
            Some("message/rfc822" | "message/global") => {
                if let PartType::Message(inner) = &part.body
                    && let Some(id) = inner.message_id()
                {
                    told.insert("of".to_owned(), id.into());
                }
            }
            Some("text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers") => {
                let text = String::from_utf8_lossy(part.contents()).into_owned();
                if let Some(id) = field_of(&text, "message-id:") {
                    told.insert("of".to_owned(), id.trim_matches(['<', '>']).into());
                }
            }
            _ => {}
        }
    }
    if told.is_empty() { None } else { Some(json!(told)) }
}

/// The first field of this name (lower case, with its colon), its continuation lines joined, without its type.
fn field_of(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| !line.to_ascii_lowercase().starts_with(name));
    let first = lines.next()?.get(name.len()..)?.trim().to_owned();
    let more = lines.take_while(|line| line.starts_with([' ', '\t'])).map(str::trim);
    let whole = std::iter::once(first.as_str()).chain(more).collect::<Vec<_>>().join(" ");
    let value = match name {
        "final-recipient:" | "diagnostic-code:" => whole.split_once(';').map_or(whole.as_str(), |(_, value)| value),
        _ => &whole,
    };
    let value = value.trim();
    let value = if name == "action:" { value.to_ascii_lowercase() } else { value.to_owned() };
    (!value.is_empty()).then(|| value.chars().take(500).collect())
}

/// The first address of a list, in lower case.
pub(super) fn address_of(list: Option<&Address<'_>>) -> Option<String> {
    list?.iter().find_map(|one| one.address.as_deref()).map(|address| address.trim().to_lowercase())
}

/// The ids of a header like `References`.
pub(super) fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let all: Vec<&str> = match value {
        HeaderValue::Text(id) => vec![id.as_ref()],
        HeaderValue::TextList(ids) => ids.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    let plain = |id: &str| id.trim().trim_matches(['<', '>']).to_owned();
    all.into_iter().map(plain).filter(|id| !id.is_empty() && id.len() <= dandelion_post::Post::MAX_ID).collect()
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn kind(headers: &str) -> Option<&'static str> {
        let text = format!("From: Ana <ana@x.example>\r\nSubject: Kettle\r\n{headers}\r\n\r\nIt leaks");
        let mail = MessageParser::default().parse(text.as_bytes()).unwrap();
        machine(&mail).map(|(machine, why)| {
            assert!(why.contains(':'));
            machine.as_str()
        })
    }

    #[test]
    fn machines_are_told_apart_by_their_headers() {
        for (headers, expected) in [
            ("X-Mailer: Thunderbird", None),
            ("Auto-Submitted: no", None),
            ("Auto-Submitted: auto-replied (vacation)", Some("vacation")),
            ("Auto-Submitted: auto-generated", Some("notice")),
            ("X-Autoreply: yes", Some("vacation")),
            ("Precedence: auto_reply", Some("vacation")),
            ("Return-Path: <>", Some("vacation")),
            ("Return-Path: <ana@x.example>", None),
            ("X-Auto-Response-Suppress: All", Some("notice")),
            ("X-Auto-Response-Suppress: DR, RN", None),
            ("Precedence: bulk", Some("bulk")),
            ("List-Unsubscribe: <mailto:off@x.example>", Some("bulk")),
            ("List-Id: Kettles <k.x.example>\r\nList-Post: <mailto:k@x.example>\r\nPrecedence: list", Some("list")),
            ("Precedence: list", Some("list")),
            ("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", Some("receipt")),
        ] {
            assert_eq!(kind(headers), expected, "{headers}");
        }
        assert!(Machine::List.answerable() && !Machine::Vacation.answerable() && !Machine::Bounce.answerable());
    }

    /// The example of RFC 3464, appendix E.1, shortened.
    #[test]
    fn a_report_says_what_was_not_delivered_to_whom_and_why() {
        let dsn = "From: Mail Delivery Subsystem <MAILER-DAEMON@CS.UTK.EDU>\r\nTo: <owner-info-mime@cs.utk.edu>\r\n\
            MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"B\"\r\n\
            Subject: Returned mail: Cannot send message for 5 days\r\n\r\n--B\r\n\r\nThe original message was received\r\n\
            --B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; cs.utk.edu\r\n\r\n\
            Original-Recipient: rfc822;louisl@larry.slip.umd.edu\r\nFinal-Recipient: rfc822;louisl@larry.slip.umd.edu\r\n\
            Action: failed\r\nStatus: 4.0.0\r\nDiagnostic-Code: smtp; 426 connection\r\n timed out\r\n\r\n--B\r\n\
            Content-Type: message/rfc822\r\n\r\nMessage-ID: <199407061803.OAA00001@cs.utk.edu>\r\nSubject: x\r\n\r\nbody\r\n--B--\r\n";
        let mail = MessageParser::default().parse(dsn.as_bytes()).unwrap();
        assert_eq!(machine(&mail).map(|(machine, _)| machine), Some(Machine::Bounce));
        let told = bounce(&mail).unwrap();
        assert_eq!((told["action"].as_str(), told["status"].as_str()), (Some("failed"), Some("4.0.0")));
        assert_eq!(told["recipient"], "louisl@larry.slip.umd.edu");
        assert_eq!(told["why"], "426 connection timed out");
        assert_eq!(told["of"], "199407061803.OAA00001@cs.utk.edu");
        let delayed = dsn.replace("Action: failed", "Action: delayed");
        let mail = MessageParser::default().parse(delayed.as_bytes()).unwrap();
        assert_eq!(machine(&mail).map(|(machine, _)| machine), Some(Machine::Report));
    }
}
