//! Many at once: each counted once.

use super::intake::{event, facts};
use posthouse_tests::{Database, Options, Server};
use serde_json::json;

on_both_engines!(
    sixty_four_clients_send_the_same_events,
    an_idempotency_key_answers_once,
    of_many_changes_of_one_version_one_is_made,
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
