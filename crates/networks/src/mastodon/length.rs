use url::Url;

/// The length of a text as an instance counts it: characters, an address as 23 of them, a handle without its host
/// (Mastodon's `StatusLengthValidator` and the `characters_reserved_per_url` it publishes).
pub fn length(text: &str) -> usize {
    const ADDRESS: usize = 23;
    let mut counted = 0;
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let free = !before.is_alphanumeric() && !matches!(before, '/' | '@' | '_');
        if free && let Some(address) = address(rest) {
            counted += ADDRESS;
            before = address.chars().next_back().unwrap_or(' ');
            rest = &rest[address.len()..];
        } else if free
            && first == '@'
            && let Some((name, whole)) = handle(rest)
        {
            counted += name.chars().count();
            before = whole.chars().next_back().unwrap_or(' ');
            rest = &rest[whole.len()..];
        } else {
            counted += 1;
            before = first;
            rest = &rest[first.len_utf8()..];
        }
    }
    counted
}

/// The web address a text begins with, without the punctuation behind it.
fn address(text: &str) -> Option<&str> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(text.len());
    let address = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'']);
    let host = Url::parse(address).ok()?.host_str()?.contains('.');
    host.then_some(address)
}

/// The handle with a host that a text begins with: (`@name`, `@name@host`).
fn handle(text: &str) -> Option<(&str, &str)> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name_end = 1 + text[1..].find(|c: char| !word(c)).unwrap_or(text.len() - 1);
    let rest = text[name_end..].strip_prefix('@')?;
    let host_len = rest.find(|c: char| !word(c) && c != ':').unwrap_or(rest.len());
    let host = rest[..host_len].trim_end_matches(['.', '-', ':']);
    let fits = name_end > 1 && host.contains('.');
    fits.then(|| (&text[..name_end], &text[..name_end + 1 + host.len()]))
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn it_is_counted_as_the_instance_does() {
        for (text, count) in [
            ("", 0),
            ("hello", 5),
            ("ciao 👋🏽", 7),
            ("see https://example.org/a/very/long/path?with=query#and-more now", 4 + 23 + 4),
            ("(https://example.org).", 1 + 23 + 2),
            ("http://localhost", 16),
            ("xhttps://example.org", 20),
            ("@ana@social.example thanks", 4 + 7),
            ("hi @ana@social.example.", 3 + 4 + 1),
            ("@ana thanks", 11),
            ("mail ana@social.example", 23),
            ("@@ana", 5),
            ("https://a.example https://b.example", 23 + 1 + 23),
        ] {
            assert_eq!(length(text), count, "{text}");
        }
    }
}
