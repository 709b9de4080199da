//! What a member sees of themselves, and what happens to them once a year.

use super::by_hand::{code, colleague, customer, event, trip, view};
use super::{DAY, TODAY, club, follow};
use crate::error::AppError;
use crate::loyalty::{Adjust, MemberState, NewReward, RewardKind, RewardTerms, StatementFilter};
use crate::testing::{NOW, on_both_engines};
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{Clock as _, Localized};
use posthouse_store::loyalty as store;
use posthouse_store::{Access, Store};
use posthouse_tests::plugins::packed;
use serde_json::json;
use std::collections::BTreeMap;

on_both_engines!(
    a_link_ends_by_itself_and_with_the_membership,
    a_birthday_is_an_occasion_once_a_year,
);

async fn a_link_ends_by_itself_and_with_the_membership(store: Store) {
    let (app, clocks, caller) = club(&store, "links", packed("points-and-tiers")).await;
    let id = trip(&app, &caller, "M1", 25_000).await;
    let loyalty = app.loyalty();
    let pillow = NewReward {
        key: "pillow".into(),
        kind: RewardKind::Gift,
        campaign: None,
        terms: RewardTerms {
            title: Localized::new("旅行枕", "Travel pillow"),
            points: 1_000,
            tier_points: BTreeMap::new(),
            stock: Some(5),
            per_member: None,
            from: None,
            until: None,
            worth: None,
            is_offered: true,
        },
    };
    loyalty.create_reward(&caller, &pillow).await.expect("a reward");
    loyalty.redeem(&caller, id, "pillow").await.expect("an order");
    let (link, path) = loyalty.make_link(&caller, id, 2).await.expect("a link");
    let token = path.rsplit('/').next().expect("a token").to_owned();
    let own = async || loyalty.own_page(("links", token.as_str()), 31, 0, 50).await;
    let page = own().await.expect("a page");
    assert_eq!((page.member.points.available, page.rewards.len()), (24_000, 1));
    assert_eq!(page.rewards[0].1, 1_000);
    let named: Vec<_> = page
        .statement
        .lines
        .iter()
        .filter_map(|line| line.reward.as_ref())
        .collect();
    assert_eq!(
        named.iter().map(|title| title.en.as_str()).collect::<Vec<_>>(),
        ["Travel pillow"]
    );
    // the latest line comes first, and what colleagues write to each other stays with them
    let other = colleague(&app, &caller).await;
    let give = Adjust::Wallet(Wallet::Points, 5, None);
    let asked = loyalty
        .adjust(&caller, id, &give, "an angry guest")
        .await
        .expect("it waits");
    loyalty
        .approve(&other, asked.id, None)
        .await
        .expect("it is carried out");
    let newest = loyalty
        .own_page(("links", token.as_str()), 31, 0, 1)
        .await
        .expect("a page")
        .statement;
    let line = &newest.lines[0];
    assert_eq!(
        (line.kind.as_str(), line.reason.is_none(), newest.next),
        ("adjusted", true, Some(1))
    );
    let older = loyalty
        .own_page(("links", token.as_str()), 31, 1, 1)
        .await
        .expect("a page")
        .statement;
    assert_eq!(older.lines[0].kind, "set_aside");
    let all = StatementFilter::of_days(TODAY, TODAY);
    let known = loyalty
        .statement(&caller, id, &all, 0, 100)
        .await
        .expect("a statement")
        .lines;
    assert_eq!(
        known
            .last()
            .and_then(|line| line.reason.as_ref())
            .expect("a reason")
            .text
            .en,
        "an angry guest"
    );
    let turned = StatementFilter::of_days(TODAY, TODAY - 1);
    assert_eq!(
        code(loyalty.statement(&caller, id, &turned, 0, 100).await),
        "bad_period"
    );
    let links = loyalty.open_links(&caller, id).await.expect("links");
    assert_eq!((links.len(), links[0].id), (1, link.id));
    // who has left has no page; who comes back has it again
    let (orders, _) = loyalty
        .redemptions(&caller, (Some("requested"), Some(id)), None, 10)
        .await
        .expect("orders");
    loyalty
        .fulfil(&caller, orders[0].id, None)
        .await
        .expect("it is handed out");
    for (state, is_open) in [(MemberState::Closed, false), (MemberState::Active, true)] {
        loyalty.set_state(&caller, id, state, None).await.expect("a state");
        assert_eq!(own().await.is_ok(), is_open, "{state:?}");
    }
    clocks.machine.set(NOW + 2 * DAY);
    assert!(matches!(own().await, Err(AppError::Missing(_))));
    assert!(loyalty.open_links(&caller, id).await.expect("links").is_empty());
    for _ in 0..20 {
        loyalty.make_link(&caller, id, 366).await.expect("a link");
    }
    assert_eq!(code(loyalty.make_link(&caller, id, 1).await), "too_many_member_links");
}

async fn a_birthday_is_an_occasion_once_a_year(store: Store) {
    let (app, clocks, caller) = club(&store, "birthdays", packed("points-and-tiers")).await;
    let digest = app.bindings().list(&caller).await.expect("bindings")[0].digest.clone();
    let activation = crate::rules::Activation {
        digest,
        config: json!({"birthday": 88}),
        grant: None,
    };
    let loyalty = app.loyalty();
    loyalty
        .activate(&caller, "main", &activation, None)
        .await
        .expect("a rule");
    // today, on the day behind tomorrow, and on 29 February
    for (member, born) in [("M1", "1990-01-15"), ("M2", "1985-01-17"), ("M3", "2000-02-29")] {
        let mut new = event(member, "1", "confirmed", TODAY - 3, json!({"amount": 100_000}));
        new["customer"]["attributes"] = json!({"birth_date": born});
        let answer = app.intake().accept(&caller, &[new]).await.expect("an answer");
        assert!(answer.rejected.is_empty(), "{answer:?}");
    }
    follow(&app, &caller).await;
    let mut birthdays = Vec::new();
    // a host that is not there on a day makes up for it on the next
    for day in [
        0, 1, 3, 44, 45, 46, 364, 365, 366, 367, 368, 409, 410, 411, 729, 730, 732, 733, 774, 775, 776,
    ] {
        clocks.business.set(NOW + day * DAY);
        app.days().bring_to_today(&caller).await.expect("the day is turned");
        for _ in 0..2 {
            loyalty.turn_day(&caller.room).await.expect("the day is turned");
        }
        follow(&app, &caller).await;
        for member in ["M1", "M2", "M3"] {
            let id = customer(&app, &caller, member).await;
            birthdays.push((day, member, view(&app, &caller, id).await.points.available));
        }
    }
    let earned = |member: &str| {
        let own = birthdays.iter().filter(|(_, whose, _)| *whose == member);
        let days: Vec<(i64, i64)> = own.map(|(day, _, points)| (*day, *points)).collect();
        // those of two years before are over by then
        let moved = days.windows(2).filter(|pair| pair[0].1 < pair[1].1);
        (days[0].1, moved.map(|pair| pair[1].0).collect::<Vec<_>>())
    };
    // who joins on the day has had it; then each year
    assert_eq!(earned("M1"), (0, vec![365, 730]));
    assert_eq!(earned("M2"), (0, vec![3, 367, 732]));
    // 1 March 2026 and 2027, and 29 February 2028, which is day 775
    assert_eq!(earned("M3"), (0, vec![45, 410, 775]));
    let mut tx = app
        .store
        .read(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let rows = store::occasions_about(&mut tx, caller.room.id, "birthday", &["2026-01-17"]).await;
    let rows = rows.expect("occasions");
    assert_eq!(
        (rows.len(), rows[0].kind.as_str(), rows[0].on_day),
        (1, "birthday", TODAY + 2)
    );
}
