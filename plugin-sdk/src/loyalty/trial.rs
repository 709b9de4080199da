//! A loyalty rule under `cargo test`: a member, what happens, and what the rule says.

use std::ops::Deref;

use posthouse_golden::{self as golden, LoyaltyCase, Mismatch, Placed, Posted};

use super::{Active, AgencyEvent, Booking, Happening, Lasts, Loyalty, Referral, Side, Tiers, Wallet, wire};
use crate::bindings::exports::posthouse::plugin::loyalty::Guest as _;
use crate::component::Component;
use crate::harness::{Asked, Harness, refused};
use crate::reasons::Reasons;
use crate::values::{Day, Money, Text};

/// A member whom a loyalty rule is asked about: somebody who has just joined, if nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Membership {
    happening: Option<Happening>,
    /// The day and the moment of what happened, where they are not those of the call.
    when: Option<(i64, Day)>,
    since: Option<Day>,
    tier: Option<(String, Option<Day>, Option<Day>, bool)>,
    available: i64,
    pending: i64,
    status: Vec<(Day, i64)>,
}

impl From<()> for Membership {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// One posting that the rule makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Earned {
    /// Where the points go.
    pub wallet: Wallet,
    /// How many.
    pub points: i64,
    /// When they become active.
    pub active: Active,
    /// How long they last.
    pub lasts: Lasts,
    /// Code of the reason.
    pub reason: String,
    /// The reason's text in Chinese with its values put in.
    pub because_zh: String,
    /// The reason's text in English with its values put in.
    pub because_en: String,
}

/// What the rule posts, and the lines it logged.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Earnings {
    earned: Vec<Earned>,
    /// `level: message`.
    pub logs: Vec<String>,
}

impl Earnings {
    /// All points of a wallet together.
    pub fn of(&self, wallet: Wallet) -> i64 {
        let own = self.earned.iter().filter(|earned| earned.wallet == wallet);
        own.map(|earned| earned.points).sum()
    }
}

impl Deref for Earnings {
    type Target = [Earned];

    fn deref(&self) -> &[Earned] {
        &self.earned
    }
}

/// Where the rule puts the member.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlacedIn {
    /// Key of the tier, `None` for no tier.
    pub tier: Option<String>,
    /// The last day on which it is not lowered.
    pub valid_until: Option<Day>,
    /// The next tier, what the member has, and what it takes.
    pub next: Option<(String, i64, i64)>,
    /// Code of the reason.
    pub reason: Option<String>,
    /// The reason's text in Chinese with its values put in.
    pub because_zh: Option<String>,
    /// The reason's text in English with its values put in.
    pub because_en: Option<String>,
}

/// What a loyalty rule says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// What an occasion earns.
    Earned(Earnings),
    /// In which tier the member stands.
    Placed(PlacedIn),
}

/// For a [`Loyalty`] rule.
impl<P: Loyalty, Q: Into<Membership>> Harness<P, Q> {
    fn of_member(self, change: impl FnOnce(&mut Membership)) -> Harness<P, Membership> {
        let mut call = self.asking::<Membership>();
        change(&mut call.question);
        call
    }

    /// The day on which the member joined, `2024-03-01`.
    ///
    /// # Panics
    /// If there is no such date.
    pub fn member_since(self, date: &str) -> Harness<P, Membership> {
        self.of_member(|member| member.since = Some(day(date)))
    }

    /// The tier that the member stands in, by its key.
    pub fn in_tier(self, key: &str) -> Harness<P, Membership> {
        self.of_member(|member| member.tier = Some((key.to_owned(), None, None, false)))
    }

    /// The same, with the last day of its validity.
    ///
    /// # Panics
    /// If there is no such date.
    pub fn in_tier_until(self, key: &str, date: &str) -> Harness<P, Membership> {
        self.of_member(|member| member.tier = Some((key.to_owned(), None, Some(day(date)), false)))
    }

    /// Points that the member can spend.
    pub fn points(self, available: i64) -> Harness<P, Membership> {
        self.of_member(|member| member.available = available)
    }

    /// Status that became active on a day.
    ///
    /// # Panics
    /// If there is no such date.
    pub fn status(self, date: &str, points: i64) -> Harness<P, Membership> {
        self.of_member(|member| {
            member.status.push((day(date), points));
            member.status.sort_unstable();
        })
    }

    /// What happened to the member.
    pub fn happening(self, what: Happening) -> Harness<P, Membership> {
        self.of_member(|member| member.happening = Some(what))
    }

    /// Asks the rule what the member earns, and asks once more to see that it says the same again.
    ///
    /// # Panics
    /// If it refuses the call, or says something else the second time; if nothing has happened.
    pub fn earn(self) -> Earnings {
        match self.try_earn() {
            Ok(earnings) => earnings,
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Like [`Self::earn`], with the refusal as a sentence.
    ///
    /// # Errors
    /// Why the call was refused, or what it says the second time.
    pub fn try_earn(self) -> Result<Earnings, String> {
        match self.asking::<Membership>().answer()? {
            Said::Earned(earnings) => Ok(earnings),
            Said::Placed(_) => Err("nothing has happened: say `.happening(…)` first".to_owned()),
        }
    }

    /// Asks the rule in which tier the member stands, twice.
    ///
    /// # Panics
    /// If it refuses the call, or says something else the second time.
    pub fn place(self) -> PlacedIn {
        match self.try_place() {
            Ok(placed) => placed,
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Like [`Self::place`], with the refusal as a sentence.
    ///
    /// # Errors
    /// Why the call was refused, or what it says the second time.
    pub fn try_place(self) -> Result<PlacedIn, String> {
        match self.of_member(|member| member.happening = None).answer()? {
            Said::Placed(placed) => Ok(placed),
            Said::Earned(_) => Err("the rule was asked for the tier".to_owned()),
        }
    }
}

fn day(date: &str) -> Day {
    match Day::parse(date) {
        Some(day) => day,
        None => panic!("`{date}` is not a date like 2026-01-15"),
    }
}

impl<P: Loyalty> Asked<Membership> for P {
    type Answer = Said;
    type Case = LoyaltyCase;

    fn ask(call: &Harness<Self, Membership>) -> Result<Said, String> {
        let first = once(call)?;
        let logs = crate::log::native::take();
        let again = once(call)?;
        if again != first {
            return Err(format!(
                "the same call gets different answers: first {first:?}, then {again:?}"
            ));
        }
        Ok(match first {
            Said::Earned(earnings) => Said::Earned(Earnings { logs, ..earnings }),
            placed @ Said::Placed(_) => placed,
        })
    }

    fn case(case: &LoyaltyCase, rule: &golden::Rule) -> Result<Vec<Mismatch>, String> {
        let asked = case.read(rule)?;
        let call = Harness::<Self>::of_case((asked.today, asked.now, asked.seed), &asked.config);
        let member = Membership::of_case(asked.standing, asked.occasion);
        let said = call.about(asked.facts).of_member(|asked| *asked = member).answer()?;
        Ok(match &said {
            Said::Earned(earnings) => {
                let posted: Vec<Posted<'_>> = earnings.iter().map(Earned::compared).collect();
                case.compare_postings(&posted)
            }
            Said::Placed(placed) => case.compare_placement(&placed.compared()),
        })
    }
}

fn once<P: Loyalty>(call: &Harness<P, Membership>) -> Result<Said, String> {
    let (context, facts) = (call.context(), call.customer()?);
    let member = &call.question;
    let today = Day(context.today);
    let standing = member.standing(today);
    let Some(happening) = &member.happening else {
        let placed = Component::<P>::place(context, standing, facts).map_err(refused)?;
        return placed_in(call, placed).map(Said::Placed);
    };
    let (at, on) = member.when.unwrap_or((context.now, today));
    let occasion = wire::Occasion {
        at,
        on: on.0,
        what: happening.into(),
    };
    let posted = Component::<P>::earn(context, occasion, standing, facts).map_err(refused)?;
    let earned: Result<Vec<Earned>, String> = posted.into_iter().map(|posting| earned(call, posting)).collect();
    Ok(Said::Earned(Earnings {
        earned: earned?,
        logs: Vec::new(),
    }))
}

fn earned<P: Loyalty>(call: &Harness<P, Membership>, posting: wire::Posting) -> Result<Earned, String> {
    let booking = matches!(
        call.question.happening,
        Some(Happening::BookingConfirmed(_) | Happening::BookingCompleted(_))
    );
    let active = match posting.active {
        wire::Activation::Now => Active::Now,
        wire::Activation::Completed if !booking => {
            return Err("a posting becomes active when the trip is over, but what happened is no booking".to_owned());
        }
        wire::Activation::Completed => Active::Completed,
        wire::Activation::On(day) => Active::On(Day(day)),
    };
    let def = &P::Reason::DEFS[usize::from(posting.reason.index)];
    let [because_zh, because_en] = call.told(def, posting.reason.arguments);
    Ok(Earned {
        wallet: match posting.wallet {
            wire::Wallet::Points => Wallet::Points,
            wire::Wallet::Status => Wallet::Status,
        },
        points: posting.points,
        active,
        lasts: match posting.expires {
            wire::Expiry::Never => Lasts::Forever,
            wire::Expiry::On(day) => Lasts::Until(Day(day)),
            wire::Expiry::Days(days) => Lasts::Days(days),
            wire::Expiry::Months(months) => Lasts::Months(months),
        },
        reason: def.code.to_owned(),
        because_zh,
        because_en,
    })
}

fn placed_in<P: Loyalty>(call: &Harness<P, Membership>, placed: wire::Placement) -> Result<PlacedIn, String> {
    let key = |tier: u16| match P::Tier::DEFS.get(usize::from(tier)) {
        Some(def) => Ok(def.key.to_owned()),
        None => Err(format!(
            "the member is put into tier {tier}, which the rule does not have"
        )),
    };
    let mut found = PlacedIn {
        tier: placed.tier.map(key).transpose()?,
        valid_until: placed.valid_until.map(Day),
        ..PlacedIn::default()
    };
    if let Some(next) = placed.next {
        found.next = Some((key(next.tier)?, next.have, next.need));
    }
    if let Some(reason) = placed.reason {
        let def = &P::Reason::DEFS[usize::from(reason.index)];
        let [zh, en] = call.told(def, reason.arguments);
        found.reason = Some(def.code.to_owned());
        (found.because_zh, found.because_en) = (Some(zh), Some(en));
    }
    Ok(found)
}

impl Membership {
    fn standing(&self, today: Day) -> wire::Standing {
        wire::Standing {
            member_since: self.since.unwrap_or(today).0,
            tier: self
                .tier
                .as_ref()
                .map(|(tier, since, until, by_hand)| wire::StandingIn {
                    tier: tier.clone(),
                    since: since.unwrap_or(today).0,
                    valid_until: until.map(|day| day.0),
                    by_hand: *by_hand,
                }),
            available: self.available,
            pending: self.pending,
            status: self
                .status
                .iter()
                .map(|(on, points)| wire::StatusDay {
                    on: on.0,
                    points: *points,
                })
                .collect(),
        }
    }

    fn of_case(standing: golden::Standing, occasion: Option<golden::Occasion>) -> Self {
        Self {
            when: occasion.as_ref().map(|occasion| (occasion.at, Day(occasion.on))),
            happening: occasion.map(|occasion| occasion.what.into()),
            since: Some(Day(standing.member_since)),
            tier: standing.tier.map(|tier| {
                (
                    tier.tier,
                    Some(Day(tier.since)),
                    tier.valid_until.map(Day),
                    tier.by_hand,
                )
            }),
            available: standing.available,
            pending: standing.pending,
            status: standing
                .status
                .into_iter()
                .map(|(on, points)| (Day(on), points))
                .collect(),
        }
    }
}

impl Earned {
    /// As golden cases compare it.
    fn compared(&self) -> Posted<'_> {
        Posted {
            wallet: match self.wallet {
                Wallet::Points => golden::Wallet::Points,
                Wallet::Status => golden::Wallet::Status,
            },
            points: self.points,
            active: match self.active {
                Active::Now => golden::Active::Now,
                Active::Completed => golden::Active::Completed,
                Active::On(day) => golden::Active::On(day.0),
            },
            expires: match self.lasts {
                Lasts::Forever => golden::Lasts::Forever,
                Lasts::Until(day) => golden::Lasts::Until(day.0),
                Lasts::Days(days) => golden::Lasts::Days(days),
                Lasts::Months(months) => golden::Lasts::Months(months),
            },
            reason: Some(&self.reason),
        }
    }
}

impl PlacedIn {
    /// As golden cases compare it.
    fn compared(&self) -> Placed<'_> {
        Placed {
            tier: self.tier.as_deref(),
            valid_until: self.valid_until.map(|day| day.0),
            next: self
                .next
                .as_ref()
                .map(|(tier, have, need)| (tier.as_str(), *have, *need)),
            reason: self.reason.as_deref(),
        }
    }
}

impl From<golden::Happening> for Happening {
    fn from(said: golden::Happening) -> Self {
        match said {
            golden::Happening::Joined => Self::Joined,
            golden::Happening::BookingConfirmed(booking) => Self::BookingConfirmed(booking.into()),
            golden::Happening::BookingCompleted(booking) => Self::BookingCompleted(booking.into()),
            golden::Happening::Reviewed { rating } => Self::Reviewed { rating },
            golden::Happening::ReferralCompleted {
                referrer,
                earlier,
                earlier_12m,
            } => Self::ReferralCompleted(Referral {
                side: if referrer { Side::Referrer } else { Side::Referred },
                earlier,
                earlier_12m,
            }),
            golden::Happening::Birthday => Self::Birthday,
            golden::Happening::Other { name, data } => Self::Other(AgencyEvent::new(Text(name.leak()), data)),
        }
    }
}

impl From<golden::Booked> for Booking {
    fn from(said: golden::Booked) -> Self {
        let text = |text: Option<String>| text.map(|text| Text(text.leak()));
        Self {
            product: text(said.product),
            destination: text(said.destination),
            theme: text(said.theme),
            channel: text(said.channel),
            booked: Day(said.booked),
            departs: said.departs.map(Day),
            returns: said.returns.map(Day),
            travellers: said.travellers,
            amount: Money(said.amount),
        }
    }
}

/// As the host would send it.
impl From<&Happening> for wire::Happening {
    fn from(what: &Happening) -> Self {
        match what {
            Happening::Joined => Self::Joined,
            Happening::BookingConfirmed(booking) => Self::BookingConfirmed(booking.into()),
            Happening::BookingCompleted(booking) => Self::BookingCompleted(booking.into()),
            Happening::Reviewed { rating } => Self::Reviewed(wire::Review { rating: *rating }),
            Happening::ReferralCompleted(referral) => Self::ReferralCompleted(wire::Referral {
                side: match referral.side {
                    Side::Referrer => wire::Side::Referrer,
                    Side::Referred => wire::Side::Referred,
                },
                earlier: referral.earlier,
                earlier_12m: referral.earlier_12m,
            }),
            Happening::Birthday => Self::Birthday,
            Happening::Other(event) => Self::Other(wire::AgencyEvent {
                name: event.name.to_string(),
                data: event.json(),
            }),
        }
    }
}

impl From<&Booking> for wire::Booking {
    fn from(booking: &Booking) -> Self {
        let text = |text: Option<Text>| text.map(|text| text.to_string());
        Self {
            product: text(booking.product),
            destination: text(booking.destination),
            theme: text(booking.theme),
            channel: text(booking.channel),
            booked: booking.booked.0,
            departs: booking.departs.map(|day| day.0),
            returns: booking.returns.map(|day| day.0),
            travellers: booking.travellers,
            amount: booking.amount.0,
        }
    }
}
