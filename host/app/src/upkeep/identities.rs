//! Identities into their normal forms.
//!
//! Earlier builds dropped the dashes of member numbers and the extensions of telephone numbers. Where files brought the customer, their
//! rows still say what was written; elsewhere a number that lost its dashes stays loose, and no dashed number is taken for it unless
//! something else points to the same customer.

use super::{PAGE, Page, note_clash, place};
use crate::error::Result;
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::normal;
use posthouse_store::forms::{self as store, StoredIdentity};
use posthouse_store::{Tx, intake};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The cells of files that say by what a customer is known.
const CELLS: [(IdentityKind, [&str; 2]); 2] = [
    (IdentityKind::MemberNo, ["member_no", "customer_member_no"]),
    (IdentityKind::Phone, ["phone", "customer_phone"]),
];

/// What an identity should be.
struct Form {
    value: String,
    written: Option<String>,
    loose: bool,
}

/// A page of identities.
pub(super) async fn take(page: &Page<'_>, tx: &mut Tx) -> Result<Option<String>> {
    let (kind, value): (String, String) = page.from();
    let rows = store::identities_from(tx, page.agency, (&kind, &value), PAGE).await?;
    let evidence = evidence(page, tx, &rows).await?;
    for row in &rows {
        let Ok(kind) = row.kind.parse::<IdentityKind>() else {
            continue;
        };
        let told = evidence.get(&(kind, row.value.clone())).filter(|_| lost(row, kind));
        if let Some(forms) = told.filter(|forms| forms.len() > 1) {
            // several numbers were taken for one: nobody can say whose is whose
            for form in forms.keys() {
                let one = [(row.value.as_str(), row.value.as_str(), row.customer_id)];
                note_clash(tx, page, kind.as_str(), form, &one).await?;
            }
            continue;
        }
        let told = told.and_then(BTreeMap::first_key_value);
        if let Some(form) = form(page, row, kind, told) {
            apply(page, tx, row, kind, form).await?;
        }
    }
    Ok(super::forms::next(&rows, |row| place((&row.kind, &row.value))))
}

/// Whether an earlier build may have dropped a part of it.
fn lost(row: &StoredIdentity, kind: IdentityKind) -> bool {
    let mobile = row.value.len() == 14 && row.value.starts_with("+861");
    row.loose || (kind == IdentityKind::Phone && row.written.is_none() && !mobile)
}

/// What files wrote where an identity of this page was known by less: its forms, each as it was written first.
async fn evidence(
    page: &Page<'_>,
    tx: &mut Tx,
    rows: &[StoredIdentity],
) -> Result<HashMap<(IdentityKind, String), BTreeMap<String, String>>> {
    let mut customers: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.kind.parse().is_ok_and(|kind| lost(row, kind)))
        .map(|row| row.customer_id)
        .collect();
    customers.sort_unstable();
    customers.dedup();
    let mut found: HashMap<(IdentityKind, String), BTreeMap<String, String>> = HashMap::new();
    for (_, data) in store::rows_of_files(tx, page.agency, &customers).await? {
        let Ok(cells) = serde_json::from_str::<Map<String, Value>>(&data) else {
            continue;
        };
        for (kind, names) in CELLS {
            let written = names.iter().find_map(|name| cells.get(*name)?.as_str());
            let Some(identity) = written.and_then(|text| Identity::normalise(kind, text, page.country).ok()) else {
                continue;
            };
            let forms = found.entry((kind, identity.earlier())).or_default();
            forms.entry(identity.value).or_insert(identity.written);
        }
    }
    Ok(found)
}

/// The form of a stored identity; nothing if it has it already, or cannot be brought into one.
fn form(page: &Page<'_>, row: &StoredIdentity, kind: IdentityKind, told: Option<(&String, &String)>) -> Option<Form> {
    if kind.is_document() {
        let number = page.app.documents.open(page.agency, row.sealed.as_ref()?)?;
        let form = Identity::normalise(kind, &number, page.country).ok()?.value;
        let value = page.app.documents.hash(page.agency, kind, &form);
        return (value != row.value).then_some(Form {
            value,
            written: None,
            loose: false,
        });
    }
    if let Some((form, written)) = told {
        return Some(Form {
            value: form.clone(),
            written: Some(normal::visible(written)),
            loose: false,
        });
    }
    let identity = Identity::normalise(kind, row.written.as_ref().unwrap_or(&row.value), page.country).ok()?;
    (identity.value != row.value).then(|| Form {
        value: identity.value,
        written: Some(normal::visible(&identity.written)),
        loose: row.loose,
    })
}

/// Gives an identity its form, unless somebody else has it: then both are written down and stay.
async fn apply(page: &Page<'_>, tx: &mut Tx, row: &StoredIdentity, kind: IdentityKind, form: Form) -> Result<()> {
    let from = (kind.as_str(), row.value.as_str());
    let taken = match form.value == row.value {
        true => None,
        false => intake::owners(tx, page.agency, &[(kind.as_str(), &form.value)])
            .await?
            .pop(),
    };
    match taken {
        None => {
            let written = form.written.as_deref();
            Ok(store::move_identity(tx, page.agency, from, &form.value, written, form.loose).await?)
        }
        Some(other) if other.customer_id == row.customer_id => {
            Ok(store::drop_identity(tx, page.agency, from.0, from.1).await?)
        }
        Some(other) => {
            let was = other.written.as_deref().unwrap_or(&other.value);
            let both = [
                (was, other.value.as_str(), other.customer_id),
                (row.value.as_str(), row.value.as_str(), row.customer_id),
            ];
            note_clash(tx, page, kind.as_str(), &form.value, &both).await
        }
    }
}
