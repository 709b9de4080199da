//! What a template writes with: texts, icons, and numbers and times as its reader writes them.

use crate::icons::{Icon, icon};
use crate::show::{self, Counted};
use crate::texts::Saying;
use chrono_tz::Tz;
use posthouse_app::today::Rail;
use posthouse_domain::campaign::share_text;
use posthouse_domain::money::Currency;
use posthouse_domain::time::{day_of, day_text};
use posthouse_domain::{AgencyTerms, Day, Instant, Language, Localized, Words};

/// The reader of a page: a language, and whose clock and money it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    pub(crate) language: Language,
    pub(crate) zone: Tz,
    pub(crate) currency: Currency,
    pub(crate) now: Instant,
    /// The numbers beside the rooms; none for somebody of no agency.
    pub(crate) rail: Option<Rail>,
}

impl Ui {
    /// For somebody of an agency with these terms.
    pub(crate) fn of(terms: &AgencyTerms, language: Language, now: Instant) -> Self {
        Self {
            language,
            zone: terms.time_zone,
            currency: terms.currency,
            now,
            rail: None,
        }
    }

    pub(crate) fn say(&self, key: &str) -> Saying {
        Saying::new(self.language, key)
    }

    /// The text of one of several things whose texts begin alike: a state, a kind.
    pub(crate) fn say_of(&self, beginning: &str, which: &str) -> Saying {
        Saying::new(self.language, format!("{beginning}{}", which.replace(['_', '.'], "-")))
    }

    /// What stands beside a room: a number, and whether it waits for its reader.
    pub(crate) fn beside(&self, room: &str) -> Option<(String, bool)> {
        let rail = self.rail?;
        let (number, is_due) = match room {
            "today" => (rail.waiting, true),
            "customers" => (rail.customers, false),
            "campaigns" => (rail.campaigns_running, false),
            _ => return None,
        };
        (number > 0).then(|| (self.number(number), is_due))
    }

    pub(crate) fn tag(&self) -> &'static str {
        self.language.tag()
    }

    pub(crate) fn is_chinese(&self) -> bool {
        self.language == Language::Zh
    }

    pub(crate) fn asset(&self, name: &str) -> String {
        crate::assets::path(name)
    }

    pub(crate) fn icon(&self, name: &str) -> Icon {
        icon(name)
    }

    /// One of the two languages a plugin or a person has written.
    pub(crate) fn local<'l>(&self, text: &'l Localized) -> &'l str {
        match self.language {
            Language::Zh => &text.zh_cn,
            Language::En => &text.en,
        }
    }

    /// A message of the app.
    pub(crate) fn words<'w>(&self, words: &'w Words) -> &'w str {
        words.get(self.language)
    }

    /// What a browser calls itself, as people call it.
    pub(crate) fn browser(&self, agent: &str) -> String {
        show::browser(agent)
    }

    pub(crate) fn number(&self, number: impl Counted) -> String {
        show::grouped(number.counted())
    }

    pub(crate) fn money(&self, minor: impl Counted) -> String {
        show::money(minor.counted(), self.currency)
    }

    /// Money without its cents, where many amounts stand beside each other.
    pub(crate) fn whole(&self, minor: i64) -> String {
        let unit = 10_i64.pow(self.currency.digits());
        self.money(minor / unit * unit)
    }

    /// Basis points as people write a share: `12.5%`.
    pub(crate) fn share(&self, points: &u32) -> String {
        share_text(*points).get(self.language).to_owned()
    }

    /// A share as it was measured, to one place: `12.4%`.
    pub(crate) fn percent(&self, share: &f64) -> String {
        show::percent(*share, self.language)
    }

    /// The same of what became different, which has its sign, in points of a hundred.
    pub(crate) fn points(&self, share: &f64) -> String {
        show::signed(share * 100.0)
    }

    /// Money that became more or less.
    pub(crate) fn change(&self, minor: impl Counted) -> String {
        let minor = minor.counted();
        let sign = if minor > 0 { "+" } else { "" };
        format!("{sign}{}", self.money(minor))
    }

    /// From one day to another, both included.
    pub(crate) fn days(&self, first: &Day, last: &Day) -> String {
        match first == last {
            true => self.day(first),
            false => format!("{} – {}", self.day(first), self.day(last)),
        }
    }

    /// The month of a day.
    pub(crate) fn month(&self, day: &Day) -> String {
        show::month_of(*day, self.language)
    }

    pub(crate) fn today(&self) -> Day {
        day_of(self.now, self.zone)
    }

    /// The hour of the agency's clock.
    pub(crate) fn hour(&self) -> u32 {
        show::hour(self.now, self.zone)
    }

    pub(crate) fn head(&self) -> String {
        show::head(self.today(), self.language)
    }

    pub(crate) fn day(&self, day: &Day) -> String {
        show::day(*day, self.today(), self.language)
    }

    /// A day as forms and addresses write it.
    pub(crate) fn day_field(&self, day: Day) -> String {
        day_text(day)
    }

    pub(crate) fn moment(&self, at: &Instant) -> String {
        show::moment(*at, self.now, self.zone, self.language)
    }

    pub(crate) fn exact(&self, at: &Instant) -> String {
        show::exact(*at, self.zone)
    }

    /// A difference with its sign.
    pub(crate) fn signed(&self, number: impl Counted) -> String {
        let text = show::grouped(number.counted());
        if number.counted() > 0 { format!("+{text}") } else { text }
    }

    pub(crate) fn initial(&self, name: &str) -> String {
        show::initial(name)
    }
}

#[cfg(test)]
impl Ui {
    /// For tests, which are about Shanghai in 1970.
    pub(crate) fn of_test(language: Language) -> Self {
        let terms = AgencyTerms {
            time_zone: chrono_tz::Asia::Shanghai,
            currency: Currency::parse("CNY").unwrap(),
            country: "CN".into(),
        };
        Self::of(&terms, language, 0)
    }
}
