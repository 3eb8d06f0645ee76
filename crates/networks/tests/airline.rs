//! The shared airline posts: a TSV without quoting whose texts hold quotes.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use dandelion_networks::file::{Format, Mapping, Place, Reader};

#[test]
fn every_row_of_the_airline_posts_is_taken() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("DANDELION_SHARED").map_or_else(beside, PathBuf::from);
    let path = root.join("data/splits/airline/train.tsv");
    let file = File::open(&path).unwrap_or_else(|e| {
        panic!("{} cannot be read ({e}): set DANDELION_SHARED to the shared folder", path.display())
    });
    let reader =
        Reader::open(Format::Tsv, Box::new(BufReader::new(file)), &Mapping::default(), Place::default()).unwrap();
    let posts: Vec<_> = reader.map(|item| item.unwrap().result.unwrap()).collect();
    assert_eq!(posts.len(), 10_029);
    assert!(posts.iter().any(|post| post.text.contains('"')), "quotes are characters like any other");
    assert!(posts.iter().all(|post| post.extra.contains_key("sentiment")), "what nobody mapped is kept");
}
