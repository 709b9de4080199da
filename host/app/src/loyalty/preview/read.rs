//! Reading members with what happened to them, as rules are to be played over it.

use super::play::{Event, Held, Played, Turned, What};
use crate::Loyalty;
use crate::error::Result;
use crate::loyalty::happened::of_booking;
use chrono_tz::Tz;
use posthouse_domain::booking::Booking;
use posthouse_domain::loyalty::{Happening, Lot, Occasion, Wallet};
use posthouse_domain::{Day, time};
use posthouse_store::loyalty::{self as store, LotRow, OccasionRow, PlayedRow, TierOf};
use posthouse_store::{Access, intake};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Members who are read at once.
const PAGE: i64 = 512;

/// What is read, and how.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) agency: Uuid,
    pub(super) binding: String,
    /// The first day that is played, and the last.
    pub(super) from: Day,
    pub(super) to: Day,
    /// The day from which the programme counts.
    pub(super) since: Day,
    pub(super) zone: Tz,
    /// Whether the binding gives tiers.
    pub(super) gives_tiers: bool,
    pub(super) reads_facts: bool,
}

/// Some members.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) members: Vec<Played>,
    /// Where the next page begins.
    pub(super) last: Uuid,
}

impl Loyalty<'_> {
    /// The members behind a customer's id; none at the end.
    pub(super) async fn page(&self, span: &Span, behind: Uuid) -> Result<Option<Page>> {
        let agency = span.agency;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let members = store::played_behind(&mut tx, agency, behind, PAGE).await?;
        let Some(last) = members.last().map(|row| row.customer_id) else {
            return Ok(None);
        };
        let ids: Vec<Uuid> = members.iter().map(|row| row.customer_id).collect();
        let mut tiers: HashMap<Uuid, Vec<TierOf>> = HashMap::new();
        for one in store::tiers_of(&mut tx, agency, &ids).await? {
            tiers.entry(one.customer_id).or_default().push(one);
        }
        let mut lots: HashMap<Uuid, Vec<LotRow>> = HashMap::new();
        for row in store::lots_apart_from(&mut tx, agency, (&span.binding, span.from), &ids).await? {
            lots.entry(row.customer_id).or_default().push(row);
        }
        let mut bookings: HashMap<Uuid, Vec<Booking>> = HashMap::new();
        for (customer, booking) in store::told_bookings_of(&mut tx, agency, &ids).await? {
            bookings.entry(customer).or_default().push(booking);
        }
        let mut others: HashMap<Uuid, Vec<OccasionRow>> = HashMap::new();
        for row in store::occasions_apart_from_bookings(&mut tx, agency, span.from, &ids).await? {
            others.entry(row.customer_id).or_default().push(row);
        }
        let mut ordinals = HashMap::new();
        if span.reads_facts {
            let rows = intake::customers(&mut tx, agency, &ids).await?;
            ordinals.extend(rows.into_iter().map(|row| (row.id, row.ordinal as u32)));
        }
        drop(tx);
        let played = members.into_iter().map(|row| {
            let id = row.customer_id;
            let own = Own {
                tiers: tiers.remove(&id).unwrap_or_default(),
                lots: lots.remove(&id).unwrap_or_default(),
                bookings: bookings.remove(&id).unwrap_or_default(),
                others: others.remove(&id).unwrap_or_default(),
            };
            own.played(span, &row, ordinals.get(&id).copied().unwrap_or(u32::MAX))
        });
        Ok(Some(Page {
            members: played.collect(),
            last,
        }))
    }
}

/// What a member has and had.
struct Own {
    tiers: Vec<TierOf>,
    lots: Vec<LotRow>,
    bookings: Vec<Booking>,
    others: Vec<OccasionRow>,
}

fn held(row: &TierOf) -> Held {
    Held {
        tier: row.tier.clone(),
        since: row.from_on,
        until: row.until_on,
        by_hand: row.by_hand,
    }
}

/// A lot as it was before anybody spent of it.
fn whole(row: LotRow) -> Lot {
    Lot {
        left: row.lot.issued - row.lot.reversed,
        held: 0,
        expired: 0,
        charged: 0,
        ..row.lot
    }
}

impl Own {
    fn played(self, span: &Span, member: &PlayedRow, ordinal: u32) -> Played {
        let mut played = Played {
            customer: member.customer_id,
            ordinal,
            since: member.since_on,
            held: Held::default(),
            lots: Vec::new(),
            events: Vec::new(),
            bookings: Vec::new(),
        };
        for row in &self.tiers {
            if row.from_on < span.from {
                played.held = held(row);
            } else if row.by_hand || !span.gives_tiers {
                let what = What::Tier(held(row));
                played.events.push(Event { on: row.from_on, what });
            }
        }
        for row in self.lots {
            let lot = whole(row);
            if lot.left <= 0 || lot.wallet == Wallet::Points && lot.until.is_some_and(|until| until < span.from) {
                continue;
            }
            match lot.since.filter(|since| *since >= span.from) {
                Some(on) if on <= span.to => played.events.push(Event {
                    on,
                    what: What::Lot(lot),
                }),
                Some(_) => {}
                None => played.lots.push(lot),
            }
        }
        let is_in = |on: Day| (span.from.max(span.since)..=span.to).contains(&on);
        for booking in &self.bookings {
            let Some(of_booking) = of_booking(booking) else {
                continue;
            };
            let place = played.bookings.len();
            played.bookings.push(Turned {
                amount: of_booking.booked.amount,
                refunded: booking.paid_back(),
            });
            for (on, happening) in of_booking.occasions().filter(|(on, _)| is_in(*on)) {
                let what = What::Happened {
                    happening,
                    at: time::start_of_day(on, span.zone),
                    booking: Some(place),
                };
                played.events.push(Event { on, what });
            }
        }
        if (span.from..=span.to).contains(&member.since_on) {
            let what = What::Happened {
                happening: Happening::Joined,
                at: member.created_at,
                booking: None,
            };
            played.events.push(Event {
                on: member.since_on,
                what,
            });
        }
        // each once, for however many bindings it was written down
        let mut seen = HashSet::new();
        for row in self
            .others
            .iter()
            .filter(|row| row.kind != "joined" && is_in(row.on_day))
        {
            if !seen.insert((&row.kind, &row.about_kind, &row.about)) {
                continue;
            }
            if let Ok(Occasion {
                at,
                on,
                what: happening,
            }) = serde_json::from_str(&row.occasion)
            {
                let what = What::Happened {
                    happening,
                    at,
                    booking: None,
                };
                played.events.push(Event { on, what });
            }
        }
        played.events.sort_by_key(Event::turn);
        played
    }
}
