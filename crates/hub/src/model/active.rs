//! Which posts to ask people about: those whose correction would teach a unit's head most.
//!
//! A post teaches much where the head is in doubt (the margin between its two likeliest answers is small: *margin
//! sampling*, Scheffer, Decomain & Wrobel 2001) and where it differs from those already asked about: each next post is the
//! one with the most doubt times its distance in words (1 − Jaccard) to the nearest one chosen (as in maximal marginal
//! relevance, Carbonell & Goldstein 1998), so that twenty copies of one text are asked about once. Where no head answers
//! the question yet, doubt says nothing and distance alone chooses.

use std::{
    collections::{HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    sync::LazyLock,
};

use dandelion_post::Post;
use dandelion_understand::{Analysis, Shipped};
use serde::Serialize;

use super::{
    NONE, SENTIMENT, State, TOPIC,
    lesson::list_of,
    speak::{text_of, value_of},
};
use crate::{
    Hub, Result,
    engine::Engine,
    intake::stored::{self, SELECT},
    scope::{Role, Viewer},
    store::Q,
};

/// Posts that are asked about at once.
pub const ASKED: usize = 20;
/// Newest posts that these are chosen from.
const LOOKED: i64 = 600;

/// A post to ask about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Asked {
    /// The post …
    pub post: i64,
    /// … and its case.
    pub case: i64,
    /// What counts now; none where nobody answers.
    pub said: Option<String>,
    /// How likely that was held; none where nobody says so.
    pub score: Option<f64>,
    /// How much doubt there is, 0 to 1.
    pub doubt: f64,
}

struct Candidate {
    asked: Asked,
    words: HashSet<u64>,
    /// Distance to the nearest one chosen.
    apart: f64,
}

/// The posts of a unit and all below whose correction would teach most, the most telling first. Agents of the unit may
/// ask; posts that somebody has answered for already are left out.
pub async fn list(hub: &Hub, viewer: &Viewer, unit: i64, question: &str) -> Result<Vec<Asked>> {
    viewer.need(Role::Agent, unit, "correct judgements of this unit")?;
    let engine = hub.engine().await?;
    let sql = format!(
        "{} where p.id in (
           select n.post_id from mentions n join cases c on c.id = n.case_id where c.unit_id in ({}) and n.off_at is null
             and not exists (select 1 from corrections x where x.post_id = n.post_id and x.judgement = $1 and x.undone_at is null)
           order by n.id desc limit {LOOKED})
         and p.deleted_at is null and not p.ours order by p.id desc",
        SELECT.replace("select p.id,", "select p.id, m.case_id,"),
        list_of(&engine.org.within(unit))
    );
    let rows = hub.db.all(Q::of(sql).bind(question)).await?;
    let mut candidates = Vec::with_capacity(rows.len());
    for row in &rows {
        let stored = stored::read(row)?;
        let analysis = engine.judge(&stored.post, &stored.origin.network).analysis;
        let doubt = doubt(&engine, unit, question, &stored.post, &analysis);
        let asked = Asked {
            post: stored.id,
            case: row.get("case_id")?,
            said: value_of(question, &analysis),
            score: score_of(question, &analysis),
            doubt,
        };
        candidates.push(Candidate { asked, words: words(&text_of(&stored.post)), apart: 1.0 });
    }
    Ok(chosen(candidates))
}

/// One after another, the one of most doubt and distance.
fn chosen(mut candidates: Vec<Candidate>) -> Vec<Asked> {
    let mut chosen = Vec::new();
    while chosen.len() < ASKED && !candidates.is_empty() {
        let worth = |it: &Candidate| it.asked.doubt * it.apart;
        let best = (1..candidates.len())
            .fold(0, |best, at| if worth(&candidates[at]) > worth(&candidates[best]) { at } else { best });
        if worth(&candidates[best]) <= 0.0 {
            break; // only copies of what is asked about already, or nothing in doubt, is left
        }
        let next = candidates.swap_remove(best);
        for other in &mut candidates {
            other.apart = other.apart.min(1.0 - alike(&next.words, &other.words));
        }
        chosen.push(next.asked);
    }
    chosen
}

/// How much doubt there is about a post, 0 to 1.
fn doubt(engine: &Engine, unit: i64, question: &str, post: &Post, analysis: &Analysis) -> f64 {
    let shadow = || {
        let line = engine.org.line_ids(unit);
        let fits = |it: &&super::speak::Head| it.question == question && line.contains(&it.unit);
        engine.heads.iter().filter(|it| it.state == State::Shadow).find(fits)
    };
    if let Some(head) = engine.head_in_use(question, unit).or_else(shadow) {
        return margin(&head.own.ask(&text_of(post)).chances);
    }
    match question {
        SENTIMENT => {
            static SHIPPED: LazyLock<Shipped> = LazyLock::new(Shipped::default);
            let said = SHIPPED.ask(SENTIMENT, &post.text);
            if analysis.sentiment.unsure { 1.0 } else { said.map_or(1.0, |said| margin(&said.chances)) }
        }
        // Words of the organisation find topics without any probability: none and several are the doubtful ones.
        TOPIC => match value_of(TOPIC, analysis) {
            Some(one) if one != NONE && !one.contains(", ") => 0.3,
            _ => 1.0,
        },
        _ => 1.0,
    }
}

/// One less the distance between the two likeliest.
fn margin(chances: &[(String, f32)]) -> f64 {
    let (mut first, mut second) = (0.0_f32, 0.0_f32);
    for (_, chance) in chances {
        if *chance > first {
            (first, second) = (*chance, first);
        } else {
            second = second.max(*chance);
        }
    }
    f64::from(1.0 - (first - second)).clamp(0.0, 1.0)
}

fn score_of(question: &str, analysis: &Analysis) -> Option<f64> {
    let own = analysis.own.iter().find(|own| own.question == question).map(|own| own.judgement.score);
    own.or_else(|| (question == SENTIMENT).then_some(analysis.sentiment.score))
}

fn words(text: &str) -> HashSet<u64> {
    let print = |word: &str| {
        let mut hasher = DefaultHasher::new();
        word.to_lowercase().hash(&mut hasher);
        hasher.finish()
    };
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2).map(print).collect()
}

/// Jaccard's likeness of two sets of words.
fn alike(a: &HashSet<u64>, b: &HashSet<u64>) -> f64 {
    let both = a.intersection(b).count();
    let all = a.len() + b.len() - both;
    if all == 0 { 1.0 } else { both as f64 / all as f64 }
}
