//! Leaves that ask for what is known of a post beside its words.

use dandelion_post::Post;
use serde_json::Value;

use crate::facts::Facts;
use crate::parse::address;
use crate::query::{Has, Is, Leaf, NameField, NamePattern, NumberField};
use crate::wild;
use crate::words::{Kind, Words, fold};

/// A post with its words cut.
#[derive(Debug)]
pub(crate) struct Known<'p> {
    pub post: &'p Post,
    pub facts: &'p Facts<'p>,
    pub title: Words,
    pub text: Words,
}

impl<'p> Known<'p> {
    pub(crate) fn of(post: &'p Post, facts: &'p Facts<'p>) -> Self {
        let title = post.title.as_deref().map(Words::of).unwrap_or_default();
        Self { post, facts, title, text: Words::of(&post.text) }
    }

    /// Whether a leaf without words holds; a leaf of words or of another query does not.
    pub(crate) fn holds(&self, leaf: &Leaf) -> bool {
        match leaf {
            Leaf::Text(_) | Leaf::Title(_) | Leaf::Query(_) => false,
            Leaf::Name { field, value } => self.name(*field, value),
            Leaf::Number { field, low, high } => self
                .number(*field)
                .is_some_and(|it| low.is_none_or(|low| it >= low) && high.is_none_or(|high| it <= high)),
            Leaf::Since(at) => self.post.created_at.is_some_and(|it| it >= *at),
            Leaf::Until(at) => self.post.created_at.is_some_and(|it| it < *at),
            Leaf::Has(has) => self.has(*has),
            Leaf::Is(is) => self.is(*is),
        }
    }

    fn name(&self, field: NameField, value: &NamePattern) -> bool {
        let facts = self.facts;
        let same = |it: &str| fold(it) == value.text;
        let any = |all: &[&str]| all.iter().any(|it| same(it));
        match field {
            NameField::From => self
                .post
                .author
                .as_ref()
                .is_some_and(|author| author.handle.iter().chain(&author.id).any(|name| is_handle(value, name))),
            NameField::To => self.addressed().any(|name| is_handle(value, name)),
            NameField::Mentions => self.handles().any(|name| is_handle(value, name)),
            NameField::Lang => {
                facts.language.or(self.post.lang.as_deref()).is_some_and(|tag| is_language(tag, &value.text))
            }
            NameField::Country => facts.country.or_else(|| self.extra("country")).is_some_and(same),
            NameField::Network => {
                facts.network.or(self.post.network.as_ref().map(dandelion_post::Network::as_str)).is_some_and(same)
            }
            NameField::Source => facts.source.is_some_and(same),
            NameField::Site => self.post.url.as_deref().is_some_and(|url| is_host(host_of(url), &value.text)),
            NameField::Link => self.links().any(|link| address(link).starts_with(&value.text)),
            NameField::In => self.post.thread.as_deref() == Some(&value.text),
            NameField::Type => fold(self.sort()) == value.text,
            NameField::Sentiment => facts.sentiment.is_some_and(same),
            NameField::Intent => any(facts.intents),
            NameField::Topic => any(facts.topics),
            NameField::Unit => any(facts.units),
        }
    }

    fn number(&self, field: NumberField) -> Option<i64> {
        let author = || self.post.author.as_ref();
        match field {
            NumberField::Followers => author()?.followers,
            NumberField::Following => author()?.following,
            NumberField::Posts => author()?.posts,
            NumberField::Likes => self.post.metrics.likes,
            NumberField::Shares => self.post.metrics.shares,
            NumberField::Replies => self.post.metrics.replies,
            NumberField::Views => self.post.metrics.views,
            NumberField::Age => {
                let (made, wrote) = (author()?.created_at?, self.post.created_at?);
                Some((wrote.as_second() - made.as_second()).div_euclid(24 * 60 * 60)).filter(|days| *days >= 0)
            }
            NumberField::Urgency => self.facts.urgency,
        }
    }

    fn has(&self, has: Has) -> bool {
        match has {
            Has::Link => self.links().next().is_some(),
            Has::Media => !self.post.media.is_empty(),
            Has::Question => {
                asks(&self.post.text, &self.text) || self.post.title.as_deref().is_some_and(|it| asks(it, &self.title))
            }
            Has::Emoji => [&self.title, &self.text].iter().any(|it| it.iter().any(|token| token.kind == Kind::Emoji)),
            Has::Coordinates => ["coordinates", "geo", "latitude", "lat"].iter().any(|key| self.states(key)),
        }
    }

    fn is(&self, is: Is) -> bool {
        match is {
            Is::Reply => self.is_reply(),
            Is::Repost => self.is_repost(),
            Is::Verified => self.post.author.as_ref().is_some_and(|author| author.verified == Some(true)),
            Is::Ours => self.facts.ours,
        }
    }

    /// What the network calls it, otherwise `repost`, `reply` or `post`.
    fn sort(&self) -> &str {
        match self.extra("type") {
            Some(sort) => sort,
            None if self.is_repost() => "repost",
            None if self.is_reply() => "reply",
            None => "post",
        }
    }

    fn is_reply(&self) -> bool {
        self.post.in_reply_to.is_some() || self.answered().next().is_some() || self.extra("type") == Some("reply")
    }

    fn is_repost(&self) -> bool {
        let named = self.extra("type").is_some_and(|sort| ["repost", "retweet", "reblog", "share"].contains(&sort));
        let shared =
            ["repost_of", "reblog", "retweeted_status", "retweeted_status_id"].iter().any(|key| self.states(key));
        named || shared || self.post.text.starts_with("RT @")
    }

    fn extra(&self, key: &str) -> Option<&str> {
        self.post.extra.get(key).and_then(Value::as_str)
    }

    /// Whether a field we have no word for says anything.
    fn states(&self, key: &str) -> bool {
        self.post.extra.get(key).is_some_and(|value| !value.is_null() && *value != Value::Bool(false))
    }

    fn handles(&self) -> impl Iterator<Item = &str> {
        [&self.title, &self.text]
            .into_iter()
            .flat_map(Words::iter)
            .filter(|it| it.kind == Kind::Handle)
            .map(|it| it.word)
    }

    /// Whom the post answers, as the network says it.
    fn answered(&self) -> impl Iterator<Item = &str> {
        ["in_reply_to_handle", "in_reply_to_screen_name"].into_iter().filter_map(|key| self.extra(key))
    }

    /// Whom the post answers, or else addresses first.
    fn addressed(&self) -> impl Iterator<Item = &str> {
        let first = self.text.iter().find(|token| token.kind == Kind::Handle).map(|token| token.word);
        self.answered().chain(first)
    }

    fn links(&self) -> impl Iterator<Item = &str> {
        self.post.links.iter().map(String::as_str).chain(self.title.links()).chain(self.text.links())
    }
}

/// The host of a fediverse handle may be left out in the query.
fn is_handle(wanted: &NamePattern, name: &str) -> bool {
    let name = fold(name.trim_start_matches('@'));
    let local = name.split_once('@').map_or(name.as_str(), |(local, _)| local);
    if wanted.wild {
        return wild::matches(&wanted.text, &name) || wild::matches(&wanted.text, local);
    }
    wanted.text == name || wanted.text == local
}

/// A tag or what begins with it: `pt` is `pt` and `pt-br`.
fn is_language(tag: &str, wanted: &str) -> bool {
    let tag = fold(tag).replace('_', "-");
    tag.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The host of an address: without scheme, user and port.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    rest.split(':').next().unwrap_or(rest).trim_end_matches('.')
}

/// That host or one below it.
fn is_host(host: &str, wanted: &str) -> bool {
    let host = host.to_lowercase();
    host.strip_suffix(wanted).is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// A question mark outside addresses.
fn asks(text: &str, words: &Words) -> bool {
    let addresses: Vec<_> = words.iter().filter(|token| token.kind == Kind::Address).map(|token| token.span).collect();
    let mut marks = text.match_indices(['?', '？', '؟', '⁇', '⁈']).map(|(at, _)| at);
    marks.any(|at| !addresses.iter().any(|address| address.contains(&at)))
}
