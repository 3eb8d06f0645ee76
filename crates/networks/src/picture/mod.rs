//! Pictures of strangers, made anew: fetched through [`crate::egress`], told by their own first bytes and by nothing that is
//! said of them, decoded within limits, made small, turned upright and written as PNG. What comes out holds pixels and nothing else: no
//! script, no place where it was taken, nothing behind its end.
//!
//! The four formats have a decoder each; one crate for all of them would add 50 s of building to every release for what
//! 10 s do.

mod decode;
mod shrink;
#[cfg(test)]
mod tests;
mod turn;

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;

use crate::{Later, egress::Client};

/// Largest file looked at, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Most pixels of a picture: a telephone's photograph has 12 to 50 million.
pub const MAX_PIXELS: u64 = 50_000_000;
/// Longest side of what comes out, in pixels.
pub const SIDE: u32 = 480;

/// A picture that may be shown: PNG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file.
    pub png: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// Why a picture is not shown, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It could not be fetched.
    #[error("{0}")]
    Unreachable(String),
    /// More than [`MAX_BYTES`].
    #[error("it is larger than {} MiB", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// None of the four formats.
    #[error("it is no JPEG, PNG, WebP or GIF")]
    NoPicture,
    /// More than [`MAX_PIXELS`], or no pixels at all.
    #[error("it is {0} × {1} pixels, which is more than is shown")]
    Pixels(u64, u64),
    /// It ends early, or was made to hurt.
    #[error("it is damaged")]
    Damaged,
}

/// Pixels, four bytes each: red, green, blue, opacity.
struct Pixels {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

/// Fetches a picture and makes it anew.
pub fn fetch<'a>(client: &'a Client, url: &'a str, now: Timestamp) -> Later<'a, Result<Picture, Refused>> {
    Box::pin(async move {
        let headers = [("accept", "image/jpeg, image/png, image/webp, image/gif")];
        let answer = client.get(url, &headers).await.and_then(|answer| answer.success(now));
        let body = answer.map_err(|error| Refused::Unreachable(error.to_string()))?.body;
        // Decoding takes longer than others should wait.
        tokio::task::spawn_blocking(move || make_anew(&body)).await.unwrap_or(Err(Refused::Damaged))
    })
}

/// Makes a picture anew from a file.
pub fn make_anew(file: &[u8]) -> Result<Picture, Refused> {
    if file.len() > MAX_BYTES {
        return Err(Refused::TooLarge);
    }
    // Decoders are known to panic on damaged files, which must not reach further than the picture.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode::decode(file))).unwrap_or(Err(Refused::Damaged));
    let (pixels, said) = decoded?;
    let pixels = turn::upright(shrink::to_fit(pixels, SIDE), said);
    let (width, height) = (pixels.width, pixels.height);
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels.rgba)?;
        writer.finish()
    });
    written.map_err(|_| Refused::Damaged)?;
    Ok(Picture { png, width, height })
}
