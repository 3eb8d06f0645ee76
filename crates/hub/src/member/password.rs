//! Passwords: argon2id with the parameters of the OWASP Password Storage Cheat Sheet (m = 19 MiB, t = 2, p = 1),
//! and rules after NIST SP 800-63B: a length, no required kinds of character, no expiry.

use std::sync::LazyLock;

use argon2::{
    Algorithm, Argon2, Params, PasswordVerifier, Version,
    password_hash::{PasswordHasher, phc::PasswordHash},
};

use crate::{Error, Random, Result};

/// The fewest characters of a password.
pub const MIN_CHARS: usize = 10;
/// The most bytes of a password: enough for any sentence, too few to keep the hash busy.
pub const MAX_BYTES: usize = 1000;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Passwords so common that they are tried first. Those shorter than [`MIN_CHARS`] are refused anyway.
const COMMON: [&str; 16] = [
    "1234567890",
    "0123456789",
    "0987654321",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "qwertyuiop",
    "password12",
    "password123",
    "password1234",
    "passwordpassword",
    "iloveyou123",
    "letmein123",
    "welcome123",
    "changeme123",
    "administrator",
    "dandelion1",
];

/// Checks a new password against the rules. The password itself is never part of the error.
pub fn check(password: &str, email: &str) -> Result<()> {
    let refuse = |reason: String| Err(Error::invalid("password", reason, ""));
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        return refuse(format!("use at least {MIN_CHARS} characters; it has {chars}. A sentence is a good password"));
    }
    if password.len() > MAX_BYTES {
        return refuse(format!("use at most {MAX_BYTES} bytes; it has {}", password.len()));
    }
    let (lower, email) = (password.to_lowercase(), super::folded(email));
    let local = email.split('@').next().unwrap_or_default();
    if lower.trim() == email || lower.trim() == local {
        return refuse("it is your e-mail address; choose something nobody can look up".into());
    }
    let mut chars = lower.chars();
    let first = chars.next();
    if COMMON.contains(&lower.as_str()) || chars.all(|c| Some(c) == first) {
        return refuse("it is among the first that are tried; choose another".into());
    }
    Ok(())
}

/// The hash to store, as a PHC string. Takes tens of milliseconds on a thread of its own.
pub async fn hash(random: &Random, password: &str) -> Result<String> {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let password = password.to_owned();
    apart(move || hash_with(&password, &salt)).await?
}

/// Whether a password is the one that was hashed. Without a hash (nobody of that address, or no password) it takes
/// as long and says no, so that nobody learns from the time who exists.
pub async fn verify(password: &str, stored: Option<String>) -> Result<bool> {
    if password.len() > MAX_BYTES {
        return Ok(false);
    }
    let password = password.to_owned();
    apart(move || {
        let known = stored.is_some();
        let phc = stored.as_deref().unwrap_or(&NOBODY);
        let hash =
            PasswordHash::new(phc).map_err(|_| Error::Damaged("a stored password hash cannot be read".into()))?;
        Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok() && known)
    })
    .await?
}

/// A hash of no one's password, made with the same parameters.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_with("nobody signs in with this", &[7; 16]).unwrap_or_default());

fn hash_with(password: &str, salt: &[u8]) -> Result<String> {
    let hash = argon2()?.hash_password_with_salt(password.as_bytes(), salt).map_err(|e| {
        Error::Unusable(format!("the password could not be hashed: {e}. Free some memory and try again"))
    })?;
    Ok(hash.to_string())
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|e| Error::Unusable(format!("argon2 refuses its parameters: {e}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::Unusable(format!("the password could not be checked: {e}. Try again")))
}
