use super::*;

fn call(settings: &str) -> posthouse_sdk::harness::Harness<BuyTogether> {
    harness::<BuyTogether>().settings(settings)
}

#[test]
fn golden_cases() {
    harness::<BuyTogether>().golden(include_str!("../golden.json"));
}

#[test]
fn reasons_are_said_in_both_languages() {
    let offers = call("{}")
        .line(Line::tour("YN-7").price(Money(400_000)).travellers(4).quantity(4))
        .evaluate();
    assert_eq!(offers[0].because_zh, "多人同行，有一人享特价");
    assert_eq!(offers[0].because_en, "One in every few travellers goes for less");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refusal = |settings: &str| call(settings).try_evaluate().expect_err(settings);
    let two = "settings: /together: together needs two different kinds of products, or rate 0 to switch it off";
    for settings in [
        r#"{"together": []}"#,
        r#"{"together": ["hotel"]}"#,
        r#"{"together": ["hotel", "hotel"]}"#,
    ] {
        assert_eq!(refusal(settings), two);
    }
    assert_eq!(
        refusal(r#"{"off": []}"#),
        "settings: /off: off names no kind of product, so nothing is cheaper together; name one, or set rate to 0"
    );
    assert_eq!(
        refusal(r#"{"every_nth_traveller": 1}"#),
        "settings: /every_nth_traveller: every_nth_traveller is 1, which is every traveller; set it to 2 or more, or to 0 for none"
    );
    assert_eq!(
        refusal(r#"{"free": [], "free_from": 1000000}"#),
        "settings: /free: free_from is set, but free names no kind of product to give away"
    );
    assert_eq!(
        refusal(r#"{"rate": 0, "every_nth_traveller": 0}"#),
        "settings: everything is switched off: rate and every_nth_traveller are 0, and free_from is not set"
    );
}

#[test]
fn the_nth_traveller_saves_the_exact_share_rounded_down() {
    for travellers in 0..40_u32 {
        for price in [0, 1, 99, 33_333, 500_000, i64::MAX] {
            let line = Line::tour("YN-7").price(Money(price)).travellers(travellers);
            let offers = call(r#"{"every_nth_traveller": 3, "nth_rate": 3333}"#)
                .line(line)
                .evaluate();
            let saved = offers.on(0).map_or(Money(0), |saving| saving.of(line.total()));
            // `saved` is the whole part of price × lucky × 3333 / (travellers × 10000).
            let (lucky, all) = (
                i128::from(travellers / 3) * 3_333,
                i128::from(travellers.max(1)) * 10_000,
            );
            let (saved, exact) = (i128::from(saved.0) * all, i128::from(price) * lucky);
            assert!(
                saved <= exact && exact < saved + all,
                "{travellers} travellers, {price}"
            );
        }
    }
}
