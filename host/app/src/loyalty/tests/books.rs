//! The books of all members, against what each of them has.

use super::by_hand::{code, gift, trip, view};
use super::{DAY, TODAY, club};
use crate::loyalty::MemberState;
use crate::testing::{NOW, on_both_engines};
use posthouse_domain::Clock as _;
use posthouse_store::Store;
use posthouse_tests::plugins::packed;

on_both_engines!(the_books_tie_out);

async fn the_books_tie_out(store: Store) {
    let (app, clocks, caller) = club(&store, "books", packed("points-and-tiers")).await;
    let one = trip(&app, &caller, "M1", 25_000).await;
    let two = trip(&app, &caller, "M2", 1_000).await;
    let loyalty = app.loyalty();
    loyalty
        .create_reward(&caller, &gift("pillow", 4_000))
        .await
        .expect("a reward");
    let order = loyalty.redeem(&caller, one, "pillow").await.expect("an order");
    loyalty.fulfil(&caller, order.id, None).await.expect("it is handed out");
    clocks.business.set(NOW + DAY);
    loyalty.redeem(&caller, one, "pillow").await.expect("an order");
    loyalty
        .transfer(&caller, one, two, 500)
        .await
        .expect("they are passed on");
    loyalty
        .set_state(&caller, two, MemberState::Closed, None)
        .await
        .expect("they leave");
    let owed = loyalty.liability(&caller, None).await.expect("books");
    let members = [view(&app, &caller, one).await, view(&app, &caller, two).await];
    let available: i64 = members
        .iter()
        .map(|member| member.points.available + member.points.held)
        .sum();
    assert_eq!((owed.available, owed.pending, owed.value), (available, 0, available));
    assert_eq!(owed.rows.iter().map(|row| row.available).sum::<i64>(), available);
    assert_eq!(owed.rows.len(), 1, "{:?}", owed.rows);
    assert_eq!((owed.breakage.expired, owed.breakage.spent), (1_500, 4_000));
    assert_eq!(owed.breakage.rate, Some(2_727));
    assert_eq!(owed.breakage.points, available * 2_727 / 10_000);
    let before = loyalty.liability(&caller, Some(TODAY)).await.expect("books");
    assert_eq!((before.available, before.rows.len()), (22_000, 0));
    let whole = loyalty
        .movements(&caller, (TODAY - 100, TODAY + 1))
        .await
        .expect("movements");
    assert_eq!(whole.opening.lines, 0);
    assert_eq!(whole.closing.available + whole.closing.held, available);
    let day = loyalty
        .movements(&caller, (TODAY + 1, TODAY + 1))
        .await
        .expect("movements");
    let moved: i64 = day.rows.iter().map(|row| row.available).sum();
    assert_eq!(day.opening.available + moved, day.closing.available);
    assert_eq!(day.opening.available, 22_000);
    assert_eq!(code(loyalty.movements(&caller, (TODAY, TODAY - 1)).await), "bad_period");
}
