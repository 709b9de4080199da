//! Members that nobody is: new ones, hostile ones, and such as there are; and what golden cases write of one.

use super::MemberAsked;
use crate::made_up::Random;
use posthouse_domain::loyalty::asked::STATUS_DAYS;
use posthouse_domain::loyalty::{
    AgencyEvent, Booked, Happening, LARGEST_POINTS, Occasion, Referral, Side, Standing, StandingIn, StatusDay,
};
use posthouse_domain::money::LARGEST_AMOUNT;
use posthouse_domain::{Day, Words, words};
use posthouse_golden as format;
use serde_json::Map;

/// Names of things that are long or odd.
const NAMES: [&str; 5] = ["上海", "e\u{301}\u{202e}", "👩‍👩‍👧‍👦", "<script>'\"--", "{0}"];
/// Tiers that a rule may know, and one that none does.
const TIERS: [&str; 6] = ["member", "silver", "gold", "platinum", "diamond", "no-such-tier"];
const DAY: i64 = 86_400_000;
/// The days of the calendar: 1900-01-01 and 2999-12-31.
const FIRST_DAY: Day = -25_567;
const LAST_DAY: Day = 376_199;

/// A new member has joined.
pub(super) fn plain() -> MemberAsked {
    MemberAsked {
        occasion: Some(happened(Happening::Joined, 0)),
        standing: Standing::default(),
    }
}

fn happened(what: Happening, on: Day) -> Occasion {
    Occasion {
        at: i64::from(on) * DAY,
        on,
        what,
    }
}

fn booking(amount: i64) -> Booked {
    Booked {
        amount,
        ..Booked::default()
    }
}

fn event(name: &str) -> Happening {
    let event = AgencyEvent {
        name: name.to_owned(),
        data: Map::from_iter([("tier".to_owned(), "gold".into()), ("points".to_owned(), 5.into())]),
    };
    Happening::Other { event }
}

/// Members at the edges of what there can be on a day, on every kind of occasion.
pub(super) fn hostile(today: i32) -> Vec<(Words, MemberAsked)> {
    let new = Standing {
        member_since: today,
        ..Standing::default()
    };
    let about = |what: Happening| MemberAsked {
        occasion: Some(happened(what, today)),
        standing: new.clone(),
    };
    let asked = |standing: Standing| MemberAsked {
        occasion: None,
        standing,
    };
    let full = Standing {
        available: LARGEST_POINTS,
        pending: LARGEST_POINTS,
        status: (0..STATUS_DAYS)
            .map(|back| StatusDay {
                on: today.saturating_sub(STATUS_DAYS - 1 - back),
                points: LARGEST_POINTS,
            })
            .collect(),
        ..new.clone()
    };
    let in_tier = |tier: &str, valid_until: Option<Day>| Standing {
        tier: Some(StandingIn {
            tier: tier.to_owned(),
            since: today,
            valid_until,
            by_hand: true,
        }),
        ..new.clone()
    };
    let named = |name: &str| Booked {
        product: Some(name.to_owned()),
        destination: Some(name.to_owned()),
        theme: Some(name.to_owned()),
        channel: Some(name.to_owned()),
        ..booking(100_000)
    };
    let referral = |side: Side, earlier: u32| Referral {
        side,
        earlier,
        earlier_12m: earlier,
    };
    let mut all = vec![
        (words!("a birthday", "生日"), about(Happening::Birthday)),
        (
            words!("a review without a rating", "没有评分的点评"),
            about(Happening::Reviewed { rating: None }),
        ),
        (
            words!("the best review", "最高评分的点评"),
            about(Happening::Reviewed { rating: Some(5) }),
        ),
        (
            words!("an event of the agency's own", "旅行社自有事件"),
            about(event("status-match")),
        ),
        (words!("an unknown event", "未知事件"), about(event("x"))),
        (words!("no tier", "没有等级"), asked(new.clone())),
        (
            words!("the most status and points", "最高的积分和成长值"),
            asked(full.clone()),
        ),
        (
            words!("a booking with the most points", "积分最高者的订单"),
            MemberAsked {
                standing: full,
                ..about(Happening::BookingCompleted { booking: booking(1) })
            },
        ),
    ];
    for amount in [0, 1, 99, LARGEST_AMOUNT] {
        let (confirmed, completed) = (
            Happening::BookingConfirmed {
                booking: booking(amount),
            },
            Happening::BookingCompleted {
                booking: booking(amount),
            },
        );
        all.push((
            words!("a booking of {amount}", "金额为 {amount} 的订单"),
            about(confirmed),
        ));
        all.push((words!("a trip of {amount}", "金额为 {amount} 的行程"), about(completed)));
    }
    for side in [Side::Referrer, Side::Referred] {
        for earlier in [0, u32::MAX] {
            let referral = referral(side, earlier);
            all.push((
                words!("a referral", "推荐"),
                about(Happening::ReferralCompleted { referral }),
            ));
        }
    }
    for tier in TIERS {
        for valid_until in [None, Some(today - 1), Some(today), Some(FIRST_DAY), Some(LAST_DAY)] {
            let standing = in_tier(tier, valid_until);
            all.push((words!("the tier {tier}", "等级 {tier}"), asked(standing)));
        }
    }
    for name in NAMES {
        let happening = Happening::BookingConfirmed { booking: named(name) };
        all.push((words!("unusual names", "特殊名称"), about(happening)));
    }
    for day in [i32::MIN, 0, i32::MAX] {
        let standing = Standing {
            member_since: day,
            ..new.clone()
        };
        all.push((words!("an unusual day of joining", "特殊的入会日期"), asked(standing)));
    }
    all
}

/// A member like those there are on a day, with status on so many days.
pub(super) fn made_up(days: usize, today: i32, random: &mut Random) -> MemberAsked {
    let mut below = |end: u64| random.below(end) as i64;
    let amount = |size: i64| 1 << (1 + size);
    // the largest is one that every rule is asked about
    let drawn = below(8);
    let what = match if days as i32 >= STATUS_DAYS { 6 } else { drawn } {
        0 => None,
        1 => Some(Happening::Joined),
        2 => Some(Happening::Birthday),
        3 => Some(Happening::Reviewed {
            rating: Some(1 + below(5) as u32),
        }),
        4 => {
            let side = [Side::Referrer, Side::Referred][below(2) as usize];
            let earlier = below(40) as u32;
            Some(Happening::ReferralCompleted {
                referral: Referral {
                    side,
                    earlier,
                    earlier_12m: earlier / 2,
                },
            })
        }
        drawn => {
            let booking = Booked {
                destination: (below(2) == 0).then(|| "云南".to_owned()),
                theme: (below(2) == 0).then(|| "culture".to_owned()),
                booked: today,
                departs: (below(4) > 0).then(|| today + below(90) as i32),
                travellers: Some(1 + below(6) as i32),
                amount: below(amount(1 + drawn * 4) as u64),
                ..Booked::default()
            };
            Some(match drawn {
                5 => Happening::BookingCompleted { booking },
                _ => Happening::BookingConfirmed { booking },
            })
        }
    };
    let mut status: Vec<StatusDay> = (0..days as i32)
        .map(|back| StatusDay {
            on: today - back,
            points: 1 + below(20_000),
        })
        .collect();
    status.reverse();
    let since = below(700) as i32;
    let tier = (below(4) > 0).then(|| StandingIn {
        tier: TIERS[below(4) as usize].to_owned(),
        since: today - since,
        valid_until: (below(3) > 0).then(|| today - 200 + below(500) as i32),
        by_hand: below(8) == 0,
    });
    MemberAsked {
        occasion: what.map(|what| happened(what, today)),
        standing: Standing {
            member_since: today - since,
            tier,
            available: below(100_000),
            pending: below(10_000),
            status,
        },
    }
}

/// An occasion as a golden case writes it.
pub(super) fn occasion(said: format::Occasion) -> Occasion {
    let booked = |said: format::Booked| Booked {
        product: said.product,
        destination: said.destination,
        theme: said.theme,
        channel: said.channel,
        booked: said.booked,
        departs: said.departs,
        returns: said.returns,
        travellers: said.travellers.map(|travellers| travellers as i32),
        amount: said.amount,
    };
    Occasion {
        at: said.at,
        on: said.on,
        what: match said.what {
            format::Happening::Joined => Happening::Joined,
            format::Happening::BookingConfirmed(booking) => Happening::BookingConfirmed {
                booking: booked(booking),
            },
            format::Happening::BookingCompleted(booking) => Happening::BookingCompleted {
                booking: booked(booking),
            },
            format::Happening::Reviewed { rating } => Happening::Reviewed { rating },
            format::Happening::ReferralCompleted {
                referrer,
                earlier,
                earlier_12m,
            } => Happening::ReferralCompleted {
                referral: Referral {
                    side: if referrer { Side::Referrer } else { Side::Referred },
                    earlier,
                    earlier_12m,
                },
            },
            format::Happening::Birthday => Happening::Birthday,
            format::Happening::Other { name, data } => Happening::Other {
                event: AgencyEvent { name, data },
            },
        },
    }
}

/// A standing as a golden case writes it.
pub(super) fn standing(said: format::Standing) -> Standing {
    Standing {
        member_since: said.member_since,
        tier: said.tier.map(|tier| StandingIn {
            tier: tier.tier,
            since: tier.since,
            valid_until: tier.valid_until,
            by_hand: tier.by_hand,
        }),
        available: said.available,
        pending: said.pending,
        status: said
            .status
            .into_iter()
            .map(|(on, points)| StatusDay { on, points })
            .collect(),
    }
}
