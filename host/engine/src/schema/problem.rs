//! What is wrong with a setting. The validator says it in English; what it mostly says is said in Chinese here.

use crate::text::printable;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use posthouse_domain::Words;
use std::fmt::Display;

/// Bytes of a value that are shown.
const SHOWN: usize = 300;

/// What the validator says, in both languages; what it rarely says, in English.
pub(super) fn said(error: &ValidationError<'_>) -> Words {
    let value = shown(error.instance());
    let en = error.masked_with(value.as_str()).to_string();
    let zh = in_chinese(error.kind(), &value).unwrap_or_else(|| en.clone());
    Words { en, zh }
}

fn in_chinese(kind: &Kind, value: &str) -> Option<String> {
    Some(match kind {
        Kind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(only) => type_name(*only).to_owned(),
                TypeKind::Multiple(several) => listed(several.iter().map(type_name), "或"),
            };
            format!("应为{wanted}，现为 {value}")
        }
        Kind::Required { property } => format!("缺少必填项 {}", shown(property)),
        Kind::AdditionalProperties { unexpected } => {
            let names = listed(unexpected.iter().map(|name| format!("{name:?}")), "、");
            format!("{} 无法识别", shown(&names))
        }
        Kind::Minimum { limit } => format!("{value} 小于最小值 {limit}"),
        Kind::Maximum { limit } => format!("{value} 大于最大值 {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("{value} 应大于 {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("{value} 应小于 {limit}"),
        Kind::MultipleOf { multiple_of } => format!("{value} 不是 {multiple_of} 的倍数"),
        Kind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            format!("{value} 不是可选值；可用的有 {}", shown(&listed(options, "、")))
        }
        Kind::Constant { expected_value } => format!("应为 {}，现为 {value}", shown(expected_value)),
        Kind::Pattern { pattern } => format!("{value} 不符合格式 {}", shown(pattern)),
        Kind::MinLength { limit } => format!("{value} 少于 {limit} 个字符"),
        Kind::MaxLength { limit } => format!("{value} 超过 {limit} 个字符"),
        Kind::MinItems { limit } => format!("{value} 少于 {limit} 项"),
        Kind::MaxItems { limit } => format!("{value} 超过 {limit} 项"),
        Kind::UniqueItems => format!("{value} 中有重复项"),
        _ => return None,
    })
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "空值（null）",
        JsonType::Boolean => "布尔值（true 或 false）",
        JsonType::Integer => "整数",
        JsonType::Number => "数字",
        JsonType::String => "文本",
        JsonType::Array => "列表",
        JsonType::Object => "对象",
    }
}

fn listed(all: impl IntoIterator<Item = impl Display>, between: &str) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    all.join(between)
}

/// Somebody's text in a message, cut to what fits.
fn shown(text: &impl Display) -> String {
    let whole = text.to_string();
    let mut shown = printable(&whole, SHOWN);
    if whole.len() > SHOWN {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::validate_config;
    use serde_json::{Value, json};

    fn said(schema: &Value, value: &Value) -> String {
        let schema = json!({ "properties": { "x": schema } }).to_string();
        let problems = validate_config(&schema, &json!({ "x": value })).expect_err("wrong");
        assert!(problems[0].en.starts_with("/x: "), "{}", problems[0].en);
        problems[0].zh.clone()
    }

    #[test]
    fn what_is_wrong_is_said_in_chinese() {
        for (schema, value, zh) in [
            (json!({"type": "string"}), json!(5), "/x：应为文本，现为 5"),
            (
                json!({"type": ["integer", "null"]}),
                json!("a"),
                "/x：应为空值（null）或整数，现为 \"a\"",
            ),
            (json!({"required": ["edge"]}), json!({}), "/x：缺少必填项 \"edge\""),
            (json!({"minimum": 0}), json!(-1), "/x：-1 小于最小值 0"),
            (json!({"maximum": 9}), json!(10), "/x：10 大于最大值 9"),
            (json!({"exclusiveMinimum": 0}), json!(0), "/x：0 应大于 0"),
            (json!({"exclusiveMaximum": 9}), json!(9), "/x：9 应小于 9"),
            (
                json!({"enum": ["high", "low"]}),
                json!("mid"),
                "/x：\"mid\" 不是可选值；可用的有 \"high\"、\"low\"",
            ),
            (
                json!({"additionalProperties": false, "properties": {"a": {}}}),
                json!({"b": 1, "c": 1}),
                "/x：\"b\"、\"c\" 无法识别",
            ),
            (
                json!({"pattern": "^[a-z]+$"}),
                json!("A"),
                "/x：\"A\" 不符合格式 ^[a-z]+$",
            ),
            (json!({"minLength": 2}), json!("a"), "/x：\"a\" 少于 2 个字符"),
            (json!({"maxLength": 2}), json!("abc"), "/x：\"abc\" 超过 2 个字符"),
            (json!({"minItems": 1}), json!([]), "/x：[] 少于 1 项"),
            (json!({"maxItems": 1}), json!([1, 2]), "/x：[1,2] 超过 1 项"),
            (json!({"uniqueItems": true}), json!([1, 1]), "/x：[1,1] 中有重复项"),
            (json!({"multipleOf": 5}), json!(7), "/x：7 不是 5 的倍数"),
            (json!({"const": 1}), json!(2), "/x：应为 1，现为 2"),
            (
                json!({"contains": {"const": 1}}),
                json!([2]),
                "/x：None of [2] are valid under the given schema",
            ),
        ] {
            assert_eq!(said(&schema, &value), zh, "{schema}");
        }
        let long = said(&json!({"type": "integer"}), &json!("a".repeat(100_000)));
        assert!(long.len() < 500 && long.ends_with('…'), "{long:.500}");
    }
}
