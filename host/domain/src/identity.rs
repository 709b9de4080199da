//! By what a customer is known, and in which one form.

mod phone;

use crate::normal;
use crate::rejection::quote;
use crate::{Words, words};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The kinds of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// A telephone number, looked up as E.164.
    Phone,
    /// An e-mail address, compared without case.
    Email,
    /// A WeChat open id.
    WechatOpenid,
    /// A national identity card. Kept encrypted.
    IdCard,
    /// A passport. Kept encrypted.
    Passport,
    /// The agency's own member number, compared without case and blanks; its dashes count.
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

/// One identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// What kind of identity.
    pub kind: IdentityKind,
    /// Its normal form, by which it is looked up.
    pub value: String,
    /// What was written.
    pub written: String,
}

/// Why a value cannot be an identity, in words for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", words!("{kind} {problem}", "{kind} {problem}", kind = .kind.as_str(), problem = .problem))]
pub struct IdentityError {
    /// The kind it was sent as.
    pub kind: IdentityKind,
    /// What is wrong, to be read after the kind.
    pub problem: Words,
}

/// Longest identity kept, in bytes.
pub const LONGEST_IDENTITY: usize = 128;

impl Identity {
    /// Brings `value` into its normal form: phones become E.164 as dialled in `country`, with `;ext=` where they have an extension;
    /// e-mails and member numbers lose case, member numbers also blanks; documents become capitals without blanks and dashes; for the
    /// other kinds case matters.
    ///
    /// # Errors
    /// [`IdentityError`] when the value cannot be one of its kind.
    pub fn normalise(kind: IdentityKind, value: &str, country: &str) -> Result<Self, IdentityError> {
        let err = |problem| Err(IdentityError { kind, problem });
        let form = normal::text(value);
        if form.is_empty() {
            return err(words!("is empty", "为空"));
        }
        if value.len().max(form.len()) > LONGEST_IDENTITY || form.chars().any(char::is_control) {
            return err(words!(
                "is longer than 128 bytes or has control characters",
                "超过 128 字节或含有控制字符"
            ));
        }
        let shown = || quote(value.trim());
        let form = match kind {
            IdentityKind::Phone => match phone::normalise(&form, country) {
                Some(phone) if !value.chars().any(normal::is_marked_digit) => phone,
                _ => {
                    return err(words!(
                        "{shown} is not a telephone number; write it as dialled in the agency's country, or with + and the country code",
                        "{shown} 不是电话号码；请按旅行社所在国家的拨号方式填写，或以 + 和国家代码开头",
                        shown = shown()
                    ));
                }
            },
            // `Li Wei <li.wei@example.com>` is the same address as the one between the brackets
            IdentityKind::Email => match form.parse::<email_address::EmailAddress>() {
                Ok(address) => normal::caseless(&format!("{}@{}", address.local_part(), address.domain())),
                Err(_) => {
                    return err(words!(
                        "{shown} is not an e-mail address",
                        "{shown} 不是邮箱地址",
                        shown = shown()
                    ));
                }
            },
            IdentityKind::MemberNo => normal::code(&form),
            IdentityKind::IdCard | IdentityKind::Passport => normal::code(&form).replace('-', "").to_uppercase(),
            IdentityKind::WechatOpenid | IdentityKind::OtaUser | IdentityKind::Device => form,
        };
        if !form.chars().any(char::is_alphanumeric) {
            // the number of a document is not repeated
            return err(if kind.is_document() {
                words!("has no letters or digits", "没有字母或数字")
            } else {
                words!(
                    "{shown} has no letters or digits",
                    "{shown} 没有字母或数字",
                    shown = shown()
                )
            });
        }
        Ok(Self {
            kind,
            value: form,
            written: value.trim().to_owned(),
        })
    }

    /// The form by which builds before the normal form knew what is written here: two rows that are one by now are still told apart by
    /// it. Phones had lost their extensions, member numbers their dashes.
    pub fn earlier(&self) -> String {
        let written = self.written.trim();
        match self.kind {
            IdentityKind::Phone => self.value.split(';').next().unwrap_or_default().to_owned(),
            IdentityKind::Email => match written.parse::<email_address::EmailAddress>() {
                Ok(address) => format!("{}@{}", address.local_part(), address.domain().to_lowercase()),
                Err(_) => written.to_owned(),
            },
            IdentityKind::MemberNo => undashed(written),
            IdentityKind::IdCard | IdentityKind::Passport => undashed(written).to_uppercase(),
            IdentityKind::WechatOpenid | IdentityKind::OtaUser | IdentityKind::Device => written.to_owned(),
        }
    }

    /// The form of a member number whose dashes were dropped, if it has any.
    pub fn loose(&self) -> Option<String> {
        let dashed = self.kind == IdentityKind::MemberNo && self.value.contains('-');
        dashed.then(|| self.value.replace('-', ""))
    }

    /// Whether both are the same, however they were written.
    pub fn is(&self, other: &Self) -> bool {
        (self.kind, &self.value) == (other.kind, &other.value)
    }
}

fn undashed(written: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–');
    written.chars().filter(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(kind: IdentityKind, value: &str) -> Option<String> {
        let identity = Identity::normalise(kind, value, "CN").ok()?;
        Some(identity.value)
    }

    #[test]
    fn one_form_each() {
        let cases = [
            (IdentityKind::Email, "Li.Wei@Example.COM", Some("li.wei@example.com")),
            (IdentityKind::Email, "ＬＩ．Wei@example.com", Some("li.wei@example.com")),
            (
                IdentityKind::Email,
                "Li Wei <Li.Wei@Example.COM>",
                Some("li.wei@example.com"),
            ),
            (IdentityKind::Email, "li.wei", None),
            (IdentityKind::MemberNo, " M-00 17 ", Some("m-0017")),
            (IdentityKind::MemberNo, "m-0017", Some("m-0017")),
            (IdentityKind::MemberNo, "Ｍ－００１７", Some("m-0017")),
            (IdentityKind::MemberNo, "M\u{2011}0017", Some("m-0017")),
            (IdentityKind::MemberNo, "C15\u{2060}M", Some("c15m")),
            (IdentityKind::MemberNo, "C15\u{200e}M", Some("c15m")),
            (IdentityKind::MemberNo, "1-12", Some("1-12")),
            (IdentityKind::MemberNo, "11-2", Some("11-2")),
            (IdentityKind::MemberNo, "112", Some("112")),
            (IdentityKind::MemberNo, "--", None),
            (IdentityKind::IdCard, "11010519491231002x", Some("11010519491231002X")),
            (
                IdentityKind::IdCard,
                "110105 19491231–002Ｘ",
                Some("11010519491231002X"),
            ),
            (IdentityKind::Passport, "e1234-5678", Some("E12345678")),
            (IdentityKind::Passport, "--", None),
            (IdentityKind::WechatOpenid, "oAbC_1\u{200b}", Some("oAbC_1")),
            (IdentityKind::OtaUser, "trip:Wei\u{a0}1", Some("trip:Wei 1")),
            (IdentityKind::Device, "\u{200b}", None),
            (IdentityKind::Device, "", None),
        ];
        for (kind, value, expected) in cases {
            assert_eq!(form(kind, value).as_deref(), expected, "{kind:?} {value}");
        }
    }

    #[test]
    fn a_form_is_its_own_form_and_what_was_written_stays() {
        for (kind, value, written) in [
            (IdentityKind::Phone, "010-65529988 转 102", "010-65529988 转 102"),
            (IdentityKind::Phone, " 138 0013\u{200b} 8000", "138 0013\u{200b} 8000"),
            (IdentityKind::Email, "Li.Wei@Example.COM", "Li.Wei@Example.COM"),
            (IdentityKind::MemberNo, "Vip - 07", "Vip - 07"),
            (IdentityKind::IdCard, "11010519491231002x", "11010519491231002x"),
        ] {
            let identity = Identity::normalise(kind, value, "CN").expect(value);
            assert_eq!(identity.written, written);
            let again = Identity::normalise(kind, &identity.value, "CN").expect("a normal form");
            assert!(again.is(&identity), "{again:?} {identity:?}");
        }
    }
}
