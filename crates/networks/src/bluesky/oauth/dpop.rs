//! Requests with a proof that we hold the key our tokens are bound to (RFC 9449), with the nonces that servers want in
//! it. Nonces and the difference of the clocks are remembered beside the connections.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::{
    contract::{Access, Trouble},
    egress::{Error, Method, Response},
    jose::{self, Key},
};

/// One request.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub method: &'a Method,
    pub url: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: Option<&'a [u8]>,
    /// The access token shown with it, where it is one that needs it.
    pub token: Option<&'a str>,
}

/// What is remembered of a server.
#[derive(Default, Serialize, Deserialize)]
struct Server {
    /// What it wants to see in the next proof.
    nonce: Option<String>,
    /// By how many seconds its clock is ahead of ours.
    ahead: i64,
}

/// Sends with a proof. A server that wants another nonce, or whose clock is another one, has done nothing yet and is
/// asked once more.
pub(super) async fn send(access: &Access, key: &Key, request: Request<'_>) -> Result<Result<Response, Error>, Trouble> {
    let answer = once(access, key, request).await?;
    if !answer.as_ref().is_ok_and(wants_another) {
        return Ok(answer);
    }
    once(access, key, request).await
}

async fn once(access: &Access, key: &Key, request: Request<'_>) -> Result<Result<Response, Error>, Trouble> {
    let server = recalled(access, request.url);
    let proof = proof(key, request, &server, access.now).map_err(|error| Trouble::wrong(error.to_string()))?;
    let authorization = request.token.map(|token| format!("DPoP {token}"));
    let mut headers = request.headers.to_vec();
    headers.push(("dpop", &proof));
    headers.extend(authorization.as_deref().map(|authorization| ("authorization", authorization)));
    let body = request.body.map(<[u8]>::to_vec);
    let answer = access.client.send(request.method.clone(), request.url, &headers, body).await;
    if let Ok(answer) = &answer {
        learn(access, request.url, server, answer);
    }
    Ok(answer)
}

/// The proof itself (RFC 9449 §4.2): which method, which address without its query, when, once, with which token.
fn proof(key: &Key, request: Request<'_>, server: &Server, now: Timestamp) -> Result<String, jose::NoKey> {
    let address = request.url.split(['?', '#']).next().unwrap_or_default();
    let mut claims = json!({
        "jti": jose::random(), "htm": request.method.as_str(), "htu": address, "iat": now.as_second() + server.ahead,
    });
    if let Some(nonce) = &server.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    if let Some(token) = request.token {
        claims["ath"] = jose::hashed(token.as_bytes()).into();
    }
    key.sign(json!({ "typ": "dpop+jwt", "jwk": key.public() }), &claims)
}

/// Whether the server only wants another proof (§8, §9).
fn wants_another(answer: &Response) -> bool {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let named = |word: &str| said["error"] == word || challenged(answer, word);
    matches!(answer.status, 400 | 401) && (named("use_dpop_nonce") || named("invalid_dpop_proof"))
}

/// Whether `WWW-Authenticate` names this error.
pub(super) fn challenged(answer: &Response, error: &str) -> bool {
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    challenge.trim_start().starts_with("DPoP") && challenge.contains(&format!("error=\"{error}\""))
}

fn recalled(access: &Access, url: &str) -> Server {
    let known = access.client.recall(&name(url));
    known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Takes the newest nonce, and what the answer's `Date` says of its server's clock.
fn learn(access: &Access, url: &str, mut server: Server, answer: &Response) {
    if let Some(nonce) = answer.header("dpop-nonce").filter(|nonce| nonce.len() <= 512) {
        server.nonce = Some(nonce.to_owned());
    }
    let ahead: SignedDuration = answer.their_time(access.now).duration_since(access.now);
    // Seconds on the way are no other clock.
    server.ahead = if ahead.abs() > SignedDuration::from_secs(20) { ahead.as_secs() } else { 0 };
    if let Ok(text) = serde_json::to_string(&server) {
        access.client.remember(name(url), text);
    }
}

fn name(url: &str) -> String {
    let origin = Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    format!("dpop {origin}")
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn a_proof_says_what_it_is_for_and_nothing_of_the_query() {
        let key = Key::read(&jose::fresh().unwrap()).unwrap();
        let request = Request {
            method: &Method::GET,
            url: "https://pds.example/xrpc/app.bsky.feed.getPosts?uris=x#y",
            headers: &[],
            body: None,
            // RFC 9449 §4.3 (the token of figure 13) and its hash.
            token: Some("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
        };
        let server = Server { nonce: Some("n".into()), ahead: 5 };
        let now = Timestamp::from_second(1_000).unwrap();
        let said = |server: &Server, request| {
            let token = proof(&key, request, server, now).unwrap();
            let part = |at: usize| URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap();
            let read = |at| serde_json::from_slice::<Value>(&part(at)).unwrap();
            (read(0), read(1))
        };
        let (header, claims) = said(&server, request);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        assert!(header["jwk"]["x"].is_string() && header["jwk"].get("d").is_none());
        assert_eq!(claims["htu"], "https://pds.example/xrpc/app.bsky.feed.getPosts");
        assert_eq!((&claims["htm"], &claims["nonce"], &claims["iat"]), (&json!("GET"), &json!("n"), &json!(1_005)));
        assert_eq!(claims["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        let (_, bare) = said(&Server::default(), Request { token: None, ..request });
        assert!(bare.get("ath").is_none() && bare.get("nonce").is_none());
        assert_ne!(claims["jti"], said(&server, request).1["jti"], "each once");
    }
}
