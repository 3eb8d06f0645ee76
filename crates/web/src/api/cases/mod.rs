//! Cases: the list, one case with everything around it, and how many lie where.

pub(crate) mod parts;
mod shown;

use axum::{
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse, Response},
};
use dandelion_hub::case::{self, Assignee, Cursor, Filter, Found};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::shown::{Case, CaseLine, Counts};
use super::{
    auth::Reading,
    etag,
    events::limit,
    extract::{After, Json, Page, Query, at_most, numbers},
    shape::{Given, Shape as _, words},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(counts)).routes(routes!(show)).merge(parts::routes())
}

words!(
    /// One pile on the desk.
    View = case::View {
        /// Waiting for us.
        Waiting,
        /// Offered to a unit of the caller, not yet accepted or bounced.
        Offered,
        /// Assigned to the caller and not closed.
        Mine,
        /// A reply in it waits for the caller's approval.
        Approve,
        /// A unit of the caller was told of it, and it is not closed.
        Watching,
        /// Put aside.
        Snoozed,
        /// Closed.
        Resolved,
        /// Everything the caller may see.
        All,
    }
);

words!(
    /// How far a case came.
    Stage = case::Stage {
        /// Somebody of a unit took it up.
        Accepted,
        /// Resolved as fixed or answered (our claim), and not reopened.
        Resolved,
        /// The customer said so.
        Confirmed,
        /// Resolved as fixed or answered, and the customer never said anything.
        Silent,
    }
);

words!(
    /// In what order.
    Sort = case::Sort {
        /// Late ones first, then whoever waits longest.
        Waiting,
        /// Newest post first.
        Newest,
        /// Next promise first.
        Due,
        /// In the order they were opened.
        Oldest,
    }
);

/// What to list. Absent means whatever.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Which pile; absent: all.
    #[param(inline)]
    view: Option<View>,
    /// Of this unit alone.
    #[param(minimum = 1)]
    unit: Option<i64>,
    /// Of this member.
    #[param(minimum = 1)]
    assignee: Option<i64>,
    /// Only those that are nobody's yet.
    unassigned: Option<bool>,
    /// With this intent: `complaint`.
    #[param(max_length = 64)]
    intent: Option<String>,
    /// With this risk: `safety`; `any` for any risk at all.
    #[param(max_length = 64)]
    risk: Option<String>,
    /// In this language.
    #[param(max_length = 35)]
    language: Option<String>,
    /// From this network.
    #[param(max_length = 32)]
    network: Option<String>,
    /// About this product, by key.
    #[param(max_length = 64)]
    product: Option<String>,
    /// About this topic, by key.
    #[param(max_length = 64)]
    topic: Option<String>,
    /// Words in its posts, or a case number.
    #[param(max_length = 200)]
    text: Option<String>,
    /// At least so urgent.
    #[param(minimum = 0, maximum = 3)]
    urgency_min: Option<u8>,
    /// Of this author.
    #[param(minimum = 1)]
    author: Option<i64>,
    /// Only those whose promise is already broken.
    late: Option<bool>,
    /// Only those that came at least so far.
    #[param(inline)]
    stage: Option<Stage>,
    /// Opened at or after this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    opened_since: Option<Given>,
    /// Closed at or after this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    closed_since: Option<Given>,
    /// In what order; absent: the view's own.
    #[param(inline)]
    sort: Option<Sort>,
    /// Start after this place of an earlier page.
    #[param(value_type = Option<String>, max_length = 400)]
    after: Option<After>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u8>,
}

impl Which {
    fn filter(self) -> Result<Filter, Problem> {
        let texts = [("intent", &self.intent, 64), ("risk", &self.risk, 64), ("language", &self.language, 35)];
        let more = [
            ("network", &self.network, 32),
            ("product", &self.product, 64),
            ("topic", &self.topic, 64),
            ("text", &self.text, 200),
        ];
        for (field, text, most) in texts.into_iter().chain(more) {
            at_most(field, text.as_deref().unwrap_or(""), most)?;
        }
        numbers(&[("unit", self.unit), ("assignee", self.assignee), ("author", self.author)])?;
        let nobody = self.unassigned == Some(true);
        if self.urgency_min.is_some_and(|least| least > 3) {
            return Err(Problem::invalid("urgency_min", "urgency goes from 0 to 3"));
        }
        Ok(Filter {
            view: self.view.unwrap_or(View::All).into(),
            unit: self.unit,
            assignee: if nobody { Some(Assignee::Nobody) } else { self.assignee.map(Assignee::Member) },
            intent: self.intent,
            risk: self.risk,
            language: self.language,
            network: self.network,
            product: self.product,
            topic: self.topic,
            text: self.text,
            urgency_min: self.urgency_min.map(i64::from),
            author: self.author,
            late: self.late == Some(true),
            stage: self.stage.map(Into::into),
            opened_since: self.opened_since.map(Given::micros),
            closed_since: self.closed_since.map(Given::micros),
            sort: self.sort.map(Into::into),
        })
    }
}

/// Cases
///
/// A page of the cases the caller may see, as the desk lists them.
#[utoipa::path(get, path = "/cases", tag = "cases", params(Which), responses((status = 200, body = Page<CaseLine>)))]
async fn list(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<Page<CaseLine>>, Problem> {
    let after: Option<Cursor> = After::of(which.after.as_ref())?;
    let limit = limit(which.limit)?;
    let found = case::list(&app.hub, &viewer, &which.filter()?, after, limit.into()).await?;
    Ok(Json(Page::new(found.rows.shape(), found.next)))
}

/// How many cases lie where
///
/// The numbers beside the piles of the desk, and of each unit the caller sees.
#[utoipa::path(get, path = "/cases/counts", tag = "cases", responses((status = 200, body = Counts)))]
async fn counts(Reading(viewer): Reading, State(app): State<App>) -> Result<Json<Counts>, Problem> {
    Ok(Json(case::counts(&app.hub, &viewer).await?.shape()))
}

/// One case
///
/// Everything one looks at before answering. Its `ETag` changes with every change of the case; send it as `If-Match`
/// with a change. A case that became part of another one answers 404 and names the other in `detail`.
#[utoipa::path(get, path = "/cases/{id}", tag = "cases", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Case)))]
async fn show(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Response, Problem> {
    match case::open(&app.hub, &viewer, id).await? {
        Found::Here(page) => {
            let tag = etag::of_version("case", id, page.case.version);
            let shown: Case = (*page).shape();
            Ok((AppendHeaders([(header::ETAG, tag)]), Json(shown)).into_response())
        }
        Found::Moved(into) => Err(Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            format!("case {id} became part of case {into}: ask for that one"),
        )),
    }
}
