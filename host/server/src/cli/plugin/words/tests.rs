use super::*;
use serde_json::json;

fn answer(changed: u64) -> Value {
    let mover = |label: &str| json!({"customer_id": "019b", "label": label, "from": null, "to": "calls"});
    json!({
        "id": "p1", "customers": 5, "changed": changed, "drift": 0, "stale": false, "duration_ms": 1, "segments": [],
        "moves": [{"from": null, "to": "calls", "count": changed}], "sample": [mover("王小明"), mover("M007")], "grant_needed": [],
    })
}

#[test]
fn a_sample_is_called_one() {
    let words = preview(&answer(4), "calls", |_| String::new());
    assert!(words.contains("A sample of 2 of 4 movers"), "{words}");
    assert!(words.contains("王小明") && words.contains("M007"), "{words}");
    let all = preview(&answer(2), "calls", |_| String::new());
    assert!(!all.contains("sample") && all.contains("2 movers:"), "{all}");
}

#[test]
fn missing_grants_come_with_the_command_that_gives_them() {
    let mut answer = answer(2);
    assert!(!preview(&answer, "calls", |_| unreachable!()).contains("granted"));
    answer["grant_needed"] = json!(["birth-date", "age"]);
    let words = preview(&answer, "calls", |grant| format!("activate --grant {grant}"));
    assert!(
        words.contains("Not granted to calls yet: the new rule reads birth-date, age."),
        "{words}"
    );
    assert!(words.ends_with("  activate --grant birth-date,age\n"), "{words}");
    answer["sensitive"] = json!(["birth-date"]);
    let words = preview(&answer, "calls", |grant| format!("activate --grant {grant}"));
    assert!(
        words.ends_with("or what they spend: birth-date. Only a key with the scope grants can grant it.\n"),
        "{words}"
    );
}

#[test]
fn stale_rules_are_called_so() {
    let mut answer = answer(2);
    answer["stale"] = json!(true);
    let words = preview(&answer, "calls", |_| String::new());
    assert!(
        words.starts_with("calls is stale") && !words.contains("Time alone"),
        "{words}"
    );
    let revisions = [json!({"name": "rfm", "version": "1.0.0", "digest": "0123456789abcdef"})];
    let mut binding = json!({"extension_point": "segmentation", "name": "calls", "revision": 2, "digest": "0123456789abcdef", "stale_since": null, "stale_reason": null});
    assert!(!list(&revisions, std::slice::from_ref(&binding), &House::in_shanghai()).contains("stale"));
    binding["stale_since"] = json!("2026-01-15T02:00:00Z");
    binding["stale_reason"] = json!("it burnt its fuel");
    let words = list(&revisions, std::slice::from_ref(&binding), &House::in_shanghai());
    binding["extension_point"] = json!("promotion");
    let offers = list(&revisions, &[binding], &House::in_shanghai());
    assert!(
        offers.contains("promotion/calls (revision 2, stale)") && offers.contains("its campaign offers nothing"),
        "{offers}"
    );
    for part in [
        "calls (revision 2, stale)",
        "stale since 2026-01-15 10:00",
        "it burnt its fuel",
    ] {
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn time_is_told_when_it_moves_somebody() {
    let mut answer = answer(2);
    assert!(!preview(&answer, "calls", |_| String::new()).contains("Time alone"));
    answer["drift"] = json!(1);
    assert!(preview(&answer, "calls", |_| String::new()).contains("\nTime alone would move 1. Took 1 ms.\n"));
}

#[test]
fn the_way_of_a_binding_can_be_read() {
    let revision = |revision: u64, cause: &str, restores: Value, note: Value| {
        json!({"revision": revision, "digest": "0123456789abcdef",
        "config": {"edge": revision}, "restores": restores, "cause": cause, "note": note, "activated_at": "2026-01-15T02:00:00.000Z"})
    };
    let page = json!({"next": null, "items": [
        revision(2, "breaker", json!(1), json!("it burnt its fuel")), revision(1, "activation", Value::Null, Value::Null)]});
    let words = history(&page, &House::in_shanghai());
    let lines: Vec<&str> = words.lines().collect();
    assert_eq!(
        lines,
        [
            "revision  since (Asia/Shanghai)  cause         digest        settings    note",
            "2         2026-01-15 10:00       breaker to 1  0123456789ab  {\"edge\":2}  it burnt its fuel",
            "1         2026-01-15 10:00       activation    0123456789ab  {\"edge\":1}",
        ]
    );
}

#[test]
fn one_customer_moves_and_two_move() {
    let mut answer = answer(1);
    answer["customers"] = json!(1);
    assert!(preview(&answer, "calls", |_| String::new()).contains("\n1 of 1 customer moves.\n"));
}
