//! Who judges: listing, showing, training from corrections, taking over, rolling back.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use dandelion_hub::{
    Hub,
    model::{self, Report, Source, Standing, State, bundled::bundled, shadow},
    reanalysis,
    scope::Viewer,
    search::{self, Search},
    unit::Org,
};

use super::{labelled, user::this_machine};
use crate::{
    cli::{Model, Train},
    output,
};

/// Posts named that would be judged otherwise.
const NAMED: usize = 20;
/// Letters of a post that are shown.
const LETTERS: usize = 90;

/// Lists, shows, lets take over, rolls back, retires.
pub async fn run(hub: &Hub, command: Model) -> Result<ExitCode> {
    let org = Org::load(&hub.db).await?;
    let me = this_machine(&org);
    match command {
        Model::List => list(hub, &me, &org).await?,
        Model::Show { model } if model == "program" => program(),
        Model::Show { model } => {
            let id = model.parse().with_context(|| format!("`{model}` is neither a number nor `program`"))?;
            show(hub, &me, &org, id).await?;
        }
        Model::Use { model, yes, reanalyse } => take_over(hub, &me, model, yes, reanalyse).await?,
        Model::Rollback { model } => {
            let it = model::rollback(hub, &me, model).await?;
            match it.before {
                Some(before) => println!("rolled back: model {before} judges again"),
                None => println!("rolled back: what is part of the program judges again"),
            }
        }
        Model::Retire { model } => {
            model::retire(hub, &me, model).await?;
            println!("model {model} answers nothing any more");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(hub: &Hub, me: &Viewer, org: &Org) -> Result<()> {
    let it = bundled();
    println!("program\t{}\t{}\tin use where no head of a unit answers", it.version, &it.hash[..12]);
    for model in model::list(hub, me).await? {
        let unit = org.unit(model.unit).map_or("?", |unit| unit.key.as_str());
        let figures = model.report.as_ref().and_then(|report| report.after.as_ref());
        let figures = figures.map_or_else(String::new, |it| format!("{:.1} % right", it.accuracy[0] * 100.0));
        let (id, question, number) = (model.id, &model.question, model.number);
        println!("{id}\t{unit}\t{question} {number}\t{}\t{} examples\t{figures}", state(model.state), model.examples);
    }
    Ok(())
}

fn state(state: State) -> &'static str {
    match state {
        State::Training => "training",
        State::Shadow => "shadow",
        State::InUse => "in use",
        State::Retired => "retired",
        State::Failed => "failed",
    }
}

fn program() {
    let it = bundled();
    println!("version   {}\nsha-256   {}\nfeatures  {}\ncommand   {}", it.version, it.hash, it.features, it.command);
    println!("languages {}", it.languages.join(" "));
    for part in &it.parts {
        println!("part      {} {} bytes {}", part.name, part.bytes, part.hash);
    }
    for head in &it.heads {
        println!(
            "head      {}: {} · unsure below {:.2} · held out: accuracy {:.3}, macro-F1 {:.3}, ECE {:.3}",
            head.question,
            head.labels.join(", "),
            head.unsure_below,
            head.accuracy,
            head.macro_f1,
            head.ece
        );
    }
}

async fn show(hub: &Hub, me: &Viewer, org: &Org, id: i64) -> Result<()> {
    let it = model::find(hub, me, id).await?;
    println!("model     {} · {} of {}, version {}", it.id, it.question, org.unit_name(it.unit), it.number);
    println!("state     {}{}", state(it.state), it.error.map_or_else(String::new, |why| format!(": {why}")));
    let from = it.manifest;
    println!("labels    {}\nunsure    below {:.2}", from.labels.join(", "), from.unsure_below);
    println!("sha-256   {} ({} bytes)\ntable     {}", from.file, from.bytes, from.table);
    println!("examples  {} · {}", it.examples, from.data);
    println!("features  {}\npanel     {}\ncommand   {}", from.features, from.panel, from.command);
    let agreed = shadow::agreement(hub, me, id).await?;
    if agreed.answered > 0 {
        println!("shadow    answered {} posts; {} of {} as what counted", agreed.answered, agreed.alike, agreed.beside);
    }
    if let Some(report) = &it.report {
        println!();
        tell(hub, me, report).await?;
    }
    Ok(())
}

async fn take_over(hub: &Hub, me: &Viewer, id: i64, yes: bool, reanalyse: bool) -> Result<()> {
    let it = model::find(hub, me, id).await?;
    if let Some(report) = it.report.as_ref().filter(|_| !yes) {
        tell(hub, me, report).await?;
    }
    if !yes && !asked("Let it take over?")? {
        println!("left as it is");
        return Ok(());
    }
    let it = model::take_over(hub, me, id).await?;
    println!("model {} is in use: new posts of the unit are judged by it", it.id);
    if reanalyse {
        let run = reanalysis::start(hub, me, it.unit, None).await?;
        while reanalysis::find(hub, me, run.id).await?.ended_at.is_none() && reanalysis::step(hub).await? {}
        let run = reanalysis::find(hub, me, run.id).await?;
        let (looked, changed, kept) = (run.looked, run.changed, run.kept);
        println!(
            "judged anew: {looked} posts, {changed} otherwise than before; a person's word stands on {kept} of them"
        );
    }
    Ok(())
}

/// Trains a unit's head in the hub, shows what it is worth, and asks before it takes over.
pub async fn train(hub: &Hub, arguments: &Train) -> Result<ExitCode> {
    let org = Org::load(&hub.db).await?;
    let me = this_machine(&org);
    let key = arguments.unit.as_deref().unwrap_or_default();
    let unit = org.unit_by_key(key);
    let unit = unit.with_context(|| format!("there is no unit `{key}`; `dandelion org export` lists them"))?;
    let file = match &arguments.data {
        Some(file) => labelled::read(file, &arguments.label)?,
        None => Vec::new(),
    };
    let file = file.into_iter().map(|row| (row.text, row.label)).collect();
    let source = Source { corrections: arguments.from_corrections, file };
    let begun = model::start(hub, &me, unit.id, &arguments.head, source).await?;
    let bar = output::bar(None, "training");
    let done = loop {
        let it = model::find(hub, &me, begun.id).await?;
        if it.state != State::Training {
            break it;
        }
        // Where the hub runs, it may have taken the work already.
        if !model::step(hub).await? {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    bar.finish_and_clear();
    let Some(report) = &done.report else { bail!("it could not be trained: {}", done.error.unwrap_or_default()) };
    println!("model {}: {} of {}, version {}", done.id, done.question, unit.name, done.number);
    tell(hub, &me, report).await?;
    if arguments.yes || (std::io::stdin().is_terminal() && asked("Let it take over?")?) {
        model::take_over(hub, &me, done.id).await?;
        println!("it is in use; `dandelion model rollback {}` takes that back", done.id);
    } else {
        println!("it answers as a shadow; `dandelion model use {}` lets it take over", done.id);
    }
    Ok(ExitCode::SUCCESS)
}

/// Figures before and after, and what would change.
async fn tell(hub: &Hub, me: &Viewer, report: &Report) -> Result<()> {
    let labels: Vec<String> = report.labels.iter().map(|(label, n)| format!("{label} {n}")).collect();
    println!("examples: {} ({} were “right as it is”)", labels.join(", "), report.confirmed);
    if report.left_out > 0 {
        println!("left out: {} that name several answers, or one that is not asked any more", report.left_out);
    }
    let line = |name: &str, it: Option<&Standing>| match it {
        None => println!("{name:7} nobody answered"),
        Some(it) => println!(
            "{name:7} {} of {} right, {:.1} % (95 %: {:.1} to {:.1}); macro-F1 {:.1} % ({:.1} to {:.1})",
            it.right,
            it.n,
            it.accuracy[0] * 100.0,
            it.accuracy[1] * 100.0,
            it.accuracy[2] * 100.0,
            it.macro_f1[0] * 100.0,
            it.macro_f1[1] * 100.0,
            it.macro_f1[2] * 100.0
        ),
    };
    println!("on examples that were held out in {} parts in turn:", report.folds);
    line("before", report.before.as_ref());
    line("after", report.after.as_ref());
    if report.before.is_some() {
        let words = if report.luck() < 0.05 { "hardly luck" } else { "may well be luck" };
        println!(
            "only after right: {}, only before right: {}; {words} (sign test, p = {:.2})",
            report.gained,
            report.lost,
            report.luck()
        );
    }
    println!("of the unit's {} newest posts {} would be judged otherwise", report.looked, report.changing);
    let ids: Vec<i64> = report.changes.iter().take(NAMED).map(|change| change.post).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let search = Search { ids, ..Search::default() };
    let posts = search::posts(hub, me, &search, None, NAMED as i64).await?;
    for change in report.changes.iter().take(NAMED) {
        let text = posts.iter().find(|post| post.id == change.post).map_or("", |post| post.text.as_str());
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LETTERS).collect();
        println!("  {} → {}: {text}", change.before.as_deref().unwrap_or("–"), change.after);
    }
    Ok(())
}

fn asked(question: &str) -> Result<bool> {
    ensure!(std::io::stdin().is_terminal(), "nobody can be asked here; say --yes");
    print!("{question} [y/N] ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
