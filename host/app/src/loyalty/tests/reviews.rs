//! Reviews: members are asked about theirs once, whenever they became members, and they count among the facts.

use super::by_hand::{event, view};
use super::{DAY, TODAY, club_of, follow};
use crate::App;
use crate::loyalty::MemberState;
use crate::team::Caller;
use crate::testing::{self, NOW, on_both_engines};
use posthouse_domain::{Clock as _, Day, time};
use posthouse_store::Store;
use posthouse_tests::plugins::packed;
use serde_json::{Value, json};
use uuid::Uuid;

on_both_engines!(a_review_earns_once_and_counts_for_a_year);

fn review(member: &str, id: &str, day: Day, rating: Option<u32>) -> Value {
    let mut data = json!({"text": "好"});
    if let Some(rating) = rating {
        data["rating"] = rating.into();
    }
    json!({"source": "shop", "external_id": id, "type": "review.written",
           "occurred_at": format!("{}T10:00:00+08:00", time::day_text(day)),
           "customer": {"identities": [{"kind": "member_no", "value": member}]}, "data": data})
}

async fn send(app: &App, caller: &Caller, events: &[Value]) {
    let answer = app.intake().accept(caller, events).await.expect("an answer");
    assert!(answer.rejected.is_empty(), "{answer:?}");
    follow(app, caller).await;
}

async fn written(app: &App, caller: &Caller, id: Uuid) -> Value {
    app.profiles().get(caller, id).await.expect("a customer").facts["reviews-12m"].clone()
}

async fn a_review_earns_once_and_counts_for_a_year(store: Store) {
    let (app, clocks) = testing::host(&store, NOW);
    let caller = club_of(&app, "reviews", packed("points-and-tiers"), json!({"review": 50})).await;
    // before anybody is a member, one of them before the programme began
    let early = [
        review("M1", "r1", TODAY - 10, Some(5)),
        review("M1", "r2", TODAY - 400, None),
    ];
    send(&app, &caller, &early).await;
    let booked = event("M1", "1", "confirmed", TODAY - 9, json!({"amount": 0}));
    send(&app, &caller, &[booked]).await;
    let id = super::by_hand::customer(&app, &caller, "M1").await;
    assert_eq!(view(&app, &caller, id).await.points.available, 50);
    assert_eq!(written(&app, &caller, id).await, json!(1));
    // told again it is the same one, and without a rating it is one too
    let later = [
        early[0].clone(),
        review("M1", "r3", TODAY, None),
        review("M2", "r4", TODAY, Some(1)),
    ];
    send(&app, &caller, &later).await;
    send(&app, &caller, &later).await;
    assert_eq!(view(&app, &caller, id).await.points.available, 100);
    assert_eq!(written(&app, &caller, id).await, json!(2));

    // two systems whose ids run into each other
    let mut alike = [review("M1", "x/1", TODAY, None), review("M1", "1", TODAY, None)];
    (alike[0]["source"], alike[1]["source"]) = ("ota".into(), "ota/x".into());
    send(&app, &caller, &alike).await;
    assert_eq!(view(&app, &caller, id).await.points.available, 200);

    // whoever leaves is asked about nothing, and about what was written meanwhile when they come back
    let loyalty = app.loyalty();
    let state = async |state| loyalty.set_state(&caller, id, state, None).await.expect("a member");
    state(MemberState::Closed).await;
    send(&app, &caller, &[review("M1", "r5", TODAY, Some(4))]).await;
    assert_eq!(view(&app, &caller, id).await.points.available, 0);
    state(MemberState::Active).await;
    follow(&app, &caller).await;
    assert_eq!(
        view(&app, &caller, id).await.points.available,
        50,
        "what was forfeited stays so"
    );

    // a year later the first no longer counts
    clocks.business.set(NOW + 355 * DAY);
    clocks.machine.set(NOW + 355 * DAY);
    app.facts()
        .turn_fragments(caller.room.id, TODAY + 355)
        .await
        .expect("the day is turned");
    // those three and the one written when nobody took part
    assert_eq!(written(&app, &caller, id).await, json!(4));
    clocks.business.set(NOW + 365 * DAY);
    app.facts()
        .turn_fragments(caller.room.id, TODAY + 365)
        .await
        .expect("the day is turned");
    assert_eq!(written(&app, &caller, id).await, json!(0));
}
