//! What tests of the use-cases begin with: a host on a database of either engine, and an agency with a customer.

use crate::intake::files::workbook::Workbooks;
use crate::team::{Caller, NewAgency, Rows, Scope, create_agency};
use crate::{App, Parts, clock};
use posthouse_domain::time::ManualClock;
use posthouse_domain::{Entropy, Instant};
use posthouse_engine::{Engine, EngineConfig};
use posthouse_store::{Access, Store, profiles};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// 2026-01-15T04:00Z
pub(crate) const NOW: Instant = 1_768_449_600_000;

/// The clocks of a host.
pub(crate) struct Clocks {
    pub(crate) business: Arc<ManualClock>,
    pub(crate) machine: Arc<ManualClock>,
}

/// A host on a database, both of whose clocks stand at this time. Its background work is not started.
pub(crate) fn host(store: &Store, at: Instant) -> (App, Clocks) {
    host_drawing(store, at, Arc::new(clock::SystemEntropy))
}

/// The same with randomness of the test's own.
pub(crate) fn host_drawing(store: &Store, at: Instant, entropy: Arc<dyn Entropy>) -> (App, Clocks) {
    let (business, machine) = (Arc::new(ManualClock::at(at)), Arc::new(ManualClock::at(at)));
    let app = App::new(Parts {
        store: store.clone(),
        engine: Engine::new(EngineConfig::default()).expect("an engine"),
        clock: business.clone(),
        machine: machine.clone(),
        entropy,
        secret: [7; 32],
        frames: None,
        workbooks: Workbooks::nowhere(),
        private_webhooks: false,
        campaigns_in_force: 500,
        allowances: crate::Allowances::default(),
        provider: None,
    });
    (app, Clocks { business, machine })
}

/// A new agency and its owner's key. Its days do not turn by themselves: other tests tell of that.
pub(crate) async fn agency(store: &Store, slug: &str) -> (Uuid, String) {
    let new = NewAgency {
        slug: slug.into(),
        name: slug.into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    let created = create_agency(store, new, NOW, &clock::SystemEntropy).await;
    let (row, key) = created.expect("an agency");
    let mut tx = store.write(Access::Agency(row.id)).await.expect("a transaction");
    posthouse_store::jobs::cancel(&mut tx, row.id, "day.turn", "")
        .await
        .expect("no days");
    tx.commit().await.expect("a commit");
    (row.id, key)
}

/// A new agency with one customer, who booked a trip: its owner and the customer.
pub(crate) async fn agency_with_a_trip(app: &App, slug: &str) -> (Caller, Uuid) {
    let (agency, key) = agency(&app.store, slug).await;
    let caller = app.team().authenticate(&key).await.expect("a caller");
    let booked = json!({
        "source": "shop", "external_id": "1", "type": "booking.confirmed", "occurred_at": "2026-01-10T08:00:00Z",
        "customer": {"identities": [{"kind": "phone", "value": "13800138000"}]},
        "data": {"booking_id": "B1", "amount": 10_000},
    });
    let accepted = app.intake().accept(&caller, &[booked]).await.expect("an answer");
    assert_eq!(accepted.accepted, 1, "{accepted:?}");
    let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
    let customers = profiles::customers_from(&mut tx, agency, 0, 10)
        .await
        .expect("customers");
    (caller, customers[0].id)
}

/// The owner of an agency: on another host, or later.
pub(crate) async fn owner(app: &App, agency: Uuid, key: Uuid) -> Caller {
    Caller {
        room: app.room(agency).await.expect("a room"),
        actor: key,
        scopes: vec![Scope::Owner],
        masks: Vec::new(),
        rows: Rows::All,
        holder: None,
        ticket: None,
    }
}

pub(crate) use posthouse_tests::on_both_engines;
