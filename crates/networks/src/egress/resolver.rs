//! Name resolution that gives out public addresses only.
//!
//! The filter sits inside the client's connector, between the answer of the name server and the connection: there
//! is no second look-up that could answer otherwise (DNS rebinding).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Allowed, is_public};

/// Asks for the addresses of a name.
pub(super) type Lookup = Arc<dyn Fn(String) -> Answer + Send + Sync>;
type Answer = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Asks the machine's own resolver.
pub(super) fn system() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|socket| socket.ip()).collect()) })
    })
}

/// The same, for whoever connects without the client.
#[derive(Clone)]
pub(super) struct Names(pub(super) Lookup);

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

#[derive(Clone)]
pub(super) struct PublicOnly {
    pub(super) lookup: Lookup,
    pub(super) allowed: Vec<Allowed>,
}

/// Why a name or address is not connected to; travels through the client's own error.
#[derive(Debug, thiserror::Error)]
#[error("{address} is not a public address")]
pub(super) struct NotPublic {
    pub(super) address: IpAddr,
}

/// The name server's no.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotFound(pub(super) String);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let asked = (self.lookup)(host.clone());
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let all = asked.await.map_err(|e| NotFound(e.to_string()))?;
            let fit: Vec<SocketAddr> = all
                .iter()
                .filter(|&&address| permitted(&host, address, &allowed))
                .map(|&address| SocketAddr::new(address, 0))
                .collect();
            match all.first() {
                None => Err(NotFound("the name has no address".to_owned()).into()),
                Some(&address) if fit.is_empty() => Err(NotPublic { address }.into()),
                Some(_) => Ok(Box::new(fit.into_iter()) as Addrs),
            }
        })
    }
}

pub(super) fn permitted(host: &str, address: IpAddr, allowed: &[Allowed]) -> bool {
    is_public(address) || allowed.iter().any(|rule| rule.lets(host, address))
}
