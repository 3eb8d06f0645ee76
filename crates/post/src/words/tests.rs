use proptest::prelude::*;

use super::{Kind, Unfold, Words, fold};

fn words(text: &str) -> Vec<String> {
    Words::of(text).iter().map(|(_, word)| word.to_owned()).collect()
}

#[test]
fn texts_are_cut_as_the_rules_say() {
    for (text, wanted) in [
        ("Hello, World!", "hello|world"),
        ("don't snake_case 42", "don|t|snake_case|42"),
        ("Acme's kettle’s lid", "acme|kettle|lid"),
        ("'s s's", "s|s"),
        ("Über STRASSE straße Ærø Łódź Đorđe İstanbul ılık", "uber|strasse|strasse|aero|lodz|dorde|istanbul|ilik"),
        ("e\u{301}te\u{301} été", "ete|ete"),
        ("kett\u{ad}le ke\u{200b}ttle", "kettle|kettle"),
        ("ＡＢＣ ﬁne Ǣ ǿ", "abc|fine|ae|o"),
        ("iPhone手机坏了 ok", "iphone|手机坏了|ok"),
        ("やかんが壊れた。新しい", "やかんが壊れた|新しい"),
        ("กาต้มน้ำ rosso", "กาต้มน้\u{e4d}า|rosso"),
        ("ёлка Чайник їжа", "елка|чайник|їжа"),
        ("مَرْحَبًا", "مرحبا"),
        ("हिन्दी", "हिन्दी"),
        ("주전자가 고장", "주전자가|고장"),
        ("#Küche @Acme_Care a@b.c #1", "kuche|acme_care|a|b|c|1"),
        ("#水壶坏了 ##x @ #", "水壶坏了|x"),
        ("\0\u{202e}abc\u{0}", "abc"),
        ("", ""),
        ("🔥!!!", ""),
    ] {
        assert_eq!(words(text).join("|"), wanted, "{text:?}");
    }
}

#[test]
fn signs_tags_handles_and_addresses_are_told_apart() {
    let cut = Words::with_signs("@acme see https://x.y/a?b#c, now! #tag🔥");
    let seen: Vec<(Kind, bool, &str)> = cut.iter().map(|(t, w)| (t.kind, t.address, w)).collect();
    assert_eq!(
        seen,
        [
            (Kind::Handle, false, "acme"),
            (Kind::Word, false, "see"),
            (Kind::Word, true, "https"),
            (Kind::Word, true, "x"),
            (Kind::Word, true, "y"),
            (Kind::Word, true, "a"),
            (Kind::Word, true, "b"),
            (Kind::Word, true, "c"),
            (Kind::Word, false, "now"),
            (Kind::Sign, false, "!"),
            (Kind::Tag, false, "tag"),
            (Kind::Sign, false, "🔥"),
        ]
    );
}

#[test]
fn folding_keeps_what_stands_between() {
    assert_eq!(fold("Crème Brûlée, 2x"), "creme brulee, 2x");
}

#[test]
fn places_are_found_again_in_the_text() {
    let mut walk = Unfold::new("Straße ﾔｶﾝ");
    assert_eq!([0, 4, 6, 7, 8, 11].map(|at| walk.place(at)), [0, 4, 6, 7, 8, 11]);
    let mut wide = Unfold::new("Éa水");
    assert_eq!([0, 1, 2, 5, 99].map(|at| wide.place(at)), [0, 2, 3, 6, 6]);
}

proptest! {
    #[test]
    fn spans_lie_on_characters_and_in_order(text in "\\PC{0,80}|[a-z'’#@ .\u{301}\u{200d}手か🔥\0]{0,80}") {
        let cut = Words::with_signs(&text);
        let mut end = 0;
        for (token, word) in cut.iter() {
            let span = token.span();
            prop_assert!(span.start >= end && span.end > span.start);
            prop_assert!(text.get(span.clone()).is_some());
            prop_assert!(!word.is_empty());
            end = span.end;
        }
    }

    #[test]
    fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }
}
