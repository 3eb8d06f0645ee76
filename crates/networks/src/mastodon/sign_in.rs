//! Signing in by a pasted token, or by an application that registers itself and a code the person brings back.

use serde_json::{Value, json};
use url::Url;

use super::{
    ask::{get, read},
    dialect::{self, Software},
    place, status,
};
use crate::contract::{Access, Authorize, Connected, Credentials, Trouble};

/// "Show the code to the person": the redirect address without a redirect.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Registers an application with the instance; the person agrees at the address and brings a code.
pub(super) async fn authorize(access: &Access) -> Result<Authorize, Trouble> {
    let scopes = Software::read(&dialect::instance(access).await?).scopes();
    let asked = json!({ "client_name": "Dandelion", "redirect_uris": OUT_OF_BAND, "scopes": scopes });
    let app = post(access, "/api/v1/apps", &asked).await?;
    let (Some(id), Some(secret)) = (app["client_id"].as_str(), app["client_secret"].as_str()) else {
        return Err(Trouble::wrong("the instance does not let applications register; paste an access token instead"));
    };
    let mut url = Url::parse(&access.at("/oauth/authorize")).map_err(|e| Trouble::wrong(e.to_string()))?;
    url.query_pairs_mut()
        .append_pair("client_id", id)
        .append_pair("redirect_uri", OUT_OF_BAND)
        .append_pair("response_type", "code")
        .append_pair("scope", scopes);
    let credentials = Credentials::none().with("client_id", id).with("client_secret", secret).with("scope", scopes);
    Ok(Authorize { url: url.into(), credentials, asks: &[] })
}

/// Ends the sign-in where one was begun, then looks what the instance says of itself and of us.
pub(super) async fn connect(access: &Access) -> Result<Connected, Trouble> {
    let mut access = access.clone();
    if let Some(code) = access.credentials.get("code").map(ToOwned::to_owned) {
        let token = exchange(&access, &code).await?;
        access.place.credentials = Credentials::none().with("token", token);
    }
    let instance = dialect::instance(&access).await?;
    let domain = dialect::domain(&instance).unwrap_or_else(|| place::domain(&access));
    let settings = &mut access.place.settings;
    settings.insert("domain".to_owned(), domain.clone().into());
    settings.insert("software".to_owned(), Software::read(&instance).name().into());
    if let Some(most) = dialect::most(&instance) {
        settings.insert("max_characters".to_owned(), most.into());
    }
    if let Some(streaming) = streaming(&instance, &access.place.url) {
        access.place.settings.insert("streaming".to_owned(), streaming.into());
    }
    let mut handle = None;
    if access.credentials.get("token").is_some() {
        let (me, _) = get(&access, "/api/v1/accounts/verify_credentials").await?;
        let me = me["acct"].as_str().map(|acct| status::whole_handle(acct, &domain));
        if let Some(me) = &me {
            access.place.settings.insert("me".to_owned(), me.clone().into());
        }
        handle = me;
    }
    place::check(&access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let name = match place::reading(&access) {
        Ok(place::Reading::Tag(tag)) => format!("#{tag} on {domain}"),
        Ok(place::Reading::Account(acct)) => format!("Posts of @{}", status::whole_handle(&acct, &domain)),
        _ => format!("Mentions of @{}", handle.as_deref().unwrap_or(&domain)),
    };
    Ok(Connected { place: access.place, name: Some(name), handle: handle.map(|handle| format!("@{handle}")) })
}

async fn exchange(access: &Access, code: &str) -> Result<String, Trouble> {
    let kept = |name: &str| access.credentials.get(name).unwrap_or_default().to_owned();
    let asked = json!({
        "grant_type": "authorization_code",
        "code": code.trim(),
        "client_id": kept("client_id"),
        "client_secret": kept("client_secret"),
        "redirect_uri": OUT_OF_BAND,
        "scope": access.credentials.get("scope").unwrap_or(Software::Mastodon.scopes()),
    });
    let answer = post(access, "/oauth/token", &asked).await.map_err(|trouble| match trouble {
        Trouble::Revoked { why } | Trouble::Wrong { why } => {
            Trouble::wrong(format!("the code was not taken; begin the sign-in again, each code works once. {why}"))
        }
        passing @ Trouble::Passing { .. } => passing,
    })?;
    let token = answer["access_token"].as_str().filter(|token| !token.is_empty());
    token.map(ToOwned::to_owned).ok_or_else(|| Trouble::wrong("the instance gave no token; begin the sign-in again"))
}

/// Where the instance streams from, if that is another host than its own.
fn streaming(instance: &Value, url: &str) -> Option<String> {
    let said = instance["configuration"]["urls"]["streaming"].as_str();
    let said = said.or_else(|| instance["urls"]["streaming_api"].as_str()).filter(|said| !said.is_empty())?;
    let plain = said.replacen("wss://", "https://", 1).replacen("ws://", "http://", 1);
    let (streams, own) = (Url::parse(&plain).ok()?, Url::parse(url).ok()?);
    let other = streams.host_str() != own.host_str() && matches!(streams.scheme(), "http" | "https");
    // A stream carries our token: never from a safe address to an unsafe one.
    let safe = streams.scheme() == "https" || own.scheme() == "http";
    (other && safe).then(|| format!("{}://{}", streams.scheme(), streams.authority()))
}

async fn post(access: &Access, path: &str, body: &Value) -> Result<Value, Trouble> {
    let headers = [("content-type", "application/json"), ("accept", "application/json")];
    let answer = access.client.post(&access.at(path), &headers, body.to_string().into_bytes()).await?;
    Ok(read(answer, access)?.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::streaming;

    #[test]
    fn a_token_never_goes_to_an_unsafe_address() {
        let of = |said: &str, url: &str| streaming(&json!({ "configuration": { "urls": { "streaming": said } } }), url);
        assert_eq!(
            of("wss://streaming.m.example", "https://m.example").as_deref(),
            Some("https://streaming.m.example")
        );
        assert_eq!(of("wss://m.example", "https://m.example"), None);
        assert_eq!(of("ws://evil.example", "https://m.example"), None);
        assert_eq!(of("javascript:x", "https://m.example"), None);
        let older = |said: &str| streaming(&json!({ "urls": { "streaming_api": said } }), "https://m.example");
        assert_eq!(older("wss://streaming.m.example").as_deref(), Some("https://streaming.m.example"));
        assert_eq!((older(""), streaming(&json!({ "urls": [] }), "https://m.example")), (None, None));
    }
}
