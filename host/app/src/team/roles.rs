//! Roles: what a person of the staff may do, what is kept from them, and whose customers they see. The built-in ones are the same in every
//! agency; an agency makes others of its own.

use crate::Team;
use crate::caller::{Caller, Mask, RowScope, Scope};
use crate::error::{AppError, Result, retrying};
use crate::texts::short;
use posthouse_domain::{Localized, words};
use posthouse_store::roles::{self as store, RoleRow};
use posthouse_store::{Access, StoreError, Tx, audit};
use serde_json::json;
use uuid::Uuid;

/// The key of the role that may do everything.
pub const OWNER: &str = "owner";
/// Most roles of an agency's own.
const MOST: usize = 100;

/// What people of the staff may do and see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What it is called in requests.
    pub key: String,
    /// In both languages.
    pub title: Localized,
    /// What it may do.
    pub permissions: Vec<Scope>,
    /// What it does not see.
    pub masks: Vec<Mask>,
    /// Whose customers it sees.
    pub rows: RowScope,
    /// Whether it is the same in every agency, and cannot be changed.
    pub is_built_in: bool,
    /// For `If-Match`; 0 for a built-in one.
    pub version: i64,
}

/// A role as an agency wants it.
#[derive(Debug, Clone)]
pub struct NewRole {
    /// In both languages.
    pub title: Localized,
    /// What it may do.
    pub permissions: Vec<Scope>,
    /// What it does not see.
    pub masks: Vec<Mask>,
    /// Whose customers it sees.
    pub rows: RowScope,
}

type BuiltIn = (
    &'static str,
    (&'static str, &'static str),
    &'static [Scope],
    &'static [Mask],
    RowScope,
);

const BUILT_IN: [BuiltIn; 11] = {
    use Mask::{Birth, Contact, Money};
    use RowScope::{All, Branch, Own};
    use Scope::{
        Approvals, Audit, Campaigns, Documents, Exports, Grants, Intake, Operations, Owner, Quotes, Read, Rules, Team,
    };
    [
        (OWNER, ("所有者", "Owner"), &[Owner], &[], All),
        (
            "crm_lead",
            ("客户关系主管", "CRM lead"),
            &[
                Intake, Read, Rules, Campaigns, Approvals, Quotes, Grants, Exports, Documents, Team,
            ],
            &[],
            All,
        ),
        (
            "crm_specialist",
            ("客户关系专员", "CRM specialist"),
            &[Intake, Read, Campaigns, Quotes],
            &[],
            All,
        ),
        (
            "marketing_specialist",
            ("市场营销专员", "Marketing specialist"),
            &[Read, Campaigns, Quotes],
            &[Contact],
            All,
        ),
        (
            "data_analyst",
            ("数据分析师", "Data analyst"),
            &[Read, Rules, Exports],
            &[Contact, Birth],
            All,
        ),
        (
            "sales",
            ("销售顾问", "Sales consultant"),
            &[Intake, Read, Quotes, Documents],
            &[],
            Own,
        ),
        ("guide", ("导游", "Guide"), &[Read], &[Money], Branch),
        ("finance", ("财务", "Finance"), &[Read, Exports], &[Birth], All),
        (
            "complaint_officer",
            ("投诉专员", "Complaint officer"),
            &[Intake, Read],
            &[],
            All,
        ),
        (
            "operator",
            ("系统运维", "Operator"),
            &[Rules, Operations],
            &[Contact, Money, Birth],
            All,
        ),
        ("auditor", ("审计", "Auditor"), &[Read, Audit], &[Contact], All),
    ]
};

fn built_in(key: &str) -> Option<Role> {
    let found = BUILT_IN.iter().find(|(own, ..)| *own == key);
    found.map(|(key, (zh, en), permissions, masks, rows)| Role {
        key: (*key).to_owned(),
        title: Localized::new(*zh, *en),
        permissions: permissions.to_vec(),
        masks: masks.to_vec(),
        rows: *rows,
        is_built_in: true,
        version: 0,
    })
}

impl Role {
    fn read(row: RoleRow) -> Result<Self> {
        let corrupt = || AppError::corrupt("role");
        // a word that only a later build knows gives nothing, and hides nothing that this one shows
        let permissions: Vec<String> = serde_json::from_str(&row.permissions).map_err(corrupt())?;
        let masks: Vec<String> = serde_json::from_str(&row.masks).map_err(corrupt())?;
        let has = |words: &[String], word: &str| words.iter().any(|own| own == word);
        Ok(Self {
            key: row.key,
            title: serde_json::from_str(&row.title).map_err(corrupt())?,
            permissions: Scope::ALL
                .into_iter()
                .filter(|scope| has(&permissions, scope.as_str()))
                .collect(),
            masks: Mask::ALL
                .into_iter()
                .filter(|mask| has(&masks, mask.as_str()))
                .collect(),
            rows: RowScope::ALL
                .into_iter()
                .find(|rows| rows.as_str() == row.row_scope)
                .unwrap_or(RowScope::Own),
            is_built_in: false,
            version: row.version,
        })
    }
}

/// The role of this key.
///
/// # Errors
/// `unknown_role`; failures of the database.
pub(crate) async fn role(tx: &mut Tx, agency: Uuid, key: &str) -> Result<Role> {
    if let Some(role) = built_in(key) {
        return Ok(role);
    }
    match store::role(tx, agency, key).await? {
        Some(row) => Role::read(row),
        None => {
            let shown: String = key.chars().take(100).collect();
            Err(AppError::invalid(
                "unknown_role",
                words!(
                    "there is no role {shown:?}; the built-in ones are {known}",
                    "没有角色 {shown:?}；内置角色有 {known}",
                    known = BUILT_IN.map(|(key, ..)| key).join(", ")
                ),
            ))
        }
    }
}

/// Every role, the built-in ones first.
///
/// # Errors
/// Failures of the database.
pub(super) async fn roles(tx: &mut Tx, agency: Uuid) -> Result<Vec<Role>> {
    let own = store::roles(tx, agency).await?.into_iter().map(Role::read);
    let built_in = BUILT_IN.iter().filter_map(|(key, ..)| built_in(key)).map(Ok);
    built_in.chain(own).collect()
}

fn bad_role(detail: posthouse_domain::Words) -> AppError {
    AppError::invalid("bad_role", detail)
}

/// A key that can be one.
fn check_key(key: &str) -> Result<()> {
    let is_one = (1..=40).contains(&key.len())
        && key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && key.starts_with(|first: char| first.is_ascii_lowercase());
    if is_one {
        return Ok(());
    }
    let shown: String = key.chars().take(100).collect();
    Err(bad_role(words!(
        "a role's key has 1 to 40 lower-case letters, digits and underscores and begins with a letter; {shown:?} is none",
        "角色标识由 1 到 40 个小写字母、数字和下划线组成，以字母开头；{shown:?} 不符合"
    )))
}

impl NewRole {
    fn checked(&self) -> Result<Self> {
        let title = words!("title", "名称");
        if self.permissions.is_empty() || self.permissions.contains(&Scope::Owner) {
            return Err(bad_role(words!(
                "give the role at least one permission, and not owner: that is the built-in role of this name",
                "角色至少要有一项权限，且不能是 owner：它属于内置的所有者角色"
            )));
        }
        Ok(Self {
            title: Localized::new(short(&title, &self.title.zh_cn)?, short(&title, &self.title.en)?),
            permissions: Scope::each_once(&self.permissions),
            masks: Mask::each_once(&self.masks),
            rows: self.rows,
        })
    }
}

impl Team<'_> {
    /// Every role, the built-in ones first.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn roles(&self, caller: &Caller) -> Result<Vec<Role>> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        roles(&mut tx, caller.room.id).await
    }

    /// Makes a role of the agency's own, or changes it for everybody who has it. Returns it, and whether it is new. The same put twice is the same.
    ///
    /// # Errors
    /// `bad_role`, `bad_name`; `role_built_in`; `too_many_roles`; `version_changed` if `expected` is not its version; `not_yours_to_give` if it has, or
    /// had, rights that the caller does not have.
    pub async fn put_role(
        &self,
        caller: &Caller,
        key: &str,
        new: &NewRole,
        expected: Option<i64>,
    ) -> Result<(Role, bool)> {
        check_key(key)?;
        let new = new.checked()?;
        if built_in(key).is_some() {
            return Err(AppError::conflict(
                "role_built_in",
                words!(
                    "the role {key} is the same in every agency; make one of your own under another key",
                    "角色 {key} 为内置，不能修改；请用其他标识自建一个"
                ),
            ));
        }
        retrying!(self.try_put_role(caller, key, &new, expected))
    }

    async fn try_put_role(
        &self,
        caller: &Caller,
        key: &str,
        new: &NewRole,
        expected: Option<i64>,
    ) -> Result<(Role, bool)> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // nobody's rights change meanwhile
        audit::lock(&mut tx, agency).await?;
        let known = roles(&mut tx, agency).await?;
        let before = known.iter().find(|role| role.key == key);
        if before.is_none() && known.len() - BUILT_IN.len() >= MOST {
            return Err(AppError::conflict(
                "too_many_roles",
                words!(
                    "an agency can have {MOST} roles of its own; change one that is there",
                    "自建角色最多 {MOST} 个；请修改已有的角色"
                ),
            ));
        }
        let version = before.map_or(0, |role| role.version);
        if expected.is_some_and(|expected| expected != version) {
            return Err(AppError::conflict(
                "version_changed",
                words!(
                    "the role is at version {version}; read it again before changing it",
                    "角色当前为版本 {version}；请重新读取后再修改"
                ),
            ));
        }
        if let Some(role) = before {
            caller.may_give(&role.permissions, &role.masks, role.rows)?;
        }
        caller.may_give(&new.permissions, &new.masks, new.rows)?;
        let after = Role {
            key: key.to_owned(),
            title: new.title.clone(),
            permissions: new.permissions.clone(),
            masks: new.masks.clone(),
            rows: new.rows,
            is_built_in: false,
            version: version + 1,
        };
        let row = RoleRow {
            key: key.to_owned(),
            title: serde_json::to_string(&after.title).map_err(AppError::corrupt("title"))?,
            permissions: serde_json::to_string(&after.permissions).map_err(AppError::corrupt("permissions"))?,
            masks: serde_json::to_string(&after.masks).map_err(AppError::corrupt("masks"))?,
            row_scope: after.rows.as_str().to_owned(),
            updated_at: self.app.machine.now(),
            version: after.version,
        };
        if !store::put_role(&mut tx, agency, &row).await? {
            return Err(StoreError::Overtaken.into());
        }
        let detail = json!({"permissions": after.permissions, "masks": after.masks, "rows": after.rows});
        let audit = self.app.audit();
        audit
            .note(&mut tx, caller, "role.put", &format!("role/{key}"), detail)
            .await?;
        let is_new = before.is_none();
        tx.commit().await?;
        Ok((after, is_new))
    }

    /// Takes away a role of the agency's own that nobody has, nor had when they were disabled.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `role_built_in`; `role_in_use`; `not_yours_to_give` if it has rights that the caller does not have.
    pub async fn delete_role(&self, caller: &Caller, key: &str) -> Result<()> {
        if built_in(key).is_some() {
            return Err(AppError::conflict(
                "role_built_in",
                words!(
                    "the role {key} is the same in every agency and cannot be deleted",
                    "角色 {key} 为内置，不能删除"
                ),
            ));
        }
        retrying!(self.try_delete_role(caller, key))
    }

    async fn try_delete_role(&self, caller: &Caller, key: &str) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // nobody is given it meanwhile
        audit::lock(&mut tx, agency).await?;
        let row = store::role(&mut tx, agency, key).await?;
        let role = Role::read(row.ok_or(AppError::NotFound("role"))?)?;
        caller.may_give(&role.permissions, &role.masks, role.rows)?;
        if !store::delete_role(&mut tx, agency, key).await? {
            return Err(AppError::conflict(
                "role_in_use",
                words!(
                    "somebody of the staff has the role {key}, perhaps somebody who was disabled; give them another one first",
                    "仍有员工（也可能是已停用的员工）使用角色 {key}；请先为其更换角色"
                ),
            ));
        }
        let audit = self.app.audit();
        audit
            .note(&mut tx, caller, "role.delete", &format!("role/{key}"), json!({}))
            .await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn built_in_roles_are_told_apart() {
        let keys: BTreeSet<_> = BUILT_IN.iter().map(|(key, ..)| *key).collect();
        assert_eq!(keys.len(), BUILT_IN.len());
        let owners: Vec<_> = BUILT_IN
            .iter()
            .filter(|(.., scopes, _, _)| scopes.contains(&Scope::Owner))
            .collect();
        assert_eq!(owners.len(), 1, "one role may do everything");
        for (key, (zh, en), scopes, masks, _) in BUILT_IN {
            assert!(zh.chars().all(|c| c > '\u{2e80}') && en.is_ascii() && check_key(key).is_ok());
            assert_eq!(Scope::each_once(scopes), scopes, "{key}: in order");
            assert_eq!(Mask::each_once(masks), masks, "{key}: in order");
        }
        let guide = built_in("guide").unwrap();
        assert!(guide.masks.contains(&Mask::Money) && !guide.permissions.contains(&Scope::Exports));
    }

    #[test]
    fn keys_of_roles_are_plain() {
        for bad in ["", "Desk", "1st", "front desk", "_x", &"x".repeat(41), "店长"] {
            assert!(check_key(bad).is_err(), "{bad}");
        }
        assert!(check_key("shop_2").is_ok());
    }
}
