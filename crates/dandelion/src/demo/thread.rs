//! One conversation of the history: how it begins, who joins, whether we answer and what comes of it.

use dandelion_post::{Author, Metrics, Network, Post};
use jiff::{SignedDuration, Timestamp};

use super::cast::{Cast, Person, post_id, post_url};
use super::dice::Dice;
use super::voice::{Kind, Product, Voice};
use super::words::Lang;

/// A post with what it is.
#[derive(Debug, Clone)]
pub struct Told {
    /// The post as its network gives it.
    pub post: Post,
    /// What it is.
    pub kind: Kind,
    /// The product spoken of.
    pub product: Product,
}

impl Told {
    /// When this became known: its deletion, its edit or its writing.
    pub fn at(&self) -> Timestamp {
        let post = &self.post;
        post.deleted_at.or(post.edited_at).or(post.created_at).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Our own accounts end their post ids from here on.
const OURS: usize = 0xf00;

/// What is needed to write a conversation down.
pub(super) struct Scene<'a> {
    pub cast: &'a Cast,
    pub voice: &'a mut Voice,
    pub dice: &'a mut Dice,
    /// Nothing is written after this.
    pub now: Timestamp,
    pub told: &'a mut Vec<Told>,
}

/// One conversation on its way.
struct Talk<'a> {
    root: Post,
    kind: Kind,
    product: Product,
    who: &'a Person,
}

impl Scene<'_> {
    /// Writes a whole conversation that begins at this moment.
    pub fn play(&mut self, at: Timestamp, kind: Kind, lang: Lang, product: Product) {
        let cast = self.cast;
        let who = cast.someone(self.dice, lang, None, kind == Kind::Press);
        let text = self.voice.opening(self.dice, who.lang, kind, product);
        let root = self.written(at, who, text, None);
        let talk = Talk { root, kind, product, who };
        self.tell(&talk, talk.root.clone(), kind);
        if self.changed_or_gone(&talk) {
            return;
        }
        self.others(&talk);
        let ours = matches!(who.network.as_str(), "demo" | "webhook") && answerable(kind);
        if ours {
            self.we(&talk);
        }
    }

    /// An article of a feed.
    pub fn article(&mut self, at: Timestamp, lang: Lang, product: Product) {
        let (title, text) = self.voice.article(self.dice, lang, product);
        let outlets = self.voice.words().lines(lang, "outlet");
        let number = self.dice.between(0..outlets.len() as i64) as usize;
        let slug = format!("{}-news-{number}", lang.code());
        let id = post_id(at, 0xe00 + number);
        let author = Author {
            id: Some(slug.clone()),
            handle: Some(slug.clone()),
            name: Some(outlets[number].to_owned()),
            ..Author::default()
        };
        let post = Post {
            network: Network::new("feed").ok(),
            url: Some(post_url("feed", &slug, &id)),
            text,
            title: Some(title),
            lang: Some(lang.code().to_owned()),
            created_at: Some(at),
            author: Some(author),
            id,
            ..Post::default()
        };
        self.told.push(Told { post, kind: Kind::Article, product });
    }

    /// Some edit, a few take their words back. True when the post is gone and nothing follows.
    fn changed_or_gone(&mut self, talk: &Talk) -> bool {
        if self.dice.chance(0.015) {
            let at = self.later(&talk.root, 600.0);
            let gone = Post { text: String::new(), deleted_at: Some(at), ..talk.root.clone() };
            self.tell(talk, gone, Kind::Deleted);
            return true;
        }
        if answerable(talk.kind) && self.dice.chance(0.05) {
            self.edit(talk, "edit", 25.0);
        }
        false
    }

    fn edit(&mut self, talk: &Talk, section: &str, minutes: f64) {
        let at = self.later(&talk.root, minutes);
        let more = self.voice.line(self.dice, talk.who.lang, section, talk.product);
        let text = format!("{}\n{more}", talk.root.text);
        self.tell(talk, Post { text, edited_at: Some(at), ..talk.root.clone() }, Kind::Edited);
    }

    /// Other people join in.
    fn others(&mut self, talk: &Talk) {
        let chance = match talk.kind {
            Kind::Safety => 0.6,
            Kind::Defect | Kind::Question | Kind::Sarcasm => 0.36,
            Kind::Praise | Kind::Rival | Kind::Idea => 0.26,
            _ => 0.0,
        };
        let mut last = talk.root.clone();
        let mut chance = chance;
        while self.dice.chance(chance) {
            let other = self.cast.someone(self.dice, talk.who.lang, Some(&talk.who.network), false);
            if other.number != talk.who.number && other.network == talk.who.network {
                let at = self.later(&last, 95.0);
                let said = self.voice.answer(self.dice, other.lang, Kind::Peer, talk.kind, talk.product);
                let to = if self.dice.chance(0.3) { last.clone() } else { talk.root.clone() };
                let text = self.addressed(0.55, &to, said);
                last = self.written(at, other, text, Some((&to, &talk.root)));
                self.tell(talk, last.clone(), Kind::Peer);
            }
            chance *= 0.45;
        }
    }

    /// We answer, or the customer asks again.
    fn we(&mut self, talk: &Talk) {
        let age = (self.now - talk.root.created_at.unwrap_or(self.now)).as_hours();
        // What came in lately is mostly still open: that is today's work on the desk.
        let chance = match age {
            0..8 => 0.06,
            8..30 => 0.35,
            _ => 0.72,
        };
        if self.dice.chance(chance) {
            let post = talk.root.clone();
            self.answer_and_hear(talk, &post, 150.0, 2);
        } else {
            self.ask_again(talk);
        }
    }

    /// Our answer to a post, and what the customer makes of it; `rounds` bounds the to and fro.
    fn answer_and_hear(&mut self, talk: &Talk, to: &Post, minutes: f64, rounds: u8) {
        let at = self.later(to, minutes);
        let said = self.voice.answer(self.dice, talk.who.lang, Kind::Ours, talk.kind, talk.product);
        let text = self.addressed(0.95, to, said);
        let ours = ours(at, talk, to, text);
        self.tell(talk, ours.clone(), Kind::Ours);
        if !can_be_solved(talk.kind) {
            return;
        }
        match self.dice.weighed(&[0.50, 0.20, 0.06, 0.24]) {
            0 => {
                self.customer(talk, &ours, Kind::Fixed, 240.0);
            }
            1 => {
                let still = self.customer(talk, &ours, Kind::Still, 300.0);
                if rounds > 0 && self.dice.chance(0.75) {
                    self.answer_and_hear(talk, &still, 120.0, rounds - 1);
                }
            }
            2 => self.edit(talk, "solved", 900.0),
            _ => {}
        }
    }

    fn ask_again(&mut self, talk: &Talk) {
        let mut last = talk.root.clone();
        let mut chance = if can_be_solved(talk.kind) || talk.kind == Kind::Press { 0.45 } else { 0.0 };
        while self.dice.chance(chance) {
            last = self.customer(talk, &last, Kind::Again, 2_000.0);
            chance *= 0.5;
        }
        if last.id != talk.root.id && self.dice.chance(0.4) {
            self.answer_and_hear(talk, &last, 200.0, 1);
        }
    }

    fn customer(&mut self, talk: &Talk, to: &Post, kind: Kind, minutes: f64) -> Post {
        let at = self.later(to, minutes);
        let said = self.voice.answer(self.dice, talk.who.lang, kind, talk.kind, talk.product);
        let text = if kind == Kind::Again { said } else { self.addressed(0.5, to, said) };
        let post = self.written(at, talk.who, text, Some((to, &talk.root)));
        self.tell(talk, post.clone(), kind);
        post
    }

    /// Some begin with the name of whom they answer.
    fn addressed(&mut self, chance: f64, to: &Post, text: String) -> String {
        let handle = to.author.as_ref().and_then(|author| author.handle.as_deref());
        match handle {
            Some(handle) if self.dice.chance(chance) && !text.starts_with('@') => format!("@{handle} {text}"),
            _ => text,
        }
    }

    /// A moment after a post, with this mean in minutes and at least one.
    fn later(&mut self, after: &Post, minutes: f64) -> Timestamp {
        let seconds = 60.0 + self.dice.wait(minutes * 60.0);
        after.created_at.unwrap_or(self.now) + SignedDuration::from_millis((seconds * 1000.0) as i64)
    }

    fn written(&mut self, at: Timestamp, who: &Person, text: String, to: Option<(&Post, &Post)>) -> Post {
        written(self.dice, at, who, text, to)
    }

    fn tell(&mut self, talk: &Talk, post: Post, kind: Kind) {
        let told = Told { post, kind, product: talk.product };
        self.told.push(told);
    }
}

/// A post of ours in this conversation, from the handle that speaks there.
fn ours(at: Timestamp, talk: &Talk, to: &Post, text: String) -> Post {
    let network = talk.who.network.as_str();
    let (number, handle) = match (network, talk.who.lang, talk.kind) {
        ("webhook", ..) => (3, "hollerbek_reviews"),
        (_, Lang::Hr, _) => (2, "hollerbek_hr"),
        (_, _, Kind::Praise) => (1, "hollerbek"),
        _ => (0, "hollerbek_care"),
    };
    let id = post_id(at, OURS + number);
    Post {
        url: Some(post_url(network, handle, &id)),
        id,
        network: Some(talk.who.network.clone()),
        text,
        lang: Some(talk.who.lang.code().to_owned()),
        created_at: Some(at),
        in_reply_to: Some(to.id.clone()),
        thread: talk.root.thread.clone(),
        author: Some(Author {
            handle: Some(handle.to_owned()),
            name: Some("Hollerbek".to_owned()),
            ..Author::default()
        }),
        ..Post::default()
    }
}

/// Whether a conversation that began so is ours to answer.
pub(super) fn answerable(kind: Kind) -> bool {
    !matches!(kind, Kind::Spam | Kind::Off | Kind::Article)
}

/// Whether the customer can say afterwards that it works, or does not.
pub(super) fn can_be_solved(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Safety | Kind::Defect | Kind::Question | Kind::Purchase | Kind::Delivery | Kind::Cancel | Kind::Sarcasm
    )
}

/// A post as its network gives it; `to` is the post it answers and the one the conversation began with.
pub(super) fn written(dice: &mut Dice, at: Timestamp, who: &Person, text: String, to: Option<(&Post, &Post)>) -> Post {
    let network = who.network.as_str();
    let id = post_id(at, who.number);
    // Only some networks name the conversation.
    let thread = match to {
        Some((_, root)) => root.thread.clone(),
        None => matches!(network, "demo" | "forum").then(|| format!("t-{id}")),
    };
    let lang = match dice.between(0..10) {
        0..=6 => Some(who.lang.code()),
        7 => Some("en"),
        _ => None,
    };
    Post {
        url: Some(post_url(network, who.author.handle.as_deref().unwrap_or_default(), &id)),
        id,
        network: Some(who.network.clone()),
        text,
        lang: lang.map(str::to_owned),
        created_at: Some(at),
        in_reply_to: to.map(|(post, _)| post.id.clone()),
        thread,
        author: Some(who.author.clone()),
        metrics: metrics(dice, who),
        ..Post::default()
    }
}

/// Few networks tell everything, and many posts are liked by nobody.
fn metrics(dice: &mut Dice, who: &Person) -> Metrics {
    if dice.chance(0.4) {
        return Metrics::default();
    }
    let reach = (who.author.followers.unwrap_or(80) as f64).sqrt();
    let likes = dice.wait(reach / 4.0) as i64;
    Metrics {
        likes: Some(likes),
        shares: dice.chance(0.7).then_some(likes / 6),
        replies: None,
        views: (who.network.as_str() == "forum").then(|| likes * 17 + dice.between(3..60)),
    }
}
