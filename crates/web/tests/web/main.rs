//! Tests of the web layer through its router, on a real store.

mod api;
mod forms;
mod headers;
mod live;
mod problems;
mod sessions;
mod support;
