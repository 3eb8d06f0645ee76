//! What holds for the small pieces of every view. That each whole page escapes is in `tests/views.rs`.

use askama::Template;
use jiff::tz::TimeZone;

use super::{CleanHtml, Sentence, Text, Time, grouped, initials};

#[test]
fn marks_survive_any_range() {
    let text = "请问 K2 水壶";
    let marked = Text::marked(text, &[7..9, 1..4, 5..400, 9..9]);
    let whole: String = marked.segments.iter().map(|segment| segment.text.as_str()).collect();
    assert_eq!(whole, text);
    assert_eq!(Text::marked(text, std::slice::from_ref(&(7..9))).render().unwrap(), "请问 <mark>K2</mark> 水壶");
}

#[test]
fn text_is_escaped_inside_marks() {
    let marked = Text::marked("a<b>\"c", std::slice::from_ref(&(1..4)));
    assert_eq!(marked.render().unwrap(), "a<mark>&#60;b&#62;</mark>&#34;c");
}

#[test]
fn a_title_stands_before_a_text_that_does_not_begin_with_it() {
    let titled =
        |title: &str, text: &str| Text::titled(Some(title), text, std::slice::from_ref(&(0..2))).render().unwrap();
    assert_eq!(titled("My kettle", "It leaks"), "My kettle · <mark>It</mark> leaks");
    assert_eq!(titled("It leaks", "It leaks again"), "<mark>It</mark> leaks again");
    assert_eq!(titled("My kettle", ""), "My kettle");
    assert_eq!(titled(" ", "It leaks"), "<mark>It</mark> leaks");
}

#[test]
fn long_text_is_cut_between_words() {
    assert_eq!(Text::plain("the kettle leaks").shortened(12).segments[0].text, "the kettle…");
    assert_eq!(Text::plain("short").shortened(12).segments[0].text, "short");
}

#[test]
fn html_is_cleaned() {
    let html = CleanHtml::clean(
        "<p onclick=x style=\"position:fixed\" class=button>hi<script>x</script><a href=\"javascript:x\">a</a><img src=x onerror=y></p>",
    );
    assert_eq!(html.to_string(), "<p>hi<a rel=\"noopener noreferrer nofollow ugc\">a</a></p>");
}

#[test]
fn sentences_link_their_numbers() {
    let says = Sentence::new().link("61 issues", "/results?a=1&b=2").text(" & more");
    assert_eq!(says.render().unwrap(), "<a href=\"/results?a=1&#38;b=2\">61 issues</a> &#38; more");
    assert_eq!(Sentence::new().quote(" <b>works</b> now ", 40).render().unwrap(), "“&#60;b&#62;works&#60;/b&#62; now”");
    assert_eq!(Sentence::new().quote("the kettle leaks", 12).render().unwrap(), "“the kettle…”");
}

#[test]
fn moments_read_as_people_say_them() {
    let zone = TimeZone::UTC;
    let minute = 60_000_000;
    let now = 1_795_000_000_000_000; // 2026-11-18T11:06:40Z
    assert_eq!(Time::ago(now - 5 * minute, now, &zone).words, "5 min ago");
    assert_eq!(Time::ago(now + 5 * minute, now, &zone).words, "now");
    assert_eq!(Time::due(now + 185 * minute, now, &zone).words, "in 3 h 05");
    assert_eq!(Time::due(now - 70 * minute, now, &zone).words, "late 1 h 10");
    assert_eq!(Time::clock(now, now, &zone).words, "11:06");
    assert_eq!(Time::clock(now - 18 * 60 * minute, now, &zone).words, "yesterday, 17:06");
    assert_eq!(Time::clock(now - 60 * 24 * 60 * minute, now, &zone).words, "19 September, 11:06");
    assert_eq!(Time::clock(i64::MIN, now, &zone).tick, "");
}

#[test]
fn numbers_and_names_are_short() {
    assert_eq!(
        (grouped(18_402), grouped(-1_000), grouped(7)),
        ("18,402".to_owned(), "−1,000".to_owned(), "7".to_owned())
    );
    assert_eq!(
        (initials("Marta Oyelaran"), initials("雅婷"), initials("@"), initials("r_bakes")),
        ("MO".to_owned(), "雅".to_owned(), "?".to_owned(), "RB".to_owned())
    );
}
