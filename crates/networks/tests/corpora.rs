//! The shared corpora of feeds and of injection payloads, which lie beside the repository and never in it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dandelion_networks::feed::{self, Parsed, Unreadable};
use dandelion_networks::{clean, opml};
use dandelion_post::Post;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, StartTag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer};

/// What grows faster than its input takes longer than this, on any machine; nothing else does.
const SLOW: Duration = Duration::from_secs(20);

/// The folder shared by everybody who works on this project; `DANDELION_SHARED`, or `../shared` beside the workspace.
fn shared(path: &str) -> PathBuf {
    let root = std::env::var_os("DANDELION_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let found = root.join(path);
    assert!(found.exists(), "{} is not there: set DANDELION_SHARED to the shared folder", found.display());
    found
}

fn files(under: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![under.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

fn cases() -> Vec<(PathBuf, Vec<u8>)> {
    let names = files(&shared("corpora/feeds"));
    let feeds = names.into_iter().filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        !name.starts_with("LICENSE") && !name.starts_with("README") && !name.ends_with(".serde.json")
    });
    feeds.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

/// The HTTP header that a case wants to be served with.
fn content_type(bytes: &[u8]) -> Option<String> {
    header_line(bytes, "Header:")
        .filter(|line| line.to_lowercase().starts_with("content-type:"))
        .map(|line| line[13..].trim().to_owned())
}

fn header_line(bytes: &[u8], name: &str) -> Option<String> {
    let head: String = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned();
    head.lines().find_map(|line| line.trim().strip_prefix(name).map(|rest| rest.trim().to_owned()))
}

#[test]
fn every_file_is_read_or_refused_with_a_reason_in_time() {
    let cases = cases();
    assert!(cases.len() > 1000, "only {} files: the corpus is not whole", cases.len());
    let (mut read, mut posts, mut refused) = (0, 0, 0);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (path, bytes) in &cases {
        let begun = Instant::now();
        match feed::parse(bytes, content_type(bytes).as_deref(), None) {
            Ok(parsed) => {
                read += 1;
                posts += parsed.posts.iter().filter(|p| p.is_ok()).count();
                refused += parsed.posts.iter().filter(|p| p.is_err()).count();
                for post in parsed.posts.into_iter().flatten() {
                    check_post(&post, path);
                }
            }
            Err(why) => {
                assert!(!why.to_string().is_empty());
                let kind = match why {
                    Unreadable::NotAFeed(_) => "not a feed".to_owned(),
                    other => format!("{other}").chars().take(60).collect(),
                };
                *reasons.entry(kind).or_default() += 1;
            }
        }
        let _ = opml::read(bytes);
        assert!(begun.elapsed() < SLOW, "{} took {:?}", path.display(), begun.elapsed());
    }
    println!("{read} of {} files read, {posts} posts, {refused} entries refused; not read: {reasons:?}", cases.len());
    assert!(read * 100 >= cases.len() * 95, "only {read} of {} files were read: {reasons:?}", cases.len());
}

fn check_post(post: &Post, path: &Path) {
    assert!(post.check().is_ok(), "{}", path.display());
    let url = post.url.as_deref().unwrap_or("https://");
    assert!(url.starts_with("http://") || url.starts_with("https://"), "{}: {url}", path.display());
    if let Some(html) = &post.html {
        assert_inert(&clean::html(html), &path.display().to_string());
    }
}

#[test]
fn titles_links_and_ids_are_as_expected() {
    let (mut asked, mut met) = (0, 0);
    let mut missed = Vec::new();
    for (path, bytes) in cases() {
        if !path.to_string_lossy().contains("wellformed") {
            continue;
        }
        let Some(expected) = header_line(&bytes, "Expect:").and_then(|line| simple(&line)) else { continue };
        let base = "http://127.0.0.1:8097/".parse().unwrap();
        let parsed = feed::parse(&bytes, content_type(&bytes).as_deref(), Some(&base)).unwrap_or_default();
        asked += 1;
        let got = value_of(&parsed, &expected.0);
        if got.as_deref() == Some(expected.1.trim()) {
            met += 1;
        } else {
            missed.push(format!(
                "{}: {} is {got:?}, not {:?}",
                path.file_name().unwrap().display(),
                expected.0,
                expected.1
            ));
        }
    }
    println!("{met} of {asked} expectations met; the others:\n{}", missed.join("\n"));
    assert!(asked > 80, "only {asked} expectations were found");
    assert!(met * 100 >= asked * 67, "{met} of {asked}:\n{}", missed.join("\n"));
}

/// `not bozo and feed['title'] == 'x'` as (`feed.title`, `x`), where the field is one of ours and the value plain.
fn simple(expression: &str) -> Option<(String, String)> {
    let rest = expression.strip_prefix("not bozo and ")?;
    let (left, right) = rest.split_once(" == ")?;
    let left = left.replace("']", "").replace("['", ".");
    let known = [
        "feed.title",
        "feed.link",
        "entries[0].title",
        "entries[0].link",
        "entries[0].id",
        "entries[0].guid",
        "entries[0].summary",
        "entries[0].description",
    ];
    let right = right.trim().strip_prefix('u').unwrap_or(right.trim());
    let value = right.strip_prefix('\'').and_then(|v| v.strip_suffix('\''))?;
    let plain = !value.contains(['\\', '<', '&', '\'']);
    (known.contains(&left.as_str()) && plain).then(|| (left, value.to_owned()))
}

fn value_of(parsed: &Parsed, field: &str) -> Option<String> {
    let post = || match parsed.posts.first()? {
        Ok(post) => Some(post.clone()),
        // An entry of a title or link alone is refused as wordless; what was understood of it is in its raw form.
        Err(refused) => serde_json::from_str(&refused.raw).ok(),
    };
    match field {
        "feed.title" => parsed.title.clone(),
        "feed.link" => parsed.site.clone(),
        "entries[0].title" => post()?.title,
        "entries[0].link" => post()?.url,
        "entries[0].summary" | "entries[0].description" => Some(post()?.text),
        _ => post().map(|post| post.id),
    }
}

#[test]
fn no_payload_survives_cleaning() {
    let mut payloads = Vec::new();
    for name in ["dompurify.json", "owasp-filter-evasion.json", "payloadsallthethings.json"] {
        let text = std::fs::read_to_string(shared("corpora/xss").join(name)).unwrap();
        strings(&serde_json::from_str(&text).unwrap(), &mut payloads);
    }
    let blns = std::fs::read_to_string(shared("corpora/naughty-strings/blns.json")).unwrap();
    strings(&serde_json::from_str(&blns).unwrap(), &mut payloads);
    assert!(payloads.len() > 1000, "only {} payloads: the corpus is not whole", payloads.len());
    for payload in &payloads {
        let begun = Instant::now();
        let cleaned = clean::html(payload);
        assert_inert(&cleaned, payload);
        // A second cleaning finds nothing to do: what is shown parses to what was cleaned.
        assert_eq!(clean::html(&cleaned), cleaned.replace('\r', "\n"), "{payload}");
        // Put into a page in other ways, the words are still only words.
        let _ = clean::text(payload);
        let feed = format!(
            "<rss version='2.0'><channel><title>x</title><item><title>t</title><description><![CDATA[{payload}]]></description></item></channel></rss>"
        );
        if let Ok(parsed) = feed::parse(feed.as_bytes(), None, None) {
            for post in parsed.posts.into_iter().flatten() {
                assert_inert(&clean::html(post.html.as_deref().unwrap_or("")), payload);
            }
        }
        assert!(begun.elapsed() < SLOW, "{payload} took {:?}", begun.elapsed());
    }
}

fn strings(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => into.push(text.clone()),
        serde_json::Value::Array(all) => all.iter().for_each(|one| strings(one, into)),
        serde_json::Value::Object(all) => all.values().for_each(|one| strings(one, into)),
        _ => {}
    }
}

/// A walk over the tags of `html` that knows nothing of how it was cleaned.
fn assert_inert(html: &str, given: &str) {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Inspector::default(), html5ever::tokenizer::TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let found = tokenizer.sink.found.into_inner();
    assert!(found.is_empty(), "{found:?}\nin    {html}\nfrom  {given}");
}

#[derive(Default)]
struct Inspector {
    found: RefCell<Vec<String>>,
}

impl TokenSink for Inspector {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        const HARMLESS: &str = " a abbr b bdi bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul ";
        const PLAIN: [&str; 9] = ["href", "title", "rel", "lang", "dir", "start", "colspan", "rowspan", "hreflang"];
        let mut found = self.found.borrow_mut();
        match token {
            TagToken(tag) => {
                if !HARMLESS.contains(&format!(" {} ", tag.name)) {
                    found.push(format!("<{}>", tag.name));
                }
                for attribute in &tag.attrs {
                    // Browsers drop tabs and line ends inside addresses, so the walk does.
                    let value = attribute.value.trim().to_lowercase().replace(['\t', '\n', '\r'], "");
                    let name = &*attribute.name.local;
                    let web = ["http://", "https://", "mailto:"].iter().any(|scheme| value.starts_with(scheme));
                    if !PLAIN.contains(&name) || (name == "href" && !web) {
                        found.push(format!("{name}={value}"));
                    }
                }
                let unmarked = &*tag.name == "a" && !tag.attrs.iter().any(|a| &*a.name.local == "rel");
                if tag.kind == StartTag && unmarked {
                    found.push("a link without rel".to_owned());
                }
            }
            Token::CommentToken(_) | Token::DoctypeToken(_) => found.push("a comment or declaration".to_owned()),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}
