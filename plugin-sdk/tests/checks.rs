//! What `cargo test` knows of the host: its facts, the bounds of settings, how long a call may take, and how golden cases are read.

#![allow(clippy::unwrap_used)]

use posthouse_sdk::prelude::*;
use std::time::Duration;

/// A segmentation with these facts and this rule.
macro_rules! segmentation {
    ($name:ident, { $($facts:tt)* }, $settings:ty, |$guest:ident, $ctx:ident| $rule:expr) => {
        mod $name {
            use super::*;

            #[derive(Facts, Default)]
            #[allow(dead_code)]
            pub(super) struct Guest { $($facts)* }

            #[derive(Segments)]
            #[allow(dead_code)]
            pub(super) enum Segment {
                #[segment(zh = "甲", en = "A", policy_zh = "做甲", policy_en = "Do A")]
                A,
            }

            #[derive(Rule)]
            #[rule(name = "test", facts = Guest, settings = $settings)]
            #[rule(zh = "测试", en = "Test", summary_zh = "测试", summary_en = "A test")]
            pub(super) struct Rule;

            impl Segmentation for Rule {
                type Quantiles = ();
                type Segment = Segment;

                fn classify($guest: Guest, $ctx: &Context<$settings>) -> Class<Segment> {
                    $rule
                }
            }
        }
    };
}

#[settings]
struct Bounded {
    /// Days.
    #[schemars(range(min = 1, max = 90))]
    within_days: i32,
    #[schemars(length(min = 1, max = 2))]
    themes: Vec<String>,
}

impl Default for Bounded {
    fn default() -> Self {
        Self {
            within_days: 7,
            themes: vec!["sea".to_owned()],
        }
    }
}

#[settings]
struct Careless {
    #[setting(range(min = 1, max = 90), default = 365)]
    within_days: i32,
}

segmentation!(misspelt, { pub(super) days_since_retrun: Option<i32>, pub(super) trips: i32 }, NoSettings, |_guest, _ctx| Class::none());
segmentation!(mistaken, { pub(super) spend_24m: i32, pub(super) recency_days: i32 }, NoSettings, |_guest, _ctx| Class::none());
segmentation!(bounded, { pub(super) trips_24m: i32 }, Bounded, |guest, ctx| {
    assert!(!ctx.settings.themes.is_empty());
    Class::of(Segment::A).score((guest.trips_24m * ctx.settings.within_days) as f32)
});
segmentation!(careless, { pub(super) trips_24m: i32 }, Careless, |_guest, ctx| {
    Class::of(Segment::A).score(ctx.settings.within_days as f32)
});
segmentation!(dated, { pub(super) birth_date: Option<Day>, pub(super) trips_24m: i32 }, NoSettings, |guest, ctx| {
    match guest.birth_date {
        Some(born) => Class::of(Segment::A).score(ctx.today.since(born) as f32 / 3.0),
        None => Class::none(),
    }
});
segmentation!(endless, { pub(super) trips_24m: i32 }, NoSettings, |guest, _ctx| {
    let mut left = guest.trips_24m;
    while left != 0 {
        left = std::hint::black_box(left);
    }
    Class::none()
});

#[test]
fn facts_are_held_against_the_catalogue() {
    let said = harness::<misspelt::Rule>().try_classify().unwrap_err();
    for part in [
        r#""days-since-retrun" is not in the catalogue of facts, which `posthouse plugin facts` lists; did you mean "days-since-return"?"#,
        r#""trips" is not in the catalogue"#,
    ] {
        assert!(said.contains(part), "{said}");
    }
    let said = harness::<mistaken::Rule>().try_classify().unwrap_err();
    for part in [
        r#"the fact "spend-24m" is declared as `count`, its kind is `money`; in Rust its field is `Money`"#,
        r#"the fact "recency-days" can be unknown"#,
        "its field is an `Option<i32>`",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn settings_are_held_against_their_bounds() {
    let call = || {
        let row = bounded::Guest { trips_24m: 2 };
        harness::<bounded::Rule>().rows([row])
    };
    assert_eq!(call().classify()[0].score, Some(14.0));
    for (settings, complaint) in [
        (
            r#"{"within_days": 0}"#,
            "settings: /within_days: 0 is less than the least, 1",
        ),
        (
            r#"{"within_days": 91}"#,
            "settings: /within_days: 91 is more than the most, 90",
        ),
        (
            r#"{"within_days": "7"}"#,
            "settings: /within_days: \"7\" is not of the type \"integer\"",
        ),
        (
            r#"{"within_day": 7}"#,
            "there is no setting \"within_day\" among themes, within_days; did you mean \"within_days\"?",
        ),
        (r#"{"themes": []}"#, "settings: /themes: 0 entries, fewer than 1"),
        (
            r#"{"themes": ["a", "b", "c"]}"#,
            "settings: /themes: 3 entries, more than 2",
        ),
        (
            r#"{"themes": [7]}"#,
            "settings: /themes/0: 7 is not of the type \"string\"",
        ),
    ] {
        let refused = call().settings(settings).try_classify().unwrap_err();
        assert!(refused.contains(complaint), "{settings}: {refused}");
    }
    let refused = harness::<careless::Rule>().try_classify().unwrap_err();
    let complaint = "a default does not fit its own bounds: /within_days: 365 is more than the most, 90";
    assert!(refused.contains(complaint), "{refused}");
}

#[test]
fn a_loop_that_does_not_stop_is_ended() {
    let row = |trips_24m| endless::Guest { trips_24m };
    let call = |rows: [endless::Guest; 2]| {
        let call = harness::<endless::Rule>().rows(rows);
        call.time_limit(Duration::from_millis(300)).try_classify()
    };
    let said = call([row(0), row(7)]).unwrap_err();
    let wanted = "the rule has not come to an end after 0.3 s: look for a loop that does not stop";
    assert!(said.starts_with(wanted), "{said}");
    assert!(call([row(0), row(0)]).is_ok());
}

/// What a file of golden cases comes to; nothing if all pass.
fn golden(json: &str) -> String {
    let json = json.to_owned();
    let outcome = std::panic::catch_unwind(move || harness::<dated::Rule>().golden(&json));
    let panic = outcome.err();
    panic
        .and_then(|panic| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

#[test]
fn golden_cases_are_read_as_the_host_reads_them() {
    // a day as a date and as a number; a score that is not what 24 bits can hold; no score where none is given
    let right = r#"[{"name": "born", "today": "2026-01-15",
        "rows": [{"birth-date": "2026-01-05"}, {"birth-date": 20457}, {}],
        "expect": [{"segment": "a", "score": 3.3333333}, {"segment": "a", "score": 3.66666667}, {"segment": null, "score": 0}]}]"#;
    assert_eq!(golden(right), "");
    let said = golden(&right.replace("3.3333333", "3.3334"));
    assert!(
        said.contains("born: row 0: score is 3.3333333, expected 3.3334"),
        "{said}"
    );
    let said = golden(&right.replace("2026-01-05", "5 January"));
    let wanted = r#"born: row 0: birth-date must be a day like 2026-01-15, it is "5 January""#;
    assert!(said.contains(wanted), "{said}");
}

#[test]
fn every_row_that_differs_is_told() {
    let wrong = r#"[{"name": "first", "today": "2026-01-15", "rows": [{"birth-date": 20458}, {}, {"birth-date": 20458}],
        "expect": [{"segment": null}, {"segment": "a"}, {"segment": "a", "score": 7}]},
       {"name": "second", "today": "2026-01-15", "rows": [{}], "expect": [{"segment": "a"}]}]"#;
    let said = golden(wrong);
    for line in [
        "first: row 0: segment is \"a\", expected none",
        "first: row 1: segment is none, expected \"a\"",
        "first: row 2: score is 3.3333333, expected 7",
        "second: row 0: segment is none, expected \"a\"",
    ] {
        assert!(said.contains(line), "{said}");
    }
    // and every mistake
    let said = golden(&wrong.replace("20458", "\"soon\""));
    assert!(
        said.contains("row 0: birth-date") && said.contains("row 2: birth-date"),
        "{said}"
    );
}
