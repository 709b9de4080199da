//! Which rule a command is about.

use super::points::{self, POINTS, Point};
use posthouse_domain::{Words, words};
use std::fmt;
use std::str::FromStr;

/// A binding by its name: `calls` or `segmentation/calls`, and `promotion/KEY` for the rule of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Binding {
    point: &'static Point,
    name: String,
}

impl Binding {
    /// Its path in the API.
    pub(super) fn path(&self) -> String {
        format!("/bindings/{}/{}", self.point.name, self.name)
    }

    /// The agency's name for it, without what it decides.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What it decides.
    pub(super) fn point(&self) -> &'static Point {
        self.point
    }
}

/// As people write it.
impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&spelled(self.point.name, &self.name))
    }
}

/// A binding's name as the commands take it.
pub(super) fn spelled(point: &str, name: &str) -> String {
    if point == POINTS[0].name {
        name.to_owned()
    } else {
        format!("{point}/{name}")
    }
}

impl FromStr for Binding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (point, name) = text.split_once('/').unwrap_or((POINTS[0].name, text));
        let Some(point) = points::named(point) else {
            let others = POINTS
                .iter()
                .filter_map(|point| Some((point.apart.as_ref()?.spelled)()));
            return Err(words!(
                "{point:?} is not an extension point that can be bound; write NAME, or {others}",
                "{point:?} 不是可绑定的扩展点；请写 NAME，{others}",
                others = Words::join(&others.collect::<Vec<_>>(), &words!(", or ", "，"))
            )
            .to_string());
        };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
            return Err(words!(
                "{text:?} is not a binding; names are lower-case letters, digits and hyphens",
                "{text:?} 不是绑定；名称由小写字母、数字和连字符组成"
            )
            .to_string());
        }
        Ok(Self {
            point,
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_named_with_or_without_what_it_decides() {
        for (text, path, shown) in [
            ("calls", "/bindings/segmentation/calls", "calls"),
            ("segmentation/calls", "/bindings/segmentation/calls", "calls"),
            (
                "promotion/spring-2026",
                "/bindings/promotion/spring-2026",
                "promotion/spring-2026",
            ),
        ] {
            let binding: Binding = text.parse().unwrap();
            assert_eq!((binding.path().as_str(), binding.to_string().as_str()), (path, shown));
        }
        for bad in [
            "",
            "promotion/",
            "care/points",
            "a/b/c",
            "a?b",
            "promotion/../x",
            "promotion/a b",
        ] {
            assert!(bad.parse::<Binding>().is_err(), "{bad}");
        }
    }
}
