//! Customers in a list: searched, filtered, in an order, with the facts that are asked for.

use super::Owner;
use crate::Front;
use crate::described;
use crate::extract::{Auth, Repeated, Repeats};
use crate::page::At;
use axum::extract::State;
use posthouse_app::profiles::{Browse, Found, FoundRow, Sort};
use posthouse_domain::catalogue;
use posthouse_domain::contribution::Stored;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A customer in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CustomerSummary {
    /// Id.
    id: Uuid,
    /// The shown name.
    name: Option<String>,
    /// A telephone number with its middle hidden: the one that was searched for, or the first.
    #[schema(example = "+86138****8000")]
    phone: Option<String>,
    /// The agency's member number, as it was written.
    member_no: Option<String>,
    /// For lists: the name, or else the member number, a masked telephone number or e-mail address, or the end of the id.
    label: String,
    /// Who of the staff looks after them.
    owner: Option<Owner>,
    /// The segments they are in, as `binding.key`.
    #[schema(example = json!(["rfm.champions"]))]
    segments: Vec<String>,
    /// Shown attribute values.
    #[schema(value_type = HashMap<String, described::Plain>, example = json!({"name": "王小明", "home_city": "上海"}))]
    profile: Value,
    /// The facts that `columns` names, by key; `null` is unknown. Left out if it names none.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = HashMap<String, described::Plain>, required = false, example = json!({"spend-24m": 5480000, "recency-days": 41}))]
    facts: Map<String, Value>,
    /// When it was last changed.
    updated_at: At,
    /// Its version, as in `ETag`.
    version: i64,
}

impl CustomerSummary {
    fn of(row: FoundRow, columns: &[String]) -> Self {
        let FoundRow { summary, values, .. } = row;
        let value = |value: &Option<Stored>| {
            value
                .as_ref()
                .map_or(catalogue::Value::Unknown, Stored::value)
                .to_json()
        };
        Self {
            id: summary.id,
            name: summary.label.name,
            phone: summary.phone,
            member_no: summary.label.member_no,
            label: summary.label.label,
            owner: summary.owner.map(Owner::from),
            segments: summary.segments,
            profile: summary.profile,
            facts: columns.iter().cloned().zip(values.iter().map(value)).collect(),
            updated_at: summary.updated_at.into(),
            version: summary.version,
        }
    }
}

/// A page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Customers {
    /// The customers.
    items: Vec<CustomerSummary>,
    /// Send it as `cursor` to get the next page; `null` on the last one.
    next: Option<String>,
    /// How many there are on all pages.
    total: u64,
    /// The moment that facts and segments are of: now, or the end of the last day that was turned for everyone.
    as_of: At,
}

/// What may come once.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// A phone number, e-mail address or member number in any spelling; part of a name as it is written, in pinyin (`liwei`, `li wei`) or by
    /// its initials (`lw`); part of a phone number; the beginning of an e-mail address or member number. Of several words (`李伟 8001`) each
    /// has to fit, 6 at most.
    q: Option<String>,
    /// The fact that customers are sorted by, with `-` before it the highest first. Those of whom it is unknown come last both ways, of equals
    /// the newest customer first.
    #[param(example = "-spend-24m")]
    sort: Option<String>,
    /// Facts to be shown of each customer, separated by commas; 50 at most.
    #[param(example = "spend-24m,recency-days")]
    columns: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What may come several times.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// Only members of this segment, as `binding.key`. Of several of one binding it may be any, of several bindings one of each; 100 at most.
    #[param(example = json!(["rfm.champions", "rfm.loyal"]), required = false)]
    segment: Vec<String>,
    /// A condition on a fact, which may come several times, 20 at most: all have to hold. `trips-24m:2..4`, `spend-24m:3000000..`,
    /// `recency-days:..90` or `nps:9` of numbers (money in minor units); `birth-date:1960-01-01..1969-12-31` of days;
    /// `consent-marketing:true` of flags; `home-city:上海,苏州` of texts, any of which it may be, with `\\` before a comma that is part of one.
    /// What is unknown meets no condition.
    #[param(example = json!(["spend-24m:3000000..", "trips-24m:2..4"]), required = false)]
    fact: Vec<String>,
}

impl Repeats for ListQuery {
    const NAMES: &'static [&'static str] = &["segment", "fact"];
}

impl Filters {
    fn of(several: Vec<(String, String)>) -> Self {
        let (segment, fact): (Vec<_>, Vec<_>) = several.into_iter().partition(|(name, _)| name == "segment");
        let values = |pairs: Vec<(String, String)>| pairs.into_iter().map(|(_, value)| value).collect();
        Self {
            segment: values(segment),
            fact: values(fact),
        }
    }

    /// Segments by their bindings.
    fn segments(&self) -> Vec<(String, Vec<String>)> {
        let mut segments: Vec<(String, Vec<String>)> = Vec::new();
        for segment in &self.segment {
            let (binding, key) = segment.split_once('.').unwrap_or((segment, ""));
            match segments.iter_mut().find(|(known, _)| known == binding) {
                Some((_, keys)) => keys.push(key.to_owned()),
                None => segments.push((binding.to_owned(), vec![key.to_owned()])),
            }
        }
        segments
    }
}

/// Find customers: those who match a text, are in segments and meet conditions on facts, all of it together.
///
/// Without `sort` those who match `q` come the best match first, others the newest customer first.
///
/// An identity that is `q` comes first, then names and numbers that are `q`, that begin with it, that end with it (the last digits, the
/// given name), and that have a later word, character of Chinese or digit that begins with it. Then come those that have every word of `q`, the
/// better each fits the sooner. Only if there are none, those that have all words anywhere inside. Case, width, accents and what cannot be
/// seen do not matter.
#[utoipa::path(get, path = "/customers", tag = "profiles", operation_id = "listCustomers", params(ListQuery, Filters),
    responses((status = 200, description = "A page of customers.", body = Customers)))]
pub(super) async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Repeated { once, several }: Repeated<ListQuery>,
) -> Answer<axum::Json<Customers>> {
    let limit = front.limit(once.limit)?;
    let filters = Filters::of(several);
    let app = front.app();
    let sort = once.sort.map(|sort| match sort.strip_prefix('-') {
        Some(fact) => Sort {
            fact: fact.to_owned(),
            descending: true,
        },
        None => Sort {
            fact: sort,
            descending: false,
        },
    });
    let columns = once.columns.unwrap_or_default();
    let browse = Browse {
        q: once.q,
        segments: filters.segments(),
        conditions: app.profiles().conditions(&caller, &filters.fact).await?,
        only: None,
        contacts: false,
        sort,
        columns: columns
            .split(',')
            .filter(|fact| !fact.is_empty())
            .map(str::to_owned)
            .collect(),
        cursor: once.cursor,
        limit,
    };
    let Found {
        total,
        rows,
        next,
        as_of,
    } = app.profiles().browse(&caller, &browse).await?;
    Ok(axum::Json(Customers {
        items: rows
            .into_iter()
            .map(|row| CustomerSummary::of(row, &browse.columns))
            .collect(),
        next,
        total,
        as_of: as_of.into(),
    }))
}
