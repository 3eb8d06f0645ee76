use std::collections::{BTreeMap, HashSet};

use dandelion_post::Post;
use jiff::{SignedDuration, Timestamp};

use crate::demo::SEED;
use crate::demo::cast::Cast;
use crate::demo::history::script;
use crate::demo::life::{Life, PublishedReply};
use crate::demo::voice::Kind;
use crate::demo::words::{Lang, Words};

fn now() -> Timestamp {
    "2026-11-24T09:30:00Z".parse().unwrap()
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn lived(life: &mut Life, until: Timestamp) -> Vec<Post> {
    let mut said = Vec::new();
    life.advance(until, |post| said.push(post));
    said
}

fn reply(to: &str, n: usize, text: &str) -> PublishedReply {
    PublishedReply {
        id: format!("ours{n}"),
        in_reply_to: to.to_owned(),
        text: text.to_owned(),
        handle: "@hollerbek_care".into(),
    }
}

/// Whether a text holds one of the lines of some sections of a language, apart from letters, accents and marks
/// that a hurried hand changes.
fn says(words: &Words, lang: Lang, sections: &[&str], text: &str) -> bool {
    let plain = |text: &str| -> Vec<String> {
        let folded = text.to_lowercase().replace(['č', 'ć'], "c").replace('š', "s").replace('ž', "z").replace('đ', "d");
        let folded = folded.replace(['é', 'è', 'ê'], "e").replace(['á', 'à', 'â'], "a").replace(['ó', 'ô'], "o");
        let folded = folded.replace(['í', 'î'], "i").replace(['ú', 'û', 'ù'], "u").replace('ç', "c");
        folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let said: HashSet<String> = plain(text).into_iter().collect();
    sections.iter().flat_map(|section| words.lines(lang, section)).any(|line| {
        let line = plain(&line.replace("{sign}", ""));
        let found = line.iter().filter(|word| said.contains(*word)).count();
        // One word may be mistyped.
        !line.is_empty() && found + 1 >= line.len() && found > 0
    })
}

#[test]
fn posts_come_at_their_rate_and_in_order() {
    let mut life = Life::new(SEED, now(), 60.0);
    let said = lived(&mut life, now() + hours(10));
    let begun =
        said.iter().filter(|p| p.in_reply_to.is_none() && p.edited_at.is_none() && p.deleted_at.is_none()).count();
    assert!((500..700).contains(&begun), "{begun} conversations in ten hours at sixty an hour");
    let times: Vec<_> = said.iter().map(|p| p.deleted_at.or(p.edited_at).or(p.created_at)).collect();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(said.iter().all(|p| p.check().is_ok()));
    assert!(life.due() > now() + hours(10));
}

#[test]
fn whoever_gets_no_answer_asks_again_edits_or_deletes() {
    let mut life = Life::new(SEED, now(), 60.0);
    let said = lived(&mut life, now() + hours(10));
    let ids: HashSet<&str> = said.iter().map(|p| p.id.as_str()).collect();
    let again: Vec<&Post> = said.iter().filter(|p| p.in_reply_to.is_some()).collect();
    assert!(again.len() > 60, "{} asked again", again.len());
    assert!(again.iter().all(|p| ids.contains(p.in_reply_to.as_deref().unwrap())));
    let third = again.iter().filter(|p| again.iter().any(|q| p.in_reply_to.as_ref() == Some(&q.id)));
    assert!(third.count() > 10, "some ask a third time");
    assert!(said.iter().filter(|p| p.edited_at.is_some()).count() > 10);
    assert!(said.iter().filter(|p| p.deleted_at.is_some()).count() > 2);
}

#[test]
fn an_answered_customer_does_not_ask_again() {
    let mut life = Life::new(SEED, now(), 60.0);
    let mut at = now();
    let mut answered = HashSet::new();
    for n in 0..1200 {
        at += SignedDuration::from_secs(30);
        for post in lived(&mut life, at) {
            let unanswered_yet = post.in_reply_to.as_ref().is_none_or(|to| !answered.contains(to));
            assert!(unanswered_yet, "asks again although answered: {post:?}");
            if post.deleted_at.is_none() {
                life.react(&reply(&post.id, n, "We will fix it."), at);
                answered.insert(post.id);
            }
        }
    }
    assert!(answered.len() > 400);
}

/// Conversations of the history that wait for us, answered one by one: what customers make of it.
fn reactions() -> (BTreeMap<&'static str, usize>, Vec<String>) {
    let words = Words::new();
    let cast = Cast::new(&words, SEED);
    let told = script(SEED, now());
    let mut life = Life::new(SEED, now(), 1.0);
    life.remember(&told);
    let mut counts = BTreeMap::new();
    let mut texts = Vec::new();
    let roots = told.iter().filter(|t| {
        matches!(t.kind, Kind::Defect | Kind::Safety | Kind::Delivery | Kind::Question) && t.post.in_reply_to.is_none()
    });
    for (n, one) in roots.enumerate() {
        let Some(who) = cast.by_post(&one.post.id) else { panic!("{} names nobody", one.post.id) };
        let what = match life.react(&reply(&one.post.id, n, "We have sent you a new one."), now()) {
            None => "silent",
            Some((_, post)) if post.edited_at.is_some() => {
                assert_eq!(post.id, one.post.id);
                assert!(post.text.starts_with(&one.post.text) && post.text.len() > one.post.text.len());
                "edited"
            }
            Some((wait, post)) => {
                assert!(wait.as_secs() >= 10 && post.created_at == Some(now() + wait));
                assert_eq!(post.in_reply_to, Some(format!("ours{n}")));
                assert_eq!(post.author.as_ref(), Some(&who.author), "the same person answers");
                let fixed = ["fixed.safety", "fixed.defect", "fixed.question", "fixed.delivery"];
                let happy = says(&words, who.lang, &fixed, &post.text);
                texts.push(post.text);
                if happy { "confirmed" } else { "still" }
            }
        };
        *counts.entry(what).or_default() += 1;
    }
    (counts, texts)
}

#[test]
fn customers_react_to_our_replies_in_their_shares() {
    let (counts, texts) = reactions();
    let all: usize = counts.values().sum();
    let share = |what: &str| counts[what] as f64 / all as f64;
    assert!(all > 600, "{counts:?}");
    assert!((0.48..0.62).contains(&share("confirmed")), "{counts:?}");
    assert!((0.13..0.27).contains(&share("still")), "{counts:?}");
    assert!((0.06..0.15).contains(&share("edited")), "{counts:?}");
    assert!((0.10..0.21).contains(&share("silent")), "{counts:?}");
    let distinct: HashSet<&String> = texts.iter().collect();
    assert!(distinct.len() * 10 > texts.len() * 7, "{} of {} differ", distinct.len(), texts.len());
}

#[test]
fn what_was_heard_comes_out_when_its_time_has_come() {
    let mut life = Life::new(SEED, now(), 0.001);
    life.remember(&script(SEED, now()));
    let told = script(SEED, now());
    let open: Vec<_> = told.iter().filter(|t| t.kind == Kind::Defect).take(40).collect();
    for (n, one) in open.iter().enumerate() {
        life.heard(&reply(&one.post.id, n, "Please try again."), now());
    }
    assert!(lived(&mut life, now()).is_empty(), "nobody answers at once");
    let said = lived(&mut life, now() + hours(2));
    assert!((20..=40).contains(&said.len()), "{} of 40 reacted", said.len());
    // And the conversation goes on: a reply to the reaction is a reply within the same one.
    let still = said.iter().find(|p| p.in_reply_to.is_some()).unwrap();
    let again: Vec<_> = (0..20).filter_map(|n| life.react(&reply(&still.id, 100 + n, "And now."), now())).collect();
    assert!(!again.is_empty());
    assert!(again.iter().all(|(_, post)| post.author.as_ref().map(|a| &a.id) == still.author.as_ref().map(|a| &a.id)));
}

#[test]
fn a_question_of_ours_is_answered_with_what_we_asked_for() {
    let words = Words::new();
    let cast = Cast::new(&words, SEED);
    let told = script(SEED, now());
    let mut life = Life::new(SEED, now(), 1.0);
    life.remember(&told);
    let open: Vec<_> = told.iter().filter(|t| t.kind == Kind::Defect).take(200).collect();
    let told_more = open.iter().enumerate().filter(|(n, one)| {
        let lang = cast.by_post(&one.post.id).unwrap().lang;
        let said = life.react(&reply(&one.post.id, *n, "When did you buy it?"), now());
        said.is_some_and(|(_, post)| !says(&words, lang, &["fixed.defect", "still.defect", "solved"], &post.text))
    });
    let told_more = told_more.count();
    assert!((110..180).contains(&told_more), "{told_more} of 200 told more");
}

#[test]
fn a_customer_of_an_unknown_history_still_answers_as_the_same_person() {
    let words = Words::new();
    let cast = Cast::new(&words, SEED);
    let told = script(SEED, now());
    let mut life = Life::new(SEED, now(), 1.0);
    let mut answered = 0;
    for (n, one) in told.iter().filter(|t| t.kind == Kind::Question).take(60).enumerate() {
        if let Some((_, post)) = life.react(&reply(&one.post.id, n, "Like this."), now()) {
            assert_eq!(post.author, cast.by_post(&one.post.id).map(|who| who.author.clone()));
            answered += 1;
        }
    }
    assert!(answered > 30, "{answered} of 60");
    assert!(life.react(&reply("nobody", 0, "Hello."), now()).is_none());
}

#[test]
fn a_seed_and_a_time_give_one_life() {
    let posts = |seed| lived(&mut Life::new(seed, now(), 30.0), now() + hours(3));
    assert_eq!(posts(3), posts(3));
    assert_ne!(posts(3), posts(4));
}
