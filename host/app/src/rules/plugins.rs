//! Plugin revisions: letting them in, keeping them, opening them.

use crate::Plugins;
use crate::beside::beside;
use crate::error::{AppError, Result};
use crate::team::Caller;
use bytes::Bytes;
use posthouse_domain::{Words, words};
use posthouse_engine::{Description, Plugin};
use posthouse_store::dialect::{self, News};
use posthouse_store::intake::lock;
use posthouse_store::plugins::{self as store, PluginRow};
use posthouse_store::{Access, Tx, campaigns};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A plugin revision.
#[derive(Debug, Clone, Serialize)]
pub struct PluginView {
    /// SHA-256 of the component.
    pub digest: String,
    /// The rule's name.
    pub name: String,
    /// The build's version.
    pub version: String,
    /// What it decides.
    pub extension_point: String,
    /// Title for people.
    pub title: Value,
    /// What it does, for people.
    pub summary: Value,
    /// Facts it reads.
    pub facts: Value,
    /// Quantile tables it needs.
    pub quantiles: Value,
    /// Its segments.
    pub segments: Value,
    /// Reasons it can give.
    pub reasons: Value,
    /// JSON Schema of its settings.
    pub config_schema: Value,
    /// Bytes of the component.
    pub size: i64,
    /// `verified`: it went through everything an upload goes through.
    pub state: &'static str,
    /// What the self-test found.
    pub self_test: Value,
    /// When it came, in ms since 1970.
    pub created_at: i64,
    /// Whether a binding names it, now or in its history; it cannot be deleted then.
    pub bound: bool,
    /// Why a host could not open it when it last tried.
    pub not_opened: Option<Words>,
    /// Nanoseconds of processor time that a unit of its fuel took in this agency's quotes and full runs on this host, since it has the agency in memory.
    pub nanos_per_unit: Option<f64>,
}

impl PluginView {
    /// A row as the caller's agency sees it.
    fn of(caller: &Caller, row: PluginRow) -> Result<Self> {
        let nanos_per_unit = caller.room.nanos_per_unit(&row.digest);
        let json = |text: &str, what| serde_json::from_str::<Value>(text).map_err(AppError::corrupt(what));
        let description: Description =
            serde_json::from_str(&row.description).map_err(AppError::corrupt("description"))?;
        let value = |part: serde_json::Result<Value>| part.map_err(AppError::corrupt("description"));
        Ok(Self {
            title: value(serde_json::to_value(&description.title))?,
            summary: value(serde_json::to_value(&description.summary))?,
            facts: value(serde_json::to_value(&description.facts))?,
            quantiles: value(serde_json::to_value(&description.quantiles))?,
            reasons: value(serde_json::to_value(&description.reasons))?,
            config_schema: json(&description.config_schema, "config schema")?,
            segments: json(&row.segments, "segments")?,
            self_test: json(&row.self_test, "self-test")?,
            digest: row.digest,
            name: row.name,
            version: row.version,
            extension_point: row.extension_point,
            size: row.size,
            state: "verified",
            created_at: row.created_at,
            bound: row.bound,
            not_opened: row.unopened.as_deref().map(Words::from_stored),
            nanos_per_unit,
        })
    }
}

impl Plugins<'_> {
    /// Lets a plugin in: it is checked, compiled and self-tested before it is kept. Returns whether it is new. Where the stored file of one
    /// that is known is damaged, this one takes its place.
    ///
    /// # Errors
    /// The refusal with its reason; busy when too many wait for the compiler.
    pub async fn upload(&self, caller: &Caller, component: Bytes) -> Result<(bool, PluginView)> {
        let agency = caller.room.id;
        let bytes = component.clone();
        let digest = beside(move || posthouse_engine::digest(&bytes)).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        if let Some(row) = store::get(&mut tx, agency, &digest).await? {
            let stored = store::component(&mut tx, agency, &digest).await?;
            drop(tx);
            if stored.is_some_and(|stored| stored != component) {
                tracing::warn!(agency = %caller.room.slug, digest, "a stored plugin was damaged, and is whole again");
                crate::error::retrying!(self.mend(agency, &digest, &component))?;
                // where it is open whoever stands without it takes it up again
                self.open(agency, &digest).await?;
                caller.room.woken.notify_one();
            }
            return Ok((false, PluginView::of(caller, row)?));
        }
        // nobody's compiler works for what cannot be kept
        let (revisions, size) = store::stored(&mut tx, agency).await?;
        self.check_room(revisions + 1, size.saturating_add(component.len() as i64))?;
        drop(tx);
        let (engine, bytes) = (self.app.engine.clone(), component.clone());
        let whose = agency.to_string();
        let admitted = beside(move || engine.admit_for(&whose, &bytes)).await??;
        let row = PluginRow {
            digest: admitted.digest,
            name: admitted.description.name.clone(),
            version: admitted.description.version.clone(),
            extension_point: admitted.plugin.extension_point().as_str().into(),
            description: serde_json::to_string(&admitted.description).map_err(AppError::corrupt("description"))?,
            segments: serde_json::to_string(&admitted.segments).map_err(AppError::corrupt("segments"))?,
            self_test: serde_json::to_string(&admitted.self_test).map_err(AppError::corrupt("self-test"))?,
            size: admitted.size as i64,
            // machine time: revisions are told apart by when they came, also where the business clock stands still
            created_at: self.app.machine.now(),
            bound: false,
            unopened: None,
        };
        let new = crate::error::retrying!(self.keep(caller, &row, &component))?;
        tracing::info!(agency = %caller.room.slug, plugin = %row.name, version = %row.version, digest = %row.digest, "plugin let in");
        Ok((new, PluginView::of(caller, row)?))
    }

    async fn mend(&self, agency: Uuid, digest: &str, component: &[u8]) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        store::put_component(&mut tx, agency, digest, component).await?;
        store::note_unopened(&mut tx, agency, digest, None).await?;
        campaigns::next_version(&mut tx, agency).await?;
        dialect::notify(&mut tx, agency).await?;
        Ok(tx.commit().await?)
    }

    async fn keep(&self, caller: &Caller, row: &PluginRow, component: &[u8]) -> Result<bool> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // others who upload wait, so that all of them together stay below the most
        lock(&mut tx, agency).await?;
        let new = store::insert(&mut tx, agency, row, component).await?;
        if new {
            let (revisions, size) = store::stored(&mut tx, agency).await?;
            self.check_room(revisions, size)?;
            let subject = format!("plugin/{}", row.digest);
            let detail = serde_json::json!({"name": row.name, "version": row.version});
            self.app
                .audit()
                .note(&mut tx, caller, "plugin.upload", &subject, detail)
                .await?;
            dialect::tell(&mut tx, &News::LetIn(agency, row.digest.clone())).await?;
        }
        tx.commit().await?;
        Ok(new)
    }

    /// One revision.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn get(&self, caller: &Caller, digest: &str) -> Result<PluginView> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        PluginView::of(caller, revision(&mut tx, caller.room.id, digest).await?)
    }

    /// Revisions in the order in which they came.
    ///
    /// # Errors
    /// A cursor of another list, failures of the database.
    pub async fn list(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<PluginView>, Option<String>)> {
        let after = match cursor {
            None => (i64::MIN, ""),
            Some(text) => text
                .split_once('.')
                .and_then(|(at, digest)| Some((at.parse().ok()?, digest)))
                .ok_or_else(AppError::bad_cursor)?,
        };
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let mut rows = store::list(&mut tx, caller.room.id, after, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| format!("{}.{}", row.created_at, row.digest));
        Ok((
            rows.into_iter()
                .map(|row| PluginView::of(caller, row))
                .collect::<Result<_>>()?,
            next,
        ))
    }
}

/// The revision of this digest.
///
/// # Errors
/// [`AppError::Missing`] says which revisions there are, or could be meant.
pub(crate) async fn revision(tx: &mut Tx, agency: Uuid, digest: &str) -> Result<PluginRow> {
    match store::get(tx, agency, digest).await? {
        Some(row) => Ok(row),
        None => Err(AppError::Missing(unknown_digest(
            digest,
            &store::newest(tx, agency, LOOKED_THROUGH).await?,
        ))),
    }
}

/// Newest revisions that are looked through for one that could be meant, and how many of them a message names.
const LOOKED_THROUGH: i64 = 10_000;
const NAMED: usize = 8;

/// Why no revision has this digest. `known` are digest, name and version, the newest first.
fn unknown_digest(digest: &str, known: &[(String, String, String)]) -> Words {
    let digest: String = digest.chars().take(64).collect();
    let listed = |found: &mut dyn Iterator<Item = &(String, String, String)>| -> String {
        let named = found
            .take(NAMED)
            .map(|(digest, name, version)| format!("{name} {version} {digest}"));
        named.collect::<Vec<_>>().join("; ")
    };
    let meant = || {
        known
            .iter()
            .filter(|(whole, ..)| !digest.is_empty() && whole.starts_with(&digest))
    };
    match meant().count() {
        0 if known.is_empty() => words!(
            "no plugin was uploaded yet; POST /plugins uploads one",
            "还没有上传过插件；请用 POST /plugins 上传"
        ),
        0 => words!(
            "no plugin has the digest {digest:?}; the newest are {listed}",
            "没有摘要为 {digest:?} 的插件；最新的有 {listed}",
            listed = listed(&mut known.iter())
        ),
        1 => words!(
            "{digest:?} is only the beginning of a digest; send it whole: {listed}",
            "{digest:?} 只是摘要的开头；请发送完整摘要：{listed}",
            listed = listed(&mut meant())
        ),
        count => words!(
            "{digest:?} is the beginning of {count} digests; send one of them whole: {listed}",
            "有 {count} 个摘要以 {digest:?} 开头；请发送其中一个的完整摘要：{listed}",
            listed = listed(&mut meant())
        ),
    }
}

/// A plugin where one of another extension point is needed.
pub(crate) fn wrong_extension_point(plugin: &Plugin, needed: &str) -> AppError {
    let description = plugin.description();
    let detail = words!(
        "plugin {name} {version} decides {extension_point}, {needed} is needed here; GET /plugins shows what each one decides",
        "插件 {name} {version} 的扩展点是 {extension_point}，此处需要 {needed}；可用 GET /plugins 查看各插件的扩展点",
        name = description.name,
        version = description.version,
        extension_point = plugin.extension_point()
    );
    AppError::invalid("wrong_extension_point", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_store::Store;

    on_both_engines!(a_damaged_plugin_is_the_hosts_fault_and_is_mended);

    async fn a_damaged_plugin_is_the_hosts_fault_and_is_mended(store: Store) {
        let (app, _) = testing::host(&store, NOW);
        let (agency, key) = testing::agency(&store, "damaged").await;
        let caller = app.team().authenticate(&key).await.expect("a key");
        let component = Bytes::from(posthouse_tests::guest::Guest::default().build());
        let (new, view) = app
            .plugins()
            .upload(&caller, component.clone())
            .await
            .expect("a plugin");
        assert!(new);
        let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
        let damaged = &component[..component.len() / 2];
        store::put_component(&mut tx, agency, &view.digest, damaged)
            .await
            .expect("half of it");
        tx.commit().await.expect("a commit");
        let (other, _) = testing::host(&store, NOW);
        let owner = caller.clone();
        let caller = testing::owner(&other, agency, caller.actor).await;
        match other.plugins().open(agency, &view.digest).await {
            Err(AppError::Unable(why)) => {
                assert_eq!(why.code, "plugin_not_opened");
                for (said, help) in [
                    (&why.detail.en, "upload the same file again"),
                    (&why.detail.zh, "请重新上传同一文件"),
                ] {
                    assert!(said.contains(&view.digest) && said.contains(help), "{said}");
                }
            }
            opened => panic!("{opened:?}"),
        }
        // for all who show it, on every host
        let noted = |view: PluginView| view.not_opened.map(|why| why.en);
        let listed = app.plugins().get(&owner, &view.digest).await.expect("a look");
        assert!(noted(listed).is_some_and(|why| why.contains("upload the same file again")));
        let (new, _) = other
            .plugins()
            .upload(&caller, component)
            .await
            .expect("it is whole again");
        assert!(!new, "the revision was known");
        let (third, _) = testing::host(&store, NOW);
        third.plugins().open(agency, &view.digest).await.expect("a plugin");
        let listed = app.plugins().get(&owner, &view.digest).await.expect("a look");
        assert_eq!(noted(listed), None);
    }

    #[test]
    fn an_unknown_digest_is_answered_with_what_could_be_meant() {
        let known = ["aa11", "ab22", "b333"].map(|digest| (digest.to_owned(), "rfm".to_owned(), "1.0.0".to_owned()));
        let said = |digest: &str| unknown_digest(digest, &known);
        assert_eq!(
            said("a").en,
            "\"a\" is the beginning of 2 digests; send one of them whole: rfm 1.0.0 aa11; rfm 1.0.0 ab22"
        );
        assert_eq!(said("b3").zh, "\"b3\" 只是摘要的开头；请发送完整摘要：rfm 1.0.0 b333");
        assert!(
            said("c")
                .en
                .contains("no plugin has the digest \"c\"; the newest are rfm 1.0.0 aa11")
        );
        assert!(said("").en.contains("the newest are"));
        assert!(unknown_digest("c", &[]).en.contains("POST /plugins"));
        assert!(said(&"x".repeat(9_000)).en.len() < 1_000);
    }
}
