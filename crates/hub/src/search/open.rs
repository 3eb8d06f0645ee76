//! One post, in a case or not, with what is thought of it.

use super::find::{Found, Search, posts};
use crate::{
    Error, Hub, Result,
    case::{self, PostAnalysis},
    scope::Viewer,
    store::q,
};

/// A post and what is known of how it was heard.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The post.
    pub found: Found,
    /// The newest analysis; none for our own posts and for those that concern nobody here.
    pub analysis: Option<PostAnalysis>,
    /// Numbers and names of the queries that found it.
    pub queries: Vec<(i64, String)>,
    /// Number and name of the source that brought it first.
    pub source: (i64, String),
}

/// One post; [`Error::NotFound`] where there is none. Every member may read it, personal data masked for those who only
/// look.
pub async fn open(hub: &Hub, viewer: &Viewer, post: i64) -> Result<Opened> {
    let search = Search { ids: vec![post], ..Search::default() };
    let found = posts(hub, viewer, &search, None, 1).await?.pop().ok_or_else(|| Error::not_found("post", post))?;
    let sql = "select q.id, q.name from mention_queries mq join mentions m on m.id = mq.mention_id
        join queries q on q.id = mq.query_id where m.post_id = $1 order by q.name, q.id";
    let queries = hub.db.all(q!(sql, post)).await?;
    let sql = "select s.id, s.name from posts p join sources s on s.id = p.source_id where p.id = $1";
    let source = hub.db.one(q!(sql, post)).await?;
    let named = |row: &crate::store::Row| Ok((row.get(0)?, row.get(1)?));
    Ok(Opened {
        analysis: if found.deleted || found.ours { None } else { case::analysis(hub, viewer, post).await? },
        queries: queries.iter().map(named).collect::<Result<_>>()?,
        source: named(&source)?,
        found,
    })
}
