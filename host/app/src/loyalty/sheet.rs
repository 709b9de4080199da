//! A member's account at work: what changes is gathered here, line by line, and written at once.

use crate::App;
use crate::error::{AppError, Result};
use crate::rules::{Moment, Reason};
use crate::webhooks::{Listeners, Told};
use posthouse_domain::loyalty::{Account, Moved, Standing, StandingIn, Wallet};
use posthouse_domain::{Day, Localized, time};
use posthouse_store::Tx;
use posthouse_store::loyalty::{self as store, EntryRow, LotRow, LotSource, MemberRow, OccasionRow, TierRow};
use serde_json::json;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Why a line is on a statement.
#[derive(Debug, Clone, Default)]
pub(super) struct Why {
    /// What happened: `earned`, `activated`, `reversed`, `settled`, `expired`, `adjusted`, `sent`, `received`, `set_aside`, `redeemed`, `released`,
    /// `returned`, `forfeited`.
    pub(super) kind: &'static str,
    /// What kind of cause.
    pub(super) about_kind: &'static str,
    /// Which of them. A cause moves a wallet once in each way.
    pub(super) about: String,
    /// Whose rule posted it; empty for what the host does by itself.
    pub(super) binding: String,
    /// The rule's reason as JSON.
    pub(super) reason: Option<String>,
    pub(super) decision: Option<Uuid>,
    /// Who did it by hand.
    pub(super) actor: Option<Uuid>,
}

/// The code of what somebody wrote.
pub(super) const BY_HAND: &str = "by-hand";

/// What somebody wrote, as a reason.
pub(super) fn by_hand(text: &str) -> String {
    let reason = Reason {
        code: BY_HAND.to_owned(),
        text: Localized::new(text, text),
    };
    json!(reason).to_string()
}

/// A member's account at work.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) member: MemberRow,
    pub(super) account: Account,
    moment: Moment,
    /// Where each lot comes from.
    sources: HashMap<Uuid, LotSource>,
    changed: BTreeSet<Uuid>,
    entries: Vec<EntryRow>,
    tiers: Vec<TierRow>,
    told: Vec<Told>,
    /// Whether the tier is to be looked at once this is written.
    looks_again: bool,
    /// Whether it was looked at just now.
    has_looked: bool,
}

impl Sheet {
    /// The account of a member, of lots that are open or were asked for.
    pub(super) fn new(member: MemberRow, lots: impl IntoIterator<Item = LotRow>, moment: Moment) -> Self {
        let mut sources = HashMap::new();
        let mut account = Account {
            owed: member.owed,
            ..Account::default()
        };
        for row in lots {
            if sources.insert(row.lot.id, row.source).is_none() {
                account.lots.push(row.lot);
            }
        }
        Self {
            member,
            account,
            moment,
            sources,
            changed: BTreeSet::new(),
            entries: Vec::new(),
            tiers: Vec::new(),
            told: Vec::new(),
            looks_again: false,
            has_looked: false,
        }
    }

    /// Reads a member for whom nobody else writes until the transaction ends, with lots that are open, as they are today.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub(super) async fn lock(app: &App, tx: &mut Tx, agency: Uuid, customer: Uuid, moment: Moment) -> Result<Self> {
        let mut sheets = Self::lock_all(app, tx, agency, (&[customer], &[]), moment).await?;
        sheets.remove(&customer).ok_or(AppError::NotFound("member"))
    }

    /// The same for those of some customers who are members, with the lots of these occasions.
    ///
    /// # Errors
    /// Failures of the database.
    pub(super) async fn lock_all(
        app: &App,
        tx: &mut Tx,
        agency: Uuid,
        (customers, occasions): (&[Uuid], &[Uuid]),
        moment: Moment,
    ) -> Result<BTreeMap<Uuid, Self>> {
        store::lock_all(tx, agency, customers).await?;
        let members = store::members(tx, agency, customers).await?;
        let mut lots: HashMap<Uuid, Vec<LotRow>> = HashMap::new();
        let open = store::lots(tx, agency, customers).await?;
        for row in open
            .into_iter()
            .chain(store::lots_of_occasions(tx, agency, occasions).await?)
        {
            lots.entry(row.customer_id).or_default().push(row);
        }
        let sheet = |member: MemberRow| {
            let own = lots.remove(&member.customer_id).unwrap_or_default();
            let mut sheet = Self::new(member, own, moment);
            sheet.turn(app);
            (sheet.member.customer_id, sheet)
        };
        Ok(members.into_iter().map(sheet).collect())
    }

    /// Knows these lots too, of which nothing may be left.
    pub(super) fn know(&mut self, lots: Vec<LotRow>) {
        for row in lots {
            if let Entry::Vacant(new) = self.sources.entry(row.lot.id) {
                new.insert(row.source);
                self.account.lots.push(row.lot);
            }
        }
    }

    /// Whether the tier is looked at once this is written.
    pub(super) fn looks_again(&self) -> bool {
        self.looks_again
    }

    /// Says that the tier was looked at, as far as anybody can today.
    pub(super) fn looked(&mut self) {
        self.has_looked = true;
    }

    /// Has the tier looked at once this is written.
    pub(super) fn look_again(&mut self) {
        self.looks_again = true;
    }

    /// The lots that an occasion earned.
    pub(super) fn lots_of(&self, occasion: Uuid) -> Vec<Uuid> {
        let own = self.account.lots.iter().map(|lot| lot.id);
        let earned = |lot: &Uuid| self.sources.get(lot).and_then(|source| source.occasion) == Some(occasion);
        own.filter(earned).collect()
    }

    /// Says what earned a lot that is new.
    pub(super) fn earned_by(&mut self, lot: Uuid, row: &OccasionRow) {
        let source = LotSource {
            occasion: Some(row.id),
            binding: row.binding.clone(),
            earned_on: Some(row.on_day),
        };
        self.sources.insert(lot, source);
    }

    /// Says that no occasion earned a lot that is new.
    pub(super) fn by_hand(&mut self, lot: Uuid) {
        self.sources.insert(lot, LotSource::default());
    }

    /// A line of the statement; none where nothing moved.
    pub(super) fn note(&mut self, app: &App, wallet: Wallet, moved: &Moved, why: Why) {
        self.changed.extend(moved.lots.iter().map(|(lot, _)| *lot));
        if moved.is_nothing() {
            return;
        }
        let Moment { now, today } = self.moment;
        self.member.entries += 1;
        let is_points = wallet == Wallet::Points;
        let (pending, available) = (self.account.pending(wallet), self.account.available(wallet));
        let (held, owed) = (self.account.held(), self.account.owed);
        let lots: Vec<_> = moved.lots.iter().map(|(lot, points)| json!([lot, points])).collect();
        self.entries.push(EntryRow {
            customer_id: self.member.customer_id,
            nth: self.member.entries,
            id: app.entropy.id(now),
            at: now,
            on_day: today,
            wallet: wallet.as_str().to_owned(),
            kind: why.kind.to_owned(),
            about_kind: why.about_kind.to_owned(),
            about: why.about,
            pending: moved.pending,
            available: moved.available,
            held: moved.held,
            owed: moved.owed,
            pending_after: pending,
            available_after: available,
            held_after: if is_points { held } else { 0 },
            owed_after: if is_points { owed } else { 0 },
            lots: json!(lots).to_string(),
            binding: why.binding,
            reason: why.reason.unwrap_or_else(|| "null".to_owned()),
            decision_id: why.decision,
            actor_id: why.actor,
        });
        self.tell_moved(wallet, moved, why.kind);
        if is_points {
            (self.member.available, self.member.pending) = (available, pending);
            (self.member.held, self.member.owed) = (held, owed);
        } else {
            (self.member.status, self.member.status_pending) = (available, pending);
        }
    }

    fn tell(&mut self, kind: &'static str, data: serde_json::Value) {
        self.told.push(Told {
            kind,
            subject: format!("member/{}", self.member.customer_id),
            at: self.moment.now,
            data,
        });
    }

    fn tell_moved(&mut self, wallet: Wallet, moved: &Moved, kind: &str) {
        let (available, pending) = (self.account.available(wallet), self.account.pending(wallet));
        let told = json!({
            "customer_id": self.member.customer_id,
            "entry": self.member.entries,
            "wallet": wallet,
            "kind": kind,
            "moved": {"available": moved.available, "pending": moved.pending, "held": moved.held, "owed": moved.owed},
            "available": available,
            "pending": pending,
        });
        self.tell("points.posted", told);
    }

    /// Brings the lots to today: those whose day has come become active, and what is left of those that are over is gone. Whatever is done to an
    /// account is done behind this, whether anybody has turned its day yet or not. Whether there was anything to be done.
    pub(super) fn turn(&mut self, app: &App) -> bool {
        let today = self.moment.today;
        if self.account.next_day().is_none_or(|day| day > today) {
            return false;
        }
        let wallets: HashMap<Uuid, Wallet> = self.account.lots.iter().map(|lot| (lot.id, lot.wallet)).collect();
        let mut is_turned = false;
        for turned in self.account.clone().turn(today) {
            // one by one, so that each line has what there was behind it
            let moved = match turned.is_over {
                true => self.account.expire(turned.lot),
                false => self.account.activate(turned.lot, turned.on),
            };
            let why = Why {
                kind: if turned.is_over { "expired" } else { "activated" },
                about_kind: "lot",
                // what came back to a lot on its last day is over once more where the clock was set back
                about: format!("{}/{}/{}", turned.lot, turned.on, self.member.entries),
                ..Why::default()
            };
            self.note(app, wallets[&turned.lot], &moved, why);
            is_turned = true;
        }
        if is_turned {
            // a lot that comes late can be over on the very day it comes
            self.settle(app, &format!("day/{today}/{}", self.member.entries));
        }
        is_turned
    }

    /// Gives the notices that are due of what expires.
    pub(super) fn give_notice(&mut self) {
        let today = self.moment.today;
        let notice = self.account.give_notice(today);
        self.changed.extend(notice.lots);
        if notice.ending.is_empty() {
            return;
        }
        let ending = notice
            .ending
            .iter()
            .map(|(on, points)| json!({"on": time::day_text(*on), "points": points, "days": on - today}));
        let told = json!({"customer_id": self.member.customer_id, "expiring": ending.collect::<Vec<_>>()});
        self.tell("points.expiring", told);
    }

    /// Makes good what is owed, as far as there is something to be spent.
    pub(super) fn settle(&mut self, app: &App, about: &str) {
        let moved = self.account.settle();
        let why = Why {
            kind: "settled",
            about_kind: "occasion",
            about: about.to_owned(),
            ..Why::default()
        };
        self.note(app, Wallet::Points, &moved, why);
    }

    /// What rules are told of the member.
    pub(super) fn standing(&self) -> Standing {
        let member = &self.member;
        Standing {
            member_since: member.since_on,
            tier: member.tier.as_ref().map(|tier| StandingIn {
                tier: tier.clone(),
                since: member.tier_since.unwrap_or(member.since_on),
                valid_until: member.tier_until,
                by_hand: member.tier_by_hand,
            }),
            available: self.account.available(Wallet::Points),
            pending: self.account.pending(Wallet::Points),
            status: self.account.status_days(self.moment.today),
        }
    }

    /// Puts the member into a tier.
    pub(super) fn place(&mut self, tier: Option<String>, until: Option<Day>, reason: String, decision: Option<Uuid>) {
        let today = self.moment.today;
        let member = &mut self.member;
        if member.tier != tier || member.tiers == 0 {
            member.tier_since = tier.as_ref().map(|_| today);
        } else if member.tier_until == until {
            // who gave it by hand said why
            if !member.tier_by_hand {
                member.tier_reason = reason;
            }
            return;
        }
        self.enter_tier(tier, until, reason, decision);
    }

    /// Puts the member into a tier by hand, until a day.
    pub(super) fn give_tier(&mut self, tier: &str, until: Day, reason: String) {
        if self.member.tier.as_deref() != Some(tier) {
            self.member.tier_since = Some(self.moment.today);
        }
        self.enter_tier(Some(tier.to_owned()), Some(until), reason, None);
        self.look_again();
    }

    fn enter_tier(&mut self, tier: Option<String>, until: Option<Day>, reason: String, decision: Option<Uuid>) {
        let Moment { now, today } = self.moment;
        let member = &mut self.member;
        // whatever no rule decided was given by hand
        let by_hand = decision.is_none();
        member.tiers += 1;
        self.tiers.push(TierRow {
            nth: member.tiers,
            tier: tier.clone(),
            from_on: today,
            until_on: until,
            by_hand,
            reason: reason.clone(),
            decision_id: decision,
            at: now,
        });
        let before = std::mem::replace(&mut member.tier, tier);
        (member.tier_until, member.tier_by_hand, member.tier_reason) = (until, by_hand, reason);
        if before != member.tier {
            let told = json!({
                "customer_id": member.customer_id,
                "from": before,
                "to": member.tier,
                "valid_until": until.map(time::day_text),
                "by_hand": by_hand,
            });
            self.tell("tier.changed", told);
        }
    }

    /// The member's row as it becomes.
    pub(super) fn row(&self) -> MemberRow {
        let (lot, today) = (self.account.next_day(), self.moment.today);
        // a rule that says a day that is past is asked again tomorrow
        let tier = self.member.tier_until.map(|day| day.max(today).saturating_add(1));
        let again = self.looks_again.then_some(today);
        // who was due, and was not looked at, still is
        let still = self.member.due_on.filter(|day| *day <= today && !self.has_looked);
        MemberRow {
            due_on: [lot, tier, again, still].into_iter().flatten().min(),
            ..self.member.clone()
        }
    }

    /// The lots that changed, or are new.
    pub(super) fn changed_lots(&self) -> impl Iterator<Item = LotRow> + '_ {
        let changed = self.account.lots.iter().filter(|lot| self.changed.contains(&lot.id));
        changed.map(|lot| {
            let source = self.sources.get(&lot.id).cloned().unwrap_or_default();
            LotRow {
                customer_id: self.member.customer_id,
                source,
                lot: lot.clone(),
            }
        })
    }

    /// The lines that are new.
    pub(super) fn lines(&self) -> &[EntryRow] {
        &self.entries
    }

    /// The tiers that are new.
    pub(super) fn new_tiers(&self) -> impl Iterator<Item = (Uuid, TierRow)> + '_ {
        self.tiers.iter().map(|row| (self.member.customer_id, row.clone()))
    }

    /// What there is to be told.
    pub(super) fn told(&self) -> &[Told] {
        &self.told
    }
}

/// Tells those who want to know what became of members. Comes last in its transaction.
pub(crate) async fn tell(app: &App, tx: &mut Tx, agency: Uuid, told: Vec<Told>) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let listeners = Listeners::of(tx, agency).await?;
    listeners.tell(app, tx, agency, told).await.map(drop)
}
