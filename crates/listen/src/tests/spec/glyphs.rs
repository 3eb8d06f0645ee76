//! A text as a row of characters that the rules can be read off: entities resolved, compatibility forms plain,
//! invisible characters gone, each with the bytes it came from.

use std::ops::Range;

use unicode_normalization::char::decompose_compatible;

use super::class::{Class, JOINER, class, is_emoji, is_flag_tag, is_invisible};
use super::entity::entity;

/// One character of the row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyph {
    /// The plain character; one written character may give several.
    pub c: char,
    /// What it does.
    pub class: Class,
    /// The number of the written character it comes from, in [`Row::written`].
    pub written: usize,
}

/// One character as it was written (entities resolved, invisible ones left out).
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub c: char,
    /// Its bytes in the text, with the invisible characters that follow it.
    pub span: Range<usize>,
}

/// The row.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub glyphs: Vec<Glyph>,
    pub written: Vec<Written>,
}

impl Row {
    pub(crate) fn of(text: &str) -> Self {
        let mut row = Self::default();
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            let (c, length) = entity(&text[at..]).unwrap_or((first, first.len_utf8()));
            row.push(c, at..at + length);
            at += length;
        }
        row
    }

    fn push(&mut self, c: char, span: Range<usize>) {
        // Within an emoji the joiner and the letters of a flag count; what they join is only known afterwards.
        let after_emoji = self
            .glyphs
            .last()
            .is_some_and(|last| last.class == Class::Emoji || last.c == JOINER || is_flag_tag(last.c));
        if is_invisible(c) && !(after_emoji && (c == JOINER || is_flag_tag(c))) {
            if let Some(last) = self.written.last_mut() {
                last.span.end = span.end;
            }
            return;
        }
        let written = self.written.len();
        self.written.push(Written { c, span });
        let mut add = |c: char| self.glyphs.push(Glyph { c, class: class(c), written });
        // Only letters, digits and full-width signs are made plain: `™` must not become the letters TM.
        if (c.is_alphanumeric() && !is_emoji(c)) || matches!(c, '\u{ff01}'..='\u{ff5e}') {
            decompose_compatible(c, &mut add);
        } else {
            add(c);
        }
    }

    /// Bytes of the text from the first to the last of these glyphs; not for an empty range.
    pub(crate) fn span(&self, glyphs: Range<usize>) -> Range<usize> {
        let (first, last) = (self.glyphs[glyphs.start].written, self.glyphs[glyphs.end - 1].written);
        self.written[first].span.start..self.written[last].span.end
    }

    /// The characters as written. Of one that goes on beyond these glyphs (`ໜ` is two letters, `½` two words) only what
    /// lies within, plain.
    pub(crate) fn as_written(&self, glyphs: Range<usize>) -> impl Iterator<Item = char> + Clone + '_ {
        let number = |at: usize| self.glyphs.get(at).map(|glyph| glyph.written);
        let (first, last) = (glyphs.start.checked_sub(1).and_then(number), number(glyphs.end));
        let mut before = None;
        self.glyphs[glyphs].iter().filter_map(move |glyph| {
            let written = Some(glyph.written);
            if written == first || written == last {
                return Some(glyph.c);
            }
            (std::mem::replace(&mut before, written) != written).then(|| self.written[glyph.written].c)
        })
    }

    /// The plain characters.
    pub(crate) fn plain(&self, glyphs: Range<usize>) -> String {
        self.glyphs[glyphs].iter().map(|glyph| glyph.c).collect()
    }

    pub(crate) fn c(&self, at: usize) -> Option<char> {
        self.glyphs.get(at).map(|glyph| glyph.c)
    }

    pub(crate) fn class(&self, at: usize) -> Option<Class> {
        self.glyphs.get(at).map(|glyph| glyph.class)
    }

    /// The class of the nearest glyph before `at` that is no mark.
    pub(crate) fn class_before(&self, at: usize) -> Option<Class> {
        self.glyphs[..at].iter().rev().map(|glyph| glyph.class).find(|class| *class != Class::Mark)
    }
}
