//! Log lines on standard error, for people or as JSON, without personal data: code logs ids, never words or names.

use std::{any::Any, panic};

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{cli::LogFormat, config::Config};

/// Starts logging. Called once.
pub fn start(config: &Config) {
    // Our own lines at the level asked; the libraries beneath us only when something is wrong. Who traces also sees each
    // statement of the store with the time it took; what is bound to it stays out.
    let statements = if config.log == "trace" { ",sqlx=debug" } else { "" };
    let filter = EnvFilter::new(format!(
        "warn,dandelion={0},dandelion_hub={0},dandelion_web={0},dandelion_networks={0}{statements}",
        config.log
    ));
    let registry = tracing_subscriber::registry().with(filter);
    match config.log_format {
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(std::io::stderr)).init(),
        LogFormat::Human => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            registry.with(fmt::layer().with_ansi(ansi).with_target(false).with_writer(std::io::stderr)).init();
        }
    }
    panic::set_hook(Box::new(|broke| {
        let place = broke.location().map(ToString::to_string).unwrap_or_default();
        let words = fixed(broke.payload());
        tracing::error!(target: "dandelion", place, words, "a part of the program broke; please report the place");
    }));
}

/// A panic's words where they are the program's own. Those made while it ran are left out: a slice cut in the middle of a
/// letter, say, repeats the whole text, which may be somebody's post.
fn fixed(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("left out, because they may repeat what somebody wrote")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_repeats_nobodys_words() {
        let text = "Grüße von ana@customer.example".to_owned();
        let broke = panic::catch_unwind(|| text[..3].len()).unwrap_err();
        assert!(broke.downcast_ref::<String>().is_some_and(|words| words.contains("Gr")), "the words hold the text");
        assert!(fixed(&*broke).starts_with("left out"));
        let broke = panic::catch_unwind(|| panic!("nobody can be here")).unwrap_err();
        assert_eq!(fixed(&*broke), "nobody can be here");
    }
}
