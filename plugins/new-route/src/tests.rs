use super::*;

#[test]
fn golden_cases() {
    harness::<NewRoute>().golden(include_str!("../golden.json"));
}

#[test]
fn reasons_name_what_the_customer_likes() {
    let guest = Guest {
        favourite_theme: Some(Text("culture")),
        favourite_destination: Some(Text("云南")),
    };
    let offers = harness::<NewRoute>()
        .settings(r#"{"destinations": ["云南"], "products": ["XJ-1"]}"#)
        .facts(guest)
        .line(
            Line::tour("YN-7")
                .price(Money(500_000))
                .destination("云南")
                .theme("nature"),
        )
        .line(
            Line::tour("XJ-1")
                .price(Money(500_000))
                .destination("新疆")
                .theme("culture"),
        )
        .evaluate();
    assert_eq!(offers[0].because_zh, "您常去的云南上新");
    assert_eq!(offers[1].because_en, "Something new on the theme culture");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refusal = |settings: &str| {
        let call = harness::<NewRoute>().settings(settings);
        call.try_evaluate().expect_err(settings)
    };
    assert_eq!(
        refusal(r#"{"products": ["YN-7", "XJ-1 "]}"#),
        "settings: /products/1: \"XJ-1 \" begins or ends with a space, which no product has; leave it out"
    );
    assert!(refusal(r#"{"destinations": [" 云南"]}"#).contains("begins or ends with a space"));
    assert_eq!(
        refusal(r#"{"others": 1001}"#),
        "settings: /others: others save 1001 basis points, but those who like it only 1000; they may not save less"
    );
    assert!(refusal(r#"{"product": ["YN-7"]}"#).contains("there is no setting \"product\""));
}
