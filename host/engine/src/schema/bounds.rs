//! What a schema may make the validator do before it is compiled: how large it is with its references written out, how deep, and what
//! its patterns come to.

use posthouse_domain::{Words, words};
use serde_json::Value;
use std::collections::BTreeSet;

/// Schemas a schema may come to when every reference is written out.
const EXPANDED: usize = 20_000;
/// How deep they may lie inside each other then: whoever compiles a schema goes down as far.
const DEEP: usize = 256;
/// Different patterns.
const PATTERNS: usize = 64;
/// Text of all different patterns. A class of letters is a few characters that the compiler looks up anew each time.
const PATTERN_TEXT: usize = 4 << 10;
/// Memory of all compiled patterns, in bytes.
const PATTERN_BYTES: usize = 4 << 20;
/// Memory of one of them, in bytes.
const ONE_PATTERN: usize = 1 << 20;

/// The different patterns of a schema.
pub(super) struct Patterns {
    pub(super) count: usize,
}

impl Patterns {
    /// What each of them may come to when it is compiled, in bytes: an equal share of what all of them may.
    pub(super) fn most_bytes(&self) -> usize {
        (PATTERN_BYTES / self.count.max(1)).min(ONE_PATTERN)
    }
}

/// Passes a schema that may be compiled.
pub(super) fn check(schema: &Value) -> Result<Patterns, Words> {
    let mut expansion = Expansion {
        root: schema,
        left: EXPANDED,
        path: Vec::new(),
        patterns: BTreeSet::new(),
    };
    expansion.walk(schema, 0)?;
    let patterns = expansion.patterns;
    if patterns.len() > PATTERNS {
        return Err(words!(
            "the schema has {found} different patterns, {PATTERNS} are allowed",
            "schema 有 {found} 个不同的 pattern，上限为 {PATTERNS}",
            found = patterns.len()
        ));
    }
    let text: usize = patterns.iter().map(|pattern| pattern.len()).sum();
    if text > PATTERN_TEXT {
        return Err(words!(
            "the patterns of the schema have {text} bytes together, {PATTERN_TEXT} are allowed",
            "schema 的 pattern 共有 {text} 字节，上限为 {PATTERN_TEXT}"
        ));
    }
    Ok(Patterns { count: patterns.len() })
}

/// Walks the schema with every reference written out.
struct Expansion<'a> {
    root: &'a Value,
    left: usize,
    /// References being followed.
    path: Vec<&'a str>,
    /// The compiler compiles each of them once.
    patterns: BTreeSet<&'a str>,
}

impl<'a> Expansion<'a> {
    fn walk(&mut self, schema: &'a Value, depth: usize) -> Result<(), Words> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            words!(
                "with its references written out the schema has more than {EXPANDED} parts",
                "展开引用后 schema 超过 {EXPANDED} 个部分"
            )
        })?;
        if depth > DEEP {
            return Err(words!(
                "with its references written out the schema is nested deeper than {DEEP}",
                "展开引用后 schema 嵌套超过 {DEEP} 层"
            ));
        }
        let depth = depth + 1;
        match schema {
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item, depth)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), value) {
                        ("$ref", Value::String(reference)) => self.follow(reference, depth)?,
                        ("$dynamicRef" | "$recursiveRef" | "$id", Value::String(_)) => {
                            return Err(words!(
                                "{key} is not allowed; refer with \"$ref\": \"#/$defs/…\"",
                                "不允许 {key}；请用 \"$ref\": \"#/$defs/…\" 引用"
                            ));
                        }
                        ("pattern", Value::String(pattern)) => {
                            self.patterns.insert(pattern);
                        }
                        // the keys are names here, whatever they are called
                        ("properties" | "patternProperties" | "dependentSchemas", Value::Object(named)) => {
                            if key == "patternProperties" {
                                self.patterns.extend(named.keys().map(String::as_str));
                            }
                            named.values().try_for_each(|schema| self.walk(schema, depth))?;
                        }
                        // definitions count where they are used
                        ("$defs" | "definitions" | "const" | "enum" | "default" | "examples", _) => {}
                        (_, value) => self.walk(value, depth)?,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn follow(&mut self, reference: &'a str, depth: usize) -> Result<(), Words> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(words!(
                "$ref {reference:?} leads outside; only references like \"#/$defs/…\" are allowed",
                "$ref {reference:?} 指向外部；只允许 \"#/$defs/…\" 这样的引用"
            ));
        };
        if self.path.contains(&reference) || pointer.is_empty() {
            return Err(words!(
                "$ref {reference:?} leads back to itself; settings may not be recursive",
                "$ref {reference:?} 引用了自己；设置不能递归"
            ));
        }
        let root = self.root;
        let target = root
            .pointer(pointer)
            .ok_or_else(|| words!("$ref {reference:?} leads to nothing", "$ref {reference:?} 没有目标"))?;
        self.path.push(reference);
        self.walk(target, depth)?;
        self.path.pop();
        Ok(())
    }
}
