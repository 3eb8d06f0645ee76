//! Measures what the panel and heads of one's own are worth on the dev parts of the labelled sets beside the repository
//! (or under `DANDELION_SHARED`). One JSON object.
//!
//! `cargo run --release -p dandelion-understand --example figures -- shipped|own|language|personal|needs|behaviour [SET…]`

use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::time::Instant;

use dandelion_post::Post;
use dandelion_understand::behaviour::{self, Tally};
use dandelion_understand::evaluate::{Case, Figures, figures};
use dandelion_understand::learn::{Aim, Example};
use dandelion_understand::personal::{self, Kind};
use dandelion_understand::{Lexicon, Own, Rules, Shipped, own_recipe};
use serde_json::{Map, Value, json};

mod needs;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let only: Vec<String> = arguments.collect();
    let found = match what.as_str() {
        "shipped" => shipped()?,
        "own" => own(&only)?,
        "language" => language()?,
        "personal" => personal_data()?,
        "needs" => needs::figures()?,
        "behaviour" => behaviour(&only)?,
        _ => return Err(Error::other("say shipped, own, language, personal, needs or behaviour")),
    };
    println!("{found}");
    Ok(())
}

/// The shipped heads; `airline` and `brand_emotion` were never learned from.
fn shipped() -> Result<Value> {
    let shipped = Shipped::default();
    let mut found = Map::new();
    for (name, question, set, label) in [
        ("sentiment", "sentiment", "tweeteval_sentiment", "label"),
        ("sentiment.airline", "sentiment", "airline", "sentiment"),
        ("sentiment.many", "sentiment", "xlmt_sentiment", "label"),
        ("emotion", "emotion", "tweeteval_emotion", "label"),
        ("irony", "irony", "tweeteval_irony", "label"),
        ("offensive", "offensive", "tweeteval_offensive", "label"),
    ] {
        let rows = read(set, "dev", &["text", label, "lang"])?;
        let mut allowed: Vec<String> = rows.iter().map(|row| row[1].clone()).collect();
        allowed.sort();
        allowed.dedup();
        let cases: Vec<Case> = rows
            .iter()
            .filter_map(|row| {
                let said = shipped.ask(question, &row[0])?.only(&allowed)?;
                Some(Case { right: row[1].clone(), said: said.label, chance: said.chance })
            })
            .collect();
        found.insert(name.to_owned(), short(&figures(&cases, 1)));
        if question == "sentiment" {
            found.insert(format!("{name}.analysis"), analysed(&rows));
        }
        if set == "xlmt_sentiment" {
            let mut by: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
            rows.iter().zip(&cases).for_each(|(row, case)| by.entry(&row[2]).or_default().push(case.clone()));
            let each: Map<String, Value> = by.iter().map(|(code, cases)| ((*code).to_owned(), f1(cases))).collect();
            found.insert("sentiment.by_language".to_owned(), Value::Object(each));
        }
    }
    Ok(Value::Object(found))
}

/// The same for what a whole analysis says, where rules have their word too; `mixed` counts as neutral.
fn analysed(rows: &[Vec<String>]) -> Value {
    let rules = Rules::new(Lexicon::default());
    let case = |row: &Vec<String>| {
        let sentiment = rules.analyse(&Post { text: row[0].clone(), ..Post::default() }).sentiment;
        let said = if sentiment.value == "mixed" { "neutral".to_owned() } else { sentiment.value };
        Case { right: row[1].clone(), said, chance: sentiment.score as f32 }
    };
    short(&figures(&rows.iter().map(case).collect::<Vec<_>>(), 1))
}

/// Pass rates of the behaviour tests, and how far apart groups of people lie. A second word `failed` also tells every failure.
fn behaviour(words: &[String]) -> Result<Value> {
    let claims = behaviour::read(behaviour::SHIPPED).map_err(Error::other)?;
    let outcome = behaviour::run(&Rules::new(Lexicon::default()), &claims);
    if words.iter().any(|it| it == "failed") {
        outcome.failed.iter().for_each(|it| eprintln!("{}", it.join("\t")));
    }
    let share = |tally: &Tally| percent(tally.share());
    let rates: Map<String, Value> = outcome.capabilities.iter().map(|(name, it)| (name.clone(), share(it))).collect();
    let groups: Map<String, Value> = outcome.groups.iter().map(|(name, it)| (name.clone(), share(it))).collect();
    let (passed, all) = outcome.capabilities.values().fold((0, 0), |sum, it| (sum.0 + it.passed, sum.1 + it.all));
    let shares = || outcome.groups.values().map(Tally::share);
    let gap = shares().fold(0.0, f64::max) - shares().fold(1.0, f64::min);
    Ok(json!({
        "templates": claims.len(), "posts": all, "passed": percent(passed as f64 / all as f64), "capabilities": rates,
        "groups": groups, "gap_between_groups": percent(gap),
    }))
}

fn own(only: &[String]) -> Result<Value> {
    let mut found = Map::new();
    for (set, label, aim) in [
        ("banking77", "label", Aim::Accuracy),
        ("clinc150", "label", Aim::Accuracy),
        ("complaints", "label", Aim::MacroF1),
        ("airline", "negativereason", Aim::MacroF1),
        ("airline", "sentiment", Aim::MacroF1),
        ("suggestions", "label", Aim::MacroF1),
        ("crisislex_t26", "info_type", Aim::MacroF1),
    ] {
        let name = format!("{set}.{label}");
        if !only.is_empty() && !only.contains(&name) {
            continue;
        }
        let rows = labelled(set, "train", label)?;
        let mut labels: Vec<String> = rows.iter().map(|row| row[1].clone()).collect();
        labels.sort();
        labels.dedup();
        let place = |label: &String| labels.binary_search(label).unwrap_or_default() as u16;
        let example =
            |row: &Vec<String>| Example { text: row[0].clone(), label: place(&row[1]), weight: 1.0, counts: true };
        let recipe = dandelion_understand::learn::Recipe { aim, ..own_recipe(labels.len(), 1) };
        let begun = Instant::now();
        let own = Own::train("own", "figures", &labels, rows.iter().map(example).collect(), &recipe);
        let took = begun.elapsed().as_secs_f64();
        let dev = labelled(set, "dev", label)?;
        let case = |row: &Vec<String>| {
            let said = own.ask(&row[0]);
            Case { right: row[1].clone(), said: said.label, chance: said.chance }
        };
        let cases: Vec<Case> = dev.iter().map(case).collect();
        let mut it = short(&figures(&cases, 1));
        it["seconds"] = json!((took * 10.0).round() / 10.0);
        it["kib"] = json!(own.to_bytes().len() / 1024);
        if set == "clinc150" {
            let inner: Vec<Case> = cases.iter().filter(|case| case.right != "oos").cloned().collect();
            it["in_scope_accuracy"] = percent(figures(&inner, 1).accuracy);
        }
        if set == "suggestions" {
            it["f1_of_suggestion"] = percent(figures(&cases, 1).labels["suggestion"].f1);
        }
        eprintln!("{name} {it}");
        found.insert(name, it);
    }
    Ok(Value::Object(found))
}

fn language() -> Result<Value> {
    let shipped = Shipped::default();
    let mut kinds: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut take = |kind: &str, text: &str, right: &str| {
        let said = shipped.ask("language", text).map(|said| said.label).unwrap_or_default();
        let counts = kinds.entry(kind.to_owned()).or_default();
        counts[0] += usize::from(said == right);
        counts[1] += 1;
    };
    for row in read("lid_lingua", "dev", &["text", "lang", "kind"])? {
        take(&row[2], &row[0], &row[1]);
    }
    for row in read("xlmt_sentiment", "dev", &["text", "lang", "label"])? {
        take(if row[1] == "hi" { "tweets-romanised-hindi" } else { "tweets" }, &row[0], &row[1]);
    }
    let share = |[right, all]: &[usize; 2]| percent(*right as f64 / *all as f64);
    Ok(Value::Object(kinds.iter().map(|(kind, counts)| (kind.clone(), share(counts))).collect()))
}

/// Structured kinds: how many are found (by any overlap), and how many are found where there are none, in synthetic
/// texts and in the airline posts.
fn personal_data() -> Result<Value> {
    let file = splits().join("presidio_pii/dev.jsonl");
    let (mut wanted, mut hit, mut wrong, mut texts) =
        (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new(), 0, 0);
    let (mut missed, mut names) = (Vec::new(), Names::default());
    let mut addresses = [0, 0];
    for part in ["train", "dev"] {
        for line in std::fs::read_to_string(file.with_file_name(format!("{part}.jsonl")))?.lines() {
            let row: Value = serde_json::from_str(line)?;
            let text = row["text"].as_str().unwrap_or_default();
            let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let (loose, spans): (Vec<_>, Vec<_>) =
                personal::find(text, &[]).into_iter().partition(|span| matches!(span.kind, Kind::Name | Kind::Address));
            let (said, places): (Vec<_>, Vec<_>) = loose.into_iter().partition(|span| span.kind == Kind::Name);
            let mut used = vec![false; spans.len()];
            // The names' model learned from the train part.
            if part == "dev" {
                names.take(&said, &row, &bytes);
            }
            texts += 1;
            for span in row["spans"].as_array().into_iter().flatten() {
                let (from, to) = (span[0].as_u64().unwrap_or(0) as usize, span[1].as_u64().unwrap_or(0) as usize);
                let name = span[2].as_str().unwrap_or_default();
                if name == "STREET_ADDRESS" {
                    let (from, to) = (bytes[from], bytes[to]);
                    addresses[1] += 1;
                    let found = places.iter().any(|it| it.from < to && it.to > from);
                    addresses[0] += usize::from(found);
                    if !found {
                        missed.push(format!("{name} {}", &text[from..to]));
                    }
                }
                if !["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS"]
                    .contains(&name)
                {
                    continue;
                }
                let (from, to) = (bytes[from], bytes[to]);
                let found = spans.iter().position(|it| it.from < to && it.to > from && same(it.kind, name));
                *wanted.entry(name.to_owned()).or_default() += 1;
                match found {
                    Some(at) => {
                        *hit.entry(name.to_owned()).or_default() += 1;
                        used[at] = true;
                    }
                    None => missed.push(format!("{name} {}", &text[from..to])),
                }
            }
            wrong += used.iter().filter(|used| !**used).count();
        }
    }
    for it in &missed {
        eprintln!("missed {it}");
    }
    let posts = read("airline", "train", &["text"])?;
    let (mut in_posts, mut named, mut placed) = (0, 0, 0);
    for row in &posts {
        for span in personal::find(&row[0], &[]) {
            *match span.kind {
                Kind::Name => &mut named,
                Kind::Address => &mut placed,
                _ => &mut in_posts,
            } += 1;
            eprintln!("airline: {:?} {}", span.kind, &row[0][span.from..span.to]);
        }
    }
    let (all, found): (usize, usize) = (wanted.values().sum(), hit.values().sum());
    Ok(json!({
        "recall": percent(found as f64 / all as f64), "wanted": wanted, "found": hit, "texts": texts, "false_hits": wrong,
        "spans_in_airline_posts": in_posts, "names_in_airline_posts": named, "airline_posts": posts.len(),
        "names_f1": names.f1(), "addresses_found": format!("{} of {}", addresses[0], addresses[1]), "addresses_in_airline_posts": placed,
    }))
}

/// Names found exactly as they are marked.
#[derive(Default)]
struct Names {
    right: usize,
    said: usize,
    wanted: usize,
}

impl Names {
    fn take(&mut self, said: &[personal::Span], row: &Value, bytes: &[usize]) {
        let place = |value: &Value| bytes[value.as_u64().unwrap_or(0) as usize];
        let persons = row["spans"].as_array().into_iter().flatten().filter(|span| span[2] == "PERSON");
        let wanted: Vec<(usize, usize)> = persons.map(|span| (place(&span[0]), place(&span[1]))).collect();
        self.right += said.iter().filter(|span| wanted.contains(&(span.from, span.to))).count();
        self.said += said.len();
        self.wanted += wanted.len();
    }

    fn f1(&self) -> Value {
        percent(2.0 * self.right as f64 / (self.said + self.wanted).max(1) as f64)
    }
}

/// A card's or account's number is personal data whatever it is taken for, but the kind must be right to count here.
fn same(kind: Kind, name: &str) -> bool {
    matches!(
        (kind, name),
        (Kind::Email, "EMAIL_ADDRESS")
            | (Kind::Phone, "PHONE_NUMBER")
            | (Kind::Card, "CREDIT_CARD")
            | (Kind::Iban, "IBAN_CODE")
            | (Kind::National, "US_SSN")
            | (Kind::Ip, "IP_ADDRESS")
    )
}

fn short(it: &Figures) -> Value {
    json!({
        "n": it.n, "accuracy": percent(it.accuracy), "macro_f1": percent(it.macro_f1),
        "macro_recall": percent(it.macro_recall), "ece": (it.ece * 1e4).round() / 1e4,
    })
}

fn f1(cases: &[Case]) -> Value {
    percent(figures(cases, 1).macro_f1)
}

fn percent(share: f64) -> Value {
    json!((share * 1000.0).round() / 10.0)
}

fn splits() -> PathBuf {
    let shared = std::env::var_os("DANDELION_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    shared.join("data/splits")
}

fn labelled(set: &str, part: &str, label: &str) -> Result<Vec<Vec<String>>> {
    Ok(read(set, part, &["text", label])?.into_iter().filter(|row| row[1] != "-").collect())
}

/// Columns of a set; a column that it lacks is empty.
fn read(set: &str, part: &str, columns: &[&str]) -> Result<Vec<Vec<String>>> {
    let file = splits().join(set).join(format!("{part}.tsv"));
    let table = std::fs::read_to_string(&file).map_err(|error| Error::other(format!("{}: {error}", file.display())))?;
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let places: Vec<Option<usize>> = columns.iter().map(|name| names.iter().position(|it| it == name)).collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        places.iter().map(|at| at.and_then(|at| cells.get(at)).copied().unwrap_or_default().to_owned()).collect()
    };
    Ok(lines.map(row).collect())
}
