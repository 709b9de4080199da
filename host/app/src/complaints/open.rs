//! A case comes: who it is about is found as well as it can be, and it goes to a desk.

use super::file::{CaseFile, Note, Who, bad, write};
use super::house::{DEFAULT_DESK, House};
use super::{COMPLAINT, CaseView};
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::texts::short;
use crate::{Complaints, Room};
use posthouse_domain::complaints::{Cause, Clocks, Kind, Phase, SEVERITIES, State, Trigger};
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::{Day, Words, normal, time, words};
use posthouse_store::complaints::{self as store, CaseRow};
use posthouse_store::intake::{self, BookingRow};
use posthouse_store::{Access, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// Longest text of a case, in bytes.
const LONGEST: usize = 16_000;
/// Longest channel, product, supplier, guide and word of the agency's own, in bytes.
const LONGEST_WORD: usize = 120;

/// Who complains, where that is somebody unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// What they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their telephone number, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Their e-mail address, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A case that comes.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Whose it is.
    pub customer: Option<Uuid>,
    /// Who complains, by other means.
    pub contact: Contact,
    /// The booking it is about.
    pub booking: Option<String>,
    /// What somebody has to say.
    pub kind: Kind,
    /// What it is about.
    pub cause: Option<Cause>,
    /// The agency's own word below that.
    pub cause_detail: Option<String>,
    /// How it came.
    pub channel: String,
    /// What was said.
    pub text: String,
    /// From 1, the gravest, to 4.
    pub severity: Option<i32>,
    /// Whose service it is about.
    pub supplier: Option<String>,
    /// Who guided the trip.
    pub guide: Option<String>,
}

impl Default for NewCase {
    fn default() -> Self {
        Self {
            customer: None,
            contact: Contact::default(),
            booking: None,
            kind: Kind::Complaint,
            cause: None,
            cause_detail: None,
            channel: "phone".to_owned(),
            text: String::new(),
            severity: None,
            supplier: None,
            guide: None,
        }
    }
}

/// A short word that may be left out.
pub(super) fn word(what: &Words, text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.len() > LONGEST_WORD {
        true => Err(bad(words!(
            "the {what} is longer than {LONGEST_WORD} bytes",
            "{what}超过 {LONGEST_WORD} 字节"
        ))),
        false => short(what, text).map(Some),
    }
}

/// What a case says, in 1 to 16,000 bytes.
fn said(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.contains('\0') {
        return Err(bad(words!(
            "write what happened, in 1 to {LONGEST} bytes",
            "请写明经过，1 到 {LONGEST} 字节"
        )));
    }
    Ok(text.to_owned())
}

impl NewCase {
    fn checked(&self) -> Result<Self> {
        if self.severity.is_some_and(|severity| !SEVERITIES.contains(&severity)) {
            return Err(bad(words!("severity is 1 to 4", "severity 应为 1 到 4")));
        }
        let channel = word(&words!("channel", "渠道"), Some(&self.channel))?;
        let booking = word(&words!("booking number", "订单号"), self.booking.as_deref())?;
        Ok(Self {
            contact: Contact {
                name: word(&words!("name", "姓名"), self.contact.name.as_deref())?,
                phone: word(&words!("telephone number", "电话"), self.contact.phone.as_deref())?,
                email: word(&words!("e-mail address", "邮箱"), self.contact.email.as_deref())?,
            },
            booking,
            cause_detail: word(&words!("detail of the cause", "细分原因"), self.cause_detail.as_deref())?,
            channel: channel.ok_or_else(|| bad(words!("say how it came as channel", "请在 channel 中填写来源渠道")))?,
            text: said(&self.text)?,
            supplier: word(&words!("supplier", "供应商"), self.supplier.as_deref())?,
            guide: word(&words!("guide", "导游"), self.guide.as_deref())?,
            ..self.clone()
        })
    }
}

/// When in a trip a day is.
pub(super) fn phase(booking: Option<&BookingRow>, today: Day) -> Phase {
    let details = booking.map(|row| &row.booking.details);
    match details.map(|details| (details.departs_on, details.returns_on)) {
        Some((Some(departs), _)) if today < departs => Phase::Pre,
        Some((Some(departs), returns)) if today <= returns.unwrap_or(departs) => Phase::InTrip,
        _ => Phase::Post,
    }
}

/// Stands before what was said and how to reach whoever said it: those from whom that is kept find cases by what comes before it.
pub(super) const SAID: char = '\u{1f}';

/// A text as cases are found by it.
pub(super) fn sought(text: &str) -> String {
    normal::caseless(text).replace(SAID, " ")
}

/// What a case is found by.
pub(super) fn found_by(row: &CaseRow) -> String {
    let open = [
        Some(&row.number),
        row.booking_id.as_ref(),
        row.product.as_ref(),
        row.supplier.as_ref(),
    ];
    let kept = [Some(&row.text), row.contact.as_ref()];
    let joined = |parts: &[Option<&String>]| {
        let parts: Vec<&str> = parts.iter().flatten().map(|part| part.as_str()).collect();
        sought(&parts.join("\n"))
    };
    format!("{}{SAID}{}", joined(&open), joined(&kept))
}

impl Complaints<'_> {
    /// Opens a case: it has a number, a desk and clocks when this returns. Asked for twice it is opened twice, unless the request has a key.
    ///
    /// # Errors
    /// `bad_complaint`, `bad_name`; [`AppError::NotFound`] for a customer whom the caller does not see; `booking_of_another_customer`.
    pub async fn open(&self, caller: &Caller, new: &NewCase) -> Result<CaseView> {
        if let Some(customer) = new.customer {
            self.must_see_customer(caller, customer).await?;
        }
        let id = self.open_by(&caller.room, Who::Staff(caller), new).await?;
        self.case(caller, &id.to_string()).await
    }

    /// Opens a case of whoever it is by; its id.
    pub(super) async fn open_by(&self, room: &Arc<Room>, who: Who<'_>, new: &NewCase) -> Result<Uuid> {
        let new = new.checked()?;
        retrying!(self.try_open(room, who, &new))
    }

    async fn try_open(&self, room: &Arc<Room>, who: Who<'_>, new: &NewCase) -> Result<Uuid> {
        let (agency, moment) = (room.id, self.app.segments().moment(room));
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let house = House::read(&mut tx, agency, &room.terms).await?;
        let booking = match &new.booking {
            Some(id) => intake::bookings(&mut tx, agency, &[id.as_str()]).await?.pop(),
            None => None,
        };
        let of_booking = booking.as_ref().map(|booking| booking.customer_id);
        if let (Some(named), Some(other)) = (new.customer, of_booking)
            && named != other
        {
            return Err(AppError::conflict(
                "booking_of_another_customer",
                words!(
                    "booking {booking} is another customer's; leave customer_id or booking_id out",
                    "订单 {booking} 属于其他客户；请去掉 customer_id 或 booking_id",
                    booking = new.booking.as_deref().unwrap_or_default()
                ),
            ));
        }
        let customer = match new.customer.or(of_booking) {
            Some(customer) => Some(customer),
            None => known_by(&mut tx, agency, &new.contact, &room.terms.country).await?,
        };
        drop(tx);
        let mut file = self.file(new, customer, booking.as_ref(), &house, (moment.now, moment.today));
        let law = house.terms.statutory.as_ref().filter(|_| new.kind == Kind::Complaint);
        file.clocks = Clocks::start(moment.now, house.terms.targets_of(file.row.severity), law);
        let heard = self.ask(room, &house, &file, (Trigger::Opened, None), moment).await?;
        let mut tx = self.begin(room, who).await?;
        let month = time::date_from_day(moment.today).format("%y%m").to_string();
        let numbered = store::next_number(&mut tx, agency, month.parse().unwrap_or_default()).await?;
        file.row.number = format!("C{month}-{numbered:04}");
        file.row.search = found_by(&file.row);
        let opened = Note {
            kind: "opened",
            text: Some(file.row.text.clone()),
            data: json!({"channel": file.row.channel}),
            is_public: true,
            ..Note::default()
        };
        file.note(who, moment.now, State::New, opened);
        file.tell("case.opened", moment.now, json!({"channel": file.row.channel}));
        self.route(&mut tx, agency, &mut file, &heard, &house, moment).await?;
        let id = file.row.id;
        let mut files = vec![file];
        write(&mut tx, agency, &mut files, moment.now, &house).await?;
        self.finish(tx, room, who, files, heard.decision, ("open", json!({})), moment)
            .await?;
        self.look_for_crises(room, &house, id).await;
        Ok(id)
    }

    /// The file of a case that comes.
    fn file(
        &self,
        new: &NewCase,
        customer: Option<Uuid>,
        booking: Option<&BookingRow>,
        house: &House,
        (now, today): (i64, Day),
    ) -> CaseFile {
        let details = booking.map(|booking| &booking.booking.details);
        let contact = (new.contact != Contact::default()).then(|| json!(new.contact).to_string());
        let row = CaseRow {
            id: self.app.entropy.id(self.app.machine.now()),
            number: String::new(),
            customer_id: customer,
            contact,
            booking_id: new.booking.clone(),
            product: details.and_then(|details| details.product.clone()),
            departs_on: details.and_then(|details| details.departs_on),
            supplier: new.supplier.clone(),
            guide: new.guide.clone(),
            kind: new.kind.as_str().to_owned(),
            cause: new.cause.map(|cause| cause.as_str().to_owned()),
            cause_detail: new.cause_detail.clone(),
            channel: new.channel.clone(),
            text: new.text.clone(),
            phase: phase(booking, today).as_str().to_owned(),
            severity: new.severity.unwrap_or(house.terms.severity),
            severity_by_person: new.severity.is_some(),
            liability: None,
            root_cause: None,
            rectification: None,
            assessment: None,
            state: State::New.as_str().to_owned(),
            is_open: true,
            desk: DEFAULT_DESK.to_owned(),
            person_id: None,
            assigned_at: None,
            opened_at: now,
            opened_on: today,
            first_response_at: None,
            resolved_at: None,
            closed_at: None,
            reopened: 0,
            rating: None,
            rating_text: None,
            breached: false,
            bad_on: None,
            hops: 0,
            clocks: String::new(),
            kept: String::new(),
            due_at: None,
            alike: None,
            crisis_id: None,
            link_epoch: 0,
            entries: 0,
            files: 0,
            cost: 0,
            search: String::new(),
            opened_by: None,
            updated_at: now,
            version: 0,
        };
        let alike = super::alike(&row);
        CaseFile::new(CaseRow { alike, ..row })
    }

    /// Begins a transaction of whoever does something, which has the lock of the agency's changes.
    pub(super) async fn begin(&self, room: &Room, who: Who<'_>) -> Result<Tx> {
        let mut tx = match who {
            Who::Staff(caller) => self.app.idempotency().begin(caller).await?,
            Who::Customer | Who::Host => self.app.store.write(Access::Agency(room.id)).await?,
        };
        intake::lock(&mut tx, room.id).await?;
        Ok(tx)
    }

    /// Ends a transaction in which cases were written: decisions, facts, the audit log, and what others are told.
    #[expect(clippy::too_many_arguments, reason = "the end of every step is here alone")]
    pub(super) async fn finish(
        &self,
        mut tx: Tx,
        room: &Arc<Room>,
        who: Who<'_>,
        files: Vec<CaseFile>,
        decision: Option<posthouse_store::decisions::DecisionRow>,
        (deed, detail): (&str, serde_json::Value),
        moment: crate::rules::Moment,
    ) -> Result<()> {
        let agency = room.id;
        if let Some(decision) = decision {
            posthouse_store::decisions::insert(&mut tx, agency, &[decision]).await?;
        }
        let mut customers: Vec<Uuid> = files
            .iter()
            .filter(|file| file.moves_facts)
            .filter_map(|file| file.row.customer_id)
            .collect();
        customers.sort_unstable();
        customers.dedup();
        if !customers.is_empty() {
            let facts = self.app.facts();
            facts
                .contribute::<super::Complained>(&mut tx, agency, &customers, moment.today)
                .await?;
        }
        let (action, mut told) = (format!("complaint.{deed}"), Vec::new());
        for file in files {
            let subject = format!("{COMPLAINT}/{}", file.row.id);
            match who {
                Who::Staff(caller) => {
                    let audit = self.app.audit();
                    audit.note(&mut tx, caller, &action, &subject, detail.clone()).await?;
                }
                Who::Customer => {
                    let mut detail = detail.clone();
                    detail["by"] = "customer".into();
                    self.app
                        .audit()
                        .note_by(&mut tx, agency, None, &action, &subject, detail)
                        .await?;
                }
                // clocks run by themselves: that they did stands with the case
                Who::Host => {}
            }
            told.extend(file.told);
        }
        let listeners = crate::webhooks::Listeners::of(&mut tx, agency).await?;
        listeners.tell(self.app, &mut tx, agency, told).await?;
        tx.commit().await?;
        if !customers.is_empty() {
            room.woken.notify_one();
        }
        Ok(())
    }
}

/// The one customer who is known by a telephone number or an e-mail address; nobody where they are several.
async fn known_by(tx: &mut Tx, agency: Uuid, contact: &Contact, country: &str) -> Result<Option<Uuid>> {
    let told = [
        (IdentityKind::Phone, &contact.phone),
        (IdentityKind::Email, &contact.email),
    ];
    let identities: Vec<Identity> = told
        .into_iter()
        .filter_map(|(kind, value)| Identity::normalise(kind, value.as_deref()?, country).ok())
        .collect();
    let wanted: Vec<(&str, &str)> = identities
        .iter()
        .map(|identity| (identity.kind.as_str(), identity.value.as_str()))
        .collect();
    if wanted.is_empty() {
        return Ok(None);
    }
    let mut owners: Vec<Uuid> = intake::owners(tx, agency, &wanted)
        .await?
        .iter()
        .map(|row| row.customer_id)
        .collect();
    owners.sort_unstable();
    owners.dedup();
    Ok(match owners.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}
