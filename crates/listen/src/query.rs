//! The tree of a query.

/// A query that was read without error. Made by [`crate::parse`], printed by its `Display`.
///
/// Printing gives the canonical text (juxtaposition for AND, `NOT` in words, folded words, only the parentheses that are
/// needed), and parsing that gives an equal query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    pub(crate) root: Node,
}

/// One node. Groups have at least two members and never a group of their own sort directly within.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Near(Box<Near>),
    Leaf(Leaf),
}

/// At most `within` words between a place of `left` and one of `right`.
///
/// The sides are places: `Leaf::Text` or `Leaf::Title` (all of one sort), `Or` of places, `Near`. What else was typed in
/// a side was distributed when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Near {
    pub left: Node,
    pub right: Node,
    pub within: u32,
    pub ordered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Leaf {
    /// In title and text.
    Text(Phrase),
    /// `title:`: in the title only.
    Title(Phrase),
    /// A field that holds a name.
    Name {
        field: NameField,
        value: NamePattern,
    },
    /// A field that holds a number; both ends count; unknown satisfies none.
    Number {
        field: NumberField,
        low: Option<i64>,
        high: Option<i64>,
    },
    /// `since:`, inclusive.
    Since(jiff::Timestamp),
    /// `until:`, exclusive.
    Until(jiff::Timestamp),
    Has(Has),
    Is(Is),
    /// `query:NAME`; must be resolved before matching, matches nothing otherwise.
    Query(String),
}

/// Words side by side; one word is a phrase of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Phrase {
    pub words: Vec<Pattern>,
    /// At most so many other words between the first and the last, in all; 0 for a single word.
    pub gap: u32,
    /// Whether it is written in quotes: as typed for a single word, always for several (`{…}` apart).
    pub quoted: bool,
}

/// One word of a phrase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    /// Which tokens it may find.
    pub sort: Sort,
    pub shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    /// A word, or the tag, handle or ticker that is exactly it.
    Bare,
    Tag,
    Handle,
    Ticker,
}

/// All texts are folded already, except `Exact`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// This folded word (with its joined punctuation: `c++`, `at&t`, `wi-fi`).
    Word(String),
    /// These letters, NFC, apostrophes and hyphens plain: the `exact` of a token.
    Exact(String),
    /// One emoji, without presentation selectors; `toned` if it names a skin tone, which then counts.
    Emoji { text: String, toned: bool },
    /// Characters of a dense script, directly adjacent (folded, at least one).
    Dense(Vec<String>),
    /// A word with wildcards: `*` any run, also none, `?` one character; at least two fixed characters.
    Wild(String),
    /// Within this Damerau–Levenshtein distance (1 or 2; in characters, unrestricted) of the folded word.
    Fuzzy(String, u8),
}

/// A folded name, or one with `*` in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct NamePattern {
    pub text: String,
    pub wild: bool,
}

macro_rules! words_of {
    ($(#[$about:meta])* $name:ident { $($variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum $name { $($variant,)* }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it is typed, without the colon.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words_of! {
    /// Fields that hold a name.
    NameField {
        From = "from", To = "to", Mentions = "mentions", Lang = "lang", Country = "country", Network = "network",
        Source = "source", Site = "site", Link = "link", In = "in", Type = "type", Sentiment = "sentiment",
        Intent = "intent", Topic = "topic", Unit = "unit",
    }
}

words_of! {
    /// Fields that hold a number.
    NumberField {
        Followers = "followers", Following = "following", Posts = "posts", Likes = "likes", Shares = "shares",
        Replies = "replies", Views = "views", Age = "age", Urgency = "urgency",
    }
}

words_of! {
    /// What a post may have.
    Has { Link = "link", Media = "media", Question = "question", Emoji = "emoji", Coordinates = "coordinates", }
}

words_of! {
    /// What a post or its author may be.
    Is { Reply = "reply", Repost = "repost", Verified = "verified", Ours = "ours", }
}

impl Query {
    /// Whether it asks for a judgement (`sentiment:`, `intent:`, `urgency:`, `topic:`, `unit:`), and so can only be
    /// answered after analysis.
    pub fn needs_analysis(&self) -> bool {
        self.root.any(&mut |leaf| {
            matches!(
                leaf,
                Leaf::Name { field: NameField::Sentiment | NameField::Intent | NameField::Topic | NameField::Unit, .. }
                    | Leaf::Number { field: NumberField::Urgency, .. }
            )
        })
    }

    /// The names of the queries it refers to, in order, each once.
    pub fn refers_to(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.leaves(&mut |leaf| {
            if let Leaf::Query(name) = leaf
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        });
        names
    }
}

impl Node {
    /// All of them; flattened.
    pub(crate) fn and(members: Vec<Self>) -> Self {
        let mut flat: Vec<Self> = members;
        if flat.iter().any(|it| matches!(it, Self::And(_))) {
            let mut all = Vec::with_capacity(flat.len() + 4);
            for member in flat {
                match member {
                    Self::And(inner) => all.extend(inner),
                    other => all.push(other),
                }
            }
            flat = all;
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::And(flat) }
    }

    /// Any of them; flattened.
    pub(crate) fn or(members: Vec<Self>) -> Self {
        let mut flat: Vec<Self> = members;
        if flat.iter().any(|it| matches!(it, Self::Or(_))) {
            let mut all = Vec::with_capacity(flat.len() + 4);
            for member in flat {
                match member {
                    Self::Or(inner) => all.extend(inner),
                    other => all.push(other),
                }
            }
            flat = all;
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::Or(flat) }
    }

    /// Whether it would hold of a post of which no leaf is true. NEAR holds only where its words are.
    pub(crate) fn holds_of_nothing(&self) -> bool {
        match self {
            Self::And(members) => members.iter().all(Self::holds_of_nothing),
            Self::Or(members) => members.iter().any(Self::holds_of_nothing),
            Self::Not(inner) => !inner.holds_of_nothing(),
            Self::Near(_) | Self::Leaf(_) => false,
        }
    }

    /// Visits every leaf, left to right.
    pub(crate) fn leaves<'n>(&'n self, see: &mut impl FnMut(&'n Leaf)) {
        match self {
            Self::And(members) | Self::Or(members) => members.iter().for_each(|member| member.leaves(see)),
            Self::Not(inner) => inner.leaves(see),
            Self::Near(near) => {
                near.left.leaves(see);
                near.right.leaves(see);
            }
            Self::Leaf(leaf) => see(leaf),
        }
    }

    fn any(&self, wanted: &mut impl FnMut(&Leaf) -> bool) -> bool {
        let mut found = false;
        self.leaves(&mut |leaf| found |= wanted(leaf));
        found
    }
}
