//! What every handler can reach.

use posthouse_app::App;
use posthouse_web::{Doors, Posts};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    app: App,
    doors: Doors,
    uploads: PathBuf,
    posts: Posts,
}

impl Desk {
    /// The console of this house behind these doors; files stay in the folder `uploads` while they are received.
    pub fn new(app: App, doors: Doors, uploads: PathBuf) -> Self {
        Self(Arc::new(Inner {
            app,
            doors,
            uploads,
            posts: Posts::default(),
        }))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn doors(&self) -> &Doors {
        &self.0.doors
    }

    /// How much an address may send without signing in.
    pub(crate) fn posts(&self) -> &Posts {
        &self.0.posts
    }

    pub(crate) fn uploads(&self) -> &Path {
        &self.0.uploads
    }
}
