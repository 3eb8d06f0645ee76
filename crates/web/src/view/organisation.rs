//! The organisation: the tree as a picture, one unit, members, tokens, one's own account.

use askama::Template;

use super::{Choice, Empty, Sentence, Shell, Time};

mod handles;
mod tree;

pub use handles::{HandlePage, HandleRow, Handles};
pub use tree::{Node, Tree};

/// The tree.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/organisation.html")]
pub struct Organisation {
    /// The frame.
    pub shell: Shell,
    /// The organisation's name.
    pub name: String,
    /// “Two hubs and nine spokes in two countries.”
    pub words: String,
    /// The picture, and the same as a list.
    pub tree: Tree,
    /// How posts find their unit: the rules in words, in order.
    pub routes: Vec<Sentence>,
    /// Said if there is only one unit: how to bring the organisation in.
    pub hint: String,
    /// How order, account and customer numbers look.
    pub order_numbers: Vec<String>,
    /// Whether the person may take the organisation's file out and bring one in.
    pub may_import: bool,
    /// What was wrong with a file brought in.
    pub wrong: Option<String>,
}

/// One unit.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/unit.html")]
pub struct UnitPage {
    /// The frame.
    pub shell: Shell,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its line from the top: key and name, without itself.
    pub line: Vec<(String, String)>,
    /// Kind, country, languages, approval: name and value.
    pub facts: Vec<(String, Sentence)>,
    /// What waits there.
    pub waits: Vec<Sentence>,
    /// Units below: key and name.
    pub below: Vec<(String, String)>,
    /// Members: name, role, address.
    pub members: Vec<(String, String, String)>,
    /// Products: name and other names.
    pub products: Vec<(String, String)>,
    /// Topics: name and words.
    pub topics: Vec<(String, String)>,
    /// Hours: day and times, in words; then holidays.
    pub hours: Vec<(String, String)>,
    /// The time zone of the hours, and where they come from.
    pub hours_note: String,
    /// Promises: name and time in words.
    pub targets: Vec<(String, String)>,
    /// Handles: key, name, network, purpose, owner.
    pub handles: Vec<[String; 5]>,
}

/// All members.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/members.html")]
pub struct Members {
    /// The frame.
    pub shell: Shell,
    /// One each.
    pub rows: Vec<MemberRow>,
    /// Whether the person may add one.
    pub may_add: bool,
    /// Units a role can be granted in.
    pub units: Vec<Choice>,
    /// Roles.
    pub roles: Vec<Choice>,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
    /// The name as it was typed.
    pub name: String,
    /// The address as it was typed.
    pub email: String,
    /// Somebody just added: name, and the address at which they choose a password.
    pub invited: Option<(String, String)>,
}

/// A member.
#[derive(Clone, Debug, Default)]
pub struct MemberRow {
    /// Key.
    pub key: String,
    /// Name.
    pub name: String,
    /// Letters.
    pub initials: String,
    /// Address.
    pub email: String,
    /// Roles in words.
    pub roles: String,
    /// What else: `has chosen no password yet`, `disabled`.
    pub state: String,
    /// Whether the person may change them.
    pub may_change: bool,
}

/// One member, to be changed.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/member.html")]
pub struct MemberPage {
    /// The frame.
    pub shell: Shell,
    /// Key.
    pub key: String,
    /// Name, as typed.
    pub name: String,
    /// Address, as typed.
    pub email: String,
    /// Roles: units and roles to choose from, one pair each; the last is for another.
    pub grants: Vec<(Vec<Choice>, Vec<Choice>)>,
    /// Since when they can no longer sign in.
    pub disabled: Option<Time>,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
    /// The address at which they choose a password, if one was just made.
    pub link: Option<String>,
}

/// Tokens for the API.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/tokens.html")]
pub struct Tokens {
    /// The frame.
    pub shell: Shell,
    /// What it is for, as it was typed.
    pub name: String,
    /// One each.
    pub rows: Vec<TokenRow>,
    /// Scopes one can be given.
    pub scopes: Vec<Choice>,
    /// How long it lives.
    pub lives: Vec<Choice>,
    /// One just made: shown once.
    pub made: Option<String>,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
    /// Said if there is none.
    pub empty: Empty,
}

/// A token, without the token.
#[derive(Clone, Debug, Default)]
pub struct TokenRow {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: String,
    /// When it was used last.
    pub used: String,
    /// When it ends.
    pub ends: Option<Time>,
    /// Whether it has ended.
    pub ended: bool,
}

/// One's own account.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "organisation/account.html")]
pub struct Account {
    /// The frame.
    pub shell: Shell,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Role and unit: what it lets one do.
    pub roles: Vec<(String, String)>,
    /// Where one is signed in.
    pub sessions: Vec<SessionRow>,
    /// Whether there is a password to give before setting another.
    pub has_password: bool,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
}

/// A session.
#[derive(Clone, Debug, Default)]
pub struct SessionRow {
    /// Its number.
    pub id: i64,
    /// The browser, as it calls itself.
    pub agent: String,
    /// When it was seen last.
    pub seen: Time,
    /// Whether it is this one.
    pub current: bool,
}
