//! Who speaks Mastodon's interface, and in which dialect: known by what a server says of itself, never assumed.

use serde_json::Value;
use url::Url;

use super::{
    ask::{ask, get, read},
    length::length,
    place,
};
use crate::contract::{Access, Place, Trouble};

/// The programs whose dialects are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Software {
    /// Mastodon itself and the forks that keep its version (glitch-soc, Hometown, Chuckya).
    Mastodon,
    GoToSocial,
    Pixelfed,
    Friendica,
    /// Pleroma and Akkoma.
    Pleroma,
    /// Anything else.
    Other,
}

/// Each with the name it is remembered by.
const NAMES: [(Software, &str); 6] = [
    (Software::Mastodon, "mastodon"),
    (Software::GoToSocial, "gotosocial"),
    (Software::Pixelfed, "pixelfed"),
    (Software::Friendica, "friendica"),
    (Software::Pleroma, "pleroma"),
    (Software::Other, "other"),
];

impl Software {
    /// Reads `version` (and `source_url`, where there is one) of `/api/v1/instance` or `/api/v2/instance`: `4.3.1`,
    /// `4.2.10+glitch`, `2.7.2 (compatible; Pixelfed 0.11.9)`, `0.15.0+git-1573cd` (`GoToSocial`, which also comes as
    /// `3.5.3+0.15.0-git-1573cd`).
    pub fn read(instance: &Value) -> Self {
        let version = instance["version"].as_str().unwrap_or_default().to_lowercase();
        let source = instance["source_url"].as_str().unwrap_or_default().to_lowercase();
        let named = |name: &str| version.contains(name) || source.contains(name);
        if named("gotosocial") || version.contains("git-") {
            return Self::GoToSocial;
        }
        if version.contains("akkoma") {
            return Self::Pleroma;
        }
        let others = [Self::Pixelfed, Self::Friendica, Self::Pleroma];
        if let Some(other) = others.into_iter().find(|other| version.contains(other.name())) {
            return other;
        }
        let fork = source.is_empty() || ["mastodon", "hometown"].iter().any(|name| source.contains(name));
        if fork && is_mastodons(&version) { Self::Mastodon } else { Self::Other }
    }

    /// What a place was found to be when it was connected.
    pub fn of(place: &Place) -> Option<Self> {
        let name = place.setting("software")?;
        NAMES.iter().find(|(_, known)| *known == name).map(|(software, _)| *software)
    }

    /// What is remembered of it.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(software, _)| *software == self).map_or("other", |(_, name)| name)
    }

    /// Whether a second attempt with the same idempotency key is answered with the first one's status: Mastodon keeps
    /// keys for an hour (`PostStatusService`). Pleroma keeps them in memory only (`IdempotencyPlug`), Pixelfed refuses the
    /// second attempt without saying what became of the first (`ApiV1Controller::statusCreate`), `GoToSocial` does not look
    /// at them (its issue 2723), and of the others nothing is known.
    pub fn remembers(self) -> bool {
        self == Self::Mastodon
    }

    /// Whether `min_id` gives the posts that come next, and not the newest ones: Pixelfed leaves out what lies between.
    pub fn reads_upwards(self) -> bool {
        !matches!(self, Self::Pixelfed | Self::Other)
    }

    /// The length of a text as it counts: only Mastodon has a measure of its own for addresses and handles.
    pub fn counted(self, text: &str) -> usize {
        if self == Self::Mastodon { length(text) } else { text.chars().count() }
    }

    /// What is asked for when signing in: reading, and saying something; never following, blocking or changing the
    /// profile where that can be told apart.
    pub fn scopes(self) -> &'static str {
        if self == Self::Pixelfed { "read write" } else { "read write:statuses" }
    }
}

/// `4.3.1`, `4.3.0rc1`, `4.3.0-nightly.2024-04-18`, and with the mark of a fork of Mastodon. Years (old Friendicas) and
/// whatever else stands behind a number are something else.
fn is_mastodons(version: &str) -> bool {
    let numbers = version.len() - version.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (numbers, rest) = version.split_at(numbers);
    let major: Option<u32> = numbers.split('.').next().and_then(|major| major.parse().ok());
    let known = ["rc", "alpha", "beta", "-", "+glitch", "+hometown", "+chuckya", "+nightly"];
    major.is_some_and(|major| (2..100).contains(&major))
        && numbers.contains('.')
        && !rest.contains(char::is_whitespace)
        && (rest.is_empty() || known.iter().any(|mark| rest.starts_with(mark)))
}

/// What the instance says of itself, by the newer address or the older one. Whoever has no newer one answers it with 404,
/// some with another refusal or a page.
pub(super) async fn instance(access: &Access) -> Result<Value, Trouble> {
    match read(ask(access, "/api/v2/instance").await?, access) {
        Ok((instance, _)) if instance.is_object() => return Ok(instance),
        Err(trouble) if trouble.retry_after().is_some() => return Err(trouble),
        _ => {}
    }
    match get(access, "/api/v1/instance").await {
        Ok((instance, _)) => Ok(instance),
        Err(Trouble::Wrong { why }) => {
            Err(Trouble::wrong(format!("this does not answer as Mastodon does; check the address. {why}")))
        }
        Err(other) => Err(other),
    }
}

/// The most characters of a post.
pub(super) fn most(instance: &Value) -> Option<u64> {
    let told = instance["configuration"]["statuses"]["max_characters"].as_u64();
    told.or_else(|| instance["max_toot_chars"].as_u64()).filter(|most| *most > 0)
}

/// The name that stands behind the `@` of its accounts. `GoToSocial` may live at another host.
pub(super) fn domain(instance: &Value) -> Option<String> {
    let told =
        ["account_domain", "domain", "uri"].iter().find_map(|name| instance[*name].as_str().filter(|s| !s.is_empty()));
    told.and_then(host_of)
}

fn host_of(said: &str) -> Option<String> {
    let url =
        if said.contains("://") { Url::parse(said).ok()? } else { Url::parse(&format!("https://{said}")).ok()? };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}{port}", url.host_str()?))
}

/// The way to a server, with the name of its accounts where that is not the address's host: whoever set up a handle by
/// hand did not say it, and a post read there (`id`) is then of a server that looks like another one.
pub(super) async fn at_home(access: &Access, id: Option<&str>) -> Access {
    let mut access = access.clone();
    let foreign = id.is_some_and(|id| place::local(&access, id).is_none()) && access.setting("domain").is_none();
    if foreign
        && let Ok(instance) = instance(&access).await
        && let Some(domain) = domain(&instance)
    {
        access.place.settings.insert("domain".to_owned(), domain.into());
    }
    access
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_is_known_by_what_it_says_of_itself() {
        for (version, source, expected) in [
            ("4.3.1", "https://github.com/mastodon/mastodon", Software::Mastodon),
            ("4.6.0", "", Software::Mastodon),
            ("4.3.0rc1", "", Software::Mastodon),
            ("4.3.0-nightly.2024-04-18", "", Software::Mastodon),
            ("4.3.0+nightly.2024-03-01+glitch", "https://github.com/glitch-soc/mastodon", Software::Mastodon),
            ("4.0.15+hometown-1.1.1", "", Software::Mastodon),
            ("0.15.0+git-1573cd", "", Software::GoToSocial),
            ("0.18.1 git-1573cd", "", Software::GoToSocial),
            ("3.5.3+0.15.0-git-1573cd", "", Software::GoToSocial),
            ("3.5.3+0.20.0", "https://codeberg.org/superseriousbusiness/gotosocial", Software::GoToSocial),
            ("3.5.3+0.20.0", "", Software::Other),
            ("2.7.2 (compatible; Pixelfed 0.11.9)", "", Software::Pixelfed),
            ("2.8.0 (compatible; Friendica 2023.05)", "", Software::Friendica),
            ("2021.03", "", Software::Other),
            ("2.7.2 (compatible; Pleroma 2.5.0)", "", Software::Pleroma),
            ("2.7.2 (compatible; Akkoma 3.10.4-0-gebfb617)", "", Software::Pleroma),
            ("4.2.1 (compatible; Iceshrimp 2023.12-pre3)", "", Software::Other),
            ("takahe/0.9.0", "", Software::Other),
            ("4.2.0", "https://example.org/another", Software::Other),
            ("4", "", Software::Other),
            ("", "", Software::Other),
        ] {
            let instance = json!({ "version": version, "source_url": if source.is_empty() { Value::Null } else { source.into() } });
            let read = Software::read(&instance);
            assert_eq!(read, expected, "{version}");
            let settings = json!({ "software": read.name() }).as_object().cloned().unwrap_or_default();
            assert_eq!(Software::of(&Place { settings, ..Place::default() }), Some(expected));
        }
        assert_eq!(Software::read(&json!([])), Software::Other);
        assert_eq!(Software::of(&Place::default()), None);
    }

    #[test]
    fn the_longest_text_is_told_in_two_ways() {
        assert_eq!(
            most(&json!({ "configuration": { "statuses": { "max_characters": 5000 } }, "max_toot_chars": 1 })),
            Some(5000)
        );
        assert_eq!(most(&json!({ "max_toot_chars": 200_000 })), Some(200_000));
        assert_eq!(most(&json!({ "max_toot_chars": 0, "configuration": [] })), None);
    }

    #[test]
    fn an_instance_names_itself_in_two_ways() {
        assert_eq!(host_of("m.example").as_deref(), Some("m.example"));
        assert_eq!(host_of("https://m.example/about").as_deref(), Some("m.example"));
        assert_eq!(host_of("127.0.0.1:28301").as_deref(), Some("127.0.0.1:28301"));
    }
}
