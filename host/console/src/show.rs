//! How numbers, money and times are written for people.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Weekday};
use chrono_tz::Tz;
use posthouse_domain::money::Currency;
use posthouse_domain::time::date_from_day;
use posthouse_domain::{Day, Instant, Language};

/// What can be counted, as templates have it: by itself or borrowed.
pub(crate) trait Counted {
    fn counted(&self) -> i64;
}

macro_rules! counted {
    ($($number:ty),*) => {
        $(impl Counted for $number {
            fn counted(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        })*
    };
}

counted!(u64, i64, u32, i32, usize, u16, u8);

impl<C: Counted> Counted for &C {
    fn counted(&self) -> i64 {
        (**self).counted()
    }
}

/// A whole number with its thousands apart.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount of minor units: `¥40,900`, `¥1,234.50`, `USD 12.30`. Zero cents are left out.
pub(crate) fn money(minor: i64, currency: Currency) -> String {
    let unit = 10_u64.pow(currency.digits());
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    let mut text = String::new();
    if minor < 0 {
        text.push('−');
    }
    match currency.as_str() {
        "CNY" => text.push('¥'),
        "EUR" => text.push('€'),
        "GBP" => text.push('£'),
        other => {
            text.push_str(other);
            text.push('\u{a0}');
        }
    }
    text.push_str(&grouped(i64::try_from(whole).unwrap_or(i64::MAX)));
    if rest > 0 {
        text.push_str(&format!(".{rest:0width$}", width = currency.digits() as usize));
    }
    text
}

/// A share to one place: `12.4%`, `12.4 %`.
pub(crate) fn percent(share: f64, language: Language) -> String {
    let number = format!("{:.1}", share * 100.0);
    let number = number.trim_end_matches(".0");
    match language {
        Language::Zh => format!("{number}%"),
        Language::En => format!("{number} %"),
    }
}

/// A difference to one place, with its sign: `+1.2`, `−0.4`, `0.0`.
pub(crate) fn signed(number: f64) -> String {
    let size = format!("{:.1}", number.abs());
    match size.as_str() {
        "0.0" => size,
        _ if number < 0.0 => format!("−{size}"),
        _ => format!("+{size}"),
    }
}

/// The month of a day: `11月`, `Nov`.
pub(crate) fn month_of(day: Day, language: Language) -> String {
    let date = date_from_day(day);
    match language {
        Language::Zh => format!("{}月", date.month()),
        Language::En => month(date.month()).to_owned(),
    }
}

/// The year of a day.
pub(crate) fn year_of(day: Day) -> i32 {
    date_from_day(day).year()
}

fn month(month: u32) -> &'static str {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    NAMES[(month as usize - 1) % 12]
}

fn weekday(day: Weekday, language: Language) -> &'static str {
    const ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    const EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let place = day.num_days_from_monday() as usize;
    match language {
        Language::Zh => ZH[place],
        Language::En => EN[place],
    }
}

/// A day: `11月28日`, `28 Nov`, with its year where that is not this one's.
pub(crate) fn day(day: Day, today: Day, language: Language) -> String {
    date(date_from_day(day), date_from_day(today).year(), language)
}

fn date(date: NaiveDate, year: i32, language: Language) -> String {
    let (month_number, day) = (date.month(), date.day());
    match (language, date.year() == year) {
        (Language::Zh, true) => format!("{month_number}月{day}日"),
        (Language::Zh, false) => format!("{}年{month_number}月{day}日", date.year()),
        (Language::En, true) => format!("{day} {}", month(month_number)),
        (Language::En, false) => format!("{day} {} {}", month(month_number), date.year()),
    }
}

/// Today as the head of a page says it: `11月28日 周六`, `Sat 28 Nov`.
pub(crate) fn head(day: Day, language: Language) -> String {
    let when = date_from_day(day);
    let (written, name) = (date(when, when.year(), language), weekday(when.weekday(), language));
    match language {
        Language::Zh => format!("{written} {name}"),
        Language::En => format!("{name} {written}"),
    }
}

/// When it happened, as far as that matters: `16:20` today, `昨天 16:20`, then the day.
pub(crate) fn moment(at: Instant, now: Instant, zone: Tz, language: Language) -> String {
    let local = |at: Instant| {
        DateTime::from_timestamp_millis(at)
            .unwrap_or_default()
            .with_timezone(&zone)
    };
    let (then, today) = (local(at), local(now).date_naive());
    let clock = format!("{:02}:{:02}", then.hour(), then.minute());
    match (today.signed_duration_since(then.date_naive()).num_days(), language) {
        (0, _) => clock,
        (1, Language::Zh) => format!("昨天 {clock}"),
        (1, Language::En) => format!("Yesterday {clock}"),
        _ => date(then.date_naive(), today.year(), language),
    }
}

/// The hour on the clock of a zone.
pub(crate) fn hour(at: Instant, zone: Tz) -> u32 {
    DateTime::from_timestamp_millis(at)
        .unwrap_or_default()
        .with_timezone(&zone)
        .hour()
}

/// The whole of it, for who asks: `2026-11-28 16:20:07`.
pub(crate) fn exact(at: Instant, zone: Tz) -> String {
    let then = DateTime::from_timestamp_millis(at)
        .unwrap_or_default()
        .with_timezone(&zone);
    then.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// What stands for a person in a round frame: the first character of the name.
pub(crate) fn initial(name: &str) -> String {
    let first = name.chars().find(|c| c.is_alphanumeric());
    first.map_or_else(|| "·".into(), |c| c.to_uppercase().collect())
}

/// What a browser calls itself, as people call it: `Chrome 140 · Windows`. One that is not known keeps what it said.
pub(crate) fn browser(agent: &str) -> String {
    // those that also call themselves what comes after them stand first
    const BROWSERS: [(&str, &str); 8] = [
        ("MicroMessenger/", "WeChat"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Version/", "Safari"),
    ];
    const DEVICES: [(&str, &str); 6] = [
        ("Windows", "Windows"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let known = BROWSERS.iter().find_map(|(sign, name)| {
        let (_, rest) = agent.split_once(sign)?;
        let version: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("{name} {version}").trim_end().to_owned())
    });
    let device = DEVICES.iter().find(|(sign, _)| agent.contains(sign));
    match (known, device) {
        (Some(known), Some((_, device))) => format!("{known} · {device}"),
        (Some(known), None) => known,
        (None, _) => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;

    fn at(text: &str) -> Instant {
        posthouse_domain::time::parse_instant(text, SHANGHAI).unwrap()
    }

    #[test]
    fn numbers_and_money_are_written_as_the_trade_does() {
        assert_eq!(
            [0, 999, 1_000, -1_234_567].map(grouped),
            ["0", "999", "1,000", "−1,234,567"]
        );
        let cny = Currency::parse("CNY").unwrap();
        assert_eq!(
            [4_090_000, 123_450, -5, 0].map(|minor| money(minor, cny)),
            ["¥40,900", "¥1,234.50", "−¥0.05", "¥0"]
        );
        assert_eq!(money(1_230, Currency::parse("USD").unwrap()), "USD\u{a0}12.30");
        assert_eq!(money(1_230, Currency::parse("JPY").unwrap()), "JPY\u{a0}1,230");
        assert_eq!(money(i64::MIN, cny), "−¥92,233,720,368,547,758.08");
    }

    #[test]
    fn shares_are_written_to_one_place() {
        assert_eq!(
            [0.124, 0.5, 1.0].map(|share| percent(share, Language::Zh)),
            ["12.4%", "50%", "100%"]
        );
        assert_eq!(percent(0.124, Language::En), "12.4 %");
        assert_eq!([1.23, -0.4, 0.001].map(signed), ["+1.2", "−0.4", "0.0"]);
    }

    #[test]
    fn months_are_called_as_each_language_does() {
        let day = posthouse_domain::time::parse_day("2027-01-31").unwrap();
        assert_eq!(
            [Language::Zh, Language::En].map(|language| month_of(day, language)),
            ["1月", "Jan"]
        );
        assert_eq!(year_of(day), 2027);
    }

    #[test]
    fn times_are_as_exact_as_they_matter() {
        let now = at("2026-11-28T10:00:00");
        let shown = |then: &str, language| moment(at(then), now, SHANGHAI, language);
        assert_eq!(shown("2026-11-28T09:05:00", Language::Zh), "09:05");
        assert_eq!(shown("2026-11-27T16:20:00", Language::Zh), "昨天 16:20");
        assert_eq!(shown("2026-11-27T16:20:00", Language::En), "Yesterday 16:20");
        assert_eq!(shown("2026-04-02T16:20:00", Language::Zh), "4月2日");
        assert_eq!(shown("2025-04-02T16:20:00", Language::En), "2 Apr 2025");
        assert_eq!(
            shown("2026-11-29T00:00:00", Language::En),
            "29 Nov",
            "what is still to come"
        );
        assert_eq!(exact(at("2026-11-27T16:20:07"), SHANGHAI), "2026-11-27 16:20:07");
    }

    #[test]
    fn the_head_of_a_page_names_the_day() {
        let today = posthouse_domain::time::parse_day("2026-11-28").unwrap();
        assert_eq!(head(today, Language::Zh), "11月28日 周六");
        assert_eq!(head(today, Language::En), "Sat 28 Nov");
    }

    #[test]
    fn browsers_are_called_as_people_call_them() {
        for (agent, shown) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge 140 · Windows",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
                "Chrome 156 · Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50",
                "WeChat 8 · iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                "Safari 18 · macOS",
            ),
            ("Firefox 140", "Firefox 140"),
            ("", ""),
        ] {
            assert_eq!(browser(agent), shown);
        }
    }

    #[test]
    fn a_name_has_an_initial_whatever_it_is() {
        assert_eq!(
            ["李伟", "anna", "  <b>", "", "😀"].map(initial),
            ["李", "A", "B", "·", "·"]
        );
    }
}
