//! Behaviour tests: small claims about what must follow from what, expanded from templates into thousands of posts (CheckList,
//! Ribeiro et al. 2020). Averages over a labelled set hide what these show: whether a negation turns a judgement, whether a name
//! or a people does.
//!
//! The language of the file is described at the top of `data/behaviour.txt`.

use std::collections::BTreeMap;

use dandelion_post::Post;
use rustc_hash::FxHashMap;

use crate::{Analysis, Rules};

/// Fillings of one template at most; of more, every n-th is taken.
const MOST_FILLINGS: usize = 24;

/// The tests that are part of the program.
pub const SHIPPED: &str = include_str!("../data/behaviour.txt");

/// A claim and the template that it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What ability it belongs to.
    pub capability: String,
    /// What is asked of an analysis.
    pub question: String,
    /// What must hold.
    pub must: Must,
    /// The post with its slots.
    pub template: String,
    /// The posts that it makes.
    pub posts: Vec<String>,
}

/// What must hold of the answers to a claim's posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Must {
    /// Each answer is one of these.
    Be(Vec<String>),
    /// No answer is one of these.
    NotBe(Vec<String>),
    /// Each answer is a level of at least this.
    Reach(u8),
    /// Each answer is a level of at most this.
    Stay(u8),
    /// All answers are the same; those that differ from the commonest fail.
    BeSame,
}

/// How many posts of a capability, or of one filling of a slot, did what they must.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Posts that did.
    pub passed: usize,
    /// All posts.
    pub all: usize,
}

impl Tally {
    /// The share that passed, 0 to 1.
    pub fn share(&self) -> f64 {
        self.passed as f64 / self.all.max(1) as f64
    }
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// By capability.
    pub capabilities: BTreeMap<String, Tally>,
    /// By filling of the slots `group` and `people`: how a judgement fares where these words stand.
    pub groups: BTreeMap<String, Tally>,
    /// Posts that failed: the capability, what was asked, the post, what was said.
    pub failed: Vec<[String; 4]>,
}

/// Reads claims, or says which line is no claim.
pub fn read(file: &str) -> Result<Vec<Claim>, String> {
    let (mut slots, mut claims) = (FxHashMap::default(), Vec::new());
    let (mut capability, mut asked) = (String::new(), None);
    for (number, line) in (1..).zip(file.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            (capability, asked) = (name.to_owned(), None);
        } else if let Some((name, choices)) = line.split_once(": ").filter(|_| capability.is_empty()) {
            slots.insert(name.to_owned(), choices.split(", ").map(str::to_owned).collect::<Vec<_>>());
        } else if let Some(found) = header(line) {
            asked = Some(found);
        } else {
            let Some((question, must)) = asked.clone() else {
                return Err(format!("line {number}: say what must hold before the first template"));
            };
            let posts = fill(line, &slots).map_err(|slot| format!("line {number}: no slot is named {slot}"))?;
            claims.push(Claim { capability: capability.clone(), question, must, template: line.to_owned(), posts });
        }
    }
    Ok(claims)
}

/// `question = a, b`, `question != a`, `question >= 2`, `question <= 1`, `question same`; templates end in no such way.
fn header(line: &str) -> Option<(String, Must)> {
    if let Some(question) = line.strip_suffix(" same") {
        return is_question(question).then(|| (question.to_owned(), Must::BeSame));
    }
    let (sign, at) = [" != ", " >= ", " <= ", " = "].iter().find_map(|sign| Some((*sign, line.find(sign)?)))?;
    let (question, value) = (&line[..at], &line[at + sign.len()..]);
    if !is_question(question) {
        return None;
    }
    let values = || value.split(", ").map(str::to_owned).collect();
    let must = match sign {
        " != " => Must::NotBe(values()),
        " >= " => Must::Reach(value.parse().ok()?),
        " <= " => Must::Stay(value.parse().ok()?),
        _ => Must::Be(values()),
    };
    Some((question.to_owned(), must))
}

const QUESTIONS: [&str; 14] = [
    "sentiment",
    "offensive",
    "urgency",
    "question",
    "complaint",
    "praise",
    "purchase",
    "cancel",
    "risk",
    "safety",
    "legal",
    "data breach",
    "press",
    "language",
];

fn is_question(name: &str) -> bool {
    QUESTIONS.contains(&name)
}

/// Every filling of a template; of many, every n-th, so that each choice of each slot still occurs.
fn fill(template: &str, slots: &FxHashMap<String, Vec<String>>) -> Result<Vec<String>, String> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (slot, behind) = after.split_once('}').ok_or_else(|| after.to_owned())?;
        parts.push(vec![before.to_owned()]);
        parts.push(if slot.contains('|') {
            slot.split('|').map(str::to_owned).collect()
        } else {
            slots.get(slot).cloned().ok_or_else(|| slot.to_owned())?
        });
        rest = behind;
    }
    parts.push(vec![rest.to_owned()]);
    let all: usize = parts.iter().map(Vec::len).product();
    let longest = parts.iter().map(Vec::len).max().unwrap_or(1);
    let count = all.min(MOST_FILLINGS.max(longest));
    Ok((0..count).map(|at| filling(&parts, at, all, count)).collect())
}

/// The `at`-th of `count` fillings of `all`: the slots run at different speeds, so that few fillings mix them well.
fn filling(parts: &[Vec<String>], at: usize, all: usize, count: usize) -> String {
    let mut text = String::new();
    let mut left = at;
    for choices in parts {
        let place = if count == all { left % choices.len() } else { (at + left / choices.len()) % choices.len() };
        left = if count == all { left / choices.len() } else { left.wrapping_mul(7) + choices.len() };
        text.push_str(&choices[place]);
    }
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Asks the rules about every post of every claim.
pub fn run(rules: &Rules, claims: &[Claim]) -> Outcome {
    let mut outcome = Outcome::default();
    for claim in claims {
        let said: Vec<String> = claim.posts.iter().map(|text| answer(rules, &claim.question, text)).collect();
        let common = commonest(&said);
        for (post, said) in claim.posts.iter().zip(&said) {
            let passed = holds(&claim.must, said, common);
            let count = |tally: &mut Tally| {
                tally.all += 1;
                tally.passed += usize::from(passed);
            };
            count(outcome.capabilities.entry(claim.capability.clone()).or_default());
            if let Some(group) = group_of(claim, post) {
                count(outcome.groups.entry(group).or_default());
            }
            if !passed {
                let asked = format!("{} {:?}", claim.question, claim.must);
                outcome.failed.push([claim.capability.clone(), asked, post.clone(), said.clone()]);
            }
        }
    }
    outcome
}

fn holds(must: &Must, said: &str, common: &str) -> bool {
    let level = || said.parse::<u8>().unwrap_or_default();
    match must {
        Must::Be(values) => values.iter().any(|it| it == said),
        Must::NotBe(values) => values.iter().all(|it| it != said),
        Must::Reach(least) => level() >= *least,
        Must::Stay(most) => level() <= *most,
        Must::BeSame => said == common,
    }
}

fn commonest(said: &[String]) -> &str {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for it in said {
        *counts.entry(it).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or("", |(value, _)| value)
}

/// The words that fill a template's slot for a group: what stands between the template's own words.
fn group_of(claim: &Claim, post: &str) -> Option<String> {
    let (before, after) = claim.template.split_once("{group}").or_else(|| claim.template.split_once("{people}"))?;
    if before.contains('{') || after.contains('{') {
        return None;
    }
    let inner = post.get(before.len()..post.len().checked_sub(after.len())?)?;
    let word = inner.strip_prefix("a ").or_else(|| inner.strip_prefix("an ")).unwrap_or(inner);
    Some(word.to_lowercase())
}

fn answer(rules: &Rules, question: &str, text: &str) -> String {
    let analysis = rules.analyse(&Post { text: text.to_owned(), ..Post::default() });
    let Analysis { sentiment, offensive, urgency, language, intents, risks, .. } = analysis;
    let yes = |holds: bool| if holds { "yes" } else { "no" }.to_owned();
    match question {
        "sentiment" => sentiment.value,
        "urgency" => urgency.value,
        "language" => language.value,
        "offensive" => yes(offensive.is_some()),
        _ => yes(intents.iter().chain(&risks).any(|it| it.value == question)),
    }
}
