//! Networks whose servers nobody can install: each is played by a small server here that keeps to what the network
//! documents, with its own errors, limits and headers, fed with the payloads it publishes (`../shared/fixtures`, never
//! copied into the repository).

mod bluesky;
mod dialects;
mod discourse;
mod github;
mod google;
mod googlebusiness;
mod hackernews;
mod reddit;
mod server;
mod shared;
mod sitemaps;
mod slack;
mod stackexchange;
mod telegram;
mod whatsapp;
mod x;
