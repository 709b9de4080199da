//! Guests that are small and set whoever lets them in a large task. Each works as well as any other but for that.

use super::Guest;
use std::fmt::Write;

/// A guest with this beside what it needs.
fn with(extra: String) -> Vec<u8> {
    Guest {
        extra,
        ..Guest::default()
    }
    .build()
}

/// `count` segments for a table, each of which writes out `length` functions.
pub fn written_out_tables(count: usize, length: usize) -> Vec<u8> {
    let segment = format!("(elem (table $long) (i32.const 0) func {})", "0 ".repeat(length));
    with(format!("(table $long 1 funcref) {}", segment.repeat(count)))
}

/// One function that fills memory `count` times.
pub fn long_function(count: usize) -> Vec<u8> {
    let fill = "(memory.fill (local.get 0) (local.get 1) (local.get 0))";
    with(format!("(func (param i32 i32) {})", fill.repeat(count)))
}

/// Functions with `locals` variables that change within `loops` loops inside each other.
pub fn nested_loops(functions: usize, locals: usize, loops: usize) -> Vec<u8> {
    let mut body = format!("(func (param i32) (local{})", " i32".repeat(locals));
    body += &"(loop ".repeat(loops);
    for local in 1..=locals {
        let from = local - 1;
        write!(body, "(local.set {local} (local.get {from}))").expect("a string takes everything");
    }
    body += &"(br_if 0 (local.get 0)))".repeat(loops);
    body += ")";
    with(body.repeat(functions))
}

/// A memory with one byte in front and one almost at its end.
pub fn sparse_memory() -> Vec<u8> {
    Guest {
        memory: "255".into(),
        extra: r#"(data (i32.const 16000000) "x")"#.into(),
        ..Guest::default()
    }
    .build()
}

/// `count` segments of data, one byte each.
pub fn scattered_data(count: usize) -> Vec<u8> {
    with(r#"(data (i32.const 65000) "x")"#.repeat(count))
}

/// `count` types that differ.
pub fn many_types(count: usize) -> Vec<u8> {
    let mut types = String::new();
    for number in 0..count {
        let bits = (0..14).map(|bit| if number >> bit & 1 == 1 { " i64" } else { " i32" });
        writeln!(types, "(type (func (param{})))", bits.collect::<String>()).expect("a string takes everything");
    }
    with(types)
}

/// `count` exports of one function.
pub fn many_exports(count: usize) -> Vec<u8> {
    let exports: String = (0..count)
        .map(|number| format!(r#"(export "e{number}" (func 0))"#))
        .collect();
    let wat = format!("(component (core module (func) {exports}))");
    wat::parse_str(wat).expect("the text is valid")
}

/// One component inside another that hands a text to a third.
pub fn text_between_components() -> Vec<u8> {
    let wat = r#"(component
      (component $one
        (core module $module
          (memory (export "memory") 1)
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
          (func (export "take") (param i32 i32)))
        (core instance $inside (instantiate $module))
        (func (export "take") (param "text" string)
          (canon lift (core func $inside "take") (memory (core memory $inside "memory")) (realloc (core func $inside "realloc")))))
      (component $other
        (import "take" (func $take (param "text" string)))
        (core module $memory (memory (export "memory") 1))
        (core instance $memory (instantiate $memory))
        (core func $take (canon lower (func $take) (memory (core memory $memory "memory"))))
        (core module $module
          (import "other" "take" (func $take (param i32 i32)))
          (func (export "give") (call $take (i32.const 0) (i32.const 0))))
        (core instance $inside (instantiate $module (with "other" (instance (export "take" (func $take))))))
        (func (export "give") (canon lift (core func $inside "give"))))
      (instance $one (instantiate $one))
      (instance $other (instantiate $other (with "take" (func $one "take"))))
      (instance $nothing)
      (export "posthouse:plugin/descriptor@1.0.0" (instance $nothing))
      (export "posthouse:plugin/segmentation@1.0.0" (instance $other)))"#;
    wat::parse_str(wat).expect("the text is valid")
}

/// A schema with `count` different patterns, each a few letters that come to a large machine.
pub fn schema_of_patterns(count: usize) -> String {
    let patterns: Vec<String> = (0..count)
        .map(|number| format!(r#""p{number}":{{"pattern":"\\p{{L}}{{22}}{number}"}}"#))
        .collect();
    format!(r#"{{"type":"object","properties":{{{}}}}}"#, patterns.join(","))
}

/// Golden cases of one case with `rows` customers nobody knows anything of.
pub fn golden_of_rows(rows: usize) -> String {
    let list = |item: &str| vec![item; rows].join(",");
    format!(
        r#"[{{"name":"many","today":"2026-01-15","rows":[{}],"expect":[{}]}}]"#,
        list("{}"),
        list(r#"{"segment":null}"#)
    )
}

/// A guest that carries these golden cases.
pub fn with_golden(cases: &str) -> Vec<u8> {
    let name = "posthouse:golden";
    let content = [&[name.len() as u8], name.as_bytes(), cases.as_bytes()].concat();
    let mut component = Guest::default().build();
    component.push(0);
    let mut length = content.len();
    while length >= 0x80 {
        component.push(length as u8 | 0x80);
        length >>= 7;
    }
    component.push(length as u8);
    component.extend(content);
    component
}
