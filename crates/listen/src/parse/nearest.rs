/// Longer words are compared with none: the time grows with the cube of the length.
const LONGEST: usize = 64;

/// The known word that is typed most alike, if any is alike at all.
pub(crate) fn nearest<'k>(typed: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let letters = typed.chars().take(LONGEST + 1).count();
    if letters > LONGEST {
        return None;
    }
    let most = if letters < 5 { 1 } else { 2 };
    let alike = |word: &&str| word.chars().count().abs_diff(letters) <= most;
    let near = known.filter(alike).map(|word| (distance(typed, word), word)).filter(|(distance, _)| *distance <= most);
    near.min_by_key(|it| it.0).map(|it| it.1)
}

/// Damerau–Levenshtein distance in characters, unrestricted: insertions, deletions, substitutions and transpositions of
/// neighbours, also where something was inserted between (`ca` to `abc` is 2). Lowrance and Wagner, "An Extension of the
/// String-to-String Correction Problem", JACM 22 (1975).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let far = a.len() + b.len();
    let width = b.len() + 2;
    let mut table = vec![0; (a.len() + 2) * width];
    table[0] = far;
    for i in 0..=a.len() {
        table[(i + 1) * width] = far;
        table[(i + 1) * width + 1] = i;
    }
    for j in 0..=b.len() {
        table[j + 1] = far;
        table[width + j + 1] = j;
    }
    for i in 1..=a.len() {
        let mut matched = 0;
        for j in 1..=b.len() {
            // The last row before this one where b's letter stood in a.
            let row = a[..i - 1].iter().rposition(|c| *c == b[j - 1]).map_or(0, |at| at + 1);
            let column = matched;
            let same = a[i - 1] == b[j - 1];
            if same {
                matched = j;
            }
            let substituted = table[i * width + j] + usize::from(!same);
            let inserted = table[(i + 1) * width + j] + 1;
            let deleted = table[i * width + j + 1] + 1;
            let swapped = table[row * width + column] + (i - row - 1) + 1 + (j - column - 1);
            table[(i + 1) * width + j + 1] = substituted.min(inserted).min(deleted).min(swapped);
        }
    }
    table[(a.len() + 1) * width + b.len() + 1]
}
