//! Every address × who asks × whose unit: the one table of who may do what. A route without a line here fails the test.

mod pages;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode, header};
use dandelion_hub::{
    actor, backfill,
    case::{self, Judged},
    intake::{self, Item},
    log::Actor,
    mark,
    member::{self, api_token, invitation},
    model::{self, label},
    query, reanalysis, reply,
    scope::Role,
    source::{self, Kind, NewSource},
    voice,
};
use dandelion_networks::activitypub;
use dandelion_post::Post;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use self::pages::PAGES;
use crate::support::{Browser, Installation, PRESS, REPAIRS};

/// Who asks, in the order of the columns: nobody; the lead of another unit; a viewer, an agent and the lead of the unit
/// concerned; the administrator of everything.
const WHO: [&str; 6] = ["", "pia", "vic", "ana", "lea", "root"];

/// What must have happened first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// A case of the unit, with a post, a note that calls nobody, and a drafted reply.
    Case,
    /// As well: offered to the other unit.
    Offered,
    /// As well: the other unit was told.
    Told,
    /// As well: put aside.
    Snoozed,
    /// As well: resolved.
    Resolved,
    /// As well: a correction.
    Corrected,
    /// As well: the source was paused.
    Paused,
    /// As well: a note calls the lead.
    Called,
    /// As well: the reply was submitted to the approvers of the head office.
    Submitted,
    /// As well: a second query began to run over what is stored.
    Filling,
    /// As well: that rests.
    Resting,
    /// As well: it found something and waits for a decision.
    Finding,
    /// As well: a group of queries.
    Grouped,
    /// As well: the post is marked as not about us.
    Marked,
    /// As well: the unit asks a question of its own.
    Labelled,
    /// As well: a head is being trained.
    Learning,
    /// As well: it was trained, and answers as a shadow.
    Trained,
    /// As well: it took over.
    Used,
    /// As well: an account of our own on the fediverse follows somebody; it is the source.
    Following,
    /// As well: stored posts are judged anew.
    Anew,
    /// As well: that rests.
    AnewResting,
}

/// One line: method, address, body, what happened first, and what each of [`WHO`] gets: `-` must sign in, `h` there is
/// no such thing (hidden), `f` forbidden, `o` done or shown, `.` not asked.
type Line = (&'static str, &'static str, Option<&'static str>, After, &'static str);

use After::{
    Anew, AnewResting, Called, Case, Corrected, Filling, Finding, Following, Grouped, Labelled, Learning, Marked,
    Offered, Paused, Resolved, Resting, Snoozed, Submitted, Told, Trained, Used,
};

/// Enough to learn from.
const EXAMPLES: &str = r#"{"unit":2,"question":"why","corrections":false,"examples":[
    {"text":"my money back","label":"money"},{"text":"money please","label":"money"},{"text":"refund money","label":"money"},
    {"text":"the money","label":"money"},{"text":"money again","label":"money"},{"text":"so late","label":"late"},
    {"text":"late again","label":"late"},{"text":"very late","label":"late"},{"text":"too late","label":"late"},
    {"text":"late late","label":"late"}]}"#;

const API: &[Line] = &[
    ("GET", "/me", None, Case, "-ooooo"),
    ("GET", "/units", None, Case, "-ooooo"),
    ("GET", "/units/{id}", None, Case, "-ooooo"),
    ("GET", "/units/{id}/rehearsal", None, Case, "-ffffo"),
    ("GET", "/members", None, Case, "-ooooo"),
    (
        "POST",
        "/members",
        Some(r#"{"name":"N","email":"n@example.org","roles":[{"unit":2,"role":"agent"}]}"#),
        Case,
        "-ffffo",
    ),
    ("GET", "/members/{id}", None, Case, "-ooooo"),
    ("PUT", "/members/{id}", Some(r#"{"name":"N","email":"n@example.org","roles":[]}"#), Case, "-ffffo"),
    ("PUT", "/members/{id}/disabling", None, Case, "-ffffo"),
    ("DELETE", "/members/{id}/disabling", None, Case, "-ffffo"),
    ("GET", "/handles", None, Case, "-ooooo"),
    ("GET", "/handles/{id}", None, Case, "-ooooo"),
    ("GET", "/handles/{id}/use", None, Case, "-ooooo"),
    ("PUT", "/handles/{id}/care", Some(r#"{"purpose":"care","owner":1}"#), Case, "-fffoo"),
    ("GET", "/tokens", None, Case, "-ooooo"),
    ("POST", "/tokens", Some(r#"{"name":"n","role":"viewer","scopes":["read"]}"#), Case, "-ooooo"),
    ("DELETE", "/tokens/{id}", None, Case, "-hhhho"),
    ("GET", "/cases", None, Case, "-ooooo"),
    ("GET", "/cases/counts", None, Case, "-ooooo"),
    ("GET", "/cases/{id}", None, Case, "-hoooo"),
    ("GET", "/cases/{id}", None, Offered, "-ooooo"),
    ("GET", "/cases/{id}", None, Told, "-ooooo"),
    ("PUT", "/cases/{id}/assignment", Some(r#"{"member":null}"#), Case, "-hfooo"),
    ("PUT", "/cases/{id}/assignment", Some(r#"{"member":null}"#), Told, "-ffooo"),
    ("POST", "/cases/{id}/notes", Some(r#"{"text":"a note"}"#), Case, "-hfooo"),
    ("POST", "/cases/{id}/notes", Some(r#"{"text":"a note"}"#), Told, "-ofooo"),
    ("POST", "/cases/{id}/handoffs", Some(r#"{"to":3,"reason":"yours"}"#), Case, "-hfooo"),
    ("POST", "/handoffs/{id}/acceptance", None, Offered, "-offfo"),
    ("POST", "/handoffs/{id}/bounce", Some(r#"{"reason":"not ours"}"#), Offered, "-offfo"),
    ("POST", "/handoffs/{id}/withdrawal", None, Offered, "-ffooo"),
    ("PUT", "/cases/{id}/watches/{unit}", Some(r#"{"reason":"for your eyes"}"#), Case, "-hfooo"),
    ("DELETE", "/cases/{id}/watches/{unit}", None, Told, "-ofooo"),
    ("POST", "/cases/{id}/resolution", Some(r#"{"kind":"spam","why":"it is"}"#), Case, "-hfooo"),
    ("POST", "/cases/{id}/reopening", Some(r#"{"reason":"it is not"}"#), Resolved, "-hfooo"),
    ("PUT", "/cases/{id}/snooze", Some(r#"{"until":"2026-03-09T09:00:00Z"}"#), Case, "-hfooo"),
    ("DELETE", "/cases/{id}/snooze", None, Snoozed, "-hfooo"),
    ("POST", "/cases/{id}/corrections", Some(r#"{"post":1,"judgement":"urgency","value":1}"#), Case, "-hfooo"),
    ("DELETE", "/cases/{id}/corrections/{correction}", None, Corrected, "-hfooo"),
    ("POST", "/undo", Some(r#"{"event":EVENT}"#), Resolved, "-hfo.."),
    ("GET", "/pings", None, Called, "-ooooo"),
    ("PUT", "/pings/{note}/seen", None, Called, "-hhhoh"),
    ("GET", "/replies", None, Case, "-ooooo"),
    ("GET", "/cases/{id}/replies", None, Case, "-ooooo"),
    ("POST", "/cases/{id}/replies", Some(r#"{"handle":1,"text":"hello"}"#), Case, "-hfooo"),
    ("GET", "/replies/{id}", None, Case, "-hoooo"),
    ("PUT", "/replies/{id}/text", Some(r#"{"version":1,"text":"other words"}"#), Case, "-hfooo"),
    ("GET", "/replies/{id}/steps", None, Case, "-hoooo"),
    ("GET", "/replies/{id}/attempts", None, Case, "-hoooo"),
    ("POST", "/replies/{id}/submission", Some(r#"{"version":1}"#), Case, "-hfooo"),
    ("POST", "/replies/{id}/approval", Some(r#"{"version":1}"#), Submitted, "-hfffo"),
    ("POST", "/replies/{id}/changes", Some(r#"{"version":1,"why":"shorter"}"#), Submitted, "-hfffo"),
    ("POST", "/replies/{id}/rejection", Some(r#"{"version":1,"why":"no"}"#), Submitted, "-hfffo"),
    ("POST", "/replies/{id}/queueing", Some(r#"{"version":1}"#), Case, "-hfooo"),
    ("POST", "/replies/{id}/cancellation", Some("{}"), Case, "-hfooo"),
    ("POST", "/replies/{id}/release", None, Case, "-hfooo"),
    ("POST", "/replies/{id}/verdict", Some(r#"{"verdict":"leave_unsent"}"#), Case, "-hfooo"),
    ("GET", "/replies/{id}/corrections", None, Case, "-hoooo"),
    ("POST", "/replies/{id}/corrections", Some(r#"{"version":1,"text":"other words"}"#), Case, "-hfooo"),
    ("POST", "/replies/{id}/withdrawal", Some("{}"), Case, "-hfooo"),
    ("GET", "/posts", None, Case, "-ooooo"),
    ("GET", "/queries", None, Case, "-ooooo"),
    ("POST", "/queries", Some(r#"{"unit":2,"name":"N","text":"kettle"}"#), Case, "-fffoo"),
    ("GET", "/queries/{id}", None, Case, "-ooooo"),
    ("PUT", "/queries/{id}", Some(r#"{"text":"kettle OR pot","version":1}"#), Case, "-fffoo"),
    ("DELETE", "/queries/{id}", None, Case, "-fffoo"),
    ("GET", "/queries/{id}/versions", None, Case, "-ooooo"),
    ("POST", "/queries/rehearsals", Some(r#"{"text":"kettle"}"#), Case, "-ooooo"),
    ("GET", "/backfills", None, Case, "-ooooo"),
    ("POST", "/queries/{id}/backfills", Some("{}"), Case, "-fffoo"),
    ("GET", "/backfills/{id}", None, Filling, "-ooooo"),
    ("PUT", "/backfills/{id}/pause", None, Filling, "-fffoo"),
    ("DELETE", "/backfills/{id}/pause", None, Resting, "-fffoo"),
    ("POST", "/backfills/{id}/abandonment", None, Filling, "-fffoo"),
    ("POST", "/backfills/{id}/decision", Some(r#"{"choice":"leave"}"#), Finding, "-fffoo"),
    ("GET", "/queries/{id}/precision", None, Case, "-ooooo"),
    ("PUT", "/posts/{id}/mark", Some(r#"{"about_us":false}"#), Case, "-ffooo"),
    ("DELETE", "/posts/{id}/mark", None, Marked, "-ffooo"),
    ("GET", "/voice", None, Case, "-ooooo"),
    ("GET", "/models", None, Case, "-ooooo"),
    ("POST", "/models", Some(EXAMPLES), Case, "-fffoo"),
    ("GET", "/models/program", None, Case, "-ooooo"),
    ("GET", "/models/active", None, Case, "-ffooo"),
    ("GET", "/models/{id}", None, Trained, "-ooooo"),
    ("PUT", "/models/{id}/use", None, Trained, "-fffoo"),
    ("PUT", "/models/{id}/retirement", None, Trained, "-fffoo"),
    ("POST", "/models/{id}/rollback", None, Used, "-fffoo"),
    ("DELETE", "/models/{id}/training", None, Learning, "-fffoo"),
    ("GET", "/judgements", None, Case, "-ooooo"),
    ("GET", "/label-sets", None, Case, "-ooooo"),
    ("POST", "/label-sets", Some(r#"{"unit":2,"key":"reason","name":"R","labels":["a","b"]}"#), Case, "-fffoo"),
    ("PUT", "/label-sets/{id}", Some(r#"{"name":"R","labels":["a","b","c"]}"#), Labelled, "-fffoo"),
    ("DELETE", "/label-sets/{id}", None, Labelled, "-fffoo"),
    ("POST", "/cases/{id}/answers", Some(r#"{"post":1,"question":"urgency","value":1}"#), Case, "-hfooo"),
    ("GET", "/reanalyses", None, Case, "-ooooo"),
    ("POST", "/reanalyses", Some(r#"{"unit":2}"#), Case, "-fffoo"),
    ("GET", "/reanalyses/{id}", None, Anew, "-ooooo"),
    ("PUT", "/reanalyses/{id}/pause", None, Anew, "-fffoo"),
    ("DELETE", "/reanalyses/{id}/pause", None, AnewResting, "-fffoo"),
    ("POST", "/reanalyses/{id}/abandonment", None, Anew, "-fffoo"),
    ("GET", "/sources", None, Case, "-ooooo"),
    ("POST", "/sources", Some(r#"{"name":"N","kind":"webhook","unit":2}"#), Case, "-fffoo"),
    ("GET", "/sources/{id}", None, Case, "-ooooo"),
    ("PUT", "/sources/{id}/pause", Some(r#"{"why":"rest"}"#), Case, "-fffoo"),
    ("DELETE", "/sources/{id}/pause", None, Paused, "-fffoo"),
    ("GET", "/sources/{id}/secrets", None, Case, "-fffoo"),
    ("POST", "/sources/{id}/secrets", None, Case, "-fffoo"),
    ("DELETE", "/sources/{id}/secrets/{secret}", None, Case, "-fffoo"),
    ("GET", "/sources/{id}/refusals", None, Case, "-ooooo"),
    ("GET", "/sources/{id}/follows", None, Following, "-ooooo"),
    ("POST", "/sources/{id}/follows", Some(r#"{"account":"kettles"}"#), Following, "-fffoo"),
    ("DELETE", "/sources/{id}/follows/{follow}", None, Following, "-fffoo"),
    (
        "POST",
        "/refusals/{id}/retry",
        Some(r#"{"mended":"{\"id\":\"2\",\"text\":\"now with words\"}"}"#),
        Case,
        "-fffoo",
    ),
    ("GET", "/outcomes", None, Case, "-ooooo"),
    ("GET", "/outcomes/sums", None, Case, "-ooooo"),
    ("GET", "/events", None, Case, "-ooooo"),
    ("GET", "/events/{id}", None, Case, "-hhhho"),
];

/// Addresses outside the API, and who may ask: `public`, or `signed` for everybody who is signed in, each seeing their
/// own. What a page shows of whose unit is the same as in the API: both ask the hub with the same viewer.
const OTHERS: &[(&str, &str, &str)] = &[
    ("GET", "/livez", "public"),
    ("GET", "/readyz", "public"),
    ("GET", "/metrics", "machine"),
    ("GET", "/live", "signed"),
    ("GET", "/robots.txt", "public"),
    ("GET", "/favicon.ico", "public"),
    ("GET", "/assets/{version}/{*name}", "public"),
    ("GET", "/docs/api", "public"),
    ("GET", "/openapi.json", "public"), // below /api/v1
    // Handshakes: what a network asks before it sends.
    ("GET", "/hooks/{source}", "signature"),
    ("POST", "/hooks/{source}", "signature"),
    ("GET", "/hooks/websub/{path}", "signature"),
    ("POST", "/hooks/websub/{path}", "signature"),
    // What other servers of the fediverse see of our actors.
    ("GET", "/.well-known/webfinger", "public"),
    ("GET", "/oauth/client-metadata.json", "public"),
    ("GET", "/oauth/jwks.json", "public"),
    ("GET", "/.well-known/nodeinfo", "public"),
    ("GET", "/nodeinfo/2.1", "public"),
    ("GET", "/actors/{name}", "public"),
    ("GET", "/actors/{name}/outbox", "public"),
    ("GET", "/actors/{name}/followers", "public"),
    ("GET", "/actors/{name}/following", "public"),
    ("GET", "/actors/{name}/posts/{key}", "public"),
    ("POST", "/actors/{name}/inbox", "signature"),
    ("POST", "/inbox", "signature"),
    ("GET", "/session/new", "public"),
    ("POST", "/session", "public"),
    ("POST", "/session/end", "public"),
    ("GET", "/session/once/{token}", "public"),
    ("POST", "/session/once/{token}", "public"),
    ("GET", "/password/{token}", "public"),
    ("POST", "/password/{token}", "public"),
    ("GET", "/results", "signed"),
    ("GET", "/organisation", "signed"),
    ("GET", "/organisation/org.toml", "signed"),
    ("POST", "/organisation/import", "signed"),
    ("POST", "/organisation/order-numbers", "signed"),
    ("GET", "/units/{key}", "signed"),
    ("GET", "/members", "signed"),
    ("POST", "/members", "signed"),
    ("GET", "/members/{key}", "signed"),
    ("POST", "/members/{key}", "signed"),
    ("POST", "/members/{key}/disabling", "signed"),
    ("POST", "/members/{key}/enabling", "signed"),
    ("POST", "/members/{key}/password-link", "signed"),
    ("GET", "/handles", "signed"),
    ("GET", "/handles/{key}", "signed"),
    ("POST", "/handles/{key}", "signed"),
    ("GET", "/tokens", "signed"),
    ("POST", "/tokens", "signed"),
    ("POST", "/tokens/{id}/revocation", "signed"),
    ("GET", "/account", "signed"),
    ("POST", "/account/password", "signed"),
    ("POST", "/account/sessions/{id}/end", "signed"),
    ("POST", "/account/sessions/end", "signed"),
    ("GET", "/", "signed"),
    ("GET", "/posts", "signed"),
    ("GET", "/posts/{id}", "signed"),
    ("GET", "/media/{post}/{number}", "signed"),
    ("GET", "/avatars/{author}", "signed"),
    ("GET", "/handoffs", "signed"),
    ("GET", "/replies", "signed"),
    ("GET", "/setup", "public"),
    ("GET", "/setup/{token}", "public"),
    ("POST", "/setup/administrator", "public"),
    ("GET", "/setup/organisation", "signed"),
    ("POST", "/setup/organisation", "signed"),
    ("GET", "/setup/source", "signed"),
    ("POST", "/setup/source", "signed"),
    ("GET", "/setup/query", "signed"),
    ("POST", "/setup/query", "signed"),
    ("GET", "/setup/done", "signed"),
    ("GET", "/queries", "signed"),
    ("GET", "/queries/new", "signed"),
    ("GET", "/queries/{id}", "signed"),
    ("GET", "/queries/completions", "signed"),
    ("GET", "/sources", "signed"),
    ("GET", "/sources.opml", "signed"),
    ("GET", "/sources/new", "signed"),
    ("GET", "/sources/place", "signed"),
    ("GET", "/sources/{id}", "signed"),
    ("POST", "/queries", "signed"),
    ("POST", "/queries/{id}/archive", "signed"),
    ("GET", "/queries/{id}/precision", "signed"),
    ("GET", "/backfills", "signed"),
    ("GET", "/voice", "signed"),
    ("POST", "/refusals/{id}/retry", "signed"),
    ("POST", "/sources", "signed"),
    ("POST", "/sources/file", "signed"),
    ("POST", "/sources/place", "signed"),
    ("POST", "/sources/{id}/pause", "signed"),
    ("POST", "/sources/{id}/polling", "signed"),
    ("POST", "/sources/{id}/rereading", "signed"),
    ("POST", "/sources/{id}/resumption", "signed"),
    ("GET", "/oauth/callback", "signed"),
    ("POST", "/sources/{id}/sign-in", "signed"),
    ("POST", "/sources/{id}/sign-out", "signed"),
    ("POST", "/sources/{id}/secrets", "signed"),
    ("POST", "/sources/{id}/secrets/{secret}/end", "signed"),
];

#[test]
fn no_operation_is_missing_here() {
    let mut described = BTreeSet::new();
    for (path, item) in dandelion_web::api::description()["paths"].as_object().unwrap() {
        described.extend(item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let listed: BTreeSet<String> = API.iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    assert_eq!(listed, described, "say in tests/web/matrix.rs who may do it");
}

#[test]
fn no_route_is_missing_here() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    collect_routes(&source, &mut found);
    let mut listed: BTreeSet<String> = OTHERS.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    listed.extend(PAGES.iter().map(|(method, path, ..)| format!("{method} {path}")));
    assert_eq!(listed, found, "say in tests/web/matrix.rs who may ask");
}

/// Reads `.route("ADDRESS", get(…).post(…))` out of the sources: axum keeps no list that could be asked.
fn collect_routes(folder: &std::path::Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_routes(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for route in text.split(".route(").skip(1) {
            let Some((address, handlers)) = route.trim_start().trim_start_matches('"').split_once('"') else {
                continue;
            };
            let end = handlers.find(".route(").unwrap_or(handlers.len());
            let (mut depth, mut stop) = (1_i32, end);
            for (at, character) in handlers[..end].char_indices() {
                depth += i32::from(character == '(') - i32::from(character == ')');
                if depth == 0 {
                    stop = at;
                    break;
                }
            }
            for method in ["get", "post", "put", "delete", "patch"] {
                let named = |before: &str| handlers[..stop].contains(&format!("{before}{method}("));
                if named(" ") || named(".") || named("::") || named("\n") {
                    found.insert(format!("{} {address}", method.to_uppercase()));
                }
            }
        }
    }
}

/// Personal data that a customer wrote; nobody who only looks may read it anywhere.
const PRIVATE: [&str; 3] = ["901820", "mia@example.org", "4111 1111"];

#[tokio::test]
async fn whoever_only_looks_reads_no_personal_data_anywhere() {
    let at = Installation::without_passwords().await;
    let mut ids = prepare(&at, Case).await;
    ids.insert("handoff", 1);
    let text = "My kettle leaks, call +49 30 901820 or mia@example.org, card 4111 1111 1111 1111";
    let private = Post {
        id: "9".into(),
        title: Some(text.into()),
        text: text.into(),
        html: Some(format!("<p>{text}</p>")),
        ..Post::default()
    };
    let refused = Post { id: "10".into(), text: " ".into(), title: Some(text.into()), ..Post::default() };
    let items = vec![Item::post("9", private), Item::post("10", refused)];
    intake::receive(&at.hub, ids["source"], items).await.unwrap();
    let reads = API
        .iter()
        .map(|line| (format!("/api/v1{}", line.1), line.0))
        .chain(PAGES.iter().map(|line| (line.1.to_owned(), line.0)));
    let others = OTHERS
        .iter()
        .filter(|line| line.2 == "signed" && !line.1.contains("live"))
        .map(|line| (line.1.to_owned(), line.0));
    let case = 2; // the second that was opened
    let mut paths: Vec<String> =
        reads.chain(others).filter(|(_, method)| *method == "GET").map(|(path, _)| path).collect();
    paths.extend(["/search?q=kettle".into(), "/api/v1/posts?q=kettle".into(), format!("/desk?view=all&case={case}")]);
    let (mut programs, mut browsers) = (programs(&at).await, browsers(&at).await);
    let mut seen = [0; 2];
    for path in paths {
        let (prefix, plain) = path.strip_prefix("/api/v1").map_or(("", path.as_str()), |plain| ("/api/v1", plain));
        let path = format!("{prefix}{}", address(plain, &ids).replace("/cases/1", &format!("/cases/{case}")));
        for (place, who) in [(2, "vic"), (3, "ana")] {
            let asker = if path.starts_with("/api/") { &mut programs[place] } else { &mut browsers[place] };
            let answer = asker.get(&path).await;
            let found = PRIVATE.iter().filter(|private| answer.text.contains(**private)).count();
            seen[place - 2] += found;
            assert!(who == "ana" || found == 0, "{who} reads personal data on {path}: {}", answer.text);
        }
    }
    assert!(seen[1] > 20, "whoever works with customers reads what they wrote: {}", seen[1]);
}

/// What a line needs, made by the nouns themselves.
async fn prepare(at: &Installation, after: After) -> BTreeMap<&'static str, i64> {
    let by = || Actor::System("test");
    let viewer = |id: i64| member::viewer(&at.hub, id);
    let (ana, lea) = (viewer(2).await.unwrap(), viewer(4).await.unwrap());
    let new = NewSource {
        key: "shop".into(),
        name: "Shop".into(),
        kind: Kind::Webhook,
        network: "demo".into(),
        unit: Some(REPAIRS),
        url: None,
    };
    let source = source::add_as(&at.hub, by(), &new).await.unwrap().id;
    let secret = source::add_secret_as(&at.hub, by(), source).await.unwrap().id;
    query::add(&at.hub, &lea, REPAIRS, "Kettles", "kettle", "").await.unwrap();
    let post = |id: &str, text: &str| Post { id: id.into(), text: text.into(), ..Post::default() };
    let items = vec![Item::post("1", post("1", "My kettle leaks")), Item::post("2", post("2", " "))];
    let accounting = intake::receive(&at.hub, source, items).await.unwrap();
    assert_eq!((accounting.stored, accounting.refused), (1, 1));
    let case = 1;
    case::take(&at.hub, &ana, case).await.unwrap();
    let text = "We will repair it".to_owned();
    let reply = reply::New { case_id: case, post_id: None, handle_id: 1, text };
    let reply = reply::draft(&at.hub, &ana, &reply).await.unwrap().id;
    let mut ids = BTreeMap::from([("case", case), ("reply", reply), ("secret", secret), ("source", source)]);
    match after {
        Case => {}
        Offered => drop(ids.insert("handoff", case::offer(&at.hub, &ana, case, PRESS, "yours", None).await.unwrap())),
        Told => case::tell(&at.hub, &ana, case, PRESS, "for your eyes").await.unwrap(),
        Snoozed => case::snooze(&at.hub, &ana, case, at.hub.clock.now() + 3_600_000_000, None).await.unwrap(),
        Resolved => {
            case::resolve(&at.hub, &ana, case, case::Closing::Spam, "it is", None, None).await.unwrap();
            let event = case::undoable(&at.hub, &ana, case).await.unwrap().expect("a closing can be undone").event;
            ids.insert("event", event);
        }
        Corrected => {
            let made = case::correct(&at.hub, &ana, case, 1, Judged::Urgency, &json!(2)).await.unwrap();
            ids.insert("correction", made);
        }
        Paused => source::set_paused(&at.hub, by(), source, Some("rest")).await.unwrap(),
        Submitted => drop(reply::submit(&at.hub, &ana, reply, 1).await.unwrap()),
        Filling | Resting | Finding => {
            let pot = vec![Item::post("3", post("3", "My pot leaks"))];
            intake::receive(&at.hub, source, pot).await.unwrap();
            let pots = query::add(&at.hub, &lea, REPAIRS, "Pots", "pot", "").await.unwrap().id;
            let id = backfill::start(&at.hub, &lea, pots, None, None).await.unwrap().id;
            match after {
                Resting => backfill::pause(&at.hub, &lea, id).await.unwrap(),
                Finding => backfill::settle(&at.hub, id, std::time::Duration::from_secs(9)).await.unwrap(),
                _ => {}
            }
        }
        Marked => drop(mark::mark(&at.hub, &ana, 1, false).await.unwrap()),
        Grouped => {
            let draft = voice::Draft { name: "Us".into(), kind: voice::Kind::Ours, queries: vec![1] };
            voice::add(&at.hub, &lea, REPAIRS, &draft).await.unwrap();
        }
        Labelled => {
            let labels = ["a".to_owned(), "b".to_owned()];
            label::add(&at.hub, &lea, REPAIRS, "reason", "Reason", &labels).await.unwrap();
        }
        Learning | Trained | Used => {
            let examples: Value = serde_json::from_str(EXAMPLES).unwrap();
            let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
            let file = examples["examples"].as_array().unwrap().iter();
            let file = file.map(|one| (text(one, "text"), text(one, "label"))).collect();
            let source = model::Source { corrections: false, file };
            let id = model::start(&at.hub, &lea, REPAIRS, "why", source).await.unwrap().id;
            if after != Learning {
                assert!(model::step(&at.hub).await.unwrap());
            }
            if after == Used {
                model::take_over(&at.hub, &lea, id).await.unwrap();
            }
        }
        Following => {
            let base = at.app.config.public_url.clone();
            let new = actor::NewActor { name: "care".into(), label: String::new(), unit: REPAIRS };
            let ours = actor::make(&at.hub, by(), &base, &new).await.unwrap();
            let them = json!({ "id": "https://a.example/ana", "inbox": "https://a.example/ana/inbox" });
            let them = activitypub::Actor::read(&them).unwrap();
            let follow = actor::ask(&at.hub, by(), &ours, &them, "ana@a.example").await.unwrap();
            ids.extend([("source", ours.source.id), ("follow", follow.id)]);
        }
        Anew | AnewResting => {
            let id = reanalysis::start(&at.hub, &lea, REPAIRS, None).await.unwrap().id;
            if after == AnewResting {
                reanalysis::pause(&at.hub, &lea, id).await.unwrap();
            }
        }
        Called => drop(ids.insert("note", case::note(&at.hub, &ana, case, "@lea look").await.unwrap().id)),
    }
    ids
}

/// A program for each of [`WHO`], with a token that may do whatever they may.
async fn programs(at: &Installation) -> Vec<Browser> {
    let mut programs = Vec::new();
    for who in WHO {
        let mut program = at.browser();
        program.headers.insert(header::ACCEPT, "application/json".parse().unwrap());
        if !who.is_empty() {
            let id = member::by_key(&at.hub.db, who).await.unwrap().unwrap().id;
            let viewer = member::viewer(&at.hub, id).await.unwrap();
            let role = Role::ALL.into_iter().rev().find(|role| viewer.may_anywhere(*role)).unwrap();
            let made = api_token::make(&at.hub, &viewer, "t", role, api_token::Scope::ALL.into(), None).await.unwrap();
            program.headers.insert(header::AUTHORIZATION, format!("Bearer {}", made.0).parse().unwrap());
        }
        programs.push(program);
    }
    programs
}

/// A browser for each of [`WHO`], signed in, sending the token of its session with every form.
async fn browsers(at: &Installation) -> Vec<Browser> {
    let mut browsers = Vec::new();
    for who in WHO {
        let mut browser = at.browser();
        if !who.is_empty() {
            let id = member::by_key(&at.hub.db, who).await.unwrap().unwrap().id;
            let by = Actor::System("test");
            let once = invitation::make(&at.hub, by, invitation::Purpose::SignIn, Some(id)).await.unwrap();
            let started = invitation::sign_in(&at.hub, &once, "a test", None).await.unwrap();
            browser.cookies.insert("dandelion".into(), started.token);
            browser.headers.insert("x-csrf-token", browser.csrf(at).parse().unwrap());
        }
        browsers.push(browser);
    }
    browsers
}

fn address(path: &str, ids: &BTreeMap<&str, i64>) -> String {
    let noun = path.split('/').nth(1).unwrap();
    let id = match noun {
        "handoffs" => ids["handoff"],
        "replies" => ids["reply"],
        "sources" => ids["source"],
        "members" => 3, // Max of the press office, whom only the administrator of everything may change
        "tokens" => 5,  // the administrator's: tokens are made in the order of WHO
        _ => 1,         // the first event is of the organisation
    };
    let with = |path: String, name: &str, id: Option<&i64>| path.replace(name, &id.unwrap_or(&1).to_string());
    let path = with(path.replace("{id}", &id.to_string()), "{unit}", Some(&PRESS));
    let path = with(path, "{note}", ids.get("note"));
    let path = with(path, "{correction}", ids.get("correction"));
    let path = with(path, "{secret}", ids.get("secret"));
    let path = with(path, "{follow}", ids.get("follow"));
    match path.as_str() {
        "/desk/rows" => format!("{path}?ids=1"),
        "/models/active" => format!("{path}?unit=2&question=sentiment"),
        _ => path,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_what_is_not_theirs() {
    let api = API.iter().map(|line| (true, line));
    let all = api.chain(PAGES.iter().map(|line| (false, line)));
    let lines = futures_util::stream::iter(all).map(|(api, line)| tokio::spawn(walk(api, line))).buffered(8);
    let wrong: Vec<String> = lines.map(|wrong| wrong.unwrap()).concat().await;
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Asks one line as everybody, and says whose answer was not as written.
async fn walk(api: bool, (method, path, body, after, expected): &Line) -> Vec<String> {
    let at = Installation::without_passwords().await;
    let ids = prepare(&at, *after).await;
    let mut programs = if api { programs(&at).await } else { browsers(&at).await };
    let path = if api { format!("/api/v1{}", address(path, &ids)) } else { address(path, &ids) };
    let event = ids.get("event").copied().unwrap_or(0).to_string();
    let body = body.map(|body| body.replace("EVENT", &event));
    let method: Method = method.parse().unwrap();
    // Those who are refused first: what they try must change nothing for who may.
    let mut order: Vec<usize> = (0..WHO.len()).collect();
    order.sort_by_key(|who| expected.as_bytes()[*who] == b'o');
    let mut wrong = Vec::new();
    for who in order {
        let expects = expected.as_bytes()[who];
        if expects == b'.' {
            continue;
        }
        let kind = if api { "application/json" } else { "application/x-www-form-urlencoded" };
        let (kind, sent) = body.clone().map_or(("", String::new()), |body| (kind, body));
        let answer = programs[who].send(method.clone(), &path, kind, sent.into()).await;
        let got = match answer.status {
            StatusCode::UNAUTHORIZED => b'-',
            _ if answer.header(header::LOCATION).starts_with("/session/new") => b'-',
            StatusCode::NOT_FOUND => b'h',
            StatusCode::FORBIDDEN => b'f',
            status if status.is_server_error() => b'!',
            _ => b'o',
        };
        if got != expects {
            let (got, expects) = (char::from(got), char::from(expects));
            wrong.push(format!("{method} {path} as `{}`: {got} instead of {expects}: {}", WHO[who], answer.text));
        }
        if expects == b'o' && method != Method::GET {
            break; // done; the others would find it done already
        }
    }
    wrong
}

#[tokio::test]
async fn lists_hold_nothing_of_another_unit() {
    let at = Installation::without_passwords().await;
    prepare(&at, Resolved).await;
    let mut programs = programs(&at).await;
    let of = |who: &str| WHO.iter().position(|name| *name == who).unwrap();
    for path in ["/api/v1/cases", "/api/v1/cases/1/replies", "/api/v1/outcomes", "/api/v1/pings"] {
        let items = programs[of("pia")].get(path).await.json()["items"].clone();
        assert_eq!(items, json!([]), "{path}");
    }
    assert_eq!(programs[of("ana")].get("/api/v1/cases").await.json()["items"].as_array().unwrap().len(), 1);
    let posts = programs[of("pia")].get("/api/v1/posts").await.json();
    assert_eq!(
        (posts["items"][0]["text"].as_str(), &posts["items"][0]["case"]),
        (Some("My kettle leaks"), &Value::Null)
    );
    let events = programs[of("pia")].get("/api/v1/events?limit=200").await.json();
    let foreign = events["items"].as_array().unwrap().iter().filter(|event| event["unit"] != PRESS).count();
    assert_eq!(foreign, 0, "{events}");
    let counts = programs[of("pia")].get("/api/v1/cases/counts").await.json();
    assert_eq!(counts["units"].as_array().unwrap().len(), 1, "{counts}");
}

#[tokio::test]
async fn what_is_not_public_asks_to_sign_in() {
    let at = Installation::without_passwords().await;
    for (method, path, who) in OTHERS.iter().filter(|(.., who)| *who == "signed") {
        let path = path.replace("{id}", "1").replace("{key}", "repairs");
        let answer = at.browser().send(method.parse().unwrap(), &path, "", axum::body::Body::empty()).await;
        let asked = answer.status == StatusCode::UNAUTHORIZED
            || (answer.status == StatusCode::SEE_OTHER && answer.header(header::LOCATION).starts_with("/session/new"))
            || answer.status == StatusCode::UNSUPPORTED_MEDIA_TYPE;
        assert!(asked, "{who} {method} {path}: {} {}", answer.status, answer.text);
    }
}
