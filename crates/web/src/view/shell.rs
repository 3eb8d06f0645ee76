//! What surrounds every page: the bar at the top, what just happened, keys and commands.

/// What every page needs to know to print its frame.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// Title of the page, without the product's name.
    pub title: String,
    /// Where assets lie, without a trailing slash; may hold a version so that they can be cached for ever.
    pub assets: String,
    /// Who is signed in.
    pub user: Option<User>,
    /// The token every posting form carries.
    pub csrf: String,
    /// Which main place the page belongs to.
    pub place: Place,
    /// What just happened.
    pub flash: Option<Flash>,
    /// Words standing in the search box.
    pub search: String,
    /// The newest event before the page was made, where it listens for changes: what happens from then on.
    pub live: Option<i64>,
}

impl Shell {
    /// The main places: label, address, whether the page belongs to it.
    pub fn places(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> + use<> {
        let here = self.place;
        Place::MAIN.into_iter().map(move |place| (place.label(), place.href(), place == here))
    }

    /// The sheet of keys.
    pub fn keys(&self) -> &'static [(&'static str, &'static str)] {
        KEYS
    }

    /// What the palette offers everywhere.
    pub fn commands(&self) -> &'static [Command] {
        COMMANDS
    }
}

/// The person signed in.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// Name as colleagues read it.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// Roles in words: `agent in Repairs`.
    pub roles: String,
}

/// What just happened, kept on the page until the next act.
#[derive(Clone, Debug, Default)]
pub struct Flash {
    /// A sentence.
    pub text: String,
    /// Whether it did not work.
    pub problem: bool,
    /// The event that can be undone.
    pub undo: Option<i64>,
}

impl Flash {
    /// Done, and that is that.
    pub fn done(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Done, and it can be undone.
    pub fn undoable(text: impl Into<String>, event: i64) -> Self {
        Self { text: text.into(), problem: false, undo: Some(event) }
    }

    /// Not done: what was wrong and what to do.
    pub fn problem(text: impl Into<String>) -> Self {
        Self { text: text.into(), problem: true, undo: None }
    }
}

/// The main places, as the bar at the top names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// None of them.
    #[default]
    Elsewhere,
    /// What happened and what waits.
    Home,
    /// Where cases are worked on.
    Desk,
    /// Queries and sources.
    Listening,
    /// The ledger.
    Results,
    /// Units, members, tokens.
    Organisation,
}

impl Place {
    /// In the order of the bar.
    pub const MAIN: [Self; 5] = [Self::Home, Self::Desk, Self::Listening, Self::Results, Self::Organisation];

    /// What the bar says.
    pub fn label(self) -> &'static str {
        match self {
            Self::Elsewhere => "",
            Self::Home => "Home",
            Self::Desk => "Desk",
            Self::Listening => "Listening",
            Self::Results => "Results",
            Self::Organisation => "Organisation",
        }
    }

    /// Where it leads.
    pub fn href(self) -> &'static str {
        match self {
            Self::Elsewhere | Self::Home => "/",
            Self::Desk => "/desk",
            Self::Listening => "/queries",
            Self::Results => "/results",
            Self::Organisation => "/organisation",
        }
    }
}

/// Something the palette offers besides what it finds.
pub struct Command {
    /// What it does.
    pub label: &'static str,
    /// Where it belongs, or its key.
    pub hint: &'static str,
    /// Where it leads.
    pub href: &'static str,
}

/// What the palette offers on every page; to add one, add its line.
pub const COMMANDS: &[Command] = &[
    Command { label: "Home", hint: "Go to", href: "/" },
    Command { label: "Waiting for us", hint: "Desk", href: "/desk?view=waiting" },
    Command { label: "Offered to us", hint: "Desk", href: "/desk?view=offered" },
    Command { label: "My cases", hint: "Desk", href: "/desk?view=mine" },
    Command { label: "To approve", hint: "Desk", href: "/desk?view=approve" },
    Command { label: "Watching", hint: "Desk", href: "/desk?view=watching" },
    Command { label: "Snoozed", hint: "Desk", href: "/desk?view=snoozed" },
    Command { label: "All cases", hint: "Desk", href: "/desk?view=all" },
    Command { label: "Search posts and cases", hint: "Go to", href: "/search" },
    Command { label: "Queries", hint: "Listening", href: "/queries" },
    Command { label: "New query", hint: "Listening", href: "/queries/new" },
    Command { label: "Sources", hint: "Listening", href: "/sources" },
    Command { label: "Connect a source", hint: "Listening", href: "/sources/new" },
    Command { label: "Back-fills", hint: "Listening", href: "/backfills" },
    Command { label: "Share of voice", hint: "Listening", href: "/voice" },
    Command { label: "Judgements", hint: "Listening", href: "/judgements" },
    Command { label: "Answer twenty posts", hint: "Judgements", href: "/judgements/asked" },
    Command { label: "Results", hint: "Go to", href: "/results" },
    Command { label: "Organisation", hint: "Go to", href: "/organisation" },
    Command { label: "Members", hint: "Organisation", href: "/members" },
    Command { label: "Handles", hint: "Organisation", href: "/handles" },
    Command { label: "API tokens", hint: "Organisation", href: "/tokens" },
    Command { label: "API documentation", hint: "Help", href: "/docs/api" },
    Command { label: "My account", hint: "Go to", href: "/account" },
];

/// The sheet of keys: the key, and what it does. `assets/keys.js` presses whatever carries the key in `data-key`.
pub const KEYS: &[(&str, &str)] = &[
    ("j k", "next case, case before"),
    ("Enter", "open the case"),
    ("a", "take the case"),
    ("r", "write a public reply"),
    ("n", "write a note"),
    ("h", "pass it on to another unit"),
    ("s", "snooze"),
    ("e", "resolve"),
    ("x", "this post is not about us"),
    ("w", "why this post is judged as it is"),
    ("1 … 9", "correct the sentiment; answer what is asked"),
    ("c", "answer the unit's own question"),
    ("u", "undo what just happened"),
    ("/", "search"),
    ("Ctrl K", "do anything"),
    ("Ctrl ↵", "send what you are writing"),
    ("?", "this sheet"),
];
