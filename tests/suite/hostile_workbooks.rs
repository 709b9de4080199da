//! Workbooks that nobody means well with: torn ones, bombs, and what no honest program writes. They are read by a child of the server, which
//! its limits end; the server goes on.

use crate::files::{fixture, import, memory, refused, start_with, text};
use crate::workbooks::{archive, bookings, by_hand};
use posthouse_tests::{Database, Options, eventually};
use std::process::Command;

on_both_engines!(
    bombs_and_torn_workbooks,
    the_server_answers_while_a_workbook_takes_its_time,
);

const MEMORY: (&str, u64) = ("POSTHOUSE_IMPORTS__WORKBOOK_MEMORY_BYTES", 512 << 20);

fn bombs_and_torn_workbooks(database: Database) {
    let limits = Options {
        env: vec![(MEMORY.0, MEMORY.1.to_string())],
        ..Options::default()
    };
    let (server, client) = start_with(database, limits);
    let good = bookings(&text("bookings.plain.csv"));
    for length in [4, 100, good.len() / 2, good.len() - 30] {
        assert_eq!(
            refused(&client, &good[..length], None),
            "bad_workbook",
            "cut at {length}"
        );
    }
    let mut flipped = good.clone();
    for at in (200..good.len() / 2).step_by(97) {
        flipped[at] ^= 0x55;
    }
    assert_eq!(refused(&client, &flipped, None), "bad_workbook");
    for name in ["bookings.xls", "bookings.xlsb", "bookings.ods"] {
        let whole = fixture(name);
        for length in [600, whole.len() / 2] {
            assert_eq!(
                refused(&client, &whole[..length], None),
                "bad_workbook",
                "{name} cut at {length}"
            );
        }
    }
    // cells that the library would pass over in silence
    assert_eq!(refused(&client, &fixture("short-cells.xlsb"), None), "bad_workbook");

    let header =
        "<row r=\"1\"><c t=\"inlineStr\"><is><t>手机</t></is></c><c t=\"inlineStr\"><is><t>下单时间</t></is></c></row>";
    let quiet = |part: usize| "<c/>".repeat(part);
    let cell = |place: &str| format!("{header}<row><c r=\"{place}\"><v>1</v></c></row>");
    let cases = [
        // a hundred megabytes of nothing, three hundred of texts, one text of two megabytes in no cell, tags in tags
        (
            by_hand(&format!("{header}<row r=\"2\">{}</row>", quiet(25_000_000)), "", false),
            "bad_workbook",
        ),
        (
            by_hand(header, &"<si><t>xxxxxxxxxx</t></si>".repeat(12_000_000), false),
            "workbook_too_large",
        ),
        (
            by_hand(header, &format!("<si><t>{}</t></si>", "x".repeat(2 << 20)), false),
            "no_rows",
        ),
        (by_hand(&"<a>".repeat(100_000), "", false), "file_empty"),
        (by_hand(&cell("ALM2"), "", false), "too_many_columns"),
        (by_hand(&cell("A99999999"), "", false), "bad_workbook"),
        (by_hand(&cell("ZZZZ1"), "", false), "bad_workbook"),
        (
            by_hand(&format!("{header}<row><c t=\"s\"><v>5</v></c></row>"), "", false),
            "bad_workbook",
        ),
        // rows that go back, a row of three megabytes, a list of texts that announces four billion
        (by_hand(&format!("{}{header}", cell("A9")), "", false), "bad_workbook"),
        (
            by_hand(
                &format!(
                    "{header}<row><c t=\"inlineStr\"><is><t>{}</t></is></c></row>",
                    "x".repeat(3 << 20)
                ),
                "",
                false,
            ),
            "row_too_long",
        ),
        (endless_ods(), "workbook_too_large"),
    ];
    let before = memory(&server, "VmHWM");
    for (file, code) in cases {
        assert!(file.len() < 4 << 20, "{}", file.len());
        assert_eq!(refused(&client, &file, None), code, "{} bytes packed", file.len());
    }
    let grown = memory(&server, "VmHWM") - before;
    println!("bombs made the server grow by {} MiB", grown >> 20);
    assert!(grown < 64 << 20, "grown by {grown} bytes");
    assert_eq!(
        import(&client, "kind=bookings", "good.xlsx", &good, None)["accepted"],
        5
    );
}

/// A table of a billion cells in a few kilobytes.
fn endless_ods() -> Vec<u8> {
    let content = "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\">\
         <office:body><office:spreadsheet><table:table table:name=\"A\">\
         <table:table-row table:number-rows-repeated=\"1000000\">\
         <table:table-cell office:value-type=\"string\" table:number-columns-repeated=\"1000\"><text:p>x</text:p></table:table-cell>\
         </table:table-row></table:table></office:spreadsheet></office:body></office:document-content>";
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            b"<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
        ),
        ("content.xml", content.as_bytes()),
    ])
}

/// A workbook that takes its reader's whole processor time holds up nobody else, and its reader is gone afterwards.
fn the_server_answers_while_a_workbook_takes_its_time(database: Database) {
    let limits = Options {
        env: vec![("POSTHOUSE_IMPORTS__WORKBOOK_CPU_SECONDS", "2".into())],
        ..Options::default()
    };
    let (server, client) = start_with(database, limits);
    // gigabytes of comments between two rows
    let slow = by_hand(
        &format!(
            "<row r=\"1\"/>{}",
            "<!--xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-->".repeat(40_000_000)
        ),
        "",
        false,
    );
    let job = client
        .start_import_of("kind=bookings", "slow.xlsx", &slow, None)
        .expect(202);
    let id = job["id"].as_str().unwrap();
    let mut answers = 0;
    let state = || client.get(&format!("/api/v1/imports/{id}")).json()["state"].clone();
    while state() != "failed" {
        assert_eq!(client.get("/api/v1/segments").status, 200);
        answers += 1;
    }
    assert!(answers > 10, "{answers} answers meanwhile");
    let failure = client.get(&format!("/api/v1/imports/{id}")).json()["failure"].clone();
    assert_eq!(failure["code"], "workbook_too_large", "{failure}");
    let children = || {
        let listed = Command::new("ps")
            .args(["--ppid", &server.pid().to_string(), "-o", "args="])
            .output()
            .unwrap();
        String::from_utf8_lossy(&listed.stdout).contains("confined")
    };
    eventually("the reader is gone", std::time::Duration::from_secs(20), || {
        (!children()).then_some(())
    });
}
