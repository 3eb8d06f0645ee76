//! A head's file: `DANDHEAD`, the manifest's length (4 bytes, little-endian), the manifest (JSON), the table, the weights of what
//! texts mean (4 bytes each, little-endian; none in most heads).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Head, Table};
use crate::features::{FEATURES, WITH_MEANING, inputs};
use crate::learn::Calibration;
use crate::learn::metrics::Confusion;
use crate::panel::Judge;

const MAGIC: &[u8; 8] = b"DANDHEAD";
/// Larger manifests are refused before they are read.
const MOST_MANIFEST: usize = 1 << 20;

/// What a head's file says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The question, `sentiment` for example.
    pub head: String,
    /// The set of features it was trained on.
    pub features: String,
    /// Its answers.
    pub labels: Vec<String>,
    /// How it was made, as a command.
    pub command: String,
    /// SHA-256 of the examples, in the order of training.
    pub data: String,
    /// How many examples there were.
    pub examples: usize,
    /// SHA-256 of the table and the weights of meaning.
    pub table: String,
    /// Upper bits of a hash that choose a row.
    pub bits: u32,
    /// What each group of features counts.
    pub groups: [f32; 3],
    /// What the meaning of words counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub meaning: f32,
    /// What one step of each output's weights is worth.
    pub scales: Vec<f32>,
    /// What each output is without any feature.
    pub constants: Vec<f32>,
    /// What makes scores probabilities, and where the head is unsure.
    pub calibration: Calibration,
    /// Accuracy, macro-F1, macro-recall and ECE on held-out parts of the examples.
    pub held_out: HeldOut,
    /// The panel whose heads the judge was fitted beside.
    #[serde(default)]
    pub panel: String,
    /// What weighs this head beside the shipped ones.
    #[serde(default)]
    pub judge: Option<Judge>,
}

/// Figures from held-out parts of the training examples, each judged by a model that had not seen it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Share that is right.
    pub accuracy: f64,
    /// F1, averaged over the labels.
    pub macro_f1: f64,
    /// Recall, averaged over the labels.
    pub macro_recall: f64,
    /// Expected calibration error, ten steps.
    pub ece: f64,
}

impl HeldOut {
    /// Figures of counted answers, to four places: more is chance, and would not come back from a file bit for bit.
    pub(crate) fn new(counts: &Confusion, ece: f64) -> Self {
        let short = |figure: f64| (figure * 1e4).round() / 1e4;
        Self {
            accuracy: short(counts.accuracy()),
            macro_f1: short(counts.macro_f1()),
            macro_recall: short(counts.macro_recall()),
            ece: short(ece),
        }
    }
}

/// Why a head's file cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadModel {
    /// It begins otherwise, or ends too early.
    #[error("this is no head of dandelion, or it is cut off; make it again with `dandelion train`")]
    NoHead,
    /// Its manifest cannot be read.
    #[error("the manifest cannot be read ({0}); make the head again with `dandelion train`")]
    Manifest(String),
    /// It was trained on other features.
    #[error("the head `{head}` was trained on {found}, this program reads {FEATURES}; train it again")]
    OtherFeatures {
        /// The head.
        head: String,
        /// Its features.
        found: String,
    },
    /// Its judge was fitted beside other heads.
    #[error("the head `{head}` was trained beside `{found}`, this program ships another panel; train it again")]
    OtherPanel {
        /// The head.
        head: String,
        /// The panel it was trained beside.
        found: String,
    },
    /// Its table is not the one the manifest names.
    #[error("the table of the head `{0}` was changed or damaged (its hash differs); restore the file or train again")]
    Damaged(String),
}

impl Head {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let manifest = serde_json::to_vec(&self.manifest).unwrap_or_default();
        let mut bytes = Vec::with_capacity(12 + manifest.len() + self.table.bytes.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(manifest.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&manifest);
        bytes.extend_from_slice(&self.table.bytes);
        self.views.iter().for_each(|weight| bytes.extend_from_slice(&weight.to_le_bytes()));
        bytes
    }

    /// Reads a file. Borrowed bytes are used where they lie.
    pub fn from_bytes(bytes: Cow<'static, [u8]>) -> Result<Self, BadModel> {
        let head = Self::trusted(bytes)?;
        if head.manifest.table != hash_of(&head.table, &head.views) {
            return Err(BadModel::Damaged(head.manifest.head));
        }
        Ok(head)
    }

    /// The same without comparing the table's hash, for bytes that are part of the program.
    pub(crate) fn trusted(bytes: Cow<'static, [u8]>) -> Result<Self, BadModel> {
        let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or(BadModel::NoHead)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(BadModel::NoHead)?;
        let length = u32::from_le_bytes(*length) as usize;
        let manifest = rest.get(..length).filter(|_| length <= MOST_MANIFEST).ok_or(BadModel::NoHead)?;
        let manifest: Manifest =
            serde_json::from_slice(manifest).map_err(|error| BadModel::Manifest(error.to_string()))?;
        let inputs = inputs(manifest.meaning);
        if manifest.features != if inputs > 0 { WITH_MEANING } else { FEATURES } {
            return Err(BadModel::OtherFeatures { head: manifest.head, found: manifest.features });
        }
        let views = inputs * manifest.constants.len() * 4;
        let start = bytes.len().checked_sub(views).filter(|it| *it >= 12 + length).ok_or(BadModel::NoHead)?;
        let views = bytes[start..].as_chunks::<4>().0.iter().map(|it| f32::from_le_bytes(*it)).collect();
        let table = match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[12 + length..start]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(start);
                Cow::Owned(bytes.split_off(12 + length))
            }
        };
        let (bits, width) = (manifest.bits, manifest.constants.len() + 1);
        check(&manifest)?;
        let table = Table { bits, width, bytes: table };
        if table.bytes.len() < table.map_bytes() || !(table.bytes.len() - table.map_bytes()).is_multiple_of(width) {
            return Err(BadModel::NoHead);
        }
        Ok(Self { manifest, table, views })
    }
}

fn check(manifest: &Manifest) -> Result<(), BadModel> {
    let labels = manifest.labels.len();
    let outputs = if labels == 2 { 1 } else { labels };
    let fits = labels >= 2
        && (6..=26).contains(&manifest.bits)
        && manifest.constants.len() == outputs
        && manifest.scales.len() == outputs
        && manifest.calibration.fits(labels);
    if fits { Ok(()) } else { Err(BadModel::Manifest("its lengths do not agree".to_owned())) }
}

/// SHA-256 of the table and the weights of meaning.
pub(crate) fn hash_of(table: &Table, views: &[f32]) -> String {
    let mut digest = Sha256::new();
    digest.update(&table.bytes);
    for weight in views {
        digest.update(weight.to_le_bytes());
    }
    hex(&digest.finalize())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
