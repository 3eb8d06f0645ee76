#![expect(clippy::single_range_in_vec_init, reason = "a list of one span is meant, not the numbers in it")]

use dandelion_post::Post;

use super::{matches, post};
use crate::{Matcher, highlight, parse};

/// (query, text, whether it matches)
const CASES: &[(&str, &str, bool)] = &[
    ("kettle", "My kettle leaks", true),
    ("kettle", "My KETTLE leaks", true),
    ("kettle", "kettles", false),
    ("kettle", "Kettle's lid", true),
    ("kettle", "kettle’s lid", true),
    ("Kettle's", "a kettle", true),
    ("kettle,", "a kettle", true),
    ("kettle leaks", "leaks: my kettle", true),
    ("kettle leaks", "my kettle", false),
    ("kettle AND leaks", "kettle leaks", true),
    ("kettle OR toaster", "a toaster", true),
    ("kettle or toaster", "a toaster", false),
    ("kettle or toaster", "kettle or toaster", true),
    ("kettle NOT recipe", "kettle recipe", false),
    ("kettle NOT recipe", "kettle", true),
    ("kettle -recipe", "kettle recipe", false),
    ("kettle -recipe -book", "kettle book", false),
    ("kettle -(recipe book)", "kettle book", true),
    ("kettle -(recipe book)", "kettle book recipe", false),
    ("kettle -\"tea recipe\"", "kettle recipe tea", true),
    ("kettle -\"tea recipe\"", "kettle, tea recipe", false),
    ("a OR b c", "a", true),
    ("a OR b c", "b", false),
    ("(a OR b) c", "a", false),
    ("(a OR b) c", "b c", true),
    ("NOT NOT kettle", "kettle", true),
    ("NOT (NOT kettle OR NOT lid)", "kettle lid", true),
    ("NOT (NOT kettle OR NOT lid)", "kettle", false),
    ("\"acme kettle\"", "the Acme Kettle!", true),
    ("\"acme kettle\"", "acme — kettle", true),
    ("\"acme kettle\"", "acme's kettle", true),
    ("\"acme kettle\"", "acme new kettle", false),
    ("\"acme kettle\"", "kettle acme", false),
    ("\"acme kettle\"", "my #acme kettle", true),
    ("\"acme kettle\"", "my @acme kettle", false),
    ("“acme kettle”", "acme kettle", true),
    ("„acme kettle“", "acme kettle", true),
    ("\"a a b\"", "a a a b", true),
    ("wi-fi", "the Wi-Fi is down", true),
    ("wi-fi", "wi fi", true),
    ("wi-fi", "fi wi", false),
    ("don't", "I don't know", true),
    ("don't", "don, t", true),
    ("repair*", "repairing it", true),
    ("repair*", "repair", true),
    ("repair*", "unrepaired", false),
    ("repair*", "#RepairShop", true),
    ("kettle", "#kettle", true),
    ("kettle", "@Kettle", true),
    ("kettle", "#kettles", false),
    ("\"kettle\"", "@kettle", false),
    ("\"kettle\"", "#kettle", true),
    ("#kettle", "kettle", false),
    ("#kettle", "I love #Kettle", true),
    ("#kettle", "#kettles", false),
    ("#kett*", "#kettles", true),
    ("#kett*", "kettles", false),
    ("@acme_care", "hey @Acme_Care!", true),
    ("@acme_care", "acme_care", false),
    ("@acme_care", "@acme_care2", false),
    ("@acme", "mail me at bob@acme.com", false),
    ("acme", "mail me at bob@acme.com", true),
    ("-recipe kettle", "kettle", true),
    ("well -known", "well-known", false),
    ("strasse", "Die Straße", true),
    ("straße", "DIE STRASSE", true),
    ("cafe", "Café", true),
    ("café", "cafe", true),
    ("ueber", "über", false),
    ("łódź", "LODZ", true),
    ("čajnik", "Cajnik curi", true),
    ("ђаво", "ЂАВО", true),
    ("чайник", "Чайник течёт", true),
    ("течет", "Чайник течёт", true),
    ("κατσαρολα", "Η ΚΑΤΣΑΡΌΛΑ", true),
    ("istanbul", "İSTANBUL", true),
    ("غلاية", "هذه غَلّاية جديدة", true),
    ("קומקום", "קומקום חדש", true),
    ("केतली", "मेरी केतली टूट गई", true),
    ("주전자가", "주전자가 고장", true),
    ("주전자*", "주전자가 고장", true),
    ("水壶", "我的水壶漏水了", true),
    ("水壶 漏水", "我的水壶一直漏水", true),
    ("水壶 坏了", "我的水壶一直漏水", false),
    ("\"水壶漏\"", "我的水壶漏水了", true),
    ("水壶*", "我的水壶漏水了", true),
    ("水壶", "#我的水壶", true),
    ("#水壶", "#我的水壶", false),
    ("#水壶", "喜欢 #水壶!", true),
    ("水", "水", true),
    ("iPhone手机", "我的iPhone手机坏了", true),
    ("やかん", "このやかんは壊れた", true),
    ("ヤカン", "ﾔｶﾝ", true),
    ("がま", "かま", false),
    ("กาต้มน้ำ", "ซื้อกาต้มน้ำใหม่", true),
    ("ketle", "kettle", false),
    ("kettle", "ket\u{200b}tle", true),
    ("kettle", "k\u{334}e\u{334}ttle", true),
    ("42", "the answer is 42", true),
    ("snake_case", "snake_case", true),
    ("C#", "I code in C", true),
    ("https://example.com/kettle", "see https://example.com/kettle", true),
    ("(((kettle)))", "kettle", true),
    ("kettle AND NOT recipe", "kettle", true),
    ("kettle OR -recipe kettle", "recipe kettle", true),
];

#[test]
fn queries_match_what_the_language_says() {
    for (query, text, wanted) in CASES {
        assert_eq!(matches(query, text), *wanted, "{query} on {text}");
    }
}

#[test]
fn spans_point_at_the_words_that_made_it_match() {
    let spans = |query: &str, text: &str| -> Vec<String> {
        let mut hits = Vec::new();
        Matcher::new([(7, parse(query).unwrap())]).matches(&post(text), &mut hits);
        assert_eq!(hits[0].query, 7);
        hits[0].spans.iter().map(|span| text[span.clone()].to_owned()).collect()
    };
    assert_eq!(spans("kettle OR lid -recipe", "Lid & Kettle, kettle"), ["Lid", "Kettle", "kettle"]);
    assert_eq!(spans("\"acme kettle\" kettle", "the Acme – Kettle"), ["Acme – Kettle"]);
    assert_eq!(spans("kettle", "a #Kettle"), ["#Kettle"]);
    assert_eq!(spans("水壶", "我的水壶, #旧水壶"), ["水壶", "水壶"]);
    assert_eq!(spans("ヤカン", "古いﾔｶﾝだ"), ["ﾔｶﾝ"]);
    assert_eq!(spans("NOT (NOT kettle)", "Kettle"), ["Kettle"]);
}

#[test]
fn a_title_counts_but_gives_no_span_and_no_phrase_crosses_it() {
    let titled = Post { title: Some("Acme kettle".into()), text: "leaks water".into(), ..Post::default() };
    let queries = ["kettle", "kettle leaks", "\"kettle leaks\"", "kettle -leaks"];
    let matcher = Matcher::new((0..).zip(queries.map(|q| parse(q).unwrap())));
    let mut hits = Vec::new();
    matcher.matches(&titled, &mut hits);
    let found: Vec<_> = hits.iter().map(|hit| (hit.query, hit.spans.clone())).collect();
    assert_eq!(found, [(0, vec![]), (1, vec![0..5])]);
}

#[test]
fn any_search_lights_up_its_words() {
    assert_eq!(highlight::spans("a kettle", "\"kettle"), [2..8]);
    assert_eq!(highlight::spans("a kettle", "-"), []);
    assert_eq!(highlight::spans("a kettle", ""), []);
}
