use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::said::said;
use crate::{Said, Shape};

/// What a file of golden cases has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Cases.
    pub cases: usize,
    /// What they ask about, as rows of a segmentation or lines of a basket, over all cases.
    pub rows: usize,
}

/// A member of a case that is passed over: how many items it has if it is a list, else none.
struct Length(usize);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counting;
        impl<'de> Visitor<'de> for Counting {
            type Value = Length;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Length, A::Error> {
                let mut count = 0;
                while items.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Length(count))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Length, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Length(0))
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Length, E> {
                Ok(Length(0))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Length, E> {
                Ok(Length(0))
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Length, E> {
                Ok(Length(0))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Length, E> {
                Ok(Length(0))
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Length, E> {
                Ok(Length(0))
            }

            fn visit_unit<E: Error>(self) -> Result<Length, E> {
                Ok(Length(0))
            }
        }
        deserializer.deserialize_any(Counting)
    }
}

/// The members of a case with their lengths. One that is written twice is there twice, so that nothing is built uncounted.
struct Lengths(Vec<(String, usize)>);

impl<'de> Deserialize<'de> for Lengths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Lengths;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a case")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Lengths, A::Error> {
                let mut lengths = Vec::new();
                while let Some((name, Length(length))) = members.next_entry()? {
                    lengths.push((name, length));
                }
                Ok(Lengths(lengths))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Counts what a file of golden cases of these shapes has, without building any of it.
///
/// # Errors
/// Where it is no list of cases.
pub fn count(json: &[u8], shapes: &[Shape]) -> Result<Counts, Said> {
    let wrong = |error: serde_json::Error| said!("golden cases: {error}", "用例：{error}");
    let cases: Vec<Lengths> = serde_json::from_slice(json).map_err(wrong)?;
    let marked = |name: &str| shapes.iter().any(|shape| shape.mark == name);
    let members = cases.iter().flat_map(|case| &case.0);
    let rows = members.filter(|(name, _)| marked(name)).map(|(_, length)| length).sum();
    Ok(Counts {
        cases: cases.len(),
        rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SHAPES;

    #[test]
    fn what_any_shape_asks_about_is_counted() {
        let counted =
            |json: &str, shapes: &[Shape]| count(json.as_bytes(), shapes).map(|counts| (counts.cases, counts.rows));
        let file = r#"[{"name": "a", "today": null, "now": -1, "seed": 1.5, "x": true, "config": {"rows": [1]}, "rows": [{}, [1, 2]], "expect": [1]},
            {"lines": [{}, {}, {}]}, {"calls": [1]}, {"rows": [1, 2], "rows": "none"}]"#;
        assert_eq!(counted(file, &SHAPES), Ok((4, 7)), "also what is written twice");
        let voice = Shape {
            mark: "calls",
            ..SHAPES[0]
        };
        assert_eq!(counted(file, &[voice]), Ok((4, 1)));
        assert_eq!(counted("[]", &SHAPES), Ok((0, 0)));
        for broken in ["{}", "[1]", "[{]", r#"[{"rows": [}]"#] {
            assert!(counted(broken, &SHAPES).is_err(), "{broken}");
        }
    }
}
