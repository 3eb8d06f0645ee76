//! Life that goes on: simulated customers who post, wait for us, ask again, and react to what we answer.
//!
//! A state machine without input or output. The caller asks when something is [`Life::due`], lets time
//! [`Life::advance`] and sends what comes out to the signed webhook; what we publish comes back through
//! [`Life::heard`].

use std::collections::{BTreeMap, HashMap, HashSet};

use dandelion_post::Post;
use jiff::{SignedDuration, Timestamp};

use super::cast::Cast;
use super::dice::Dice;
use super::history::{Told, lang, product};
use super::thread::{answerable, can_be_solved, written};
use super::voice::{K2, Kind, PRODUCTS, Product, Voice};
use super::words::Lang;

/// A reply of ours as the demo network published it.
#[derive(Debug, Clone)]
pub struct PublishedReply {
    /// The network's id of the reply.
    pub id: String,
    /// The post it answers.
    pub in_reply_to: String,
    /// Our words.
    pub text: String,
    /// The handle we spoke from, with or without `@`.
    pub handle: String,
}

/// Open conversations kept in mind; beyond this the oldest are forgotten.
const MEMORY: usize = 4_000;

/// What customers begin with, with the share of each.
const KINDS: [(Kind, f64); 14] = [
    (Kind::Defect, 0.22),
    (Kind::Question, 0.14),
    (Kind::Praise, 0.12),
    (Kind::Purchase, 0.11),
    (Kind::Off, 0.10),
    (Kind::Safety, 0.07),
    (Kind::Delivery, 0.08),
    (Kind::Idea, 0.06),
    (Kind::Sarcasm, 0.05),
    (Kind::Rival, 0.02),
    (Kind::Cancel, 0.02),
    (Kind::Spam, 0.02),
    (Kind::Legal, 0.005),
    (Kind::Press, 0.005),
];

/// A conversation someone began and we may answer.
#[derive(Debug, Clone)]
struct Open {
    root: Post,
    /// The customer's last post in it.
    last: Post,
    kind: Kind,
    product: Product,
    person: usize,
    /// How often we answered.
    answers: u32,
    /// How often the customer asked again.
    asked: u32,
}

/// Something that will happen.
#[derive(Debug, Clone)]
enum Plan {
    /// This is sent as it is.
    Send(Box<Post>),
    /// Unless answered by then, the customer of this conversation asks again.
    AskAgain(String),
}

/// The customers and what they have in mind.
#[derive(Debug)]
pub struct Life {
    dice: Dice,
    voice: Voice,
    cast: Cast,
    per_hour: f64,
    next: Timestamp,
    plans: BTreeMap<(Timestamp, u64), Plan>,
    planned: u64,
    open: BTreeMap<String, Open>,
    /// The conversation that a post of a customer belongs to.
    belongs: HashMap<String, String>,
    /// Posts taken away: whoever deletes is done with it.
    gone: HashSet<String>,
}

impl Life {
    /// Begins at this moment with this many new conversations an hour. `seed` gives the people, who are those of
    /// the history with the same seed; together with the time it gives what they do.
    pub fn new(seed: u64, now: Timestamp, per_hour: f64) -> Self {
        let voice = Voice::new();
        let cast = Cast::new(voice.words(), seed);
        let mut life = Self {
            dice: Dice::new(seed ^ now.as_microsecond().cast_unsigned()),
            voice,
            cast,
            per_hour: per_hour.clamp(0.001, 1e6),
            next: now,
            plans: BTreeMap::new(),
            planned: 0,
            open: BTreeMap::new(),
            belongs: HashMap::new(),
            gone: HashSet::new(),
        };
        life.next = life.after_a_while(now);
        life
    }

    /// Takes over the conversations of the history, so that customers of the past react too.
    pub fn remember(&mut self, told: &[Told]) {
        for one in told {
            let Some(person) = self.cast.by_post(&one.post.id).map(|person| person.number) else { continue };
            let root = one.post.in_reply_to.as_ref().map(|to| self.belongs.get(to).unwrap_or(to).clone());
            match (one.kind, root) {
                (Kind::Deleted, _) => self.forget(&one.post.id),
                (Kind::Edited, _) => self.changed(&one.post),
                (_, None) if answerable(one.kind) => self.begin(one.post.clone(), one.kind, one.product, person),
                (Kind::Fixed | Kind::Still | Kind::Again, Some(root)) => self.goes_on(&root, one.post.clone()),
                _ => {}
            }
        }
    }

    /// When something happens next.
    pub fn due(&self) -> Timestamp {
        self.plans.first_key_value().map_or(self.next, |((at, _), _)| self.next.min(*at))
    }

    /// Lets time pass until `now` and sends everything that is said until then, in order.
    pub fn advance(&mut self, now: Timestamp, mut send: impl FnMut(Post)) {
        while self.due() <= now {
            let planned = self.plans.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= self.next);
            if let Some(key) = planned {
                let plan = self.plans.remove(&key);
                self.happen(key.0, plan, &mut send);
            } else {
                let at = self.next;
                self.next = self.after_a_while(at);
                send(self.someone_begins(at));
            }
        }
    }

    /// What the customer makes of a reply: nothing, or a post after a while. The post carries its later time.
    ///
    /// Of replies to a problem, 55 % end in "works now", 20 % in "no, still not", 10 % in an edit of the first
    /// post; the rest stays silent. Whoever is asked something answers first. The second answer helps more often.
    pub fn react(&mut self, reply: &PublishedReply, now: Timestamp) -> Option<(SignedDuration, Post)> {
        let key = self.belongs.get(&reply.in_reply_to).cloned().unwrap_or_else(|| reply.in_reply_to.clone());
        self.know(&key, &reply.in_reply_to, now);
        let open = self.open.get_mut(&key)?;
        open.answers += 1;
        let open = open.clone();
        if !can_be_solved(open.kind) {
            return self.politely(&open, reply, now);
        }
        let asked = reply.text.trim_end().ends_with(['?', '?']) && open.answers < 3;
        if asked && self.dice.chance(0.7) {
            let lang = self.lang(&open);
            let more = self.voice.line(&mut self.dice, lang, "detail.defect", open.product);
            return self.says(&open, reply, more, now, 90.0);
        }
        let second = if open.answers > 1 { 0.15 } else { 0.0 };
        match self.dice.weighed(&[0.55 + second, 0.20 - second, 0.10, 0.15]) {
            0 => self.answers(&open, reply, Kind::Fixed, now),
            1 => self.answers(&open, reply, Kind::Still, now),
            // Whoever's words we do not know cannot add to them.
            2 if open.root.text.is_empty() => None,
            2 => Some(self.edits(&open, now)),
            _ => None,
        }
    }

    /// The same, and sent by [`Life::advance`] when its time has come.
    pub fn heard(&mut self, reply: &PublishedReply, now: Timestamp) {
        if let Some((wait, post)) = self.react(reply, now) {
            self.plan(now + wait, Plan::Send(Box::new(post)));
        }
    }

    fn someone_begins(&mut self, at: Timestamp) -> Post {
        let shares: Vec<f64> = KINDS.iter().map(|(_, share)| *share).collect();
        let kind = KINDS[self.dice.weighed(&shares)].0;
        let product = if kind == Kind::Safety { K2 } else { product(&mut self.dice) };
        let lang = lang(&mut self.dice);
        // New customers live where we can answer them.
        let demo = dandelion_post::Network::new("demo").ok();
        let who = self.cast.someone(&mut self.dice, lang, demo.as_ref(), kind == Kind::Press);
        let text = self.voice.opening(&mut self.dice, who.lang, kind, product);
        let post = written(&mut self.dice, at, who, text, None);
        let person = who.number;
        if answerable(kind) {
            self.begin(post.clone(), kind, product, person);
            self.later_on(&post, kind, product, at);
        }
        post
    }

    /// What happens to a new post if nobody answers: a correction, a deletion, another question.
    fn later_on(&mut self, post: &Post, kind: Kind, product: Product, at: Timestamp) {
        if self.dice.chance(0.06) {
            let when = at + self.wait(120.0);
            let lang = self.cast.by_post(&post.id).map_or(Lang::En, |who| who.lang);
            let more = self.voice.line(&mut self.dice, lang, "edit", product);
            let text = format!("{}\n{more}", post.text);
            let edited = Post { text, edited_at: Some(when), ..post.clone() };
            self.plan(when, Plan::Send(Box::new(edited)));
        } else if self.dice.chance(0.02) {
            let when = at + self.wait(300.0);
            let gone = Post { text: String::new(), deleted_at: Some(when), ..post.clone() };
            self.plan(when, Plan::Send(Box::new(gone)));
        }
        if can_be_solved(kind) && self.dice.chance(0.4) {
            let when = at + self.wait(900.0);
            self.plan(when, Plan::AskAgain(post.id.clone()));
        }
    }

    fn happen(&mut self, at: Timestamp, plan: Option<Plan>, send: &mut impl FnMut(Post)) {
        match plan {
            Some(Plan::Send(post)) => {
                if post.deleted_at.is_some() {
                    self.forget(&post.id);
                } else if post.edited_at.is_some() {
                    self.changed(&post);
                }
                send(*post);
            }
            Some(Plan::AskAgain(key)) => {
                if let Some(post) = self.asks_again(&key, at) {
                    send(post);
                }
            }
            None => {}
        }
    }

    /// The next "is anybody there?", unless we answered or the customer gave up.
    fn asks_again(&mut self, key: &str, at: Timestamp) -> Option<Post> {
        let open = self.open.get(key).filter(|open| open.answers == 0 && open.asked < 3)?.clone();
        let who = self.cast.person(open.person)?;
        let text = self.voice.answer(&mut self.dice, who.lang, Kind::Again, open.kind, open.product);
        let post = written(&mut self.dice, at, who, text, Some((&open.last, &open.root)));
        self.goes_on(key, post.clone());
        if let Some(open) = self.open.get_mut(key) {
            open.asked += 1;
        }
        if self.dice.chance(0.6) {
            let when = at + self.wait(1_500.0);
            self.plan(when, Plan::AskAgain(key.to_owned()));
        }
        Some(post)
    }

    /// Thanks for kind words, at times; a journalist or a lawyer does not chat.
    fn politely(&mut self, open: &Open, reply: &PublishedReply, now: Timestamp) -> Option<(SignedDuration, Post)> {
        let chatty = matches!(open.kind, Kind::Praise | Kind::Idea | Kind::Rival);
        if !chatty || !self.dice.chance(0.35) {
            return None;
        }
        let lang = self.lang(open);
        let text = self.voice.line(&mut self.dice, lang, "close.happy", open.product);
        self.says(open, reply, text, now, 120.0)
    }

    fn answers(
        &mut self,
        open: &Open,
        reply: &PublishedReply,
        kind: Kind,
        now: Timestamp,
    ) -> Option<(SignedDuration, Post)> {
        let lang = self.lang(open);
        let text = self.voice.answer(&mut self.dice, lang, kind, open.kind, open.product);
        self.says(open, reply, text, now, 75.0)
    }

    fn says(
        &mut self,
        open: &Open,
        reply: &PublishedReply,
        text: String,
        now: Timestamp,
        seconds: f64,
    ) -> Option<(SignedDuration, Post)> {
        let wait = self.wait(seconds);
        let who = self.cast.person(open.person)?;
        let handle = reply.handle.trim_start_matches('@');
        let text = if self.dice.chance(0.5) && !text.starts_with('@') { format!("@{handle} {text}") } else { text };
        let to = Post { id: reply.id.clone(), ..Post::default() };
        let post = written(&mut self.dice, now + wait, who, text, Some((&to, &open.root)));
        self.belongs.insert(post.id.clone(), open.root.id.clone());
        Some((wait, post))
    }

    fn edits(&mut self, open: &Open, now: Timestamp) -> (SignedDuration, Post) {
        let wait = self.wait(200.0);
        let lang = self.lang(open);
        let more = self.voice.line(&mut self.dice, lang, "solved", open.product);
        let text = format!("{}\n{more}", open.root.text);
        (wait, Post { text, edited_at: Some(now + wait), ..open.root.clone() })
    }

    fn lang(&self, open: &Open) -> Lang {
        self.cast.person(open.person).map_or(Lang::En, |who| who.lang)
    }

    /// A post we were not told of, say one of a history that was loaded before a restart: its id names its author,
    /// and what it was about is unknown, so the answers stay general.
    fn know(&mut self, key: &str, post: &str, now: Timestamp) {
        if self.open.contains_key(key) || self.gone.contains(key) {
            return;
        }
        let Some(who) = self.cast.by_post(post) else { return };
        let person = who.number;
        let mut root = written(&mut self.dice, now, who, String::new(), None);
        post.clone_into(&mut root.id);
        root.thread = None;
        self.begin(root, Kind::Question, PRODUCTS[0].0, person);
    }

    fn begin(&mut self, root: Post, kind: Kind, product: Product, person: usize) {
        self.belongs.insert(root.id.clone(), root.id.clone());
        let open = Open { last: root.clone(), root, kind, product, person, answers: 0, asked: 0 };
        self.open.insert(open.root.id.clone(), open);
        if self.open.len() > MEMORY {
            // Ids begin with the time, so the first is the oldest.
            if let Some((old, _)) = self.open.pop_first() {
                self.belongs.retain(|_, root| *root != old);
            }
        }
    }

    fn goes_on(&mut self, root: &str, post: Post) {
        self.belongs.insert(post.id.clone(), root.to_owned());
        if let Some(open) = self.open.get_mut(root) {
            open.last = post;
        }
    }

    fn forget(&mut self, root: &str) {
        self.open.remove(root);
        self.belongs.retain(|_, of| of != root);
        self.gone.insert(root.to_owned());
    }

    fn changed(&mut self, post: &Post) {
        if let Some(open) = self.open.get_mut(&post.id) {
            open.root.text.clone_from(&post.text);
        }
    }

    fn plan(&mut self, at: Timestamp, plan: Plan) {
        self.planned += 1;
        self.plans.insert((at, self.planned), plan);
    }

    /// A waiting time around this many seconds, at least ten.
    fn wait(&mut self, seconds: f64) -> SignedDuration {
        SignedDuration::from_millis(((10.0 + self.dice.wait(seconds)) * 1000.0) as i64)
    }

    fn after_a_while(&mut self, at: Timestamp) -> Timestamp {
        let seconds = self.dice.wait(3600.0 / self.per_hour);
        at + SignedDuration::from_millis(1 + (seconds * 1000.0) as i64)
    }
}
