//! The living profile: everything known of one customer, with its source.

mod browse;
mod note;
mod record;

pub use browse::{Browse, BrowseAll, Contacts, Found, FoundRow, Sort};
pub use note::Note;
pub use record::{BookingView, Month, Place, Standing};

use crate::Profiles;
use crate::caller::Mask;
use crate::error::{AppError, Result, retrying};
use crate::intake::{Outcome, land};
use crate::links::{LinkView, links_of};
use crate::owners::Owner;
use crate::preferences::{PreferenceView, preferences_of};
use crate::segments::CustomerSegment;
use crate::team::Caller;
use crate::timeline::{TimelineEntry, Whose};
use posthouse_domain::Record;
use posthouse_domain::catalogue::{self, ALL};
use posthouse_domain::event::{self, Customer};
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::preference;
use posthouse_domain::profile::SourceKind;
use posthouse_domain::record::Body;
use posthouse_domain::{attribute, words};
use posthouse_store::intake::{self, attributes_of, identities_of};
use posthouse_store::{Access, Tx, audit, dialect, profiles as store};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// An identity of a customer. Document numbers are not shown.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityView {
    /// Kind of identity.
    pub kind: String,
    /// What was written; nothing of documents and of what is kept from the caller.
    pub value: Option<String>,
    /// The form by which it is looked up; nothing of those.
    pub normal: Option<String>,
}

/// One value of one attribute, with where it came from.
#[derive(Debug, Clone, Serialize)]
pub struct AttributeView {
    /// Name.
    pub key: String,
    /// Normal spelling.
    pub value: String,
    /// Who told.
    pub source: String,
    /// `declared`, `observed`, `third-party` or `inferred`.
    pub source_kind: String,
    /// When it was true, in ms since 1970.
    pub at: i64,
    /// Whether this is the value that is shown.
    pub shown: bool,
}

/// Everything known of a customer.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerView {
    /// Id.
    pub id: Uuid,
    /// Who looks after the customer.
    pub owner: Option<Owner>,
    /// What is kept from the caller, and stands nowhere in this.
    pub masked: Vec<Mask>,
    /// Shown attribute values.
    pub profile: Value,
    /// By what the customer is known.
    pub identities: Vec<IdentityView>,
    /// Every value of every attribute, with its source.
    pub attributes: Vec<AttributeView>,
    /// Every preference that was told, with its source.
    pub preferences: Vec<PreferenceView>,
    /// Who belongs to the customer.
    pub links: Vec<LinkView>,
    /// Facts of today by key.
    pub facts: Map<String, Value>,
    /// Place in every binding, with reasons.
    pub segments: Vec<CustomerSegment>,
    /// The newest touches, the latest first.
    pub timeline: Vec<TimelineEntry>,
    /// Where the timeline goes on.
    pub timeline_next: Option<String>,
    /// When it was created, in ms since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
    /// For `If-Match`.
    pub version: i64,
}

/// What to change of a customer.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Identities to add, name and attributes to set.
    pub customer: Customer,
    /// The version it must have.
    pub expected: Option<i64>,
}

/// Touches shown with a customer.
const TIMELINE: usize = 50;
/// What a change by hand sets, for the timeline. Of identities only the kinds: documents are not shown.
fn set_by_hand(customer: &Customer) -> Map<String, Value> {
    let mut data = Map::new();
    if !customer.identities.is_empty() {
        let kinds: Vec<&str> = customer
            .identities
            .iter()
            .map(|identity| identity.kind.as_str())
            .collect();
        data.insert("identities".into(), kinds.into());
    }
    if let Some(name) = &customer.name {
        data.insert("name".into(), name.as_str().into());
    }
    for (key, told) in [
        ("attributes", &customer.attributes),
        ("preferences", &customer.preferences),
    ] {
        if !told.is_empty() {
            data.insert(key.into(), Value::Object(told.clone()));
        }
    }
    data
}

/// A profile as people write it, the birth date as a date, as far as this caller sees it.
pub(crate) fn shown_to(caller: &Caller, mut profile: Value) -> Value {
    if caller.is_masked(Mask::Birth)
        && let Some(fields) = profile.as_object_mut()
    {
        fields.remove("birth_date");
    }
    if let Some(birth) = profile.get_mut("birth_date").filter(|day| day.is_i64()) {
        *birth = posthouse_domain::time::day_text(birth.as_i64().unwrap_or_default() as i32).into();
    }
    profile
}

impl Profiles<'_> {
    /// Everything known of a customer.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn get(&self, caller: &Caller, id: Uuid) -> Result<CustomerView> {
        let (room, agency) = (&caller.room, caller.room.id);
        self.app.segments().ensure_loaded(room).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::customer(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("customer"))?;
        self.must_see(caller, &row).await?;
        let owner = self.owners(&mut tx, agency, &[row.ordinal]).await?.remove(&row.ordinal);
        let identities = identities_of(&mut tx, agency, &[id]).await?;
        let attributes = attributes_of(&mut tx, agency, &[id]).await?;
        let preferences = preferences_of(&mut tx, agency, id).await?;
        let links = links_of(&mut tx, caller, id).await?;
        let (timeline, timeline_next) = self.touches(&mut tx, caller, Whose::of(&row), None, TIMELINE).await?;
        let defined = posthouse_store::attributes::definitions(&mut tx, agency).await?;
        let today = self.app.segments().moment(room).today;
        let facts = self.app.facts().today(room, &mut tx, &row, today).await?;
        drop(tx);
        let segments = self.app.segments().of(caller, row.ordinal).await?;
        let profile: Value = serde_json::from_str(&row.profile).map_err(AppError::corrupt("profile"))?;
        let views = crate::intake::refold::survivors(&attributes);
        Ok(CustomerView {
            id,
            owner,
            masked: caller.masks.clone(),
            profile: shown_to(caller, profile),
            identities: identities
                .into_iter()
                .map(|row| {
                    let secret = row.kind.parse().is_ok_and(|kind| caller.hides_identity(kind));
                    IdentityView {
                        value: (!secret).then(|| row.shown().to_owned()),
                        kind: row.kind,
                        normal: (!secret).then_some(row.value),
                    }
                })
                .collect(),
            attributes: attributes
                .into_iter()
                .zip(views)
                .filter(|(row, _)| {
                    let own = defined.iter().find(|own| attribute::stored_key(&own.key) == row.key);
                    let hidden = own.is_some_and(|own| caller.hides_fact(&own.fact_key(), own.kind));
                    !(hidden || row.key == "birth_date" && caller.is_masked(Mask::Birth))
                })
                .map(|(row, shown)| AttributeView {
                    key: row.key,
                    value: row.value,
                    source: row.source,
                    source_kind: row.source_kind,
                    at: row.at,
                    shown,
                })
                .collect(),
            preferences,
            links,
            facts: ALL
                .iter()
                .filter(|fact| !caller.hides_fact(fact.key, fact.kind))
                .map(|fact| (fact.key.to_owned(), fact.value(&facts, today).to_json()))
                .chain(
                    defined
                        .iter()
                        .filter(|own| !caller.hides_fact(&own.fact_key(), own.kind))
                        .map(|own| {
                            let told = facts.attributes.get(&attribute::stored_key(&own.key));
                            let value = told.map_or(catalogue::Value::Unknown, |text| attribute::value(own.kind, text));
                            (own.fact_key(), value.to_json())
                        }),
                )
                .collect(),
            segments,
            timeline,
            timeline_next,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }

    /// Writes a customer down by hand. One who is known by any of the identities is not created again.
    ///
    /// # Errors
    /// `customer_exists` with the id of the known one; `identity_conflict`; values that are not of their kind.
    pub async fn create(&self, caller: &Caller, customer: Customer) -> Result<CustomerView> {
        let record = self.by_hand(caller, &customer)?;
        if record.identities.is_empty() {
            return Err(AppError::invalid(
                "identity_missing",
                words!(
                    "send at least one identity, so that the customer can be recognised later",
                    "请至少提供一项身份信息，以便日后识别该客户"
                ),
            ));
        }
        let id = retrying!(self.try_create(caller, &record))?;
        caller.room.woken.notify_one();
        self.get(caller, id).await
    }

    async fn try_create(&self, caller: &Caller, record: &Record) -> Result<Uuid> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        audit::lock(&mut tx, agency).await?;
        if let Some(id) = self.owner(&mut tx, agency, record).await? {
            return Err(AppError::conflict(
                "customer_exists",
                words!(
                    "customer {id} is known by one of these identities; change it with PATCH /api/v1/customers/{id}",
                    "身份信息已属于客户 {id}；请用 PATCH /api/v1/customers/{id} 修改"
                ),
            ));
        }
        self.land_by_hand(caller, &mut tx, record).await?;
        let id = self
            .owner(&mut tx, agency, record)
            .await?
            .ok_or_else(|| AppError::Internal("the customer just written is not there".into()))?;
        if let Some(row) = store::customer(&mut tx, agency, id).await? {
            self.own_new(&mut tx, caller, row.ordinal).await?;
        }
        dialect::notify(&mut tx, agency).await?;
        self.app
            .audit()
            .note(
                &mut tx,
                caller,
                "customer.create",
                &format!("customer/{id}"),
                fields(record),
            )
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Changes a customer by hand: adds identities, sets name and attributes. What was known before stays in the history.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `version_changed`; `identity_conflict`; values that are not of their kind.
    pub async fn change(&self, caller: &Caller, id: Uuid, change: Change) -> Result<CustomerView> {
        self.must_see_all(caller, &[id]).await?;
        let record = self.by_hand(caller, &change.customer)?;
        retrying!(self.try_change(caller, id, change.expected, record.clone(), "customer.change"))?;
        caller.room.woken.notify_one();
        self.get(caller, id).await
    }

    async fn try_change(
        &self,
        caller: &Caller,
        id: Uuid,
        expected: Option<i64>,
        mut record: Record,
        action: &str,
    ) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // from here on nobody else changes the customer
        intake::lock(&mut tx, agency).await?;
        audit::lock(&mut tx, agency).await?;
        let row = store::customer(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("customer"))?;
        // an identity or an attribute of the agency's own is not in the shown profile, yet it is a change: always a new version
        if !store::claim_version(&mut tx, agency, id, expected.unwrap_or(row.version), record.occurred_at).await? {
            return Err(AppError::conflict(
                "version_changed",
                words!(
                    "the customer is at version {version}; read it again before changing it",
                    "客户当前为版本 {version}；请重新读取后再修改",
                    version = row.version
                ),
            ));
        }
        let known = identities_of(&mut tx, agency, &[id]).await?;
        // the record has to point to this customer, whatever identities it adds
        let anchor = known.iter().find_map(|row| {
            let kind = row.kind.parse::<IdentityKind>().ok()?;
            (!kind.is_document()).then(|| Identity {
                kind,
                value: row.value.clone(),
                written: row.shown().to_owned(),
            })
        });
        let Some(anchor) = anchor else {
            return Err(AppError::conflict(
                "not_addressable",
                words!(
                    "the customer is known by documents only; send one of them as an identity through POST /api/v1/events",
                    "该客户只有证件可识别；请通过 POST /api/v1/events 把其中一项作为身份发送"
                ),
            ));
        };
        let told = fields(&record);
        if !record.identities.iter().any(|identity| identity.is(&anchor)) {
            record.identities.insert(0, anchor);
        }
        self.land_by_hand(caller, &mut tx, &record).await?;
        dialect::notify(&mut tx, agency).await?;
        self.app
            .audit()
            .note(&mut tx, caller, action, &format!("customer/{id}"), told)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The number of a document of a customer, in the caller's plain sight: the look is written down before they have it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such customer, or no such document of theirs.
    pub async fn document(&self, caller: &Caller, id: Uuid, kind: IdentityKind) -> Result<String> {
        let agency = caller.room.id;
        self.must_see_all(caller, &[id]).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        store::customer(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("customer"))?;
        let sealed = intake::sealed_of(&mut tx, agency, id, kind.as_str()).await?;
        drop(tx);
        let sealed = sealed.ok_or(AppError::NotFound("document"))?;
        let number = self.app.documents.open(agency, &sealed);
        let number = number.ok_or_else(|| AppError::Internal("a document does not open".into()))?;
        let detail = serde_json::json!({"kind": kind.as_str()});
        self.app
            .audit()
            .note_look(caller, "customer.look", &format!("customer/{id}"), &detail)
            .await?;
        Ok(number)
    }

    fn by_hand(&self, caller: &Caller, customer: &Customer) -> Result<Record> {
        let now = self.app.clock.now();
        Ok(Record {
            source: event::BY_HAND.into(),
            external_id: self.app.entropy.id(now).to_string(),
            kind: "profile.updated".into(),
            occurred_at: now,
            on: caller.room.day_of(now),
            identities: event::identities(&customer.identities, &caller.room.terms)?,
            further: Vec::new(),
            attributes: event::attributes(customer, SourceKind::Declared, now)?,
            preferences: preference::preferences(&customer.preferences, SourceKind::Declared, now, true)?,
            customer_since: None,
            body: Body::Profile,
            data: set_by_hand(customer),
        })
    }

    /// Lands the record; one that is refused leaves the transaction undone.
    async fn land_by_hand(&self, caller: &Caller, tx: &mut Tx, record: &Record) -> Result<()> {
        let landing = land(self.app, &caller.room, tx, &[record]).await?;
        match landing.outcomes.into_iter().next() {
            // the value is wrong, whoever the customer is
            Some(Outcome::Rejected(rejection)) if rejection.code == "bad_attribute" => {
                Err(AppError::Invalid(rejection))
            }
            Some(Outcome::Rejected(rejection)) => Err(AppError::Conflict(rejection)),
            _ => Ok(()),
        }
    }

    /// The customer who is known by any of the record's identities.
    async fn owner(&self, tx: &mut Tx, agency: Uuid, record: &Record) -> Result<Option<Uuid>> {
        let values: Vec<(&str, String)> = record
            .identities
            .iter()
            .map(|identity| (identity.kind.as_str(), self.lookup(agency, identity)))
            .collect();
        let pairs: Vec<(&str, &str)> = values.iter().map(|(kind, value)| (*kind, value.as_str())).collect();
        let owners = intake::owners(tx, agency, &pairs).await?;
        Ok(owners.first().map(|row| row.customer_id))
    }

    fn lookup(&self, agency: Uuid, identity: &Identity) -> String {
        if identity.kind.is_document() {
            self.app.documents.hash(agency, identity.kind, &identity.value)
        } else {
            identity.value.clone()
        }
    }
}

/// Which fields somebody wrote by hand; the log holds none of their values.
fn fields(record: &Record) -> serde_json::Value {
    let attributes = record.attributes.iter().map(|told| told.key.as_str());
    let identities = record.identities.iter().map(|identity| identity.kind.as_str());
    let preferences = record
        .preferences
        .iter()
        .map(|told| format!("preferences.{}", told.key.as_str()));
    let mut fields: Vec<String> = attributes
        .chain(identities)
        .map(str::to_owned)
        .chain(preferences)
        .collect();
    fields.sort_unstable();
    fields.dedup();
    serde_json::json!({ "fields": fields })
}
