//! From bytes to text: byte order mark, then the HTTP header, then the XML declaration, then UTF-8 (RFC 7303 §3).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Decodes a document. Never fails: bytes that mean nothing become U+FFFD.
pub(super) fn decode<'b>(bytes: &'b [u8], content_type: Option<&str>) -> Cow<'b, str> {
    if let Some(wide) = utf_32(bytes) {
        return wide.into();
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    if let Some(encoding) =
        content_type.and_then(charset_of).or_else(|| by_first_bytes(bytes)).or_else(|| declared(bytes))
    {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    // Nobody says anything: UTF-8 if it is, otherwise what most of the old web meant.
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

fn charset_of(content_type: &str) -> Option<&'static Encoding> {
    let named = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    })?;
    Encoding::for_label(named.as_bytes())
}

/// UTF-16 without a mark shows itself by the zeros around `<`.
fn by_first_bytes(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0, b'<', 0, _, ..] => Some(UTF_16BE),
        [b'<', 0, _, 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}

/// What `<?xml encoding="…"?>` says. A declaration that can be read byte by byte cannot be UTF-16, whatever it says.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(256)];
    let head = std::str::from_utf8(head).map_or_else(|e| &head[..e.valid_up_to()], str::as_bytes);
    let head = std::str::from_utf8(head).ok()?;
    let declaration = head.trim_start().strip_prefix("<?xml")?;
    let declaration = declaration.split("?>").next()?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let named = rest[1..].split(quote).next()?;
    let encoding = Encoding::for_label(named.as_bytes())?;
    Some(if encoding == UTF_16BE || encoding == UTF_16LE { UTF_8 } else { encoding })
}

/// UTF-32 is on nobody's list of encodings, yet seen; four bytes a character, told by its mark or its first `<`.
fn utf_32(bytes: &[u8]) -> Option<String> {
    let (little, skip) = match bytes {
        [0xff, 0xfe, 0, 0, ..] => (true, 4),
        [0, 0, 0xfe, 0xff, ..] => (false, 4),
        [b'<', 0, 0, 0, ..] => (true, 0),
        [0, 0, 0, b'<', ..] => (false, 0),
        _ => return None,
    };
    let read = |four: &[u8]| {
        let four: [u8; 4] = four.try_into().unwrap_or_default();
        let code = if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    Some(bytes[skip..].chunks_exact(4).map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn who_speaks_first_is_believed() {
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>";
        assert!(decode(latin, None).ends_with("<a>é</a>"));
        assert!(
            decode("<?xml encoding='iso-8859-1'?><a>é</a>".as_bytes(), Some("text/xml; charset=\"UTF-8\""))
                .ends_with("é</a>")
        );
        assert_eq!(decode(b"\xef\xbb\xbf<a/>", Some("text/xml; charset=iso-8859-1")), "<a/>");
        assert_eq!(decode(b"<a>\xe9</a>", None), "<a>é</a>");
        assert_eq!(decode(b"<\0a\0/\0>\0", None), "<a/>");
        assert_eq!(decode(b"\0\0\0<\0\0\0a", None), "<a");
        assert!(decode(b"<?xml encoding='utf-16'?><a/>", None).ends_with("<a/>"));
        assert!(decode(b"<?xml encoding='nonsense'?><a>\xc3\xa9</a>", None).ends_with("é</a>"));
    }
}
