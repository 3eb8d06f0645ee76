//! Which place, and which there are to choose from.

use dandelion_post::Refusal;
use serde_json::Value;

use super::{ACCOUNTS, API, PLACES, get};
use crate::{
    contract::{Access, Connected, Place, Trouble, json::encoded},
    guess::{Guess, address},
};

/// Accounts and places looked through, in pages.
const PAGES: usize = 5;
/// Places named where a person has to choose.
const SHOWN: usize = 40;

/// `accounts/1/locations/2`, or one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub account: Option<String>,
    pub location: Option<String>,
}

/// A place as Google describes it.
struct Described {
    name: Name,
    words: String,
    maps: Option<String>,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [("accounts", &self.account), ("locations", &self.location)];
        let parts = parts.iter().filter_map(|(kind, id)| Some(format!("{kind}/{}", id.as_deref()?)));
        f.write_str(&parts.collect::<Vec<_>>().join("/"))
    }
}

impl Name {
    pub(super) fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim().trim_matches('/').split('/').collect();
        let id = |text: &str| is_id(text).then(|| text.to_owned());
        match parts.as_slice() {
            ["accounts", account, "locations", location] => {
                Some(Self { account: Some(id(account)?), location: Some(id(location)?) })
            }
            ["accounts", account] => Some(Self { account: Some(id(account)?), location: None }),
            ["locations", location] => Some(Self { account: None, location: Some(id(location)?) }),
            _ => None,
        }
    }

    /// What a place is set to, with its account.
    pub(super) fn of(place: &Place) -> Option<Self> {
        Self::read(place.setting("location")?).filter(|name| name.account.is_some())
    }
}

pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn check(place: &Place) -> Result<(), Refusal> {
    if !place.is_web() {
        return Err(Refusal::new("url", format!("write {API}"), &place.url));
    }
    let location = place.setting("location").unwrap_or_default();
    if !location.is_empty() && Name::read(location).is_none() {
        return Err(Refusal::new("location", "write accounts/1/locations/2, or leave it empty to see them", location));
    }
    if place.credentials.is_empty() {
        return Err(Refusal::new("refresh_token", "enter the refresh token and the client's secret", ""));
    }
    Ok(())
}

/// Finds the place: the one that was named, or the only one there is. Where there are several, they are named.
pub(super) async fn connect(access: &Access) -> Result<Connected, Trouble> {
    let wanted = access.setting("location").and_then(Name::read);
    let found = match &wanted {
        Some(name @ Name { account: Some(_), location: Some(_) }) => described(access, name).await?,
        _ => chosen(wanted.as_ref(), places(access, wanted.as_ref()).await?)?,
    };
    let mut place = access.place.clone();
    place.settings.insert("location".to_owned(), found.name.to_string().into());
    if let Some(maps) = found.maps {
        place.settings.insert("maps".to_owned(), maps.into());
    }
    let handle = access.setting("handle").map(ToOwned::to_owned);
    Ok(Connected { place, name: Some(format!("Reviews of {}", found.words)), handle })
}

/// A place that was named in full. Its reviews have to be readable; its description may be missing, because it is
/// another interface that a project need not use.
async fn described(access: &Access, name: &Name) -> Result<Described, Trouble> {
    get(access, &access.at(&format!("/v4/{name}/reviews?pageSize=1"))).await?;
    let location = name.location.as_deref().unwrap_or_default();
    let url = format!("{}/v1/locations/{location}?readMask={}", at(access, PLACES), encoded(MASK));
    let account = name.account.as_deref().unwrap_or_default();
    Ok(match get(access, &url).await {
        Ok((told, _)) => read(&told, account),
        Err(_) => None,
    }
    .unwrap_or_else(|| Described { name: name.clone(), words: name.to_string(), maps: None }))
}

/// What is asked of a place.
const MASK: &str = "name,title,storefrontAddress,metadata";

fn chosen(wanted: Option<&Name>, mut places: Vec<Described>) -> Result<Described, Trouble> {
    if let Some(location) = wanted.and_then(|name| name.location.as_ref()) {
        places.retain(|place| place.name.location.as_ref() == Some(location));
        places.truncate(1);
    }
    match places.len() {
        0 => Err(Trouble::wrong("this account manages no such place on Google; sign in with one that does")),
        1 => Ok(places.remove(0)),
        all => {
            let named = places.iter().take(SHOWN).map(|place| format!("{} ({})", place.name, place.words));
            let more = if all > SHOWN { format!(", and {} more", all - SHOWN) } else { String::new() };
            let named = named.collect::<Vec<_>>().join(", ");
            Err(Trouble::wrong(format!("there are {all} places; enter one of them as Place: {named}{more}")))
        }
    }
}

/// Every place of every account that may be meant.
async fn places(access: &Access, wanted: Option<&Name>) -> Result<Vec<Described>, Trouble> {
    let accounts = if let Some(account) = wanted.and_then(|name| name.account.clone()) {
        vec![account]
    } else {
        let told = list(access, &format!("{}/v1/accounts?pageSize=20", at(access, ACCOUNTS)), "accounts").await?;
        let id = |account: &Value| Some(account["name"].as_str()?.strip_prefix("accounts/")?.to_owned());
        told.iter().filter_map(id).filter(|id| is_id(id)).collect()
    };
    let mut places = Vec::new();
    for account in accounts {
        let url =
            format!("{}/v1/accounts/{account}/locations?pageSize=100&readMask={}", at(access, PLACES), encoded(MASK));
        let told = list(access, &url, "locations").await?;
        places.extend(told.iter().filter_map(|place| read(place, &account)));
    }
    Ok(places)
}

/// A list of several pages.
async fn list(access: &Access, url: &str, name: &str) -> Result<Vec<Value>, Trouble> {
    let (mut all, mut further) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let (told, _) = get(access, &format!("{url}{further}")).await?;
        all.extend(told[name].as_array().cloned().unwrap_or_default());
        match told["nextPageToken"].as_str().filter(|token| !token.is_empty()) {
            Some(token) => further = format!("&pageToken={}", encoded(token)),
            None => break,
        }
    }
    Ok(all)
}

/// A location of the Business Information API.
fn read(told: &Value, account: &str) -> Option<Described> {
    let location = told["name"].as_str()?.strip_prefix("locations/").filter(|id| is_id(id))?;
    let address = &told["storefrontAddress"];
    let words = [&told["title"], &address["addressLines"][0], &address["locality"]];
    let words: Vec<&str> = words.iter().filter_map(|part| part.as_str()).filter(|part| !part.is_empty()).collect();
    let name = Name { account: Some(account.to_owned()), location: Some(location.to_owned()) };
    Some(Described {
        words: if words.is_empty() { name.to_string() } else { words.join(", ") },
        name,
        maps: told["metadata"]["mapsUri"].as_str().filter(|url| url.starts_with("https://")).map(ToOwned::to_owned),
    })
}

/// Where one of Google's interfaces lives: all at one address where that is not Google's own.
fn at<'a>(access: &'a Access, usual: &'a str) -> &'a str {
    if access.url.trim_end_matches('/') == API { usual } else { access.url.trim_end_matches('/') }
}

/// A place's name, or an address of it in Google's own pages: in its manager, on Maps, or a short one of either.
pub(super) fn guess(typed: &str) -> Option<Guess> {
    if let Some(name) = Name::read(typed) {
        return Some(Guess::new(
            3,
            API,
            &[("location", typed.trim_matches('/'))],
            format!("reviews of {name} on Google"),
        ));
    }
    let url = address(typed)?;
    let (host, path) = (url.host_str()?, url.path());
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let what = "reviews of a place on Google Maps";
    match parts.as_slice() {
        ["n", id, ..] if host == "business.google.com" && is_id(id) => {
            Some(Guess::new(3, API, &[("location", &format!("locations/{id}"))], what))
        }
        _ if matches!(host, "business.google.com" | "maps.app.goo.gl" | "g.page") => {
            Some(Guess::new(2, API, &[], what))
        }
        _ if is_google(host) && (host.starts_with("maps.") || path.starts_with("/maps")) => {
            Some(Guess::new(2, API, &[], what))
        }
        _ => None,
    }
}

/// `google.com`, `www.google.de`, `maps.google.co.uk`.
fn is_google(host: &str) -> bool {
    let rest = host.strip_prefix("www.").or_else(|| host.strip_prefix("maps.")).unwrap_or(host);
    let ending = rest.strip_prefix("google.").unwrap_or_default();
    !ending.is_empty() && ending.split('.').count() <= 2 && ending.split('.').all(|part| (2..=3).contains(&part.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_in_full_or_in_part() {
        for whole in ["accounts/1/locations/22", "accounts/1", "locations/22"] {
            assert_eq!(Name::read(whole).map(|name| name.to_string()).as_deref(), Some(whole));
        }
        for other in ["", "22", "accounts/x", "accounts/1/locations", "accounts/1/locations/2/reviews", "accounts/../x"]
        {
            assert_eq!(Name::read(other), None, "{other}");
        }
    }

    #[test]
    fn an_address_of_a_place_is_known() {
        let found = |typed: &str| guess(typed).map(|guess| (guess.sure, guess.settings));
        let set = |location: &str| serde_json::json!({ "location": location }).as_object().cloned();
        assert_eq!(found("accounts/1/locations/2"), set("accounts/1/locations/2").map(|set| (3, set)));
        assert_eq!(found("https://business.google.com/n/22/reviews"), set("locations/22").map(|set| (3, set)));
        for known in [
            "https://www.google.com/maps/place/Acme/@48.2,16.3,17z",
            "https://maps.google.co.uk/?cid=9",
            "https://maps.app.goo.gl/xY",
            "g.page/acme",
        ] {
            assert_eq!(found(known).map(|(sure, _)| sure), Some(2), "{known}");
        }
        for other in
            ["https://play.google.com/maps", "https://google.com/search", "https://google.evil.example/maps", "x"]
        {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
