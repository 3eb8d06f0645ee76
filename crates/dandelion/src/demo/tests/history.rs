use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::demo::SEED;
use crate::demo::history::{DAYS, Told, history, script};
use crate::demo::voice::Kind;

fn now() -> Timestamp {
    "2026-11-24T09:30:00Z".parse().unwrap()
}

fn counted<K: Ord>(told: &[Told], key: impl Fn(&Told) -> K) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for one in told {
        *counts.entry(key(one)).or_default() += 1;
    }
    counts
}

#[test]
fn every_post_is_valid_in_order_and_within_thirty_days() {
    let told = script(SEED, now());
    assert!((3_000..6_000).contains(&told.len()), "{} posts", told.len());
    let begins = now() - SignedDuration::from_hours(24 * DAYS);
    for one in &told {
        one.post.check().unwrap_or_else(|refusal| panic!("{refusal}: {:?}", one.post));
        assert!(one.at() >= begins && one.at() < now(), "{:?} at {}", one.kind, one.at());
        assert!(one.post.author.as_ref().unwrap().key().is_some());
        assert!(one.post.url.is_some() && one.post.network.is_some());
        assert!(!one.post.text.contains(['{', '}']), "unfilled: {}", one.post.text);
    }
    assert!(told.windows(2).all(|pair| pair[0].at() <= pair[1].at()));
}

#[test]
fn languages_networks_and_kinds_lie_in_their_ranges() {
    let told = script(SEED, now());
    let roots: Vec<Told> = told.iter().filter(|t| t.post.in_reply_to.is_none()).cloned().collect();
    let share = |count: usize| count as f64 / told.len() as f64;
    let networks = counted(&told, |t| t.post.network.clone().unwrap().to_string());
    for (name, range) in [
        ("demo", 0.45..0.75),
        ("mastodon", 0.07..0.2),
        ("bluesky", 0.07..0.2),
        ("forum", 0.06..0.18),
        ("webhook", 0.03..0.12),
        ("feed", 0.003..0.03),
    ] {
        assert!(range.contains(&share(networks[name])), "{name}: {networks:?}");
    }
    let langs = counted(&told, |t| t.post.lang.clone().unwrap_or_default());
    assert_eq!(langs.len(), 7, "six languages, and unknown: {langs:?}");
    assert!(["de", "hr", "fr", "es", "zh"].iter().all(|lang| langs[*lang] > 150), "{langs:?}");
    let kinds = counted(&roots, |t| t.kind);
    for (kind, range) in [
        (Kind::Off, 450..750),
        (Kind::Defect, 380..650),
        (Kind::Praise, 250..450),
        (Kind::Question, 240..430),
        (Kind::Purchase, 200..380),
        (Kind::Delivery, 140..300),
        (Kind::Spam, 40..120),
        (Kind::Press, 5..40),
        (Kind::Legal, 5..50),
        (Kind::Job, 15..70),
        (Kind::Safety, 60..72),
    ] {
        assert!(range.contains(&kinds[&kind]), "{kind:?}: {kinds:?}");
    }
    let kinds = counted(&told, |t| t.kind);
    for kind in [Kind::Peer, Kind::Ours, Kind::Fixed, Kind::Still, Kind::Again, Kind::Edited] {
        assert!(kinds[&kind] > 50, "{kind:?}: {kinds:?}");
    }
    assert!(kinds[&Kind::Deleted] > 15, "{kinds:?}");
}

#[test]
fn texts_hardly_repeat() {
    let told = script(SEED, now());
    let said: Vec<&str> =
        told.iter().filter(|t| !matches!(t.kind, Kind::Deleted | Kind::Edited)).map(|t| t.post.text.as_str()).collect();
    let distinct: HashSet<&str> = said.iter().copied().collect();
    let repeated = said.len() - distinct.len();
    assert!((repeated as f64) < 0.05 * said.len() as f64, "{repeated} of {} repeat", said.len());
}

#[test]
fn replies_refer_to_posts_and_ids_are_unique_but_for_revisions() {
    let told = script(SEED, now());
    let mut networks = HashMap::new();
    for one in told.iter().filter(|t| !matches!(t.kind, Kind::Deleted | Kind::Edited)) {
        let before = networks.insert(one.post.id.clone(), one.post.network.clone());
        assert!(before.is_none(), "twice: {}", one.post.id);
    }
    let mut threads: HashMap<&str, usize> = HashMap::new();
    for one in &told {
        let known = networks.get(&one.post.id);
        assert!(known.is_some(), "a revision of nothing: {}", one.post.id);
        if let Some(to) = &one.post.in_reply_to {
            assert_eq!(networks.get(to), Some(&one.post.network), "{to} is no post of this network");
            *threads.entry(to).or_default() += 1;
        }
    }
    assert!(threads.len() > 500, "{} posts are answered", threads.len());
    assert!(threads.values().any(|answers| *answers >= 3), "no post has three answers");
}

#[test]
fn the_complaint_about_one_kettle_grows_week_over_week_in_independent_words() {
    let told = script(SEED, now());
    let complaints: Vec<&Told> = told.iter().filter(|t| t.kind == Kind::Safety).collect();
    let mut weeks = [0; 4];
    for one in &complaints {
        let days = (now() - one.at()).as_hours() / 24;
        if days < 28 {
            weeks[3 - days as usize / 7] += 1;
        }
    }
    assert!(weeks.windows(2).all(|pair| pair[0] < pair[1]), "{weeks:?}");
    assert!(weeks[3] >= 20, "{weeks:?}");
    let first_words: HashSet<String> =
        complaints.iter().map(|t| t.post.text.chars().take(60).collect::<String>()).collect();
    assert!(first_words.len() * 10 >= complaints.len() * 9, "{} of {}", first_words.len(), complaints.len());
    let people: HashSet<_> = complaints.iter().map(|t| t.post.author.as_ref().unwrap().key()).collect();
    assert!(people.len() * 4 >= complaints.len() * 3, "{} people, {} complaints", people.len(), complaints.len());
}

#[test]
fn some_numbers_of_people_are_unknown_and_none_is_zero_for_it() {
    let told = script(SEED, now());
    let authors: HashMap<_, _> =
        told.iter().filter_map(|t| t.post.author.as_ref()).map(|a| (a.key(), a.followers)).collect();
    let unknown = authors.values().filter(|followers| followers.is_none()).count();
    assert!((0.3..0.65).contains(&(unknown as f64 / authors.len() as f64)), "{unknown} of {}", authors.len());
    assert!(authors.len() > 600, "{} authors", authors.len());
    assert!(authors.values().flatten().any(|followers| *followers > 5_000));
}

#[test]
fn a_seed_tells_one_story() {
    assert_eq!(history(7, now()), history(7, now()));
    assert_ne!(history(7, now()), history(8, now()));
}
