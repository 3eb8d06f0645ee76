//! Which server, which room, who we are.

use dandelion_post::Refusal;
use serde_json::Value;
use url::Url;

use crate::{
    contract::{Access, Connected, Place, Trouble, json::segment},
    egress::{Method, Response},
    guess::Guess,
};

pub(super) fn check(place: &Place) -> Result<(), Refusal> {
    if !place.is_web() {
        return Err(Refusal::new(
            "url",
            "write the address of the account's own server, https://matrix.example",
            &place.url,
        ));
    }
    if place.credentials.get("token").is_none() {
        return Err(Refusal::new("token", "enter the access token of an account of ours that is in the room", ""));
    }
    match place.setting("room") {
        Some(room) if !(room.starts_with(['#', '!']) && room.len() <= 255 && !room.contains(char::is_whitespace)) => {
            Err(Refusal::new("room", "write the room's address, #kettles:matrix.example, or its id", room))
        }
        _ => Ok(()),
    }
}

/// The room that is read, where it is one.
pub(super) fn room(place: &Place) -> Option<&str> {
    place.setting("room_id").or_else(|| place.setting("room").filter(|room| room.starts_with('!')))
}

/// `ROOM/EVENT` in its parts.
pub(super) fn parts(id: &str) -> Option<(&str, &str)> {
    let (room, event) = id.split_once('/')?;
    (room.starts_with('!') && event.starts_with('$')).then_some((room, event))
}

/// Looks where the server really is, who we are there, and which room is meant.
pub(super) async fn connect(access: &Access) -> Result<Connected, Trouble> {
    check(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let mut access = access.clone();
    if let Some(base) = delegated(&access).await {
        access.place.url = base;
    }
    let me = get(&access, "/_matrix/client/v3/account/whoami").await?;
    let me = me["user_id"]
        .as_str()
        .ok_or_else(|| Trouble::wrong("this does not answer as Matrix does; check the address"))?
        .to_owned();
    access.place.settings.insert("me".to_owned(), me.clone().into());
    let mut name = format!("Rooms of {me}");
    if let Some(room) = access.setting("room").map(ToOwned::to_owned) {
        let id = room_id(&access, &room).await?;
        joined(&access, &id, &room).await?;
        access.place.settings.insert("room_id".to_owned(), id.into());
        name = room;
    }
    Ok(Connected { place: access.place, name: Some(name), handle: Some(me) })
}

/// Where the server of a name really is (`.well-known/matrix/client`); none where it is where it says.
async fn delegated(access: &Access) -> Option<String> {
    let answer =
        access.client.get(&access.at("/.well-known/matrix/client"), &[]).await.ok().filter(|a| a.status == 200)?;
    let told: Value = serde_json::from_slice(&answer.body).ok()?;
    let base = told["m.homeserver"]["base_url"].as_str()?;
    let url = Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // Our token goes there: never from a safe address to an unsafe one.
    let safe = url.scheme() == "https" || access.url.starts_with("http://");
    safe.then(|| base.trim_end_matches('/').to_owned())
}

async fn room_id(access: &Access, room: &str) -> Result<String, Trouble> {
    if room.starts_with('!') {
        return Ok(room.to_owned());
    }
    let found = get(access, &format!("/_matrix/client/v3/directory/room/{}", segment(room))).await?;
    found["room_id"]
        .as_str()
        .map(ToOwned::to_owned)
        .ok_or_else(|| Trouble::wrong(format!("there is no room {room}; check its address")))
}

/// Goes into the room where the account is not in it yet; a room that is encrypted is told at once.
async fn joined(access: &Access, id: &str, named: &str) -> Result<(), Trouble> {
    let path = format!("/_matrix/client/v3/join/{}", segment(if named.starts_with('#') { named } else { id }));
    read(send(access, Method::POST, &path, Some(&serde_json::json!({}))).await?, access)?;
    let path = format!("/_matrix/client/v3/rooms/{}/state/m.room.encryption", segment(id));
    match get(access, &path).await {
        Ok(_) => Err(Trouble::wrong(format!(
            "{named} is encrypted end to end, so that nobody but its people's devices can read it"
        ))),
        Err(Trouble::Wrong { .. }) => Ok(()), // it says that there is no such setting
        Err(other) => Err(other),
    }
}

/// Asks the server; what is no success is trouble.
pub(super) async fn get(access: &Access, path: &str) -> Result<Value, Trouble> {
    read(send(access, Method::GET, path, None).await?, access)
}

pub(super) async fn send(
    access: &Access,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Response, crate::egress::Error> {
    let token = format!("Bearer {}", access.credentials.get("token").unwrap_or_default());
    let headers =
        [("accept", "application/json"), ("content-type", "application/json"), ("authorization", token.as_str())];
    if method == Method::GET {
        return access.client.get(&access.at(path), &headers).await;
    }
    let body = body.map(|body| body.to_string().into_bytes());
    access.client.send(method, &access.at(path), &headers, body).await
}

pub(super) fn read(answer: Response, access: &Access) -> Result<Value, Trouble> {
    if answer.status != 200 {
        return Err(Trouble::of(answer, access.now));
    }
    serde_json::from_slice(&answer.body).map_err(|_| {
        Trouble::passing(format!("{} answered with something that is no JSON", answer.url.host_str().unwrap_or("it")))
    })
}

pub(super) fn guess(typed: &str) -> Option<Guess> {
    let link = typed.strip_prefix("https://matrix.to/#/").or_else(|| typed.strip_prefix("http://matrix.to/#/"));
    let sure = 3;
    let named = match (link, typed.strip_prefix("matrix:")) {
        (Some(link), _) => {
            let first = link.split(['/', '?']).next().unwrap_or_default();
            url::form_urlencoded::parse(format!("x={}", first.replace('+', "%2B")).as_bytes()).next()?.1.into_owned()
        }
        (None, Some(uri)) => {
            let (kind, name) = uri.split('?').next().unwrap_or_default().split_once('/')?;
            let sigil = match kind {
                "r" => '#',
                "roomid" => '!',
                "u" => '@',
                _ => return None,
            };
            format!("{sigil}{name}")
        }
        (None, None) => typed.to_owned(),
    };
    let (local, server) = named.get(1..)?.split_once(':')?;
    let plain = !local.is_empty() && !named.contains(char::is_whitespace) && named.len() <= 255 && !local.contains('@');
    let host =
        Url::parse(&format!("https://{server}")).ok().filter(|url| url.path() == "/" && url.host_str().is_some())?;
    let known = host.host_str().is_some_and(|host| host.contains('.'));
    let url = format!("https://{}", server.to_lowercase());
    match named.chars().next() {
        Some('#' | '!') if plain && known => {
            Some(Guess::new(sure, url, &[("room", &named)], format!("what is said in {named}")))
        }
        Some('@') if plain && known => Some(Guess::new(sure, url, &[], format!("the rooms of {named}"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Credentials;

    #[test]
    fn rooms_and_people_are_recognised() {
        let found = |typed: &str| guess(typed).map(|guess| (guess.url, guess.what));
        let meant = |what: &str| Some(("https://hub.example".to_owned(), what.to_owned()));
        assert_eq!(found("#kettles:hub.example"), meant("what is said in #kettles:hub.example"));
        assert_eq!(
            found("https://matrix.to/#/%23kettles:hub.example?via=x"),
            meant("what is said in #kettles:hub.example")
        );
        assert_eq!(found("https://matrix.to/#/!a:hub.example/$e"), meant("what is said in !a:hub.example"));
        assert_eq!(found("matrix:r/kettles:hub.example"), meant("what is said in #kettles:hub.example"));
        assert_eq!(found("@care:hub.example"), meant("the rooms of @care:hub.example"));
        for other in [
            "@care@hub.example",
            "#kettle@hub.example",
            "#kettle",
            "ana@hub.example",
            "https://hub.example",
            "@a:b",
            "#a b:hub.example",
            "@",
            "é:x.example",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let place = |url: &str, room: &str, token: &str| Place {
            url: url.into(),
            settings: serde_json::json!({ "room": room }).as_object().cloned().unwrap_or_default(),
            credentials: Credentials::none().with("token", token),
        };
        let field = |place: Place| check(&place).map_err(|refusal| refusal.field);
        assert_eq!(field(place("https://hub.example", "#a:hub.example", "t")), Ok(()));
        assert_eq!(field(place("https://hub.example", "", "t")), Ok(()));
        assert_eq!(field(place("hub.example", "", "t")), Err("url".to_owned()));
        assert_eq!(field(place("https://hub.example", "", "")), Err("token".to_owned()));
        assert_eq!(field(place("https://hub.example", "kettles", "t")), Err("room".to_owned()));
        assert_eq!(parts("!a:x/$e/f"), Some(("!a:x", "$e/f")));
        assert_eq!(parts("$e"), None);
        assert_eq!(segment("!a:x/$e+ü"), "%21a%3Ax%2F%24e%2B%C3%BC");
    }
}
