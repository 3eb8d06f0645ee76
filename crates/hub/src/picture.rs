//! Pictures of posts, shown without anybody's browser asking a stranger for them: fetched once, made anew
//! ([`dandelion_networks::picture`]), and kept as files that are named by what is in them. Nothing is lost with such a file: it
//! is fetched again when somebody looks. Pictures of authors are kept alike, as small squares.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dandelion_networks::{contract::hex, egress::Client, picture};
use dandelion_post::{Micros, timestamp};
use sha2::{Digest as _, Sha256};
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use crate::{
    Error, Hub, Result, Tx,
    log::Actor,
    personal,
    scope::Viewer,
    store::{Q, q},
};

/// Pictures of one post that are shown.
pub const MOST: usize = 8;
/// Pictures fetched and made anew at once, in the whole program: each takes up to a few hundred megabytes.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// Pictures of authors at once, which are small, and of strangers' servers, some of which hang.
static AVATARS_AT_ONCE: Semaphore = Semaphore::const_new(8);
/// How long whoever looks waits for one: a desk shows thirty, and browsers ask one server for six things at once. It is
/// fetched on without them.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Pictures of authors that wait to be fetched; more are not begun.
const MOST_AVATARS: usize = 200;
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
    /// Authors' pictures that are being fetched.
    under_way: Arc<Mutex<HashSet<String>>>,
}

/// What a picture is of, which says how it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Post,
    Author,
}

impl Of {
    /// What a rendition is remembered by.
    fn key(self, url: &str) -> String {
        match self {
            Self::Post => digest(url.as_bytes()),
            Self::Author => digest(format!("avatar {url}").as_bytes()),
        }
    }
}

impl Pictures {
    /// Fetched through `client`, kept in `folder`.
    pub fn new(hub: Hub, client: Client, folder: PathBuf) -> Self {
        Self { hub, client, folder, cap: CAP, under_way: Arc::default() }
    }

    /// The picture that is number `number` of what came with a post.
    pub async fn of_post(&self, post: i64, number: usize) -> Result<Shown> {
        let unknown = || Error::not_found("picture of this post", number);
        let sql = "select media from posts where id = $1 and deleted_at is null";
        let row = self.hub.db.opt(q!(sql, post)).await?.ok_or_else(|| Error::not_found("post", post))?;
        let media: serde_json::Value = row.json("media")?;
        let url = media.get(number).and_then(address).filter(|_| number < MOST).ok_or_else(unknown)?;
        self.at(Of::Post, &url).await
    }

    /// The picture of an author, for those who read personal data; nothing while it is being fetched.
    pub async fn of_author(&self, viewer: &Viewer, author: i64) -> Result<Option<Shown>> {
        let unknown = || Error::not_found("picture of this author", author);
        if !personal::reads(viewer) {
            return Err(unknown());
        }
        let row = self.hub.db.opt(q!("select avatar from authors where id = $1", author)).await?.ok_or_else(unknown)?;
        let url: String = row.get::<Option<String>, _>("avatar")?.ok_or_else(unknown)?;
        if let Some(shown) = self.known(&Of::Author.key(&url)).await? {
            return Ok(Some(shown));
        }
        if !self.begin(&url) {
            return Ok(None);
        }
        let ended = Fetching(self.clone(), url);
        let fetching = tokio::spawn(async move { ended.0.at(Of::Author, &ended.1).await });
        match timeout(PATIENCE, fetching).await {
            Ok(Ok(shown)) => shown.map(Some),
            _ => Ok(None),
        }
    }

    /// Whether one is to be fetched now: nobody else is fetching it, and not too many wait.
    fn begin(&self, url: &str) -> bool {
        let mut under_way = self.under_way();
        under_way.len() < MOST_AVATARS && under_way.insert(url.to_owned())
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn at(&self, of: Of, url: &str) -> Result<Shown> {
        let key = of.key(url);
        if let Some(shown) = self.known(&key).await? {
            return Ok(shown);
        }
        let places = if of == Of::Post { &AT_ONCE } else { &AVATARS_AT_ONCE };
        let _place = places.acquire().await.map_err(|_| Error::Conflict("no pictures are fetched just now".into()))?;
        // Somebody else may have waited for the same one.
        if let Some(shown) = self.known(&key).await? {
            return Ok(shown);
        }
        let now = timestamp(self.hub.now());
        let made = match of {
            Of::Post => picture::fetch(&self.client, url, now).await,
            Of::Author => picture::fetch_avatar(&self.client, url, now).await,
        };
        match made {
            Ok(made) => self.keep(&key, made.png).await,
            Err(why) => self.refuse(&key, why.to_string()).await,
        }
    }

    async fn known(&self, key: &str) -> Result<Option<Shown>> {
        let sql = "select file, why, at from pictures where address = $1";
        let Some(row) = self.hub.db.opt(q!(sql, key)).await? else { return Ok(None) };
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

    async fn keep(&self, key: &str, png: Vec<u8>) -> Result<Shown> {
        let name = digest(&png);
        let path = self.path(&name);
        write(&path, &png, self.hub.random.u64()).await.map_err(|error| {
            Error::Unusable(format!(
                "a picture cannot be written to {}: {error}. Check that the folder is writable",
                self.folder.display()
            ))
        })?;
        self.note(key, Some(&name), png.len() as i64, None).await?;
        self.tidy().await?;
        Ok(Shown::Here(name, png))
    }

    async fn refuse(&self, key: &str, why: String) -> Result<Shown> {
        self.note(key, None, 0, Some(&why)).await?;
        Ok(Shown::Refused(why))
    }

    async fn note(&self, key: &str, file: Option<&str>, bytes: i64, why: Option<&str>) -> Result<()> {
        let mut tx = self.hub.begin(Actor::System("pictures")).await?;
        let sql = "insert into pictures (address, file, bytes, why, at) values ($1, $2, $3, $4, $5)
            on conflict (address) do update set file = excluded.file, bytes = excluded.bytes, why = excluded.why, at = excluded.at";
        let now = tx.now();
        tx.run(q!(sql, key, file, bytes, why, now)).await?;
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

/// One picture of an author on its way; it ends with this, whatever becomes of it.
struct Fetching(Pictures, String);

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.under_way().remove(&self.1);
    }
}

/// Tells one picture of an author from another, so that a changed one is asked for at once.
pub(crate) fn avatar_mark(url: &str) -> String {
    Of::Author.key(url)[..8].to_owned()
}

/// Forgets the picture of an author of whom no post stands any more. Its file goes with the next one that is kept.
pub(crate) async fn forget_author(tx: &mut Tx, author: i64) -> Result<()> {
    let sql = "select avatar from authors where id = $1 and avatar is not null
               and not exists (select 1 from posts where author_id = $1 and deleted_at is null)";
    let Some(row) = tx.opt(q!(sql, author)).await? else { return Ok(()) };
    let url: String = row.get("avatar")?;
    tx.run(q!("update authors set avatar = null where id = $1", author)).await?;
    tx.run(q!("update pictures set at = 0 where address = $1", Of::Author.key(&url))).await.map(drop)
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
