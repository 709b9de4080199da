//! Extension points as the commands speak of them, a file for each: what a new project begins with, and what to do with a rule.

mod complaint_routing;
mod loyalty;
mod promotion;
mod segmentation;

use posthouse_domain::Words;
use serde_json::Value;
use std::fmt;

/// A file of a project: its path, and its text with `{{name}}` where the plugin's name goes.
pub(super) type TemplateFile = (&'static str, &'static str);

/// What the commands say and do of an extension point.
pub(in crate::cli) struct Point {
    pub(super) name: &'static str,
    /// What one of its rules is called.
    pub(super) rule: &'static str,
    /// What its rules decide, as the help says it.
    pub(super) decides: &'static str,
    /// Files that a new project has of its own.
    pub(super) template: [TemplateFile; 3],
    /// What a self-test tried, as the server tells of it, and what that cost.
    pub(super) tested: fn(&Value) -> [Words; 2],
    /// What to do with a component of this digest that was uploaded.
    pub(super) next: fn(&str) -> Words,
    /// What a rule does from its coming into force on; nothing where the server says whom it moved.
    pub(super) effect: Option<fn() -> Words>,
    /// What stands while its rule fails.
    pub(super) meanwhile: fn() -> Words,
    /// What puts its rules into force, where that is not `posthouse plugin activate`.
    pub(super) apart: Option<Apart>,
    /// What `posthouse plugin preview` shows of a rule.
    pub(super) previewed: Previewed,
}

/// What is seen of a rule beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Previewed {
    /// Whom it would move.
    Movers,
    /// What it would have done in the past.
    Past,
    /// Where it would have sent past cases.
    Cases,
    /// Nothing.
    Nothing,
}

/// Rules that come into force with something else.
pub(super) struct Apart {
    /// How their bindings are written.
    pub(super) spelled: fn() -> Words,
    /// Why the rule of this name is neither previewed nor activated by itself.
    pub(super) refused: fn(&str) -> Words,
    /// What such a plugin is activated with.
    pub(super) hint: fn() -> Words,
}

/// Every extension point, first the one of rules that are named without one.
pub(super) const POINTS: [&Point; 4] = [
    &segmentation::POINT,
    &promotion::POINT,
    &loyalty::POINT,
    &complaint_routing::POINT,
];

/// The one of this name.
pub(super) fn named(name: &str) -> Option<&'static Point> {
    POINTS.into_iter().find(|point| point.name == name)
}

/// The one of a plugin or a binding.
pub(super) fn of(document: &Value) -> &'static Point {
    named(document["extension_point"].as_str().unwrap_or_default()).unwrap_or(POINTS[0])
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Point {}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Files that a point's project has of its own, from its folder of templates.
macro_rules! template {
    ($point:literal) => {
        [
            (
                "src/lib.rs",
                include_str!(concat!("../template/", $point, "/src/lib.rs.txt")),
            ),
            (
                "golden.json",
                include_str!(concat!("../template/", $point, "/golden.json")),
            ),
            ("README.md", include_str!(concat!("../template/", $point, "/README.md"))),
        ]
    };
}
use template;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_know_every_extension_point() {
        let spoken: Vec<_> = posthouse_engine::Points::default().names().collect();
        assert_eq!(POINTS.map(|point| point.name).to_vec(), spoken);
    }
}
