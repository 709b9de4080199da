//! Cells that were made to break something: what they are is said, and nothing else happens.

use super::files::start_with;
use super::warnings::counts;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(
    a_line_of_dashes_is_no_amount,
    a_footnote_mark_is_no_digit,
    a_nul_in_a_cell_is_left_out,
    rejected_rows_of_any_size_come_back,
    a_customer_has_twenty_telephones_at_most,
);

fn start(database: Database) -> (Server, Client) {
    start_with(database, Options::default())
}

fn import(client: &Client, query: &str, file: &[u8]) -> Value {
    let job = client.start_import_of(query, "a.csv", file, None).expect(202);
    client.imported(job["id"].as_str().unwrap())
}

fn errors(client: &Client, job: &Value) -> Vec<Vec<String>> {
    let path = format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap());
    let answer = client.get(&path);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(answer.text.as_bytes());
    reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn codes(client: &Client, job: &Value) -> Vec<String> {
    errors(client, job)
        .into_iter()
        .map(|row| row[row.len() - 2].clone())
        .collect()
}

fn a_line_of_dashes_is_no_amount(database: Database) {
    let (_server, client) = start(database);
    let file = format!(
        "会员号,预订日期,金额\nA1,2025-01-01,{}1\nA2,2025-01-01,5\n",
        "-".repeat(100_000)
    );
    let job = import(&client, "kind=bookings", file.as_bytes());
    assert_eq!(counts(&job)[..4], [2, 1, 0, 1], "{job}");
    assert_eq!(codes(&client, &job), ["bad_amount"]);
}

fn a_footnote_mark_is_no_digit(database: Database) {
    let (_server, client) = start(database);
    let file = "会员号,预订日期,金额,人数,手机\n\
        A1,2025-01-01,1200¹,1,\n\
        A2,2025-01-01,1200①,1,\n\
        A3,2025-01-0²,10,1,\n\
        A4,2025-01-01,10,1,1380013800²\n\
        A5,2025-01-01,１２００,２,１３８００１３８０００\n";
    let job = import(&client, "kind=bookings", file.as_bytes());
    assert_eq!(counts(&job)[..4], [5, 1, 0, 4], "{job}");
    assert_eq!(
        codes(&client, &job),
        ["bad_amount", "bad_amount", "bad_date", "bad_identity"]
    );
    assert_eq!(job["report"]["totals"][0]["amount"], 120_000, "{job}");
}

fn a_nul_in_a_cell_is_left_out(database: Database) {
    let (_server, client) = start(database);
    let file: Vec<u8> = "\u{feff}member_no,name\nN1,a\0b\nN2,c\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let job = import(&client, "kind=customers", &file);
    assert_eq!(counts(&job)[..4], [2, 2, 0, 0], "{job}");
    assert_eq!(job["warned"], 1, "{job}");
}

fn rejected_rows_of_any_size_come_back(database: Database) {
    let (_server, client) = start(database);
    let note = "x".repeat(300_000);
    let rows: String = (0..12).map(|n| format!(",{n}{note}\n")).collect();
    let job = import(&client, "kind=customers", format!("member_no,note\n{rows}").as_bytes());
    assert_eq!(counts(&job)[..4], [12, 0, 0, 12], "{job}");
    let rows = errors(&client, &job);
    let numbers: Vec<&str> = rows.iter().map(|row| row[row.len() - 3].as_str()).collect();
    assert_eq!(numbers, (2..14).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row[1].len() > 300_000));
}

fn a_customer_has_twenty_telephones_at_most(database: Database) {
    let (_server, client) = start(database);
    let columns = |count: usize| vec!["phone"; count].join(",");
    let phones = |count: usize| {
        (0..count)
            .map(|n| format!("138001380{n:02}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    for (count, accepted) in [(20, 1), (21, 0)] {
        let file = format!("{},name\n{},A\n", columns(count), phones(count));
        let job = import(&client, "kind=customers", file.as_bytes());
        assert_eq!(job["accepted"], json!(accepted), "{job}");
    }
}
