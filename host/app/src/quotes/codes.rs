//! The coupon codes that come with a basket.

use crate::error::Result;
use posthouse_domain::promotion::coupon;
use posthouse_domain::{Localized, normal};
use posthouse_store::Tx;
use posthouse_store::coupons::{self as store, CouponRow};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It opens its campaign.
    Good,
    /// There is no such code.
    Unknown,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
    /// It belongs to somebody else.
    AnotherCustomers,
    /// Every use is redeemed or held by an open quote.
    UsedUp,
    /// Another code of the basket opens the same campaign.
    Needless,
}

/// A code of the basket.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// Its last letters, enough to tell it from others of the basket.
    pub(crate) ending: String,
    pub(crate) worth: Worth,
    /// The coupon, if there is one.
    pub(crate) coupon: Option<CouponRow>,
}

/// What is kept of a code.
pub(crate) fn hash(code: &str) -> Vec<u8> {
    Sha256::digest(code.as_bytes()).to_vec()
}

/// The last letters of a code, however it was typed.
pub(crate) fn ending(code: &str) -> String {
    let code = normal::code(code).to_uppercase();
    let letters: Vec<char> = code.chars().filter(|c| c.is_alphanumeric()).collect();
    let tail = &letters[letters.len().saturating_sub(4)..];
    format!("…{}", tail.iter().collect::<String>())
}

impl Code {
    /// Whether it opens this campaign.
    pub(crate) fn opens(&self, campaign: Uuid) -> bool {
        self.worth == Worth::Good
            && self
                .coupon
                .as_ref()
                .is_some_and(|coupon| coupon.campaign_id == campaign)
    }
}

impl Worth {
    /// What a coupon is worth to a customer.
    pub(crate) fn of(coupon: &CouponRow, customer: Option<Uuid>, now: i64) -> Self {
        if coupon.revoked {
            Self::Revoked
        } else if coupon.customer_id.is_some() && coupon.customer_id != customer {
            Self::AnotherCustomers
        } else if coupon.expires_at.is_some_and(|end| end <= now) {
            Self::Expired
        } else if coupon.held + coupon.used >= coupon.uses {
            Self::UsedUp
        } else {
            Self::Good
        }
    }

    /// Stable name.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unknown => "coupon_unknown",
            Self::Revoked => "coupon_revoked",
            Self::Expired => "coupon_expired",
            Self::AnotherCustomers => "coupon_of_another_customer",
            Self::UsedUp => "coupon_used_up",
            Self::Needless => "coupon_needless",
        }
    }

    /// In words.
    pub(crate) fn text(self) -> Localized {
        let (zh, en) = match self {
            Self::Good => ("可以使用", "Can be used"),
            Self::Unknown => (
                "没有这个券码，请核对后重新输入",
                "There is no such code; check it and type it again",
            ),
            Self::Revoked => ("该券已作废", "The coupon was revoked"),
            Self::Expired => ("该券已过期", "The coupon has expired"),
            Self::AnotherCustomers => ("该券只限领取者本人使用", "The coupon belongs to another customer"),
            Self::UsedUp => (
                "该券已用完，或正被另一份未确认的报价占用",
                "The coupon is used up, or held by a quote that is not confirmed yet",
            ),
            Self::Needless => (
                "同一活动只需一张券，此券未使用",
                "Another code opens the same campaign; this one is left as it is",
            ),
        };
        Localized::new(zh, en)
    }
}

/// What each code is worth. One that is sent twice is one.
pub(crate) async fn read_codes(
    tx: &mut Tx,
    agency: Uuid,
    codes: &[String],
    customer: Option<Uuid>,
    now: i64,
) -> Result<Vec<Code>> {
    let mut hashes: Vec<(String, Option<Vec<u8>>)> = Vec::new();
    for code in codes {
        let found = coupon::normalise(code).map(|letters| hash(&letters));
        if found.is_none() || hashes.iter().all(|(_, there)| *there != found) {
            hashes.push((ending(code), found));
        }
    }
    let known: Vec<Vec<u8>> = hashes.iter().filter_map(|(_, hash)| hash.clone()).collect();
    let rows = store::coupons(tx, agency, &known).await?;
    let mut read: Vec<Code> = Vec::new();
    for (ending, hash) in hashes {
        let coupon = rows.iter().find(|row| Some(&row.hash) == hash.as_ref()).cloned();
        let worth = match &coupon {
            None => Worth::Unknown,
            Some(coupon) => match Worth::of(coupon, customer, now) {
                Worth::Good if read.iter().any(|other| other.opens(coupon.campaign_id)) => Worth::Needless,
                worth => worth,
            },
        };
        read.push(Code { ending, worth, coupon });
    }
    Ok(read)
}
