//! GitHub: what is said in issues, discussions and reviews of a repository, sent to us by its webhook and asked for: GitHub
//! never sends again what was lost. Source: docs.github.com, REST (2022-11-28), GraphQL and webhooks.

mod api;
mod discussions;
mod payload;
mod post;
mod read;
mod spot;
mod write;

use dandelion_post::Refusal;
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::{
    Later,
    contract::{
        Access, Connected, Connector, Delivery, Found, Page, Place, Received, Trouble, Unsigned, hmac_hex_fits,
    },
    guess::Guess,
    networks::{About, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

pub use payload::items;

/// What this network is.
pub const ABOUT: About = About {
    name: "github",
    label: "GitHub",
    reads: Reads {
        what: "issues, discussions, their comments, and comments of reviews: said, edited, deleted",
        poll: true,
        stream: false,
        push: true,
    },
    writes: Writes { reply: true, edit: true, delete: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: Some(Length::characters(65_536)),
    fields: &[
        Field {
            name: "token",
            label: "Access token",
            secret: true,
            needed: false,
            help: "On GitHub: Settings, Developer settings, Fine-grained tokens, for this repository, with Issues, Pull \
                   requests and Discussions (read; read and write to answer). Without one, a public repository is read 20 \
                   times an hour, without its discussions, and nothing is written.",
        },
        Field {
            name: "secret",
            label: "Webhook secret",
            secret: true,
            needed: false,
            help: "To be told at once: in the repository Settings, Webhooks, Add webhook, with JSON as its content type and \
                   the address that the source's page shows. The same long secret on both sides.",
        },
        Field {
            name: "api",
            label: "Interface",
            secret: false,
            needed: false,
            help: "Only for a GitHub Enterprise Server of your own: https://git.yourcompany.example/api/v3.",
        },
    ],
    limits: "5,000 requests an hour for one token, 60 without, as its headers say; 100 entries a page; of a discussion the \
             first 2,000 comments with 100 answers each; 16 MiB a delivery",
    docs: "It is asked in any case; the webhook makes it quick and tells of deletions. Choose the events Issues, Issue \
           comments, Discussions, Discussion comments and Pull request review comments; all others are taken and hold no \
           posts. A handle's address is https://github.com.",
    proven: Proven::Replay("the example payloads that GitHub publishes, and its documented answers"),
    connector: &GitHub,
};

/// Shortest secret taken: what GitHub's documentation calls a string with high entropy.
const SHORTEST: usize = 16;

struct GitHub;

impl Connector for GitHub {
    /// Looks who we are, where we have a token.
    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(async move {
            let mut handle = None;
            if access.credentials.get("token").is_some() {
                let (me, _) = api::get(access, "/user").await?;
                handle = me["login"].as_str().map(ToOwned::to_owned);
            }
            Ok(Connected { place: access.place.clone(), name: repository(&access.place), handle })
        })
    }

    fn check(&self, place: &Place) -> Result<(), Refusal> {
        let account = place.credentials.get("token").is_some() && is_server(place);
        if repository(place).is_none() && !account {
            let reason = "write the repository's address, https://github.com/owner/repository";
            return Err(Refusal::new("url", reason, &place.url));
        }
        if place.credentials.get("secret").is_some_and(|secret| secret.len() < SHORTEST) {
            let reason = format!("choose a secret of at least {SHORTEST} characters and enter it on both sides");
            return Err(Refusal::new("secret", reason, ""));
        }
        Ok(())
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(async move {
            let none = || Trouble::wrong("write the repository's address, https://github.com/owner/repository");
            read::page(access, &repository(&access.place).ok_or_else(none)?, cursor).await
        })
    }

    fn rewound(&self, _cursor: &Value, to: Timestamp) -> Value {
        read::rewound(to)
    }

    /// `X-Hub-Signature-256: sha256=HEX` over the body as it came.
    fn receive(&self, place: &Place, delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
        let secret = place.credentials.get("secret").ok_or(Unsigned::NoSecret)?;
        let signature = delivery.header("x-hub-signature-256")?;
        let given = signature.strip_prefix("sha256=").ok_or(Unsigned::Missing("x-hub-signature-256"))?;
        if !hmac_hex_fits(secret, &[delivery.body], given) {
            return Err(Unsigned::Mismatch);
        }
        let event = delivery.header("x-github-event")?;
        let id = delivery.header("x-github-delivery").ok().map(ToOwned::to_owned);
        Ok(Received::Items { id, items: items(event, delivery.body, delivery.now) })
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(write::publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move { Found::of(write::look(access, reply, since).await) })
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, text: &'a str) -> Later<'a, Answer> {
        Box::pin(write::edit(access, id, text))
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(write::delete(access, id))
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let at = |url: String| repository(&Place { url, ..Place::default() });
        let name = at(typed.to_owned()).or_else(|| at(format!("https://{typed}")))?;
        let what = format!("what is said in the issues and discussions of {name}");
        Some(Guess::new(3, format!("https://github.com/{name}"), &[], what))
    }
}

/// Whether a place's address is of GitHub, or of the server of one's own that it names.
fn is_server(place: &Place) -> bool {
    let own = place.setting("api").is_some();
    let host = Url::parse(&place.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    host.is_some_and(|url| own || matches!(url.host_str(), Some("github.com" | "www.github.com")))
}

/// `owner/repository` of a place at or below it.
fn repository(place: &Place) -> Option<String> {
    let url = Url::parse(&place.url).ok().filter(|_| is_server(place))?;
    let mut parts = url.path_segments()?.filter(|part| !part.is_empty());
    let (owner, name) = (parts.next()?, parts.next()?.trim_end_matches(".git"));
    let theirs = matches!(owner, "about" | "features" | "orgs" | "settings" | "topics" | "sponsors" | "marketplace");
    (!theirs && spot::is_name(owner) && spot::is_name(name)).then(|| format!("{owner}/{name}"))
}

#[cfg(test)]
mod tests;
