//! Home on a full day and on the first one.

use dandelion_web::view::home::{First, Funnel, Home, Step};
use dandelion_web::view::{Place, Sentence};

use super::{Words, print, shell};

pub fn pages(w: &Words) -> Vec<(&'static str, String)> {
    vec![("home", print(&full(w))), ("home-empty", print(&empty(w)))]
}

fn full(w: &Words) -> Home {
    let s = Sentence::new;
    let step = |label: &str, count: i64, href: &str| Step { label: w.t(label), count, href: w.t(href) };
    Home {
        shell: shell(w, Place::Home, "Home"),
        greeting: w.t("Good morning, Ana. Four people wait for Repairs; the longest since yesterday, 16:10."),
        today: vec![
            s().link(w.t("212 posts"), "/search?since=today")
                .text(w.t(" were heard today; "))
                .link(w.t("14"), "/desk?view=all")
                .text(w.t(" became cases, "))
                .link(w.t("3 for Repairs"), "/desk")
                .text("."),
            s().link(w.t("9 replies"), "/search?kind=replies").text(w.t(" went out, each confirmed by its network.")),
        ],
        came: (
            w.t("What came of the last 7 days"),
            vec![
                s().link(w.t("61 issues"), "/results?kind=passed")
                    .text(w.t(" reached the department that could fix them; "))
                    .link(w.t("9"), "/results?kind=bounced")
                    .text(w.t(" bounced, most from Retail North to the wrong service centre.")),
                s().link(w.t("38 customers"), "/results?kind=confirmed")
                    .text(w.t(" told us that it is fixed. "))
                    .link(w.t("11 cases"), "/results?kind=claimed")
                    .text(w.t(" were closed on silence, which counts as nothing.")),
            ],
        ),
        funnel: Some(Funnel {
            title: w.t("What became of 1,204 posts about us, last 30 days."),
            note: w.t("18,402 were heard. Most is lost between accepted and resolved."),
            steps: vec![
                step("about us", 1204, "/search"),
                step("for a department", 311, "/desk?view=all"),
                step("accepted", 268, "/results?kind=passed"),
                step("resolved", 190, "/results?kind=claimed"),
                step("confirmed", 143, "/results?kind=confirmed"),
            ],
        }),
        first: Some(First {
            text: Sentence::plain(w.t(
                "Jonas Thiel asks whether his kettle is safe. Legal has approved a wording. Reply due in 22 minutes.",
            )),
            label: w.t("Open case 4127"),
            href: "/cases/4127".to_owned(),
        }),
        called: vec![
            s().strong(w.t("Mirna Jurić"))
                .text(w.t(" called you to "))
                .link(w.t("My kettle leaks at the handle"), "/cases/4131")
                .text(w.t(": “@ana is this the seal again?”, 9:12.")),
        ],
        waits: vec![
            s().text(w.t("Offered to Repairs: ")).link(w.t("3"), "/desk?view=offered"),
            s().text(w.t("Waiting for approval by Legal: "))
                .link(w.t("1"), "/desk?view=approve")
                .text(w.t(", expires 10:30")),
            s().text(w.t("Sent, not confirmed by Demo network: "))
                .link(w.t("1"), "/cases/4135")
                .text(w.t(". Look before you send again.")),
        ],
        trouble: vec![
            s().link(w.t("Kitchen blogs"), "/sources/4")
                .text(w.t(" has not been read for 3 h: the server answers 503. We try again at 10:40.")),
        ],
    }
}

fn empty(w: &Words) -> Home {
    Home {
        shell: shell(w, Place::Home, "Home"),
        greeting: w.t("Good morning, Ana. Nobody waits for Repairs."),
        came: (w.t("What came of the last 7 days"), vec![]),
        first: Some(First {
            text: Sentence::plain(w.t(
                "Nothing is being read yet. Connect a feed, a file or a webhook, and what people say comes in here.",
            )),
            label: w.t("Connect a source"),
            href: "/sources/new".to_owned(),
        }),
        ..Home::default()
    }
}
