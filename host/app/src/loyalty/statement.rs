//! The statement of a member: what there was, what moved and why, and what there is.

use super::redemptions::Ordered;
use crate::Loyalty;
use crate::error::{AppError, Result};
use crate::quotes::QUOTE;
use crate::rules::Reason;
use crate::team::Caller;
use crate::work::Workable as _;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{Day, Instant, Localized, words};
use posthouse_store::loyalty::{self as store, EntryRow, SourceRow};
use posthouse_store::{Access, Tx};
use std::collections::HashMap;
use uuid::Uuid;

/// Sums of both wallets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Points that can be spent.
    pub available: i64,
    /// Points that are still to become so.
    pub pending: i64,
    /// Points set aside.
    pub held: i64,
    /// Points taken back and already spent.
    pub owed: i64,
    /// Status that counts.
    pub status: i64,
}

/// By how much what can be spent of a wallet grew and shrank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turnover {
    /// What came.
    pub came: i64,
    /// What went.
    pub went: i64,
}

/// Of which lines somebody wants to see only some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What was earned, became active, or was given.
    Earned,
    /// What was spent, set aside, taken back or made good, and what came back of it.
    Used,
    /// What was over.
    Expired,
}

impl Part {
    fn of(row: &EntryRow) -> Self {
        match row.kind.as_str() {
            "earned" | "activated" | "received" => Self::Earned,
            "adjusted" if row.available > 0 => Self::Earned,
            "expired" => Self::Expired,
            _ => Self::Used,
        }
    }
}

/// Which lines of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementFilter {
    /// The first day and the last.
    pub days: (Day, Day),
    /// Only lines of this wallet.
    pub wallet: Option<Wallet>,
    /// Only these.
    pub part: Option<Part>,
}

impl StatementFilter {
    /// Every line of these days.
    pub fn of_days(from: Day, to: Day) -> Self {
        Self {
            days: (from, to),
            wallet: None,
            part: None,
        }
    }

    fn takes(&self, row: &EntryRow) -> bool {
        self.wallet.is_none_or(|wallet| wallet.as_str() == row.wallet)
            && self.part.is_none_or(|part| Part::of(row) == part)
    }
}

/// A line of a statement.
#[derive(Debug, Clone)]
pub struct Line {
    /// Counts from 1.
    pub nth: i64,
    /// When, in ms since 1970 of business time.
    pub at: Instant,
    /// `points` or `status`.
    pub wallet: String,
    /// What happened: `earned`, `activated`, `reversed`, `settled`, `expired`, `adjusted`, `sent`, `received`, `set_aside`, `redeemed`, `released`,
    /// `returned` or `forfeited`.
    pub kind: String,
    /// What changed of what waits, can be spent, is set aside and is owed.
    pub moved: [i64; 4],
    /// The same behind it.
    pub after: [i64; 4],
    /// The binding whose rule posted it.
    pub binding: Option<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// The decision.
    pub decision: Option<Uuid>,
    /// What it goes back to: `joined`, `booking-confirmed`, …; none where nothing in particular is behind it.
    pub occasion: Option<String>,
    /// The booking that it goes back to.
    pub booking: Option<String>,
    /// What the reward is called that it is about.
    pub reward: Option<Localized>,
    /// The quote whose points they are.
    pub quote: Option<Uuid>,
}

/// A statement of some days.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What there was on the evening before the first.
    pub opening: Sums,
    /// The lines, the earliest first.
    pub lines: Vec<Line>,
    /// What there was on the evening of the last.
    pub closing: Sums,
    /// What lies between the two of points, whichever lines are shown.
    pub points: Turnover,
    /// The same of status.
    pub status: Turnover,
    /// The number behind which the next page begins.
    pub next: Option<i64>,
}

/// Lines read at once where only some of them are shown.
const LOOKED_AT: i64 = 1_000;

/// The occasion or lot that a line names as its cause.
fn cause(row: &EntryRow) -> Option<Uuid> {
    Uuid::try_parse(row.about.split('/').next()?).ok()
}

/// What the lines of a page go back to: occasions, by themselves or through the lots that they earned.
async fn behind(tx: &mut Tx, agency: Uuid, customer: Uuid, rows: &[EntryRow]) -> Result<HashMap<Uuid, SourceRow>> {
    let causes = |kind: &str| {
        let own = rows.iter().filter(|row| row.about_kind == kind);
        own.filter_map(cause).collect::<Vec<Uuid>>()
    };
    let lots: HashMap<Uuid, Uuid> = store::of_lots(tx, agency, customer, &causes("lot"))
        .await?
        .into_iter()
        .filter_map(|row| Some((row.id, row.occasion_id?)))
        .collect();
    let mut occasions = causes("occasion");
    occasions.extend(lots.values());
    occasions.sort_unstable();
    occasions.dedup();
    let found = store::sources(tx, agency, &occasions).await?.into_iter();
    let found: HashMap<Uuid, SourceRow> = found.map(|row| (row.id, row)).collect();
    let by_lots = lots
        .iter()
        .filter_map(|(lot, occasion)| Some((*lot, found.get(occasion)?.clone())));
    let by_lots: Vec<_> = by_lots.collect();
    Ok(found.into_iter().chain(by_lots).collect())
}

/// What the rewards are called that these lines are about, by the orders.
async fn rewards(tx: &mut Tx, agency: Uuid, rows: &[EntryRow]) -> Result<HashMap<Uuid, Localized>> {
    let of_orders = rows
        .iter()
        .filter(|row| [Ordered::KIND, QUOTE].contains(&row.about_kind.as_str()));
    let mut orders: Vec<Uuid> = of_orders.filter_map(cause).collect();
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    orders.sort_unstable();
    orders.dedup();
    let all = store::rewards(tx, agency).await?.into_iter();
    let titles: HashMap<String, Localized> = all
        .map(|row| (row.key, Localized::new(row.title_zh, row.title_en)))
        .collect();
    let ordered = store::ordered(tx, agency, &orders).await?.into_iter();
    Ok(ordered
        .filter_map(|(id, reward)| Some((id, titles.get(&reward)?.clone())))
        .collect())
}

/// What the lines of a page are about.
struct Behind {
    sources: HashMap<Uuid, SourceRow>,
    rewards: HashMap<Uuid, Localized>,
}

impl Line {
    fn read(row: EntryRow, behind: &Behind) -> Result<Self> {
        let source = cause(&row).and_then(|cause| behind.sources.get(&cause));
        Ok(Self {
            reward: cause(&row).and_then(|order| behind.rewards.get(&order).cloned()),
            quote: cause(&row).filter(|_| row.about_kind == QUOTE),
            occasion: source.map(|source| source.kind.clone()),
            booking: source
                .filter(|source| source.about_kind == "booking")
                .map(|source| source.about.clone()),
            nth: row.nth,
            at: row.at,
            wallet: row.wallet,
            kind: row.kind,
            moved: [row.pending, row.available, row.held, row.owed],
            after: [row.pending_after, row.available_after, row.held_after, row.owed_after],
            binding: Some(row.binding).filter(|binding| !binding.is_empty()),
            reason: serde_json::from_str(&row.reason).map_err(AppError::corrupt("reason"))?,
            decision: row.decision_id,
        })
    }
}

impl Loyalty<'_> {
    /// The statement of a member, of days from the first to the last, as far as it is asked for. Sums are of all lines.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`; `bad_period`.
    pub async fn statement(
        &self,
        caller: &Caller,
        customer: Uuid,
        filter: &StatementFilter,
        after: i64,
        limit: usize,
    ) -> Result<Statement> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        if filter.days.1 < filter.days.0 {
            return Err(AppError::invalid(
                "bad_period",
                words!("to is before from", "to 早于 from"),
            ));
        }
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        if store::member(&mut tx, agency, customer).await?.is_none() {
            return Err(AppError::NotFound("member"));
        }
        let (from, to) = filter.days;
        let is_whole = filter.wallet.is_none() && filter.part.is_none();
        let most = if is_whole { limit as i64 + 1 } else { LOOKED_AT };
        let (mut rows, mut more, mut read): (Vec<EntryRow>, bool, i64) = (Vec::new(), false, after);
        while !more {
            let page = store::entries(&mut tx, agency, customer, (from, to), read, most).await?;
            let is_last = (page.len() as i64) < most;
            read = page.last().map_or(read, |row| row.nth);
            rows.extend(page.into_iter().filter(|row| filter.takes(row)));
            more = rows.len() > limit;
            if is_last {
                break;
            }
        }
        rows.truncate(limit);
        let behind = Behind {
            sources: behind(&mut tx, agency, customer, &rows).await?,
            rewards: rewards(&mut tx, agency, &rows).await?,
        };
        let mut sums = [Sums::default(); 2];
        for (sums, day) in sums.iter_mut().zip([from.saturating_sub(1), to]) {
            let points = store::balance_on(&mut tx, agency, customer, Wallet::Points.as_str(), day).await?;
            let status = store::balance_on(&mut tx, agency, customer, Wallet::Status.as_str(), day).await?;
            if let Some(line) = points {
                (sums.available, sums.pending) = (line.available_after, line.pending_after);
                (sums.held, sums.owed) = (line.held_after, line.owed_after);
            }
            sums.status = status.map_or(0, |line| line.available_after);
        }
        let [opening, closing] = sums;
        let mut turnovers = [Turnover::default(); 2];
        for (turnover, wallet) in turnovers.iter_mut().zip([Wallet::Points, Wallet::Status]) {
            let (came, went) = store::turnover(&mut tx, agency, customer, wallet.as_str(), filter.days).await?;
            *turnover = Turnover { came, went };
        }
        let [points, status] = turnovers;
        Ok(Statement {
            opening,
            closing,
            points,
            status,
            next: rows.last().map(|row| row.nth).filter(|_| more),
            lines: rows
                .into_iter()
                .map(|row| Line::read(row, &behind))
                .collect::<Result<_>>()?,
        })
    }
}
