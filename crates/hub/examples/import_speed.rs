//! How fast the whole chain takes posts in (store, full text, match, analyse, route, cases, events), beside a bare
//! batched insert of the same rows and the same full-text index, in the same run.
//!
//! `cargo run --release -p dandelion-hub --example import_speed -- POSTS.tsv [postgres://…]`
//! prints one JSON line. The rows are repeated under other ids until there are 50,000.

use std::{path::Path, time::Instant};

use dandelion_hub::{
    Db, Hub,
    intake::Item,
    log::Actor,
    query,
    source::{self, Import, Kind, NewSource, Read},
    unit,
};
use dandelion_post::{Post, words::Words};
use sqlx::Connection as _;

const ROWS: usize = 50_000;

const ORG: &str = r#"
[organisation]
name = "Airlines"
time_zone = "America/New_York"
languages = ["en"]
[[hours]]
key = "office"
time_zone = "America/New_York"
week = { mon = ["08:00-18:00"], tue = ["08:00-18:00"], wed = ["08:00-18:00"], thu = ["08:00-18:00"], fri = ["08:00-18:00"] }
holidays = []
[[unit]]
key = "head"
name = "Head office"
kind = "hub"
hours = "office"
[[unit]]
key = "baggage"
name = "Baggage"
kind = "spoke"
parent = "head"
[[unit]]
key = "booking"
name = "Booking"
kind = "spoke"
parent = "head"
[[topic]]
key = "bags"
name = "Bags"
unit = "baggage"
words = ["bag*", "luggage", "suitcase"]
[[topic]]
key = "tickets"
name = "Tickets"
unit = "booking"
words = ["ticket*", "booking", "reservation*", "seat*"]
[targets]
first_response = "4h"
resolution = "3d"
"#;

const QUERIES: &str = r#"
[[query]]
name = "Our names"
unit = "head"
text = "@VirginAmerica OR @united OR @SouthwestAir OR @JetBlue OR @USAirways OR @AmericanAir"
[[query]]
name = "Bags"
unit = "baggage"
text = "(bag* OR luggage OR suitcase) AND (lost OR missing OR delayed OR broken)"
[[query]]
name = "Cancelled"
unit = "booking"
text = "flight AND (cancelled OR canceled OR late OR delayed) -weather"
"#;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("the path of a TSV file with the columns id and text");
    let server = arguments.next();
    let posts = posts(&file);
    let folder = std::env::temp_dir().join(format!("dandelion-import-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder to work in");

    // The bare insert runs before and after, so that a machine that changes its speed meanwhile is noticed.
    let first = bare(&folder.join("bare1"), &posts).await;
    let chain = chain(&folder, server.as_deref(), &posts).await;
    let second = bare(&folder.join("bare2"), &posts).await;
    let _ = std::fs::remove_dir_all(&folder);

    let bare = f64::midpoint(first, second);
    let line = serde_json::json!({
        "store": if server.is_some() { "postgresql" } else { "sqlite" },
        "posts": posts.len(),
        "chain_per_s": (posts.len() as f64 / chain).round(),
        "bare_sqlite_per_s": (posts.len() as f64 / bare).round(),
        "share": (bare / chain * 1000.0).round() / 1000.0,
    });
    println!("{line}");
}

fn posts(file: &str) -> Vec<Post> {
    let text = std::fs::read_to_string(file).expect("the file");
    let rows: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split('\t').nth(1)).collect();
    let at = jiff::Timestamp::now();
    (0..ROWS)
        .map(|n| Post {
            id: n.to_string(),
            text: rows[n % rows.len()].to_owned(),
            created_at: Some(at),
            ..Post::default()
        })
        .collect()
}

async fn chain(folder: &Path, server: Option<&str>, posts: &[Post]) -> f64 {
    let hub = Hub::new(Db::open(&folder.join("chain"), server).await.expect("a store"));
    unit::import(&hub, Actor::System("bench"), ORG).await.expect("the organisation");
    let queries = dandelion_listen::queries::read(QUERIES).expect("the queries");
    query::import(&hub, Actor::System("bench"), &queries).await.expect("the queries");
    let new = NewSource {
        key: "posts".into(),
        name: "Posts".into(),
        kind: Kind::File,
        network: "twitter".into(),
        unit: None,
        url: None,
    };
    let source = source::add_as(&hub, Actor::System("bench"), &new).await.expect("a source");
    let items: Vec<Read> = posts
        .iter()
        .enumerate()
        .map(|(n, post)| Read { item: Item::post(format!("line {n}"), post.clone()), line: n as u64, offset: n as u64 })
        .collect();
    let import = Import { source: source.id, fingerprint: "bench".into() };
    let start = Instant::now();
    let counted = import.run(&hub, items.into_iter(), |_| {}).await.expect("the import");
    let took = start.elapsed().as_secs_f64();
    assert_eq!(counted.stored, posts.len() as i64, "{counted}");
    took
}

/// The same rows of posts (every column, the same table with its indexes) and the same full-text index, in the same
/// batches, and nothing else: no looking up, no judging, no threads, mentions, cases, events.
async fn bare(folder: &Path, posts: &[Post]) -> f64 {
    Db::open(folder, None).await.expect("a store").close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.join("dandelion.db"))
        .foreign_keys(false)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.expect("a connection");
    let start = Instant::now();
    for (batch, chunk) in posts.chunks(512).enumerate() {
        let mut tx = connection.begin().await.expect("a transaction");
        for (part, rows) in chunk.chunks(128).enumerate() {
            let first = (batch * 512 + part * 128) as i64;
            let mut insert = sqlx::QueryBuilder::new(
                "insert into posts (id, network, remote_id, source_id, author_id, thread_id, in_reply_to, url, text, html, title, lang,
                 created_at, received_at, edited_at, deleted_at, revision, digest, likes, shares, replies, views, links, media, extra, ours) ",
            );
            insert.push_values((first..).zip(rows), |mut row, (id, post)| {
                row.push_bind(id)
                    .push_bind("twitter")
                    .push_bind(&post.id)
                    .push_bind(1_i64)
                    .push_bind(None::<i64>)
                    .push_bind(id);
                row.push_bind(None::<&str>).push_bind(None::<&str>).push_bind(&post.text).push_bind(None::<&str>);
                row.push_bind(None::<&str>)
                    .push_bind(None::<&str>)
                    .push_bind(1_i64)
                    .push_bind(1_i64)
                    .push_bind(None::<i64>);
                row.push_bind(None::<i64>)
                    .push_bind(1_i64)
                    .push_bind(id.to_be_bytes().repeat(2))
                    .push_bind(None::<i64>);
                row.push_bind(None::<i64>).push_bind(None::<i64>).push_bind(None::<i64>);
                row.push_bind("[]").push_bind("[]").push_bind("{}").push_bind(false);
            });
            insert.build().execute(&mut *tx).await.expect("rows");
            let mut insert = sqlx::QueryBuilder::new("insert into post_words (rowid, words) ");
            insert.push_values((first..).zip(rows), |mut row, (id, post)| {
                let words: Vec<String> = Words::of(&post.text).iter().map(|(_, word)| word.to_owned()).collect();
                row.push_bind(id).push_bind(words.join(" "));
            });
            insert.build().execute(&mut *tx).await.expect("words");
        }
        tx.commit().await.expect("a commit");
    }
    start.elapsed().as_secs_f64()
}
