//! The way into a component that serves the extension point in version 1 of the contract.

use super::MemberSaid;
use crate::because::Because;
use crate::columns::Value;
use crate::context::Context;
use crate::contract::{Answered, Export, Linked, context_of, wire};
use crate::description::TierDef;
use crate::fault::Fault;
use crate::refusal::Refusal;
use posthouse_domain::loyalty::{
    Activation, Booked, Expiry, Happening, Occasion, Placement, Posting, Progress, Side, Standing, Wallet,
};

/// Bytes of an occasion where it lies in the guest's memory, without the texts it points to.
const OCCASION_BYTES: usize = 112;
/// The same of a standing, and of a day of status.
const STANDING_BYTES: usize = 56;
const STATUS_BYTES: usize = 16;
/// The same of a posting and of a placement.
const POSTING_BYTES: usize = 48;
const PLACEMENT_BYTES: usize = 72;

/// The functions that are called.
#[derive(Debug)]
pub(super) struct Adapter {
    tiers: Export,
    earn: Export,
    place: Export,
}

impl Adapter {
    pub(super) fn new(linked: &Linked, point: &str) -> Result<Self, Refusal> {
        let export = |name| linked.export(point, name);
        Ok(Self {
            tiers: export("tiers")?,
            earn: export("earn")?,
            place: export("place")?,
        })
    }

    /// The tiers, the lowest first.
    pub(super) fn tiers(&self, linked: &Linked) -> Result<Vec<TierDef>, Fault> {
        let said: Vec<types::TierDef> = linked.ask(&self.tiers)?;
        let tier = |tier: types::TierDef| TierDef {
            key: tier.key,
            title: wire::localized(tier.title),
            benefits: wire::localized(tier.benefits),
        };
        Ok(said.into_iter().map(tier).collect())
    }

    pub(super) fn earn(
        &self,
        linked: &Linked,
        context: &Context,
        occasion: &Occasion,
        standing: &Standing,
        facts: &[Value],
    ) -> Answered<MemberSaid> {
        let data = match &occasion.what {
            Happening::Other { event } => serde_json::to_string(&event.data).unwrap_or_default(),
            _ => String::new(),
        };
        let asked = types::Occasion::new(occasion, &data);
        let bytes_in = context.size() + OCCASION_BYTES + texts(occasion) + data.len() + size(standing, facts);
        let status = status(standing);
        let facts: Vec<wire::Value<'_>> = facts.iter().map(Into::into).collect();
        let ask = (
            context_of(context),
            asked,
            types::Standing::new(standing, &status),
            &*facts,
        );
        let fuel = linked.limits().decision_fuel;
        linked.call(&self.earn, (fuel, bytes_in), ask, |said: Vec<types::Posting>| {
            let bytes_out = said.iter().map(|posting| POSTING_BYTES + posting.reason.size()).sum();
            let earned = said.into_iter().map(types::Posting::read).collect();
            (MemberSaid::Earned(earned), bytes_out)
        })
    }

    pub(super) fn place(
        &self,
        linked: &Linked,
        context: &Context,
        standing: &Standing,
        facts: &[Value],
    ) -> Answered<(Placement, Option<Because>)> {
        let bytes_in = context.size() + size(standing, facts);
        let status = status(standing);
        let facts: Vec<wire::Value<'_>> = facts.iter().map(Into::into).collect();
        let ask = (context_of(context), types::Standing::new(standing, &status), &*facts);
        let fuel = linked.limits().decision_fuel;
        linked.call(&self.place, (fuel, bytes_in), ask, |said: types::Placement| {
            let unit = said.next.as_ref().map_or(0, |next| next.unit.len());
            let bytes_out = PLACEMENT_BYTES + unit + said.reason.as_ref().map_or(0, wire::Reason::size);
            (said.read(), bytes_out)
        })
    }
}

fn status(standing: &Standing) -> Vec<types::StatusDay> {
    let day = |day: &posthouse_domain::loyalty::StatusDay| types::StatusDay {
        on: day.on,
        points: day.points,
    };
    standing.status.iter().map(day).collect()
}

fn texts(occasion: &Occasion) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let booking = |it: &Booked| text(&it.product) + text(&it.destination) + text(&it.theme) + text(&it.channel);
    occasion.what.booking().map_or(0, booking)
}

fn size(standing: &Standing, facts: &[Value]) -> usize {
    let tier = standing.tier.as_ref().map_or(0, |tier| tier.tier.len());
    STANDING_BYTES + tier + standing.status.len() * STATUS_BYTES + wire::size_of_facts(facts)
}

/// The types as they cross the border; field names and order are those of `wit/v1`.
#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod types {
    use crate::contract::wire::{Localized, Reason};
    use wasmtime::component::{ComponentType, Lift, Lower};

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct TierDef {
        pub(super) key: String,
        pub(super) title: Localized,
        pub(super) benefits: Localized,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Booking<'a> {
        pub(super) product: Option<&'a str>,
        pub(super) destination: Option<&'a str>,
        pub(super) theme: Option<&'a str>,
        pub(super) channel: Option<&'a str>,
        pub(super) booked: i32,
        pub(super) departs: Option<i32>,
        pub(super) returns: Option<i32>,
        pub(super) travellers: Option<u32>,
        pub(super) amount: i64,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(enum)]
    #[repr(u8)]
    pub(super) enum Side {
        #[component(name = "referrer")]
        Referrer,
        #[component(name = "referred")]
        Referred,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Referral {
        pub(super) side: Side,
        pub(super) earlier: u32,
        #[component(name = "earlier-12m")]
        pub(super) earlier_12m: u32,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Review {
        pub(super) rating: Option<u32>,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct AgencyEvent<'a> {
        pub(super) name: &'a str,
        pub(super) data: &'a str,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(variant)]
    pub(super) enum Happening<'a> {
        #[component(name = "joined")]
        Joined,
        #[component(name = "booking-confirmed")]
        BookingConfirmed(Booking<'a>),
        #[component(name = "booking-completed")]
        BookingCompleted(Booking<'a>),
        #[component(name = "reviewed")]
        Reviewed(Review),
        #[component(name = "referral-completed")]
        ReferralCompleted(Referral),
        #[component(name = "birthday")]
        Birthday,
        #[component(name = "other")]
        Other(AgencyEvent<'a>),
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Occasion<'a> {
        pub(super) at: i64,
        pub(super) on: i32,
        pub(super) what: Happening<'a>,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct StandingIn<'a> {
        pub(super) tier: &'a str,
        pub(super) since: i32,
        #[component(name = "valid-until")]
        pub(super) valid_until: Option<i32>,
        #[component(name = "by-hand")]
        pub(super) by_hand: bool,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct StatusDay {
        pub(super) on: i32,
        pub(super) points: i64,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Standing<'a> {
        #[component(name = "member-since")]
        pub(super) member_since: i32,
        pub(super) tier: Option<StandingIn<'a>>,
        pub(super) available: i64,
        pub(super) pending: i64,
        pub(super) status: &'a [StatusDay],
    }

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(enum)]
    #[repr(u8)]
    #[expect(dead_code, reason = "the derive makes the values from their discriminants")]
    pub(super) enum Wallet {
        #[component(name = "points")]
        Points,
        #[component(name = "status")]
        Status,
    }

    #[derive(ComponentType, Lift)]
    #[component(variant)]
    pub(super) enum Activation {
        #[component(name = "now")]
        Now,
        #[component(name = "completed")]
        Completed,
        #[component(name = "on")]
        On(i32),
    }

    #[derive(ComponentType, Lift)]
    #[component(variant)]
    pub(super) enum Expiry {
        #[component(name = "never")]
        Never,
        #[component(name = "on")]
        On(i32),
        #[component(name = "days")]
        Days(u32),
        #[component(name = "months")]
        Months(u32),
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Posting {
        pub(super) wallet: Wallet,
        pub(super) points: i64,
        pub(super) active: Activation,
        pub(super) expires: Expiry,
        pub(super) reason: Reason,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Progress {
        pub(super) tier: u16,
        pub(super) have: i64,
        pub(super) need: i64,
        pub(super) unit: String,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Placement {
        pub(super) tier: Option<u16>,
        #[component(name = "valid-until")]
        pub(super) valid_until: Option<i32>,
        pub(super) next: Option<Progress>,
        pub(super) reason: Option<Reason>,
    }
}

impl<'a> From<&'a Booked> for types::Booking<'a> {
    fn from(booking: &'a Booked) -> Self {
        Self {
            product: booking.product.as_deref(),
            destination: booking.destination.as_deref(),
            theme: booking.theme.as_deref(),
            channel: booking.channel.as_deref(),
            booked: booking.booked,
            departs: booking.departs,
            returns: booking.returns,
            travellers: booking.travellers.and_then(|travellers| u32::try_from(travellers).ok()),
            amount: booking.amount,
        }
    }
}

impl<'a> types::Occasion<'a> {
    /// `data` is what an agency's own event says, as JSON.
    fn new(occasion: &'a Occasion, data: &'a str) -> Self {
        let what = match &occasion.what {
            Happening::Joined => types::Happening::Joined,
            Happening::BookingConfirmed { booking } => types::Happening::BookingConfirmed(booking.into()),
            Happening::BookingCompleted { booking } => types::Happening::BookingCompleted(booking.into()),
            Happening::Reviewed { rating } => types::Happening::Reviewed(types::Review { rating: *rating }),
            Happening::ReferralCompleted { referral } => types::Happening::ReferralCompleted(types::Referral {
                side: match referral.side {
                    Side::Referrer => types::Side::Referrer,
                    Side::Referred => types::Side::Referred,
                },
                earlier: referral.earlier,
                earlier_12m: referral.earlier_12m,
            }),
            Happening::Birthday => types::Happening::Birthday,
            Happening::Other { event } => types::Happening::Other(types::AgencyEvent {
                name: &event.name,
                data,
            }),
        };
        Self {
            at: occasion.at,
            on: occasion.on,
            what,
        }
    }
}

impl<'a> types::Standing<'a> {
    fn new(standing: &'a Standing, status: &'a [types::StatusDay]) -> Self {
        Self {
            member_since: standing.member_since,
            tier: standing.tier.as_ref().map(|tier| types::StandingIn {
                tier: &tier.tier,
                since: tier.since,
                valid_until: tier.valid_until,
                by_hand: tier.by_hand,
            }),
            available: standing.available,
            pending: standing.pending,
            status,
        }
    }
}

impl types::Posting {
    fn read(self) -> (Posting, Because) {
        let posting = Posting {
            wallet: match self.wallet {
                types::Wallet::Points => Wallet::Points,
                types::Wallet::Status => Wallet::Status,
            },
            points: self.points,
            active: match self.active {
                types::Activation::Now => Activation::Now,
                types::Activation::Completed => Activation::Completed,
                types::Activation::On(day) => Activation::On(day),
            },
            expires: match self.expires {
                types::Expiry::Never => Expiry::Never,
                types::Expiry::On(day) => Expiry::On(day),
                types::Expiry::Days(days) => Expiry::Days(days),
                types::Expiry::Months(months) => Expiry::Months(months),
            },
        };
        (posting, self.reason.into())
    }
}

impl types::Placement {
    fn read(self) -> (Placement, Option<Because>) {
        let placement = Placement {
            tier: self.tier,
            valid_until: self.valid_until,
            next: self.next.map(|next| Progress {
                tier: next.tier,
                have: next.have,
                need: next.need,
                unit: next.unit,
            }),
        };
        (placement, self.reason.map(Into::into))
    }
}
