//! Who is looking, and how far they see (law 7: unit scope is part of the query type).
//!
//! A behaviour that shows or changes something of a unit takes a [`Viewer`]; the SQL it runs gets its bounds from a
//! [`Scope`], which only a viewer (or, with a stated reason, the program itself) can make. A role counts for its
//! unit and every unit below it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Error, Result};

/// What a member may do in a unit. Each role includes the ones before it, except that `Approver` stands beside
/// `Agent`: it approves and answers, like an agent, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Takes, notes, hands off, drafts, sends, resolves.
    Agent,
    /// Also approves replies.
    Approver,
    /// Also assigns others, edits queries, sources and targets.
    Lead,
    /// Everything: organisation, members, tokens.
    Admin,
}

impl Role {
    /// All of them, weakest first.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Agent, Self::Approver, Self::Lead, Self::Admin];

    /// As written in `org.toml` and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Approver => "approver",
            Self::Lead => "lead",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Error::invalid("role", "one of viewer, agent, approver, lead, admin", text))
    }
}

/// The person (or token acting for one) who asks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The member.
    pub member: i64,
    /// How they are called.
    pub name: String,
    /// The strongest role in each unit they reach, inherited ones included. Absent means none.
    roles: BTreeMap<i64, Role>,
}

impl Viewer {
    /// Made by the member noun from stored roles; `units` is every unit with its parent.
    pub fn new(member: i64, name: String, granted: &[(i64, Role)], units: &[(i64, Option<i64>)]) -> Self {
        let parents: BTreeMap<i64, Option<i64>> = units.iter().copied().collect();
        let mut roles = BTreeMap::new();
        for (unit, _) in units {
            let (mut at, mut seen) = (Some(*unit), BTreeSet::new());
            while let Some(here) = at {
                if !seen.insert(here) {
                    break; // a circle in stored data must not hang anybody
                }
                for (_, role) in granted.iter().filter(|(granted, _)| *granted == here) {
                    let best = roles.entry(*unit).or_insert(*role);
                    *best = (*best).max(*role);
                }
                at = parents.get(&here).copied().flatten();
            }
        }
        Self { member, name, roles }
    }

    /// The same person seen through a token that allows no more than `most`.
    #[must_use]
    pub fn at_most(mut self, most: Role) -> Self {
        for role in self.roles.values_mut() {
            *role = (*role).min(most);
        }
        self
    }

    /// The strongest role in a unit.
    pub fn role_in(&self, unit: i64) -> Option<Role> {
        self.roles.get(&unit).copied()
    }

    /// Whether they have at least `role` in `unit`.
    pub fn may(&self, role: Role, unit: i64) -> bool {
        self.role_in(unit).is_some_and(|has| has >= role)
    }

    /// Whether they have at least `role` anywhere.
    pub fn may_anywhere(&self, role: Role) -> bool {
        self.roles.values().any(|has| *has >= role)
    }

    /// An error in words unless they have at least `role` in `unit`. `to` completes "You may not …".
    pub fn need(&self, role: Role, unit: i64, to: &str) -> Result<()> {
        if self.may(role, unit) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "You may not {to}: it takes the role “{}” in that unit. Ask an administrator for it",
            role.as_str()
        )))
    }

    /// As [`Viewer::need`], in whichever unit.
    pub fn need_anywhere(&self, role: Role, to: &str) -> Result<()> {
        if self.may_anywhere(role) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "You may not {to}: it takes the role “{}”. Ask an administrator for it",
            role.as_str()
        )))
    }

    /// What the answer to a question of theirs is kept under: it depends on who asks and on what they may see.
    pub(crate) fn asks(&self, what: &str) -> String {
        format!("{what} of {} as {:?}", self.member, self.roles)
    }

    /// The units they reach with at least `role`.
    pub fn scope(&self, role: Role) -> Scope {
        Scope::Units(self.roles.iter().filter(|(_, has)| **has >= role).map(|(unit, _)| *unit).collect())
    }
}

/// The units a query may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// These and no others; empty means nothing at all.
    Units(BTreeSet<i64>),
    /// Everything: the program itself at work. The reason is for the reader of the code.
    Everything(&'static str),
}

impl Scope {
    /// SQL that holds where `column` is one of the units.
    pub(crate) fn sql(&self, column: &str) -> String {
        match self {
            Self::Everything(_) => "1 = 1".to_owned(),
            Self::Units(units) if units.is_empty() => "1 = 0".to_owned(),
            Self::Units(units) => {
                let list: Vec<String> = units.iter().map(ToString::to_string).collect();
                format!("{column} in ({})", list.join(", "))
            }
        }
    }

    /// SQL that holds where the case `alias` may be seen: owned by one of the units, on offer to one, or watched by one.
    pub(crate) fn case_sql(&self, alias: &str) -> String {
        if let Self::Everything(_) = self {
            return "1 = 1".to_owned();
        }
        let (owned, offered, watched) =
            (self.sql(&format!("{alias}.unit_id")), self.sql("sh.to_unit"), self.sql("sw.unit_id"));
        format!(
            "({owned} or {alias}.id in (select sh.case_id from handoffs sh where sh.state = 'offered' and {offered}) \
             or {alias}.id in (select sw.case_id from watches sw where {watched}))"
        )
    }

    /// Whether one unit is inside.
    pub fn holds(&self, unit: i64) -> bool {
        match self {
            Self::Everything(_) => true,
            Self::Units(units) => units.contains(&unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_counts_below_its_unit_and_nowhere_else() {
        let units = [(1, None), (2, Some(1)), (3, Some(2)), (4, Some(1))];
        let viewer = Viewer::new(9, "Ana".into(), &[(2, Role::Agent), (3, Role::Lead)], &units);
        assert_eq!(viewer.role_in(1), None);
        assert_eq!(viewer.role_in(2), Some(Role::Agent));
        assert_eq!(viewer.role_in(3), Some(Role::Lead));
        assert!(!viewer.may(Role::Viewer, 4));
        assert_eq!(viewer.scope(Role::Lead), Scope::Units([3].into()));
        assert_eq!(viewer.at_most(Role::Viewer).role_in(3), Some(Role::Viewer));
    }

    #[test]
    fn nothing_granted_shows_nothing() {
        let viewer = Viewer::new(9, "Ana".into(), &[], &[(1, None)]);
        assert_eq!(viewer.scope(Role::Viewer).sql("c.unit_id"), "1 = 0");
    }
}
