//! Personal data in a text: where it stands and what it is, so that it can be masked in exports, logs and on screen.
//!
//! What has a check is checked: cards by Luhn's sum (ISO/IEC 7812), IBAN by mod 97 (ISO 13616), national numbers by
//! their country's rule ([`national`]), addresses of machines by their grammar. Names are told by a small model ([`names`]), postal addresses by
//! words for streets beside numbers. Phone numbers are told by how people write them and by the
//! words before them; numbers without either are left alone, since dates, prices and order numbers are numbers too.

mod checks;
pub mod names;
pub mod national;
mod number;
mod postal;
mod web;

use serde::{Deserialize, Serialize};

/// Bytes of a text that are looked at.
const MOST_BYTES: usize = 256 * 1024;
/// Spans kept of one text.
const MOST_SPANS: usize = 500;
/// Letters and digits of an order number's pattern: fewer would be met by everything.
const LEAST_SIGNS: usize = 4;
const MOST_SIGNS: usize = 40;

/// What sort of personal data it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A payment card's number.
    Card,
    /// An international bank account number.
    Iban,
    /// A number that a state gave to a person.
    National,
    /// The address of a machine.
    Ip,
    /// Where somebody lives or gets post: a street with its number, a box.
    Address,
    /// An order, account or customer number of the organisation.
    Order,
    /// The name of a person.
    Name,
}

/// Where personal data stands. In JSON `{"kind": "email", "span": [from, to]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Span {
    /// What it is.
    pub kind: Kind,
    /// First byte of the text.
    pub from: usize,
    /// The byte after the last.
    pub to: usize,
}

#[derive(Serialize, Deserialize)]
struct Written {
    kind: Kind,
    span: [usize; 2],
}

impl From<Written> for Span {
    fn from(Written { kind, span: [from, to] }: Written) -> Self {
        Self { kind, from, to }
    }
}

impl From<Span> for Written {
    fn from(Span { kind, from, to }: Span) -> Self {
        Self { kind, span: [from, to] }
    }
}

/// Why something cannot be a pattern of order numbers, for [`find`]; `None` where it can.
///
/// ```
/// use dandelion_understand::personal::wrong_pattern;
/// assert_eq!(wrong_pattern("ACM-999999"), None);
/// assert!(wrong_pattern("AAAA").unwrap().contains("digit"));
/// ```
pub fn wrong_pattern(pattern: &str) -> Option<&'static str> {
    let signs = pattern.chars().filter(|c| c.is_alphanumeric()).count();
    if !(LEAST_SIGNS..=MOST_SIGNS).contains(&signs) {
        Some("a number has 4 to 40 letters and digits; write 9 for any digit, A for any letter, all else as it is")
    } else if !pattern.contains('9') {
        Some("without a digit it would be met by words; write 9 where any digit stands")
    } else if pattern.trim() != pattern || pattern.chars().any(char::is_control) {
        Some("spaces around it and control characters cannot be part of a number")
    } else {
        None
    }
}

/// Finds personal data. `orders` are the organisation's patterns of order and account numbers: `9` stands for a digit,
/// `A` for a letter, everything else for itself, small or capital (`ACM-999999`).
///
/// ```
/// use dandelion_understand::personal::{Kind, find, mask};
/// let text = "Write to ada@example.org, card 4111 1111 1111 1111";
/// let spans = find(text, &[]);
/// assert_eq!(spans.iter().map(|it| it.kind).collect::<Vec<_>>(), [Kind::Email, Kind::Card]);
/// assert_eq!(mask(text, &spans), "Write to [email], card [card]");
/// ```
pub fn find(text: &str, orders: &[String]) -> Vec<Span> {
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let mut spans = Vec::new();
    web::emails(text, &mut spans);
    // Most posts hold hardly a digit; everything below needs some.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    for pattern in orders {
        number::orders(text, pattern, &mut spans);
    }
    if digits >= 3 || text.contains("::") {
        web::addresses(text, &mut spans);
    }
    if digits >= 6 {
        national::lettered(text, &mut spans);
        number::ibans(text, &mut spans);
        number::runs(text, &mut spans);
    }
    if digits > 0 {
        postal::addresses(text, &mut spans);
    }
    names::find(text, &mut spans);
    settle(spans)
}

/// The text with what it is in the place of each span.
pub fn mask(text: &str, spans: &[Span]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        masked.push_str(text.get(at..span.from).unwrap_or_default());
        masked.push_str(match span.kind {
            Kind::Email => "[email]",
            Kind::Phone => "[phone]",
            Kind::Card => "[card]",
            Kind::Iban => "[iban]",
            Kind::National => "[national number]",
            Kind::Ip => "[ip]",
            Kind::Address => "[address]",
            Kind::Order => "[order]",
            Kind::Name => "[name]",
        });
        at = span.to;
    }
    masked.push_str(text.get(at..).unwrap_or_default());
    masked
}

/// In order, without overlaps; what was found first (the stricter check) stays.
fn settle(mut spans: Vec<Span>) -> Vec<Span> {
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans.drain(..) {
        if kept.len() < MOST_SPANS && kept.iter().all(|it| span.to <= it.from || span.from >= it.to) {
            kept.push(span);
        }
    }
    kept.sort_by_key(|span| span.from);
    kept
}

/// Whether a byte place lies within a word or number.
fn inside(text: &str, at: usize) -> bool {
    text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// Whether the character before a byte place belongs to a word or number.
fn follows_word(text: &str, at: usize) -> bool {
    text.get(..at).and_then(|rest| rest.chars().next_back()).is_some_and(|c| c.is_alphanumeric() || c == '_')
}
