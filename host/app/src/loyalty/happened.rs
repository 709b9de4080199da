//! What happened to members, as it is written down for rules to be asked about.

use crate::App;
use crate::rules::Moment;
use posthouse_domain::Day;
use posthouse_domain::booking::Booking;
use posthouse_domain::loyalty::{Booked, Happening, Occasion};
use posthouse_store::loyalty::{OccasionRow, WAITING};
use posthouse_store::reviews::ReviewRow;
use serde_json::json;
use uuid::Uuid;

/// The kind of what a referral's occasions are about.
pub(super) const REFERRAL: &str = "referral";

/// That a customer has become a member.
pub(super) fn joined(app: &App, customer: Uuid, binding: &str, moment: Moment) -> OccasionRow {
    let occasion = Occasion {
        at: moment.now,
        on: moment.today,
        what: Happening::Joined,
    };
    occasion_row(app, customer, ("member", String::new()), binding, &occasion, moment)
}

/// The kind of what a review's occasions are about.
pub(super) const REVIEW: &str = "review";

/// A review's name among occasions; of two systems' ids no two are written alike.
pub(super) fn review_name(review: &ReviewRow) -> String {
    json!([review.source, review.external_id]).to_string()
}

/// That a member has written of a trip.
pub(super) fn reviewed(app: &App, review: &ReviewRow, binding: &str, moment: Moment) -> OccasionRow {
    let occasion = Occasion {
        at: review.at,
        on: review.on_day,
        what: Happening::Reviewed {
            rating: review.rating.and_then(|rating| u32::try_from(rating).ok()),
        },
    };
    let about = (REVIEW, review_name(review));
    occasion_row(app, review.customer_id, about, binding, &occasion, moment)
}

/// What happened of a booking that is a trip and has a price.
pub(super) struct OfBooking {
    /// What of it a rule is told.
    pub(super) booked: Booked,
    /// The day on which its trip was over.
    pub(super) over: Option<Day>,
}

impl OfBooking {
    /// Its occasions with their days, the confirmation first.
    pub(super) fn occasions(self) -> impl Iterator<Item = (Day, Happening)> {
        let Self { booked: booking, over } = self;
        let confirmed = (
            booking.booked,
            Happening::BookingConfirmed {
                booking: booking.clone(),
            },
        );
        let completed = over.map(|day| (day, Happening::BookingCompleted { booking }));
        [Some(confirmed), completed].into_iter().flatten()
    }
}

/// What happened of a booking; nothing while it is no trip, or of a price that nobody knows.
pub(super) fn of_booking(booking: &Booking) -> Option<OfBooking> {
    let details = &booking.details;
    let booked = Booked {
        product: details.product.clone(),
        destination: details.destination.clone(),
        theme: details.theme.clone(),
        channel: details.channel.clone(),
        booked: booking.booked_on(),
        departs: details.departs_on,
        returns: details.returns_on,
        travellers: details.travellers,
        amount: details.amount?,
    };
    let over = booking.over_on();
    booking.status.is_trip().then_some(OfBooking { booked, over })
}

/// An occasion that no booking is, for the first time.
pub(super) fn occasion_row(
    app: &App,
    customer: Uuid,
    (about_kind, about): (&str, String),
    binding: &str,
    occasion: &Occasion,
    moment: Moment,
) -> OccasionRow {
    OccasionRow {
        id: app.entropy.id(moment.now),
        customer_id: customer,
        kind: occasion.what.kind().to_owned(),
        about_kind: about_kind.to_owned(),
        about,
        binding: binding.to_owned(),
        round: 1,
        state: WAITING.to_owned(),
        occasion: json!(occasion).to_string(),
        on_day: occasion.on,
        basis: String::new(),
        amount: 0,
        attempts: 0,
        due_at: 0,
        problem: None,
        decision_id: None,
        created_at: moment.now,
    }
}
