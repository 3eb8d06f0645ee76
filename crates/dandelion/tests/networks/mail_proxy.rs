//! The same faults before a mail server, whose protocols are lines: reading is IMAP (`GET`), writing is SMTP (`POST`).

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::faults::{Fault, Proxy};

impl Proxy {
    /// Before a mail server; the ports to read and to write at.
    pub async fn before_mail(imap: u16, smtp: u16) -> (Self, u16, u16) {
        let proxy = Self::idle();
        let read = proxy.line(imap, "GET", Self::imap).await;
        let write = proxy.line(smtp, "POST", Self::smtp).await;
        (proxy, read, write)
    }

    async fn line<F: Future<Output = Option<()>> + Send + 'static>(
        &self,
        port: u16,
        method: &'static str,
        with: fn(Fault, TcpStream, TcpStream) -> F,
    ) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let proxy = self.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let fault = proxy.fault_for(method);
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
                    match fault {
                        None => tokio::io::copy_bidirectional(&mut client, &mut server).await.ok().map(drop),
                        Some(Fault::Hang) => std::future::pending().await,
                        Some(Fault::Flood) => {
                            let flood = vec![b'*'; 65_536];
                            while client.write_all(&flood).await.is_ok() {}
                            None
                        }
                        Some(fault) => with(fault, client, server).await,
                    }
                });
            }
        });
        own
    }

    async fn imap(fault: Fault, client: TcpStream, server: TcpStream) -> Option<()> {
        let (mut theirs, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        match fault {
            // An answer of another protocol.
            Fault::Say(status, _, _) => to_client.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await.ok(),
            // The mails do not come, or only half of the first one.
            fault => {
                tokio::spawn(async move { copy(&mut theirs, &mut to_server).await });
                let half = matches!(fault, Fault::CutBody);
                until(&mut from_server, Some(&mut to_client), b" FETCH (UID", half).await
            }
        }
    }

    async fn smtp(fault: Fault, client: TcpStream, server: TcpStream) -> Option<()> {
        let (mut theirs, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        match fault {
            Fault::Say(status, _, body) if status.starts_with("422") => {
                refuse(&mut theirs, &mut to_client, &body).await
            }
            Fault::Say(status, _, _) => to_client.write_all(format!("421 {status}\r\n").as_bytes()).await.ok(),
            Fault::CutRequest => {
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
                until(&mut theirs, Some(&mut to_server), b"\nSubject:", true).await
            }
            // The mail is taken, and what the server says to that is lost, or half of it is.
            fault => {
                let forth = tokio::spawn(async move {
                    until(&mut theirs, Some(&mut to_server), b"\r\n.\r\n", true).await?;
                    Some((theirs, to_server))
                });
                let back = tokio::spawn(async move {
                    until(&mut from_server, Some(&mut to_client), b"\n354 ", true).await?;
                    until(&mut from_server, Some(&mut to_client), b"\n", true).await?;
                    Some((from_server, to_client))
                });
                let (_theirs, _to_server) = forth.await.ok()??;
                let (mut from_server, mut to_client) = back.await.ok()??;
                until(&mut from_server, None, b"250 ", false).await?;
                if matches!(fault, Fault::CutBody) { to_client.write_all(b"250 2.0").await.ok() } else { Some(()) }
            }
        }
    }
}

/// Passes on what comes until these bytes have come; the rest of that line only where it is wished for.
async fn until(
    from: &mut (impl AsyncRead + Unpin),
    mut to: Option<&mut OwnedWriteHalf>,
    end: &[u8],
    whole: bool,
) -> Option<()> {
    let mut seen = Vec::new();
    loop {
        let byte = from.read_u8().await.ok()?;
        seen.push(byte);
        let ended = seen.ends_with(end);
        if let Some(to) = &mut to
            && (!ended || whole)
        {
            to.write_all(&[byte]).await.ok()?;
        }
        if ended {
            return Some(());
        }
        if seen.len() > 4096 {
            seen.drain(..2048);
        }
    }
}

/// A server that takes no mail for this person.
async fn refuse(theirs: &mut OwnedReadHalf, to_client: &mut OwnedWriteHalf, why: &str) -> Option<()> {
    to_client.write_all(b"220 hub.test\r\n").await.ok()?;
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(theirs.read_u8().await.ok()?);
        }
        let answer = if line.starts_with(b"RCPT") { format!("550 5.1.1 {why}\r\n") } else { "250 ok\r\n".to_owned() };
        to_client.write_all(answer.as_bytes()).await.ok()?;
    }
}
