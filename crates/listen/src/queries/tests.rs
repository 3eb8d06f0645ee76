use proptest::prelude::*;

use super::{Lines, ReadError, plain, read, read_each, resolved, tables};
use crate::Matcher;
use crate::filter::Filter;

const GOOD: &str = r#"
[[query]]
name = "kettle"
unit = "kettles"
text = "kettle -recipe"

  [[query.case]]
  text = "My kettle leaks"
  matches = true

  [[query.case]]
  post = { title = "Kettle", text = "a recipe", network = "x" }
  matches = true

[[query]]
name = "care"
text = "@acme_care"
"#;

#[test]
fn a_file_is_read_and_its_cases_run() {
    let read = read(GOOD).unwrap();
    assert_eq!((read.len(), read[0].line, read[0].unit.as_str()), (2, 5, "kettles"));
    let failures = read[0].failures();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].line, failures[0].wanted, failures[0].text.as_str()), (11, true, "a recipe"));
    assert!(read[1].failures().is_empty());
}

#[test]
fn a_case_may_hold_any_field_of_a_post() {
    let file = r#"
        [[query]]
        name = "a"
        text = "followers:>=10 lang:pt since:2026-01-01 until:2026-01-02 mood:x OR \"never\""
    "#;
    assert!(read(file).unwrap_err().to_string().contains("there is no field `mood:`"));
    let file = r#"
        [[query]]
        name = "a"
        text = "followers:>=10 lang:pt since:2026-01-01 until:2026-01-03 type:story is:ours topic:leaks likes:3 in:t"
        [[query.case]]
        matches = true
        known = { ours = true, topics = ["Leaks"] }
        [query.case.post]
        lang = "pt-BR"
        type = "Story"
        thread = "t"
        created_at = 2026-01-02
        metrics = { likes = 3 }
        author = { handle = "x", followers = 10, created_at = 2025-01-01T00:00:00Z }
    "#;
    let read = read(file).unwrap();
    assert!(
        read[0].failures().is_empty(),
        "{:?}",
        crate::explain(&read[0].query, &read[0].cases[0].post, &crate::Facts::default())
    );
    assert_eq!(read[0].cases[0].post.text, "");
}

#[test]
fn faults_name_the_line() {
    for (text, said) in [
        (
            "[[query]]\nname = \"a\"\ntext = \"a AND\"",
            "line 3: query `a`, characters 3 to 5 (`AND`): `AND` needs something on its right: add a word after it",
        ),
        ("[[query]]\nname = \"a\"\ntext = \"\"\"\na\nb OR\n\"\"\"", "line 5: query `a`, characters 5 to 6 (`OR`): "),
        ("[[query]]\nname = \"a\"\ntext = \"(ä\"", "line 3: query `a`, character 1 (`(`): this `(` is never closed"),
        ("[[query]]\nname = \"a\"", "line 1: missing field `text`"),
        ("\n[[query]]\nname = 3\ntext = \"a\"", "line 3: invalid type"),
        ("[[query]]\nname = \"a\"\ntext = \"b\"\ncolour = 1", "line 4: unknown field `colour`"),
        ("[[query", "line 1: "),
        (
            "[[query]]\nname=\"a\"\ntext=\"b\"\n[[query]]\nname=\"a\"\ntext=\"c\"",
            "line 6: a query named `a` already stands on line 3",
        ),
        ("[[query]]\nname=\"a\"\ntext=\"b\"\n[[query.case]]\nmatches=true", "line 4: this case of query `a` needs"),
        ("[[query]]\nname=\"a\"\ntext=\"b\"\n[[query.case]]\nmatches=true\ntext=\"b\"\npost={}", "it has both"),
        (
            "[[query]]\nname=\"a\"\ntext=\"b\"\n[[query.case]]\nmatches=true\npost={author=1}",
            "line 4: the post in this case",
        ),
        (
            "[[query]]\nname=\"a\"\ntext=\"b\"\n[[query.case]]\nmatches=true\ntext=\"b\"\nknown={x=1}",
            "unknown field `x`",
        ),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(read("").unwrap().is_empty());
}

#[test]
fn a_faulty_query_does_not_stop_the_others() {
    let file = "[[query]]\nname=\"a\"\ntext=\"(\"\n[[query]]\nname=\"b\"\ntext=\"query:c\"\n[[query]]\nname=\"c\"\ntext=\"query:b\"
        [[query]]\nname=\"d\"\ntext=\"query:e lid\"\n[[query]]\nname=\"e\"\ntext=\"kettle\"";
    let (read, faults) = read_each(file).unwrap();
    assert!(matches!(&faults[..], [ReadError::Query { line: 3, .. }]));
    let (good, faults) = resolved(read);
    assert_eq!(good.iter().map(|it| it.query.to_string()).collect::<Vec<_>>(), ["kettle lid", "kettle"]);
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(said[0].starts_with("line 6: query `b`: queries refer to each other in a ring: b → c → b;"), "{said:?}");
    assert!(said[1].contains("c → b → c"), "{said:?}");
}

#[test]
fn lines_go_in_and_answers_come_out() {
    let read = read(GOOD).unwrap();
    let names = read.iter().map(|it| it.name.clone()).collect();
    let matcher = Matcher::new((0..).zip(read.into_iter().map(|it| it.query)));
    let mut filter = Filter::new(&matcher, names, true);
    let mut out = Vec::new();
    filter.line(r#"{"id":"7","text":"@Acme_Care kettle!"}"#, &mut out).unwrap();
    let json = String::from_utf8(out.clone()).unwrap();
    assert_eq!(json, r#"{"id":"7","queries":["kettle","care"],"spans":[[[11,17]],[[0,10]]]}"#);
    assert!(filter.line(r#"{"id":"7"}"#, &mut out).is_err());
}

fn line() -> impl Strategy<Value = String> {
    let value = "[a-zä =#\\[\\]\u{1}\t]{0,6}(\\\\\"|\\\\n|\\\\\\\\|\\\\u0041|\\\\x|\")?[a-z]{0,3}";
    let key = prop::sample::select(&["name", "unit", "text", "matches", "post", "\"name\"", "query.name", ""][..]);
    prop_oneof![
        3 => Just("[[query]]".to_owned()),
        2 => Just("[[query.case]]".to_owned()),
        2 => Just("matches = true".to_owned()),
        1 => Just("matches=false # no".to_owned()),
        1 => Just("# a remark".to_owned()),
        1 => Just("text = '''".to_owned()),
        1 => Just(String::new()),
        8 => (key, "[ \t]{0,2}=[ \t]{0,2}", value, "[ \t#]{0,2}").prop_map(|(key, is, value, end)| format!("{key}{is}\"{value}\"{end}")),
        4 => (0..99_u8).prop_map(|n| format!("name = \"q{n}\"")),
        4 => (0..99_u8).prop_map(|n| format!("text = \"q{n}\"")),
    ]
}

proptest! {
    #![proptest_config(crate::tests::cases(2000))]

    #[test]
    fn the_plain_reader_agrees_with_toml(
        lines in prop::collection::vec(("[ \t]{0,2}", line(), prop::sample::select(&["\n", "\r\n", "\n", "\r"][..])), 0..12),
        whole in prop::collection::vec((0..9_u8, "[a-z\"\\\\ ä]{0,8}", prop::option::of(any::<bool>())), 0..5),
    ) {
        let mut file = whole.iter().map(|(n, text, case)| {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            let case = case.map_or(String::new(), |it| format!("[[query.case]]\n  text=\"{text}\"\n matches = {it}\n"));
            format!("[[query]]\nname = \"q{n}\"\ntext = \"{text}\"\n\n{case}")
        }).collect::<Vec<_>>().concat();
        if let Some(simple) = plain::entries(&file) {
            prop_assert_eq!(simple.len(), whole.len());
        } else {
            prop_assert!(false, "not read: {}", file);
        }
        for (indent, line, end) in &lines {
            file.extend([indent.as_str(), line, end]);
        }
        if let Some(simple) = plain::entries(&file) {
            let full = tables::entries(&file, &Lines::of(&file)).map_err(|e| TestCaseError::fail(format!("{e}\n{file}")))?;
            prop_assert_eq!(simple, full, "{}", file);
        }
    }
}
