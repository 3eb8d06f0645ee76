//! A server that people sign in at and that knows no single permissions yet. The real ones of today know them
//! (`dandelion/tests/networks/bluesky_oauth.rs`); this one answers as they did before: what it does not know is left out of
//! what it grants, without a word.

use std::sync::{Arc, Mutex};

use dandelion_networks::{
    bluesky::oauth::App,
    contract::{Access, Authorize, Connected, Trouble},
};
use serde_json::{Value, json};

use crate::server::{Asked, Replay, Say};

const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

struct Old {
    server: Replay,
    us: Access,
    /// What it was asked for last.
    wanted: Arc<Mutex<String>>,
}

impl Old {
    async fn start() -> Self {
        let wanted = Arc::<Mutex<String>>::default();
        let (here, asked_for) = (Arc::<Mutex<String>>::default(), wanted.clone());
        let known = here.clone();
        let server = Replay::of("bluesky", move |asked| answer(asked, &known.lock().unwrap(), &asked_for)).await;
        server.address.clone_into(&mut here.lock().unwrap());
        let app = App::of(&"http://127.0.0.1:8080/".parse().unwrap(), "").expect("an application");
        let settings = json!({ "account": "@care.test", "plc": server.address, "appview": server.address });
        let mut us = server.place(&settings, &[("password", "not used")]);
        us.place.credentials.set("password", "");
        us.place.credentials.set("app", serde_json::to_string(&app).unwrap());
        us.place.credentials.set("state", "s");
        Self { server, us, wanted }
    }

    async fn authorize(&self) -> Authorize {
        self.server.about.connector.authorize(&self.us).await.expect("a way there")
    }

    async fn back(&self, begun: &Authorize) -> Result<Connected, Trouble> {
        let mut us = self.us.clone();
        us.place.credentials = begun.credentials.clone().with("code", "c").with("iss", self.server.address.clone());
        self.server.about.connector.connect(&us).await
    }

    fn wanted(&self) -> String {
        self.wanted.lock().unwrap().clone()
    }
}

fn answer(asked: &Asked, here: &str, wanted: &Mutex<String>) -> Say {
    let form = |name: &str| {
        let found = url::form_urlencoded::parse(asked.body.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let at = |path: &str| format!("{here}{path}");
    match asked.path.as_str() {
        "/xrpc/com.atproto.identity.resolveHandle" => Say::json(&json!({ "did": DID })),
        path if path == format!("/{DID}") => Say::json(&json!({
            "id": DID, "alsoKnownAs": ["at://care.test"],
            "service": [{ "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": here }],
        })),
        "/.well-known/oauth-protected-resource" => {
            Say::json(&json!({ "resource": here, "authorization_servers": [here] }))
        }
        "/.well-known/oauth-authorization-server" => Say::json(&json!({
            "issuer": here, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
            "pushed_authorization_request_endpoint": at("/par"), "revocation_endpoint": at("/revoke"),
            "authorization_response_iss_parameter_supported": true, "client_id_metadata_document_supported": true,
            "dpop_signing_alg_values_supported": ["ES256"], "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["atproto", "transition:email", "transition:generic", "transition:chat.bsky"],
        })),
        "/par" => {
            *wanted.lock().unwrap() = form("scope");
            Say::status(201, &json!({ "request_uri": "urn:ietf:params:oauth:request_uri:r", "expires_in": 300 }))
        }
        "/token" => {
            let wanted = wanted.lock().unwrap().clone();
            let known = wanted.split(' ').filter(|scope| matches!(*scope, "atproto" | "transition:generic"));
            let scope = known.collect::<Vec<_>>().join(" ");
            Say::json(&json!({
                "access_token": "a", "refresh_token": "r", "token_type": "DPoP", "expires_in": 300, "sub": DID,
                "scope": scope,
            }))
        }
        "/revoke" => Say::json(&Value::Null),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_server_that_knows_no_single_permissions_is_asked_for_the_whole_at_the_second_try() {
    let old = Old::start().await;
    let begun = old.authorize().await;
    assert!(begun.asks.len() > 3 && begun.asks.iter().all(|asked| old.wanted().contains(asked.permission)));
    assert!(!old.wanted().contains("transition:"), "{}", old.wanted());
    let less = old.back(&begun).await.expect_err("it granted next to nothing");
    assert!(less.to_string().contains("begin again"), "{less}");
    assert!(old.server.asked().iter().any(|asked| asked.path == "/revoke"), "nothing stays open there");

    let begun = old.authorize().await;
    assert_eq!(old.wanted(), "atproto transition:generic");
    assert!(begun.asks[0].why.contains("knows no single permissions"), "and it is said why");
    let connected = old.back(&begun).await.expect("a place");
    assert_eq!(connected.handle.as_deref(), Some("@care.test"));
}
