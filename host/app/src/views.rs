//! Lists as people narrow, sort and lay them out, kept under a name: for oneself, or for everybody.

use crate::Views;
use crate::error::{AppError, Result, retrying};
use crate::team::{Caller, Scope};
use posthouse_domain::{normal, words};
use posthouse_store::views::{self as store, ViewRow};
use posthouse_store::{Access, audit, intake};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Most views of one list that somebody has.
const MOST: i64 = 50;
/// Longest name, in characters.
const LONGEST: usize = 60;
/// Longest address of a list, in bytes.
const LONGEST_QUERY: usize = 4_000;

/// A list that views are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewList {
    /// The list of customers.
    Customers,
}

impl ViewList {
    /// Every list.
    pub const ALL: [Self; 1] = [Self::Customers];

    /// Its name in JSON and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
        }
    }

    /// What is needed to see the list itself.
    fn scope(self) -> Scope {
        match self {
            Self::Customers => Scope::Read,
        }
    }
}

impl std::str::FromStr for ViewList {
    type Err = AppError;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|list| list.as_str() == name);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            AppError::invalid(
                "unknown_list",
                words!(
                    "there are no views of {name:?}; use {known}",
                    "没有 {name:?} 的视图；可用 {known}"
                ),
            )
        })
    }
}

/// A list under a name.
#[derive(Debug, Clone)]
pub struct View {
    /// Id.
    pub id: Uuid,
    /// Its name.
    pub title: String,
    /// What the list's address says, without the `?`.
    pub query: String,
    /// Whether everybody sees it.
    pub is_shared: bool,
    /// Whether it is the caller's.
    pub is_own: bool,
    /// Whose it is.
    pub owner: Option<String>,
    /// When it was saved, in ms since 1970.
    pub saved_at: i64,
}

/// A list to keep.
#[derive(Debug, Clone, Copy)]
pub struct NewView<'v> {
    /// Which list.
    pub list: ViewList,
    /// Its name.
    pub title: &'v str,
    /// What the list's address says, without the `?`.
    pub query: &'v str,
    /// Whether everybody sees it.
    pub is_shared: bool,
}

impl Views<'_> {
    /// The views of a list that the caller sees: their own first, then those that others share, by name.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(&self, caller: &Caller, list: ViewList) -> Result<Vec<View>> {
        caller.may(list.scope())?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let rows = store::list(&mut tx, agency, list.as_str(), caller.actor).await?;
        let mut actors: Vec<Uuid> = rows.iter().map(|row| row.actor_id).collect();
        actors.sort_unstable();
        actors.dedup();
        let names: HashMap<Uuid, String> = audit::names(&mut tx, agency, &actors).await?.into_iter().collect();
        let view = |row: ViewRow| View {
            is_own: row.actor_id == caller.actor,
            owner: names.get(&row.actor_id).cloned(),
            id: row.id,
            title: row.title,
            query: row.query,
            is_shared: row.is_shared,
            saved_at: row.saved_at,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Keeps a list under a name, in the place of the caller's one that has it.
    ///
    /// # Errors
    /// `bad_view`: what is wrong with its name or address; `too_many_views`.
    pub async fn save(&self, caller: &Caller, new: &NewView<'_>) -> Result<View> {
        caller.may(new.list.scope())?;
        let title = normal::text(new.title);
        if title.is_empty() || title.chars().count() > LONGEST || title.chars().any(char::is_control) {
            return Err(AppError::invalid(
                "bad_view",
                words!(
                    "the name of a view has 1 to {LONGEST} characters",
                    "视图名称应为 1 到 {LONGEST} 个字符"
                ),
            ));
        }
        let is_query = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if new.query.len() > LONGEST_QUERY || !is_query(new.query) {
            return Err(AppError::invalid(
                "bad_view",
                words!(
                    "the query of a view is what stands behind the ? of the list's address, percent-encoded, up to {LONGEST_QUERY} bytes",
                    "视图的查询是列表地址中问号之后的部分，经百分号编码，不超过 {LONGEST_QUERY} 字节"
                ),
            ));
        }
        let now = self.app.clock.now();
        let mut row = ViewRow {
            id: self.app.entropy.id(now),
            list: new.list.as_str().to_owned(),
            title,
            query: new.query.to_owned(),
            is_shared: new.is_shared,
            actor_id: caller.actor,
            saved_at: now,
        };
        row.id = retrying!(self.put(caller, &row))?;
        let views = self.list(caller, new.list).await?;
        let saved = views.into_iter().find(|view| view.id == row.id);
        saved.ok_or(AppError::NotFound("view"))
    }

    async fn put(&self, caller: &Caller, row: &ViewRow) -> Result<Uuid> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // all that come at once stay below the most
        intake::lock(&mut tx, agency).await?;
        let id = store::put(&mut tx, agency, row).await?;
        if store::count(&mut tx, agency, &row.list, caller.actor).await? > MOST {
            return Err(AppError::conflict(
                "too_many_views",
                words!(
                    "one keeps {MOST} views of a list at most; delete one first",
                    "每个列表最多保存 {MOST} 个视图；请先删除一个"
                ),
            ));
        }
        let detail = json!({"title": row.title, "shared": row.is_shared});
        let subject = format!("view/{id}");
        self.app
            .audit()
            .note(&mut tx, caller, "view.save", &subject, detail)
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Deletes a view: one's own, or a shared one for whoever looks after the team.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one that others keep for themselves; a missing scope for one that others share.
    pub async fn delete(&self, caller: &Caller, id: Uuid) -> Result<()> {
        retrying!(self.try_delete(caller, id))
    }

    async fn try_delete(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        let row = store::get(&mut tx, agency, id).await?;
        let row = row.filter(|row| row.is_shared || row.actor_id == caller.actor);
        let row = row.ok_or(AppError::NotFound("view"))?;
        if row.actor_id != caller.actor {
            caller.may(Scope::Team)?;
        }
        store::delete(&mut tx, agency, id).await?;
        let (subject, detail) = (format!("view/{id}"), json!({"title": row.title}));
        self.app
            .audit()
            .note(&mut tx, caller, "view.delete", &subject, detail)
            .await?;
        Ok(tx.commit().await?)
    }
}
