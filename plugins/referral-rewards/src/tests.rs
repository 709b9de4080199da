use super::*;

#[test]
fn golden_cases() {
    harness::<ReferralRewards>().golden(include_str!("../golden.json"));
}

#[test]
fn no_more_than_the_limits_say_is_ever_given() {
    let mut given = 0;
    for earlier in 0..50 {
        let referral = Referral {
            side: Side::Referrer,
            earlier,
            earlier_12m: earlier,
        };
        let earned = harness::<ReferralRewards>()
            .happening(Happening::ReferralCompleted(referral))
            .earn();
        given += earned.of(Wallet::Points);
    }
    assert_eq!(given, 20 * 500);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let found = |settings: &str| {
        let call = harness::<ReferralRewards>().settings(settings);
        let problems = call.problems().expect("they can be read");
        problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>()
    };
    assert_eq!(found("{}"), [""; 0]);
    assert_eq!(found(r#"{"most": 10}"#), ["/most_a_year"]);
    assert_eq!(found(r#"{"referrer": 0, "referred": 0}"#), [""]);
}
