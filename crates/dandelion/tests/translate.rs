//! Queries of other tools, and faulty ones, through the real program.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// Runs the program with an input; gives its exit code, standard output and standard error.
fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dandelion"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends before it has read everything closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn file(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_query_of_another_tool_is_printed_in_ours() {
    let (code, out, err) =
        run(&["query", "translate", "--from", "brandwatch"], "acme NEAR/3f\nleak* AND authorGender:F\n");
    assert_eq!((code, out.as_str()), (1, "acme ONEAR/3 leak*\n"));
    assert!(err.starts_with("- line 2, character 11: `authorGender:F`: "), "{err}");
    let toml = file("x.toml", "[[query]]\nname = \"a\"\ntext = 'kettle -\"for sale\"'\n");
    let (code, out, _) = run(&["query", "translate", "--from", "x", &toml], "");
    assert_eq!(code, 0);
    assert!(out.contains(r#"text = "kettle AND NOT \"for sale\"""#), "{out}");
    let (code, _, err) = run(&["query", "translate", "--from", "gmail"], "");
    assert_eq!(code, 2);
    assert!(err.contains("brandwatch, talkwalker, x"), "{err}");
}

#[test]
fn every_faulty_query_is_named_with_file_line_and_place() {
    let queries = "[[query]]\nname = \"a\"\ntext = \"kettle AND\"\n[[query]]\nname = \"b\"\ntext = \"query:b\"\n";
    let queries = file("faulty.toml", queries);
    let (code, out, err) = run(&["match", "--queries", &queries], "");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains(&format!("{queries} line 3: query `a`, characters 8 to 10 (`AND`)")), "{err}");
    assert!(
        err.contains(&format!("{queries} line 6: query `b`: queries refer to each other in a ring: b → b")),
        "{err}"
    );
}

#[test]
fn queries_may_refer_to_each_other() {
    let queries = "[[query]]\nname = \"ours\"\ntext = \"acme OR #acme\"\n[[query]]\nname = \"leaks\"\ntext = \"query:ours leak*\"\n";
    let queries = file("refer.toml", queries);
    let (code, out, _) = run(&["match", "--queries", &queries], "{\"id\":\"1\",\"text\":\"Acme leaks\"}\n");
    assert_eq!((code, out.as_str()), (0, "{\"id\":\"1\",\"queries\":[\"ours\",\"leaks\"]}\n"));
}

#[test]
fn queries_of_another_tool_are_taken_in_or_none_is() {
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-dialect-data", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    let with_data = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_dandelion"))
            .args(arguments)
            .env("DANDELION_DATA_DIR", &data)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let org = "[organisation]\nname = \"A\"\ntime_zone = \"UTC\"\nlanguages = [\"en\"]\n[[unit]]\nkey = \"head\"\nname = \"Head\"\nkind = \"hub\"\n";
    assert_eq!(with_data(&["org", "import", &file("org.toml", org)]).0, 0);
    let theirs =
        file("theirs.toml", "[[query]]\nname = \"Leaks\"\nunit = \"head\"\ntext = 'acme NEAR/3f leak* AND raw:ACME'\n");
    let (code, out, err) = with_data(&["query", "import", &theirs, "--dialect", "brandwatch"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("1 queries: 1 new, 0 changed"), "{out}");
    let listed = with_data(&["query", "list"]).1;
    assert!(listed.contains("Leaks\tHead\tacme ONEAR/3 leak* AND {ACME}"), "{listed}");
    let lost = file("lost.toml", "[[query]]\nname = \"Lost\"\nunit = \"head\"\ntext = 'authorGender:F'\n");
    let (code, _, err) = with_data(&["query", "import", &lost, "--dialect", "brandwatch"]);
    assert_ne!(code, 0);
    assert!(err.contains("authorGender:F"), "{err}");
    assert_eq!(with_data(&["query", "list"]).1, listed, "nothing of it was taken");
    let _ = std::fs::remove_dir_all(&data);
}
