//! Members in lists: narrowed by what they are and have, found by what people know of them, page by page.

use super::members::present;
use super::{MemberView, Rung};
use crate::error::{AppError, Result};
use crate::labels::Label;
use crate::team::Caller;
use crate::{App, Loyalty};
use posthouse_domain::Day;
use posthouse_domain::loyalty::Wallet;
use posthouse_store::loyalty::{self as store, LotRow, MemberRow, Wanted};
use posthouse_store::search::Place;
use posthouse_store::{Access, Tx};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Digits of a number on a card.
const NUMBER: usize = 8;
/// Customers of those who come into question that are looked at at once.
const LOOKED_AT: usize = 500;
/// Members that are read at once when all of them are.
const PAGE_OF_ALL: usize = 1_000;
/// The rank of whoever has the number or code that was asked for: before everybody.
const KNOWN: i32 = -1;

/// Which members, and in which order.
#[derive(Debug, Clone, Default)]
pub struct MemberFilter {
    /// Only those who match this text: a name, a telephone number, a number on a card, a code for referrals. The best match comes first.
    pub q: Option<String>,
    /// Only those of this tier, by its key.
    pub tier: Option<String>,
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those who owe points.
    pub owed: bool,
    /// Only those of whom something expires on this day or before, what expires first first.
    pub expiring: Option<Day>,
    /// The order where nothing above says one.
    pub order: MemberOrder,
}

/// In which order members are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MemberOrder {
    /// By their customers' ids.
    #[default]
    Customer,
    /// Who has most to spend first.
    Points,
    /// Who joined last first.
    Joined,
}

/// How many members there are of each sort.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberCounts {
    /// All of them.
    pub all: u64,
    /// By the keys of their tiers; none for those without one.
    pub tiers: Vec<(Option<String>, u64)>,
    /// By states, but for `active`.
    pub states: Vec<(String, u64)>,
    /// Those who owe points.
    pub owed: u64,
    /// Those of whom something expires on the day that was asked for, or before.
    pub expiring: u64,
}

impl MemberFilter {
    fn text(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            tier: self.tier.as_deref(),
            state: self.state.as_deref(),
            owed: self.owed,
        }
    }

    /// Whether a member is one of those who are asked for, whatever the text.
    fn takes(&self, row: &MemberRow, lots: &[LotRow]) -> bool {
        let expires = |until: Day| {
            lots.iter().any(|LotRow { lot, .. }| {
                lot.wallet == Wallet::Points
                    && lot.waits.is_none()
                    && lot.left > 0
                    && lot.until.is_some_and(|day| day <= until)
            })
        };
        self.tier.as_ref().is_none_or(|tier| row.tier.as_ref() == Some(tier))
            && self.state.as_ref().is_none_or(|state| row.state == *state)
            && (!self.owed || row.owed > 0)
            && self.expiring.is_none_or(expires)
    }
}

/// The two parts of a cursor; one of another list is refused.
fn parts<A: std::str::FromStr, B: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<(A, B)>> {
    let read = |text: &str| {
        let (one, other) = text.split_once('.')?;
        Some((one.parse().ok()?, other.parse().ok()?))
    };
    cursor
        .map(|text| read(text).ok_or_else(AppError::bad_cursor))
        .transpose()
}

fn by_customer(lots: Vec<LotRow>) -> HashMap<Uuid, Vec<LotRow>> {
    let mut found: HashMap<Uuid, Vec<LotRow>> = HashMap::new();
    for lot in lots {
        found.entry(lot.customer_id).or_default().push(lot);
    }
    found
}

impl Loyalty<'_> {
    /// A page of the members who are asked for, and the cursor of the next one. Who does not see every customer gets those they see, as
    /// does who asks for a text: the best match first.
    ///
    /// # Errors
    /// `data_masked` for those who do not see what customers spend; `bad_q`; a cursor of another list.
    pub async fn members(
        &self,
        caller: &Caller,
        filter: &MemberFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<MemberView>, Option<String>)> {
        caller.must_see_money()?;
        let agency = caller.room.id;
        let visible = self.app.profiles().visible(caller).await?;
        if filter.text().is_some() || visible.ordinals().is_some() {
            return self.found(caller, filter, cursor, limit).await;
        }
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let (wanted, most) = (filter.wanted(), limit as i64 + 1);
        let mut cursors: Vec<String> = Vec::new();
        let mut rows = match (filter.expiring, filter.order) {
            (Some(until), _) => {
                let soon = store::expiring(&mut tx, agency, &wanted, until, parts(cursor)?, most).await?;
                let ids: Vec<Uuid> = soon.iter().map(|row| row.customer_id).collect();
                cursors.extend(soon.iter().map(|row| format!("{}.{}", row.soonest, row.customer_id)));
                let mut rows = store::members(&mut tx, agency, &ids).await?;
                let places: HashMap<Uuid, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
                rows.sort_unstable_by_key(|row| places.get(&row.customer_id));
                rows
            }
            (None, MemberOrder::Customer) => {
                let after = cursor.map(|text| Uuid::try_parse(text).map_err(|_| AppError::bad_cursor()));
                store::by_customer(&mut tx, agency, &wanted, after.transpose()?, most).await?
            }
            (None, MemberOrder::Points) => store::by_points(&mut tx, agency, &wanted, parts(cursor)?, most).await?,
            (None, MemberOrder::Joined) => store::by_since(&mut tx, agency, &wanted, cursor, most).await?,
        };
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|last| match (filter.expiring, filter.order) {
                (Some(_), _) => cursors[limit - 1].clone(),
                (None, MemberOrder::Customer) => last.customer_id.to_string(),
                (None, MemberOrder::Points) => format!("{}.{}", last.available, last.customer_id),
                (None, MemberOrder::Joined) => last.member_no.clone(),
            });
        let ids: Vec<Uuid> = rows.iter().map(|row| row.customer_id).collect();
        let lots = store::lots(&mut tx, agency, &ids).await?;
        Ok((self.views(&mut tx, agency, rows, lots).await?, next))
    }

    /// Those who are asked for among whom the caller sees and the text means.
    async fn found(
        &self,
        caller: &Caller,
        filter: &MemberFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<MemberView>, Option<String>)> {
        let agency = caller.room.id;
        let behind: Option<Place> = parts(cursor)?;
        let visible = self.app.profiles().visible(caller).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut places: Vec<Place> = match (filter.text(), visible.ordinals()) {
            (Some(q), _) => self.meant(caller, &mut tx, q).await?,
            (None, Some(own)) => own.iter().map(|ordinal| (0, ordinal.into())).collect(),
            (None, None) => Vec::new(),
        };
        places.retain(|place| visible.has(place.1) && behind.is_none_or(|behind| *place > behind));
        let (mut found, mut lots) = (Vec::new(), Vec::new());
        'looking: for chunk in places.chunks(LOOKED_AT) {
            let ordinals: Vec<i64> = chunk.iter().map(|(_, ordinal)| *ordinal).collect();
            let ids: HashMap<i64, Uuid> = store::ids_at(&mut tx, agency, &ordinals).await?.into_iter().collect();
            let all: Vec<Uuid> = ids.values().copied().collect();
            let members = store::members(&mut tx, agency, &all).await?.into_iter();
            let mut members: HashMap<Uuid, MemberRow> = members.map(|row| (row.customer_id, row)).collect();
            let here: Vec<Uuid> = members.keys().copied().collect();
            let mut own = by_customer(store::lots(&mut tx, agency, &here).await?);
            for place in chunk {
                let Some(row) = ids.get(&place.1).and_then(|id| members.remove(id)) else {
                    continue;
                };
                let has = own.remove(&row.customer_id).unwrap_or_default();
                if !filter.takes(&row, &has) {
                    continue;
                }
                found.push((*place, row));
                lots.extend(has);
                if found.len() > limit {
                    break 'looking;
                }
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more);
        let next = next.map(|((rank, ordinal), _)| format!("{rank}.{ordinal}"));
        let rows = found.into_iter().map(|(_, row)| row).collect();
        Ok((self.views(&mut tx, agency, rows, lots).await?, next))
    }

    /// Whom a text means, the best first: who has it on the card or as code, then whoever it finds among customers.
    async fn meant(&self, caller: &Caller, tx: &mut Tx, q: &str) -> Result<Vec<Place>> {
        let agency = caller.room.id;
        let digits = q.bytes().all(|byte| byte.is_ascii_digit()) && q.len() <= NUMBER;
        let number = if digits { format!("{q:0>NUMBER$}") } else { q.to_owned() };
        let known = store::known_as(tx, agency, &number, &q.to_uppercase()).await?;
        let matching = self.app.profiles().matching(caller, tx, q, (0, 0), usize::MAX).await?;
        let first: HashSet<i64> = known.iter().copied().collect();
        let rest = matching.places.into_iter().filter(|place| !first.contains(&place.1));
        let mut known: Vec<Place> = known.into_iter().map(|ordinal| (KNOWN, ordinal)).collect();
        known.sort_unstable();
        Ok(known.into_iter().chain(rest).collect())
    }

    async fn views(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        rows: Vec<MemberRow>,
        lots: Vec<LotRow>,
    ) -> Result<Vec<MemberView>> {
        let titles = self.titles(tx, agency).await?;
        let lots = by_customer(lots);
        let view = |row: MemberRow| {
            let own = lots.get(&row.customer_id).map_or(&[][..], Vec::as_slice);
            present(row, own, &titles)
        };
        rows.into_iter().map(view).collect()
    }

    /// How many members there are of each sort; none for who does not see every customer.
    ///
    /// # Errors
    /// `data_masked` for those who do not see what customers spend.
    pub async fn member_counts(&self, caller: &Caller, expiring_until: Day) -> Result<Option<MemberCounts>> {
        caller.must_see_money()?;
        let agency = caller.room.id;
        if self.app.profiles().visible(caller).await?.ordinals().is_some() {
            return Ok(None);
        }
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let count = |number: i64| number.max(0).unsigned_abs();
        let tiers = store::counted_tiers(&mut tx, agency).await?;
        let tiers: Vec<_> = tiers.into_iter().map(|(tier, number)| (tier, count(number))).collect();
        let states = store::counted_states(&mut tx, agency).await?;
        Ok(Some(MemberCounts {
            all: tiers.iter().map(|(_, number)| number).sum(),
            states: states
                .into_iter()
                .map(|(state, number)| (state, count(number)))
                .collect(),
            owed: count(store::counted_owed(&mut tx, agency).await?),
            expiring: count(store::counted_expiring(&mut tx, agency, expiring_until).await?),
            tiers,
        }))
    }

    /// The tiers of the rule in force, the lowest first.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn ladder(&self, caller: &Caller) -> Result<Vec<Rung>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let tiers = self.defined(&mut tx, agency).await?.into_iter();
        let rung = tiers.map(|tier| Rung {
            key: tier.key,
            title: tier.title,
            benefits: tier.benefits,
        });
        Ok(rung.collect())
    }

    /// Everybody who is asked for, from the first page on, to be taken away; the log says so.
    ///
    /// # Errors
    /// Those of [`Loyalty::members`].
    pub async fn all_members(&self, caller: &Caller, filter: &MemberFilter) -> Result<AllMembers> {
        caller.must_see_money()?;
        let detail = json!({"tier": filter.tier, "state": filter.state, "owed": filter.owed,
            "expiring": filter.expiring.is_some(), "searched": filter.text().is_some()});
        let audit = self.app.audit();
        audit.note_look(caller, "members.export", "members", &detail).await?;
        Ok(AllMembers {
            app: self.app.clone(),
            caller: caller.clone(),
            filter: filter.clone(),
            cursor: None,
            is_over: false,
        })
    }
}

/// Members on their way out.
pub struct AllMembers {
    app: App,
    caller: Caller,
    filter: MemberFilter,
    cursor: Option<String>,
    is_over: bool,
}

impl AllMembers {
    /// The next of them with what they are called, in the order of the list; none at the end.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn page(&mut self) -> Result<Option<Vec<(MemberView, Option<Label>)>>> {
        if self.is_over {
            return Ok(None);
        }
        let loyalty = self.app.loyalty();
        let (page, next) = loyalty
            .members(&self.caller, &self.filter, self.cursor.as_deref(), PAGE_OF_ALL)
            .await?;
        let ids: Vec<Uuid> = page.iter().map(|member| member.customer).collect();
        let mut labels = self.app.profiles().labels(&self.caller, &ids).await?;
        self.is_over = next.is_none();
        self.cursor = next;
        let row = |member: MemberView| {
            let label = labels.remove(&member.customer);
            (member, label)
        };
        Ok(Some(page.into_iter().map(row).collect()))
    }
}
