//! Handing a mail over (SMTP, RFC 5321; submission, RFC 6409), step by step, so that it is known how far it came.

use lettre::{
    address::{Address, Envelope},
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, AsyncTokioStream},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
    },
};
use tokio::io::AsyncWriteExt as _;

use super::{place::Mailbox, session};
use crate::{
    contract::{Access, Trouble},
    egress::{self, Socket},
    outgoing::Answer,
};

/// Bytes a server may say while it takes one mail.
const MOST: usize = 256 * 1024;

impl AsyncTokioStream for Socket {
    fn peer_addr(&self) -> std::io::Result<std::net::SocketAddr> {
        Ok(self.peer())
    }
}

/// A connection that is signed in.
pub(super) struct Sending(AsyncSmtpConnection);

/// Connects and signs in; nothing of a mail has left.
pub(super) async fn open(access: &Access, mailbox: &Mailbox) -> Result<Sending, Answer> {
    let server = &mailbox.smtp;
    let hello = ClientId::Domain(mailbox.address.split('@').nth(1).unwrap_or("localhost").to_owned());
    let mut socket = access.client.socket(&server.host, server.port, MOST).await?;
    if server.secured_at_once() {
        socket = socket.secured().await?;
    } else {
        socket = starttls(socket, &hello).await?;
    }
    if socket.exposed() {
        return Err(Answer::Refused { why: session::exposed(&server.host).to_string() });
    }
    let private = !egress::is_public(socket.peer().ip());
    let mut connection =
        AsyncSmtpConnection::connect_with_transport(Box::new(socket), &hello).await.map_err(not_yet)?;
    let known = [Mechanism::Plain, Mechanism::Login];
    if connection.server_info().get_auth_mechanism(&known).is_none() {
        // A server of our own may let its own network send without a name.
        if private {
            return Ok(Sending(connection));
        }
        let why = format!("{} offers no sign-in by name and password; name another server for sending", server.host);
        return Err(Answer::Refused { why });
    }
    let credentials = Credentials::new(mailbox.user.clone(), mailbox.password.clone());
    connection.auth(&known, &credentials).await.map_err(|error| {
        if error.is_permanent() {
            let why = format!("the mail server {} does not take the name and password ({error}); enter them anew in the handle's settings", server.host);
            return Answer::Refused { why };
        }
        not_yet(error)
    })?;
    Ok(Sending(connection))
}

impl Sending {
    /// Names who it is from and for; gives the recipients that were taken. The first one has to be.
    pub async fn address(&mut self, envelope: &Envelope) -> Result<(), Answer> {
        self.0.command(Mail::new(envelope.from().cloned(), Vec::new())).await.map_err(not_yet)?;
        for (number, to) in envelope.to().iter().enumerate() {
            match self.0.command(Rcpt::new(to.clone(), Vec::new())).await {
                Err(error) if number == 0 || (!error.is_permanent() && !error.is_transient()) => {
                    return Err(not_yet(error));
                }
                // Our own copy is wished for, not needed.
                Ok(_) | Err(_) => {}
            }
        }
        self.0.command(Data).await.map(drop).map_err(not_yet)
    }

    /// Hands the mail over. From the moment this begins until the server has answered, nobody knows what became of it.
    pub async fn hand_over(mut self, mail: &[u8]) -> Result<(), Answer> {
        let told = self.0.message(mail).await;
        match told {
            Ok(_) => {
                let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.0.quit()).await;
                Ok(())
            }
            Err(error) if error.is_permanent() || error.is_transient() => Err(not_yet(error)),
            Err(error) => Err(Answer::InDoubt {
                why: format!("the mail server broke off before it said what became of the mail ({error})"),
            }),
        }
    }

    /// Ends a connection that is not needed any more.
    pub async fn close(mut self) {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.0.quit()).await;
    }
}

/// Nothing was handed over: what is refused for good is refused, everything else may work later.
fn not_yet(error: Error) -> Answer {
    let why = format!("the mail server said: {error}");
    if error.is_permanent() { Answer::Refused { why } } else { Answer::Later { after: None, why } }
}

/// Secures the connection where the server can (RFC 3207). Whoever speaks on it next begins as on a new one.
async fn starttls(mut socket: Socket, hello: &ClientId) -> Result<Socket, Answer> {
    let broken = |why: String| Answer::Later {
        after: None,
        why: format!("the mail server did not answer as it should ({why})"),
    };
    let greeting = answer(&mut socket).await?;
    if !greeting.iter().all(|line| line.starts_with("220")) {
        return Err(broken(greeting.join(" ")));
    }
    let mut say = async |text: String| -> Result<Vec<String>, Answer> {
        socket.write_all(text.as_bytes()).await.map_err(|e| broken(e.to_string()))?;
        answer(&mut socket).await
    };
    let offers = say(format!("EHLO {hello}\r\n")).await?;
    let secures =
        offers.iter().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")));
    if secures && say("STARTTLS\r\n".to_owned()).await?.iter().all(|line| line.starts_with("220")) {
        return Ok(socket.secured().await?.with_first(b"220 here\r\n"));
    }
    // Some servers take it ill to be greeted twice (OpenSMTPD).
    Ok(socket.with_said(format!("220 here\r\n{}\r\n", offers.join("\r\n")).as_bytes()))
}

/// The lines of one answer.
async fn answer(socket: &mut Socket) -> Result<Vec<String>, Answer> {
    let mut lines = Vec::new();
    loop {
        let line = socket.line().await?;
        let more = line.as_bytes().get(3) == Some(&b'-');
        lines.push(line);
        if !more || lines.len() > 100 {
            return Ok(lines);
        }
    }
}

/// The envelope of a mail: for whom, and for ourselves where a copy is wished for.
pub(super) fn envelope(mailbox: &Mailbox, to: &str) -> Result<Envelope, String> {
    let read = |text: &str| text.parse::<Address>().map_err(|e| format!("{text} is no address a mail can go to ({e})"));
    let (from, to) = (read(&mailbox.address)?, read(to)?);
    let mut all = vec![to];
    if mailbox.copy {
        all.push(from.clone());
    }
    Envelope::new(Some(from), all).map_err(|e| e.to_string())
}

/// What opening for a mere check means.
pub(super) async fn check(access: &Access, mailbox: &Mailbox) -> Result<(), Trouble> {
    match open(access, mailbox).await {
        Ok(sending) => {
            sending.close().await;
            Ok(())
        }
        Err(Answer::Later { why, .. } | Answer::InDoubt { why }) => Err(Trouble::passing(why)),
        Err(Answer::Refused { why }) => Err(Trouble::wrong(why)),
        Err(Answer::Published { .. }) => Ok(()),
    }
}
