//! The agency's own fields of a customer: defined here, told by records like any other, read by rules as `attr.KEY`.

use crate::Attributes;
use crate::error::{AppError, Result, retrying};
use crate::rules::grants::NOT_ALLOWED;
use crate::team::{Caller, Scope};
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::catalogue::Sensitivity;
use posthouse_domain::normal::steers;
use posthouse_domain::{Rejection, Words, words};
use posthouse_store::{Access, attributes as store, plugins};

/// Most attributes an agency can define.
const MOST: usize = 200;
/// Longest title, in characters.
const LONGEST_TITLE: usize = 80;

impl Attributes<'_> {
    /// What the agency has defined, by key.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<AttributeDef>> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        Ok(store::definitions(&mut tx, caller.room.id).await?)
    }

    /// Defines an attribute, or gives one there is another title or sensitivity. Values that were told before count from now on.
    ///
    /// # Errors
    /// `bad_key`, `bad_title`, `too_many_attributes`; `grant_not_allowed` for an attribute that the caller may not declare ordinary; `kind_is_settled` for an attribute of another kind.
    pub async fn define(&self, caller: &Caller, definition: AttributeDef) -> Result<AttributeDef> {
        if !attribute::is_key(&definition.key) {
            return Err(AppError::invalid(
                "bad_key",
                words!(
                    "attribute key {key:?} must be lower-case words joined by hyphens, at most 40 characters, and none of the customer's own fields",
                    "属性键 {key:?} 应为小写单词，用连字符连接，最多 40 个字符，且不能与客户自带字段同名",
                    key = definition.key
                ),
            ));
        }
        for title in [&definition.title.zh_cn, &definition.title.en] {
            let length = title.chars().count();
            if title.trim().is_empty() || length > LONGEST_TITLE || title.chars().any(steers) {
                return Err(AppError::invalid(
                    "bad_title",
                    words!(
                        "write the title in both languages, 1 to {LONGEST_TITLE} characters each",
                        "标题须写中英两种语言，各 1 到 {LONGEST_TITLE} 个字符"
                    ),
                ));
            }
        }
        retrying!(self.try_define(caller, &definition))?;
        caller.room.woken.notify_one();
        Ok(definition)
    }

    async fn try_define(&self, caller: &Caller, definition: &AttributeDef) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // whoever lands records while this is decided lands them before or after it
        posthouse_store::intake::lock(&mut tx, agency).await?;
        let there = store::definitions(&mut tx, agency).await?;
        let known = there.iter().find(|known| known.key == definition.key);
        if known.is_none() && there.len() >= MOST {
            return Err(AppError::conflict(
                "too_many_attributes",
                words!(
                    "an agency can define {MOST} attributes; delete one that is not used",
                    "一家旅行社最多定义 {MOST} 个属性；请先删除不用的"
                ),
            ));
        }
        let ordinary = |definition: &AttributeDef| definition.sensitivity == Sensitivity::Ordinary;
        if ordinary(definition) && !known.is_some_and(ordinary) && caller.may(Scope::Grants).is_err() {
            // whoever may not grant a fact does not turn it into one that anybody may
            let detail = words!(
                "an ordinary attribute can be granted to any rule; only a key with the scope grants can declare {key} ordinary: leave sensitivity out",
                "ordinary 属性可授权给任何规则；只有具备 grants 权限的密钥才能把 {key} 定为 ordinary：请不填 sensitivity",
                key = definition.key
            );
            return Err(AppError::Denied(Rejection::new(NOT_ALLOWED, detail)));
        }
        if !store::put_definition(&mut tx, agency, definition, self.app.clock.now()).await? {
            let kind = known.map_or(words!("another kind", "另一种类型"), |known| {
                Words::same(known.kind.as_str())
            });
            return Err(AppError::conflict(
                "kind_is_settled",
                words!(
                    "attribute {key} is a {kind} and rules may rely on it; define another key, or delete this one first",
                    "属性 {key} 的类型是 {kind}，规则可能依赖它；请换一个键，或先删除此属性",
                    key = definition.key
                ),
            ));
        }
        // quotes read which kinds there are
        posthouse_store::campaigns::next_version(&mut tx, agency).await?;
        let subject = format!("attribute/{}", definition.key);
        let detail = serde_json::json!({"kind": definition.kind.as_str(), "sensitivity": definition.sensitivity});
        self.app
            .audit()
            .note(&mut tx, caller, "attribute.define", &subject, detail)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets an attribute. Values that were told stay with the customers' files and count again when it is defined again.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `attribute_in_use` while a rule in force reads it, or a campaign in force asks for it.
    pub async fn delete(&self, caller: &Caller, key: &str) -> Result<()> {
        retrying!(self.try_delete(caller, key))?;
        caller.room.woken.notify_one();
        Ok(())
    }

    async fn try_delete(&self, caller: &Caller, key: &str) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        posthouse_store::intake::lock(&mut tx, agency).await?;
        let fact = format!("{}{key}", attribute::PREFIX);
        for binding in plugins::bindings(&mut tx, agency).await? {
            if binding.is_ended() {
                continue;
            }
            let plugin = plugins::get(&mut tx, agency, &binding.digest).await?;
            let description: serde_json::Value = match plugin {
                Some(plugin) => serde_json::from_str(&plugin.description).map_err(AppError::corrupt("description"))?,
                None => continue,
            };
            let mut reads = description["facts"].as_array().into_iter().flatten();
            if reads.any(|read| read["key"] == fact.as_str()) {
                return Err(AppError::conflict(
                    "attribute_in_use",
                    words!(
                        "binding {name} reads {fact}; activate a rule that does not first",
                        "绑定 {name} 正在读取 {fact}；请先启用不读取它的规则",
                        name = binding.name
                    ),
                ));
            }
        }
        if let Some(campaign) = crate::campaigns::asks_for(&mut tx, agency, &fact).await? {
            return Err(AppError::conflict(
                "attribute_in_use",
                words!(
                    "campaign {campaign} selects its audience by {fact}; amend or end it first",
                    "活动 {campaign} 按 {fact} 选取受众；请先变更或结束该活动"
                ),
            ));
        }
        if !store::delete_definition(&mut tx, agency, key).await? {
            return Err(AppError::NotFound("attribute"));
        }
        // quotes read which kinds there are
        posthouse_store::campaigns::next_version(&mut tx, agency).await?;
        let subject = format!("attribute/{key}");
        self.app
            .audit()
            .note(&mut tx, caller, "attribute.delete", &subject, serde_json::json!({}))
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
