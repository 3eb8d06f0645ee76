//! Which mailbox on which servers.

use dandelion_post::Refusal;
use url::Url;

use crate::{contract::Place, guess::Guess};

/// Usual ports for connections that are secured from the beginning (RFC 8314).
const IMAPS: u16 = 993;
const SUBMISSIONS: u16 = 465;
/// Mails to one person in a day, at most, unless said otherwise.
const CAP: u32 = 20;

/// A server that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub host: String,
    pub port: u16,
}

impl Server {
    /// Whether the connection is secured before anything is said; on other ports it is secured by STARTTLS.
    pub fn secured_at_once(&self) -> bool {
        matches!(self.port, IMAPS | SUBMISSIONS)
    }
}

/// A mailbox, as a person set it up.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    /// Our address.
    pub address: String,
    /// What its owner is called, where that was said.
    pub name: Option<String>,
    pub user: String,
    pub password: String,
    pub imap: Server,
    pub smtp: Server,
    /// What is read.
    pub folder: String,
    /// Whether a blind copy comes to ourselves, as proof that a mail went out.
    pub copy: bool,
    /// Mails to one person in a day, at most.
    pub cap: u32,
}

/// Reads what was set up, or says what is missing.
pub(super) fn mailbox(place: &Place) -> Result<Mailbox, Refusal> {
    let address = address(&place.url)
        .ok_or_else(|| Refusal::new("url", "write the mailbox's address, care@yourcompany.example", &place.url))?;
    let domain = address.split_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
    let imap = match place.setting("imap") {
        Some(given) => server(given, IMAPS).ok_or_else(|| not_a_server("imap", given))?,
        None => Server { host: format!("imap.{domain}"), port: IMAPS },
    };
    let smtp = match place.setting("smtp") {
        Some(given) => server(given, SUBMISSIONS).ok_or_else(|| not_a_server("smtp", given))?,
        None => Server { host: imap.host.replacen("imap.", "smtp.", 1), port: SUBMISSIONS },
    };
    let folder = place.setting("folder").unwrap_or("INBOX").to_owned();
    if folder.chars().any(char::is_control) || folder.len() > 200 {
        return Err(Refusal::new("folder", "write a folder's name as the mail server has it, INBOX", &folder));
    }
    let copy = match place.setting("copy").unwrap_or("yes") {
        "yes" => true,
        "no" => false,
        other => return Err(Refusal::new("copy", "write yes or no", other)),
    };
    let cap =
        match place.setting("cap") {
            None => CAP,
            Some(given) => given.parse().ok().filter(|cap| (1..=1000).contains(cap)).ok_or_else(|| {
                Refusal::new("cap", "write how many mails one person may get in a day, 1 to 1000", given)
            })?,
        };
    Ok(Mailbox {
        user: place.setting("user").unwrap_or(&address).to_owned(),
        name: place.setting("name").map(super::mail::one_line),
        password: place.credentials.get("password").unwrap_or_default().to_owned(),
        address,
        imap,
        smtp,
        folder,
        copy,
        cap,
    })
}

pub(super) fn check(place: &Place) -> Result<(), Refusal> {
    let mailbox = mailbox(place)?;
    if mailbox.password.is_empty() {
        let reason = "enter the mailbox's password; where you sign in with a second factor, make a password for \
                      programs (an app password) in the mailbox's settings";
        return Err(Refusal::new("password", reason, ""));
    }
    let plain = |text: &str| !text.is_empty() && !text.contains(['\r', '\n', '\0']);
    if !plain(&mailbox.user) || !plain(&mailbox.password) {
        return Err(Refusal::new("password", "the name or the password holds a line break; enter it again", ""));
    }
    Ok(())
}

fn not_a_server(field: &str, given: &str) -> Refusal {
    Refusal::new(
        field,
        format!("write the server's name, {field}.yourcompany.example, with :PORT if it has another"),
        given,
    )
}

/// `host` or `host:port`.
fn server(text: &str, usual: u16) -> Option<Server> {
    let url = Url::parse(&format!("http://{}", text.trim())).ok()?;
    let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.fragment().is_none();
    let port = if text.trim().ends_with(":80") { 80 } else { url.port().unwrap_or(usual) };
    plain.then(|| Some(Server { host: url.host_str()?.to_owned(), port }))?
}

/// A plain address out of `mailto:…`, `<…>` or itself; lower case.
pub(super) fn address(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("mailto:").trim_matches(['<', '>']);
    let (local, domain) = text.rsplit_once('@')?;
    let word = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let local_fits = !local.is_empty() && local.len() <= 64 && local.chars().all(word);
    let host = Url::parse(&format!("http://{domain}/")).ok()?;
    let domain_fits =
        host.domain().is_some_and(|host| host.contains('.')) && host.port().is_none() && domain.len() <= 255;
    let bare = !domain.contains(['/', '?', '#', ':', '@', ' ']);
    (local_fits && domain_fits && bare)
        .then(|| format!("{}@{}", local.to_lowercase(), host.domain().unwrap_or_default()))
}

pub(super) fn guess(typed: &str) -> Option<Guess> {
    // With `@` or `#` before it, it is a handle of a network.
    if typed.starts_with(['@', '#']) {
        return None;
    }
    let address = address(typed)?;
    Some(Guess::new(3, format!("mailto:{address}"), &[], format!("the mailbox {address}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Credentials;

    fn place(settings: &serde_json::Value) -> Place {
        let settings = settings.as_object().cloned().unwrap_or_default();
        Place {
            url: "mailto:care@acme.example".into(),
            settings,
            credentials: Credentials::none().with("password", "p"),
        }
    }

    #[test]
    fn servers_are_found_or_named() {
        let found = |settings: serde_json::Value| {
            mailbox(&place(&settings))
                .map(|m| (format!("{}:{}", m.imap.host, m.imap.port), format!("{}:{}", m.smtp.host, m.smtp.port)))
        };
        let pair = |imap: &str, smtp: &str| Ok((imap.to_owned(), smtp.to_owned()));
        assert_eq!(found(serde_json::json!({})), pair("imap.acme.example:993", "smtp.acme.example:465"));
        assert_eq!(
            found(serde_json::json!({ "imap": "imap.host.example" })),
            pair("imap.host.example:993", "smtp.host.example:465")
        );
        assert_eq!(
            found(serde_json::json!({ "imap": "127.0.0.1:28143", "smtp": "mail.x.example:587" })),
            pair("127.0.0.1:28143", "mail.x.example:587")
        );
        for wrong in ["http://x", "a b", "x/y", "user@x", "x:99999", ""] {
            let found = found(serde_json::json!({ "imap": wrong }));
            assert!(wrong.is_empty() == found.is_ok(), "{wrong}");
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let field = |place: Place| check(&place).map_err(|refusal| refusal.field);
        assert_eq!(field(place(&serde_json::json!({}))), Ok(()));
        assert_eq!(field(place(&serde_json::json!({ "copy": "perhaps" }))), Err("copy".to_owned()));
        assert_eq!(field(place(&serde_json::json!({ "cap": "0" }))), Err("cap".to_owned()));
        assert_eq!(
            field(Place { credentials: Credentials::none(), ..place(&serde_json::json!({})) }),
            Err("password".to_owned())
        );
        assert_eq!(field(Place { url: "acme.example".into(), ..place(&serde_json::json!({})) }), Err("url".to_owned()));
        let broken = Credentials::none().with("password", "a\r\nb LOGOUT");
        assert_eq!(field(Place { credentials: broken, ..place(&serde_json::json!({})) }), Err("password".to_owned()));
    }

    #[test]
    fn an_address_is_recognised() {
        let found = |typed: &str| guess(typed).map(|guess| guess.url);
        for typed in ["Care@ACME.example", "mailto:care@acme.example", "<care@acme.example>", " care@acme.example "] {
            assert_eq!(found(typed).as_deref(), Some("mailto:care@acme.example"), "{typed}");
        }
        for other in [
            "@ana@m.example",
            "#kettle@m.example",
            "care@acme",
            "care acme@x.example",
            "https://x.example/@a@b",
            "a@b.example/c",
            "@",
            "a@b@c.example",
            "a@127.0.0.1:5",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
