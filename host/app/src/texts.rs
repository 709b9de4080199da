//! Texts that people write for people: how long they may be, and what cannot be in them.

use crate::error::{AppError, Result};
use posthouse_domain::normal::steers;
use posthouse_domain::{Words, words};
use posthouse_store::StoreError;

/// Longest name, owner, title of a task and name of whoever does it, in bytes.
const LONGEST_NAME: usize = 200;
/// Longest note, judgement, lessons and outcome, in bytes.
const LONGEST_TEXT: usize = 4_000;

/// A short text, without spaces around it.
///
/// # Errors
/// `bad_name`.
pub(crate) fn short(what: &Words, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_NAME || text.chars().any(steers) {
        return Err(AppError::invalid(
            "bad_name",
            words!(
                "write the {what} in 1 to {LONGEST_NAME} bytes without control characters and marks of writing direction",
                "请填写{what}，1 到 {LONGEST_NAME} 字节，不含控制字符和书写方向标记"
            ),
        ));
    }
    Ok(text.to_owned())
}

/// A longer text, which may be left out.
///
/// # Errors
/// `bad_note`; `bad_text` for a NUL character, which only one of the two engines could keep.
pub(crate) fn long(what: &Words, text: Option<&str>) -> Result<Option<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.len() > LONGEST_TEXT) {
        return Err(AppError::invalid(
            "bad_note",
            words!(
                "the {what} is longer than {LONGEST_TEXT} bytes",
                "{what}超过 {LONGEST_TEXT} 字节"
            ),
        ));
    }
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(StoreError::BadText.into());
    }
    Ok(text.map(str::to_owned))
}

/// A longer text that has to be there.
///
/// # Errors
/// `note_missing`, `bad_note`, `bad_text`.
pub(crate) fn needed(what: &Words, text: Option<&str>) -> Result<String> {
    long(what, text)?.ok_or_else(|| {
        AppError::invalid(
            "note_missing",
            words!("write the {what}; it cannot be empty", "请填写{what}，不能为空"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_turns_the_direction_of_a_name() {
        let name = |text: &str| short(&words!("title", "名称"), text);
        for plain in ["Window seat", "靠窗座位", "مقعد", "👩\u{200d}👧 family"] {
            assert_eq!(name(plain).unwrap_or_default(), plain);
        }
        for turned in ["a\u{202e}b", "a\u{2066}b", "a\u{7}b"] {
            let Err(AppError::Invalid(refused)) = name(turned) else {
                panic!("{turned:?}")
            };
            assert_eq!(refused.code, "bad_name");
        }
    }
}
