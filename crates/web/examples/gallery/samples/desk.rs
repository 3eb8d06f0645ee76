//! The desk in full, with nothing waiting, and with every state of a reply.

use dandelion_web::view::desk::case::{Banner, May};
use dandelion_web::view::desk::compose::ReplyBox;
use dandelion_web::view::desk::side::{Person, Sum};
use dandelion_web::view::desk::thread::{Automatic, LineEntry, NoteEntry, Picture, PostEntry, ReplyEntry};
use dandelion_web::view::desk::{
    Case, CaseList, Chip, Compose, Desk, Due, Entry, Judgement, PostAct, Row, Side, Thread, Tone, ViewGroup, ViewLink,
    Views,
};
use dandelion_web::view::{Choice, CleanHtml, Empty, Place, Sentence, Text, Time, initials};

use super::{Words, print, shell, undoable};

pub fn pages(w: &Words) -> Vec<(&'static str, String)> {
    let full = Desk { case: Some(kettle(w)), ..desk(w) };
    let mut flashed = Desk { case: Some(replies(w)), ..desk(w) };
    flashed.shell.flash = Some(undoable(w));
    let mut approve = Desk { case: Some(to_approve(w)), ..desk(w) };
    approve.shell.live = Some(1);
    let empty = Desk { list: nothing(w), ..desk(w) };
    vec![
        ("desk", print(&full)),
        ("desk-list", print(&desk(w))),
        ("desk-replies", print(&flashed)),
        ("desk-offered", print(&approve)),
        ("desk-empty", print(&empty)),
    ]
}

fn desk(w: &Words) -> Desk {
    Desk {
        shell: shell(w, Place::Desk, "Waiting for us"),
        views: views(w),
        list: list(w),
        case: None,
        no_case: Empty::new(w.t("No case is open"), w.t("Choose one from the list, or press j and Enter.")),
    }
}

fn views(w: &Words) -> Views {
    let link = |label: &str, view: &str, count: i64| ViewLink {
        label: w.t(label),
        href: format!("/desk?view={view}"),
        count: Some(count),
        ..ViewLink::default()
    };
    let mut ours = vec![
        link("Waiting for us", "waiting", 12),
        link("Offered to us", "offered", 3),
        link("Mine", "mine", 5),
        link("To approve", "approve", 1),
        link("Watching", "watching", 8),
        link("Snoozed", "snoozed", 4),
    ];
    ours[0].current = true;
    ours[0].late = 1;
    let seen = vec![
        link("Head office", "all&unit=head-office", 7),
        link("Retail North", "all&unit=retail-north", 19),
        link("Press office", "all&unit=press", 1),
    ];
    Views {
        groups: vec![
            ViewGroup { title: w.t("Repairs & service"), links: ours },
            ViewGroup { title: w.t("Units I can see"), links: seen },
        ],
    }
}

fn list(w: &Words) -> CaseList {
    let mut rows = vec![
        row(
            w,
            4102,
            "Marta Oyelaran",
            "Mastodon",
            &[(
                "Third time I ask: is anybody going to collect the oven that you replaced in October? It stands in my hallway.",
                false,
            )],
        ),
        row(
            w,
            4127,
            "Jonas Thiel",
            "Bluesky + mail",
            &[
                ("My new ", false),
                ("K2 kettle", true),
                (" leaks from the handle and the base is hot to the touch. Is this safe? @halden_care", false),
            ],
        ),
        row(w, 4131, "雅婷", "Forum", &[("请问 ", false), ("K2", true), (" 水壶的滤网在哪里可以买到？", false)]),
        row(
            w,
            4133,
            "r_bakes",
            "Feed",
            &[
                ("Review: six months with the Halden stand mixer. Loved it, until the ", false),
                ("gearbox", true),
                (" went; repair took five weeks.", false),
            ],
        ),
        row(
            w,
            4135,
            "مريم الحسن",
            "Demo network",
            &[("الغلاية ", false), ("K2", true), (" تتسرب من المقبض منذ يومين، ماذا أفعل؟", false)],
        ),
        row(
            w,
            4136,
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
            "Webhook",
            &[("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz! Die Spülmaschine piept.", false)],
        ),
        row(w, 4137, "Lena Novak", "Mail", &[("Hvala! The new lid arrived and everything works again.", false)]),
    ];
    rows[0].chips = vec![Chip::new(w.t("complaint")), Chip::new(w.t("asked 3×"))];
    rows[0].due = Some(due(w, "late 1 h 10", true));
    rows[1].chips = vec![Chip::risk(w.t("safety")), Chip::new(w.t("complaint"))];
    rows[1].due = Some(due(w, "in 22 min", false));
    rows[1].current = true;
    rows[2].chips = vec![Chip::new(w.t("question")), Chip::new(w.t("中文"))];
    rows[2].unread = true;
    rows[2].due = Some(due(w, "in 3 h 05", false));
    rows[3].chips = vec![Chip::new(w.t("review")), Chip::new(w.t("mixed"))];
    rows[3].due = Some(due(w, "in 5 h 40", false));
    rows[4].chips = vec![Chip::new(w.t("complaint")), Chip::open(w.t("reply unknown"))];
    rows[4].unread = true;
    rows[5].chips = vec![Chip::new(w.t("other"))];
    rows[6].chips = vec![Chip::good(w.t("confirms 3988"))];
    CaseList {
        title: w.t("Waiting for us"),
        words: w.t("12, longest first"),
        query: w.t("view=waiting"),
        q: w.t(""),
        hidden: vec![("view".to_owned(), w.t("waiting"))],
        rows,
        more: Some(w.t("/desk?view=waiting&after=4137")),
        empty: Empty::default(),
    }
}

fn nothing(w: &Words) -> CaseList {
    CaseList {
        title: w.t("Offered to us"),
        words: w.t("0"),
        empty: Empty::new(
            w.t("Nothing is offered to you"),
            w.t("When another unit passes a case to Repairs & service, it waits here until somebody accepts it."),
        )
        .act(w.t("See what waits for us"), "/desk?view=waiting"),
        ..CaseList::default()
    }
}

fn row(w: &Words, id: i64, who: &str, network: &str, text: &[(&str, bool)]) -> Row {
    Row {
        id,
        href: format!("/desk?view=waiting&case={id}"),
        initials: initials(who),
        who: w.t(who),
        network: w.t(network),
        text: marked(w, text),
        ..Row::default()
    }
}

fn marked(w: &Words, parts: &[(&str, bool)]) -> Text {
    let whole: String = parts.iter().map(|(text, _)| *text).collect();
    let mut at = 0;
    let mut spans = Vec::new();
    for (text, mark) in parts {
        if *mark {
            spans.push(at..at + text.len());
        }
        at += text.len();
    }
    Text::marked(&w.t(&whole), &spans)
}

fn due(w: &Words, words: &str, late: bool) -> Due {
    Due { what: w.t("reply"), time: Time { tick: "due", ..time(w, words) }, late }
}

pub fn time(w: &Words, words: &str) -> Time {
    Time {
        iso: w.t("2026-11-24T09:12:00Z"),
        words: w.t(words),
        title: w.t("Tuesday, 24 November 2026, 10:12:00 CET"),
        tick: "",
    }
}

fn kettle(w: &Words) -> Case {
    Case {
        id: 4127,
        csrf: w.t("4e1f"),
        title: w.t("Leaking K2 kettle, hot base"),
        back: "/desk?view=waiting".to_owned(),
        meta: Sentence::new().text("owned by ").strong(w.t("Repairs & service")).text(w.t(" · Ana Kovač · watched by Press office")),
        due: Some(due(w, "in 22 min", false)),
        may: May { assign: true, pass: true, snooze: true, resolve: true, ..May::default() },
        units: vec![Choice::new("retail-north", w.t("Retail North")), Choice::new("legal", w.t("Legal"))],
        members: vec![Choice::new("ana", w.t("Ana Kovač")).selected(), Choice::new("none", w.t("Nobody"))],
        snoozes: vec![Choice::new("3h", w.t("For 3 hours")), Choice::new("tomorrow", w.t("Until tomorrow, 08:00")), Choice::new("week", w.t("Until Monday, 08:00"))],
        resolutions: vec![
            Choice::new("fixed", w.t("Fixed")).selected(),
            Choice::new("answered", w.t("Answered")),
            Choice::new("not-ours", w.t("Not ours")),
            Choice::new("spam", w.t("Spam")),
            Choice::new("no-answer", w.t("They no longer answer")),
        ],
        evidence: vec![Choice::new("post:9", w.t("Jonas Thiel, 10:02: “Thank you. I am home until two.”"))],
        thread: Thread { csrf: w.t("4e1f"), earlier: Some("/cases/4127?all=1".to_owned()), entries: conversation(w) },
        compose: Compose {
            case: 4127,
            csrf: w.t("4e1f"),
            reply: Some(ReplyBox {
                post: 9,
                to: w.t("Jonas Thiel"),
                network: w.t("Bluesky"),
                handles: vec![Choice::new("care", w.t("@halden_care")).selected()],
                limit: Some(300),
                approval: Some(w.t("Legal")),
                text: w.t("A courier comes between 12 and 14 today, and a new kettle is on its way. We'll tell you here what we find."),
                draft: None,
                version: 0,
                confirm: false,
            }),
            notes: true,
            others: w.t("Dario is reading this case"),
            pings: vec![Choice::new("dario", w.t("Dario"))],
            ..Compose::default()
        },
        side: side(w),
        ..Case::default()
    }
}

fn conversation(w: &Words) -> Vec<Entry> {
    vec![
        Entry::Post(Box::new(PostEntry {
            id: 1,
            initials: "JT".to_owned(),
            name: w.t("Jonas Thiel"),
            place: w.t("@jonas.example · Bluesky"),
            time: time(w, "09:12"),
            about: w.t("seen by about 4,200"),
            text: marked(w, &[("My new ", false), ("K2 kettle", true), (" leaks from the handle and the base is hot to the touch. Is this safe? @halden_care", false)]),
            url: Some("https://network.example/jonas/1".to_owned()),
            revisions: vec![(time(w, "09:10"), w.t("My new K2 ketle leaks"))],
            media: vec![(w.t("Picture: water under a kettle"), "https://network.example/media/1.jpg".to_owned())],
            ..PostEntry::default()
        })),
        Entry::Post(Box::new(PostEntry {
            id: 2,
            depth: 1,
            initials: "PS".to_owned(),
            name: w.t("Priya S."),
            place: w.t("@priya.example"),
            time: time(w, "09:20"),
            about: w.t("not a customer we know"),
            text: Text::plain(w.t("Same here since Sunday. I stopped using mine.")),
            ..PostEntry::default()
        })),
        Entry::Post(Box::new(PostEntry {
            id: 3,
            depth: 1,
            initials: "?".to_owned(),
            name: w.t(""),
            place: w.t("Bluesky"),
            time: time(w, "09:24"),
            gone: Some(w.t("Deleted by its author at 09:31. Text no longer kept.")),
            ..PostEntry::default()
        })),
        Entry::Line(LineEntry {
            text: Sentence::new()
                .strong(w.t("Retail North"))
                .text(" passed this to ")
                .strong(w.t("Repairs & service"))
                .text(w.t(": “product safety”. Accepted by Ana after 6 min.")),
            time: time(w, "09:30"),
            tone: Tone::Good,
        }),
        Entry::Note(NoteEntry {
            initials: "DL".to_owned(),
            name: w.t("Dario, Legal"),
            time: time(w, "09:41"),
            text: marked(w, &[("@ana", true), (" ask him to stop using it before anything else. Wording approved on 3 March covers this.", false)]),
        }),
        Entry::Reply(Box::new(ReplyEntry {
            id: 11,
            initials: "H".to_owned(),
            name: w.t("Halden Care"),
            meta: Sentence::new().text(w.t("@halden_care · ")).time(time(w, "09:48")).text(w.t(" · approved by Dario · sent once")),
            text: w.t("Hello Jonas, please unplug the kettle and don't use it for now. We would like to collect it today. May we write to you by mail?"),
            state: w.t("confirmed by Bluesky"),
            tone: Tone::Good,
            public: true,
            url: Some("https://network.example/halden/11".to_owned()),
            ..ReplyEntry::default()
        })),
        Entry::Post(Box::new(PostEntry {
            id: 9,
            initials: "JT".to_owned(),
            name: w.t("Jonas Thiel"),
            place: w.t("by mail, linked by Ana"),
            time: time(w, "10:02"),
            pictures: vec![
                Picture { src: "/media/9/0".to_owned(), alt: w.t("A wet kitchen"), href: "https://network.example/1.jpg".to_owned(), why: None },
                Picture { src: "/media/9/1".to_owned(), alt: w.t(""), href: "https://network.example/2.jpg".to_owned(), why: Some(w.t("it is damaged")) },
            ],
            automatic: Some(Automatic { words: w.t("Passed on by a mailing list"), why: w.t("its header says “List-Id: kettles”") }),
            folded: Some(("Quoted mail and signature".to_owned(), vec![w.t("-- \nJonas Thiel"), w.t("On Monday, Halden Care wrote:\n> May we collect it today?")])),
            html: Some(CleanHtml::clean(&w.t("<p>Thank you. I am home until two.</p><p>Order number <b>88-41207</b>, <a href=\"https://halden.example/order\">receipt</a>.</p>"))),
            answered: true,
            ..PostEntry::default()
        })),
    ]
}

fn replies(w: &Words) -> Case {
    let reply = |id: i64, state: &str, tone: Tone, explain: &str, acts: Vec<PostAct>| {
        Entry::Reply(Box::new(ReplyEntry {
            id,
            initials: "H".to_owned(),
            name: w.t("Halden Care"),
            meta: Sentence::new().text(w.t("@halden_care · Ana · ")).time(time(w, "10:12")),
            text: w.t("We have found the reason and a new seal is on its way to you."),
            state: w.t(state),
            tone,
            explain: Sentence::plain(w.t(explain)),
            acts,
            ..ReplyEntry::default()
        }))
    };
    let mut entries = vec![Entry::Post(Box::new(PostEntry {
        id: 21,
        initials: "م".to_owned(),
        name: w.t("مريم الحسن"),
        place: w.t("@maryam · Demo network"),
        time: time(w, "yesterday, 16:10"),
        text: marked(w, &[("الغلاية ", false), ("K2", true), (" تتسرب من المقبض منذ يومين، ماذا أفعل؟", false)]),
        lang: "ar".to_owned(),
        ..PostEntry::default()
    }))];
    entries.push(reply(
        31,
        "draft",
        Tone::Plain,
        "Only colleagues see this.",
        vec![
            PostAct::new(w.t("Ask Legal to approve"), "/replies/31/submission").primary(),
            PostAct::new(w.t("Throw away"), "/replies/31/cancellation"),
        ],
    ));
    entries.push(reply(
        32,
        "waits for Legal",
        Tone::Open,
        "Dario, Mia or Tom can approve it. Expires at 10:30.",
        vec![
            PostAct::new(w.t("Approve and send"), "/replies/32/approval").primary(),
            PostAct::new(w.t("Ask for changes"), "/replies/32/changes").ask("reason", w.t("What should change")),
            PostAct::new(w.t("Reject"), "/replies/32/rejection").ask("reason", w.t("Why it must not be sent")),
        ],
    ));
    entries.push(reply(33, "sending", Tone::Plain, "", vec![]));
    entries.push(reply(
        34,
        "unknown",
        Tone::Open,
        "We sent this once, at 09:48, and Demo network did not say whether it arrived. Look before you send again.",
        vec![
            PostAct::new(w.t("It is there"), "/replies/34/confirmation")
                .ask("url", w.t("Its address on Demo network"))
                .primary(),
            PostAct::new(w.t("It is not there: send again"), "/replies/34/resending"),
            PostAct::new(w.t("Leave it"), "/replies/34/cancellation"),
        ],
    ));
    entries.push(reply(
        35,
        "failed",
        Tone::Risk,
        "Demo network refused it: 413, text longer than 300 letters. Nothing was published.",
        vec![PostAct::new(w.t("Write it again"), "/replies/35/changes")],
    ));
    entries.push(Entry::Line(LineEntry {
        text: Sentence::new().strong(w.t("Legal")).text(w.t(" bounced this: “not a legal question”.")),
        time: time(w, "10:20"),
        tone: Tone::Risk,
    }));
    Case {
        thread: Thread { csrf: w.t("4e1f"), earlier: None, entries },
        title: w.t("الغلاية K2 تتسرب من المقبض"),
        banners: vec![Banner {
            text: Sentence::new().text("Snoozed until ").time(time(w, "tomorrow, 08:00")),
            acts: vec![],
            open: false,
        }],
        may: May { take: true, wake: true, pass: true, resolve: true, ..May::default() },
        ..kettle(w)
    }
}

fn to_approve(w: &Words) -> Case {
    Case {
        banners: vec![Banner {
            text: Sentence::new()
                .strong(w.t("Retail North"))
                .text(" offers this to ")
                .strong(w.t("Repairs & service"))
                .text(w.t(": “the customer has the receipt, the seal is broken”. They own it until you accept.")),
            acts: vec![
                PostAct::new(w.t("Accept"), "/handoffs/7/acceptance").primary(),
                PostAct::new(w.t("Bounce"), "/handoffs/7/bounce").ask("reason", w.t("Why it is not for you")),
            ],
            open: true,
        }],
        may: May::default(),
        compose: Compose {
            case: 4127,
            csrf: w.t("4e1f"),
            notes: true,
            why_not: w.t("You can answer once you have accepted"),
            ..Compose::default()
        },
        ..kettle(w)
    }
}

fn side(w: &Words) -> Side {
    let judgement = |name: &str, key: &str, value: &str, score: f64, because: Sentence| Judgement {
        name: w.t(name),
        key: w.t(key),
        value: w.t(value),
        score: Some(score),
        because,
        post: 1,
        csrf: w.t("4e1f"),
        choices: vec![Choice::new("complaint", w.t("complaint")).selected(), Choice::new("question", w.t("question"))],
        ..Judgement::default()
    };
    let mut risk =
        judgement("Risk", "risk", "safety", 0.88, Sentence::new().text("“").mark(w.t("hot to the touch")).text("”"));
    risk.risk = true;
    let mut language = judgement("Language", "language", "English", 0.99, Sentence::new());
    language.corrected = Some(w.t("Ana, before: German"));
    language.choices.clear();
    Side {
        person: Person {
            name: w.t("Jonas Thiel"),
            initials: "JT".to_owned(),
            avatar: None,
            lines: vec![
                Sentence::new()
                    .link(w.t("@jonas.example"), "https://network.example/jonas")
                    .text(w.t(" on Bluesky, 12,400 followers")),
                Sentence::plain(w.t("Known since 2023")),
            ],
            earlier: vec![
                (3988, w.t("Lid does not close"), w.t("confirmed fixed")),
                (3720, w.t("Where is my order?"), w.t("answered")),
            ],
        },
        judgements: vec![
            judgement("Intent", "intent", "complaint", 0.91, Sentence::new().text("“").mark(w.t("leaks")).text("”")),
            risk,
            judgement("Sentiment", "sentiment", "negative", 0.74, Sentence::new()),
            judgement("Urgency", "urgency", "3 of 3", 0.8, Sentence::plain(w.t("possible harm"))),
            language,
        ],
        judged: w.t(""),
        found: vec![
            (w.t("Product"), Sentence::plain(w.t("Kettle K2"))),
            (w.t("Listening"), Sentence::new().link(w.t("Kettles, all networks"), "/queries/3")),
        ],
        version: w.t("rules-1"),
        routed: vec![
            Sentence::new()
                .text("Rule 4, ")
                .link(w.t("safety of a product in use"), "/organisation")
                .text(w.t(" → Repairs & service; Press office is told.")),
        ],
        influence: Sum {
            terms: vec![
                (w.t("Followers 12,400"), Some(3)),
                (w.t("Writes about kitchens"), Some(2)),
                (w.t("Seen by"), None),
            ],
            total: 5,
            words: w.t("Tells whom to inform, not who waits"),
        },
        outcomes: vec![
            Sentence::new()
                .text(w.t("Passed to the right area: "))
                .link(w.t("accepted after 6 min"), "/results?case=4127"),
            Sentence::plain(w.t("Resolved: not yet")),
        ],
    }
}
