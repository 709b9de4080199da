use super::*;

#[test]
fn golden_cases() {
    harness::<StatusMatch>().golden(include_str!("../golden.json"));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let found = |settings: &str| {
        let call = harness::<StatusMatch>().settings(settings);
        let problems = call.problems().expect("they can be read");
        problems.into_iter().map(|problem| problem.path).collect::<Vec<_>>()
    };
    assert_eq!(found("{}"), [""; 0]);
    let twice = r#"{"tiers": [{"tier": "Gold", "status": 5}, {"tier": "gold ", "status": 6}]}"#;
    assert_eq!(found(twice), ["/tiers/1/tier"]);
}
