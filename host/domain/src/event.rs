//! Events as they arrive at `POST /events`: from JSON to a [`Record`].

use crate::booking::{BookingDetails, BookingRecord, BookingStatus};
use crate::fields::{Prices, amount_error, booking_day, check_order, currency, short_text, travellers};
use crate::identity::{Identity, IdentityKind};
use crate::money;
use crate::preference::preferences;
use crate::profile::{self, AttributeValue, SourceKind};
use crate::record::{ActivityKind, Body, RATINGS, ReviewRecord};
use crate::rejection::{check_id, quote, shorten};
use crate::time::{DAY_MILLIS, day_of, parse_day, parse_instant};
use crate::{AgencyTerms, Day, Instant, Record, Rejection};
use crate::{Words, shape, words};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Event types understood now.
pub const TYPES: [&str; 14] = [
    "booking.inquiry",
    "booking.quote",
    "booking.confirmed",
    "booking.contracted",
    "booking.paid",
    "booking.in_trip",
    "booking.completed",
    "booking.cancelled",
    "booking.refunded",
    "contact.made",
    "site.viewed",
    "site.searched",
    "review.written",
    "profile.updated",
];

/// Sources that only the server itself names: what staff enter by hand, and moves between segments.
pub const OWN_SOURCES: [&str; 2] = [BY_HAND, "segments"];
/// The source of what people write by hand, at the console or through its calls.
pub const BY_HAND: &str = "console";
/// Most identities one record may carry.
pub const MOST_IDENTITIES: usize = 20;
/// Most attributes one record may carry.
pub const MOST_ATTRIBUTES: usize = 50;
/// Most bytes of `data` one event may carry.
pub const MOST_DATA: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    source: String,
    external_id: String,
    r#type: String,
    occurred_at: String,
    #[serde(default)]
    customer: Customer,
    #[serde(default)]
    data: Map<String, Value>,
}

/// The customer part of an event, and the body of `POST /customers`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// By what the customer is known.
    #[serde(default)]
    pub identities: Vec<IdentityText>,
    /// Name as the customer writes it.
    #[serde(default)]
    pub name: Option<String>,
    /// Attributes by name: the product's own and the agency's.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// Preferences by key: a value, a list of values, or `null` to take back what was told.
    #[serde(default)]
    pub preferences: Map<String, Value>,
}

/// An identity as it is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityText {
    /// One of [`IdentityKind`]'s names.
    pub kind: String,
    /// In any spelling.
    pub value: String,
}

/// Reads one event.
///
/// # Errors
/// The [`Rejection`] to return beside the event's index.
pub fn parse(event: &Value, terms: &AgencyTerms) -> Result<Record, Rejection> {
    let bad = |problem: Words| {
        Rejection::new(
            "bad_event",
            words!(
                "{problem}; an event has source, external_id, type, occurred_at, customer and data",
                "{problem}；事件应包含 source、external_id、type、occurred_at、customer 和 data"
            ),
        )
    };
    if !event.is_object() {
        // a list with the fields in their order is none either
        return Err(bad(words!("it is not an object", "它不是对象")));
    }
    // only a mistake is worth following the path to it
    let envelope = Envelope::deserialize(event).map_err(|e| {
        let explained = shape::read_value::<Envelope>(event, Some(terms.currency)).err();
        bad(explained.unwrap_or_else(|| Words::same(e.to_string())))
    })?;
    let source = check_id("source", &envelope.source)?;
    let external_id = check_id("external_id", &envelope.external_id)?;
    if source.starts_with("import:") || OWN_SOURCES.contains(&source.as_str()) {
        return Err(Rejection::new(
            "bad_source",
            words!(
                "sources beginning with import: belong to file imports, and {own} to the server itself; choose another name",
                "以 import: 开头的来源留给文件导入，{own} 留给服务器自身；请换一个名称",
                own = OWN_SOURCES.join(" and ")
            ),
        ));
    }
    let occurred_at = parse_instant(&envelope.occurred_at, terms.time_zone).ok_or_else(|| {
        Rejection::new(
            "bad_time",
            words!(
                "occurred_at {text} is not a time; write it like 2026-01-15T10:30:00+08:00",
                "occurred_at {text} 不是时间；请写成 2026-01-15T10:30:00+08:00 的形式",
                text = quote(&envelope.occurred_at)
            ),
        )
    })?;
    if serde_json::to_string(&envelope.data).is_ok_and(|text| text.len() > MOST_DATA) {
        return Err(Rejection::new(
            "data_too_large",
            words!(
                "data is larger than {MOST_DATA} bytes; send what the booking needs, not the whole document",
                "data 超过 {MOST_DATA} 字节；请只发送订单所需的内容，而不是整份文档"
            ),
        ));
    }
    let on = day_of(occurred_at, terms.time_zone);
    let kind = envelope.r#type.as_str();
    let body = match kind {
        "contact.made" => Body::Activity(ActivityKind::Contact),
        "site.viewed" => Body::Activity(ActivityKind::View),
        "site.searched" => Body::Activity(ActivityKind::Search),
        "review.written" => Body::Review(review(&envelope.data)?),
        "profile.updated" => Body::Profile,
        _ if TYPES.contains(&kind) => {
            let status = kind
                .strip_prefix("booking.")
                .and_then(|s| s.parse().ok())
                .unwrap_or(BookingStatus::Confirmed);
            Body::Booking(booking(&envelope.data, status, &external_id, occurred_at, on, terms)?)
        }
        _ => {
            return Err(Rejection::new(
                "unknown_type",
                words!(
                    "type {kind} is not known; known are {known}",
                    "类型 {kind} 无法识别；可用的有 {known}",
                    kind = quote(kind),
                    known = TYPES.join(", ")
                ),
            ));
        }
    };
    let source_kind = if kind.starts_with("site.") {
        SourceKind::Observed
    } else {
        SourceKind::Declared
    };
    let identities = identities(&envelope.customer.identities, terms)?;
    let attributes = attributes(&envelope.customer, source_kind, occurred_at)?;
    let preferences = preferences(&envelope.customer.preferences, source_kind, occurred_at, false)?;
    Ok(Record {
        source,
        external_id,
        kind: kind.to_owned(),
        occurred_at,
        on,
        identities,
        further: Vec::new(),
        attributes,
        preferences,
        customer_since: None,
        body,
        data: envelope.data,
    })
}

/// Passes as many identities as a record may carry.
pub(crate) fn check_number_of_identities(count: usize) -> Result<(), Rejection> {
    if count <= MOST_IDENTITIES {
        return Ok(());
    }
    Err(Rejection::new(
        "too_many_identities",
        words!(
            "a record may carry {MOST_IDENTITIES} identities, this one has {count}",
            "一条记录最多 {MOST_IDENTITIES} 项身份，本条有 {count} 项"
        ),
    ))
}

/// Brings the identities of a record into their normal spelling, each once.
///
/// # Errors
/// Unknown kinds, values that are not of their kind, two values of an exclusive kind.
pub fn identities(texts: &[IdentityText], terms: &AgencyTerms) -> Result<Vec<Identity>, Rejection> {
    check_number_of_identities(texts.len())?;
    let mut found = Vec::with_capacity(texts.len());
    for text in texts {
        let kind: IdentityKind = text.kind.parse().map_err(|()| {
            let known = IdentityKind::ALL.map(IdentityKind::as_str).join(", ");
            Rejection::new(
                "unknown_identity_kind",
                words!(
                    "identity kind {kind} is not known; known are {known}",
                    "身份类型 {kind} 无法识别；可用的有 {known}",
                    kind = quote(&text.kind)
                ),
            )
        })?;
        push_identity(&mut found, kind, &text.value, terms)?;
    }
    Ok(found)
}

/// Adds one identity in its normal form.
pub(crate) fn push_identity(
    found: &mut Vec<Identity>,
    kind: IdentityKind,
    value: &str,
    terms: &AgencyTerms,
) -> Result<(), Rejection> {
    let identity =
        Identity::normalise(kind, value, &terms.country).map_err(|e| Rejection::new("bad_identity", Words::of(&e)))?;
    if found.iter().any(|other| other.is(&identity)) {
        return Ok(());
    }
    if kind.is_exclusive() && found.iter().any(|other| other.kind == kind) {
        return Err(Rejection::new(
            "identity_conflict",
            words!(
                "the record carries two different values of {kind}; a customer has one",
                "记录中 {kind} 有两个不同的值；一位客户只有一个",
                kind = kind.as_str()
            ),
        ));
    }
    found.push(identity);
    Ok(())
}

/// The attributes a customer part tells, checked and in normal spelling.
///
/// # Errors
/// Values that are not of their kind, names that are not snake case.
pub fn attributes(customer: &Customer, source_kind: SourceKind, at: Instant) -> Result<Vec<AttributeValue>, Rejection> {
    if customer.attributes.len() > MOST_ATTRIBUTES {
        return Err(Rejection::new(
            "too_many_attributes",
            words!(
                "a record may carry {MOST_ATTRIBUTES} attributes",
                "一条记录最多 {MOST_ATTRIBUTES} 个属性"
            ),
        ));
    }
    let name = customer.name.iter().map(|name| ("name", name.clone()));
    let rest = customer.attributes.iter().filter_map(|(key, value)| match value {
        Value::Null => None,
        Value::String(text) => Some(Ok((key.as_str(), text.clone()))),
        Value::Bool(_) | Value::Number(_) => Some(Ok((key.as_str(), value.to_string()))),
        _ => Some(Err(Rejection::new(
            "bad_attribute",
            words!(
                "attribute {key} is a list or an object; send a text, a number or true/false",
                "属性 {key} 是列表或对象；请发送文本、数字或 true/false",
                key = shorten(key)
            ),
        ))),
    });
    let mut found = Vec::new();
    for pair in name.map(Ok).chain(rest) {
        let (key, value) = pair?;
        push_attribute(&mut found, key, &value, source_kind, at)?;
    }
    Ok(found)
}

/// Adds one attribute in its normal spelling; an empty value says nothing.
pub(crate) fn push_attribute(
    found: &mut Vec<AttributeValue>,
    key: &str,
    value: &str,
    source_kind: SourceKind,
    at: Instant,
) -> Result<(), Rejection> {
    let key = key.replace('-', "_");
    let good = !key.is_empty()
        && key.len() <= 64
        && key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
    if !good {
        return Err(Rejection::new(
            "bad_attribute",
            words!(
                "attribute name {key} must be lower-case letters, digits and underscores, at most 64",
                "属性名 {key} 应为小写字母、数字和下划线，最多 64 个",
                key = quote(&key)
            ),
        ));
    }
    let value = profile::normalise(&key, value).map_err(|problem| {
        Rejection::new(
            "bad_attribute",
            words!(
                "{key} {value} {problem}",
                "{key} {value} {problem}",
                value = quote(value)
            ),
        )
    })?;
    // a day's grace, because it is somewhere tomorrow already
    if key == "birth_date" && parse_day(&value).is_some_and(|day| i64::from(day) > at / DAY_MILLIS + 1) {
        return Err(Rejection::new(
            "bad_attribute",
            words!(
                "birth_date {value} is later than the record itself",
                "birth_date {value} 晚于记录的时间",
                value = quote(&value)
            ),
        ));
    }
    if !value.is_empty() {
        found.push(AttributeValue {
            key,
            value,
            source_kind,
            at,
        });
    }
    Ok(())
}

fn booking(
    data: &Map<String, Value>,
    status: BookingStatus,
    external_id: &str,
    at: Instant,
    on: Day,
    terms: &AgencyTerms,
) -> Result<BookingRecord, Rejection> {
    let fields = Fields(data);
    let booking_id = match fields.text("booking_id")? {
        Some(id) => check_id("booking_id", &id)?,
        None => external_id.to_owned(),
    };
    let currency = currency(fields.text("currency")?.as_deref(), terms)?;
    let prices = Prices {
        amount: fields.amount("amount")?,
        cost: fields.amount("cost")?,
        currency,
        amount_base: fields.amount("amount_base")?,
    };
    let (amount, cost) = prices.in_base(terms)?;
    let day = |key| -> Result<Option<Day>, Rejection> {
        fields.text(key)?.map(|text| booking_day(key, &text, terms)).transpose()
    };
    let details = BookingDetails {
        booked_on: day("booked_at")?,
        product: fields.text("product")?,
        destination: fields.text("destination")?,
        theme: fields.text("theme")?,
        departs_on: day("departs")?,
        returns_on: day("returns")?,
        travellers: fields.whole("travellers")?.map(travellers).transpose()?,
        amount,
        cost,
        channel: fields.text("channel")?,
    };
    check_order(&details)?;
    Ok(BookingRecord {
        booking_id,
        status,
        happened_at: Some(at),
        on,
        details,
    })
}

/// A review, whose rating may be left out.
fn review(data: &Map<String, Value>) -> Result<ReviewRecord, Rejection> {
    let Some(told) = Fields(data).whole("rating")? else {
        return Ok(ReviewRecord { rating: None });
    };
    match u32::try_from(told) {
        Ok(rating) if RATINGS.contains(&rating) => Ok(ReviewRecord { rating: Some(rating) }),
        _ => Err(Rejection::new(
            "bad_field",
            words!(
                "data.rating is {told}; it must be {first} to {last}, or left out",
                "data.rating 为 {told}；应为 {first} 到 {last}，也可不填",
                first = RATINGS.start(),
                last = RATINGS.end()
            ),
        )),
    }
}

/// Typed access to an event's data.
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn text(&self, key: &str) -> Result<Option<String>, Rejection> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => short_text(key, text),
            Some(other) => Err(Rejection::new(
                "bad_field",
                words!(
                    "data.{key} is {other}; it must be a text",
                    "data.{key} 为 {other}；应为文本",
                    other = shorten(&other.to_string())
                ),
            )),
        }
    }

    fn whole(&self, key: &str) -> Result<Option<i64>, Rejection> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| {
                Rejection::new(
                    "bad_field",
                    words!(
                        "data.{key} is {value}; it must be a whole number",
                        "data.{key} 为 {value}；应为整数",
                        value = shorten(&value.to_string())
                    ),
                )
            }),
        }
    }

    fn amount(&self, key: &str) -> Result<Option<i64>, Rejection> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_i64() {
                Some(amount) if amount < 0 => Err(amount_error(key, &value.to_string(), money::AmountError::Negative)),
                Some(amount) if amount > money::LARGEST_AMOUNT => {
                    Err(amount_error(key, &value.to_string(), money::AmountError::TooLarge))
                }
                Some(amount) => Ok(Some(amount)),
                None => Err(Rejection::new(
                    "bad_amount",
                    words!(
                        "data.{key} is {value}; money in JSON is a whole number of minor units, 1234.50 is 123450",
                        "data.{key} 为 {value}；JSON 中的金额应为最小货币单位的整数，1234.50 写作 123450",
                        value = shorten(&value.to_string())
                    ),
                )),
            },
        }
    }
}
