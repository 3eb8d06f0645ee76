use std::{error::Error as _, time::Duration};

use reqwest::header::HeaderMap;

/// Where writers go out.
#[derive(Debug, Clone)]
pub struct Door {
    client: reqwest::Client,
}

/// A complete answer.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
pub(super) enum Trouble {
    /// It can never leave like this.
    Unusable(String),
    /// Nothing has left.
    Unsent(String),
    /// It may have arrived.
    Lost(String),
}

/// Time for one attempt from first byte to last.
const DEADLINE: Duration = Duration::from_secs(20);
/// Time for a connection to come about.
const CONNECT: Duration = Duration::from_secs(8);
/// As much of an answer is read; the rest cannot matter.
const MAX_ANSWER: usize = 256 * 1024;

impl Door {
    /// Opens it.
    pub fn new() -> Result<Self, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(DEADLINE)
            .build()
            .map_err(|e| e.to_string())?;
        Ok(Self { client })
    }

    pub(super) async fn post(&self, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Response, Trouble> {
        let mut request = self.client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send().await.map_err(|e| trouble(&e))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let mut body = Vec::new();
        // The status has been said; a body that breaks off or never ends takes nothing back.
        while let Ok(Some(chunk)) = answer.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                break;
            }
        }
        Ok(Response { status, headers, body })
    }
}

fn trouble(error: &reqwest::Error) -> Trouble {
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        why = inner.to_string();
        cause = inner.source();
    }
    if error.is_builder() {
        Trouble::Unusable(why)
    } else if error.is_connect() {
        Trouble::Unsent(why)
    } else {
        Trouble::Lost(why)
    }
}
