//! Making a picture small: each new pixel is the mean of those it covers, weighed by how opaque they are.

use super::Pixels;

/// The picture as it is where it fits, otherwise with `side` as its longest side.
pub(super) fn to_fit(from: Pixels, side: u32) -> Pixels {
    let longest = from.width.max(from.height);
    if longest <= side {
        return from;
    }
    let scaled = |length: u32| ((u64::from(length) * u64::from(side)) / u64::from(longest)).max(1) as u32;
    let (width, height) = (scaled(from.width), scaled(from.height));
    let mut rgba = Vec::with_capacity(4 * width as usize * height as usize);
    for y in 0..height {
        let rows = covered(y, height, from.height);
        for x in 0..width {
            rgba.extend(mean(&from, covered(x, width, from.width), rows.clone()));
        }
    }
    Pixels { width, height, rgba }
}

/// The largest square in the middle.
pub(super) fn middle(from: Pixels) -> Pixels {
    let side = from.width.min(from.height);
    if from.width == from.height {
        return from;
    }
    let (left, top) = ((from.width - side) as usize / 2, (from.height - side) as usize / 2);
    let (across, side_of) = (from.width as usize, side as usize);
    let line = |row: usize| {
        let at = 4 * ((top + row) * across + left);
        &from.rgba[at..at + 4 * side_of]
    };
    let rgba = (0..side_of).flat_map(|row| line(row).iter().copied()).collect();
    Pixels { width: side, height: side, rgba }
}

/// The picture as it looks on white paper.
pub(super) fn on_white(mut picture: Pixels) -> Pixels {
    for pixel in picture.rgba.as_chunks_mut::<4>().0 {
        let alpha = u16::from(pixel[3]);
        for value in &mut pixel[..3] {
            *value = ((u16::from(*value) * alpha + 255 * (255 - alpha)) / 255) as u8;
        }
        pixel[3] = 255;
    }
    picture
}

/// Which of `of` lines the line `at` of `count` covers; never none.
fn covered(at: u32, count: u32, of: u32) -> std::ops::Range<usize> {
    let edge = |at: u32| (u64::from(at) * u64::from(of) / u64::from(count)) as usize;
    edge(at)..edge(at + 1).max(edge(at) + 1)
}

fn mean(from: &Pixels, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> [u8; 4] {
    let (mut sums, mut opacity, mut count) = ([0_u64; 3], 0_u64, 0_u64);
    for row in rows {
        let line = 4 * row * from.width as usize;
        for pixel in from.rgba[line + 4 * columns.start..line + 4 * columns.end].chunks_exact(4) {
            let alpha = u64::from(pixel[3]);
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += u64::from(*value) * alpha;
            }
            opacity += alpha;
            count += 1;
        }
    }
    let colour = |sum: u64| sum.checked_div(opacity).unwrap_or(0) as u8;
    [colour(sums[0]), colour(sums[1]), colour(sums[2]), opacity.checked_div(count).unwrap_or(0) as u8]
}
