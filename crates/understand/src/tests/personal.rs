use proptest::prelude::*;

use crate::personal::names::{Example, Names, train};
use crate::personal::{Kind, Span, find, mask, wrong_pattern};
use crate::{Lexicon, Rules};
use dandelion_post::Post;

const FOUND: &[(&str, &[(&str, Kind)])] = &[
    ("mail me: ada.love+x@mail.example.co.uk.", &[("ada.love+x@mail.example.co.uk", Kind::Email)]),
    ("card 4111-1111-1111-1111 exp 12/27", &[("4111-1111-1111-1111", Kind::Card)]),
    ("my Amex 347415977307943", &[("347415977307943", Kind::Card)]),
    ("IBAN DE89 3704 0044 0532 0130 00 please", &[("DE89 3704 0044 0532 0130 00", Kind::Iban)]),
    ("GB56HXDO88167774656119", &[("GB56HXDO88167774656119", Kind::Iban)]),
    ("HR1210010051863000160 hvala", &[("HR1210010051863000160", Kind::Iban)]),
    ("call +385 1 4569 999 now", &[("+385 1 4569 999", Kind::Phone)]),
    ("905-674-3793 is mine", &[("905-674-3793", Kind::Phone)]),
    ("345-899-3560x4587", &[("345-899-3560x4587", Kind::Phone)]),
    ("mein Handy: 0664 1234567", &[("0664 1234567", Kind::Phone)]),
    ("appelez le 03.93.92.16.85", &[("03.93.92.16.85", Kind::Phone)]),
    ("ssn 853-37-1694", &[("853-37-1694", Kind::National)]),
    ("DNI 12345678Z", &[("12345678Z", Kind::National)]),
    ("NIE X1234567L", &[("X1234567L", Kind::National)]),
    ("CF RSSMRA85T10A562S", &[("RSSMRA85T10A562S", Kind::National)]),
    ("NINO AB 12 34 56 C thanks", &[("AB 12 34 56 C", Kind::National)]),
    ("PESEL 44051401359", &[("44051401359", Kind::National)]),
    ("OIB: 69435151530", &[("69435151530", Kind::National)]),
    ("Steuer-ID 86095742719", &[("86095742719", Kind::National)]),
    ("personnummer 811228-9874", &[("811228-9874", Kind::National)]),
    ("hetu 131052-308T", &[("131052-308T", Kind::National)]),
    ("CPF 529.982.247-25", &[("529.982.247-25", Kind::National)]),
    ("85.07.30-033.28", &[("85.07.30-033.28", Kind::National)]),
    ("NIR 2 55 08 14 168 025 38", &[("2 55 08 14 168 025 38", Kind::National)]),
    (
        "from 192.168.10.44 and 2001:db8::ff00:42:8329",
        &[("192.168.10.44", Kind::Ip), ("2001:db8::ff00:42:8329", Kind::Ip)],
    ),
    ("send it to 12 Baker Street please", &[("12 Baker Street", Kind::Address)]),
    ("at 221b Old Kent Rd, Springfield, IL 62704 again", &[("221b Old Kent Rd, Springfield, IL 62704", Kind::Address)]),
    ("5 West 42nd St. Apt. 12, it leaks", &[("5 West 42nd St. Apt. 12", Kind::Address)]),
    ("Ich wohne Hauptstraße 5a, 10115 Berlin, bitte", &[("Hauptstraße 5a, 10115 Berlin", Kind::Address)]),
    ("Lieferung an Lindenweg 12 kam nie", &[("Lindenweg 12", Kind::Address)]),
    ("ich wohne Villacher Strasse 89", &[("Villacher Strasse 89", Kind::Address)]),
    ("au 12, rue de la Paix, 75002 Paris depuis hier", &[("12, rue de la Paix, 75002 Paris", Kind::Address)]),
    ("vivo en calle Mayor 14", &[("calle Mayor 14", Kind::Address)]),
    ("ul. Długa 7, proszę", &[("ul. Długa 7", Kind::Address)]),
    ("Magasinsgatan 7 och Harjukatu 54", &[("Magasinsgatan 7", Kind::Address), ("Harjukatu 54", Kind::Address)]),
    ("my new address is 450 Præstevænget 15, København", &[("450 Præstevænget 15", Kind::Address)]),
    ("to P.O. Box 149, thanks", &[("P.O. Box 149", Kind::Address)]),
    ("PSC 0413, Box 8144", &[("PSC 0413, Box 8144", Kind::Address)]),
    ("Postfach 1234, 28195 Bremen", &[("Postfach 1234, 28195 Bremen", Kind::Address)]),
];

const NOTHING: &[&str] = &[
    "",
    "@acme_care hi",
    "a@b",
    "see you at 12:30:45",
    "2026-11-25 10:00",
    "25.11.2026",
    "v1.2.3.4",
    "costs $1,234,567.89",
    "flight 3729 on 02/17",
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01",
    "000-12-3456",
    "12345678A",
    "order 123456789",
    "1 2 3 4 5 6 7 8 9",
    "score 101-99",
    "2015-2016",
    "https://t.co/4567890123",
    "RSSMRA85T10A562T",
    "3 hours on the way",
    "waited 2 Days on the Road",
    "the 2nd street, 5 of them",
    "opened box 12 of 40",
    "via Twitter 2019",
    "Der Deckel ist weg 5 Stunden",
    "Ring 12 times",
    "5 Drive",
    "DELAYED 4 HOURS AT GATE 12 STREET LEVEL",
    "row 12 of the Place",
    "iPhone 15 and Kettle 2",
    "We live in hope. Kettle 2 leaks",
    "my IP address changed, Kettle K2 has 3 of them",
];

#[test]
fn personal_data_is_found_where_it_stands_and_only_there() {
    for (text, wanted) in FOUND {
        let found: Vec<(&str, Kind)> = find(text, &[]).iter().map(|it| (&text[it.from..it.to], it.kind)).collect();
        assert_eq!(found, *wanted, "{text}");
    }
    for text in NOTHING {
        assert_eq!(find(text, &[]), [], "{text}");
    }
}

#[test]
fn names_are_found_whole_without_what_stands_around_them() {
    for (text, wanted) in [
        ("My name is Krisztina Horvat and I want a refund", &["Krisztina Horvat"][..]),
        ("Please call Mary K. Johnson back", &["Mary K. Johnson"]),
        ("I talked to David, he was great", &["David"]),
        ("The Kettle is leaking again in Berlin", &[]),
        ("GREAT SERVICE AGAIN", &[]),
        ("Der Wasserkocher aus Stuttgart ist kaputt", &[]),
        ("no capitals here, anna", &["anna"]),
        ("my name is lena andersson and i want a refund", &["lena andersson"]),
        ("one capital Here, anna", &[]),
        ("the kettle is leaking again", &[]),
        ("", &[]),
    ] {
        let found = find(text, &[]);
        let names: Vec<&str> =
            found.iter().filter(|it| it.kind == Kind::Name).map(|it| &text[it.from..it.to]).collect();
        assert_eq!(names, wanted, "{text}");
    }
    let text = "Ask Mary Johnson\nThank you";
    assert_eq!(mask(text, &find(text, &[])), "Ask [name]\nThank you");
}

#[test]
fn what_is_no_file_of_names_is_refused() {
    for bytes in [&b""[..], b"DANDNAME", b"DANDHEAD and more"] {
        assert!(Names::from_bytes(bytes.to_vec()).is_none());
    }
}

#[test]
fn the_same_examples_give_the_same_names() {
    let lists = [
        ["Ada", "Bruno"].map(str::to_owned),
        ["Horvat", "Kern"].map(str::to_owned),
        ["Linz", "Split"].map(str::to_owned),
    ];
    let text = |name: &str| Example {
        text: format!("my name is {name} from Linz"),
        names: vec![(11, 11 + name.len())],
        complete: true,
    };
    let examples: Vec<Example> = ["Ada", "Bruno", "Ada Kern", "Bruno Horvat"].repeat(5).into_iter().map(text).collect();
    let learned = |seed| train([&lists[0], &lists[1], &lists[2]], &examples, seed);
    assert_eq!(learned(1).to_bytes(), learned(1).to_bytes());
    let mut spans = Vec::new();
    Names::from_bytes(learned(1).to_bytes().to_vec()).unwrap().find("my name is Clara from Split", &mut spans);
    assert_eq!(spans, [Span { kind: Kind::Name, from: 11, to: 16 }]);
}

fn orders(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(ToString::to_string).collect()
}

#[test]
fn orders_are_found_by_the_organisations_patterns_and_masked() {
    let text = "Order ACM-123456 and ACM-12345, née ACM-999999x, acm-000001";
    assert_eq!(
        mask(text, &find(text, &orders(&["ACM-999999"]))),
        "Order [order] and ACM-12345, née ACM-999999x, [order]"
    );
}

#[test]
fn a_pattern_that_words_would_meet_is_refused_and_finds_nothing() {
    for pattern in ["", "999", "AAAA", " ACM-9", "9-9-9", &"9".repeat(41)] {
        assert!(wrong_pattern(pattern).is_some(), "{pattern}");
        assert_eq!(find("Mine is 9-9-9, this one ACM-9", &orders(&[pattern])), [], "{pattern}");
    }
    for pattern in ["9999", "A999", "№ 99-99/A", "订单99999"] {
        assert_eq!(wrong_pattern(pattern), None, "{pattern}");
    }
}

#[test]
fn an_analysis_says_where_personal_data_stands_and_not_what() {
    let rules = Rules::new(Lexicon { order_numbers: orders(&["HB-999999"]), ..Lexicon::default() });
    let post = Post { text: "HB-123456 never came, write to ada@example.org".into(), ..Post::default() };
    let analysis = rules.analyse(&post);
    let written = serde_json::to_value(&analysis).unwrap()["personal"].clone();
    assert_eq!(
        written,
        serde_json::json!([{ "kind": "order", "span": [0, 9] }, { "kind": "email", "span": [31, 46] }])
    );
    assert_eq!(serde_json::from_value::<Vec<Span>>(written).unwrap(), analysis.personal);
    let plain = rules.analyse(&Post { text: "It never came".into(), ..Post::default() });
    assert!(!serde_json::to_string(&plain).unwrap().contains("personal"), "silent where there is none");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn spans_lie_on_characters_in_order(text in "\\PC{0,60}|([0-9]{1,5}|[ .+/()@:x-]|AB|DE89|é|☎|::){0,24}") {
        let spans = find(&text, &orders(&["A9-99"]));
        for span in &spans {
            prop_assert!(text.get(span.from..span.to).is_some_and(|it| !it.is_empty()));
        }
        prop_assert!(spans.windows(2).all(|two| two[0].to <= two[1].from));
        mask(&text, &spans);
    }
}

#[test]
fn the_longest_texts_take_bounded_time() {
    for piece in
        ["1", "1-", "@", "a@b.cd ", "DE89 ", "AB 12 ", "1.1.1.1 ", "::", "+1 ", "(1", "X", "12345678Z ", "Mary ", "A. "]
    {
        let text = piece.repeat((1 << 20) / piece.len());
        let begun = std::time::Instant::now();
        assert!(find(&text, &orders(&["A9-99"])).len() <= 500);
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{piece}: {:?}", begun.elapsed());
    }
}
