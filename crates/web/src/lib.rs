//! web
pub mod view;
