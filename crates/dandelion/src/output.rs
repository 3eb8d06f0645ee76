//! Reading and writing as a filter does.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    time::Duration,
};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};

/// A file, or standard input for `-`.
pub fn open(file: &str) -> Result<Box<dyn BufRead + Send>> {
    if file == "-" {
        return Ok(Box::new(BufReader::with_capacity(1 << 16, io::stdin())));
    }
    let opened = File::open(file).with_context(|| format!("{file} cannot be read"))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, opened)))
}

/// Whether an error only says that whoever read our output has gone.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

/// A progress bar over bytes, or a count where the size is not known; drawn only on a terminal.
pub fn bar(total: Option<u64>, what: &str) -> ProgressBar {
    let bar = match total {
        Some(total) => {
            let style = "{msg} {wide_bar} {percent}% {eta} left";
            ProgressBar::new(total)
                .with_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()))
        }
        None => ProgressBar::new_spinner(),
    };
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
