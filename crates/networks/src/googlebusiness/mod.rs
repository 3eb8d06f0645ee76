//! Google Business Profile: reviews of a company's places on Google Maps (Google My Business API v4,
//! `accounts.locations.reviews`; places and accounts by the Business Information and Account Management APIs v1).
//!
//! A post's id is `LOCATION/REVIEW`, so that one handle answers at every place of its account; the owner's answer is
//! `LOCATION/REVIEW/reply`. A review has one answer at most and writing it is an upsert: the same words twice are one.

mod place;
mod publish;
mod review;

use std::time::Duration;

use dandelion_post::Refusal;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Later,
    contract::{
        Access, Connected, Connector, Found, Newest, Page, Place, Trouble, Wait, bearer,
        json::{ask, encoded, read},
    },
    egress::{Budget, Method},
    google,
    guess::Guess,
    networks::{About, Counted, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

pub use review::posts;

/// What this network is.
pub const ABOUT: About = About {
    name: "googlebusiness",
    label: "Google Business",
    reads: Reads {
        what: "reviews of a place on Google Maps, with their stars, also those without words; those changed come again",
        poll: true,
        stream: false,
        push: false,
    },
    writes: Writes { reply: true, edit: true, delete: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: Some(Length { most: 4096, counted: Counted { what: "bytes", count: str::len } }),
    fields: &[
        Field {
            name: "refresh_token",
            label: "Refresh token",
            secret: true,
            needed: false,
            help: "Of an account that may manage the place, with the scope business.manage.",
        },
        google::CLIENT_SECRET,
        google::ACCESS_TOKEN,
        google::CLIENT_ID,
        Field {
            name: "location",
            label: "Place",
            secret: false,
            needed: false,
            help: "accounts/1/locations/2. Left empty, the only place there is is taken, or all are listed to choose from; \
                   a handle needs the account alone, accounts/1.",
        },
        Field {
            name: "handle",
            label: "Our handle",
            secret: false,
            needed: false,
            help: "The name of the handle that answers, exactly as it is set up here: answers written in Google's own pages then \
                   show as ours. Without it they stay with their review.",
        },
    ],
    limits: "300 requests a minute, and as long a rest as Google asks for; 50 reviews a page, asked every 10 minutes",
    docs: "Google has to let your project use its Business Profile APIs first, and the place has to be verified. Where \
           somebody has answered already, that answer is never written over. Reviews that are taken down are not told of.",
    proven: Proven::Replay("answers in the form that its reference and discovery documents show"),
    connector: &GoogleBusiness,
};

/// Where reviews live, what accounts there are, and what places they have.
const API: &str = "https://mybusiness.googleapis.com";
const ACCOUNTS: &str = "https://mybusinessaccountmanagement.googleapis.com";
const PLACES: &str = "https://mybusinessbusinessinformation.googleapis.com";
/// Shortest time between two looks.
const OFTEN: Duration = Duration::from_mins(10);

struct GoogleBusiness;

impl Connector for GoogleBusiness {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        place::check(place)
    }

    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(place::connect(access))
    }

    fn speaks_as<'a>(&self, place: &'a Place) -> Option<&'a str> {
        place.setting("handle")
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page(access, cursor))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish::publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, _since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move { Found::of(publish::look(access, reply).await) })
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, text: &'a str) -> Later<'a, Answer> {
        Box::pin(publish::edit(access, id, text))
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(publish::delete(access, id))
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        place::guess(typed)
    }
}

async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let name = place::Name::of(access);
    let Some((name, location)) = name.as_ref().and_then(|name| Some((name, name.location.as_deref()?))) else {
        return Err(Trouble::wrong("say which place to read, as accounts/1/locations/2"));
    };
    let mut newest: Newest = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let further = newest.further().map(|token| format!("&pageToken={}", encoded(token))).unwrap_or_default();
    let url = access.at(&format!("/v4/{name}/reviews?pageSize=50&orderBy=updateTime%20desc{further}"));
    let (told, budget) = get(access, &url).await?;
    let all = told["reviews"].as_array().cloned().unwrap_or_default();
    let (news, wait) = newest.take(
        &all.iter().map(entry).collect::<Vec<_>>(),
        told["nextPageToken"].as_str().filter(|token| !token.is_empty()).map(ToOwned::to_owned),
    );
    let fresh = all.into_iter().zip(news).filter_map(|(review, news)| news.then_some(review));
    let items = fresh.rev().flat_map(|review| posts(review, location, access)).collect();
    let wait = if wait == Wait::More { wait } else { Wait::After(OFTEN) };
    Ok(Page { items, cursor: serde_json::to_value(&newest).unwrap_or_default(), wait, budget, ..Page::default() })
}

/// What tells a review from what was read: a change moves it to the top of the list, where it must not pass for the
/// place down to which everything is known. The owner's answer moves nothing.
fn entry(review: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = format!("{} {}", text(&review["reviewId"]), text(&review["updateTime"]));
    (id, text(&review["reviewReply"]["updateTime"]))
}

async fn token(access: &Access) -> Result<String, Trouble> {
    Ok(format!("Bearer {}", bearer::token(access, google::TOKENS, false).await?))
}

async fn get(access: &Access, url: &str) -> Result<(Value, Option<Budget>), Trouble> {
    let token = token(access).await?;
    let answer = ask(access, Method::GET, url, &[("authorization", &token)], None).await?;
    if answer.status == 429 && not_let_in(&answer.body) {
        return Err(Trouble::wrong(
            "Google has not let this project use its Business Profile APIs yet (its allowance is 0); apply for access at \
             support.google.com/business/contact/api_default",
        ));
    }
    read(answer, access)
}

/// An allowance of nothing is no reason to wait: Google gives it to projects it has not approved.
fn not_let_in(body: &[u8]) -> bool {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut details = told["error"]["details"].as_array().into_iter().flatten();
    details.any(|detail| detail["metadata"]["quota_limit_value"] == "0")
}
