use std::fmt::Write as _;

use super::Post;

/// Posts shown on one page, newest first.
const SHOWN: usize = 200;

const STYLE: &str = "
:root { color-scheme: light dark; --bg: light-dark(#eef1f6, #12151b); --card: light-dark(#fff, #1a1f28);
  --line: light-dark(#d8dee8, #2d3542); --text: light-dark(#1a2130, #e6eaf1); --meta: light-dark(#566178, #9aa6ba);
  --accent: light-dark(#3a4fa3, #a7b6f5); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 ui-sans-serif, system-ui, sans-serif; }
main { max-width: 620px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 20px; margin: 0; }
.sub { color: var(--meta); font-size: 13px; margin: 2px 0 20px; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; margin: 0 0 12px; }
.who { font-weight: 600; color: var(--accent); overflow-wrap: anywhere; }
.meta { color: var(--meta); font-size: 12px; }
p { margin: 4px 0 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
a { color: inherit; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.none { color: var(--meta); }
";

/// The newest posts.
pub(super) fn all(posts: &[Post]) -> String {
    let mut body = format!("<p class=sub>{}</p>", count(posts.len()));
    if posts.is_empty() {
        body.push_str("<p class=none>Nobody has posted yet. Answer a post at the desk: it will appear here.</p>");
    }
    for post in posts.iter().rev().take(SHOWN) {
        card(&mut body, post);
    }
    frame("Demo network", &body)
}

/// One post.
pub(super) fn one(post: &Post) -> String {
    let mut body = "<p class=sub><a href=\"/\">All posts</a></p>".to_owned();
    card(&mut body, post);
    frame(&format!("{} on the demo network", post.author), &body)
}

/// No post.
pub(super) fn missing() -> String {
    frame("Not here", "<p class=none>There is no such post. <a href=\"/\">All posts</a></p>")
}

fn count(posts: usize) -> String {
    match posts {
        0 => "A pretend network for Dandelion’s demo".into(),
        1 => "A pretend network for Dandelion’s demo · 1 post, published by our sender".into(),
        n => format!("A pretend network for Dandelion’s demo · {n} posts, published by our sender"),
    }
}

fn card(page: &mut String, post: &Post) {
    let at = dandelion_post::rfc3339(post.at);
    let shown: String = at.chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect();
    let reply = post.in_reply_to.as_deref().map(|to| format!(" · in reply to {}", escape(to))).unwrap_or_default();
    let _ = write!(
        page,
        "<article><div class=who>{}</div><p dir=auto>{}</p><div class=meta><a href=\"/posts/{}\"><time datetime=\"{at}\">{shown} UTC</time></a>{reply}</div></article>",
        escape(&post.author),
        escape(&post.text),
        post.id,
    );
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <meta http-equiv=refresh content=5><title>{title}</title><style>{STYLE}</style>\
         <main><h1>{title}</h1>{body}</main></html>",
        title = escape(title),
    )
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
