use super::*;

#[test]
fn golden_cases() {
    harness::<EarlyBird>().golden(include_str!("../golden.json"));
}

#[test]
fn reasons_are_said_in_both_languages() {
    let offers = harness::<EarlyBird>()
        .today("2026-01-15")
        .line(Line::tour("YN-7").price(Money(500_000)).departs("2026-12-01"))
        .evaluate();
    assert_eq!(offers[0].because_zh, "提前 320 天预订，享最优早鸟价");
    assert_eq!(
        offers[0].because_en,
        "Booked 320 days ahead, early enough for the best price"
    );
}

#[test]
fn steps_that_make_no_sense_are_refused() {
    let refusal = |steps: &str| {
        let call = harness::<EarlyBird>().settings(&format!(r#"{{"steps": {steps}}}"#));
        call.try_evaluate().expect_err(steps)
    };
    assert_eq!(
        refusal(r#"[{"days": 30, "rate": 500}, {"days": 30, "rate": 600}]"#),
        "settings: /steps/1: two of the steps are for 30 days; leave one out"
    );
    let sentence = "settings: /steps/1/rate: 60 days before the departure 300 basis points are saved, but 500 at 30 days; who books earlier may not save less";
    assert_eq!(
        refusal(r#"[{"days": 30, "rate": 500}, {"days": 60, "rate": 300}]"#),
        sentence
    );
    assert_eq!(
        refusal(r#"[{"days": 60, "rate": 300}, {"days": 30, "rate": 500}]"#),
        sentence
    );
    assert!(refusal(r#"[{"days": 30}]"#).contains("\"rate\" is missing"));
}

#[test]
fn who_books_a_day_earlier_never_saves_less() {
    let mut last = 0;
    for ahead in -400..800 {
        let departs = Day::parse("2026-01-15").map(|day| Day(day.0 + ahead));
        let line = Line {
            departs,
            ..Line::tour("YN-7")
        };
        let rate = match harness::<EarlyBird>().line(line).evaluate().on(0) {
            Some(Saving::Rate(rate)) => rate.points(),
            other => {
                assert_eq!(other, None);
                0
            }
        };
        assert!(rate >= last, "{ahead} days ahead: {rate} after {last}");
        last = rate;
    }
    assert_eq!(last, 1200);
}
