//! RFC 9421, appendix B: its keys (B.1), its messages and every signature of B.2.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderName};

use super::{
    super::{keys, keys::tests::secret},
    message::{claim as claim_of, inputs},
    *,
};

const RSA_PSS: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB";
const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==";
const ED25519_X: &str = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
const SHARED: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

const B21: (&str, &str) = (
    r#"sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#,
    "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
);
const B22: (&str, &str) = (
    r#"sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#,
    "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
);
const B23: (&str, &str) = (
    r#"sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#,
    "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
);
const B24: (&str, &str) = (
    r#"sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#,
    "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
);
const B25: (&str, &str) = (
    r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
    "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
);
const B26: (&str, &str) = (
    r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
);

const REQUEST: &[u8] = br#"{"hello": "world"}"#;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&str, &str)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    pairs.iter().map(pair).collect()
}

/// The request of B.2, or its answer, with one of the signatures.
fn signed((input, signature): (&str, &str), answer: bool) -> HeaderMap {
    let label = input.split('=').next().unwrap();
    let signature = format!("{label}=:{signature}:");
    let (date, digest, length) = if answer {
        (
            "Tue, 20 Apr 2021 02:07:56 GMT",
            "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
            "23",
        )
    } else {
        (
            "Tue, 20 Apr 2021 02:07:55 GMT",
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
            "18",
        )
    };
    headers(&[
        ("host", "example.com"),
        ("date", date),
        ("content-type", "application/json"),
        ("content-digest", digest),
        ("content-length", length),
        ("signature-input", input),
        ("signature", &signature),
    ])
}

fn message(headers: &HeaderMap, answer: bool) -> Message<'_> {
    Message {
        method: if answer { "" } else { "POST" },
        scheme: "https",
        authority: "example.com",
        path: "/foo",
        query: Some("param=Value&Pet=dog"),
        status: answer.then_some(200),
        headers,
        body: if answer { br#"{"message": "good dog"}"# } else { REQUEST },
    }
}

fn claimed(vector: (&str, &str), answer: bool) -> Claim {
    let headers = signed(vector, answer);
    let given = header(&headers, "signature-input").unwrap();
    let read = inputs(&given).unwrap();
    claim_of(&message(&headers, answer), &read[0]).unwrap()
}

fn spki(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

#[test]
fn every_signature_of_appendix_b_holds() {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{RSA_PSS}\n-----END PUBLIC KEY-----\n");
    let rsa = keys::from_pem(&pem).expect("the key of B.1.2");
    let p256 = PublicKey::P256(spki(P256)[26..].to_vec());
    let ed25519 = PublicKey::Ed25519(STANDARD.decode(ED25519_X).unwrap());
    for (vector, key, pss, answer) in [
        (B21, &rsa, true, false),
        (B22, &rsa, true, false),
        (B23, &rsa, true, false),
        (B24, &p256, false, true),
        (B26, &ed25519, false, false),
    ] {
        // The algorithm stands with the key there, not in the signature.
        let claim = Claim { pss, ..claimed(vector, answer) };
        assert_eq!(claim.holds(key), Ok(()), "{}", vector.0);
        let mut other = claim.clone();
        other.base[3] ^= 1;
        assert_eq!(other.holds(key), Err(Unsigned::Mismatch), "{}", vector.0);
        let mut other = claim.clone();
        other.signature[7] ^= 1;
        assert_eq!(other.holds(key), Err(Unsigned::Mismatch), "{}", vector.0);
        for wrong in [&rsa, &p256, &ed25519].into_iter().filter(|other| *other != key) {
            assert_eq!(claim.holds(wrong), Err(Unsigned::Mismatch), "{}", vector.0);
        }
    }
    // B.2.5 is an HMAC, which no server of others signs with; what is signed has to be right all the same.
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &STANDARD.decode(SHARED).unwrap());
    let claim = claimed(B25, false);
    assert!(ring::hmac::verify(&key, &claim.base, &claim.signature).is_ok());
    assert!(digest::fits(signed(B23, false)["content-digest"].to_str().unwrap(), REQUEST));
}

#[test]
fn what_is_signed_is_what_the_appendix_shows() {
    let due = "\"@authority\": example.com\n\"content-digest\": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\n\"@query-param\";name=\"Pet\": dog\n\"@signature-params\": (\"@authority\" \"content-digest\" \"@query-param\";name=\"Pet\");created=1618884473;keyid=\"test-key-rsa-pss\";tag=\"header-example\"";
    assert_eq!(String::from_utf8(claimed(B22, false).base).unwrap(), due);
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// A delivery of ours as the other side sees it.
fn ours(way: Way, body: &[u8]) -> HeaderMap {
    let url = url::Url::parse("https://b.example/users/ana/inbox?x=1").unwrap();
    let keys = Keys::read(secret()).unwrap();
    let signed = sign(&keys, "https://a.example/actors/care#main-key", way, ("POST", &url), body, now());
    let pairs: Vec<(&str, &str)> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers(&pairs)
}

fn delivered<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> Message<'a> {
    let (path, query) = ("/users/ana/inbox", Some("x=1"));
    Message { method: "POST", scheme: "https", authority: "b.example", path, query, status: None, headers, body }
}

#[test]
fn what_we_sign_holds_and_nothing_else_does() {
    let keys = Keys::read(secret()).unwrap();
    let key = keys::from_pem(&keys.public_pem()).unwrap();
    for way in [Way::Cavage, Way::Message] {
        let headers = ours(way, b"{}");
        let right = delivered(&headers, b"{}");
        let claim = Claim::read(&right, now()).unwrap();
        assert_eq!(claim.key_id, "https://a.example/actors/care#main-key");
        assert_eq!(claim.holds(&key), Ok(()), "{way:?}");
        // Another message than the one that was signed.
        for other in [
            Message { path: "/inbox", ..right },
            Message { query: None, ..right },
            Message { authority: "c.example", ..right },
            Message { method: "PUT", ..right },
        ] {
            let read = Claim::read(&other, now()).and_then(|claim| claim.holds(&key));
            assert_eq!(read, Err(Unsigned::Mismatch), "{way:?} {other:?}");
        }
        assert_eq!(Claim::read(&Message { body: b"{ }", ..right }, now()), Err(Unsigned::Digest), "{way:?}");
        let late = now() + SignedDuration::from_mins(61);
        assert_eq!(Claim::read(&right, late), Err(Unsigned::Stale), "{way:?}");
        assert_eq!(Claim::read(&right, now() - SignedDuration::from_mins(61)), Err(Unsigned::Stale), "{way:?}");
        for gone in ["digest", "content-digest", "date", "signature"] {
            let mut less = headers.clone();
            if less.remove(gone).is_some() {
                assert!(Claim::read(&delivered(&less, b"{}"), now()).is_err(), "{way:?} without {gone}");
            }
        }
    }
}

#[test]
fn a_signature_has_to_cover_what_matters() {
    let read = |pairs: &[(&str, &str)]| Claim::read(&delivered(&headers(pairs), b"{}"), now()).map(drop);
    let date = ("date", "Mon, 02 Mar 2026 09:00:00 GMT");
    let digest = ("digest", "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=");
    let cavage =
        |covered: &str| format!("keyId=\"k\",algorithm=\"rsa-sha256\",headers=\"{covered}\",signature=\"AAAA\"");
    for (covered, due) in [
        ("(request-target) host date digest", Ok(())),
        ("host date digest", Err(Unsigned::Uncovered("(request-target)"))),
        ("(request-target) date digest", Err(Unsigned::Uncovered("host"))),
        ("(request-target) host digest", Err(Unsigned::Uncovered("date or (created)"))),
        ("(request-target) host date", Err(Unsigned::Uncovered("digest"))),
        ("(request-target) host date digest x-none", Err(Unsigned::Broken("it covers a header that is not there"))),
    ] {
        assert_eq!(read(&[date, digest, ("signature", &cavage(covered))]), due, "{covered}");
    }
    assert_eq!(read(&[]), Err(Unsigned::None));
    assert!(read(&[date, digest, ("signature", "keyId=\"a\",keyId=\"b\"")]).is_err());
    let content = ("content-digest", "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:");
    let input = |covered: &str, more: &str| format!("s=({covered}){more}");
    let created = format!(";created={};keyid=\"k\"", now().as_second());
    for (covered, more, due) in [
        ("\"@method\" \"@target-uri\" \"content-digest\"", created.as_str(), Ok(())),
        ("\"@method\" \"@authority\" \"@path\" \"content-digest\"", &created, Ok(())),
        ("\"@target-uri\" \"content-digest\"", &created, Err(Unsigned::Uncovered("@method"))),
        (
            "\"@method\" \"@path\" \"content-digest\"",
            &created,
            Err(Unsigned::Uncovered("@target-uri, or @authority and @path")),
        ),
        ("\"@method\" \"@target-uri\"", &created, Err(Unsigned::Uncovered("content-digest"))),
        ("\"@method\" \"@target-uri\" \"content-digest\"", ";keyid=\"k\"", Err(Unsigned::Stale)),
        ("\"@method\" \"@target-uri\" \"content-digest\"", ";created=1", Err(Unsigned::Broken("it names no keyid"))),
        ("\"@method\" \"@method\"", &created, Err(Unsigned::Broken("`Signature-Input` is no dictionary of lists"))),
    ] {
        let input = input(covered, more);
        assert_eq!(read(&[content, ("signature-input", &input), ("signature", "s=:AAAA:")]), due, "{input}");
    }
}

proptest! {
    #[test]
    fn whatever_is_called_a_signature(
        input in "(sig1?=\\()?[a-z@\"() ;=,:\\\\0-9-]{0,60}", signature in "([a-z]{1,3}=:)?[\\x20-\\x7e]{0,60}", digest in "(sha-256=:?)?[\\x20-\\x7e]{0,40}",
    ) {
        for pairs in [
            vec![("signature-input", input.as_str()), ("signature", signature.as_str()), ("content-digest", digest.as_str())],
            vec![("signature", signature.as_str()), ("digest", digest.as_str())],
            vec![("signature", input.as_str())],
        ] {
            let headers = headers(&pairs);
            let read = Claim::read(&delivered(&headers, b"{}"), now());
            prop_assert!(read.is_err());
        }
        let _ = inputs(&input);
    }
}
