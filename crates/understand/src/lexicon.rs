use serde::{Deserialize, Serialize};

/// The products, topics and order numbers of an organisation, as `org.toml` lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lexicon {
    /// What it makes, and what its competitors make.
    pub products: Vec<Product>,
    /// What people talk about.
    pub topics: Vec<Topic>,
    /// How its order, account and customer numbers look, see [`crate::personal::find`].
    #[serde(default)]
    pub order_numbers: Vec<String>,
}

/// A product and the names people give it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its key, unique.
    pub key: String,
    /// Its name; looked for as a phrase.
    pub name: String,
    /// Other names. A trailing `*` finds every word that begins so.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether a competitor makes it.
    #[serde(default)]
    pub competitor: bool,
}

/// A topic and the words that mean it, in any language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its key, unique.
    pub key: String,
    /// Its name, only shown.
    pub name: String,
    /// Words and phrases. A trailing `*` finds every word that begins so.
    #[serde(default)]
    pub words: Vec<String>,
}
