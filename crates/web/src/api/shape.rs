//! What the API shows, made from what the hub holds.
//!
//! A [`shape!`] names the fields it shows of a hub type; each is converted by [`Shape`]. Fields a shape does not name are
//! not shown, so nothing gets out by being added to the hub. Times are RFC 3339 in UTC.

use dandelion_post::Micros;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a value of the hub is shown.
pub(crate) trait Shape<T> {
    /// The shown value.
    fn shape(self) -> T;
}

macro_rules! same {
    ($($type:ty),*) => { $(impl Shape<$type> for $type { fn shape(self) -> $type { self } })* };
}
same!(i64, u64, bool, f64, String, serde_json::Value);

impl<T: Shape<U>, U> Shape<Box<U>> for Box<T> {
    fn shape(self) -> Box<U> {
        Box::new((*self).shape())
    }
}

impl<T: Shape<U>, U> Shape<Option<U>> for Option<T> {
    fn shape(self) -> Option<U> {
        self.map(Shape::shape)
    }
}

impl<T: Shape<U>, U> Shape<Vec<U>> for Vec<T> {
    fn shape(self) -> Vec<U> {
        self.into_iter().map(Shape::shape).collect()
    }
}

/// A moment, RFC 3339 in UTC.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-03-02T09:00:00Z")]
pub(crate) struct Moment(String);

impl Shape<Moment> for Micros {
    fn shape(self) -> Moment {
        Moment(dandelion_post::rfc3339(self))
    }
}

/// A moment given, RFC 3339 with any offset.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-03-02T09:00:00Z")]
pub(crate) struct Given(jiff::Timestamp);

impl Given {
    pub(crate) fn micros(self) -> Micros {
        self.0.as_microsecond()
    }
}

/// Declares what is shown of a type: `shape!(/// docs Name from hub::Type { /// docs field: Type, … });`
macro_rules! shape {
    ($(#[$meta:meta])* $name:ident from $source:ty { $($(#[$field_meta:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        #[allow(clippy::struct_field_names, reason = "fields are called as in the hub")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $type),* }

        impl $crate::api::shape::Shape<$name> for $source {
            fn shape(self) -> $name {
                $name { $($field: $crate::api::shape::Shape::shape(self.$field)),* }
            }
        }
    };
}
pub(crate) use shape;

/// Words of the hub that are shown and taken as text: declares the same words with their documentation.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident = $source:path { $($(#[$word_meta:meta])* $word:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($(#[$word_meta])* $word),* }

        impl $crate::api::shape::Shape<$name> for $source {
            fn shape(self) -> $name { type Of = $source; match self { $(Of::$word => $name::$word),* } }
        }

        impl From<$name> for $source {
            fn from(word: $name) -> Self { type Of = $source; match word { $($name::$word => Of::$word),* } }
        }
    };
}
pub(crate) use words;

shape!(
    /// Something with a name of its own, such as a unit or a member.
    Named from dandelion_hub::case::Named {
        /// Its number.
        id: i64,
        /// Its key in `org.toml`.
        key: String,
        /// How people call it.
        name: String,
    }
);
