//! Cookies: their names, attributes, and how they are read.
//!
//! Over https every name carries the prefix `__Host-`: the browser then takes it only from this host, for all of it,
//! and secure, so that no other host of the same domain can plant one. Over plain http (loopback) browsers refuse that
//! prefix, and the bare name is used.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::Config;

/// What a cookie is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cookie {
    /// Says who is signed in.
    Session,
    /// Ties the forms of somebody not signed in to their browser.
    Visit,
    /// What just happened, shown on the next page.
    Flash,
}

impl Cookie {
    /// The name on this installation.
    pub(crate) fn name(self, config: &Config) -> &'static str {
        match (self, config.secure()) {
            (Self::Session, true) => "__Host-dandelion",
            (Self::Session, false) => "dandelion",
            (Self::Visit, true) => "__Host-dandelion-visit",
            (Self::Visit, false) => "dandelion-visit",
            (Self::Flash, true) => "__Host-dandelion-flash",
            (Self::Flash, false) => "dandelion-flash",
        }
    }

    /// Its value in a request.
    pub(crate) fn read<'a>(self, config: &Config, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.name(config);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(given, _)| *given == name).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// A header that sets it, for so many seconds or until the browser closes. `value` is URL-safe text of our own.
    pub(crate) fn set(self, config: &Config, value: &str, seconds: Option<i64>) -> HeaderValue {
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if config.secure() { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(config));
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// A header that takes it away.
    pub(crate) fn clear(self, config: &Config) -> HeaderValue {
        self.set(config, "", Some(0))
    }
}
