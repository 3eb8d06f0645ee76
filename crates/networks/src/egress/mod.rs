//! The one way out: every foreign address is fetched by [`Client`].
//!
//! What it refuses, on every hop: schemes other than http and https, hosts that are or resolve to an address that is
//! not public, circles, long chains, large bodies (counted unpacked), bombs, floods of headers, and whatever takes
//! longer than the deadline. Proxy variables of the environment are ignored: a proxy would look names up itself.

mod address;
mod body;
mod error;
mod limits;
mod memory;
mod resolver;
mod retry;
mod socket;
#[cfg(test)]
mod spellings;
mod stream;
#[cfg(test)]
mod tests;
mod web_socket;

use std::collections::HashSet;
use std::error::Error as _;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, COOKIE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION,
    RETRY_AFTER,
};
use reqwest::redirect;
use url::{Host, Url};

pub use address::{Allowed, AllowedError, is_public};
pub use error::Error;
pub use limits::Budget;
pub use reqwest::Method;
pub use retry::retry_after;
pub use socket::Socket;
pub use stream::{Event, Events};
pub use web_socket::WebSocket;

use crate::{
    Later,
    contract::{Keeper, Keeping},
};
use resolver::{Lookup, Names, NotFound, NotPublic, PublicOnly, permitted};

/// Most bytes of headers of one answer.
const MAX_HEADERS: usize = 64 * 1024;
/// Longest address taken.
const MAX_URL: usize = 8 * 1024;

/// The rules of the way out.
#[derive(Debug, Clone)]
pub struct Egress {
    /// Exceptions to "public addresses only".
    pub allow_private: Vec<Allowed>,
    /// Most bytes of a body, counted after unpacking.
    pub max_bytes: usize,
    /// Time for the whole exchange, all redirects and the last byte of the body included.
    pub deadline: Duration,
    /// Time for one connection to come about.
    pub connect: Duration,
    /// Most redirects followed.
    pub max_hops: u8,
    /// What we call ourselves. Networks want a name and a way to reach its owner.
    pub user_agent: String,
}

impl Default for Egress {
    fn default() -> Self {
        Self {
            allow_private: Vec::new(),
            max_bytes: 8 * 1024 * 1024,
            deadline: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            max_hops: 5,
            user_agent: concat!("Dandelion/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// The client for foreign addresses. Clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    rules: Egress,
    /// For every port no exception names.
    general: Ways,
    /// For ports that exceptions name, each knowing only the exceptions that hold there.
    by_port: Vec<(u16, Ways)>,
    memory: memory::Memory,
    /// What was learned of servers of others, apart from sign-ins: strangers have a say in how much that is.
    learned: memory::Memory,
    /// Room for large bodies.
    room: body::Room,
    /// What keeps sign-ins for longer than the program lives.
    keeper: Option<Keeping>,
    /// Who is asked for the addresses of names, where the client does not ask by itself.
    names: Names,
}

/// A complete answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers as sent.
    pub headers: HeaderMap,
    /// The address that answered, after redirects.
    pub url: Url,
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// The redirects on the way.
    pub hops: Vec<Hop>,
}

/// One redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Its status: 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Where it led.
    pub to: Url,
}

impl Client {
    /// Makes a client. Installs rustls' ring provider unless one is installed already.
    pub fn new(rules: Egress) -> Result<Self, Error> {
        Self::with_lookup(rules, &resolver::system())
    }

    /// Makes a client that resolves names by `lookup`, so that tests can play a hostile name server.
    fn with_lookup(rules: Egress, lookup: &Lookup) -> Result<Self, Error> {
        // An error here means that somebody was first, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = |port: Option<u16>| {
            let holds = |rule: &&Allowed| rule.port().is_none() || rule.port() == port;
            let allowed = rules.allow_private.iter().filter(holds).cloned().collect();
            Ways::build(&rules, PublicOnly { lookup: lookup.clone(), allowed })
        };
        let mut by_port = Vec::new();
        for port in rules.allow_private.iter().filter_map(Allowed::port).collect::<HashSet<_>>() {
            by_port.push((port, client(Some(port))?));
        }
        let general = client(None)?;
        let names = Names(lookup.clone());
        let (memory, learned, room) = (memory::Memory::default(), memory::Memory::default(), body::Room::default());
        Ok(Self { rules, general, by_port, memory, learned, room, keeper: None, names })
    }

    /// What was remembered under this key and is not forgotten since. Like its connections, it is shared by all clones
    /// and ends with the program.
    pub(crate) fn recall(&self, key: &str) -> Option<String> {
        self.memory.recall(key)
    }

    /// Remembers a sign-in, so that it need not be repeated.
    pub(crate) fn remember(&self, key: String, what: String) {
        self.memory.remember(key, what);
    }

    /// Forgets what no longer holds.
    pub(crate) fn forget(&self, key: &str) {
        self.memory.forget(key);
    }

    /// What was learned of a server; shared and short-lived like what is remembered.
    pub(crate) fn known_of(&self, server: &str) -> Option<String> {
        self.learned.recall(server)
    }

    /// Keeps something learned of a server that costs little to learn again.
    pub(crate) fn learn_of(&self, server: String, what: String) {
        self.learned.learn(server, what);
    }

    /// What was learned of servers since this was asked last.
    pub(crate) fn learned_anew(&self) -> Vec<(String, String)> {
        self.learned.anew()
    }

    /// What an earlier run of the program learned of a server.
    pub(crate) fn remind_of(&self, server: String, what: String) {
        self.learned.remember(server, what);
    }

    /// Forgets what was learned of a server.
    pub(crate) fn unlearn_of(&self, server: &str) {
        self.learned.forget(server);
    }

    /// The same client, with what keeps sign-ins that renew themselves.
    #[must_use]
    pub fn keeping(mut self, keeper: std::sync::Arc<dyn Keeper>) -> Self {
        self.keeper = Some(Keeping(keeper));
        self
    }

    pub(crate) fn keeper(&self) -> Option<&dyn Keeper> {
        self.keeper.as_ref().map(|keeping| &*keeping.0)
    }

    /// The rules it was made with.
    pub fn rules(&self) -> &Egress {
        &self.rules
    }

    /// Fetches `url`, following redirects. An answer of any status is `Ok`; see [`Response::success`].
    ///
    /// Headers that prove who we are do not follow a redirect to another origin.
    pub fn get<'a>(&'a self, url: &'a str, headers: &'a [(&'a str, &'a str)]) -> Later<'a, Result<Response, Error>> {
        Box::pin(async move { self.within_deadline(url, self.follow(url, headers)).await })
    }

    /// Posts `body` to `url`, once. A redirect is an answer like any other and not followed: what was said in one
    /// place is not to be said again in another without anybody knowing.
    pub fn post<'a>(
        &'a self,
        url: &'a str,
        headers: &'a [(&'a str, &'a str)],
        body: Vec<u8>,
    ) -> Later<'a, Result<Response, Error>> {
        self.send(Method::POST, url, headers, Some(body))
    }

    /// One request of any method, without redirects; see [`Client::post`].
    pub fn send<'a>(
        &'a self,
        method: Method,
        url: &'a str,
        headers: &'a [(&'a str, &'a str)],
        body: Option<Vec<u8>>,
    ) -> Later<'a, Result<Response, Error>> {
        Box::pin(async move {
            let once = async {
                let at = read_url(url)?;
                let headers = read_headers(headers)?;
                self.ask(method, &at, headers, body).await
            };
            self.within_deadline(url, once).await
        })
    }

    async fn within_deadline<T>(&self, url: &str, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::time::timeout(self.rules.deadline, work).await.unwrap_or_else(|_| {
            let host = Url::parse(url).ok().and_then(|u| u.host_str().map(ToOwned::to_owned)).unwrap_or_default();
            Err(Error::Deadline { host, deadline: self.rules.deadline })
        })
    }

    async fn follow(&self, url: &str, headers: &[(&str, &str)]) -> Result<Response, Error> {
        let mut at = read_url(url)?;
        let mut headers = read_headers(headers)?;
        let mut hops = Vec::new();
        let mut seen = HashSet::from([at.clone()]);
        loop {
            let response = self.ask(Method::GET, &at, headers.clone(), None).await?;
            if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(Response { hops, ..response });
            }
            let to = next_hop(&at, &response)?;
            if hops.len() >= usize::from(self.rules.max_hops) {
                return Err(Error::Hops { limit: self.rules.max_hops, url: short(to.as_str()) });
            }
            if !seen.insert(to.clone()) {
                return Err(Error::Loop { url: short(to.as_str()) });
            }
            if to.origin() != at.origin() {
                for secret in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
                    headers.remove(secret);
                }
            }
            hops.push(Hop { status: response.status, to: to.clone() });
            at = to;
        }
    }

    /// One request, no redirects.
    async fn ask(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Option<Vec<u8>>,
    ) -> Result<Response, Error> {
        let host = url.host_str().unwrap_or_default().to_owned();
        // The connector does not ask the resolver about literal addresses, so they are looked at here.
        self.check_literal(url)?;
        let mut request = self.for_port(url).request(method, url.clone()).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = request.send().await.map_err(|e| failed(&e, &host))?;
        if let Some(peer) = answer.remote_addr() {
            self.check_address(url, peer.ip())?;
        }
        let headers = answer.headers().clone();
        if headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() > MAX_HEADERS {
            return Err(Error::Headers { host, limit: MAX_HEADERS });
        }
        let status = answer.status().as_u16();
        let redirects = matches!(status, 301 | 302 | 303 | 307 | 308);
        let body = if redirects { Vec::new() } else { body::read(answer, &host, &self.rules, &self.room).await? };
        Ok(Response { status, headers, url: url.clone(), body, hops: Vec::new() })
    }

    fn for_port(&self, url: &Url) -> &reqwest::Client {
        &self.ways(url).usual
    }

    fn for_sockets(&self, url: &Url) -> &reqwest::Client {
        &self.ways(url).sockets
    }

    fn ways(&self, url: &Url) -> &Ways {
        let port = url.port_or_known_default();
        self.by_port.iter().find(|(p, _)| Some(*p) == port).map_or(&self.general, |(_, ways)| ways)
    }

    fn check_literal(&self, url: &Url) -> Result<(), Error> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_address(url, address.into()),
            Some(Host::Ipv6(address)) => self.check_address(url, address.into()),
            _ => Ok(()),
        }
    }

    fn check_address(&self, url: &Url, address: IpAddr) -> Result<(), Error> {
        let port = url.port_or_known_default();
        let host = url.host_str().unwrap_or_default();
        let holds = |rule: &&Allowed| rule.port().is_none() || rule.port() == port;
        let allowed: Vec<Allowed> = self.rules.allow_private.iter().filter(holds).cloned().collect();
        if permitted(host, address, &allowed) { Ok(()) } else { Err(Error::Private { host: host.to_owned(), address }) }
    }
}

impl Response {
    /// A header as text, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// How long the other side asks us to wait (`Retry-After`).
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        asks_to_wait(&self.headers, now)
    }

    /// What is left of the requests it allows, where it says so.
    pub fn budget(&self, now: Timestamp) -> Option<Budget> {
        Budget::read(&self.headers, their_time(&self.headers, now))
    }

    /// How long the window lasts that the other side counts in. Where it refuses us and says nothing else, something
    /// that it does not count before us is used up, such as all requests of an app at X.
    pub(crate) fn window(&self, now: Timestamp) -> Option<Duration> {
        self.budget(now)?.resets_in
    }

    /// What time it is on the other side, as far as it says so.
    pub(crate) fn their_time(&self, now: Timestamp) -> Timestamp {
        their_time(&self.headers, now)
    }

    /// How long to stay away: what `Retry-After` asks for, else until the next window where nothing is left of this
    /// one.
    pub fn stay_away(&self, now: Timestamp) -> Option<Duration> {
        stay_away(&self.headers, now)
    }

    /// The answer if its status is 2xx, otherwise [`Error::Status`].
    pub fn success(self, now: Timestamp) -> Result<Self, Error> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        // Networks put tokens and words into queries; neither belongs into an error.
        let mut url = self.url.clone();
        url.set_query(None);
        Err(Error::Status { url: short(url.as_str()), status: self.status, retry_after: self.stay_away(now) })
    }

    /// Where the thing has moved for good: the last address, when every redirect said so (301, 308).
    pub fn moved_to(&self) -> Option<&Url> {
        let permanent = !self.hops.is_empty() && self.hops.iter().all(|hop| matches!(hop.status, 301 | 308));
        permanent.then_some(&self.url)
    }
}

/// What time it is on the other side (`Date`, RFC 9110 §6.6.1), else ours: the moments it names are of its clock, and
/// two clocks are rarely alike.
fn their_time(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(retry::http_date).unwrap_or(now)
}

fn asks_to_wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after(value, their_time(headers, now))
}

fn stay_away(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let budget = || Budget::read(headers, their_time(headers, now));
    let spent = || budget().filter(|budget| budget.remaining == 0).and_then(|budget| budget.resets_in);
    asks_to_wait(headers, now).or_else(spent)
}

/// The same rules, spoken in two ways.
#[derive(Debug, Clone)]
struct Ways {
    usual: reqwest::Client,
    /// For what is upgraded: HTTP/2 knows no `Upgrade`.
    sockets: reqwest::Client,
}

impl Ways {
    fn build(rules: &Egress, resolver: PublicOnly) -> Result<Self, Error> {
        let made = |builder: reqwest::ClientBuilder| builder.build().map_err(|e| Error::Client(chain(&e)));
        let usual = made(builder(rules, resolver.clone()))?;
        Ok(Self { usual, sockets: made(builder(rules, resolver).http1_only())? })
    }
}

fn builder(rules: &Egress, resolver: PublicOnly) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .referer(false)
        .redirect(redirect::Policy::none())
        .dns_resolver(resolver)
        .connect_timeout(rules.connect)
        .http2_max_header_list_size(MAX_HEADERS as u32)
        .pool_max_idle_per_host(4)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(&rules.user_agent)
        .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]))
}

fn read_url(text: &str) -> Result<Url, Error> {
    let bad = |why: String| Error::Url { url: short(text), why };
    if text.len() > MAX_URL {
        return Err(bad(format!("it is {} bytes long, at most {MAX_URL} are taken", text.len())));
    }
    let mut url = Url::parse(text.trim()).map_err(|e| bad(e.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::Scheme { url: short(text), scheme: url.scheme().to_owned() });
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("it has no host".to_owned()));
    }
    url.set_fragment(None);
    Ok(url)
}

fn next_hop(at: &Url, response: &Response) -> Result<Url, Error> {
    let nowhere = || Error::Nowhere { host: at.host_str().unwrap_or_default().to_owned() };
    let value = response.headers.get(LOCATION).ok_or_else(nowhere)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    let joined = at.join(text.trim()).map_err(|e| Error::Url { url: short(&text), why: e.to_string() })?;
    let mut to = read_url(joined.as_str())?;
    // A redirect must not make us sign in anywhere with a name of its choosing.
    if to.origin() != at.origin() || to.username() != at.username() {
        let _ = to.set_username("");
        let _ = to.set_password(None);
    }
    Ok(to)
}

fn read_headers(headers: &[(&str, &str)]) -> Result<HeaderMap, Error> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let bad = || Error::Header { name: short(name) };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        map.append(name, HeaderValue::from_str(value).map_err(|_| bad())?);
    }
    Ok(map)
}

/// Turns the client's error into ours.
fn failed(error: &reqwest::Error, host: &str) -> Error {
    let host = host.to_owned();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(NotPublic { address }) = inner.downcast_ref() {
            return Error::Private { host, address: *address };
        }
        if let Some(NotFound(why)) = inner.downcast_ref() {
            return Error::Name { host, why: why.clone() };
        }
        cause = inner.source();
    }
    let why = chain(error);
    if error.is_connect() { Error::Unreached { host, why } } else { Error::Connection { host, why } }
}

/// The innermost cause, which is the one that tells.
fn chain(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    words
}

fn short(text: &str) -> String {
    text.chars().take(200).filter(|c| !c.is_control()).collect()
}
