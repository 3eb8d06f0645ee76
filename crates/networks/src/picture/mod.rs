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
/// Largest file looked at of a person's picture, in bytes.
pub const MAX_AVATAR_BYTES: usize = 2 * 1024 * 1024;
/// Most pixels of one: networks make them small, but keep some as they were uploaded.
pub const MAX_AVATAR_PIXELS: u64 = 5_000_000;
/// Side of what comes out of one, in pixels: three for each of those it is shown in.
pub const AVATAR_SIDE: u32 = 96;

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
    /// More bytes than are looked at.
    #[error("it is larger than {} MiB", .0 / 1024 / 1024)]
    TooLarge(usize),
    /// None of the four formats.
    #[error("it is no JPEG, PNG, WebP or GIF")]
    NoPicture,
    /// More pixels than are looked at, or none at all.
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
    fetched(client, url, now, make_anew)
}

/// Fetches a person's picture and makes a small square of it.
pub fn fetch_avatar<'a>(client: &'a Client, url: &'a str, now: Timestamp) -> Later<'a, Result<Picture, Refused>> {
    fetched(client, url, now, make_avatar)
}

fn fetched<'a>(
    client: &'a Client,
    url: &'a str,
    now: Timestamp,
    make: fn(&[u8]) -> Result<Picture, Refused>,
) -> Later<'a, Result<Picture, Refused>> {
    Box::pin(async move {
        let headers = [("accept", "image/jpeg, image/png, image/webp, image/gif")];
        let answer = client.get(url, &headers).await.and_then(|answer| answer.success(now));
        let body = answer.map_err(|error| Refused::Unreachable(error.to_string()))?.body;
        // Decoding takes longer than others should wait.
        tokio::task::spawn_blocking(move || make(&body)).await.unwrap_or(Err(Refused::Damaged))
    })
}

/// Makes a picture anew from a file.
pub fn make_anew(file: &[u8]) -> Result<Picture, Refused> {
    let (pixels, said) = decoded(file, MAX_BYTES, MAX_PIXELS)?;
    written(&turn::upright(shrink::to_fit(pixels, SIDE), said))
}

/// Makes a small square of a person's picture: its middle, on white where it is transparent, so that nothing shines
/// through it.
pub fn make_avatar(file: &[u8]) -> Result<Picture, Refused> {
    let (pixels, said) = decoded(file, MAX_AVATAR_BYTES, MAX_AVATAR_PIXELS)?;
    written(&turn::upright(shrink::on_white(shrink::to_fit(shrink::middle(pixels), AVATAR_SIDE)), said))
}

fn decoded(file: &[u8], most_bytes: usize, most_pixels: u64) -> Result<(Pixels, u8), Refused> {
    if file.len() > most_bytes {
        return Err(Refused::TooLarge(most_bytes));
    }
    // Decoders are known to panic on damaged files, which must not reach further than the picture.
    catch_unwind(AssertUnwindSafe(|| decode::decode(file, most_pixels))).unwrap_or(Err(Refused::Damaged))
}

fn written(pixels: &Pixels) -> Result<Picture, Refused> {
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
