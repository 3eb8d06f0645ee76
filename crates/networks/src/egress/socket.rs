//! Connections to foreign servers that speak something else than HTTP (mail), under the same rules: public addresses
//! only, looked at on the connected address, secured unless an exception allows the address, bounded in bytes.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Allowed, Client, Error, is_public, permitted};

/// Longest answer of one line taken before a connection is secured.
const MAX_LINE: usize = 4096;

/// A connection. Reading ends with an error once more bytes came than were allowed.
pub struct Socket {
    host: String,
    peer: SocketAddr,
    flow: Flow,
    /// Read before anything else.
    first: Vec<u8>,
    /// Whether the next line that is written was said already, so that it does not go out.
    said: bool,
    /// Bytes that may still come.
    left: usize,
}

enum Flow {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("host", &self.host).field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to `host` at `port`, unsecured as yet; no more than `most` bytes are read from it.
    ///
    /// # Errors
    /// As for any other address: [`Error::Private`], [`Error::Name`], [`Error::Unreached`].
    pub async fn socket(&self, host: &str, port: u16, most: usize) -> Result<Socket, Error> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let holds = |rule: &&Allowed| rule.port().is_none_or(|only| only == port);
        let allowed: Vec<Allowed> = self.rules.allow_private.iter().filter(holds).cloned().collect();
        let found = match bare.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => (self.names.0)(host.to_owned())
                .await
                .map_err(|error| Error::Name { host: host.to_owned(), why: error.to_string() })?,
        };
        let Some(first) = found.first().copied() else {
            return Err(Error::Name { host: host.to_owned(), why: "the name has no address".to_owned() });
        };
        let fit: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| permitted(host, *address, &allowed))
            .map(|address| SocketAddr::new(address, port))
            .collect();
        if fit.is_empty() {
            return Err(Error::Private { host: host.to_owned(), address: first });
        }
        let unreached = |why: String| Error::Unreached { host: host.to_owned(), why };
        let opened = tokio::time::timeout(self.rules.connect, TcpStream::connect(fit.as_slice())).await;
        let stream = opened.map_err(|_| unreached("nobody answered".into()))?.map_err(|e| unreached(e.to_string()))?;
        let peer = stream.peer_addr().map_err(|e| unreached(e.to_string()))?;
        if !permitted(host, peer.ip(), &allowed) {
            return Err(Error::Private { host: host.to_owned(), address: peer.ip() });
        }
        let _ = stream.set_nodelay(true);
        Ok(Socket {
            host: host.to_owned(),
            peer,
            flow: Flow::Plain(stream),
            first: Vec::new(),
            said: false,
            left: most,
        })
    }
}

impl Socket {
    /// The host as asked for.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Who is on the other end.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether what is said on it can be read on the way: it is not secured, and leads out of our own network.
    pub fn exposed(&self) -> bool {
        matches!(self.flow, Flow::Plain(_)) && is_public(self.peer.ip())
    }

    /// Secures it by TLS; the certificate is checked as this machine's own programs check it.
    pub async fn secured(self) -> Result<Self, Error> {
        let failed = |why: String| Error::Unreached { host: self.host.clone(), why };
        let Flow::Plain(stream) = self.flow else { return Ok(self) };
        let config = rustls::ClientConfig::with_platform_verifier()
            .map_err(|e| failed(format!("the certificates this machine trusts cannot be read: {e}")))?;
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| failed("a certificate cannot be issued to this name".to_owned()))?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .map_err(|e| failed(format!("no secure connection came about: {e}")))?;
        Ok(Self { flow: Flow::Secure(Box::new(stream)), ..self })
    }

    /// Puts bytes before whatever comes next: what was read already.
    #[must_use]
    pub fn with_first(self, bytes: &[u8]) -> Self {
        Self { first: bytes.to_vec(), ..self }
    }

    /// For whoever speaks on it next and begins with a line that was said already: these bytes are what came back, and
    /// the line does not go out a second time.
    #[must_use]
    pub fn with_said(self, bytes: &[u8]) -> Self {
        Self { said: true, ..self.with_first(bytes) }
    }

    /// One line, without its end, read byte by byte so that nothing behind it is taken: whatever an attacker on the way
    /// put behind the answer to STARTTLS would otherwise be believed to have come secured (CVE-2011-0411).
    pub async fn line(&mut self) -> Result<String, Error> {
        let broken = |host: &str, why: String| Error::Connection { host: host.to_owned(), why };
        let mut line = Vec::new();
        loop {
            let byte = self.read_u8().await.map_err(|e| broken(&self.host, e.to_string()))?;
            match byte {
                b'\n' => break,
                b'\r' => {}
                other => line.push(other),
            }
            if line.len() > MAX_LINE {
                return Err(Error::TooLarge { host: self.host.clone(), limit: MAX_LINE });
            }
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let taken = self.first.len().min(into.remaining());
            into.put_slice(&self.first[..taken]);
            self.first.drain(..taken);
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        let read = match &mut self.flow {
            Flow::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Flow::Secure(stream) => Pin::new(stream).poll_read(cx, into),
        };
        let came = into.filled().len() - before;
        if came > self.left {
            into.set_filled(before);
            return Poll::Ready(Err(io::Error::other("more came than is taken at once")));
        }
        self.left -= came;
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.said {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            self.said = end.is_none();
            return Poll::Ready(Ok(end.map_or(bytes.len(), |at| at + 1)));
        }
        match &mut self.flow {
            Flow::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Flow::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.flow {
            Flow::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Flow::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.flow {
            Flow::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Flow::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{io::AsyncWriteExt as _, net::TcpListener};

    use super::*;
    use crate::{egress::Egress, outgoing::testing::loopback};

    async fn says(text: &'static [u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let _ = client.write_all(text).await;
            }
        });
        port
    }

    #[tokio::test]
    async fn only_public_addresses_are_connected_to() {
        let port = says(b"hello\r\nbehind").await;
        let strict = Client::new(Egress { connect: Duration::from_millis(500), ..Egress::default() }).unwrap();
        for host in ["127.0.0.1", "localhost", "[::1]", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"] {
            let refused = strict.socket(host, port, 100).await.unwrap_err();
            assert!(matches!(refused, Error::Private { .. } | Error::Name { .. }), "{host}: {refused}");
        }
        let elsewhere = Egress { allow_private: vec!["127.0.0.1:1".parse().unwrap()], ..Egress::default() };
        let refused = Client::new(elsewhere).unwrap().socket("127.0.0.1", port, 100).await;
        assert!(matches!(refused, Err(Error::Private { .. })), "an exception holds for its port only");
        let mut socket = loopback().socket("127.0.0.1", port, 100).await.unwrap();
        assert!(!socket.exposed(), "our own network");
        assert_eq!(socket.line().await.unwrap(), "hello");
        let mut rest = [0; 6];
        socket.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"behind", "nothing behind the line was taken");
    }

    #[tokio::test]
    async fn what_never_ends_is_cut_off() {
        let port = says(&[b'x'; 10_000]).await;
        let mut socket = loopback().socket("127.0.0.1", port, 5_000).await.unwrap();
        assert!(matches!(socket.line().await, Err(Error::TooLarge { .. })));
        let mut socket = loopback().socket("127.0.0.1", port, 5_000).await.unwrap().with_first(b"first ");
        let mut all = Vec::new();
        assert!(socket.read_to_end(&mut all).await.is_err());
        assert!(all.starts_with(b"first ") && all.len() <= 5_006);
    }

    #[tokio::test]
    async fn a_certificate_nobody_vouches_for_is_no_secure_connection() {
        let port = says(b"220 not tls\r\n").await;
        let refused = loopback().socket("127.0.0.1", port, 5_000).await.unwrap().secured().await.unwrap_err();
        assert!(refused.to_string().contains("no secure connection"), "{refused}");
    }
}
