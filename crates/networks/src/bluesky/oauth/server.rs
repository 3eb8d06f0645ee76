//! Which server people sign in at: the one an account lives on names it, and it describes itself (RFC 9728, RFC 8414,
//! with what atproto.com/specs/oauth asks of both).

use serde::Deserialize;
use url::{Host, Url};

use super::super::session::read;
use crate::{
    contract::{Access, Trouble},
    egress::Method,
};

/// What a server that people sign in at says of itself.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Server {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    #[serde(default)]
    pub revocation_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    client_id_metadata_document_supported: bool,
    #[serde(default)]
    dpop_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
}

/// The server that people sign in at who live on `home`.
pub(super) async fn of(access: &Access, home: &str) -> Result<Server, Trouble> {
    let home = origin(home).ok_or_else(|| Trouble::wrong(format!("{home} is no server people can sign in at")))?;
    let named = document(access, &format!("{home}/.well-known/oauth-protected-resource")).await?;
    let issuers = named["authorization_servers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [issuer] = issuers else { return Err(strange(&home, "it does not name the one server it lets in by")) };
    if named["resource"].as_str().and_then(origin).as_deref() != Some(home.as_str()) {
        return Err(strange(&home, "it describes another server"));
    }
    let issuer = issuer.as_str().unwrap_or_default();
    // An issuer is an origin and nothing more.
    let fits = origin(issuer).filter(|origin| origin == issuer.trim_end_matches('/'));
    let issuer = fits.ok_or_else(|| strange(&home, "the server it lets in by has no safe address"))?;
    let told = document(access, &format!("{issuer}/.well-known/oauth-authorization-server")).await?;
    let server: Server =
        serde_json::from_value(told).map_err(|_| strange(&issuer, "it does not say where to sign in"))?;
    checked(server, &issuer).map_err(|why| strange(&issuer, why))
}

fn checked(server: Server, issuer: &str) -> Result<Server, &'static str> {
    let has = |list: &[String], what: &str| list.iter().any(|one| one == what);
    let endpoints = [
        Some(&server.authorization_endpoint),
        Some(&server.token_endpoint),
        Some(&server.pushed_authorization_request_endpoint),
        server.revocation_endpoint.as_ref(),
    ];
    if server.issuer != issuer {
        return Err("it calls itself by another name");
    }
    if !endpoints.into_iter().flatten().all(|address| origin(address).is_some()) {
        return Err("one of its addresses is not safe");
    }
    if !server.authorization_response_iss_parameter_supported
        || !server.client_id_metadata_document_supported
        || !has(&server.dpop_signing_alg_values_supported, "ES256")
        || !has(&server.code_challenge_methods_supported, "S256")
        || !has(&server.scopes_supported, "atproto")
    {
        return Err("it does not let people in as the AT Protocol asks; use an app password there");
    }
    Ok(server)
}

/// The origin of an address where secrets may go: https, or this machine itself.
pub(super) fn origin(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let here = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let safe = url.scheme() == "https" || url.scheme() == "http" && here;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (safe && plain).then(|| url.origin().ascii_serialization())
}

/// Redirects are not followed: who answers is part of what is asked.
async fn document(access: &Access, url: &str) -> Result<serde_json::Value, Trouble> {
    let answer = access.client.send(Method::GET, url, &[("accept", "application/json")], None).await?;
    Ok(read(answer, access)?.0)
}

fn strange(server: &str, why: &str) -> Trouble {
    Trouble::wrong(format!("nobody can be sent to {server} to sign in: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn secrets_go_to_safe_addresses_only() {
        assert_eq!(origin("https://a.example/x?y").as_deref(), Some("https://a.example"));
        assert_eq!(origin("http://localhost:2583/x").as_deref(), Some("http://localhost:2583"));
        assert_eq!(origin("http://127.0.0.1:1").as_deref(), Some("http://127.0.0.1:1"));
        for bad in [
            "http://a.example",
            "http://192.168.1.1",
            "javascript:alert(1)",
            "https://u:p@a.example",
            "x",
            "https://a.example/#y",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_server_that_lacks_what_is_asked_is_not_used() {
        let good = json!({
            "issuer": "https://i.example", "authorization_endpoint": "https://i.example/authorize",
            "token_endpoint": "https://i.example/token", "pushed_authorization_request_endpoint": "https://i.example/par",
            "authorization_response_iss_parameter_supported": true, "client_id_metadata_document_supported": true,
            "dpop_signing_alg_values_supported": ["RS256", "ES256"], "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["atproto"],
        });
        let ask = |change: &dyn Fn(&mut Value)| {
            let mut told = good.clone();
            change(&mut told);
            checked(serde_json::from_value(told).unwrap(), "https://i.example").is_ok()
        };
        assert!(ask(&|_| {}));
        assert!(!ask(&|told| told["issuer"] = "https://j.example".into()));
        assert!(!ask(&|told| told["token_endpoint"] = "http://i.example/token".into()));
        assert!(!ask(&|told| told["authorization_endpoint"] = "javascript:alert(1)".into()));
        assert!(!ask(&|told| told["dpop_signing_alg_values_supported"] = json!(["RS256"])));
        assert!(!ask(&|told| told["code_challenge_methods_supported"] = json!(["plain"])));
        assert!(!ask(&|told| told["authorization_response_iss_parameter_supported"] = false.into()));
        assert!(!ask(&|told| told["revocation_endpoint"] = "ftp://i.example".into()));
    }
}
