//! A session with the server that mails are read from (IMAP, RFC 9051 and RFC 3501).

use std::collections::BTreeSet;

use async_imap::{Client, Session, error::Error as ImapError, types::NameAttribute};
use futures_util::TryStreamExt as _;
use tokio::io::AsyncWriteExt as _;

use super::place::Mailbox;
use crate::{
    contract::{Access, Trouble},
    egress::Socket,
};

/// Folders looked through for one mail, at most.
const FOLDERS: usize = 30;

pub(super) type Reading = Session<Socket>;

/// Signs in. No more than `most` bytes are read in the whole session.
pub(super) async fn open(access: &Access, mailbox: &Mailbox, most: usize) -> Result<Reading, Trouble> {
    let server = &mailbox.imap;
    let mut socket = access.client.socket(&server.host, server.port, most).await?;
    let mut greeted = false;
    if server.secured_at_once() {
        socket = socket.secured().await?;
    } else {
        greeting(&socket.line().await?)?;
        greeted = true;
        socket = starttls(socket).await?;
    }
    if socket.exposed() {
        return Err(exposed(&server.host));
    }
    let mut client = Client::new(socket);
    if !greeted {
        client.read_response().await.map_err(|e| broken(&e.to_string()))?.ok_or_else(|| broken("it said nothing"))?;
    }
    client.login(&mailbox.user, &mailbox.password).await.map_err(|(error, _)| match error {
        ImapError::No(why) if !passing(&why) => Trouble::Revoked {
            why: format!(
                "the mail server {} does not take the name and password ({}); sign in again",
                server.host,
                short(&why)
            ),
        },
        other => trouble(other),
    })
}

/// What is on this connection could be read on the way.
pub(super) fn exposed(host: &str) -> Trouble {
    Trouble::wrong(format!(
        "{host} offers no secure connection, so the password was not sent; name its secured port, host:PORT"
    ))
}

fn greeting(line: &str) -> Result<(), Trouble> {
    if line.starts_with("* OK") || line.starts_with("* PREAUTH") {
        return Ok(());
    }
    Err(broken(&format!("it greeted with `{}`", short(line))))
}

/// Secures the connection where the server can (RFC 9051 §6.2.1).
async fn starttls(mut socket: Socket) -> Result<Socket, Trouble> {
    socket.write_all(b"s STARTTLS\r\n").await.map_err(|e| broken(&e.to_string()))?;
    for _ in 0..20 {
        let line = socket.line().await?;
        if line.starts_with("s OK") {
            return Ok(socket.secured().await?);
        }
        if line.starts_with("s ") {
            return Ok(socket); // whether that will do is not for here
        }
    }
    Err(broken("it answers, but not what was asked"))
}

/// The newest mail of this Message-ID in the folder that is open; its UID.
pub(super) async fn find(session: &mut Reading, id: &str) -> Result<Option<u32>, Trouble> {
    let Some(quoted) = quoted(id) else { return Ok(None) };
    let found = session.uid_search(format!("HEADER Message-ID {quoted}")).await.map_err(trouble)?;
    Ok(found.into_iter().max())
}

/// A string as IMAP quotes it; none for what cannot be quoted (RFC 9051 §4.3).
pub(super) fn quoted(text: &str) -> Option<String> {
    let plain = !text.is_empty() && text.len() <= 512 && text.bytes().all(|b| (0x20..0x7f).contains(&b));
    plain.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// The folders that a mail of ours may lie in: the one that is read, the one for sent mails, then the others.
pub(super) async fn folders(session: &mut Reading, mailbox: &Mailbox) -> Result<Vec<String>, Trouble> {
    let listed: Vec<_> =
        session.list(Some(""), Some("*")).await.map_err(trouble)?.try_collect().await.map_err(trouble)?;
    let open = |name: &&async_imap::types::Name| !name.attributes().contains(&NameAttribute::NoSelect);
    let is_sent = |name: &async_imap::types::Name| {
        name.attributes().contains(&NameAttribute::Sent) || name.name().to_lowercase().starts_with("sent")
    };
    let sent = listed.iter().filter(open).filter(|name| is_sent(name)).map(|name| name.name().to_owned());
    let others = listed.iter().filter(open).filter(|name| !is_sent(name)).map(|name| name.name().to_owned());
    let mut seen = BTreeSet::new();
    let all = std::iter::once(mailbox.folder.clone()).chain(sent).chain(others);
    Ok(all.filter(|name| seen.insert(name.clone())).take(FOLDERS).collect())
}

/// What a server's answer means for whoever asked.
pub(super) fn trouble(error: ImapError) -> Trouble {
    match error {
        ImapError::No(why) if !passing(&why) => {
            Trouble::wrong(format!("the mail server refused it ({}); check the folder's name", short(&why)))
        }
        ImapError::No(why) | ImapError::Bad(why) => broken(&short(&why)),
        other => broken(&short(&other.to_string())),
    }
}

/// Response codes that tell of a passing state (RFC 5530).
fn passing(why: &str) -> bool {
    let why = why.to_ascii_uppercase();
    ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "OVERQUOTA", "TEMPORARY"].iter().any(|word| why.contains(word))
}

pub(super) fn broken(why: &str) -> Trouble {
    Trouble::passing(format!("the mail server did not answer as it should ({why}); it is asked again at the next turn"))
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_be_smuggled_into_a_command() {
        assert_eq!(quoted("a@x.example").as_deref(), Some("\"a@x.example\""));
        assert_eq!(quoted("a\"b\\c").as_deref(), Some("\"a\\\"b\\\\c\""));
        for bad in ["", "a\r\nb", "ü", "a\0"] {
            assert_eq!(quoted(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_busy_server_is_no_reason_to_sign_in_again() {
        assert!(matches!(trouble(ImapError::No("[UNAVAILABLE] later".into())), Trouble::Passing { .. }));
        assert!(matches!(trouble(ImapError::No("no such folder".into())), Trouble::Wrong { .. }));
        assert!(matches!(trouble(ImapError::ConnectionLost), Trouble::Passing { .. }));
        assert!(greeting("* OK ready").is_ok() && greeting("HTTP/1.1 400").is_err());
    }
}
