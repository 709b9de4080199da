use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Said;
use crate::said::said;

/// What a file of golden cases has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Cases.
    pub cases: usize,
    /// Rows of a segmentation, or lines of baskets, over all cases.
    pub rows: usize,
}

#[derive(Deserialize)]
#[serde(rename = "Case")]
struct Sizes {
    #[serde(default)]
    rows: Length,
    #[serde(default)]
    lines: Length,
}

/// The length of a list whose items are passed over.
#[derive(Default)]
struct Length(usize);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counting;
        impl<'de> Visitor<'de> for Counting {
            type Value = Length;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Length, A::Error> {
                let mut count = 0;
                while items.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Length(count))
            }
        }
        deserializer.deserialize_seq(Counting)
    }
}

/// Counts what a file of golden cases has, without building any of it.
///
/// # Errors
/// Where it is no list of cases with lists in them.
pub fn count(json: &[u8]) -> Result<Counts, Said> {
    let wrong = |error: serde_json::Error| said!("golden cases: {error}", "用例：{error}");
    let sizes: Vec<Sizes> = serde_json::from_slice(json).map_err(wrong)?;
    Ok(Counts {
        cases: sizes.len(),
        rows: sizes.iter().map(|case| case.rows.0 + case.lines.0).sum(),
    })
}
