use std::fmt;

use url::Url;

/// Where something was said on GitHub: its address there without the scheme and `github.com`, such as
/// `acme/kettle/issues/12#issuecomment-345`. It is a post's id: unlike the numbers GitHub gives, it holds everything that is
/// needed to answer. A server of one's own (GitHub Enterprise Server) stands in front with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    host: Option<String>,
    /// `owner/repository`.
    pub repository: String,
    pub talk: Talk,
    pub number: u64,
    pub part: Option<Part>,
}

/// What kind of conversation it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Talk {
    Issue,
    Pull,
    Discussion,
}

/// A comment, by the number GitHub gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Of an issue, or of a pull request as a whole.
    Comment(u64),
    /// Of a line of a pull request.
    Review(u64),
    /// Of a discussion.
    Said(u64),
}

const TALKS: [(&str, Talk); 3] = [("issues", Talk::Issue), ("pull", Talk::Pull), ("discussions", Talk::Discussion)];

impl Spot {
    /// Reads the address of a page.
    pub fn of_page(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let host = url.host_str()?;
        let host = if matches!(host, "github.com" | "www.github.com") { String::new() } else { format!("{host}/") };
        let fragment = url.fragment().map(|part| format!("#{part}")).unwrap_or_default();
        Self::parse(&format!("{host}{}{fragment}", url.path().trim_start_matches('/')))
    }

    /// Reads an id.
    pub fn parse(id: &str) -> Option<Self> {
        let (path, fragment) = id.split_once('#').map_or((id, None), |(path, part)| (path, Some(part)));
        let parts: Vec<&str> = path.split('/').collect();
        let (host, [owner, name, talk, number]) = match parts.as_slice() {
            [owner, name, talk, number] => (None, [owner, name, talk, number]),
            [host, owner, name, talk, number] => (Some((*host).to_owned()), [owner, name, talk, number]),
            _ => return None,
        };
        if !(is_name(owner) && is_name(name)) || host.as_deref().is_some_and(|host| !is_name(host)) {
            return None;
        }
        let talk = TALKS.iter().find(|(word, _)| word == talk)?.1;
        // What follows a page's address otherwise says nothing of where it is.
        let part = fragment.and_then(Part::parse);
        Some(Self { host, repository: format!("{owner}/{name}"), talk, number: number.parse().ok()?, part })
    }

    /// The conversation it is in.
    pub fn whole(&self) -> Self {
        Self { part: None, ..self.clone() }
    }

    /// Another comment of the same conversation.
    pub fn beside(&self, part: Part) -> Self {
        Self { part: Some(part), ..self.clone() }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}/")?;
        }
        let talk = TALKS.iter().find(|(_, talk)| *talk == self.talk).map_or("", |(word, _)| word);
        write!(f, "{}/{talk}/{}", self.repository, self.number)?;
        match self.part {
            None => Ok(()),
            Some(Part::Comment(id)) => write!(f, "#issuecomment-{id}"),
            Some(Part::Review(id)) => write!(f, "#discussion_r{id}"),
            Some(Part::Said(id)) => write!(f, "#discussioncomment-{id}"),
        }
    }
}

impl Part {
    fn parse(fragment: &str) -> Option<Self> {
        let number = |word: &str| fragment.strip_prefix(word)?.parse().ok();
        number("issuecomment-")
            .map(Self::Comment)
            .or_else(|| number("discussion_r").map(Self::Review))
            .or_else(|| number("discussioncomment-").map(Self::Said))
    }
}

/// Letters, digits, `-`, `_` and `.`, as GitHub takes them: nothing that leads elsewhere when it becomes a path.
pub(super) fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.len() <= 255 && text.chars().all(fits) && text.chars().any(|c| c != '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_an_id_and_is_found_again() {
        for (address, id) in [
            ("https://github.com/acme/kettle/issues/12", "acme/kettle/issues/12"),
            ("https://github.com/acme/kettle/issues/12#issuecomment-345", "acme/kettle/issues/12#issuecomment-345"),
            ("https://github.com/acme/kettle/pull/2#discussion_r9", "acme/kettle/pull/2#discussion_r9"),
            ("https://github.com/a/b.c/discussions/4#discussioncomment-5", "a/b.c/discussions/4#discussioncomment-5"),
            ("https://git.acme.example/a/b/issues/1#top", "git.acme.example/a/b/issues/1"),
        ] {
            let spot = Spot::of_page(address).unwrap_or_else(|| panic!("{address}"));
            assert_eq!(spot.to_string(), id);
            assert_eq!(Spot::parse(id), Some(spot));
        }
    }

    #[test]
    fn what_leads_elsewhere_is_none() {
        for id in
            ["", "a/b", "a/b/issues", "a/b/issues/x", "../b/issues/1", "a/../issues/1", "a/b/wiki/1", "a b/c/issues/1"]
        {
            assert_eq!(Spot::parse(id), None, "{id}");
        }
        assert_eq!(Spot::of_page("ftp://github.com/a/b/issues/1"), None);
    }
}
