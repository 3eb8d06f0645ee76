use super::post;
use crate::{Lexicon, Rules};

const ANSWERS: &[(&str, Option<&str>)] = &[
    ("works now, thanks", Some("fixed")),
    ("Works now, thank you so much!", Some("fixed")),
    ("It's fixed, thanks a lot", Some("fixed")),
    ("It works! 🎉", Some("fixed")),
    ("All good now, thanks", Some("fixed")),
    ("The replacement arrived, thank you", Some("fixed")),
    ("Arrived, thanks", Some("fixed")),
    ("that did the trick 👍", Some("fixed")),
    ("no more leaks, thanks", Some("fixed")),
    ("@acme_care problem solved, thank you", Some("fixed")),
    ("no, still leaking", Some("not fixed")),
    ("Still not working :(", Some("not fixed")),
    ("It's still broken", Some("not fixed")),
    ("same problem again", Some("not fixed")),
    ("That didn't help", Some("not fixed")),
    ("not fixed", Some("not fixed")),
    ("It doesn't work", Some("not fixed")),
    ("thanks for nothing", None),
    ("thanks for nothing, it works now", None),
    ("thanks", None),
    ("ok", None),
    ("", None),
    ("Does it work now?", None),
    ("is it fixed?", None),
    ("How do I know it is fixed", None),
    ("I hope it works now", None),
    ("If it works now I will tell you", None),
    ("It should work now, you said", None),
    ("it works now but the lid is cracked", None),
    ("works now. Still leaking though.", None),
    ("Great, works now… and the handle fell off, terrible", None),
    ("yeah right, all good now", None),
    ("My friend has a kettle", None),
    ("I will let you know when it works", None),
    ("never works", None),
    ("If it is still leaking tomorrow I will write again", None),
    ("I wouldn't say it is fixed", None),
    ("funktioniert wieder, danke", Some("fixed")),
    ("Läuft wieder, vielen Dank!", Some("fixed")),
    ("Problem gelöst, danke", Some("fixed")),
    ("Ersatz ist da, danke", Some("fixed")),
    ("tropft nicht mehr 👍", Some("fixed")),
    ("immer noch kaputt", Some("not fixed")),
    ("Nein, tropft immer noch", Some("not fixed")),
    ("funktioniert leider nicht", Some("not fixed")),
    ("Hat nicht geholfen", Some("not fixed")),
    ("Danke für nichts", None),
    ("Funktioniert es jetzt?", None),
    ("Hoffe, es funktioniert jetzt", None),
    ("Wenn es wieder geht, melde ich mich", None),
    ("Geht wieder, aber laut", None),
    ("radi, hvala", Some("fixed")),
    ("Sad radi, hvala vam!", Some("fixed")),
    ("Riješeno je, hvala", Some("fixed")),
    ("Stiglo je, hvala puno", Some("fixed")),
    ("više ne curi", Some("fixed")),
    ("ne radi", Some("not fixed")),
    ("I dalje curi", Some("not fixed")),
    ("još uvijek ne radi", Some("not fixed")),
    ("hvala na ničemu", None),
    ("Radi li sada?", None),
    ("Nadam se da sad radi", None),
    ("ça marche maintenant, merci", Some("fixed")),
    ("Problème résolu, merci beaucoup", Some("fixed")),
    ("Elle ne fuit plus, merci", Some("fixed")),
    ("toujours en panne", Some("not fixed")),
    ("Non, ça ne marche toujours pas", Some("not fixed")),
    ("merci pour rien", None),
    ("J'espère que ça marche maintenant", None),
    ("ya funciona, gracias", Some("fixed")),
    ("Problema resuelto, muchas gracias", Some("fixed")),
    ("sigue goteando", Some("not fixed")),
    ("No, todavía no funciona", Some("not fixed")),
    ("gracias por nada", None),
    ("¿Ya funciona?", None),
    ("修好了，谢谢", Some("fixed")),
    ("已經解決，謝謝", Some("fixed")),
    ("不漏水了", Some("fixed")),
    ("还是漏水", Some("not fixed")),
    ("還沒修好", Some("not fixed")),
    ("修好了吗？", None),
    ("希望修好了", None),
    ("呵呵，真是谢谢了", None),
    ("ora funziona, grazie", Some("fixed")),
    ("ancora rotto", Some("not fixed")),
];

#[test]
fn answers_are_evidence_only_where_they_are_clear() {
    let rules = Rules::new(Lexicon::default());
    let mut wrong = Vec::new();
    for (text, wanted) in ANSWERS {
        let verdict = rules.verdict(&post(text));
        if verdict.as_ref().map(|it| it.value.as_str()) != *wanted {
            wrong.push(format!("{text}: wanted {wanted:?}, said {verdict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), ANSWERS.len(), wrong.join("\n"));
}

#[test]
fn a_story_is_no_verdict() {
    let rules = Rules::new(Lexicon::default());
    let long = format!("works now, thanks. {}", "And then we made tea. ".repeat(20));
    assert!(rules.verdict(&post(&long)).is_none());
}
