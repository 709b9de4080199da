//! Mappings that an agency keeps under a name, for the next file that has the same headers.

use super::files::{Mapping, header_mark};
use crate::Intake;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::row::FileKind;
use posthouse_domain::{normal, words};
use posthouse_store::import_mappings::{self as store, MappingRow};
use posthouse_store::{Access, audit, intake};
use serde_json::json;
use std::collections::HashMap;

/// Most mappings of an agency.
const MOST: i64 = 200;
/// Longest name, in characters.
const LONGEST: usize = 80;

/// A mapping under a name.
#[derive(Debug, Clone)]
pub struct KeptMapping {
    /// `customers` or `bookings`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The mapping in TOML.
    pub mapping: String,
    /// When it was saved, in ms since 1970.
    pub saved_at: i64,
    /// By whom.
    pub saved_by: Option<String>,
    headers: String,
}

impl KeptMapping {
    /// Whether it was made for a file with this header row.
    pub fn is_for<'h>(&self, headers: impl IntoIterator<Item = &'h str>) -> bool {
        !self.headers.is_empty() && self.headers == header_mark(headers)
    }
}

impl Intake<'_> {
    /// Every mapping under a name, by kind and name.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn mappings(&self, caller: &Caller) -> Result<Vec<KeptMapping>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let rows = store::list(&mut tx, agency).await?;
        let mut actors: Vec<_> = rows.iter().map(|row| row.saved_by).collect();
        actors.sort_unstable();
        actors.dedup();
        let names = audit::names(&mut tx, agency, &actors).await?;
        let names: HashMap<_, _> = names.into_iter().collect();
        let kept = rows.into_iter().map(|row| kept(row, &names));
        Ok(kept.collect())
    }

    /// The mapping of this name.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn mapping(&self, caller: &Caller, kind: FileKind, name: &str) -> Result<KeptMapping> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::get(&mut tx, agency, kind.as_str(), &normal::text(name))
            .await?
            .ok_or(AppError::NotFound("mapping"))?;
        let names = audit::names(&mut tx, agency, &[row.saved_by]).await?;
        Ok(kept(row, &names.into_iter().collect()))
    }

    /// Saves a mapping under a name, in the place of the one that has it; whether it is a new one. With `headers` it is proposed for files with that
    /// header row.
    ///
    /// # Errors
    /// `bad_mapping`: what is wrong with it or its name; `too_many_mappings`.
    pub async fn save_mapping(
        &self,
        caller: &Caller,
        kind: FileKind,
        (name, mapping): (&str, &str),
        headers: Option<&[String]>,
    ) -> Result<(bool, KeptMapping)> {
        let name = normal::text(name);
        if name.is_empty() || name.chars().count() > LONGEST || name.chars().any(|c| c.is_control() || c == '/') {
            return Err(AppError::invalid(
                "bad_mapping",
                words!(
                    "the name of a mapping has 1 to {LONGEST} characters, and no slash among them",
                    "映射名称应为 1 到 {LONGEST} 个字符，且不含斜杠"
                ),
            ));
        }
        Mapping::parse(kind, mapping)?;
        let row = MappingRow {
            kind: kind.as_str().to_owned(),
            name,
            mapping: mapping.to_owned(),
            headers: headers
                .map(|headers| header_mark(headers.iter().map(String::as_str)))
                .unwrap_or_default(),
            saved_at: self.app.clock.now(),
            saved_by: caller.actor,
        };
        let is_new = retrying!(self.put_mapping(caller, &row))?;
        Ok((is_new, self.mapping(caller, kind, &row.name).await?))
    }

    async fn put_mapping(&self, caller: &Caller, row: &MappingRow) -> Result<bool> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // all that come at once stay below the most
        intake::lock(&mut tx, agency).await?;
        let is_new = store::get(&mut tx, agency, &row.kind, &row.name).await?.is_none();
        if is_new && store::count(&mut tx, agency).await? >= MOST {
            return Err(AppError::conflict(
                "too_many_mappings",
                words!(
                    "an agency keeps {MOST} mappings at most; delete one that nobody needs",
                    "一家旅行社最多保存 {MOST} 个映射；请先删除不用的"
                ),
            ));
        }
        store::put(&mut tx, agency, row).await?;
        let subject = format!("mapping/{}/{}", row.kind, row.name);
        let detail = json!({"digest": Mapping::digest(Some(&row.mapping))});
        self.app
            .audit()
            .note(&mut tx, caller, "mapping.save", &subject, detail)
            .await?;
        tx.commit().await?;
        Ok(is_new)
    }

    /// Deletes a mapping.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn delete_mapping(&self, caller: &Caller, kind: FileKind, name: &str) -> Result<()> {
        let name = normal::text(name);
        retrying!(self.try_delete_mapping(caller, kind, &name))
    }

    async fn try_delete_mapping(&self, caller: &Caller, kind: FileKind, name: &str) -> Result<()> {
        let mut tx = self.app.idempotency().begin(caller).await?;
        if !store::delete(&mut tx, caller.room.id, kind.as_str(), name).await? {
            return Err(AppError::NotFound("mapping"));
        }
        let subject = format!("mapping/{}/{name}", kind.as_str());
        self.app
            .audit()
            .note(&mut tx, caller, "mapping.delete", &subject, json!({}))
            .await?;
        Ok(tx.commit().await?)
    }
}

fn kept(row: MappingRow, names: &HashMap<uuid::Uuid, String>) -> KeptMapping {
    KeptMapping {
        saved_by: names.get(&row.saved_by).cloned(),
        kind: row.kind,
        name: row.name,
        mapping: row.mapping,
        saved_at: row.saved_at,
        headers: row.headers,
    }
}
