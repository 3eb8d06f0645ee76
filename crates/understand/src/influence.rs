//! How far an author's words carry: four rules over known numbers.

use dandelion_post::Post;

use crate::{Sum, Term};

const FOLLOWERS: &[(i64, i64)] = &[(1_000_000, 70), (100_000, 50), (10_000, 35), (1_000, 20), (100, 10), (10, 5)];
const VIEWS: &[(i64, i64)] = &[(1_000_000, 30), (100_000, 20), (10_000, 10), (1_000, 5)];
const AGE_DAYS: &[(i64, i64)] = &[(5 * 365, 8), (365, 5), (30, 2)];
const VERIFIED: i64 = 10;

/// The sum for the author of a post at the time of the post.
pub(crate) fn influence(post: &Post) -> Sum {
    let author = post.author.as_ref();
    let known = |n: i64| n >= 0; // a network that sends −1 says "unknown"
    let followers = author.and_then(|a| a.followers).filter(|n| known(*n));
    let views = post.metrics.views.filter(|n| known(*n));
    let terms = vec![
        counted("followers", followers, "followers", FOLLOWERS),
        verified(author.and_then(|a| a.verified)),
        age(post),
        counted("views", views, "views of this post", VIEWS),
    ];
    Sum { total: terms.iter().filter_map(|term| term.points).sum(), terms }
}

fn counted(rule: &str, number: Option<i64>, of: &str, steps: &[(i64, i64)]) -> Term {
    let words = number.map_or_else(|| format!("{of}: unknown"), |n| format!("{n} {of}"));
    Term { rule: rule.into(), words, points: number.map(|n| step(n, steps)) }
}

fn verified(state: Option<bool>) -> Term {
    let words = match state {
        Some(true) => "verified by the network",
        Some(false) => "not verified by the network",
        None => "verification: unknown",
    };
    Term { rule: "verified".into(), words: words.into(), points: state.map(|yes| if yes { VERIFIED } else { 0 }) }
}

/// The age of the account when it wrote the post, so that the same post always gives the same sum.
fn age(post: &Post) -> Term {
    let made = post.author.as_ref().and_then(|author| author.created_at);
    let days = made.zip(post.created_at).map(|(made, now)| (now.as_second() - made.as_second()) / 86_400);
    let days = days.filter(|days| *days >= 0);
    let words = days.map_or_else(|| "age of the account: unknown".into(), |n| format!("account {n} days old"));
    Term { rule: "account age".into(), words, points: days.map(|n| step(n, AGE_DAYS)) }
}

fn step(number: i64, steps: &[(i64, i64)]) -> i64 {
    steps.iter().find(|(from, _)| number >= *from).map_or(0, |(_, points)| *points)
}

#[cfg(test)]
mod tests {
    use dandelion_post::{Author, Metrics, Post};

    use super::influence;

    fn points(post: &Post) -> Vec<Option<i64>> {
        influence(post).terms.into_iter().map(|term| term.points).collect()
    }

    #[test]
    fn unknown_is_not_zero() {
        let sum = influence(&Post::default());
        assert_eq!((sum.total, sum.terms.len()), (0, 4));
        assert!(sum.terms.iter().all(|term| term.points.is_none() && term.words.contains("unknown")));
    }

    #[test]
    fn known_numbers_add_their_points() {
        let author = Author {
            followers: Some(12_000),
            verified: Some(true),
            created_at: Some("2020-01-01T00:00:00Z".parse().unwrap()),
            ..Author::default()
        };
        let post = Post {
            author: Some(author),
            created_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            metrics: Metrics { views: Some(999), ..Metrics::default() },
            ..Post::default()
        };
        assert_eq!(points(&post), [Some(35), Some(10), Some(8), Some(0)]);
        assert_eq!(influence(&post).total, 53);
    }

    #[test]
    fn impossible_numbers_are_unknown() {
        let author = Author {
            followers: Some(-1),
            verified: Some(false),
            created_at: Some("2026-01-02T00:00:00Z".parse().unwrap()),
            ..Author::default()
        };
        let post =
            Post { author: Some(author), created_at: Some("2026-01-01T00:00:00Z".parse().unwrap()), ..Post::default() };
        assert_eq!(points(&post), [None, Some(0), None, None]);
    }
}
