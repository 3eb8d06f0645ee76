//! Whether two threads match twice as many posts as one: prints one JSON line.
//!
//! `match_threads POSTS QUERIES.toml`: POSTS is a text a line. Wall time, the best of several rounds of each in turn; the
//! threads share the matcher and nothing else.

use std::time::Instant;

use dandelion_listen::{Facts, Matcher, Scratch, queries};
use dandelion_post::Post;

fn main() -> std::io::Result<()> {
    let files: Vec<String> = std::env::args().skip(1).take(2).collect();
    let [posts, listed] = &files[..] else {
        return Err(std::io::Error::other("name a file of posts and one of queries"));
    };
    let text = std::fs::read_to_string(posts)?;
    let posts: Vec<Post> = text.lines().map(|text| Post { text: text.to_owned(), ..Post::default() }).collect();
    let listed = queries::read(&std::fs::read_to_string(listed)?).map_err(std::io::Error::other)?;
    let matcher = Matcher::new((0..).zip(listed.into_iter().map(|it| it.query)));
    let mut best = [f64::INFINITY; 2];
    for _ in 0..7 {
        for (threads, best) in (1..).zip(&mut best) {
            *best = best.min(pass(&matcher, &posts, threads));
        }
    }
    let [one, two] = best.map(|seconds| posts.len() as f64 / seconds);
    println!("{{\"one_per_s\": {one}, \"two_per_s\": {two}, \"times\": {}}}", two / one);
    Ok(())
}

/// Seconds for all posts, in as many parts as threads.
fn pass(matcher: &Matcher, posts: &[Post], threads: usize) -> f64 {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for part in posts.chunks(posts.len().div_ceil(threads)) {
            scope.spawn(move || {
                let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
                for post in part {
                    matcher.hits(post, &Facts::default(), &mut scratch, &mut hits);
                    std::hint::black_box(&hits);
                }
            });
        }
    });
    begun.elapsed().as_secs_f64()
}
