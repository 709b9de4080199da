//! By what people recognise a customer in a list.

use crate::Profiles;
use crate::caller::Caller;
use crate::error::Result;
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::profile::Profile;
use posthouse_store::intake::{CustomerRow, OwnerRow, customers as customers_of, identities_of};
use posthouse_store::{Access, Tx};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// What a list says of a customer besides the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The shown name.
    pub name: Option<String>,
    /// The agency's member number, as it was written.
    pub member_no: Option<String>,
    /// The name, or else the member number, a masked telephone number or e-mail address, or the end of the id.
    pub label: String,
}

/// The labels of these customers, as this caller sees them.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn labels(tx: &mut Tx, caller: &Caller, customers: &[CustomerRow]) -> Result<HashMap<Uuid, Label>> {
    let agency = caller.room.id;
    let ids: Vec<Uuid> = customers.iter().map(|row| row.id).collect();
    let identities = identities_of(tx, agency, &ids).await?;
    Ok(labels_by(caller, customers, &identities))
}

/// The labels of these customers, by the identities they are known by.
pub(crate) fn labels_by(caller: &Caller, customers: &[CustomerRow], identities: &[OwnerRow]) -> HashMap<Uuid, Label> {
    let mut known: HashMap<(Uuid, IdentityKind), String> = HashMap::new();
    for row in identities {
        if let Ok(kind) = row.kind.parse()
            && !caller.hides_identity(kind)
        {
            // the first in the order of spelling, so that the label stays the same
            let shown = match kind {
                // masked below, so in the form whose parts are known
                IdentityKind::Phone => row.value.clone(),
                _ => row.shown().to_owned(),
            };
            known.entry((row.customer_id, kind)).or_insert(shown);
        }
    }
    let label = |row: &CustomerRow| {
        let known_by = |kind| known.get(&(row.id, kind)).cloned();
        let name = shown_name(&row.profile);
        let member_no = known_by(IdentityKind::MemberNo);
        let label = name
            .clone()
            .or_else(|| member_no.clone())
            .or_else(|| known_by(IdentityKind::Phone).map(|phone| masked_phone(&phone)))
            .or_else(|| known_by(IdentityKind::Email).map(|email| masked_email(&email)))
            .unwrap_or_else(|| short_id(row.id));
        Label { name, member_no, label }
    };
    customers.iter().map(|row| (row.id, label(row))).collect()
}

impl Profiles<'_> {
    /// By what people recognise these customers, each once however often it is named; whom the agency does not have, or the caller does not
    /// see, is left out.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn labels(&self, caller: &Caller, customers: &[Uuid]) -> Result<HashMap<Uuid, Label>> {
        let agency = caller.room.id;
        let mut customers = customers.to_vec();
        customers.sort_unstable();
        customers.dedup();
        let visible = self.visible(caller).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut rows = customers_of(&mut tx, agency, &customers).await?;
        rows.retain(|row| visible.has(row.ordinal));
        labels(&mut tx, caller, &rows).await
    }
}

/// The name in a stored profile.
pub(crate) fn shown_name(profile: &str) -> Option<String> {
    serde_json::from_str::<Profile>(profile).ok()?.name
}

/// A number in E.164 without its middle.
pub(crate) fn masked_phone(phone: &str) -> String {
    let (phone, extension) = phone
        .split_once(";ext=")
        .map_or((phone, String::new()), |(phone, ext)| (phone, format!(" ext. {ext}")));
    let signs: Vec<char> = phone.chars().collect();
    // four signs at least stay hidden; of a short number only the end is told
    let (front, back) = match signs.len() {
        12.. => ((signs.len() - 8).min(6), 4),
        _ => (0, 2),
    };
    let begin: String = signs[..front].iter().collect();
    let end: String = signs[signs.len().saturating_sub(back)..].iter().collect();
    format!("{begin}****{end}{extension}")
}

/// An address with the first letter of its user.
fn masked_email(email: &str) -> String {
    let (user, host) = email.rsplit_once('@').unwrap_or((email, ""));
    format!("{}***@{host}", user.chars().take(1).collect::<String>())
}

/// The end of an id; ids begin with the time, so customers of the same file begin alike.
fn short_id(id: Uuid) -> String {
    let text = id.simple().to_string();
    format!("…{}", &text[text.len() - 8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_called_or_written_to_is_masked() {
        assert_eq!(masked_phone("+8613800138000"), "+86138****8000");
        assert_eq!(masked_phone("+85291234567"), "+852****4567");
        assert_eq!(masked_phone("+861065529988;ext=101"), "+8610****9988 ext. 101");
        assert_eq!(masked_phone("+290123456"), "****56");
        assert_eq!(masked_phone("1"), "****1");
        assert_eq!(masked_email("wang.xiaoming@example.com"), "w***@example.com");
        assert_eq!(masked_email("王@例子.cn"), "王***@例子.cn");
    }

    #[test]
    fn an_id_is_told_by_its_end() {
        let id = Uuid::from_u128(0x019b_bf61_8d00_7bcd_8ee7_ff61_bc2f_3b5f);
        assert_eq!(short_id(id), "…bc2f3b5f");
    }
}
