//! Prints what one post costs, every head, language and personal data included, beside the crate `vader_sentiment`, which
//! judges sentiment alone, on the same posts in the same run. One JSON object.
//!
//! `cargo run --release -p dandelion-understand --example speed [FILE.tsv]`; by default the airline posts beside the
//! repository, or under `DANDELION_SHARED`.

use std::hint::black_box;
use std::time::Instant;

use dandelion_post::Post;
use dandelion_understand::panel::Panel;
use dandelion_understand::{Lexicon, Rules};

/// Passes over the posts; the best counts, since whatever else the machine does only slows one down.
const PASSES: usize = 5;

fn main() -> std::io::Result<()> {
    let shared = std::env::var("DANDELION_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let file = std::env::args().nth(1).unwrap_or_else(|| format!("{shared}/data/splits/airline/train.tsv"));
    let table = std::fs::read_to_string(file)?;
    let texts = table.lines().skip(1).filter_map(|line| line.split('\t').nth(1));
    let posts: Vec<Post> = texts.map(|text| Post { text: text.to_owned(), ..Post::default() }).collect();

    let begun = Instant::now();
    black_box(Panel::shipped());
    let load = begun.elapsed().as_secs_f64() * 1e3;
    let rules = Rules::new(Lexicon::default());
    let whole = |post: &Post| {
        black_box(rules.analyse(post));
    };
    let ours = per_second(&posts, whole);
    let analyser = vader_sentiment::SentimentIntensityAnalyzer::new();
    let theirs = per_second(&posts, |post| {
        black_box(analyser.polarity_scores(&post.text));
    });
    let mut each: Vec<f64> = posts
        .iter()
        .map(|post| {
            let begun = Instant::now();
            whole(post);
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    each.sort_by(f64::total_cmp);
    let p99 = each.get(each.len() * 99 / 100).copied().unwrap_or_default();
    println!(
        "{{\"posts\": {}, \"per_s\": {ours:.0}, \"p99_us\": {p99:.0}, \"vader_per_s\": {theirs:.0}, \"times_vader\": {:.2}, \
         \"load_ms\": {load:.1}}}",
        posts.len(),
        theirs / ours,
    );
    Ok(())
}

fn per_second(posts: &[Post], work: impl Fn(&Post)) -> f64 {
    let pass = |_| {
        let begun = Instant::now();
        posts.iter().for_each(&work);
        posts.len() as f64 / begun.elapsed().as_secs_f64()
    };
    (0..PASSES).map(pass).fold(0.0, f64::max)
}
