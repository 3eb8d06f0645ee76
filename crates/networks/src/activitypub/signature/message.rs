//! RFC 9421, HTTP Message Signatures.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use super::{Claim, Keys, Message, Unsigned, Way, digest, fresh, header};
use crate::contract::json::segment;

/// Components read of one signature at most.
const MOST: usize = 64;

/// One member of `Signature-Input`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Input<'a> {
    /// Its label, the same in `Signature`.
    pub label: &'a str,
    /// Everything after `label=`, as it came: it is signed as it stands there.
    pub raw: &'a str,
    components: Vec<Component>,
    parameters: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Component {
    name: String,
    /// As it stood there, with its parameters.
    raw: String,
    parameters: Vec<(String, String)>,
}

impl Input<'_> {
    fn covers(&self, name: &str) -> bool {
        self.components.iter().any(|component| component.name == name && component.parameters.is_empty())
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads the first signature that names a key; what it has to cover to be worth anything here is demanded.
pub(super) fn read(message: &Message<'_>, now: Timestamp) -> Result<Claim, Unsigned> {
    let given = header(message.headers, "signature-input").ok_or(Unsigned::None)?;
    let inputs = inputs(&given).ok_or(Unsigned::Broken("`Signature-Input` is no dictionary of lists"))?;
    let input = inputs.iter().find(|input| input.parameter("keyid").is_some());
    let input = input.ok_or(Unsigned::Broken("it names no keyid"))?;
    if !input.covers("@method") {
        return Err(Unsigned::Uncovered("@method"));
    }
    if !input.covers("@target-uri")
        && !(input.covers("@authority") && (input.covers("@path") || input.covers("@request-target")))
    {
        return Err(Unsigned::Uncovered("@target-uri, or @authority and @path"));
    }
    let moment = |name: &str| {
        input.parameter(name).and_then(|at| at.parse().ok()).and_then(|at| Timestamp::from_second(at).ok())
    };
    fresh(moment("created").ok_or(Unsigned::Stale)?, now)?;
    if moment("expires").is_some_and(|until| until < now) {
        return Err(Unsigned::Stale);
    }
    if !message.body.is_empty() || message.method == "POST" {
        if !input.covers("content-digest") {
            return Err(Unsigned::Uncovered("content-digest"));
        }
        let given = header(message.headers, "content-digest").ok_or(Unsigned::Digest)?;
        if !digest::fits(&given, message.body) {
            return Err(Unsigned::Digest);
        }
    }
    claim(message, input)
}

/// The signature of a label, with what it was made over.
pub(super) fn claim(message: &Message<'_>, input: &Input<'_>) -> Result<Claim, Unsigned> {
    let signatures = header(message.headers, "signature").ok_or(Unsigned::None)?;
    let signature = members(&signatures)
        .and_then(|members| members.into_iter().find(|(label, _)| *label == input.label))
        .and_then(|(_, value)| STANDARD.decode(value.strip_prefix(':')?.strip_suffix(':')?).ok());
    let signature = signature.ok_or(Unsigned::Broken("`Signature` has no bytes of that label"))?;
    let pss = match input.parameter("alg") {
        None | Some("rsa-v1_5-sha256" | "ed25519" | "ecdsa-p256-sha256") => false,
        Some("rsa-pss-sha512") => true,
        Some(_) => return Err(Unsigned::Broken("its algorithm is none that is known here")),
    };
    let key_id = input.parameter("keyid").unwrap_or_default().to_owned();
    Ok(Claim { key_id, way: Way::Message, base: base(message, input)?.into_bytes(), signature, pss })
}

/// What is signed (RFC 9421 §2.5).
pub(super) fn base(message: &Message<'_>, input: &Input<'_>) -> Result<String, Unsigned> {
    let mut lines = Vec::with_capacity(input.components.len() + 1);
    for component in &input.components {
        let value = value(message, component).ok_or(Unsigned::Broken("it covers something that is not there"))?;
        lines.push(format!("{}: {value}", component.raw));
    }
    lines.push(format!("\"@signature-params\": {}", input.raw));
    Ok(lines.join("\n"))
}

fn value(message: &Message<'_>, component: &Component) -> Option<String> {
    let query = || message.query.map(|query| format!("?{query}"));
    let name = match component.parameters.as_slice() {
        [] => None,
        [(parameter, name)] if component.name == "@query-param" && parameter == "name" => Some(name),
        _ => return None,
    };
    Some(match component.name.as_str() {
        "@method" => message.method.to_ascii_uppercase(),
        "@authority" => message.authority.to_ascii_lowercase(),
        "@scheme" => message.scheme.to_owned(),
        "@target-uri" => {
            format!("{}://{}{}{}", message.scheme, message.authority, message.path, query().unwrap_or_default())
        }
        "@request-target" => format!("{}{}", message.path, query().unwrap_or_default()),
        "@path" => message.path.to_owned(),
        "@query" => query().unwrap_or_else(|| "?".to_owned()),
        "@query-param" => parameter_of(message.query?, name?)?,
        "@status" => message.status?.to_string(),
        other if other.starts_with('@') => return None,
        other => header(message.headers, other)?,
    })
}

/// The one value of a query's parameter, encoded again (RFC 9421 §2.2.8).
fn parameter_of(query: &str, name: &str) -> Option<String> {
    let mut values = url::form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| segment(known) == name);
    let value = values.next()?.1;
    values.next().is_none().then(|| segment(&value))
}

pub(super) fn sign(
    keys: &Keys,
    key_id: &str,
    method: &str,
    url: &url::Url,
    body: &[u8],
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let digest = digest::content_digest(body);
    let mut lines = vec![format!("\"@method\": {method}"), format!("\"@target-uri\": {url}")];
    let mut covered = "\"@method\" \"@target-uri\"".to_owned();
    let mut headers = Vec::new();
    if method == "POST" {
        lines.push(format!("\"content-digest\": {digest}"));
        covered.push_str(" \"content-digest\"");
        headers.push(("content-digest", digest));
    }
    let parameters = format!("({covered});created={};keyid=\"{key_id}\";alg=\"rsa-v1_5-sha256\"", now.as_second());
    lines.push(format!("\"@signature-params\": {parameters}"));
    headers.push(("signature-input", format!("sig1={parameters}")));
    headers.push(("signature", format!("sig1=:{}:", STANDARD.encode(keys.sign_rsa(lines.join("\n").as_bytes())))));
    headers
}

/// Every member of `Signature-Input`.
pub(super) fn inputs(text: &str) -> Option<Vec<Input<'_>>> {
    members(text)?.into_iter().map(|(label, raw)| input(label, raw)).collect()
}

fn input<'a>(label: &'a str, raw: &'a str) -> Option<Input<'a>> {
    let mut rest = raw.strip_prefix('(')?;
    let mut components: Vec<Component> = Vec::new();
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(')') {
            let (parameters, end) = parameters(after)?;
            return end.is_empty().then_some(Input { label, raw, components, parameters });
        }
        let start = rest;
        let (name, after) = string(rest)?;
        let (parameters, after) = parameters(after)?;
        let raw = start[..start.len() - after.len()].to_owned();
        // Nothing is covered twice, and names are in lower case.
        let again = components.iter().any(|known| known.raw == raw);
        if components.len() >= MOST || again || name.to_ascii_lowercase() != name {
            return None;
        }
        components.push(Component { name, raw, parameters });
        rest = after;
    }
}

/// `;name=value;name="value";name`; gives what follows.
fn parameters(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix(';') {
        let after = after.trim_start_matches(' ');
        let end = after
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.' | '*'))
            .unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        if name.is_empty() || found.len() >= MOST || found.iter().any(|(known, _)| known == name) {
            return None;
        }
        let (value, after) = match after.strip_prefix('=') {
            None => (String::new(), after),
            Some(after) if after.starts_with('"') => string(after)?,
            Some(after) => {
                let end = after.find([';', ')', ' ', ',']).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        found.push((name.to_owned(), value));
        rest = after;
    }
    Some((found, rest))
}

/// A quoted string (RFC 8941 §3.3.3) and what follows it.
fn string(text: &str) -> Option<(String, &str)> {
    let mut read = String::new();
    let mut letters = text.strip_prefix('"')?.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((read, &text[at + 2..])),
            '\\' => read.push(letters.next().map(|(_, c)| c).filter(|c| matches!(c, '"' | '\\'))?),
            ' '..='~' => read.push(letter),
            _ => return None,
        }
    }
    None
}

/// The members of a dictionary, each with its value as it stands there; a label may stand there once.
fn members(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut rest = text.trim_matches(' ');
    while !rest.is_empty() {
        let (label, after) = rest.split_once('=')?;
        let fits = !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.*".contains(&b));
        if !fits || found.len() >= MOST || found.iter().any(|(known, _)| *known == label) {
            return None;
        }
        let mut quoted = false;
        let mut escaped = false;
        let end = after.char_indices().find(|(_, letter)| {
            let ends = *letter == ',' && !quoted;
            match letter {
                '"' if !escaped => quoted = !quoted,
                _ => {}
            }
            escaped = *letter == '\\' && !escaped;
            ends
        });
        let end = end.map_or(after.len(), |(at, _)| at);
        found.push((label, after[..end].trim_matches(' ')));
        rest = after[end..].trim_start_matches([',', ' ']);
    }
    Some(found)
}
