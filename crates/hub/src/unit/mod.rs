//! Units: the organisation's tree, what each unit owns, promises and is told, and the way of a case to it.
//!
//! [`Org`] is the whole organisation in memory: what routing, targets and the lexicon read. It is loaded with
//! [`Org::load`] (again after a change: [`Org::version`] moves) or read from an `org.toml` with [`Org::from_toml`].

mod apply;
mod convert;
mod edit;
pub mod hours;
mod import;
mod lexicon;
mod load;
mod obligations;
mod route;
pub(crate) mod setup;
#[cfg(test)]
pub(crate) mod tests;
pub mod toml;

use std::collections::BTreeMap;

use dandelion_post::Micros;

pub use convert::export;
pub use edit::{add, archive, change, rename, set_order_numbers, set_organisation};
pub use hours::Hours;
pub use import::{Report, import, import_by};
pub use route::{Route, RouteFacts};

pub(crate) use edit::{key_from, touch};
pub(crate) use import::differences;

use crate::{Error, Result, handle::Handle, scope::Role};

/// Hub or spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Leads others; several hubs make a dandelion.
    Hub,
    /// Does the work in its field.
    Spoke,
}

impl Kind {
    /// As written in `org.toml` and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Spoke => "spoke",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "hub" => Ok(Self::Hub),
            "spoke" => Ok(Self::Spoke),
            _ => Err(Error::invalid("kind", "write \"hub\" or \"spoke\"", text)),
        }
    }
}

/// What a target promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// Time until our first reply.
    FirstResponse,
    /// Time until our reply to a further post.
    NextResponse,
    /// Time until the case is resolved.
    Resolution,
    /// Time until an offered case is accepted or bounced.
    Acceptance,
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::FirstResponse, Self::NextResponse, Self::Resolution, Self::Acceptance];

    /// As written in `org.toml` and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Resolution => "resolution",
            Self::Acceptance => "acceptance",
        }
    }
}

impl std::str::FromStr for Promise {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            Error::invalid("target", "one of first_response, next_response, resolution, acceptance", text)
        })
    }
}

/// A node of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unit {
    /// Its id.
    pub id: i64,
    /// Its key in `org.toml`.
    pub key: String,
    /// How people call it.
    pub name: String,
    /// Hub or spoke.
    pub kind: Kind,
    /// The unit above; none for a root.
    pub parent: Option<i64>,
    /// ISO 3166 code of the country it serves.
    pub country: Option<String>,
    /// Languages it serves, BCP 47.
    pub languages: Vec<String>,
    /// Key of its business hours; none takes those of the unit above.
    pub hours: Option<String>,
    /// The unit whose approvers must approve each of its replies; none takes that of the unit above.
    pub approval: Option<i64>,
    /// Whether it takes what nobody else does. Exactly one live unit does.
    pub takes_unroutable: bool,
    /// No longer in use, kept for what it did.
    pub archived: bool,
}

/// Something we (or a competitor) make.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Product {
    /// Its id.
    pub id: i64,
    /// Its key in `org.toml`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Other names people use.
    pub aliases: Vec<String>,
    /// The unit that owns it.
    pub unit: Option<i64>,
    /// Whether a competitor makes it.
    pub competitor: bool,
    /// No longer looked for.
    pub archived: bool,
}

/// What people talk about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Topic {
    /// Its id.
    pub id: i64,
    /// Its key in `org.toml`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Words that mean it, in any language; a trailing `*` takes every ending.
    pub words: Vec<String>,
    /// The unit that owns it.
    pub unit: Option<i64>,
    /// No longer looked for.
    pub archived: bool,
}

/// What a routing rule asks for. An empty list asks nothing; every list that is not empty must hold one that fits.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Risks, as the analysis names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risk: Vec<String>,
    /// Intents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub intent: Vec<String>,
    /// Keys of topics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topic: Vec<String>,
    /// Keys of products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product: Vec<String>,
    /// Languages; `de` also holds for `de-AT`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
    /// Networks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<String>,
    /// Countries, ISO 3166.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub country: Vec<String>,
}

/// One routing rule; the first whose conditions hold decides.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rule {
    /// Its id.
    pub id: i64,
    /// What it is for, in words.
    pub name: String,
    /// When it holds.
    pub when: Conditions,
    /// The unit that gets the case.
    pub unit: i64,
    /// Units that watch it.
    pub tell: Vec<i64>,
}

/// The whole organisation, as it stood when it was loaded.
#[derive(Debug, Clone, Default)]
pub struct Org {
    /// Its name.
    pub name: String,
    /// Its own time zone, an IANA name.
    pub time_zone: String,
    /// The languages it works in.
    pub languages: Vec<String>,
    /// How its order, account and customer numbers look, see [`dandelion_understand::personal::find`].
    pub order_numbers: Vec<String>,
    /// Business hours by key.
    pub hours: BTreeMap<String, Hours>,
    /// Every unit, in order, archived ones included (cases of theirs still have names).
    pub units: Vec<Unit>,
    /// Every product.
    pub products: Vec<Product>,
    /// Every topic.
    pub topics: Vec<Topic>,
    /// The live rules, in the order they are tried.
    pub routes: Vec<Rule>,
    /// Business minutes of each promise; the unit is none for the default.
    pub promises: BTreeMap<(Option<i64>, Promise), i64>,
    /// Every account of ours, archived ones included.
    pub handles: Vec<Handle>,
    /// Counts up with every change of the organisation; 0 where it was read from a file.
    pub version: i64,
}

impl Org {
    /// A unit by id, archived or not.
    pub fn unit(&self, id: i64) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == id)
    }

    /// A live unit by key.
    pub fn unit_by_key(&self, key: &str) -> Option<&Unit> {
        self.live_units().find(|unit| unit.key == key)
    }

    /// How a unit is called.
    pub fn unit_name(&self, id: i64) -> &str {
        self.unit(id).map_or("a unit that no longer exists", |unit| &unit.name)
    }

    /// The units in use, in order.
    pub fn live_units(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(|unit| !unit.archived)
    }

    /// The live units directly below one, or the roots for none.
    pub fn below(&self, parent: Option<i64>) -> impl Iterator<Item = &Unit> {
        self.live_units().filter(move |unit| unit.parent == parent)
    }

    /// A unit and every unit above it, from itself to the root.
    pub fn line_of(&self, id: i64) -> Vec<&Unit> {
        let mut line: Vec<&Unit> = Vec::new();
        let mut at = self.unit(id);
        while let Some(unit) = at {
            if line.iter().any(|seen| seen.id == unit.id) {
                break; // a circle in stored data must not hang anybody
            }
            line.push(unit);
            at = unit.parent.and_then(|parent| self.unit(parent));
        }
        line
    }

    /// The ids of [`Org::line_of`].
    pub fn line_ids(&self, id: i64) -> Vec<i64> {
        self.line_of(id).iter().map(|unit| unit.id).collect()
    }

    /// The ids of a unit and of every unit below it.
    pub fn within(&self, id: i64) -> Vec<i64> {
        self.units
            .iter()
            .map(|unit| unit.id)
            .filter(|unit| self.line_of(*unit).iter().any(|above| above.id == id))
            .collect()
    }

    /// The hub that takes what nobody else does.
    ///
    /// # Errors
    /// Where no organisation has been set up yet.
    pub fn hub(&self) -> Result<&Unit> {
        self.live_units().find(|unit| unit.takes_unroutable).or_else(|| self.live_units().next()).ok_or_else(|| {
            Error::Unusable(
                "there is no unit yet. Name the organisation on the first-run page, or run `dandelion org import org.toml`"
                    .into(),
            )
        })
    }

    /// Every unit with the one above it: what [`Viewer::new`](crate::scope::Viewer::new) asks for.
    pub fn parents(&self) -> Vec<(i64, Option<i64>)> {
        self.units.iter().map(|unit| (unit.id, unit.parent)).collect()
    }

    /// The business hours of a unit: its own, otherwise those of the nearest unit above that has some. None means
    /// it is open day and night.
    pub fn hours_of(&self, unit: i64) -> Option<&Hours> {
        self.line_of(unit).iter().find_map(|unit| unit.hours.as_ref()).and_then(|key| self.hours.get(key))
    }

    /// Business minutes of a promise in a unit: its own, otherwise of the nearest unit above that has one,
    /// otherwise the organisation's.
    pub fn promised(&self, unit: i64, kind: Promise) -> Option<i64> {
        let own = self.line_of(unit).into_iter().find_map(|unit| self.promises.get(&(Some(unit.id), kind)));
        own.or_else(|| self.promises.get(&(None, kind))).copied()
    }

    /// When a promise that starts now is due in a unit. None where nothing is promised, or where the unit does not
    /// open often enough within [`hours::SEARCH_DAYS`] days.
    pub fn due(&self, unit: i64, kind: Promise, start: Micros) -> Option<Micros> {
        let minutes = self.promised(unit, kind)?;
        match self.hours_of(unit) {
            Some(hours) => hours.due(start, minutes),
            None => start.checked_add(minutes.checked_mul(60_000_000)?),
        }
    }

    /// The unit whose approvers must approve every reply of a unit: the one it names, otherwise the one named by the
    /// nearest unit above that names any.
    pub fn approval_of(&self, unit: i64) -> Option<i64> {
        self.line_of(unit).into_iter().find_map(|unit| unit.approval)
    }

    /// Whether we have, or had, a handle on a network.
    pub fn speaks_on(&self, network: &str) -> bool {
        self.handles.iter().any(|handle| handle.network == network)
    }

    /// A live handle by its network and name; `@` and case do not matter.
    pub fn handle_named(&self, network: &str, name: &str) -> Option<&Handle> {
        let folded = crate::handle::folded(name);
        self.handles.iter().find(|handle| {
            !handle.archived && handle.network == network && crate::handle::folded(&handle.name) == folded
        })
    }

    /// Whether an account is ours, by its network and name. The networks of the fediverse are one: whoever an actor of
    /// ours hears may be an account of ours on Mastodon, known by the same whole name.
    pub fn is_ours(&self, network: &str, name: &str) -> bool {
        let named = |network: &&str| self.handle_named(network, name).is_some();
        let whole = FEDIVERSE.contains(&network) && name.trim_start_matches('@').contains('@');
        named(&network) || whole && FEDIVERSE.iter().any(named)
    }
}

/// Networks where one name with its host is one account.
const FEDIVERSE: [&str; 2] = ["activitypub", "mastodon"];

/// A role held in a unit, by keys: as `org.toml` writes it.
pub type Granted = BTreeMap<String, Role>;
