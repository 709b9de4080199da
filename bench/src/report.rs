//! The table, and what goes into it.

use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::time::Duration;

/// One row of the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    /// What is done.
    pub(crate) work: String,
    /// What the house needs.
    pub(crate) ours: String,
    /// What stands beside it, and what that needs.
    pub(crate) beside: String,
    /// How many times as much the one beside needs, or the house against it; says which.
    pub(crate) ratio: String,
    /// What is to be reached.
    pub(crate) reach: String,
    /// Whether it is.
    pub(crate) reached: Option<bool>,
}

impl Row {
    /// Hands the row to the parent process.
    pub(crate) fn print(&self) {
        println!("{}", serde_json::to_string(self).unwrap_or_default());
    }
}

/// The rows as Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| work | here | beside it | ratio | to reach | reached |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let reached = match row.reached {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let Row {
            work,
            ours,
            beside,
            ratio,
            reach,
            ..
        } = row;
        // writing into a string cannot fail
        let _ = writeln!(text, "| {work} | {ours} | {beside} | {ratio} | {reach} | {reached} |");
    }
    text
}

/// The middle one; 0 of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which `part` of the values lie.
pub(crate) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * part).round() as usize)
        .copied()
        .unwrap_or(0.0)
}

/// The median of `theirs` against `ours`, round by round.
pub(crate) fn ratio(theirs: &[f64], ours: &[f64]) -> f64 {
    median(
        &theirs
            .iter()
            .zip(ours)
            .map(|(theirs, ours)| theirs / ours)
            .collect::<Vec<_>>(),
    )
}

/// Milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A ratio with as many digits as it deserves.
pub(crate) fn times(ratio: f64) -> String {
    if ratio < 10.0 {
        format!("{ratio:.2} ×")
    } else {
        format!("{} ×", grouped(ratio.round() as u64))
    }
}

/// A number with commas.
pub(crate) fn grouped(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(1_234_567u64), "1,234,567");
        assert_eq!(grouped(12u64), "12");
        assert_eq!((times(1.234), times(52.6)), ("1.23 ×".into(), "53 ×".into()));
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0, 5.0], 1.0), 5.0);
        assert_eq!(ratio(&[10.0, 30.0, 20.0], &[5.0, 10.0, 10.0]), 2.0);
    }
}
