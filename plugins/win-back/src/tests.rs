use super::*;

#[test]
fn golden_cases() {
    harness::<WinBack>().golden(include_str!("../golden.json"));
}

#[test]
fn reasons_speak_of_the_customer() {
    let offers = |stage, recency_days| {
        let guest = Guest {
            stage,
            recency_days,
            spend_24m: Money(0),
        };
        let call = harness::<WinBack>().facts(guest);
        call.line(Line::tour("YN-7").price(Money(500_000))).evaluate()
    };
    assert_eq!(
        offers(Some(Text("lost")), Some(900))[0].because_en,
        "In a stage to be won back: lost"
    );
    assert_eq!(offers(None, Some(900))[0].because_zh, "已 900 天没有预订，欢迎回来");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refusal = |settings: &str| {
        let call = harness::<WinBack>().settings(settings);
        call.try_evaluate().expect_err(settings)
    };
    assert_eq!(
        refusal(r#"{"segments": ["at-risk", "At risk"]}"#),
        "settings: /segments/1: \"At risk\" is not the key of a segment, which has lower-case letters, digits and hyphens"
    );
    assert_eq!(
        refusal(r#"{"segments": [], "silent_days": 730, "spend_from": 1}"#),
        "settings: /spend_from: who has not booked for 730 days has spent nothing in 24 months; set spend_from to 0, or silent_days below 730"
    );
    assert!(refusal(r#"{"segment": "lost"}"#).contains("there is no setting \"segment\""));
}
