//! The stage a customer is in: prospect, new, active, mature, at risk, lost.
//!
//! The rule keeps nothing between calls, and still nobody flickers between stages, because time alone can take a customer only
//! along one road: new, active or mature, at risk, lost.
//!
//! - Days since the first and the latest booking grow by one a day until the next record, so a threshold is passed once.
//! - What tells mature from active, the trips and the days between the first booking and the latest, is the same on every day
//!   between two records. So only a booking makes anyone mature.
//! - A badly resolved complaint holds its customer at risk until the next booking, or for `complaint_days`. Should the silence
//!   be about to take over then, it holds on until it does: nobody is well for less than `stay_days` in between.
//! - `check` refuses thresholds between which there are fewer than `stay_days`.
//!
//! Days to the next departure are not read on purpose. They end with the departure, and until the return nothing says that the
//! customer is travelling: someone who booked very early would be at risk for the days of the trip.
//!
//! One thing is beyond the facts. `badly-resolved-12m` says how many complaints ended badly, not which. If it was not the latest
//! one, the day on which it leaves the twelve months can end the stage sooner.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Facts)]
struct Guest {
    trips_total: i32,
    first_trip_days: Option<i32>,
    recency_days: Option<i32>,
    badly_resolved_12m: i32,
    last_complaint_days: Option<i32>,
}

#[derive(Segments)]
#[rustfmt::skip]
enum Stage {
    #[segment(zh = "潜在客户", en = "Prospect",
        policy_zh = "提供攻略和目的地指南，引导注册，促成首次预订。", policy_en = "Offer travel guides, invite them to register, and win the first booking.")]
    Prospect,
    #[segment(zh = "新客户", en = "New",
        policy_zh = "做好首次体验，收集详细偏好，返程后回访。", policy_en = "Make the first trip a good one, learn their preferences, and call after the return.")]
    New,
    #[segment(zh = "活跃客户", en = "Active",
        policy_zh = "按偏好推荐线路，邀请参加会员活动，鼓励交叉购买。", policy_en = "Suggest tours by their preferences, invite them to member events, and offer what goes with a trip.")]
    Active,
    #[segment(zh = "成熟客户", en = "Mature",
        policy_zh = "提供贵宾服务和专属权益，邀请体验新产品。", policy_en = "Give them VIP service and rights of their own, and let them try new tours first.")]
    Mature,
    #[segment(zh = "流失风险客户", en = "At risk",
        policy_zh = "顾问两周内致电了解原因，先化解不满，再给出专属方案。", policy_en = "Have their adviser call within two weeks and ask why; settle what went wrong before making a personal offer.")]
    AtRisk,
    #[segment(zh = "已流失客户", en = "Lost",
        policy_zh = "记录流失原因，每年召回一次，其余时间不打扰。", policy_en = "Note why they left, try to win them back once a year, and leave them in peace otherwise.")]
    Lost,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "还没有出行订单", en = "No trip yet")]
    NoTripYet,
    #[reason(zh = "首次预订在 {first-trip-days} 天前", en = "First booked {first-trip-days} days ago")]
    FirstBookedLately,
    #[reason(zh = "共出行 {trips-total} 次，最近一次预订在 {recency-days} 天前", en = "Trips so far: {trips-total}, the latest booked {recency-days} days ago")]
    BooksLately,
    #[reason(zh = "{first-trip-days} 天前首次预订，至今出行 {trips-total} 次，最近一次预订在 {recency-days} 天前",
        en = "{trips-total} trips since the first booking {first-trip-days} days ago, the latest booked {recency-days} days ago")]
    BooksForLong,
    #[reason(zh = "已 {recency-days} 天没有预订", en = "No booking for {recency-days} days")]
    Silent,
    #[reason(zh = "{last-complaint-days} 天前投诉，处理不满意，此后没有预订", en = "Complained {last-complaint-days} days ago, was not satisfied, and has not booked since")]
    BadlyResolved,
}

#[derive(Rule)]
#[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "客户生命周期",
    summary_zh = "按预订历史和投诉，把客户分成潜在、新、活跃、成熟、流失风险、已流失六个阶段；进入一个阶段后至少停留设定的天数。"
)]
#[rule(
    en = "Customer lifecycle",
    summary_en = "Puts customers into six stages from prospect to lost by their bookings and complaints; time alone moves nobody on before the days that are set."
)]
struct Lifecycle;

impl Segmentation for Lifecycle {
    type Quantiles = ();
    type Segment = Stage;

    fn score_title() -> Option<Localized> {
        Some(Localized::new("累计出行次数", "trips in all"))
    }

    fn classify(guest: Guest, ctx: &Context<Settings>) -> Class<Stage, Reason> {
        let set = &ctx.settings;
        // Known from the first trip on.
        let (Some(known), Some(silent)) = (guest.first_trip_days, guest.recency_days) else {
            return Class::of(Stage::Prospect).score(0.0).because(Reason::NoTripYet);
        };
        let (stage, reason) = if silent >= set.lost_days {
            (Stage::Lost, Reason::Silent)
        } else if silent >= set.at_risk_days {
            (Stage::AtRisk, Reason::Silent)
        } else if guest.badly_resolved_12m > 0 && holds(guest.last_complaint_days, silent, set) {
            (Stage::AtRisk, Reason::BadlyResolved)
        } else if known < set.new_days {
            (Stage::New, Reason::FirstBookedLately)
        } else if guest.trips_total >= set.mature_trips && known.saturating_sub(silent) >= set.mature_span_days {
            (Stage::Mature, Reason::BooksForLong)
        } else {
            (Stage::Active, Reason::BooksLately)
        };
        // Inside a stage those with more trips come first.
        Class::of(stage).score(guest.trips_total as f32).because(reason)
    }
}

/// Whether a badly resolved complaint made `ago` days ago still holds somebody who has been silent for `silent` days.
fn holds(ago: Option<i32>, silent: i32, set: &Settings) -> bool {
    // A booking since then says that they have forgiven.
    let Some(ago) = ago.filter(|ago| *ago <= silent) else {
        return false;
    };
    // The same on every day until the next record.
    let silent_before = silent.saturating_sub(ago);
    let until_risk = set.at_risk_days.saturating_sub(silent_before);
    ago <= set.complaint_days || until_risk <= set.complaint_days + set.stay_days
}

posthouse_sdk::export_segmentation!(Lifecycle);

#[cfg(test)]
mod tests;
