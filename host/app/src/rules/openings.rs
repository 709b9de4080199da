//! Plugins on their way into memory: of an agency's each is opened once on a host, however many ask for it at the same time.

use posthouse_engine::{LoadError, Plugin};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// What came of opening a plugin, for all who wait.
type Opened = OnceCell<Result<Plugin, LoadError>>;

/// What is being opened, by agency and digest: what is stored of another agency may be damaged.
#[derive(Debug, Default)]
pub(crate) struct Openings(Mutex<HashMap<(Uuid, String), Weak<Opened>>>);

impl Openings {
    /// The plugin of this digest, opened by `open` unless somebody is at it already. If whoever is at it gives up, the next one goes on.
    pub(super) async fn once<F>(
        &self,
        agency: Uuid,
        digest: &str,
        open: impl FnOnce() -> F,
    ) -> Result<Plugin, LoadError>
    where
        F: Future<Output = Result<Plugin, LoadError>>,
    {
        let opened = self.of((agency, digest.to_owned()));
        opened.get_or_init(open).await.clone()
    }

    fn of(&self, plugin: (Uuid, String)) -> Arc<Opened> {
        let mut openings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = openings.get(&plugin).and_then(Weak::upgrade) {
            return opened;
        }
        openings.retain(|_, opened| opened.strong_count() > 0);
        let opened = Arc::default();
        openings.insert(plugin, Arc::downgrade(&opened));
        opened
    }
}
