//! After a backup was brought back: what was on its way out must not go out a second time.

use crate::{
    Hub, Result,
    log::{Actor, Entry},
    reply,
};

/// Holds every reply that was queued or being sent when the backup was made, and says so in the log. A person releases
/// each one, or marks it as sent.
pub async fn hold(hub: &Hub) -> Result<i64> {
    let mut tx = hub.begin(Actor::System("command")).await?;
    let held = reply::hold_all(&mut tx).await?;
    tx.log(Entry::new("hub.restored", "organisation", 0).with(serde_json::json!({ "held": held })));
    tx.commit().await?;
    Ok(held)
}
