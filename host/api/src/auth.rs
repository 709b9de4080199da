//! The door: who asks, and whether not too often.

use super::Front;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use posthouse_app::AppError;
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::{Words, words};
use posthouse_web::crowd::Held;
use posthouse_web::observe::Known;
use posthouse_web::problem::Problem;
use posthouse_web::strangers::Unhurried;
use std::num::NonZeroU32;
use std::time::Duration;
use uuid::Uuid;

/// Who may look at campaigns, their coupons and tasks: readers, those who plan and those who approve.
pub(super) const READERS: [Scope; 3] = [Scope::Campaigns, Scope::Approvals, Scope::Read];

/// Exports that a key may have at once: an office may fetch the errors of many files in a row.
const EXPORTS: NonZeroU32 = NonZeroU32::new(60).expect("sixty");
/// How long until a key may have one more.
const EXPORT_EVERY: Duration = Duration::from_secs(6);

/// How often each key may ask.
pub(crate) struct Limiter {
    limiter: DefaultKeyedRateLimiter<Uuid>,
    clock: DefaultClock,
    /// What a key has used up.
    quota: Words,
}

impl Limiter {
    pub(crate) fn new(per_second: u32) -> Self {
        let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        Self {
            limiter: RateLimiter::keyed(Quota::per_second(per_second)),
            clock: DefaultClock::default(),
            quota: words!("its {per_second} requests a second", "每秒 {per_second} 次的额度"),
        }
    }

    /// For files of many people's data: each leaves an entry in the log, which is never tidied.
    pub(crate) fn of_exports() -> Self {
        let quota = Quota::with_period(EXPORT_EVERY).unwrap_or(Quota::per_minute(EXPORTS));
        Self {
            limiter: RateLimiter::keyed(quota.allow_burst(EXPORTS)),
            clock: DefaultClock::default(),
            quota: words!(
                "its {EXPORTS} exports, of which one comes back every {seconds} s",
                "{EXPORTS} 次导出的额度（每 {seconds} 秒恢复一次）",
                seconds = EXPORT_EVERY.as_secs()
            ),
        }
    }

    /// # Errors
    /// `rate_limited`, which says how long to wait.
    pub(crate) fn check(&self, key: Uuid) -> Result<(), Problem> {
        self.limiter.check_key(&key).map_err(|refused| {
            metrics::counter!("posthouse_rate_limited_total").increment(1);
            let wait = refused.wait_time_from(self.clock.now());
            let detail = words!(
                "this key has used {quota}; wait {wait} ms and go on",
                "此密钥已用完{quota}；请等待 {wait} 毫秒后继续",
                quota = self.quota,
                wait = wait.as_millis().max(1)
            );
            let seconds = wait.as_millis().div_ceil(1_000).max(1) as u64;
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(seconds)
        })
    }

    /// Forgets keys that have been quiet.
    pub(crate) fn tidy(&self) {
        self.limiter.retain_recent();
    }
}

/// Lets in whoever has a key.
pub(crate) async fn door(State(front): State<Front>, request: Request, next: Next) -> Result<Response, Problem> {
    let key = bearer(request.headers())?;
    let strangers = front.doors().strangers();
    let origin = strangers.origin(&request);
    if let Err(problem) = strangers.admit(origin, key) {
        metrics::counter!("posthouse_wrong_keys_total").increment(1);
        let mut answer = problem.into_response();
        answer.extensions_mut().insert(Unhurried);
        return Ok(answer);
    }
    let caller = match front.app().team().authenticate(key).await {
        Ok(caller) => caller,
        Err(error) => {
            if matches!(error, AppError::Unauthorised) {
                metrics::counter!("posthouse_wrong_keys_total").increment(1);
                strangers.was_wrong(origin, key);
            }
            return Err(error.into());
        }
    };
    strangers.knows(key);
    let slug = caller.room.slug.clone();
    let mut response = match admitted(&front, caller, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    };
    response.extensions_mut().insert(Known(slug));
    Ok(response)
}

/// The request of somebody who is known.
async fn admitted(front: &Front, caller: Caller, mut request: Request, next: Next) -> Result<Response, Problem> {
    tracing::Span::current().record("agency", caller.room.slug.as_str());
    front.limiter().check(caller.actor)?;
    let place = front.doors().crowd().place(&request, caller.actor)?;
    let held = request.extensions().get::<Held>().cloned().map(|held| held.with(place));
    if let Some(held) = held.clone() {
        request.extensions_mut().insert(held);
    }
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    drop(held);
    Ok(response)
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || {
        Problem::unauthorised(
            "key_missing",
            words!(
                "send an API key as Authorization: Bearer KEY; `posthouse agency create` creates the first one",
                "请以 Authorization: Bearer KEY 发送 API 密钥；首个密钥由 `posthouse agency create` 创建"
            ),
        )
    };
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(missing)?
        .to_str()
        .map_err(|_| missing())?;
    let (scheme, key) = value.trim().split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") && !key.trim().is_empty() {
        Ok(key.trim())
    } else {
        Err(missing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_their_header() {
        let read = |value: &str| {
            bearer(&HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]))
                .map(str::to_owned)
                .ok()
        };
        assert_eq!(read("Bearer ph_1"), Some("ph_1".into()));
        assert_eq!(read("bearer  ph_1 "), Some("ph_1".into()));
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "ph_1"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_key_has_a_rate_of_its_own() {
        let limiter = Limiter::new(2);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(limiter.check(one).is_ok() && limiter.check(one).is_ok());
        let refused = limiter.check(one).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code.as_str()), (429, "rate_limited"));
        assert!(limiter.check(other).is_ok());
    }

    #[test]
    fn exports_have_a_rate_of_their_own() {
        let limiter = Limiter::of_exports();
        let key = Uuid::from_u128(1);
        assert!((0..60).all(|_| limiter.check(key).is_ok()));
        let refused = limiter.check(key).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code.as_str()), (429, "rate_limited"));
        assert!(
            refused
                .detail
                .en
                .contains("60 exports, of which one comes back every 6 s"),
            "{}",
            refused.detail.en
        );
        assert!(refused.detail.zh.contains("60 次导出的额度"), "{}", refused.detail.zh);
    }
}
