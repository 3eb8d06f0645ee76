use std::{io::Read as _, path::Path, process::ExitCode};

use anyhow::{Context as _, Result};
use dandelion_listen::{
    dialect::{Dialect, Lost},
    queries::{self, Listed, Translated},
};

use crate::output;

/// Prints queries of another tool in our language. What was lost is named on standard error and makes the exit code 1.
pub fn run(dialect: Dialect, file: &str) -> Result<ExitCode> {
    let mut text = String::new();
    output::open(file)?.read_to_string(&mut text).with_context(|| format!("{file} cannot be read"))?;
    if !is_toml(file, &text) {
        let carried = dialect.translate(text.trim_end()).with_context(|| format!("{file} has a mistake"))?;
        println!("{}", carried.text);
        for lost in &carried.lost {
            eprintln!("{file} {}", said(&text, lost));
        }
        return Ok(ExitCode::from(u8::from(!carried.lost.is_empty())));
    }
    let Translated { listed, losses, faults } =
        queries::translated(&text, dialect).with_context(|| format!("{file} has a mistake"))?;
    for query in &listed {
        println!(
            "[[query]]\nname = {}\nunit = {}\ntext = {}\n",
            toml(&query.name),
            toml(&query.unit),
            toml(&query.text)
        );
    }
    name_losses(file, &losses);
    for fault in &faults {
        eprintln!("{file} {fault}");
    }
    Ok(ExitCode::from(if faults.is_empty() { u8::from(!losses.is_empty()) } else { 2 }))
}

/// Reads a file of another tool's queries for taking them in. What was lost is named; a query that cannot be carried over
/// at all stops the file.
pub fn load(file: &Path, dialect: Dialect) -> Result<Vec<Listed>> {
    let name = file.display().to_string();
    let mut text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    if !is_toml(&name, &text) {
        let stem = file.file_stem().map_or("imported".into(), |stem| stem.to_string_lossy());
        text = format!("[[query]]\nname = {}\ntext = {}\n", toml(&stem), toml(text.trim_end()));
    }
    let Translated { listed, losses, faults } =
        queries::translated(&text, dialect).with_context(|| format!("{name} has a mistake"))?;
    name_losses(&name, &losses);
    let (listed, more) = queries::resolved(listed);
    match faults.first().or(more.first()) {
        None => Ok(listed),
        Some(fault) => anyhow::bail!("{name} {fault}"),
    }
}

fn is_toml(file: &str, text: &str) -> bool {
    Path::new(file).extension().is_some_and(|it| it == "toml") || text.trim_start().starts_with("[[query]]")
}

fn name_losses(file: &str, losses: &[queries::Loss]) {
    for loss in losses {
        eprintln!("{file} line {}: “{}”: `{}`: {}", loss.line, loss.name, loss.lost.text, loss.lost.reason);
    }
}

/// `line 2, character 5: …`
fn said(text: &str, lost: &Lost) -> String {
    let before = &text[..lost.span.start];
    let line = before.matches('\n').count() + 1;
    let character = before.rsplit('\n').next().map_or(0, |it| it.chars().count()) + 1;
    format!("line {line}, character {character}: `{}`: {}", lost.text, lost.reason)
}

/// A basic string of TOML: JSON's escapes are among its own.
fn toml(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
