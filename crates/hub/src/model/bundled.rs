//! The version that is part of the program: what its file says of itself.

use std::sync::LazyLock;

use dandelion_networks::contract::hex;
use dandelion_understand::{VERSION, features::FEATURES, panel::Panel};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// One head of the panel, with what it is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BundledHead {
    /// The question.
    pub question: String,
    /// Its answers.
    pub labels: Vec<String>,
    /// Below this probability it is unsure.
    pub unsure_below: f64,
    /// Examples it was fitted on.
    pub examples: usize,
    /// Share of right answers on held-out parts of those.
    pub accuracy: f64,
    /// F1, averaged over the labels, on the same.
    pub macro_f1: f64,
    /// Expected calibration error on the same.
    pub ece: f64,
}

/// A part of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its SHA-256.
    pub hash: String,
}

/// The bundled version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bundled {
    /// As analyses name it.
    pub version: String,
    /// SHA-256 of the panel's file.
    pub hash: String,
    /// The set of features it reads.
    pub features: String,
    /// How it was trained, as a command.
    pub command: String,
    /// What its file is made of.
    pub parts: Vec<Part>,
    /// Who answers what.
    pub heads: Vec<BundledHead>,
    /// Languages it tells apart.
    pub languages: Vec<String>,
}

/// What is part of this program. Read once.
pub fn bundled() -> &'static Bundled {
    static BUNDLED: LazyLock<Bundled> = LazyLock::new(|| {
        let panel = Panel::shipped();
        let it = &panel.manifest;
        let head = |judge: &dandelion_understand::panel::Judge| BundledHead {
            question: judge.question.clone(),
            labels: judge.labels.clone(),
            unsure_below: f64::from(judge.calibration.unsure_below),
            examples: judge.examples,
            accuracy: judge.held_out.accuracy,
            macro_f1: judge.held_out.macro_f1,
            ece: judge.held_out.ece,
        };
        let part = |part: &dandelion_understand::panel::PanelManifest| {
            part.parts.iter().map(|it| Part { name: it.name.clone(), bytes: it.bytes, hash: it.hash.clone() }).collect()
        };
        let hash = Sha256::digest(panel.to_bytes());
        Bundled {
            version: VERSION.to_owned(),
            hash: hex(&hash),
            features: FEATURES.to_owned(),
            command: it.command.clone(),
            parts: part(it),
            heads: it.judges.iter().map(head).collect(),
            languages: it.languages.clone(),
        }
    });
    &BUNDLED
}
