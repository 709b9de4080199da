//! Sessions: who is signed in where, until when, and with which rights. A person's rights are read with every request, so that a change of
//! them, or of their role, holds from the next one on.

use super::agency::present;
use super::branches::Branch;
use super::keys::hash;
use super::roles::{self, Role};
use super::staff::{agency_of, new_token};
use crate::Team;
use crate::audit;
use crate::caller::{Caller, RowScope, Rows, Scope};
use crate::error::{AppError, Result, repeating, retrying};
use posthouse_domain::{Instant, Localized, normal, words};
use posthouse_store::roles as branches;
use posthouse_store::sessions::{self as store, SessionRow};
use posthouse_store::staff::{self, StaffRow};
use posthouse_store::{Access, Tx, audit as log, factors};
use serde_json::json;
use std::net::IpAddr;
use uuid::Uuid;

/// What a session's token begins with.
pub(super) const SESSION: &str = "phs";
/// After so long without a request a session is over, in ms.
pub(super) const IDLE_MILLIS: i64 = 12 * 3_600_000;
/// After so long it is over in any case.
pub(super) const LONGEST_MILLIS: i64 = 7 * 86_400_000;
/// How old a token gets.
const ROTATED_MILLIS: i64 = 3_600_000;
/// How long the token before still opens, for requests that are under way with it.
const EARLIER_MILLIS: i64 = 60_000;
/// How exactly it is known when a session was last seen.
const SEEN_MILLIS: i64 = 60_000;
/// Longest name of a browser that is kept, in characters.
const AGENT: usize = 200;

/// From where somebody signs in.
#[derive(Debug, Clone, Copy)]
pub struct Device<'d> {
    /// The address that the request came from.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub agent: &'d str,
}

impl Device<'_> {
    /// The browser, as it is shown in the list of sessions.
    pub(super) fn agent_shown(&self) -> String {
        let shown = normal::visible(self.agent);
        shown.chars().filter(|c| !c.is_control()).take(AGENT).collect()
    }
}

/// Somebody who has just signed in, or whose token was replaced.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What opens the session; kept as a hash, so this is the only time it is there.
    pub token: String,
    /// The session.
    pub session: Session,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Id.
    pub id: Uuid,
    /// What they may do and see.
    pub caller: Caller,
    /// Who they are.
    pub person: Person,
    /// What their agency is called.
    pub agency: String,
    /// What forms send along, so that no other page can send them; the same as long as the session lasts.
    pub csrf: String,
    /// When the session ends if nothing is asked for, in ms since 1970.
    pub ends_at: Instant,
    /// Whether the agency wants a second factor of them and they have none: they set one up, or reach nothing.
    pub must_enrol: bool,
    /// Whether the token is so old that it is to be replaced ([`Team::rotate`]).
    pub is_stale: bool,
}

/// A person as they see themselves.
#[derive(Debug, Clone)]
pub struct Person {
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
    /// `zh-CN` or `en`; none: as the browser asks.
    pub language: Option<String>,
    /// `light` or `dark`; none: as the device has it.
    pub theme: Option<String>,
}

/// A session as it is listed.
#[derive(Debug, Clone)]
pub struct SessionEntry {
    /// Id.
    pub id: Uuid,
    /// Whose.
    pub person: Uuid,
    /// What people call them.
    pub name: String,
    /// From which address it began.
    pub address: String,
    /// What the browser called itself.
    pub agent: String,
    /// When it began, in ms since 1970.
    pub began_at: Instant,
    /// When something was last asked for; a minute may be missing.
    pub seen_at: Instant,
    /// When it ends if nothing is asked for.
    pub ends_at: Instant,
}

/// When a session ends if nothing is asked for.
fn ends_at(row: &SessionRow) -> Instant {
    row.ends_at.min(row.seen_at + IDLE_MILLIS)
}

async fn role_and_branch(tx: &mut Tx, agency: Uuid, row: &StaffRow) -> Result<(Role, Option<Branch>)> {
    let role = roles::role(tx, agency, &row.role).await?;
    let branch = match row.branch_id {
        Some(id) => branches::branch(tx, agency, id).await?.map(Branch::from),
        None => None,
    };
    Ok((role, branch))
}

/// A person as they see themselves.
pub(super) async fn person(tx: &mut Tx, agency: Uuid, row: StaffRow) -> Result<Person> {
    let (role, branch) = role_and_branch(tx, agency, &row).await?;
    Ok(seen(row, &role, branch))
}

fn seen(row: StaffRow, role: &Role, branch: Option<Branch>) -> Person {
    Person {
        id: row.id,
        name: row.name,
        email: row.email,
        role: row.role,
        role_title: role.title.clone(),
        branch,
        language: row.language,
        theme: row.theme,
    }
}

impl Team<'_> {
    /// Who this token belongs to.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] if to nobody, or if the session is over.
    pub async fn session(&self, token: &str) -> Result<Session> {
        let agency = agency_of(SESSION, token).ok_or(AppError::Unauthorised)?;
        let now = self.app.machine.now();
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let found = store::by_hash(&mut tx, agency, &hash(token), now).await?;
        let row = found.filter(|row| ends_at(row) > now).ok_or(AppError::Unauthorised)?;
        let staff = staff::person(&mut tx, agency, row.staff_id).await?;
        let staff = staff.filter(|staff| staff.disabled_at.is_none());
        let staff = staff.ok_or(AppError::Unauthorised)?;
        drop(tx);
        let mut row = row;
        if now - row.seen_at >= SEEN_MILLIS {
            row.seen_at = now;
            repeating!(async {
                let mut tx = self.app.store.write(Access::Agency(agency)).await?;
                store::touch(&mut tx, agency, row.id, now).await?;
                Ok::<_, AppError>(tx.commit().await?)
            })?;
        }
        self.opened(agency, staff, row).await
    }

    /// A session with the rights of its person.
    pub(super) async fn opened(&self, agency: Uuid, staff: StaffRow, row: SessionRow) -> Result<Session> {
        let now = self.app.machine.now();
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let (role, branch) = role_and_branch(&mut tx, agency, &staff).await?;
        let (needed, since) = factors::standing(&mut tx, agency, staff.id).await?;
        let name = present(&mut tx, agency).await?.name;
        drop(tx);
        let rows = match (role.rows, staff.branch_id) {
            (RowScope::All, _) => Rows::All,
            (RowScope::Branch, Some(branch)) => Rows::OfBranch(branch),
            (RowScope::Branch, None) | (RowScope::Own, _) => Rows::Of(staff.id),
        };
        let caller = Caller {
            room: self.app.room(agency).await?,
            actor: staff.id,
            scopes: role.permissions.clone(),
            masks: role.masks.clone(),
            rows,
            holder: Some(staff.email.clone()),
            ticket: None,
        };
        Ok(Session {
            id: row.id,
            caller,
            agency: name,
            csrf: self.app.documents.csrf(agency, row.id),
            ends_at: ends_at(&row),
            must_enrol: must_enrol(needed, since, self.is_vouched(&row.way)),
            is_stale: now - row.rotated_at >= ROTATED_MILLIS,
            person: seen(staff, &role, branch),
        })
    }

    /// Replaces a token; requests that are under way with it are still let in for a minute.
    ///
    /// # Errors
    /// [`AppError::Unauthorised`] if it belongs to nobody; `session_rotated` if another request has just replaced it: the answer to that one has the new
    /// token, and this one goes on with the old.
    pub async fn rotate(&self, token: &str) -> Result<SignedIn> {
        let session = self.session(token).await?;
        let (agency, before) = (session.caller.room.id, hash(token));
        let now = self.app.machine.now();
        let (after, hash) = new_token(SESSION, agency, &*self.app.entropy);
        let replaced = retrying!(async {
            let mut tx = self.app.store.write(Access::Agency(agency)).await?;
            let times = (now, now + EARLIER_MILLIS);
            let replaced = store::rotate(&mut tx, agency, (&before, &hash), times).await?;
            tx.commit().await?;
            Ok::<_, AppError>(replaced)
        })?;
        if !replaced {
            return Err(AppError::conflict(
                "session_rotated",
                words!(
                    "another request has just replaced this token; go on with the one in its answer",
                    "另一个请求刚刚更换了此令牌；请使用其响应中的新令牌"
                ),
            ));
        }
        let session = Session {
            is_stale: false,
            ..session
        };
        Ok(SignedIn { token: after, session })
    }

    /// Ends a session for the one whose it is.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn sign_out(&self, session: &Session) -> Result<()> {
        let ended = self.end(&session.caller, session.person.id, session.id).await;
        match ended {
            // it is over, whoever ended it
            Err(AppError::NotFound(_)) => Ok(()),
            ended => ended,
        }
    }

    /// The sessions that have not ended, the latest first: the caller's own, or everybody's if they look after the team.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionEntry>> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let own = caller.may(Scope::Team).is_err().then_some(caller.actor);
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let rows = store::list(&mut tx, agency, own, (now, now - IDLE_MILLIS)).await?;
        let people = staff::staff(&mut tx, agency).await?;
        let entries = rows.into_iter().filter_map(|row| {
            let person = people.iter().find(|person| person.id == row.staff_id)?;
            Some(SessionEntry {
                ends_at: ends_at(&row),
                id: row.id,
                person: person.id,
                name: person.name.clone(),
                address: row.address,
                agent: row.agent,
                began_at: row.began_at,
                seen_at: row.seen_at,
            })
        });
        Ok(entries.collect())
    }

    /// Ends a session of the caller's own, or anybody's if they look after the team.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `not_yours_to_give` for somebody with rights that the caller does not have.
    pub async fn end_session(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let whose = store::whose(&mut tx, agency, id).await?;
        let whose = whose.ok_or(AppError::NotFound("session"))?;
        if whose != caller.actor {
            caller.may(Scope::Team).map_err(|_| AppError::NotFound("session"))?;
            let person = staff::person(&mut tx, agency, whose).await?;
            let person = person.ok_or(AppError::NotFound("session"))?;
            let role = roles::role(&mut tx, agency, &person.role).await?;
            caller.may_give(&role.permissions, &role.masks, role.rows)?;
        }
        drop(tx);
        self.end(caller, whose, id).await
    }

    async fn end(&self, caller: &Caller, whose: Uuid, id: Uuid) -> Result<()> {
        retrying!(async {
            let agency = caller.room.id;
            let mut tx = self.app.idempotency().begin(caller).await?;
            log::lock(&mut tx, agency).await?;
            if !store::end(&mut tx, agency, id).await? {
                return Err(AppError::NotFound("session"));
            }
            let now = self.app.machine.now();
            let subject = format!("staff/{whose}");
            let detail = json!({"session": id});
            let action = ("session.end", &*subject);
            audit::write(&mut tx, agency, Some(caller.actor), action, &detail, now).await?;
            Ok(tx.commit().await?)
        })
    }
}

/// Whether somebody has to set a second factor up before anything else.
fn must_enrol(needed: bool, since: Option<Instant>, is_vouched: bool) -> bool {
    needed && since.is_none() && !is_vouched
}

/// The answer to whoever asks for something else before.
pub(super) fn enrol_first(session: &Session) -> Result<()> {
    if !session.must_enrol {
        return Ok(());
    }
    Err(AppError::Denied(posthouse_domain::Rejection::new(
        "second_factor_needed",
        words!(
            "your agency wants everybody to have a second factor, and you have none; sign in to the console to set one up",
            "您的旅行社要求启用两步验证，而您尚未启用；请登录控制台完成设置"
        ),
    )))
}
