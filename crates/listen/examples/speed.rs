//! Prints what matching one post costs with 20, 1,000 and 10,000 queries, beside `split_whitespace` and `to_lowercase`.
//!
//! `cargo run --release -p dandelion-listen --example speed [FILE.tsv]`; by default the airline posts beside the
//! repository, or under `DANDELION_SHARED`. The queries are made from the posts' own words.

use std::hint::black_box;
use std::time::Instant;

use dandelion_listen::words::Words;
use dandelion_listen::{Facts, Matcher, Scratch, parse};
use dandelion_post::Post;

fn main() -> std::io::Result<()> {
    let shared = std::env::var("DANDELION_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let file = std::env::args().nth(1).unwrap_or_else(|| format!("{shared}/data/splits/airline/train.tsv"));
    let table = std::fs::read_to_string(file)?;
    let texts = table.lines().skip(1).filter_map(|line| line.split('\t').nth(1));
    let posts: Vec<Post> = texts.map(|text| Post { text: text.to_owned(), ..Post::default() }).collect();

    report("split_whitespace + to_lowercase", &posts, |post| {
        for word in post.text.split_whitespace() {
            black_box(word.to_lowercase());
        }
    });
    report("words cut and folded", &posts, |post| {
        black_box(Words::of(&post.text));
    });
    for count in [20, 1_000, 10_000] {
        let begun = Instant::now();
        let matcher = Matcher::new((0..).zip(queries(&posts, count).iter().filter_map(|text| parse(text).ok())));
        let made = begun.elapsed().as_secs_f64() * 1e3;
        let mut found = 0;
        let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
        for post in &posts {
            matcher.matches(post, &Facts::default(), &mut scratch, &mut hits);
            found += hits.len();
        }
        let name = format!("{} queries (read and compiled in {made:.1} ms, {found} hits)", matcher.len());
        report(&name, &posts, |post| {
            let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
            matcher.matches(post, &Facts::default(), &mut scratch, &mut hits);
            black_box(&hits);
        });
    }
    Ok(())
}

/// Queries of several shapes from words of posts spread over the file.
fn queries(posts: &[Post], count: usize) -> Vec<String> {
    let step = (posts.len() / count).max(1);
    let spread = posts.iter().step_by(step).cycle().take(posts.len() * 2).enumerate();
    let made = spread.filter_map(|(nth, post)| {
        let words = Words::of(&post.text);
        let mut long = words.iter().map(|token| token.word).filter(|word| word.len() > 4 && word.is_ascii());
        let (a, b, c) = (long.next()?, long.next()?, long.next()?);
        Some(match nth % 5 {
            0 => format!("{a} {b}"),
            1 => format!("\"{a} {b}\" OR {c}{nth}"),
            2 => format!("({a} OR {b}) {c} -refund"),
            3 => format!("{}* {b}", &a[..4]),
            _ => format!("@{a} ({b} OR {c})"),
        })
    });
    made.take(count).collect()
}

fn report(name: &str, posts: &[Post], work: impl Fn(&Post)) {
    let pass = |_| {
        let begun = Instant::now();
        posts.iter().for_each(&work);
        begun.elapsed().as_secs_f64() * 1e6 / posts.len() as f64
    };
    let best = (0..5).map(pass).fold(f64::INFINITY, f64::min);
    println!("{best:8.2} µs/post  {name}");
}
