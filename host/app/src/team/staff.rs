//! People of the agency: invited by a link, given a role and a branch, disabled.

use super::branches::Branch;
use super::keys::hash;
use super::roles::{self, OWNER, Role};
use crate::caller::Caller;
use crate::error::{AppError, Result, retrying};
use crate::texts::short;
use crate::{Team, audit};
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::{Entropy, Instant, Localized, words};
use posthouse_store::roles as branches;
use posthouse_store::staff::{self as store, StaffRow};
use posthouse_store::{Access, Store, StoreError, Tx, audit as log, factors, providers, sessions, unique};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// How long a link opens, in ms.
const LINK_MILLIS: i64 = 7 * 86_400_000;
/// What a link's token begins with.
const LINK: &str = "phi";
/// Most people of an agency.
const MOST: usize = 10_000;

/// Whether somebody can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffState {
    /// Has not come yet, and chosen no password.
    Invited,
    /// Can sign in.
    Active,
    /// Is not let in any more.
    Disabled,
}

impl StaffState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Invited, Self::Active, Self::Disabled];

    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    pub(super) fn of(row: &StaffRow) -> Self {
        // who came by a provider has no password
        match (row.disabled_at, row.password.is_some() || row.signed_in_at.is_some()) {
            (Some(_), _) => Self::Disabled,
            (None, true) => Self::Active,
            (None, false) => Self::Invited,
        }
    }
}

/// A person as they are listed.
#[derive(Debug, Clone)]
pub struct StaffEntry {
    /// Id, as every `…_by` names them.
    pub id: Uuid,
    /// What people call them.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Key of the role.
    pub role: String,
    /// Its title.
    pub role_title: Localized,
    /// Where they work.
    pub branch: Option<Branch>,
    /// Whether they can sign in.
    pub state: StaffState,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// When they last signed in, in ms since 1970.
    pub signed_in_at: Option<Instant>,
    /// When they were invited.
    pub created_at: Instant,
    /// For `If-Match`.
    pub version: i64,
}

/// Somebody to be invited.
#[derive(Debug, Clone, Copy)]
pub struct NewStaff<'n> {
    /// E-mail address, by which they sign in. It stays theirs.
    pub email: &'n str,
    /// What people call them; none: what the address begins with.
    pub name: Option<&'n str>,
    /// Key of the role.
    pub role: &'n str,
    /// Where they work.
    pub branch: Option<Uuid>,
}

/// A link by which somebody chooses a password.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Whom it is for.
    pub person: StaffEntry,
    /// What opens it, once; shown this once.
    pub token: String,
    /// Until when, in ms since 1970.
    pub ends_at: Instant,
}

impl Invited {
    /// Where on the server the link leads to.
    pub fn path(&self) -> String {
        format!("/join/{}", self.token)
    }
}

/// What is to become different of a person; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct StaffChange {
    /// Another name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<String>,
    /// Another branch, or none.
    pub branch: Option<Option<Uuid>>,
    /// Whether they are let in no more; every session of theirs ends at once.
    pub disabled: Option<bool>,
}

/// A token that names its agency, so that the right wall is between it and all others before it is looked up.
pub(super) fn new_token(kind: &str, agency: Uuid, entropy: &dyn Entropy) -> (String, Vec<u8>) {
    let mut random = [0; 32];
    entropy.fill(&mut random);
    let token = format!("{kind}_{}_{}", agency.simple(), hex::encode(random));
    let hash = hash(&token);
    (token, hash)
}

/// The agency that a token of this kind names.
pub(super) fn agency_of(kind: &str, token: &str) -> Option<Uuid> {
    let rest = token.strip_prefix(kind)?.strip_prefix('_')?;
    Uuid::try_parse(rest.split_once('_')?.0).ok()
}

/// The agency that a link is of.
pub(super) fn agency_of_link(token: &str) -> Option<Uuid> {
    agency_of(LINK, token)
}

/// An e-mail address in its normal form.
///
/// # Errors
/// `bad_email`.
fn address(written: &str) -> Result<String> {
    // the country is for telephones
    let identity = Identity::normalise(IdentityKind::Email, written, "");
    identity
        .map(|identity| identity.value)
        .map_err(|error| AppError::invalid("bad_email", error.problem))
}

pub(super) async fn entry(tx: &mut Tx, agency: Uuid, row: StaffRow) -> Result<StaffEntry> {
    let role = roles::role(tx, agency, &row.role).await?;
    let branch = match row.branch_id {
        Some(id) => branches::branch(tx, agency, id).await?.map(Branch::from),
        None => None,
    };
    let (_, since) = factors::standing(tx, agency, row.id).await?;
    Ok(listed(row, &role, branch, since.is_some()))
}

fn listed(row: StaffRow, role: &Role, branch: Option<Branch>, has_second_factor: bool) -> StaffEntry {
    StaffEntry {
        state: StaffState::of(&row),
        has_second_factor,
        id: row.id,
        name: row.name,
        email: row.email,
        role: row.role,
        role_title: role.title.clone(),
        branch,
        signed_in_at: row.signed_in_at,
        created_at: row.created_at,
        version: row.version,
    }
}

/// Everybody of the staff, the first who came first.
///
/// # Errors
/// Failures of the database.
pub async fn staff(store: &Store, agency: Uuid) -> Result<Vec<StaffEntry>> {
    let mut tx = store.read(Access::Agency(agency)).await?;
    let rows = store::staff(&mut tx, agency).await?;
    let roles = roles::roles(&mut tx, agency).await?;
    let branches = branches::branches(&mut tx, agency).await?;
    let holders: HashSet<Uuid> = factors::holders(&mut tx, agency).await?.into_iter().collect();
    let entries = rows.into_iter().filter_map(|row| {
        let role = roles.iter().find(|role| role.key == row.role)?;
        let branch = branches.iter().find(|branch| Some(branch.id) == row.branch_id);
        let branch = branch.cloned().map(Branch::from);
        let has_second_factor = holders.contains(&row.id);
        Some(listed(row, role, branch, has_second_factor))
    });
    Ok(entries.collect())
}

/// The person of this e-mail address, for whoever works on the database.
///
/// # Errors
/// `staff_unknown`; failures of the database.
pub async fn person_by_email(store: &Store, agency: Uuid, email: &str) -> Result<Uuid> {
    let email = address(email)?;
    let mut tx = store.read(Access::Agency(agency)).await?;
    let row = store::person_by_email(&mut tx, agency, &email).await?;
    row.map(|row| row.id).ok_or_else(|| {
        AppError::invalid(
            "staff_unknown",
            words!(
                "nobody of this agency has the address {email}; `posthouse staff list` lists them",
                "该旅行社没有邮箱为 {email} 的员工；可用 `posthouse staff list` 查看"
            ),
        )
    })
}

/// Invites somebody on behalf of the host.
///
/// # Errors
/// As [`Team::invite`].
pub async fn invite(
    store: &Store,
    agency: Uuid,
    new: NewStaff<'_>,
    now: Instant,
    entropy: &dyn Entropy,
) -> Result<Invited> {
    retrying!(async {
        let mut tx = store.write(Access::Agency(agency)).await?;
        let invited = put_person(&mut tx, agency, None, new, now, entropy).await?;
        tx.commit().await?;
        Ok(invited)
    })
}

/// Gives somebody a new link on behalf of the host, whoever they are: who was disabled is let in again, and who they are for a provider is found anew by
/// their address.
///
/// # Errors
/// [`AppError::NotFound`]; failures of the database.
pub async fn reset(store: &Store, agency: Uuid, id: Uuid, now: Instant, entropy: &dyn Entropy) -> Result<Invited> {
    retrying!(async {
        let mut tx = store.write(Access::Agency(agency)).await?;
        log::lock(&mut tx, agency).await?;
        let mut row = held(&mut tx, agency, id).await?;
        providers::forget(&mut tx, agency, id).await?;
        if row.disabled_at.take().is_some() {
            row.version += 1;
            change_row(&mut tx, agency, &row).await?;
        }
        let invited = link(&mut tx, agency, None, row, now, entropy).await?;
        tx.commit().await?;
        Ok(invited)
    })
}

/// Disables somebody, or lets them in again, on behalf of the host.
///
/// # Errors
/// As [`Team::change_staff`].
pub async fn set_disabled(store: &Store, agency: Uuid, id: Uuid, disabled: bool, now: Instant) -> Result<StaffEntry> {
    let change = StaffChange {
        disabled: Some(disabled),
        ..StaffChange::default()
    };
    retrying!(async {
        let mut tx = store.write(Access::Agency(agency)).await?;
        let entry = change_person(&mut tx, agency, None, (id, None), &change, now).await?;
        tx.commit().await?;
        Ok(entry)
    })
}

pub(super) async fn held(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<StaffRow> {
    store::person(tx, agency, id).await?.ok_or(AppError::NotFound("person"))
}

async fn change_row(tx: &mut Tx, agency: Uuid, row: &StaffRow) -> Result<()> {
    match store::change(tx, agency, row).await? {
        true => Ok(()),
        false => Err(StoreError::Overtaken.into()),
    }
}

/// Writes somebody down, with a link. `by` is who asks; none for the host.
pub(super) async fn put_person(
    tx: &mut Tx,
    agency: Uuid,
    by: Option<&Caller>,
    new: NewStaff<'_>,
    now: Instant,
    entropy: &dyn Entropy,
) -> Result<Invited> {
    log::lock(tx, agency).await?;
    let email = address(new.email)?;
    let local = email.split('@').next().unwrap_or_default();
    let name = short(&words!("name", "姓名"), new.name.unwrap_or(local))?;
    let role = roles::role(tx, agency, new.role).await?;
    if let Some(caller) = by {
        caller.may_give(&role.permissions, &role.masks, role.rows)?;
    }
    check_branch(tx, agency, new.branch).await?;
    if store::staff(tx, agency).await?.len() >= MOST {
        return Err(AppError::conflict(
            "too_many_staff",
            words!("an agency can have {MOST} people", "员工最多 {MOST} 人"),
        ));
    }
    let row = StaffRow {
        id: entropy.id(now),
        email,
        name,
        role: role.key,
        branch_id: new.branch,
        language: None,
        theme: None,
        password: None,
        failures: 0,
        locked_until: 0,
        signed_in_at: None,
        disabled_at: None,
        created_at: now,
        version: 1,
    };
    match store::insert(tx, agency, &row).await {
        Err(error) if error.is_duplicate_of(unique::STAFF_EMAIL) => {
            return Err(AppError::conflict(
                "staff_exists",
                words!(
                    "{email} is of the staff already; change that person, or send them a new link",
                    "{email} 已是员工；请修改其信息，或重新发送链接",
                    email = row.email
                ),
            ));
        }
        done => done?,
    }
    let invited = link(tx, agency, by, row, now, entropy).await?;
    Ok(invited)
}

async fn check_branch(tx: &mut Tx, agency: Uuid, branch: Option<Uuid>) -> Result<()> {
    match branch {
        Some(id) if branches::branch(tx, agency, id).await?.is_none() => Err(AppError::NotFound("branch")),
        _ => Ok(()),
    }
}

/// Gives somebody a link in place of the one before. Comes last in its transaction.
async fn link(
    tx: &mut Tx,
    agency: Uuid,
    by: Option<&Caller>,
    row: StaffRow,
    now: Instant,
    entropy: &dyn Entropy,
) -> Result<Invited> {
    let (token, hash) = new_token(LINK, agency, entropy);
    let ends_at = now + LINK_MILLIS;
    store::invite(tx, agency, row.id, &hash, (now, ends_at)).await?;
    let subject = format!("staff/{}", row.id);
    let detail = json!({"role": row.role, "branch": row.branch_id});
    let person = entry(tx, agency, row).await?;
    let by = by.map(|caller| caller.actor);
    audit::write(tx, agency, by, ("staff.invite", &subject), &detail, now).await?;
    Ok(Invited { person, token, ends_at })
}

/// Changes somebody. `by` is who asks; none for the host.
async fn change_person(
    tx: &mut Tx,
    agency: Uuid,
    by: Option<&Caller>,
    (id, expected): (Uuid, Option<i64>),
    change: &StaffChange,
    now: Instant,
) -> Result<StaffEntry> {
    // nobody's rights change meanwhile, and of two owners who disable each other the second hears that they are the last
    log::lock(tx, agency).await?;
    let before = held(tx, agency, id).await?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(AppError::conflict(
            "version_changed",
            words!(
                "the person is at version {version}; read them again before changing them",
                "该员工当前为版本 {version}；请重新读取后再修改",
                version = before.version
            ),
        ));
    }
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name = short(&words!("name", "姓名"), name)?;
    }
    if let Some(branch) = change.branch {
        check_branch(tx, agency, branch).await?;
        after.branch_id = branch;
    }
    let role = roles::role(tx, agency, &before.role).await?;
    let mut rights = vec![role];
    if let Some(key) = &change.role {
        let role = roles::role(tx, agency, key).await?;
        after.role = role.key.clone();
        rights.push(role);
    }
    match change.disabled {
        Some(true) if before.disabled_at.is_none() => after.disabled_at = Some(now),
        Some(false) => after.disabled_at = None,
        _ => {}
    }
    if let Some(caller) = by {
        for role in &rights {
            caller.may_give(&role.permissions, &role.masks, role.rows)?;
        }
    }
    let pairs = [
        ("name", before.name != after.name),
        ("role", before.role != after.role),
        ("branch", before.branch_id != after.branch_id),
        ("disabled", before.disabled_at.is_some() != after.disabled_at.is_some()),
    ];
    let fields: Vec<_> = pairs
        .iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| *name)
        .collect();
    if fields.is_empty() {
        return entry(tx, agency, before).await;
    }
    let rules = |row: &StaffRow| row.role == OWNER && StaffState::of(row) == StaffState::Active;
    if rules(&before) && !rules(&after) && store::active(tx, agency, OWNER).await? <= 1 {
        return Err(AppError::conflict(
            "last_owner",
            words!(
                "this is the last owner who can sign in; make somebody else an owner first",
                "这是最后一位可登录的所有者；请先指定另一位所有者"
            ),
        ));
    }
    after.version += 1;
    change_row(tx, agency, &after).await?;
    if after.disabled_at.is_some() {
        sessions::end_of(tx, agency, id, None).await?;
        store::forget_invitation(tx, agency, id).await?;
    }
    let detail = json!({"fields": fields, "role": after.role, "branch": after.branch_id, "disabled": after.disabled_at.is_some()});
    let entry = entry(tx, agency, after).await?;
    let by = by.map(|caller| caller.actor);
    audit::write(tx, agency, by, ("staff.change", &format!("staff/{id}")), &detail, now).await?;
    Ok(entry)
}

impl Team<'_> {
    /// Everybody of the staff, the first who came first.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn staff(&self, caller: &Caller) -> Result<Vec<StaffEntry>> {
        staff(&self.app.store, caller.room.id).await
    }

    /// One person.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn person(&self, caller: &Caller, id: Uuid) -> Result<StaffEntry> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = held(&mut tx, caller.room.id, id).await?;
        entry(&mut tx, caller.room.id, row).await
    }

    /// Invites somebody: the link opens once, for 7 days.
    ///
    /// # Errors
    /// `bad_email`, `bad_name`, `unknown_role`; [`AppError::NotFound`] for a branch that is not there; `not_yours_to_give` for a role with rights that the caller
    /// does not have; `staff_exists`; `too_many_staff`.
    pub async fn invite(&self, caller: &Caller, new: NewStaff<'_>) -> Result<Invited> {
        retrying!(self.try_invite(caller, new))
    }

    async fn try_invite(&self, caller: &Caller, new: NewStaff<'_>) -> Result<Invited> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        let invited = put_person(&mut tx, agency, Some(caller), new, now, &*self.app.entropy).await?;
        let subject = format!("staff/{}", invited.person.id);
        self.app.idempotency().name_subject(&mut tx, caller, &subject).await?;
        tx.commit().await?;
        Ok(invited)
    }

    /// Gives somebody a new link: the one before was lost or is over, or the password is. What they have opens until the new one is used.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `staff_disabled`; `not_yours_to_give` for somebody with rights that the caller does not have.
    pub async fn invite_again(&self, caller: &Caller, id: Uuid) -> Result<Invited> {
        retrying!(self.try_invite_again(caller, id))
    }

    async fn try_invite_again(&self, caller: &Caller, id: Uuid) -> Result<Invited> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        log::lock(&mut tx, agency).await?;
        let row = held(&mut tx, agency, id).await?;
        // whoever has the link is this person
        let role = roles::role(&mut tx, agency, &row.role).await?;
        caller.may_give(&role.permissions, &role.masks, role.rows)?;
        if row.disabled_at.is_some() {
            return Err(AppError::conflict(
                "staff_disabled",
                words!(
                    "this person is not let in any more; let them in again first",
                    "该员工已停用；请先恢复"
                ),
            ));
        }
        let invited = link(&mut tx, agency, Some(caller), row, now, &*self.app.entropy).await?;
        let subject = format!("staff/{id}");
        self.app.idempotency().name_subject(&mut tx, caller, &subject).await?;
        tx.commit().await?;
        Ok(invited)
    }

    /// Changes somebody. What is so already changes nothing.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a branch; `version_changed` if `expected` is not their version; `bad_name`, `unknown_role`; `not_yours_to_give` for
    /// somebody, or a role, with rights that the caller does not have; `last_owner`.
    pub async fn change_staff(
        &self,
        caller: &Caller,
        id: Uuid,
        change: &StaffChange,
        expected: Option<i64>,
    ) -> Result<StaffEntry> {
        retrying!(self.try_change_staff(caller, (id, expected), change))
    }

    async fn try_change_staff(
        &self,
        caller: &Caller,
        whom: (Uuid, Option<i64>),
        change: &StaffChange,
    ) -> Result<StaffEntry> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        let entry = change_person(&mut tx, agency, Some(caller), whom, change, now).await?;
        let subject = format!("staff/{}", whom.0);
        self.app.idempotency().name_subject(&mut tx, caller, &subject).await?;
        tx.commit().await?;
        Ok(entry)
    }
}
