//! The statement of a member as a page shows it: which lines of which days, and each line in words.

use crate::texts::has;
use crate::ui::Ui;
use posthouse_app::loyalty::{Line, Part, StatementFilter, Sums, Turnover};
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::time::{day_of, day_text, parse_day};
use posthouse_domain::{Day, Instant};
use serde::Deserialize;
use uuid::Uuid;

/// Days that are shown unless somebody chooses others.
const DAYS: Day = 365;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) tab: String,
    /// Which lines of the statement, and of which days.
    pub(super) part: String,
    pub(super) from: String,
    pub(super) to: String,
    /// The line behind which a page begins.
    pub(super) after: Option<i64>,
    /// The tier before which a page ends.
    pub(super) before: Option<i64>,
    /// A past day on which it is asked where the member stood.
    pub(super) as_of: String,
}

/// What of a statement is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) from: Day,
    pub(super) to: Day,
    pub(super) wallet: Wallet,
    pub(super) part: Option<Part>,
}

/// The parts by the names they have in addresses and texts.
const PARTS: [(&str, Option<Part>); 4] = [
    ("all", None),
    ("earned", Some(Part::Earned)),
    ("used", Some(Part::Used)),
    ("expired", Some(Part::Expired)),
];

impl Shown {
    pub(super) fn of(asked: &Asked, today: Day) -> Self {
        let to = parse_day(&asked.to).unwrap_or(today);
        let from = parse_day(&asked.from).unwrap_or(to.saturating_sub(DAYS - 1));
        let part = PARTS.iter().find(|(name, _)| *name == asked.part);
        Self {
            from: from.min(to),
            to,
            wallet: match asked.tab.as_str() {
                "status" => Wallet::Status,
                _ => Wallet::Points,
            },
            part: part.and_then(|(_, part)| *part),
        }
    }

    pub(super) fn filter(&self) -> StatementFilter {
        StatementFilter {
            days: (self.from, self.to),
            wallet: Some(self.wallet),
            part: self.part,
        }
    }

    /// The name of the tab.
    pub(super) fn tab(&self) -> &'static str {
        self.wallet.as_str()
    }

    /// Every part with its name, and whether it is the one that is shown.
    pub(super) fn parts(&self) -> Vec<(&'static str, bool)> {
        PARTS.map(|(name, part)| (name, part == self.part)).to_vec()
    }

    fn part_name(&self) -> &'static str {
        let own = PARTS.iter().find(|(_, part)| *part == self.part);
        own.map_or("all", |(name, _)| name)
    }

    fn query(&self, part: &str) -> String {
        format!(
            "tab={}&part={part}&from={}&to={}",
            self.tab(),
            day_text(self.from),
            day_text(self.to)
        )
    }

    /// The address of another part of the same days.
    pub(super) fn only(&self, customer: Uuid, part: &str) -> String {
        format!("/members/{customer}?{}", self.query(part))
    }

    /// The lines behind one of them.
    pub(super) fn behind(&self, customer: Uuid, after: i64) -> String {
        format!("/members/{customer}?{}&after={after}", self.query(self.part_name()))
    }

    pub(super) fn export(&self, customer: Uuid) -> String {
        format!("/members/{customer}/statement.csv?{}", self.query(self.part_name()))
    }

    /// What there was and is of the wallet, of sums.
    pub(super) fn sum(&self, sums: &Sums) -> i64 {
        match self.wallet {
            Wallet::Points => sums.available,
            Wallet::Status => sums.status,
        }
    }

    /// What lies between the two.
    pub(super) fn turnover(&self, points: Turnover, status: Turnover) -> Turnover {
        match self.wallet {
            Wallet::Points => points,
            Wallet::Status => status,
        }
    }
}

/// A line in words.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) day: String,
    pub(super) at: Instant,
    pub(super) title: String,
    pub(super) booking: Option<String>,
    pub(super) quote: Option<Uuid>,
    pub(super) reason: Option<String>,
    pub(super) binding: Option<String>,
    pub(super) decision: Option<Uuid>,
    /// What can be spent changed by so much.
    pub(super) moved: i64,
    /// What waits did, where what can be spent did not.
    pub(super) waits: i64,
    /// What is owed did.
    pub(super) owed: i64,
    pub(super) balance: i64,
}

impl Entry {
    pub(super) fn of(line: Line, ui: Ui) -> Self {
        let [pending, moved, _, owed] = line.moved;
        Self {
            day: ui.day(&day_of(line.at, ui.zone)),
            at: line.at,
            title: title(&line, ui),
            reason: line.reason.map(|reason| ui.local(&reason.text).to_owned()),
            booking: line.booking,
            quote: line.quote,
            binding: line.binding,
            decision: line.decision,
            moved,
            waits: if moved == 0 { pending } else { 0 },
            owed,
            balance: line.after[1],
        }
    }

    pub(super) fn tone(&self) -> &'static str {
        match self.moved.signum() {
            1 => "up",
            -1 => "dn",
            _ => "",
        }
    }
}

/// What a line is about: what was earned by what it was earned for, all else by what happened.
pub(super) fn title(line: &Line, ui: Ui) -> String {
    let occasion = line.occasion.as_deref().unwrap_or_default();
    let about = line
        .reward
        .as_ref()
        .map_or_else(String::new, |reward| format!(" · {}", ui.local(reward)));
    let known = |beginning: &str, which: &str| has(&format!("{beginning}{}", which.replace('_', "-")));
    match line.kind.as_str() {
        "earned" if known("members-for-", occasion) => ui.say_of("members-for-", occasion).to_string(),
        kind if known("members-line-", kind) => format!("{}{about}", ui.say_of("members-line-", kind)),
        kind => format!("{kind}{about}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(tab: &str, part: &str, from: &str, to: &str) -> Asked {
        Asked {
            tab: tab.into(),
            part: part.into(),
            from: from.into(),
            to: to.into(),
            ..Asked::default()
        }
    }

    #[test]
    fn an_address_says_which_lines() {
        let today = parse_day("2026-01-15").unwrap();
        let shown = Shown::of(&asked("", "", "", ""), today);
        assert_eq!(
            (shown.to - shown.from, shown.wallet, shown.part),
            (364, Wallet::Points, None)
        );
        let shown = Shown::of(&asked("status", "expired", "2025-03-01", "2025-12-31"), today);
        let id = Uuid::nil();
        let address = "tab=status&part=expired&from=2025-03-01&to=2025-12-31";
        assert!(shown.behind(id, 7).ends_with(&format!("?{address}&after=7")));
        assert!(shown.export(id).ends_with(&format!("/statement.csv?{address}")));
        assert!(shown.only(id, "all").contains("part=all&from=2025-03-01"));
        assert_eq!(shown.parts().iter().filter(|(_, is_here)| *is_here).count(), 1);
        let turned = Shown::of(&asked("points", "all", "2026-03-01", "2025-12-31"), today);
        assert_eq!(turned.from, turned.to, "what ends before it begins is one day");
        let strange = Shown::of(&asked("x", "x", "x", "x"), today);
        assert_eq!((strange.to, strange.part), (today, None));
    }
}
