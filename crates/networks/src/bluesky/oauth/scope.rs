//! What is asked for where people sign in (atproto.com/specs/permission): what we use, and nothing else.
//!
//! Servers cannot list these permissions beforehand: a PDS names only `atproto` and the transitional scopes in
//! `scopes_supported`, and leaves out of what it grants whatever it does not know. So what was granted tells; a server
//! that does not know them is asked for the whole at the next sign-in.

use crate::contract::{Access, Asked};

/// What we use, and what for. An answer is written as a record of its own key, which a server takes for creating and
/// updating; through `rpc` the account's own server asks the AppView it uses, whichever that is.
const ASKED: &[Asked] = &[
    Asked { permission: "repo:app.bsky.feed.post", why: "to publish answers and posts, and to take them back" },
    Asked {
        permission: "rpc:app.bsky.notification.listNotifications?aud=*",
        why: "to see who mentioned or answered the account",
    },
    Asked { permission: "rpc:app.bsky.feed.getAuthorFeed?aud=*", why: "to read the posts of an account" },
    Asked { permission: "rpc:app.bsky.feed.searchPosts?aud=*", why: "to search posts for words and tags" },
    Asked { permission: "rpc:app.bsky.feed.getPosts?aud=*", why: "to read the posts that were found, and see edits" },
    Asked { permission: "rpc:app.bsky.feed.getPostThread?aud=*", why: "to show the conversation around a post" },
];
/// Everything an app password allows but private messages, where a server knows nothing finer.
const WHOLE: &[Asked] = &[Asked {
    permission: "transition:generic",
    why: "to read and answer: this server knows no single permissions yet, so it is asked for all that an app password \
          allows, without private messages",
}];
/// What everybody asks for who signs in.
const ATPROTO: &str = "atproto";

/// Everything that may ever be asked for, as our description and the address of a developer's machine say it.
pub(super) fn all() -> String {
    format!("{} {}", written(ASKED), WHOLE[0].permission)
}

/// What is asked of `issuer`: what we use; the whole where it has shown that it knows nothing finer.
pub(super) fn asked_of(access: &Access, issuer: &str) -> &'static [Asked] {
    if access.client.recall(&name(issuer)).is_some() { WHOLE } else { ASKED }
}

/// As a server is asked.
pub(super) fn written(asks: &[Asked]) -> String {
    let permissions = asks.iter().map(|asked| asked.permission);
    std::iter::once(ATPROTO).chain(permissions).collect::<Vec<_>>().join(" ")
}

/// Remembers that a server granted less than was asked for.
pub(super) fn knows_nothing_finer(access: &Access, issuer: &str) {
    access.client.remember(name(issuer), "asked".to_owned());
}

fn name(issuer: &str) -> String {
    format!("whole scope {issuer}")
}

/// Whether what was granted is enough. Servers may write the parameters of a permission in their own way.
pub(super) fn suffices(granted: &str) -> bool {
    let granted: Vec<&str> = granted.split(' ').collect();
    let bare = |permission: &str| permission.split('?').next().unwrap_or_default().to_owned();
    let each = |asked: &Asked| granted.iter().any(|one| bare(one) == bare(asked.permission));
    granted.contains(&WHOLE[0].permission) || ASKED.iter().all(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_granted_tells_what_a_server_knows() {
        assert!(suffices(&written(ASKED)) && suffices(&all()) && suffices(&written(WHOLE)));
        assert!(suffices(&written(ASKED).replace("?aud=*", "?aud=%2A")), "written otherwise");
        assert!(!suffices("atproto"), "a server that knows nothing finer leaves all of it out");
        assert!(!suffices(&written(ASKED).replace("repo:app.bsky.feed.post", "repo:app.bsky.feed.like")));
        assert!(!all().contains("blob:") && !written(ASKED).contains("transition"), "we upload nothing");
    }
}
