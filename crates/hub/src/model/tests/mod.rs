//! Heads of units, from corrections to taking over and back, on both stores.

mod asking;
mod learning;
mod taking_over;

use dandelion_post::Post;
use serde_json::json;

use super::{Model, Source, State, find, label, start, step};
use crate::{
    Hub,
    case::answer,
    fixture::{listen, post, ready, take},
    scope::Viewer,
    store::Q,
};

/// Reasons why people write, with words that tell them apart, and words that say nothing around them.
const REASONS: [(&str, &str); 3] =
    [("money", "refund my money back"), ("delay", "late again, waiting for hours"), ("staff", "rude agent, so unkind")];
const AROUND: [&str; 5] = ["The kettle shop", "My kettle", "About this kettle", "Kettle trouble", "Dear kettle people"];

/// The fixture with cases of Repairs, one a person, each with a reason; and who leads, works and looks.
pub(crate) struct Taught<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) source: i64,
    pub(crate) lea: Viewer,
    pub(crate) ana: Viewer,
    pub(crate) vic: Viewer,
}

pub(crate) const REPAIRS: i64 = 2;

impl<'a> Taught<'a> {
    /// So many posts are heard; all of them leak, so that they go to Repairs.
    pub(crate) async fn with(hub: &'a Hub, posts: usize) -> Self {
        let (source, [lea, ana, vic]) = ready(hub).await;
        listen(hub, &lea, "Kettles", "kettle").await;
        let own = Self { hub, source, lea, ana, vic };
        own.write(0..posts).await;
        own
    }

    /// Further posts.
    pub(crate) async fn write(&self, ids: std::ops::Range<usize>) {
        let item = |n: usize| post(n, &format!("p{n}"), (n % 90) as i64, &words(n));
        take(self.hub, self.source, ids.map(item).collect()).await;
    }

    /// The set of reasons, asked by Repairs.
    pub(crate) async fn asks(&self) -> label::LabelSet {
        let labels: Vec<String> = REASONS.iter().map(|(label, _)| (*label).to_owned()).collect();
        label::add(self.hub, &self.lea, REPAIRS, "reason", "Reason", &labels).await.unwrap()
    }

    /// Ana says what the reasons of these posts are.
    pub(crate) async fn says(&self, ids: std::ops::Range<usize>) {
        for n in ids {
            let (case, post) = self.place(n).await;
            answer(self.hub, &self.ana, case, post, "reason", &json!(reason(n)), false).await.unwrap();
        }
    }

    /// Case and number of a post by its own id.
    pub(crate) async fn place(&self, n: usize) -> (i64, i64) {
        let sql = "select p.id, ct.case_id from posts p join case_threads ct on ct.thread_id = p.thread_id where p.remote_id = $1";
        let row = self.hub.db.one(Q::new(sql).bind(n.to_string())).await.unwrap();
        (row.get("case_id").unwrap(), row.get("id").unwrap())
    }

    /// A head for the reasons, trained from all that was said.
    pub(crate) async fn trained(&self) -> Model {
        let model = start(self.hub, &self.lea, REPAIRS, "reason", Source::corrections()).await.unwrap();
        assert_eq!(model.state, State::Training);
        while step(self.hub).await.unwrap() {}
        find(self.hub, &self.lea, model.id).await.unwrap()
    }

    /// The newest analysis of a post.
    pub(crate) async fn analysis(&self, n: usize) -> dandelion_understand::Analysis {
        let sql = "select body from analyses where post_id = $1 order by id desc limit 1";
        self.hub.db.one(Q::new(sql).bind(self.place(n).await.1)).await.unwrap().json("body").unwrap()
    }
}

pub(crate) fn reason(n: usize) -> &'static str {
    REASONS[n % 3].0
}

pub(crate) fn words(n: usize) -> String {
    format!("{} leaks. {}, number {n}", AROUND[n % 5], REASONS[n % 3].1)
}

/// A post that nobody stored.
pub(crate) fn unseen(text: &str) -> Post {
    Post { id: "unseen".into(), text: text.into(), ..Post::default() }
}
