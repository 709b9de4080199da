//! A segmentation with replaceable parts.

use super::{Data, IN_LIFE, Parts, Said, component, component_with, words};

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
    /// What its scores count, Chinese and English.
    pub score_title: Option<(String, String)>,
    /// Keys of its segments.
    pub segments: Vec<String>,
    /// Instructions before anything else, in `describe`.
    pub describe: String,
    /// Instructions before anything else, in `validate`: `$config` is there, and `$object` answers with a problem (its path and its text).
    pub validate: String,
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
    /// More imports of the module.
    pub imports: String,
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
            score_title: None,
            segments: vec!["rare".into(), "frequent".into()],
            describe: String::new(),
            validate: String::new(),
            before: String::new(),
            segment: "(i32.gt_s (local.get $v) (i32.const 3))".into(),
            score: "(f32.convert_i32_s (local.get $v))".into(),
            segment_rows: "(local.get $rows)".into(),
            score_rows: "(local.get $rows)".into(),
            scored: "(i32.const 1)".into(),
            extra: String::new(),
            realloc: "(call $alloc (local.get 3))".into(),
            memory: "8".into(),
            imports: String::new(),
        }
    }
}

/// Where what the guest says of itself lies.
struct Places {
    description: u32,
    segments: u32,
    title: u32,
    requests: u32,
}

impl Guest {
    /// The condition that the row has this value, in life: so a guest gets past the self-test and goes wrong later.
    pub fn at_value(value: i32) -> String {
        format!("(i32.and (i32.eq (local.get $v) (i32.const {value})) {IN_LIFE})")
    }

    fn data(&self) -> (Data, Places) {
        let mut data = Data::default();
        let said = Said {
            name: &self.name,
            version: &self.version,
            title: (&self.title.0, &self.title.1),
            summary: ("把客人分成两类", "Splits guests in two."),
            facts: &self.facts,
            schema: &self.schema,
            reasons: &self.reasons,
        };
        let description = said.put(&mut data);
        let segments = self
            .segments
            .iter()
            .map(|key| {
                [
                    data.text(key),
                    data.localized("段", key),
                    data.localized("问候", "Greet."),
                ]
                .concat()
            })
            .collect();
        let segments = data.list(segments);
        let segments = data.put(&segments);
        let title = self
            .score_title
            .as_ref()
            .map(|(zh, en)| [words(&[1]), data.localized(zh, en)].concat());
        let title = data.put(&title.unwrap_or_else(|| words(&[0, 0, 0])));
        let requests = self.quantiles.iter().map(|(fact, buckets, among)| {
            let mut request = data.text(fact);
            request.extend(words(&[u32::from(*buckets), u32::from(among.is_some())]));
            request.extend(data.text(among.as_deref().unwrap_or_default()));
            request
        });
        let requests = requests.collect();
        let requests = data.list(requests);
        let requests = data.put(&requests);
        let places = Places {
            description,
            segments,
            title,
            requests,
        };
        (data, places)
    }

    /// Everything the guest says of itself, as it lies in its memory: texts, lists, and the records that point to them.
    pub fn spoken(&self) -> Vec<u8> {
        self.data().0.bytes
    }

    /// The core module as text.
    pub fn wat(&self) -> String {
        let (data, places) = self.data();
        let Places {
            description,
            segments,
            title,
            requests,
        } = places;
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
        let rest = format!(
            r#"(func (export "posthouse:plugin/segmentation@1.0.0#score-title") (result i32) (i32.const {title}))
  (func (export "posthouse:plugin/segmentation@1.0.0#quantiles") (result i32) (i32.const {requests}))
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
    (memory.copy (i32.add (local.get $at) (i32.const 4))
      (call $problem (i32.const 0) (i32.const 0) (local.get $text) (local.get $length)) (i32.const 16))
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
    (call $answer (local.get $segment) {segment_rows} (local.get $score) {score_rows}))"#
        );
        let parts = Parts {
            data: &data,
            description,
            describe,
            validate: &self.validate,
            realloc,
            memory,
            imports: &self.imports,
            rest: &rest,
        };
        parts.wat()
    }

    /// The component.
    pub fn build(&self) -> Vec<u8> {
        component(&self.wat(), "segmentation-plugin")
    }

    /// The component with a resource of its own besides, which its module makes with `$new` and drops with `$drop`.
    pub fn with_a_resource(self) -> Vec<u8> {
        let things = "package posthouse:plugin@1.0.0;
            interface things { resource thing; }
            world collector { include segmentation-plugin; export things; }";
        let own = "[export]posthouse:plugin/things@1.0.0";
        let imports = format!(
            r#"(import "{own}" "[resource-new]thing" (func $new (param i32) (result i32)))
            (import "{own}" "[resource-drop]thing" (func $drop (param i32)))"#
        );
        component_with(&Self { imports, ..self }.wat(), Some(things), "collector")
    }
}
