//! Decisions that earlier versions pinned are made again, byte for byte: `tests/fixtures/pinned` has those of each version, with the
//! components that made them.

use bytes::Bytes;
use posthouse_app::intake::files::workbook::Workbooks;
use posthouse_app::team::{NewAgency, create_agency};
use posthouse_app::{App, Parts, clock};
use posthouse_domain::Entropy;
use posthouse_domain::time::FixedClock;
use posthouse_engine::{Engine, EngineConfig};
use posthouse_store::decisions::{self, DecisionRow};
use posthouse_store::plugins::{self, BindingRevisionRow, BindingRow};
use posthouse_store::{Access, Store};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

const NOW: i64 = 1_795_872_881_000; // 2026-11-28

/// Gives an agency the id that its decisions were drawn under; it is the first id that is asked for.
struct Known(Mutex<Option<Uuid>>);

impl Entropy for Known {
    fn fill(&self, bytes: &mut [u8]) {
        clock::SystemEntropy.fill(bytes);
    }

    fn id(&self, now: i64) -> Uuid {
        let known = self.0.lock().expect("the id").take();
        known.unwrap_or_else(|| clock::SystemEntropy.id(now))
    }
}

fn fixtures() -> PathBuf {
    posthouse_tests::root().join("tests/fixtures/pinned")
}

/// A pinned decision, and the binding revision that made it.
fn rows(decision: &Value, revision: i64, id: Uuid) -> (BindingRow, BindingRevisionRow, DecisionRow) {
    let text = |key: &str| decision[key].as_str().expect(key).to_owned();
    let at = decision["at"].as_i64().expect("at");
    let binding = BindingRow {
        extension_point: text("extension_point"),
        name: text("binding"),
        revision,
        run: 0,
        transition: 0,
        applied_change: 0,
        stale_since: None,
        stale_reason: None,
        digest: text("digest"),
        config: text("config"),
        config_digest: text("config_digest"),
        activated_at: at,
        set_aside_until: None,
        set_aside_why: None,
        set_asides: 0,
        unopened: None,
        cause: "activation".into(),
    };
    let history = BindingRevisionRow {
        revision,
        digest: text("digest"),
        config: text("config"),
        config_digest: text("config_digest"),
        restores: None,
        diff: "{}".into(),
        cause: "activation".into(),
        note: None,
        activated_by: None,
        activated_at: at,
    };
    let row = DecisionRow {
        id,
        extension_point: text("extension_point"),
        binding: text("binding"),
        revision,
        digest: text("digest"),
        config_digest: text("config_digest"),
        customer_id: None,
        subject_kind: None,
        subject_id: None,
        at,
        input: text("input"),
        output: text("output"),
        outcome: text("outcome"),
        effect: "{}".into(),
        usage: "{}".into(),
        log: "[]".into(),
    };
    (binding, history, row)
}

async fn are_made_again(address: String) {
    let store = Store::open(&address).await.expect("the database opens");
    let app = App::new(Parts {
        store: store.clone(),
        engine: Engine::new(EngineConfig::default()).expect("an engine"),
        clock: Arc::new(FixedClock(NOW)),
        machine: Arc::new(FixedClock(NOW)),
        entropy: Arc::new(clock::SystemEntropy),
        secret: [7; 32],
        frames: None,
        workbooks: Workbooks::nowhere(),
        private_webhooks: false,
        campaigns_in_force: 500,
        allowances: posthouse_app::Allowances::default(),
        provider: None,
    });
    let mut made = 0u128;
    for (number, file) in std::fs::read_dir(fixtures()).expect("fixtures").enumerate() {
        let file = file.expect("a file").path();
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let pinned: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
        let agency: Uuid = pinned["agency"].as_str().expect("agency").parse().expect("an id");
        let new = NewAgency {
            slug: format!("pinned-{number}"),
            name: "Pinned".into(),
            time_zone: "Asia/Shanghai".into(),
            currency: "CNY".into(),
            country: "CN".into(),
        };
        let (_, key) = create_agency(&store, new, NOW, &Known(Mutex::new(Some(agency))))
            .await
            .expect("an agency");
        let caller = app.team().authenticate(&key).await.expect("a caller");
        for decision in pinned["decisions"].as_array().expect("decisions") {
            let plugin = decision["plugin"].as_str().expect("plugin");
            let component = std::fs::read(fixtures().join(format!("{plugin}.wasm"))).expect("a component");
            let (_, view) = app
                .plugins()
                .upload(&caller, Bytes::from(component))
                .await
                .expect(plugin);
            assert_eq!(Some(view.digest.as_str()), decision["digest"].as_str());
            let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
            let point = decision["extension_point"].as_str().expect("extension_point");
            let name = decision["binding"].as_str().expect("binding");
            let before = plugins::binding(&mut tx, agency, point, name).await.expect("a look");
            let before = before.map_or(0, |row| row.revision);
            let id = Uuid::from_u128(made + 1);
            let (binding, revision, row) = rows(decision, before + 1, id);
            assert!(
                plugins::put_binding(&mut tx, agency, before, &binding)
                    .await
                    .expect("a binding")
            );
            plugins::insert_revision(&mut tx, agency, point, name, &revision)
                .await
                .expect("a revision");
            decisions::insert(&mut tx, agency, std::slice::from_ref(&row))
                .await
                .expect("a decision");
            tx.commit().await.expect("rows");
            let replay = app.decisions().replay(&caller, row.id).await.expect("a replay");
            assert!(
                replay.identical,
                "{}: {:?} is {}",
                row.input, replay.difference, replay.output
            );
            made += 1;
        }
    }
    assert!(made >= 6, "{made} decisions");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pinned_decisions_are_made_again_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    are_made_again(format!("sqlite:{}", folder.path().join("house.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pinned_decisions_are_made_again_postgres() {
    are_made_again(posthouse_tests::postgres::database()).await;
}
