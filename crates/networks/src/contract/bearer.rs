//! Access tokens that do not last: a new one is got by the refresh token (RFC 6749 §6) each time it is needed.

use serde_json::Value;

use super::{
    Access, Trouble,
    json::{encoded, read},
};

/// The access token to use now: a fresh one where there is a refresh token, else the one that was entered. A refusal
/// means that a person has to sign in again.
///
/// `at` is the network's token endpoint, unless the place's setting `sign_in` names another; where `basic` is true, the
/// client is named by HTTP Basic, else in the form.
pub(crate) async fn token(access: &Access, at: &str, basic: bool) -> Result<String, Trouble> {
    let secret = |name: &str| access.credentials.get(name).unwrap_or_default();
    let refresh = secret("refresh_token");
    if refresh.is_empty() {
        let token = secret("token");
        let missing = || Trouble::Revoked { why: "there is no access token; sign in again".to_owned() };
        return if token.is_empty() { Err(missing()) } else { Ok(token.to_owned()) };
    }
    let client = access.setting("client_id").unwrap_or_default();
    let mut form = format!("grant_type=refresh_token&refresh_token={}", encoded(refresh));
    let authorization = format!("Basic {}", base64(&format!("{client}:{}", secret("client_secret"))));
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
    if basic {
        headers.push(("authorization", authorization.as_str()));
    } else {
        form = format!("{form}&client_id={}&client_secret={}", encoded(client), encoded(secret("client_secret")));
    }
    let at = access.setting("sign_in").unwrap_or(at);
    let answer = access.client.post(at, &headers, form.into_bytes()).await?;
    let refused = matches!(answer.status, 400 | 401 | 403);
    let (told, _): (Value, _) = read(answer, access).map_err(|trouble| match trouble {
        Trouble::Wrong { why } | Trouble::Revoked { why } if refused => {
            Trouble::Revoked { why: format!("the sign-in no longer holds: {why}; sign in again") }
        }
        other => other,
    })?;
    match told["access_token"].as_str().filter(|token| !token.is_empty()) {
        Some(token) => Ok(token.to_owned()),
        None => Err(Trouble::passing("the network gave no access token")),
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
