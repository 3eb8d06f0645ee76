//! Labelled texts in a file: tab-separated, a line of column names first.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// A text with its label.
pub struct Labelled {
    /// The text.
    pub text: String,
    /// The label.
    pub label: String,
}

/// Reads the columns `text` and `label` (or another one that holds the label). Lines with an empty label, or `-`, are
/// left out.
pub fn read(file: &Path, label: &str) -> Result<Vec<Labelled>> {
    let name = file.display();
    let bytes = std::fs::read(file).with_context(|| format!("{name} cannot be read"))?;
    let table = String::from_utf8_lossy(&bytes);
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let place = |wanted: &str| {
        let known = || format!("{name} has no column `{wanted}`; its first line names {}", names.join(", "));
        names.iter().position(|it| it.trim() == wanted).with_context(known)
    };
    let (text_at, label_at) = (place("text")?, place(label)?);
    let mut rows = Vec::new();
    for (number, line) in (2..).zip(lines).filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (Some(text), Some(label)) = (cells.get(text_at), cells.get(label_at)) else {
            anyhow::bail!("{name}, line {number}: {} cells, but the first line names {}", cells.len(), names.len());
        };
        let label = label.trim();
        if !matches!(label, "" | "-") {
            rows.push(Labelled { text: (*text).to_owned(), label: label.to_owned() });
        }
    }
    ensure!(!rows.is_empty(), "{name} holds no labelled text");
    Ok(rows)
}
