//! What is told: who brought whom, what the agency calls by a name of its own, and what is about to expire.

use super::by_hand::{code, customer, event, trip, view};
use super::{DAY, TODAY, club, follow};
use crate::testing::{NOW, on_both_engines};
use crate::webhooks::NewWebhook;
use posthouse_domain::link::LinkKind;
use posthouse_domain::loyalty::AgencyEvent;
use posthouse_domain::{Clock as _, Day};
use posthouse_store::loyalty as store;
use posthouse_store::{Access, Store};
use posthouse_tests::plugins::packed;
use serde_json::{Value, json};

on_both_engines!(
    both_sides_of_a_referral_are_rewarded_once,
    rules_are_told_of_the_agencys_own_events,
    a_year_gives_notice_twice,
);

async fn both_sides_of_a_referral_are_rewarded_once(store: Store) {
    let (app, _, caller) = club(&store, "referral", packed("points-and-tiers")).await;
    let digest = app
        .plugins()
        .upload(&caller, packed("referral-rewards").into())
        .await
        .expect("a plugin")
        .1
        .digest;
    let activation = crate::rules::Activation {
        digest,
        config: json!({}),
        grant: None,
    };
    let loyalty = app.loyalty();
    loyalty
        .activate(&caller, "referrals", &activation, None)
        .await
        .expect("a rule");
    let one = trip(&app, &caller, "M1", 1_000).await;
    let new = |member: &str| {
        json!({"source": "shop", "external_id": format!("{member}-site"), "type": "site.viewed", "occurred_at": "2026-01-15T03:00:00Z",
               "customer": {"identities": [{"kind": "member_no", "value": member}]}, "data": {}})
    };
    let events = [new("M2"), new("M3")];
    let answer = app.intake().accept(&caller, &events).await.expect("an answer");
    assert!(answer.rejected.is_empty(), "{answer:?}");
    let two = customer(&app, &caller, "M2").await;
    let three = customer(&app, &caller, "M3").await;
    let old = trip(&app, &caller, "M5", 1_000).await;
    let told = view(&app, &caller, one).await.referral_code;
    assert_eq!(code(loyalty.refer(&caller, "nobody", two).await), "unknown_code");
    let said = format!("{}-{}", told[..4].to_lowercase(), &told[4..]);
    let first = loyalty.refer(&caller, &said, two).await.expect("it is written down");
    let again = loyalty.refer(&caller, &told, two).await.expect("it is written down");
    assert_eq!((first.id, first.state.as_str()), (again.id, "registered"));
    let brought = view(&app, &caller, two).await;
    assert_eq!(
        code(
            loyalty
                .refer(&caller, &view(&app, &caller, old).await.referral_code, two)
                .await
        ),
        "already_referred"
    );
    app.profiles()
        .link(&caller, one, LinkKind::Family, three)
        .await
        .expect("a link");
    for (whose, who, why) in [
        (&told, one, "oneself"),
        (&told, three, "family"),
        (&brought.referral_code, one, "ring"),
        (&told, old, "old_customer"),
    ] {
        let found = loyalty.refer(&caller, whose, who).await.expect("it is written down");
        assert_eq!((found.state.as_str(), found.why.as_deref()), ("rejected", Some(why)));
    }
    let events = [event("M2", "1", "confirmed", TODAY, json!({"amount": 100_000}))];
    app.intake().accept(&caller, &events).await.expect("an answer");
    follow(&app, &caller).await;
    let balances = async || {
        (
            view(&app, &caller, one).await.points.available,
            view(&app, &caller, two).await.points.available,
        )
    };
    assert_eq!(balances().await, (1_000, 0));
    let events = [event("M2", "1", "completed", TODAY, json!({}))];
    for _ in 0..2 {
        app.intake().accept(&caller, &events).await.expect("an answer");
        follow(&app, &caller).await;
        assert_eq!(balances().await, (1_500, 1_200));
    }
    let (rewarded, _) = loyalty
        .referrals(&caller, (Some("rewarded"), Some(one)), None, 10)
        .await
        .expect("a list");
    assert_eq!((rewarded.len(), rewarded[0].completed_on), (1, Some(TODAY)));
    let facts = app.profiles().get(&caller, one).await.expect("a customer").facts;
    assert_eq!(facts["referrals-12m"], 1);
    // a second trip rewards nobody, and a first one called off takes it back
    let events = [
        event("M2", "2", "confirmed", TODAY, json!({"amount": 100_000})),
        event("M2", "2", "completed", TODAY, json!({})),
    ];
    app.intake().accept(&caller, &events).await.expect("an answer");
    follow(&app, &caller).await;
    assert_eq!(balances().await, (1_500, 2_200));
    let events = [event("M2", "1", "cancelled", TODAY, json!({}))];
    app.intake().accept(&caller, &events).await.expect("an answer");
    follow(&app, &caller).await;
    assert_eq!(balances().await.0, 1_500, "the second trip is the first by now");
    let events = [event("M2", "2", "refunded", TODAY, json!({"amount": 100_000}))];
    app.intake().accept(&caller, &events).await.expect("an answer");
    follow(&app, &caller).await;
    assert_eq!(balances().await.0, 1_000, "the trip did not take place");
    let mut tx = app
        .store
        .read(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let row = store::referral(&mut tx, caller.room.id, first.id)
        .await
        .expect("a look")
        .expect("a referral");
    assert_eq!((row.state.as_str(), row.completed_on), ("registered", None));
}

async fn rules_are_told_of_the_agencys_own_events(store: Store) {
    let (app, _, caller) = club(&store, "events", packed("status-match")).await;
    let id = trip(&app, &caller, "M1", 1_000).await;
    let event = |name: &str, data: Value| AgencyEvent {
        name: name.to_owned(),
        data: data.as_object().cloned().unwrap_or_default(),
    };
    let loyalty = app.loyalty();
    assert_eq!(
        code(loyalty.tell_of(&caller, id, &event("Status", json!({}))).await),
        "bad_event"
    );
    let before = view(&app, &caller, id).await.status;
    let gold = event("status-match", json!({"club": "a", "tier": "Gold"}));
    loyalty.tell_of(&caller, id, &gold).await.expect("it is told");
    follow(&app, &caller).await;
    // as much as is missing to 60,000
    assert_eq!(view(&app, &caller, id).await.status, 60_000);
    assert_eq!(before, 0);
}

async fn a_year_gives_notice_twice(store: Store) {
    let (app, clocks, caller) = club(&store, "notice", packed("points-and-tiers")).await;
    let new = NewWebhook {
        url: "https://hooks.example/in".into(),
        note: String::new(),
        types: vec!["points.expiring".into(), "tier.changed".into()],
    };
    let webhook = app.webhooks().create(&caller, &new).await.expect("a webhook").id;
    let id = trip(&app, &caller, "M1", 25_000).await;
    let end = view(&app, &caller, id).await.points.expiring[0].on;
    let mut told = Vec::new();
    for day in TODAY..=end + 1 {
        clocks.business.set(NOW + i64::from(day - TODAY) * DAY);
        app.loyalty().turn_day(&caller.room).await.expect("the day is turned");
        let there = app
            .webhooks()
            .deliveries(&caller, webhook, None, None, 100)
            .await
            .expect("deliveries");
        let new = there.len() - told.len();
        told.extend(there.into_iter().take(new).map(|one| (one.kind, day)));
    }
    let notices: Vec<Day> = told
        .iter()
        .filter(|(kind, _)| kind == "points.expiring")
        .map(|(_, day)| *day)
        .collect();
    assert_eq!(notices, [end - 90, end - 30]);
    let tiers: Vec<Day> = told
        .iter()
        .filter(|(kind, _)| kind == "tier.changed")
        .map(|(_, day)| *day)
        .collect();
    // with the booking the first tier, with the trip silver; at the end of next year the status of 365 days is gone
    assert_eq!(tiers, [TODAY, TODAY, 21_184]);
    clocks.business.set(NOW + i64::from(end - 50 - TODAY) * DAY);
    let facts = app.profiles().get(&caller, id).await.expect("a customer").facts;
    assert_eq!(facts["points-expiring-90d"], 0, "they are over by now");
    assert_eq!(view(&app, &caller, id).await.points.available, 0);
}
