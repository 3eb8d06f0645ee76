use std::collections::{BTreeMap, BTreeSet};

use super::post;
use crate::{Analysis, Judgement, Lexicon, Rules};

const FILE: &str = include_str!("../../data/needs.tsv");
const NEEDS: [&str; 6] = ["purchase", "cancel", "safety", "legal", "breach", "press"];

fn rows() -> Vec<Vec<&'static str>> {
    FILE.lines().skip(1).map(|line| line.split('\t').collect()).collect()
}

#[test]
fn labelled_posts_are_whole_and_their_passes_agree_with_what_stands() {
    let mut languages: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, row) in rows().iter().enumerate() {
        let [id, lang, text, needs, urgency, first, second] = row.as_slice() else { panic!("{row:?}") };
        assert_eq!(id.parse::<usize>().unwrap(), at + 1);
        assert!(!text.trim().is_empty() && ["0", "1", "2", "3"].contains(urgency), "{row:?}");
        assert!(*needs == "-" || needs.split('|').all(|need| NEEDS.contains(&need)), "{row:?}");
        let label = format!("{needs} {urgency}");
        // Where both passes say the same, that stands.
        assert!(first != second || **first == label, "{row:?}");
        if (121..=1635).contains(&(at + 1)) {
            assert!(!second.is_empty(), "{row:?}");
            *languages.entry(lang).or_default() += 1;
        }
    }
    assert_eq!(languages.keys().copied().collect::<Vec<_>>(), ["de", "en", "es", "fr", "it", "pt"]);
    assert!(
        languages.values().all(|count| *count >= 200) && languages.values().sum::<usize>() >= 1500,
        "{languages:?}"
    );
}

#[test]
fn no_two_labelled_posts_of_a_language_are_nearly_alike() {
    let runs = |text: &str| -> BTreeSet<String> {
        let letters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        letters.windows(4).map(|run| run.iter().collect()).collect()
    };
    let mut by: BTreeMap<&str, Vec<(&str, BTreeSet<String>)>> = BTreeMap::new();
    for row in rows().iter().filter(|row| (121..=1635).contains(&row[0].parse::<u32>().unwrap())) {
        by.entry(row[1]).or_default().push((row[2], runs(row[2])));
    }
    for posts in by.values() {
        for (at, (text, own)) in posts.iter().enumerate() {
            for (other, runs) in &posts[..at] {
                let both = own.intersection(runs).count() as f64;
                let share = both / (own.len() + runs.len()) as f64 * 2.0;
                assert!(share < 0.4, "{text} | {other}");
            }
        }
    }
}

fn analyse(text: &str) -> Analysis {
    Rules::new(Lexicon::default()).analyse(&post(text))
}

fn intent<'a>(analysis: &'a Analysis, value: &str) -> Option<&'a Judgement> {
    analysis.intents.iter().find(|it| it.value == value)
}

#[test]
fn a_head_raises_what_no_list_holds_with_the_words_that_weighed_most() {
    let text = "Gibt es die Lampe auch in Messing? Würde drei nehmen";
    let analysis = analyse(text);
    let found = intent(&analysis, "purchase").unwrap_or_else(|| panic!("{:?}", analysis.intents));
    assert_eq!(found.reasons[0].rule, "words that weighed most");
    let [from, to] = found.reasons[0].span.unwrap();
    assert_eq!(&text[from..to], found.reasons[0].words);
    assert!(found.score >= 0.4 && (found.score >= 0.5 || found.unsure));
}

#[test]
fn urgency_that_is_raised_says_from_where() {
    let analysis =
        analyse("Nous sommes coincés dans votre ascenseur avec deux enfants, il fait noir, personne ne répond");
    assert!(analysis.urgency.value.parse::<u8>().unwrap() >= 2, "{:?}", analysis.urgency);
    for it in rows().iter().take(400).map(|row| analyse(row[2]).urgency) {
        let from = it.reasons.iter().find(|reason| reason.rule == "raised from");
        assert!(from.is_none_or(|from| from.words < it.value), "{it:?}");
    }
}

#[test]
fn what_the_rules_say_is_questioned_and_never_taken_away() {
    let rules = Rules::new(Lexicon::default());
    let mut questioned = 0;
    for row in rows() {
        let analysis = rules.analyse(&post(row[2]));
        for it in analysis.intents.iter().chain(&analysis.risks) {
            let by_rules =
                it.reasons.iter().any(|reason| reason.rule == "wants to buy" || reason.rule == "safety words");
            questioned += usize::from(by_rules && it.unsure);
        }
        assert!(!analysis.risks.is_empty() || intent(&analysis, "risk").is_none(), "{}", row[2]);
        assert!(analysis.intents.len() == 1 || intent(&analysis, "other").is_none(), "{}", row[2]);
    }
    assert!(questioned > 0);
}

#[test]
fn heads_are_not_asked_in_a_language_they_never_saw() {
    for row in rows().iter().filter(|row| row[1] == "hr") {
        let analysis = analyse(row[2]);
        if analysis.language.value != "hr" {
            continue;
        }
        let raised = |it: &Judgement| it.reasons.iter().any(|reason| reason.rule == "words that weighed most");
        assert!(!analysis.intents.iter().chain(&analysis.risks).any(raised), "{analysis:?}");
    }
}
