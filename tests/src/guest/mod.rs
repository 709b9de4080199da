//! Well-behaved plugins in WebAssembly text with replaceable parts, so that each evil guest is a few lines and no
//! toolchain for guests is needed. The text follows the canonical ABI of `wit/v1` by hand.

pub mod costly;
mod loyalty;
mod promotion;
mod segmentation;
mod voice;

pub use loyalty::{LoyaltyGuest, Post};
pub use promotion::{PromotionGuest, Saving};
pub use segmentation::Guest;
pub use voice::VoiceGuest;

use std::fmt::Write;
use wit_parser::Resolve;

/// Whether a call is about one of the days on which tests live, from 2026-01-15 on: what a guest does only then is hardly ever met by a
/// self-test, which draws its days from twelve years.
pub const IN_LIFE: &str = "(i32.lt_u (i32.sub (local.get $today) (i32.const 20468)) (i32.const 4))";

/// Kinds in the order of the contract's enum.
const KINDS: [&str; 6] = ["count", "money", "number", "flag", "day", "text"];

/// Data at fixed places from 1024 on.
#[derive(Default)]
struct Data {
    bytes: Vec<u8>,
}

const BASE: usize = 1024;
/// Where the tag of refusals stands, below everything else.
const EN: usize = 512;

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

    /// A text in two languages, the same in both if there is one only: pointer and length of a list of tags and texts.
    fn localized(&mut self, zh: &str, en: &str) -> Vec<u8> {
        let texts = [("zh-CN", zh), ("en", en)].map(|(tag, text)| [self.text(tag), self.text(text)].concat());
        self.list(texts.to_vec())
    }

    fn list(&mut self, items: Vec<Vec<u8>>) -> Vec<u8> {
        let (count, bytes) = (items.len() as u32, items.concat());
        let at = self.put(&bytes);
        words(&[at, count])
    }
}

/// Little-endian words.
fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// What every guest says of itself.
struct Said<'a> {
    name: &'a str,
    version: &'a str,
    title: (&'a str, &'a str),
    summary: (&'a str, &'a str),
    /// Key, kind, nullable.
    facts: &'a [(String, &'static str, bool)],
    schema: &'a str,
    /// Code and text, the same in both languages.
    reasons: &'a [(String, String)],
}

impl Said<'_> {
    /// Puts the description into the data; where its record is.
    fn put(&self, data: &mut Data) -> u32 {
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
        let reasons = self
            .reasons
            .iter()
            .map(|(code, text)| [data.text(code), data.localized(text, text), words(&[0, 0])].concat())
            .collect();
        let reasons = data.list(reasons);
        let description = [
            data.text(self.name),
            data.text(self.version),
            data.localized(self.title.0, self.title.1),
            data.localized(self.summary.0, self.summary.1),
            facts,
            data.text(self.schema),
            reasons,
        ]
        .concat();
        data.put(&description)
    }
}

/// The replaceable parts of a module that both kinds of guests have.
struct Parts<'a> {
    data: &'a Data,
    /// Where the description is.
    description: u32,
    /// Instructions before anything else, in `describe`.
    describe: &'a str,
    /// Instructions before anything else, in `validate`.
    validate: &'a str,
    realloc: &'a str,
    memory: &'a str,
    /// More imports of the module.
    imports: &'a str,
    /// Functions of the extension point, and whatever else there is.
    rest: &'a str,
}

impl Parts<'_> {
    /// The core module as text.
    fn wat(&self) -> String {
        let Self {
            data,
            description,
            describe,
            validate,
            realloc,
            memory,
            imports,
            rest,
        } = self;
        let tag = EN;
        let heap = (BASE + data.bytes.len()).next_multiple_of(16);
        let bytes = data.bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "\\{byte:02x}").expect("a string takes everything");
            text
        });
        format!(
            r#"(module
  (import "posthouse:plugin/log@1.0.0" "write" (func $say (param i32 i32 i32)))
  {imports}
  (memory (export "memory") {memory})
  (global $heap (mut i32) (i32.const {heap}))
  (data (i32.const {BASE}) "{bytes}")
  (data (i32.const {tag}) "en")
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
  ;; `ok` of a result without a value
  (func $fine (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 12)))
    (i32.store8 (local.get $at) (i32.const 0))
    (local.get $at))
  ;; a list of one problem: where it is, what is wrong
  (func $problem (param $path i32) (param $path_length i32) (param $text i32) (param $length i32) (result i32)
    (local $at i32) (local $text_at i32)
    (local.set $text_at (call $alloc (i32.const 16)))
    (i32.store (local.get $text_at) (i32.const {tag}))
    (i32.store offset=4 (local.get $text_at) (i32.const 2))
    (i32.store offset=8 (local.get $text_at) (local.get $text))
    (i32.store offset=12 (local.get $text_at) (local.get $length))
    (local.set $at (call $alloc (i32.const 16)))
    (i32.store (local.get $at) (local.get $path))
    (i32.store offset=4 (local.get $at) (local.get $path_length))
    (i32.store offset=8 (local.get $at) (local.get $text_at))
    (i32.store offset=12 (local.get $at) (i32.const 1))
    (local.get $at))
  (func (export "posthouse:plugin/descriptor@1.0.0#validate") (param $config i32) (param $config_length i32) (result i32)
    (local $at i32)
    {validate}
    (call $fine))
  ;; an error of one problem, for `validate`
  (func $object (param $path i32) (param $path_length i32) (param $text i32) (param $length i32) (result i32) (local $at i32)
    (local.set $at (call $alloc (i32.const 12)))
    (i32.store8 (local.get $at) (i32.const 1))
    (i32.store offset=4 (local.get $at)
      (call $problem (local.get $path) (local.get $path_length) (local.get $text) (local.get $length)))
    (i32.store offset=8 (local.get $at) (i32.const 1))
    (local.get $at))
  {rest})"#
        )
    }
}

/// The component of a core module for one world of the contract.
fn component(wat: &str, world: &str) -> Vec<u8> {
    component_with(wat, None, world)
}

/// The same for a contract that has `more` besides what it has.
fn component_with(wat: &str, more: Option<&str>, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(wat).expect("the generator writes valid text");
    let mut resolve = Resolve::default();
    let (package, _) = match more {
        None => resolve.push_dir(crate::root().join("wit/v1")),
        Some(more) => resolve.push_dir(enlarged(more).path()),
    }
    .expect("the contract parses");
    let world = resolve
        .select_world(&[package], Some(world))
        .expect("the contract has the world");
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8, false)
        .expect("the module takes a section");
    let mut encoder = wit_component::ComponentEncoder::default();
    encoder.validate(true);
    let encoded = encoder.module(&module).and_then(|encoder| encoder.encode());
    encoded.expect("the module fits the contract")
}

/// A folder with the contract and one more file.
fn enlarged(more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let contract = std::fs::read_dir(crate::root().join("wit/v1")).expect("the contract is there");
    for file in contract.map(|entry| entry.expect("an entry")) {
        std::fs::copy(file.path(), folder.path().join(file.file_name())).expect("a copy");
    }
    std::fs::write(folder.path().join("more.wit"), more).expect("a file");
    folder
}
