//! An installation to ask: a small organisation, its people, and a browser that keeps cookies.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use dandelion_hub::{
    log::Actor,
    member::{self, password},
    testing::{MONDAY, TestHub},
    unit,
};
use dandelion_web::{App, Config, router};
use tower::ServiceExt as _;

pub const HUB: i64 = 1;
pub const REPAIRS: i64 = 2;
pub const PRESS: i64 = 3;
pub const PASSWORD: &str = "correct horse battery staple";

const ORGANISATION: &str = r#"
[organisation]
name = "Acme"
time_zone = "Europe/Berlin"
languages = ["en"]

[[unit]]
key = "head-office"
name = "Head office"
kind = "hub"

[[unit]]
key = "repairs"
name = "Repairs"
kind = "spoke"
parent = "head-office"
approval = "head-office"

[[unit]]
key = "press"
name = "Press office"
kind = "spoke"
parent = "head-office"

[[topic]]
key = "repair"
name = "Repairs"
unit = "repairs"
words = ["leak*", "repair*"]

[[member]]
key = "root"
name = "Root"
email = "root@example.org"
roles = [{ unit = "head-office", role = "admin" }]

[[member]]
key = "ana"
name = "Ana"
email = "ana@example.org"
roles = [{ unit = "repairs", role = "agent" }]

[[member]]
key = "max"
name = "Max"
email = "max@example.org"
roles = [{ unit = "press", role = "viewer" }]

[[member]]
key = "lea"
name = "Lea"
email = "lea@example.org"
roles = [{ unit = "repairs", role = "lead" }]

[[member]]
key = "pia"
name = "Pia"
email = "pia@example.org"
roles = [{ unit = "press", role = "lead" }]

[[member]]
key = "vic"
name = "Vic"
email = "vic@example.org"
roles = [{ unit = "repairs", role = "viewer" }]

[[handle]]
key = "care"
network = "demo"
name = "@acme_care"
unit = "repairs"
purpose = "care"
owner = "ana"
"#;

/// Members with the role they have, and where.
pub const PEOPLE: [(i64, &str, i64, &str); 4] =
    [(1, "root", HUB, "admin"), (2, "ana", REPAIRS, "agent"), (3, "max", PRESS, "viewer"), (4, "lea", REPAIRS, "lead")];

/// A running installation.
pub struct Installation {
    pub hub: TestHub,
    pub app: App,
    pub router: Router,
}

impl Installation {
    /// Reached by plain http on loopback, as the demo is.
    pub async fn new() -> Self {
        Self::at("http://127.0.0.1:7380/").await
    }

    /// Reached at this address.
    pub async fn at(address: &str) -> Self {
        Self::on(TestHub::sqlite().await, address).await
    }

    /// Where nobody has to type a password, which saves the time to hash one.
    pub async fn without_passwords() -> Self {
        Self::with(TestHub::sqlite().await, "http://127.0.0.1:7380/", None).await
    }

    /// On a store given.
    pub async fn on(hub: TestHub, address: &str) -> Self {
        let hash = password::hash(&hub.random, PASSWORD).await.unwrap();
        Self::with(hub, address, Some(hash)).await
    }

    async fn with(hub: TestHub, address: &str, hash: Option<String>) -> Self {
        unit::import(&hub, Actor::System("test"), ORGANISATION).await.unwrap();
        if let Some(hash) = hash {
            hub.sql(&[format!("update members set password = '{hash}'")]).await;
        }
        for (id, key) in [(HUB, "head-office"), (REPAIRS, "repairs"), (PRESS, "press")] {
            assert_eq!(unit::Org::load(&hub.db).await.unwrap().unit_by_key(key).unwrap().id, id);
        }
        for (id, key, ..) in PEOPLE {
            assert_eq!(member::by_key(&hub.db, key).await.unwrap().unwrap().id, id);
        }
        let app = App::new(hub.hub.clone(), Config::new(address.parse().unwrap()));
        Self { router: router(app.clone()), app, hub }
    }

    /// Lets whoever sends this token read the metrics.
    pub fn protect_metrics(&mut self, token: &str) {
        let config = Config { metrics_token: Some(token.to_owned()), ..self.app.config.clone() };
        self.app = App::new(self.hub.hub.clone(), config);
        self.router = router(self.app.clone());
    }

    /// A browser that has not been here before.
    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), headers: HeaderMap::new() }
    }

    /// A browser somebody is signed in with.
    pub async fn signed_in(&self, key: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(key, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        browser
    }

    /// The case of a post.
    pub async fn case_of(&self, post: i64) -> i64 {
        let lea = member::viewer(&self.hub, 1).await.unwrap();
        let search = dandelion_hub::search::Search { ids: vec![post], ..dandelion_hub::search::Search::default() };
        let found = dandelion_hub::search::posts(&self.hub, &lea, &search, None, 1).await.unwrap();
        found[0].case.unwrap()
    }

    /// Ends a member's access.
    pub async fn disable(&self, member: i64) {
        self.hub.sql(&[format!("update members set disabled_at = {MONDAY} where id = {member}")]).await;
        assert!(member::viewer(&self.hub, member).await.is_err());
    }
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// A header as text, empty if it is missing.
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The first form token on the page.
    pub fn csrf(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"csrf\" value=\"").expect("a form with a token");
        rest.split('"').next().unwrap().to_owned()
    }
}

/// Asks like a browser: keeps cookies, says where requests come from.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    pub headers: HeaderMap,
}

impl Browser {
    /// One that has not been here before.
    pub fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), headers: HeaderMap::new() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "", Body::empty()).await
    }

    /// Posts a form as it stands.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.send(Method::POST, path, "application/x-www-form-urlencoded", form.finish().into()).await
    }

    /// A token for this browser's session, as a page for it would carry.
    pub fn csrf(&self, at: &Installation) -> String {
        dandelion_web::csrf_token(&at.app, &self.cookies["dandelion"])
    }

    pub async fn sign_in(&mut self, key: &str, password: &str) -> Answer {
        let csrf = self.get("/session/new").await.csrf();
        let email = format!("{key}@example.org");
        self.post("/session", &[("csrf", &csrf), ("email", &email), ("password", password)]).await
    }

    pub async fn send(&mut self, method: Method, path: &str, kind: &str, body: Body) -> Answer {
        let response = self.open(method, path, kind, body).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// As [`Browser::send`], leaving the body to be read as it comes.
    pub async fn open(&mut self, method: Method, path: &str, kind: &str, body: Body) -> axum::response::Response {
        let mut request = Request::builder().method(&method).uri(path).header(header::HOST, "127.0.0.1:7380");
        if !self.headers.contains_key(header::ACCEPT) {
            request = request.header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
        }
        if method != Method::GET && !self.headers.contains_key("sec-fetch-site") {
            request = request.header("sec-fetch-site", "same-origin");
        }
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap();
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }
}
