//! Which unit a case belongs to, with the reason in words.
//!
//! In this order, the first that says something decides:
//! 1. the rules of `org.toml`, from top to bottom;
//! 2. the owner of a product of ours that is named, where the post complains, asks, praises or has an idea;
//! 3. the owner of a topic;
//! 4. the owner of a named product, whatever the post wants;
//! 5. the unit of the handle it was addressed to;
//! 6. the unit that serves its country and language better than any other, one with a handle of the fitting purpose
//!    before others, and of equals the one that stands above the rest;
//! 7. the hub that takes what nobody else does.
//!
//! Influence plays no part (law 6). The same post and the same organisation always give the same unit.

use dandelion_understand::Analysis;

use super::{Conditions, Org, Rule, Unit};
use crate::Result;

/// Intents for which a product's owner is the right one to answer.
const PRODUCT_INTENTS: [&str; 4] = ["complaint", "question", "praise", "idea"];

/// What routing asks besides the analysis.
#[derive(Debug, Clone, Copy, Default)]
pub struct RouteFacts<'a> {
    /// The network of the post.
    pub network: &'a str,
    /// The author's country, ISO 3166, where it is known.
    pub country: Option<&'a str>,
    /// The handle of ours it was addressed to.
    pub handle: Option<i64>,
}

/// Where a case goes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Route {
    /// The one unit that owns it.
    pub unit: i64,
    /// Units that watch it, each with the reason in words; never the owner itself.
    pub tell: Vec<(i64, String)>,
    /// Why that unit, in words a person reads.
    pub reason: String,
    /// The rule of `org.toml` that decided, counted from 1; none where another step did.
    pub rule: Option<usize>,
}

impl Org {
    /// Decides where a post belongs.
    ///
    /// # Errors
    /// Only where there is no unit at all (see [`Org::hub`]).
    pub fn route(&self, analysis: &Analysis, facts: &RouteFacts<'_>) -> Result<Route> {
        let said = Said::new(analysis, facts);
        if let Some(route) = self.by_rule(&said) {
            return Ok(route);
        }
        let found = said
            .intent(&PRODUCT_INTENTS)
            .and_then(|intent| self.by_product(&said, Some(intent)))
            .or_else(|| self.by_topic(&said))
            .or_else(|| self.by_product(&said, None))
            .or_else(|| self.by_handle(facts.handle))
            .or_else(|| self.by_place(&said));
        let (unit, reason) = if let Some((unit, reason)) = found {
            (unit.id, reason)
        } else {
            let hub = self.hub()?;
            (hub.id, format!("Nothing points to another unit: {} takes what nobody else does", hub.name))
        };
        Ok(Route { unit, tell: Vec::new(), reason, rule: None })
    }

    fn by_rule(&self, said: &Said<'_>) -> Option<Route> {
        let (place, rule, because) = self.routes.iter().enumerate().find_map(|(place, rule)| {
            self.live(rule.unit)?;
            Some((place + 1, rule, fits(&rule.when, said)?))
        })?;
        let told: Vec<&Unit> =
            rule.tell.iter().filter(|unit| **unit != rule.unit).filter_map(|unit| self.live(*unit)).collect();
        let mut reason = format!("Rule {place}, “{}”{because} → {}", rule.name, self.unit_name(rule.unit));
        if !told.is_empty() {
            let names: Vec<&str> = told.iter().map(|unit| unit.name.as_str()).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            reason = format!("{reason}; {} {verb} told", names.join(", "));
        }
        let tell = told.into_iter().map(|unit| (unit.id, told_because(place, rule))).collect();
        Some(Route { unit: rule.unit, tell, reason, rule: Some(place) })
    }

    fn by_product(&self, said: &Said<'_>, intent: Option<&str>) -> Option<(&Unit, String)> {
        said.products.iter().find_map(|key| {
            let product = self.products.iter().find(|p| p.key == *key && !p.archived && !p.competitor)?;
            let unit = self.live(product.unit?)?;
            let wants = intent.map_or(String::new(), |intent| format!(" ({intent})"));
            Some((unit, format!("It names {}{wants}, which {} owns", product.name, unit.name)))
        })
    }

    fn by_topic(&self, said: &Said<'_>) -> Option<(&Unit, String)> {
        said.topics.iter().find_map(|key| {
            let topic = self.topics.iter().find(|topic| topic.key == *key && !topic.archived)?;
            let unit = self.live(topic.unit?)?;
            Some((unit, format!("It is about “{}”, which {} looks after", topic.name, unit.name)))
        })
    }

    fn by_handle(&self, handle: Option<i64>) -> Option<(&Unit, String)> {
        let handle = self.handles.iter().find(|known| Some(known.id) == handle && !known.archived)?;
        let unit = self.live(handle.unit)?;
        Some((unit, format!("It was addressed to {}, which {} speaks from", handle.name, unit.name)))
    }

    /// The unit whose country and languages fit better than any other's. Of several that fit equally well, the one
    /// that stands above all the others; where there is none, this tells nothing.
    fn by_place(&self, said: &Said<'_>) -> Option<(&Unit, String)> {
        let purpose = if said.intents.contains(&"purchase") { "sales" } else { "care" };
        let mut fitting: Vec<((bool, bool, bool), &Unit)> = Vec::new();
        for unit in self.live_units() {
            let country = agrees(said.country, unit.country.as_slice(), str::eq_ignore_ascii_case);
            let language = agrees(said.language, &unit.languages, |said, served| speaks(served, said));
            let (Some(country), Some(language)) = (country, language) else { continue };
            if country || language {
                let mut handles = self.handles.iter().filter(|handle| handle.unit == unit.id && !handle.archived);
                fitting.push(((country, language, handles.any(|handle| handle.purpose.as_str() == purpose)), unit));
            }
        }
        let best = fitting.iter().map(|(score, _)| *score).max()?;
        fitting.retain(|(score, _)| *score == best);
        let above = |top: &Unit| fitting.iter().all(|(_, unit)| self.line_of(unit.id).iter().any(|up| up.id == top.id));
        let (_, unit) = fitting.iter().find(|(_, unit)| above(unit)).filter(|(_, unit)| !unit.takes_unroutable)?;
        let country = said.country.filter(|_| best.0).map(|code| format!("the country {code}"));
        let language = said.language.filter(|_| best.1).map(|code| format!("the language {code}"));
        let served: Vec<String> = country.into_iter().chain(language).collect();
        Some((unit, format!("{} serves {}, and no other unit fits better", unit.name, served.join(" and "))))
    }

    fn live(&self, unit: i64) -> Option<&Unit> {
        self.unit(unit).filter(|unit| !unit.archived)
    }
}

/// What the post says, as far as routing asks.
struct Said<'a> {
    network: &'a str,
    country: Option<&'a str>,
    language: Option<&'a str>,
    intents: Vec<&'a str>,
    risks: Vec<&'a str>,
    products: Vec<&'a str>,
    topics: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn new(analysis: &'a Analysis, facts: &RouteFacts<'a>) -> Self {
        Self {
            network: facts.network,
            country: facts.country,
            language: Some(analysis.language.value.as_str()).filter(|code| !code.is_empty() && *code != "unknown"),
            intents: analysis.intents.iter().map(|intent| intent.value.as_str()).collect(),
            risks: analysis.risks.iter().map(|risk| risk.value.as_str()).collect(),
            products: analysis.products.iter().map(|found| found.key.as_str()).collect(),
            topics: analysis.topics.iter().map(|found| found.key.as_str()).collect(),
        }
    }

    /// The first of the post's intents that is among these.
    fn intent(&self, among: &[&str]) -> Option<&'a str> {
        self.intents.iter().find(|intent| among.contains(intent)).copied()
    }
}

/// A condition: its name, what is asked, what the post has, and when two of these are the same.
type Check<'a> = (&'static str, &'a [String], &'a [&'a str], &'a dyn Fn(&str, &str) -> bool);

/// Whether every condition holds; if so, what held, in words: ` (risk safety, language de)`.
fn fits(when: &Conditions, said: &Said<'_>) -> Option<String> {
    let mut held = Vec::new();
    let exact = |asked: &str, has: &str| asked.eq_ignore_ascii_case(has);
    let checks: [Check<'_>; 7] = [
        ("risk", &when.risk, &said.risks, &exact),
        ("intent", &when.intent, &said.intents, &exact),
        ("topic", &when.topic, &said.topics, &exact),
        ("product", &when.product, &said.products, &exact),
        ("language", &when.language, said.language.as_slice(), &speaks),
        ("network", &when.network, &[said.network], &exact),
        ("country", &when.country, said.country.as_slice(), &exact),
    ];
    for (name, asked, has, same) in checks {
        if asked.is_empty() {
            continue;
        }
        let value = has.iter().find(|has| asked.iter().any(|asked| same(asked, has)))?;
        held.push(format!("{name} {value}"));
    }
    Some(if held.is_empty() { String::new() } else { format!(" ({})", held.join(", ")) })
}

fn told_because(place: usize, rule: &Rule) -> String {
    format!("Rule {place}, “{}”, tells this unit", rule.name)
}

/// Whether what a unit serves agrees with the post: `Some(true)` it does, `Some(false)` nothing is known on one of
/// the sides, `None` it serves something else.
fn agrees(said: Option<&str>, served: &[String], same: impl Fn(&str, &str) -> bool) -> Option<bool> {
    match said {
        Some(said) if !served.is_empty() => served.iter().any(|served| same(said, served)).then_some(true),
        _ => Some(false),
    }
}

/// Whether a language asked for takes in another: `de` takes in `de-AT`, not the other way round.
fn speaks(asked: &str, has: &str) -> bool {
    let (asked, has) = (asked.to_ascii_lowercase(), has.to_ascii_lowercase());
    has == asked || has.strip_prefix(&asked).is_some_and(|rest| rest.starts_with('-'))
}
