use std::{
    io::{BufWriter, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use dandelion_listen::{Matcher, filter::Filter, queries};

use super::lines::{self, MAX_LINE};
use crate::{cli::Match, output};

/// The match filter.
pub fn run(arguments: &Match) -> Result<ExitCode> {
    let listed = super::query::load(&arguments.queries)?;
    if arguments.check {
        return check(&listed);
    }
    let names = listed.iter().map(|query| query.name.clone()).collect();
    let matcher = Matcher::new(listed.into_iter().enumerate().map(|(at, listed)| (at as i64, listed.query)));
    let filter = Filter::new(&matcher, names, arguments.explain);
    lines::filter(&arguments.file, || {
        let mut filter = filter.clone();
        move |line, out| filter.line(line, out)
    })
}

fn check(listed: &[queries::Listed]) -> Result<ExitCode> {
    let (mut cases, mut failed) = (0, 0);
    for query in listed {
        cases += query.cases.len();
        for failure in query.failures() {
            failed += 1;
            let wanted = if failure.wanted { "must match" } else { "must not match" };
            println!("line {}: “{}” {wanted}: {}", failure.line, failure.query, failure.text);
        }
    }
    println!("{} of {cases} cases hold", cases - failed);
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// Why a line gave no line.
pub enum Trouble {
    /// It is refused, and the next one goes on.
    Refused(dandelion_post::Refusal),
    /// Nothing can be written any more.
    Output(anyhow::Error),
}

impl From<dandelion_post::Refusal> for Trouble {
    fn from(refusal: dandelion_post::Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Reads JSONL and writes one line for each, in order; refused lines are named on standard error and make the exit
/// code 1. A line over 4 MiB is refused without being kept.
pub fn filter_lines(
    file: &str,
    mut answer: impl FnMut(&str, &mut dyn std::io::Write) -> Result<(), Trouble>,
) -> Result<ExitCode> {
    let mut input = output::open(file)?;
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let (mut line, mut number, mut refused) = (Vec::new(), 0_u64, 0_u64);
    let mut one = Vec::new();
    while read_line(&mut input, &mut line).with_context(|| format!("{file} cannot be read any further"))? {
        number += 1;
        let text = match std::str::from_utf8(&line) {
            _ if line.len() > MAX_LINE => Err(format!("the line is longer than {MAX_LINE} bytes")),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => Ok(text),
            Err(error) => Err(format!("the line is no valid UTF-8: {error}")),
        };
        one.clear();
        let done = match text {
            Ok(text) => answer(text, &mut one),
            Err(reason) => Err(Trouble::Refused(dandelion_post::Refusal::new("line", reason, ""))),
        };
        match done {
            Ok(()) => {
                one.push(b'\n');
                out.write_all(&one)?;
            }
            Err(Trouble::Refused(refusal)) => {
                refused += 1;
                eprintln!("{file} line {number}: {refusal}");
            }
            Err(Trouble::Output(error)) => return Err(error),
        }
    }
    out.flush()?;
    if refused > 0 {
        eprintln!("{refused} of {number} lines were refused");
    }
    Ok(ExitCode::from(u8::from(refused > 0)))
}

/// Reads one line without its end; of one that is too long only the beginning is kept. False at the end.
fn read_line(input: &mut dyn std::io::BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        if line.len() <= MAX_LINE {
            line.extend_from_slice(part);
        }
        let used = end.map_or(chunk.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(true);
        }
    }
}
