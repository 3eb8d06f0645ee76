//! What all networks of Google are signed in to by.

use crate::networks::Field;

/// Where access tokens are renewed.
pub(crate) const TOKENS: &str = "https://oauth2.googleapis.com/token";

pub(crate) const CLIENT_SECRET: Field = Field {
    name: "client_secret",
    label: "Client secret",
    secret: true,
    needed: false,
    help: "Of the same OAuth client in the Google Cloud console.",
};

/// In place of a refresh token and a client secret.
pub(crate) const ACCESS_TOKEN: Field = Field {
    name: "token",
    label: "Access token",
    secret: true,
    needed: false,
    help: "Instead of both; it lasts an hour.",
};

pub(crate) const CLIENT_ID: Field =
    Field { name: "client_id", label: "Client id", secret: false, needed: false, help: "Of the OAuth client." };
