//! Several campaigns on one basket: what may never happen, whatever they propose.

use posthouse_domain::promotion::{
    Candidate, LeftOut, Mode, Offer, Outcome, Pricing, SamePriority, Saving, WHOLE, price,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Campaign {
    priority: i32,
    group: usize,
    offers: Vec<Offer>,
    floors: Vec<i64>,
    allowance: i64,
}

/// The mode belongs to the group.
const GROUPS: [(&str, Mode); 5] = [
    ("season", Mode::Stackable),
    ("member", Mode::Ordered),
    ("price", Mode::BestOf),
    ("launch", Mode::Exclusive),
    ("partner", Mode::BestOf),
];

fn candidates(campaigns: &[Campaign]) -> Vec<Candidate<'_>> {
    let of = |campaign: &'static (&'static str, Mode), own: &Campaign| (campaign.0, campaign.1, own.priority);
    campaigns
        .iter()
        .map(|own| {
            let (group, mode, priority) = of(&GROUPS[own.group], own);
            Candidate {
                priority,
                group,
                mode,
                offers: &own.offers,
                floors: &own.floors,
                allowance: own.allowance,
            }
        })
        .collect()
}

fn saving() -> impl Strategy<Value = Saving> {
    prop_oneof![
        (0..200_000i64).prop_map(Saving::Amount),
        Just(Saving::Amount(i64::MAX)),
        (0..=WHOLE).prop_map(Saving::Rate),
    ]
}

fn campaign(lines: usize) -> impl Strategy<Value = Campaign> {
    let offers = prop::collection::btree_map(0..lines as u32, (saving(), 0..4u16), 0..=lines);
    let floors = prop::collection::vec(prop_oneof![Just(0), 0..150_000i64], lines);
    let allowance = prop_oneof![Just(i64::MAX), 0..200_000i64];
    (0..GROUPS.len(), offers, floors, allowance).prop_map(|(group, offers, floors, allowance)| Campaign {
        priority: 0,
        group,
        offers: offers
            .into_iter()
            .map(|(line, (saving, reason))| Offer { line, saving, reason })
            .collect(),
        floors,
        allowance,
    })
}

/// A basket, campaigns with priorities of their own, and the places of another order of them.
fn baskets() -> impl Strategy<Value = (Vec<i64>, Vec<Campaign>, Vec<usize>)> {
    (1..5usize).prop_flat_map(|lines| {
        let list = prop::collection::vec(prop_oneof![Just(0), 0..200_000i64], lines);
        let campaigns = prop::collection::vec(campaign(lines), 0..8);
        (list, campaigns).prop_flat_map(|(list, mut campaigns)| {
            for (own, priority) in campaigns.iter_mut().zip(1..) {
                own.priority = priority;
            }
            let order: Vec<usize> = (0..campaigns.len()).collect();
            (Just(list), Just(campaigns), Just(order).prop_shuffle())
        })
    })
}

fn taken(pricing: &Pricing, candidate: usize) -> i64 {
    let own = pricing
        .adjustments
        .iter()
        .filter(|adjustment| adjustment.candidate == candidate);
    own.map(|adjustment| adjustment.off).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_order_of_campaigns_does_not_matter((list, campaigns, order) in baskets()) {
        let straight = price(&list, &candidates(&campaigns)).expect("priorities differ");
        let shuffled: Vec<Campaign> = order.iter().map(|place| campaigns[*place].clone()).collect();
        let other = price(&list, &candidates(&shuffled)).expect("priorities differ");
        prop_assert_eq!(&straight.prices, &other.prices);
        for (now, before) in order.iter().enumerate() {
            let same = match (straight.outcomes[*before], other.outcomes[now]) {
                (Outcome::LeftOut(LeftOut::Outranked { by }), Outcome::LeftOut(LeftOut::Outranked { by: now }))
                | (Outcome::LeftOut(LeftOut::NotBest { by }), Outcome::LeftOut(LeftOut::NotBest { by: now })) => by == order[now],
                (before, now) => before == now,
            };
            prop_assert!(same, "{:?} {:?}", straight.outcomes, other.outcomes);
        }
    }

    #[test]
    fn prices_and_budgets_hold((list, campaigns, _) in baskets()) {
        let pricing = price(&list, &candidates(&campaigns)).expect("priorities differ");
        let mut prices = list.clone();
        for adjustment in &pricing.adjustments {
            let (line, own) = (adjustment.line as usize, &campaigns[adjustment.candidate]);
            prop_assert!(0 < adjustment.off && adjustment.off <= adjustment.asked);
            prices[line] -= adjustment.off;
            prop_assert!(prices[line] >= own.floors[line], "below its floor");
        }
        prop_assert_eq!(&prices, &pricing.prices, "what was taken off is what is missing");
        prop_assert!(prices.iter().all(|price| *price >= 0));
        for (place, (own, outcome)) in campaigns.iter().zip(&pricing.outcomes).enumerate() {
            match outcome {
                Outcome::Applied(off) => {
                    prop_assert!(*off > 0 && *off <= own.allowance);
                    prop_assert_eq!(taken(&pricing, place), *off);
                }
                Outcome::LeftOut(why) => {
                    prop_assert_eq!(taken(&pricing, place), 0);
                    prop_assert_eq!(own.offers.is_empty(), *why == LeftOut::NoOffer);
                }
            }
        }
    }

    #[test]
    fn groups_keep_their_word((list, campaigns, _) in baskets()) {
        let pricing = price(&list, &candidates(&campaigns)).expect("priorities differ");
        let applied: Vec<usize> = (0..campaigns.len())
            .filter(|place| matches!(pricing.outcomes[*place], Outcome::Applied(_)))
            .collect();
        let exclusive = |place: &usize| GROUPS[campaigns[*place].group].1 == Mode::Exclusive;
        prop_assert!(applied.len() <= 1 || !applied.iter().any(exclusive), "an exclusive one goes with none");
        for (group, (_, mode)) in GROUPS.iter().enumerate() {
            let own = applied.iter().filter(|place| campaigns[**place].group == group).count();
            prop_assert!(*mode != Mode::BestOf || own <= 1, "the best one alone");
        }
        // of a group that takes its turn first, no other would have taken off more
        let first = applied.first().copied().filter(|place| GROUPS[campaigns[*place].group].1 == Mode::BestOf);
        if let Some(winner) = first {
            for (place, outcome) in pricing.outcomes.iter().enumerate() {
                let beaten = matches!(outcome, Outcome::LeftOut(LeftOut::NotBest { by }) if *by == winner);
                if beaten && pricing.adjustments[0].candidate == winner {
                    let mut open = campaigns[place].clone();
                    open.allowance = i64::MAX;
                    let alone = price(&list, &candidates(std::slice::from_ref(&open))).expect("one");
                    prop_assert!(taken(&alone, 0) <= taken(&pricing, winner));
                }
            }
        }
    }
}

fn one(priority: i32, group: usize, saving: Saving) -> Campaign {
    Campaign {
        priority,
        group,
        offers: vec![Offer {
            line: 0,
            saving,
            reason: 0,
        }],
        floors: vec![0],
        allowance: i64::MAX,
    }
}

fn priced(campaigns: &[Campaign]) -> (i64, Vec<Outcome>) {
    let pricing = price(&[100_000], &candidates(campaigns)).expect("priorities differ");
    (pricing.prices[0], pricing.outcomes)
}

#[test]
fn each_mode_by_hand() {
    use LeftOut::{NotBest, NothingLeft, Outranked, OverBudget};
    use Outcome::{Applied, LeftOut as Out};
    let tenth = Saving::Rate(1_000);
    // both measured on the list price; each on what is left; the larger one
    assert_eq!(
        priced(&[one(1, 0, tenth), one(2, 0, tenth)]),
        (80_000, vec![Applied(10_000); 2])
    );
    assert_eq!(
        priced(&[one(2, 1, tenth), one(1, 1, tenth)]),
        (81_000, vec![Applied(9_000), Applied(10_000)])
    );
    let larger = one(2, 2, Saving::Amount(10_001));
    assert_eq!(
        priced(&[one(1, 2, tenth), larger]),
        (89_999, vec![Out(NotBest { by: 1 }), Applied(10_001)])
    );
    assert_eq!(
        priced(&[one(2, 2, Saving::Amount(10_000)), one(1, 2, tenth)]),
        (90_000, vec![Out(NotBest { by: 1 }), Applied(10_000)]),
        "of two alike the one that stands first"
    );
    // exclusive: first in line alone, later in line not at all
    assert_eq!(
        priced(&[one(1, 3, tenth), one(2, 0, tenth)]),
        (90_000, vec![Applied(10_000), Out(Outranked { by: 0 })])
    );
    assert_eq!(
        priced(&[one(2, 3, tenth), one(1, 0, tenth)]),
        (90_000, vec![Out(Outranked { by: 1 }), Applied(10_000)])
    );
    // a group begins where the one before it has ended
    assert_eq!(
        priced(&[one(1, 0, tenth), one(2, 2, tenth)]),
        (81_000, vec![Applied(10_000), Applied(9_000)])
    );
    // without the one over budget the next best has its chance
    let poor = Campaign {
        allowance: 19_999,
        ..one(1, 2, Saving::Rate(2_000))
    };
    let over = OverBudget {
        asked: 20_000,
        allowed: 19_999,
    };
    assert_eq!(
        priced(&[poor, one(2, 2, tenth)]),
        (90_000, vec![Out(over), Applied(10_000)])
    );
    // the floor cuts, and under it there is nothing
    let floored = |floor| Campaign {
        floors: vec![floor],
        ..one(1, 0, tenth)
    };
    assert_eq!(priced(&[floored(95_000)]), (95_000, vec![Applied(5_000)]));
    assert_eq!(priced(&[floored(100_000)]), (100_000, vec![Out(NothingLeft)]));
    let twice = [one(1, 0, tenth), one(1, 2, tenth)];
    assert_eq!(price(&[1], &candidates(&twice)), Err(SamePriority(1)));
}

/// The example of docs/quotes.md: a tour for 10,000.00.
#[test]
fn the_example_of_the_papers_comes_to_what_they_say() {
    let offer = |points| {
        [Offer {
            line: 0,
            saving: Saving::Rate(points),
            reason: 0,
        }]
    };
    let (twelve, five, two, ten) = (offer(1_200), offer(500), offer(200), offer(1_000));
    let price_of = |left_for_welcome_back: i64| {
        let campaign = |priority, group, mode, offers, floors, allowance| Candidate {
            priority,
            group,
            mode,
            offers,
            floors,
            allowance,
        };
        let candidates = [
            campaign(10, "season", Mode::BestOf, &twelve, &[0], i64::MAX),
            campaign(20, "season", Mode::BestOf, &five, &[0], i64::MAX),
            campaign(40, "personal", Mode::Stackable, &two, &[0], i64::MAX),
            campaign(50, "personal", Mode::Stackable, &ten, &[800_000], left_for_welcome_back),
            campaign(60, "basket", Mode::Ordered, &five, &[0], i64::MAX),
        ];
        price(&[1_000_000], &candidates).expect("different priorities")
    };
    let priced = price_of(i64::MAX);
    let taken: Vec<(i64, i64)> = priced
        .adjustments
        .iter()
        .map(|found| (found.off, found.asked))
        .collect();
    assert_eq!(
        taken,
        [(120_000, 120_000), (17_600, 17_600), (62_400, 88_000), (40_000, 40_000)]
    );
    assert_eq!(priced.prices, [760_000]);
    assert_eq!(priced.outcomes[1], Outcome::LeftOut(LeftOut::NotBest { by: 0 }));
    let poorer = price_of(50_000);
    assert_eq!(
        poorer.outcomes[3],
        Outcome::LeftOut(LeftOut::OverBudget {
            asked: 62_400,
            allowed: 50_000
        })
    );
    assert_eq!(poorer.prices, [862_400 - 43_120]);
}
