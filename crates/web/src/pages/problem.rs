//! The page for what went wrong.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::{App, Problem, assets};

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ problem.title() }} · Dandelion</title>
<link rel="stylesheet" href="{{ assets }}/tokens.css">
<link rel="stylesheet" href="{{ assets }}/base.css">
<link rel="stylesheet" href="{{ assets }}/pages.css">
</head>
<body>
<main id="main" class="page">
<h1>{{ problem.title() }}</h1>
<p>{{ problem.detail() }}</p>
<p><a href="/">Home</a></p>
</main>
</body>
</html>"#
)]
struct Page<'a> {
    problem: &'a Problem,
    assets: &'static str,
}

/// The page of a problem. It asks the store for nothing, because the store may be what is wrong.
pub(crate) fn page(_: &App, problem: &Problem) -> Response {
    let page = Page { problem, assets: assets::base() };
    let html = page.render().unwrap_or_else(|_| problem.title().to_owned());
    (problem.status(), Html(html)).into_response()
}
