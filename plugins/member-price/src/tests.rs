use super::*;

fn guest(tier: Option<&'static str>) -> Guest {
    Guest {
        tier: tier.map(Text),
        kind: Text("person"),
    }
}

#[test]
fn golden_cases() {
    harness::<MemberPrice>().golden(include_str!("../golden.json"));
}

#[test]
fn reasons_name_the_tier() {
    let call = harness::<MemberPrice>().line(Line::tour("YN-7").price(Money(500_000)));
    let offers = call.facts(guest(Some("gold"))).evaluate();
    assert_eq!(offers[0].because_zh, "会员价（gold）");
    assert_eq!(offers[0].because_en, "Member price of the tier gold");
}

#[test]
fn tiers_that_make_no_sense_are_refused() {
    let refusal = |settings: &str| {
        let call = harness::<MemberPrice>().settings(settings);
        call.try_evaluate().expect_err(settings)
    };
    assert_eq!(
        refusal(r#"{"tiers": [{"tier": "gold", "rate": 500}, {"tier": "gold", "rate": 800}]}"#),
        "settings: /tiers/1/tier: the tier \"gold\" has two rates; leave one out"
    );
    assert_eq!(
        refusal(r#"{"others": 400}"#),
        "settings: /tiers/0/rate: the tier \"silver\" saves 300 basis points, but customers without a tier 400; members may not save less"
    );
    assert!(refusal(r#"{"tiers": [{"tier": "gold", "rate": 10001}]}"#).contains("is more than the most, 10000"));
}

#[test]
fn the_limit_of_a_line_holds_whatever_it_costs() {
    for price in [0, 1, 99_999, 625_000, 625_012, 625_013, 9_000_000, i64::MAX] {
        let line = Line::tour("YN-7").price(Money(price)).quantity(3);
        let offers = harness::<MemberPrice>()
            .settings(r#"{"most": 50000}"#)
            .facts(guest(Some("platinum")))
            .line(line)
            .evaluate();
        let saved = offers.on(0).map_or(Money(0), |saving| saving.of(line.total()));
        assert!(saved <= Money(50_000), "{price}: {saved:?}");
    }
}
