//! From a file to pixels. How large it will be is asked before anything is unpacked: more than `most` pixels never are.

use std::{io::Cursor, num::NonZeroU64};

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{MAX_PIXELS, Pixels, Refused, turn};

/// Most memory a decoder may take beside the pixels, in bytes.
const MEMORY: usize = 4 * MAX_PIXELS as usize + 16 * 1024 * 1024;

/// Reads a file by what its first bytes say it is; with how it is to be turned, see [`turn::said`].
pub(super) fn decode(file: &[u8], most: u64) -> Result<(Pixels, u8), Refused> {
    match file {
        [0xff, 0xd8, 0xff, ..] => jpeg(file, most),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => png(file, most),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => gif(file, most).map(|pixels| (pixels, 1)),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(file, most),
        _ => Err(Refused::NoPicture),
    }
}

/// A decoder's complaint says nothing to the people who read this.
fn damaged<E>(_: E) -> Refused {
    Refused::Damaged
}

fn fits(width: u64, height: u64, most: u64) -> Result<(), Refused> {
    let pixels = width.saturating_mul(height);
    if pixels == 0 || pixels > most { Err(Refused::Pixels(width, height)) } else { Ok(()) }
}

fn whole(width: u32, height: u32, rgba: Vec<u8>) -> Result<Pixels, Refused> {
    let due = 4 * u64::from(width) * u64::from(height);
    if rgba.len() as u64 == due { Ok(Pixels { width, height, rgba }) } else { Err(Refused::Damaged) }
}

fn jpeg(file: &[u8], most: u64) -> Result<(Pixels, u8), Refused> {
    let side = usize::from(u16::MAX);
    let options =
        DecoderOptions::default().set_max_width(side).set_max_height(side).jpeg_set_out_colorspace(ColorSpace::RGBA);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or(Refused::Damaged)?;
    fits(width as u64, height as u64, most)?;
    let said = decoder.exif().map_or(1, |exif| turn::said(exif));
    Ok((whole(width as u32, height as u32, decoder.decode().map_err(damaged)?)?, said))
}

fn png(file: &[u8], most: u64) -> Result<(Pixels, u8), Refused> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: MEMORY });
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = (header.width, header.height);
    fits(u64::from(width), u64::from(height), most)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let said = reader.info().exif_metadata.as_deref().map_or(1, turn::said);
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(Refused::Damaged)?];
    let frame = reader.next_frame(&mut pixels).map_err(damaged)?;
    pixels.truncate(frame.buffer_size());
    let rgba = match frame.color_type {
        png::ColorType::Rgba => pixels,
        png::ColorType::GrayscaleAlpha => {
            pixels.as_chunks().0.iter().flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha]).collect()
        }
        _ => return Err(Refused::Damaged), // opacity was asked for
    };
    Ok((whole(width, height, rgba)?, said))
}

/// The first picture of a GIF, where it lies on its canvas.
fn gif(file: &[u8], most: u64) -> Result<Pixels, Refused> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    if let Some(memory) = NonZeroU64::new(MEMORY as u64) {
        options.set_memory_limit(gif::MemoryLimit::Bytes(memory));
    }
    let mut decoder = options.read_info(Cursor::new(file)).map_err(damaged)?;
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    fits(width as u64, height as u64, most)?;
    let frame = decoder.read_next_frame().map_err(damaged)?.ok_or(Refused::Damaged)?;
    let (left, top, across) = (usize::from(frame.left), usize::from(frame.top), usize::from(frame.width));
    let mut rgba = vec![0; 4 * width * height];
    let seen = 4 * across.min(width.saturating_sub(left));
    for (number, line) in frame.buffer.chunks_exact((4 * across).max(1)).enumerate().take(height.saturating_sub(top)) {
        let at = 4 * ((top + number) * width + left);
        // A frame may claim to lie beyond its canvas.
        if let Some(place) = rgba.get_mut(at..at + seen).filter(|_| left < width) {
            place.copy_from_slice(&line[..seen]);
        }
    }
    whole(width as u32, height as u32, rgba)
}

fn webp(file: &[u8], most: u64) -> Result<(Pixels, u8), Refused> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(file)).map_err(damaged)?;
    decoder.set_memory_limit(MEMORY);
    let (width, height) = decoder.dimensions();
    fits(u64::from(width), u64::from(height), most)?;
    let said = decoder.exif_metadata().map_err(damaged)?.map_or(1, |exif| turn::said(&exif));
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or(Refused::Damaged)?];
    if decoder.is_animated() {
        decoder.read_frame(&mut pixels).map_err(damaged)?;
    } else {
        decoder.read_image(&mut pixels).map_err(damaged)?;
    }
    let rgba = if decoder.has_alpha() {
        pixels
    } else {
        pixels.as_chunks().0.iter().flat_map(|[red, green, blue]| [*red, *green, *blue, 255]).collect()
    };
    Ok((whole(width, height, rgba)?, said))
}
