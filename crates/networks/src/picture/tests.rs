use proptest::prelude::*;

use super::*;

fn png(width: u32, height: u32, pixel: [u8; 4]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.add_text_chunk("Comment".into(), "<script>alert(1)</script>".into()).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixel.repeat(width as usize * height as usize)).unwrap();
    writer.finish().unwrap();
    file
}

fn gif(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, width, height, &[0, 0, 0, 255, 0, 0]).unwrap();
    let pixels = vec![1; usize::from(width) * usize::from(height)];
    encoder.write_frame(&gif::Frame::from_indexed_pixels(width, height, pixels, None)).unwrap();
    drop(encoder);
    file
}

fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let pixels = [0, 0, 255].repeat(width as usize * height as usize);
    image_webp::WebPEncoder::new(&mut file).encode(&pixels, width, height, image_webp::ColorType::Rgb8).unwrap();
    file
}

/// The smallest whole JPEG: one grey block, baseline, with the tables of ITU-T T.81 cut to the codes that it uses.
fn jpeg() -> Vec<u8> {
    let mut file = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    file.extend([1; 64]);
    file.extend([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    for class in [0x00, 0x10] {
        file.extend([0xff, 0xc4, 0, 20, class, 1]);
        file.extend([0; 15]);
        file.push(0);
    }
    file.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x3f, 0xff, 0xd9]);
    file
}

/// First pixel of what came out.
fn pixel(picture: &Picture) -> [u8; 4] {
    let (pixels, _) = decode::decode(&picture.png, MAX_PIXELS).unwrap();
    [pixels.rgba[0], pixels.rgba[1], pixels.rgba[2], pixels.rgba[3]]
}

#[test]
fn every_format_comes_out_as_png_with_its_colours() {
    for (file, colour) in [
        (png(3, 2, [1, 2, 3, 200]), [1, 2, 3, 200]),
        (gif(3, 2), [255, 0, 0, 255]),
        (webp(3, 2), [0, 0, 255, 255]),
        (jpeg(), [128, 128, 128, 255]),
    ] {
        let picture = make_anew(&file).unwrap();
        assert!(picture.png.starts_with(b"\x89PNG"));
        assert_eq!(pixel(&picture), colour);
    }
}

#[test]
fn the_large_is_made_small_and_keeps_its_shape() {
    let picture = make_anew(&png(1600, 400, [10, 20, 30, 255])).unwrap();
    assert_eq!((picture.width, picture.height), (480, 120));
    assert_eq!(pixel(&picture), [10, 20, 30, 255]);
    assert_eq!(make_anew(&png(2000, 1, [0; 4])).unwrap().height, 1, "a line stays one");
}

#[test]
fn a_persons_picture_is_a_small_square_of_its_middle_on_white() {
    // Three squares beside each other: red, green, blue.
    let colours = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]];
    let line: Vec<u8> = colours.iter().flat_map(|colour| colour.repeat(200)).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 600, 200);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&line.repeat(200)).unwrap();
    writer.finish().unwrap();
    let wide = make_avatar(&file).unwrap();
    assert_eq!((wide.width, wide.height, pixel(&wide)), (96, 96, [0, 255, 0, 255]));
    assert_eq!(
        pixel(&make_avatar(&png(50, 50, [0, 0, 0, 0])).unwrap()),
        [255, 255, 255, 255],
        "nothing shines through"
    );
    assert_eq!(
        pixel(&make_avatar(&png(7, 9, [200, 0, 0, 51])).unwrap()),
        [244, 204, 204, 255],
        "a fifth of red on white"
    );
    assert_eq!(make_avatar(&png(7, 9, [1, 2, 3, 255])).unwrap().height, 7, "the small stays as it is");
    for format in [gif(300, 100), webp(100, 300), jpeg()] {
        let made = make_avatar(&format).unwrap();
        assert!(made.width == made.height && made.width <= AVATAR_SIDE);
    }
    assert!(
        matches!(make_avatar(&png(2500, 2500, [1; 4])), Err(Refused::Pixels(2500, 2500))),
        "as nobody's picture is"
    );
    assert_eq!(make_avatar(&vec![0; MAX_AVATAR_BYTES + 1]), Err(Refused::TooLarge(MAX_AVATAR_BYTES)));
    assert!(Refused::TooLarge(MAX_AVATAR_BYTES).to_string().contains("2 MiB"));
}

/// An Exif block with a directory of one entry, as cameras write it in both orders of bytes.
fn exif(orientation: u8, little: bool) -> Vec<u8> {
    let two = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let four = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let mut block = if little { b"II".to_vec() } else { b"MM".to_vec() };
    block.extend(two(42));
    block.extend(four(8));
    block.extend([two(1), two(0x0112), two(3)].concat());
    block.extend(four(1));
    block.extend([two(u16::from(orientation)), two(0)].concat());
    block.extend(four(0));
    block
}

#[test]
fn a_picture_is_turned_as_its_camera_was_held() {
    // Two rows of three: what stands where, when each is upright.
    let upright = ["abcdef", "cbafed", "fedcba", "defabc", "adbecf", "daebfc", "fcebda", "cfbead"];
    let letters: Vec<u8> = (b'a'..=b'f').flat_map(|letter| [letter; 4]).collect();
    for (orientation, wanted) in (1..=8).zip(upright) {
        for little in [true, false] {
            assert_eq!(turn::said(&exif(orientation, little)), orientation);
        }
        let turned = turn::upright(Pixels { width: 3, height: 2, rgba: letters.clone() }, orientation);
        let got: String = turned.rgba.iter().step_by(4).map(|byte| char::from(*byte)).collect();
        assert_eq!(got, wanted, "{orientation}");
        assert_eq!((turned.width, turned.height), if orientation < 5 { (3, 2) } else { (2, 3) });
    }
    for nonsense in [&b""[..], b"II", b"II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*", &exif(9, true)] {
        assert_eq!(turn::said(nonsense), 1);
    }
}

#[test]
fn a_photograph_on_its_side_comes_out_upright() {
    let mut photograph = jpeg();
    let block = [b"Exif\0\0".to_vec(), exif(6, false)].concat();
    let mut segment = vec![0xff, 0xe1];
    segment.extend((block.len() as u16 + 2).to_be_bytes());
    segment.extend(block);
    photograph.splice(2..2, segment);
    let (_, said) = decode::decode(&photograph, MAX_PIXELS).unwrap();
    assert_eq!(said, 6);
    assert!(make_anew(&photograph).is_ok());
    let mut webp_file = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut webp_file);
    encoder.set_exif_metadata(exif(8, true));
    encoder.encode(&[0, 0, 255].repeat(6), 3, 2, image_webp::ColorType::Rgb8).unwrap();
    let picture = make_anew(&webp_file).unwrap();
    assert_eq!((picture.width, picture.height), (2, 3));
}

#[test]
fn nothing_but_pixels_comes_out() {
    const PAGE: &[u8] = b"<html><script>alert(1)</script>PK\x03\x04";
    for file in [png(8, 8, [9; 4]), gif(8, 8), jpeg()] {
        let picture = make_anew(&[file.as_slice(), PAGE].concat()).unwrap();
        let found = |needle: &[u8]| picture.png.windows(needle.len()).any(|window| window == needle);
        assert!(!found(b"script") && !found(b"PK\x03\x04") && !found(b"Comment"), "a file of two kinds is one picture");
    }
    let page_first = [PAGE, &png(8, 8, [9; 4])].concat();
    assert_eq!(make_anew(&page_first), Err(Refused::NoPicture));
}

#[test]
fn what_is_no_picture_is_refused_whatever_it_is_called() {
    for odd in [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".as_slice(),
        b"<!doctype html><title>x</title>",
        b"",
        b"BM\0\0",
        b"\0\0\x01\0",
        b"II*\0",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WAVE",
    ] {
        assert_eq!(make_anew(odd), Err(Refused::NoPicture), "{odd:?}");
    }
    for cut in [&png(90, 90, [7; 4])[..60], &gif(90, 90)[..40], &webp(90, 90)[..24], &jpeg()[..100]] {
        assert!(make_anew(cut).is_err());
    }
    assert_eq!(make_anew(&vec![0; MAX_BYTES + 1]), Err(Refused::TooLarge(MAX_BYTES)));
}

#[test]
fn a_frame_beyond_its_canvas_shows_nothing() {
    let mut beyond = gif(4, 4);
    let at = beyond.iter().position(|byte| *byte == b',').unwrap();
    beyond[at + 1..at + 5].copy_from_slice(&[0xff; 4]);
    assert_eq!(pixel(&make_anew(&beyond).unwrap()), [0; 4]);
}

/// A few hundred bytes that unpack to gigabytes: they are refused by what their head says, before anything is unpacked.
#[test]
fn bombs_are_refused_by_their_head() {
    let began = std::time::Instant::now();
    let mut bomb = png(1, 1, [0; 4]);
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let mut crc = !0_u32;
    for byte in &bomb[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bomb[29..33].copy_from_slice(&(!crc).to_be_bytes());
    assert_eq!(make_anew(&bomb), Err(Refused::Pixels(60_000, 60_000)));
    let mut bomb = gif(1, 1);
    bomb[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(make_anew(&bomb), Err(Refused::Pixels(65_535, 65_535)));
    let mut bomb = jpeg();
    let at = bomb.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap() + 5;
    bomb[at..at + 4].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    assert_eq!(make_anew(&bomb), Err(Refused::Pixels(60_000, 60_000)));
    assert!(began.elapsed() < std::time::Duration::from_secs(1), "{:?}", began.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Whatever is damaged where comes back, as a picture within its bounds or as a refusal.
    #[test]
    fn damage_never_breaks_a_decoder(which in 0_usize..4, hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut file = vec![png(40, 30, [5, 6, 7, 255]), gif(40, 30), webp(40, 30), jpeg()].swap_remove(which);
        for (at, byte) in hits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Ok(picture) = make_anew(&file) {
            prop_assert!(picture.width <= SIDE && picture.height <= SIDE);
        }
    }
}
