//! Asking rules about occasions, and posting what they say.

use super::happened::REFERRAL;
use super::point::{Loyalty as Point, Request};
use super::sheet::{Sheet, Why, tell};
use super::state::MemberState;
use super::{LOYALTY, MAIN};
use crate::error::{AppError, Result, repeating};
use crate::rules::log::{Call, DECISION};
use crate::rules::point::{About, Made, Rule, RuleName, Subject, decide};
use crate::rules::words::reason;
use crate::rules::{Moment, at_once};
use crate::{Loyalty, Room};
use posthouse_domain::loyalty::account::kept;
use posthouse_domain::loyalty::{New, Occasion};
use posthouse_domain::{Day, Words, words};
use posthouse_engine::{Because, MemberAsked, MemberSaid, PlacedIn, Value as Fact};
use posthouse_store::loyalty::{self as store, MemberRow, OccasionRow, WAITING};
use posthouse_store::{Access, StoreError, attributes, decisions, intake, plugins};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// How often a rule is asked in vain until its occasion is for review.
const ATTEMPTS: i64 = 5;
/// The pause after the first attempt, in ms; each further one is four times as long.
const PAUSE: i64 = 5_000;

/// A member and all that a rule is asked about them.
struct Prepared {
    member: MemberRow,
    sheet: Sheet,
    /// The rule that is asked, and its customer's facts.
    asked: Arc<Rule<Point>>,
    facts: Vec<Fact>,
    /// The rule that gives tiers, and its.
    main: Option<(Arc<Rule<Point>>, Vec<Fact>)>,
}

/// A decision that was made, and by which rule.
type Decision = (Uuid, Made<MemberSaid>, Arc<Rule<Point>>);

impl Loyalty<'_> {
    /// Asks about the occasion that waits the longest; whether there was one.
    pub(super) async fn ask_next(&self, room: &Arc<Room>) -> Result<bool> {
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let next = store::waiting(&mut tx, room.id, self.app.machine.now(), 1).await?.pop();
        drop(tx);
        match next {
            Some(row) => {
                self.app.segments().ensure_loaded(room).await?;
                repeating!(self.settle(room, &row))?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Asks about one occasion and posts the answer. Somebody else may have done so since it was read: then nothing is written.
    pub(super) async fn settle(&self, room: &Arc<Room>, row: &OccasionRow) -> Result<()> {
        let moment = self.app.segments().moment(room);
        let Some(prepared) = self.prepare(room, row.customer_id, &row.binding, moment).await? else {
            // the rule was taken out of force: what waited for it is for review
            return self
                .put_off(room, row, &words!("no rule is in force", "没有生效的规则"), true)
                .await;
        };
        if prepared.member.state == MemberState::Closed.as_str() {
            return self.let_go(room, row).await;
        }
        let Prepared {
            member,
            mut sheet,
            asked,
            facts,
            main,
        } = prepared;
        let occasion: Occasion = serde_json::from_str(&row.occasion).map_err(AppError::corrupt("occasion"))?;
        let request = Request {
            asked: MemberAsked {
                occasion: Some(occasion),
                standing: sheet.standing(),
            },
            facts: facts.clone(),
        };
        let made = self.ask(room, &asked, request, moment).await?;
        let said = match &made.answer {
            Ok(MemberSaid::Earned(earned)) => earned.clone(),
            Ok(MemberSaid::Placed(_)) => return Err(AppError::Internal("a rule placed where it was to earn".into())),
            Err(fault) => return self.put_off(room, row, &Words::of(fault), false).await,
        };
        let decision = self.app.entropy.id(moment.now);
        let booking = self.booking(room, row).await?;
        if let Err(problem) = self.post(
            &mut sheet,
            row,
            &asked,
            &said,
            (&facts, decision),
            booking,
            (room, moment),
        ) {
            return self.put_off(room, row, &problem, true).await;
        }
        let mut made = vec![(decision, made, asked)];
        if let Some((rule, facts)) = main {
            match self.place(room, &mut sheet, rule, facts, moment).await? {
                Ok(placed) => made.extend(placed),
                Err(fault) => return self.put_off(room, row, &fault, false).await,
            }
        }
        self.write(room, &member, sheet, made, Some((row, decision)), moment)
            .await
    }

    /// The price of a booking, what was paid back of it, and when its trip was over.
    async fn booking(&self, room: &Room, row: &OccasionRow) -> Result<(i64, Option<Day>)> {
        if row.about_kind != "booking" {
            return Ok((0, None));
        }
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let found = intake::bookings(&mut tx, room.id, &[row.about.as_str()]).await?;
        let booking = found.first().map(|row| &row.booking);
        let refunded = booking.map_or(0, |booking| booking.paid_back());
        Ok((refunded, booking.and_then(|booking| booking.over_on())))
    }

    /// A member with the rules that are asked about them; none if the binding has no rule in force.
    async fn prepare(
        &self,
        room: &Arc<Room>,
        customer: Uuid,
        binding: &str,
        moment: Moment,
    ) -> Result<Option<Prepared>> {
        let agency = room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let own = attributes::definitions(&mut tx, agency).await?;
        let kinds = Arc::new(
            own.iter()
                .map(|own| (own.key.clone(), own.kind))
                .collect::<HashMap<_, _>>(),
        );
        let known = self.app.facts().known(room, &mut tx, customer, kinds, moment).await?;
        let mut rules = HashMap::new();
        for name in [binding, MAIN] {
            let row = plugins::binding(&mut tx, agency, LOYALTY, name).await?;
            if let Some(row) = row.filter(|row| !row.is_ended())
                && !rules.contains_key(name)
            {
                let rule = self
                    .app
                    .plugins()
                    .rule::<Point>(&mut tx, agency, RuleName::in_force(&row), &own)
                    .await?;
                rules.insert(name, Arc::new(rule));
            }
        }
        let facts =
            |rule: &Rule<Point>| crate::facts::known::project(rule.plugin.description(), rule.seed, Some(&known));
        let Some(asked) = rules.get(binding).cloned() else {
            return Ok(None);
        };
        let member = store::member(&mut tx, agency, customer).await?;
        let member = member.ok_or(AppError::NotFound("member"))?;
        let lots = store::lots(&mut tx, agency, &[customer]).await?;
        Ok(Some(Prepared {
            sheet: Sheet::new(member.clone(), lots, moment),
            member,
            facts: facts(&asked),
            main: rules.get(MAIN).map(|main| (main.clone(), facts(main))),
            asked,
        }))
    }

    async fn ask(
        &self,
        room: &Room,
        rule: &Arc<Rule<Point>>,
        request: Request,
        moment: Moment,
    ) -> Result<Made<MemberSaid>> {
        let asked = rule.clone();
        let made = at_once(&self.app.engine, room.id, move || decide(&asked, moment, &request)).await?;
        room.spend(&rule.digest, &made.usage());
        let call = Call {
            extension_point: LOYALTY,
            binding: &rule.binding,
            digest: &rule.digest,
            cause: DECISION,
            moment,
        };
        match &made.answer {
            Ok(_) => room.log(call, &made.log),
            Err(fault) => room.log_fault(call, fault, None),
        }
        Ok(made)
    }

    /// Posts what a rule said; a sentence if the accounts cannot hold it.
    #[allow(clippy::too_many_arguments, reason = "what is posted, for what, by whom and when")]
    fn post(
        &self,
        sheet: &mut Sheet,
        row: &OccasionRow,
        rule: &Rule<Point>,
        said: &[(posthouse_domain::loyalty::Posting, Because)],
        (facts, decision): (&[Fact], Uuid),
        (refunded, over): (i64, Option<Day>),
        (room, moment): (&Room, Moment),
    ) -> std::result::Result<(), Words> {
        for (place, (posting, because)) in said.iter().enumerate() {
            if !sheet.account.has_room(posting.wallet, posting.points) {
                return Err(words!(
                    "the account cannot hold {points} more",
                    "账户容纳不下再增加 {points}",
                    points = posting.points
                ));
            }
            let id = self.app.entropy.id(moment.now);
            let new = New {
                id,
                wallet: posting.wallet,
                points: posting.points,
                active: posting.active,
                expires: posting.expires,
            };
            let moved = sheet.account.post(new, moment.today, over);
            sheet.earned_by(id, row.id);
            let told = reason(
                rule.plugin.description(),
                because.reason,
                (facts, &because.arguments),
                &room.terms,
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
            sheet.note(self.app, posting.wallet, &moved, why);
            // what was paid back before it was posted
            let moved = sheet.account.keep(id, kept(posting.points, row.amount, refunded));
            let why = Why {
                kind: "reversed",
                about_kind: "lot",
                about: format!("{id}/{refunded}"),
                binding: row.binding.clone(),
                ..Why::default()
            };
            sheet.note(self.app, posting.wallet, &moved, why);
        }
        sheet.settle(self.app, &row.id.to_string());
        Ok(())
    }

    /// Asks in which tier the member stands, and puts them there. The host never lowers a tier while it is valid.
    pub(super) async fn place(
        &self,
        room: &Room,
        sheet: &mut Sheet,
        rule: Arc<Rule<Point>>,
        facts: Vec<Fact>,
        moment: Moment,
    ) -> Result<std::result::Result<Option<Decision>, Words>> {
        let tiers = rule.plugin.point().tiers();
        if tiers.is_empty() {
            return Ok(Ok(None));
        }
        let request = Request {
            asked: MemberAsked {
                occasion: None,
                standing: sheet.standing(),
            },
            facts: facts.clone(),
        };
        let made = self.ask(room, &rule, request, moment).await?;
        let placed = match &made.answer {
            Ok(MemberSaid::Placed(placed)) => placed.clone(),
            Ok(MemberSaid::Earned(_)) => return Err(AppError::Internal("a rule earned where it was to place".into())),
            Err(fault) => return Ok(Err(Words::of(fault))),
        };
        let PlacedIn {
            tier,
            valid_until,
            next,
            because,
        } = placed;
        let level = |key: &Option<String>| {
            key.as_ref()
                .and_then(|key| tiers.iter().position(|tier| tier.key == *key))
        };
        let held = &sheet.member.tier;
        let is_valid = sheet.member.tier_until.is_some_and(|day| day >= moment.today);
        let is_lower = match (level(held), level(&tier)) {
            (Some(now), Some(then)) => then < now,
            (Some(_), None) => true,
            (None, _) => false,
        };
        // what somebody gave by hand lasts as long as they said
        let is_shorter = sheet.member.tier_by_hand && *held == tier && valid_until < sheet.member.tier_until;
        let decision = self.app.entropy.id(moment.now);
        if !(is_valid && (is_lower || is_shorter)) {
            let told = because.map(|because| {
                reason(
                    rule.plugin.description(),
                    because.reason,
                    (&facts, &because.arguments),
                    &room.terms,
                )
            });
            sheet.place(tier, valid_until, json!(told).to_string(), Some(decision));
        }
        sheet.looked();
        let next = next.map(|next| json!({"tier": next.tier, "have": next.have, "need": next.need, "unit": next.unit}));
        sheet.member.tier_next = json!(next).to_string();
        Ok(Ok(Some((decision, made, rule))))
    }

    /// Writes what came of asking, if the member is as they were then.
    pub(super) async fn write(
        &self,
        room: &Room,
        before: &MemberRow,
        sheet: Sheet,
        made: Vec<Decision>,
        settled: Option<(&OccasionRow, Uuid)>,
        moment: Moment,
    ) -> Result<()> {
        let (agency, customer) = (room.id, before.customer_id);
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        intake::lock(&mut tx, agency).await?;
        if let Some((row, _)) = settled
            && !store::still_waits(&mut tx, agency, row).await?
        {
            return Ok(());
        }
        let now = store::lock(&mut tx, agency, customer).await?;
        if now.is_none_or(|now| now.version != before.version + 1) {
            return Err(StoreError::Overtaken.into());
        }
        let subject = settled.map(|(row, _)| Subject {
            kind: "occasion",
            id: row.id,
        });
        let about = About {
            customer: Some(customer),
            subject,
            at: moment.now,
        };
        let rows: Vec<_> = made
            .iter()
            .map(|(id, made, rule)| made.row(*id, rule, about, &json!({})))
            .collect();
        decisions::insert(&mut tx, agency, &rows).await?;
        let mut told = sheet.write(&mut tx, agency).await?;
        if let Some((row, decision)) = settled {
            let row = OccasionRow {
                state: "settled".to_owned(),
                problem: None,
                decision_id: Some(decision),
                ..row.clone()
            };
            let about = (row.about_kind == REFERRAL).then(|| row.about.clone());
            store::put_occasions(&mut tx, agency, &[row]).await?;
            if let Some(about) = about {
                told.extend(self.rewarded(&mut tx, room, &about, moment).await?);
            }
        }
        self.app
            .facts()
            .contribute::<super::Standing>(&mut tx, agency, &[customer], moment.today)
            .await?;
        tell(self.app, &mut tx, agency, told).await?;
        tx.commit().await?;
        room.woken.notify_one();
        metrics::counter!("posthouse_decisions_total", "extension_point" => LOYALTY).increment(rows.len() as u64);
        Ok(())
    }

    /// An occasion of somebody who takes part no longer is about nothing.
    async fn let_go(&self, room: &Room, row: &OccasionRow) -> Result<()> {
        let gone = OccasionRow {
            state: "undone".to_owned(),
            ..row.clone()
        };
        let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
        intake::lock(&mut tx, room.id).await?;
        if !store::still_waits(&mut tx, room.id, row).await? {
            return Ok(());
        }
        store::put_occasions(&mut tx, room.id, &[gone]).await?;
        if row.about_kind == REFERRAL {
            let moment = self.app.segments().moment(room);
            let told = self.rewarded(&mut tx, room, &row.about, moment).await?;
            tell(self.app, &mut tx, room.id, told.into_iter().collect()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// An occasion whose rule failed is asked about again later, and in the end is for review.
    pub(super) async fn put_off(&self, room: &Room, row: &OccasionRow, problem: &Words, at_once: bool) -> Result<()> {
        metrics::counter!("posthouse_rule_faults_total", "extension_point" => LOYALTY).increment(1);
        let attempts = row.attempts + 1;
        let is_given_up = at_once || attempts >= ATTEMPTS;
        let pause = PAUSE << (2 * row.attempts.clamp(0, 10));
        let later = OccasionRow {
            state: if is_given_up { "review" } else { WAITING }.to_owned(),
            attempts,
            due_at: self.app.machine.now().saturating_add(pause),
            problem: Some(problem.to_stored()),
            ..row.clone()
        };
        let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
        intake::lock(&mut tx, room.id).await?;
        if !store::still_waits(&mut tx, room.id, row).await? {
            return Ok(());
        }
        store::put_occasions(&mut tx, room.id, &[later]).await?;
        Ok(tx.commit().await?)
    }
}
