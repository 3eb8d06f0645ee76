//! The shared corpus of mails, which lies beside the repository and never in it: every mail becomes exactly one post, and
//! where the corpus says how a mail is to be read, it is read so.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use dandelion_networks::email;
use serde_json::Value;

/// What grows faster than its input takes longer than this, on any machine; nothing else does.
const SLOW: Duration = Duration::from_secs(20);

fn corpus() -> PathBuf {
    let root = std::env::var_os("DANDELION_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let found = root.join("corpora/email");
    assert!(found.exists(), "{} is not there: set DANDELION_SHARED to the shared folder", found.display());
    found
}

fn mails() -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![corpus()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_mail = path.extension().is_some_and(|it| it == "eml")
                || path.extension().is_some_and(|it| it == "txt")
                    && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("msg_"));
            if path.is_dir() {
                folders.push(path);
            } else if is_mail {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

#[test]
fn every_mail_becomes_exactly_one_post() {
    let mails = mails();
    assert!(mails.len() >= 60, "only {} mails: the corpus is not whole", mails.len());
    let mut refused = Vec::new();
    for path in &mails {
        let bytes = fs::read(path).unwrap();
        let begun = Instant::now();
        match email::post(&bytes, None) {
            Ok(post) => assert!(post.check().is_ok(), "{}", path.display()),
            Err(why) => refused.push(format!("{}: {}", path.display(), why.refusal)),
        }
        // Cut anywhere, as a mail is whose end was not fetched.
        for part in [1, 3, 7] {
            let _ = email::post(&bytes[..bytes.len() * part / 8], None);
        }
        assert!(begun.elapsed() < SLOW, "{} took {:?}", path.display(), begun.elapsed());
    }
    println!(
        "{} of {} mails became posts; the others:\n{}",
        mails.len() - refused.len(),
        mails.len(),
        refused.join("\n")
    );
    assert!(refused.is_empty(), "{refused:?}");
}

/// From, subject, date, words and number of attachments, against the parse that comes with the corpus.
#[test]
fn mails_are_read_as_the_corpus_says() {
    let (mut asked, mut missed) = (0, Vec::new());
    for path in mails() {
        let Ok(expected) = fs::read_to_string(path.with_extension("json")) else { continue };
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let mail = email::read(&fs::read(&path).unwrap()).unwrap();
        let name = path.strip_prefix(corpus()).unwrap().display().to_string();
        let mut check = |what: &str, got: Option<String>, due: Option<String>| {
            asked += 1;
            if got != due {
                missed.push(format!("{name}: {what} is {got:?}, not {due:?}"));
            }
        };
        let header = |name: &str| {
            let headers = expected["parts"][0]["headers"].as_array().cloned().unwrap_or_default();
            headers.into_iter().rev().find(|header| header["name"] == name).map(|header| header["value"].clone())
        };
        let from = header("from").map(|from| first_address(&from));
        check("from", mail.from.0.clone(), from.flatten());
        check("subject", mail.subject.clone(), header("subject").and_then(|it| it["Text"].as_str().map(tidy)));
        check("date", mail.date.map(|at| at.to_string()), header("date").and_then(|it| moment(&it["DateTime"])));
        check("words", Some(tidy(&mail.text)), Some(tidy(&words(&expected))));
        let attached = expected["attachments"].as_array().map_or(0, Vec::len).to_string();
        check("attachments", Some(mail.attachments.len().to_string()), Some(attached));
    }
    println!("{} of {asked} expectations met; the others:\n{}", asked - missed.len(), missed.join("\n"));
    assert!(asked >= 60, "only {asked} expectations: the corpus is not whole");
    assert!(missed.len() * 100 <= asked, "{} of {asked} missed:\n{}", missed.len(), missed.join("\n"));
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn first_address(from: &Value) -> Option<String> {
    let address = &from["Address"];
    let list = address["List"].as_array().cloned();
    let groups = || address["Group"].as_array()?.iter().find_map(|group| group["addresses"].as_array().cloned());
    list.or_else(groups)?.first()?["address"].as_str().map(|address| tidy(address).to_lowercase())
}

fn moment(date: &Value) -> Option<String> {
    let part = |name: &str| date[name].as_i64().unwrap_or_default();
    let sign = if date["tz_before_gmt"] == true { '-' } else { '+' };
    let text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        part("year"),
        part("month"),
        part("day"),
        part("hour"),
        part("minute"),
        part("second"),
        part("tz_hour"),
        part("tz_minute")
    );
    date.is_object().then(|| text.parse::<jiff::Timestamp>().ok().map(|at| at.to_string()))?
}

/// The words of the parts that are meant to be read; markup as its words, by the same cleaning as everywhere.
fn words(expected: &Value) -> String {
    let ids = expected["text_body"].as_array().cloned().unwrap_or_default();
    let part = |id: &Value| {
        let body = &expected["parts"][id.as_u64()? as usize]["body"];
        let html = || body["Html"].as_str().map(dandelion_networks::clean::text);
        body["Text"].as_str().map(ToOwned::to_owned).or_else(html)
    };
    ids.iter().filter_map(part).collect::<Vec<_>>().join("\n")
}
