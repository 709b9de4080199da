//! Cases that wait for each step, with a crisis that was found and some that were opened.

use crate::intake::event;
use posthouse_tests::{Client, plugins};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What an agency has of complaints, by the names that paths and bodies use.
pub(super) struct Cases {
    /// Cases, by the step that each of them waits for.
    pub(super) by_step: BTreeMap<&'static str, String>,
    /// Compensations that wait for another person.
    pub(super) compensations: [String; 2],
    /// The crisis that was found.
    pub(super) watched: String,
    /// Crises, by the step that each of them waits for.
    crises: BTreeMap<&'static str, String>,
    /// A rule of complaint routing.
    pub(super) digest: String,
}

impl Cases {
    pub(super) fn of(&self, step: &str) -> &str {
        self.by_step.get(step).unwrap_or(&self.by_step["look"])
    }

    pub(super) fn crisis_of(&self, step: &str) -> &str {
        self.crises.get(step).unwrap_or(&self.watched)
    }
}

pub(super) fn complaint(customer: &str) -> Value {
    json!({"customer_id": customer, "kind": "complaint", "channel": "phone", "text": "Marked words", "cause": "product"})
}

/// A body that a step takes.
pub(super) fn step(step: &str) -> Value {
    match step {
        "assign" => json!({"desk": "senior"}),
        "wait" => json!({"for": "customer"}),
        "severity" => json!({"severity": 2}),
        "link" => json!({"supplier": "Marked hotel"}),
        "accept" | "withdraw" | "resolve" | "close" => json!({}),
        _ => json!({"text": "Marked answer"}),
    }
}

pub(super) fn terms() -> Value {
    let targets = json!({"first_response": 60, "next_update": 120, "resolution": 600});
    json!({"targets": [targets, targets, targets, targets], "severity": 3, "statutory": null, "limits": {"owner": {"money": 500, "points": 500}},
           "joint_count": 4, "joint_days": 14})
}

pub(super) fn cases(client: &Client, customer: &str) -> Cases {
    let at = "2026-01-10T09:00:00+08:00";
    let booked = event(
        "booking.confirmed",
        "b-lake",
        at,
        &[("member_no", "M1")],
        json!({"amount": 120_000, "product": "Marked lake"}),
    );
    client.events(&[booked]);
    client
        .put(
            "/api/v1/desks/senior",
            &json!({"title": {"zh-CN": "资深组", "en": "Marked desk"}}),
        )
        .expect(201);
    let week = json!({"week": {"monday": [{"from": "09:00", "to": "18:00"}]}});
    client.put("/api/v1/calendars/shops", &week).expect(201);
    let id = |made: Value| made["id"].as_str().unwrap().to_owned();
    let steps = [
        "look", "assign", "note", "reply", "wait", "answer", "propose", "accept", "resolve", "close", "reopen",
        "withdraw", "severity", "link",
    ];
    let mut by_step = BTreeMap::new();
    for waits_for in steps {
        let mut new = complaint(customer);
        // those of one booking are joined
        if ["look", "assign", "reply", "wait"].contains(&waits_for) {
            new["booking_id"] = "b-lake".into();
        }
        let case = id(client.post("/api/v1/complaints", &new).expect(201));
        let path = format!("/api/v1/complaints/{case}");
        let before = match waits_for {
            "accept" => Some("propose"),
            "close" | "reopen" => Some("resolve"),
            _ => None,
        };
        if let Some(before) = before {
            client.post(&format!("{path}/{before}"), &step(before)).expect(200);
        }
        by_step.insert(waits_for, case);
    }
    let look = format!("/api/v1/complaints/{}", by_step["look"]);
    let file = [
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n".as_slice(),
        b"%PDF-1.7 marked %%EOF",
        b"\r\n--b--\r\n",
    ];
    let sent = client.send(
        "POST",
        &format!("{look}/attachments"),
        "multipart/form-data; boundary=b",
        &file.concat(),
    );
    sent.expect(201);
    let made = client
        .post("/api/v1/keys", &json!({"name": "cases", "scopes": ["intake", "read"]}))
        .expect(201);
    let clerk = Client::new(&client.base, made["api_key"].as_str().unwrap());
    let promise = |amount: i64| {
        let body = json!({"remedy": "refund", "amount": amount, "reason": "Marked reason"});
        id(clerk.post(&format!("{look}/compensations"), &body).expect(201))
    };
    let compensations = [promise(100), promise(200)];
    let found = client.all("/api/v1/crises?open=true");
    let watched = found[0]["id"]
        .as_str()
        .expect("four complaints are a crisis")
        .to_owned();
    let mut crises = BTreeMap::new();
    for waits_for in ["contain", "repair", "close"] {
        let body = json!({"kind": "information", "title": "Marked crisis"});
        crises.insert(waits_for, id(client.post("/api/v1/crises", &body).expect(201)));
    }
    Cases {
        by_step,
        compensations,
        watched,
        crises,
        digest: client.admit(&plugins::packed("complaint-desk")),
    }
}
