//! Cases as a rule sends them: the reference rule, one that fails, and what another would have done.

use super::{Agency, HOUR, code, complaint};
use crate::complaints::{By, COMPLAINT_ROUTING, Deed, Links, MAIN, NewCase, Outcome, PreviewRequest};
use crate::rules::{Activation, DecisionFilter};
use crate::testing::{NOW, on_both_engines};
use posthouse_domain::complaints::{Cause, ClockKind, Kind, Objection, Remedy};
use posthouse_store::Store;
use posthouse_tests::plugins::packed;
use serde_json::{Value, json};

on_both_engines!(
    the_reference_rule_sends_cases_to_desks,
    a_person_has_the_last_word,
    late_cases_go_to_the_senior_desk_once,
    another_rule_is_seen_beforehand,
    what_complaints_have_in_common,
);

impl Agency {
    async fn plugin(&self) -> String {
        let (_, plugin) = self
            .app
            .plugins()
            .upload(&self.caller, packed("complaint-desk").into())
            .await
            .expect("a plugin");
        plugin.digest
    }

    pub(super) async fn with_rule(self, config: Value) -> Self {
        let activation = Activation {
            digest: self.plugin().await,
            config,
            grant: None,
        };
        let complaints = self.app.complaints();
        complaints
            .activate(&self.caller, MAIN, &activation, None)
            .await
            .expect("a rule");
        self.desk("duty", &["in-trip"], &[]).await;
        self.desk("senior", &["senior"], &[]).await;
        self.desk("refunds", &["refund"], &[]).await;
        self
    }
}

async fn the_reference_rule_sends_cases_to_desks(store: Store) {
    let it = Agency::new(&store, "reference").await.with_rule(json!({})).await;
    let case = it
        .open(NewCase {
            text: "请退款".into(),
            ..complaint(Some("B1"))
        })
        .await;
    assert_eq!(
        (case.desk.as_str(), case.cause.as_deref(), case.severity),
        ("refunds", Some("refund"), 3)
    );
    let why = case.why.expect("why");
    assert_eq!(why.reason.map(|reason| reason.code).as_deref(), Some("by-cause"));
    assert!(why.objections.is_empty() && why.fault.is_none());
    // what it proposes waits for a person: a rule promises nothing by itself
    let hotel = it
        .open(NewCase {
            text: "酒店与合同不符".into(),
            ..complaint(Some("B1"))
        })
        .await;
    let proposed = it.app.complaints().compensations(&it.caller, &hotel.number).await;
    let proposed = proposed.expect("compensations");
    let proposed: Vec<_> = proposed
        .iter()
        .map(|one| (one.what.remedy, one.what.amount, one.state.as_str(), one.proposed_by))
        .collect();
    assert_eq!(
        proposed,
        [(Remedy::Refund, 1_000, "waiting", None)],
        "a tenth of the price"
    );
    // and what was decided is said again the same way
    let decision = why.decision.expect("a decision");
    let filter = DecisionFilter {
        binding: Some((COMPLAINT_ROUTING.into(), MAIN.into())),
        ..DecisionFilter::default()
    };
    let (decisions, _) = it
        .app
        .decisions()
        .list(&it.caller, filter, None, 10)
        .await
        .expect("decisions");
    assert_eq!(decisions.last().map(|one| one.id), Some(decision));
    let again = it.app.decisions().replay(&it.caller, decision).await.expect("a replay");
    assert!(again.identical, "{again:?}");
    let grave = it
        .open(NewCase {
            text: "Mother is in hospital".into(),
            ..complaint(None)
        })
        .await;
    assert_eq!((grave.desk.as_str(), grave.severity), ("senior", 1));
    let first = grave
        .clocks
        .iter()
        .find(|clock| clock.kind == ClockKind::FirstResponse)
        .expect("a clock");
    assert_eq!(first.due_at, Some(NOW + HOUR / 4));
}

async fn a_person_has_the_last_word(store: Store) {
    let it = Agency::new(&store, "words").await.with_rule(json!({})).await;
    let case = it
        .open(NewCase {
            severity: Some(1),
            ..complaint(Some("B1"))
        })
        .await;
    assert_eq!(case.severity, 1);
    let case = it.done(&case, Deed::Assign(Some("default".into()), None, None)).await;
    assert_eq!(case.desk, "default");
    let links = Links {
        cause: Some(Cause::Price),
        ..Links::default()
    };
    let case = it.done(&case, Deed::Link(links)).await;
    assert_eq!((case.severity, case.cause.as_deref()), (1, Some("price")));
    let case = it.done(&case, Deed::Severity(2, Some("not that bad".into()))).await;
    assert_eq!(case.severity, 2);
    assert!(case.hops <= 10);
}

async fn late_cases_go_to_the_senior_desk_once(store: Store) {
    let it = Agency::new(&store, "late").await.with_rule(json!({})).await;
    let case = it
        .open(NewCase {
            text: "请退款".into(),
            ..complaint(Some("B1"))
        })
        .await;
    it.at(NOW + 24 * HOUR);
    for _ in 0..3 {
        it.tick(case.id).await;
    }
    let case = it.case(case.id).await;
    assert_eq!((case.desk.as_str(), case.severity, case.hops), ("senior", 2, 1));
    assert_eq!(it.kinds(case.id).await.get("routed"), Some(&2), "opened and escalated");
    let why = case.why.expect("why");
    assert_eq!(why.reason.map(|reason| reason.code).as_deref(), Some("late"));
    assert!(!why.objections.contains(&Objection::Loop));
}

async fn another_rule_is_seen_beforehand(store: Store) {
    let it = Agency::new(&store, "beforehand").await;
    it.desk("senior", &["senior"], &[]).await;
    for n in 0..30 {
        let cause = if n % 3 == 0 { Cause::Safety } else { Cause::Price };
        // of strangers: whoever complains often is dealt with otherwise
        let case = it
            .open(NewCase {
                cause: Some(cause),
                ..complaint(None)
            })
            .await;
        if n % 2 == 0 {
            it.done(&case, Deed::Resolve(Outcome::default())).await;
        }
    }
    let complaints = it.app.complaints();
    let request = PreviewRequest {
        digest: it.plugin().await,
        config: json!({}),
        days: 30,
    };
    let before = it.case(it.open(complaint(None)).await.id).await;
    let seen = complaints.preview(&it.caller, &request).await.expect("a preview");
    assert_eq!((seen.cases, seen.is_cut), (31, false));
    assert_eq!(seen.before.desks.get("default"), Some(&31));
    assert_eq!(seen.after.desks.get("senior"), Some(&10), "{:?}", seen.after);
    assert_eq!((seen.after.severities, seen.after.failed), ([10, 0, 21, 0], 0));
    assert_eq!((seen.other_desk, seen.other_severity), (10, 10));
    assert!(
        seen.grant_needed.contains(&"case-text".to_owned()),
        "{:?}",
        seen.grant_needed
    );
    let one = seen.rerouted.iter().find(|one| one.desk.1 == "senior").expect("a case");
    assert_eq!(
        (one.severity, one.reason.as_ref().map(|reason| reason.code.as_str())),
        ((3, 1), Some("safety"))
    );
    assert_eq!(it.case(before.id).await.version, before.version, "nothing is written");
    let none = PreviewRequest { days: 0, ..request };
    assert_eq!(code(complaints.preview(&it.caller, &none).await), "bad_days");
}

async fn what_complaints_have_in_common(store: Store) {
    let it = Agency::new(&store, "common").await;
    for (cause, minutes) in [
        (Cause::Price, 10),
        (Cause::Price, 30),
        (Cause::Price, 20),
        (Cause::Safety, 5),
    ] {
        it.at(NOW);
        let case = it
            .open(NewCase {
                cause: Some(cause),
                supplier: Some("Lakeside".into()),
                ..complaint(Some("B1"))
            })
            .await;
        it.at(NOW + minutes * 60_000);
        it.done(&case, Deed::Reply("soon".into())).await;
    }
    it.at(NOW);
    it.open(NewCase {
        kind: Kind::Praise,
        ..complaint(None)
    })
    .await;
    let today = it.caller.room.day_of(NOW);
    let report = it
        .app
        .complaints()
        .report(&it.caller, (today - 6, today), By::Cause)
        .await
        .expect("a report");
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| (row.key.as_deref(), row.cases, row.cumulative_percent))
        .collect();
    assert_eq!(
        rows,
        [(Some("price"), 3, 60.0), (None, 1, 80.0), (Some("safety"), 1, 100.0)]
    );
    assert_eq!((report.rows[0].response_minutes, report.all.open), (Some(20), 5));
    let report = it
        .app
        .complaints()
        .report(&it.caller, (today, today), By::Supplier)
        .await
        .expect("a report");
    assert_eq!(report.rows[0].key.as_deref(), Some("Lakeside"));
    assert_eq!(
        code(
            it.app
                .complaints()
                .report(&it.caller, (today, today - 1), By::Desk)
                .await
        ),
        "bad_days"
    );
}
