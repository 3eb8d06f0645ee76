//! Every view, printed with hostile strings in every place a string can stand: nothing of it becomes markup. And what the
//! content security policy forbids is in no template.

#[path = "../examples/gallery/samples/mod.rs"]
mod samples;

use std::{fs, path::Path};

use samples::{Words, every};

const HOSTILE: &str = "</textarea></title><script>alert(1)</script><img src=x onerror=alert(1)>\" onmouseover=\"alert(1)' onfocus='alert(1)";

#[test]
fn hostile_strings_stay_text() {
    for (name, html) in every(&Words::with(HOSTILE)) {
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, 1, "{name}: only the page's own module may be a script");
        let there = html.contains("alert(1)") || html.contains("alert%281%29");
        assert!(there, "{name}: the hostile text should be there, as text");
        let ours = html.matches("<img src=\"/media/").count();
        assert_eq!(html.matches("<img").count(), ours, "{name}: an image came through that is not ours");
        for tag in tags(&html) {
            let attributes = outside_quotes(tag);
            for handler in ["onerror", "onmouseover", "onfocus", "onclick", "style="] {
                assert!(!attributes.contains(handler), "{name}: {handler} became an attribute in {tag}");
            }
        }
    }
}

#[test]
fn every_posting_form_carries_its_token() {
    for (name, html) in every(&Words::plain()) {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            if form.split('>').next().unwrap_or_default().contains("method=\"post\"") {
                assert!(form.contains("name=\"csrf\" value=\""), "{name}: a form without csrf: {form}");
            }
        }
    }
}

#[test]
fn templates_hold_nothing_the_policy_forbids() {
    let mut seen = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the templates can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            seen += 1;
            let text = fs::read_to_string(&path).expect("a template is text");
            for tag in tags(&text) {
                for attribute in outside_quotes(tag).split_whitespace() {
                    let handler = attribute.starts_with("on") && attribute.contains('=');
                    assert!(!handler && !attribute.starts_with("style="), "{}: {attribute} in {tag}", path.display());
                }
                let bare = tag.starts_with("<style") || (tag.starts_with("<script") && !tag.contains("src="));
                assert!(!bare, "{}: {tag} is inline", path.display());
                assert!(!tag.contains("javascript:"), "{}: {tag}", path.display());
            }
            assert!(!text.contains("|safe"), "{}: only CleanHtml prints HTML as it is", path.display());
        }
    }
    assert!(seen > 10, "templates were not found");
}

/// The tags of a page, as a browser cuts them: a `>` within quotes does not end one.
fn tags(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            rest = &rest[1..];
            continue;
        }
        let mut quote = None;
        let end = rest.char_indices().find(|(_, c)| {
            match (quote, *c) {
                (None, '"' | '\'') => quote = Some(*c),
                (Some(open), c) if c == open => quote = None,
                _ => {}
            }
            quote.is_none() && *c == '>'
        });
        let end = end.map_or(rest.len(), |(at, _)| at + 1);
        found.push(&rest[..end]);
        rest = &rest[end..];
    }
    found
}

/// A tag without the values of its attributes.
fn outside_quotes(tag: &str) -> String {
    let mut quote = None;
    let kept = tag.chars().filter(|c| match (quote, *c) {
        (None, '"' | '\'') => {
            quote = Some(*c);
            false
        }
        (Some(open), c) if c == open => {
            quote = None;
            false
        }
        (open, _) => open.is_none(),
    });
    kept.collect()
}
