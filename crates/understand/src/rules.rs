use dandelion_post::Post;

use crate::dictionary::Dictionary;
use crate::features::Sort;
use crate::influence::influence;
use crate::language::language;
use crate::lists::{CODES, Language, Signal};
use crate::needs::{self, Needs};
use crate::panel::{Panel, Reader, Witness};
use crate::reading::{MAX_REASONS, Reading};
use crate::said::with_reader;
use crate::sentiment::Tone;
use crate::{Analysis, Judgement, Lexicon, Reason, VERSION, found, personal, verdict};

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

    /// What the panel and the rules say of a post. The same post always gives the same answer.
    pub fn analyse(&self, post: &Post) -> Analysis {
        with_reader(|reader| self.analyse_with(post, reader))
    }

    fn analyse_with(&self, post: &Post, reader: &mut Reader) -> Analysis {
        let panel = Panel::shipped();
        panel.read(&post.text, reader);
        let (reading, language, place) = self.read(post, panel, reader);
        let tone = Tone::of(&reading, negates_after(place));
        let witness = witness(&reading, &tone);
        let mut needs = Needs::by_rules(&reading, &tone);
        if needs::is_learned(&language.value) {
            needs.weigh(panel, &witness, &post.text, reader);
        }
        let heard = Heard::new(panel, &language.value, &tone, &witness, &post.text, reader);
        Analysis {
            version: VERSION.to_owned(),
            sentiment: heard.sentiment,
            language,
            emotion: heard.emotion,
            irony: heard.irony,
            offensive: heard.offensive,
            urgency: needs.urgency,
            intents: needs.intents,
            risks: needs.risks,
            products: found::products(&reading, &self.lexicon),
            topics: found::topics(&reading, &self.lexicon),
            influence: influence(post),
            personal: personal::find(&post.text, &self.lexicon.order_numbers),
            own: Vec::new(),
        }
    }

    /// Whether a customer's answer says that it is `fixed` or `not fixed`. `None` where it says neither, or where there
    /// is any doubt: questions, conditions, hopes, sarcasm, long stories, praise beside blame.
    pub fn verdict(&self, post: &Post) -> Option<Judgement> {
        let (reading, place) = self.read_by_words(post);
        let tone = Tone::of(&reading, negates_after(place));
        verdict::verdict(&reading, &tone)
    }

    /// What the rules say of a text, in numbers between 0 and 1, as a witness beside the heads.
    pub(crate) fn witness(&self, text: &str) -> Witness {
        let post = Post { text: text.to_owned(), ..Post::default() };
        let (reading, place) = self.read_by_words(&post);
        witness(&reading, &Tone::of(&reading, negates_after(place)))
    }

    /// Reads a post whose language words alone decide.
    fn read_by_words<'p>(&self, post: &'p Post) -> (Reading<'p>, Option<Language>) {
        let mut reading = Reading::of(post, &self.dictionary);
        let (judgement, place) = language(&reading, &self.dictionary, post.lang.as_deref());
        reading.settle(lists(&judgement.value));
        (reading, place)
    }

    fn read<'p>(
        &self,
        post: &'p Post,
        panel: &Panel,
        reader: &mut Reader,
    ) -> (Reading<'p>, Judgement, Option<Language>) {
        let mut reading = Reading::of(post, &self.dictionary);
        let (by_words, _) = language(&reading, &self.dictionary, post.lang.as_deref());
        let of_words = lists(&by_words.value);
        let judgement = spoken(by_words, panel, reader);
        let own = lists(&judgement.value);
        // A danger must not be missed for a language that is guessed.
        reading.settle(if judgement.score < SURE { own | of_words } else { own });
        let place = place(&judgement.value);
        (reading, judgement, place)
    }
}

fn place(code: &str) -> Option<Language> {
    CODES.iter().position(|it| *it == code).map(|at| at as Language)
}

/// The lists of a language, a bit for each: its own; none where it has none; all where it is not known.
fn lists(code: &str) -> u32 {
    match place(code) {
        Some(place) => 1 << place,
        None if code == "unknown" => u32::MAX,
        None => 0,
    }
}

/// How much likelier a language becomes by words that it has.
const BY_WORDS: f64 = 8.0;
/// Letters below which a likeness must be strong: a made-up word looks like some language too.
const FEW_LETTERS: u32 = 6;
const FEW_LEAST: f64 = 0.9;
/// Probability from which lists of other languages are left out.
const SURE: f64 = 0.9;

/// What letters and words together say of the language: a few letters can look like anything, so words that a language
/// has make it likelier.
fn spoken(by_words: Judgement, panel: &Panel, reader: &mut Reader) -> Judgement {
    panel.languages(reader);
    if reader.languages.is_empty() || is_own_script(&by_words) {
        return by_words;
    }
    let known = by_words.reasons.iter().any(|it| matches!(it.rule.as_str(), "function words" | "letters"));
    let written = written_in(&by_words);
    let by_letters = |place: usize| {
        let may = written.is_none_or(|codes| codes.contains(&panel.manifest.languages[place].as_str()));
        f64::from(reader.languages[place]).max(1e-12) * f64::from(u8::from(may))
    };
    let chance = |place: usize| {
        let has_words = known && panel.manifest.languages[place] == by_words.value;
        by_letters(place) * if has_words { 1.0 + BY_WORDS * by_words.score } else { 1.0 }
    };
    let all: f64 = (0..reader.languages.len()).map(chance).sum();
    let likelier = |best: usize, place: usize| if chance(place) > chance(best) { place } else { best };
    let best = (1..reader.languages.len()).fold(0, likelier);
    let (code, score) = (panel.manifest.languages[best].as_str(), round(chance(best) / all));
    if code == by_words.value {
        return Judgement { score, unsure: score < 0.5, ..by_words };
    }
    let least = if reader.letters < FEW_LETTERS { FEW_LEAST } else { f64::from(panel.manifest.language_least) };
    if score < least {
        return if known { Judgement { unsure: true, ..by_words } } else { by_words };
    }
    let words = "how its letters follow one another".to_owned();
    let reasons = vec![Reason { rule: "letters".to_owned(), words, span: None }];
    Judgement { value: code.to_owned(), score, unsure: score < 0.5, reasons }
}

/// Whether it is written as only one language is.
fn is_own_script(by_words: &Judgement) -> bool {
    matches!(by_words.value.as_str(), "zh" | "ja" | "ko" | "th" | "el" | "he")
        && by_words.reasons.iter().any(|it| it.rule == "script")
}

/// The languages that are written as a good part of the text is, where that leaves few: names and phrases of other scripts
/// often stand in them, not the other way round.
fn written_in(by_words: &Judgement) -> Option<&'static [&'static str]> {
    by_words.reasons.iter().find(|it| it.rule == "script")?;
    match by_words.value.as_str() {
        "ar" => Some(&["ar", "fa", "ur"]),
        "hi" => Some(&["hi"]),
        _ => None,
    }
}

/// What the panel hears, where it understands the language.
struct Heard {
    sentiment: Judgement,
    emotion: Option<Judgement>,
    irony: Option<Judgement>,
    offensive: Option<Judgement>,
}

impl Heard {
    fn new(panel: &Panel, language: &str, tone: &Tone, rules: &Witness, text: &str, reader: &mut Reader) -> Self {
        let sentiment = sentiment(panel, language, tone, rules, text, reader);
        if language != "en" {
            return Self { sentiment, emotion: None, irony: None, offensive: None };
        }
        let mut present = |question: &str, wanted: &str| {
            panel
                .judge_of(question)
                .and_then(|judge| panel.say(judge, rules, text, reader, |value, _, _| value == wanted))
        };
        let (irony, offensive) = (present("irony", "irony"), present("offensive", "offensive"));
        Self { sentiment, emotion: panel.emotion(rules, text, reader), irony, offensive }
    }
}

/// Share of what the rules heard that must stand under a negation for them to be believed against the panel.
const TURNED: f64 = 0.5;
/// Weight of nothing but praise, or nothing but blame, that is clearer than a panel that is unsure.
const CLEAR: f64 = 1.0;
/// Below this the panel's answer is no better than none where the rules hear nothing; of languages other than English, whose
/// sets are small and of tweets alone, more is asked.
const DOUBTED: f32 = 0.45;
const DOUBTED_OTHERS: f32 = 0.55;
/// Words up to which it then says nothing: a greeting, a name.
const FEW_WORDS: usize = 4;

/// The panel's sentiment. The rules decide where the panel knows no posts of the language; where they hear sarcasm, or both praise
/// and blame, clearly; where a negation turns nearly all they heard into the opposite of what the panel says; and where
/// the panel is unsure and they hear only praise, or only blame, or it holds nothing likelier than a coin would.
fn sentiment(
    panel: &Panel,
    language: &str,
    tone: &Tone,
    rules: &Witness,
    text: &str,
    reader: &mut Reader,
) -> Judgement {
    let by_rules = tone.judge();
    let mixed = by_rules.value == "mixed" && tone.negative.min(tone.positive) >= 1.0;
    let Some(judge) = panel.sentiment_judge(language).filter(|_| !mixed && !tone.sarcastic) else { return by_rules };
    // Heads learned words and pairs of them; what a negation turns from afar, the rules hear better.
    let turned = tone.turned > 0.0 && tone.turned >= TURNED * (tone.negative + tone.positive);
    let opposed = |value: &str| turned && by_rules.value != "neutral" && value != by_rules.value && value != "neutral";
    let words = reader.extractor.tokens.list.iter().filter(|it| it.sort == Sort::Word).count();
    let likely =
        |chance: f32| if language == "en" { chance >= DOUBTED } else { words > FEW_WORDS && chance >= DOUBTED_OTHERS };
    let clear = (tone.negative - tone.positive).abs() >= CLEAR && tone.negative.min(tone.positive) == 0.0;
    let sure = |value: &str, unsure: bool, chance: f32| {
        !opposed(value) && (!unsure || by_rules.value == "mixed" || (!clear && likely(chance)))
    };
    let Some(mut heard) = panel.say(judge, rules, text, reader, sure) else {
        return Judgement { unsure: !turned, ..by_rules };
    };
    if by_rules.value == heard.value {
        let own = std::mem::replace(&mut heard.reasons, by_rules.reasons);
        heard.reasons.extend(own);
        heard.reasons.truncate(MAX_REASONS);
    }
    heard
}

/// In German and Croatian a negation may follow what it turns ("gefällt mir nicht").
fn negates_after(place: Option<Language>) -> bool {
    place.is_some_and(|it| matches!(CODES[usize::from(it)], "de" | "hr"))
}

/// What a reading says, in numbers between 0 and 1.
pub(crate) fn witness(reading: &Reading, tone: &Tone) -> Witness {
    let squashed = |sum: f64| (sum / (sum + 1.5)) as f32;
    let signs = |signal| squashed(reading.signs(signal).count() as f64);
    [
        squashed(tone.negative),
        squashed(tone.positive),
        f32::from(u8::from(tone.sarcastic)),
        signs(Signal::Complaint),
        squashed(f64::from(reading.questions)),
        signs(Signal::Praise),
        signs(Signal::Purchase),
        signs(Signal::Cancel),
        signs(Signal::Safety),
        signs(Signal::Legal),
        signs(Signal::Breach),
        signs(Signal::Press),
        signs(Signal::Harm),
        signs(Signal::Deadline),
        signs(Signal::Again),
        signs(Signal::Stranded),
        signs(Signal::Idea),
    ]
}

/// Scores are shown, so two places do.
pub(crate) fn round(score: f64) -> f64 {
    (score.clamp(0.0, 1.0) * 100.0).round() / 100.0
}
