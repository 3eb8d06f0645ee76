use dandelion_understand::{Lexicon, Product, Topic};

use super::Org;

impl Org {
    /// The products, topics and order numbers in use, as the analysis looks for them.
    pub fn lexicon(&self) -> Lexicon {
        Lexicon {
            products: self
                .products
                .iter()
                .filter(|product| !product.archived)
                .map(|product| Product {
                    key: product.key.clone(),
                    name: product.name.clone(),
                    aliases: product.aliases.clone(),
                    competitor: product.competitor,
                })
                .collect(),
            topics: self
                .topics
                .iter()
                .filter(|topic| !topic.archived)
                .map(|topic| Topic { key: topic.key.clone(), name: topic.name.clone(), words: topic.words.clone() })
                .collect(),
            order_numbers: self.order_numbers.clone(),
        }
    }
}
