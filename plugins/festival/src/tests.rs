use super::*;

#[test]
fn golden_cases() {
    harness::<Festival>().golden(include_str!("../golden.json"));
}

#[test]
fn reasons_are_said_in_both_languages() {
    let offers = |settings: &str| {
        harness::<Festival>()
            .today("2026-10-01")
            .settings(settings)
            .line(Line::tour("BJ-4").departs("2026-10-02"))
            .evaluate()
    };
    let departs = offers("{}");
    assert_eq!(departs[0].because_zh, "节假日前后出发，享节日优惠");
    let booked = offers(r#"{"applies_to": "booking"}"#);
    assert_eq!(booked[0].because_en, "Booked around a public holiday");
}

#[test]
fn the_default_calendar_has_seven_holidays_of_33_days() {
    let set = Settings::default();
    let days: i32 = set
        .holidays
        .iter()
        .map(|holiday| holiday.to.since(holiday.from) + 1)
        .sum();
    assert_eq!((set.holidays.len(), days), (7, 33));
    assert!(set.holidays.iter().all(|holiday| holiday.from.date().0 == 2026));
    let mut problems = Problems::default();
    set.validate(&mut problems);
    assert_eq!(problems, Problems::default());
}

#[test]
fn holidays_that_make_no_sense_are_refused() {
    let refusal = |settings: &str| {
        let call = harness::<Festival>().settings(settings);
        call.try_evaluate().expect_err(settings)
    };
    assert_eq!(
        refusal(r#"{"holidays": [{"from": "2026-10-07", "to": "2026-10-01"}]}"#),
        "settings: /holidays/0/to: a holiday ends on 2026-10-01, before it begins on 2026-10-07"
    );
    assert_eq!(
        refusal(r#"{"holidays": [{"from": "2026-10-01", "to": "2027-10-07"}]}"#),
        "settings: /holidays/0/to: a holiday lasts from 2026-10-01 to 2027-10-07, 60 days or more; look at the years"
    );
    assert_eq!(
        refusal(r#"{"themes": ["culture "]}"#),
        "settings: /themes/0: \"culture \" begins or ends with a space, which no theme has; leave it out"
    );
    assert!(
        refusal(r#"{"holidays": [{"from": "1.10.2026", "to": "2026-10-07"}]}"#).contains("`1.10.2026` is not a date")
    );
    assert!(refusal(r#"{"holidays": [{"from": "2026-10-01"}]}"#).contains("\"to\" is missing"));
}
