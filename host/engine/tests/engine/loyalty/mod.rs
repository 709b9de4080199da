//! Loyalty rules: a member and an occasion in, postings or a tier out, and what evil ones come to.

use crate::fuzz::fuzz;
use crate::{context, engine, undrawn};
use posthouse_domain::loyalty::said::check_postings;
use posthouse_domain::loyalty::{
    Activation, Booked, Expiry, Happening, LARGEST_POINTS, Occasion, Posting, Standing, StandingIn, StatusDay, Wallet,
};
use posthouse_engine::{
    Decided, Fault, FaultKind, LoadError, LoyaltyPlugin, MemberAsked, MemberSaid, NextTier, PlacedIn, Plugin,
    PromotionPlugin, Value,
};
use posthouse_tests::guest::{LoyaltyGuest, Post};

/// Opens without the self-test, as most evil guests would not pass it.
fn opened(guest: &LoyaltyGuest) -> Plugin {
    let bytes = guest.build();
    let plugin = engine().open(&posthouse_engine::digest(&bytes), &bytes);
    plugin.expect("the description is harmless")
}

fn open(guest: &LoyaltyGuest) -> LoyaltyPlugin {
    opened(guest).front().expect("it is a loyalty rule")
}

fn standing() -> Standing {
    Standing {
        member_since: 20_000,
        tier: Some(StandingIn {
            tier: "basic".into(),
            since: 20_100,
            valid_until: Some(20_600),
            by_hand: true,
        }),
        available: 77,
        pending: 8,
        status: vec![StatusDay { on: 20_460, points: 9 }, StatusDay { on: 20_461, points: 1 }],
    }
}

fn booking(amount: i64) -> MemberAsked {
    let booking = Booked {
        theme: Some("文化".into()),
        booked: 20_468,
        departs: Some(20_500),
        travellers: Some(2),
        amount,
        ..Booked::default()
    };
    asked(Happening::BookingConfirmed { booking })
}

fn asked(what: Happening) -> MemberAsked {
    let occasion = Occasion {
        at: 1,
        on: 20_468,
        what,
    };
    MemberAsked {
        occasion: Some(occasion),
        standing: standing(),
    }
}

fn place() -> MemberAsked {
    MemberAsked {
        occasion: None,
        standing: standing(),
    }
}

fn ask(plugin: &LoyaltyPlugin, asked: &MemberAsked) -> Result<Decided<MemberSaid>, Fault> {
    plugin.decide(&context(), asked, &[Value::Int(7)])
}

fn earned(said: MemberSaid) -> Vec<Posting> {
    match said {
        MemberSaid::Earned(earned) => earned.into_iter().map(|(posting, _)| posting).collect(),
        MemberSaid::Placed(placed) => panic!("a tier: {placed:?}"),
    }
}

fn works(plugin: &LoyaltyPlugin) {
    let said = ask(plugin, &booking(500_000)).expect("a harmless plugin works");
    let five = Posting {
        wallet: Wallet::Points,
        points: 5,
        active: Activation::Now,
        expires: Expiry::Never,
    };
    assert_eq!(earned(said.answer), [five]);
    let said = ask(plugin, &place()).expect("a harmless plugin works");
    let basic = PlacedIn {
        tier: Some("basic".into()),
        ..PlacedIn::default()
    };
    assert_eq!(said.answer, MemberSaid::Placed(basic));
}

/// What a guest that goes wrong comes to; afterwards a harmless one must work on the same engine.
fn fault(guest: &LoyaltyGuest, asked: &MemberAsked) -> Fault {
    let fault = ask(&open(guest), asked).expect_err("an evil guest does not answer");
    works(&open(&LoyaltyGuest::default()));
    fault
}

fn before_earn(before: &str) -> LoyaltyGuest {
    LoyaltyGuest {
        before_earn: before.into(),
        ..LoyaltyGuest::default()
    }
}

#[test]
fn answers_come_back_as_they_were_made() {
    let guest = LoyaltyGuest {
        postings: vec![
            Post {
                active: (1, 0),
                expires: (3, 24),
                ..Post::points(1 << 40)
            },
            Post {
                wallet: 1,
                active: (2, 20_500),
                expires: (1, 20_600),
                ..Post::points(1)
            },
            Post {
                expires: (2, 30),
                ..Post::points(LARGEST_POINTS)
            },
        ],
        tier: Some(1),
        valid_until: Some(20_818),
        next: Some((1, 3, 1 << 40)),
        ..LoyaltyGuest::default()
    };
    let plugin = open(&guest);
    assert_eq!(plugin.point().tiers()[1].key, "better");
    let said = ask(&plugin, &booking(1)).expect("it is harmless");
    let posting = |wallet, points, active, expires| Posting {
        wallet,
        points,
        active,
        expires,
    };
    let made = [
        posting(Wallet::Points, 1 << 40, Activation::Completed, Expiry::Months(24)),
        posting(Wallet::Status, 1, Activation::On(20_500), Expiry::On(20_600)),
        posting(Wallet::Points, LARGEST_POINTS, Activation::Now, Expiry::Days(30)),
    ];
    assert_eq!(earned(said.answer), made);
    assert_eq!(said.usage.bytes_out, 3 * 48);
    // {}, an occasion with 文化, a standing with `basic` and two days, a fact
    assert_eq!(said.usage.bytes_in, 2 + 112 + 6 + 56 + 5 + 2 * 16 + 16);
    let said = ask(&plugin, &place()).expect("it is harmless");
    let placed = PlacedIn {
        tier: Some("better".into()),
        valid_until: Some(20_818),
        next: Some(NextTier {
            tier: "better".into(),
            have: 3,
            need: 1 << 40,
            unit: "status".into(),
        }),
        because: None,
    };
    assert_eq!(said.answer, MemberSaid::Placed(placed));
    // a rule without tiers is not asked for one
    let posts_only = open(&LoyaltyGuest {
        tiers: vec![],
        before_place: "(unreachable)".into(),
        ..LoyaltyGuest::default()
    });
    let said = ask(&posts_only, &place()).expect("nobody is asked");
    assert_eq!(
        (said.answer, said.usage.fuel),
        (MemberSaid::Placed(PlacedIn::default()), 0)
    );
}

/// Ends with a trap unless `condition` holds in the guest.
fn sees(condition: &str) -> String {
    format!("(if (i32.eqz {condition}) (then (unreachable)))")
}

#[test]
fn the_guest_sees_what_it_is_asked() {
    let loads = |load: &str, at: u32, value: i64| {
        let (kind, wide) = if load.starts_with("i64") {
            ("i64", value)
        } else {
            ("i32", value)
        };
        sees(&format!(
            "({kind}.eq ({load} offset={at} (local.get $args)) ({kind}.const {wide}))"
        ))
    };
    let of_booking = [
        loads("i32.load", 40, 20_468),
        loads("i32.load8_u", 48, 1),
        loads("i32.load8_u", 56, 0),
        loads("i32.load8_u", 80, 1),
        loads("i32.load", 88, 6),
        loads("i32.load", 104, 20_468),
        loads("i32.load8_u", 108, 1),
        loads("i32.load", 112, 20_500),
        loads("i32.load8_u", 116, 0),
        loads("i32.load", 128, 2),
        loads("i64.load", 136, 500_000),
        loads("i32.load", 144, 20_000),
        loads("i32.load8_u", 148, 1),
        loads("i32.load", 156, 5),
        loads("i32.load", 160, 20_100),
        loads("i32.load", 168, 20_600),
        loads("i32.load8_u", 172, 1),
        loads("i64.load", 176, 77),
        loads("i64.load", 184, 8),
        loads("i32.load", 196, 2),
        loads("i32.load", 204, 1),
    ];
    ask(&open(&before_earn(&of_booking.concat())), &booking(500_000)).expect("it sees all of it");
    let of_event = [
        loads("i32.load8_u", 48, 6),
        loads("i32.load", 60, 12),
        loads("i32.load", 68, r#"{"tier":"gold"}"#.len() as i64),
    ];
    let event = posthouse_domain::loyalty::AgencyEvent {
        name: "status-match".into(),
        data: serde_json::Map::from_iter([("tier".to_owned(), "gold".into())]),
    };
    ask(
        &open(&before_earn(&of_event.concat())),
        &asked(Happening::Other { event }),
    )
    .expect("it sees all of it");
    let of_place = [
        loads("i32.load", 32, 20_000),
        loads("i64.load", 64, 77),
        loads("i32.load", 84, 2),
        loads("i32.load", 92, 1),
    ];
    let guest = LoyaltyGuest {
        before_place: of_place.concat(),
        ..LoyaltyGuest::default()
    };
    ask(&open(&guest), &place()).expect("it sees all of it");
}

#[test]
fn loops_traps_and_bombs() {
    let looping = fault(&before_earn("(loop $again (br $again))"), &booking(1));
    assert_eq!(looping.kind, FaultKind::OutOfFuel { budget: 20_000_000 });
    let bomb = before_earn("(loop $again (drop (memory.grow (i32.const 16))) (br $again))");
    assert_eq!(fault(&bomb, &booking(1)).code(), "memory");
    let refusal = before_earn("(return (call $refuse (i32.const 1024) (i32.const 9)))");
    insta::assert_snapshot!(fault(&refusal, &booking(1)), @"the plugin refused the call: trips-24m");
    let many =
        before_earn("(drop (memory.grow (i32.const 30))) (return (call $answer (i32.const 524288) (i32.const 30000)))");
    insta::assert_snapshot!(fault(&many, &booking(1)), @"the plugin's answer is not usable: postings: 30000 of them, 20 are the most");
}

#[test]
fn postings_that_no_ledger_takes() {
    let posts = |post: Post| LoyaltyGuest {
        postings: vec![post],
        ..LoyaltyGuest::default()
    };
    let told = |post: Post, asked: &MemberAsked| fault(&posts(post), asked).to_string();
    insta::assert_snapshot!(told(Post::points(i64::MIN), &booking(1)), @"the plugin's answer is not usable: postings[0].points: is -9223372036854775808; it is 1 to 1000000000000000");
    insta::assert_snapshot!(told(Post::points(i64::MAX), &booking(1)), @"the plugin's answer is not usable: postings[0].points: is 9223372036854775807; it is 1 to 1000000000000000");
    insta::assert_snapshot!(told(Post::points(0), &booking(1)), @"the plugin's answer is not usable: postings[0].points: is 0; it is 1 to 1000000000000000");
    insta::assert_snapshot!(told(Post { active: (1, 0), ..Post::points(1) }, &asked(Happening::Birthday)), @"the plugin's answer is not usable: postings[0].active: is completed, and the occasion is not about a booking");
    insta::assert_snapshot!(told(Post { expires: (1, i32::MAX), ..Post::points(1) }, &booking(1)), @"the plugin's answer is not usable: postings[0].expires: is 2147483647, which no calendar has");
    insta::assert_snapshot!(told(Post { expires: (3, -1), ..Post::points(1) }, &booking(1)), @"the plugin's answer is not usable: postings[0].expires.months: is more than 1200");
    insta::assert_snapshot!(told(Post { reason: 1, ..Post::points(1) }, &booking(1)), @"the plugin's answer is not usable: postings[0].reason: is 1, there are 1 reasons");
    for odd in [
        Post {
            wallet: 2,
            ..Post::points(1)
        },
        Post {
            active: (3, 0),
            ..Post::points(1)
        },
        Post {
            expires: (9, 0),
            ..Post::points(1)
        },
    ] {
        let fault = fault(&posts(odd), &booking(1));
        assert_eq!(fault.code(), "bad_output", "{fault}");
    }
}

#[test]
fn tiers_that_are_not_there() {
    let told = |guest: LoyaltyGuest| fault(&guest, &place()).to_string();
    let guest = LoyaltyGuest::default;
    insta::assert_snapshot!(told(LoyaltyGuest { tier: Some(2), ..guest() }), @"the plugin's answer is not usable: tier: is 2, there are 2 tiers");
    insta::assert_snapshot!(told(LoyaltyGuest { next: Some((7, 0, 1)), ..guest() }), @"the plugin's answer is not usable: next.tier: is 7, there are 2 tiers");
    insta::assert_snapshot!(told(LoyaltyGuest { next: Some((1, -1, 1)), ..guest() }), @"the plugin's answer is not usable: next.have: is -1; it is 0 to 1000000000000000");
    insta::assert_snapshot!(told(LoyaltyGuest { valid_until: Some(i32::MIN), ..guest() }), @"the plugin's answer is not usable: valid-until: is -2147483648, which no calendar has");
}

fn refused(guest: &LoyaltyGuest) -> String {
    match engine().admit(&guest.build()) {
        Err(LoadError::Refused(refusal)) => undrawn(refusal).to_string(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn it_is_let_in_or_refused() {
    let admitted = engine().admit(&LoyaltyGuest::default().build()).expect("harmless");
    assert_eq!(admitted.plugin.extension_point().as_str(), "loyalty");
    assert!(admitted.plugin.front::<PromotionPlugin>().is_none());
    let json = serde_json::to_value(&admitted.self_test).expect("it has a JSON form");
    assert!(json["occasions_tried"].as_u64() > Some(200), "{json}");
    let guest = LoyaltyGuest::default;
    let twice = LoyaltyGuest {
        tiers: vec!["a".into(), "a".into()],
        ..guest()
    };
    insta::assert_snapshot!(refused(&twice), @r#"bad_descriptor: tiers[1].key "a" is used twice"#);
    let odd = LoyaltyGuest {
        tiers: vec!["A b".into()],
        ..guest()
    };
    insta::assert_snapshot!(refused(&odd), @r#"bad_descriptor: tiers[0].key "A b" must be lower-case words joined by hyphens"#);
    let many = LoyaltyGuest {
        tiers: (0..21).map(|n| format!("t{n}")).collect(),
        ..guest()
    };
    insta::assert_snapshot!(refused(&many), @"bad_descriptor: 21 tiers, 20 are allowed");
    let silent = LoyaltyGuest {
        reasons: vec![],
        ..guest()
    };
    insta::assert_snapshot!(refused(&silent), @"bad_descriptor: 0 reasons; every posting names one, so declare at least one");
    let negative = LoyaltyGuest {
        postings: vec![Post::points(-1)],
        ..guest()
    };
    assert!(
        refused(&negative).contains("postings[0].points: is -1"),
        "{}",
        refused(&negative)
    );
    let homeless = LoyaltyGuest {
        tier: Some(9),
        ..guest()
    };
    assert!(
        refused(&homeless).contains("tier: is 9, there are 2 tiers"),
        "{}",
        refused(&homeless)
    );
    // whoever grows with what the member has is met by the member with the most
    let grows = before_earn(&format!(
        "(if (i64.gt_u (i64.load offset=176 (local.get $args)) (i64.const {})) (then (unreachable)))",
        LARGEST_POINTS - 1
    ));
    assert!(
        refused(&grows).starts_with("self_test_fault: self-test with a booking with the most points"),
        "{}",
        refused(&grows)
    );
}

/// A place in the guest's memory where nothing but the postings is.
const POSTINGS: i64 = 300_000;
/// The answer's three words, then two postings of six words each.
const GOOD: [i64; 15] = [0, POSTINGS, 2, 0, 5, 0, 0, 0, 0, 1, 6, 1, 24 << 32 | 3, 0, 0];

/// Answers with the words it gets as facts, at an address the seed moves.
fn parrot() -> LoyaltyPlugin {
    let words: String = (0..GOOD.len())
        .map(|place| {
            let word = format!(
                "(i64.load offset={} (i32.load offset=200 (local.get $args)))",
                place * 16 + 8
            );
            match place.checked_sub(3) {
                None => format!("(i64.store32 offset={} (local.get $i) {word})", place * 4),
                Some(place) => format!("(i64.store (i32.const {}) {word})", POSTINGS as usize + place * 8),
            }
        })
        .collect();
    let facts = ('a'..)
        .take(GOOD.len())
        .map(|name| (format!("attr.{name}"), "money", true));
    open(&LoyaltyGuest {
        facts: facts.collect(),
        reasons: vec![("one".into(), "1".into())],
        ..before_earn(&format!(
            "(local.set $i (call $alloc (i32.const 64))) {words}
             (return (i32.add (local.get $i) (i32.wrap_i64 (i64.load offset=16 (local.get $args)))))"
        ))
    })
}

#[test]
fn fuzzed_postings() {
    let plugin = parrot();
    let answer = |words: [i64; 15], seed: u64| {
        let context = posthouse_engine::Context {
            seed,
            config: "{}".into(),
            ..posthouse_engine::Context::default()
        };
        plugin.decide(&context, &booking(1), &words.map(Value::Int))
    };
    let good = earned(answer(GOOD, 0).expect("that is a good answer").answer);
    assert_eq!(good.iter().map(|posting| posting.points).collect::<Vec<_>>(), [5, 6]);
    fuzz("postings", |dice| {
        let mut words = GOOD;
        for _ in 0..=dice.below(3) {
            let (high, low) = (u64::from(dice.word()), u64::from(dice.word()));
            let word = if dice.below(4) == 0 { high << 32 | low } else { low };
            words[dice.below(GOOD.len())] = word.cast_signed();
        }
        let seed = match dice.below(8) {
            0 => u64::from(dice.word()),
            _ => 0,
        };
        match answer(words, seed) {
            Ok(said) => assert_eq!(check_postings(&earned(said.answer), true), Ok(()), "{words:?}"),
            Err(fault) => {
                assert!(matches!(fault.code(), "bad_output" | "refused"), "{words:?}: {fault}");
                assert!(!fault.to_string().is_empty());
            }
        }
    });
}
