//! Dandelion's query language and matcher. No I/O, no async.
//!
//! # The language
//!
//! | form | meaning |
//! |---|---|
//! | `kettle broken`, `kettle AND broken` | both words. Operators are upper case; lower-case `or` is a word |
//! | `a OR b`, `NOT a`, `-a`, `( … )` | NOT binds tightest, then AND, then OR; a query of only exclusions is an error |
//! | `"acme kettle"` | these words side by side, whatever punctuation or space stands between; a hyphen divides |
//! | `"acme kettle"~2` | at most two other words between, in this order |
//! | `a NEAR/3 b`, `a ONEAR/3 b` | at most three words between, in either order · in this order; sides may be groups |
//! | `kettle*`, `k?ttle`, `*kettle` | `*` any run of characters, also none, `?` one; at least two others must be fixed |
//! | `kettle~1`, `kettle~2` | within that Damerau–Levenshtein distance |
//! | `#acme`, `@acme_care`, `$ACME` | exactly that tag, handle, ticker; stars allowed |
//! | `acme` | that word, or the tag, handle or ticker that is exactly it |
//! | `{ACME}`, `{Acme Kettle}` | exactly these letters: case and accents count |
//! | `😡`, `👍🏽` | an emoji; its skin tone counts only where the query writes one |
//! | `水壶`, `やかん`, `กา` | scripts without spaces match as parts of a run |
//! | `from:` `to:` `mentions:` | handle (with stars) or id of the author · whom it answers or names first · whom it names |
//! | `lang:pt` `country:SE` `network:` `source:` | language and what is below it, country, network, source |
//! | `site:example.com` | posts from that host or one below it |
//! | `link:"example.com/shop"` | posts with an address that begins so; scheme and `www.` do not count |
//! | `title:kettle`, `title:"acme kettle"` | in the title only |
//! | `in:THREAD` `type:reply` | the thread's id, the sort of post |
//! | `lang:(de OR en)` | any field takes a group |
//! | `followers:>1000` `>=` `<` `<=` `100..5000` `5` | also `following:` `posts:` `likes:` `shares:` `replies:` `views:` `urgency:`; `10k`, `2m` |
//! | `age:<30d` | days since the account was made, when it wrote; also `w`, `m`, `y` |
//! | `since:2026-01-31` `until:` | RFC 3339, or the start of a day, UTC; since counts, until does not |
//! | `has:link` `media` `question` `emoji` `coordinates` | properties of the post |
//! | `is:reply` `repost` `verified` `ours` | properties of the post and its author |
//! | `query:NAME` | another saved query, put in place by [`resolve`] |
//! | `sentiment:` `intent:` `urgency:` `topic:` `unit:` | judgements, known after analysis ([`Query::needs_analysis`]) |
//!
//! NEAR binds more tightly than NOT, so `-a NEAR/3 b` leaves out the nearness. Nearness is distributed over what is no
//! place: `x NEAR/3 (a b -c)` is `(x NEAR/3 a) (x NEAR/3 b) NOT (x NEAR/3 c)`. Unknown is not zero: a number, a moment or
//! a name that is not known satisfies nothing.
//!
//! Every error has a place, says what was expected, and offers a fix; [`read`] colours what is typed and warns of what is
//! legal but probably not meant. A query is at most [`MAX_BYTES`] long, nested at most [`MAX_DEPTH`] deep, costs at most
//! [`MAX_COST`] ([`Query::cost`]); a phrase has at most 100 words, a word with wildcards or `~` at most 64 characters.
//!
//! # Words
//!
//! A query and a post are cut into words by the same rules ([`words`]).
//!
//! **Folding.** HTML entities are resolved once (`AT&amp;T` is `AT&T`); compatibility forms are plain (NFKC); case (full
//! folding) and accents do not count, nor do vowel points of Arabic and Hebrew. Letters that are others keep their marks:
//! Cyrillic й, ї and ў (but ё is е), vowel signs of Indic and South-East Asian scripts, voiced kana. Invisible characters
//! (soft hyphen, zero width, direction marks, variation selectors) do not count at all.
//!
//! ```
//! # use dandelion_listen::{Facts, explain, parse};
//! # use dandelion_post::Post;
//! fn finds(query: &str, text: &str) -> bool {
//!     let post = Post { text: text.into(), ..Post::default() };
//!     explain(&parse(query).unwrap(), &post, &Facts::default()).truth
//! }
//! assert!(finds("straße", "STRASSE") && finds("οδός", "ΟΔΟΣ") && finds("cafe", "CAFÉ") && finds("елка", "Ёлка"));
//! assert!(finds("AT&T", "AT&amp;T") && finds("acme", "ａｃｍｅ") && finds("kettle", "ket\u{ad}tle") && finds("ヤカン", "ﾔｶﾝ"));
//! assert!(!finds("мой", "мои") && !finds("कतली", "केतली") && !finds("ガス", "カス"));
//! ```
//!
//! **A word** is a run of letters, digits and `_` with their marks. Each takes one position; title and text are apart.
//!
//! **Punctuation that belongs to a word** joins: an apostrophe and `&` between letters, a hyphen between letters or
//! digits, `+` or `#` at the end, `.` before a letter where a word begins. The joined whole is one word. Beside it,
//! - every part between *hyphens* is a word in a place of its own;
//! - a part at an *apostrophe* or `&` is a word of its own if it has three letters or more, except before the `t`, `s`,
//!   `d`, `m`, `ll`, `re`, `ve` of a contraction;
//! - what stands before `+` or `#`, or behind `.`, is a word of its own if it has three letters or more, or no letter.
//!
//! `’` is `'`; a possessive `'s`, in any case and accent, does not count. Runs of more than eight parts are only their
//! parts. All else divides.
//!
//! ```
//! # use dandelion_listen::{Facts, explain, parse};
//! # use dandelion_post::Post;
//! # fn finds(query: &str, text: &str) -> bool {
//! #     let post = Post { text: text.into(), ..Post::default() };
//! #     explain(&parse(query).unwrap(), &post, &Facts::default()).truth
//! # }
//! assert!(finds("wi-fi", "Wi-Fi") && !finds("wi-fi", "wi fi") && !finds("wi-fi", "wifi"));
//! assert!(finds("\"acme kettle\"", "acme-kettle") && finds("kettle", "tea-kettle"));
//! assert!(finds("don't", "Don’t") && !finds("don", "don't") && finds("acme", "Acme's"));
//! assert!(finds("aspirateur", "l'aspirateur") && finds("acme", "Acme'nin"));
//! assert!(finds("C++", "(C++)") && !finds("C", "C++") && !finds("C", "C#") && finds("disney", "Disney+"));
//! assert!(finds(".NET", "on .NET") && !finds(".NET", "the net") && !finds("AT", "AT&T"));
//! assert!(finds("3.5", "version 3.5") && finds("24/7", "24-7"));
//! ```
//!
//! **Tags, handles, tickers** are one word each, when no letter or digit of a script with spaces stands directly before
//! the sign. Handles take inner `.` and `-` and the host of the fediverse; they are found without that host as well.
//!
//! **Addresses** (`scheme://…`, `www.…`, `host/…`, hosts with a well-known ending in lower case, mail) are links, not words.
//!
//! **An emoji** is one word as people see it: flags, keys and joined people whole.
//!
//! **Scripts without spaces** (Han, kana, Thai, Lao, Khmer, Burmese): each letter with its marks takes one position, and a
//! query's letters must stand directly side by side.
//!
//! ```
//! # use dandelion_listen::{Facts, explain, parse};
//! # use dandelion_post::Post;
//! # fn finds(query: &str, text: &str) -> bool {
//! #     let post = Post { text: text.into(), ..Post::default() };
//! #     explain(&parse(query).unwrap(), &post, &Facts::default()).truth
//! # }
//! assert!(finds("acme", "#Acme") && finds("acme", "@acme@mastodon.social") && !finds("acme", "#acmekettles"));
//! assert!(finds("@bob.bsky.social", "ask @bob.bsky.social.") && !finds("#acme", "acme") && !finds("@acme", "bob@acme"));
//! assert!(!finds("acme", "https://acme.com/acme") && !finds("acme", "care@acme.com") && finds("has:link", "acme.com"));
//! assert!(finds("👍", "👍🏽") && !finds("👍🏽", "👍") && !finds("👩", "👩‍🍳") && finds("❤", "❤️"));
//! assert!(finds("水壶", "我的水壶坏了") && !finds("水壶", "水 壶") && finds("กา", "กาต้มน้ำ") && finds("iPhone手机", "新iPhone手机"));
//! ```
//!
//! # Use
//!
//! ```
//! use dandelion_listen::{Facts, Matcher, Scratch, parse};
//! use dandelion_post::Post;
//!
//! let matcher = Matcher::new([
//!     (1, parse("kettle (leak* OR \"drips water\") -recipe").unwrap()),
//!     (2, parse("@acme_care").unwrap()),
//! ]);
//! let post = Post { text: "My Acme KETTLE leaks again, @acme_care".into(), ..Post::default() };
//! let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
//! matcher.matches(&post, &Facts::default(), &mut scratch, &mut hits);
//! assert_eq!(hits.len(), 2);
//! assert_eq!(hits[0].spans, [8..14, 15..20]);
//!
//! let error = parse("kettle AND").unwrap_err();
//! assert_eq!(error.message, "`AND` needs something on its right");
//! ```

mod cost;
pub mod dialect;
mod error;
mod explain;
mod facts;
pub mod filter;
pub mod highlight;
mod known;
mod matcher;
pub mod near;
mod parse;
mod places;
mod print;
pub mod queries;
mod query;
mod reading;
mod resolve;
#[cfg(any(test, feature = "specification"))]
#[doc(hidden)]
#[path = "tests/spec/mod.rs"]
pub mod specification;
#[cfg(test)]
mod tests;
mod wild;
pub mod words;

pub use cost::MAX_COST;
pub use error::{QueryError, Warning};
pub use explain::{Explained, explain, near_miss};
pub use facts::Facts;
pub use matcher::{Hit, Matcher, Scratch};
pub use parse::{MAX_BYTES, MAX_DEPTH, parse, read};
pub use query::Query;
pub use reading::{Piece, PieceKind, Reading, Term};
pub use resolve::{ResolveError, resolve};
