//! What is done with several customers at once: ticked in a list, given an owner, linked to another, taken away as a file.

use super::facts;
use super::file;
use super::wanted::Wanted;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::Answer;
use crate::shell::{local_path, said};
use crate::ui::Ui;
use axum::extract::{Form, Query, State};
use axum::http::Uri;
use posthouse_app::AppError;
use posthouse_app::profiles::Browse;
use posthouse_app::team::{Caller, Scope, StaffState};
use posthouse_domain::link::LinkKind;
use posthouse_domain::words;
use uuid::Uuid;

/// What the bar under a list sends: the ticked customers, and what is to be done.
#[derive(Debug, Default)]
pub(super) struct Picked {
    ids: Vec<Uuid>,
    owner: Option<Uuid>,
    kind: String,
    other: Option<Uuid>,
    back: String,
}

impl Picked {
    /// # Errors
    /// Something that names nobody where somebody is to be named: none of the others is touched then.
    fn read(fields: Vec<(String, String)>) -> Result<Self, AppError> {
        let mut picked = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "id" => picked
                    .ids
                    .push(Uuid::try_parse(&value).map_err(|_| AppError::NotFound("customer"))?),
                "owner" => picked.owner = owner_of(&value)?,
                "kind" => picked.kind = value,
                "other" => picked.other = Uuid::try_parse(&value).ok(),
                "back" => picked.back = value,
                _ => {}
            }
        }
        Ok(picked)
    }

    /// The list they were ticked in.
    fn back(&self) -> String {
        match local_path(&self.back) {
            path if path.starts_with("/customers") => path,
            _ => "/customers".into(),
        }
    }
}

type Sent = Form<Vec<(String, String)>>;

/// A colleague who can look after customers.
pub(super) struct Colleague {
    pub(super) id: Uuid,
    pub(super) name: String,
}

/// Everybody of the staff who can look after customers, by name.
pub(super) async fn colleagues(desk: &Desk, caller: &Caller) -> posthouse_app::Result<Vec<Colleague>> {
    let staff = desk.app().team().staff(caller).await?;
    let can = staff.into_iter().filter(|person| person.state != StaffState::Disabled);
    let mut colleagues: Vec<Colleague> = can
        .map(|person| Colleague {
            id: person.id,
            name: person.name,
        })
        .collect();
    colleagues.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(colleagues)
}

/// The owner that a form names; nobody if it names none.
///
/// # Errors
/// [`AppError::NotFound`] for what can be nobody's id: it takes no customer from their owner.
pub(super) fn owner_of(text: &str) -> Result<Option<Uuid>, AppError> {
    match text {
        "" => Ok(None),
        id => Uuid::try_parse(id).map(Some).map_err(|_| AppError::NotFound("person")),
    }
}

/// Gives the ticked customers an owner, or none.
pub(super) async fn own(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Form(fields): Sent) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let picked = Picked::read(fields)?;
    let owner = desk
        .app()
        .profiles()
        .set_owner(caller, &picked.ids, picked.owner)
        .await?;
    let text = match owner {
        Some(owner) => ui.say("customers-owned").with("name", owner.name),
        None => ui.say("customers-disowned"),
    };
    let text = text.count("count", picked.ids.len()).to_string();
    Ok(said(&picked.back(), &text))
}

/// The kind of link that a form names.
///
/// # Errors
/// `bad_kind`.
pub(super) fn link_kind(name: &str) -> Result<LinkKind, AppError> {
    name.parse().map_err(|()| {
        let detail = words!(
            "link kind {name:?} is not known; choose one of those offered",
            "关联类型 {name:?} 无法识别；请从列表中选择"
        );
        AppError::invalid("bad_kind", detail)
    })
}

/// The customer that a form was to choose.
///
/// # Errors
/// `unknown_customer`.
pub(super) fn chosen(other: Option<Uuid>) -> Result<Uuid, AppError> {
    other.ok_or_else(|| {
        let detail = words!(
            "choose the other customer: type part of the name and pick one of those offered",
            "请选择另一位客户：输入姓名的一部分，再从列表中选择"
        );
        AppError::invalid("unknown_customer", detail)
    })
}

/// Links the ticked customers to another.
pub(super) async fn link(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Form(fields): Sent) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let picked = Picked::read(fields)?;
    let (kind, other) = (link_kind(&picked.kind)?, chosen(picked.other)?);
    desk.app().profiles().link_all(caller, &picked.ids, kind, other).await?;
    let text = ui.say("customers-linked").count("count", picked.ids.len()).to_string();
    Ok(said(&picked.back(), &text))
}

/// The ticked customers as a file, with the columns of the list.
pub(super) async fn export(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Form(fields): Sent) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    caller.may(Scope::Exports)?;
    let ui = Ui::from(bare);
    let picked = Picked::read(fields)?;
    let shown = picked.back().parse::<Uri>().ok();
    let shown = shown.and_then(|list| Query::<Vec<(String, String)>>::try_from_uri(&list).ok());
    let shown = Wanted::read(shown.map_or_else(Vec::new, |Query(fields)| fields)).browse(Vec::new(), 0);
    let browse = Browse {
        only: Some(picked.ids),
        sort: shown.sort,
        columns: shown.columns,
        ..Browse::default()
    };
    let facts = facts::all(&desk, caller, ui).await?;
    file::of(&desk, caller, &browse, &facts, ui).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_are_taken_and_only_our_list_is_gone_back_to() {
        let id = Uuid::from_u128(7);
        let read = |more: (&str, &str)| {
            let sent = [
                ("id", &*id.to_string()),
                ("owner", ""),
                ("back", "//evil.example"),
                more,
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
            Picked::read(sent.into())
        };
        for strange in [("id", "x"), ("owner", "nobody")] {
            assert!(read(strange).is_err(), "{strange:?} is not left out");
        }
        let picked = read(("who", "李")).unwrap();
        assert_eq!((picked.ids.as_slice(), picked.owner), ([id].as_slice(), None));
        assert_eq!(picked.back(), "/customers");
        assert!(link_kind("family").is_ok() && link_kind("<b>").is_err() && chosen(None).is_err());
    }
}
