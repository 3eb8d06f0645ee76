//! How people of the demo talk: what they say of what, put together from the words and roughened a little.

use std::collections::HashMap;

use super::dice::Dice;
use super::rough::{lowered, roughened};
use super::words::{Lang, Words};

/// What a post of the demo is, known because we wrote it; no post carries this, the analysis has to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The kettle K2 leaks at the handle and its base is hot.
    Safety,
    /// Something is broken.
    Defect,
    /// Someone is glad.
    Praise,
    /// How does it work?
    Question,
    /// Someone wants to buy.
    Purchase,
    /// An order did not come or came wrong.
    Delivery,
    /// Someone cancels or returns.
    Cancel,
    /// An idea.
    Idea,
    /// Says the opposite of what it means.
    Sarcasm,
    /// Us beside a competitor.
    Rival,
    /// A journalist asks.
    Press,
    /// Someone threatens legal action.
    Legal,
    /// Someone looks for work.
    Job,
    /// Advertising by strangers.
    Spam,
    /// Not about us at all.
    Off,
    /// An article in a feed.
    Article,
    /// Somebody else answers.
    Peer,
    /// We answer.
    Ours,
    /// The customer says that it works now.
    Fixed,
    /// The customer says that it still does not.
    Still,
    /// The customer asks again.
    Again,
    /// The post was changed by its author.
    Edited,
    /// The post was taken away.
    Deleted,
}

/// A product of ours as people speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Product {
    /// Section of its names.
    pub key: &'static str,
    /// Section of what can go wrong with it.
    pub group: &'static str,
    /// The model.
    pub model: &'static str,
    /// Who else makes one.
    pub rival: &'static str,
}

/// Our products, with how often people speak of each.
pub const PRODUCTS: [(Product, f64); 7] = [
    (Product { key: "k2", group: "kettle", model: "K2", rival: "Vessara" }, 0.20),
    (Product { key: "k1", group: "kettle", model: "K1", rival: "Vessara" }, 0.10),
    (Product { key: "coffee", group: "coffee", model: "B5", rival: "Vessara Uno" }, 0.19),
    (Product { key: "oven", group: "oven", model: "O7", rival: "Brasmont" }, 0.16),
    (Product { key: "fryer", group: "fryer", model: "L2", rival: "Brasmont Chef" }, 0.11),
    (Product { key: "mixer", group: "mixer", model: "M8", rival: "Tolvarek" }, 0.15),
    (Product { key: "blender", group: "blender", model: "S1", rival: "Tolvarek Pro" }, 0.09),
];

/// The kettle whose complaint grows.
pub const K2: Product = PRODUCTS[0].0;

/// Puts utterances together. Lines are drawn without putting back until a section is used up, so that
/// nothing is said twice before everything was said once.
#[derive(Debug)]
pub struct Voice {
    words: Words,
    left: HashMap<(Lang, String), Vec<usize>>,
}

impl Voice {
    /// A voice that has said nothing yet.
    pub fn new() -> Self {
        Self { words: Words::new(), left: HashMap::new() }
    }

    /// The words it speaks with.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// What someone says to begin a conversation.
    pub fn opening(&mut self, dice: &mut Dice, lang: Lang, kind: Kind, product: Product) -> String {
        let (body, detail, mood) = sections(kind, product);
        let mut parts = Vec::new();
        let open = if dice.chance(0.42) { self.draw(dice, lang, &format!("open.{mood}")) } else { None };
        parts.extend(open);
        let body = self.draw(dice, lang, &body).unwrap_or_default();
        // After a comma a sentence goes on in small letters; a name keeps its own.
        let goes_on = open.is_some_and(|open| open.ends_with([',', 't'])) && !body.starts_with('{');
        let body = if goes_on { lowered(lang, body) } else { body.to_owned() };
        parts.push(&body);
        let chance = if matches!(kind, Kind::Off | Kind::Spam) { 0.75 } else { 0.62 };
        if dice.chance(chance) {
            parts.extend(self.draw(dice, lang, &detail));
        }
        if dice.chance(0.48) {
            parts.extend(self.draw(dice, lang, &format!("close.{mood}")));
        }
        let text = self.filled(dice, lang, product, &joined(lang, &parts));
        let text = if kind == Kind::Off { text } else { self.named(dice, lang, text) };
        let text = roughened(dice, lang, &text);
        self.with_sign(dice, lang, mood, text)
    }

    /// What someone says in a conversation that is going on; `about` is what it began with.
    pub fn answer(&mut self, dice: &mut Dice, lang: Lang, kind: Kind, about: Kind, product: Product) -> String {
        let about = topic(about);
        let (section, more, mood) = match kind {
            Kind::Peer => (format!("peer.{}", peer(about)), format!("detail.{}", peer(about)), "curious"),
            Kind::Ours => (format!("ours.{about}"), String::new(), ""),
            Kind::Fixed => (format!("fixed.{about}"), "close.happy".to_owned(), "happy"),
            Kind::Still => (format!("still.{about}"), "close.annoyed".to_owned(), "annoyed"),
            _ => ("again".to_owned(), "close.annoyed".to_owned(), "annoyed"),
        };
        let section = if self.words.lines(lang, &section).is_empty() { fallback(kind) } else { section };
        let mut parts: Vec<&str> = self.draw(dice, lang, &section).into_iter().collect();
        if dice.chance(0.45) {
            parts.extend(self.draw(dice, lang, &more));
        }
        let text = self.filled(dice, lang, product, &joined(lang, &parts));
        if kind == Kind::Ours {
            return text;
        }
        let text = roughened(dice, lang, &text);
        self.with_sign(dice, lang, mood, text)
    }

    /// One line of a section, filled.
    pub fn line(&mut self, dice: &mut Dice, lang: Lang, section: &str, product: Product) -> String {
        let line = self.draw(dice, lang, section).unwrap_or_default();
        self.filled(dice, lang, product, line)
    }

    /// An article: its headline and its text.
    pub fn article(&mut self, dice: &mut Dice, lang: Lang, product: Product) -> (String, String) {
        let title = self.line(dice, lang, "feed.title", product);
        // A few sentences in the order they were written in, so that the verdict comes last; one names what was tested.
        let mut parts: Vec<&str> = (0..4).filter_map(|_| self.draw(dice, lang, "feed.body")).collect();
        parts.extend(self.words.lines(lang, "feed.body").iter().find(|line| line.contains("{m}")));
        parts.sort_by_key(|part| self.words.lines(lang, "feed.body").iter().position(|line| line == part));
        parts.dedup();
        let text = self.filled(dice, lang, product, &joined(lang, &parts));
        (title, text)
    }

    fn draw(&mut self, dice: &mut Dice, lang: Lang, section: &str) -> Option<&'static str> {
        let lines = self.words.lines(lang, section);
        if lines.is_empty() {
            return None;
        }
        let left = self.left.entry((lang, section.to_owned())).or_default();
        if left.is_empty() {
            left.extend(0..lines.len());
        }
        let at = dice.between(0..left.len() as i64) as usize;
        Some(lines[left.swap_remove(at)])
    }

    /// Puts names, numbers and places where the line has braces.
    fn filled(&self, dice: &mut Dice, lang: Lang, product: Product, line: &str) -> String {
        let mut out = String::with_capacity(line.len() + 16);
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((slot, tail)) = after.split_once('}') else { break };
            out.push_str(before);
            let section = match slot {
                "p" => format!("names.{}", product.key),
                other => other.to_owned(),
            };
            match slot {
                "m" => out.push_str(product.model),
                "rival" => out.push_str(product.rival),
                "n" => out.push_str(&dice.between(2..15).to_string()),
                "n2" => out.push_str(&dice.between(15..90).to_string()),
                "order" => out.push_str(&dice.between(104_000..998_000).to_string()),
                "price" => {
                    out.push_str(dice.pick::<&str>(&["49", "59", "79", "119", "149", "199", "249", "349", "899"]));
                }
                "code" => out.push_str(dice.pick::<&str>(&["E1", "E2", "E3", "E4", "E7", "E9", "F3"])),
                "sign" => out.push_str(signer(lang)),
                _ => out.push_str(dice.pick::<&str>(self.words.lines(lang, &section))),
            }
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    /// Most people who talk of us name us; a text without any name of ours gets a tag.
    fn named(&self, dice: &mut Dice, lang: Lang, text: String) -> String {
        let brand = text.to_lowercase().contains("hollerbek") || text.contains("霍勒贝克");
        let model = PRODUCTS.iter().any(|(product, _)| text.contains(product.model));
        let tag = match (brand, model) {
            (false, false) => Some("#hollerbek"),
            (false, true) if dice.chance(0.6) => {
                Some(*dice.pick::<&str>(&["#hollerbek", "#Hollerbek", "@hollerbek", "@hollerbek_care"]))
            }
            _ if dice.chance(0.12) => Some(*dice.pick::<&str>(self.words.lines(lang, "tag"))),
            _ => None,
        };
        tag.map_or(text.clone(), |tag| format!("{text} {tag}"))
    }

    fn with_sign(&self, dice: &mut Dice, lang: Lang, mood: &str, text: String) -> String {
        let signs = self.words.lines(lang, &format!("emoji.{mood}"));
        if signs.is_empty() || !dice.chance(0.33) {
            return text;
        }
        let sign = dice.pick(signs);
        let times = if dice.chance(0.15) { 3 } else { 1 };
        format!("{text} {}", sign.repeat(times))
    }
}

/// Sections of the body and the detail, and the mood.
fn sections(kind: Kind, product: Product) -> (String, String, &'static str) {
    let named = |name: &str, mood| (name.to_owned(), format!("detail.{name}"), mood);
    match kind {
        Kind::Safety => named("safety", "worried"),
        Kind::Defect => (format!("defect.{}", product.group), "detail.defect".to_owned(), "annoyed"),
        Kind::Praise => named("praise", "happy"),
        Kind::Question => (format!("question.{}", product.group), "detail.question".to_owned(), "curious"),
        Kind::Purchase => named("purchase", "curious"),
        Kind::Delivery => named("delivery", "annoyed"),
        Kind::Cancel => named("cancel", "annoyed"),
        Kind::Idea => named("idea", ""),
        Kind::Sarcasm => ("sarcasm".to_owned(), "close.sarcastic".to_owned(), "sarcastic"),
        Kind::Rival => named("rival", ""),
        Kind::Press => named("press", ""),
        Kind::Legal => named("legal", "annoyed"),
        Kind::Job => named("job", ""),
        Kind::Spam => named("spam", ""),
        _ => named("off", ""),
    }
}

/// Which answers fit a conversation that began so.
fn topic(about: Kind) -> &'static str {
    match about {
        Kind::Safety => "safety",
        Kind::Question => "question",
        Kind::Praise | Kind::Rival => "praise",
        Kind::Idea => "idea",
        Kind::Press => "press",
        Kind::Legal => "legal",
        Kind::Job => "job",
        Kind::Purchase => "purchase",
        Kind::Delivery | Kind::Cancel => "delivery",
        _ => "defect",
    }
}

fn peer(topic: &str) -> &str {
    match topic {
        "purchase" => "question",
        "idea" => "praise",
        "delivery" => "defect",
        other => other,
    }
}

fn fallback(kind: Kind) -> String {
    let section = match kind {
        Kind::Fixed => "close.happy",
        Kind::Ours => "ours.praise",
        Kind::Peer => "peer.praise",
        _ => "again",
    };
    section.to_owned()
}

/// Who of us answers in a language: the same person throughout a conversation, so that thanks reach the right one.
fn signer(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Ana",
        Lang::De => "Joris",
        Lang::Hr => "Mirna",
        Lang::Fr => "Mathilde",
        Lang::Es => "Inés",
        Lang::Zh => "Yating",
    }
}

/// Sentences side by side; Chinese needs no spaces between them.
fn joined(lang: Lang, parts: &[&str]) -> String {
    let said: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    said.join(if lang == Lang::Zh { "" } else { " " })
}
