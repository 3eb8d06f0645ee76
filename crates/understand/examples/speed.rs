//! Prints what one `analyse` costs beside the least any reader of words must do: `split_whitespace` and `to_lowercase`.
//!
//! `cargo run --release -p dandelion-understand --example speed [FILE.tsv]`; by default the airline posts beside the
//! repository, or under `DANDELION_SHARED`.

use std::hint::black_box;
use std::time::Instant;

use dandelion_post::Post;
use dandelion_post::words::Words;
use dandelion_understand::{Lexicon, Rules};

fn main() -> std::io::Result<()> {
    let shared = std::env::var("DANDELION_SHARED").unwrap_or_else(|_| "../shared".to_owned());
    let file = std::env::args().nth(1).unwrap_or_else(|| format!("{shared}/data/splits/airline/train.tsv"));
    let table = std::fs::read_to_string(file)?;
    let texts = table.lines().skip(1).filter_map(|line| line.split('\t').nth(1));
    let posts: Vec<Post> = texts.map(|text| Post { text: text.to_owned(), ..Post::default() }).collect();

    let begun = Instant::now();
    let rules = Rules::new(Lexicon::default());
    println!("rules made in {:.1} ms; {} posts, best of five passes", begun.elapsed().as_secs_f64() * 1e3, posts.len());
    report("split_whitespace + to_lowercase", &posts, |post| {
        for word in post.text.split_whitespace() {
            black_box(word.to_lowercase());
        }
    });
    report("words cut and folded", &posts, |post| {
        black_box(Words::with_signs(&post.text));
    });
    report("analyse", &posts, |post| {
        black_box(rules.analyse(post));
    });
    report("verdict", &posts, |post| {
        black_box(rules.verdict(post));
    });
    Ok(())
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
