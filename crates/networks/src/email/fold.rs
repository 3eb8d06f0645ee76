//! What is new in a mail, told apart from what it quotes and from its signature. Nothing is lost: every line is in one
//! of the three.

/// A mail's words in three parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    /// What its author says now.
    pub said: String,
    /// What is quoted, with the line that introduces it.
    pub quoted: String,
    /// What stands under `-- `, or what a telephone adds.
    pub signature: String,
}

/// Lines after which everything is an older mail, as mail programs write them (in English, German, French, Spanish,
/// Italian, Dutch, Portuguese), folded.
const OLDER: [&str; 16] = [
    "-----original message-----",
    "----- original message -----",
    "-----ursprüngliche nachricht-----",
    "----- ursprüngliche nachricht -----",
    "-----message d'origine-----",
    "-------- message d'origine --------",
    "-----mensaje original-----",
    "-----messaggio originale-----",
    "-----oorspronkelijk bericht-----",
    "-----mensagem original-----",
    "-------- original message --------",
    "-------- ursprüngliche nachricht --------",
    "-------- forwarded message --------",
    "---------- forwarded message ---------",
    "---------- forwarded message ----------",
    "begin forwarded message:",
];
/// How a mail program begins the head of an older mail under a rule, folded.
const HEAD: [&str; 5] = ["from:", "von:", "de:", "da:", "van:"];
/// How a telephone signs, folded.
const TELEPHONES: [&str; 10] = [
    "sent from my ",
    "sent from mail for windows",
    "sent from outlook for ",
    "get outlook for ",
    "von meinem ",
    "gesendet von ",
    "envoyé de mon ",
    "enviado desde mi ",
    "inviato da ",
    "verstuurd vanaf ",
];
/// Most lines of a signature; what is longer was not meant as one.
const SIGNATURE: usize = 20;
/// Longest line that introduces a quote.
const INTRODUCES: usize = 300;

/// Tells the parts apart. A mail that only quotes stays whole.
pub fn fold(text: &str) -> Folded {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.lines().collect();
    let end = (0..lines.len()).find(|at| is_older(&lines, *at)).unwrap_or(lines.len());
    let mut quoted = vec![false; lines.len()];
    quoted[end..].fill(true);
    for at in 0..end {
        if lines[at].starts_with('>') {
            quoted[at] = true;
            for before in introduced(&lines, at) {
                quoted[before] = true;
            }
        }
    }
    let mut said: Vec<&str> = pick(&lines, &quoted, false);
    let signature = match signs(&said) {
        Some(at) => said.split_off(at),
        None => Vec::new(),
    };
    if said.iter().all(|line| line.trim().is_empty()) {
        return Folded { said: tidy(&lines), ..Folded::default() };
    }
    Folded { said: tidy(&said), quoted: tidy(&pick(&lines, &quoted, true)), signature: tidy(&signature) }
}

fn pick<'a>(lines: &[&'a str], quoted: &[bool], wanted: bool) -> Vec<&'a str> {
    lines.iter().zip(quoted).filter(|(_, quoted)| **quoted == wanted).map(|(line, _)| *line).collect()
}

/// Whether everything from here on is an older mail.
fn is_older(lines: &[&str], at: usize) -> bool {
    let line = lines[at].trim().to_lowercase();
    if OLDER.contains(&line.as_str()) {
        return true;
    }
    let rule = line.len() >= 8 && line.chars().all(|c| matches!(c, '_' | '-'));
    let head = |line: &&str| HEAD.iter().any(|head| line.trim().to_lowercase().starts_with(head));
    rule && lines[at + 1..].iter().find(|line| !line.trim().is_empty()).is_some_and(head)
}

/// The lines before a quote that introduce it: `On Monday, Ana <ana@x.example> wrote:`, in whatever language. It ends
/// with a colon and has a date or an address in it; it may be broken in two, and a blank line may follow.
fn introduced(lines: &[&str], quote: usize) -> std::ops::Range<usize> {
    let none = quote..quote;
    let Some(last) =
        quote.checked_sub(1).and_then(|at| if lines[at].trim().is_empty() { at.checked_sub(1) } else { Some(at) })
    else {
        return none;
    };
    let ends = lines[last].trim_end().ends_with([':', '：']) && !lines[last].starts_with('>');
    if !ends {
        return none;
    }
    let tells = |text: &str| text.len() <= INTRODUCES && text.contains(|c: char| c == '@' || c.is_numeric());
    if tells(lines[last]) {
        return last..quote;
    }
    match last.checked_sub(1).map(|at| (at, lines[at])) {
        Some((at, line)) if !line.trim().is_empty() && !line.starts_with('>') && tells(line) => at..quote,
        _ => none,
    }
}

/// Where the signature begins in what was said.
fn signs(said: &[&str]) -> Option<usize> {
    let marked = said.iter().rposition(|line| matches!(*line, "-- " | "--"));
    if let Some(at) = marked.filter(|at| *at > 0 && said.len() - at <= SIGNATURE) {
        return Some(at);
    }
    let last = said.iter().rposition(|line| !line.trim().is_empty())?;
    let line = said[last].trim().to_lowercase();
    let telephone = last > 0 && line.len() < 80 && TELEPHONES.iter().any(|begins| line.starts_with(begins));
    telephone.then_some(last)
}

fn tidy(lines: &[&str]) -> String {
    lines.join("\n").trim_matches('\n').trim_end().to_owned()
}

/// Where markup begins to quote, as mail programs mark it: what stands before it was said now. None where nothing does,
/// or where nothing would be left.
pub(super) fn quote_in_markup(markup: &str) -> Option<usize> {
    const MARKS: [&str; 10] = [
        "<blockquote",
        "class=\"gmail_quote",
        "class=\"gmail_attr",
        "class=\"yahoo_quoted",
        "class=\"moz-cite-prefix",
        "class=\"protonmail_quote",
        "id=\"appendonsend",
        "id=\"divrplyfwdmsg",
        "id=\"olk_src_body_section",
        "id=\"mail-editor-reference-message-container",
    ];
    let lower = markup.to_ascii_lowercase();
    let at = MARKS.iter().filter_map(|mark| lower.find(mark)).min()?;
    // The tag that carries the mark.
    let tag = lower[..at].rfind('<').filter(|_| !lower[at..].starts_with('<')).unwrap_or(at);
    (!crate::clean::text(&markup[..tag]).trim().is_empty()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> (String, String, String) {
        let folded = fold(text);
        (folded.said, folded.quoted, folded.signature)
    }

    fn three(said: &str, quoted: &str, signature: &str) -> (String, String, String) {
        (said.to_owned(), quoted.to_owned(), signature.to_owned())
    }

    #[test]
    fn answers_above_below_and_between_are_told_from_what_they_quote() {
        let quote = "On Mon, Mar 2, 2026 at 9:00 AM Care <care@acme.example> wrote:\n\n> Which one?\n> Yours, Care";
        assert_eq!(parts(&format!("The K2.\n\n{quote}")), three("The K2.", quote, ""));
        assert_eq!(
            parts("On Monday, 2 March 2026, Care <care@acme.example>\nwrote:\n> Which one?\n\nThe K2."),
            three("The K2.", "On Monday, 2 March 2026, Care <care@acme.example>\nwrote:\n> Which one?", "")
        );
        assert_eq!(
            parts("Am 02.03.26 um 09:00 schrieb Care:\n> Which one?\nThe K2.\n> And since when?\nSunday.\n"),
            three("The K2.\nSunday.", "Am 02.03.26 um 09:00 schrieb Care:\n> Which one?\n> And since when?", "")
        );
        assert_eq!(parts("2026年3月2日 care@acme.example：\n> どれ\n\nこれ").0, "これ");
        assert_eq!(parts("This is wrong:\n> kettles never leak\nMine does").0, "This is wrong:\nMine does");
        assert_eq!(parts("a >b\n 2 > 1"), three("a >b\n 2 > 1", "", ""));
    }

    #[test]
    fn older_mails_under_a_rule_are_folded() {
        let older = "________________________________\nFrom: Care <care@acme.example>\nSent: Monday\n\nWhich one?";
        assert_eq!(parts(&format!("The K2.\r\n\r\n{older}")), three("The K2.", older, ""));
        assert_eq!(parts("Ja\n-----Ursprüngliche Nachricht-----\nVon: x\nalt").0, "Ja");
        assert_eq!(parts("Title\n--------\nnot from anybody").0, "Title\n--------\nnot from anybody");
    }

    #[test]
    fn signatures_are_folded() {
        assert_eq!(parts("It leaks.\n-- \nAna\nACME"), three("It leaks.", "", "-- \nAna\nACME"));
        assert_eq!(parts("It leaks.\n\nSent from my iPhone\n"), three("It leaks.", "", "Sent from my iPhone"));
        assert_eq!(
            parts("It leaks.\n--\nAna\n\nOn 1.1. Care wrote:\n> x"),
            three("It leaks.", "On 1.1. Care wrote:\n> x", "--\nAna")
        );
        let long = format!("Steps:\n--\n{}", "and then\n".repeat(30));
        assert_eq!(parts(&long).2, "", "too long for a signature");
        assert_eq!(parts("Sent from my iPhone").0, "Sent from my iPhone", "a mail is never left without words");
    }

    #[test]
    fn a_mail_that_only_quotes_stays_whole() {
        assert_eq!(parts("> kettle\n> leaks"), three("> kettle\n> leaks", "", ""));
        assert_eq!(parts(""), three("", "", ""));
    }

    #[test]
    fn markup_is_cut_where_it_begins_to_quote() {
        let cut = |markup: &str| quote_in_markup(markup).map(|at| markup[..at].to_owned());
        let gmail = "<div dir=\"ltr\">The K2</div><br><div class=\"gmail_quote\"><div>On Monday</div><blockquote>x</blockquote></div>";
        assert_eq!(cut(gmail).as_deref(), Some("<div dir=\"ltr\">The K2</div><br>"));
        assert_eq!(cut("<p>Yes</p><div id=\"divRplyFwdMsg\">From: x</div>").as_deref(), Some("<p>Yes</p>"));
        assert_eq!(cut("<blockquote>only a quote</blockquote>"), None);
        assert_eq!(cut("<p>no quote</p>"), None);
    }

    proptest! {
        /// Whatever comes in, no line is lost and none is doubled.
        #[test]
        fn every_line_is_in_one_part(lines in prop::collection::vec(prop_oneof![
            "[>a-z:@0-9 ]{0,12}", Just("-- ".to_owned()), Just("On 1.1. x wrote:".to_owned()),
            Just("-----Original Message-----".to_owned()), Just("Sent from my phone".to_owned()), Just("________".to_owned()),
            Just("From: x".to_owned()), ".{0,8}"], 0..24)) {
            let text = lines.join("\n");
            let folded = fold(&text);
            let words = |text: &str| {
                let mut words: Vec<String> = text.split_whitespace().map(ToOwned::to_owned).collect();
                words.sort();
                words
            };
            prop_assert_eq!(words(&format!("{}\n{}\n{}", folded.said, folded.quoted, folded.signature)), words(&text));
        }

        #[test]
        fn any_markup_is_cut_at_a_boundary(text in ".{0,80}", mark in prop::sample::select(vec!["<blockquote>", "<div class=\"gmail_quote\">", ""])) {
            let markup = format!("{text}{mark}{text}");
            if let Some(at) = quote_in_markup(&markup) {
                prop_assert!(markup.is_char_boundary(at));
            }
        }
    }
}
