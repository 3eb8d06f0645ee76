//! Who somebody is: a handle names a DID, and the DID's document says on which server the account lives
//! (atproto.com/specs/handle, atproto.com/specs/did).

use serde_json::Value;
use url::Url;

use super::{guess::APP_VIEW, session::read};
use crate::contract::{Access, Trouble};

/// Where the DIDs of method `plc` are kept.
const PLC: &str = "https://plc.directory";
/// Servers that belong to Bluesky and hold no account by themselves.
const OF_BLUESKY: [&str; 4] = ["public.api.bsky.app", "api.bsky.app", "bsky.app", "bsky.social"];

/// Whether this is a DID of a method that accounts have (at most 2 KiB, as the specification says).
pub(super) fn is_did(text: &str) -> bool {
    let fits = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-%_".contains(&b));
    match (text.strip_prefix("did:plc:"), text.strip_prefix("did:web:")) {
        (Some(id), _) => id.len() == 24 && id.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)),
        (_, Some(host)) => text.len() <= 2048 && fits(host) && host.contains('.') || host_with_port(text),
        _ => false,
    }
}

/// `did:web:localhost%3A2583`: a host without a dot has a port.
fn host_with_port(text: &str) -> bool {
    text.strip_prefix("did:web:").and_then(|host| host.split_once("%3A")).is_some_and(|(host, port)| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && port.parse::<u16>().is_ok()
    })
}

/// Whether this is a handle: a domain name of at least two labels, the last of which begins with a letter.
pub(super) fn is_handle(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<&str> = text.split('.').collect();
    let last = labels.last().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
    text.len() <= 253 && labels.len() >= 2 && last && labels.iter().all(|part| label(part))
}

/// The DID of a handle or DID.
pub(super) async fn did(access: &Access, who: &str) -> Result<String, Trouble> {
    let who = who.trim_start_matches('@');
    if is_did(who) {
        return Ok(who.to_owned());
    }
    if !is_handle(who) {
        return Err(Trouble::wrong(format!("{who} is no handle; write it as @name.bsky.social or @company.example")));
    }
    let view = access.setting("appview").unwrap_or(if of_bluesky(&access.url) { APP_VIEW } else { &access.url });
    let url = format!("{}/xrpc/com.atproto.identity.resolveHandle?handle={who}", view.trim_end_matches('/'));
    let answer = access.client.get(&url, &[("accept", "application/json")]).await?;
    if answer.status == 400 {
        return Err(Trouble::wrong(format!("there is no account @{who}; check the spelling")));
    }
    let (found, _) = read(answer, access)?;
    let did = found["did"].as_str().filter(|did| is_did(did));
    did.map(ToOwned::to_owned).ok_or_else(|| Trouble::passing(format!("@{who} could not be looked up")))
}

/// The server an account is signed in to: the one that was entered, or where that is one of Bluesky's own, the one the
/// account lives on.
pub(super) async fn home(access: &Access, who: &str) -> Result<String, Trouble> {
    if !of_bluesky(&access.url) && access.setting("plc").is_none() {
        return Ok(access.url.trim_end_matches('/').to_owned());
    }
    Ok(account(access, who).await?.home)
}

/// An account, as its own document tells it.
pub(super) struct Account {
    /// Who it is, for ever.
    pub did: String,
    /// What it is called: the handle, where handle and document name each other, else the DID.
    pub handle: String,
    /// The server it lives on.
    pub home: String,
}

/// Looks an account up from its handle or DID.
pub(super) async fn account(access: &Access, who: &str) -> Result<Account, Trouble> {
    let who = who.trim_start_matches('@').to_ascii_lowercase();
    let did = did(access, &who).await?;
    let answer = access.client.get(&document_of(access, &did)?, &[("accept", "application/json")]).await?;
    if matches!(answer.status, 404 | 410) {
        return Err(Trouble::wrong(format!("the account {did} is gone")));
    }
    let (document, _) = read(answer, access)?;
    let home = server(&document, &did);
    let home = home.ok_or_else(|| Trouble::wrong(format!("the account {did} names no server that it lives on")))?;
    let names = document["alsoKnownAs"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let named = names.filter_map(|name| name.strip_prefix("at://")).find(|name| is_handle(name));
    let handle = match named {
        Some(named) if who == did && self::did(access, named).await.is_ok_and(|found| found == did) => named.to_owned(),
        Some(named) if named.eq_ignore_ascii_case(&who) => who,
        _ if is_did(&who) => who,
        _ => {
            return Err(Trouble::wrong(format!(
                "@{who} leads to an account that does not call itself so; check the spelling"
            )));
        }
    };
    Ok(Account { did, handle, home })
}

fn document_of(access: &Access, did: &str) -> Result<String, Trouble> {
    let Some(host) = did.strip_prefix("did:web:") else {
        return Ok(format!("{}/{did}", access.setting("plc").unwrap_or(PLC).trim_end_matches('/')));
    };
    // Accounts have no paths in their did:web; a port is written %3A.
    let host = host.replace("%3A", ":");
    let url = Url::parse(&format!("https://{host}/.well-known/did.json")).ok();
    url.filter(|url| url.username().is_empty())
        .map(String::from)
        .ok_or_else(|| Trouble::wrong(format!("{did} is no DID")))
}

/// The server a DID document names, if the document is this DID's.
fn server(document: &Value, did: &str) -> Option<String> {
    if document["id"].as_str() != Some(did) {
        return None;
    }
    let services = document["service"].as_array()?;
    let is_server = |service: &&Value| {
        let id = service["id"].as_str().unwrap_or_default();
        (id == "#atproto_pds" || id == format!("{did}#atproto_pds"))
            && service["type"].as_str() == Some("AtprotoPersonalDataServer")
    };
    let at = Url::parse(services.iter().find(is_server)?["serviceEndpoint"].as_str()?).ok()?;
    let fits = matches!(at.scheme(), "http" | "https") && at.host_str().is_some() && at.username().is_empty();
    fits.then(|| at.as_str().trim_end_matches('/').to_owned())
}

fn of_bluesky(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.host_str().is_some_and(|host| OF_BLUESKY.contains(&host)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn handles_and_dids_are_what_the_specification_says() {
        for good in [
            "jay.bsky.social",
            "8.cn",
            "name.t--t",
            "xn--notarealidn.com",
            "a.co",
            "www.maseľkowski.net".replace('ľ', "l").as_str(),
        ] {
            assert!(is_handle(good), "{good}");
        }
        for bad in [
            "jo@hn.test",
            "💩.test",
            "john..test",
            "xn--bücher-.tld",
            "john.0",
            "cn.8",
            "www.masełkowski.pl.com",
            "org",
            "name.org.",
            "-a.b",
            "a-.b",
            "",
        ] {
            assert!(!is_handle(bad), "{bad}");
        }
        assert!(
            is_did("did:plc:z72i7hdynmk6r22z27h6tvur")
                && is_did("did:web:example.com")
                && is_did("did:web:localhost%3A2583")
        );
        for bad in [
            "did:method:val",
            "did:plc:z72",
            "DID:plc:z72i7hdynmk6r22z27h6tvur",
            "did:web:",
            "did:web:a b.c",
            "did:web:x",
            "did:web:a/b.c",
        ] {
            assert!(!is_did(bad), "{bad}");
        }
    }

    #[test]
    fn only_its_own_document_says_where_an_account_lives() {
        let did = "did:plc:z72i7hdynmk6r22z27h6tvur";
        let document = |id: &str, kind: &str, at: &str| {
            json!({ "id": id, "service": [{ "id": "#labeler", "type": "X", "serviceEndpoint": "https://l.example" },
                { "id": "#atproto_pds", "type": kind, "serviceEndpoint": at }] })
        };
        let right = "AtprotoPersonalDataServer";
        assert_eq!(server(&document(did, right, "https://pds.example/"), did).as_deref(), Some("https://pds.example"));
        assert_eq!(server(&document("did:plc:other", right, "https://pds.example"), did), None);
        assert_eq!(server(&document(did, "Other", "https://pds.example"), did), None);
        assert_eq!(server(&document(did, right, "ftp://pds.example"), did), None);
        assert_eq!(server(&document(did, right, "https://me:pw@pds.example"), did), None);
    }
}
