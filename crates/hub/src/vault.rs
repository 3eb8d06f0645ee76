//! Secrets at rest: closed with a key that does not lie in the database, so that neither the database nor a backup of
//! it gives them away.
//!
//! A sealed secret is `sealed:1:KEY:…`: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) over the secret, with a random
//! nonce of 24 bytes, bound to what it belongs to (`handle 3`), so that it cannot be moved to another row. The keys lie
//! in the file `keys` of the data directory, the newest first, readable by its owner only; the first one is made when
//! the first secret is sealed. Whoever moves the data takes that file along, or enters the secrets again.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use serde_json::json;

use crate::{
    Db, Error, Hub, Random, Result, Tx,
    log::{Actor, Entry},
    store::q,
};

const PREFIX: &str = "sealed:1:";
const NONCE: usize = 24;

/// What opens and closes secrets.
#[derive(Debug)]
pub struct Vault {
    file: PathBuf,
    random: Random,
    keys: Mutex<Vec<Key>>,
}

#[derive(Clone)]
struct Key {
    id: String,
    bytes: [u8; 32],
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// Whether a stored text is a sealed secret.
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(PREFIX)
}

impl Vault {
    /// With the keys of a data directory. Nothing is read or written before the first secret.
    pub fn in_folder(folder: &Path, random: Random) -> Self {
        Self { file: folder.join("keys"), random, keys: Mutex::new(Vec::new()) }
    }

    /// Where the keys lie; none where nothing was sealed yet, or where the file was left behind.
    pub fn key_file(&self) -> Option<&Path> {
        self.file.exists().then_some(self.file.as_path())
    }

    /// Closes a secret with the newest key. Only the same `what` opens it again.
    pub fn seal(&self, what: &str, secret: &str) -> Result<String> {
        let key = self.newest()?;
        let mut sealed = vec![0; NONCE];
        self.random.fill(&mut sealed);
        let nonce = nonce(&sealed);
        let closed = cipher(&key)
            .encrypt(&nonce, Payload { msg: secret.as_bytes(), aad: what.as_bytes() })
            .map_err(|_| Error::Unusable("a secret could not be sealed; it is too long".into()))?;
        sealed.extend(closed);
        Ok(format!("{PREFIX}{}:{}", key.id, URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Opens a sealed secret; one that is not sealed is given as it is.
    pub fn open(&self, what: &str, text: &str) -> Result<String> {
        let Some(rest) = text.strip_prefix(PREFIX) else { return Ok(text.to_owned()) };
        let damaged = || Error::Damaged(format!("the sealed secret of {what} cannot be opened"));
        let (id, encoded) = rest.split_once(':').ok_or_else(damaged)?;
        let key = self.key(id)?.ok_or_else(|| {
            Error::Unusable(format!(
                "the secret of {what} is sealed with the key {id}, which {} does not hold; bring that file back from \
                 where the data came from, or enter the secret again",
                self.file.display()
            ))
        })?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| damaged())?;
        if bytes.len() < NONCE {
            return Err(damaged());
        }
        let (first, closed) = bytes.split_at(NONCE);
        let payload = Payload { msg: closed, aad: what.as_bytes() };
        let opened = cipher(&key).decrypt(&nonce(first), payload).map_err(|_| damaged())?;
        String::from_utf8(opened).map_err(|_| damaged())
    }

    /// Makes a new key, which everything is sealed with from now on. The old ones stay, for what they have sealed.
    pub fn add_key(&self) -> Result<()> {
        let mut keys = self.read()?;
        keys.insert(0, self.fresh_key());
        self.write(&keys, true)?;
        *self.lock() = keys;
        Ok(())
    }

    fn newest(&self) -> Result<Key> {
        if let Some(key) = self.lock().first() {
            return Ok(key.clone());
        }
        let mut keys = self.read()?;
        if keys.is_empty() {
            keys.push(self.fresh_key());
            if !self.write(&keys, false)? {
                keys = self.read()?; // another program was first
            }
        }
        let key = keys.first().cloned().ok_or_else(|| self.unusable("it holds no key"))?;
        *self.lock() = keys;
        Ok(key)
    }

    fn key(&self, id: &str) -> Result<Option<Key>> {
        let find = |keys: &[Key]| keys.iter().find(|key| key.id == id).cloned();
        if let Some(key) = find(&self.lock()) {
            return Ok(Some(key));
        }
        // Another program may have made a new one.
        let keys = self.read()?;
        let found = find(&keys);
        *self.lock() = keys;
        Ok(found)
    }

    fn fresh_key(&self) -> Key {
        let (mut bytes, mut id) = ([0; 32], [0; 6]);
        self.random.fill(&mut bytes);
        self.random.fill(&mut id);
        Key { id: URL_SAFE_NO_PAD.encode(id), bytes }
    }

    fn read(&self) -> Result<Vec<Key>> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.unusable(&error.to_string())),
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| key_of(line).ok_or_else(|| self.unusable("a line of it is no key"))).collect()
    }

    /// Writes the file anew, whole or not at all; false if it was there already and is not to be replaced.
    fn write(&self, keys: &[Key], replace: bool) -> Result<bool> {
        let mut text =
            String::from("# What the secrets in the database are sealed with. Keep it, and keep it to yourself.\n");
        for key in keys {
            text.extend([&key.id, " ", &URL_SAFE_NO_PAD.encode(key.bytes), "\n"]);
        }
        let part = self.file.with_extension(format!("part{}", std::process::id()));
        let written = || -> io::Result<bool> {
            if let Some(folder) = self.file.parent() {
                fs::create_dir_all(folder)?;
            }
            let _ = fs::remove_file(&part);
            let mut file = private().open(&part)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            if replace {
                fs::rename(&part, &self.file)?;
                return Ok(true);
            }
            // A hard link fails where the name is taken; a rename would silently replace another program's key.
            let linked = fs::hard_link(&part, &self.file);
            let _ = fs::remove_file(&part);
            match linked {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error),
            }
        };
        written().map_err(|error| self.unusable(&error.to_string()))
    }

    fn unusable(&self, why: &str) -> Error {
        Error::Unusable(format!("the key file {} cannot be used: {why}", self.file.display()))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Key>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new file that only its owner reads.
fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn key_of(line: &str) -> Option<Key> {
    let (id, encoded) = line.split_once(' ')?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded.trim()).ok()?.try_into().ok()?;
    Some(Key { id: id.to_owned(), bytes })
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key.bytes.into())
}

fn nonce(bytes: &[u8]) -> XNonce {
    let mut nonce = [0; NONCE];
    nonce.copy_from_slice(bytes);
    nonce.into()
}

/// Makes a new key and seals every secret with it.
pub async fn rotate(hub: &Hub) -> Result<usize> {
    hub.db.vault().add_key()?;
    let mut tx = hub.begin(Actor::System("command")).await?;
    let sealed = seal_all(&mut tx, hub.db.vault(), |_| true).await?;
    tx.log(Entry::new("secrets.sealed_anew", "organisation", 0).with(json!({ "secrets": sealed })));
    tx.commit().await?;
    Ok(sealed)
}

/// Seals what was stored before secrets were sealed.
pub(crate) async fn seal_what_is_not(db: &Db) -> Result<()> {
    let mut tx = db.begin(Actor::System("migration"), 0).await?;
    seal_all(&mut tx, db.vault(), |stored| !is_sealed(stored)).await?;
    tx.commit_unlogged("the secrets are the same as before").await
}

/// Where secrets lie: what finds them, what writes one back, and whose they are.
type Sealed = (&'static str, &'static str, fn(i64) -> String);

/// Seals every secret that `which` picks out with the newest key; how many there were.
async fn seal_all(tx: &mut Tx, vault: &Vault, which: impl Fn(&str) -> bool) -> Result<usize> {
    let mut count = 0;
    let anew = |what: &str, stored: &str| vault.seal(what, &vault.open(what, stored)?);
    for row in tx.all(q!("select id, secret from source_secrets order by id")).await? {
        let (id, stored): (i64, String) = (row.get("id")?, row.get("secret")?);
        if which(&stored) {
            let sealed = anew(&source_secret(id), &stored)?;
            tx.run(q!("update source_secrets set secret = $1 where id = $2", sealed, id)).await?;
            count += 1;
        }
    }
    for row in tx.all(q!("select id, credentials from sources where credentials is not null order by id")).await? {
        let (id, stored): (i64, String) = (row.get("id")?, row.get("credentials")?);
        if which(&stored) {
            let sealed = anew(&source(id), &stored)?;
            tx.run(q!("update sources set credentials = $1 where id = $2", sealed, id)).await?;
            count += 1;
        }
    }
    let others: [Sealed; 4] = [
        (
            "select source_id as id, secret from pushes order by source_id",
            "update pushes set secret = $1 where source_id = $2",
            push,
        ),
        ("select id, secret from sign_ins order by id", "update sign_ins set secret = $1 where id = $2", sign_in),
        (
            "select id, secret from sign_in_attempts order by id",
            "update sign_in_attempts set secret = $1 where id = $2",
            attempt,
        ),
        (
            "select id, secret from client_keys order by id",
            "update client_keys set secret = $1 where id = $2",
            client_key,
        ),
    ];
    for (select, update, whose) in others {
        for row in tx.all(q!(select)).await? {
            let (id, stored): (i64, String) = (row.get("id")?, row.get("secret")?);
            if which(&stored) {
                tx.run(q!(update, anew(&whose(id), &stored)?, id)).await?;
                count += 1;
            }
        }
    }
    for row in tx.all(q!("select id, config from handles order by id")).await? {
        let (id, mut config): (i64, crate::handle::Config) = (row.get("id")?, row.json("config")?);
        let Some(stored) = config.secret.clone().filter(|stored| !stored.starts_with("env:") && which(stored)) else {
            continue;
        };
        config.secret = Some(anew(&handle(id), &stored)?);
        let text = serde_json::to_string(&config).map_err(|e| Error::invalid("config", e.to_string(), ""))?;
        tx.run(q!("update handles set config = $1 where id = $2", text, id)).await?;
        count += 1;
    }
    Ok(count)
}

/// Whose secret it is: a handle's.
pub(crate) fn handle(id: i64) -> String {
    format!("handle {id}")
}

/// Whose secrets they are: a source's credentials.
pub(crate) fn source(id: i64) -> String {
    format!("source {id}")
}

/// Whose secret it is: a sign-in's tokens.
pub(crate) fn sign_in(id: i64) -> String {
    format!("sign-in {id}")
}

/// Whose secret it is: that of a sign-in which was begun.
pub(crate) fn attempt(id: i64) -> String {
    format!("sign-in attempt {id}")
}

/// Whose secret it is: the key we prove ourselves with.
pub(crate) fn client_key(id: i64) -> String {
    format!("client key {id}")
}

/// Whose secret it is: what the hub of a source's feed signs with.
pub(crate) fn push(source: i64) -> String {
    format!("push {source}")
}

/// Whose secret it is: one of a webhook's.
pub(crate) fn source_secret(id: i64) -> String {
    format!("source secret {id}")
}

#[cfg(test)]
mod tests;
