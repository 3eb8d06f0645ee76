//! Which way is up: a camera writes pixels as its sensor lies and says in the file how to turn them. What is made anew has
//! no such word, so its pixels are turned.
//!
//! Source: CIPA DC-008 (Exif 3.0), tag 274; TIFF 6.0, sections 2 and 8.

use super::Pixels;

/// The tag that says it.
const ORIENTATION: u16 = 0x0112;
/// The type of its value, a number of two bytes.
const SHORT: u16 = 3;
/// Entries of a directory that are looked at.
const MOST_ENTRIES: u16 = 512;

/// What an Exif block says of where the first row and column lie, 1 to 8; 1 (as written) where it says nothing that makes
/// sense.
pub(super) fn said(exif: &[u8]) -> u8 {
    orientation(exif).filter(|it| (1..=8).contains(it)).map_or(1, |it| it as u8)
}

fn orientation(exif: &[u8]) -> Option<u16> {
    // WebP and PNG hold the block by itself, some writers with the mark of JPEG before it.
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let little = match tiff.get(..4)? {
        [b'I', b'I', 42, 0] => true,
        [b'M', b'M', 0, 42] => false,
        _ => return None,
    };
    let two = |at: usize| {
        let bytes = [*tiff.get(at)?, *tiff.get(at + 1)?];
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let (high, low) = if little { (two(6)?, two(4)?) } else { (two(4)?, two(6)?) };
    let directory = usize::from(high) << 16 | usize::from(low);
    let entries = two(directory)?.min(MOST_ENTRIES);
    let mut places = (0..usize::from(entries)).map(|number| directory + 2 + 12 * number);
    let entry = places.find(|at| two(*at) == Some(ORIENTATION) && two(at + 2) == Some(SHORT))?;
    two(entry + 8)
}

/// The picture as its camera was held.
pub(super) fn upright(from: Pixels, said: u8) -> Pixels {
    let (wide, high) = (from.width as usize, from.height as usize);
    // Where a pixel of the upright picture lies in the file.
    let place = |x: usize, y: usize| match said {
        2 => (wide - 1 - x, y),
        3 => (wide - 1 - x, high - 1 - y),
        4 => (x, high - 1 - y),
        5 => (y, x),
        6 => (y, high - 1 - x),
        7 => (wide - 1 - y, high - 1 - x),
        8 => (wide - 1 - y, x),
        _ => (x, y),
    };
    let (width, height) = match said {
        0..=1 | 9.. => return from,
        2..=4 => (from.width, from.height),
        5..=8 => (from.height, from.width),
    };
    let mut rgba = Vec::with_capacity(from.rgba.len());
    for y in 0..height as usize {
        for x in 0..width as usize {
            let (column, row) = place(x, y);
            let at = 4 * (row * wide + column);
            rgba.extend_from_slice(&from.rgba[at..at + 4]);
        }
    }
    Pixels { width, height, rgba }
}
