//! What `dandelion check` looks at: the chain of events, the accounting of every source, and references.

use crate::{
    Hub, Result,
    log::{self, Chain},
    source,
    store::{Q, q},
};

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What was looked at, in words.
    pub what: &'static str,
    /// How it stands, in words.
    pub says: String,
    /// Whether it is as it must be.
    pub ok: bool,
}

/// References that must hold: what, and SQL that gives the id of the first row where it does not.
const REFERENCES: &[(&str, &str)] = &[
    (
        "every case has exactly one owner unit",
        "select c.id from cases c left join units u on u.id = c.unit_id where u.id is null order by c.id limit 1",
    ),
    (
        "every open case has a thread",
        "select c.id from cases c where c.state <> 'merged' and not exists (select 1 from case_threads t where t.case_id = c.id) order by c.id limit 1",
    ),
    (
        "every mention has its post, and its case where it is in one",
        "select m.id from mentions m left join posts p on p.id = m.post_id left join cases c on c.id = m.case_id
         where p.id is null or (c.id is null and m.case_id is not null) order by m.id limit 1",
    ),
    (
        "every mention that opened no case was counted by a back-fill",
        "select m.id from mentions m where m.case_id is null and not exists (
           select 1 from backfills b where b.choice = 'mentions' and b.started_at <= m.at) order by m.id limit 1",
    ),
    (
        "every mark stands on a post, and the mention says the same",
        "select k.id from marks k left join posts p on p.id = k.post_id left join mentions m on m.post_id = k.post_id
         where p.id is null or m.id is null or (k.undone_at is null and (m.off_at is null) <> k.about_us) order by k.id limit 1",
    ),
    (
        "every mention that is off has its mark",
        "select m.id from mentions m where m.off_at is not null and not exists (
           select 1 from marks k where k.post_id = m.post_id and k.undone_at is null and not k.about_us) order by m.id limit 1",
    ),
    (
        "every print has its post, and every key its print",
        "select g.post_id as id from prints g left join posts p on p.id = g.post_id where p.id is null or p.deleted_at is not null
         union all select k.post_id from near_keys k left join prints g on g.post_id = k.post_id where g.post_id is null limit 1",
    ),
    (
        "every back-fill has its query, and none that ended holds posts",
        "select b.id from backfills b left join queries q on q.id = b.query_id where q.id is null
           or (b.ended_at is not null and exists (select 1 from backfill_posts f where f.backfill_id = b.id))
           or ((b.ended_at is null) <> (b.state in ('looking', 'found', 'making'))) order by b.id limit 1",
    ),
    (
        "every group of queries has its queries and its unit",
        "select g.id from query_groups g left join units u on u.id = g.unit_id where u.id is null
           or exists (select 1 from query_group_queries gq left join queries q on q.id = gq.query_id where gq.group_id = g.id and q.id is null)
         order by g.id limit 1",
    ),
    (
        "every mention was analysed",
        "select m.id from mentions m where not exists (select 1 from analyses a where a.post_id = m.post_id) order by m.id limit 1",
    ),
    (
        "every post has its thread, and none in a merged one",
        "select p.id from posts p left join threads t on t.id = p.thread_id where t.id is null or t.merged_into is not null order by p.id limit 1",
    ),
    ("every outcome has its evidence", "select o.id from outcomes o where o.evidence = '' order by o.id limit 1"),
    (
        "every reply past its draft has a record of how it came there",
        "select r.id from replies r where r.state <> 'draft' and not exists (select 1 from reply_steps s where s.reply_id = r.id) order by r.id limit 1",
    ),
    (
        "nothing was published without an attempt on record",
        "select r.id from replies r where r.state = 'sent' and r.attempts > 0 and not exists (select 1 from reply_attempts a where a.reply_id = r.id) order by r.id limit 1",
    ),
    (
        "every answer of a shadow has its model and its post",
        "select s.post_id as id from shadow_answers s left join models m on m.id = s.model_id left join posts p on p.id = s.post_id
         where m.id is null or p.id is null or m.file is null order by s.post_id limit 1",
    ),
    (
        "every model in use has its head",
        "select id from models where state in ('in-use', 'shadow') and file is null order by id limit 1",
    ),
];

/// Looks at everything; the first finding that is not `ok` is the first thing to mend.
pub async fn run(hub: &Hub) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    findings.push(match log::verify(&hub.db).await? {
        Chain::Whole(count) => {
            Finding { what: "the log", says: format!("{count} events, each following from the one before"), ok: true }
        }
        Chain::Broken { id, why } => {
            Finding { what: "the log", says: format!("broken at event {id}: {why}"), ok: false }
        }
    });
    let (what, whole) = ("the accounting of every source", "seen = stored + duplicate + refused everywhere");
    findings.push(match source::check_accounting(hub).await? {
        None => Finding { what, says: whole.into(), ok: true },
        Some(says) => Finding { what, says, ok: false },
    });
    for (what, sql) in REFERENCES {
        findings.push(match hub.db.opt(q!(sql)).await? {
            None => Finding { what, says: "holds".into(), ok: true },
            Some(row) => {
                Finding { what, says: format!("broken first at number {}", row.get::<i64, _>("id")?), ok: false }
            }
        });
    }
    // Both counts in one statement: it sees one moment, while others go on storing.
    let index = if hub.db.is_postgres() { "post_words" } else { "post_words_docsize" };
    let sql = format!(
        "select (select count(*) from posts where deleted_at is null) as posts, (select count(*) from {index}) as words"
    );
    let row = hub.db.one(Q::of(sql)).await?;
    let (posts, words): (i64, i64) = (row.get("posts")?, row.get("words")?);
    let says = format!("{words} of {posts} posts indexed");
    findings.push(Finding { what: "the search index", says, ok: posts == words });
    Ok(findings)
}
