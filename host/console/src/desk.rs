//! What every handler can reach.

use posthouse_app::App;
use posthouse_web::Doors;
use std::sync::Arc;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    app: App,
    doors: Doors,
}

impl Desk {
    /// The console of this house behind these doors.
    pub fn new(app: App, doors: Doors) -> Self {
        Self(Arc::new(Inner { app, doors }))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn doors(&self) -> &Doors {
        &self.0.doors
    }
}
