//! `docs/networks.md` is made from the table. Make it anew with `DANDELION_UPDATE_DOCS=1 cargo test -p
//! dandelion-networks --test docs`.

use std::{fmt::Write as _, fs, path::Path};

use dandelion_networks::{About, NETWORKS, Once};

#[test]
fn the_page_of_networks_is_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/networks.md");
    let due = page();
    if std::env::var_os("DANDELION_UPDATE_DOCS").is_some() {
        fs::write(&file, &due).expect("docs/networks.md");
    }
    let found = fs::read_to_string(&file).expect("docs/networks.md");
    assert!(found == due, "docs/networks.md is not what the table says; make it anew with DANDELION_UPDATE_DOCS=1");
}

fn page() -> String {
    let mut page = String::from(
        "# Networks\n\nMade from the table `NETWORKS` of the crate `networks`; a test keeps it in step. *Proven live* means \
         that a test starts the real server; *by replay*, that tests read what the network publishes as examples or was \
         recorded to send; *by mapping*, that only a mapping file and payloads of the documented form exist; nothing is called supported that no test runs. Where a network wants several \
         secrets, the file of `--secret` and a handle's secret hold a JSON object of them by name.\n\n| network | read | write | proven |\n|---|---|---|---|\n",
    );
    for about in NETWORKS {
        let _ = writeln!(
            page,
            "| [{}](#{}) | {} | {} | {} |",
            about.label,
            about.label.to_lowercase().replace(' ', "-"),
            reads(about),
            list(&about.writes.words()),
            about.proven.words()
        );
    }
    for about in NETWORKS {
        let _ = write!(page, "\n## {}\n\n{}\n\n", about.label, about.docs);
        let _ = writeln!(page, "- Name: `{}`", about.name);
        let _ = writeln!(page, "- Reads ({}): {}", reads(about), about.reads.what);
        let _ = writeln!(page, "- Writes: {}", list(&about.writes.words()));
        if !about.writes.words().is_empty() {
            let _ = writeln!(page, "- Once and not twice: {}", once(about.once));
        }
        if let Some(length) = about.length {
            let _ = writeln!(page, "- Length: {} ({})", length.most, length.counted.what);
        }
        let _ = writeln!(page, "- Limits: {}", about.limits);
        let _ = writeln!(page, "- State: {}", about.proven.words());
        for field in about.fields {
            let kind = if field.secret { "secret, sealed" } else { "setting" };
            let needed = if field.needed { ", needed" } else { "" };
            let _ = writeln!(page, "- `{}` ({kind}{needed}): {} {}", field.name, field.label, field.help);
        }
    }
    page
}

fn reads(about: &About) -> String {
    let ways = [(about.reads.poll, "asked"), (about.reads.stream, "stream"), (about.reads.push, "sent to us")];
    let ways: Vec<&str> = ways.into_iter().filter_map(|(can, word)| can.then_some(word)).collect();
    if ways.is_empty() { "brought by hand".to_owned() } else { ways.join(", ") }
}

fn list(words: &[&str]) -> String {
    if words.is_empty() { "–".to_owned() } else { words.join(", ") }
}

fn once(once: Once) -> String {
    match once {
        Once::Key { minutes, then_read_back } => {
            let after = if then_read_back { "; afterwards our own posts are read back first" } else { "" };
            format!("the network remembers our key, counted on for {minutes} minutes{after}")
        }
        Once::KeyWhereKnown { minutes } => format!(
            "where the server says that it is one known to remember our key (Mastodon), it is counted on for {minutes} minutes; elsewhere, and afterwards, our own posts are read back before a second attempt"
        ),
        Once::Agreed => "our key, where the handle says that it is honoured; otherwise a person decides".to_owned(),
        Once::ReadBack => "our own posts are read back before a second attempt".to_owned(),
        Once::Nothing => "nothing; after a lost acknowledgement a person decides".to_owned(),
    }
}
