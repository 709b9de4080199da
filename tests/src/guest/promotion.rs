//! A promotion with replaceable parts.

use super::{Data, IN_LIFE, Parts, Said, component, words};

/// What an offer takes off.
#[derive(Debug, Clone, Copy)]
pub enum Saving {
    /// Minor units.
    Amount(i64),
    /// Basis points.
    Rate(u32),
}

/// The parts. What is not replaced is harmless: ten per cent off the first line.
///
/// Instructions in `before` see the parameters of the call (`$now`, `$today`, `$seed`, `$config`, `$channel`, `$lines` with
/// `$lines_length` records of 72 bytes, `$facts` with `$facts_length` values of 16), and may answer themselves: `$propose` answers
/// with one offer (line, 0 for an amount or 1 for a rate, its value, reason), `$answer` with a list of offers of 40 bytes each,
/// `$refuse` with a text.
#[derive(Debug, Clone)]
pub struct PromotionGuest {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Key, kind, nullable.
    pub facts: Vec<(String, &'static str, bool)>,
    /// The schema of its settings.
    pub schema: String,
    /// Code and text, the same in both languages.
    pub reasons: Vec<(String, String)>,
    /// Line, saving, reason: what it answers, without the offers on lines that a basket does not have.
    pub offers: Vec<(u32, Saving, u16)>,
    /// Instructions before anything else, in `validate`: `$config` is there, and `$object` answers with a problem (its path and its text).
    pub validate: String,
    /// Instructions before anything else, in `evaluate`.
    pub before: String,
    /// More of the module: functions, globals, tables.
    pub extra: String,
}

impl Default for PromotionGuest {
    fn default() -> Self {
        Self {
            name: "harmless-offer".into(),
            version: "1.2.3".into(),
            facts: vec![
                ("trips-24m".into(), "count", false),
                ("recency-days".into(), "count", true),
            ],
            schema: r#"{"type":"object","additionalProperties":false}"#.into(),
            reasons: vec![("welcome".into(), "{trips-24m} trips".into())],
            offers: vec![(0, Saving::Rate(1_000), 0)],
            validate: String::new(),
            before: String::new(),
            extra: String::new(),
        }
    }
}

/// An offer as it lies in memory.
fn offer((line, saving, reason): &(u32, Saving, u16)) -> Vec<u8> {
    let (tag, value) = match saving {
        Saving::Amount(amount) => (0, amount.cast_unsigned()),
        Saving::Rate(rate) => (1, u64::from(*rate)),
    };
    let halves = [value as u32, (value >> 32) as u32];
    words(&[*line, 0, tag, 0, halves[0], halves[1], u32::from(*reason), 0, 0, 0])
}

impl PromotionGuest {
    /// Instructions for `before` that do `then` only in life, where one of the first line's thing costs exactly `unit_price`: so a guest
    /// gets past the self-test and goes wrong later.
    pub fn at_price(unit_price: i64, then: &str) -> String {
        format!(
            "(if (i32.and (i64.eq (i64.load offset=56 (local.get $lines)) (i64.const {unit_price})) {IN_LIFE}) (then {then}))"
        )
    }

    /// The core module as text.
    pub fn wat(&self) -> String {
        let mut data = Data::default();
        let said = Said {
            name: &self.name,
            version: &self.version,
            title: ("优惠", "An offer"),
            summary: ("给第一项优惠", "Takes something off the first line."),
            facts: &self.facts,
            schema: &self.schema,
            reasons: &self.reasons,
        };
        let description = said.put(&mut data);
        let offers = data.put(&self.offers.iter().flat_map(offer).collect::<Vec<u8>>());
        let count = self.offers.len();
        let Self { before, extra, .. } = self;
        let rest = format!(
            r#"{extra}
  ;; `$count` offers at `$offers`
  (func $answer (param $offers i32) (param $count i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 20)))
    (i32.store8 (local.get $at) (i32.const 0))
    (i32.store offset=4 (local.get $at) (local.get $offers))
    (i32.store offset=8 (local.get $at) (local.get $count))
    (local.get $at))
  ;; a refusal with the text at `$text`
  (func $refuse (param $text i32) (param $length i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 20)))
    (i32.store8 (local.get $at) (i32.const 1))
    (memory.copy (i32.add (local.get $at) (i32.const 4))
      (call $problem (i32.const 0) (i32.const 0) (local.get $text) (local.get $length)) (i32.const 16))
    (local.get $at))
  ;; one offer
  (func $propose (param $line i32) (param $tag i32) (param $value i64) (param $reason i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 40)))
    (memory.fill (local.get $at) (i32.const 0) (i32.const 40))
    (i32.store (local.get $at) (local.get $line))
    (i32.store8 offset=8 (local.get $at) (local.get $tag))
    (i64.store offset=16 (local.get $at) (local.get $value))
    (i32.store16 offset=24 (local.get $at) (local.get $reason))
    (call $answer (local.get $at) (i32.const 1)))
  (func $evaluate (export "posthouse:plugin/promotion@1.0.0#evaluate")
    (param $now i64) (param $today i32) (param $seed i64) (param $config i32) (param $config_length i32)
    (param $channel i32) (param $channel_length i32)
    (param $lines i32) (param $lines_length i32) (param $facts i32) (param $facts_length i32)
    (result i32)
    (local $i i32) (local $offer i32) (local $offers i32) (local $count i32)
    {before}
    (local.set $offers (call $alloc (i32.const {room})))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (i32.const {count})))
        (local.set $offer (i32.add (i32.const {offers}) (i32.mul (local.get $i) (i32.const 40))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.ge_u (i32.load (local.get $offer)) (local.get $lines_length)))
        (memory.copy
          (i32.add (local.get $offers) (i32.mul (local.get $count) (i32.const 40))) (local.get $offer) (i32.const 40))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $next)))
    (call $answer (local.get $offers) (local.get $count)))"#,
            room = count * 40,
        );
        let parts = Parts {
            data: &data,
            description,
            describe: "",
            validate: &self.validate,
            realloc: "(call $alloc (local.get 3))",
            memory: "8",
            imports: "",
            rest: &rest,
        };
        parts.wat()
    }

    /// The component.
    pub fn build(&self) -> Vec<u8> {
        component(&self.wat(), "promotion-plugin")
    }
}
