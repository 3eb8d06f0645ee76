use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256, Sha512};

/// `Content-Digest` of a body (RFC 9530).
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// `Digest` of a body (RFC 3230), as cavage signs it.
pub(super) fn digest(body: &[u8]) -> String {
    format!("SHA-256={}", STANDARD.encode(Sha256::digest(body)))
}

/// Whether a `Content-Digest` or `Digest` is of this body: every digest in it that we know has to fit, and there has to
/// be one.
pub(super) fn fits(header: &str, body: &[u8]) -> bool {
    let mut known = 0;
    for part in header.split(',') {
        let Some((name, value)) = part.trim().split_once('=') else { return false };
        let due = match name.trim().to_ascii_lowercase().as_str() {
            "sha-256" => STANDARD.encode(Sha256::digest(body)),
            "sha-512" => STANDARD.encode(Sha512::digest(body)),
            _ => continue,
        };
        if value.trim().trim_matches(':') != due {
            return false;
        }
        known += 1;
    }
    known > 0
}
