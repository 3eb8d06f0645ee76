//! Actors: ours as we show them, and those of others as they do.

use serde_json::{Value, json};
use url::Url;

use super::{
    keys::{Keys, from_multibase, from_pem},
    signature::PublicKey,
};

/// Somebody on another server.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    /// Its address, which is who it is.
    pub id: String,
    /// Where it is written to.
    pub inbox: String,
    /// Where everybody on its server is written to at once.
    pub shared_inbox: Option<String>,
    /// `name@host`.
    pub handle: Option<String>,
    /// What it calls itself.
    pub name: Option<String>,
    /// A page for people.
    pub url: Option<String>,
    /// Its picture.
    pub icon: Option<String>,
    /// Who it says it is as well.
    pub also_known_as: Vec<String>,
    keys: Vec<(String, PublicKey)>,
}

impl Actor {
    /// Reads an actor's document, if it is one.
    pub fn read(document: &Value) -> Option<Self> {
        let web = |value: &Value| {
            let text = value.as_str()?;
            super::remote::origin(text).map(|_| text.to_owned())
        };
        let id = web(&document["id"])?;
        let word = |name: &str| document[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        let host = Url::parse(&id).ok().map(|url| match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        });
        let handle = word("preferredUsername").zip(host).map(|(name, host)| format!("{name}@{host}"));
        let mut keys = Vec::new();
        for key in each(&document["publicKey"]) {
            let ours = key["owner"].as_str() == Some(&id);
            if let (true, Some(key_id), Some(key)) =
                (ours, key["id"].as_str(), key["publicKeyPem"].as_str().and_then(from_pem))
            {
                keys.push((key_id.to_owned(), key));
            }
        }
        for key in each(&document["assertionMethod"]) {
            let ours = key["controller"].as_str() == Some(&id);
            let read = key["publicKeyMultibase"].as_str().and_then(from_multibase);
            if let (true, Some(key_id), Some(key)) = (ours, key["id"].as_str(), read) {
                keys.push((key_id.to_owned(), key));
            }
        }
        Some(Self {
            inbox: web(&document["inbox"])?,
            shared_inbox: web(&document["endpoints"]["sharedInbox"]),
            name: word("name"),
            url: each(&document["url"]).find_map(|url| web(url).or_else(|| web(&url["href"]))),
            icon: each(&document["icon"]).find_map(|icon| web(icon).or_else(|| web(&icon["url"]))),
            also_known_as: each(&document["alsoKnownAs"]).filter_map(web).collect(),
            handle,
            keys,
            id,
        })
    }

    /// One of its keys.
    pub(super) fn key(&self, id: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|(known, _)| known == id).map(|(_, key)| key)
    }
}

/// One thing or many: JSON-LD writes a list of one as the one.
pub(super) fn each(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(all) => all.iter(),
        Value::Null => [].iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

/// An actor of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// `care`, of `@care@yourcompany.example`.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// Its address.
    pub id: String,
}

impl Ours {
    /// The actor `name` of the installation at `base`.
    pub fn new(base: &Url, name: &str, label: &str) -> Self {
        let id = base.join(&format!("actors/{name}")).map(String::from).unwrap_or_default();
        Self { name: name.to_owned(), label: label.to_owned(), id }
    }

    /// Where the public half of its key is found.
    pub fn key_id(&self) -> String {
        format!("{}#main-key", self.id)
    }

    /// Its document.
    pub fn document(&self, base: &Url, keys: &Keys) -> Value {
        let shared = base.join("inbox").map(String::from).unwrap_or_default();
        json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": self.id, "type": "Organization", "preferredUsername": self.name, "name": self.label, "url": self.id,
            "inbox": format!("{}/inbox", self.id), "outbox": format!("{}/outbox", self.id),
            "followers": format!("{}/followers", self.id), "following": format!("{}/following", self.id), "endpoints": { "sharedInbox": shared },
            "manuallyApprovesFollowers": false, "discoverable": true,
            "publicKey": { "id": self.key_id(), "owner": self.id, "publicKeyPem": keys.public_pem() },
        })
    }

    /// Its answer to WebFinger (RFC 7033).
    pub fn finger(&self, base: &Url) -> Value {
        json!({
            "subject": format!("acct:{}", self.address(base)), "aliases": [self.id],
            "links": [
                { "rel": "self", "type": "application/activity+json", "href": self.id },
                { "rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": self.id },
            ],
        })
    }

    /// `care@yourcompany.example`.
    pub fn address(&self, base: &Url) -> String {
        let host = base.host_str().unwrap_or_default();
        let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}@{host}{port}", self.name)
    }

    /// The answer to somebody who follows it.
    pub fn accept(&self, follow: &Value) -> Value {
        let id = follow["id"].as_str().unwrap_or_default();
        let hash = crate::contract::hex(&<sha2::Sha256 as sha2::Digest>::digest(id.as_bytes())[..12]);
        json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{}/accepted/{hash}", self.id),
            "type": "Accept", "actor": self.id, "object": follow,
        })
    }
}

/// Who an `acct:` of WebFinger names here: `acct:care@yourcompany.example`, or an actor's address.
pub fn fingered(base: &Url, resource: &str) -> Option<String> {
    let account = resource.strip_prefix("acct:").unwrap_or(resource);
    if let Some((name, host)) = account.trim_start_matches('@').split_once('@') {
        let here = Ours::new(base, "", "").address(base);
        return (format!("@{}", host.to_ascii_lowercase()) == here).then(|| name.to_ascii_lowercase());
    }
    let actors = base.join("actors/").ok()?;
    resource.strip_prefix(actors.as_str()).filter(|name| !name.contains('/')).map(ToOwned::to_owned)
}

/// What an installation says of itself (NodeInfo 2.1): where, and then what.
pub fn node_info(base: &Url, actors: usize, posts: i64) -> (Value, Value) {
    let at = base.join("nodeinfo/2.1").map(String::from).unwrap_or_default();
    let schema = "http://nodeinfo.diaspora.software/ns/schema/2.1";
    let links = json!({ "links": [{ "rel": schema, "href": at }] });
    let info = json!({
        "version": "2.1", "protocols": ["activitypub"], "services": { "inbound": [], "outbound": [] }, "openRegistrations": false,
        "software": { "name": "dandelion", "version": env!("CARGO_PKG_VERSION") },
        "usage": { "users": { "total": actors }, "localPosts": posts }, "metadata": {},
    });
    (links, info)
}
