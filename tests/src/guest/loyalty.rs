//! A loyalty rule with replaceable parts.

use super::{Data, Parts, Said, component, words};

/// When a posting becomes active, and the last day of it: a variant's tag and its value, as the contract has them.
type Tagged = (u8, i32);

/// A posting.
#[derive(Debug, Clone, Copy)]
pub struct Post {
    /// 0 for points, 1 for status.
    pub wallet: u8,
    /// How many.
    pub points: i64,
    /// 0 now, 1 when completed, 2 on a day.
    pub active: Tagged,
    /// 0 never, 1 on a day, 2 so many days, 3 so many months after.
    pub expires: Tagged,
    /// Index of the reason.
    pub reason: u16,
}

impl Post {
    /// Points that are active at once and never expire.
    pub const fn points(points: i64) -> Self {
        Self {
            wallet: 0,
            points,
            active: (0, 0),
            expires: (0, 0),
            reason: 0,
        }
    }

    fn bytes(self) -> Vec<u8> {
        let points = self.points.cast_unsigned();
        words(&[
            u32::from(self.wallet),
            0,
            points as u32,
            (points >> 32) as u32,
            u32::from(self.active.0),
            self.active.1.cast_unsigned(),
            u32::from(self.expires.0),
            self.expires.1.cast_unsigned(),
            u32::from(self.reason),
            0,
            0,
            0,
        ])
    }
}

/// The parts. What is not replaced is harmless: five points for every occasion, and everybody is in the tier `basic`.
///
/// Instructions in `before_earn` and `before_place` see where the parameters of the call lie, at `$args`: the moment, the day and the seed
/// at 0, 8 and 16; of `earn` the tag of what happened at 48 and of a booking the amount at 136, the spendable points at 176; of `place` the
/// spendable points at 64. They may answer themselves: `$answer` with a list of postings of 48 bytes each, `$refuse` with a text.
#[derive(Debug, Clone)]
pub struct LoyaltyGuest {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Key, kind, nullable.
    pub facts: Vec<(String, &'static str, bool)>,
    /// Code and text, the same in both languages.
    pub reasons: Vec<(String, String)>,
    /// Keys of the tiers.
    pub tiers: Vec<String>,
    /// What every occasion earns.
    pub postings: Vec<Post>,
    /// The tier in which everybody is.
    pub tier: Option<u16>,
    /// Its last day.
    pub valid_until: Option<i32>,
    /// A higher tier, what there is and what it takes.
    pub next: Option<(u16, i64, i64)>,
    /// Instructions before anything else, in `earn`.
    pub before_earn: String,
    /// Instructions before anything else, in `place`.
    pub before_place: String,
}

impl Default for LoyaltyGuest {
    fn default() -> Self {
        Self {
            name: "harmless-club".into(),
            version: "1.2.3".into(),
            facts: vec![("trips-24m".into(), "count", false)],
            reasons: vec![("welcome".into(), "{trips-24m} trips".into())],
            tiers: vec!["basic".into(), "better".into()],
            postings: vec![Post::points(5)],
            tier: Some(0),
            valid_until: None,
            next: None,
            before_earn: String::new(),
            before_place: String::new(),
        }
    }
}

impl LoyaltyGuest {
    /// Instructions for `before_earn` that do `then` only for a booking of exactly this amount: so a guest gets past the self-test and goes
    /// wrong later.
    pub fn at_amount(amount: i64, then: &str) -> String {
        format!(
            "(if (i32.and (i32.lt_u (i32.sub (i32.load8_u offset=48 (local.get $args)) (i32.const 1)) (i32.const 2))
                          (i64.eq (i64.load offset=136 (local.get $args)) (i64.const {amount}))) (then {then}))"
        )
    }

    fn placement(&self) -> Vec<u8> {
        let some = |there: bool| u32::from(there);
        let (tier, next) = (self.tier.unwrap_or_default(), self.next.unwrap_or_default());
        let halves = |value: i64| [value.cast_unsigned() as u32, (value.cast_unsigned() >> 32) as u32];
        let ([have, have_high], [need, need_high]) = (halves(next.1), halves(next.2));
        words(&[
            some(self.tier.is_some()) | u32::from(tier) << 16,
            some(self.valid_until.is_some()),
            self.valid_until.unwrap_or_default().cast_unsigned(),
            0,
            some(self.next.is_some()),
            0,
            u32::from(next.0),
            0,
            have,
            have_high,
            need,
            need_high,
        ])
    }

    /// The core module as text.
    pub fn wat(&self) -> String {
        let mut data = Data::default();
        let said = Said {
            name: &self.name,
            version: &self.version,
            title: ("俱乐部", "A club"),
            summary: ("每次都给积分", "Gives points for everything."),
            facts: &self.facts,
            schema: r#"{"type":"object","additionalProperties":false}"#,
            reasons: &self.reasons,
        };
        let description = said.put(&mut data);
        let tiers = self
            .tiers
            .iter()
            .map(|key| {
                [
                    data.text(key),
                    data.localized("级", key),
                    data.localized("问候", "Greetings."),
                ]
                .concat()
            })
            .collect();
        let tiers = data.list(tiers);
        let tiers = data.put(&tiers);
        let postings = data.put(&self.postings.iter().flat_map(|post| post.bytes()).collect::<Vec<u8>>());
        let unit = data.text("status");
        let placement = [self.placement(), unit, words(&[0, 0, 0, 0])].concat();
        let placement = data.put(&placement);
        let (count, before_earn, before_place) = (self.postings.len(), &self.before_earn, &self.before_place);
        let rest = format!(
            r#"
  ;; `$count` postings at `$postings`
  (func $answer (param $postings i32) (param $count i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 20)))
    (i32.store8 (local.get $at) (i32.const 0))
    (i32.store offset=4 (local.get $at) (local.get $postings))
    (i32.store offset=8 (local.get $at) (local.get $count))
    (local.get $at))
  ;; a refusal with the text at `$text`
  (func $refuse (param $text i32) (param $length i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 20)))
    (i32.store8 (local.get $at) (i32.const 1))
    (memory.copy (i32.add (local.get $at) (i32.const 4))
      (call $problem (i32.const 0) (i32.const 0) (local.get $text) (local.get $length)) (i32.const 16))
    (local.get $at))
  (func (export "posthouse:plugin/loyalty@1.0.0#tiers") (result i32) (i32.const {tiers}))
  (func $earn (export "posthouse:plugin/loyalty@1.0.0#earn") (param $args i32) (result i32) (local $i i32)
    {before_earn}
    (call $answer (i32.const {postings}) (i32.const {count})))
  (func $place (export "posthouse:plugin/loyalty@1.0.0#place") (param $args i32) (result i32) (local $at i32) (local $i i32)
    {before_place}
    (local.set $at (call $alloc (i32.const 80)))
    (memory.fill (local.get $at) (i32.const 0) (i32.const 80))
    (memory.copy (i32.add (local.get $at) (i32.const 8)) (i32.const {placement}) (i32.const 72))
    (local.get $at))"#
        );
        let parts = Parts {
            data: &data,
            description,
            describe: "",
            validate: "",
            realloc: "(call $alloc (local.get 3))",
            memory: "8",
            imports: "",
            rest: &rest,
        };
        parts.wat()
    }

    /// The component.
    pub fn build(&self) -> Vec<u8> {
        component(&self.wat(), "loyalty-plugin")
    }
}
