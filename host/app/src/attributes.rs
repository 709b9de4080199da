//! The agency's own fields of a customer: defined here, told by records like any other, read by rules as `attr.KEY`.

use crate::App;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_store::{Access, attributes as store, plugins};

/// Most attributes an agency can define.
const MOST: usize = 200;
/// Longest title, in characters.
const LONGEST_TITLE: usize = 80;

impl App {
    /// What the agency has defined, by key.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn attributes(&self, caller: &Caller) -> Result<Vec<AttributeDef>> {
        let mut tx = self.store.read(Access::Agency(caller.room.id)).await?;
        Ok(store::definitions(&mut tx, caller.room.id).await?)
    }

    /// Defines an attribute, or gives one there is another title or sensitivity. Values that were told before count from now on.
    ///
    /// # Errors
    /// `bad_key`, `bad_title`, `too_many_attributes`; `kind_is_settled` for an attribute of another kind.
    pub async fn define_attribute(&self, caller: &Caller, definition: AttributeDef) -> Result<AttributeDef> {
        if !attribute::is_key(&definition.key) {
            return Err(AppError::invalid(
                "bad_key",
                format!(
                    "attribute key {:?} must be lower-case words joined by hyphens, at most 40 characters, and none of the customer's own fields",
                    definition.key
                ),
            ));
        }
        for title in [&definition.title.zh_cn, &definition.title.en] {
            let length = title.chars().count();
            if title.trim().is_empty() || length > LONGEST_TITLE || title.chars().any(char::is_control) {
                return Err(AppError::invalid(
                    "bad_title",
                    format!("write the title in both languages, 1 to {LONGEST_TITLE} characters each"),
                ));
            }
        }
        retrying!(self.try_define(caller, &definition))?;
        caller.room.woken.notify_one();
        Ok(definition)
    }

    async fn try_define(&self, caller: &Caller, definition: &AttributeDef) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        // whoever lands records while this is decided lands them before or after it
        posthouse_store::intake::lock(&mut tx, agency).await?;
        let there = store::definitions(&mut tx, agency).await?;
        let known = there.iter().find(|known| known.key == definition.key);
        if known.is_none() && there.len() >= MOST {
            return Err(AppError::conflict(
                "too_many_attributes",
                format!("an agency can define {MOST} attributes; delete one that is not used"),
            ));
        }
        if !store::put_definition(&mut tx, agency, definition, self.clock.now()).await? {
            let kind = known.map_or("another kind", |known| known.kind.as_str());
            return Err(AppError::conflict(
                "kind_is_settled",
                format!(
                    "attribute {} is a {kind} and rules may rely on it; define another key, or delete this one first",
                    definition.key
                ),
            ));
        }
        // quotes read which kinds there are
        posthouse_store::campaigns::next_version(&mut tx, agency).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets an attribute. Values that were told stay with the customers' files and count again when it is defined again.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `attribute_in_use` while a rule in force reads it, or a campaign in force asks for it.
    pub async fn delete_attribute(&self, caller: &Caller, key: &str) -> Result<()> {
        retrying!(self.try_delete(caller, key))?;
        caller.room.woken.notify_one();
        Ok(())
    }

    async fn try_delete(&self, caller: &Caller, key: &str) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        posthouse_store::intake::lock(&mut tx, agency).await?;
        let fact = format!("{}{key}", attribute::PREFIX);
        for binding in plugins::bindings(&mut tx, agency).await? {
            let plugin = plugins::get(&mut tx, agency, &binding.digest).await?;
            let description: serde_json::Value = match plugin {
                Some(plugin) => serde_json::from_str(&plugin.description).map_err(AppError::corrupt("description"))?,
                None => continue,
            };
            let mut reads = description["facts"].as_array().into_iter().flatten();
            if reads.any(|read| read["key"] == fact.as_str()) {
                return Err(AppError::conflict(
                    "attribute_in_use",
                    format!(
                        "binding {} reads {fact}; put a rule that does not into force first",
                        binding.name
                    ),
                ));
            }
        }
        if let Some(campaign) = crate::campaigns::asks_for(&mut tx, agency, &fact).await? {
            return Err(AppError::conflict(
                "attribute_in_use",
                format!("campaign {campaign} is for those whose {fact} fits; amend or end it first"),
            ));
        }
        if !store::delete_definition(&mut tx, agency, key).await? {
            return Err(AppError::NotFound("attribute"));
        }
        // quotes read which kinds there are
        posthouse_store::campaigns::next_version(&mut tx, agency).await?;
        tx.commit().await?;
        Ok(())
    }
}
