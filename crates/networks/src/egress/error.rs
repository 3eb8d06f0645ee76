use std::net::IpAddr;
use std::time::Duration;

/// Why a foreign address gave no answer, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be read.
    #[error("`{url}` is no web address ({why}); write it as https://host/path")]
    Url {
        /// The address as given, shortened.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The scheme is neither http nor https.
    #[error("`{url}` begins with `{scheme}:`; only http and https are fetched")]
    Scheme {
        /// The address as given, shortened.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// The host is, or resolves to, an address that is not public.
    #[error(
        "{host} leads to {address}, which is not a public address; if it is a server of yours, list it under allow_private"
    )]
    Private {
        /// The host as asked for.
        host: String,
        /// The address it led to.
        address: IpAddr,
    },
    /// A caller's header is not one.
    #[error("the header `{name}` holds characters that no header may hold")]
    Header {
        /// Its name.
        name: String,
    },
    /// The name has no address.
    #[error("{host} was not found ({why}); check the spelling, or try again later")]
    Name {
        /// The host as asked for.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// No connection came about: nothing of the request has left.
    #[error("{host} cannot be reached ({why}); it is retried at the next turn")]
    Unreached {
        /// The host as asked for.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// The connection broke.
    #[error("the connection to {host} broke ({why}); it is retried at the next turn")]
    Connection {
        /// The host as asked for.
        host: String,
        /// What went wrong.
        why: String,
    },
    /// The whole exchange took longer than allowed.
    #[error("{host} did not finish within {} s; it is retried at the next turn", .deadline.as_secs_f32())]
    Deadline {
        /// The host as asked for.
        host: String,
        /// The time allowed.
        deadline: Duration,
    },
    /// The body is larger than allowed, counted after decompression.
    #[error("{host} sent more than the {limit} bytes allowed; raise max_bytes if this is really wanted")]
    TooLarge {
        /// The host as asked for.
        host: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The body grows unreasonably when unpacked.
    #[error("{host} sent a body that grows more than {ratio} times when unpacked: a decompression bomb; not read")]
    Bomb {
        /// The host as asked for.
        host: String,
        /// The most growth allowed.
        ratio: usize,
    },
    /// The body cannot be unpacked.
    #[error("{host} sent a body that cannot be unpacked ({why})")]
    Encoding {
        /// The host as asked for.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// Too many headers or too large ones.
    #[error("{host} sent more than {limit} bytes of headers; not read")]
    Headers {
        /// The host as asked for.
        host: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// A redirect leads nowhere.
    #[error("{host} redirects without saying where to")]
    Nowhere {
        /// The host as asked for.
        host: String,
    },
    /// Redirects lead back to where they began.
    #[error("redirects go round in a circle at {url}")]
    Loop {
        /// The address met twice.
        url: String,
    },
    /// More redirects than allowed.
    #[error("more than {limit} redirects, the last to {url}")]
    Hops {
        /// The most allowed.
        limit: u8,
        /// Where the last one led.
        url: String,
    },
    /// The answer is not a success.
    #[error("{url} answered {status}{}", explain(*.status, *.retry_after))]
    Status {
        /// The address that answered.
        url: String,
        /// The HTTP status.
        status: u16,
        /// How long it asked us to wait.
        retry_after: Option<Duration>,
    },
    /// The client itself could not be made.
    #[error("the HTTP client cannot start ({0}); check the certificates of this machine")]
    Client(String),
}

impl Error {
    /// How long the other side asked us to wait, where it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether asking again later may help without anybody changing anything.
    pub fn passing(&self) -> bool {
        match self {
            Self::Name { .. } | Self::Unreached { .. } | Self::Connection { .. } | Self::Deadline { .. } => true,
            // GitHub says that we asked too much with 403, and for how long.
            Self::Status { status: 403, retry_after, .. } => retry_after.is_some(),
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }
}

fn explain(status: u16, retry_after: Option<Duration>) -> String {
    let words = match status {
        401 | 403 => "; it wants a sign-in or forbids us: check the address and what it asks for",
        404 => "; nothing is there: check the address",
        410 => "; it is gone for good: remove the source",
        429 => "; we asked too often",
        500..=599 => "; the fault is on the other side, it is retried at the next turn",
        _ => "",
    };
    let wait = retry_after.map_or(String::new(), |wait| format!("; it asks to wait {} s", wait.as_secs()));
    format!("{words}{wait}")
}
