use super::*;

fn guest(theme: &'static str, destination: &'static str, visits: i32) -> Guest {
    Guest {
        favourite_theme: Some(Text(theme)),
        favourite_destination: Some(Text(destination)),
        views_30d: visits,
        searches_30d: 0,
    }
}

#[test]
fn golden_cases() {
    harness::<Interest>().golden(include_str!("../golden.json"));
}

#[test]
fn two_bindings_may_both_hold_a_customer() {
    let customer = || guest("family", "Hokkaido", 5);
    let family = harness::<Interest>().rows([customer()]).classify();
    let snow = harness::<Interest>()
        .settings(r#"{"themes": ["snow"], "destinations": ["Hokkaido"], "visits": 10}"#)
        .rows([customer()])
        .classify();
    assert_eq!(family[0].segment.as_deref(), Some("looking-around"));
    assert_eq!(snow[0].segment.as_deref(), Some("fond"));
    assert_eq!(
        snow[0].because_zh.as_deref(),
        Some("最常去Hokkaido，近 30 天浏览 5 次、搜索 0 次")
    );
}

#[test]
fn visits_beyond_every_number_are_many() {
    let busy = Guest {
        searches_30d: i32::MAX,
        ..guest("family", "", i32::MAX)
    };
    let answers = harness::<Interest>().rows([busy]).classify();
    assert_eq!(answers[0].segment.as_deref(), Some("looking-around"));
}

#[test]
fn a_theme_that_nobody_could_like_is_refused() {
    let refusal = |settings: &str| {
        let call = harness::<Interest>().settings(settings).rows([guest("family", "", 0)]);
        call.try_classify().expect_err(settings)
    };
    assert_eq!(
        refusal(r#"{"themes": []}"#),
        "settings: themes and destinations are both empty; name at least one word or one place, or nobody is found"
    );
    assert!(refusal(r#"{"themes": ["family "]}"#).contains("\"family \" begins or ends with a space"));
    assert!(refusal(r#"{"destinations": [" 三亚"]}"#).contains("begins or ends with a space"));
    assert!(refusal(r#"{"theme": "family"}"#).contains("there is no setting \"theme\""));
}
