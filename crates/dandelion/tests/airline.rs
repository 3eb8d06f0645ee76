//! Real posts through the real program: the airline set of `../shared` (or `DANDELION_SHARED`).

use std::{
    path::{Path, PathBuf},
    process::Command,
};

const ORG: &str = r#"
[organisation]
name = "Airlines"
time_zone = "America/New_York"
languages = ["en"]
[[unit]]
key = "head"
name = "Head office"
kind = "hub"
[[unit]]
key = "baggage"
name = "Baggage"
kind = "spoke"
parent = "head"
[[topic]]
key = "bags"
name = "Bags"
unit = "baggage"
words = ["bag*", "luggage"]
"#;

const QUERIES: &str = r#"
[[query]]
name = "Our names"
unit = "head"
text = "@VirginAmerica OR @united OR @SouthwestAir OR @JetBlue OR @USAirways OR @AmericanAir"
"#;

fn shared() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var_os("DANDELION_SHARED").map_or_else(beside, PathBuf::from)
}

/// Runs the program on a data directory; gives its exit code and what it printed last.
fn run(data: &Path, arguments: &[&str]) -> (i32, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_dandelion")).args(arguments).env("DANDELION_DATA_DIR", data).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.trim().lines().last().unwrap_or_default().to_owned())
}

#[test]
fn ten_thousand_real_posts_are_accounted_for_and_each_mention_is_in_a_case() {
    let posts = shared().join("data/splits/airline/train.tsv");
    assert!(posts.is_file(), "{} is missing; set DANDELION_SHARED", posts.display());
    let folder = std::env::temp_dir().join(format!("dandelion-airline-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (org, queries, data) = (folder.join("org.toml"), folder.join("queries.toml"), folder.join("data"));
    std::fs::write(&org, ORG).unwrap();
    std::fs::write(&queries, QUERIES).unwrap();
    assert_eq!(run(&data, &["org", "import", org.to_str().unwrap()]).0, 0);
    assert_eq!(run(&data, &["query", "import", queries.to_str().unwrap()]).0, 0);
    let import = ["import", posts.to_str().unwrap(), "--map", "id=id,text=text,network==twitter"];
    assert_eq!(run(&data, &import), (0, "seen 10029 = stored 10029 + duplicate 0 + refused 0".into()));
    assert_eq!(run(&data, &import), (0, "seen 10029 = stored 0 + duplicate 10029 + refused 0".into()));
    // `check` names a mention without its case, and a case without its one unit.
    assert_eq!(run(&data, &["check"]), (0, "everything holds".into()));
    let wrong = ["import", posts.to_str().unwrap(), "--map", "id=nosuch"];
    assert_eq!(run(&data, &wrong).0, 2, "a wrong column is bad usage");
    std::fs::remove_dir_all(folder).unwrap();
}
