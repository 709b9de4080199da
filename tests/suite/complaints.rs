//! Complaints from outside: the form for everybody, the customer's own page, and the loop from a complaint to the booking after it.

use super::console::Browser;
use super::intake::event;
use posthouse_tests::campaigns::{basket, traced};
use posthouse_tests::guest::PromotionGuest;
use posthouse_tests::{Campaigns, Client, Database, Options, Server, eventually, plugins};
use serde_json::json;
use std::time::Duration;

on_both_engines!(
    anybody_complains_by_the_form_and_follows_the_case,
    a_complaint_silences_offers_until_it_is_settled_and_is_remembered,
    a_crisis_stops_the_offers_of_its_product,
);

fn anybody_complains_by_the_form_and_follows_the_case(database: Database) {
    let server = Server::start(database, Options::default());
    let (silk, jade) = (server.agency("silk"), server.agency("jade"));
    let nobody = Browser::of(&server, None);
    let form = nobody.get("/p/silk/complaint");
    assert!(form.status == 200 && form.text.contains("textarea"), "{}", form.status);
    assert_eq!(nobody.get("/p/nowhere/complaint").status, 404);
    let send = |body: &str, headers: &[(&str, &str)]| nobody.ask("POST", "/p/silk/complaint", headers, body);
    // from nobody who can be answered, and from another site
    let silent = send("kind=complaint&text=late", &[]);
    assert!(silent.status == 200 && silent.text.contains("so that we can answer") && silent.text.contains("late"));
    assert_eq!(
        send("kind=complaint&text=x&name=x", &[("sec-fetch-site", "cross-site")]).status,
        403
    );
    let hostile =
        "kind=complaint&name=%3Cscript%3Ealert(1)%3C%2Fscript%3E&text=%3Cimg+src%3Dx+onerror%3Dalert(2)%3E%E2%80%AE";
    let sent = send(hostile, &[]);
    assert_eq!(sent.status, 303, "{}", sent.text);
    let path = sent.location.split('?').next().unwrap().to_owned();
    let own = nobody.get(&path);
    assert_eq!(own.status, 200, "{}", own.text);
    assert!(
        !own.text.contains("<img src=x") && !own.text.contains("<script>alert"),
        "{}",
        own.text
    );
    let case = &silk.all("/api/v1/complaints")[0];
    assert!(own.text.contains(case["number"].as_str().unwrap()));
    assert_eq!(
        (case["channel"].as_str(), case["desk"].as_str()),
        (Some("web"), Some("default"))
    );
    assert!(silk.all("/api/v1/complaints").len() == 1 && jade.all("/api/v1/complaints").is_empty());
    // what staff keep for themselves is not there; what they say is
    let id = case["id"].as_str().unwrap();
    silk.post(
        &format!("/api/v1/complaints/{id}/note"),
        &json!({"text": "a difficult customer"}),
    )
    .expect(200);
    silk.post(
        &format!("/api/v1/complaints/{id}/propose"),
        &json!({"text": "Half of it back."}),
    )
    .expect(200);
    let own = nobody.get(&path).text;
    assert!(own.contains("Half of it back.") && !own.contains("difficult"), "{own}");
    // another agency, another case and another signature open nothing
    let token = path.rsplit('/').next().unwrap();
    let mut forged = token.to_owned();
    forged.replace_range(
        forged.len() - 4..forged.len() - 3,
        if forged.as_bytes()[forged.len() - 4] == b'A' {
            "B"
        } else {
            "A"
        },
    );
    for wrong in [
        format!("/p/jade/c/{token}"),
        format!("/p/silk/c/{forged}"),
        "/p/silk/c/x".into(),
        format!("/p/silk/c/{id}"),
    ] {
        assert_eq!(nobody.get(&wrong).status, 404, "{wrong}");
        assert_eq!(nobody.ask("POST", &wrong, &[], "step=accept").status, 404, "{wrong}");
    }
    // only what a customer may do
    assert_eq!(nobody.ask("POST", &path, &[], "step=assign&text=x").status, 404);
    assert_eq!(nobody.ask("POST", &path, &[], "step=accept").status, 303);
    assert_eq!(
        nobody.ask("POST", &path, &[], "step=rate&rating=2&text=slow").status,
        303
    );
    let after = silk.get(&format!("/api/v1/complaints/{id}")).expect(200);
    assert_eq!(
        (after["state"].as_str(), after["rating"].as_i64()),
        (Some("resolved"), Some(2))
    );
    // a thousand in a minute from one address are ten
    let admitted = (0..1_000)
        .filter(|_| send("kind=complaint&text=again&name=Mallory", &[]).status == 303)
        .count();
    assert!(admitted <= 10, "{admitted}");
    assert!(silk.all("/api/v1/complaints").len() <= 12);
}

/// A clock within the window of test campaigns, moved by hand.
fn by_hand() -> Options {
    Options {
        clock: Some("manual:2026-01-15T02:00:00Z"),
        ..Options::default()
    }
}

fn offering(client: &Client) -> Campaigns {
    let campaigns = Campaigns::new(client);
    campaigns.group("season", "best-of");
    let plan = campaigns.plan(&PromotionGuest::default().build(), 1, json!({}));
    campaigns.run("spring", &plan);
    campaigns
}

fn a_complaint_silences_offers_until_it_is_settled_and_is_remembered(database: Database) {
    let server = Server::start(database, by_hand());
    let client = server.agency("silk");
    let at = "2026-01-10T09:00:00+08:00";
    let who = [("member_no", "M1")];
    client.events(&[
        event(
            "booking.confirmed",
            "b1",
            at,
            &who,
            json!({"amount": 120_000, "product": "Kyoto"}),
        ),
        event("booking.completed", "b1", "2026-01-12T09:00:00+08:00", &who, json!({})),
    ]);
    let customer = client.all("/api/v1/customers")[0]["id"].as_str().unwrap().to_owned();
    let lifecycle = json!({"digest": client.admit(&plugins::packed("lifecycle")), "config": {}});
    client
        .put("/api/v1/bindings/segmentation/lifecycle", &lifecycle)
        .expect(200);
    let campaigns = offering(&client);
    let quoted = || campaigns.quote(Some(&customer), 100_000, &[]);
    assert!(traced(&quoted(), "spring") != "open_complaint");
    let new = json!({"customer_id": customer, "booking_id": "b1", "kind": "complaint", "channel": "phone", "text": "the bus was late", "severity": 1});
    let case = client.post("/api/v1/complaints", &new).expect(201);
    let path = format!("/api/v1/complaints/{}", case["id"].as_str().unwrap());
    let silenced = eventually("offers are silent", Duration::from_secs(30), || {
        let quote = quoted();
        (traced(&quote, "spring") == "open_complaint").then_some(quote)
    });
    assert_eq!(silenced["price"], silenced["list_price"]);
    // nobody answers for two working days
    client.post("/api/v1/clock", &json!({"advance": "72h"})).expect(200);
    let late = eventually("it is late", Duration::from_secs(30), || {
        let case = client.get(&path).expect(200);
        (case["breached"] == true).then_some(case)
    });
    let first = late["clocks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|clock| clock["kind"] == "first_response")
        .unwrap();
    assert_eq!(
        (first["state"].as_str(), first["left_minutes"].as_i64() < Some(0)),
        (Some("breached"), true),
        "{first}"
    );
    client
        .post(&format!("{path}/reply"), &json!({"text": "We are sorry."}))
        .expect(200);
    client
        .post(
            &format!("{path}/resolve"),
            &json!({"text": "A day's price is given back."}),
        )
        .expect(200);
    let link = client.get(&format!("{path}/link")).expect(200);
    let nobody = Browser::of(&server, None);
    assert_eq!(
        nobody
            .ask("POST", link["path"].as_str().unwrap(), &[], "step=rate&rating=1")
            .status,
        303
    );
    eventually("the customer is at risk", Duration::from_secs(30), || {
        let profile = client.get(&format!("/api/v1/customers/{customer}")).expect(200);
        (profile["segments"].to_string().contains("at-risk")).then_some(())
    });
    eventually("offers are made again", Duration::from_secs(30), || {
        (traced(&quoted(), "spring") != "open_complaint").then_some(())
    });
    // a booking after it takes the customer back
    let later = "2026-01-18T09:00:00+08:00";
    client.events(&[event(
        "booking.confirmed",
        "b2",
        later,
        &who,
        json!({"amount": 150_000, "product": "Nara"}),
    )]);
    eventually("the customer is back", Duration::from_secs(30), || {
        let profile = client.get(&format!("/api/v1/customers/{customer}")).expect(200);
        (!profile["segments"].to_string().contains("at-risk")).then_some(())
    });
}

fn a_crisis_stops_the_offers_of_its_product(database: Database) {
    let server = Server::start(database, by_hand());
    let client = server.agency("silk");
    let campaigns = offering(&client);
    let asked = basket(None, 100_000, &[]);
    let sku = asked["basket"]["lines"][0]["sku"]
        .as_str()
        .or(asked["lines"][0]["sku"].as_str())
        .expect("a line")
        .to_owned();
    let stopped = || traced(&campaigns.quote(None, 100_000, &[]), "spring") == "product_in_crisis";
    assert!(!stopped());
    let new = json!({"kind": "emergency", "title": "Storm", "product": sku.to_uppercase()});
    let crisis = client.post("/api/v1/crises", &new).expect(201);
    assert!(stopped());
    let path = format!("/api/v1/crises/{}", crisis["number"].as_str().unwrap());
    let wrong = client.post(&format!("{path}/open"), &json!({}));
    assert_eq!(wrong.status, 200, "it is open");
    client.post(&format!("{path}/contain"), &json!({})).expect(200);
    assert_eq!(client.post(&format!("{path}/contain"), &json!({})).status, 200);
    assert!(stopped());
    client.post(&format!("{path}/close"), &json!({})).expect(200);
    assert!(!stopped());
    assert_eq!(
        client.post(&format!("{path}/repair"), &json!({})).problem(409),
        "wrong_state"
    );
}
