//! What lists share: pages, and instants as texts.

use super::Front;
use posthouse_domain::{Instant, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::{IntoParams, ToSchema};

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
                words!(
                    "limit {limit} must be between 1 and {page_most}",
                    "limit {limit} 应在 1 到 {page_most} 之间",
                    page_most = http.page_most
                ),
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

/// A page of a list that is read from its newest item back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BackwardsQuery {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl BackwardsQuery {
    /// How many items, and the number they come before.
    pub(crate) fn page(self, front: &Front) -> Answer<(usize, Option<i64>)> {
        backwards(front, self.limit, self.cursor)
    }
}

/// How many items, and the number they come before.
pub(crate) fn backwards(front: &Front, limit: Option<usize>, cursor: Option<String>) -> Answer<(usize, Option<i64>)> {
    let limit = front.limit(limit)?;
    let bad = |_| {
        Problem::unprocessable(
            "bad_cursor",
            words!(
                "the cursor is not one of this list; start again without it",
                "游标不属于此列表；请去掉游标重新开始"
            ),
        )
    };
    Ok((limit, cursor.map(|cursor| cursor.parse().map_err(bad)).transpose()?))
}

/// A page of what was read with one item more than it may have.
pub(crate) fn page_of<A, T: From<A>>(mut items: Vec<A>, limit: usize, number: impl Fn(&A) -> i64) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| number(last).to_string());
    Page::of((items, next))
}
