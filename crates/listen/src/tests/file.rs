use crate::filter::Filter;
use crate::{Matcher, queries};

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
    let read = queries::read(GOOD).unwrap();
    assert_eq!((read.len(), read[0].line, read[0].unit.as_str()), (2, 5, "kettles"));
    let failures = read[0].failures();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].line, failures[0].wanted, failures[0].text.as_str()), (11, true, "a recipe"));
    assert!(read[1].failures().is_empty());
}

#[test]
fn faults_name_the_line() {
    for (text, said) in [
        ("[[query]]\nname = \"a\"\ntext = \"a AND\"", "line 3: query `a`: `AND` needs something on its right"),
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
    ] {
        let error = queries::read(text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(queries::read("").unwrap().is_empty());
}

#[test]
fn lines_go_in_and_answers_come_out() {
    let read = queries::read(GOOD).unwrap();
    let names = read.iter().map(|it| it.name.clone()).collect();
    let matcher = Matcher::new((0..).zip(read.into_iter().map(|it| it.query)));
    let mut filter = Filter::new(&matcher, names, true);
    let answer = filter.line(r#"{"id":"7","text":"@Acme_Care kettle!"}"#).unwrap();
    let json = serde_json::to_string(&answer).unwrap();
    assert_eq!(json, r#"{"id":"7","queries":["kettle","care"],"spans":[[[11,17]],[[0,10]]]}"#);
    assert!(filter.line(r#"{"id":"7"}"#).is_err());
}
