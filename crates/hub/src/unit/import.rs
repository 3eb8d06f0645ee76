//! Bringing the stored organisation to what an `org.toml` says, in one transaction.

use std::{collections::BTreeSet, fmt};

use super::{
    Org, apply,
    convert::as_file,
    edit::touch,
    toml::{self, File},
};
use crate::{
    Hub, Result, Tx,
    log::Actor,
    member,
    scope::{Role, Viewer},
    store::Boxed,
};

/// What an import did. Each entry reads `unit kettles`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// New, or back from the archive.
    pub added: Vec<String>,
    /// There before, different now.
    pub changed: Vec<String>,
    /// Not in the file any more. Nothing is deleted: members are disabled, everything else is archived.
    pub archived: Vec<String>,
    /// Administrators the file does not name. A file never locks one out: disable them on the members page.
    pub kept: Vec<String>,
    /// How many were as the file says already.
    pub unchanged: usize,
}

impl Report {
    /// Whether anything was different.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.archived.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (added, changed, archived) = (self.added.len(), self.changed.len(), self.archived.len());
        write!(f, "added {added}, changed {changed}, archived {archived}, unchanged {}", self.unchanged)?;
        if !self.kept.is_empty() {
            write!(f, "; kept although the file does not name them, because they are administrators: ")?;
            f.write_str(&self.kept.join(", "))?;
        }
        Ok(())
    }
}

/// Makes the organisation what the text says: adds, changes and archives by key, all or nothing. Importing what was
/// exported changes nothing and writes nothing.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) that lists everything wrong with the text, each with its line;
/// [`Error::Conflict`](crate::Error::Conflict) where a unit that would be archived still owns something.
pub fn import<'a>(hub: &'a Hub, actor: Actor, text: &'a str) -> Boxed<'a, Report> {
    Box::pin(async move {
        let after = toml::read(text)?;
        let tx = hub.begin(actor).await?;
        bring(hub, tx, |_| Ok(after)).await
    })
}

/// As [`import`], asked for by a person, who must be an administrator of the whole organisation.
pub fn import_by<'a>(hub: &'a Hub, viewer: &'a Viewer, text: &'a str) -> Boxed<'a, Report> {
    Box::pin(async move {
        let org = Org::load(&hub.db).await?;
        viewer.need(Role::Admin, org.hub()?.id, "import the organisation")?;
        import(hub, Actor::Member(viewer.member), text).await
    })
}

/// Brings what is stored to what `to` makes of it.
pub(super) async fn bring(hub: &Hub, mut tx: Tx, to: impl FnOnce(File) -> Result<File>) -> Result<Report> {
    touch(&mut tx).await?; // from here on nobody else changes the organisation until we are done
    let org = Org::load(&hub.db).await?;
    let members = member::all(&hub.db).await?;
    let before = as_file(&hub.db).await?;
    let after = to(before.clone())?;
    let now = apply::Now { org, members, before };
    let report = apply::apply(&mut tx, &now, after).await?;
    if !report.is_empty() {
        tx.commit().await?;
    }
    Ok(report)
}

/// How the entries of one section differ.
pub(super) struct Plan<'a, E> {
    pub(super) added: Vec<&'a E>,
    /// Before and after.
    pub(super) changed: Vec<(&'a E, &'a E)>,
    pub(super) gone: Vec<&'a E>,
    pub(super) unchanged: usize,
}

impl<'a, E: PartialEq> Plan<'a, E> {
    /// Compares by key. Where the order counts, an entry that stands elsewhere among those there before and after
    /// is changed too.
    pub(super) fn new(before: &'a [E], after: &'a [E], key: impl Fn(&E) -> &str, ordered: bool) -> Self {
        let had: BTreeSet<&str> = before.iter().map(&key).collect();
        let has: BTreeSet<&str> = after.iter().map(&key).collect();
        let stayed: Vec<&str> = before.iter().map(&key).filter(|it| has.contains(it)).collect();
        let mut plan = Self { added: Vec::new(), changed: Vec::new(), gone: Vec::new(), unchanged: 0 };
        let mut place = 0;
        for entry in after {
            let Some(old) = before.iter().find(|old| key(old) == key(entry)) else {
                plan.added.push(entry);
                continue;
            };
            let moved = ordered && stayed.get(place) != Some(&key(entry));
            place += 1;
            if old == entry && !moved { plan.unchanged += 1 } else { plan.changed.push((old, entry)) }
        }
        plan.gone = before.iter().filter(|old| !has.contains(key(old))).collect();
        debug_assert!(plan.added.iter().all(|entry| !had.contains(key(entry))));
        plan
    }
}

/// The names of the fields in which two entries differ; `order` where only their place does.
pub(crate) fn differences<E: serde::Serialize>(before: &E, after: &E) -> Vec<String> {
    let fields = |entry: &E| match serde_json::to_value(entry) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let differ: Vec<String> =
        after.iter().filter(|(name, value)| before.get(*name) != Some(value)).map(|(name, _)| name.clone()).collect();
    if differ.is_empty() { vec!["order".into()] } else { differ }
}
