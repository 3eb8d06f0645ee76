use std::process::ExitCode;

use anyhow::{Context as _, Result};
use dandelion_post::Post;
use dandelion_understand::{Lexicon, Rules};
use serde_json::json;

use super::matching::{Trouble, filter_lines};
use crate::cli::Understand;

/// The understand filter.
pub fn run(arguments: &Understand) -> Result<ExitCode> {
    let lexicon = match &arguments.org {
        Some(file) => super::org::read(file).context("the organisation cannot be used")?.lexicon(),
        None => Lexicon::default(),
    };
    let rules = Rules::new(lexicon);
    filter_lines(&arguments.file, |line, out| {
        let post = Post::from_json(line)?;
        let answer = json!({ "id": post.id, "analysis": rules.analyse(&post) });
        serde_json::to_writer(out, &answer).map_err(|e| Trouble::Output(e.into()))
    })
}
