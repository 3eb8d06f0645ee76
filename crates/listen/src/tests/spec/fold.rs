use unicode_normalization::UnicodeNormalization as _;

/// The folded form of a word: NFKC, full case folding, accents off, composed again. What is equal but for case, accents
/// and compatibility forms folds to the same; folding twice changes nothing.
///
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let composed: String = text.nfkc().collect();
    let plain = dandelion_post::words::fold(&composed);
    plain.nfc().map(full).collect()
}

/// What lower case alone does not make equal.
fn full(c: char) -> char {
    match c {
        'ς' => 'σ',
        '\u{2010}' | '\u{2011}' => '-',
        '’' | 'ʼ' => '\'',
        _ => c,
    }
}
