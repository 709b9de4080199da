use super::*;
use proptest::prelude::*;

fn plain(text: &str, order: Option<DateOrder>) -> String {
    match read(text, order, Epoch::Y1900) {
        None => "-".into(),
        Some(Told::Ambiguous) => "?".into(),
        Some(Told::Day(day)) => day.to_string(),
        Some(Told::Time(at)) => at.to_string(),
    }
}

#[test]
fn dates_in_every_spelling() {
    let cases = [
        ("2026-01-05", "2026-01-05"),
        ("2026/1/5", "2026-01-05"),
        ("2026.1.5", "2026-01-05"),
        ("2026年1月5日", "2026-01-05"),
        ("2026 年 1 月", "-"),
        ("20260105", "2026-01-05"),
        ("202601051430", "2026-01-05 14:30:00"),
        ("2026-01-05 14:30", "2026-01-05 14:30:00"),
        ("2026/1/5 0:00", "2026-01-05"),
        ("2026年1月5日14时30分", "2026-01-05 14:30:00"),
        ("2026年1月5日 下午2:30:15", "2026-01-05 14:30:15"),
        ("2026年1月5號 14時30分", "2026-01-05 14:30:00"),
        ("2026/1/5 12:05 AM", "2026-01-05 00:05:00"),
        ("2026-01-05T14:30:15.500", "2026-01-05 14:30:15"),
        ("46027", "2026-01-05"),
        ("46027.5", "2026-01-05 12:00:00"),
        ("46027.999999", "2026-01-06"),
        ("10000", "1927-05-18"),
        ("9999", "-"),
        ("9999.5", "-"),
        ("041225", "-"),
        ("010203", "-"),
        ("031208.0", "-"),
        ("99999", "2173-10-13"),
        ("100000", "-"),
        ("5.20", "-"),
        ("8.8", "-"),
        ("85", "-"),
        ("8508", "-"),
        ("1985", "-"),
        ("2026", "-"),
        ("2026-01-05 10:00-12:00", "-"),
        ("2026-01-05 10:00~12:00", "-"),
        ("31/12/2025", "?"),
        ("12/31/2025", "?"),
        ("31/31/2025", "-"),
        ("1/5/2026", "?"),
        ("2026-02-30", "-"),
        ("20261301", "-"),
        ("1/5/26", "-"),
        ("2026-01-05T14:30:00+08:00", "-"),
        ("2026-01-05\u{2028}14:30", "2026-01-05 14:30:00"),
        ("1e3", "-"),
        ("25:00", "-"),
        ("", "-"),
    ];
    for (text, expected) in cases {
        assert_eq!(plain(text, None), expected, "{text}");
    }
    assert_eq!(plain("1/5/2026", Some(DateOrder::Dmy)), "2026-05-01");
    assert_eq!(plain("1/5/2026", Some(DateOrder::Mdy)), "2026-01-05");
    assert_eq!(plain("1/5/2026", Some(DateOrder::Ymd)), "-");
}

#[test]
fn instants_with_their_place_in_the_world() {
    let cases = [
        ("2026-01-05T10:00:00+08:00", "2026-01-05T02:00:00+00:00"),
        ("2026-01-05 10:00:00+08:00", "2026-01-05T02:00:00+00:00"),
        ("2026-01-05 10:00:00 +08:00", "2026-01-05T02:00:00+00:00"),
        ("2026-01-05T10:00:00.123Z", "2026-01-05T10:00:00.123+00:00"),
        ("2026-01-05t10:00:00z", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05T10:00Z", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05T10:00:00+0800", "2026-01-05T02:00:00+00:00"),
        ("2026/1/5 10:00 +08", "2026-01-05T02:00:00+00:00"),
        ("2026-01-05T10:00:00-05:30", "2026-01-05T15:30:00+00:00"),
        ("2026-01-05 10:00+08:00", "2026-01-05T02:00:00+00:00"),
        ("2026-01-05T10:00-0530", "2026-01-05T15:30:00+00:00"),
        ("2026/1/5 10:00:00 -12:00", "2026-01-05T22:00:00+00:00"),
        ("2026/1/5 10:00:00 +14:00", "2026-01-04T20:00:00+00:00"),
    ];
    for (text, expected) in cases {
        let found = instant(text).map(|at| at.with_timezone(&chrono::Utc).to_rfc3339());
        assert_eq!(found.as_deref(), Some(expected), "{text}");
    }
    for text in [
        "2026-01-05",
        "2026-01-05T10:00:00",
        "1-2-2026",
        "2026-01-05-08",
        "10:00+25:00",
        "2026-01-05 10:00-12:00",
        "2026-01-05 08:00-09:30",
        "2026-01-05 10:00-18:00",
        "2026-01-05 10:00 - 12:00",
        "2026-01-05 10:00-12",
        "2026-01-05 10:00~12:00",
        "2026/1/5 10:00:00-12:30",
        "2026/1/5 10:00:00+14:30",
        "2026/1/5 10:00:00+08:60",
        "2026-01-05 10:00:00-18:00",
        "2026-01-05T10:00:00+23:00",
        "1/5/2026 10:00Z",
        "",
        "Z",
        "+",
        "日:+08",
    ] {
        assert_eq!(instant(text), None, "{text}");
    }
}

#[test]
fn births_in_two_digits() {
    let today = NaiveDate::from_ymd_opt(2026, 1, 15).expect("a day");
    let birth = |text, order| match short_birth(text, order, today) {
        None => "-".to_owned(),
        Some(Ok(day)) => day.to_string(),
        Some(Err(years)) => format!("{years:?}"),
    };
    let cases = [
        ("88-8-8", "1988-08-08"),
        ("88/08/08", "1988-08-08"),
        ("88.8.8", "1988-08-08"),
        ("88年8月8日", "1988-08-08"),
        ("880808", "1988-08-08"),
        ("33-1-2", "1933-01-02"),
        ("88-8-8x", "-"),
        ("88-13-8", "-"),
        ("88-2-30", "-"),
        ("8-8-88", "-"),
        ("05-8-8", "-"),
        ("28-8-8", "-"),
        ("050808", "-"),
        ("8", "-"),
        ("", "-"),
    ];
    for (text, expected) in cases {
        assert_eq!(birth(text, None), expected, "{text}");
    }
    let ymd = Some(DateOrder::Ymd);
    assert_eq!(birth("05-8-8", ymd), "[1905, 2005]", "nothing is guessed");
    assert_eq!(birth("26-1-15", ymd), "[1926, 2026]");
    assert_eq!(birth("26-1-16", ymd), "1926-01-16", "nobody is born tomorrow");
    assert_eq!(birth("28-8-8", ymd), "1928-08-08");
    assert_eq!(birth("8/7/88", Some(DateOrder::Dmy)), "1988-07-08");
    assert_eq!(birth("8/7/88", Some(DateOrder::Mdy)), "1988-08-07");
    assert_eq!(birth("8-8-8", ymd), "-", "a year of one digit");
}

#[test]
fn both_systems_of_serial_numbers() {
    let day = |serial, epoch| from_serial(serial, epoch).map(|at| at.date().to_string());
    assert_eq!(day(46_027.0, Epoch::Y1900).as_deref(), Some("2026-01-05"));
    assert_eq!(day(44_565.0, Epoch::Y1904).as_deref(), Some("2026-01-05"));
    assert_eq!(day(0.0, Epoch::Y1904).as_deref(), Some("1904-01-01"));
    assert_eq!(day(59.0, Epoch::Y1900).as_deref(), Some("1900-02-28"));
    assert_eq!(day(60.0, Epoch::Y1900), None);
    assert_eq!(day(61.0, Epoch::Y1900).as_deref(), Some("1900-03-01"));
    assert_eq!(day(f64::NAN, Epoch::Y1900), None);
    assert_eq!(day(-1.0, Epoch::Y1900), None);
    assert_eq!(day(1e300, Epoch::Y1900), None);
}

proptest! {
    #[test]
    fn nothing_panics(text in ".{0,40}", digits in "[0-9./:年月日 T-]{0,24}") {
        for order in [None, Some(DateOrder::Dmy), Some(DateOrder::Mdy), Some(DateOrder::Ymd)] {
            let _ = (read(&text, order, Epoch::Y1900), read(&digits, order, Epoch::Y1904));
            let today = NaiveDate::default();
            let _ = (short_birth(&text, order, today), short_birth(&digits, order, today), instant(&text), instant(&digits));
        }
    }

    #[test]
    fn a_serial_number_is_the_day_it_counts_to(days in 10_000i64..100_000) {
        let expected = NaiveDate::from_ymd_opt(1899, 12, 30).expect("a day") + Duration::days(days);
        prop_assert_eq!(read(&days.to_string(), None, Epoch::Y1900), Some(Told::Day(expected)));
    }
}
