//! Outcomes: the ledger of what came of it.

use axum::extract::State;
use dandelion_hub::outcome::{self, Filter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::Reading,
    events::limit,
    extract::{After, Json, Page, Query, numbers},
    shape::{Given, Moment, Named, Shape as _, shape, words},
};
use crate::{App, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(sums))
}

words!(
    /// What is claimed.
    OutcomeKind = outcome::Kind {
        /// An issue reached the unit that can fix it: the receiver accepted.
        Passed,
        /// We say that it is fixed or answered.
        Resolved,
        /// The customer said so.
        Confirmed,
    }
);

shape!(
    /// A claim with its evidence.
    Outcome from outcome::OutcomeRow {
        /// Its number.
        id: i64,
        /// What is claimed.
        kind: OutcomeKind,
        /// `A`: the customer or the receiver said so; `C`: claimed by us.
        grade: String,
        /// By which unit.
        unit: Named,
        /// In which case.
        case: i64,
        /// The case's heading.
        title: String,
        /// Evidence in words.
        evidence: String,
        /// The handoff that was accepted.
        handoff: Option<i64>,
        /// The resolution it speaks of.
        resolution: Option<i64>,
        /// The post that shows it.
        evidence_post: Option<i64>,
        /// Address of that post on its network.
        evidence_url: Option<String>,
        /// What that post says; absent where its author deleted it.
        evidence_text: Option<String>,
        /// When.
        at: Moment,
        /// When it stopped holding.
        void_at: Option<Moment>,
        /// Why.
        void_why: Option<String>,
    }
);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// This claim.
    #[param(inline)]
    kind: Option<OutcomeKind>,
    /// This grade.
    #[param(inline)]
    grade: Option<Grade>,
    /// Claimed by this unit.
    #[param(minimum = 1)]
    unit: Option<i64>,
    /// At or after this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Given>,
    /// Before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Given>,
    /// Also claims that no longer hold; they count nowhere.
    void: Option<bool>,
    /// Start after this place of an earlier page.
    #[param(value_type = Option<String>, max_length = 200)]
    after: Option<After>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u8>,
}

/// As [`Which`], for sums, which have no pages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Summed {
    /// This claim.
    #[param(inline)]
    kind: Option<OutcomeKind>,
    /// This grade.
    #[param(inline)]
    grade: Option<Grade>,
    /// Claimed by this unit.
    #[param(minimum = 1)]
    unit: Option<i64>,
    /// At or after this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Given>,
    /// Before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Given>,
}

/// By whose word.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
enum Grade {
    /// The customer or the receiver said so.
    A,
    /// Claimed by us.
    C,
}

impl Which {
    fn filter(&self) -> Result<Filter, Problem> {
        numbers(&[("unit", self.unit)])?;
        Ok(Filter {
            kind: self.kind.map(Into::into),
            grade: self.grade.map(|grade| format!("{grade:?}")),
            unit: self.unit,
            case: None,
            since: self.since.map(Given::micros),
            until: self.until.map(Given::micros),
            void: self.void == Some(true),
        })
    }
}

/// The ledger
///
/// Newest first, of the units the caller sees.
#[utoipa::path(get, path = "/outcomes", tag = "results", params(Which), responses((status = 200, body = Page<Outcome>)))]
async fn list(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<Page<Outcome>>, Problem> {
    let after: Option<i64> = After::of(which.after.as_ref())?;
    let found = outcome::list(&app.hub, &viewer, &which.filter()?, after, limit(which.limit)?.into()).await?;
    Ok(Json(Page::new(found.rows.shape(), found.next)))
}

/// How many claims of one kind and one grade hold; never to be added together.
#[derive(Serialize, ToSchema)]
struct OutcomeSum {
    /// What is claimed.
    kind: OutcomeKind,
    /// By whose word.
    grade: String,
    /// How many.
    count: i64,
}

/// Sums of the ledger
///
/// One for each kind and grade that occurs. Grades are never added together.
#[utoipa::path(get, path = "/outcomes/sums", tag = "results", params(Summed), responses((status = 200, body = Page<OutcomeSum>)))]
async fn sums(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(summed): Query<Summed>,
) -> Result<Json<Page<OutcomeSum>>, Problem> {
    let Summed { kind, grade, unit, since, until } = summed;
    let which = Which { kind, grade, unit, since, until, void: None, after: None, limit: None };
    let sums = outcome::sums(&app.hub, &viewer, &which.filter()?).await?;
    let shown = |sum: outcome::Sums| OutcomeSum { kind: sum.kind.shape(), grade: sum.grade, count: sum.count };
    Ok(Json(Page::whole(sums.into_iter().map(shown).collect())))
}
