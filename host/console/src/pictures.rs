//! Small pictures that stand beside their numbers: drawn into the page, of numbers alone.

use askama::filters::HtmlSafe;
use chrono::{Datelike, Months, NaiveDate};
use posthouse_domain::Day;
use posthouse_domain::time::{date_from_day, day_from_date};
use std::fmt;

/// How much of something is used: what is settled, and behind it what is only held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    settled: f64,
    held: f64,
    is_over: bool,
}

impl Meter {
    /// Of `whole`, this much is settled and this much held.
    pub(crate) fn new(settled: i64, held: i64, whole: i64) -> Self {
        let share = |part: i64| {
            if whole > 0 {
                (part.max(0) as f64 / whole as f64).min(1.0)
            } else {
                0.0
            }
        };
        Self {
            settled: share(settled),
            held: share(settled.saturating_add(held)),
            is_over: whole > 0 && settled.saturating_add(held) >= whole,
        }
    }
}

impl HtmlSafe for Meter {}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = if self.is_over { " over" } else { "" };
        let (held, settled) = (self.held * 72.0, self.settled * 72.0);
        write!(
            f,
            r#"<svg class="meter{over}" viewBox="0 0 72 6" aria-hidden="true"><rect width="72" height="6" rx="3"/><rect class="held" width="{held:.1}" height="6" rx="3"/><rect class="full" width="{settled:.1}" height="6" rx="3"/></svg>"#
        )
    }
}

/// Where a figure lies with 95 %: the bounds as a line, the best guess as a dot, and nothing at all as a stroke.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    low: f64,
    estimate: f64,
    high: f64,
    zero: f64,
}

impl Span {
    pub(crate) fn new(low: f64, estimate: f64, high: f64) -> Self {
        let (left, right) = (low.min(0.0), high.max(0.0));
        let wide = if right > left { right - left } else { 1.0 };
        let place = |at: f64| 6.0 + (at - left) / wide * 148.0;
        Self {
            low: place(low),
            estimate: place(estimate),
            high: place(high),
            zero: place(0.0),
        }
    }
}

impl HtmlSafe for Span {}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            low,
            estimate,
            high,
            zero,
        } = self;
        write!(
            f,
            r#"<svg class="span" viewBox="0 0 160 16" aria-hidden="true"><path class="zero" d="M{zero:.1} 0V16"/><path d="M{low:.1} 8H{high:.1}M{low:.1} 4V12M{high:.1} 4V12"/><circle cx="{estimate:.1}" cy="8" r="4"/></svg>"#
        )
    }
}

/// Some months side by side, in which things last from day to day.
#[derive(Debug, Clone)]
pub(crate) struct Months6 {
    months: Vec<NaiveDate>,
}

/// Months of a calendar.
pub(crate) const MONTHS: u32 = 6;

impl Months6 {
    /// The six months from the one that this day is in.
    pub(crate) fn from(day: Day) -> Self {
        let first = date_from_day(day).with_day(1).unwrap_or_default();
        let months = (0..MONTHS).filter_map(|later| first.checked_add_months(Months::new(later)));
        Self {
            months: months.collect(),
        }
    }

    /// The first day of each.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = Day> {
        self.months.iter().map(|month| day_from_date(*month))
    }

    /// The day after the last.
    pub(crate) fn end(&self) -> Day {
        let last = self
            .months
            .last()
            .and_then(|month| month.checked_add_months(Months::new(1)));
        last.map_or(Day::MAX, day_from_date)
    }

    /// Where a day begins, a hundred to a month.
    fn place(&self, day: Day) -> f64 {
        let starts: Vec<Day> = self.firsts().chain([self.end()]).collect();
        let within = starts.windows(2).position(|pair| day < pair[1]);
        match within {
            _ if day <= starts[0] => 0.0,
            None => f64::from(MONTHS) * 100.0,
            Some(month) => {
                let length = f64::from(starts[month + 1] - starts[month]);
                month as f64 * 100.0 + f64::from(day - starts[month]) / length * 100.0
            }
        }
    }

    /// A line from one day to before another, with today as a stroke.
    pub(crate) fn bar(&self, (from, to): (Day, Day), today: Day, class: &'static str) -> Bar {
        let (start, end) = (self.place(from), self.place(to));
        let is_within = |day: Day| self.firsts().next().is_some_and(|first| first <= day) && day < self.end();
        Bar {
            start,
            wide: (end - start).max(3.0),
            today: is_within(today).then(|| self.place(today)),
            class,
        }
    }
}

/// A line of a calendar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bar {
    start: f64,
    wide: f64,
    today: Option<f64>,
    class: &'static str,
}

impl HtmlSafe for Bar {}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            start,
            wide,
            today,
            class,
        } = self;
        write!(
            f,
            r#"<svg class="bars" viewBox="0 0 600 24" preserveAspectRatio="none" aria-hidden="true"><path class="grid" d="M100 0V24M200 0V24M300 0V24M400 0V24M500 0V24"/><rect class="{class}" x="{start:.1}" y="6" width="{wide:.1}" height="12"/>"#
        )?;
        if let Some(today) = today {
            write!(f, r#"<path class="now" d="M{today:.1} 0V24"/>"#)?;
        }
        f.write_str("</svg>")
    }
}

/// Columns side by side, each of parts that lie on each other: how many were where at each of some times.
#[derive(Debug)]
pub(crate) struct Stack {
    /// What it is a picture of.
    said: String,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    label: String,
    /// Number of the part, where it begins, how high it is, and what it says.
    parts: Vec<(usize, f64, f64, String)>,
}

/// The height of the highest column, and the room of each, in the picture's own units.
const STACK: f64 = 160.0;
const STEP: usize = 48;

impl Stack {
    /// The columns of these times; of each part its name and how many there were at each, and how many there were in all.
    pub(crate) fn new<'p>(
        said: String,
        labels: &[String],
        parts: impl Iterator<Item = (&'p str, &'p [u64])> + Clone,
        all: &[u64],
    ) -> Self {
        let scale = STACK / all.iter().copied().max().unwrap_or(0).max(1) as f64;
        let column = |(at, label): (usize, &String)| {
            let mut y = STACK;
            let pieces = parts.clone().enumerate().filter_map(|(number, (title, counts))| {
                let count = counts.get(at).copied().filter(|count| *count > 0)?;
                let height = count as f64 * scale;
                y -= height;
                Some((
                    number,
                    y,
                    height,
                    format!("{label} · {title} · {}", crate::show::grouped(count.cast_signed())),
                ))
            });
            Column {
                label: label.clone(),
                parts: pieces.collect(),
            }
        };
        Self {
            said,
            columns: labels.iter().enumerate().map(column).collect(),
        }
    }
}

/// It escapes what it writes itself.
impl HtmlSafe for Stack {}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wide, high) = (self.columns.len() * STEP, STACK + 20.0);
        let said = askama::filters::escape(&self.said, askama::filters::Html).map_err(|_| fmt::Error)?;
        write!(
            f,
            r#"<svg class="stack" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img" aria-label="{said}">"#
        )?;
        for (place, column) in self.columns.iter().enumerate() {
            let x = place * STEP;
            for (number, y, height, said) in &column.parts {
                let said = askama::filters::escape(said, askama::filters::Html).map_err(|_| fmt::Error)?;
                write!(
                    f,
                    r#"<rect class="s{}" x="{}" y="{y:.1}" width="32" height="{height:.1}"><title>{said}</title></rect>"#,
                    number % 8,
                    x + 8
                )?;
            }
            let label = askama::filters::escape(&column.label, askama::filters::Html).map_err(|_| fmt::Error)?;
            write!(f, r#"<text x="{}" y="{}">{label}</text>"#, x + 24, STACK + 15.0)?;
        }
        f.write_str("</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::time::parse_day;

    #[test]
    fn columns_are_as_high_as_they_are_many() {
        let labels = ["10".to_owned(), "<11>".to_owned()];
        let counts: [(&str, &[u64]); 2] = [("New", &[1, 2]), ("A&B", &[0, 2])];
        let drawn = Stack::new("<all>".into(), &labels, counts.into_iter(), &[2, 4]).to_string();
        assert_eq!(drawn.matches("<rect").count(), 3, "nobody is not drawn: {drawn}");
        assert!(
            drawn.contains(r#"y="80.0" width="32" height="80.0"><title>&#60;11&#62; · New · 2"#),
            "{drawn}"
        );
        assert!(drawn.contains("A&#38;B") && !drawn.contains("<11>"));
        assert!(
            !Stack::new(String::new(), &[], std::iter::empty(), &[])
                .to_string()
                .contains("rect")
        );
    }

    #[test]
    fn a_meter_is_full_and_never_more() {
        assert!(
            Meter::new(50, 25, 100)
                .to_string()
                .contains(r#"class="full" width="36.0""#)
        );
        assert!(
            Meter::new(50, 25, 100)
                .to_string()
                .contains(r#"class="held" width="54.0""#)
        );
        let over = Meter::new(150, 0, 100).to_string();
        assert!(over.contains("meter over") && over.contains(r#"class="full" width="72.0""#));
        assert!(Meter::new(1, 0, 0).to_string().contains(r#"class="full" width="0.0""#));
    }

    #[test]
    fn a_span_shows_nothing_at_all_wherever_it_lies() {
        let right = Span::new(2.0, 3.0, 4.0).to_string();
        assert!(
            right.contains("M6.0 0V16") && right.contains("M80.0 8H154.0"),
            "{right}"
        );
        let around = Span::new(-1.0, 0.0, 1.0).to_string();
        assert!(
            around.contains("M80.0 0V16") && around.contains(r#"cx="80.0""#),
            "{around}"
        );
    }

    #[test]
    fn months_are_equally_wide_however_long() {
        let day = |text: &str| parse_day(text).unwrap();
        let months = Months6::from(day("2026-11-28"));
        assert_eq!(months.firsts().next(), Some(day("2026-11-01")));
        assert_eq!(months.end(), day("2027-05-01"));
        let places = ["2026-10-01", "2026-11-16", "2027-02-15", "2027-05-01", "2028-01-01"];
        assert_eq!(
            places.map(|text| months.place(day(text))),
            [0.0, 50.0, 350.0, 600.0, 600.0]
        );
        let bar = months.bar((day("2026-10-01"), day("2026-12-01")), day("2026-11-16"), "good");
        let drawn = bar.to_string();
        assert!(
            drawn.contains(r#"x="0.0""#) && drawn.contains(r#"width="100.0""#) && drawn.contains("M50.0 0V24"),
            "{drawn}"
        );
    }
}
