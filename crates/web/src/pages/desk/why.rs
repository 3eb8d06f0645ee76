//! Why a post is judged as it is: its judgements, the words that weighed most marked in it, and who judged.

use dandelion_hub::{
    case::{CasePage, PostAnalysis, ThreadPost},
    model::label::LabelSet,
};
use dandelion_understand::{Analysis, Judgement, Reason};

use super::{
    Frame,
    judged::Opinions,
    side::{self, Seat},
};
use crate::view::{Text, desk::why::Why};

/// What the panels of a case are made from.
pub(super) struct Reasons<'a> {
    pub(super) page: &'a CasePage,
    pub(super) opinions: &'a Opinions,
    pub(super) sets: &'a [LabelSet],
}

/// The panel of one post of a case; none where it was not judged, or is gone.
pub(super) fn shown(frame: &Frame<'_>, reasons: &Reasons<'_>, post: &ThreadPost) -> Option<Why> {
    if post.deleted_at.is_some() || post.ours {
        return None;
    }
    panel(frame, Seat::of(reasons.page), (reasons.opinions, reasons.sets), (post.id, &post.text))
}

/// The panel of a post in no case, unfolded: what the machine says, for nobody can have corrected it.
pub(in crate::pages) fn of_post(frame: &Frame<'_>, analysis: &PostAnalysis, text: &str) -> Option<Why> {
    let opinions = Opinions::machine(std::slice::from_ref(analysis));
    let why = panel(frame, Seat::default(), (&opinions, &[]), (analysis.post, text))?;
    Some(Why { open: true, ..why })
}

/// The panel of a post: its number and its words.
fn panel(
    frame: &Frame<'_>,
    seat: Seat,
    (opinions, sets): (&Opinions, &[LabelSet]),
    (post, text): (i64, &str),
) -> Option<Why> {
    let analysis = opinions.analysis(post)?;
    let spans: Vec<_> = evidence(analysis).filter_map(|reason| reason.span).map(|[from, to]| from..to).collect();
    let intents: Vec<&str> = analysis.intents.iter().map(|intent| intent.value.as_str()).collect();
    Some(Why {
        post,
        short: format!("{}, {}, urgency {}", intents.join(", "), analysis.sentiment.value, analysis.urgency.value),
        text: if spans.is_empty() { Text::default() } else { Text::marked(text, &spans) },
        judgements: side::about(frame, seat, opinions, sets, post),
        beside: beside(analysis),
        version: analysis.version.clone(),
        open: false,
    })
}

/// Everything that caused a judgement.
fn evidence(analysis: &Analysis) -> impl Iterator<Item = &Reason> {
    let several = analysis.intents.iter().chain(&analysis.risks);
    let one = [&analysis.sentiment, &analysis.urgency].into_iter().chain(several);
    let beside = analysis.emotion.iter().chain(&analysis.irony).chain(&analysis.offensive);
    let own = analysis.own.iter().map(|own| &own.judgement);
    one.chain(beside).chain(own).flat_map(|judgement| &judgement.reasons)
}

/// What is said beside, as a caution: none of it changes where the post goes.
fn beside(analysis: &Analysis) -> Vec<String> {
    let line = |words: String, judgement: &Judgement| {
        let unsure = if judgement.unsure { ", unsure" } else { "" };
        format!("{words} ({:.0} %{unsure}).", judgement.score * 100.0)
    };
    let mut lines = Vec::new();
    lines.extend(analysis.emotion.as_ref().map(|it| line(format!("It sounds of {}", it.value), it)));
    lines.extend(analysis.irony.as_ref().map(|it| line("The words may mean the opposite".to_owned(), it)));
    lines.extend(analysis.offensive.as_ref().map(|it| line("It insults somebody".to_owned(), it)));
    lines
}
