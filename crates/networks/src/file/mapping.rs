//! Which column becomes which field.

use dandelion_post::{Author, Media, Network, Post, Refusal};
use jiff::Timestamp;
use serde_json::Value;

use super::UsageError;
use crate::moment;

/// Which column of a row, or field of an object, becomes which field of a post.
///
/// Written `id=tweet_id,text=body,author.handle=user,network==x`: on the left a field of a post, on the right the
/// column it comes from; with `==` a fixed value. Without a rule a column of a field's own name is that field.
/// Columns nobody names are kept in `extra`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    rules: Vec<(Field, Origin)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Column(String),
    Fixed(String),
}

/// Everything of a post that a column can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Id,
    Network,
    Url,
    Text,
    Html,
    Title,
    Lang,
    CreatedAt,
    EditedAt,
    DeletedAt,
    InReplyTo,
    Thread,
    Links,
    Media,
    AuthorId,
    AuthorHandle,
    AuthorName,
    AuthorUrl,
    AuthorAvatar,
    AuthorFollowers,
    AuthorFollowing,
    AuthorPosts,
    AuthorVerified,
    AuthorCreatedAt,
    Likes,
    Shares,
    Replies,
    Views,
}

/// The names of the fields, as written in a mapping.
pub(super) const FIELDS: [(&str, Field); 28] = [
    ("id", Field::Id),
    ("network", Field::Network),
    ("url", Field::Url),
    ("text", Field::Text),
    ("html", Field::Html),
    ("title", Field::Title),
    ("lang", Field::Lang),
    ("created_at", Field::CreatedAt),
    ("edited_at", Field::EditedAt),
    ("deleted_at", Field::DeletedAt),
    ("in_reply_to", Field::InReplyTo),
    ("thread", Field::Thread),
    ("links", Field::Links),
    ("media", Field::Media),
    ("author.id", Field::AuthorId),
    ("author.handle", Field::AuthorHandle),
    ("author.name", Field::AuthorName),
    ("author.url", Field::AuthorUrl),
    ("author.avatar", Field::AuthorAvatar),
    ("author.followers", Field::AuthorFollowers),
    ("author.following", Field::AuthorFollowing),
    ("author.posts", Field::AuthorPosts),
    ("author.verified", Field::AuthorVerified),
    ("author.created_at", Field::AuthorCreatedAt),
    ("metrics.likes", Field::Likes),
    ("metrics.shares", Field::Shares),
    ("metrics.replies", Field::Replies),
    ("metrics.views", Field::Views),
];

impl Mapping {
    /// Reads a mapping as written on the command line.
    pub fn parse(text: &str) -> Result<Self, UsageError> {
        let mut rules: Vec<(Field, Origin)> = Vec::new();
        for rule in text.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
            let (field, from) = rule.split_once('=').ok_or_else(|| UsageError::Rule { rule: rule.to_owned() })?;
            let field = field.trim();
            let known = FIELDS.iter().find(|(name, _)| *name == field).map(|(_, known)| *known);
            let known = known.ok_or_else(|| UsageError::Field { field: field.to_owned(), fields: field_names() })?;
            if rules.iter().any(|(taken, _)| *taken == known) {
                return Err(UsageError::Twice { field: field.to_owned() });
            }
            let from = match from.strip_prefix('=') {
                Some(fixed) => Origin::Fixed(fixed.trim().to_owned()),
                None => Origin::Column(from.trim().to_owned()),
            };
            check_fixed(known, &from)?;
            rules.push((known, from));
        }
        Ok(Self { rules })
    }

    /// Whether nothing is mapped: every column is the field of its own name.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Settles what each of `columns` fills. Errors name the columns there are.
    pub(super) fn settle(&self, columns: &[String]) -> Result<Plan, UsageError> {
        let there = || columns.join(", ");
        for (at, column) in columns.iter().enumerate() {
            if columns[..at].contains(column) {
                return Err(UsageError::DuplicateColumn { column: column.clone(), columns: there() });
            }
        }
        let mut plan = Plan::new(columns);
        for (field, from) in &self.rules {
            match from {
                Origin::Fixed(value) => plan.fixed.push((*field, value.clone())),
                Origin::Column(name) => {
                    let at = columns.iter().position(|column| column == name);
                    let at = at.ok_or_else(|| UsageError::Column { column: name.clone(), columns: there() })?;
                    plan.targets[at].push(*field);
                }
            }
        }
        plan.fill_by_name(columns, &self.rules);
        if !plan.fills(Field::Id) || !plan.fills(Field::Text) {
            let missing = if plan.fills(Field::Id) { "text" } else { "id" };
            return Err(UsageError::Required { field: missing, columns: there() });
        }
        Ok(plan)
    }

    /// Checks that what becomes id and text is there in the first object of a file.
    pub(super) fn check_object(
        &self,
        object: &serde_json::Map<String, Value>,
        columns: &str,
    ) -> Result<(), UsageError> {
        for (field, from) in &self.rules {
            if let Origin::Column(path) = from
                && matches!(field, Field::Id | Field::Text)
                && look_up(object, path).is_none()
            {
                return Err(UsageError::Column { column: path.clone(), columns: columns.to_owned() });
            }
        }
        Ok(())
    }

    /// Moves the fields of a JSON object to where the mapping says. Paths may be dotted (`user.name`).
    pub(super) fn apply(&self, object: &mut serde_json::Map<String, Value>) {
        let taken: Vec<(Field, Value)> = self
            .rules
            .iter()
            .filter_map(|(field, from)| match from {
                Origin::Fixed(value) => Some((*field, Value::String(value.clone()))),
                Origin::Column(path) => look_up(object, path).map(|value| (*field, value)),
            })
            .collect();
        for (_, from) in &self.rules {
            // A column that is also a field of its own name, and not filled from elsewhere, stays that field.
            let still_used = |path: &str| {
                let named = FIELDS.iter().find(|(name, _)| *name == path);
                named.is_some_and(|(_, field)| !self.rules.iter().any(|(taken, _)| taken == field))
            };
            if let Origin::Column(path) = from
                && !still_used(path)
            {
                object.remove(path);
            }
        }
        for (field, value) in taken {
            let name = FIELDS.iter().find(|(_, known)| *known == field).map_or("", |(name, _)| name);
            match name.split_once('.') {
                None => drop(object.insert(name.to_owned(), value)),
                Some((outer, inner)) => {
                    let slot = object.entry(outer).or_insert_with(|| Value::Object(serde_json::Map::new()));
                    if !slot.is_object() {
                        *slot = Value::Object(serde_json::Map::new());
                    }
                    if let Some(map) = slot.as_object_mut() {
                        map.insert(inner.to_owned(), value);
                    }
                }
            }
        }
    }
}

/// A fixed value is wrong for every row alike, so it is checked before the first.
fn check_fixed(field: Field, from: &Origin) -> Result<(), UsageError> {
    let Origin::Fixed(value) = from else { return Ok(()) };
    if matches!(field, Field::Id) {
        return Err(UsageError::Fixed { reason: "every post needs an id of its own; map it to a column".to_owned() });
    }
    let mut post = Post::default();
    put(&mut post, field, value).map_err(|refusal| UsageError::Fixed { reason: refusal.to_string() })
}

fn look_up(object: &serde_json::Map<String, Value>, path: &str) -> Option<Value> {
    if let Some(value) = object.get(path) {
        return Some(value.clone());
    }
    let mut parts = path.split('.');
    let mut at = object.get(parts.next()?)?;
    for part in parts {
        at = at.get(part)?;
    }
    Some(at.clone())
}

fn field_names() -> String {
    FIELDS.map(|(name, _)| name).join(", ")
}

/// What each column fills, settled once and used for every row.
#[derive(Debug)]
pub(super) struct Plan {
    names: Vec<String>,
    targets: Vec<Vec<Field>>,
    fixed: Vec<(Field, String)>,
}

impl Plan {
    fn new(columns: &[String]) -> Self {
        Self { names: columns.to_vec(), targets: vec![Vec::new(); columns.len()], fixed: Vec::new() }
    }

    fn fill_by_name(&mut self, columns: &[String], rules: &[(Field, Origin)]) {
        for (at, column) in columns.iter().enumerate() {
            let named = FIELDS.iter().find(|(name, _)| name == column).map(|(_, field)| *field);
            if let Some(field) = named
                && !rules.iter().any(|(taken, _)| *taken == field)
            {
                self.targets[at].push(field);
            }
        }
    }

    fn fills(&self, field: Field) -> bool {
        self.targets.iter().flatten().chain(self.fixed.iter().map(|(f, _)| f)).any(|f| *f == field)
    }

    /// How many columns a row has.
    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    /// Makes a post of one row.
    pub(super) fn post<'r>(&self, cells: impl Iterator<Item = &'r str>) -> Result<Post, Refusal> {
        let mut post = Post::default();
        for (field, value) in &self.fixed {
            put(&mut post, *field, value)?;
        }
        for (at, cell) in cells.enumerate() {
            let Some(targets) = self.targets.get(at) else { break };
            if targets.is_empty() {
                if !cell.is_empty() {
                    post.extra.insert(self.names[at].clone(), Value::String(cell.to_owned()));
                }
                continue;
            }
            for field in targets {
                put(&mut post, *field, cell)?;
            }
        }
        post.check()?;
        Ok(post)
    }
}

/// Puts one cell where it belongs. An empty cell is "unknown", not zero and not the empty word.
fn put(post: &mut Post, field: Field, cell: &str) -> Result<(), Refusal> {
    match field {
        Field::Id => cell.trim().clone_into(&mut post.id),
        Field::Text => cell.clone_into(&mut post.text),
        _ if cell.trim().is_empty() => {}
        Field::Network => {
            post.network = Some(Network::new(cell).map_err(|e| Refusal::new("network", e.to_string(), cell))?);
        }
        Field::Url => post.url = word(cell),
        Field::Html => post.html = Some(cell.to_owned()),
        Field::Title => post.title = word(cell),
        Field::Lang => post.lang = word(cell),
        Field::CreatedAt => post.created_at = Some(time("created_at", cell)?),
        Field::EditedAt => post.edited_at = Some(time("edited_at", cell)?),
        Field::DeletedAt => post.deleted_at = Some(time("deleted_at", cell)?),
        Field::InReplyTo => post.in_reply_to = word(cell),
        Field::Thread => post.thread = word(cell),
        Field::Links => post.links = list(cell),
        Field::Media => post.media = list(cell).into_iter().map(|url| Media { url, ..Media::default() }).collect(),
        Field::Likes => post.metrics.likes = Some(number("metrics.likes", cell)?),
        Field::Shares => post.metrics.shares = Some(number("metrics.shares", cell)?),
        Field::Replies => post.metrics.replies = Some(number("metrics.replies", cell)?),
        Field::Views => post.metrics.views = Some(number("metrics.views", cell)?),
        _ => put_author(post.author.get_or_insert_default(), field, cell)?,
    }
    Ok(())
}

fn put_author(author: &mut Author, field: Field, cell: &str) -> Result<(), Refusal> {
    match field {
        Field::AuthorId => author.id = word(cell),
        Field::AuthorHandle => author.handle = word(cell.trim().trim_start_matches('@')),
        Field::AuthorName => author.name = word(cell),
        Field::AuthorUrl => author.url = word(cell),
        Field::AuthorAvatar => author.avatar = word(cell),
        Field::AuthorFollowers => author.followers = Some(number("author.followers", cell)?),
        Field::AuthorFollowing => author.following = Some(number("author.following", cell)?),
        Field::AuthorPosts => author.posts = Some(number("author.posts", cell)?),
        Field::AuthorVerified => author.verified = Some(truth(cell)?),
        Field::AuthorCreatedAt => author.created_at = Some(time("author.created_at", cell)?),
        _ => {}
    }
    Ok(())
}

fn word(cell: &str) -> Option<String> {
    Some(cell.trim().to_owned()).filter(|word| !word.is_empty())
}

fn list(cell: &str) -> Vec<String> {
    cell.split_whitespace().map(ToOwned::to_owned).collect()
}

fn number(field: &str, cell: &str) -> Result<i64, Refusal> {
    let cell = cell.trim();
    let whole = cell.strip_suffix(".0").unwrap_or(cell);
    whole.parse().map_err(|_| Refusal::new(field, "is no whole number; leave it empty where it is unknown", cell))
}

fn truth(cell: &str) -> Result<bool, Refusal> {
    match cell.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "t" => Ok(true),
        "false" | "0" | "no" | "f" => Ok(false),
        _ => Err(Refusal::new("author.verified", "is neither true nor false", cell)),
    }
}

fn time(field: &str, cell: &str) -> Result<Timestamp, Refusal> {
    moment::read(cell).ok_or_else(|| {
        Refusal::new(field, "is no date and time; write 2026-01-31T09:30:00Z or seconds since 1970", cell)
    })
}

/// Rewrites the times of a JSON object in other forms to RFC 3339, so that [`Post`] can read them.
pub(super) fn normalise_times(object: &mut serde_json::Map<String, Value>) -> Result<(), Refusal> {
    for field in ["created_at", "edited_at", "deleted_at"] {
        normalise_time(object, field, field)?;
    }
    match object.get_mut("author") {
        Some(Value::Object(author)) => normalise_time(author, "created_at", "author.created_at"),
        _ => Ok(()),
    }
}

fn normalise_time(object: &mut serde_json::Map<String, Value>, key: &str, field: &str) -> Result<(), Refusal> {
    let Some(value) = object.get_mut(key) else { return Ok(()) };
    let read = match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(time(field, text)?),
        Value::Number(number) => Some(time(field, &number.to_string())?),
        Value::Null => None,
        other => return Err(Refusal::new(field, "is no date and time", &other.to_string())),
    };
    *value = read.map_or(Value::Null, |at| Value::String(at.to_string()));
    Ok(())
}

/// Numbers given as the id, or as text where a number is meant, become what [`Post`] expects.
pub(super) fn normalise_kinds(object: &mut serde_json::Map<String, Value>) {
    for key in ["id", "in_reply_to", "thread"] {
        if let Some(value @ Value::Number(_)) = object.get_mut(key) {
            *value = Value::String(value.to_string());
        }
    }
    if let Some(Value::Object(author)) = object.get_mut("author") {
        if let Some(value @ Value::Number(_)) = author.get_mut("id") {
            *value = Value::String(value.to_string());
        }
        numbers(author, &["followers", "following", "posts"]);
    }
    if let Some(Value::Object(metrics)) = object.get_mut("metrics") {
        numbers(metrics, &["likes", "shares", "replies", "views"]);
    }
}

fn numbers(object: &mut serde_json::Map<String, Value>, keys: &[&str]) {
    for key in keys {
        let read = object.get(*key).and_then(Value::as_str).and_then(|text| text.trim().parse::<i64>().ok());
        if let Some(number) = read {
            object.insert((*key).to_owned(), number.into());
        }
    }
}
