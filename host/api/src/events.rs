//! Events as they happen.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json};
use super::fixed;
use axum::extract::State;
use posthouse_app::intake::{self, MOST_EVENTS};
use posthouse_app::team::Scope;
use posthouse_domain::{Words, words};
use posthouse_web::problem::{Answer, Problem};
use posthouse_web::reader::Said;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Intake], routes!(accept))
}

/// Up to 1,000 events.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    /// The events, in the order in which they happened; each of at most 64 KiB.
    #[schema(value_type = Vec<Event>, max_items = 1000)]
    events: Texts,
}

/// Longest event, in bytes.
const LONGEST_EVENT: usize = 64 << 10;

/// Events as they were sent, unread but for the count: what is refused as a whole must not be built first.
#[derive(Debug, Default)]
struct Texts {
    /// The first [`MOST_EVENTS`].
    kept: Vec<Box<RawValue>>,
    /// How many were sent.
    count: usize,
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of events")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut texts = Texts::default();
                while texts.kept.len() < MOST_EVENTS {
                    let Some(text) = list.next_element()? else { break };
                    texts.kept.push(text);
                }
                texts.count = texts.kept.len();
                while list.next_element::<IgnoredAny>()?.is_some() {
                    texts.count += 1;
                }
                Ok(texts)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// One event as JSON, or why it cannot be.
fn read(text: &RawValue) -> Result<Value, (&'static str, Words)> {
    let length = text.get().len();
    if length > LONGEST_EVENT {
        let detail = words!(
            "the event has {length} bytes, an event may have {LONGEST_EVENT}; leave out of data what no rule needs",
            "此事件有 {length} 字节，上限为 {LONGEST_EVENT}；请从 data 中去掉规则用不到的内容"
        );
        return Err(("event_too_large", detail));
    }
    serde_json::from_str(text.get()).map_err(|e| {
        (
            "bad_event",
            words!("the event cannot be read: {e}", "事件无法解析：{e}"),
        )
    })
}

/// Something that happened to a customer.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the app reads")]
#[schema(example = json!({
    "source": "shop", "external_id": "B-1024", "type": "booking.confirmed", "occurred_at": "2026-01-15T10:30:00+08:00",
    "customer": {"identities": [{"kind": "phone", "value": "138 0013 8000"}], "name": "王小明"},
    "data": {"destination": "Kyoto", "theme": "family", "departs": "2026-04-02", "returns": "2026-04-09", "travellers": 4, "amount": 3280000, "channel": "web"}
}))]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    /// The system that tells. With `external_id` it names the event: sent twice, it counts once.
    source: String,
    /// The source's number of the event.
    external_id: String,
    /// `booking.{inquiry,quote,confirmed,contracted,paid,in_trip,completed,cancelled,refunded}`, `contact.made`, `site.viewed`, `site.searched`, `review.written` or `profile.updated`.
    #[schema(value_type = fixed::IncomingType)]
    r#type: String,
    /// RFC 3339; without an offset it is the agency's local time.
    occurred_at: String,
    /// Who.
    customer: CustomerText,
    /// What a booking or a review says; of other types the sender's own fields are kept as they are. At most 16 KiB.
    #[schema(value_type = EventData, required = false)]
    data: Option<EventData>,
}

/// What an event says.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the app reads")]
pub(crate) struct EventData {
    #[serde(flatten)]
    booking: BookingData,
    /// Of `review.written`: how the customer rates the trip, from 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    rating: Option<u32>,
}

/// What a booking says, each field as far as it is known. Fields with other names are kept and not understood. The state of the booking
/// is the event's type.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the app reads")]
pub(crate) struct BookingData {
    /// The booking that the event is about; the event's `external_id` if left out.
    booking_id: Option<String>,
    /// When it was booked: a day, or an instant; the day on which the first record of the booking occurred if never told.
    #[schema(example = "2026-01-15")]
    booked_at: Option<String>,
    /// The product's number or name.
    product: Option<String>,
    /// Where the trip goes.
    destination: Option<String>,
    /// What kind of trip it is.
    theme: Option<String>,
    /// First day of the trip.
    #[schema(example = "2026-04-02")]
    departs: Option<String>,
    /// Last day of the trip.
    #[schema(example = "2026-04-09")]
    returns: Option<String>,
    /// How many travel.
    #[schema(minimum = 1, maximum = 10000)]
    travellers: Option<i32>,
    /// Price in minor units of `currency`.
    #[schema(minimum = 0)]
    amount: Option<i64>,
    /// What it costs the agency, in minor units of `currency`.
    #[schema(minimum = 0)]
    cost: Option<i64>,
    /// ISO 4217 code; the agency's currency if left out.
    currency: Option<String>,
    /// The price in minor units of the agency's currency, needed if `currency` is another.
    #[schema(minimum = 0)]
    amount_base: Option<i64>,
    /// Where it was booked.
    channel: Option<String>,
}

/// A customer as told by somebody.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the app reads")]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"identities": [{"kind": "phone", "value": "138 0013 8000"}], "name": "王小明", "attributes": {"home_city": "上海"},
    "preferences": {"destination": ["Kyoto", "Yunnan"], "pace": "relaxed", "budget": 3_000_000}}))]
pub(crate) struct CustomerText {
    /// By what the customer is known. A new customer needs one, a change may leave them out.
    #[schema(required = false)]
    identities: Vec<IdentityText>,
    /// Name as the customer writes it.
    name: Option<String>,
    /// Attributes: `name_latin, kind, gender, birth_date, home_city, language, consent_marketing`.
    #[schema(value_type = HashMap<String, described::Plain>, required = false)]
    attributes: Option<Value>,
    /// Preferences by key (`destination, theme, pace, hotel, diet, mobility, budget, season`): a value, several of `destination, theme, diet`
    /// and `season`, or `null` to take back what was told. A value may be an object with `value`, `source_kind` (`declared`, `observed`,
    /// `third-party`, `inferred`) and `confidence` (per cent). Events add to what was recorded under a key, `PATCH` takes its place.
    #[schema(value_type = HashMap<fixed::PreferenceKey, described::PreferenceText>, required = false)]
    preferences: Option<Value>,
}

/// An identity in any spelling.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the app reads")]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityText {
    /// `phone, email, wechat_openid, id_card, passport, member_no, ota_user` or `device`.
    #[schema(value_type = fixed::IdentityKind)]
    kind: String,
    /// As people write it.
    value: String,
}

/// What became of the events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// How many landed: on disk, counted exactly once.
    accepted: usize,
    /// How many were known before.
    duplicates: usize,
    /// Which were rejected, and why.
    rejected: Vec<RejectedEvent>,
}

/// An event that was rejected. Its id is not used up: put it right and send it again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedEvent {
    /// Position in the request, from 0.
    index: usize,
    /// Stable code.
    #[schema(example = "identity_conflict")]
    code: String,
    /// What is wrong and what to do; in the language of `Accept-Language`.
    detail: Said,
}

impl From<intake::Accepted> for Accepted {
    fn from(accepted: intake::Accepted) -> Self {
        let rejected = accepted
            .rejected
            .into_iter()
            .map(|r| RejectedEvent {
                index: r.index,
                code: r.code,
                detail: r.detail.into(),
            })
            .collect();
        Self {
            accepted: accepted.accepted,
            duplicates: accepted.duplicates,
            rejected,
        }
    }
}

/// Send events.
///
/// When this answers, what was accepted is on disk and the customers' facts are true; their segments follow at once. Single events
/// that cannot be taken come back in `rejected`; the others land.
#[utoipa::path(post, path = "/events", tag = "intake", operation_id = "sendEvents", request_body = Events,
    responses((status = 200, description = "What became of each event.", body = Accepted)))]
async fn accept(
    State(front): State<Front>,
    Auth(caller): Auth,
    Json(body): Json<Events>,
) -> Answer<axum::Json<Accepted>> {
    let Texts { kept, count } = body.events;
    if count > MOST_EVENTS {
        let detail = words!(
            "a request may carry {MOST_EVENTS} events, this one has {count}; send several requests",
            "一次请求最多 {MOST_EVENTS} 个事件，本次有 {count} 个；请分多次发送"
        );
        return Err(Problem::unprocessable("too_many_events", detail));
    }
    let (mut events, mut places, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (index, text) in kept.into_iter().enumerate() {
        match read(&text) {
            Ok(event) => {
                events.push(event);
                places.push(index);
            }
            Err((code, detail)) => refused.push(RejectedEvent {
                index,
                code: code.to_owned(),
                detail: detail.into(),
            }),
        }
    }
    let mut answer = Accepted::from(front.app().intake().accept(&caller, &events).await?);
    for rejected in &mut answer.rejected {
        rejected.index = places[rejected.index];
    }
    answer.rejected.append(&mut refused);
    answer.rejected.sort_by_key(|rejected| rejected.index);
    Ok(axum::Json(answer))
}
