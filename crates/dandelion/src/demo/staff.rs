//! What the sample organisation's people did during its history: through the same nouns as anybody at the desk, at the
//! moment the clock shows.
//!
//! They are good but not perfect: some offers bounce, some cases are closed on silence, and of the last two days
//! most is still open, so that there is something to do.

use std::collections::HashMap;

use anyhow::Result;
use dandelion_hub::{
    Hub,
    case::{self, CaseRow, Closing, Filter, View},
    engine::Engine,
    member,
    scope::{Role, Viewer},
    unit::Org,
};
use dandelion_post::Micros;

use super::dice::Dice;

const HOUR: Micros = 3_600_000_000;

/// The people at work.
#[derive(Debug)]
pub struct Staff {
    dice: Dice,
    /// Who sees everything, to find what is to do.
    centre: Viewer,
    /// Whoever works in a unit, by unit.
    people: HashMap<i64, Vec<Viewer>>,
}

impl Staff {
    /// The people of the organisation, deciding by a seed.
    pub async fn new(hub: &Hub, centre: Viewer, seed: u64) -> Result<Self> {
        let engine = hub.engine().await?;
        let mut people = HashMap::new();
        for unit in engine.org.live_units() {
            let mut viewers = Vec::new();
            for member in member::in_unit(&hub.db, &engine.org, unit.id, Role::Agent).await? {
                viewers.push(member::viewer(hub, member.id).await?);
            }
            people.insert(unit.id, viewers);
        }
        Ok(Self { dice: Dice::new(seed), centre, people })
    }

    /// Some hours' work at the moment the hub's clock shows.
    pub async fn work(&mut self, hub: &Hub) -> Result<()> {
        let engine = hub.engine().await?;
        for row in self.pile(hub, View::Offered).await? {
            self.decide(hub, &row).await;
        }
        case::tick(hub).await?;
        let now = hub.now();
        // Whoever waits longest first; then what changed last, where customers have answered.
        let mut pile = self.pile(hub, View::Waiting).await?;
        pile.extend(self.pile(hub, View::All).await?.into_iter().filter(|row| row.asked_at.is_none()));
        for row in pile {
            if row.closed_at.is_some() || row.offer.is_some() || now - row.last_post_at < 2 * HOUR {
                continue;
            }
            self.deal(hub, &engine, &row, now).await;
        }
        Ok(())
    }

    async fn pile(&self, hub: &Hub, view: View) -> Result<Vec<CaseRow>> {
        Ok(case::list(hub, &self.centre, &Filter { view, ..Filter::default() }, None, 200).await?.rows)
    }

    fn somebody(&mut self, unit: i64) -> Option<Viewer> {
        let people = self.people.get(&unit).filter(|people| !people.is_empty())?;
        Some(self.dice.pick(people).clone())
    }

    /// Answers for a unit that was offered a case.
    async fn decide(&mut self, hub: &Hub, row: &CaseRow) {
        let Some(offer) = &row.offer else { return };
        let Some(who) = self.somebody(offer.to.id) else { return };
        let done = if self.dice.chance(0.82) {
            case::accept(hub, &who, offer.id).await
        } else {
            let reasons = [
                "the serial number is from another country",
                "this is about the shop, not the appliance",
                "we have no part in this",
            ];
            let reason = *self.dice.pick(&reasons);
            case::bounce(hub, &who, offer.id, reason).await
        };
        noted(done);
    }

    /// Takes, passes on or closes one case, or leaves it for later.
    async fn deal(&mut self, hub: &Hub, engine: &Engine, row: &CaseRow, now: Micros) {
        let Some(who) = self.somebody(row.unit.id) else { return };
        let waits = now - row.last_post_at;
        let is = |intent: &str| row.intents.iter().any(|one| one == intent);
        if row.assignee.is_none() && self.dice.chance(0.35) {
            noted(case::take(hub, &who, row.id).await);
            if is("risk") && self.dice.chance(0.5) {
                noted(
                    case::note(hub, &who, row.id, "Asked for the serial number and a photo before anything else.")
                        .await
                        .map(drop),
                );
            }
            return;
        }
        if row.asked_at.is_some() && self.dice.chance(0.06) {
            self.pass_on(hub, engine, row, &who).await;
            return;
        }
        let closing = if is("spam") && waits > 4 * HOUR {
            Some((Closing::Spam, "not meant for anybody"))
        } else if row.asked_at.is_none() && waits > 10 * HOUR && self.dice.chance(0.3) {
            let fixed = is("complaint") || is("risk");
            Some(if fixed {
                (Closing::Fixed, "the part was replaced")
            } else {
                (Closing::Answered, "answered in the thread")
            })
        } else if (is("praise") || is("other")) && waits > 20 * HOUR && self.dice.chance(0.5) {
            Some((Closing::NoAnswerNeeded, "nothing was asked"))
        } else if waits > 40 * HOUR && !is("risk") && self.dice.chance(0.4) {
            Some((Closing::NoAnswerNeeded, "too late to help; noted for the product team"))
        } else if waits > 60 * HOUR && self.dice.chance(0.3) {
            Some((Closing::Fixed, "collected, and a new one sent"))
        } else {
            None
        };
        if let Some((kind, why)) = closing {
            noted(case::resolve(hub, &who, row.id, kind, why, None, None).await.map(drop));
        }
    }

    async fn pass_on(&mut self, hub: &Hub, engine: &Engine, row: &CaseRow, who: &Viewer) {
        let mut others = whose(&engine.org, row);
        others.retain(|(unit, _)| *unit != row.unit.id);
        if others.is_empty() {
            return;
        }
        let (to, reason) = *self.dice.pick(&others);
        noted(case::offer(hub, who, row.id, to, reason, None).await.map(drop));
    }
}

/// Who could take a case on, and why: its product's unit, those who repair, those who sell where its language is spoken.
fn whose(org: &Org, row: &CaseRow) -> Vec<(i64, &'static str)> {
    let (repairs, shop) = match row.language.as_deref() {
        Some("hr") => ("repairs-hr", "retail-hr"),
        Some("de") => ("repairs", "retail"),
        _ => ("repairs", "online-shop"),
    };
    let made = org.products.iter().find(|product| row.products.contains(&product.key) && !product.competitor);
    let mut whose: Vec<_> =
        made.and_then(|product| product.unit).map(|unit| (unit, "you know this model best")).into_iter().collect();
    let safety = row.risks.iter().any(|risk| risk == "safety");
    let by_key = [
        (repairs, "the warranty is yours to decide"),
        (
            if safety { "product-safety" } else { shop },
            if safety { "it may hurt somebody" } else { "they bought it in your shop" },
        ),
    ];
    whose.extend(by_key.into_iter().filter_map(|(key, why)| Some((org.unit_by_key(key)?.id, why))));
    whose
}

/// People of the past try what the rules do not allow now and then, as real ones do; it is refused and life goes on.
fn noted(done: dandelion_hub::Result<()>) {
    if let Err(error) = done {
        tracing::debug!(error = error.logged(), "somebody of the sample organisation was refused");
    }
}
