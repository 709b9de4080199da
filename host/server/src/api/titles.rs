//! Codes of problems in words.

use axum::http::StatusCode;
use posthouse_domain::Language;

/// The title of a problem. In English it is the code itself, spelt out.
pub(super) fn title(code: &str, status: StatusCode, language: Language) -> String {
    match language {
        Language::En => spelt_out(code),
        Language::Zh => by_status(status).to_owned(),
    }
}

fn spelt_out(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// What the status says in Chinese.
fn by_status(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "请求无法识别",
        401 => "未通过认证",
        403 => "权限不足",
        404 => "不存在",
        405 => "方法不支持",
        408 => "请求超时",
        409 => "与当前状态冲突",
        412 => "内容已变更",
        413 => "请求体过大",
        415 => "内容类型不支持",
        422 => "请求未通过",
        429 => "请求过于频繁",
        503 => "服务暂不可用",
        _ => "服务器内部错误",
    }
}
