use dandelion_post::Post;

use crate::dictionary::Dictionary;
use crate::influence::influence;
use crate::language::language;
use crate::lists::{CODES, Language};
use crate::reading::Reading;
use crate::sentiment::Tone;
use crate::{Analysis, Judgement, Lexicon, VERSION, found, intent, risk, urgency, verdict};

/// The rules, compiled with an organisation's lexicon. Made once, used for every post; takes some milliseconds to make.
#[derive(Debug)]
pub struct Rules {
    lexicon: Lexicon,
    dictionary: Dictionary,
}

impl Rules {
    /// Compiles the rules. A name of the lexicon without letter or digit finds nothing.
    pub fn new(lexicon: Lexicon) -> Self {
        let dictionary = Dictionary::new(&lexicon);
        Self { lexicon, dictionary }
    }

    /// What the rules say of a post. The same post always gives the same answer.
    pub fn analyse(&self, post: &Post) -> Analysis {
        let (reading, language, place) = self.read(post);
        let tone = Tone::of(&reading, negates_after(place));
        let risks = risk::risks(&reading);
        let intents = intent::intents(&reading, &tone, &risks);
        Analysis {
            version: VERSION.to_owned(),
            language,
            sentiment: tone.judge(),
            urgency: urgency::urgency(&reading, &intents, &risks),
            intents,
            risks,
            products: found::products(&reading, &self.lexicon),
            topics: found::topics(&reading, &self.lexicon),
            influence: influence(post),
        }
    }

    /// Whether a customer's answer says that it is `fixed` or `not fixed`. `None` where it says neither, or where there
    /// is any doubt: questions, conditions, hopes, sarcasm, long stories, praise beside blame.
    pub fn verdict(&self, post: &Post) -> Option<Judgement> {
        let (reading, _, place) = self.read(post);
        let tone = Tone::of(&reading, negates_after(place));
        verdict::verdict(&reading, &tone)
    }

    fn read<'p>(&self, post: &'p Post) -> (Reading<'p>, Judgement, Option<Language>) {
        let mut reading = Reading::of(post, &self.dictionary);
        let (judgement, place) = language(&reading, &self.dictionary, post.lang.as_deref());
        // A language without lists keeps no list but `any`; one we could not tell keeps them all.
        reading.settle(place.or((judgement.value != "unknown").then_some(Language::MAX)));
        (reading, judgement, place)
    }
}

/// In German and Croatian a negation may follow what it turns ("gefällt mir nicht").
fn negates_after(place: Option<Language>) -> bool {
    place.is_some_and(|it| matches!(CODES[usize::from(it)], "de" | "hr"))
}

/// Scores are shown, so two places do.
pub(crate) fn round(score: f64) -> f64 {
    (score.clamp(0.0, 1.0) * 100.0).round() / 100.0
}
