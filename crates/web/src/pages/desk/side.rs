//! The last column: who it is, what is thought and why, why it is here, what came of it.

use dandelion_hub::{
    case::{CasePage, CorrectionEntry, Judged, OtherCase, State},
    model::label::LabelSet,
    outcome::Kind,
};
use dandelion_understand::Reason;

use super::{
    Frame,
    judged::{ALSO, NONE, Opinion, Opinions, is_list},
    spoken,
};
use crate::view::{
    Choice, Sentence, counted,
    desk::{
        Judgement, Side,
        side::{Person, Sum},
        thread::web_address,
    },
    grouped, initials,
};

/// Languages offered for a correction, besides the organisation's.
const LANGUAGES: &[&str] =
    &["en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "tr", "ru", "uk", "ar", "he", "hi", "zh", "ja", "ko"];
/// Reasons shown of one judgement, the strongest first.
const REASONS: usize = 3;

/// In which case a judgement stands, and whether this person may correct it there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seat {
    case: i64,
    may_correct: bool,
}

impl Seat {
    pub(super) fn of(page: &CasePage) -> Self {
        Self { case: page.case.id, may_correct: page.may.work }
    }
}

pub(super) fn shown(frame: &Frame<'_>, page: &CasePage, opinions: &Opinions, sets: &[LabelSet]) -> Side {
    let seat = Seat::of(page);
    let counting = Judged::ALL.into_iter().flat_map(|judged| opinions.counting(judged));
    let mut judgements: Vec<Judgement> = counting.map(|opinion| judgement(frame, seat, &opinion)).collect();
    if let Some(post) = opinions.opening() {
        judgements.extend(own(frame, seat, opinions, sets, post));
    }
    Side {
        person: person(frame, page),
        judgements,
        judged: match opinions.posts() {
            0 | 1 => String::new(),
            n => format!("by the first of {}; risk and urgency by all", counted(n as i64, "post", "posts")),
        },
        found: personal(opinions).into_iter().collect(),
        version: opinions.version.clone(),
        routed: routed(frame, page),
        influence: influence(opinions),
        outcomes: outcomes(frame, page),
    }
}

fn person(frame: &Frame<'_>, page: &CasePage) -> Person {
    let Some(author) = &page.case.author else {
        return Person { name: "Nobody is named as the author".to_owned(), ..Person::default() };
    };
    let on = format!(" on {}", spoken::network(&author.network));
    let name = spoken::handle(author.handle.as_deref().unwrap_or(""));
    let account = match author.url.as_deref().and_then(web_address) {
        Some(href) => Sentence::new().link(if name.is_empty() { "Profile".to_owned() } else { name }, href),
        None => Sentence::plain(name),
    };
    let reach = author.followers.map_or("followers unknown".to_owned(), |n| format!("{} followers", grouped(n)));
    let vouched = if author.verified == Some(true) { ", verified by the network" } else { "" };
    let before = match page.others.len() {
        0 => Sentence::plain("No other case that you can see"),
        n => Sentence::plain(format!("{} besides this one", counted(n as i64, "case", "cases"))),
    };
    Person {
        initials: initials(&spoken::author(Some(author))),
        avatar: frame.app.pictures.as_ref().and_then(|_| spoken::avatar(Some(author))),
        name: spoken::author(Some(author)),
        lines: vec![account.text(format!("{on}, {reach}{vouched}")), before],
        earlier: page.others.iter().map(|other| (other.id, other.title.clone(), ended(frame, other))).collect(),
    }
}

fn ended(frame: &Frame<'_>, other: &OtherCase) -> String {
    match (other.state, &other.resolution) {
        (_, Some(kind)) if other.confirmed_at.is_some() => format!("{}, confirmed", spoken::closing(kind)),
        (_, Some(kind)) => spoken::closing(kind).to_owned(),
        (State::Waiting, _) => format!("waits for them, with {}", other.unit.name),
        (State::Snoozed, _) => format!("snoozed by {}", other.unit.name),
        _ => format!("open with {} since {}", other.unit.name, frame.clock(other.opened_at).words),
    }
}

/// Every judgement about one post.
pub(super) fn about(
    frame: &Frame<'_>,
    seat: Seat,
    opinions: &Opinions,
    sets: &[LabelSet],
    post: i64,
) -> Vec<Judgement> {
    let said = Judged::ALL.into_iter().flat_map(|judged| opinions.about(post, judged));
    let mut all: Vec<Judgement> = said.map(|opinion| judgement(frame, seat, &opinion)).collect();
    all.extend(own(frame, seat, opinions, sets, post));
    all
}

/// Answers to the unit's own questions about one post. The first can be corrected by one key and its letter.
fn own(frame: &Frame<'_>, seat: Seat, opinions: &Opinions, sets: &[LabelSet], post: i64) -> Vec<Judgement> {
    let line = |(at, set): (usize, &LabelSet)| {
        let own = opinions.own(post, &set.key);
        let choice = |label: &String| Choice {
            selected: own.value.as_ref() == Some(label),
            ..Choice::new(label.clone(), label.clone())
        };
        Judgement {
            name: set.name.clone(),
            key: set.key.clone(),
            value: own.value.clone().unwrap_or_else(|| "nobody has said".to_owned()),
            score: own.score,
            unsure: own.unsure,
            because: quoted(&own.reasons),
            corrected: own.corrected.as_ref().map(|correction| corrected(frame, correction)),
            post,
            case: seat.case,
            csrf: frame.signed.csrf.clone(),
            choices: if seat.may_correct { set.labels.iter().map(choice).collect() } else { Vec::new() },
            opens: if at == 0 { "c" } else { "" },
            ..Judgement::default()
        }
    };
    sets.iter().enumerate().map(line).collect()
}

fn corrected(frame: &Frame<'_>, correction: &CorrectionEntry) -> String {
    let (by, at) = (&correction.by.name, frame.clock(correction.at).words);
    if correction.value == correction.was {
        return format!("{by}, {at}: it is right as it was");
    }
    format!("{by}, {at}; before: {}", super::judged::said(&correction.was))
}

/// Sentiments, each with its key.
const SENTIMENTS: [(&str, &str); 4] = [("negative", "1"), ("neutral", "2"), ("positive", "3"), ("mixed", "4")];

fn judgement(frame: &Frame<'_>, seat: Seat, opinion: &Opinion) -> Judgement {
    let org = &frame.engine.org;
    let value = match (opinion.judged, opinion.value.as_deref()) {
        (Judged::Product, Some(key)) => org
            .products
            .iter()
            .find(|product| product.key == key)
            .map_or_else(|| key.to_owned(), |product| named_product(&product.name, product.competitor)),
        (Judged::Topic, Some(key)) => {
            org.topics.iter().find(|topic| topic.key == key).map_or_else(|| key.to_owned(), |topic| topic.name.clone())
        }
        _ => opinion.words(),
    };
    let key = match &opinion.value {
        Some(value) if is_list(opinion.judged) => format!("{}:{value}", opinion.judged.as_str()),
        _ => opinion.judged.as_str().to_owned(),
    };
    let may = seat.may_correct;
    let quick = SENTIMENTS
        .into_iter()
        .filter(|(value, _)| may && opinion.judged == Judged::Sentiment && opinion.value.as_deref() != Some(value));
    let quick: Vec<_> = quick.map(|(value, key)| (value.to_owned(), value.to_owned(), key.to_owned())).collect();
    Judgement {
        name: name(opinion.judged).to_owned(),
        key,
        value,
        score: opinion.score,
        unsure: opinion.unsure,
        because: quoted(&opinion.reasons),
        version: String::new(),
        corrected: opinion.corrected.as_ref().map(|correction| corrected(frame, correction)),
        risk: opinion.judged == Judged::Risk && opinion.value.is_some(),
        post: opinion.post,
        case: seat.case,
        csrf: frame.signed.csrf.clone(),
        choices: if may && quick.is_empty() { choices(frame, opinion) } else { Vec::new() },
        quick,
        opens: "",
    }
}

fn named_product(name: &str, competitor: bool) -> String {
    if competitor { format!("{name} (a competitor's)") } else { name.to_owned() }
}

fn name(judged: Judged) -> &'static str {
    match judged {
        Judged::Language => "Language",
        Judged::Sentiment => "Sentiment",
        Judged::Intent => "Intent",
        Judged::Urgency => "Urgency",
        Judged::Risk => "Risk",
        Judged::Topic => "Topic",
        Judged::Product => "Product",
    }
}

/// The words or rules that caused it: quoted where they stand in the post, plain where a rule speaks.
fn quoted(reasons: &[Reason]) -> Sentence {
    let mut sentence = Sentence::new();
    for (place, reason) in reasons.iter().filter(|reason| !reason.words.is_empty()).take(REASONS).enumerate() {
        if place > 0 {
            sentence = sentence.text(", ");
        }
        sentence = match reason.span {
            Some(_) => sentence.text("“").mark(&reason.words).text("”"),
            None => sentence.text(&reason.words),
        };
    }
    sentence
}

/// What it could be instead.
fn choices(frame: &Frame<'_>, opinion: &Opinion) -> Vec<Choice> {
    let org = &frame.engine.org;
    let words = |list: &[&str]| list.iter().map(|word| Choice::new(*word, *word)).collect::<Vec<_>>();
    let mut all = match opinion.judged {
        Judged::Sentiment => words(&["negative", "neutral", "positive", "mixed"]),
        Judged::Intent => words(&["complaint", "question", "praise", "idea", "purchase", "cancel", "risk", "other"]),
        Judged::Risk => words(&["safety", "legal", "data breach", "press"]),
        Judged::Urgency => (0..=3).map(|level| Choice::new(level.to_string(), spoken::urgency(level))).collect(),
        Judged::Topic => org
            .topics
            .iter()
            .filter(|topic| !topic.archived)
            .map(|topic| Choice::new(&topic.key, &topic.name))
            .collect(),
        Judged::Product => org
            .products
            .iter()
            .filter(|product| !product.archived)
            .map(|product| Choice::new(&product.key, named_product(&product.name, product.competitor)))
            .collect(),
        Judged::Language => {
            let mut codes: Vec<&str> = org.languages.iter().map(String::as_str).collect();
            codes.extend(LANGUAGES.iter().filter(|code| !org.languages.iter().any(|own| own == *code)));
            codes.into_iter().map(|code| Choice::new(code, spoken::language(code))).collect()
        }
    };
    for choice in &mut all {
        choice.selected = opinion.value.as_deref() == Some(choice.value.as_str());
    }
    if is_list(opinion.judged) && opinion.value.is_some() {
        let also: Vec<Choice> = all
            .iter()
            .filter(|choice| !choice.selected)
            .map(|choice| Choice::new(format!("{ALSO}{}", choice.value), format!("also: {}", choice.label)))
            .collect();
        all.push(Choice::new(NONE, "not this"));
        all.extend(also);
    }
    all
}

fn routed(frame: &Frame<'_>, page: &CasePage) -> Vec<Sentence> {
    let mut lines = Vec::new();
    if page.case.route.starts_with("Rule ") {
        lines.push(Sentence::new().link(&page.case.route, "/organisation"));
    } else if !page.case.route.is_empty() {
        lines.push(Sentence::plain(&page.case.route));
    }
    for watch in &page.watches {
        let line = Sentence::new().strong(&watch.unit.name).text(format!(" is told: {}, ", watch.reason));
        lines.push(line.time(frame.clock(watch.at)));
    }
    if lines.is_empty() {
        lines.push(Sentence::plain("No reason was written down."));
    }
    lines
}

fn influence(opinions: &Opinions) -> Sum {
    let Some(analysis) = opinions.newest() else { return Sum::default() };
    Sum {
        terms: analysis.influence.terms.iter().map(|term| (capital(&term.words), term.points)).collect(),
        total: analysis.influence.total,
        words: "Tells whom to inform, never who waits".to_owned(),
    }
}

/// Kinds of personal data in what customers wrote; nothing for those who only look, since it is masked for them.
fn personal(opinions: &Opinions) -> Option<(String, Sentence)> {
    let mut kinds: Vec<&str> = opinions.personal().map(|span| spoken::personal(span.kind)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let says = Sentence::plain(format!("{}; hidden from those who only look", kinds.join(", ")));
    (!kinds.is_empty()).then(|| ("Personal data".to_owned(), says))
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn outcomes(frame: &Frame<'_>, page: &CasePage) -> Vec<Sentence> {
    let href = format!("/results?case={}", page.case.id);
    page.outcomes
        .iter()
        .map(|outcome| {
            let what = match outcome.kind {
                Kind::Passed => "Passed to the right area",
                Kind::Resolved => "Resolved",
                Kind::Confirmed => "Confirmed by the customer",
            };
            let line =
                Sentence::new().link(what, &href).text(format!(" (grade {}): {}, ", outcome.grade, outcome.evidence));
            let line = line.time(frame.clock(outcome.at));
            match (&outcome.void_at, &outcome.void_why) {
                (Some(at), why) => line
                    .text(". No longer holds since ")
                    .time(frame.clock(*at))
                    .text(why.as_ref().map_or_else(String::new, |why| format!(": {why}"))),
                (None, _) => line,
            }
        })
        .collect()
}
