//! Stack Exchange (Stack Overflow and its sisters): questions with a tag, by its public interface 2.3
//! (api.stackexchange.com/docs). Only read.

use dandelion_post::{Author, Metrics, Post, Refusal};
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::Value;
use std::time::Duration;

use crate::{
    Later, clean,
    contract::{
        Access, Connector, Item, Newest, Page, Place, Trouble, Wait, checked,
        json::{ask, encoded, id, rest, take, take_moment, take_number},
        refused,
    },
    egress::{Budget, Method, Response},
    guess::{Guess, address},
    networks::{About, Field, Once, Proven, Reads, Writes},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "stackexchange",
    label: "Stack Exchange",
    reads: Reads { what: "questions with a tag, on one site", poll: true, stream: false, push: false },
    writes: Writes::NOTHING,
    once: Once::Nothing,
    length: None,
    fields: &[
        Field { name: "site", label: "Site", secret: false, needed: true, help: "stackoverflow, superuser, diy, …" },
        Field { name: "tag", label: "Tag", secret: false, needed: true, help: "Which questions to read." },
        Field {
            name: "key",
            label: "Key",
            secret: true,
            needed: false,
            help: "From stackapps.com: with one, 10,000 requests a day instead of 300.",
        },
    ],
    limits: "300 requests a day, 10,000 with a key; as long a rest as it asks for (`backoff`)",
    docs: "A question that is edited comes again with its new words.",
    proven: Proven::Replay("answers in the form that its documentation shows"),
    connector: &StackExchange,
};

/// Where its interface lives.
const API: &str = "https://api.stackexchange.com";
/// Shortest time between two looks: what a day's 300 requests allow.
const OFTEN: Duration = Duration::from_mins(10);

struct StackExchange;

impl Connector for StackExchange {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write {API}"), &place.url));
        }
        for field in ["site", "tag"] {
            let given = place.setting(field).unwrap_or_default();
            let fits = !given.is_empty()
                && given.len() <= 100
                && given.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.+#_".contains(&b));
            if !fits {
                return Err(Refusal::new(
                    field,
                    format!("say which {field} to read, as it stands in the address"),
                    given,
                ));
            }
        }
        Ok(())
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page(access, cursor))
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        let host = url.host_str()?.trim_start_matches("www.");
        let site = match host {
            "stackoverflow.com" => "stackoverflow",
            "superuser.com" => "superuser",
            "serverfault.com" => "serverfault",
            "askubuntu.com" => "askubuntu",
            other => other.strip_suffix(".stackexchange.com")?,
        };
        let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        let ["questions", "tagged", tag, ..] = parts.as_slice() else { return None };
        let tag =
            url::form_urlencoded::parse(format!("t={}", tag.replace('+', "%2B")).as_bytes()).next()?.1.into_owned();
        Some(Guess::new(3, API, &[("site", site), ("tag", &tag)], format!("questions tagged {tag} on {host}")))
    }
}

async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut newest: Newest = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let setting = |name: &str| encoded(access.setting(name).unwrap_or_default());
    let number: u64 = newest.further().and_then(|page| page.parse().ok()).unwrap_or(1);
    let key = access.credentials.get("key").map(|key| format!("&key={}", encoded(key))).unwrap_or_default();
    let path = format!(
        "/2.3/questions?site={}&tagged={}&order=desc&sort=activity&pagesize=50&page={number}&filter=withbody{key}",
        setting("site"),
        setting("tag")
    );
    let told = read(ask(access, Method::GET, &access.at(&path), &[], None).await?, access)?;
    let questions = told["items"].as_array().cloned().unwrap_or_default();
    let entry =
        |question: &Value| (id(&question["question_id"]).unwrap_or_default(), question["last_edit_date"].to_string());
    let entries: Vec<_> = questions.iter().map(entry).collect();
    let next = (told["has_more"] == true).then(|| (number + 1).to_string());
    let (news, wait) = newest.take(&entries, next);
    let fresh = questions.into_iter().zip(news).filter_map(|(question, news)| news.then_some(question));
    let mut items: Vec<Item> =
        fresh.map(|question| post(question, access.setting("site").unwrap_or_default())).collect();
    items.reverse();
    let rest = told["backoff"].as_u64().map(Duration::from_secs);
    let wait = match (wait, rest) {
        (_, Some(rest)) => Wait::After(rest.max(if wait == Wait::More { rest } else { OFTEN })),
        (Wait::More, None) => Wait::More,
        _ => Wait::After(OFTEN),
    };
    let cursor = serde_json::to_value(&newest).unwrap_or_default();
    Ok(Page { items, cursor, wait, budget: budget(&told, access), ..Page::default() })
}

/// What is left of the day, which ends at midnight UTC.
fn budget(told: &Value, access: &Access) -> Option<Budget> {
    let remaining = told["quota_remaining"].as_u64()?;
    Some(Budget { remaining, limit: told["quota_max"].as_u64(), resets_in: until_midnight(access) })
}

fn until_midnight(access: &Access) -> Option<Duration> {
    let today = TimeZone::UTC.to_datetime(access.now).date();
    let midnight =
        TimeZone::UTC.to_timestamp(today.tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight())).ok()?;
    let wait: SignedDuration = midnight.duration_since(access.now);
    u64::try_from(wait.as_secs()).ok().map(Duration::from_secs)
}

/// Its refusals come as 400 with a name of their own.
fn read(answer: Response, access: &Access) -> Result<Value, Trouble> {
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = told["error_message"].as_str().unwrap_or_default();
    match told["error_name"].as_str() {
        None if answer.status == 200 && told.is_object() => Ok(told),
        Some("throttle_violation") => {
            // "too many requests from this IP, more requests available in 35 seconds"
            let seconds = message.split_whitespace().rev().find_map(|word| word.parse().ok());
            let after = seconds.map(Duration::from_secs).or_else(|| until_midnight(access));
            Err(Trouble::Passing { why: format!("Stack Exchange asks us to slow down: {message}"), after })
        }
        Some("temporarily_unavailable" | "internal_error") => {
            Err(Trouble::passing(format!("Stack Exchange is not well: {message}")))
        }
        Some("access_denied" | "key_required" | "bad_key") => Err(Trouble::Revoked {
            why: format!("Stack Exchange does not take the key ({message}); sign in again with another"),
        }),
        Some(name) => Err(Trouble::wrong(format!("Stack Exchange refused it ({name}): {message}"))),
        None => Err(crate::contract::json::read(answer, access).err().unwrap_or_else(|| {
            Trouble::passing("Stack Exchange answered with something that is no list of questions")
        })),
    }
}

/// Reads one question of a site; numbers are each site's own.
pub fn post(raw: Value, site: &str) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("question", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let Some(number) = id(&whole["question_id"]) else {
        return Err(refused("question_id", "the question has no number", &whole));
    };
    let html = take(&mut fields, "body").unwrap_or_default();
    let owner = &whole["owner"];
    let word = |name: &str| owner[name].as_str().map(clean::text).filter(|text| !text.is_empty());
    let post = Post {
        url: take(&mut fields, "link").filter(|url| url.starts_with("http")),
        title: take(&mut fields, "title").map(|title| clean::text(&title)),
        text: clean::text(&html),
        html: Some(html).filter(|html| clean::is_markup(html)),
        created_at: take_moment(&mut fields, "creation_date"),
        edited_at: take_moment(&mut fields, "last_edit_date"),
        author: owner.is_object().then(|| Author {
            id: id(&owner["user_id"]),
            handle: word("display_name"),
            name: word("display_name"),
            url: owner["link"].as_str().filter(|url| url.starts_with("http")).map(ToOwned::to_owned),
            avatar: owner["profile_image"].as_str().and_then(Author::picture),
            ..Author::default()
        }),
        metrics: Metrics {
            likes: take_number(&mut fields, "score"),
            replies: take_number(&mut fields, "answer_count"),
            views: take_number(&mut fields, "view_count"),
            ..Metrics::default()
        },
        extra: {
            fields.remove("question_id");
            rest(fields)
        },
        id: format!("{site}/{number}"),
        ..Post::default()
    };
    checked(post, &whole)
}
