//! A panel's file: `DANDPANL`, the manifest's length (4 bytes, little-endian), the manifest (JSON), the language
//! table, the heads' files one after another.

use std::borrow::Cow;
use std::hash::{Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::together::Together;
use super::{Grams, Judge, Panel};
use crate::head::{BadModel, Head, hex};

const MAGIC: &[u8; 8] = b"DANDPANL";
const MOST_MANIFEST: usize = 4 << 20;

/// What a panel's file says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PanelManifest {
    /// The version that every analysis keeps.
    pub version: String,
    /// How it was made, as a command.
    pub command: String,
    /// What follows the manifest, in order.
    pub parts: Vec<Part>,
    /// Languages of the language table, in its order.
    pub languages: Vec<String>,
    /// How costs of the language table and scores of its head weigh: slope of each, then a constant a language.
    pub language_weights: Vec<f32>,
    /// Answers to languages below this probability are `unknown`.
    pub language_least: f32,
    /// Who answers what.
    pub judges: Vec<Judge>,
}

/// One part of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its SHA-256.
    pub hash: String,
}

impl Panel {
    /// Puts a panel together.
    pub fn new(mut manifest: PanelManifest, grams: Grams, heads: Vec<Head>) -> Self {
        let part = |name: &str, bytes: &[u8]| Part {
            name: name.to_owned(),
            bytes: bytes.len(),
            hash: hex(&Sha256::digest(bytes)),
        };
        manifest.parts = vec![part("grams", &grams.bytes)];
        manifest.parts.extend(heads.iter().map(|head| part(&head.manifest.head, &head.to_bytes())));
        let (together, stamp) = (Together::new(&heads), stamp(&manifest));
        Self { manifest, heads, grams, together, stamp }
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let manifest = serde_json::to_vec(&self.manifest).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(manifest.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&manifest);
        bytes.extend_from_slice(&self.grams.bytes);
        self.heads.iter().for_each(|head| bytes.extend_from_slice(&head.to_bytes()));
        bytes
    }
}

pub(super) fn read(bytes: Cow<'static, [u8]>, check: bool) -> Result<Panel, BadModel> {
    let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or(BadModel::NoHead)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(BadModel::NoHead)?;
    let length = u32::from_le_bytes(*length) as usize;
    let manifest = rest.get(..length).filter(|_| length <= MOST_MANIFEST).ok_or(BadModel::NoHead)?;
    let manifest: PanelManifest =
        serde_json::from_slice(manifest).map_err(|error| BadModel::Manifest(error.to_string()))?;
    let mut at = 12 + length;
    let mut panel = Panel { manifest, ..Panel::default() };
    for index in 0..panel.manifest.parts.len() {
        let part = &panel.manifest.parts[index];
        let end = at.checked_add(part.bytes).filter(|end| *end <= bytes.len()).ok_or(BadModel::NoHead)?;
        if check && part.hash != hex(&Sha256::digest(&bytes[at..end])) {
            return Err(BadModel::Damaged(part.name.clone()));
        }
        let own = match &bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[at..end]),
            Cow::Owned(bytes) => Cow::Owned(bytes[at..end].to_vec()),
        };
        if index == 0 {
            panel.grams = Grams::read(own).ok_or(BadModel::NoHead)?;
        } else {
            panel.heads.push(if check { Head::from_bytes(own)? } else { Head::trusted(own)? });
        }
        at = end;
    }
    fits(&panel)?;
    panel.together = Together::new(&panel.heads);
    panel.stamp = stamp(&panel.manifest);
    Ok(panel)
}

fn stamp(manifest: &PanelManifest) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    manifest.parts.iter().for_each(|part| part.hash.hash(&mut hasher));
    hasher.finish()
}

/// Every judge must have as many weights as there are scores, or reading a post would run past an end.
fn fits(panel: &Panel) -> Result<(), BadModel> {
    let inputs = panel.witnesses() + super::RULES;
    let judges = panel.manifest.judges.iter().all(|judge| {
        let labels = judge.labels.len();
        judge.stack.weights.len() == labels * inputs
            && judge.stack.constants.len() == labels
            && judge.calibration.fits(labels)
    });
    let languages = panel.manifest.languages.len();
    let own = panel.head(super::LANGUAGE).map_or(0, |head| head.labels().len());
    let language = own == languages
        && languages <= super::grams::MOST_LANGUAGES
        && panel.manifest.language_weights.len() == languages + 2;
    if judges && language { Ok(()) } else { Err(BadModel::Manifest("its lengths do not agree".to_owned())) }
}
