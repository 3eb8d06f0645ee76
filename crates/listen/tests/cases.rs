//! The language by example: every file of `cases/` is a `queries.toml`, `refused.toml` and `warned.toml` apart.

use std::path::Path;

use dandelion_listen::{parse, queries, read};
use serde::Deserialize;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn queries_match_what_people_expect() {
    let (mut cases, mut wrong) = (0, Vec::new());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if ["refused.toml", "warned.toml"].contains(&name.as_str()) {
            continue;
        }
        let listed = queries::read(&file(&name)).unwrap_or_else(|error| panic!("{name} {error}"));
        for query in &listed {
            cases += query.cases.len();
            let failures = query.failures().into_iter();
            wrong.extend(
                failures.map(|it| format!("{name}:{} {} | {} | wanted {}", it.line, it.query, it.text, it.wanted)),
            );
            let printed = query.query.to_string();
            assert_eq!(parse(&printed).unwrap(), query.query, "{printed}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 300, "{cases}");
}

#[derive(Deserialize)]
struct Said {
    one: Vec<One>,
}

/// What is said of a query: `at` is the text meant.
#[derive(Deserialize)]
struct One {
    text: String,
    at: String,
    message: String,
    #[serde(default)]
    hint: String,
}

#[test]
fn errors_have_a_place_words_and_a_fix() {
    let said: Said = toml::from_str(&file("refused.toml")).unwrap();
    for one in said.one {
        let error = parse(&one.text).map(|query| query.to_string()).expect_err(&one.text);
        assert_eq!(one.text.get(error.span.clone()), Some(one.at.as_str()), "{}: {error}", one.text);
        assert_eq!(error.message, one.message, "{}", one.text);
        assert!(error.hint.contains(&one.hint) && !error.hint.is_empty(), "{}: {}", one.text, error.hint);
    }
}

#[test]
fn warnings_have_a_place_words_and_a_fix() {
    let said: Said = toml::from_str(&file("warned.toml")).unwrap();
    for one in said.one {
        let reading = read(&one.text);
        assert!(reading.query.is_ok(), "{}: {:?}", one.text, reading.query);
        let warning = reading.warnings.first().unwrap_or_else(|| panic!("{}: nothing is said", one.text));
        assert_eq!(one.text.get(warning.span.clone()), Some(one.at.as_str()), "{}: {warning:?}", one.text);
        assert_eq!(warning.message, one.message, "{}", one.text);
        assert!(warning.hint.contains(&one.hint) && !warning.hint.is_empty(), "{}: {}", one.text, warning.hint);
    }
}

#[test]
fn good_queries_are_not_nagged_about() {
    for text in [
        "kettle broken",
        "kettle (leak* OR drip*) -recipe",
        "\"acme kettle\" NEAR/3 leak",
        "C++",
        "AT&T",
        "lang:de",
        "@acme #acme $ACME",
        "\"AND\" kettle",
        "(a AND b) OR c",
        "a b c",
        "a OR b OR c",
        "since:2026-01-01 until:2026-02-01 x",
        "kettle NOT lid",
    ] {
        assert_eq!(read(text).warnings, [], "{text}");
    }
}
