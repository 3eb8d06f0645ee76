//! One pass over a post: its words looked up, and every sign of anything marked.

use dandelion_post::Post;
use dandelion_post::words::{Kind, Unfold, Words};

use crate::Reason;
use crate::dictionary::{Dictionary, Meaning, UNKNOWN, WordId};
use crate::lists::{ANY, Signal};

/// Most marks kept of one post; the longest post of one word repeated needs no more.
const MAX_MARKS: usize = 4096;
/// Most reasons named in one judgement.
pub(crate) const MAX_REASONS: usize = 8;

/// A word or phrase of the post that means something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub meaning: Meaning,
    /// Bytes, counted through title and text.
    pub from: u32,
    pub to: u32,
    /// Words, counted through title and text.
    pub first: u32,
    pub last: u32,
    pub clause: u32,
}

/// One word of the post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    pub id: WordId,
    pub from: u32,
    pub to: u32,
    pub clause: u32,
    /// A handle or tag or part of an address, which are no words of a sentence.
    pub named: bool,
}

/// What one pass over a post gathers.
pub(crate) struct Reading<'p> {
    title: &'p str,
    text: &'p str,
    pub words: Vec<Word>,
    pub marks: Vec<Mark>,
    /// Phrases of praise or blame that hold their own negation ("not bad"), by their bytes.
    pub negating: Vec<(u32, u32)>,
    pub questions: u32,
    pub first_question: Option<u32>,
    pub addresses: u32,
    pub tags: u32,
    clause: u32,
}

impl<'p> Reading<'p> {
    /// Reads a post.
    pub(crate) fn of(post: &'p Post, dictionary: &Dictionary) -> Self {
        let title = post.title.as_deref().unwrap_or_default();
        let mut reading = Self {
            title,
            text: &post.text,
            words: Vec::with_capacity(post.text.len() / 5 + 1),
            marks: Vec::with_capacity(32),
            negating: Vec::new(),
            questions: 0,
            first_question: None,
            addresses: 0,
            tags: 0,
            clause: 0,
        };
        if !title.is_empty() {
            reading.cut(title, 0, dictionary);
            reading.clause += 1;
        }
        reading.cut(&post.text, reading.offset(), dictionary);
        reading.find_phrases(dictionary);
        reading
    }

    /// Keeps what belongs to `languages` (a bit for each) or to any, and drops what a longer entry hides.
    pub(crate) fn settle(&mut self, languages: u32) {
        self.marks.retain(|mark| match mark.meaning {
            Meaning::Listed { language: own, .. } => own == ANY || languages >> own & 1 == 1,
            _ => true,
        });
        self.marks.sort_unstable_by_key(|mark| (mark.from, std::cmp::Reverse(mark.to)));
        let (mut tone_until, mut ignored_until) = ((0, 0), 0);
        let negating = &mut self.negating;
        self.marks.retain(|mark| {
            let Meaning::Listed { signal, .. } = mark.meaning else { return true };
            if mark.to <= ignored_until && signal != Signal::Ignore {
                return false;
            }
            if signal == Signal::Ignore {
                ignored_until = ignored_until.max(mark.to);
                return false;
            }
            let own = (mark.from, mark.to);
            if is_tone(signal) && mark.to <= tone_until.1 && own != tone_until {
                if signal == Signal::Negation {
                    negating.push(tone_until);
                }
                return false;
            }
            if matches!(signal, Signal::Negative | Signal::Positive) && mark.to > tone_until.1 {
                tone_until = own;
            }
            true
        });
    }

    /// The marks of one signal, in order.
    pub(crate) fn signs(&self, wanted: Signal) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |mark| mark.signal() == Some(wanted))
    }

    /// The words of a mark as they stand in the post, at most 80 characters.
    pub(crate) fn words_of(&self, from: u32, to: u32) -> String {
        self.source(from, to).chars().take(80).collect()
    }

    /// The bytes of the text; `None` in the title.
    pub(crate) fn span_of(&self, from: u32, to: u32) -> Option<[usize; 2]> {
        let offset = self.offset();
        (from >= offset).then(|| [(from - offset) as usize, (to - offset) as usize])
    }

    /// A reason that quotes bytes of the post.
    pub(crate) fn quote(&self, rule: &str, from: u32, to: u32) -> Reason {
        Reason { rule: rule.to_owned(), words: self.words_of(from, to), span: self.span_of(from, to) }
    }

    /// Reasons of all marks of a signal.
    pub(crate) fn quotes(&self, rule: &str, signal: Signal) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = Vec::new();
        let mut end = 0;
        for mark in self.signs(signal) {
            if mark.to > end && reasons.len() < MAX_REASONS {
                end = mark.to;
                reasons.push(self.quote(rule, mark.from, mark.to));
            }
        }
        reasons
    }

    /// The bytes from one place to another, which lie both in the title or both in the text.
    pub(crate) fn source(&self, from: u32, to: u32) -> &'p str {
        let (source, start) = if from < self.offset() { (self.title, 0) } else { (self.text, self.offset()) };
        source.get((from - start) as usize..(to - start) as usize).unwrap_or_default()
    }

    /// The length of the one character at `at`.
    pub(crate) fn mark_length(&self, at: u32) -> u32 {
        let end = self.offset() + self.text.len() as u32;
        let rest = if at < self.offset() { self.source(at, self.title.len() as u32) } else { self.source(at, end) };
        rest.chars().next().map_or(0, char::len_utf8) as u32
    }

    /// Where the text begins in the count through both.
    fn offset(&self) -> u32 {
        if self.title.is_empty() { 0 } else { self.title.len() as u32 + 1 }
    }

    fn cut(&mut self, text: &str, offset: u32, dictionary: &Dictionary) {
        let words = Words::with_signs(text);
        let mut in_address = false;
        for (token, folded) in words.iter() {
            let span = token.span();
            let (from, to) = (offset + span.start as u32, offset + span.end as u32);
            self.addresses += u32::from(token.address && !in_address);
            in_address = token.address;
            match token.kind {
                _ if token.address => {}
                Kind::Sign => self.sign(folded, from, to, dictionary),
                kind => self.word(kind, folded, &text[span], (from, to), dictionary),
            }
        }
    }

    fn sign(&mut self, sign: &str, from: u32, to: u32, dictionary: &Dictionary) {
        match sign {
            "," | ";" | ":" | "،" | "，" | "、" | "；" | "：" | "؛" | "." | "!" | "\n" | "…" | "。" | "！" => {
                self.clause += 1;
            }
            "?" | "？" | "؟" | "⁉" => {
                self.questions += 1;
                self.first_question.get_or_insert(from);
                self.clause += 1;
            }
            _ => {
                let at = self.words.len() as u32;
                self.note_alone(dictionary.word(sign), at, (from, to), dictionary);
            }
        }
    }

    fn word(&mut self, kind: Kind, folded: &str, raw: &str, (from, to): (u32, u32), dictionary: &Dictionary) {
        self.tags += u32::from(kind == Kind::Tag);
        let at = self.words.len() as u32;
        let id = dictionary.word(folded);
        let named = matches!(kind, Kind::Tag | Kind::Handle);
        self.words.push(Word { id, from, to, clause: self.clause, named });
        if kind == Kind::Handle {
            self.note_named(id, at, (from, to), dictionary);
            return;
        }
        self.note_alone(id, at, (from, to), dictionary);
        let mut found = Vec::new();
        dictionary.beginnings(folded, |meaning| found.push((meaning, from, to)));
        if !folded.is_ascii() {
            let sign = raw.chars().next().filter(|_| kind == Kind::Tag).map_or(0, char::len_utf8);
            let start = from + sign as u32;
            let mut walk = Unfold::new(&raw[sign..]);
            dictionary.parts(folded, |meaning, part| {
                let at = walk.place(part.start) as u32;
                found.push((meaning, start + at, start + walk.clone().place(part.end) as u32));
            });
        }
        for (meaning, from, to) in found {
            self.mark(meaning, (from, to), (at, at));
        }
    }

    /// A handle is no word of a sentence; it may still name a product.
    fn note_named(&mut self, id: WordId, at: u32, span: (u32, u32), dictionary: &Dictionary) {
        for meaning in dictionary.known(id).into_iter().flat_map(|known| &known.alone) {
            if !matches!(meaning, Meaning::Listed { .. }) {
                self.mark(*meaning, span, (at, at));
            }
        }
    }

    fn note_alone(&mut self, id: WordId, at: u32, span: (u32, u32), dictionary: &Dictionary) {
        for meaning in dictionary.known(id).into_iter().flat_map(|known| &known.alone) {
            if !matches!(meaning, Meaning::Listed { signal: Signal::Function, .. }) {
                self.mark(*meaning, span, (at, at));
            }
        }
    }

    fn mark(&mut self, meaning: Meaning, (from, to): (u32, u32), (first, last): (u32, u32)) {
        if self.marks.len() < MAX_MARKS {
            self.marks.push(Mark { meaning, from, to, first, last, clause: self.clause });
        }
    }

    /// Phrases of the lists stay within a clause; names of the lexicon may hold marks ("St. Moritz, 2").
    fn find_phrases(&mut self, dictionary: &Dictionary) {
        let mut found = Vec::new();
        for (at, word) in self.words.iter().enumerate().filter(|(_, word)| word.id != UNKNOWN && !word.named) {
            for (rest, meanings) in dictionary.known(word.id).into_iter().flat_map(|known| &known.phrases) {
                let following = &self.words[at + 1..];
                if following.len() < rest.len() || !rest.iter().zip(following).all(|(id, it)| *id == it.id) {
                    continue;
                }
                let last = following[rest.len() - 1];
                if (word.from < self.offset()) != (last.from < self.offset()) {
                    continue;
                }
                for meaning in meanings {
                    if last.clause == word.clause || !matches!(meaning, Meaning::Listed { .. }) {
                        found.push((*meaning, word, last, at as u32..(at + rest.len()) as u32));
                    }
                }
            }
            if found.len() >= MAX_MARKS {
                break;
            }
        }
        let room = MAX_MARKS.saturating_sub(self.marks.len());
        let marks = found.into_iter().take(room).map(|(meaning, first, last, place)| Mark {
            meaning,
            from: first.from,
            to: last.to,
            first: place.start,
            last: place.end,
            clause: first.clause,
        });
        let marks: Vec<Mark> = marks.collect();
        self.marks.extend(marks);
    }
}

impl Mark {
    /// What it is a sign of, unless it belongs to the lexicon.
    pub(crate) fn signal(&self) -> Option<Signal> {
        match self.meaning {
            Meaning::Listed { signal, .. } => Some(signal),
            _ => None,
        }
    }

    /// Its weight in its list.
    pub(crate) fn weight(&self) -> f64 {
        match self.meaning {
            Meaning::Listed { weight, .. } => f64::from(weight),
            _ => 1.0,
        }
    }
}

fn is_tone(signal: Signal) -> bool {
    matches!(signal, Signal::Negative | Signal::Positive | Signal::Negation | Signal::Stronger | Signal::Weaker)
}
