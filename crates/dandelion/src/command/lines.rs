//! Filtering lines on all processors: one thread reads, some work, one writes, and the output stays in input order.
//!
//! Blocks of whole lines go to the workers in turn, and their answers are taken back in the same turn, so nothing needs
//! to be sorted. A block is what one read brought, so a slow source still gets every answer at once.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context as _, Result};
use dandelion_post::Refusal;

use crate::output;

/// Longest line a filter takes, in bytes.
pub const MAX_LINE: usize = 4 * 1024 * 1024;
/// Blocks that may wait at one worker: enough that none is idle, few enough to hold little memory.
const WAITING: usize = 4;

/// Whole lines and the number of the first.
struct Block {
    lines: Vec<u8>,
    first: u64,
}

/// What came of a block.
#[derive(Default)]
struct Answered {
    output: Vec<u8>,
    refused: Vec<(u64, Refusal)>,
}

/// Answers every line of a file (or of standard input for `-`) on all processors. `make` makes what each worker answers
/// with: it appends one line without its end, or says why it refuses.
///
/// Refused lines are named on standard error and make the exit code 1; a line over [`MAX_LINE`] is refused without being
/// kept; lines of nothing but space are left out.
pub fn filter<F>(file: &str, make: impl Fn() -> F) -> Result<ExitCode>
where
    F: FnMut(&str, &mut Vec<u8>) -> Result<(), Refusal> + Send,
{
    let input = output::open(file)?;
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let (mut to, mut from) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (give, blocks) = sync_channel(WAITING);
            let (answer, take) = sync_channel(WAITING);
            let mut filter = make();
            scope.spawn(move || work(&blocks, &answer, &mut filter));
            to.push(give);
            from.push(take);
        }
        let reader = scope.spawn(move || read(input, &to));
        let refused = write(file, &from);
        // Without takers the workers stop, and then the reader.
        drop(from);
        let refused = refused?;
        let lines = match reader.join() {
            Ok(lines) => lines.with_context(|| format!("{file} cannot be read any further"))?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        if refused > 0 {
            eprintln!("{refused} of {lines} lines were refused");
        }
        Ok(ExitCode::from(u8::from(refused > 0)))
    })
}

/// Reads blocks and gives them to the workers in turn; the number of lines read.
fn read(mut input: Box<dyn BufRead + Send>, to: &[SyncSender<Block>]) -> std::io::Result<u64> {
    let (mut started, mut lines) = (Vec::new(), 0);
    for worker in to.iter().cycle() {
        let Some(block) = next_lines(&mut *input, &mut started)? else { break };
        let first = lines + 1;
        lines += block.split_inclusive(|byte| *byte == b'\n').count() as u64;
        if worker.send(Block { lines: block, first }).is_err() {
            break;
        }
    }
    Ok(lines)
}

/// The whole lines that one read completes, behind what was `started` before. Of a line that is too long only the
/// beginning is kept, enough to see that it is.
fn next_lines(input: &mut dyn BufRead, started: &mut Vec<u8>) -> std::io::Result<Option<Vec<u8>>> {
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(Some(std::mem::take(started)).filter(|rest| !rest.is_empty()));
        }
        let used = chunk.len();
        if let Some(end) = chunk.iter().rposition(|byte| *byte == b'\n') {
            let (whole, rest) = chunk.split_at(end + 1);
            started.extend_from_slice(whole);
            let block = std::mem::replace(started, rest.to_vec());
            input.consume(used);
            return Ok(Some(block));
        }
        if started.len() <= MAX_LINE {
            started.extend_from_slice(chunk);
        }
        input.consume(used);
    }
}

fn work<F>(blocks: &Receiver<Block>, answers: &SyncSender<Answered>, filter: &mut F)
where
    F: FnMut(&str, &mut Vec<u8>) -> Result<(), Refusal>,
{
    for block in blocks {
        let mut answered = Answered { output: Vec::with_capacity(block.lines.len()), ..Answered::default() };
        let lines = block.lines.strip_suffix(b"\n").unwrap_or(&block.lines);
        for (number, line) in (block.first..).zip(lines.split(|byte| *byte == b'\n')) {
            let before = answered.output.len();
            match answer(line, &mut answered.output, filter) {
                Ok(()) => {}
                Err(refusal) => {
                    answered.output.truncate(before);
                    answered.refused.push((number, refusal));
                }
            }
        }
        if answers.send(answered).is_err() {
            return;
        }
    }
}

fn answer<F>(line: &[u8], output: &mut Vec<u8>, filter: &mut F) -> Result<(), Refusal>
where
    F: FnMut(&str, &mut Vec<u8>) -> Result<(), Refusal>,
{
    let wrong = |reason: String| Refusal::new("line", reason, "");
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > MAX_LINE {
        return Err(wrong(format!("the line is longer than {MAX_LINE} bytes")));
    }
    let text = std::str::from_utf8(line).map_err(|error| wrong(format!("the line is no valid UTF-8: {error}")))?;
    if text.trim_ascii_start().is_empty() {
        return Ok(());
    }
    filter(text, output)?;
    output.push(b'\n');
    Ok(())
}

/// Takes the answers in the turn the blocks were given, and writes them; the number of lines refused.
fn write(file: &str, from: &[Receiver<Answered>]) -> Result<u64> {
    let mut out = std::io::stdout().lock();
    let mut refused = 0;
    for worker in from.iter().cycle() {
        let Ok(answered) = worker.recv() else { break };
        out.write_all(&answered.output)?;
        out.flush()?;
        for (number, refusal) in &answered.refused {
            refused += 1;
            eprintln!("{file} line {number}: {refusal}");
        }
    }
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{MAX_LINE, answer, next_lines};

    fn blocks(text: &[u8], buffer: usize) -> Vec<Vec<u8>> {
        let mut input = BufReader::with_capacity(buffer, text);
        let mut started = Vec::new();
        std::iter::from_fn(|| next_lines(&mut input, &mut started).unwrap()).collect()
    }

    #[test]
    fn blocks_hold_whole_lines_and_all_of_the_text() {
        let text = b"one\ntwo\n\nthree four five six\nlast";
        for buffer in 1..40 {
            let blocks = blocks(text, buffer);
            assert_eq!(blocks.concat(), text);
            let (last, others) = blocks.split_last().unwrap();
            assert!(others.iter().all(|block| block.ends_with(b"\n")), "{buffer}");
            assert_eq!(last, b"last");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_and_the_next_goes_on() {
        let text = [vec![b'x'; MAX_LINE * 2], b"\nnext\n".to_vec()].concat();
        let blocks = blocks(&text, 1 << 16);
        assert!(blocks[0].len() < MAX_LINE + (1 << 17), "it is not kept whole");
        let mut output = Vec::new();
        let mut echo = |line: &str, output: &mut Vec<u8>| {
            output.extend_from_slice(line.as_bytes());
            Ok(())
        };
        let mut lines = blocks.concat();
        assert_eq!(lines.pop(), Some(b'\n'));
        let answers: Vec<bool> =
            lines.split(|byte| *byte == b'\n').map(|line| answer(line, &mut output, &mut echo).is_ok()).collect();
        assert_eq!(answers, [false, true]);
        assert_eq!(output, b"next\n");
    }
}
