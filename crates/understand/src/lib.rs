//! Dandelion's judgements of a post, by trained heads and plain documented rules. No I/O, no async, no clock: the same
//! post always gives the same answer.
//!
//! ```
//! use dandelion_post::Post;
//! use dandelion_understand::{Lexicon, Product, Rules};
//!
//! let kettle = Product { key: "k2".into(), name: "Kettle K2".into(), aliases: vec!["K2".into()], competitor: false };
//! let rules = Rules::new(Lexicon { products: vec![kettle], ..Lexicon::default() });
//! let post = Post { text: "My K2 is leaking again, third time! Can I get a refund?".into(), ..Post::default() };
//! let analysis = rules.analyse(&post);
//! assert_eq!(analysis.language.value, "en");
//! assert_eq!(analysis.sentiment.value, "negative");
//! assert!(analysis.intents.iter().any(|it| it.value == "complaint"));
//! assert!(analysis.intents.iter().any(|it| it.value == "question"));
//! assert_eq!(analysis.urgency.value, "2");
//! assert_eq!(analysis.products[0].spans, [[3, 5]]);
//! ```
//!
//! # What the panel says
//!
//! **Sentiment** of English and of ar de es fr hi it pt, **emotion**, **irony** and **offensive** of English: linear heads over
//! one pass of [`features`], weighed by a judge ([`panel`]) whose probabilities are calibrated. A judgement is *unsure*
//! where held-out answers of its probability were hardly better than a coin. Reasons are the words that weighed most. The
//! rules decide the sentiment where the panel knows no posts of the language, where they hear sarcasm or both praise and blame
//! clearly, where a negation turns what they hear, and where the panel is unsure and they are clear. **Purchase, leaving, risks,
//! urgency** of en de es fr it pt: the rules speak, heads raise what they miss and question (`unsure`) what they say.
//! **Language**: 40, by runs of letters and by words. Heads of one's own: [`Own`]. Personal data: [`personal`].
//! Behaviour tests: [`behaviour`]. Model cards lie in `docs/models/`.
//!
//! # What the rules say
//!
//! All lists lie in `words/`, one file a language; `*` ends a prefix. A post is cut into words once
//! ([`dandelion_post::words`]), each word is looked up in one map, and lists of other languages are left out once the
//! language is known. Of entries that contain one another the longest counts ("no problem" is not "problem"); entries
//! of `[ignore]` mean nothing and hide what lies in them ("fire sale"). Scores of rules say how much
//! speaks for a judgement; they are no probabilities.
//!
//! **Language.** By script where one language (of ours) writes it: `zh ja ko ar th el he hi`. Otherwise each word that
//! is known to n languages gives each 1/n, letters only few languages write give a little, and the first language
//! needs 15 % more than the second: `en de hr fr es it pt nl pl tr sv da cs hu ro ru uk`. If that says nothing, what
//! the network states counts with 0.3; else `unknown`. `hr` also stands for Bosnian and Serbian in Latin letters.
//!
//! **Sentiment** (lists: en de hr fr es it pt zh, emoji everywhere). Words weigh 1 or 2; an intensifier before them × 1.5, a
//! softener × 0.6, after a "but" × 1.3. A negation within five words before, in the same clause, turns them ("not bad"
//! weighs half; in German and Croatian a negation may follow). Sarcasm is a known phrase ("thanks for nothing") or praise that is
//! the whole first clause before nothing but blame ("Great, another broken one"): praise then counts as blame.
//! `mixed` when the weaker side has 60 % of the stronger one, `neutral` when neither reaches 0.5.
//!
//! **Intents.** `complaint`: faults or demands, or blame ahead of praise by 1.5. `praise`: praise ahead, and of weight 2
//! or a phrase of praise. `question`: a question mark (0.6), with question words 0.9, question words opening a clause
//! 0.5; rhetorical ones do not count. `idea`, `purchase`, `cancel`: a phrase of their list. `risk`: any risk. `spam`: two
//! signs of bait, or one with an address; eight tags or three addresses with little else are signs. Otherwise `other`.
//!
//! **Urgency.** `3`: somebody was harmed, or is stranded. `2`: danger, data of others, again and again, a deadline, the
//! press waits. `1`: a complaint, a question, somebody wants to buy or leave. `0`: nobody waits.
//!
//! **Risks.** `safety`, `legal`, `data breach`, `press`: one word of their list gives 0.6, more give more.
//!
//! **Products and topics.** The lexicon's names and words, case and accents aside; of overlapping product names the
//! longer. A trailing `*` finds every word that begins so.
//!
//! **Influence.** Points for followers (10: 5, 100: 10, 1,000: 20, 10,000: 35, 100,000: 50, 1,000,000: 70), verified
//! (10), age of the account when it posted (30 days: 2, a year: 5, five years: 8), views of the post (1,000: 5, 10,000: 10,
//! 100,000: 20, 1,000,000: 30). An unknown number is a term without points.
//!
//! **Verdict.** [`Rules::verdict`]: a phrase that says so ("works now", "still leaking"), or a weaker one with thanks in
//! a short answer ("arrived, thanks"). Never from questions, conditions, hopes, sarcasm, "but", more than 60 words.

mod analysis;
mod ask;
pub mod behaviour;
mod dictionary;
pub mod evaluate;
pub mod features;
pub mod filter;
mod found;
pub mod head;
mod influence;
mod intent;
mod language;
pub mod learn;
mod lexicon;
mod lists;
mod needs;
mod own;
pub mod panel;
pub mod personal;
mod reading;
mod risk;
mod rules;
mod said;
mod sentiment;
#[cfg(test)]
mod tests;
mod urgency;
mod verdict;

pub use analysis::{Analysis, Found, Judgement, Reason, Sum, Term};
pub use ask::{Named, Own, QUESTIONS, Said, Shipped, own_recipe};
pub use lexicon::{Lexicon, Product, Topic};
pub use own::OwnAnswer;
pub use rules::Rules;

/// The name of the shipped panel and these rules; it changes with every change of what they say.
pub const VERSION: &str = "panel-4+rules-5";
