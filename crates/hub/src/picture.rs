//! Pictures of posts, shown without anybody's browser asking a stranger for them: fetched once, made anew
//! ([`dandelion_networks::picture`]), and kept as files that are named by what is in them. Nothing is lost with such a file: it
//! is fetched again when somebody looks.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use dandelion_networks::{contract::hex, egress::Client, picture};
use dandelion_post::{Micros, timestamp};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    Error, Hub, Result,
    log::Actor,
    store::{Q, q},
};

/// Pictures of one post that are shown.
pub const MOST: usize = 8;
/// Pictures fetched and made anew at once, in the whole program: each takes up to a few hundred megabytes.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// How long a picture is kept, and how long a refusal stands.
const KEPT: Micros = 30 * 24 * 3_600_000_000;
const REFUSED: Micros = 24 * 3_600_000_000;
/// Most bytes of pictures kept; the oldest go first.
const CAP: i64 = 1024 * 1024 * 1024;

/// A picture, or why it is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A PNG, and its name: the SHA-256 of what is in it.
    Here(String, Vec<u8>),
    /// Why not, for people.
    Refused(String),
}

/// Where pictures come from and where they are kept.
#[derive(Debug, Clone)]
pub struct Pictures {
    hub: Hub,
    client: Client,
    folder: PathBuf,
    cap: i64,
}

impl Pictures {
    /// Fetched through `client`, kept in `folder`.
    pub fn new(hub: Hub, client: Client, folder: PathBuf) -> Self {
        Self { hub, client, folder, cap: CAP }
    }

    /// The picture that is number `number` of what came with a post.
    pub async fn of_post(&self, post: i64, number: usize) -> Result<Shown> {
        let unknown = || Error::not_found("picture of this post", number);
        let sql = "select media from posts where id = $1 and deleted_at is null";
        let row = self.hub.db.opt(q!(sql, post)).await?.ok_or_else(|| Error::not_found("post", post))?;
        let media: serde_json::Value = row.json("media")?;
        let url = media.get(number).and_then(address).filter(|_| number < MOST).ok_or_else(unknown)?;
        self.at(&url).await
    }

    async fn at(&self, url: &str) -> Result<Shown> {
        if let Some(shown) = self.known(url).await? {
            return Ok(shown);
        }
        let _place = AT_ONCE.acquire().await.map_err(|_| Error::Conflict("no pictures are fetched just now".into()))?;
        // Somebody else may have waited for the same one.
        if let Some(shown) = self.known(url).await? {
            return Ok(shown);
        }
        match picture::fetch(&self.client, url, timestamp(self.hub.now())).await {
            Ok(made) => self.keep(url, made.png).await,
            Err(why) => self.refuse(url, why.to_string()).await,
        }
    }

    async fn known(&self, url: &str) -> Result<Option<Shown>> {
        let sql = "select file, why, at from pictures where address = $1";
        let Some(row) = self.hub.db.opt(q!(sql, digest(url.as_bytes()))).await? else { return Ok(None) };
        let (file, why, at): (Option<String>, Option<String>, Micros) =
            (row.get("file")?, row.get("why")?, row.get("at")?);
        let age = self.hub.now() - at;
        match (file, why) {
            (Some(file), _) if age < KEPT => {
                Ok(tokio::fs::read(self.path(&file)).await.ok().map(|png| Shown::Here(file, png)))
            }
            (None, Some(why)) if age < REFUSED => Ok(Some(Shown::Refused(why))),
            _ => Ok(None),
        }
    }

    async fn keep(&self, url: &str, png: Vec<u8>) -> Result<Shown> {
        let name = digest(&png);
        let path = self.path(&name);
        write(&path, &png, self.hub.random.u64()).await.map_err(|error| {
            Error::Unusable(format!(
                "a picture cannot be written to {}: {error}. Check that the folder is writable",
                self.folder.display()
            ))
        })?;
        self.note(url, Some(&name), png.len() as i64, None).await?;
        self.tidy().await?;
        Ok(Shown::Here(name, png))
    }

    async fn refuse(&self, url: &str, why: String) -> Result<Shown> {
        self.note(url, None, 0, Some(&why)).await?;
        Ok(Shown::Refused(why))
    }

    async fn note(&self, url: &str, file: Option<&str>, bytes: i64, why: Option<&str>) -> Result<()> {
        let mut tx = self.hub.begin(Actor::System("pictures")).await?;
        let sql = "insert into pictures (address, file, bytes, why, at) values ($1, $2, $3, $4, $5)
            on conflict (address) do update set file = excluded.file, bytes = excluded.bytes, why = excluded.why, at = excluded.at";
        let now = tx.now();
        tx.run(q!(sql, digest(url.as_bytes()), file, bytes, why, now)).await?;
        tx.commit_unlogged("a picture that was fetched can be fetched again").await
    }

    /// Forgets what is too old, and the oldest while there is too much.
    async fn tidy(&self) -> Result<()> {
        let sum = "select cast(coalesce(sum(bytes), 0) as bigint) as bytes, min(at) as oldest from pictures";
        let row = self.hub.db.one(q!(sum)).await?;
        let (bytes, oldest): (i64, Option<Micros>) = (row.get("bytes")?, row.get("oldest")?);
        let now = self.hub.now();
        if bytes <= self.cap && oldest.is_none_or(|at| now - at < KEPT) {
            return Ok(());
        }
        let mut over = bytes - self.cap;
        let mut tx = self.hub.begin(Actor::System("pictures")).await?;
        let mut gone = Vec::new();
        for row in tx.all(q!("select address, file, bytes, at from pictures order by at, address limit 1000")).await? {
            let (bytes, at): (i64, Micros) = (row.get("bytes")?, row.get("at")?);
            if over <= 0 && now - at < KEPT {
                break;
            }
            over -= bytes;
            tx.run(q!("delete from pictures where address = $1", row.get::<String, _>("address")?)).await?;
            let file: Option<String> = row.get("file")?;
            if let Some(file) = file
                && tx.opt(q!("select 1 as x from pictures where file = $1 limit 1", &file)).await?.is_none()
            {
                gone.push(file);
            }
        }
        tx.commit_unlogged("a picture that is forgotten can be fetched again").await?;
        for file in gone {
            let _ = tokio::fs::remove_file(self.path(&file)).await; // gone already is as well
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(&name[..2.min(name.len())]).join(format!("{name}.png"))
    }
}

/// Why pictures at these addresses are not shown, as far as it is known.
pub async fn refusals(hub: &Hub, urls: &[String]) -> Result<HashMap<String, String>> {
    let mut found = HashMap::new();
    if urls.is_empty() {
        return Ok(found);
    }
    let by_digest: HashMap<String, &String> = urls.iter().map(|url| (digest(url.as_bytes()), url)).collect();
    let places = (2..=by_digest.len() + 1).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    let sql = format!("select address, why from pictures where at > $1 and why is not null and address in ({places})");
    let query = by_digest.keys().fold(Q::of(sql).bind(hub.now() - REFUSED), |query, key| query.bind(key.clone()));
    for row in hub.db.all(query).await? {
        if let Some(url) = by_digest.get(&row.get::<String, _>("address")?) {
            found.insert((*url).clone(), row.get("why")?);
        }
    }
    Ok(found)
}

/// The address of a picture among what came with a post, where it is one that can be fetched.
pub fn address(item: &serde_json::Value) -> Option<String> {
    let kind = item.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default();
    let url = item.get("url")?.as_str()?;
    let web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    (web && matches!(kind, "image" | "photo" | "picture" | "gifv" | "gif")).then(|| url.to_owned())
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whole or not at all: written beside its place, then put there.
async fn write(path: &Path, bytes: &[u8], number: u64) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let beside = path.with_extension(format!("{number:x}"));
    tokio::fs::write(&beside, bytes).await?;
    tokio::fs::rename(&beside, path).await
}

#[cfg(test)]
mod tests;
