use std::{fmt, sync::Arc};

use super::Trouble;
use crate::Later;

/// A sign-in as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// Counts its renewals.
    pub version: i64,
    /// What its connector wrote, tokens among it.
    pub secret: String,
}

/// The secret stays out of logs and panics.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("version", &self.version).finish_non_exhaustive()
    }
}

/// Renews a sign-in: gets what was kept, gives what is to be kept instead.
pub type Renew = Box<dyn FnOnce(String) -> Later<'static, Result<String, Trouble>> + Send>;

/// Keeps sign-ins whose tokens change whenever they are renewed (RFC 9449 with rotation): they lie in one place for all
/// who use them, and one renewal is under way at a time, because a refresh token that is shown twice ends the sign-in.
///
/// A place or an account says by the credential `sign_in` which one is its own.
pub trait Keeper: Send + Sync {
    /// The sign-in as it stands. One that has ended is [`Trouble::Revoked`].
    fn kept<'a>(&'a self, key: &'a str) -> Later<'a, Result<Kept, Trouble>>;

    /// Renews the sign-in unless somebody has since `seen`; what counts is what is given back. Goes on when nobody waits
    /// for it any more. Where `how` ends in [`Trouble::Revoked`], the sign-in has ended.
    fn renew<'a>(&'a self, key: &'a str, seen: i64, how: Renew) -> Later<'a, Result<Kept, Trouble>>;
}

/// A keeper that can be handed on.
#[derive(Clone)]
pub(crate) struct Keeping(pub Arc<dyn Keeper>);

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeping")
    }
}
