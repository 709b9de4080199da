//! Writing customers down and changing them, field by field.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, Fault, again, page};
use crate::shell::{Shell, said};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect};
use posthouse_app::AppError;
use posthouse_app::profiles::{Change, CustomerView, Note};
use posthouse_app::team::Scope;
use posthouse_domain::Rejection;
use posthouse_domain::event::{Customer, IdentityText};
use posthouse_domain::money::parse_major;
use posthouse_domain::preference::PreferenceKey;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// Identities that are typed, and attributes, in the order of the form.
const IDENTITIES: [&str; 3] = ["phone", "email", "member_no"];
const ATTRIBUTES: [&str; 5] = ["name_latin", "gender", "birth_date", "home_city", "language"];

/// A field of the form.
struct Field {
    key: &'static str,
    value: String,
    /// What it was when the form was opened.
    was: String,
    /// What somebody else has made of it meanwhile.
    theirs: Option<String>,
    is_wrong: bool,
}

#[derive(Template)]
#[template(path = "customers/form.html")]
struct Written {
    ui: Ui,
    shell: Shell,
    /// Where the form is sent to, and where one leaves it for.
    path: String,
    back: String,
    /// The customer's name; none for a new one.
    name: Option<String>,
    version: i64,
    fields: Vec<Field>,
    wrong: Option<String>,
    /// Another customer who is known by what was typed.
    known: Option<Uuid>,
    is_conflict: bool,
}

type Sent = HashMap<String, String>;

fn sent_field(sent: &Sent, key: &str) -> String {
    sent.get(key).map_or_else(String::new, |value| value.trim().to_owned())
}

fn keys() -> impl Iterator<Item = &'static str> {
    ["name"].into_iter().chain(IDENTITIES).chain(ATTRIBUTES)
}

/// What a customer has in a field.
fn present(customer: &CustomerView, key: &str) -> String {
    let identity = || {
        customer
            .identities
            .iter()
            .find(|identity| identity.kind == key)?
            .value
            .clone()
    };
    let shown = || Some(customer.profile.get(key)?.as_str()?.to_owned());
    let found = if IDENTITIES.contains(&key) { identity() } else { shown() };
    found.unwrap_or_default()
}

/// The fields that differ from what they were, as a change.
fn changes(sent: &Sent, was: impl Fn(&str) -> String) -> Customer {
    let mut customer = Customer::default();
    for key in keys() {
        let value = sent_field(sent, key);
        if value == was(key) || value.is_empty() {
            continue;
        }
        match key {
            "name" => customer.name = Some(value),
            key if IDENTITIES.contains(&key) => customer.identities.push(IdentityText {
                kind: key.into(),
                value,
            }),
            key => drop(customer.attributes.insert(key.into(), value.into())),
        }
    }
    customer
}

/// What is wrong with what somebody typed, if they can put it right.
fn wrong(error: AppError) -> Result<Rejection, Fault> {
    match error {
        AppError::Invalid(rejection) | AppError::Conflict(rejection) => Ok(rejection),
        other => Err(other.into()),
    }
}

/// The field that a refusal is about, as far as it names one.
fn field_of(rejection: &Rejection) -> Option<&'static str> {
    let said = &rejection.detail.en;
    keys()
        .find(|key| *key != "name" && said.contains(*key))
        .or_else(|| match &*rejection.code {
            "bad_phone" => Some("phone"),
            "bad_email" => Some("email"),
            _ => None,
        })
}

fn fields(sent: &Sent, was: impl Fn(&str) -> String, about: Option<&str>) -> Vec<Field> {
    let field = |key: &'static str| Field {
        key,
        value: sent_field(sent, key),
        was: was(key),
        theirs: None,
        is_wrong: about == Some(key),
    };
    keys().map(field).collect()
}

pub(super) async fn new(Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    page(&Written {
        ui,
        shell: Shell::new(&session, ui, "customers"),
        path: "/customers".into(),
        back: "/customers".into(),
        name: None,
        version: 0,
        fields: fields(&Sent::new(), |_| String::new(), None),
        wrong: None,
        known: None,
        is_conflict: false,
    })
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Form(sent): Form<Sent>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    match desk
        .app()
        .profiles()
        .create(caller, changes(&sent, |_| String::new()))
        .await
    {
        Ok(customer) => Ok(Redirect::to(&format!("/customers/{}", customer.id)).into_response()),
        Err(error) => {
            let rejection = wrong(error)?;
            let known = (rejection.code == "customer_exists")
                .then(|| rejection.detail.en.split(' ').find_map(|word| word.parse().ok()));
            again(&Written {
                ui,
                shell: Shell::new(&session, ui, "customers"),
                path: "/customers".into(),
                back: "/customers".into(),
                name: None,
                version: 0,
                fields: fields(&sent, |_| String::new(), field_of(&rejection)),
                known: known.flatten(),
                wrong: Some(rejection.detail.get(ui.language).to_owned()),
                is_conflict: false,
            })
        }
    }
}

pub(super) async fn edit(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Path(id): Path<Uuid>) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Intake)?;
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let customer = desk.app().profiles().get(caller, id).await?;
    let sent = keys().map(|key| (key.to_owned(), present(&customer, key))).collect();
    page(&Written {
        ui,
        shell: Shell::new(&session, ui, "customers"),
        path: format!("/customers/{id}"),
        back: format!("/customers/{id}"),
        name: Some(present(&customer, "name")),
        version: customer.version,
        fields: fields(&sent, |key| present(&customer, key), None),
        wrong: None,
        known: None,
        is_conflict: false,
    })
}

pub(super) async fn change(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(mut sent): Form<Sent>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Intake)?;
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let profiles = desk.app().profiles();
    // of a field that both have changed, somebody who has seen both chooses theirs
    for key in keys() {
        if let Some(theirs) = sent.remove(&format!("theirs-{key}")) {
            sent.insert(key.to_owned(), theirs);
        }
    }
    let was = |key: &str| sent_field(&sent, &format!("was-{key}"));
    let expected = sent_field(&sent, "version").parse().ok();
    let customer = changes(&sent, was);
    if customer.name.is_none() && customer.identities.is_empty() && customer.attributes.is_empty() {
        profiles.get(caller, id).await?;
        return Ok(Redirect::to(&format!("/customers/{id}")).into_response());
    }
    match profiles.change(caller, id, Change { customer, expected }).await {
        Ok(_) => Ok(said(&format!("/customers/{id}"), &ui.say("customers-kept").to_string())),
        Err(error) => {
            let rejection = wrong(error)?;
            let now = profiles.get(caller, id).await?;
            let is_conflict = rejection.code == "version_changed";
            let mut fields = fields(&sent, was, field_of(&rejection));
            if is_conflict {
                for field in &mut fields {
                    let theirs = present(&now, field.key);
                    match (theirs == field.was, field.value == field.was) {
                        // only they have changed it
                        (false, true) => field.value.clone_from(&theirs),
                        (false, false) if theirs != field.value => field.theirs = Some(theirs.clone()),
                        _ => {}
                    }
                    field.was = theirs;
                }
            }
            again(&Written {
                ui,
                shell: Shell::new(&session, ui, "customers"),
                path: format!("/customers/{id}"),
                back: format!("/customers/{id}"),
                name: Some(present(&now, "name")),
                version: if is_conflict {
                    now.version
                } else {
                    expected.unwrap_or(now.version)
                },
                fields,
                known: None,
                wrong: Some(match is_conflict {
                    true => ui.say("customers-conflict").to_string(),
                    false => rejection.detail.get(ui.language).to_owned(),
                }),
                is_conflict,
            })
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Noted {
    note: String,
    channel: String,
    /// Names the note, so that a form sent twice is one.
    once: Uuid,
}

/// A contact with the customer, as a staff member tells of it.
pub(super) async fn note(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(sent): Form<Noted>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let note = Note {
        once: sent.once,
        channel: sent.channel,
        text: sent.note,
    };
    desk.app().profiles().note(&session.caller, id, &note).await?;
    Ok(said(
        &format!("/customers/{id}"),
        &ui.say("customers-noted").to_string(),
    ))
}

#[derive(Debug, Deserialize)]
pub(super) struct Preferred {
    key: String,
    value: String,
}

/// What the customer likes, as a staff member has heard it.
pub(super) async fn prefer(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(sent): Form<Preferred>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let is_money = sent.key.parse() == Ok(PreferenceKey::Budget);
    let budget = is_money.then(|| parse_major(&sent.value, ui.currency).ok()).flatten();
    let value = budget.map_or_else(|| Value::from(sent.value.trim()), Value::from);
    let customer = Customer {
        preferences: Map::from_iter([(sent.key, value)]),
        ..Customer::default()
    };
    desk.app()
        .profiles()
        .change(
            &session.caller,
            id,
            Change {
                customer,
                expected: None,
            },
        )
        .await?;
    Ok(said(&format!("/customers/{id}"), &ui.say("customers-kept").to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_changed_is_sent() {
        let sent = Sent::from_iter(
            [
                ("name", "李伟 "),
                ("phone", "138 0013 8000"),
                ("home_city", "上海"),
                ("email", ""),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        let was = |key: &str| {
            if key == "name" {
                "李伟".to_owned()
            } else {
                String::new()
            }
        };
        let changed = changes(&sent, was);
        assert_eq!(changed.name, None);
        assert_eq!(changed.identities.len(), 1);
        assert_eq!(
            changed.attributes.get("home_city").and_then(Value::as_str),
            Some("上海")
        );
        assert!(!changed.attributes.contains_key("gender"));
    }
}
