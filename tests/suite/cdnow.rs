//! Real purchases: the CDNOW sample (6,919 purchases of 2,357 customers, 1997 and 1998), imported and compared with an independent
//! computation over the file, for every customer. The data set is downloaded when asked for with `POSTHOUSE_TEST_CDNOW=1`
//! (`make cdnow`); it is never part of the repository.

use super::expected::{Purchase, compare};
use posthouse_tests::{Database, Options, Server, plugins};
use serde_json::json;
use std::process::Command;

on_both_engines!(
    facts_and_segments_of_real_purchases,
    lifetime_values_equal_the_published_fit,
);

/// The file, from the package index or from an earlier download; `None` if nobody asked.
fn sample() -> Option<String> {
    std::env::var_os("POSTHOUSE_TEST_CDNOW")?;
    let kept = posthouse_tests::root().join("target/CDNOW_sample.txt");
    if let Ok(text) = std::fs::read_to_string(&kept) {
        return Some(text);
    }
    let folder = tempfile::tempdir().unwrap();
    let script = "import glob,sys,zipfile,tarfile,subprocess;d=sys.argv[1];\
        subprocess.check_call([sys.executable,'-m','pip','download','--quiet','--no-deps','--no-binary',':none:','-d',d,'Lifetimes==0.11.3']);\
        f=glob.glob(d+'/*')[0];n='lifetimes/datasets/CDNOW_sample.txt';\
        z=zipfile.ZipFile(f) if f.endswith('.whl') else None;t=None if z else tarfile.open(f);\
        sys.stdout.buffer.write(z.read(n) if z else t.extractfile([m for m in t.getmembers() if m.name.endswith(n)][0]).read())";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(folder.path())
        .output()
        .expect("python3 starts");
    assert!(
        output.status.success(),
        "CDNOW could not be downloaded; without a network leave POSTHOUSE_TEST_CDNOW unset. {}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::write(&kept, &output.stdout).unwrap();
    String::from_utf8(output.stdout).ok()
}

fn facts_and_segments_of_real_purchases(database: Database) {
    let Some((file, purchases)) = read_sample() else {
        return;
    };
    for (clock, today) in [
        ("fixed:1998-07-01T00:00:00Z", ("1998", "07", "01")),
        ("fixed:1999-03-01T00:00:00Z", ("1999", "03", "01")),
    ] {
        let server = Server::start(
            database,
            Options {
                clock: Some(clock),
                ..Options::default()
            },
        );
        let client = server.agency("cdnow");
        let digest = client.admit(&plugins::packed("rfm"));
        client
            .put(
                "/api/v1/bindings/segmentation/rfm",
                &json!({"digest": digest, "config": {}}),
            )
            .expect(200);
        let job = client.import("bookings", file.as_bytes());
        assert_eq!(
            (&job["accepted"], &job["rejected"]),
            (&json!(6_919), &json!(0)),
            "{job}"
        );
        client.post("/api/v1/segmentation/runs", &json!({})).expect(200);
        compare(&client, "rfm", &purchases, days(today.0, today.1, today.2));
    }
}

/// The sample as a file of bookings and as plain rows; `None` if nobody asked.
fn read_sample() -> Option<(String, Vec<Purchase>)> {
    let Some(text) = sample() else {
        eprintln!(
            "CDNOW was not compared: no download was asked for. Run `make cdnow` where the package index can be reached."
        );
        return None;
    };
    let mut file = String::from("customer_member_no,booked_at,amount,product\n");
    let mut purchases = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [customer, _, date, units, dollars] = cells[..] else {
            panic!("{line}")
        };
        let iso = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
        file += &format!("{customer},{iso},{dollars},{units} CDs\n");
        let (whole, cents) = dollars.split_once('.').unwrap_or((dollars, ""));
        let amount = whole.parse::<i64>().unwrap() * 100 + format!("{cents:0<2}").parse::<i64>().unwrap();
        purchases.push(Purchase {
            customer: customer.to_owned(),
            day: days(&date[..4], &date[4..6], &date[6..]),
            amount,
        });
    }
    assert_eq!(purchases.len(), 6_919);
    Some((file, purchases))
}

/// Days since 1970 of a date, counted month by month.
fn days(year: &str, month: &str, day: &str) -> i64 {
    let (year, month, day): (i64, usize, i64) = (year.parse().unwrap(), month.parse().unwrap(), day.parse().unwrap());
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before: i64 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
    let lengths = [
        31,
        if leap(year) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    before + lengths[..month - 1].iter().sum::<i64>() + day - 1
}

/// Fitted to the 39 weeks until 30 September 1997, as in "Counting Your Customers the Easy Way" (Fader, Hardie and Lee 2005: r 0.243,
/// alpha 4.414, a 0.793, b 2.426, log-likelihood -9582.4) and "The Gamma-Gamma Model of Monetary Value" (Fader and Hardie 2013: p 6.25,
/// q 3.74, gamma 15.44 dollars).
fn lifetime_values_equal_the_published_fit(database: Database) {
    let Some((file, _)) = read_sample() else {
        return;
    };
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:1997-09-30T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("cdnow");
    client.import("bookings", file.as_bytes());
    let fit = client.post("/api/v1/insights/clv", &json!({})).expect(200);
    eprintln!("{fit}");
    assert_eq!((&fit["customers"], &fit["repeaters"]), (&json!(2_357), &json!(946)));
    for (model, key, published, tolerance) in [
        ("rate", "r", 0.243, 0.000_6),
        ("rate", "alpha", 4.414, 0.002),
        ("rate", "a", 0.793, 0.001),
        ("rate", "b", 2.426, 0.003),
        ("rate", "log_likelihood", -9_582.4, 0.06),
        ("value", "p", 6.25, 0.01),
        ("value", "q", 3.74, 0.01),
        ("value", "gamma", 1_544.0, 3.0),
    ] {
        let found = fit[model][key].as_f64().unwrap();
        assert!(
            (found - published).abs() <= tolerance,
            "{key}: {found}, published {published}"
        );
    }
}
