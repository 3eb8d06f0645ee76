//! The desk's rules on both stores. Each law concerned has a test that tries to break it.

mod corrections;
mod follow_ups;
mod handoffs;
mod inbox;
mod mails;
mod merging;
mod rights;
mod speed;
mod undoing;

use dandelion_post::Micros;
use serde_json::json;

use super::{CasePage, FollowUp, Found, State, Verdict, follow_up, open};
use crate::{
    Hub,
    log::Entry,
    scope::{Role, Viewer},
    store::{Value, q},
    testing::TestHub,
};

pub(crate) const HEAD: i64 = 1;
pub(crate) const REPAIRS: i64 = 2;
pub(crate) const RETAIL: i64 = 3;
pub(crate) const PRESS: i64 = 4;
/// A root of its own, below nobody.
pub(crate) const ELSEWHERE: i64 = 5;
const UNITS: [(i64, &str, Option<i64>); 5] = [
    (HEAD, "head", None),
    (REPAIRS, "repairs", Some(HEAD)),
    (RETAIL, "retail", Some(HEAD)),
    (PRESS, "press", Some(HEAD)),
    (ELSEWHERE, "elsewhere", None),
];

pub(crate) const ANA: i64 = 1;
pub(crate) const BEN: i64 = 2;
pub(crate) const RITA: i64 = 3;
pub(crate) const LEA: i64 = 4;
pub(crate) const VIC: i64 = 5;
pub(crate) const OTTO: i64 = 6;
/// Agents of Repairs, of Retail; a lead and a mere viewer of Repairs; an agent of the other organisation.
const MEMBERS: [(i64, &str, i64, Role); 6] = [
    (ANA, "ana", REPAIRS, Role::Agent),
    (BEN, "ben", REPAIRS, Role::Agent),
    (RITA, "rita", RETAIL, Role::Agent),
    (LEA, "lea", REPAIRS, Role::Lead),
    (VIC, "vic", REPAIRS, Role::Viewer),
    (OTTO, "otto", ELSEWHERE, Role::Agent),
];

pub(crate) const MINUTE: Micros = 60_000_000;
pub(crate) const HOUR: Micros = 60 * MINUTE;

/// A small organisation, open day and night, that promises a first answer in 4 hours, the next in 8, a solution in
/// 72 and an acceptance in 1; and ways to put posts and cases into it.
pub(crate) struct Fixture<'a> {
    pub(crate) hub: &'a TestHub,
}

/// A case of the fixture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) id: i64,
    pub(crate) author: i64,
    pub(crate) thread: i64,
    pub(crate) post: i64,
}

/// Who speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Speaker {
    /// A known author.
    Author(i64),
    /// An account of ours.
    Us,
}

impl<'a> Fixture<'a> {
    pub(crate) async fn new(hub: &'a TestHub) -> Self {
        let mut tx = hub.tx().await;
        for (id, key, parent) in UNITS {
            let sql = "insert into units (id, key, name, kind, parent_id, languages, takes_unroutable, position)
                values ($1, $2, $3, $4, $5, '[]', $6, $1)";
            let kind = if parent.is_none() { "hub" } else { "spoke" };
            let name = format!("Unit {key}");
            tx.run(q!(sql, id, key, name, kind, parent, id == HEAD)).await.unwrap();
        }
        for (id, key, unit, role) in MEMBERS {
            let sql = "insert into members (id, key, name, email, created_at) values ($1, $2, $3, $2, 0)";
            tx.run(q!(sql, id, key, format!("{}{}", key[..1].to_uppercase(), &key[1..]))).await.unwrap();
            let sql = "insert into member_roles (member_id, unit_id, role) values ($1, $2, $3)";
            tx.run(q!(sql, id, unit, role.as_str())).await.unwrap();
        }
        for (kind, hours) in [("first_response", 4_i64), ("next_response", 8), ("resolution", 72), ("acceptance", 1)] {
            let sql = "insert into promises (unit_id, kind, minutes) values (null, $1, $2)";
            tx.run(q!(sql, kind, hours * 60)).await.unwrap();
        }
        for sql in [
            "insert into products (id, key, name, aliases, unit_id, competitor) values (1, 'k2', 'Kettle K2', '[]', 2, false)",
            "insert into topics (id, key, name, words, unit_id) values (1, 'leak', 'Leaks', '[]', 2)",
            "insert into sources (id, key, name, kind, network, config, cursor, created_at)
             values (1, 's', 's', 'webhook', 'demo', '{}', '{}', 0)",
            "insert into handles (id, key, network, name, unit_id, purpose, config)
             values (1, 'care', 'demo', '@acme_care', 2, 'care', '{}')",
        ] {
            tx.run(q!(sql)).await.unwrap();
        }
        tx.log(Entry::new("unit.made", "unit", HEAD));
        tx.commit().await.unwrap();
        Self { hub }
    }

    pub(crate) async fn author(&self, handle: &str) -> i64 {
        let mut tx = self.hub.tx().await;
        let id = tx.id("authors").await.unwrap();
        let sql = "insert into authors (id, network, remote_key, handle, ours, seen_at) values ($1, 'demo', $2, $2, false, 0)";
        tx.run(q!(sql, id, handle)).await.unwrap();
        tx.log(Entry::new("author.seen", "author", id));
        tx.commit().await.unwrap();
        id
    }

    async fn post_in(&self, tx: &mut crate::Tx, thread: i64, by: Speaker, text: &str, at: Micros) -> i64 {
        let id = tx.id("posts").await.unwrap();
        let (author, ours) = match by {
            Speaker::Author(author) => (Some(author), false),
            Speaker::Us => (None, true),
        };
        let sql =
            "insert into posts (id, network, remote_id, source_id, author_id, thread_id, text, created_at, received_at,
              revision, digest, links, media, extra, ours)
            values ($1, 'demo', $2, 1, $3, $4, $5, $6, $7, 1, $8, '[]', '[]', '{}', $9)";
        let now = tx.now();
        tx.run(q!(sql, id, format!("r{id}"), author, thread, text, at, now, vec![0_u8], ours)).await.unwrap();
        id
    }

    /// A case of a unit, opened now by a new post of an author.
    pub(crate) async fn case(&self, unit: i64, author: i64, text: &str) -> Made {
        let mut tx = self.hub.tx().await;
        let (id, thread, now) = (tx.id("cases").await.unwrap(), tx.id("threads").await.unwrap(), tx.now());
        tx.run(q!("insert into threads (id, network) values ($1, 'demo')", thread)).await.unwrap();
        let post = self.post_in(&mut tx, thread, Speaker::Author(author), text, now).await;
        let sql = "insert into cases (id, unit_id, state, title, author_id, network, language, sentiment, intents, risks, urgency,
              products, topics, route, opened_at, last_post_at, asked_at, asks, version)
            values ($1, $2, 'open', $3, $4, 'demo', 'en', 'negative', ',complaint,', '', 1, '', '', 'test', $5, $5, $5, 1, 1)";
        tx.run(q!(sql, id, unit, text, author, now)).await.unwrap();
        tx.run(q!("insert into case_threads (thread_id, case_id) values ($1, $2)", thread, id)).await.unwrap();
        let mention = tx.id("mentions").await.unwrap();
        let sql = "insert into mentions (id, post_id, reason, case_id, at) values ($1, $2, 'query', $3, $4)";
        tx.run(q!(sql, mention, post, id, now)).await.unwrap();
        let engine = self.hub.engine().await.unwrap();
        let held = super::held::hold(&mut tx, id).await.unwrap();
        super::target::start_all(&mut tx, &engine.org, &held, unit, now).await.unwrap();
        super::target::sync(&mut tx, id).await.unwrap();
        tx.log(Entry::new("case.opened", "case", id).unit(unit));
        tx.commit().await.unwrap();
        Made { id, author, thread, post }
    }

    /// A new author's case.
    pub(crate) async fn fresh(&self, unit: i64, text: &str) -> Made {
        let author = self.author(&format!("@{}", self.hub.random.u64())).await;
        self.case(unit, author, text).await
    }

    /// Somebody posts in the case's thread, `at` a moment; `fixed` is what the words say, if anything.
    pub(crate) async fn says_at(&self, case: Made, by: Speaker, fixed: Option<bool>, at: Micros) -> i64 {
        let engine = self.hub.engine().await.unwrap();
        let mut tx = self.hub.tx().await;
        let post = self.post_in(&mut tx, case.thread, by, "further words", at).await;
        let verdict = fixed.map(|fixed| Verdict { fixed, words: "words".into() });
        let (author_id, ours) = match by {
            Speaker::Author(author) => (Some(author), false),
            Speaker::Us => (None, true),
        };
        let up = FollowUp { post_id: post, author_id, ours, at, verdict };
        follow_up(&mut tx, &engine.org, case.id, &up).await.unwrap();
        tx.commit().await.unwrap();
        post
    }

    /// As [`Fixture::says_at`], a minute from now.
    pub(crate) async fn says(&self, case: Made, by: Speaker, fixed: Option<bool>) -> i64 {
        self.hub.clock.advance(MINUTE);
        self.says_at(case, by, fixed, self.hub.now()).await
    }

    /// Our reply is confirmed sent, a minute from now.
    pub(crate) async fn we_answer(&self, case: Made) {
        self.hub.clock.advance(MINUTE);
        let engine = self.hub.engine().await.unwrap();
        let mut tx = self.hub.tx().await;
        let now = tx.now();
        super::replied(&mut tx, &engine.org, case.id, 1, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// An analysis of a post by some version.
    pub(crate) async fn analysed(&self, post: i64, version: &str, sentiment: &str, risks: &[&str], urgency: i64) {
        let one = |value: &str| json!({ "value": value, "score": 1.0, "reasons": [] });
        let risks: Vec<_> = risks.iter().map(|risk| one(risk)).collect();
        let body = json!({ "version": version, "language": one("en"), "sentiment": one(sentiment), "intents": [one("complaint")],
            "urgency": one(&urgency.to_string()), "risks": risks, "products": [], "topics": [],
            "influence": { "total": 0, "terms": [] } });
        let mut tx = self.hub.tx().await;
        let id = tx.id("analyses").await.unwrap();
        let row: Vec<Value> =
            vec![id.into(), post.into(), 1_i64.into(), version.into(), 0_i64.into(), body.to_string().into()];
        tx.insert("analyses", &["id", "post_id", "revision", "version", "at", "body"], vec![row], "").await.unwrap();
        tx.log(Entry::new("analysis.made", "post", post));
        tx.commit().await.unwrap();
    }

    /// The page as a member sees it.
    pub(crate) async fn page(&self, viewer: &Viewer, case: i64) -> CasePage {
        match open(self.hub, viewer, case).await.unwrap() {
            Found::Here(page) => *page,
            Found::Moved(into) => panic!("case {case} moved into {into}"),
        }
    }

    /// State, owner, since when somebody waits, how often they asked.
    pub(crate) async fn stands(&self, case: i64) -> (State, i64, Option<Micros>, i64) {
        let sql = "select state, unit_id, asked_at, asks from cases where id = $1";
        let row = self.hub.db.one(q!(sql, case)).await.unwrap();
        let state = row.get::<String, _>("state").unwrap().parse().unwrap();
        (state, row.get("unit_id").unwrap(), row.get("asked_at").unwrap(), row.get("asks").unwrap())
    }

    /// Claims of a case that hold, as `kind grade`.
    pub(crate) async fn claims(&self, case: i64) -> Vec<String> {
        let rows = crate::outcome::of_case(self.hub, case).await.unwrap();
        let held = rows.into_iter().filter(|row| row.void_at.is_none());
        held.map(|row| format!("{} {}", row.kind.as_str(), row.grade)).collect()
    }

    /// The newest event of a case.
    pub(crate) async fn newest_event(&self, case: i64) -> i64 {
        crate::log::of(&self.hub.db, "case", case).await.unwrap().last().unwrap().id
    }
}

/// A member of the fixture with their one role.
pub(crate) fn viewer(member: i64) -> Viewer {
    let (_, key, unit, role) = MEMBERS[member as usize - 1];
    as_role(member, key, unit, role)
}

/// Somebody with any one role.
pub(crate) fn as_role(member: i64, name: &str, unit: i64, role: Role) -> Viewer {
    Viewer::new(member, name.into(), &[(unit, role)], &UNITS.map(|(id, _, parent)| (id, parent)))
}

/// The chain holds and nothing is written without an event; every living case has one unit, every merged one leads on.
pub(crate) async fn whole(hub: &Hub) {
    assert!(matches!(crate::log::verify(&hub.db).await.unwrap(), crate::log::Chain::Whole(_)));
    let sql = "select count(*) as n from cases c where not exists (select 1 from units u where u.id = c.unit_id)
        or (c.state = 'merged') <> (c.merged_into is not null) or (c.state = 'resolved') <> (c.closed_at is not null)
        or (c.state = 'resolved') <> (c.resolution is not null) or (c.state = 'snoozed') <> (c.snoozed_until is not null)
        or (c.due_at is not null) <> exists (
          select 1 from targets t where t.case_id = c.id and t.met_at is null and t.cancelled_at is null)";
    assert_eq!(hub.db.one(q!(sql)).await.unwrap().get::<i64, _>("n").unwrap(), 0, "a case contradicts its records");
}
