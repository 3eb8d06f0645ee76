/// Whether a folded word fits a pattern: `*` is any run, also none, `?` one character. Time is bounded by the product of
/// the lengths.
pub(crate) fn matches(pattern: &str, word: &str) -> bool {
    let (pattern, word): (Vec<char>, Vec<char>) = (pattern.chars().collect(), word.chars().collect());
    let (mut at, mut in_word) = (0, 0);
    let mut star = None;
    while in_word < word.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_word));
                at += 1;
            }
            Some(c) if *c == '?' || *c == word[in_word] => {
                at += 1;
                in_word += 1;
            }
            _ => {
                // Let the last star take one character more.
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                in_word = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}
