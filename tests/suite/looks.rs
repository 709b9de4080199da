//! Files that are looked at before they land: read again with another mapping, landed once, kept for a while; mappings under a name.

use crate::file_habits::start;
use posthouse_tests::{Client, Database};
use serde_json::{Value, json};

on_both_engines!(
    a_file_is_looked_at_until_it_is_right_and_lands_once,
    a_kept_mapping_serves_the_next_file,
    the_oldest_looks_give_way,
    whoever_looks_at_the_same_file_does_so_alone,
);

const FILE: &str = "Ref,Guest no,Ordered,Price,Paid\nA1,M1,05/01/2026,100,1\nA2,M2,06/01/2026,200,\n";
const MAPPING: &str = "date_order = \"dmy\"\nignore = [\"Paid\"]\n[columns]\nbooking_id = \"Ref\"\ncustomer_member_no = \"Guest no\"\nbooked_at = \"Ordered\"\n\
                       amount = \"Price\"\n";

fn look(client: &Client, name: &str, file: &str) -> Value {
    let started = client.start_import_of("kind=bookings&look=true", name, file.as_bytes(), None);
    let started = started.expect(202);
    client.imported(started["id"].as_str().unwrap())
}

fn again(client: &Client, id: &str, mapping: Option<&str>) -> Value {
    let body = json!({"kind": "bookings", "mapping": mapping});
    client.post(&format!("/api/v1/imports/{id}/look"), &body).expect(202);
    client.imported(id)
}

fn land(client: &Client, id: &str) -> Value {
    let landing = client
        .post(&format!("/api/v1/imports/{id}/land"), &json!({}))
        .expect(202);
    client.imported(landing["id"].as_str().unwrap())
}

fn customers(client: &Client) -> usize {
    client.all("/api/v1/customers").len()
}

fn a_file_is_looked_at_until_it_is_right_and_lands_once(database: Database) {
    let (_server, client) = start(database);
    let first = look(&client, "orders.csv", FILE);
    let id = first["id"].as_str().unwrap();
    assert_eq!(first["failure"]["code"], "headers_missing", "{first}");
    assert!(first["kept_until"].is_string() && first["dry_run"] == true);
    // who sent it is whom the key belongs to
    assert!(first["by"].is_string(), "{first}");
    let half = again(&client, id, Some(&MAPPING.replace("date_order = \"dmy\"\n", "")));
    assert_eq!((&half["rejected"], &half["accepted"]), (&json!(2), &json!(0)), "{half}");
    assert_eq!(half["report"]["rejections"][0]["code"], "bad_date");
    assert_eq!(half["ignored_columns"], json!(["Paid"]));
    let right = again(&client, id, Some(MAPPING));
    assert_eq!(
        (&right["rejected"], &right["accepted"]),
        (&json!(0), &json!(2)),
        "{right}"
    );
    assert_eq!(right["mapping"], MAPPING);
    assert_eq!(
        client
            .get(&format!("/api/v1/imports/{id}/errors.csv"))
            .text
            .lines()
            .count(),
        1
    );
    assert_eq!(customers(&client), 0, "nothing lands by being looked at");
    let wrong = json!({"kind": "bookings", "mapping": "[columns]\nprice = \"Price\""});
    let path = format!("/api/v1/imports/{id}/look");
    assert_eq!(client.post(&path, &wrong).problem(422), "bad_mapping");
    let landed = land(&client, id);
    assert_eq!((&landed["id"], &landed["dry_run"]), (&json!(id), &json!(false)));
    assert_eq!((&landed["accepted"], &landed["kept_until"]), (&json!(2), &Value::Null));
    assert_eq!(customers(&client), 2);
    let gone = json!({"kind": "bookings"});
    assert_eq!(client.post(&path, &gone).problem(409), "file_gone");
    let land = format!("/api/v1/imports/{id}/land");
    assert_eq!(client.post(&land, &json!({})).problem(409), "file_gone");
    // the same rows in the way of an import without a look are known
    let known = client.start_import_of("kind=bookings", "orders.csv", FILE.as_bytes(), Some(MAPPING));
    let known = client.imported(known.expect(202)["id"].as_str().unwrap());
    assert_eq!(
        (&known["accepted"], &known["duplicates"]),
        (&json!(0), &json!(2)),
        "{known}"
    );
}

fn a_kept_mapping_serves_the_next_file(database: Database) {
    let (_server, client) = start(database);
    let path = "/api/v1/imports/mappings/bookings/erp";
    let wrong = json!({"mapping": "date_order = \"soon\""});
    assert_eq!(client.put(path, &wrong).problem(422), "bad_mapping");
    let body = json!({"mapping": "source = \"old\"\n"});
    client.put(path, &body).expect(201);
    let body = json!({"mapping": MAPPING, "headers": ["Ref", "Guest no", "Ordered", "Price", "Paid"]});
    let kept = client.put(path, &body).expect(200);
    assert_eq!((&kept["name"], &kept["mapping"]), (&json!("erp"), &json!(MAPPING)));
    assert_eq!(client.all("/api/v1/imports/mappings"), [kept]);
    let query = "kind=bookings&mapping=erp";
    let both = client.start_import_of(query, "orders.csv", FILE.as_bytes(), Some(MAPPING));
    assert_eq!(both.problem(422), "bad_mapping");
    let sent = client
        .start_import_of(query, "orders.csv", FILE.as_bytes(), None)
        .expect(202);
    let landed = client.imported(sent["id"].as_str().unwrap());
    assert_eq!(
        (&landed["accepted"], &landed["rejected"]),
        (&json!(2), &json!(0)),
        "{landed}"
    );
    // a mapping for one kind of file is none for the other
    let other = client.start_import_of("kind=customers&mapping=erp", "a.csv", FILE.as_bytes(), None);
    assert_eq!(other.problem(422), "bad_mapping");
    client.send("DELETE", path, "", &[]).expect(204);
    assert_eq!(client.send("DELETE", path, "", &[]).problem(404), "not_found");
    let long = format!("/api/v1/imports/mappings/bookings/{}", "n".repeat(81));
    assert_eq!(client.put(&long, &body).problem(422), "bad_mapping");
}

fn the_oldest_looks_give_way(database: Database) {
    let (_server, client) = start(database);
    let ids: Vec<String> = (0..11)
        .map(|n| {
            look(&client, "orders.csv", &format!("{FILE}A{n}9,M9,05/01/2026,1,\n"))["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let kept: Vec<bool> = ids
        .iter()
        .map(|id| client.get(&format!("/api/v1/imports/{id}")).expect(200)["kept_until"].is_string())
        .collect();
    let expected: Vec<bool> = (0..11).map(|n| n > 0).collect();
    assert_eq!(kept, expected, "ten files are kept");
    assert_eq!(again(&client, &ids[10], Some(MAPPING))["accepted"], 3);
}

fn whoever_looks_at_the_same_file_does_so_alone(database: Database) {
    let (_server, client) = start(database);
    let (one, other) = (look(&client, "a.csv", FILE), look(&client, "b.csv", FILE));
    let (one, other) = (one["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    assert_ne!(one, other);
    again(&client, one, Some(MAPPING));
    again(&client, other, Some(MAPPING));
    let (first, second) = (land(&client, one), land(&client, other));
    let landed = |import: &Value| (import["accepted"].clone(), import["duplicates"].clone());
    assert_eq!(landed(&first), (json!(2), json!(0)));
    assert_eq!(landed(&second), (json!(0), json!(2)), "a row lands once");
}
