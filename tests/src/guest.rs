//! A well-behaved plugin in WebAssembly text with replaceable parts, so that each evil guest is a few lines and no
//! toolchain for guests is needed. The text follows the canonical ABI of `wit/v1` by hand.

use std::fmt::Write;
use wit_parser::Resolve;

/// Kinds in the order of the contract's enum.
const KINDS: [&str; 6] = ["count", "money", "number", "flag", "day", "text"];

/// The parts. What is not replaced is harmless: two segments, the first column decides.
#[derive(Debug, Clone)]
pub struct Guest {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its title, Chinese and English.
    pub title: (String, String),
    /// Key, kind, nullable.
    pub facts: Vec<(String, &'static str, bool)>,
    /// Fact, buckets, among.
    pub quantiles: Vec<(String, u16, Option<String>)>,
    /// The schema of its settings.
    pub schema: String,
    /// Code and text, the same in both languages.
    pub reasons: Vec<(String, String)>,
    /// Keys of its segments.
    pub segments: Vec<String>,
    /// Instructions before anything else, in `describe`.
    pub describe: String,
    /// Instructions before anything else, in `classify`.
    pub before: String,
    /// The segment of `$v`, the first column's value of row `$i`.
    pub segment: String,
    /// The score of the row.
    pub score: String,
    /// Length of the segments the answer claims.
    pub segment_rows: String,
    /// Length of the scores the answer claims.
    pub score_rows: String,
    /// Whether the answer has its `$scores` scores.
    pub scored: String,
    /// More of the module: functions, globals, tables.
    pub extra: String,
    /// Where an allocation of size `local 3` goes.
    pub realloc: String,
    /// Memory: limits in pages.
    pub memory: String,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            name: "harmless".into(),
            version: "1.2.3".into(),
            title: ("无害".into(), "Harmless".into()),
            facts: vec![
                ("trips-24m".into(), "count", false),
                ("trips-12m".into(), "count", false),
                ("recency-days".into(), "count", true),
            ],
            quantiles: vec![],
            schema:
                r#"{"type":"object","additionalProperties":false,"properties":{"edge":{"type":"integer","minimum":1}}}"#
                    .into(),
            reasons: vec![("few-trips".into(), "{trips-24m} trips".into())],
            segments: vec!["rare".into(), "frequent".into()],
            describe: String::new(),
            before: String::new(),
            segment: "(i32.gt_s (local.get $v) (i32.const 3))".into(),
            score: "(f32.convert_i32_s (local.get $v))".into(),
            segment_rows: "(local.get $rows)".into(),
            score_rows: "(local.get $rows)".into(),
            scored: "(i32.const 1)".into(),
            extra: String::new(),
            realloc: "(call $alloc (local.get 3))".into(),
            memory: "8".into(),
        }
    }
}

/// Data at fixed places from 1024 on.
#[derive(Default)]
struct Data {
    bytes: Vec<u8>,
}

const BASE: usize = 1024;

impl Data {
    fn put(&mut self, bytes: &[u8]) -> u32 {
        while !self.bytes.len().is_multiple_of(8) {
            self.bytes.push(0);
        }
        let at = BASE + self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        at as u32
    }

    /// Pointer and length, as they stand in a record.
    fn text(&mut self, text: &str) -> Vec<u8> {
        let at = self.put(text.as_bytes());
        words(&[at, text.len() as u32])
    }

    fn list(&mut self, items: Vec<Vec<u8>>) -> Vec<u8> {
        let (count, bytes) = (items.len() as u32, items.concat());
        let at = self.put(&bytes);
        words(&[at, count])
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Guest {
    fn data(&self) -> (Data, u32, u32) {
        let mut data = Data::default();
        let facts = self.facts.iter().map(|(key, kind, nullable)| {
            let mut fact = data.text(key);
            let kind = KINDS
                .iter()
                .position(|known| known == kind)
                .expect("a kind of the contract") as u8;
            fact.extend([kind, u8::from(*nullable), 0, 0]);
            fact
        });
        let facts = facts.collect();
        let facts = data.list(facts);
        let quantiles = self.quantiles.iter().map(|(fact, buckets, among)| {
            let mut request = data.text(fact);
            request.extend(words(&[u32::from(*buckets), u32::from(among.is_some())]));
            request.extend(data.text(among.as_deref().unwrap_or_default()));
            request
        });
        let quantiles = quantiles.collect();
        let quantiles = data.list(quantiles);
        let reasons = self
            .reasons
            .iter()
            .map(|(code, text)| [data.text(code), data.text(text), data.text(text)].concat())
            .collect();
        let reasons = data.list(reasons);
        let description = [
            data.text(&self.name),
            data.text(&self.version),
            data.text(&self.title.0),
            data.text(&self.title.1),
            data.text("把客人分成两类"),
            data.text("Splits guests in two."),
            facts,
            quantiles,
            data.text(&self.schema),
            reasons,
        ]
        .concat();
        let description = data.put(&description);
        let segments = self
            .segments
            .iter()
            .map(|key| {
                [
                    data.text(key),
                    data.text("段"),
                    data.text(key),
                    data.text("问候"),
                    data.text("Greet."),
                ]
                .concat()
            })
            .collect();
        let segments = data.list(segments);
        let segments = data.put(&segments);
        (data, description, segments)
    }

    /// Everything the guest says of itself, as it lies in its memory: texts, lists, and the records that point to them.
    pub fn spoken(&self) -> Vec<u8> {
        self.data().0.bytes
    }

    /// The core module as text.
    pub fn wat(&self) -> String {
        let (data, description, segments) = self.data();
        let heap = (BASE + data.bytes.len()).next_multiple_of(16);
        let bytes = data.bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "\\{byte:02x}").expect("a string takes everything");
            text
        });
        let Self {
            describe,
            before,
            segment,
            score,
            segment_rows,
            score_rows,
            scored,
            extra,
            realloc,
            memory,
            ..
        } = self;
        format!(
            r#"(module
  (import "posthouse:plugin/log@1.0.0" "write" (func $say (param i32 i32 i32)))
  (memory (export "memory") {memory})
  (global $heap (mut i32) (i32.const {heap}))
  (data (i32.const {BASE}) "{bytes}")
  (func $alloc (param $size i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (block $enough
      (br_if $enough (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $enough (i32.ge_s (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))) (i32.const 0)))
      unreachable)
    (local.get $at))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
  (func (export "posthouse:plugin/descriptor@1.0.0#describe") (result i32) {describe} (i32.const {description}))
  (func (export "posthouse:plugin/segmentation@1.0.0#segments") (result i32) (i32.const {segments}))
  {extra}
  ;; an answer with segments and scores
  (func $answer (param $segment i32) (param $segments i32) (param $score i32) (param $scores i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 36)))
    (memory.fill (local.get $at) (i32.const 0) (i32.const 36))
    (i32.store offset=4 (local.get $at) (local.get $segment))
    (i32.store offset=8 (local.get $at) (local.get $segments))
    (i32.store8 offset=12 (local.get $at) {scored})
    (i32.store offset=16 (local.get $at) (local.get $score))
    (i32.store offset=20 (local.get $at) (local.get $scores))
    (local.get $at))
  ;; a refusal with the text at `$text`
  (func $refuse (param $text i32) (param $length i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 36)))
    (i32.store8 (local.get $at) (i32.const 1))
    (i32.store offset=4 (local.get $at) (local.get $text))
    (i32.store offset=8 (local.get $at) (local.get $length))
    (local.get $at))
  (func $classify (export "posthouse:plugin/segmentation@1.0.0#classify")
    (param $now i64) (param $today i32) (param $seed i64) (param $config i32) (param $config_length i32)
    (param $quantiles i32) (param $quantiles_length i32) (param $rows i32) (param $columns i32) (param $columns_length i32)
    (result i32)
    (local $i i32) (local $v i32) (local $values i32) (local $segment i32) (local $score i32)
    {before}
    (local.set $segment (call $alloc (i32.mul (local.get $rows) (i32.const 2))))
    (local.set $score (call $alloc (i32.mul (local.get $rows) (i32.const 4))))
    (local.set $values (i32.load offset=4 (local.get $columns)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $rows)))
        (local.set $v (i32.load (i32.add (local.get $values) (i32.mul (local.get $i) (i32.const 4)))))
        (i32.store16 (i32.add (local.get $segment) (i32.mul (local.get $i) (i32.const 2))) {segment})
        (f32.store (i32.add (local.get $score) (i32.mul (local.get $i) (i32.const 4))) {score})
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (call $answer (local.get $segment) {segment_rows} (local.get $score) {score_rows})))"#
        )
    }

    /// The component.
    pub fn build(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.wat()).expect("the generator writes valid text");
        let mut resolve = Resolve::default();
        let directory = crate::root().join("wit/v1");
        let (package, _) = resolve.push_dir(directory).expect("the contract parses");
        let world = resolve
            .select_world(&[package], Some("segmentation-plugin"))
            .expect("the contract has the world");
        wit_component::embed_component_metadata(
            &mut module,
            &resolve,
            world,
            wit_component::StringEncoding::UTF8,
            false,
        )
        .expect("the module takes a section");
        let mut encoder = wit_component::ComponentEncoder::default();
        encoder.validate(true);
        let encoded = encoder.module(&module).and_then(|encoder| encoder.encode());
        encoded.expect("the module fits the contract")
    }
}
