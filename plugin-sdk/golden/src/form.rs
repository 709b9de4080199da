use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;
use std::fmt;

use crate::Said;
use crate::said::said;

/// The golden cases of one extension point, as a file has them.
pub trait Form: DeserializeOwned {
    /// What tells them from those of others.
    const SHAPE: Shape;

    /// What the case shows, for people.
    fn name(&self) -> &str;
}

/// What tells the cases of one extension point from those of others.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The extension point.
    pub point: &'static str,
    /// Its name in Chinese.
    pub zh: &'static str,
    /// The member that all of its cases have, and those of no other point.
    pub mark: &'static str,
    /// What that member holds, in English: `rows` of facts.
    pub holds: &'static str,
    /// The same in Chinese.
    pub holds_zh: &'static str,
}

impl Shape {
    /// What is wrong with a case of this shape where one of another is needed.
    pub fn instead_of(&self, wanted: &Self) -> Said {
        let Self { point, zh, mark, .. } = self;
        said!(
            "the case has `{mark}`, as for a {point}; for a {wanted} it has {holds}",
            "用例写的是 `{mark}`（{zh}）；{wanted_zh}的用例应为{holds_zh}",
            wanted = wanted.point,
            wanted_zh = wanted.zh,
            holds = wanted.holds,
            holds_zh = wanted.holds_zh
        )
    }
}

/// The names of the members of one case.
struct Members(HashSet<String>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Case;

        impl<'de> Visitor<'de> for Case {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a case")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut case: A) -> Result<Members, A::Error> {
                let mut names = HashSet::new();
                while let Some((name, _)) = case.next_entry::<_, IgnoredAny>()? {
                    names.insert(name);
                }
                Ok(Members(names))
            }
        }

        deserializer.deserialize_map(Case)
    }
}

/// Which of these shapes the cases of a file have; none if there are no cases.
///
/// # Errors
/// Where the file is no list of cases, or has several shapes.
pub fn shape(json: &[u8], shapes: &[Shape]) -> Result<Option<usize>, Said> {
    let cases: Vec<Members> = serde_json::from_slice(json).map_err(wrong)?;
    let of = |case: &Members| {
        let marked = |shape: &Shape| case.0.contains(shape.mark);
        shapes.iter().skip(1).position(marked).map_or(0, |place| place + 1)
    };
    let found: Vec<usize> = cases.iter().map(of).collect();
    let Some(one) = found.iter().copied().max() else {
        return Ok(None);
    };
    let (some, all) = (found.iter().filter(|shape| **shape == one).count(), found.len());
    if some == all {
        return Ok(Some(one));
    }
    let Shape { point, zh, mark, .. } = shapes[one];
    Err(said!(
        "golden cases: {some} of {all} have the {mark} of a {point}, the others do not; one file has the cases of one extension point",
        "用例：{all} 个用例中有 {some} 个带{zh}的 {mark}，其余没有；一个文件只能有一种扩展点的用例"
    ))
}

/// Reads a file that has cases of this form.
///
/// # Errors
/// Where the JSON does not have the format of this crate.
pub fn read<F: Form>(json: &[u8]) -> Result<Vec<F>, Said> {
    // the whole file and not case by case, so that a mistake is told with its line
    serde_json::from_slice(json).map_err(wrong)
}

fn wrong(error: serde_json::Error) -> Said {
    said!("golden cases: {error}", "用例：{error}")
}

pub(crate) fn no_settings() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}
