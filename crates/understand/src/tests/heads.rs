use std::borrow::Cow;
use std::cell::RefCell;

use proptest::prelude::*;

use super::post;
use crate::evaluate::{Case, figures};
use crate::features::{Extractor, MOST_CHARS};
use crate::head::{Answer, BadModel};
use crate::learn::{Aim, Example, Recipe};
use crate::panel::{Panel, Reader};
use crate::{Lexicon, Own, Rules, Shipped, own_recipe};

const PANEL: &[u8] = include_bytes!("../../models/panel-4.bin");

/// Examples that words tell apart, with words that say nothing around them.
fn examples(count: usize) -> Vec<Example> {
    let (matters, fill) =
        (["refund money back", "late delayed delay", "rude staff agent"], ["today", "please", "again", "why"]);
    let text = |at: usize| format!("{} {} {}", fill[at % 4], matters[at % 3], fill[(at / 3) % 4]);
    (0..count).map(|at| Example { text: text(at), label: (at % 3) as u16, weight: 1.0, counts: true }).collect()
}

fn labels() -> Vec<String> {
    ["money", "delay", "staff"].map(str::to_owned).to_vec()
}

#[test]
fn the_shipped_panel_is_whole() {
    let panel = Panel::from_bytes(Cow::Borrowed(PANEL)).unwrap();
    assert_eq!(panel.to_bytes(), PANEL);
    assert_eq!(panel.manifest.languages.len(), 40);
    for question in ["sentiment", "sentiment-many", "emotion", "irony", "offensive"] {
        let judge = panel.judge_of(question).unwrap();
        assert!(judge.held_out.ece < 0.04, "{question}: {:?}", judge.held_out);
    }
}

#[test]
fn a_damaged_panel_is_refused_and_never_read_past_its_end() {
    for at in [0, 9, 40, PANEL.len() / 2, PANEL.len() - 1] {
        let mut bytes = PANEL.to_vec();
        bytes[at] ^= 0x41;
        assert!(Panel::from_bytes(bytes.into()).is_err(), "a changed byte {at}");
        assert!(Panel::from_bytes(PANEL[..at].to_vec().into()).is_err(), "cut off at {at}");
    }
}

#[test]
fn the_same_examples_give_the_same_bytes_and_another_seed_others() {
    let bytes = |seed| Own::train("reason", "test", &labels(), examples(90), &own_recipe(3, seed)).to_bytes();
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn a_head_of_ones_own_knows_what_words_mean_that_no_example_held() {
    let labels = ["food", "travel"].map(str::to_owned);
    let words = ["soup bread cheese", "train plane ticket", "rice chicken salad", "airport bus journey"];
    let text = |at: usize| words[at % 4].split(' ').nth(at / 4 % 3).unwrap_or_default().to_owned();
    let examples = (0..60).map(|at| Example { text: text(at), label: (at % 2) as u16, weight: 1.0, counts: true });
    let recipe = Recipe { hasty: 0.0, ..own_recipe(2, 1) };
    let own = Own::train("x", "test", &labels, examples.collect(), &recipe);
    let own = Own::from_bytes(own.to_bytes()).unwrap();
    for (text, right) in [("pasta", "food"), ("railway", "travel"), ("flight", "travel"), ("sandwich", "food")] {
        assert_eq!(own.ask(text).label, right, "{text}");
        let reasons = own.judge(text).reasons;
        assert!(reasons.iter().any(|it| it.words == text), "{text}: {reasons:?}");
    }
    // Weights that were cut off are missed.
    let mut cut = own.to_bytes();
    cut.truncate(cut.len() - 4);
    assert!(Own::from_bytes(cut).is_err());
}

#[test]
fn a_head_of_ones_own_learns_survives_its_file_and_refuses_damage() {
    for count in [6, 30, 240] {
        let own = Own::train("reason", "test", &labels(), examples(count), &own_recipe(3, 1));
        let read = Own::from_bytes(own.to_bytes()).unwrap();
        for (text, wanted) in
            [("I want my money back", "money"), ("delayed again", "delay"), ("your agent was rude", "staff")]
        {
            assert_eq!(own.ask(text), read.ask(text));
            assert_eq!(own.ask(text).label, wanted, "{count} examples: {text}");
        }
        let mut bytes = own.to_bytes();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert_eq!(Own::from_bytes(bytes).unwrap_err(), BadModel::Damaged("reason".into()));
        assert_eq!(Own::from_bytes(b"DANDHEAD".to_vec()).unwrap_err(), BadModel::NoHead);
    }
}

#[test]
fn two_labels_and_examples_of_one_text_are_enough_to_train() {
    let same = |label| Example { text: "same".into(), label, weight: 1.0, counts: true };
    let recipe = Recipe { aim: Aim::Accuracy, ..own_recipe(2, 1) };
    let own = Own::train("x", "test", &labels()[..2], vec![same(0), same(1), same(0)], &recipe);
    let said = own.ask("");
    assert!((said.chances.iter().map(|(_, chance)| chance).sum::<f32>() - 1.0).abs() < 1e-4);
}

#[test]
fn figures_are_counted_as_by_hand() {
    let case = |right: &str, said: &str, chance| Case { right: right.into(), said: said.into(), chance };
    let cases = [case("a", "a", 1.0), case("a", "b", 1.0), case("b", "b", 1.0), case("b", "b", 1.0)];
    let it = figures(&cases, 1);
    assert_eq!((it.n, it.accuracy, it.macro_recall, it.ece), (4, 0.75, 0.75, 0.25));
    assert!((it.macro_f1 - f64::midpoint(2.0 / 3.0, 0.8)).abs() < 1e-9);
    assert!(it.intervals["accuracy"][0] <= 0.75 && it.intervals["accuracy"][1] >= 0.75);
    assert_eq!(it.confusion["a"]["b"], 1);
    assert_eq!(figures(&[], 1).n, 0);
}

#[test]
fn what_is_felt_insulting_or_meant_otherwise_is_said_with_its_words() {
    let rules = Rules::new(Lexicon::default());
    let said = |text: &str| rules.analyse(&post(text));
    assert_eq!(said("I am so angry and furious about this, what a rage").emotion.unwrap().value, "anger");
    let insult = said("you are a stupid fucking idiot").offensive.unwrap();
    assert!(
        insult.score > 0.6 && insult.reasons.iter().any(|it| it.words == "idiot" || it.words == "fucking"),
        "{insult:?}"
    );
    assert!(said("Thank you, the parcel is here").offensive.is_none());
    assert!(said("Der Kocher ist da").emotion.is_none(), "no head knows German feelings");
}

#[test]
fn questions_that_nobody_answers_have_no_answer() {
    assert!(Shipped::default().ask("weather", "rain").is_none());
    let said = Shipped::default().ask("sentiment", "I love it").unwrap();
    assert_eq!(said.label, "positive");
    let only = said.clone().only(&["negative".into(), "neutral".into()]).unwrap();
    assert_ne!(only.label, "positive");
    assert!(said.only(&["blue".into()]).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn features_lie_on_characters_and_are_bounded(text in "\\PC{0,80}|(aaa|NOT|n't|:\\)|@x|http|#a|é|\u{301}|水|😡|!!|&amp;|1,0| ){0,40}") {
        let mut extractor = Extractor::new();
        let first = extractor.read(&text).to_vec();
        for feature in &first {
            prop_assert!(text.get(extractor.bytes(feature)).is_some());
        }
        prop_assert!(first.windows(2).all(|two| two[0].group <= two[1].group));
        extractor.read("something else entirely");
        prop_assert_eq!(extractor.read(&text), first.as_slice());
    }

    #[test]
    fn heads_read_together_say_what_each_says_alone(
        text in "\\PC{0,200}|(not |NOT |never-ending|sooo+ |:\\)|@x |http://a |#tag |é|\u{301}|水|壊れた|กา|😡|!!|&amp;|12,5 |kettle |donaudampfschifffahrtsgesellschaft ){0,60}",
    ) {
        thread_local!(static READER: RefCell<Reader> = RefCell::default());
        let panel = Panel::shipped();
        let mut extractor = Extractor::new();
        let mut alone = Vec::new();
        let mut answer = Answer::default();
        for head in &panel.heads {
            head.score_text(&text, &mut extractor, &mut answer);
            alone.extend_from_slice(&answer.chances);
        }
        // What was remembered of words of former texts changes nothing either.
        READER.with_borrow_mut(|reader| {
            panel.read(&text, reader);
            prop_assert_eq!(&reader.scores, &alone);
            Ok(())
        })?;
    }
}

#[test]
fn a_megabyte_costs_no_more_than_its_beginning() {
    let mut extractor = Extractor::new();
    for piece in
        ["a", "a ", "水", "\u{301}", "e\u{335}", "\u{202e}x", "😡", "#", "@", "!", "1", "&amp;", "don't ", "\0"]
    {
        let long = piece.repeat((1 << 20) / piece.len());
        assert!(extractor.read(&long).len() <= MOST_CHARS * 8, "{piece}");
    }
}
