//! Asking an instance.

use serde_json::Value;

use crate::{
    contract::{Access, Trouble, json},
    egress::{Budget, Response},
};

/// Asks the instance; what is no success is trouble.
pub(super) async fn get(access: &Access, path: &str) -> Result<(Value, Option<Budget>), Trouble> {
    read(ask(access, path).await?, access)
}

pub(super) async fn ask(access: &Access, path: &str) -> Result<Response, Trouble> {
    let token = access.credentials.get("token").map(|token| format!("Bearer {token}"));
    let mut headers = vec![("accept", "application/json")];
    if let Some(token) = &token {
        headers.push(("authorization", token));
    }
    Ok(access.client.get(&access.at(path), &headers).await?)
}

pub(super) fn read(answer: Response, access: &Access) -> Result<(Value, Option<Budget>), Trouble> {
    if answer.status != 200 {
        // Pleroma's way of saying that a token no longer holds.
        let ended = answer.status == 403
            && crate::outgoing::said(&answer.body).is_some_and(|said| said == "Invalid credentials.");
        return Err(match Trouble::of(answer, access.now) {
            Trouble::Wrong { why } if ended => Trouble::Revoked { why: format!("{why}; sign in again") },
            other => other,
        });
    }
    json::read(answer, access)
}
