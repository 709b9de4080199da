//! Many at once: each counted once.

use super::intake::{event, facts};
use posthouse_tests::postgres as postgres_client;
use posthouse_tests::{Database, Options, Server, eventually};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

on_both_engines!(
    sixty_four_clients_send_the_same_events,
    an_idempotency_key_answers_once,
    of_many_changes_of_one_version_one_is_made,
    events_land_between_the_slices_of_an_import,
);

fn sixty_four_clients_send_the_same_events(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("race");
    let events: Vec<_> = (0..20)
        .map(|i| {
            // five people, each known by two identities that arrive in different records
            let (member, phone) = (format!("M{}", i % 5), format!("1380013800{}", i % 5));
            let identities = if i < 5 {
                vec![("member_no", member.as_str()), ("phone", phone.as_str())]
            } else {
                vec![("phone", phone.as_str())]
            };
            event(
                "booking.confirmed",
                &format!("b{i}"),
                "2026-01-10T09:00:00+08:00",
                &identities,
                json!({"amount": 1000 + i}),
            )
        })
        .collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..64).map(|_| scope.spawn(|| client.events(&events))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let sum = |field: &str| {
        answers
            .iter()
            .map(|answer| answer[field].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((sum("accepted"), sum("duplicates")), (20, 63 * 20));
    assert!(answers.iter().all(|answer| answer["rejected"] == json!([])));
    let all = facts(&client);
    assert_eq!(all.len(), 5);
    for (i, member) in ["M0", "M1", "M2", "M3", "M4"].into_iter().enumerate() {
        assert_eq!(all[member]["trips-total"], "4");
        assert_eq!(
            all[member]["spend-total"],
            (4 * (1000 + i) + 30).to_string(),
            "{member}"
        );
    }
}

fn events_land_between_the_slices_of_an_import(database: Database) {
    let options = Options {
        clock: Some("fixed:2026-01-15T04:00:00Z"),
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("between");
    let (people, rows) = (900, 9_000);
    let member = |n: usize| format!("M{}", n % people);
    let phone = |n: usize| format!("138{:08}", n % people);
    let mut file = String::from("external_id,booking_id,customer_member_no,customer_phone,booked_at,amount\n");
    for n in 0..rows {
        file += &format!("E{n},B{n},{},{},2026-01-05,10.00\n", member(n), phone(n));
    }
    // each makes what the import has worked out for its next slice old: the same people, and every third has a booking of the file
    let imported = std::sync::atomic::AtomicBool::new(false);
    let (job, sent) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let mut sent = 0;
            while sent < rows && !imported.load(std::sync::atomic::Ordering::SeqCst) {
                let identities = [("member_no", &*member(sent)), ("phone", &*phone(sent))];
                let mut told = event(
                    "booking.confirmed",
                    &format!("V{sent}"),
                    "2026-01-05T09:00:00+08:00",
                    &identities,
                    json!({"amount": 1_000}),
                );
                if sent % 3 == 0 {
                    told["data"]["booking_id"] = format!("B{sent}").into();
                }
                let answer = client.events(&[told]);
                assert_eq!(answer["accepted"], 1, "{answer}");
                sent += 1;
            }
            sent
        });
        let job = client.import("bookings", file.as_bytes());
        imported.store(true, std::sync::atomic::Ordering::SeqCst);
        (job, sending.join().unwrap())
    });
    assert_eq!(
        (&job["accepted"], &job["duplicates"], &job["rejected"]),
        (&json!(rows), &json!(0), &json!(0)),
        "{job}"
    );
    let all = facts(&client);
    assert_eq!(all.len(), people);
    for n in 0..people {
        let events = (0..sent).filter(|sent| sent % people == n && sent % 3 != 0).count();
        let trips = rows / people + events;
        let row = &all[&member(n)];
        assert_eq!(
            (&row["trips-total"], &row["spend-total"]),
            (&trips.to_string(), &(trips * 1_000).to_string()),
            "{} after {sent} events",
            member(n)
        );
    }
}

fn an_idempotency_key_answers_once(database: Database) {
    let server = Server::start(database, Options::default());
    let client = server.agency("idem");
    let body = json!({"identities": [{"kind": "phone", "value": "13800138000"}], "name": "Li"}).to_string();
    let send = |body: &str| {
        client
            .try_send(
                "POST",
                "/api/v1/customers",
                "application/json",
                body.as_bytes(),
                &[("idempotency-key", "k-1")],
            )
            .unwrap()
    };
    let first = send(&body);
    first.expect(201);
    let again = send(&body);
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(send(&body.replace("Li", "Wang")).problem(422), "idempotency_key_reused");
}

fn of_many_changes_of_one_version_one_is_made(database: Database) {
    let server = Server::start(database, Options::default());
    let client = server.agency("etag");
    let body = json!({"identities": [{"kind": "phone", "value": "13800138000"}]});
    let many = |work: &(dyn Fn(usize) -> u16 + Sync)| {
        let mut statuses: Vec<u16> = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..8).map(|i| scope.spawn(move || work(i))).collect();
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        statuses.sort_unstable();
        statuses
    };
    // eight at once write the same customer down: one is told it is new
    let created = many(&|_| client.post("/api/v1/customers", &body).status);
    assert_eq!(created, [vec![201], vec![409; 7]].concat());
    let found = client.get("/api/v1/customers").expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let path = format!("/api/v1/customers/{}", found["items"][0]["id"].as_str().unwrap());
    // what the shown profile does not hold is a change as well
    for change in [
        "{\"attributes\": {\"seat\": \"S\"}}",
        "{\"identities\": [{\"kind\": \"email\", \"value\": \"eE@example.com\"}]}",
    ] {
        let etag = client.get(&path).etag.unwrap();
        let changed = many(&|i| {
            let change = change.replace('S', &format!("S{i}")).replace('E', &format!("E{i}"));
            let headers = [("if-match", etag.as_str())];
            client
                .try_send("PATCH", &path, "application/json", change.as_bytes(), &headers)
                .unwrap()
                .status
        });
        assert_eq!(changed, [vec![200], vec![412; 7]].concat());
        assert_ne!(client.get(&path).etag.unwrap(), etag);
    }
    let view = client.get(&path).expect(200);
    assert_eq!(view["identities"].as_array().unwrap().len(), 2, "{view}");
    assert_eq!(view["attributes"].as_array().unwrap().len(), 1, "{view}");
}

/// Waits until so many locks of a table are waited for.
fn until_waiting(database: &str, count: &str) {
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'customer'::regclass AND NOT granted";
    eventually("somebody waits", Duration::from_secs(60), || {
        (postgres_client::sql(database, waiting) == count).then_some(())
    });
}

/// A key has half of the places, and a request has its own until its work is done, also if nobody waits for the answer.
#[test]
fn who_hangs_up_keeps_the_place_until_the_work_is_done() {
    let options = Options {
        env: vec![("POSTHOUSE_HTTP__REQUESTS_AT_ONCE", "2".into())],
        ..Options::default()
    };
    let server = Server::start(Database::Postgres, options);
    let client = server.agency("places");
    // whoever writes customers waits for this
    let mut holder = Command::new("psql")
        .args(["-X", "-q", &server.database])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut session = holder.stdin.take().unwrap();
    writeln!(session, "BEGIN; LOCK TABLE customer IN EXCLUSIVE MODE;").unwrap();
    eventually("the table is locked", Duration::from_secs(60), || {
        let held = "SELECT count(*) FROM pg_locks WHERE relation = 'customer'::regclass AND mode = 'ExclusiveLock' AND granted";
        (postgres_client::sql(&server.database, held) == "1").then_some(())
    });
    let body = json!({"identities": [{"kind": "phone", "value": "13800138000"}], "name": "Li"}).to_string();
    let address = server.base.trim_start_matches("http://");
    let mut gone = TcpStream::connect(address).unwrap();
    write!(
        gone,
        "POST /api/v1/customers HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        client.key,
        body.len()
    )
    .unwrap();
    until_waiting(&server.database, "1");
    drop(gone);
    // long enough for the server to notice that nobody waits
    for _ in 0..100 {
        assert_eq!(client.get("/api/v1/facts").problem(503), "overloaded");
    }
    writeln!(session, "COMMIT;").unwrap();
    drop(session);
    assert!(holder.wait().unwrap().success());
    eventually("there is a place again", Duration::from_secs(60), || {
        (client.get("/api/v1/facts").status == 200).then_some(())
    });
    assert_eq!(client.all("/api/v1/customers").len(), 1, "it was done all the same");
}
