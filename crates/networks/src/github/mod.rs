//! GitHub: what is said in issues, discussions and reviews of a repository, sent to us by its webhook.

mod payload;

use dandelion_post::Refusal;
use url::Url;

use crate::{
    contract::{Connector, Delivery, Place, Received, Unsigned, hmac_hex_fits},
    guess::Guess,
    networks::{About, Field, Once, Proven, Reads, Writes},
};

pub use payload::items;

/// What this network is.
pub const ABOUT: About = About {
    name: "github",
    label: "GitHub",
    reads: Reads {
        what: "issues, discussions, their comments, and comments of reviews: said, edited, deleted",
        poll: false,
        stream: false,
        push: true,
    },
    writes: Writes::NOTHING,
    once: Once::Nothing,
    length: None,
    fields: &[Field {
        name: "secret",
        label: "Secret",
        secret: true,
        needed: true,
        help: "In the repository: Settings, Webhooks, Add webhook, with JSON as its content type. Choose a long secret \
               and enter it on both sides.",
    }],
    limits: "16 MiB a delivery",
    docs: "Choose the events Issues, Issue comments, Discussions, Discussion comments and Pull request review comments; \
           all others are taken and hold no posts.",
    proven: Proven::Replay("the example payloads that GitHub publishes"),
    connector: &GitHub,
};

/// Shortest secret taken: what GitHub's documentation calls a string with high entropy.
const SHORTEST: usize = 16;

struct GitHub;

impl Connector for GitHub {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if repository(&place.url).is_none() {
            let reason = "write the repository's address, https://github.com/owner/repository";
            return Err(Refusal::new("url", reason, &place.url));
        }
        if place.credentials.get("secret").is_none_or(|secret| secret.len() < SHORTEST) {
            let reason = format!("choose a secret of at least {SHORTEST} characters and enter it on both sides");
            return Err(Refusal::new("secret", reason, ""));
        }
        Ok(())
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

    fn guess(&self, typed: &str) -> Option<Guess> {
        let name = repository(typed).or_else(|| repository(&format!("https://{typed}")))?;
        let what = format!("what is said in the issues and discussions of {name}");
        Some(Guess::new(3, format!("https://github.com/{name}"), &[], what))
    }
}

/// `owner/repository` of an address below it.
fn repository(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if !matches!(url.host_str(), Some("github.com" | "www.github.com")) {
        return None;
    }
    let mut parts = url.path_segments()?.filter(|part| !part.is_empty());
    let (owner, name) = (parts.next()?, parts.next()?);
    let own = !matches!(owner, "about" | "features" | "orgs" | "settings" | "topics" | "sponsors" | "marketplace");
    own.then(|| format!("{owner}/{}", name.trim_end_matches(".git")))
}

#[cfg(test)]
mod tests;
