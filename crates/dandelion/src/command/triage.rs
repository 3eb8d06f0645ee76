use std::{process::ExitCode, sync::Arc};

use anyhow::Result;
use dandelion_hub::{engine::Engine, intake::Origin, unit::RouteFacts};
use dandelion_listen::Scratch;
use dandelion_post::Post;
use serde_json::json;

use super::matching::{Trouble, filter_lines};
use crate::cli::Triage;

/// Match, understand and route each post, without a database.
pub fn run(arguments: &Triage) -> Result<ExitCode> {
    let org = super::org::read(&arguments.org)?;
    let queries = match &arguments.queries {
        None => Vec::new(),
        Some(file) => {
            let listed = super::query::load(file)?;
            let unit = |key: &str| org.unit_by_key(key).map_or(0, |unit| unit.id);
            listed
                .into_iter()
                .enumerate()
                .map(|(at, query)| (at as i64, unit(&query.unit), query.name, query.query))
                .collect()
        }
    };
    let everything = arguments.queries.is_none();
    let engine = Arc::new(Engine::of(org, queries));
    let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
    filter_lines(&arguments.file, |line, out| {
        let post = Post::from_json(line)?;
        let heard = engine.hear(&post, &Origin::default(), &mut scratch, &mut hits);
        let names: Vec<&str> =
            hits.iter().filter_map(|hit| engine.queries.get(&hit.query)).map(|(_, name)| name.as_str()).collect();
        let network = post.network.as_ref().map_or("file", dandelion_post::Network::as_str);
        let handle = engine.org.handles.iter().find(|handle| {
            handle.network == network
                && dandelion_hub::search::handles_in(&post.text).contains(&dandelion_hub::handle::folded(&handle.name))
        });
        let mut answer =
            json!({ "id": post.id, "queries": names, "mention": everything || !names.is_empty() || handle.is_some() });
        if answer["mention"] == true {
            let analysis = heard.map_or_else(|| engine.rules.analyse(&post), |opinion| opinion.analysis);
            let facts = RouteFacts { network, handle: handle.map(|handle| handle.id), ..RouteFacts::default() };
            let route = engine.org.route(&analysis, &facts).map_err(|e| Trouble::Output(e.into()))?;
            let key = engine.org.unit(route.unit).map(|unit| unit.key.as_str());
            let tell: Vec<_> = route
                .tell
                .iter()
                .filter_map(|(unit, why)| Some(json!({ "unit": engine.org.unit(*unit)?.key, "why": why })))
                .collect();
            answer["unit"] = json!(key);
            answer["reason"] = json!(route.reason);
            answer["tell"] = json!(tell);
            answer["analysis"] = json!(analysis);
        }
        serde_json::to_writer(out, &answer).map_err(|e| Trouble::Output(e.into()))
    })
}
