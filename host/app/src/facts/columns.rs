//! Columns for plugins: slices of the frame where they can be lent, short copies where a fact moves with the calendar.

use super::cells::{Bits, Cells};
use super::frame::Frame;
use posthouse_domain::Day;
use posthouse_domain::catalogue::{FactKind, View};
use posthouse_domain::lots::lot;
use posthouse_engine::{Column, Values};
use std::borrow::Cow;
use std::ops::Range;

/// Which customers a call is about.
#[derive(Debug, Clone)]
pub enum Rows<'a> {
    /// A run of ordinals; it begins at a multiple of eight.
    Range(Range<usize>),
    /// Single ordinals.
    Picked(&'a [u32]),
}

impl Rows<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::Picked(ordinals) => ordinals.len(),
        }
    }

    /// The ordinal of a row.
    pub(crate) fn ordinal(&self, row: usize) -> usize {
        match self {
            Self::Range(range) => range.start + row,
            Self::Picked(ordinals) => ordinals[row] as usize,
        }
    }

    fn gather<'f, T: Copy>(&self, values: &'f [T]) -> Cow<'f, [T]> {
        match self {
            Self::Range(range) => Cow::Borrowed(&values[range.clone()]),
            Self::Picked(ordinals) => Cow::Owned(ordinals.iter().map(|o| values[*o as usize]).collect()),
        }
    }

    fn gather_bits<'f>(&self, bits: &'f Bits) -> Cow<'f, [u8]> {
        match self {
            Self::Range(range) => Cow::Borrowed(bits.slice(range.start, range.end)),
            Self::Picked(ordinals) => {
                let mut bytes = vec![0u8; ordinals.len().div_ceil(8)];
                for (row, ordinal) in ordinals.iter().enumerate() {
                    bytes[row / 8] |= u8::from(bits.get(*ordinal as usize)) << (row % 8);
                }
                Cow::Owned(bytes)
            }
        }
    }

    fn each(&self, mut visit: impl FnMut(usize)) {
        match self {
            Self::Range(range) => range.clone().for_each(visit),
            Self::Picked(ordinals) => ordinals.iter().for_each(|o| visit(*o as usize)),
        }
    }
}

/// One fact of a call's rows.
pub struct Lent<'f> {
    values: Held<'f>,
    valid: Option<Cow<'f, [u8]>>,
}

enum Held<'f> {
    Narrow(Cow<'f, [i32]>),
    Wide(Cow<'f, [i64]>),
    Numbers(Cow<'f, [f64]>),
    Bits(Cow<'f, [u8]>),
    Texts {
        codes: Vec<u32>,
        offsets: Vec<u32>,
        bytes: Vec<u8>,
    },
}

impl Lent<'_> {
    /// A fact that is unknown of everyone.
    pub(crate) fn unknown(kind: FactKind, rows: usize) -> Self {
        let values = match kind {
            FactKind::Count | FactKind::Day => Held::Narrow(vec![0; rows].into()),
            FactKind::Money => Held::Wide(vec![0; rows].into()),
            FactKind::Number => Held::Numbers(vec![0.0; rows].into()),
            FactKind::Flag => Held::Bits(vec![0; rows.div_ceil(8)].into()),
            FactKind::Text => Held::Texts {
                codes: vec![0; rows],
                offsets: vec![0, 0],
                bytes: Vec::new(),
            },
        };
        Lent {
            values,
            valid: Some(vec![0; rows.div_ceil(8)].into()),
        }
    }

    /// The lots of these customers in the binding of this seed.
    pub(crate) fn lots(seed: u64, rows: &Rows<'_>) -> Self {
        let lots = (0..rows.len()).map(|row| lot(seed, rows.ordinal(row) as u32));
        Lent {
            values: Held::Narrow(lots.collect()),
            valid: None,
        }
    }

    /// The whole numbers of the first so many rows where they are known and, if given, those of `among` are above zero: the population of a
    /// quantile table.
    pub(crate) fn population(&self, rows: usize, among: Option<&Lent<'_>>) -> Vec<i64> {
        let counts = |row: &usize| among.is_none_or(|among| among.whole(*row).is_some_and(|value| value > 0));
        (0..rows).filter(counts).filter_map(|row| self.whole(row)).collect()
    }

    /// The whole number of a row, if it is known and one.
    fn whole(&self, row: usize) -> Option<i64> {
        let bit = |bits: &[u8]| bits[row / 8] & (1 << (row % 8)) != 0;
        if !self.valid.as_deref().is_none_or(bit) {
            return None;
        }
        match &self.values {
            Held::Narrow(values) => Some(values[row].into()),
            Held::Wide(values) => Some(values[row]),
            _ => None,
        }
    }

    /// The column as the engine takes it.
    pub fn as_column(&self) -> Column<'_> {
        let values = match &self.values {
            Held::Narrow(values) => Values::S32s(values),
            Held::Wide(values) => Values::S64s(values),
            Held::Numbers(values) => Values::F64s(values),
            Held::Bits(bits) => Values::Bits(bits),
            Held::Texts { codes, offsets, bytes } => Values::Strings { codes, offsets, bytes },
        };
        Column {
            values,
            valid: self.valid.as_deref(),
        }
    }
}

impl Frame {
    /// The fact at `position` in the catalogue, of `rows`, seen on `today`.
    pub fn lend(&self, position: usize, rows: &Rows<'_>, today: Day) -> Lent<'_> {
        let (kind, view) = self.kind(position);
        let known = |valid: &'_ Bits| -> Option<Vec<u8>> {
            (!valid.all(self.len())).then(|| rows.gather_bits(valid).into_owned())
        };
        match self.cells(position) {
            Cells::Constant { zero: false } => Lent::unknown(kind, rows.len()),
            Cells::Constant { zero: true } => Lent {
                valid: None,
                ..Lent::unknown(kind, rows.len())
            },
            Cells::Narrow { values, valid } if view == View::AsIs => Lent {
                values: Held::Narrow(rows.gather(values)),
                valid: (!valid.all(self.len())).then(|| rows.gather_bits(valid)),
            },
            Cells::Narrow { values, valid } => {
                let valid = (!valid.all(self.len())).then(|| rows.gather_bits(valid));
                let seen = relate(&rows.gather(values), valid.as_deref(), view, today);
                Lent {
                    values: Held::Narrow(seen.into()),
                    valid,
                }
            }
            Cells::Wide { values, valid } => Lent {
                values: Held::Wide(rows.gather(values)),
                valid: (!valid.all(self.len())).then(|| rows.gather_bits(valid)),
            },
            Cells::Numbers { values, valid } => Lent {
                values: Held::Numbers(rows.gather(values)),
                valid: (!valid.all(self.len())).then(|| rows.gather_bits(valid)),
            },
            Cells::Flags { values, valid } => Lent {
                values: Held::Bits(rows.gather_bits(values)),
                valid: (!valid.all(self.len())).then(|| rows.gather_bits(valid)),
            },
            Cells::Texts {
                codes,
                valid,
                dictionary,
            } => {
                // a dictionary of its own for each call: texts of other customers are none of this call's business
                let mut renumbered = vec![u32::MAX; dictionary.len().max(1)];
                let (mut own, mut offsets, mut bytes) = (Vec::with_capacity(rows.len()), vec![0u32], Vec::new());
                rows.each(|row| {
                    let slot = &mut renumbered[codes[row] as usize];
                    if !valid.get(row) {
                        own.push(0);
                        return;
                    }
                    if *slot == u32::MAX {
                        *slot = offsets.len() as u32 - 1;
                        bytes.extend_from_slice(dictionary.text(codes[row]).as_bytes());
                        offsets.push(bytes.len() as u32);
                    }
                    own.push(*slot);
                });
                if offsets.len() == 1 {
                    offsets.push(0);
                }
                Lent {
                    values: Held::Texts {
                        codes: own,
                        offsets,
                        bytes,
                    },
                    valid: known(valid).map(Cow::Owned),
                }
            }
        }
    }
}

/// Stored days as what they mean today; what is unknown becomes zero.
fn relate(stored: &[i32], valid: Option<&[u8]>, view: View, today: Day) -> Vec<i32> {
    match view {
        View::AsIs => each(stored, valid, |value| value),
        View::DaysSince => each(stored, valid, |day| today.wrapping_sub(day)),
        View::DaysUntil => each(stored, valid, |day| day.wrapping_sub(today)),
        View::Age | View::DaysToBirthday => each(stored, valid, |day| view.apply(i64::from(day), today) as i32),
    }
}

/// What `seen` makes of each value that is known. A mask instead of a branch, as nobody can predict who is unknown.
fn each(stored: &[i32], valid: Option<&[u8]>, seen: impl Fn(i32) -> i32) -> Vec<i32> {
    let Some(bits) = valid else {
        return stored.iter().map(|value| seen(*value)).collect();
    };
    let eight =
        |byte: u8, from: &[i32; 8]| -> [i32; 8] { std::array::from_fn(|i| seen(from[i]) & -i32::from(byte >> i & 1)) };
    let (whole, rest) = stored.as_chunks::<8>();
    let mut all = Vec::with_capacity(stored.len());
    for (byte, from) in bits.iter().zip(whole) {
        all.extend_from_slice(&eight(*byte, from));
    }
    if let Some(byte) = bits.get(whole.len()) {
        let mut from = [0; 8];
        from[..rest.len()].copy_from_slice(rest);
        all.extend_from_slice(&eight(*byte, &from)[..rest.len()]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_related_to_today_and_unknown_ones_are_zero() {
        let stored: Vec<Day> = (0..21).map(|row| 20_000 + row * 37).collect();
        let known = |row: usize| row % 3 != 1;
        let mut bits = vec![0u8; 3];
        (0..stored.len()).for_each(|row| bits[row / 8] |= u8::from(known(row)) << (row % 8));
        for view in [
            View::AsIs,
            View::DaysSince,
            View::DaysUntil,
            View::Age,
            View::DaysToBirthday,
        ] {
            let apply = |row: usize| view.apply(stored[row].into(), 20_514) as i32;
            let all: Vec<i32> = (0..stored.len()).map(apply).collect();
            assert_eq!(relate(&stored, None, view, 20_514), all, "{view:?}");
            let some: Vec<i32> = (0..stored.len())
                .map(|row| if known(row) { all[row] } else { 0 })
                .collect();
            assert_eq!(relate(&stored, Some(&bits), view, 20_514), some, "{view:?}");
        }
    }
}
