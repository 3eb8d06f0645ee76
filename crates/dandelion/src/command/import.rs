use std::{io::Read as _, process::ExitCode, str::FromStr as _};

use anyhow::{Context as _, Result, bail};
use dandelion_hub::{
    Hub,
    intake::Item,
    log::Actor,
    source::{self, Kind, NewSource, Progress, Read},
};
use dandelion_networks::file::{Format, Mapping, Place, Reader};

use crate::{cli::Import, output};

/// Takes a file in; prints the accounting of this run, last.
pub async fn run(hub: &Hub, arguments: &Import) -> Result<ExitCode> {
    let format = match &arguments.format {
        Some(format) => Format::from_str(format)?,
        None => Format::of_name(&arguments.file).with_context(|| {
            format!(
                "what `{}` is laid out like cannot be seen from its name; say --format jsonl, csv, tsv or rss",
                arguments.file
            )
        })?,
    };
    let mapping = Mapping::parse(arguments.map.as_deref().unwrap_or(""))?;
    let (fingerprint, size) = fingerprint(&arguments.file)?;
    // Opened before anything is stored: a wrong column must leave nothing behind.
    let check = Reader::open(format, output::open(&arguments.file)?, &mapping, Place::default());
    let reader = check?;

    let source = source(hub, arguments).await?;
    let import = source::Import { source: source.id, fingerprint };
    let resumed = import.resumes_at(&source).filter(|_| arguments.file != "-");
    let reader = match resumed {
        Some((offset, line)) => {
            eprintln!("the last import of this file was cut off; going on after line {line}");
            Reader::open(format, output::open(&arguments.file)?, &mapping, Place { offset, line })?
        }
        None => reader,
    };
    let known = source::newest_refusal(hub, source.id).await?;
    let bar = output::bar(size, &format!("reading {}", arguments.file));
    let (file, broken) = (arguments.file.clone(), std::sync::Arc::new(std::sync::Mutex::new(None)));
    let trouble = broken.clone();
    let items = reader.map_while(move |item| match item {
        Ok(item) => {
            let place = format!("{file} line {}", item.line);
            let content = Item { place, content: item.result };
            Some(Read { item: content, line: item.line, offset: item.offset })
        }
        Err(error) => {
            *trouble.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
            None
        }
    });
    let counted = import.run(hub, items, |Progress { offset, counted }| {
        bar.set_position(offset);
        bar.set_message(format!("{} seen", counted.seen));
    });
    let counted = counted.await?;
    bar.finish_and_clear();
    if counted.refused > 0 {
        name_refused(hub, &source, known, counted.refused).await?;
    }
    println!("{counted}");
    let broken = broken.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let Some(error) = broken {
        bail!(
            "{} could not be read to its end: {error}. What was read is stored; import it again to go on",
            arguments.file
        );
    }
    Ok(if counted.refused > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// How many refused items are named one by one; a file of another format would fill the screen.
const NAMED: i64 = 10;

/// Says on standard error what was refused, where and why.
async fn name_refused(hub: &Hub, source: &source::Source, known: i64, refused: i64) -> Result<()> {
    for item in source::refused_after(hub, source.id, known, NAMED).await? {
        eprintln!("refused: {}: {}: {}", item.place, item.field, item.reason);
    }
    let more = refused - NAMED;
    let rest = if more > 0 { format!("{more} more were refused; ") } else { String::new() };
    eprintln!("{rest}what was refused is kept: mend it and try it again on the page of the source “{}”", source.name);
    Ok(())
}

async fn source(hub: &Hub, arguments: &Import) -> Result<source::Source> {
    let name = match arguments.file.as_str() {
        "-" => "standard input".to_owned(),
        file => std::path::Path::new(file)
            .file_name()
            .map_or_else(|| file.to_owned(), |name| name.to_string_lossy().into_owned()),
    };
    let new = NewSource {
        key: arguments.source.clone().unwrap_or_default(),
        name,
        kind: Kind::File,
        network: arguments.network.clone().unwrap_or_default(),
        unit: None,
        url: None,
    };
    Ok(source::find_or_add(hub, Actor::System("command"), &new).await?)
}

/// What the input is, so that a cut-off import of it is known again, and its size.
fn fingerprint(file: &str) -> Result<(String, Option<u64>)> {
    if file == "-" {
        return Ok(("-".into(), None));
    }
    let mut opened = std::fs::File::open(file).with_context(|| format!("{file} cannot be read"))?;
    let size = opened.metadata()?.len();
    let mut head = Vec::new();
    opened.by_ref().take(65_536).read_to_end(&mut head).with_context(|| format!("{file} cannot be read"))?;
    // FNV-1a over the beginning tells two files of one size apart; it guards against a mistake, not an attack.
    let hash = head
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    Ok((format!("{size}-{hash:016x}"), Some(size)))
}
