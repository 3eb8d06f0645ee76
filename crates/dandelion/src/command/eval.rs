use std::{collections::BTreeMap, path::Path, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use dandelion_understand::{
    Own, QUESTIONS, Said, Shipped,
    evaluate::{Case, Figures, figures},
};

use super::labelled::{Labelled, read};
use crate::cli::Eval;

/// Who answers.
enum Judge {
    Shipped(Shipped, &'static str),
    Own(Box<Own>),
}

/// Figures of a head on labelled texts.
pub fn run(arguments: &Eval) -> Result<ExitCode> {
    let judge = judge(&arguments.head, arguments.model.as_deref())?;
    let names = Names::new(&judge, &arguments.map)?;
    let rows = read(&arguments.data, &arguments.label)?;
    let rows: Vec<Labelled> =
        rows.into_iter().map(|row| Labelled { label: names.ours(&row.label), text: row.text }).collect();
    let mut allowed: Vec<String> = rows.iter().map(|row| row.label.clone()).collect();
    allowed.sort_unstable();
    allowed.dedup();
    let cases: Vec<Case> = rows.into_iter().map(|row| case(&judge, row, &allowed)).collect();
    let figures = figures(&cases, 1);
    if arguments.json {
        println!("{}", serde_json::to_string(&figures)?);
    } else {
        show(&figures);
    }
    Ok(ExitCode::SUCCESS)
}

fn judge(head: &str, model: Option<&Path>) -> Result<Judge> {
    if let Some(folder) = model {
        let file = folder.join(format!("{head}.head"));
        let bytes = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let own = Own::from_bytes(bytes).with_context(|| format!("{} cannot be used", file.display()))?;
        return Ok(Judge::Own(Box::new(own)));
    }
    let Some((question, _)) = QUESTIONS.iter().find(|(question, _)| *question == head) else {
        let known: Vec<&str> = QUESTIONS.iter().map(|(question, _)| *question).collect();
        bail!("no shipped head is called “{head}” ({}); for one of your own add --model DIR", known.join(", "))
    };
    Ok(Judge::Shipped(Shipped::default(), question))
}

/// Answers are held to the labels that the data uses: a set without “mixed” or “optimism” cannot mean it.
fn case(judge: &Judge, row: Labelled, allowed: &[String]) -> Case {
    let said: Option<Said> = match judge {
        Judge::Shipped(shipped, question) => shipped
            .ask(question, &row.text)
            .and_then(|said| if *question == "language" { Some(said) } else { said.only(allowed) }),
        Judge::Own(own) => Some(own.ask(&row.text)),
    };
    let (said, chance) = said.map_or_else(|| ("none".to_owned(), 0.0), |said| (said.label, said.chance));
    Case { right: row.label, said, chance }
}

/// What labels of other sets are called here.
struct Names(BTreeMap<String, String>);

impl Names {
    fn new(judge: &Judge, maps: &[String]) -> Result<Self> {
        let mut names = BTreeMap::new();
        if let Judge::Shipped(_, question) = judge {
            for (ours, others) in QUESTIONS.iter().filter(|(it, _)| it == question).flat_map(|(_, labels)| *labels) {
                names.extend(others.iter().map(|other| ((*other).to_owned(), (*ours).to_owned())));
            }
        }
        for map in maps {
            let (theirs, ours) = map.split_once('=').with_context(|| format!("--map {map}: write theirs=ours"))?;
            names.insert(theirs.trim().to_owned(), ours.trim().to_owned());
        }
        Ok(Self(names))
    }

    fn ours(&self, label: &str) -> String {
        self.0.get(label).or_else(|| self.0.get(&label.to_lowercase())).cloned().unwrap_or_else(|| label.to_owned())
    }
}

fn show(figures: &Figures) {
    let interval = |name: &str| figures.intervals.get(name).copied().unwrap_or_default();
    println!("{} texts", figures.n);
    for (name, value) in
        [("accuracy", figures.accuracy), ("macro_f1", figures.macro_f1), ("macro_recall", figures.macro_recall)]
    {
        let [from, to] = interval(name);
        println!("{name:14} {:5.1} %  (95 %: {:.1} to {:.1})", value * 100.0, from * 100.0, to * 100.0);
    }
    println!("{:14} {:.3}", "ece", figures.ece);
    println!("\n{:24} {:>7} {:>10} {:>7} {:>7}", "label", "n", "precision", "recall", "F1");
    for (name, label) in &figures.labels {
        let part = |share: f64| share * 100.0;
        let (precision, recall, f1) = (part(label.precision), part(label.recall), part(label.f1));
        println!("{name:24} {:>7} {precision:>10.1} {recall:>7.1} {f1:>7.1}", label.n);
    }
    if figures.labels.len() <= 12 {
        println!("\nright: said");
        for (right, said) in &figures.confusion {
            let said: Vec<String> = said.iter().map(|(name, count)| format!("{name} {count}")).collect();
            println!("{right}: {}", said.join(", "));
        }
    }
}
