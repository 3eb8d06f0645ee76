//! Dandelion's pages, API, live updates and assets.
//!
//! [`App`] is what every handler needs, [`router`] every address there is, [`serve`] a listener answering them.
//!
//! What holds for every address is in `app.rs` (limits, time, request ids, problems) and `security/` (headers, forms,
//! origin); a handler states who may call it **by the types it takes**: [`Signed`] is a person with a session,
//! [`Form`] a form whose token was checked, and the API has its own (`api::Reading`, `api::Writing`, `api::Administering`).

mod actors;
pub mod api;
mod app;
pub mod assets;
mod health;
mod hooks;
mod live;
mod media;
mod metrics;
pub mod pages;
mod problem;
mod security;
mod serve;
mod session;
pub mod view;

pub use app::{App, Config, router};
pub use live::Live;
pub use metrics::Metrics;
pub use problem::Problem;
pub use security::{
    csrf::{Form, token as csrf_token},
    redirect::{Next, see_other},
    upload::{ROOM, Upload},
};
pub use serve::serve;
pub use session::{Flashed, Signed, Visit};
