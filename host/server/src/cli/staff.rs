//! `posthouse staff`: works on the database itself, also beside a running server, so that nobody is locked out.

use super::agency::with_present_store;
use super::client::environment_url;
use super::{Failure, Settings};
use crate::output::{Output, table};
use clap::{Args, Subcommand};
use posthouse_app::clock::{SystemClock, SystemEntropy};
use posthouse_app::team::{self, Invited, NewStaff, StaffEntry, StaffState};
use posthouse_app::{AppError, Store};
use posthouse_domain::time::instant_text;
use posthouse_domain::{Clock, Words, words};
use serde_json::{Value, json};
use uuid::Uuid;

/// People of an agency.
#[derive(Debug, Subcommand)]
pub(super) enum Staff {
    /// Invite somebody, and print the link by which they choose a password, this once.
    Invite {
        /// E-mail address, by which they sign in.
        email: String,
        /// Their role: a built-in one, as owner or sales, or one of the agency's own.
        #[arg(long)]
        role: String,
        /// What people call them; what the address begins with if left out.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// List the people of an agency.
    List(Place),
    /// Disable somebody: they are not let in any more, and every session of theirs ends at once.
    Disable {
        /// E-mail address of the person.
        email: String,
        #[command(flatten)]
        place: Place,
    },
    /// Print a new link for somebody who has lost theirs, or their password; who was disabled is let in again.
    Reset {
        /// E-mail address of the person.
        email: String,
        /// Take their second factor away as well, with its recovery codes.
        #[arg(long)]
        second_factor: bool,
        #[command(flatten)]
        place: Place,
    },
}

/// Whose people, and where.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The agency's short name; needed if there are several.
    #[arg(long, value_name = "SLUG")]
    agency: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

impl Place {
    /// Does `work` on the database, for the agency that is meant.
    fn on<T>(&self, work: impl AsyncFnOnce(&Store, Uuid) -> Result<T, AppError>) -> Result<T, Failure> {
        with_present_store(&self.settings, async |store| {
            let agency = match &self.agency {
                Some(slug) => team::agency_by_slug(store, slug).await?.id,
                None => match team::agencies(store).await?.as_slice() {
                    [only] => only.id,
                    all => {
                        let known: Vec<&str> = all.iter().map(|agency| &*agency.slug).collect();
                        return Err(AppError::invalid(
                            "agency_needed",
                            words!(
                                "name the agency with --agency; there are: {known}",
                                "请用 --agency 指明旅行社；现有：{known}",
                                known = known.join(", ")
                            ),
                        ));
                    }
                },
            };
            work(store, agency).await
        })
    }
}

impl Staff {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let now = SystemClock.now();
        match self {
            Self::Invite {
                email,
                role,
                name,
                place,
            } => {
                let new = NewStaff {
                    email: &email,
                    name: name.as_deref(),
                    role: &role,
                    branch: None,
                };
                let invited =
                    place.on(async |store, agency| team::invite(store, agency, new, now, &SystemEntropy).await)?;
                linked(&invited, output)
            }
            Self::List(place) => list(&place, output),
            Self::Disable { email, place } => {
                let person = place.on(async |store, agency| {
                    let id = team::person_by_email(store, agency, &email).await?;
                    team::set_disabled(store, agency, id, true, now).await
                })?;
                output.answer(&document(&person), || {
                    words!(
                        "{name} ({email}) is not let in any more; every session has ended. `posthouse staff reset {email}` lets them in again.",
                        "{name}（{email}）已停用，所有会话均已结束。如需恢复：`posthouse staff reset {email}`。",
                        name = person.name,
                        email = person.email
                    )
                    .to_string()
                })
            }
            Self::Reset {
                email,
                second_factor,
                place,
            } => {
                let invited = place.on(async |store, agency| {
                    let id = team::person_by_email(store, agency, &email).await?;
                    if second_factor {
                        team::take_second_factor(store, agency, id, now).await?;
                    }
                    team::reset(store, agency, id, now, &SystemEntropy).await
                })?;
                linked(&invited, output)
            }
        }
    }
}

fn document(person: &StaffEntry) -> Value {
    json!({ "id": person.id, "email": person.email, "name": person.name, "role": person.role, "branch": person.branch.as_ref().map(|branch| &branch.name),
        "state": person.state.as_str(), "second_factor": person.has_second_factor, "signed_in_at": person.signed_in_at.map(instant_text), "created_at": instant_text(person.created_at) })
}

fn state(state: StaffState) -> Words {
    match state {
        StaffState::Invited => words!("invited", "已邀请"),
        StaffState::Active => words!("active", "启用"),
        StaffState::Disabled => words!("disabled", "已停用"),
    }
}

/// Prints a link.
fn linked(invited: &Invited, output: Output) -> Result<(), Failure> {
    let link = format!("{}{}", environment_url()?, invited.path());
    let mut document = document(&invited.person);
    document["link"] = link.as_str().into();
    document["token"] = invited.token.as_str().into();
    document["link_ends_at"] = instant_text(invited.ends_at).into();
    output.answer(&document, || {
        words!(
            "{name} ({email}) is {role}. The link by which they choose a password, shown this once; it opens once, until {until}:\n\n  {link}\n\nWhere the server has another address, set POSTHOUSE_URL to it.",
            "{name}（{email}）的角色为{role}。设置密码的链接仅显示这一次，只能使用一次，有效期至 {until}：\n\n  {link}\n\n服务器地址不同的，请先设置 POSTHOUSE_URL。",
            name = invited.person.name,
            email = invited.person.email,
            role = Words { en: invited.person.role_title.en.clone(), zh: invited.person.role_title.zh_cn.clone() },
            until = instant_text(invited.ends_at)
        )
        .to_string()
    })
}

fn list(place: &Place, output: Output) -> Result<(), Failure> {
    let people = place.on(async |store, agency| team::staff(store, agency).await)?;
    let documents: Vec<Value> = people.iter().map(document).collect();
    output.answer(&json!({ "items": documents }), || {
        if people.is_empty() {
            return words!(
                "Nobody yet. `posthouse staff invite EMAIL --role owner` invites the first.",
                "还没有员工。可用 `posthouse staff invite EMAIL --role owner` 邀请第一位。"
            )
            .to_string();
        }
        let head = [
            words!("e-mail", "邮箱"),
            words!("name", "姓名"),
            words!("role", "角色"),
            words!("branch", "门店"),
            words!("state", "状态"),
            words!("second factor", "两步验证"),
            words!("last signed in", "最近登录"),
        ]
        .map(|head| head.to_string());
        let rows = people.iter().map(|person| {
            vec![
                person.email.clone(),
                person.name.clone(),
                person.role.clone(),
                person
                    .branch
                    .as_ref()
                    .map(|branch| branch.name.clone())
                    .unwrap_or_default(),
                state(person.state).to_string(),
                if person.has_second_factor { "✓" } else { "" }.to_owned(),
                person.signed_in_at.map(instant_text).unwrap_or_default(),
            ]
        });
        table(&std::iter::once(head.to_vec()).chain(rows).collect::<Vec<_>>())
    })
}
