use std::collections::BTreeSet;

use crate::behaviour::{Must, SHIPPED, read, run};
use crate::{Lexicon, Rules};

/// What each capability passed when this was last raised, in hundredths, rounded down: a floor, so that no change makes one worse
/// unseen.
const FLOORS: &[(&str, u32)] = &[
    ("before and now", 80),
    ("but", 98),
    ("capitals and marks", 95),
    ("emoji", 98),
    ("groups", 98),
    ("groups in other languages", 97),
    ("groups with a sentiment", 98),
    ("insults", 84),
    ("names", 98),
    ("negation", 93),
    ("not bad at all", 92),
    ("other languages", 95),
    ("others' feelings", 88),
    ("places", 95),
    ("questions", 98),
    ("risks", 96),
    ("sarcasm", 90),
    ("typos", 70),
    ("urgency now", 98),
    ("vocabulary", 98),
    ("wants to buy", 98),
    ("wants to leave", 88),
];

#[test]
fn no_capability_falls_below_its_floor() {
    let claims = read(SHIPPED).unwrap();
    let posts: usize = claims.iter().map(|it| it.posts.len()).sum();
    assert!(claims.len() >= 200 && posts >= 3000, "{} templates, {posts} posts", claims.len());
    let outcome = run(&Rules::new(Lexicon::default()), &claims);
    let names: BTreeSet<&str> = outcome.capabilities.keys().map(String::as_str).collect();
    assert_eq!(names, FLOORS.iter().map(|it| it.0).collect(), "every capability has a floor");
    for (name, floor) in FLOORS {
        let tally = outcome.capabilities[*name];
        let failed = outcome.failed.iter().filter(|it| it[0] == *name).take(12).collect::<Vec<_>>();
        assert!(tally.passed * 100 >= tally.all * *floor as usize, "{name}: {tally:?}\n{failed:#?}");
    }
}

#[test]
fn claims_are_read_and_filled() {
    let claims =
        read("thing: kettle, app\n[one]\nsentiment != negative\n{Nice|Fine} {thing}.\nurgency <= 1\nOk\n").unwrap();
    assert_eq!(claims[0].posts, ["Nice kettle.", "Fine kettle.", "Nice app.", "Fine app."]);
    assert_eq!(claims[0].must, Must::NotBe(vec!["negative".into()]));
    assert_eq!((claims[1].question.as_str(), &claims[1].must), ("urgency", &Must::Stay(1)));
    assert!(read("[one]\nfirst a claim").unwrap_err().contains("line 2"));
    assert!(read("[one]\nsentiment same\n{nothing} here").unwrap_err().contains("nothing"));
}

#[test]
fn a_claim_that_is_not_met_is_counted_and_named() {
    let claims = read("[one]\nsentiment = positive\nThis is terrible, I hate it.\nI love it, thank you!").unwrap();
    let outcome = run(&Rules::new(Lexicon::default()), &claims);
    assert_eq!((outcome.capabilities["one"].passed, outcome.capabilities["one"].all), (1, 2));
    assert_eq!(outcome.failed[0][2], "This is terrible, I hate it.");
}
