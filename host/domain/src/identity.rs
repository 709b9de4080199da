//! By what a customer is known, and in which one spelling.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The kinds of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// A telephone number, kept as E.164.
    Phone,
    /// An e-mail address, its domain in lower case.
    Email,
    /// A WeChat open id.
    WechatOpenid,
    /// A national identity card. Kept encrypted.
    IdCard,
    /// A passport. Kept encrypted.
    Passport,
    /// The agency's own member number.
    MemberNo,
    /// A user of an online travel agency.
    OtaUser,
    /// A browser or handset.
    Device,
}

impl IdentityKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Phone,
        Self::Email,
        Self::WechatOpenid,
        Self::IdCard,
        Self::Passport,
        Self::MemberNo,
        Self::OtaUser,
        Self::Device,
    ];

    /// The name used in JSON, files and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::WechatOpenid => "wechat_openid",
            Self::IdCard => "id_card",
            Self::Passport => "passport",
            Self::MemberNo => "member_no",
            Self::OtaUser => "ota_user",
            Self::Device => "device",
        }
    }

    /// A customer has at most one active value of an exclusive kind.
    pub fn is_exclusive(self) -> bool {
        matches!(self, Self::MemberNo | Self::IdCard | Self::Passport)
    }

    /// A document is kept encrypted and looked up by a keyed hash.
    pub fn is_document(self) -> bool {
        matches!(self, Self::IdCard | Self::Passport)
    }
}

impl FromStr for IdentityKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// One identity in its normal spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// What kind of identity.
    pub kind: IdentityKind,
    /// Normal spelling.
    pub value: String,
}

/// Why a value cannot be an identity, in words for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {problem}", kind = .kind.as_str())]
pub struct IdentityError {
    /// The kind it was sent as.
    pub kind: IdentityKind,
    /// What is wrong, to be read after the kind.
    pub problem: &'static str,
}

/// Longest identity kept, in bytes.
pub const LONGEST_IDENTITY: usize = 128;

impl Identity {
    /// Brings `value` into its normal spelling: phones become E.164 as dialled in `country`, e-mails lose case in the domain,
    /// document and member numbers lose spaces and dashes.
    ///
    /// # Errors
    /// [`IdentityError`] when the value cannot be one of its kind.
    pub fn normalise(kind: IdentityKind, value: &str, country: &str) -> Result<Self, IdentityError> {
        let err = |problem| Err(IdentityError { kind, problem });
        let value = value.trim();
        if value.is_empty() {
            return err("is empty");
        }
        if value.len() > LONGEST_IDENTITY || value.chars().any(char::is_control) {
            return err("is longer than 128 bytes or has control characters");
        }
        let value = match kind {
            IdentityKind::Phone => match normalise_phone(value, country) {
                Some(phone) => phone,
                None => {
                    return err(
                        "is not a telephone number; write it as dialled in the agency's country, or with + and the country code",
                    );
                }
            },
            // `Li Wei <li.wei@example.com>` is the same address as the one between the brackets
            IdentityKind::Email => match value.parse::<email_address::EmailAddress>() {
                Ok(address) => format!("{}@{}", address.local_part(), address.domain().to_lowercase()),
                Err(_) => return err("is not an e-mail address"),
            },
            IdentityKind::IdCard | IdentityKind::Passport | IdentityKind::MemberNo => {
                let kept: String = value
                    .chars()
                    .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–'))
                    .collect();
                if kept.is_empty() {
                    return err("has no letters or digits");
                }
                if kind.is_document() { kept.to_uppercase() } else { kept }
            }
            IdentityKind::WechatOpenid | IdentityKind::OtaUser | IdentityKind::Device => value.to_owned(),
        };
        Ok(Self { kind, value })
    }
}

fn normalise_phone(value: &str, country: &str) -> Option<String> {
    let value = &half_width(value);
    if let Some(mobile) = mainland_mobile(value, country) {
        return Some(mobile);
    }
    let region = phonenumber::country::Id::from_str(country).ok();
    let number = phonenumber::parse(region, value).ok()?;
    number
        .is_valid()
        .then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

/// Digits and the plus sign as they are typed with a Chinese keyboard, in their usual width.
pub(crate) fn half_width(value: &str) -> String {
    let usual = |c: char| match c {
        '０'..='９' | '＋' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    };
    value.chars().map(usual).collect()
}

/// Mainland mobile numbers are the bulk of every file and unambiguous, so they do without the general parser; in every usual
/// spelling, because it does not know each of their blocks.
fn mainland_mobile(value: &str, country: &str) -> Option<String> {
    let dialled: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let national = match dialled.strip_prefix("+86").or_else(|| dialled.strip_prefix("0086")) {
        Some(national) => national,
        None if country == "CN" => &dialled,
        None => return None,
    };
    let bytes = national.as_bytes();
    let mobile = matches!(bytes, [b'1', b'3'..=b'9', ..]) && bytes.len() == 11 && bytes.iter().all(u8::is_ascii_digit);
    mobile.then(|| format!("+86{national}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_each() {
        let cases = [
            (IdentityKind::Phone, "138 0013 8000", Some("+8613800138000")),
            (IdentityKind::Phone, "13800138000", Some("+8613800138000")),
            (IdentityKind::Phone, "+86-138-0013-8000", Some("+8613800138000")),
            (IdentityKind::Phone, "0086 140 1234 5678", Some("+8614012345678")),
            (IdentityKind::Phone, "010-6552 9988", Some("+861065529988")),
            (IdentityKind::Phone, "+1 650 253 0000", Some("+16502530000")),
            (IdentityKind::Phone, "12", None),
            (IdentityKind::Phone, "call me", None),
            (IdentityKind::Email, "Li.Wei@Example.COM", Some("Li.Wei@example.com")),
            (
                IdentityKind::Email,
                "Li Wei <Li.Wei@Example.COM>",
                Some("Li.Wei@example.com"),
            ),
            (IdentityKind::Email, "li.wei", None),
            (IdentityKind::MemberNo, " M-00 17 ", Some("M0017")),
            (IdentityKind::IdCard, "11010519491231002x", Some("11010519491231002X")),
            (IdentityKind::Passport, "--", None),
            (IdentityKind::Device, "", None),
        ];
        for (kind, value, expected) in cases {
            let found = Identity::normalise(kind, value, "CN")
                .ok()
                .map(|identity| identity.value);
            assert_eq!(found.as_deref(), expected, "{kind:?} {value}");
        }
    }
}
