//! Search, queries and sources.

use dandelion_web::view::desk::{Chip, PostAct, Tone};
use dandelion_web::view::listening::lab::{
    Changed, Curve, CurveDay, Heard, LabPage, LabParts, LabPost, LabVersion, Piece, Says, Test,
};
use dandelion_web::view::listening::{
    Accounting, Days, FollowRow, Follows, NewSource, Proof, Quarantined, Queries, QueryPage, QueryRow, Secret,
    SourceDay, SourcePage, SourceRow, Sources, Version,
};
use dandelion_web::view::search::{Found, Search};
use dandelion_web::view::{Choice, Empty, Place, Sentence, Text};

use super::desk::time;
use super::{Words, print, shell};

pub fn pages(w: &Words) -> Vec<(&'static str, String)> {
    vec![
        ("search", print(&search(w))),
        (
            "search-empty",
            print(&Search {
                found: vec![],
                words: w.t(""),
                empty: Empty::new(
                    w.t("Nothing matches “samovar”"),
                    w.t("Try fewer words, another spelling, or take out a filter."),
                )
                .act(w.t("Search everything"), "/search?q=samovar"),
                ..search(w)
            }),
        ),
        ("queries", print(&queries(w))),
        (
            "queries-empty",
            print(&Queries {
                shell: shell(w, Place::Listening, "Queries"),
                may_add: true,
                empty: Empty::new(
                    w.t("We listen for nothing yet"),
                    w.t("Write down what people call you and your products. You see at once what it would have heard."),
                )
                .act(w.t("Write the first query"), "/queries/new"),
                ..Queries::default()
            }),
        ),
        ("query", print(&query(w))),
        ("lab", print(&lab(w))),
        ("sources", print(&sources(w))),
        (
            "sources-empty",
            print(&Sources {
                shell: shell(w, Place::Listening, "Sources"),
                may_add: true,
                empty: Empty::new(w.t("Nothing is read yet"), w.t("Connect a feed, a file or a webhook."))
                    .act(w.t("Connect a source"), "/sources/new"),
                ..Sources::default()
            }),
        ),
        ("source", print(&source(w))),
        ("source-new", print(&new_source(w))),
    ]
}

pub fn found(w: &Words) -> Vec<Found> {
    let one = |who: &str, place: &str, text: &str, mark: &str| {
        let text = w.t(text);
        let spans: Vec<_> = text.match_indices(mark).map(|(at, word)| at..at + word.len()).collect();
        Found {
            who: w.t(who),
            place: w.t(place),
            time: time(w, "09:12"),
            text: Text::marked(&text, &spans),
            ..Found::default()
        }
    };
    vec![
        Found {
            case: Some((4127, w.t("Leaking K2 kettle, hot base"))),
            url: Some("https://network.example/1".to_owned()),
            chips: vec![Chip::risk(w.t("safety"))],
            ..one(
                "Jonas Thiel",
                "@jonas.example · Bluesky",
                "My new K2 kettle leaks from the handle and the base is hot to the touch. Is this safe?",
                "kettle",
            )
        },
        Found {
            chips: vec![Chip::new(w.t("ours"))],
            ..one(
                "Halden Care",
                "@halden_care · Bluesky",
                "Hello Jonas, please unplug the kettle and don't use it for now.",
                "kettle",
            )
        },
        one("Κώστας Π.", "@kostas · Mastodon", "Ο βραστήρας K2 στάζει από τη λαβή. kettle fail 😤", "kettle"),
        Found {
            chips: vec![Chip::new(w.t("deleted"))],
            ..one("", "Bluesky", "Deleted by its author. Text no longer kept.", "kettle")
        },
    ]
}

fn search(w: &Words) -> Search {
    let mut shell = shell(w, Place::Elsewhere, "Search: kettle");
    shell.search = w.t("kettle");
    Search {
        shell,
        q: w.t("kettle"),
        filters: vec![
            (
                w.t("kind").replace(['<', '>', '"', '\'', ' ', '/', '(', ')', '='], ""),
                w.t("What"),
                vec![Choice::new("all", w.t("Posts and cases")).selected(), Choice::new("cases", w.t("Cases"))],
            ),
            (
                "network".to_owned(),
                w.t("Network"),
                vec![Choice::new("", w.t("All networks")), Choice::new("demo", w.t("Demo network"))],
            ),
        ],
        words: w.t("41 posts, newest first"),
        found: found(w),
        more: Some("/search?q=kettle&after=77".to_owned()),
        ..Search::default()
    }
}

fn queries(w: &Words) -> Queries {
    let row = |id: i64, name: &str, unit: &str, text: &str| QueryRow {
        id,
        name: w.t(name),
        unit: w.t(unit),
        text: w.t(text),
        heard: Sentence::new()
            .link(w.t("212 posts"), "/search?query=3")
            .text(w.t(" of 140 people, 41 in the last 7 days")),
        trouble: String::new(),
    };
    let mut rows = vec![
        row(
            3,
            "Kettles, all networks",
            "Kettles",
            "(K2 OR \"K-2 kettle\" OR Wasserkocher OR بنغلاية) AND NOT \"K2 mountain\"",
        ),
        row(4, "Our name", "Head office", "halden OR @halden_care OR #halden"),
        row(5, "Ovens", "Ovens", "oven* OR Backofen OR four"),
    ];
    rows[2].trouble = w.t("1 of 4 proofs fails: “four o'clock” should not match");
    Queries { shell: shell(w, Place::Listening, "Queries"), rows, may_add: true, empty: Empty::default() }
}

fn query(w: &Words) -> QueryPage {
    QueryPage {
        shell: shell(w, Place::Listening, "Kettles, all networks"),
        id: 3,
        name: w.t("Kettles, all networks"),
        unit: w.t("Kettles"),
        pieces: pieces(w),
        version: 2,
        heard: Sentence::new()
            .text(w.t("It heard "))
            .link(w.t("212 posts"), "/search?query=3")
            .text(w.t(" of 140 people, 41 in the last 7 days.")),
        proofs: vec![
            Proof { text: w.t("my K2 leaks"), matches: true, holds: true },
            Proof { text: w.t("climbing K2 mountain"), matches: false, holds: false },
        ],
        versions: vec![
            Version {
                number: 2,
                text: w.t("(K2 OR \"K-2 kettle\" OR Wasserkocher) AND NOT \"K2 mountain\""),
                by: w.t("Ana Kovač"),
                time: time(w, "yesterday, 16:10"),
                why: w.t("climbers"),
            },
            Version {
                number: 1,
                text: w.t("K2 OR Wasserkocher"),
                by: w.t("Ana Kovač"),
                time: time(w, "3 March, 09:00"),
                why: w.t(""),
            },
        ],
        recent: found(w),
        may_edit: true,
    }
}

fn pieces(w: &Words) -> Vec<Piece> {
    let piece = |text: &str, class| Piece { text: w.t(text), class };
    vec![
        piece("(", "q-paren"),
        piece("K2 ", ""),
        piece("OR", "q-operator"),
        piece(" ", ""),
        piece("\"K-2 kettle\"", "q-phrase"),
        piece(")", "q-paren"),
        piece(" ", ""),
        piece("lang:", "q-field"),
        piece("de", "q-value"),
        piece(" AND", "q-error"),
    ]
}

fn lab(w: &Words) -> LabPage {
    let posts = || -> Vec<LabPost> {
        let post = |(id, found)| LabPost { id, found, part: None };
        (1..).zip(found(w)).map(post).collect()
    };
    let day =
        |(n, heard): (i64, &i64)| CurveDay { label: format!("{n} March"), heard: *heard, against: n, stored: 40 * n };
    let heard = Heard {
        sum: Sentence::plain(w.t("In the last 30 days it would have heard about ")).strong(w.t("5,000 posts")),
        basis: w.t("From a sample of 20,000 of 1,000,000 posts; numbers are estimates."),
        curve: Some(Curve {
            title: w.t("Posts a day"),
            against: w.t("what listens now"),
            days: (1..).zip(&[3, 5, 2, 0, 9, 14, 7]).map(day).collect(),
        }),
        near: posts().into_iter().map(|post| LabPost { part: Some(w.t("NOT recipe")), ..post }).collect(),
        hits: posts(),
        gained: (w.t("Newly heard: 12 posts"), posts()),
        lost: (w.t("No longer heard: nothing"), vec![]),
        against: w.t("what listens now"),
        words_changed: vec![Changed::Same(w.t("K2")), Changed::Gone(w.t("mountain")), Changed::Came(w.t("lang:de"))],
        words: vec![(w.t("recipe"), 34), (w.t("#wasserkocher"), 12)],
        cost: w.t("About 1.4 µs a post with this query alone."),
        wait: false,
    };
    let test = |text: &str, holds| Test { text: Text::plain(w.t(text)), matches: true, holds, ..Test::default() };
    LabPage {
        shell: shell(w, Place::Listening, "Kettles, all networks"),
        id: Some(3),
        name: w.t("Kettles, all networks"),
        unit: w.t("Kettles"),
        version: 2,
        may_edit: true,
        parts: LabParts {
            id: Some(3),
            may_edit: true,
            text: w.t("(K2 OR \"K-2 kettle\") lang:de AND"),
            pieces: pieces(w),
            says: vec![Says {
                error: true,
                message: Says::quoting(&w.t("`AND` needs something on its right.")),
                hint: Text::plain(w.t("Add a word after it.")),
                at: 28,
            }],
            done: Some((w.t("Posts with “recipe” are left out."), w.t("K2"))),
            tests: vec![test("my K2 leaks", Some(true)), test("climbing K2 mountain", Some(false)), test("K2", None)],
            heard: Some(heard),
            ..LabParts::default()
        },
        versions: vec![LabVersion {
            number: 1,
            text: w.t("K2 OR Wasserkocher"),
            by: w.t("Ana Kovač"),
            time: time(w, "3 March, 09:00"),
            why: w.t("climbers"),
            ..LabVersion::default()
        }],
        ..LabPage::default()
    }
}

fn sources(w: &Words) -> Sources {
    let row = |id: i64, name: &str, kind: &str, state: &str, tone: Tone, n: [i64; 4]| SourceRow {
        id,
        name: w.t(name),
        kind: w.t(kind),
        state: w.t(state),
        tone,
        accounting: Accounting { seen: n[0], stored: n[1], duplicate: n[2], refused: n[3] },
        lag: Sentence::new().text(w.t("read ")).time(time(w, "2 min ago")).text(w.t(", newest post 09:12")),
    };
    Sources {
        shell: shell(w, Place::Listening, "Sources"),
        rows: vec![
            row(4, "Kitchen blogs", "feed · web", "does not answer", Tone::Risk, [812, 700, 112, 0]),
            row(1, "Demo network", "webhook · demo", "reads", Tone::Good, [10029, 9998, 31, 0]),
            row(2, "Old mentions", "file · twitter", "done", Tone::Plain, [10029, 9950, 31, 48]),
            row(5, "Forum of users", "feed · forum", "paused by Ana", Tone::Open, [0, 0, 0, 0]),
        ],
        may_add: true,
        empty: Empty::default(),
    }
}

fn source(w: &Words) -> SourcePage {
    SourcePage {
        shell: shell(w, Place::Listening, "Kitchen blogs"),
        id: 4,
        name: w.t("Kitchen blogs"),
        state: w.t("does not answer"),
        tone: Tone::Risk,
        facts: vec![
            (w.t("Kind"), Sentence::plain(w.t("feed"))),
            (w.t("Unit"), Sentence::new().link(w.t("Head office"), "/units/head-office")),
            (
                w.t("Address"),
                Sentence::new().link(
                    w.t("https://blogs.example/a/very/long/path/to/a/feed.xml?with=parameters"),
                    "https://blogs.example/feed",
                ),
            ),
            (w.t("Read"), Sentence::new().time(time(w, "3 h 05 ago"))),
            (w.t("Next"), Sentence::new().time(time(w, "in 5 min"))),
        ],
        accounting: Accounting { seen: 812, stored: 690, duplicate: 110, refused: 12 },
        since: time(w, "3 March, 09:00"),
        days: Some(Days {
            days: [(12, 0, 0), (0, 0, 0), (30, 4, 1), (8, 40, 0), (0, 2, 7)]
                .map(|(stored, duplicate, refused)| SourceDay { label: w.t("3 March"), stored, duplicate, refused })
                .into(),
        }),
        reread: Some("2026-02-23".to_owned()),
        error: Some((
            w.t("The server answers 503, Service Unavailable, since 07:05."),
            w.t("Nothing to do: we try again at 10:40. If it lasts, ask who runs blogs.example."),
        )),
        acts: vec![
            PostAct::new(w.t("Read now"), "/sources/4/polling").primary(),
            PostAct::new(w.t("Pause"), "/sources/4/pause"),
        ],
        webhook: true,
        hook: "https://hub.example/hooks/kitchen-blogs".to_owned(),
        may_end_secret: true,
        secrets: vec![
            Secret { id: 1, ends_with: w.t("9f2c"), time: time(w, "3 March"), ended: None },
            Secret { id: 2, ends_with: w.t("77aa"), time: time(w, "1 January"), ended: Some(time(w, "3 March")) },
        ],
        secret: Some(w.t("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
        may_add_secret: true,
        follows: Some(follows(w)),
        refused: vec![
            Quarantined {
                id: 1,
                time: time(w, "07:01"),
                place: w.t("line 17"),
                field: w.t("created_at"),
                reason: w.t("“last tuesday” is no moment in RFC 3339. Write it as 2026-11-24T09:12:00Z."),
                raw: w.t("{\"id\":\"1\",\"text\":\"leaks\",\"created_at\":\"last tuesday\"}"),
                whole: true,
                may_retry: true,
            },
            Quarantined {
                id: 2,
                time: time(w, "07:01"),
                place: w.t("line 18"),
                field: w.t(""),
                reason: w.t("The line is longer than 1 MiB."),
                raw: w.t("{\"id\":\"2\",\"text\":\"aaaa"),
                whole: false,
                may_retry: false,
            },
        ],
        more: None,
    }
}

fn follows(w: &Words) -> Follows {
    let row = |id, name: &str, state: &str, tone, says: Sentence| FollowRow {
        id,
        name: w.t(name),
        url: format!("https://social.example/users/{id}"),
        state: w.t(state),
        tone,
        says,
        again: tone == Tone::Risk,
    };
    let refused = Sentence::plain(w.t("they declined")).text(" ").time(time(w, "3 March"));
    let later = "A.example could not be reached. We try again by ourselves.";
    Follows {
        source: 4,
        csrf: "token".to_owned(),
        rows: vec![
            row(
                1,
                "@ana@social.example",
                "followed",
                Tone::Good,
                Sentence::plain(w.t("they agreed")).text(" ").time(time(w, "1 h ago")),
            ),
            row(2, "@kettle-club@a-server-with-a-very-long-name.example", "refused", Tone::Risk, refused),
            row(3, "@repairs@a.example", "asked", Tone::Plain, Sentence::plain(w.t(later))),
        ],
        may: true,
        typed: w.t("@nobody@social.example"),
        wrong: Some(w.t("Account: social.example knows nobody called nobody; check the spelling.")),
    }
}

fn new_source(w: &Words) -> NewSource {
    NewSource {
        shell: shell(w, Place::Listening, "Connect a source"),
        kinds: vec![
            Choice::new("feed", w.t("A feed: RSS, Atom or JSON Feed, or a page that has one")).selected(),
            Choice::new("webhook", w.t("A webhook: another system sends us posts, signed")),
        ],
        address: w.t("https://blogs.example/"),
        units: vec![Choice::new("head-office", w.t("Head office")).selected()],
        found: vec![
            Choice::new("https://blogs.example/feed.xml", w.t("All posts")).selected(),
            Choice::new("https://blogs.example/comments.xml", w.t("Comments")),
        ],
        wrong: Some(w.t("This page has two feeds: choose one.")),
        ..NewSource::default()
    }
}
