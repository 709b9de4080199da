//! Points in a quote: set aside, spent, free again, and back with the booking.

use super::by_hand::{code, event, gift, trip, view};
use super::{DAY, TODAY, club};
use crate::loyalty::{NewReward, RewardKind};
use crate::quotes::{Confirmation, NewQuote};
use crate::team::Caller;
use crate::testing::{NOW, on_both_engines};
use posthouse_domain::Clock as _;
use posthouse_domain::promotion::{Basket, Line, ProductKind};
use posthouse_store::Store;
use posthouse_tests::plugins::packed;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

on_both_engines!(
    points_take_a_price_down_to_its_cost_and_go_with_the_quote,
    points_are_in_one_quote_however_many_ask,
);

/// A quote of one line at 100 yuan that costs 20, with so many points.
fn wanted(customer: Option<Uuid>, points: i64) -> NewQuote {
    let line = Line {
        sku: "T1".into(),
        kind: ProductKind::Tour,
        destination: None,
        theme: None,
        departs: None,
        travellers: 1,
        unit_price: 10_000,
        unit_cost: Some(2_000),
        quantity: 1,
    };
    NewQuote {
        customer,
        basket: Basket {
            channel: "app".into(),
            lines: vec![line],
        },
        codes: Vec::new(),
        hold_minutes: 30,
        points: Some(points),
        reward: None,
    }
}

/// A hundred points for so many minor units.
fn cash(key: &str, worth: i64) -> NewReward {
    let mut cash = gift(key, 100);
    (cash.kind, cash.terms.worth) = (RewardKind::MoneyOff, Some(worth));
    cash
}

async fn points_take_a_price_down_to_its_cost_and_go_with_the_quote(store: Store) {
    let (app, clocks, caller) = club(&store, "in-quotes", packed("points-and-tiers")).await;
    let id = trip(&app, &caller, "M1", 10_000).await;
    let (loyalty, quotes) = (app.loyalty(), app.quotes());
    assert_eq!(code(quotes.make(&caller, wanted(Some(id), 100)).await), "no_money_off");
    loyalty
        .create_reward(&caller, &cash("poor", 50))
        .await
        .expect("a reward");
    loyalty
        .create_reward(&caller, &cash("cash", 90))
        .await
        .expect("a reward");
    assert_eq!(code(quotes.make(&caller, wanted(None, 100)).await), "bad_basket");
    assert_eq!(
        code(quotes.make(&caller, wanted(Some(id), 10_001)).await),
        "not_enough_points"
    );
    assert_eq!(code(loyalty.redeem(&caller, id, "cash").await), "reward_is_for_quotes");

    let balances = async || {
        let member = view(&app, &caller, id).await;
        (member.points.available, member.points.held)
    };
    let made = async |points| quotes.make(&caller, wanted(Some(id), points)).await.expect("a quote");
    let small = made(250).await;
    assert_eq!((small.price, balances().await), (10_000 - 180, (9_800, 200)));
    let quote = made(9_800).await;
    let points = quote.answer.points.clone().expect("points");
    // 88 times 90 are the most that 8,000 above cost have room for
    assert_eq!(
        (points.reward.as_str(), points.used, points.off),
        ("cash", 8_800, 7_920)
    );
    assert_eq!((quote.price, balances().await), (2_080, (1_000, 9_000)));
    assert_eq!(
        code(loyalty.cancel(&caller, quote.id, None).await),
        "redemption_of_quote"
    );
    for _ in 0..2 {
        quotes.release(&caller, quote.id).await.expect("it is released");
        assert_eq!(balances().await, (9_800, 200));
    }
    // the time of the other one is over
    clocks.business.set(NOW + 31 * 60_000);
    clocks.machine.set(NOW + 31 * 60_000);
    app.run_timers().await.expect("timers");
    assert_eq!(balances().await, (10_000, 0));
    assert_eq!(quotes.get(&caller, small.id).await.expect("a quote").state, "expired");

    let quote = made(8_800).await;
    let with = || Confirmation {
        booking_id: "B-M1-9".into(),
    };
    for _ in 0..2 {
        quotes
            .confirm(&caller, quote.id, with())
            .await
            .expect("it is confirmed");
        assert_eq!(balances().await, (1_200, 0));
    }
    let events = [event("M1", "9", "confirmed", TODAY, json!({"amount": 2_080}))];
    app.intake().accept(&caller, &events).await.expect("an answer");
    clocks.business.set(NOW + DAY);
    let events = [event("M1", "9", "cancelled", TODAY, json!({}))];
    for _ in 0..2 {
        app.intake().accept(&caller, &events).await.expect("an answer");
        clocks.machine.set(clocks.machine.now() + DAY);
        app.run_timers().await.expect("timers");
        assert_eq!(balances().await, (10_000, 0), "what was spent on it is back");
    }
    let reward = loyalty.reward(&caller, "cash").await.expect("a reward");
    assert_eq!(reward.taken, 0);
}

async fn points_are_in_one_quote_however_many_ask(store: Store) {
    let (app, _, caller) = club(&store, "in-one", packed("points-and-tiers")).await;
    let id = trip(&app, &caller, "M1", 1_000).await;
    app.loyalty()
        .create_reward(&caller, &cash("cash", 90))
        .await
        .expect("a reward");
    let ask = |caller: &Caller| {
        let (app, caller) = (app.clone(), caller.clone());
        tokio::spawn(async move { app.quotes().make(&caller, wanted(Some(id), 400)).await })
    };
    let asked: Vec<_> = (0..64).map(|_| ask(&caller)).collect();
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for task in asked {
        let answer = match task.await.expect("no panic") {
            Ok(quote) => format!("price {}", quote.price),
            Err(error) => code::<()>(Err(error)),
        };
        *answers.entry(answer).or_default() += 1;
    }
    let expected = BTreeMap::from([("not_enough_points".to_owned(), 62), ("price 9640".to_owned(), 2)]);
    assert_eq!(answers, expected);
    let member = view(&app, &caller, id).await;
    assert_eq!((member.points.available, member.points.held), (200, 800));
}
