use super::*;

fn desks(call: Case) -> posthouse_sdk::harness::Harness<ComplaintDesk, posthouse_sdk::harness::Incoming> {
    harness::<ComplaintDesk>()
        .case(call)
        .desk("default", &[])
        .desk("duty", &["in-trip"])
        .desk("senior", &["senior"])
        .desk("supplier-relations", &["supplier"])
        .desk("refunds", &["refund"])
}

#[test]
fn golden_cases() {
    harness::<ComplaintDesk>().golden(include_str!("../golden.json"));
}

#[test]
fn every_cause_has_a_playbook() {
    for (_, cause) in words::CAUSES {
        assert!(
            playbooks::ALL
                .iter()
                .any(|playbook| playbook.key == playbooks::of(cause))
        );
    }
}

#[test]
fn a_person_is_never_found_too_grave() {
    for severity in 1..=4 {
        let case = Case {
            severity: Some(severity),
            severity_by_person: true,
            ..Case::default()
        };
        let routed = desks(case).route();
        assert!(routed.severity <= Some(severity), "{severity}: {:?}", routed.severity);
    }
}

#[test]
fn compensation_stops_at_the_cap() {
    let case = |amount| Case {
        cause: Some(Cause::Product),
        booking: Some(CaseBooking {
            amount: Some(Money(amount)),
            ..CaseBooking::default()
        }),
        ..Case::default()
    };
    let refund = |amount| {
        let routed = desks(case(amount)).route();
        routed
            .compensations
            .iter()
            .find(|(remedy, _)| *remedy == Remedy::Refund)
            .map(|(_, amount)| *amount)
    };
    assert_eq!(
        (refund(500_000), refund(90_000_000), refund(5)),
        (Some(50_000), Some(200_000), None)
    );
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let problems = |settings: &str| {
        harness::<ComplaintDesk>()
            .settings(settings)
            .problems()
            .expect("they can be read")
    };
    let wrong = problems(r#"{"compensation": [{"cause": "hotel", "percent": 5, "cap": 100}]}"#);
    assert!(
        wrong.iter().any(|problem| problem.path == "/compensation/0/cause"),
        "{wrong:?}"
    );
    let wrong = problems(r#"{"severity_1": {"first_response": 60, "resolution": 30}}"#);
    assert!(
        wrong.iter().any(|problem| problem.path == "/severity_1/resolution"),
        "{wrong:?}"
    );
}
