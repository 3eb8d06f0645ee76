use url::Url;

use crate::guess::Guess;

/// `@name@instance`, `#tag@instance`, and the addresses of accounts and tags on an instance.
pub(super) fn guess(typed: &str) -> Option<Guess> {
    written(typed).or_else(|| address(typed))
}

fn written(typed: &str) -> Option<Guess> {
    let sign = typed.chars().next()?;
    let (name, host) = typed.strip_prefix(['@', '#'])?.split_once('@')?;
    if !word(name) || !is_host(host) {
        return None;
    }
    Some(if sign == '#' { tag(3, host, name) } else { account(3, host, name) })
}

fn address(typed: &str) -> Option<Guess> {
    let url = Url::parse(typed).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        // Others have /@name as well (YouTube, Medium, TikTok); it is asked, not believed.
        [name] if name.starts_with('@') && word(&name[1..]) && !known_other(&host) => {
            Some(account(2, &host, &name[1..]))
        }
        ["tags", name] if word(name) => Some(tag(2, &host, name)),
        _ => None,
    }
}

fn account(sure: u8, host: &str, name: &str) -> Guess {
    let settings = [("read", "account"), ("account", name)];
    Guess::new(sure, format!("https://{host}"), &settings, format!("the posts of @{name} on {host}"))
}

fn tag(sure: u8, host: &str, name: &str) -> Guess {
    let settings = [("read", "tag"), ("tag", name)];
    Guess::new(sure, format!("https://{host}"), &settings, format!("posts with #{name} on {host}"))
}

fn word(name: &str) -> bool {
    !name.is_empty() && name.len() <= 200 && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn is_host(host: &str) -> bool {
    host.contains('.')
        && Url::parse(&format!("https://{host}")).is_ok_and(|url| url.host_str() == Some(&host.to_lowercase()))
}

fn known_other(host: &str) -> bool {
    let other = ["youtube.com", "medium.com", "tiktok.com", "threads.net", "threads.com", "flickr.com"];
    other.iter().any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn what_is_meant_is_found() {
        let found = |typed: &str| guess(typed).map(|guess| (guess.sure, guess.url, guess.what));
        let meant = |sure, url: &str, what: &str| Some((sure, url.to_owned(), what.to_owned()));
        assert_eq!(found("@ana@m.example"), meant(3, "https://m.example", "the posts of @ana on m.example"));
        assert_eq!(found("#kettle@m.example"), meant(3, "https://m.example", "posts with #kettle on m.example"));
        assert_eq!(found("https://m.example/@ana"), meant(2, "https://m.example", "the posts of @ana on m.example"));
        assert_eq!(
            found("https://m.example/tags/kettle"),
            meant(2, "https://m.example", "posts with #kettle on m.example")
        );
        for other in
            ["@ana", "ana@m.example", "#kettle", "https://www.youtube.com/@ana", "https://m.example/about", "@a@b"]
        {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
