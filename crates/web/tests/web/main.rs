//! Tests of the web layer through its router, on a real store.

mod api;
mod forms;
mod headers;
mod hooks;
mod invitations;
mod judgements;
mod lab;
mod listening;
mod live;
mod matrix;
mod media;
mod mentions;
mod organisation;
mod problems;
mod results;
mod serving;
mod sessions;
mod sign_in;
mod support;
