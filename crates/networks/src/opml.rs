//! Lists of feeds as other readers write and read them (OPML 2.0, <http://opml.org/spec2.opml>).

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};

use crate::feed::{Unreadable, tidy};

/// Largest list read, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Most feeds of one list.
pub const MAX_OUTLINES: usize = 10_000;

/// One feed of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The feed's address.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
    /// The page it belongs to.
    pub site: Option<String>,
    /// The folders it lies in, outermost first.
    pub folders: Vec<String>,
}

/// Why a list cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Larger than [`MAX_BYTES`].
    #[error("the list is {0} bytes long; at most {MAX_BYTES} are taken")]
    TooLarge(usize),
    /// More than [`MAX_OUTLINES`] feeds.
    #[error("the list names more than {MAX_OUTLINES} feeds; split it")]
    TooMany,
    /// Not OPML.
    #[error("this is no OPML list; export your feeds as OPML and import that file")]
    NotOpml,
    /// Built to hurt, or broken.
    #[error("the list cannot be read: {0}")]
    Broken(String),
}

/// Reads a list. Outlines without an address are folders or notes; unclosed elements and bare `&` are mended.
pub fn read(bytes: &[u8]) -> Result<Vec<Outline>, Error> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::TooLarge(bytes.len()));
    }
    let text = crate::feed::decode(bytes);
    let tidied = tidy::tidy(text.trim_start()).map_err(|e| match e {
        Unreadable::Shape(why) => Error::Broken(why),
        other => Error::Broken(other.to_string()),
    })?;
    let mut reader = Reader::from_str(&tidied.text);
    let mut found = Vec::new();
    let mut folders: Vec<String> = Vec::new();
    let mut is_opml = false;
    loop {
        match reader.read_event().map_err(|e| Error::Broken(e.to_string()))? {
            Event::Start(tag) if local(&tag) == "opml" => is_opml = true,
            Event::Start(tag) if local(&tag) == "outline" => {
                let outline = outline(&tag, &folders);
                // Every outline opens a level, so that its end can close it; feeds are no folders.
                folders.push(if outline.url.is_empty() {
                    outline.title.clone().unwrap_or_default()
                } else {
                    String::new()
                });
                if !outline.url.is_empty() {
                    found.push(outline);
                }
                if found.len() > MAX_OUTLINES {
                    return Err(Error::TooMany);
                }
            }
            Event::End(tag) if tag.name().local_name().as_ref() == "outline" => drop(folders.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    if is_opml { Ok(found) } else { Err(Error::NotOpml) }
}

/// Writes a list that [`read`] reads to the same feeds.
pub fn write(title: &str, outlines: &[Outline]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n<head><title>");
    out.push_str(&attribute(title));
    out.push_str("</title></head>\n<body>\n");
    let mut open: &[String] = &[];
    for outline in outlines {
        let common = open.iter().zip(&outline.folders).take_while(|(a, b)| a == b).count();
        out.push_str(&"</outline>\n".repeat(open.len() - common));
        for folder in &outline.folders[common..] {
            let name = attribute(folder);
            out.extend(["<outline text=\"", &name, "\" title=\"", &name, "\">\n"]);
        }
        open = &outline.folders;
        out.push_str(&line(outline));
    }
    out.push_str(&"</outline>\n".repeat(open.len()));
    out.push_str("</body>\n</opml>\n");
    out
}

fn line(outline: &Outline) -> String {
    let title = attribute(outline.title.as_deref().unwrap_or(&outline.url));
    let named = if outline.title.is_some() { format!(" title=\"{title}\"") } else { String::new() };
    let site = outline.site.as_deref().map_or(String::new(), |site| format!(" htmlUrl=\"{}\"", attribute(site)));
    format!("<outline type=\"rss\" text=\"{title}\"{named} xmlUrl=\"{}\"{site}/>\n", attribute(&outline.url))
}

/// Escaped, with what XML cannot hold left out.
fn attribute(text: &str) -> String {
    let fit: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()).collect();
    escape(fit.trim()).into_owned()
}

fn outline(tag: &BytesStart<'_>, folders: &[String]) -> Outline {
    let mut outline =
        Outline { folders: folders.iter().filter(|f| !f.is_empty()).cloned().collect(), ..Outline::default() };
    let mut text = None;
    for pair in tag.attributes().flatten() {
        let value = pair.normalized_value(XmlVersion::Explicit1_0).map_or_else(|_| pair.value.to_string(), Into::into);
        let value = value.trim().to_owned();
        if value.is_empty() {
            continue;
        }
        match pair.key.local_name().as_ref().to_ascii_lowercase().as_str() {
            "xmlurl" => outline.url = value,
            "htmlurl" => outline.site = Some(value),
            "title" => outline.title = Some(value),
            "text" => text = Some(value),
            _ => {}
        }
    }
    // Where there is no title we write the address as its text, which is then no title either.
    outline.title = outline.title.or(text.filter(|text| *text != outline.url));
    outline
}

fn local(tag: &BytesStart<'_>) -> String {
    tag.name().local_name().as_ref().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_survives_the_round_trip() {
        let feed = |url: &str, folders: &[&str]| Outline {
            url: url.to_owned(),
            title: Some("A & \"B\" <c>".to_owned()),
            site: Some("https://x.example/?a=1&b=2".to_owned()),
            folders: folders.iter().map(ToString::to_string).collect(),
        };
        let list = vec![
            feed("https://a.example/1", &[]),
            feed("https://a.example/2", &["News", "Trade & more"]),
            feed("https://a.example/3", &["News"]),
            Outline { url: "https://a.example/4".to_owned(), ..Outline::default() },
        ];
        assert_eq!(read(write("Ours", &list).as_bytes()).unwrap(), list);
    }

    #[test]
    fn lists_of_others_are_read() {
        let list = r#"<?xml version="1.0"?><opml version="1.1"><body><outline text="Tech"><outline text="One" type="rss" xmlurl="https://a.example/?x=1&y=2"/>
            <outline text="a note"/></outline><outline XMLURL='https://b.example'>"#;
        let read = read(list.as_bytes()).unwrap();
        assert_eq!(read[0].url, "https://a.example/?x=1&y=2");
        assert_eq!(read[0].folders, ["Tech"]);
        assert_eq!(read[1].url, "https://b.example");
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn what_is_no_list_is_said() {
        assert_eq!(read(b"<rss/>"), Err(Error::NotOpml));
        assert_eq!(read(b""), Err(Error::NotOpml));
        assert!(matches!(read("<outline>".repeat(5000).as_bytes()), Err(Error::Broken(_))));
    }
}
