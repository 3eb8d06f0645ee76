//! Examples as people write them in haste: two letters swapped, one left out or one doubled.

use super::Example;

/// Every which example gets a copy.
const EVERY: usize = 3;

/// Misspelled copies of some examples, and which example each is a copy of: a copy is held out with what it was made from.
pub(super) fn copies(examples: &[Example], weight: f32) -> Vec<(usize, Example)> {
    if weight <= 0.0 {
        return Vec::new();
    }
    let copy = |(at, it): (usize, &Example)| {
        let text = misspelled(&it.text);
        (at, Example { text, weight: it.weight * weight, counts: false, ..it.clone() })
    };
    examples.iter().enumerate().step_by(EVERY).map(copy).collect()
}

/// One slip in about every other word of four letters or more; which and where is drawn from the text itself.
fn misspelled(text: &str) -> String {
    let seed = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut dice = super::Dice::new(seed);
    let mut word = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() < 4 || !letters.iter().all(|c| c.is_alphabetic()) || dice.below(2) == 0 {
            return word.to_owned();
        }
        let at = 1 + dice.below(letters.len() - 2);
        match dice.below(3) {
            0 => letters.swap(at, at + 1),
            1 => drop(letters.remove(at)),
            _ => letters.insert(at, letters[at]),
        }
        letters.into_iter().collect()
    };
    text.split(' ').map(&mut word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_few_small_and_always_the_same() {
        let text = "Wonderful service, thank everyone involved yesterday evening, including Ümit";
        let wrong = misspelled(text);
        assert_ne!(wrong, text);
        assert_eq!(wrong, misspelled(text));
        assert_eq!(wrong.split(' ').count(), text.split(' ').count());
        for (right, wrong) in text.split(' ').zip(wrong.split(' ')) {
            assert!(right.chars().count().abs_diff(wrong.chars().count()) <= 1, "{right} {wrong}");
            assert_eq!(right.chars().next(), wrong.chars().next());
        }
        assert_eq!(misspelled("too odd a fix"), "too odd a fix");
    }

    #[test]
    fn a_copy_knows_what_it_is_a_copy_of() {
        let example = |text: &str| Example { text: text.to_owned(), label: 1, weight: 0.5, counts: true };
        let examples: Vec<Example> = ["first words", "second", "third", "fourth words"].map(example).to_vec();
        let found = copies(&examples, 0.4);
        assert_eq!(found.iter().map(|it| it.0).collect::<Vec<_>>(), [0, 3]);
        assert!(found.iter().all(|(_, it)| !it.counts && it.label == 1 && (it.weight - 0.2).abs() < 1e-6));
        assert!(copies(&examples, 0.0).is_empty());
    }
}
