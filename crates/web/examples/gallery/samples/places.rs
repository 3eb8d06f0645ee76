//! Doors, the first run, results, the organisation, and what is said when something is wrong.

use dandelion_web::view::listening::Tried;
use dandelion_web::view::organisation::{
    Account, MemberRow, Members, Node, Organisation, SessionRow, TokenRow, Tokens, Tree, UnitPage,
};
use dandelion_web::view::problem::Problem;
use dandelion_web::view::results::{OutcomeRow, Results, Sum};
use dandelion_web::view::session::SignIn;
use dandelion_web::view::setup::{Setup, Step};
use dandelion_web::view::{Choice, Empty, Place, Sentence, Shell, initials};

use super::desk::time;
use super::{Words, listening, print, shell};

pub fn pages(w: &Words) -> Vec<(&'static str, String)> {
    let mut pages = vec![
        ("sign-in", print(&SignIn { shell: door(w, "Sign in"), organisation: w.t("Halden Kitchen"), ..SignIn::default() })),
        ("sign-in-wrong", print(&SignIn { shell: door(w, "Sign in"), organisation: w.t("Halden Kitchen"), email: w.t("ana@halden.example"), next: w.t("/desk"), wrong: Some(w.t("Address and password do not belong together.")), note: w.t("Your session has ended after 12 hours without a sign of you.") })),
        ("results", print(&results(w))),
        ("results-empty", print(&Results { shell: shell(w, Place::Results, "Results"), empty: Empty::new(w.t("The ledger is empty"), w.t("A line is written when a department accepts a case, when we resolve one, and when a customer confirms it.")).act(w.t("Go to the desk"), "/desk"), ..Results::default() })),
        ("organisation", print(&organisation(w))),
        ("unit", print(&unit(w))),
        ("members", print(&members(w))),
        ("tokens", print(&tokens(w))),
        ("account", print(&account(w))),
        ("not-found", print(&Problem::not_found(shell(w, Place::Elsewhere, "x"), "case 99"))),
        ("forbidden", print(&Problem::forbidden(shell(w, Place::Elsewhere, "x"), &w.t("Only leads of Legal can approve for Legal.")))),
        ("broken", print(&Problem::internal(shell(w, Place::Elsewhere, "x"), w.t("0192f3")))),
        ("expired", print(&Problem::expired(door(w, "x"), &w.t("/cases/4127")))),
    ];
    pages.extend(setup(w));
    pages
}

fn door(w: &Words, title: &str) -> Shell {
    Shell { user: None, ..shell(w, Place::Elsewhere, title) }
}

fn setup(w: &Words) -> Vec<(&'static str, String)> {
    let page = |step: Step, seen: &[&str]| Setup {
        shell: door(w, "First run"),
        step,
        seen: seen.iter().map(|line| Sentence::plain(w.t(line))).collect(),
        wrong: None,
    };
    let source = Step::Source {
        address: w.t("https://blogs.example"),
        found: vec![Choice::new("https://blogs.example/feed.xml", w.t("All posts")).selected()],
        webhook: None,
    };
    let query = Step::Query {
        name: w.t("Our name"),
        text: w.t("halden OR #halden"),
        tried: Some(Tried {
            words: Sentence::plain(w.t("It would have heard 3 of the 40 posts that are here.")),
            samples: listening::found(w),
        }),
    };
    let zones = vec![Choice::new("Europe/Berlin", w.t("Europe/Berlin, now 10:12")).selected()];
    let mut wrong = page(Step::default(), &[]);
    wrong.wrong = Some(w.t("That is not the token on the terminal. It is the last line there, 26 letters."));
    vec![
        ("setup-1", print(&wrong)),
        (
            "setup-2",
            print(&page(
                Step::Organisation { name: w.t("Halden Kitchen"), unit: w.t("Head office"), zones },
                &["You are Ana Kovač, administrator."],
            )),
        ),
        (
            "setup-3",
            print(&page(source, &["You are Ana Kovač, administrator.", "Halden Kitchen, one unit: Head office."])),
        ),
        (
            "setup-4",
            print(&page(
                query,
                &[
                    "You are Ana Kovač, administrator.",
                    "Halden Kitchen, one unit: Head office.",
                    "All posts: 40 seen = 40 stored + 0 duplicate + 0 refused.",
                ],
            )),
        ),
        (
            "setup-5",
            print(&page(
                Step::Done,
                &["You are Ana Kovač, administrator.", "Our name: 3 posts heard, 3 cases for Head office."],
            )),
        ),
    ]
}

fn results(w: &Words) -> Results {
    let sum = |kind: &str, grade: &str, means: &str, count: i64| Sum {
        kind: w.t(kind),
        grade: w.t(grade),
        means: w.t(means),
        count,
        href: "/results?kind=x".to_owned(),
    };
    let row = |kind: &str, grade: &str, unit: &str, title: &str, evidence: Sentence| OutcomeRow {
        time: time(w, "yesterday, 16:10"),
        kind: w.t(kind),
        grade: w.t(grade),
        unit: w.t(unit),
        case: (4127, w.t(title)),
        evidence,
        void: None,
    };
    let mut rows = vec![
        row(
            "Resolution confirmed",
            "A",
            "Repairs & service",
            "Lid does not close",
            Sentence::new().text("Lena Novak: ").link(w.t("“everything works again”"), "/cases/3988#post-9"),
        ),
        row(
            "Passed to the right area",
            "A",
            "Repairs & service",
            "Leaking K2 kettle, hot base",
            Sentence::new().link(w.t("accepted by Ana after 6 min"), "/cases/4127"),
        ),
        row(
            "Resolved, claimed by us",
            "D",
            "Retail North",
            "Where is my order?",
            Sentence::plain(w.t("our word only")),
        ),
    ];
    rows[2].void = Some(w.t("opened again by the customer"));
    Results {
        shell: shell(w, Place::Results, "Results"),
        says: vec![
            Sentence::new()
                .link(w.t("61 issues"), "/results?kind=passed")
                .text(w.t(" reached the department that could fix them, half of them within 41 minutes.")),
            Sentence::new()
                .link(w.t("38 customers"), "/results?kind=confirmed")
                .text(w.t(" told us that it is fixed; "))
                .link(w.t("52 more"), "/results?kind=claimed")
                .text(w.t(" are our word only.")),
        ],
        sums: vec![
            sum("Passed to the right area", "A", "the receiver accepted", 61),
            sum("Resolution confirmed", "A", "the customer said so", 38),
            sum("Resolved", "D", "claimed by us", 52),
        ],
        units: vec![Choice::new("", w.t("All units")).selected(), Choice::new("repairs", w.t("Repairs & service"))],
        kinds: vec![Choice::new("", w.t("Everything")).selected()],
        from: "2026-11-01".to_owned(),
        to: String::new(),
        wrong: None,
        rows,
        more: Some("/results?after=3".to_owned()),
        empty: Empty::default(),
    }
}

fn organisation(w: &Words) -> Organisation {
    let node = |key: &str, name: &str, parent: Option<usize>, hub: bool, waits: i64| Node {
        key: key.to_owned(),
        name: w.t(name),
        parent,
        hub,
        waits,
        words: w.t("Germany · German, English"),
        ..Node::default()
    };
    let mut nodes = vec![
        node("head-office", "Head office", None, true, 7),
        node("products", "Products", Some(0), true, 0),
        node("service", "Service Germany", Some(0), true, 12),
        node("service-at", "Service Austria", Some(0), true, 2),
        node("kettles", "Kettles", Some(1), false, 4),
        node("ovens", "Ovens", Some(1), false, 0),
        node("mixers", "Mixers", Some(1), false, 1),
        node("repairs", "Repairs & service", Some(2), false, 12),
        node("retail-north", "Retail North", Some(2), false, 19),
        node("retail-south", "Retail South", Some(2), false, 0),
        node("repairs-at", "Reparaturen Wien", Some(3), false, 2),
        node("press", "Press office", Some(0), false, 1),
        node("legal", "Legal", Some(0), false, 1),
    ];
    nodes[7].late = 1;
    Organisation {
        shell: shell(w, Place::Organisation, "Organisation"),
        name: w.t("Halden Kitchen"),
        words: w.t("Four hubs and nine spokes in two countries."),
        tree: Tree::grown(nodes),
        routes: vec![
            Sentence::new()
                .strong(w.t("Safety of a product in use"))
                .text(w.t(": a risk of safety in a complaint goes to Repairs & service; Press office is told.")),
            Sentence::new().strong(w.t("Journalists")).text(w.t(": a risk of press goes to Press office.")),
        ],
        hint: w.t(""),
        order_numbers: vec![w.t("HK-999999")],
        may_import: true,
        wrong: None,
    }
}

fn unit(w: &Words) -> UnitPage {
    UnitPage {
        shell: shell(w, Place::Organisation, "Repairs & service"),
        key: "repairs".to_owned(),
        name: w.t("Repairs & service"),
        line: vec![("head-office".to_owned(), w.t("Head office")), ("service".to_owned(), w.t("Service Germany"))],
        facts: vec![
            (w.t("Kind"), Sentence::plain(w.t("spoke"))),
            (w.t("Approval"), Sentence::new().link(w.t("Legal"), "/units/legal").text(w.t(" approves every reply"))),
        ],
        waits: vec![
            Sentence::new()
                .link(w.t("12 cases"), "/desk?view=all&unit=repairs")
                .text(w.t(" wait, "))
                .late(w.t("1 late")),
        ],
        below: vec![("repairs-wien".to_owned(), w.t("Reparaturen Wien"))],
        members: vec![
            (w.t("Ana Kovač"), w.t("agent"), w.t("ana@halden.example")),
            (w.t("Mia Sørensen"), w.t("lead"), w.t("mia@halden.example")),
        ],
        products: vec![(w.t("Kettle K2"), w.t("K2, K-2 kettle"))],
        topics: vec![(w.t("Repairs"), w.t("repair*, Reparatur, warranty"))],
        hours: vec![
            (w.t("Monday to Thursday"), w.t("08:00–12:00, 13:00–17:00")),
            (w.t("Friday"), w.t("08:00–14:00")),
            (w.t("Holidays"), w.t("25 December 2026")),
        ],
        hours_note: w.t("Europe/Berlin, as Head office"),
        targets: vec![(w.t("First response"), w.t("4 h")), (w.t("Resolution"), w.t("3 days"))],
        handles: vec![[
            "care".to_owned(),
            w.t("@halden_care"),
            w.t("Demo network"),
            w.t("helping customers"),
            w.t("Ana Kovač"),
        ]],
    }
}

fn members(w: &Words) -> Members {
    let row = |name: &str, key: &str, roles: &str, state: &str| MemberRow {
        key: w.t(key),
        name: w.t(name),
        initials: initials(name),
        email: w.t("someone@halden.example"),
        roles: w.t(roles),
        state: w.t(state),
        may_change: true,
    };
    Members {
        shell: shell(w, Place::Organisation, "Members"),
        rows: vec![
            row("Ana Kovač", "ana", "agent in Repairs & service", ""),
            row("Dario Conti", "dario", "approver in Legal", ""),
            row("李 雷", "lilei", "viewer in Head office", "has never signed in"),
        ],
        may_add: true,
        units: vec![Choice::new("repairs", w.t("Repairs & service"))],
        roles: vec![Choice::new("agent", w.t("agent"))],
        wrong: Some(w.t("There is a member with that address already: Ana Kovač.")),
        name: w.t("Mia Sørensen"),
        email: w.t("mia@halden.example"),
        invited: Some((w.t("Mia Sørensen"), w.t("https://dandelion.example/password/8f3a"))),
    }
}

fn tokens(w: &Words) -> Tokens {
    Tokens {
        shell: shell(w, Place::Organisation, "API tokens"),
        name: String::new(),
        rows: vec![
            TokenRow {
                id: 1,
                name: w.t("Nightly report"),
                scopes: w.t("read"),
                used: w.t("2 h 20 ago"),
                ends: Some(time(w, "3 March 2027")),
                ended: false,
            },
            TokenRow {
                id: 2,
                name: w.t("Old script"),
                scopes: w.t("read, write"),
                used: w.t("never"),
                ends: None,
                ended: true,
            },
        ],
        scopes: vec![
            Choice::new("read", w.t("Read cases, posts and results")).selected(),
            Choice::new("write", w.t("Work on cases")),
        ],
        lives: vec![Choice::new("90", w.t("In 90 days")).selected()],
        made: Some(w.t("dnd_5XAvqRZ9E1c4Nf7h")),
        wrong: None,
        empty: Empty::default(),
    }
}

fn account(w: &Words) -> Account {
    Account {
        shell: shell(w, Place::Organisation, "My account"),
        name: w.t("Ana Kovač"),
        email: w.t("ana@halden.example"),
        roles: vec![(w.t("agent in Repairs & service"), w.t("take, note, pass on, answer, resolve"))],
        sessions: vec![
            SessionRow { id: 1, agent: w.t("Firefox on Linux"), seen: time(w, "now"), current: true },
            SessionRow {
                id: 2,
                agent: w.t("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"),
                seen: time(w, "3 days ago"),
                current: false,
            },
        ],
        has_password: true,
        wrong: None,
    }
}
