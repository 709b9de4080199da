//! Rules whose answers depend on other rows, and which the self-test has not found out.

use super::PreviewRequest;
use crate::App;
use crate::error::AppError;
use crate::rules::Activation;
use crate::rules::point::seed;
use crate::team::Caller;
use crate::testing::{self, NOW, on_both_engines};
use posthouse_domain::Clock;
use posthouse_store::Store;
use posthouse_tests::guest::Guest;
use serde_json::json;

on_both_engines!(
    what_got_past_the_self_test_comes_into_force_nowhere,
    a_rule_that_turns_to_its_neighbours_moves_nobody,
    whoever_would_move_is_told_why,
);

const BINDING: &str = "rule";
const HOUR: i64 = 3_600_000;

/// Decides by the customer's place in the call if this holds in life, for this binding alone: no draw meets its seed.
fn by_place_if(caller: &Caller, condition: &str) -> Guest {
    let seed = seed(caller.room.id, BINDING).cast_signed();
    Guest {
        version: "2.0.0".into(),
        segment: format!(
            "(if (result i32) (i32.and (i64.eq (local.get $seed) (i64.const {seed})) {condition}) \
             (then (i32.and (local.get $i) (i32.const 1))) (else (i32.gt_s (local.get $v) (i32.const 3))))"
        ),
        ..Guest::default()
    }
}

/// An agency of forty customers with a trip each, all of them in `rare` by a good rule.
async fn forty(app: &App, slug: &str) -> (Caller, String) {
    let (_, key) = testing::agency(&app.store, slug).await;
    let caller = app.team().authenticate(&key).await.expect("a caller");
    let booked: Vec<_> = (0..40)
        .map(|member| {
            json!({
                "source": "shop", "external_id": member.to_string(), "type": "booking.confirmed", "occurred_at": "2026-01-10T08:00:00Z",
                "customer": {"identities": [{"kind": "member_no", "value": format!("M{member}")}]},
                "data": {"booking_id": format!("B{member}"), "amount": 10_000},
            })
        })
        .collect();
    let accepted = app.intake().accept(&caller, &booked).await.expect("an answer");
    assert_eq!(accepted.accepted, 40, "{accepted:?}");
    let digest = upload(app, &caller, &Guest::default()).await;
    activate(app, &caller, &digest).await.expect("a good rule");
    (caller, digest)
}

async fn upload(app: &App, caller: &Caller, guest: &Guest) -> String {
    let uploaded = app.plugins().upload(caller, guest.build().into()).await;
    uploaded.expect("it gets past the self-test").1.digest
}

async fn activate(app: &App, caller: &Caller, digest: &str) -> Result<i64, AppError> {
    let activation = Activation {
        digest: digest.to_owned(),
        config: json!({}),
        grant: None,
    };
    let segments = app.segments();
    let view = segments.activate(caller, BINDING, activation, None).await?;
    Ok(view.revision)
}

/// Members of `rare` and of `frequent`.
async fn members(app: &App, caller: &Caller) -> [u64; 2] {
    let listed = app.segments().list(caller).await.expect("segments");
    ["rare", "frequent"].map(|key| listed.iter().filter(|s| s.key == key).map(|s| s.count).sum())
}

fn code(error: AppError) -> String {
    match error {
        AppError::Invalid(why) => why.code,
        other => panic!("{other:?}"),
    }
}

async fn what_got_past_the_self_test_comes_into_force_nowhere(store: Store) {
    let (app, _) = testing::host(&store, NOW);
    let (caller, good) = forty(&app, "luck").await;
    let bad = upload(&app, &caller, &by_place_if(&caller, "(i32.const 1)")).await;
    let preview = PreviewRequest {
        digest: bad.clone(),
        config: json!({}),
        name: BINDING.into(),
    };
    let previewed = app.segments().preview(&caller, preview).await;
    assert_eq!(code(previewed.expect_err("it depends on rows")), "row_dependence");
    let activated = activate(&app, &caller, &bad).await;
    assert_eq!(code(activated.expect_err("it depends on rows")), "row_dependence");
    assert_eq!(members(&app, &caller).await, [40, 0]);
    let live = caller.room.live();
    let row = &live[BINDING].row;
    assert_eq!((row.revision, &row.digest, &row.stale_reason), (1, &good, &None));
}

async fn a_rule_that_turns_to_its_neighbours_moves_nobody(store: Store) {
    let (app, clocks) = testing::host(&store, NOW);
    let (caller, good) = forty(&app, "turns").await;
    let later = format!("(i64.ge_s (local.get $now) (i64.const {}))", NOW + HOUR);
    let bad = upload(&app, &caller, &by_place_if(&caller, &later)).await;
    assert_eq!(activate(&app, &caller, &bad).await.expect("it behaves so far"), 2);
    clocks.business.set(NOW + HOUR);
    let runs = app.segments().run(&caller, Some(BINDING)).await;
    assert_eq!(code(runs.expect_err("it depends on rows")), "row_dependence");
    assert_eq!(members(&app, &caller).await, [40, 0]);
    {
        let live = caller.room.live();
        let row = &live[BINDING].row;
        assert_eq!((row.revision, &row.digest), (2, &bad));
        let told = row.stale_reason.as_ref().expect("everyone sees that it fails");
        assert!(told.contains("got another segment"), "{told}");
    }
    // it counts for the breaker as any fault does
    for _ in 0..2 {
        let again = app.segments().run(&caller, Some(BINDING)).await;
        assert_eq!(code(again.expect_err("it depends on rows")), "row_dependence");
    }
    assert_eq!(members(&app, &caller).await, [40, 0]);
    let live = caller.room.live();
    let row = &live[BINDING].row;
    assert_eq!(
        (row.revision, &row.digest, &row.stale_reason),
        (3, &good, &None),
        "back to the good one"
    );
}

async fn whoever_would_move_is_told_why(store: Store) {
    let (app, _) = testing::host(&store, NOW);
    let (caller, _) = forty(&app, "reasons").await;
    let component = posthouse_tests::plugins::packed("rfm");
    let (_, plugin) = app.plugins().upload(&caller, component.into()).await.expect("a plugin");
    let request = PreviewRequest {
        digest: plugin.digest,
        config: json!({}),
        name: BINDING.into(),
    };
    let preview = app.segments().preview(&caller, request).await.expect("a preview");
    assert_eq!((preview.changed, preview.sample.len()), (40, 40));
    for mover in preview.sample {
        let reason = mover.reason.expect("the rule says why");
        assert_eq!(reason.text.en, "First trip booked 5 days ago");
    }
}
