//! Signing in at Bluesky's own pages (atproto.com/specs/oauth): the request is pushed (RFC 9126) with a challenge
//! (RFC 7636) and a key of its own (RFC 9449), the person agrees there, and comes back with a code that only we can
//! turn into tokens. They are good for one account, the one that was meant, and change with every renewal.

mod app;
mod dpop;
mod scope;
mod server;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    identity, place,
    session::{Ask, Me, error, request},
};
use crate::{
    contract::{Access, Authorize, Connected, Credentials, Kept, Trouble},
    egress::{Error, Method, Response},
    jose::{self, Key, NoKey},
};

pub use app::App;

/// Tokens are renewed so many seconds before they end.
const EARLY: i64 = 30;

/// What is kept while a person is away at the other server's pages.
#[derive(Serialize, Deserialize)]
struct Begun {
    grant: Grant,
    /// What the challenge was made of.
    verifier: String,
    /// The handle that was meant, for words.
    meant: String,
}

/// What a sign-in is at its server, as long as it lasts.
#[derive(Clone, Serialize, Deserialize)]
struct Grant {
    app: App,
    /// The key that the tokens are bound to.
    key: String,
    issuer: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    /// The account, and where it lives.
    did: String,
    handle: String,
    home: String,
}

/// A sign-in with its tokens.
#[derive(Clone, Serialize, Deserialize)]
struct Tokens {
    grant: Grant,
    access: String,
    refresh: String,
    /// When the access token ends, in seconds of our clock.
    until: i64,
    /// What they allow, as the server said last; of older sign-ins that is not known.
    #[serde(default)]
    granted: String,
}

/// Asks the server to let a person in, and gives the address where they agree.
pub(super) async fn authorize(access: &Access) -> Result<Authorize, Trouble> {
    let mut place = access.place.clone();
    place.credentials.set("sign_in", "begun");
    place::check(&place).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let app: App = kept(access, "app")?;
    let state = access.credentials.get("state").unwrap_or_default();
    let who = place::ours(access).ok_or_else(|| Trouble::wrong("say which account of ours signs in"))?;
    let account = identity::account(access, who).await?;
    let server = server::of(access, &account.home).await?;
    let (key, verifier) = (jose::fresh().map_err(no_key)?, jose::random());
    let asks = scope::asked_of(access, &server.issuer);
    let scope = scope::written(asks);
    let hint = if account.handle.starts_with("did:") { &account.did } else { &account.handle };
    let mut form = app.named(&server.issuer, access.now).map_err(no_key)?;
    form.extend(
        [
            ("response_type", "code"),
            ("redirect_uri", &app.back),
            ("scope", &scope),
            ("state", state),
            ("code_challenge", &jose::hashed(verifier.as_bytes())),
            ("code_challenge_method", "S256"),
            ("login_hint", hint),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    );
    let told = posted(access, &key, &server.pushed_authorization_request_endpoint, &form).await?;
    let told = success(told, access)?;
    let pushed = told["request_uri"].as_str().filter(|uri| !uri.is_empty());
    let pushed = pushed.ok_or_else(|| Trouble::passing(format!("{} gave no request to agree to", server.issuer)))?;
    let mut url = Url::parse(&server.authorization_endpoint).map_err(|e| Trouble::wrong(e.to_string()))?;
    url.query_pairs_mut().append_pair("client_id", &app.id).append_pair("request_uri", pushed);
    let grant = Grant {
        app,
        key,
        issuer: server.issuer,
        token_endpoint: server.token_endpoint,
        revocation_endpoint: server.revocation_endpoint,
        did: account.did,
        handle: account.handle.clone(),
        home: account.home,
    };
    let begun = Begun { grant, verifier, meant: account.handle };
    Ok(Authorize { url: url.into(), credentials: Credentials::none().with("begun", text(&begun)), asks })
}

/// Turns the code a person brought back into tokens, and the place as it is then.
pub(super) async fn connect(access: &Access, code: &str) -> Result<Connected, Trouble> {
    let Begun { grant, verifier, meant } = kept(access, "begun")?;
    // Who sent the person back has to be who they were sent to (RFC 9207 §2.4).
    if access.credentials.get("iss") != Some(grant.issuer.as_str()) {
        return Err(Trouble::wrong(
            "another server than the one you were sent to sent you back; begin the sign-in again",
        ));
    }
    let form = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", grant.app.back.clone()),
        ("code_verifier", verifier),
    ];
    let answer = asked(access, &grant, &grant.token_endpoint, form.into()).await?;
    if answer.status == 400 {
        let why = format!(
            "{} did not take the code; each works once and for a minute. Begin the sign-in again",
            grant.issuer
        );
        return Err(Trouble::wrong(why));
    }
    let told = success(answer, access)?;
    let tokens = match taken(&told, &grant, access) {
        Ok(tokens) => tokens,
        Err(Mismatch::Account(tokens)) => {
            // Nothing of ours is to stay open at an account that nobody meant. Where that fails, it ends by itself.
            let _ = revoke(access, &tokens).await;
            let why =
                format!("you let us in to another account than @{meant}; sign out there, and begin again as @{meant}");
            return Err(Trouble::wrong(why));
        }
        Err(Mismatch::Less(tokens)) => {
            scope::knows_nothing_finer(access, &grant.issuer);
            let _ = revoke(access, &tokens).await;
            let why = format!(
                "{} knows no single permissions yet and let us do less than we need; begin again, and we ask for all that \
                 an app password allows",
                grant.issuer
            );
            return Err(Trouble::wrong(why));
        }
        Err(Mismatch::Form) => {
            return Err(Trouble::passing(format!("{} let us in, but not as it should", grant.issuer)));
        }
    };
    let mut place = access.place.clone();
    place.credentials = Credentials::none().with("kept", text(&tokens));
    place.settings.insert("did".to_owned(), grant.did.clone().into());
    place.settings.insert("me".to_owned(), grant.handle.clone().into());
    let mut signed_in = place.clone();
    signed_in.credentials.set("sign_in", "kept");
    let name = match place::reading(&signed_in).map_err(|refusal| Trouble::wrong(refusal.to_string()))? {
        place::Reading::Mentions => format!("Mentions of @{}", grant.handle),
        place::Reading::Account(who) => format!("Posts of @{who}"),
        place::Reading::Search(words) => format!("{words} on Bluesky"),
    };
    Ok(Connected { place, name: Some(name), handle: Some(format!("@{}", grant.handle)) })
}

/// Ends a sign-in at its server (RFC 7009).
pub(super) async fn sign_out(access: &Access, kept: &str) -> Result<(), Trouble> {
    revoke(access, &read_tokens(kept)?).await
}

/// Who we are by a sign-in.
pub(super) async fn me(access: &Access, name: &str) -> Result<Me, Trouble> {
    let (_, Tokens { grant, .. }) = current(access, name).await?;
    Ok(Me { did: grant.did, handle: grant.handle })
}

/// Asks with the tokens of a sign-in. Where they have run out they are renewed once, and it is asked once more: a server
/// that says so has done nothing yet.
pub(super) async fn tried(access: &Access, name: &str, ask: Ask<'_>) -> Result<Result<Response, Error>, Trouble> {
    let (version, tokens) = current(access, name).await?;
    let answer = send(access, &tokens, ask).await?;
    let ran_out = |answer: &Response| {
        answer.status == 401 && (dpop::challenged(answer, "invalid_token") || error(answer) == "invalid_token")
    };
    if !answer.as_ref().is_ok_and(ran_out) {
        return Ok(answer);
    }
    let (_, tokens) = renewed(access, name, version).await?;
    send(access, &tokens, ask).await
}

async fn send(access: &Access, tokens: &Tokens, ask: Ask<'_>) -> Result<Result<Response, Error>, Trouble> {
    let key = Key::read(&tokens.grant.key).map_err(no_key)?;
    let (url, body) = request(&tokens.grant.home, ask);
    let mut headers = vec![("accept", "application/json")];
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let token = Some(tokens.access.as_str());
    let request = dpop::Request { method: &method, url: &url, headers: &headers, body: body.as_deref(), token };
    dpop::send(access, &key, request).await
}

/// The tokens to use now, renewed where they are about to end.
async fn current(access: &Access, name: &str) -> Result<(i64, Tokens), Trouble> {
    let keeper = access.client.keeper().ok_or_else(nowhere)?;
    let Kept { version, secret } = keeper.kept(name).await?;
    let tokens = read_tokens(&secret)?;
    if tokens.until - access.now.as_second() > EARLY {
        return Ok((version, tokens));
    }
    renewed(access, name, version).await
}

async fn renewed(access: &Access, name: &str, seen: i64) -> Result<(i64, Tokens), Trouble> {
    let keeper = access.client.keeper().ok_or_else(nowhere)?;
    let there = access.clone();
    let how = move |secret: String| -> crate::Later<'static, Result<String, Trouble>> {
        Box::pin(async move { renew(&there, &secret).await })
    };
    let Kept { version, secret } = keeper.renew(name, seen, Box::new(how)).await?;
    Ok((version, read_tokens(&secret)?))
}

/// Gets new tokens for the refresh token, which is good for once.
async fn renew(access: &Access, secret: &str) -> Result<String, Trouble> {
    let tokens = read_tokens(secret)?;
    let form = [("grant_type", "refresh_token".to_owned()), ("refresh_token", tokens.refresh.clone())];
    let answer = asked(access, &tokens.grant, &tokens.grant.token_endpoint, form.into()).await?;
    // Whatever else is refused (who we are cannot be checked now, a clock is wrong) may be mended, and ends nothing.
    if matches!(answer.status, 400 | 401) && error(&answer) == "invalid_grant" {
        let why = format!("{} has ended the sign-in of @{}; sign in again", tokens.grant.issuer, tokens.grant.handle);
        return Err(Trouble::Revoked { why });
    }
    let told = success(answer, access)?;
    match taken(&told, &tokens.grant, access) {
        Ok(tokens) => Ok(text(&tokens)),
        Err(Mismatch::Less(_)) => Err(Trouble::Revoked {
            why: format!("{} no longer lets us do all we need; sign in again", tokens.grant.issuer),
        }),
        Err(_) => Err(Trouble::Revoked {
            why: format!("{} renewed the sign-in for another account; sign in again", tokens.grant.issuer),
        }),
    }
}

async fn revoke(access: &Access, tokens: &Tokens) -> Result<(), Trouble> {
    let Some(endpoint) = &tokens.grant.revocation_endpoint else { return Ok(()) };
    let form = [("token", tokens.refresh.clone())];
    let answer = asked(access, &tokens.grant, endpoint, form.into()).await?;
    if (200..300).contains(&answer.status) { Ok(()) } else { Err(Trouble::of(answer, access.now)) }
}

/// Why an answer with tokens is not taken.
enum Mismatch {
    /// It is for another account, and open there.
    Account(Box<Tokens>),
    /// It allows less than we need.
    Less(Box<Tokens>),
    /// It is none.
    Form,
}

/// The tokens of an answer, if they are for the account that was meant.
fn taken(told: &Value, grant: &Grant, access: &Access) -> Result<Tokens, Mismatch> {
    let text = |name: &str| told[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let (Some(token), Some(refresh)) = (text("access_token"), text("refresh_token")) else {
        return Err(Mismatch::Form);
    };
    let bound = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("DPoP"));
    let granted = text("scope").unwrap_or_default();
    let allowed = granted.split(' ').any(|one| one == "atproto");
    if !bound || !allowed {
        return Err(Mismatch::Form);
    }
    let lasts = told["expires_in"].as_i64().unwrap_or(300).clamp(0, 86_400);
    let until = access.now.as_second() + lasts;
    let enough = scope::suffices(&granted);
    let tokens = Tokens { grant: grant.clone(), access: token, refresh, until, granted };
    // Anything else would let one server speak for another one's accounts.
    if told["sub"].as_str() != Some(&grant.did) {
        return Err(Mismatch::Account(Box::new(tokens)));
    }
    if enough { Ok(tokens) } else { Err(Mismatch::Less(Box::new(tokens))) }
}

/// A form sent to the server of a sign-in, by us.
async fn asked(
    access: &Access,
    grant: &Grant,
    endpoint: &str,
    mut form: Vec<(&'static str, String)>,
) -> Result<Response, Trouble> {
    form.extend(grant.app.named(&grant.issuer, access.now).map_err(no_key)?);
    posted(access, &grant.key, endpoint, &form).await
}

async fn posted(access: &Access, key: &str, url: &str, form: &[(&'static str, String)]) -> Result<Response, Trouble> {
    let key = Key::read(key).map_err(no_key)?;
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let headers = [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")];
    let body = Some(body.as_bytes());
    let request = dpop::Request { method: &Method::POST, url, headers: &headers, body, token: None };
    Ok(dpop::send(access, &key, request).await??)
}

/// The object of an answer of 2xx. A refusal here is about the sign-in, never about tokens that no longer hold.
fn success(answer: Response, access: &Access) -> Result<Value, Trouble> {
    let host = answer.url.host_str().unwrap_or("the server").to_owned();
    if !(200..300).contains(&answer.status) {
        return Err(match Trouble::of(answer, access.now) {
            Trouble::Revoked { why } => Trouble::wrong(why),
            other => other,
        });
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| Trouble::passing(format!("{host} answered with something that is no JSON")))
}

fn read_tokens(secret: &str) -> Result<Tokens, Trouble> {
    serde_json::from_str(secret)
        .map_err(|_| Trouble::Revoked { why: "the sign-in cannot be read; sign in again".into() })
}

fn kept<T: serde::de::DeserializeOwned>(access: &Access, name: &str) -> Result<T, Trouble> {
    let text = access.credentials.get(name).unwrap_or_default();
    serde_json::from_str(text).map_err(|_| Trouble::wrong("this sign-in was not begun here; begin it again"))
}

fn text(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap_or_default()
}

fn no_key(error: NoKey) -> Trouble {
    Trouble::wrong(error.to_string())
}

fn nowhere() -> Trouble {
    Trouble::wrong("this program keeps no sign-ins; enter an app password")
}
