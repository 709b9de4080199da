//! Asking rules about a member, on the engine's threads: nothing here reads or writes a database. What rules say is posted on a copy of the
//! member's account; where one fails, what it said before about the same occasion goes with it.

use super::LOYALTY;
use super::point::{Loyalty as Point, Request};
use super::rules::InForce;
use super::sheet::{Sheet, Why};
use super::state::MemberState;
use crate::facts::known::{Known, project};
use crate::rules::Moment;
use crate::rules::log::{Call, DECISION};
use crate::rules::point::{Made, Rule, decide};
use crate::rules::words::reason;
use crate::{App, Room};
use posthouse_domain::loyalty::account::kept;
use posthouse_domain::loyalty::{New, Occasion, Posting};
use posthouse_domain::{Day, Words, words};
use posthouse_engine::{Because, MemberAsked, MemberSaid, PlacedIn, TierDef, Value as Fact};
use posthouse_store::loyalty::{LotRow, MemberRow, OccasionRow, WAITING};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// How often a rule is asked in vain until its occasion is for review.
const ATTEMPTS: i64 = 5;
/// The pause after the first attempt, in ms; each further one is four times as long.
const PAUSE: i64 = 5_000;

/// A member about whom rules are to be asked.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) before: MemberRow,
    pub(super) lots: Vec<LotRow>,
    /// Nothing where no rule reads facts.
    pub(super) known: Option<Known>,
    /// What to ask about, in this order.
    pub(super) occasions: Vec<OccasionRow>,
    /// Whether the member is brought to today first.
    pub(super) turns: bool,
}

/// A decision that was made, and by which rule.
pub(super) struct Decision {
    pub(super) id: Uuid,
    pub(super) made: Made<MemberSaid>,
    pub(super) rule: Arc<Rule<Point>>,
    /// The occasion it is about.
    pub(super) occasion: Option<Uuid>,
}

/// A member as rules have left them.
pub(super) struct Heard {
    pub(super) before: MemberRow,
    pub(super) sheet: Sheet,
    pub(super) made: Vec<Decision>,
    /// How the rules fared, in the order in which they were asked.
    pub(super) fared: Vec<Fared>,
    /// Each occasion as it was read, and as it becomes.
    pub(super) occasions: Vec<(OccasionRow, OccasionRow)>,
    /// Whether there is more to be written than what becomes of the occasions.
    pub(super) is_moved: bool,
}

/// How a rule fared that was asked.
pub(super) struct Fared {
    pub(super) rule: Arc<Rule<Point>>,
    /// When, in ms since 1970 by the machine's clock.
    pub(super) at: i64,
    /// How it failed, if it did.
    pub(super) fault: Option<Words>,
}

/// Why an occasion is not settled.
struct PutOff {
    problem: Words,
    /// To ask again would be of no use.
    for_good: bool,
}

impl PutOff {
    fn again(problem: Words) -> Self {
        Self {
            problem,
            for_good: false,
        }
    }

    fn for_good(problem: Words) -> Self {
        Self {
            problem,
            for_good: true,
        }
    }
}

/// What all who are asked about at once have in common.
pub(super) struct Asking {
    pub(super) app: App,
    pub(super) room: Arc<Room>,
    pub(super) rules: InForce,
    /// What was paid back of each booking, and when its trip was over.
    pub(super) bookings: HashMap<String, (i64, Option<Day>)>,
    pub(super) moment: Moment,
}

/// An occasion whose rule failed: it is asked about again later, and in the end is for review.
pub(super) fn put_off(row: &OccasionRow, problem: &Words, for_good: bool, machine: i64) -> OccasionRow {
    let attempts = row.attempts + 1;
    let pause = PAUSE << (2 * row.attempts.clamp(0, 10));
    let is_given_up = for_good || attempts >= ATTEMPTS;
    OccasionRow {
        state: if is_given_up { "review" } else { WAITING }.to_owned(),
        attempts,
        due_at: machine.saturating_add(pause),
        problem: Some(problem.to_stored()),
        ..row.clone()
    }
}

/// Whether a member is put where a rule places them. The host never lowers a tier while it is valid, nor shortens what somebody gave by hand.
pub(super) fn is_moved(
    tiers: &[TierDef],
    (held, until, by_hand): (Option<&str>, Option<Day>, bool),
    placed: &PlacedIn,
    today: Day,
) -> bool {
    let level = |key: Option<&str>| key.and_then(|key| tiers.iter().position(|tier| tier.key == key));
    let is_valid = until.is_some_and(|day| day >= today);
    let is_lower = match (level(held), level(placed.tier.as_deref())) {
        (Some(now), Some(then)) => then < now,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let is_shorter = by_hand && held == placed.tier.as_deref() && placed.valid_until < until;
    !(is_valid && (is_lower || is_shorter))
}

impl Asking {
    /// Asks about a member.
    pub(super) fn hear(&self, case: &Case) -> Heard {
        let mut heard = Heard {
            before: case.before.clone(),
            sheet: Sheet::new(case.before.clone(), case.lots.iter().cloned(), self.moment),
            made: Vec::new(),
            fared: Vec::new(),
            occasions: Vec::new(),
            is_moved: case.turns,
        };
        heard.is_moved |= heard.sheet.turn(&self.app);
        if case.turns {
            self.look(&mut heard, case);
        }
        for row in &case.occasions {
            let becomes = self.becomes(&mut heard, case, row);
            heard.occasions.push((row.clone(), becomes));
        }
        heard
    }

    fn becomes(&self, heard: &mut Heard, case: &Case, row: &OccasionRow) -> OccasionRow {
        // an occasion of somebody who takes part no longer is about nothing
        if case.before.state == MemberState::Closed.as_str() {
            return OccasionRow {
                state: "undone".to_owned(),
                ..row.clone()
            };
        }
        let (sheet, made, fared) = (heard.sheet.clone(), heard.made.len(), heard.fared.len());
        let settled = self
            .earn(heard, case, row)
            .and_then(|decision| match self.place(heard, case, Some(row)) {
                Ok(()) => Ok(decision),
                Err(problem) => Err(PutOff::again(problem)),
            });
        match settled {
            Ok(decision) => {
                heard.is_moved = true;
                OccasionRow {
                    state: "settled".to_owned(),
                    problem: None,
                    decision_id: Some(decision),
                    ..row.clone()
                }
            }
            Err(PutOff { problem, for_good }) => {
                heard.sheet = sheet;
                heard.made.truncate(made);
                // an answer of which nothing comes does not speak for its rule
                let faults = heard
                    .fared
                    .split_off(fared)
                    .into_iter()
                    .filter(|one| one.fault.is_some());
                heard.fared.extend(faults);
                put_off(row, &problem, for_good, self.app.machine.now())
            }
        }
    }

    /// Asks what an occasion earns and posts it; the decision.
    fn earn(&self, heard: &mut Heard, case: &Case, row: &OccasionRow) -> Result<Uuid, PutOff> {
        let rule = match self.rules.named(&row.binding) {
            Some(Ok(rule)) => rule,
            Some(Err(problem)) => return Err(PutOff::again(problem.clone())),
            // it was taken out of force: what waited for it is for review
            None => return Err(PutOff::for_good(words!("no rule is in force", "没有生效的规则"))),
        };
        let occasion: Occasion = serde_json::from_str(&row.occasion)
            .map_err(|e| PutOff::for_good(words!("the occasion cannot be read: {e}", "无法读取此事：{e}")))?;
        let (facts, made) = self.ask(rule, case, &heard.sheet, Some(occasion));
        heard.fared.extend(self.fared(rule, &made, Some(row)));
        let said = match &made.answer {
            Ok(MemberSaid::Earned(earned)) => earned.clone(),
            Ok(MemberSaid::Placed(_)) => {
                return Err(PutOff::for_good(words!("the rule did not post", "规则没有给出入账")));
            }
            Err(fault) => return Err(PutOff::again(Words::of(fault))),
        };
        let id = self.app.entropy.id(self.moment.now);
        self.post(&mut heard.sheet, row, rule, &said, (&facts, id))
            .map_err(PutOff::for_good)?;
        heard.made.push(Decision {
            id,
            made,
            rule: rule.clone(),
            occasion: Some(row.id),
        });
        Ok(id)
    }

    /// What an answer says of its rule; nothing where a fault is none of its own. An occasion that failed before says nothing new, nor does a look
    /// at the tier alone: whoever is odd is looked at again every day.
    fn fared(&self, rule: &Arc<Rule<Point>>, made: &Made<MemberSaid>, row: Option<&OccasionRow>) -> Option<Fared> {
        let is_news = row.is_some_and(|row| row.problem.is_none());
        let fault = match &made.answer {
            Ok(_) => None,
            Err(fault) if is_news && fault.counts_against_plugin() => Some(Words::of(fault)),
            Err(_) => return None,
        };
        Some(Fared {
            rule: rule.clone(),
            at: self.app.machine.now(),
            fault,
        })
    }

    fn ask(
        &self,
        rule: &Arc<Rule<Point>>,
        case: &Case,
        sheet: &Sheet,
        occasion: Option<Occasion>,
    ) -> (Vec<Fact>, Made<MemberSaid>) {
        let facts = project(rule.plugin.description(), rule.seed, case.known.as_ref());
        let request = Request {
            asked: MemberAsked {
                occasion,
                standing: sheet.standing(),
            },
            facts,
        };
        let made = decide(rule, self.moment, &request);
        self.room.spend(&rule.digest, &made.usage());
        let call = Call {
            extension_point: LOYALTY,
            binding: &rule.binding,
            digest: &rule.digest,
            cause: DECISION,
            moment: self.moment,
        };
        match &made.answer {
            Ok(_) => self.room.log(call, &made.log),
            Err(fault) => self.room.log_fault(call, fault, None),
        }
        (request.facts, made)
    }

    /// Posts what a rule said; a sentence if the accounts cannot hold it.
    fn post(
        &self,
        sheet: &mut Sheet,
        row: &OccasionRow,
        rule: &Rule<Point>,
        said: &[(Posting, Because)],
        (facts, decision): (&[Fact], Uuid),
    ) -> Result<(), Words> {
        let today = self.moment.today;
        let booking = self.bookings.get(&row.about).filter(|_| row.about_kind == "booking");
        let (refunded, over) = booking.copied().unwrap_or_default();
        for (place, (posting, because)) in said.iter().enumerate() {
            if !sheet.account.has_room(posting.wallet, posting.points) {
                return Err(words!(
                    "the account cannot hold {points} more",
                    "账户容纳不下再增加 {points}",
                    points = posting.points
                ));
            }
            let id = self.app.entropy.id(self.moment.now);
            let new = New {
                id,
                wallet: posting.wallet,
                points: posting.points,
                active: posting.active,
                expires: posting.expires,
            };
            let moved = sheet.account.post(new, today, over);
            sheet.earned_by(id, row);
            let told = reason(
                rule.plugin.description(),
                because.reason,
                (facts, &because.arguments),
                &self.room.terms,
            );
            let why = Why {
                kind: "earned",
                about_kind: "occasion",
                about: format!("{}/{place}", row.id),
                binding: row.binding.clone(),
                reason: serde_json::to_string(&told).ok(),
                decision: Some(decision),
                actor: None,
            };
            sheet.note(&self.app, posting.wallet, &moved, why);
            // what was paid back before it was posted
            let moved = sheet.account.keep(id, kept(posting.points, row.amount, refunded));
            let why = Why {
                kind: "reversed",
                about_kind: "lot",
                about: format!("{id}/{refunded}"),
                binding: row.binding.clone(),
                ..Why::default()
            };
            sheet.note(&self.app, posting.wallet, &moved, why);
        }
        // what was earned long ago can be over by now
        sheet.turn(&self.app);
        sheet.settle(&self.app, &row.id.to_string());
        Ok(())
    }

    /// Asks in which tier the member stands, and puts them there.
    fn place(&self, heard: &mut Heard, case: &Case, row: Option<&OccasionRow>) -> Result<(), Words> {
        let rule = match self.rules.main() {
            Some(Ok(rule)) => rule,
            Some(Err(problem)) => return Err(problem.clone()),
            None => return Ok(()),
        };
        let tiers = rule.plugin.point().tiers();
        if tiers.is_empty() {
            return Ok(());
        }
        let (facts, made) = self.ask(rule, case, &heard.sheet, None);
        heard.fared.extend(self.fared(rule, &made, row));
        let placed = match &made.answer {
            Ok(MemberSaid::Placed(placed)) => placed.clone(),
            Ok(MemberSaid::Earned(_)) => return Err(words!("the rule gave no tier", "规则没有给出等级")),
            Err(fault) => return Err(Words::of(fault)),
        };
        let sheet = &mut heard.sheet;
        let member = &sheet.member;
        let held = (member.tier.as_deref(), member.tier_until, member.tier_by_hand);
        let id = self.app.entropy.id(self.moment.now);
        let moves = is_moved(tiers, held, &placed, self.moment.today);
        let PlacedIn {
            tier,
            valid_until,
            next,
            because,
        } = placed;
        if moves {
            let told = because.map(|because| {
                reason(
                    rule.plugin.description(),
                    because.reason,
                    (&facts, &because.arguments),
                    &self.room.terms,
                )
            });
            sheet.place(tier, valid_until, json!(told).to_string(), Some(id));
        }
        sheet.looked();
        let next = next.map(|next| json!({"tier": next.tier, "have": next.have, "need": next.need, "unit": next.unit}));
        sheet.member.tier_next = json!(next).to_string();
        heard.made.push(Decision {
            id,
            made,
            rule: rule.clone(),
            occasion: row.map(|row| row.id),
        });
        Ok(())
    }

    /// Gives the notices that are due and looks at the tier; the lots are those of today already.
    fn look(&self, heard: &mut Heard, case: &Case) {
        let today = self.moment.today;
        let sheet = &mut heard.sheet;
        sheet.give_notice();
        sheet.looked();
        // who has left stands in no tier that anybody looks at
        let is_closed = heard.before.state == MemberState::Closed.as_str();
        let is_placed = match is_closed || self.rules.main().is_none() {
            true => false,
            false => match self.place(heard, case, None) {
                Ok(()) => true,
                Err(problem) => {
                    let customer = heard.before.customer_id;
                    tracing::warn!(agency = %self.room.slug, %customer, %problem, "a member keeps the tier: the rule failed");
                    false
                }
            },
        };
        if !is_placed {
            keep_a_day(&mut heard.sheet.member, today);
        }
    }
}

/// A tier that nobody could look at stays for one more day, so that it is looked at again tomorrow.
fn keep_a_day(member: &mut MemberRow, today: Day) {
    if member.tier_until.is_some_and(|day| day < today) {
        member.tier_until = Some(today);
    }
}
