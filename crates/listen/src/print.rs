use std::fmt::{self, Display, Formatter, Write as _};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::query::{Leaf, NameField, NamePattern, Near, Node, NumberField, Pattern, Phrase, Query, Shape, Sort};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        node(f, &self.root, Binding::Or)
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        node(f, self, Binding::Or)
    }
}

/// How tightly the surroundings bind; what binds less tightly needs parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Or,
    And,
    Not,
    Near,
    One,
}

fn node(f: &mut Formatter<'_>, it: &Node, around: Binding) -> fmt::Result {
    let own = match it {
        Node::Or(_) => Binding::Or,
        Node::And(_) => Binding::And,
        Node::Not(_) => Binding::Not,
        Node::Near(_) => Binding::Near,
        Node::Leaf(_) => Binding::One,
    };
    let bare = own >= around;
    f.write_str(if bare { "" } else { "(" })?;
    match it {
        Node::Or(members) => group(f, members, " OR ", own)?,
        Node::And(members) => group(f, members, " ", own)?,
        Node::Not(inner) => {
            f.write_str("NOT ")?;
            node(f, inner, own)?;
        }
        Node::Near(it) => near(f, it)?,
        Node::Leaf(it) => leaf(f, it)?,
    }
    f.write_str(if bare { "" } else { ")" })
}

fn group(f: &mut Formatter<'_>, members: &[Node], between: &str, own: Binding) -> fmt::Result {
    for (index, member) in members.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { between })?;
        node(f, member, own)?;
    }
    Ok(())
}

fn near(f: &mut Formatter<'_>, it: &Near) -> fmt::Result {
    node(f, &it.left, Binding::Near)?;
    write!(f, " {}/{} ", if it.ordered { "ONEAR" } else { "NEAR" }, it.within)?;
    node(f, &it.right, Binding::One)
}

pub(crate) fn leaf(f: &mut Formatter<'_>, it: &Leaf) -> fmt::Result {
    match it {
        Leaf::Text(words) => phrase(f, words),
        Leaf::Title(words) => {
            f.write_str("title:")?;
            phrase(f, words)
        }
        Leaf::Name { field, value } => {
            write!(f, "{}:", field.word())?;
            name(f, *field, value)
        }
        Leaf::Number { field, low, high } => number(f, *field, *low, *high),
        Leaf::Since(at) => write!(f, "since:{}", moment(*at)),
        Leaf::Until(at) => write!(f, "until:{}", moment(*at)),
        Leaf::Has(it) => write!(f, "has:{}", it.word()),
        Leaf::Is(it) => write!(f, "is:{}", it.word()),
        Leaf::Query(name) => {
            f.write_str("query:")?;
            value(f, name)
        }
    }
}

fn phrase(f: &mut Formatter<'_>, it: &Phrase) -> fmt::Result {
    let exact = it.words.iter().any(|word| matches!(word.shape, Shape::Exact(_)));
    let (open, close) = if exact {
        ("{", "}")
    } else if it.quoted {
        ("\"", "\"")
    } else {
        ("", "")
    };
    f.write_str(open)?;
    for (index, word) in it.words.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { " " })?;
        pattern(f, word)?;
    }
    f.write_str(close)?;
    if it.gap > 0 { write!(f, "~{}", it.gap) } else { Ok(()) }
}

fn pattern(f: &mut Formatter<'_>, it: &Pattern) -> fmt::Result {
    f.write_str(match it.sort {
        Sort::Bare => "",
        Sort::Tag => "#",
        Sort::Handle => "@",
        Sort::Ticker => "$",
    })?;
    match &it.shape {
        Shape::Word(text) | Shape::Exact(text) | Shape::Emoji { text, .. } | Shape::Wild(text) => f.write_str(text),
        Shape::Fuzzy(text, distance) => write!(f, "{text}~{distance}"),
        Shape::Dense(run) => run.iter().try_for_each(|it| f.write_str(it)),
    }
}

fn name(f: &mut Formatter<'_>, field: NameField, it: &NamePattern) -> fmt::Result {
    match field {
        NameField::Country => value(f, &it.text.to_ascii_uppercase()),
        // Only folding leaves one (of a full-width `＂`), and folds it again.
        _ if it.text.contains('"') => value(f, &it.text.replace('"', "＂")),
        _ => value(f, &it.text),
    }
}

/// In quotes where it would not be one value without.
fn value(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '*' | '/');
    let operator = matches!(text, "AND" | "OR" | "NOT") || text.starts_with("NEAR") || text.starts_with("ONEAR");
    let bare = text.chars().all(plain) && !text.starts_with(['-', '/']) && !operator;
    if bare {
        return f.write_str(text);
    }
    f.write_char('"')?;
    f.write_str(text)?;
    f.write_char('"')
}

fn number(f: &mut Formatter<'_>, field: NumberField, low: Option<i64>, high: Option<i64>) -> fmt::Result {
    let unit = if field == NumberField::Age { "d" } else { "" };
    write!(f, "{}:", field.word())?;
    match (low, high) {
        (Some(low), Some(high)) if low == high => write!(f, "{low}{unit}"),
        (Some(low), Some(high)) => write!(f, "{low}{unit}..{high}{unit}"),
        (Some(low), None) => write!(f, ">={low}{unit}"),
        (None, Some(high)) => write!(f, "<={high}{unit}"),
        (None, None) => Ok(()),
    }
}

/// A date where it is the start of one.
fn moment(at: Timestamp) -> String {
    let zoned = at.to_zoned_datetime(TimeZone::UTC);
    if zoned.start_of_day().is_ok_and(|start| start == zoned) { zoned.date().to_string() } else { at.to_string() }
}
