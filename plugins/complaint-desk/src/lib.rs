//! Sends complaints to desks: whoever is travelling first, grave cases and the best customers to the senior desk, what a supplier did to supplier
//! relations. What nobody has said, cause and severity, is read from the words of the text.
//!
//! Desks are found by their skills: `in-trip`, `senior`, `supplier`, and the name of a cause, as `refund`. Where no desk has the skill a case goes to
//! the default one.

use posthouse_sdk::prelude::*;

mod playbooks;
mod settings;
mod words;
use settings::Settings;

#[derive(Facts)]
pub(crate) struct Guest {
    tier: Option<Text>,
    spend_24m: Money,
    complaints_12m: i32,
    case_text: Option<Text>,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "客人仍在途中，先解决眼前的问题", en = "Still travelling: what is wrong now comes first")]
    InTrip,
    #[reason(zh = "涉及人身安全", en = "Somebody was hurt, or could have been")]
    Safety,
    #[reason(zh = "首次响应或处理超时，转资深组", en = "Not answered or resolved in time, so the senior desk takes over")]
    Late,
    #[reason(zh = "重新打开的案件交资深组", en = "Opened again, so the senior desk takes over")]
    Again,
    #[reason(zh = "{tier}会员", en = "A member of the tier {tier}")]
    Tier,
    #[reason(zh = "近两年消费 {spend}", en = "{spend} spent in two years")]
    HighValue { spend: Money },
    #[reason(zh = "供应商“{supplier}”的服务", en = "About the service of {supplier}")]
    Supplier { supplier: Text },
    #[reason(zh = "近一年第 {complaints} 次投诉", en = "Complaint number {complaints} in a year")]
    Often { complaints: i32 },
    #[reason(zh = "建议、咨询和表扬按常规处理", en = "Suggestions, questions and praise are dealt with as usual")]
    Friendly,
    #[reason(zh = "按原因和严重程度分派", en = "By cause and severity")]
    ByCause,
}

#[derive(Rule)]
#[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "投诉分派",
    summary_zh = "途中投诉优先，重大投诉、高等级和高价值客户交资深组，供应商问题交供应商组；原因和严重程度可由投诉文字推断，并按订单金额提议补偿。"
)]
#[rule(
    en = "Complaint desk",
    summary_en = "Travellers first, grave complaints and the best customers to the senior desk, what a supplier did to supplier relations; reads cause and severity from the text where nobody has said, and proposes compensation by the price of the booking."
)]
struct ComplaintDesk;

impl ComplaintRouting for ComplaintDesk {
    const PLAYBOOKS: &'static [Playbook] = playbooks::ALL;

    fn route(case: &Case, desks: &Desks, guest: Guest, ctx: &Context<Settings>) -> Route<Reason> {
        let set = &ctx.settings;
        let (told, is_grave) = guest.case_text.map_or((None, false), |text| set.read(text.0));
        let cause = case.cause.or(told);
        let severity = severity(case, cause, &guest, is_grave, set);
        let (desk, reason) = desk(case, cause, severity, &guest, desks, set);
        let times = set.times(severity);
        let mut route = Route::to_or_default(desk, reason)
            .severity(severity)
            .within(ClockKind::FirstResponse, times.first_response)
            .within(ClockKind::Resolution, times.resolution)
            .ask_again(ClockKind::FirstResponse, 100)
            .ask_again(ClockKind::Resolution, 100);
        if let Some(cause) = cause {
            route = route.cause(cause).playbook(playbooks::of(cause));
        }
        if case.kind == CaseKind::Complaint && case.trigger == Trigger::Opened {
            route = compensated(route, case, cause, set);
        }
        route
    }
}

/// From 1 to 4. What a person has said is made graver at most.
fn severity(case: &Case, cause: Option<Cause>, guest: &Guest, is_grave: bool, set: &Settings) -> u8 {
    let mut severity = match case.kind {
        CaseKind::Complaint => 3,
        _ => 4,
    };
    if case.kind == CaseKind::Complaint {
        if case.phase == Phase::InTrip || guest.complaints_12m >= set.often {
            severity = 2;
        }
        if case.reopened > 0 || case.breached {
            severity = severity.min(2);
        }
    }
    if cause == Some(Cause::Safety) || is_grave {
        severity = 1;
    }
    let before = case.severity.unwrap_or(4);
    match case.severity_by_person || matches!(case.trigger, Trigger::Escalation(..)) {
        true => severity.min(before),
        false => severity,
    }
}

fn desk<'d>(
    case: &Case,
    cause: Option<Cause>,
    severity: u8,
    guest: &Guest,
    desks: &'d Desks,
    set: &Settings,
) -> (Option<&'d Desk>, Reason) {
    let with = |skill: &str| desks.with_skill(skill);
    let senior = || with("senior");
    if matches!(case.trigger, Trigger::Escalation(..)) {
        return (senior(), Reason::Late);
    }
    if case.kind != CaseKind::Complaint {
        return (None, Reason::Friendly);
    }
    if severity == 1 {
        return (senior(), Reason::Safety);
    }
    if case.phase == Phase::InTrip {
        return (with("in-trip").or_else(senior), Reason::InTrip);
    }
    if case.reopened > 0 {
        return (senior(), Reason::Again);
    }
    if guest
        .tier
        .is_some_and(|tier| set.vip_tiers.iter().any(|own| *own == *tier))
    {
        return (senior(), Reason::Tier);
    }
    if guest.spend_24m >= set.high_value {
        return (senior(), Reason::HighValue { spend: guest.spend_24m });
    }
    let blames = |liability| case.liability == Some(liability);
    if let Some(supplier) = case.supplier.filter(|_| !blames(Liability::Agency))
        && let Some(desk) = with("supplier")
    {
        return (Some(desk), Reason::Supplier { supplier });
    }
    if guest.complaints_12m >= set.often {
        let complaints = guest.complaints_12m;
        return (senior(), Reason::Often { complaints });
    }
    (cause.and_then(|cause| with(words::skill(cause))), Reason::ByCause)
}

/// What is proposed: a share of the booking's price up to a cap, where the agency has set one for the cause. Nobody needs a rule to apologise.
fn compensated(route: Route<Reason>, case: &Case, cause: Option<Cause>, set: &Settings) -> Route<Reason> {
    let (Some(cause), Some(price)) = (cause, case.booking.and_then(|booking| booking.amount)) else {
        return route;
    };
    match set.compensation(cause) {
        Some(share) => {
            let part = (i128::from(price.0) * i128::from(share.percent) / 100).min(i128::from(share.cap.0));
            route.compensate(Remedy::Refund, i64::try_from(part).unwrap_or(0))
        }
        None => route,
    }
}

posthouse_sdk::export_complaint_routing!(ComplaintDesk);

#[cfg(test)]
mod tests;
