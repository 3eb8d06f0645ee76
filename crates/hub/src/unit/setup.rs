//! The first minutes of a new installation.

use serde_json::json;

use super::{
    Kind, Org,
    hours::zone,
    load::{NAME, TIME_ZONE},
    toml,
};
use crate::{Error, Result, Tx, log::Entry, store::q};

/// Names the organisation and gives it a first hub where it has none; gives the hub.
pub(crate) async fn name_it(tx: &mut Tx, org: &Org, name: &str, time_zone: &str) -> Result<i64> {
    let name = toml::one_line(name).map_err(|why| Error::invalid("organisation", why, name))?;
    zone(time_zone).map_err(|why| Error::invalid("time_zone", why, time_zone))?;
    for (setting, value) in [(NAME, name.as_str()), (TIME_ZONE, time_zone)] {
        let sql = "insert into settings (name, value) values ($1, $2)
                   on conflict (name) do update set value = excluded.value";
        tx.run(q!(sql, setting, json!(value).to_string())).await?;
    }
    tx.log(Entry::new("organisation.changed", "organisation", 0));
    if let Ok(hub) = org.hub() {
        return Ok(hub.id);
    }
    let id = tx.id("units").await?;
    let sql = "insert into units (id, key, name, kind, languages, takes_unroutable, position)
               values ($1, 'head-office', 'Head office', $2, '[]', $3, 0)";
    tx.run(q!(sql, id, Kind::Hub.as_str(), true)).await?;
    tx.log(Entry::new("unit.added", "unit", id).unit(id).with(json!({ "key": "head-office" })));
    Ok(id)
}
