//! Redirects that stay on this site.

use axum::{
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};

/// Where to go after signing in: a path of this site, never another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next(String);

impl Next {
    /// Takes `text` if it is a path of this site, otherwise the home page.
    ///
    /// Browsers read `//host`, `/\host` and control characters in many ways, so only `/` followed by a plain
    /// character passes, and nothing but visible ASCII.
    pub fn new(text: &str) -> Self {
        let plain = text.len() <= 2048 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let local = text.starts_with('/') && !text.starts_with("//");
        Self(if plain && local { text.to_owned() } else { "/".to_owned() })
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for Next {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self::new(&text))
    }
}

impl Default for Next {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

/// The address of the sign-in page that comes back to where somebody wanted to go.
pub(crate) fn sign_in(uri: &Uri) -> String {
    let wanted = uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    if wanted == "/" {
        return "/session/new".to_owned();
    }
    let next = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>();
    format!("/session/new?next={next}")
}

/// Answers a form: look there (303), at a path of this site.
pub fn see_other(path: &str) -> Response {
    let path = Next::new(path);
    let location = HeaderValue::from_str(path.as_str()).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::Next;

    #[test]
    fn only_paths_of_this_site_pass() {
        for good in ["/", "/desk?view=mine&q=a%20b", "/cases/4#note"] {
            assert_eq!(Next::new(good).as_str(), good);
        }
        for bad in
            ["", "desk", "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "/ü", "javascript:x"]
        {
            assert_eq!(Next::new(bad).as_str(), "/", "{bad:?}");
        }
    }
}
