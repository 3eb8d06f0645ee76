//! What keeps strangers out of a browser that is signed in.
//!
//! Three walls against a foreign site acting with somebody's session: cookies are `SameSite=Lax`; every unsafe request
//! must say that it comes from here (`origin`); every form carries a token bound to the session (`csrf`), and no
//! handler can read a form without the token being checked, because [`csrf::Form`] is the only way to read one.

pub(crate) mod cookie;
pub mod csrf;
pub(crate) mod headers;
pub(crate) mod origin;
pub mod redirect;
pub mod upload;
