//! Prints what it costs to read a file of queries: `cargo run --release -p dandelion-listen --example load QUERIES.toml`.

use std::time::Instant;

use dandelion_listen::{parse, queries};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("name a file of queries")?;
    let text = std::fs::read_to_string(file)?;
    let begun = Instant::now();
    let read = queries::read(&text)?;
    println!("{} queries read in {:.3} s", read.len(), begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let parsed = read.iter().filter(|listed| parse(&listed.text).is_ok()).count();
    println!("{parsed} of them parsed again in {:.3} s", begun.elapsed().as_secs_f64());
    Ok(())
}
