use super::{analyses, post};
use crate::{Lexicon, Rules};

const LANGUAGES: &[(&str, &str)] = &[
    ("The kettle I bought from you is not working", "en"),
    ("Der Kocher, den ich bei euch gekauft habe", "de"),
    ("Kuhalo koje sam kupila kod vas ne radi", "hr"),
    ("La bouilloire que j'ai achetée chez vous", "fr"),
    ("El hervidor que compré en su tienda", "es"),
    ("Il bollitore che ho comprato da voi non funziona", "it"),
    ("A chaleira que eu comprei não funciona, obrigado", "pt"),
    ("De waterkoker die ik heb gekocht werkt niet meer", "nl"),
    ("Czajnik, który kupiłem u was, nie działa", "pl"),
    ("Sizden aldığım su ısıtıcısı çalışmıyor, çok kötü", "tr"),
    ("Чайник, который я у вас купил, не работает", "ru"),
    ("Чайник, який я у вас купив, не працює, дякую", "uk"),
    ("我买的水壶坏了", "zh"),
    ("我買的水壺壞了", "zh"),
    ("買ったやかんが壊れました", "ja"),
    ("ヤカン壊れた", "ja"),
    ("구입한 주전자가 고장났어요", "ko"),
    ("الغلاية التي اشتريتها لا تعمل", "ar"),
    ("กาต้มน้ำที่ซื้อมาเสีย", "th"),
    ("Ο βραστήρας χάλασε", "el"),
    ("הקומקום שקניתי לא עובד", "he"),
    ("Vattenkokaren som jag köpte är inte bra", "sv"),
    ("Kedlen som jeg købte virker ikke", "da"),
    ("Konvice, kterou jsem koupil, není dobrá", "cs"),
    ("A vízforraló, amit vettem, nem jó, köszönöm", "hu"),
    ("Fierbătorul pe care l-am cumpărat nu este bun", "ro"),
    ("😀😀", "unknown"),
    ("1234 !!!", "unknown"),
    ("Xyzzy", "unknown"),
    ("https://example.com/the-and-of", "unknown"),
    ("@acme_care @the", "unknown"),
    ("iPhone 15 Pro坏了，怎么办", "zh"),
];

#[test]
fn short_posts_of_many_languages_are_told_apart() {
    let mut wrong = Vec::new();
    for ((text, wanted), analysis) in LANGUAGES.iter().zip(analyses(LANGUAGES.iter().map(|it| it.0))) {
        if analysis.language.value != *wanted {
            wrong.push(format!("{text}: wanted {wanted}, said {:?}", analysis.language));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_network_is_believed_only_where_nothing_else_speaks() {
    let rules = Rules::new(Lexicon::default());
    let stated = |text: &str, lang: &str| {
        let mut post = post(text);
        post.lang = Some(lang.into());
        rules.analyse(&post).language
    };
    assert_eq!(stated("😡", "de-AT").value, "de");
    assert_eq!(stated("😡", "de-AT").reasons[0].words, "the network says `de`");
    assert_eq!(stated("the kettle is not here", "de").value, "en");
    assert_eq!(stated("😡", "tlh").value, "unknown");
}

#[test]
fn names_and_links_of_another_script_do_not_hide_the_language() {
    let rules = Rules::new(Lexicon::default());
    let said = |text: &str| rules.analyse(&post(text)).language.value;
    // Boilerplate around a headline, as pages of news carry it.
    assert_eq!(said("Read More Politics Latest News in Urdu بلاول زرداری کی کور کمانڈر کراچی سے ملاقات"), "ur");
    assert_eq!(said("Share to Twitter Share to Facebook Share to Pinterest आज मौसम बहुत अच्छा है और सब लोग खुश हैं"), "hi");
    assert_eq!(said("We met at a café called مقهى near the old harbour and it was lovely"), "en");
    assert_eq!(said("yaar bahut accha hai ye phone, maza aa gaya"), "hi");
}
