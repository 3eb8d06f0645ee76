//! Sitemaps for news as sites publish them: a list of sitemaps that is read with its parts, and one that only `robots.txt`
//! names.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dandelion_networks::{feed, outgoing::testing::loopback};
use serde_json::{Value, json};

use crate::server::{Replay, Say};

fn news(host: &str, titles: &[String]) -> String {
    let url = |(number, title): (usize, &String)| {
        format!(
            "<url><loc>http://{host}/{number}</loc><news:news><news:publication><news:name>Times</news:name><news:language>en</news:language>\
             </news:publication><news:publication_date>2026-03-02T08:0{number}:00Z</news:publication_date><news:title>{title}</news:title></news:news></url>"
        )
    };
    let urls: String = titles.iter().enumerate().map(url).collect();
    format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">{urls}</urlset>"
    )
}

/// A site with a list of sitemaps, of which one has news; so many of them as `published` says.
async fn site(published: Arc<AtomicUsize>) -> Replay {
    Replay::of("feed", move |asked| {
        let host = asked.header("host").to_owned();
        match asked.path.as_str() {
            "/robots.txt" => {
                Say(200, Vec::new(), format!("User-agent: *\nDisallow:\nSitemap: http://{host}/list.xml\n"))
            }
            "/list.xml" => {
                let part = |name: &str| format!("<sitemap><loc>http://{host}/{name}.xml</loc></sitemap>");
                let others: String = (0..20).map(|number| part(&format!("pages-{number}"))).collect();
                // The list stays the same whatever its sitemaps hold, and says so.
                let list = format!(
                    "<sitemapindex>{others}{}{}</sitemapindex>",
                    part("news"),
                    "<sitemap><loc>http://169.254.1.1/news.xml</loc></sitemap>"
                );
                Say(200, vec![("etag", "\"same\"".to_owned())], list)
            }
            "/news.xml" => {
                let count = published.load(Ordering::Relaxed);
                let etag = format!("\"{count}\"");
                if asked.header("if-none-match") == etag {
                    return Say(304, vec![("etag", etag)], String::new());
                }
                let titles: Vec<String> = (0..count).map(|number| format!("Kettle {number}")).collect();
                Say(200, vec![("etag", etag)], news(&host, &titles))
            }
            "/" => {
                Say(200, vec![("content-type", "text/html".to_owned())], "<html><body>Times</body></html>".to_owned())
            }
            path if path.starts_with("/pages-") => {
                Say(200, Vec::new(), format!("<urlset><url><loc>http://{host}/about</loc></url></urlset>"))
            }
            _ => Say(404, Vec::new(), "no".to_owned()),
        }
    })
    .await
}

#[tokio::test]
async fn a_list_is_read_with_its_sitemaps_and_only_what_changed_is_fetched() {
    let published = Arc::new(AtomicUsize::new(2));
    let site = site(published.clone()).await;
    let mut us = site.place(&json!({}), &[]);
    us.place.url = format!("{}/list.xml", site.address);
    let (posts, cursor) = site.all(&us, &Value::Null).await;
    let told: Vec<_> = posts.iter().map(|post| (post.title.as_deref(), post.lang.as_deref())).collect();
    assert_eq!(told, [(Some("Kettle 0"), Some("en")), (Some("Kettle 1"), Some("en"))]);
    assert_eq!(posts[1].created_at.expect("a time").to_string(), "2026-03-02T08:01:00Z");
    let first = site.asked();
    assert!(first.len() <= 9, "at most 8 sitemaps of a list: {}", first.len());
    assert_eq!(first[1].path, "/news.xml", "the one for news first");
    // Nothing new: the part is asked conditionally, although the list is the same.
    let (posts, cursor) = site.all(&us, &cursor).await;
    assert!(posts.is_empty());
    published.store(3, Ordering::Relaxed);
    let (posts, _) = site.all(&us, &cursor).await;
    assert_eq!(posts.last().and_then(|post| post.title.as_deref()), Some("Kettle 2"), "what came since is there");
}

#[tokio::test]
async fn a_site_without_feeds_is_found_by_its_robots() {
    let published = Arc::new(AtomicUsize::new(1));
    let site = site(published).await;
    let now = "2026-03-02T09:00:00Z".parse().expect("a moment");
    let found = feed::discover(&loopback(), &site.address, now).await.expect("a sitemap");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].url, format!("{}/list.xml", site.address));
}

#[tokio::test]
async fn a_sitemap_of_pages_says_what_is_wanted() {
    let site = site(Arc::default()).await;
    let mut us = site.place(&json!({}), &[]);
    us.place.url = format!("{}/pages-1.xml", site.address);
    let why = site.page(&us, &Value::Null).await.expect_err("no news").to_string();
    assert!(why.contains("none of them is news") && why.contains("sitemap for news"), "{why}");
}
