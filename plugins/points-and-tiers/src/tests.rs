use super::*;

#[test]
fn golden_cases() {
    harness::<PointsAndTiers>().golden(include_str!("../golden.json"));
}

fn booking(amount: i64) -> Happening {
    Happening::BookingConfirmed(Booking::of(Money(amount)))
}

#[test]
fn reasons_are_said_in_both_languages() {
    let earned = harness::<PointsAndTiers>()
        .in_tier("gold")
        .happening(booking(500_000))
        .earn();
    assert_eq!(earned[0].because_zh, "订单金额 CNY 5,000.00，按 125% 积分");
    assert_eq!(earned[0].because_en, "125 % for a booking of CNY 5,000.00");
    let placed = harness::<PointsAndTiers>().status("2025-12-01", 61_000).place();
    assert_eq!(placed.because_en.as_deref(), Some("61000 status in 365 days"));
}

#[test]
fn more_is_never_less() {
    let mut last = [0; 4];
    for amount in (0..300_000).step_by(997) {
        let mut lower = 0;
        for (place, tier) in ["member", "silver", "gold", "platinum"].into_iter().enumerate() {
            let points = harness::<PointsAndTiers>()
                .in_tier(tier)
                .happening(booking(amount))
                .earn()
                .of(Wallet::Points);
            assert!(points >= lower && points >= last[place], "{amount} in {tier}");
            (lower, last[place]) = (points, points);
        }
    }
    assert_eq!(last, [2_991, 3_290, 3_738, 4_486]);
}

#[test]
fn a_tier_goes_down_by_one_step_a_year() {
    let mut tier = "platinum".to_owned();
    let mut until = "2026-12-31".to_owned();
    let mut seen = Vec::new();
    for year in 2027..2031 {
        let day_before = harness::<PointsAndTiers>()
            .today(&until)
            .in_tier_until(&tier, &until)
            .place();
        assert_eq!(
            day_before.tier.as_deref(),
            Some(tier.as_str()),
            "{until} is still in it"
        );
        let placed = harness::<PointsAndTiers>()
            .today(&format!("{year}-01-01"))
            .in_tier_until(&tier, &until)
            .place();
        tier = placed.tier.expect("there is always one");
        seen.push(tier.clone());
        match placed.valid_until {
            Some(day) => until = day.to_string(),
            None => break,
        }
        // valid for two years, as it was given on the first of January
        assert_eq!(until, format!("{}-12-31", year + 1));
        until = format!("{year}-12-31");
    }
    assert_eq!(seen, ["gold", "silver", "member"]);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let found = |settings: &str| {
        let call = harness::<PointsAndTiers>().settings(settings);
        let problems = call.problems().expect("they can be read");
        problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>()
    };
    assert_eq!(found("{}"), [""; 0]);
    assert_eq!(found(r#"{"gold": 20000}"#), ["/gold"]);
    assert_eq!(found(r#"{"gold": 200000}"#), ["/platinum"]);
    assert_eq!(
        found(r#"{"windows": [{"from": "2026-02-02", "to": "2026-02-01", "percent": 200}]}"#),
        ["/windows/0/to"]
    );
    assert_eq!(
        found(r#"{"themes": [{"theme": "Culture", "percent": 200}, {"theme": " culture", "percent": 150}]}"#),
        ["/themes/1/theme"]
    );
}
