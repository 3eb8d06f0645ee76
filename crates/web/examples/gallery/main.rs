//! Prints every view with sample records into a folder, to be looked at in a browser:
//! `cargo run -p dandelion-web --example gallery -- FOLDER`. Assets are copied beside the pages.

use std::{env, fs, io, path::Path};

mod samples;

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| "target/gallery".to_owned());
    let folder = Path::new(&folder);
    let assets = folder.join("assets");
    fs::create_dir_all(&assets)?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets"))? {
        let entry = entry?;
        fs::copy(entry.path(), assets.join(entry.file_name()))?;
    }
    for (name, html) in samples::every(&samples::Words::plain()) {
        fs::write(folder.join(format!("{name}.html")), html)?;
        println!("{name}");
    }
    Ok(())
}
