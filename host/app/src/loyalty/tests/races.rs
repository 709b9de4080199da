//! Many at once: a refund, the end of points, and the return of an order meet those who spend. Whoever comes first, no point is spent that was not
//! there, and none is lost.

use super::by_hand::{customer, event, gift, trip, view};
use super::{DAY, TODAY, club, follow};
use crate::App;
use crate::error::AppError;
use crate::loyalty::RedemptionView;
use crate::team::Caller;
use crate::testing::{NOW, on_both_engines};
use posthouse_domain::Clock as _;
use posthouse_store::Store;
use posthouse_tests::plugins::packed;
use serde_json::json;
use tokio::task::JoinHandle;
use uuid::Uuid;

on_both_engines!(
    a_refund_meets_those_who_spend,
    points_that_are_over_are_spent_by_nobody,
    an_order_is_handed_out_or_called_off,
    what_is_over_once_more_is_told_once_more,
    what_was_spent_is_owed_once,
);

type Answer = Result<RedemptionView, AppError>;

fn redeem(app: &App, caller: &Caller, id: Uuid) -> JoinHandle<Answer> {
    let (app, caller) = (app.clone(), caller.clone());
    tokio::spawn(async move { app.loyalty().redeem(&caller, id, "pillow").await })
}

/// The orders among answers; whoever got none was told that there are not enough points.
async fn orders(asked: Vec<JoinHandle<Answer>>) -> Vec<Uuid> {
    let mut orders = Vec::new();
    for asked in asked {
        match asked.await.expect("no panic") {
            Ok(order) => orders.push(order.id),
            Err(error) => assert_eq!(super::by_hand::said(&error), "not_enough_points"),
        }
    }
    orders
}

async fn a_refund_meets_those_who_spend(store: Store) {
    let (app, _, caller) = club(&store, "refunds", packed("points-and-tiers")).await;
    let loyalty = app.loyalty();
    loyalty
        .create_reward(&caller, &gift("pillow", 100))
        .await
        .expect("a reward");
    for round in 0..3 {
        let member = format!("M{round}");
        let id = trip(&app, &caller, &member, 6_400).await;
        let spending: Vec<_> = (0..64).map(|_| redeem(&app, &caller, id)).collect();
        // half of it is paid back, by and by, while they spend
        let mut refunds = Vec::new();
        for n in 0..8 {
            let (app, caller) = (app.clone(), caller.clone());
            let mut back = event(&member, "1", "refunded", TODAY - 1, json!({"amount": 40_000}));
            back["external_id"] = format!("{member}-back-{n}").into();
            refunds.push(tokio::spawn(async move {
                let answer = app.intake().accept(&caller, &[back]).await.expect("an answer");
                assert!(answer.rejected.is_empty(), "{answer:?}");
                app.loyalty().catch_up(&caller).await.expect("it is followed");
            }));
        }
        let orders = orders(spending).await;
        for refund in refunds {
            refund.await.expect("no panic");
        }
        follow(&app, &caller).await;
        let points = view(&app, &caller, id).await.points;
        let (held, left) = (100 * orders.len() as i64, points.available - points.owed);
        assert_eq!((points.held, held + left), (held, 3_200), "{} orders", orders.len());
        assert!(points.available == 0 || points.owed == 0, "{points:?}");
        // whatever comes back makes good what is owed first
        for id in orders {
            loyalty.cancel(&caller, id, None).await.expect("it is called off");
        }
        let points = view(&app, &caller, id).await.points;
        assert_eq!((points.available, points.held, points.owed), (3_200, 0, 0));
    }
}

async fn points_that_are_over_are_spent_by_nobody(store: Store) {
    let (app, clocks, caller) = club(&store, "over", packed("points-and-tiers")).await;
    let loyalty = app.loyalty();
    loyalty
        .create_reward(&caller, &gift("pillow", 100))
        .await
        .expect("a reward");
    let id = trip(&app, &caller, "M1", 6_400).await;
    let end = view(&app, &caller, id).await.points.expiring[0].on;
    // the last day is theirs, to its end
    clocks.business.set(NOW + i64::from(end - TODAY) * DAY);
    let spent = orders((0..8).map(|_| redeem(&app, &caller, id)).collect()).await;
    assert_eq!(spent.len(), 8);
    // and behind it nothing is, though nobody has turned the day yet
    clocks.business.set(NOW + i64::from(end + 1 - TODAY) * DAY);
    let spending: Vec<_> = (0..64).map(|_| redeem(&app, &caller, id)).collect();
    let turning: Vec<_> = (0..4)
        .map(|_| {
            let (app, room) = (app.clone(), caller.room.clone());
            tokio::spawn(async move { app.loyalty().turn_day(&room).await.expect("the day is turned") })
        })
        .collect();
    assert_eq!(orders(spending).await, Vec::<Uuid>::new());
    for turning in turning {
        turning.await.expect("no panic");
    }
    let points = view(&app, &caller, id).await.points;
    assert_eq!((points.available, points.held), (0, 800));
}

async fn what_was_spent_is_owed_once(store: Store) {
    let (app, _, caller) = club(&store, "owed", packed("points-and-tiers")).await;
    let loyalty = app.loyalty();
    loyalty
        .create_reward(&caller, &gift("pillow", 1_000))
        .await
        .expect("a reward");
    let id = trip(&app, &caller, "M1", 1_000).await;
    let order = loyalty.redeem(&caller, id, "pillow").await.expect("an order").id;
    loyalty.fulfil(&caller, order, None).await.expect("it is handed out");
    let told = async |n: usize, kind: &str, data| {
        let mut record = event("M1", "1", kind, TODAY - 1, data);
        record["external_id"] = format!("again-{n}").into();
        let answer = app.intake().accept(&caller, &[record]).await.expect("an answer");
        assert!(answer.rejected.is_empty(), "{answer:?}");
        follow(&app, &caller).await;
        view(&app, &caller, id).await.points.owed
    };
    // each look at the booking finds what was taken back before
    assert_eq!(told(1, "refunded", json!({"amount": 30_000})).await, 300);
    assert_eq!(told(2, "completed", json!({})).await, 300);
    assert_eq!(told(3, "refunded", json!({"amount": 10_000})).await, 400);
    assert_eq!(told(4, "completed", json!({})).await, 400);
}

async fn what_is_over_once_more_is_told_once_more(store: Store) {
    let (app, clocks, caller) = club(&store, "again", packed("points-and-tiers")).await;
    let loyalty = app.loyalty();
    loyalty
        .create_reward(&caller, &gift("pillow", 100))
        .await
        .expect("a reward");
    let id = trip(&app, &caller, "M1", 1_000).await;
    let end = view(&app, &caller, id).await.points.expiring[0].on;
    let order = loyalty.redeem(&caller, id, "pillow").await.expect("an order").id;
    let on = async |day| {
        clocks.business.set(NOW + i64::from(day - TODAY) * DAY);
        loyalty.turn_day(&caller.room).await.expect("the day is turned");
        view(&app, &caller, id).await.points
    };
    assert_eq!(on(end + 1).await.available, 0);
    // the clock is set back to the last day, on which the order is called off: what comes back is over once more the next day
    clocks.business.set(NOW + i64::from(end - TODAY) * DAY);
    loyalty.cancel(&caller, order, None).await.expect("it is called off");
    assert_eq!(view(&app, &caller, id).await.points.available, 100);
    let points = on(end + 1).await;
    assert_eq!((points.available, points.held, points.owed), (0, 0, 0));
}

async fn an_order_is_handed_out_or_called_off(store: Store) {
    let (app, _, caller) = club(&store, "decide", packed("points-and-tiers")).await;
    let loyalty = app.loyalty();
    loyalty
        .create_reward(&caller, &gift("pillow", 100))
        .await
        .expect("a reward");
    trip(&app, &caller, "M1", 1_000).await;
    let id = customer(&app, &caller, "M1").await;
    let order = loyalty.redeem(&caller, id, "pillow").await.expect("an order").id;
    let deciding: Vec<_> = (0..64)
        .map(|n| {
            let (app, caller) = (app.clone(), caller.clone());
            tokio::spawn(async move {
                let loyalty = app.loyalty();
                match n % 2 {
                    0 => loyalty.fulfil(&caller, order, None).await,
                    _ => loyalty.cancel(&caller, order, None).await,
                }
            })
        })
        .collect();
    let mut done = Vec::new();
    for deciding in deciding {
        match deciding.await.expect("no panic") {
            Ok(view) => done.push(view.state),
            Err(error) => assert_eq!(super::by_hand::said(&error), "redemption_decided"),
        }
    }
    done.dedup();
    assert!(done.len() == 1, "{done:?}");
    let points = view(&app, &caller, id).await.points;
    let left = if done[0] == "fulfilled" { 900 } else { 1_000 };
    assert_eq!((points.available, points.held), (left, 0));
}
