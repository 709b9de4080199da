//! What lists share: pages, and instants as texts.

use super::Front;
use super::problem::{Answer, Problem};
use posthouse_domain::{Instant, time};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// Send it as `cursor` to get the next page; `null` on the last one.
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn of<A>((items, next): (Vec<A>, Option<String>)) -> Self
    where
        T: From<A>,
    {
        Self {
            items: items.into_iter().map(T::from).collect(),
            next,
        }
    }

    pub(crate) fn whole<A>(items: Vec<A>) -> Self
    where
        T: From<A>,
    {
        Self::of((items, None))
    }
}

impl Front {
    /// How many items a page is to have.
    ///
    /// # Errors
    /// None, or more than the server gives.
    pub(crate) fn limit(&self, asked: Option<usize>) -> Answer<usize> {
        let http = self.http();
        match asked {
            None => Ok(http.page_default),
            Some(limit) if (1..=http.page_most).contains(&limit) => Ok(limit),
            Some(limit) => Err(Problem::unprocessable(
                "bad_limit",
                format!("limit {limit} must be between 1 and {}", http.page_most),
            )),
        }
    }
}

/// An instant, RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(as = Instant, value_type = String, format = DateTime, example = "2026-01-15T02:30:00.000Z")]
pub(crate) struct At(pub(crate) Instant);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time::instant_text(self.0))
    }
}

impl From<Instant> for At {
    fn from(at: Instant) -> Self {
        Self(at)
    }
}
