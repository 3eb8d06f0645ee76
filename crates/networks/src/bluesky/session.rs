//! Every question asked, by whichever sign-in there is, and the one by app password. Sessions are remembered by the client, beside its
//! connections, so that a password is shown to the server as rarely as possible (it counts sign-ins).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{identity, oauth, place};
use crate::{
    contract::{Access, Trouble},
    egress::{Budget, Error, Method, Response},
    outgoing::Answer,
};

/// Who we are.
pub(super) struct Me {
    /// For ever.
    pub did: String,
    /// As we are called now.
    pub handle: String,
}

/// A sign-in that holds for some hours, and what renews it.
#[derive(Clone, Serialize, Deserialize)]
struct Session {
    did: String,
    handle: String,
    /// The server it holds on.
    server: String,
    access: String,
    refresh: String,
}

/// One question.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    /// The method's name, `app.bsky.feed.getPosts`.
    pub name: &'a str,
    /// Its parameters.
    pub query: &'a [(&'a str, &'a str)],
    /// What is written; none for a question that only reads.
    pub body: Option<&'a Value>,
}

/// Asks a method that reads.
pub(super) async fn get(
    access: &Access,
    name: &str,
    query: &[(&str, &str)],
) -> Result<(Value, Option<Budget>), Trouble> {
    read(ask(access, Ask { name, query, body: None }).await?, access)
}

/// Asks, signed in where there is what to sign in with.
pub(super) async fn ask(access: &Access, ask: Ask<'_>) -> Result<Response, Trouble> {
    Ok(tried(access, ask).await??)
}

/// Writes. What went wrong before anything left is told apart from what leaves a doubt.
pub(super) async fn tell(access: &Access, ask: Ask<'_>) -> Result<Response, Answer> {
    tried(access, ask).await.map_err(unsaid)?.map_err(Answer::from)
}

/// What trouble means where nothing was said yet: nothing is in doubt.
pub(super) fn unsaid(trouble: Trouble) -> Answer {
    match trouble {
        Trouble::Passing { why, after } => Answer::Later { after, why },
        Trouble::Revoked { why } | Trouble::Wrong { why } => Answer::Refused { why },
    }
}

/// A session that has run out is renewed once, and the question asked once more: a server that says so has done nothing
/// yet.
async fn tried(access: &Access, ask: Ask<'_>) -> Result<Result<Response, Error>, Trouble> {
    if let Some(name) = access.credentials.get("sign_in") {
        return oauth::tried(access, name, ask).await;
    }
    if access.credentials.get("password").is_none() {
        return Ok(send(access, &access.url, None, ask).await);
    }
    let session = session(access).await?;
    let answer = send(access, &session.server, Some(&session.access), ask).await;
    if !answer.as_ref().is_ok_and(ran_out) {
        return Ok(answer);
    }
    let session = renewed(access, session).await?;
    Ok(send(access, &session.server, Some(&session.access), ask).await)
}

/// Who we are by the sign-in there is.
pub(super) async fn me(access: &Access) -> Result<Me, Trouble> {
    if let Some(name) = access.credentials.get("sign_in") {
        return oauth::me(access, name).await;
    }
    let Session { did, handle, .. } = session(access).await?;
    Ok(Me { did, handle })
}

/// The session in use, begun where there is none.
async fn session(access: &Access) -> Result<Session, Trouble> {
    match remembered(access) {
        Some(session) => Ok(session),
        None => begun(access).await,
    }
}

/// Reads an answer; what is no success is trouble.
pub(super) fn read(answer: Response, access: &Access) -> Result<(Value, Option<Budget>), Trouble> {
    if answer.status != 200 {
        let named = error(&answer);
        return Err(match (Trouble::of(answer, access.now), named.as_str()) {
            // The account itself is no longer what it was; whatever the status.
            (
                Trouble::Wrong { why } | Trouble::Passing { why, .. },
                "AccountTakedown" | "AccountDeactivated" | "AccountSuspended" | "InvalidToken" | "ExpiredToken",
            ) => Trouble::Revoked { why: format!("{why}; sign in again") },
            (trouble, _) => trouble,
        });
    }
    let budget = answer.budget(access.now);
    let value = serde_json::from_slice(&answer.body).map_err(|_| {
        Trouble::passing(format!("{} answered with something that is no JSON", answer.url.host_str().unwrap_or("it")))
    })?;
    Ok((value, budget))
}

/// The name a server gives its refusal: `{"error": "ExpiredToken", "message": "…"}`.
pub(super) fn error(answer: &Response) -> String {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    said["error"].as_str().unwrap_or_default().to_owned()
}

fn ran_out(answer: &Response) -> bool {
    matches!(answer.status, 400 | 401) && matches!(error(answer).as_str(), "ExpiredToken" | "InvalidToken")
}

async fn begun(access: &Access) -> Result<Session, Trouble> {
    let Some(who) = place::ours(access) else {
        return Err(Trouble::wrong("say which account the app password is of, @name.bsky.social"));
    };
    let who = who.trim_start_matches('@').to_owned();
    let server = identity::home(access, &who).await?;
    let body = json!({ "identifier": who, "password": access.credentials.get("password").unwrap_or_default() });
    let ask = Ask { name: "com.atproto.server.createSession", query: &[], body: Some(&body) };
    let answer = send(access, &server, None, ask).await?;
    if answer.status == 401 && error(&answer) == "AuthFactorTokenRequired" {
        return Err(Trouble::Revoked {
            why: "this is the account's main password, which wants a code as well; make an app password and sign in \
                  again with that (401)"
                .to_owned(),
        });
    }
    if answer.status == 401 {
        return Err(Trouble::Revoked {
            why: format!("this app password is not one of @{who}; make a new one and sign in again with it (401)"),
        });
    }
    let (told, _) = read(answer, access)?;
    let session = taken(&told, &server)?;
    remember(access, &session);
    Ok(session)
}

/// A session that holds again: by its own means, else by the password. Somebody else may have been quicker.
async fn renewed(access: &Access, old: Session) -> Result<Session, Trouble> {
    if let Some(newer) = remembered(access).filter(|session| session.access != old.access) {
        return Ok(newer);
    }
    let url = format!("{}/xrpc/com.atproto.server.refreshSession", old.server);
    let bearer = format!("Bearer {}", old.refresh);
    let answer = access.client.send(Method::POST, &url, &[("authorization", &bearer)], None).await?;
    if answer.status == 200 {
        let session = taken(&read(answer, access)?.0, &old.server)?;
        remember(access, &session);
        return Ok(session);
    }
    if !matches!(answer.status, 400 | 401 | 403) {
        return Err(Trouble::of(answer, access.now));
    }
    access.client.forget(&key(access));
    begun(access).await
}

fn taken(told: &Value, server: &str) -> Result<Session, Trouble> {
    let text = |name: &str| told[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    match (text("did"), text("accessJwt"), text("refreshJwt")) {
        (Some(did), Some(access), Some(refresh)) => {
            let handle = text("handle").unwrap_or_else(|| did.clone());
            Ok(Session { did, handle, server: server.to_owned(), access, refresh })
        }
        _ => Err(Trouble::passing("the server let us in, but not in the way it should have")),
    }
}

async fn send(access: &Access, server: &str, token: Option<&str>, ask: Ask<'_>) -> Result<Response, Error> {
    let (url, body) = request(server, ask);
    let token = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("accept", "application/json")];
    headers.extend(token.as_deref().map(|token| ("authorization", token)));
    let Some(body) = body else { return access.client.get(&url, &headers).await };
    headers.push(("content-type", "application/json"));
    access.client.send(Method::POST, &url, &headers, Some(body)).await
}

/// The address and the body of a question to a server.
pub(super) fn request(server: &str, ask: Ask<'_>) -> (String, Option<Vec<u8>>) {
    let mut url = format!("{}/xrpc/{}", server.trim_end_matches('/'), ask.name);
    if !ask.query.is_empty() {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(ask.query).finish();
        url = format!("{url}?{query}");
    }
    (url, ask.body.map(|body| body.to_string().into_bytes()))
}

fn remembered(access: &Access) -> Option<Session> {
    serde_json::from_str(&access.client.recall(&key(access))?).ok()
}

fn remember(access: &Access, session: &Session) {
    if let Ok(text) = serde_json::to_string(session) {
        access.client.remember(key(access), text);
    }
}

/// Which sign-in this is, without saying the password.
fn key(access: &Access) -> String {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    let password = access.credentials.get("password").unwrap_or_default();
    for part in ["bluesky", &access.url, place::ours(access).unwrap_or_default(), password] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    crate::contract::hex(&hash.finalize())
}
