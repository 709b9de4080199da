//! An [`App`] as the server makes it, with a clock that is moved by hand.

use crate::population::{DAY_MILLIS, NOW};
use crate::{Plan, Result};
use posthouse_app::clock::{SystemClock, SystemEntropy};
use posthouse_app::intake::files::workbook::Workbooks;
use posthouse_app::rules::Activation;
use posthouse_app::team::{Caller, NewAgency, create_agency};
use posthouse_app::{App, Parts};
use posthouse_domain::{Clock, Instant};
use posthouse_engine::{Engine, EngineConfig};
use posthouse_store::Store;
use sqlx::{Connection, PgConnection};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The agency's bindings, each of the reference plugin of its name.
pub(crate) const BINDINGS: [&str; 3] = ["rfm", "lifecycle", "value-quadrants"];

/// Business time, moved by hand.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Instant {
        self.0.load(Ordering::SeqCst)
    }

    fn set(&self, to: Instant) -> bool {
        self.0.store(to, Ordering::SeqCst);
        true
    }
}

impl HandClock {
    /// Goes to noon of a number of days after the beginning.
    pub(crate) fn set_day(&self, days: i64) {
        self.0.store(NOW + days * DAY_MILLIS, Ordering::SeqCst);
    }
}

/// The house and what a part needs of it.
pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) caller: Caller,
}

/// Holds the address of a folder's database if that is not in the folder.
const ELSEWHERE: &str = "database.txt";

/// Has the folder's database be at another address.
pub(crate) fn put_elsewhere(folder: &Path, address: &str) -> Result<()> {
    Ok(std::fs::write(folder.join(ELSEWHERE), address)?)
}

/// Where the database of a folder is.
pub(crate) fn address(folder: &Path) -> String {
    let elsewhere = std::fs::read_to_string(folder.join(ELSEWHERE));
    elsewhere.unwrap_or_else(|_| format!("sqlite:{}", folder.join("house.db").display()))
}

/// A new database on a PostgreSQL server; gives its address.
pub(crate) async fn new_database(server: &str, name: &str) -> Result<String> {
    let name = format!("posthouse_bench_{name}_{}", std::process::id());
    let mut connection = PgConnection::connect(&format!("{server}/postgres")).await?;
    let create = format!("CREATE DATABASE {name}");
    sqlx::query(sqlx::AssertSqlSafe(create))
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(format!("{server}/{name}"))
}

/// A new agency in the folder's database; gives its key.
pub(crate) async fn found(store: &Store) -> Result<String> {
    let agency = NewAgency {
        slug: "bench".into(),
        name: "Bench".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    Ok(create_agency(store, agency, NOW, &SystemEntropy).await?.1)
}

/// Opens the house over the folder's database.
pub(crate) async fn open(folder: &Path, key: &str) -> Result<House> {
    let store = Store::open(&address(folder)).await?;
    let clock = Arc::new(HandClock(AtomicI64::new(NOW)));
    let engine = Engine::new(EngineConfig {
        cache_dir: Some(folder.join("cache")),
        ..EngineConfig::default()
    })?;
    let app = App::new(Parts {
        store,
        engine,
        clock: clock.clone(),
        machine: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        secret: [7; 32],
        frames: None,
        provider: None,
        workbooks: Workbooks::nowhere(),
        private_webhooks: false,
        campaigns_in_force: 500,
        allowances: posthouse_app::Allowances::default(),
    });
    let caller = app.team().authenticate(key).await?;
    Ok(House { app, clock, caller })
}

impl House {
    /// Uploads the plugins of the bindings and gives their digests.
    pub(crate) async fn upload(&self, plan: &Plan) -> Result<[String; 3]> {
        let mut digests = BINDINGS.map(str::to_owned);
        for (name, digest) in BINDINGS.iter().zip(&mut digests) {
            let component = plan.packed(name)?;
            *digest = self
                .app
                .plugins()
                .upload(&self.caller, component.into())
                .await?
                .1
                .digest;
        }
        Ok(digests)
    }

    /// Puts them into force in every binding that has none.
    pub(crate) async fn activate(&self, digests: &[String; 3]) -> Result<()> {
        let bound = self.app.bindings().list(&self.caller).await?;
        for (name, digest) in BINDINGS.iter().zip(digests) {
            if bound.iter().any(|binding| binding.name == *name) {
                continue;
            }
            let activation = Activation {
                digest: digest.clone(),
                config: serde_json::json!({}),
                grant: None,
            };
            self.app
                .segments()
                .activate(&self.caller, name, activation, None)
                .await?;
        }
        Ok(())
    }
}
