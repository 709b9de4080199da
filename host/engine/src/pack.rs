//! Making a component of a core module, and the sections it carries: golden cases and metadata.

use crate::cases::{self, Case};
use crate::points::Points;
use posthouse_domain::{Words, words};
use posthouse_golden::Said;
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{Parser, Payload};

/// Custom section with the golden cases, JSON as in [`golden`](crate::golden).
pub const GOLDEN: &str = "posthouse:golden";
/// Custom section with what made the component, a JSON object.
pub const META: &str = "posthouse:meta";

const HEADER: usize = 8;
const CUSTOM: u8 = 0;

/// Why a component could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The module has no embedded WIT, or does not do what it says.
    #[error("{}", words!("the module cannot be made a component; it must be built with the SDK or wit-bindgen: {problem}", "模块无法做成组件；它须用 SDK 或 wit-bindgen 构建：{problem}", problem = .0))]
    Componentize(Words),
    /// The bytes are not a component.
    #[error("{}", words!("not a component, or cut off, at byte {at}", "不是组件，或在字节 {at} 处中断", at = .0))]
    Malformed(usize),
    /// The golden cases do not have their format.
    #[error("{0}")]
    Golden(Words),
    /// The metadata is not a JSON object.
    #[error("{}", words!("the metadata must be a JSON object", "元数据应为 JSON 对象"))]
    Meta,
}

fn mistake(said: Said) -> PackError {
    PackError::Golden(cases::words(said))
}

/// Makes a component of a core module that carries its WIT in a custom section, as the SDK and `wit-bindgen` embed it.
///
/// # Errors
/// [`PackError::Componentize`] with what is missing.
pub fn componentize(core_module: &[u8]) -> Result<Vec<u8>, PackError> {
    let metadata = |payload: wasmparser::Result<Payload<'_>>| match payload {
        Ok(Payload::CustomSection(section)) => section.name().starts_with("component-type"),
        _ => false,
    };
    if !Parser::new(0).parse_all(core_module).any(metadata) {
        return Err(PackError::Componentize(words!(
            "it carries no WIT (no custom section `component-type`)",
            "其中没有 WIT（缺少自定义段 `component-type`）"
        )));
    }
    let encode = || {
        wit_component::ComponentEncoder::default()
            .module(core_module)?
            .validate(true)
            .encode()
    };
    // anyhow's whole chain: the last link names the missing export
    encode().map_err(|error| PackError::Componentize(Words::same(format!("{error:#}"))))
}

/// The component with golden cases and metadata; sections of the same name are replaced, `None` removes them.
///
/// # Errors
/// When `component` is not a component, `golden` is not in the format of [`golden`](crate::golden) or `meta` is not a JSON object.
pub fn attach(component: &[u8], golden: Option<&[u8]>, meta: Option<&[u8]>) -> Result<Vec<u8>, PackError> {
    attach_for(&Points::default(), component, golden, meta)
}

/// The same for a host that speaks these extension points.
///
/// # Errors
/// As [`attach`].
pub fn attach_for(
    points: &Points,
    component: &[u8],
    golden: Option<&[u8]>,
    meta: Option<&[u8]>,
) -> Result<Vec<u8>, PackError> {
    if let Some(cases) = golden {
        points.cases(cases).map_err(mistake)?;
    }
    if meta.is_some_and(|meta| !serde_json::from_slice::<serde_json::Value>(meta).is_ok_and(|meta| meta.is_object())) {
        return Err(PackError::Meta);
    }
    let mut packed = component.get(..HEADER).ok_or(PackError::Malformed(0))?.to_vec();
    for section in sections(component)? {
        if !matches!(section.name, Some(GOLDEN | META)) {
            packed.extend_from_slice(section.whole);
        }
    }
    for (name, data) in [(GOLDEN, golden), (META, meta)] {
        if let Some(data) = data {
            CustomSection {
                name: name.into(),
                data: data.into(),
            }
            .append_to_component(&mut packed);
        }
    }
    Ok(packed)
}

/// The golden cases a component carries; none if it has no such section.
///
/// # Errors
/// When `component` is not a component or its cases do not have their format.
pub fn golden_cases(component: &[u8]) -> Result<Vec<Case>, PackError> {
    match written_cases(component)? {
        Some(cases) => Points::default().cases(cases).map_err(mistake),
        None => Ok(Vec::new()),
    }
}

/// The golden cases a component carries, as they are written.
///
/// # Errors
/// When `component` is not a component.
pub(crate) fn written_cases(component: &[u8]) -> Result<Option<&[u8]>, PackError> {
    section(component, GOLDEN)
}

/// The metadata a component carries.
///
/// # Errors
/// When `component` is not a component or the section is not a JSON object.
pub fn meta(component: &[u8]) -> Result<Option<serde_json::Value>, PackError> {
    let Some(data) = section(component, META)? else {
        return Ok(None);
    };
    match serde_json::from_slice(data) {
        Ok(meta @ serde_json::Value::Object(_)) => Ok(Some(meta)),
        _ => Err(PackError::Meta),
    }
}

fn section<'a>(component: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, PackError> {
    Ok(sections(component)?
        .into_iter()
        .find(|section| section.name == Some(name))
        .map(|section| section.data))
}

struct Section<'a> {
    /// Name of a custom section.
    name: Option<&'a str>,
    data: &'a [u8],
    /// Header included.
    whole: &'a [u8],
}

/// The outermost sections. Only their frames are read, so that everything else is kept byte for byte.
fn sections(component: &[u8]) -> Result<Vec<Section<'_>>, PackError> {
    if !component.starts_with(b"\0asm\x0d\0\x01\0") {
        return Err(PackError::Malformed(0));
    }
    let mut found = Vec::new();
    let mut at = HEADER;
    while let Some(&id) = component.get(at) {
        let malformed = || PackError::Malformed(at);
        let (size, body) = length(component, at + 1).ok_or_else(malformed)?;
        let end = body
            .checked_add(size)
            .filter(|end| *end <= component.len())
            .ok_or_else(malformed)?;
        let (name, data) = if id == CUSTOM {
            let (size, start) = length(&component[..end], body).ok_or_else(malformed)?;
            let after = start
                .checked_add(size)
                .filter(|after| *after <= end)
                .ok_or_else(malformed)?;
            let name = std::str::from_utf8(&component[start..after]).map_err(|_| malformed())?;
            (Some(name), &component[after..end])
        } else {
            (None, &component[body..end])
        };
        found.push(Section {
            name,
            data,
            whole: &component[at..end],
        });
        at = end;
    }
    Ok(found)
}

/// The unsigned LEB128 at `at`, and where it ends.
fn length(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0u32;
    for index in 0..5 {
        let byte = *bytes.get(at + index)?;
        value |= u32::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            return Some((value as usize, at + index + 1));
        }
    }
    None
}
