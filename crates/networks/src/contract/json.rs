//! Asking interfaces that speak JSON, and reading their objects without losing anything.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Access, Trouble};
use crate::egress::{Budget, Error, Method, Response};

/// Asks once with these headers; JSON goes out as JSON.
pub(crate) async fn ask(
    access: &Access,
    method: Method,
    url: &str,
    more: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Response, Error> {
    let mut headers = vec![("accept", "application/json")];
    headers.extend_from_slice(more);
    if method == Method::GET && body.is_none() {
        return access.client.get(url, &headers).await;
    }
    let body = body.map(|body| {
        headers.push(("content-type", "application/json"));
        body.to_string().into_bytes()
    });
    access.client.send(method, url, &headers, body).await
}

/// The object of an answer of 2xx; everything else is trouble.
pub(crate) fn read(answer: Response, access: &Access) -> Result<(Value, Option<Budget>), Trouble> {
    if !(200..300).contains(&answer.status) {
        return Err(Trouble::of(answer, access.now));
    }
    let budget = answer.budget(access.now);
    let value = serde_json::from_slice(&answer.body).map_err(|_| {
        Trouble::passing(format!("{} answered with something that is no JSON", answer.url.host_str().unwrap_or("it")))
    })?;
    Ok((value, budget))
}

/// A parameter of a query, encoded.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The same for a segment of a path, where a space is no `+`.
pub(crate) fn segment(text: &str) -> String {
    encoded(text).replace('+', "%20")
}

/// A text out of an object; an empty one is none. What is no text stays.
pub(crate) fn take(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?.to_owned();
    fields.remove(name);
    Some(text).filter(|text| !text.is_empty())
}

/// A whole number out of an object.
pub(crate) fn take_number(fields: &mut Map<String, Value>, name: &str) -> Option<i64> {
    let number = fields.get(name)?.as_i64()?;
    fields.remove(name);
    Some(number)
}

/// A moment out of an object: a text in any usual form, or seconds since 1970.
pub(crate) fn take_moment(fields: &mut Map<String, Value>, name: &str) -> Option<Timestamp> {
    let read = match fields.get(name)? {
        Value::String(text) => crate::moment::read(text),
        Value::Number(number) => {
            let seconds = number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))?;
            Timestamp::from_second(seconds).ok()
        }
        _ => None,
    }?;
    fields.remove(name);
    Some(read)
}

/// An id, written as a text or as a number.
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// What is left of an object as a post's `extra`: nothing that says nothing.
pub(crate) fn rest(mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        _ => true,
    });
    // Words of ours that a network uses for something else.
    for word in [
        "id",
        "network",
        "url",
        "text",
        "html",
        "title",
        "lang",
        "created_at",
        "edited_at",
        "deleted_at",
        "in_reply_to",
        "thread",
        "author",
        "links",
        "media",
        "metrics",
    ] {
        if let Some(value) = fields.remove(word) {
            fields.insert(format!("their_{word}"), value);
        }
    }
    fields
}
