//! draft-cavage-http-signatures-12.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use super::{Claim, Keys, Message, Unsigned, Way, authority, digest, fresh, header};

pub(super) fn read(message: &Message<'_>, now: Timestamp) -> Result<Claim, Unsigned> {
    let text = header(message.headers, "signature").ok_or(Unsigned::None)?;
    let parameters = parameters(&text).ok_or(Unsigned::Broken("it is no list of name=\"value\""))?;
    let parameter = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let key_id = parameter("keyId").ok_or(Unsigned::Broken("it names no keyId"))?;
    match parameter("algorithm").unwrap_or("hs2019").to_ascii_lowercase().as_str() {
        "rsa-sha256" | "hs2019" | "ed25519" => {}
        _ => return Err(Unsigned::Broken("its algorithm is neither rsa-sha256 nor hs2019")),
    }
    let signature = parameter("signature").and_then(|text| STANDARD.decode(text).ok());
    let signature = signature.ok_or(Unsigned::Broken("it holds no signature in base64"))?;
    let covered: Vec<String> =
        parameter("headers").unwrap_or("date").split_whitespace().map(str::to_ascii_lowercase).collect();
    let covers = |name: &str| covered.iter().any(|known| known == name);
    if !covers("(request-target)") {
        return Err(Unsigned::Uncovered("(request-target)"));
    }
    if !covers("host") {
        return Err(Unsigned::Uncovered("host"));
    }
    let moment =
        |name: &str| parameter(name).and_then(|at| at.parse().ok()).and_then(|at| Timestamp::from_second(at).ok());
    let at = if covers("(created)") {
        moment("created")
    } else if covers("date") {
        header(message.headers, "date").and_then(|date| crate::moment::read(&date))
    } else {
        return Err(Unsigned::Uncovered("date or (created)"));
    };
    fresh(at.ok_or(Unsigned::Stale)?, now)?;
    if moment("expires").is_some_and(|until| until < now) {
        return Err(Unsigned::Stale);
    }
    if !message.body.is_empty() || message.method == "POST" {
        if !covers("digest") {
            return Err(Unsigned::Uncovered("digest"));
        }
        let given = header(message.headers, "digest").ok_or(Unsigned::Digest)?;
        if !digest::fits(&given, message.body) {
            return Err(Unsigned::Digest);
        }
    }
    let mut lines = Vec::with_capacity(covered.len());
    for name in &covered {
        let value = match name.as_str() {
            "(request-target)" => {
                let query = message.query.map(|query| format!("?{query}")).unwrap_or_default();
                Some(format!("{} {}{query}", message.method.to_ascii_lowercase(), message.path))
            }
            "(created)" => parameter("created").map(ToOwned::to_owned),
            "(expires)" => parameter("expires").map(ToOwned::to_owned),
            "host" => Some(message.authority.to_owned()),
            other => header(message.headers, other),
        };
        lines.push(format!("{name}: {}", value.ok_or(Unsigned::Broken("it covers a header that is not there"))?));
    }
    let base = lines.join("\n").into_bytes();
    Ok(Claim { key_id: key_id.to_owned(), way: Way::Cavage, base, signature, pss: false })
}

pub(super) fn sign(
    keys: &Keys,
    key_id: &str,
    method: &str,
    url: &url::Url,
    body: &[u8],
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let host = authority(url);
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{} {}{query}", method.to_ascii_lowercase(), url.path());
    let mut lines = vec![format!("(request-target): {target}"), format!("host: {host}"), format!("date: {date}")];
    let mut covered = "(request-target) host date".to_owned();
    let mut headers = vec![("date", date)];
    if method == "POST" {
        let digest = digest::digest(body);
        lines.push(format!("digest: {digest}"));
        covered.push_str(" digest");
        headers.push(("digest", digest));
    }
    let signature = STANDARD.encode(keys.sign_rsa(lines.join("\n").as_bytes()));
    headers.push((
        "signature",
        format!("keyId=\"{key_id}\",algorithm=\"rsa-sha256\",headers=\"{covered}\",signature=\"{signature}\""),
    ));
    headers
}

/// `name="value",name=number`; a name may stand there once.
fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim();
        let (value, after) = if let Some(quoted) = after.trim_start().strip_prefix('"') {
            let (value, after) = quoted.split_once('"')?;
            (value, after.trim_start())
        } else {
            let end = after.find(',').unwrap_or(after.len());
            (after[..end].trim(), &after[end..])
        };
        if name.is_empty() || found.iter().any(|(known, _)| known == name) {
            return None;
        }
        found.push((name.to_owned(), value.to_owned()));
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.is_empty() => "",
            None => return None,
        };
    }
    Some(found)
}
