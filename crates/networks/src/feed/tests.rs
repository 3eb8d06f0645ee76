use std::sync::Arc;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::egress::{Client, Egress};

fn read(text: &str) -> Parsed {
    parse(text.as_bytes(), None, None).unwrap()
}

fn first(text: &str) -> Post {
    read(text).posts.remove(0).unwrap()
}

const RSS: &str = r#"<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>News &amp; more</title><link>https://x.example/</link><language>de</language><ttl>90</ttl>
<item><title>Der Kessel</title><link>https://x.example/1</link><guid isPermaLink="false">k-1</guid><pubDate>Wed, 10 Oct 2018 20:19:24 +0200</pubDate>
<dc:creator>Ana Kovač</dc:creator><description>short</description><content:encoded><![CDATA[<p>Er <b>leckt</b>&nbsp;sehr.</p><p>Ende</p>]]></content:encoded>
<enclosure url="https://x.example/a.mp3" type="audio/mpeg" length="1"/><category>Küche</category></item></channel></rss>"#;

#[test]
fn an_rss_item_becomes_a_post() {
    let parsed = read(RSS);
    assert_eq!((parsed.title.as_deref(), parsed.site.as_deref()), (Some("News & more"), Some("https://x.example/")));
    assert_eq!(parsed.ttl, Some(Duration::from_mins(90)));
    let post = first(RSS);
    assert_eq!(
        (post.id.as_str(), post.url.as_deref(), post.lang.as_deref()),
        ("k-1", Some("https://x.example/1"), Some("de"))
    );
    assert_eq!(post.text, "Er leckt sehr.\n\nEnde");
    assert!(post.html.unwrap().contains("<b>leckt</b>"), "markup is kept as fetched");
    assert_eq!(post.created_at.unwrap().to_string(), "2018-10-10T18:19:24Z");
    assert_eq!(post.edited_at, None);
    assert_eq!(post.author.unwrap().name.as_deref(), Some("Ana Kovač"));
    assert_eq!((post.media[0].kind.as_str(), post.media[0].url.as_str()), ("audio", "https://x.example/a.mp3"));
    assert_eq!(post.extra["categories"][0], "Küche");
}

#[test]
fn an_atom_entry_and_a_json_item_become_posts() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><link rel="hub" href="https://hub.example/"/><entry><id>tag:1</id>
        <title type="html">B &amp;amp; C</title><link href="/p/1"/><published>2026-01-01T00:00:00Z</published><updated>2026-01-02T00:00:00Z</updated>
        <author><name>Ana</name><uri>https://a.example/</uri></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">x <b>y</b></div></content></entry></feed>"#;
    let base = "https://x.example/feed".parse().unwrap();
    let parsed = parse(atom.as_bytes(), None, Some(&base)).unwrap();
    assert_eq!(parsed.hub.as_deref(), Some("https://hub.example/"));
    let post = parsed.posts[0].as_ref().unwrap();
    assert_eq!(
        (post.title.as_deref(), post.url.as_deref(), post.text.as_str()),
        (Some("B & C"), Some("https://x.example/p/1"), "x y")
    );
    assert_eq!(post.edited_at.unwrap().to_string(), "2026-01-02T00:00:00Z");
    assert_eq!(post.author.as_ref().unwrap().id.as_deref(), Some("https://a.example/"));

    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"J","items":[{"id":7,"content_text":"5 < 6 & x","date_published":"2026-01-01T00:00:00Z"},
        {"url":"javascript:x()","content_html":"<i>hi</i>"},"no item",{"id":"e"}]}"#;
    let parsed = read(json);
    let post = parsed.posts[0].as_ref().unwrap();
    assert_eq!((post.id.as_str(), post.text.as_str(), post.html.as_deref()), ("7", "5 < 6 & x", None));
    let second = parsed.posts[1].as_ref().unwrap();
    assert!(second.url.is_none() && second.id.starts_with("sha256:"), "{}", second.id);
    assert!(parsed.posts[2].is_err() && parsed.posts[3].is_err());
}

#[test]
fn an_id_stays_the_same() {
    let item = |inside: &str| first(&format!("<rss version='2.0'><channel><item>{inside}</item></channel></rss>"));
    assert_eq!(item("<guid> g </guid><link>https://l.example</link><title>t</title>").id, "g");
    assert_eq!(item("<link>https://l.example/1</link><title>t</title>").id, "https://l.example/1");
    let hashed = item("<title>t</title><description>d</description>").id;
    assert_eq!(hashed, item("<description>d</description><title>t</title>").id);
    assert_ne!(hashed, item("<title>t</title><description>e</description>").id);
    assert!(item(&format!("<guid>{}</guid><title>t</title>", "g".repeat(2000))).id.starts_with("sha256:"));
}

#[test]
fn broken_feeds_give_what_is_whole() {
    // Cut off in its second entry; bare ampersands; tags never closed.
    let cut = "<rss version='2.0'><channel><item><guid>1</guid><title>A & B<br></title></item><item><guid>2</guid><title>half";
    let parsed = read(cut);
    assert_eq!(parsed.posts[0].as_ref().unwrap().title.as_deref(), Some("A & B"));
    assert!(parsed.posts[1].as_ref().unwrap_err().refusal.reason.contains("middle"));
    // The parser is known to panic on this duration; its neighbour is still read.
    let panics = format!(
        "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel><item><guid>1</guid><title>a</title><media:content url='https://x.example/a' duration='{}'/></item><item><guid>2</guid><title>b</title></item></channel></rss>",
        "9".repeat(40)
    );
    let parsed = read(&panics);
    assert_eq!(parsed.posts.len(), 2);
    assert_eq!(parsed.posts[1].as_ref().unwrap().id, "2");
    // And on an address beside a letter that is not ASCII.
    let person = "<rss version='2.0'><channel><item><guid>1</guid><title>a</title><author>編集者（ed@x.example）</author></item></channel></rss>";
    assert!(first(person).author.is_some());
    for nothing in ["", "hello", "<html><body>x", "{}", "[]", "{\"version\":1}", "<", "<?xml", "\u{feff}"] {
        let why = parse(nothing.as_bytes(), None, None).unwrap_err();
        assert!(why.to_string().contains("no feed"), "{nothing}: {why}");
    }
}

#[test]
fn hostile_feeds_are_bounded() {
    let many =
        format!("<rss version='2.0'><channel>{}</channel></rss>", "<item><title>x</title></item>".repeat(20_000));
    assert_eq!(read(&many).posts.len(), MAX_ENTRIES);
    let laughs = "<!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><rss version='2.0'><channel><item><title>&b;</title></item></channel></rss>";
    assert!(!first(laughs).text.contains("haha"), "entities of the document are not expanded");
    let outside = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><rss version='2.0'><channel><item><title>&e;</title></item></channel></rss>";
    assert_eq!(first(outside).text, "&e;");
    assert!(matches!(parse(&vec![b'<'; MAX_BYTES + 1], None, None), Err(Unreadable::TooLarge(_))));
    for hostile in [
        "<!>".repeat(2_000_000),
        "<!a[>".repeat(1_000_000),
        "<a ".repeat(2_000_000),
        "&".repeat(400_000),
        "</a>".repeat(1_000_000),
    ] {
        let begun = std::time::Instant::now();
        let _ = parse(format!("<rss version='2.0'><channel><item>{hostile}").as_bytes(), None, None);
        assert!(begun.elapsed() < Duration::from_secs(20), "{}… took {:?}", &hostile[..8], begun.elapsed());
    }
}

/// A server whose answers depend on the request.
async fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    head.push(byte);
                }
                let _ = stream.write_all(answer(&String::from_utf8_lossy(&head).to_lowercase()).as_bytes()).await;
            });
        }
    });
    address
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn client() -> Client {
    Client::new(Egress { allow_private: vec!["127.0.0.1".parse().unwrap()], ..Egress::default() }).unwrap()
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn polling_asks_only_for_what_is_new() {
    let address = serve(|head| {
        if head.contains("if-none-match: \"v1\"") && head.contains("if-modified-since: thu") {
            return answer(304, "", "");
        }
        match head.split(' ').nth(1).unwrap() {
            "/moved" => answer(301, "location: /feed\r\n", ""),
            "/busy" => answer(503, "retry-after: Thu, 01 Jan 2026 00:10:00 GMT\r\n", ""),
            "/plain" => answer(
                200,
                "cache-control: public, max-age=600\r\n",
                "<rss version='2.0'><channel><item><title>x</title></item></channel></rss>",
            ),
            "/page" => answer(200, "", "<html>no feed</html>"),
            _ => answer(200, "etag: \"v1\"\r\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n", RSS),
        }
    })
    .await;
    let client = client();
    let url = format!("{address}/feed");
    let polled = poll(&client, &url, &Cursor::default(), now()).await.unwrap();
    assert_eq!((polled.posts.len(), polled.not_modified, polled.next_after), (1, false, Some(Duration::from_mins(90))));
    let kept: Cursor = serde_json::from_str(&serde_json::to_string(&polled.cursor).unwrap()).unwrap();
    let again = poll(&client, &url, &kept, now()).await.unwrap();
    assert!(again.not_modified && again.posts.is_empty() && again.cursor == kept);

    let plain = format!("{address}/plain");
    let polled = poll(&client, &plain, &Cursor::default(), now()).await.unwrap();
    assert_eq!(polled.next_after, Some(Duration::from_mins(10)));
    let again = poll(&client, &plain, &polled.cursor, now()).await.unwrap();
    assert!(again.not_modified, "the same body is nothing new, whatever its server knows");

    let moved = format!("{address}/moved");
    let polled = poll(&client, &moved, &Cursor::default(), now()).await.unwrap();
    assert_eq!(polled.moved_to, Some(url));
    let error = poll(&client, &format!("{address}/busy"), &Cursor::default(), now()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_mins(10)));
    let error = poll(&client, &format!("{address}/page"), &Cursor::default(), now()).await.unwrap_err();
    assert!(error.to_string().contains("look for its feed"), "{error}");
}

#[tokio::test]
async fn feeds_are_found() {
    let page = r#"<html><head><link rel="alternate" type="application/rss+xml" href="/a.xml" title="A"></head></html>"#;
    let naming = serve(move |_| answer(200, "content-type: text/html\r\n", page)).await;
    let found = discover(&client(), &naming, now()).await.unwrap();
    assert_eq!(found, [Found { url: format!("{naming}/a.xml"), title: Some("A".to_owned()) }]);
    let itself = serve(|_| answer(200, "", RSS)).await;
    assert_eq!(discover(&client(), &itself, now()).await.unwrap()[0].title.as_deref(), Some("News & more"));
    let usual = serve(|head| {
        if head.starts_with("get /atom.xml ") { answer(200, "", RSS) } else { answer(200, "", "<html>x</html>") }
    })
    .await;
    assert_eq!(discover(&client(), &usual, now()).await.unwrap()[0].url, format!("{usual}/atom.xml"));
    let none =
        serve(|head| if head.starts_with("get / ") { answer(200, "", "<p>x") } else { answer(404, "", "") }).await;
    assert!(matches!(discover(&client(), &none, now()).await, Err(Error::NothingFound(_))));
}
