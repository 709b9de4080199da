//! Many at once: each counted once.

use super::intake::{event, facts};
use posthouse_tests::{Database, Options, Server};
use serde_json::json;

on_both_engines!(sixty_four_clients_send_the_same_events, an_idempotency_key_answers_once);

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
