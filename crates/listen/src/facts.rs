//! What listening may ask beside the post.

/// What is known of a post beside the post itself. Everything is optional: unknown satisfies nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Language as judged (BCP 47); where absent, the post's own `lang` counts.
    pub language: Option<&'a str>,
    /// Country, two letters; where absent, the post's extra field `country` counts.
    pub country: Option<&'a str>,
    /// Name of the source that brought it.
    pub source: Option<&'a str>,
    /// Whether an account of ours wrote it.
    pub ours: bool,
    /// Network, where the post does not say it.
    pub network: Option<&'a str>,
    /// `negative`, `neutral`, `positive` or `mixed`, as judged.
    pub sentiment: Option<&'a str>,
    /// What the author wants, as judged.
    pub intents: &'a [&'a str],
    /// 0 to 3.
    pub urgency: Option<i64>,
    /// Topics found in it.
    pub topics: &'a [&'a str],
    /// Keys or names of the unit it was brought to.
    pub units: &'a [&'a str],
}
