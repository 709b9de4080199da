//! How many revisions an agency may keep, and letting go of those that nothing names.

use super::plugins::revision;
use crate::Plugins;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::{Words, words};
use posthouse_store::plugins as store;
use posthouse_store::{Access, Tx, campaigns};
use serde_json::json;
use uuid::Uuid;

impl Plugins<'_> {
    /// Passes so many revisions of so many bytes.
    ///
    /// # Errors
    /// `too_many_plugins`, `plugins_too_large`.
    pub(super) fn check_room(&self, revisions: i64, bytes: i64) -> Result<()> {
        let (most, most_bytes) = (
            i64::from(self.app.allowances.plugin_revisions),
            i64::try_from(self.app.allowances.plugin_bytes).unwrap_or(i64::MAX),
        );
        if revisions > most {
            return Err(AppError::conflict(
                "too_many_plugins",
                words!(
                    "an agency keeps {most} plugin revisions at most; delete one that no binding names with DELETE /plugins/{{digest}}, GET /plugins \
                     says which (bound: false)",
                    "一家旅行社最多保存 {most} 个插件修订；请用 DELETE /plugins/{{digest}} 删除没有绑定引用的修订，可用 GET /plugins 查看（bound 为 false）"
                ),
            ));
        }
        if bytes > most_bytes {
            return Err(AppError::conflict(
                "plugins_too_large",
                words!(
                    "with this one the agency's plugin revisions would have {bytes} bytes, {most_bytes} are the most; delete some that no binding names \
                     with DELETE /plugins/{{digest}}, GET /plugins says which (bound: false)",
                    "加上这一个，旅行社的插件修订共 {bytes} 字节，上限为 {most_bytes}；请用 DELETE /plugins/{{digest}} 删除没有绑定引用的修订，可用 \
                     GET /plugins 查看（bound 为 false）"
                ),
            ));
        }
        Ok(())
    }

    /// Deletes a revision that no binding has or had, and that no campaign plans with. Decisions are made by bindings, so none is left without
    /// the rule that made it.
    ///
    /// # Errors
    /// [`AppError::Missing`]; `plugin_in_use` says where.
    pub async fn delete(&self, caller: &Caller, digest: &str) -> Result<()> {
        retrying!(self.try_delete(caller, digest))?;
        tracing::info!(agency = %caller.room.slug, digest, "plugin deleted");
        if let Err(error) = self.forget(caller.room.id, digest).await {
            // it takes room until it was not used for long
            tracing::warn!(%error, digest, "a deleted plugin's machine code is left");
        }
        Ok(())
    }

    async fn try_delete(&self, caller: &Caller, digest: &str) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // whoever plans with it or puts it into force comes before this or after
        campaigns::next_version(&mut tx, agency).await?;
        let row = revision(&mut tx, agency, digest).await?;
        if let Some(user) = user(&mut tx, agency, digest).await? {
            return Err(AppError::conflict(
                "plugin_in_use",
                words!(
                    "plugin {name} {version} is named by {user}; what bindings and plans name stays, so that every decision can be made again",
                    "插件 {name} {version} 被{user}引用；绑定和方案引用的插件会一直保留，以便重演每个决策",
                    name = row.name,
                    version = row.version
                ),
            ));
        }
        store::delete(&mut tx, agency, digest).await?;
        let detail = json!({"name": row.name, "version": row.version});
        self.app
            .audit()
            .note(&mut tx, caller, "plugin.delete", &format!("plugin/{digest}"), detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Lets go of the machine code of a deleted revision, unless it is in force for another agency.
    async fn forget(&self, agency: Uuid, digest: &str) -> Result<()> {
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let in_force = store::in_force(&mut tx).await?;
        drop(tx);
        if !in_force
            .iter()
            .any(|(other, named)| *other != agency && named == digest)
        {
            self.app.engine.forget(digest);
        }
        Ok(())
    }
}

/// What names a plugin, if anything does.
async fn user(tx: &mut Tx, agency: Uuid, digest: &str) -> Result<Option<Words>> {
    if let Some((point, name, revision)) = store::bound_by(tx, agency, digest).await? {
        return Ok(Some(words!(
            "revision {revision} of the binding {point}/{name}",
            "绑定 {point}/{name} 的修订 {revision} "
        )));
    }
    let planned = store::planned_by(tx, agency, digest).await?;
    Ok(planned.map(|key| words!("the plan of the campaign {key}", "活动 {key} 的方案")))
}

#[cfg(test)]
mod tests {
    use crate::error::AppError;
    use crate::testing::{self, NOW};
    use crate::{Allowances, App};
    use bytes::Bytes;
    use posthouse_store::{Access, Store, plugins as store};
    use posthouse_tests::guest::Guest;
    use std::sync::Arc;

    fn component(name: &str) -> Bytes {
        let guest = Guest {
            name: name.into(),
            ..Guest::default()
        };
        guest.build().into()
    }

    fn allowing(mut app: App, revisions: u32, bytes: u64) -> App {
        app.allowances = Arc::new(Allowances {
            plugin_revisions: revisions,
            plugin_bytes: bytes,
            ..Allowances::default()
        });
        app
    }

    fn code(outcome: Result<impl std::fmt::Debug, AppError>) -> String {
        match outcome.expect_err("refused") {
            AppError::Conflict(rejection) => rejection.code,
            other => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn revisions_have_a_most_together_also_when_they_come_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("sqlite:{}/room.db", folder.path().display());
        let store = Store::open(&address).await.expect("a database");
        let (agency, key) = testing::agency(&store, "room").await;
        let (app, _) = testing::host(&store, NOW);
        let app = allowing(app, 3, u64::MAX);
        let caller = app.team().authenticate(&key).await.expect("the owner");
        // one is let in, and four of an agency may wait
        let names = ["a", "b", "c", "d", "e"];
        let uploads = names.map(|name| {
            let (app, caller) = (app.clone(), caller.clone());
            tokio::spawn(async move { app.plugins().upload(&caller, component(name)).await })
        });
        let mut kept = 0;
        for upload in uploads {
            match upload.await.expect("no panic") {
                Ok((new, _)) => kept += i32::from(new),
                refused => assert_eq!(code(refused), "too_many_plugins"),
            }
        }
        assert_eq!(kept, 3);
        let mut tx = store.read(Access::Agency(agency)).await.expect("a snapshot");
        let (revisions, bytes) = store::stored(&mut tx, agency).await.expect("counted");
        drop(tx);
        assert_eq!(revisions, 3);

        // what is known is answered, however much there is
        let (known, _) = app.plugins().list(&caller, None, 10).await.expect("listed");
        assert!(known.iter().all(|view| !view.bound));
        let again = app.plugins().upload(&caller, component(&known[0].name)).await;
        assert!(!again.expect("known").0);

        let tight = allowing(app.clone(), 100, bytes as u64);
        assert_eq!(
            code(tight.plugins().upload(&caller, component("g")).await),
            "plugins_too_large"
        );
        let digest = &known[0].digest;
        assert!(app.engine.loaded(digest).is_some());
        app.plugins().delete(&caller, digest).await.expect("nothing names it");
        assert!(app.engine.loaded(digest).is_none());
        let gone = app.plugins().delete(&caller, digest).await;
        assert!(matches!(gone, Err(AppError::Missing(_))), "{gone:?}");
        assert!(
            app.plugins()
                .upload(&caller, component("h"))
                .await
                .expect("there is room")
                .0
        );
    }
}
