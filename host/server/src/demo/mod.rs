//! The demo: a made-up agency.

use crate::cli::Failure;
use crate::config::Config;
use posthouse_app::App;

pub(crate) const DATABASE: &str = "sqlite:data/demo.db";
pub(crate) struct Wish { pub(crate) fresh: bool, pub(crate) customers: u32, pub(crate) seed: u64 }
pub(crate) struct Prepared;
pub(crate) struct Seeded;
impl Seeded { pub(crate) fn introduce(&self, _base: &str) {} }
pub(crate) async fn prepare(_config: &Config, _wish: &Wish) -> Result<Prepared, Failure> { Ok(Prepared) }
pub(crate) async fn seed(_config: &Config, _app: &App, _prepared: Prepared) -> Result<Seeded, Failure> { Ok(Seeded) }
