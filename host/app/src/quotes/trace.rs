//! What a quote says: prices, what was taken off and why, and what became of every campaign.

use super::codes::Code;
use super::gather::Heard;
use super::standing::Campaign;
use crate::rules::words::Reason;
use posthouse_domain::money::{Currency, major_text};
use posthouse_domain::promotion::budget::BudgetScope;
use posthouse_domain::promotion::guard::Barred;
use posthouse_domain::promotion::{LeftOut, Outcome};
use posthouse_domain::{Localized, Words, words};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A campaign by its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Id.
    pub id: Uuid,
    /// The agency's key for it.
    pub key: String,
    /// For people.
    pub name: String,
}

/// The price of one line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinePrice {
    /// The agency's number of the product.
    pub sku: String,
    /// Before all savings, in minor units.
    pub list_price: i64,
    /// After them.
    pub price: i64,
}

/// One saving.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adjustment {
    /// Whose.
    pub campaign: Named,
    /// Place of the line, from 0.
    pub line: u32,
    /// Minor units off.
    pub off: i64,
    /// What the rule asked for; more than `off` where a floor was in the way.
    pub asked: i64,
    /// Why.
    pub reason: Reason,
    /// The decision behind it.
    pub decision: Uuid,
}

/// What became of a coupon code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CodeTrace {
    /// The code's last letters.
    pub code: String,
    /// `held`, `not_applied`, or what is wrong with it.
    pub state: String,
    /// In words.
    pub text: Localized,
    /// The campaign it opens, if it is good.
    pub campaign: Option<Uuid>,
}

/// What became of one campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CampaignTrace {
    /// Which.
    pub campaign: Named,
    /// Its stacking group.
    pub group: String,
    /// How that group's campaigns go together.
    pub mode: String,
    /// Its place in line.
    pub priority: i32,
    /// Whether it takes something off.
    pub applied: bool,
    /// `applied`, or why it does not.
    pub code: String,
    /// In words.
    pub text: Localized,
    /// Minor units off.
    pub off: i64,
    /// The decision of its rule, if that was asked.
    pub decision: Option<Uuid>,
}

/// Everything a quote says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Line by line, in the order of the basket.
    pub lines: Vec<LinePrice>,
    /// What was taken off, in that order.
    pub adjustments: Vec<Adjustment>,
    /// Every code of the basket.
    pub coupons: Vec<CodeTrace>,
    /// Every campaign in force, the first in line first.
    pub trace: Vec<CampaignTrace>,
    /// What points took off, if any were to be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsTrace>,
}

/// What points took off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsTrace {
    /// Key of the reward by which they do.
    pub reward: String,
    /// How many were to be used at most.
    pub asked: i64,
    /// How many are: whole pieces of the reward, and none below the cost of the lines.
    pub used: i64,
    /// Minor units off.
    pub off: i64,
}

impl Campaign {
    pub(crate) fn named(&self) -> Named {
        Named {
            id: self.id,
            key: self.key.clone(),
            name: self.name.clone(),
        }
    }
}

/// Why a campaign was kept from the customer, and in words.
fn barred(bar: Barred) -> (&'static str, Localized) {
    let (code, zh, en) = match bar {
        Barred::OutsideWindow => ("outside_window", "不在活动时间内", "Outside the campaign's window"),
        Barred::Elsewhere => (
            "elsewhere",
            "活动不在此渠道或门店",
            "The campaign is not held in this channel or shop",
        ),
        Barred::Unknown => (
            "customer_needed",
            "活动只面向已知客户，请带上客户编号再询价",
            "The campaign is for known customers; send customer_id with the basket",
        ),
        Barred::NotInAudience => (
            "not_in_audience",
            "客户不属于活动的目标人群",
            "The customer is not among those the campaign is for",
        ),
        Barred::Holdout => (
            "holdout",
            "客户属于对照组，活动对其不开放，以便衡量效果",
            "The customer is in the holdout: the campaign is kept from some so that its effect can be seen",
        ),
        Barred::OpenComplaint => (
            "open_complaint",
            "客户有未处理完的投诉，暂不推送优惠",
            "The customer has an open complaint; offers wait until it is settled",
        ),
        Barred::ProductInCrisis => (
            "product_in_crisis",
            "所选产品处于危机处理中，结束前不给优惠",
            "A product in the basket is in a crisis; nothing is offered with it until that is over",
        ),
        Barred::NeedsCoupon => (
            "coupon_needed",
            "需要优惠券，而报价中没有可用的",
            "It needs a coupon, and no valid one was given",
        ),
    };
    (code, Localized::new(zh, en))
}

fn money(minor: i64, currency: Currency) -> String {
    format!("{currency} {}", major_text(minor, currency))
}

/// Why a campaign with or without an offer takes nothing off, and in words. `name` gives a campaign its name by its place.
fn left_out(
    why: LeftOut,
    tightest: BudgetScope,
    currency: Currency,
    name: &dyn Fn(usize) -> String,
) -> (&'static str, Localized) {
    match why {
        LeftOut::NoOffer => (
            "no_offer",
            Localized::new("规则对此购物篮没有优惠", "Its rule offers nothing for this basket"),
        ),
        LeftOut::Outranked { by } => (
            "outranked",
            Localized::new(
                format!("不能与排在前面的“{}”同享", name(by)),
                format!("Cannot be combined with {}, which stands before it", name(by)),
            ),
        ),
        LeftOut::NotBest { by } => (
            "not_best",
            Localized::new(
                format!("同组只取最优，“{}”优惠更多", name(by)),
                format!("Only the best of its group applies, and {} takes off more", name(by)),
            ),
        ),
        LeftOut::OverBudget { asked, allowed } => {
            let (zh, en) = match tightest {
                BudgetScope::Total => ("活动预算", "of its budget"),
                BudgetScope::Customer => ("此客户的预算", "of what it may give this customer"),
                BudgetScope::Day => ("今日预算", "of what it may give today"),
            };
            let (asked, allowed) = (money(asked, currency), money(allowed, currency));
            (
                "over_budget",
                Localized::new(
                    format!("需要 {asked}，{zh}只剩 {allowed}"),
                    format!("It would take {asked}, and {allowed} {en} is left"),
                ),
            )
        }
        LeftOut::NothingLeft => (
            "at_floor",
            Localized::new("价格已到底线，不能再减", "The price is at its floor already"),
        ),
    }
}

/// What became of a campaign, in a word and in words.
pub(crate) fn outcome(
    heard: &Heard,
    outcome: Option<(Outcome, BudgetScope)>,
    currency: Currency,
    name: &dyn Fn(usize) -> String,
) -> (&'static str, Localized, i64) {
    match (heard, outcome) {
        (Heard::Barred(bar), _) => {
            let (code, text) = barred(*bar);
            (code, text, 0)
        }
        (Heard::NoRule(why), _) => (
            "no_rule",
            Localized::new(
                format!("规则无法启用：{}", why.zh),
                format!("Its rule cannot be activated: {}", why.en),
            ),
            0,
        ),
        (Heard::NotAsked, _) => (
            "not_asked",
            Localized::new(
                "排在前面的规则用完了一次报价的时间，没有询问这条规则",
                "Its rule was not asked: those before it used up the time of a quote",
            ),
            0,
        ),
        (Heard::SetAside(why), _) => {
            let Words { en, zh } = why.in_words();
            (
                "set_aside",
                Localized::new(
                    format!("{zh}，暂停询问"),
                    format!("Its rule is not asked for a while: {en}"),
                ),
                0,
            )
        }
        (Heard::Asked(asked), None) => match &asked.made.answer {
            Err(fault) => {
                let Words { en, zh } = words!("Its rule failed: {fault}", "规则出错：{fault}");
                ("rule_failed", Localized::new(zh, en), 0)
            }
            Ok(_) => (
                "not_running",
                Localized::new(
                    "活动在询价时刚好暂停或结束",
                    "The campaign was paused or ended while the quote was made",
                ),
                0,
            ),
        },
        (Heard::Asked(..), Some((Outcome::Applied(off), _))) => (
            "applied",
            Localized::new(
                format!("优惠 {}", money(off, currency)),
                format!("{} off", money(off, currency)),
            ),
            off,
        ),
        (Heard::Asked(..), Some((Outcome::LeftOut(why), tightest))) => {
            let (code, text) = left_out(why, tightest, currency, name);
            (code, text, 0)
        }
    }
}

/// What became of a code: whether its campaign took something off.
pub(crate) fn code(code: &Code, applied: impl Fn(Uuid) -> bool) -> CodeTrace {
    let campaign = code.coupon.as_ref().map(|coupon| coupon.campaign_id);
    let held = campaign.is_some_and(|campaign| code.opens(campaign) && applied(campaign));
    let good = campaign.is_some_and(|campaign| code.opens(campaign));
    let (state, text) = match (held, good) {
        (true, _) => (
            "held",
            Localized::new(
                "已为此报价保留，确认后核销",
                "Held for this quote; confirming redeems it",
            ),
        ),
        (false, true) => (
            "not_applied",
            Localized::new(
                "券可用，但其活动此次未优惠，券未使用",
                "Good, but its campaign takes nothing off this basket; it is not used",
            ),
        ),
        (false, false) => (code.worth.code(), code.worth.text()),
    };
    CodeTrace {
        code: code.ending.clone(),
        state: state.to_owned(),
        text,
        campaign: campaign.filter(|_| good),
    }
}
