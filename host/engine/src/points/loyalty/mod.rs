//! The extension point `loyalty`: what a member earns on an occasion, and in which tier a member stands.

mod members;
mod v1;

use crate::because::Because;
use crate::columns::Value;
use crate::context::Context;
use crate::contract::{Answered, Linked};
use crate::description::{Description, TierDef};
use crate::descriptor::{bad, check_key, check_text};
use crate::fault::{Fault, Receipt};
use crate::identity::unusable;
use crate::limits::Limits;
use crate::made_up::Random;
use crate::point::{Point, Question, Subjects};
use crate::refusal::Refusal;
use crate::text::printable;
use crate::units::{SelfTest, Units};
use posthouse_domain::loyalty::said::{check_placement, check_postings};
use posthouse_domain::loyalty::{Activation, Expiry, Occasion, Placement, Posting, Standing, Wallet, asked};
use posthouse_domain::{Words, words};
use posthouse_golden::{self as format, LoyaltyCase, Mismatch, Rule, Said};
use serde_json::json;
use std::collections::HashSet;

/// Most tiers of a rule.
const MOST_TIERS: usize = 20;
/// Bytes of what a member was asked about that are shown.
const SHOWN: usize = 1_000;

/// A loyalty rule: it posts points, and may name tiers.
#[derive(Debug)]
pub struct Loyalty {
    adapter: v1::Adapter,
    tiers: Vec<TierDef>,
}

/// What a rule is asked about a member.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberAsked {
    /// What happened; none asks in which tier the member stands.
    pub occasion: Option<Occasion>,
    /// What the member has.
    pub standing: Standing,
}

/// What a rule says of a member.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberSaid {
    /// What the occasion earns, in the rule's order.
    Earned(Vec<(Posting, Because)>),
    /// In which tier the member stands.
    Placed(PlacedIn),
}

/// In which tier a member stands, by the rule's word.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlacedIn {
    /// Key of the tier; none for no tier.
    pub tier: Option<String>,
    /// The last day on which it is not lowered.
    pub valid_until: Option<i32>,
    /// How far it is to a higher one.
    pub next: Option<NextTier>,
    /// Why.
    pub because: Option<Because>,
}

/// How far it is to a higher tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextTier {
    /// Its key.
    pub tier: String,
    /// What the member has.
    pub have: i64,
    /// What it takes.
    pub need: i64,
    /// What is counted: `status`, `trips`.
    pub unit: String,
}

impl Loyalty {
    /// The tiers, the lowest first; none for a rule that only posts.
    pub fn tiers(&self) -> &[TierDef] {
        &self.tiers
    }

    /// The placement with the keys of its tiers, which are there.
    fn placed(&self, placement: Placement, because: Option<Because>) -> PlacedIn {
        let key = |tier: u16| self.tiers[usize::from(tier)].key.clone();
        PlacedIn {
            tier: placement.tier.map(key),
            valid_until: placement.valid_until,
            next: placement.next.map(|next| NextTier {
                tier: key(next.tier),
                have: next.have,
                need: next.need,
                unit: next.unit,
            }),
            because,
        }
    }
}

impl Point for Loyalty {
    const UNITS: &'static Units = &Units {
        part: "status_day",
        parts: "status_days",
        tried: "occasions_tried",
        full: "full_standing",
        each: || words!("day of status", "天成长值"),
        heading: || words!("days of status", "成长值天数"),
        tested,
        drawn: |seed| {
            words!(
                "Members and what happens to them are made up from seed {seed}",
                "会员及其经历由种子 {seed} 生成"
            )
        },
    };
    const SIZES: &'static [usize] = &[1, 30, asked::STATUS_DAYS as usize];
    type Subject = MemberAsked;
    type Answer = MemberSaid;
    type Case = LoyaltyCase;

    fn link(linked: &Linked) -> Result<Self, Refusal> {
        let adapter = v1::Adapter::new(linked, Self::NAME)?;
        let tiers = adapter.tiers(linked).map_err(unusable)?;
        check_tiers(&tiers, linked.limits())?;
        Ok(Self { adapter, tiers })
    }

    fn call(&self, linked: &Linked, context: &Context, asked: &MemberAsked, facts: &[Value]) -> Answered<MemberSaid> {
        let standing = &asked.standing;
        if let Some(occasion) = &asked.occasion {
            return self.adapter.earn(linked, context, occasion, standing, facts);
        }
        if self.tiers.is_empty() {
            let nowhere = MemberSaid::Placed(PlacedIn::default());
            return Ok((Ok(nowhere), Receipt::default()));
        }
        let (answer, receipt) = self.adapter.place(linked, context, standing, facts)?;
        let (placement, because) = match answer {
            Ok(said) => said,
            Err(problem) => return Ok((Err(problem), receipt)),
        };
        // how many tiers there are is known here alone
        match check_placement(&placement, self.tiers.len()) {
            Ok(()) => Ok((Ok(MemberSaid::Placed(self.placed(placement, because))), receipt)),
            Err((field, problem)) => Err(Fault::output(field, problem, receipt)),
        }
    }

    fn check_description(said: &Description) -> Result<(), Words> {
        if said.reasons.is_empty() {
            return Err(words!(
                "0 reasons; every posting names one, so declare at least one",
                "没有声明理由；每笔积分都要给出理由，请至少声明一个"
            ));
        }
        Ok(())
    }

    fn check_subject(asked: &MemberAsked) -> Result<(), Words> {
        asked::check(asked.occasion.as_ref(), &asked.standing)
    }

    fn check_answer(
        said: &mut MemberSaid,
        asked: &MemberAsked,
        description: &Description,
        limits: &Limits,
    ) -> Result<(), (String, Words)> {
        match said {
            MemberSaid::Earned(earned) => {
                let of_booking = asked.occasion.as_ref().is_some_and(|it| it.what.booking().is_some());
                let postings: Vec<Posting> = earned.iter().map(|(posting, _)| *posting).collect();
                check_postings(&postings, of_booking)?;
                for (place, (_, because)) in earned.iter_mut().enumerate() {
                    because.check(&format!("postings[{place}].reason"), description, limits)?;
                }
                Ok(())
            }
            MemberSaid::Placed(placed) => match &mut placed.because {
                Some(because) => because.check("reason", description, limits),
                None => Ok(()),
            },
        }
    }

    fn subjects() -> Subjects {
        Subjects {
            plain: words!("a new member", "一位新会员"),
            made_up: words!("a made-up member", "生成的会员"),
            largest: words!("a member with status on every day", "每天都有成长值的会员"),
        }
    }

    fn plain() -> MemberAsked {
        members::plain()
    }

    fn hostile(today: i32) -> Vec<(Words, MemberAsked)> {
        members::hostile(today)
    }

    fn made_up(size: usize, today: i32, random: &mut Random) -> MemberAsked {
        members::made_up(size, today, random)
    }

    fn shown(asked: &MemberAsked) -> Words {
        let standing = printable(&json!(asked.standing).to_string(), SHOWN);
        let told = match &asked.occasion {
            Some(occasion) => {
                let occasion = printable(&json!(occasion).to_string(), SHOWN);
                format!("\"occasion\": {occasion}, \"standing\": {standing}")
            }
            None => format!("\"standing\": {standing}"),
        };
        Words::same(told)
    }

    fn question(case: &LoyaltyCase, rule: &Rule) -> Result<Question<MemberAsked>, Said> {
        let asked = case.read(rule)?;
        Ok(Question {
            today: asked.today,
            now: asked.now,
            seed: asked.seed,
            config: asked.config,
            subject: MemberAsked {
                occasion: asked.occasion.map(members::occasion),
                standing: members::standing(asked.standing),
            },
            facts: asked.facts,
        })
    }

    fn compare(case: &LoyaltyCase, said: &MemberSaid, description: &Description) -> Vec<Mismatch> {
        let code = |because: &Because| {
            let reason = description.reasons.get(usize::from(because.reason));
            reason.map(|reason| reason.code.as_str())
        };
        match said {
            MemberSaid::Earned(earned) => {
                let posted = earned.iter().map(|(posting, because)| format::Posted {
                    wallet: wallet(posting.wallet),
                    points: posting.points,
                    active: match posting.active {
                        Activation::Now => format::Active::Now,
                        Activation::Completed => format::Active::Completed,
                        Activation::On(day) => format::Active::On(day),
                    },
                    expires: match posting.expires {
                        Expiry::Never => format::Lasts::Forever,
                        Expiry::On(day) => format::Lasts::Until(day),
                        Expiry::Days(days) => format::Lasts::Days(days),
                        Expiry::Months(months) => format::Lasts::Months(months),
                    },
                    reason: code(because),
                });
                case.compare_postings(&posted.collect::<Vec<_>>())
            }
            MemberSaid::Placed(placed) => case.compare_placement(&format::Placed {
                tier: placed.tier.as_deref(),
                valid_until: placed.valid_until,
                next: placed
                    .next
                    .as_ref()
                    .map(|next| (next.tier.as_str(), next.have, next.need)),
                reason: placed.because.as_ref().and_then(code),
            }),
        }
    }
}

fn wallet(wallet: Wallet) -> format::Wallet {
    match wallet {
        Wallet::Points => format::Wallet::Points,
        Wallet::Status => format::Wallet::Status,
    }
}

fn check_tiers(tiers: &[TierDef], limits: &Limits) -> Result<(), Refusal> {
    if tiers.len() > MOST_TIERS {
        return Err(bad(words!(
            "{count} tiers, {MOST_TIERS} are allowed",
            "有 {count} 个等级，上限为 {MOST_TIERS}",
            count = tiers.len()
        )));
    }
    let mut keys = HashSet::new();
    for (index, tier) in tiers.iter().enumerate() {
        let place = format!("tiers[{index}]");
        check_key(&format!("{place}.key"), &tier.key, limits)?;
        if !keys.insert(&tier.key) {
            return Err(bad(words!(
                "{place}.key {key:?} is used twice",
                "{place}.key {key:?} 重复",
                key = tier.key
            )));
        }
        check_text(&format!("{place}.title"), &tier.title, limits.title_bytes)?;
        check_text(&format!("{place}.benefits"), &tier.benefits, limits.text_bytes)?;
    }
    Ok(())
}

fn tested(test: &SelfTest) -> [Words; 2] {
    [
        words!("{tried} occasions tried", "试过 {tried} 个事件", tried = test.tried),
        words!(
            "{call} fuel a call for a new member; with status on every day of two years it takes {full}",
            "新会员的调用耗燃料 {call}；两年内每天都有成长值时用时 {full}",
            call = test.fuel_per_call,
            full = test.full.words()
        ),
    ]
}
