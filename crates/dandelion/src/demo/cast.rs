//! The people of the demo: about 900 invented accounts on several pretend networks.

use dandelion_post::{Author, Network};
use jiff::{Timestamp, ToSpan as _};

use super::dice::Dice;
use super::words::{Lang, Words};

/// How many people there are.
pub const PEOPLE: usize = 900;

/// Networks people are on, with their share. Only `demo` and `webhook` can be written to.
pub const NETWORKS: [(&str, f64); 5] =
    [("demo", 0.58), ("mastodon", 0.13), ("bluesky", 0.12), ("forum", 0.11), ("webhook", 0.06)];

/// Someone with an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// Place in the cast; the end of the ids of this person's posts.
    pub number: usize,
    /// The account.
    pub author: Author,
    /// Where it is.
    pub network: Network,
    /// What this person writes in.
    pub lang: Lang,
    /// Whether this is a journalist.
    pub press: bool,
    /// How often this person speaks, beside the others.
    weight: f64,
}

/// Everybody.
#[derive(Debug)]
pub struct Cast {
    people: Vec<Person>,
}

impl Cast {
    /// The cast of a seed. It does not depend on the time, so that ids of older posts still name the same person.
    pub fn new(words: &Words, seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0x0ca5_7000);
        Self { people: (0..PEOPLE).map(|number| person(words, &mut dice, number)).collect() }
    }

    /// The person with this number.
    pub fn person(&self, number: usize) -> Option<&Person> {
        self.people.get(number)
    }

    /// Who wrote the post with this id, if one of the cast did.
    pub fn by_post(&self, id: &str) -> Option<&Person> {
        let (_, number) = id.rsplit_once('-')?;
        self.person(usize::from_str_radix(number, 16).ok()?)
    }

    /// Someone who speaks this language, the talkative more often; `on` holds to one network.
    pub fn someone(&self, dice: &mut Dice, lang: Lang, on: Option<&Network>, press: bool) -> &Person {
        let fits = |p: &&Person| p.lang == lang && p.press == press && on.is_none_or(|network| p.network == *network);
        let mut found: Vec<&Person> = self.people.iter().filter(fits).collect();
        if found.is_empty() {
            // A small network may hold nobody of a small language: then the language matters more than the job.
            found = self.people.iter().filter(|p| p.lang == lang).collect();
        }
        let weights: Vec<f64> = found.iter().map(|p| p.weight).collect();
        found[dice.weighed(&weights)]
    }
}

/// The id of a post: when it was written (milliseconds) and by whom, both hexadecimal.
pub fn post_id(at: Timestamp, number: usize) -> String {
    format!("{:x}-{number:x}", at.as_millisecond())
}

/// Where a post can be seen. All of these hosts are reserved names that lead nowhere.
pub fn post_url(network: &str, handle: &str, id: &str) -> String {
    match network {
        "mastodon" => format!("https://social.example/@{handle}/{id}"),
        "bluesky" => format!("https://sky.example/profile/{handle}/post/{id}"),
        "forum" => format!("https://kitchentalk.example/post/{id}"),
        "webhook" => format!("https://reviews.example/{id}"),
        "feed" => format!("https://{handle}.example/{id}"),
        _ => format!("https://demo.example/@{handle}/{id}"),
    }
}

fn person(words: &Words, dice: &mut Dice, number: usize) -> Person {
    let shares: Vec<f64> = Lang::ALL.iter().map(|(_, share)| *share).collect();
    let lang = Lang::ALL[dice.weighed(&shares)].0;
    let shares: Vec<f64> = NETWORKS.iter().map(|(_, share)| *share).collect();
    // Every thirtieth is a journalist, and those are where we can answer them.
    let press = number % 30 == 7;
    let network = if press { "demo" } else { NETWORKS[dice.weighed(&shares)].0 };
    let first = *dice.pick(words.lines(lang, "first"));
    let last = *dice.pick(words.lines(lang, "last"));
    let nick = *dice.pick(words.lines(lang, "nick"));
    let handle = handle(dice, number, &folded(first), &folded(last), nick);
    let name = match (lang, dice.between(0..10)) {
        (Lang::Zh, _) => format!("{last}{first}"),
        (_, 0..=5) => format!("{first} {last}"),
        (_, 6 | 7) => first.to_owned(),
        _ => format!("{first} {}", dice.pick(words.lines(lang, "emoji.happy"))),
    };
    let followers = followers(dice, press);
    let since = Timestamp::from_second(1_767_225_600).expect("2026-01-01") - (dice.between(24..70_000)).hours();
    let author = Author {
        id: Some(format!("{network}-{number}")),
        url: Some(format!("https://{network}.example/@{handle}")),
        avatar: None,
        handle: Some(handle),
        name: Some(name),
        followers,
        following: followers.filter(|_| dice.chance(0.7)).map(|n| 12 + (n as f64 * (0.2 + dice.share())) as i64 % 1900),
        posts: followers.filter(|_| dice.chance(0.6)).map(|n| 3 + n * dice.between(1..9) / 2 % 31_000),
        verified: press.then_some(true),
        created_at: dice.chance(0.5).then_some(since),
    };
    let network = Network::new(network).expect("a name of the table");
    // Zipf-like: few people say much, most say little.
    let weight = 1.0 / (1.0 + (number % 90) as f64).sqrt();
    Person { number, author, network, lang, press, weight }
}

/// Follower numbers spread over orders of magnitude as real ones do, and are unknown for nearly half of all accounts.
fn followers(dice: &mut Dice, press: bool) -> Option<i64> {
    if press {
        return Some(dice.between(2_500..90_000));
    }
    // The sum of shares is close enough to a normal distribution for the exponent of a log-normal one.
    let bell: f64 = (0..6).map(|_| dice.share()).sum::<f64>() - 3.0;
    let known = (5.0 + 2.2 * bell).exp() as i64;
    dice.chance(0.55).then_some(known)
}

fn handle(dice: &mut Dice, number: usize, first: &str, last: &str, nick: &str) -> String {
    // A Chinese name folds to nothing.
    let first = if first.is_empty() { "xiao" } else { first };
    let last = if last.is_empty() { "kitchen" } else { last };
    let base = match dice.between(0..6) {
        0 => format!("{first}_{last}"),
        1 => format!("{first}{last}"),
        2 => format!("{nick}_{first}"),
        3 => format!("{first}s_{nick}"),
        4 => format!("the_{nick}_{last}"),
        _ => format!("{first}{nick}"),
    };
    // The number keeps handles apart: two people may choose the same words.
    format!("{}{number}", base.trim_matches('_'))
}

/// A name in the letters that handles allow.
fn folded(name: &str) -> String {
    let letter = |c: char| match c {
        'ä' | 'á' | 'à' | 'â' | 'å' => "a",
        'ö' | 'ó' | 'ô' => "o",
        'ü' | 'ú' | 'û' => "u",
        'é' | 'è' | 'ê' | 'ë' => "e",
        'í' | 'ï' | 'î' | 'ı' => "i",
        'ş' | 'š' => "s",
        'č' | 'ć' | 'ç' => "c",
        'ž' => "z",
        'đ' => "d",
        'ñ' => "n",
        'ß' => "ss",
        _ => "",
    };
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() { out.push(c) } else { out.push_str(letter(c)) }
    }
    out
}
