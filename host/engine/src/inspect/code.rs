//! What makes a component costly to compile though it is small: long functions, deep nesting, many locals, lists that are written out.

use super::broken;
use crate::limits::Limits;
use crate::refusal::Refusal;
use posthouse_domain::{Words, words};
use wasmparser::{ElementItems, FunctionBody, Operator, Payload};

/// What has been counted over all modules of a component.
#[derive(Default)]
pub(super) struct Counted {
    elements: u64,
    segments: u64,
    types: u64,
    exports: u64,
}

impl Counted {
    pub(super) fn payload(&mut self, payload: &Payload<'_>, limits: &Limits) -> Result<(), Refusal> {
        match payload {
            Payload::CodeSectionEntry(body) => check_body(body, limits)?,
            Payload::ElementSection(section) => {
                for element in section.clone() {
                    self.elements += match element.map_err(|error| broken(&error))?.items {
                        ElementItems::Functions(functions) => u64::from(functions.count()),
                        ElementItems::Expressions(_, expressions) => u64::from(expressions.count()),
                    };
                }
                let what = words!("elements in its tables' segments", "表段元素");
                within(&what, self.elements, u64::from(limits.segment_elements))?;
            }
            Payload::DataSection(section) => {
                self.segments += u64::from(section.count());
                let what = words!("data segments", "数据段");
                within(&what, self.segments, u64::from(limits.data_segments))?;
            }
            Payload::TypeSection(section) => self.types(section.count(), limits)?,
            Payload::CoreTypeSection(section) => self.types(section.count(), limits)?,
            Payload::ComponentTypeSection(section) => self.types(section.count(), limits)?,
            Payload::ExportSection(section) => self.exports(section.count(), limits)?,
            Payload::ComponentExportSection(section) => self.exports(section.count(), limits)?,
            _ => {}
        }
        Ok(())
    }

    fn types(&mut self, more: u32, limits: &Limits) -> Result<(), Refusal> {
        self.types += u64::from(more);
        within(&words!("types", "类型"), self.types, u64::from(limits.types))
    }

    fn exports(&mut self, more: u32, limits: &Limits) -> Result<(), Refusal> {
        self.exports += u64::from(more);
        within(&words!("exports", "导出项"), self.exports, u64::from(limits.exports))
    }
}

fn within(what: &Words, found: u64, limit: u64) -> Result<(), Refusal> {
    if found <= limit {
        return Ok(());
    }
    let detail = words!(
        "{found} {what} or more, {limit} are allowed: leave out what is not used",
        "{what}至少有 {found} 个，上限为 {limit}：请去掉用不到的"
    );
    Err(Refusal::new("too_costly_to_compile", detail))
}

fn check_body(body: &FunctionBody<'_>, limits: &Limits) -> Result<(), Refusal> {
    let at = body.range().start;
    let refuse = |what: &Words, found: u64, limit: u64| {
        let detail = words!(
            "the function at byte {at} has {found} {what}, {limit} are allowed: split it",
            "位于字节 {at} 的函数有 {found} {what}，上限为 {limit}：请拆分"
        );
        Err(Refusal::new("too_costly_to_compile", detail))
    };
    let (size, most) = (body.range().len() as u64, u64::from(limits.function_bytes));
    if size > most {
        return refuse(&words!("bytes", "字节"), size, most);
    }
    let mut locals = 0u64;
    for group in body.get_locals_reader().map_err(|error| broken(&error))? {
        locals += u64::from(group.map_err(|error| broken(&error))?.0);
    }
    let most = u64::from(limits.function_locals);
    if locals > most {
        return refuse(&words!("locals", "个局部变量"), locals, most);
    }
    let (mut depth, most) = (0u64, u64::from(limits.function_nesting));
    for operator in body.get_operators_reader().map_err(|error| broken(&error))? {
        match operator.map_err(|error| broken(&error))? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                depth += 1;
                if depth > most {
                    return refuse(&words!("blocks inside each other", "层嵌套的块"), depth, most);
                }
            }
            Operator::End => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}
