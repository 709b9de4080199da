//! Opening plugin revisions that were let in before, and noting which do not open.

use super::plugins::{revision, wrong_extension_point};
use super::point::Point;
use crate::Plugins;
use crate::beside::beside;
use crate::error::{AppError, Result};
use crate::writable::note_if_full;
use posthouse_domain::{Rejection, Words, words};
use posthouse_engine::{Decider, Engine, LoadError, Plugin, Refusal};
use posthouse_store::plugins as store;
use posthouse_store::{Access, Tx};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

impl Plugins<'_> {
    /// Opens a revision that was let in before; from memory or the cache of compiled components where possible. While it is compiled no
    /// connection is held.
    ///
    /// # Errors
    /// [`AppError::Missing`]; `plugin_not_opened`.
    pub(crate) async fn open(&self, agency: Uuid, digest: &str) -> Result<Plugin> {
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let kept = kept(&self.app.engine, &mut tx, agency, digest).await?;
        drop(tx);
        self.opened(agency, kept).await
    }

    /// The same in a snapshot of somebody who reads. Whoever writes opens what they need before they begin.
    pub(crate) async fn open_in(&self, tx: &mut Tx, agency: Uuid, digest: &str) -> Result<Plugin> {
        let kept = kept(&self.app.engine, tx, agency, digest).await?;
        self.opened(agency, kept).await
    }

    /// Opens these revisions, each with its outcome.
    ///
    /// # Errors
    /// What will pass, as a busy database.
    pub(crate) async fn open_all(
        &self,
        agency: Uuid,
        digests: HashSet<String>,
    ) -> Result<HashMap<String, std::result::Result<Plugin, Words>>> {
        let mut opened = HashMap::with_capacity(digests.len());
        for digest in digests {
            let plugin = match self.open(agency, &digest).await {
                Err(error) if error.will_pass() => return Err(error),
                outcome => outcome.map_err(|error| Words::of(&error)),
            };
            opened.insert(digest, plugin);
        }
        Ok(opened)
    }

    async fn opened(&self, agency: Uuid, kept: Kept) -> Result<Plugin> {
        let Kept {
            digest,
            before,
            component,
        } = kept;
        let opened = match component {
            Component::Loaded(plugin) => Ok(plugin),
            Component::Stored(bytes) => self.open_stored(agency, &digest, bytes).await,
        };
        let why = match &opened {
            Ok(_) => None,
            Err(AppError::Unable(rejection)) => Some(rejection.detail.to_stored()),
            // a compiler that is busy says nothing of the plugin
            Err(_) => return opened,
        };
        if why != before
            && let Err(error) = crate::error::retrying!(self.note_unopened(agency, &digest, why.as_deref()))
            && !note_if_full(&error)
        {
            tracing::warn!(%error, %agency, digest, "whether a plugin opens could not be noted");
        }
        opened
    }

    /// Notes why a revision does not open here, or that it does, for all who show it.
    async fn note_unopened(&self, agency: Uuid, digest: &str, why: Option<&str>) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        store::note_unopened(&mut tx, agency, digest, why).await?;
        Ok(tx.commit().await?)
    }

    async fn open_stored(&self, agency: Uuid, digest: &str, bytes: Vec<u8>) -> Result<Plugin> {
        let digest = digest.to_owned();
        let (engine, named) = (self.app.engine.clone(), digest.clone());
        let open = || async move {
            let opening = beside(move || engine.open(&named, &bytes)).await;
            opening.unwrap_or_else(|error| {
                Err(LoadError::Refused(Refusal {
                    code: "panicked",
                    detail: Words::of(&error),
                }))
            })
        };
        let opened = self.app.openings.once(agency, &digest, open).await;
        opened.map_err(|error| not_opened(&digest, error))
    }

    /// Opens a revision as [`Plugins::open_in`] does, for something that only a plugin of one extension point can do.
    ///
    /// # Errors
    /// As there; `wrong_extension_point`.
    pub(crate) async fn open_of<P: Point>(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        digest: &str,
    ) -> Result<Decider<P::Engine>> {
        of_point::<P>(self.open_in(tx, agency, digest).await?)
    }
}

/// A revision that was let in before.
struct Kept {
    digest: String,
    /// What was noted when it was opened before: why it could not be.
    before: Option<String>,
    component: Component,
}

enum Component {
    /// It is ready in memory.
    Loaded(Plugin),
    /// Its bytes.
    Stored(Vec<u8>),
}

async fn kept(engine: &Engine, tx: &mut Tx, agency: Uuid, digest: &str) -> Result<Kept> {
    // another agency's plugin may be in memory: that this agency has it comes first
    let row = revision(tx, agency, digest).await?;
    let component = match engine.loaded(&row.digest) {
        Some(plugin) => Component::Loaded(plugin),
        None => {
            let bytes = store::component(tx, agency, digest).await?;
            Component::Stored(bytes.ok_or(AppError::NotFound("plugin"))?)
        }
    };
    Ok(Kept {
        digest: row.digest,
        before: row.unopened,
        component,
    })
}

/// A plugin where one of this extension point is needed.
///
/// # Errors
/// `wrong_extension_point`.
pub(crate) fn of_point<P: Point>(plugin: Plugin) -> Result<Decider<P::Engine>> {
    plugin.front().ok_or_else(|| wrong_extension_point(&plugin, P::NAME))
}

/// Why a plugin that was let in before does not open: that is nobody's fault who asks for it. What helps depends on what is wrong.
fn not_opened(digest: &str, error: LoadError) -> AppError {
    let refusal = match error {
        busy @ (LoadError::QueueFull { .. } | LoadError::NoCompiler) => return busy.into(),
        LoadError::Refused(refusal) => refusal,
    };
    let reason = refusal.detail;
    let help = match refusal.code {
        "digest_mismatch" | "not_a_component" | "truncated" | "invalid" => words!(
            "its stored file is damaged: upload the same file again",
            "存储的文件已损坏：请重新上传同一文件"
        ),
        "unsupported_contract" | "unknown_import" => words!(
            "it was built for another version of the contract: build it again, upload that, and activate the new revision",
            "它是为另一版接口契约构建的：请重新构建并上传，然后启用新修订"
        ),
        _ => words!(
            "undo the latest change of the plugin limits or of the server's version, or activate another revision",
            "请撤销最近对插件限额或服务器版本的改动，或启用其他修订"
        ),
    };
    AppError::Unable(Rejection::new(
        "plugin_not_opened",
        words!(
            "this server cannot open plugin {digest}, which it let in before: {reason}; {help}",
            "服务器打不开先前接受的插件 {digest}：{reason}；{help}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_open_a_plugin_is_told_what_helps() {
        for (code, help) in [
            ("digest_mismatch", "upload the same file again"),
            ("unsupported_contract", "build it again"),
            ("memory_too_large", "undo the latest change"),
        ] {
            let refusal = posthouse_engine::Refusal {
                code,
                detail: words!("because", "因为"),
            };
            let told = not_opened("d1", LoadError::Refused(refusal)).to_string();
            assert!(
                told.contains("d1, which it let in before: because; ") && told.contains(help),
                "{told}"
            );
        }
    }
}
