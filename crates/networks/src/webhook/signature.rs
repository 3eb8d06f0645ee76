use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::{Error, Secret};

/// The header that names a delivery; the same whenever it is tried again.
pub const ID: &str = "webhook-id";
/// The header that says when it was signed, in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, separated by blanks.
pub const SIGNATURE: &str = "webhook-signature";

/// Most signatures looked at.
const MAX_SIGNATURES: usize = 16;

/// A delivery whose signature fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id: the same on every try.
    pub id: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// Checks a delivery against every live secret. Takes the same time whichever fits.
///
/// `tolerance` holds in both directions; see [`super::TOLERANCE`].
pub fn verify(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[Secret],
    now: Timestamp,
    tolerance: Duration,
) -> Result<Delivery, Error> {
    if secrets.is_empty() {
        return Err(Error::NoSecret);
    }
    let id = header(headers, ID)?;
    if id.is_empty() || id.len() > 256 {
        return Err(Error::Header { name: ID, why: "it must be 1 to 256 bytes long".to_owned() });
    }
    let at = moment(header(headers, TIMESTAMP)?)?;
    check_age(at, now, tolerance)?;
    let given = header(headers, SIGNATURE)?;
    let signatures: Vec<Vec<u8>> = given
        .split_ascii_whitespace()
        .take(MAX_SIGNATURES)
        .filter_map(|one| one.strip_prefix("v1,"))
        .filter_map(|encoded| STANDARD.decode(encoded).ok())
        .collect();
    if signatures.is_empty() {
        return Err(Error::NoSignature);
    }
    let mut fits = Choice::from(0);
    for secret in secrets {
        let due = digest(id, at, body, secret);
        for signature in &signatures {
            fits |= due.as_slice().ct_eq(signature);
        }
    }
    if bool::from(fits) { Ok(Delivery { id: id.to_owned(), at }) } else { Err(Error::Mismatch) }
}

/// The value of `webhook-signature` for a body, with one secret. Join several with a blank while secrets change.
pub fn sign(id: &str, at: Timestamp, body: &[u8], secret: &Secret) -> String {
    format!("v1,{}", STANDARD.encode(digest(id, at, body, secret)))
}

fn digest(id: &str, at: Timestamp, body: &[u8], secret: &Secret) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length");
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(at.as_second().to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn header<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, Error> {
    let value = headers.get(name).ok_or(Error::Missing(name))?;
    value.to_str().map_err(|_| Error::Header { name, why: "it is not plain ASCII".to_owned() })
}

/// Only the plain spelling is taken: what is signed is the text, and it must be the text we sign.
fn moment(text: &str) -> Result<Timestamp, Error> {
    let bad = || Error::Header { name: TIMESTAMP, why: "it must be whole seconds since 1970".to_owned() };
    let seconds: i64 = text.parse().map_err(|_| bad())?;
    if seconds.to_string() != text {
        return Err(bad());
    }
    Timestamp::from_second(seconds).map_err(|_| bad())
}

fn check_age(at: Timestamp, now: Timestamp, tolerance: Duration) -> Result<(), Error> {
    let age = now.as_second() - at.as_second();
    let most = i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX);
    match age {
        age if age > most => Err(Error::TooOld(age)),
        age if -age > most => Err(Error::TooNew(-age)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::webhook::TOLERANCE;

    // The vector published with the specification's reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const EXPECTED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn headers(timestamp: &str, signature: &str) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(ID, HeaderValue::from_static(MESSAGE));
        map.insert(TIMESTAMP, timestamp.parse().unwrap());
        map.insert(SIGNATURE, signature.parse().unwrap());
        map
    }

    fn secret() -> Secret {
        Secret::parse(SECRET).unwrap()
    }

    fn other() -> Secret {
        Secret::generate(|b| {
            b.fill(9);
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap()
    }

    #[test]
    fn the_published_vector_is_met() {
        assert_eq!(sign(MESSAGE, at(AT), BODY, &secret()), EXPECTED);
        let delivery = verify(&headers("1614265330", EXPECTED), BODY, &[secret()], at(AT), TOLERANCE).unwrap();
        assert_eq!(delivery, Delivery { id: MESSAGE.to_owned(), at: at(AT) });
    }

    #[test]
    fn any_live_secret_and_any_signature_will_do() {
        let several = format!("v1a,x {} {EXPECTED}", sign("other", at(AT), BODY, &secret()));
        let headers = headers("1614265330", &several);
        assert!(verify(&headers, BODY, &[other(), secret()], at(AT), TOLERANCE).is_ok());
        assert_eq!(verify(&headers, BODY, &[other()], at(AT), TOLERANCE), Err(Error::Mismatch));
        assert_eq!(verify(&headers, BODY, &[], at(AT), TOLERANCE), Err(Error::NoSecret));
    }

    #[test]
    fn the_window_holds_in_both_directions() {
        let headers = headers("1614265330", EXPECTED);
        let when = |now: i64| verify(&headers, BODY, &[secret()], at(now), TOLERANCE).map(|_| ());
        assert_eq!(when(AT + 300), Ok(()));
        assert_eq!(when(AT + 301), Err(Error::TooOld(301)));
        assert_eq!(when(AT - 300), Ok(()));
        assert_eq!(when(AT - 301), Err(Error::TooNew(301)));
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let check =
            |headers: &HeaderMap, body: &[u8]| verify(headers, body, &[secret()], at(AT), TOLERANCE).map(|_| ());
        let good = headers("1614265330", EXPECTED);
        assert_eq!(check(&good, b"{}"), Err(Error::Mismatch));
        assert_eq!(check(&headers("1614265331", EXPECTED), BODY), Err(Error::Mismatch));
        assert_eq!(check(&headers("1614265330", &EXPECTED.replace("g0", "h0")), BODY), Err(Error::Mismatch));
        assert_eq!(check(&headers("1614265330", "v1,"), BODY), Err(Error::Mismatch), "an empty signature");
        assert_eq!(check(&headers("1614265330", "v1a,AAAA"), BODY), Err(Error::NoSignature));
        for spelling in ["+1614265330", "01614265330", "1614265330.0", "soon", ""] {
            assert!(matches!(check(&headers(spelling, EXPECTED), BODY), Err(Error::Header { .. })), "{spelling}");
        }
        for name in [ID, TIMESTAMP, SIGNATURE] {
            let mut less = good.clone();
            less.remove(name);
            assert_eq!(check(&less, BODY), Err(Error::Missing(name)));
        }
    }
}
