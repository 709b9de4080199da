//! How many requests are at work at once: whoever comes beyond that is told to come back, and waits nowhere. No key has all the places.

use crate::Doors;
use crate::problem::{OVERLOADED, Problem};
use crate::rations::Ration;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use posthouse_domain::words;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Files being received at once: each takes as long as its sender likes, and a place on the disk.
const UPLOADS: usize = 64;
/// One key has at most this part of the places.
const SHARE: usize = 2;

/// Places for requests of one kind.
#[derive(Debug, Clone)]
struct Places {
    all: Arc<Semaphore>,
    share: usize,
    keys: Arc<Mutex<HashMap<Uuid, usize>>>,
}

impl Places {
    fn new(count: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(count)),
            share: count.div_ceil(SHARE),
            keys: Arc::default(),
        }
    }

    fn of(&self, key: Uuid) -> Result<Place, Problem> {
        let mut keys = self.keys();
        let taken = keys.entry(key).or_default();
        if *taken >= self.share {
            return Err(overloaded());
        }
        *taken += 1;
        Ok(Place(self.clone(), key))
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that a key's request has.
#[derive(Debug)]
pub struct Place(Places, Uuid);

impl Drop for Place {
    fn drop(&mut self) {
        let mut keys = self.0.keys();
        if let Some(taken) = keys.get_mut(&self.1) {
            *taken -= 1;
            if *taken == 0 {
                keys.remove(&self.1);
            }
        }
    }
}

/// Who is at work.
#[derive(Debug)]
pub struct Crowd {
    requests: Places,
    uploads: Places,
}

impl Crowd {
    /// So many requests at once.
    pub fn new(requests: u32) -> Self {
        Self {
            requests: Places::new(requests as usize),
            uploads: Places::new(UPLOADS),
        }
    }

    fn places(&self, request: &Request) -> &Places {
        let path = request.extensions().get::<MatchedPath>();
        let uploads = *request.method() == Method::POST && path.is_some_and(|path| path.as_str().ends_with("/imports"));
        if uploads { &self.uploads } else { &self.requests }
    }

    fn enter(&self, request: &Request) -> Result<OwnedSemaphorePermit, Problem> {
        let places = self.places(request).all.clone();
        places.try_acquire_owned().map_err(|_| overloaded())
    }

    /// A place for a request of this key.
    ///
    /// # Errors
    /// `overloaded` if the key has its share.
    pub fn place(&self, request: &Request, key: Uuid) -> Result<Place, Problem> {
        self.places(request).of(key)
    }
}

/// The places of a request. They are its own until its work is done, also if nobody waits for that any more.
#[derive(Debug, Clone)]
pub struct Held {
    _all: Arc<OwnedSemaphorePermit>,
    _key: Option<Arc<Place>>,
    _body: Option<Arc<Ration>>,
}

impl Held {
    /// With the place of its key.
    pub fn with(self, key: Place) -> Self {
        Self {
            _key: Some(Arc::new(key)),
            ..self
        }
    }

    /// With the room of its body.
    pub fn with_body(self, body: Ration) -> Self {
        Self {
            _body: Some(Arc::new(body)),
            ..self
        }
    }
}

/// Before anybody is asked who they are: also that takes a connection to the database.
pub async fn admit(State(doors): State<Doors>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let held = Held {
        _all: Arc::new(doors.crowd().enter(&request)?),
        _key: None,
        _body: None,
    };
    request.extensions_mut().insert(held.clone());
    let response = next.run(request).await;
    drop(held);
    Ok(response)
}

fn overloaded() -> Problem {
    metrics::counter!("posthouse_overloaded_total").increment(1);
    let detail = words!(
        "the server has more to do than it can; nothing was changed, send the request again in a moment",
        "服务器超出负荷；没有任何改动，请稍后重新发送请求"
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, OVERLOADED, detail).retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_all_the_places() {
        let crowd = Crowd::new(4);
        let request = Request::new(axum::body::Body::empty());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let held = [crowd.place(&request, one).unwrap(), crowd.place(&request, one).unwrap()];
        let refused = crowd.place(&request, one).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code.as_str()), (503, "overloaded"));
        let others = crowd.place(&request, other).unwrap();
        drop(held);
        let _again = crowd.place(&request, one).unwrap();
        drop(others);
        assert_eq!(crowd.requests.keys().len(), 1, "who has no place is forgotten");
    }

    #[test]
    fn beyond_the_places_nobody_waits() {
        let crowd = Crowd::new(1);
        let request = Request::new(axum::body::Body::empty());
        let place = crowd.enter(&request).unwrap();
        assert_eq!(crowd.enter(&request).unwrap_err().code, "overloaded");
        drop(place);
        assert!(crowd.enter(&request).is_ok());
    }
}
