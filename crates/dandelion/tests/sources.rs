//! The quarantine and reading again, through the real program.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

fn run(data: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dandelion"))
        .args(arguments)
        .env("DANDELION_DATA_DIR", data)
        .env("DANDELION_ALLOW_PRIVATE", "127.0.0.1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sources-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn what_was_refused_is_listed_and_tried_again() {
    let folder = folder("refused");
    let (data, posts) = (folder.join("data"), folder.join("posts.jsonl"));
    let long = "x".repeat(2_000);
    let rows = [
        r#"{"id":"1","text":"the kettle leaks"}"#.to_owned(),
        r#"{"id":"2"}"#.to_owned(),
        format!(r#"{{"id":"{long}","text":"an id too long"}}"#),
    ];
    std::fs::write(&posts, rows.join("\n")).unwrap();
    let (_, out, err) = run(&data, &["import", posts.to_str().unwrap()]);
    assert!(out.contains("seen 3 = stored 1 + duplicate 0 + refused 2"), "{out}{err}");
    let listed = run(&data, &["source", "list"]).1;
    let key = listed.split('\t').next().unwrap();

    let (code, out, _) = run(&data, &["source", "quarantine", key]);
    assert_eq!(code, 0);
    let items: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(items.len(), 2, "{out}");
    assert!(items[0]["raw"].as_str().unwrap().contains("\"2\""), "as it came: {}", items[0]);
    assert!(!items[0]["reason"].as_str().unwrap().is_empty());

    let (code, out, err) = run(&data, &["source", "quarantine", key, "--retry-all"]);
    assert_eq!((code, out.trim()), (1, "0 taken, 2 still refused"), "{err}");
    let (code, _, err) = run(&data, &["source", "quarantine", key, "--retry", "999"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("has no refused item 999"), "{err}");

    let (code, _, err) = run(&data, &["source", "reread", key, "--since", "2026-01-01"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("it brings its posts itself"), "{err}");
    let (code, _, err) = run(&data, &["source", "reread", key, "--since", "yesterday"]);
    assert_eq!(code, 2);
    assert!(err.contains("2026-03-02"), "{err}");
    let (code, out, _) = run(&data, &["check"]);
    assert_eq!(code, 0, "{out}");
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn secrets_are_sealed_with_a_new_key_and_still_open() {
    let folder = folder("secrets");
    let data = folder.join("data");
    let (code, _, err) = run(&data, &["source", "add", "--name", "Kettles"]);
    assert_eq!(code, 0, "{err}");
    let keys = || std::fs::read_to_string(data.join("keys")).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    let before = keys();
    let (code, out, err) = run(&data, &["secrets", "rotate"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("1 secret is sealed with a new key\n"), "{out}");
    let after = keys();
    assert_eq!(
        (after.len(), after.last()),
        (before.len() + 1, before.last()),
        "the old one stays, the new one is first"
    );
    let (code, out, _) = run(&data, &["check"]);
    assert_eq!(code, 0, "every secret opens: {out}");
    let _ = std::fs::remove_dir_all(&folder);
}

/// A forum is seen from an address of it, and what it shows to everybody is shown, before anything is connected.
#[test]
fn a_place_of_a_network_is_tried_by_its_address() {
    let (folder, forum) = (folder("tried"), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = format!("http://{}/t/kettles/7", forum.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut asked in forum.incoming().flatten() {
            let _ = asked.read(&mut [0; 4096]);
            let body = r#"{"latest_posts":[{"id":1,"topic_id":7,"post_number":1,"post_type":1,"username":"zoe","raw":"My kettle leaks"}]}"#;
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = asked.write_all(head.as_bytes()).and_then(|()| asked.write_all(body.as_bytes()));
        }
    });
    let (code, out, err) = run(&folder.join("data"), &["source", "test", &address]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("on Discourse") && out.contains("My kettle leaks"), "{out}");
    assert!(out.contains("1 item, 0 refused; nothing was stored"), "{out}");
    let _ = std::fs::remove_dir_all(&folder);
}
