//! How much of a saving comes back when its booking is called off or paid back.

use crate::booking::{Booking, BookingStatus};

/// What came of the booking behind a confirmed quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// Nothing: the trip stands.
    Not,
    /// Called off or wholly paid back: everything the quote took comes back.
    Wholly,
    /// So much of so much was paid back: of the budget the same share comes back, rounded down; coupons stay used.
    Partly {
        /// Minor units paid back.
        refunded: i64,
        /// Minor units paid.
        of: i64,
    },
}

impl Undone {
    /// What the booking's state means.
    pub fn of(booking: &Booking) -> Self {
        if booking.status == BookingStatus::Cancelled || booking.refunded_in_full {
            return Self::Wholly;
        }
        match booking.details.amount {
            _ if booking.refunded <= 0 => Self::Not,
            Some(amount) if booking.refunded < amount => Self::Partly {
                refunded: booking.refunded,
                of: amount,
            },
            // more than was ever paid, or nobody said how much that was
            Some(_) => Self::Wholly,
            None => Self::Not,
        }
    }

    /// How much of a saving comes back, in all.
    pub fn share_of(self, saving: i64) -> i64 {
        match self {
            Self::Not => 0,
            Self::Wholly => saving,
            Self::Partly { refunded, of } => (i128::from(saving) * i128::from(refunded) / i128::from(of)) as i64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::{BookingDetails, BookingRecord};

    fn booking(status: BookingStatus, amount: Option<i64>, refunded: i64, in_full: bool) -> Booking {
        let record = BookingRecord {
            booking_id: "b".into(),
            status: BookingStatus::Paid,
            happened_at: None,
            on: 1,
            details: BookingDetails {
                amount,
                ..BookingDetails::default()
            },
        };
        Booking {
            refunded,
            completed_on: None,
            refunded_in_full: in_full,
            status,
            ..Booking::begin(&record)
        }
    }

    #[test]
    fn what_is_paid_back_gives_back_its_share() {
        use BookingStatus::{Cancelled, Completed, Paid, Refunded};
        for (booking, of_a_thousand) in [
            (booking(Paid, Some(9_000), 0, false), 0),
            (booking(Cancelled, Some(9_000), 0, false), 1_000),
            (booking(Cancelled, None, 0, false), 1_000),
            (booking(Refunded, Some(9_000), 3_001, false), 333),
            (booking(Refunded, Some(9_000), 9_000, true), 1_000),
            (booking(Refunded, Some(9_000), 9_500, false), 1_000),
            (booking(Completed, None, 500, false), 0),
            (booking(Paid, Some(0), 0, false), 0),
        ] {
            assert_eq!(Undone::of(&booking).share_of(1_000), of_a_thousand, "{booking:?}");
        }
        let large = Undone::Partly {
            refunded: i64::MAX - 1,
            of: i64::MAX,
        };
        assert_eq!(large.share_of(i64::MAX), i64::MAX - 1);
    }
}
