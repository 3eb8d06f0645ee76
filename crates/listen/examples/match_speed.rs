//! What matching costs: prints one JSON line. Each figure stands beside plain loops of the same run.
//!
//! `match_speed POSTS QUERIES.toml…`: POSTS is a text a line. For every file of queries the posts pass once, so that the
//! matcher learns which words are common, then several times to be measured, in turn with the plain loops; the best of
//! each counts. Times are CPU time of the one thread, in µs a post.

use std::hint::black_box;
use std::time::Instant;

use daachorse::{CharwiseDoubleArrayAhoCorasick, DoubleArrayAhoCorasick};
use dandelion_listen::{Facts, Matcher, Query, Scratch, queries};
use dandelion_post::Post;
use rustc_hash::FxHasher;
use serde_json::{Value, json};
use std::hash::Hasher as _;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_default();
    let text = std::fs::read_to_string(file)?;
    let posts: Vec<Post> = text.lines().map(|text| Post { text: text.to_owned(), ..Post::default() }).collect();
    let mut sets = Vec::new();
    for file in arguments {
        sets.push(measure(&std::fs::read_to_string(file)?, &posts));
    }
    println!("{}", json!({ "posts": posts.len(), "sets": sets }));
    Ok(())
}

fn measure(file: &str, posts: &[Post]) -> Value {
    let begun = cpu();
    let listed = queries::read(file).expect("a file of queries");
    let read = cpu() - begun;
    let all: Vec<(i64, Query)> = (0..).zip(listed.iter().map(|it| it.query.clone())).collect();
    let begun = cpu();
    let unknown = Matcher::new(all.iter().map(|(number, query)| (*number, query.clone())));
    let compile = cpu() - begun;
    drop(all);
    let terms = terms(&listed);
    drop(listed);
    let automaton = automaton(&terms);

    let mut hits = 0;
    pass(&unknown, posts, |found| hits += found.len());
    let begun = cpu();
    let known = unknown.compacted();
    let compact = cpu() - begun;

    let mut best = [f64::INFINITY; 5];
    for _ in 0..rounds(unknown.len()) {
        let mut take = |place: usize, seconds: f64| best[place] = best[place].min(seconds * 1e6 / posts.len() as f64);
        take(0, timed(|| plain(posts)));
        take(1, timed(|| pass(&known, posts, |found| _ = black_box(found))));
        take(2, timed(|| scan(&automaton, posts)));
        take(3, timed(|| pass(&unknown, posts, |found| _ = black_box(found))));
        take(4, timed(|| cut_only(posts)));
    }
    let [plain, known_us, daachorse, unknown_us, cut] = best;
    json!({
        "queries": unknown.len(), "hits": hits, "plain_us": plain, "match_us": known_us, "unknown_us": unknown_us,
        "daachorse_us": daachorse, "words_us": cut, "of_plain": plain / known_us, "read_s": read, "compile_s": compile,
        "compact_s": compact, "bytes_a_query": known.bytes() as f64 / known.len() as f64, "terms": terms.len(),
    })
}

/// Rounds enough for a quiet moment.
fn rounds(queries: usize) -> usize {
    if queries > 50_000 { 3 } else { 7 }
}

/// `split`, `to_lowercase` and a hash of each word: the least that plain code does with a post.
fn plain(posts: &[Post]) {
    for post in posts {
        for word in post.text.split_whitespace() {
            let mut hasher = FxHasher::default();
            hasher.write(word.to_lowercase().as_bytes());
            black_box(hasher.finish());
        }
    }
}

/// Our words and no query: one that never matches.
fn cut_only(posts: &[Post]) {
    thread_local! {
        static NONE: Matcher =
            Matcher::new([(0, dandelion_listen::parse("zzqqxxneverseen").expect("a query"))]);
    }
    NONE.with(|matcher| pass(matcher, posts, |found| _ = black_box(found)));
}

fn pass(matcher: &Matcher, posts: &[Post], mut tell: impl FnMut(&[i64])) {
    let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
    for post in posts {
        matcher.hits(post, &Facts::default(), &mut scratch, &mut hits);
        tell(&hits);
    }
}

/// The words of all queries, folded.
fn terms(listed: &[queries::Listed]) -> Vec<String> {
    let words = listed.iter().flat_map(|it| {
        let text = it.query.to_string().replace(['(', ')', '"', '*'], " ");
        let words = text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        words.into_iter().filter(|word| !word.starts_with("NEAR/") && !["OR", "AND", "NOT"].contains(&word.as_str()))
    });
    let mut terms: Vec<String> = words.collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

enum Automaton {
    Bytes(DoubleArrayAhoCorasick<u32>),
    Chars(CharwiseDoubleArrayAhoCorasick<u32>),
}

fn automaton(terms: &[String]) -> [Automaton; 2] {
    let bytes = DoubleArrayAhoCorasick::new(terms).expect("an automaton");
    let chars = CharwiseDoubleArrayAhoCorasick::new(terms).expect("an automaton");
    [Automaton::Bytes(bytes), Automaton::Chars(chars)]
}

/// Every occurrence of every term in the folded text: the terms alone, no word edges, no query. The bytewise automaton,
/// which is the faster on these posts.
fn scan(automaton: &[Automaton; 2], posts: &[Post]) {
    for post in posts {
        let folded = post.text.to_lowercase();
        match &automaton[0] {
            Automaton::Bytes(it) => it.find_overlapping_iter(&folded).for_each(|found| _ = black_box(found.value())),
            Automaton::Chars(it) => it.find_overlapping_iter(&folded).for_each(|found| _ = black_box(found.value())),
        }
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = cpu();
    work();
    cpu() - begun
}

/// Seconds this thread has run, where the system says so; otherwise seconds that passed.
fn cpu() -> f64 {
    thread_local! { static BEGUN: Instant = Instant::now(); }
    let of_thread = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = of_thread.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGUN.with(|begun| begun.elapsed().as_secs_f64()), |it| it / 1e9)
}
