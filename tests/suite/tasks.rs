//! Tasks: listed across everything they are about, in the order in which they are due; done once, by whoever said so first.

use super::campaigns::{Office, with_key};
use posthouse_tests::{Answer, Client, Database, Options, Receiver, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

on_both_engines!(
    tasks_are_listed_as_they_are_due,
    pages_follow_each_other,
    overdue_is_by_the_business_clock,
    one_sees_what_is_theirs,
    who_said_first_that_it_is_done_is_kept,
    a_change_names_the_version_it_is_of,
    a_campaign_waits_for_all_its_tasks,
    what_is_no_task_is_refused,
    tasks_of_others_are_not_there,
    what_becomes_of_a_task_is_written_down_and_told,
    the_command_line_has_tasks,
);

const TASKS: &str = "/api/v1/tasks";

/// Noon of 2026-01-15 in Shanghai.
fn start(database: Database) -> (Server, Client) {
    let options = Options {
        clock: Some("manual:2026-01-15T04:00:00Z"),
        env: vec![("POSTHOUSE_WEBHOOKS__ALLOW_PRIVATE", "true".into())],
    };
    let server = Server::start(database, options);
    let client = server.agency("busy");
    (server, client)
}

fn add(client: &Client, body: Value) -> Value {
    client.post(TASKS, &body).expect(201)
}

fn id(task: &Value) -> &str {
    task["id"].as_str().unwrap()
}

fn patch(client: &Client, task: &Value, change: &Value) -> Answer {
    client.patch(&format!("{TASKS}/{}", id(task)), change)
}

fn titles(tasks: &[Value]) -> Vec<&str> {
    tasks.iter().map(|task| task["title"].as_str().unwrap()).collect()
}

/// The titles of a list.
fn listed(client: &Client, query: &str) -> Vec<String> {
    let tasks = client.all(&format!("{TASKS}{query}"));
    titles(&tasks).into_iter().map(str::to_owned).collect()
}

fn tasks_are_listed_as_they_are_due(database: Database) {
    let office = Office::open(database);
    let one = office.draft("one", 10)["id"].as_str().unwrap().to_owned();
    office.draft("two", 11);
    let planner = &office.planner;
    // not in the order in which they are due
    add(planner, json!({"title": "some day"}));
    add(
        planner,
        json!({"title": "that day", "subject": "campaign/one", "kind": "materials", "due_on": "2026-01-20"}),
    );
    add(
        planner,
        json!({"title": "that morning", "subject": "campaign/two", "due_at": "2026-01-20T09:00:00+08:00"}),
    );
    add(
        planner,
        json!({"title": "late", "due_on": "2026-01-14", "assignee": "Ms Lin"}),
    );
    add(
        planner,
        json!({"title": "that evening", "subject": format!("campaign/{one}"), "due_at": "2026-01-20 20:00"}),
    );
    let before = json!({"kind": "training", "title": "by its own call", "due_on": "2026-01-19"});
    planner.post("/api/v1/campaigns/one/tasks", &before).expect(201);
    add(planner, json!({"title": "that day as well", "due_on": "2026-01-20"}));

    let due = [
        "late",
        "by its own call",
        "that morning",
        "that evening",
        "that day",
        "that day as well",
        "some day",
    ];
    let all = office.reader.all(TASKS);
    assert_eq!(titles(&all), due);
    // a task with a time is due on the day it has for the agency
    assert_eq!(
        (&all[3]["due_on"], &all[3]["due_at"]),
        (&json!("2026-01-20"), &json!("2026-01-20T12:00:00.000Z"))
    );
    assert_eq!(
        (&all[4]["due_on"], &all[4]["due_at"]),
        (&json!("2026-01-20"), &json!(null))
    );
    assert_eq!(
        all[1]["subject"],
        json!({"kind": "campaign", "id": one, "name": "Spring", "number": 3})
    );
    assert_eq!((&all[0]["subject"], &all[0]["kind"]), (&json!(null), &json!("other")));

    let of_one = ["by its own call", "that evening", "that day"];
    assert_eq!(listed(planner, "?subject=campaign/one"), of_one);
    assert_eq!(listed(planner, &format!("?subject=campaign/{one}")), of_one);
    assert_eq!(listed(planner, "?subject=campaign/two"), ["that morning"]);
    assert_eq!(listed(planner, "?state=overdue"), ["late"]);
    patch(planner, &all[0], &json!({"done": true})).expect(200);
    patch(planner, &all[4], &json!({"done": true})).expect(200);
    assert_eq!(listed(planner, "?state=done"), ["late", "that day"]);
    assert_eq!(listed(planner, "?state=overdue"), Vec::<String>::new());
    assert_eq!(listed(planner, "?state=open&subject=campaign/one"), of_one[..2]);
    // the campaign's own list has the same ones, by their numbers
    let own = planner.get("/api/v1/campaigns/one/tasks").expect(200);
    let own: Vec<(&Value, &Value, &Value)> = own["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (&task["task"], &task["title"], &task["done"]))
        .collect();
    let expected = [
        (json!(1), json!("that day"), json!(true)),
        (json!(2), json!("that evening"), json!(false)),
        (json!(3), json!("by its own call"), json!(false)),
    ];
    assert_eq!(own, expected.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
}

fn pages_follow_each_other(database: Database) {
    let (_server, client) = start(database);
    let dues = [
        json!({}),
        json!({"due_on": "2026-01-20"}),
        json!({"due_at": "2026-01-20T08:00:00+08:00"}),
        json!({"due_on": "1999-12-31"}),
    ];
    for number in 0..22 {
        let mut body = dues[number % dues.len()].clone();
        body["title"] = format!("task {number}").into();
        add(&client, body);
    }
    let whole = listed(&client, "");
    assert_eq!(whole.len(), 22);
    for limit in [1, 5, 21, 22] {
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("{TASKS}?limit={limit}{cursor}")).expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(!items.is_empty() && items.len() <= limit, "{page}");
            paged.extend(titles(items).into_iter().map(str::to_owned));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, whole, "in pages of {limit}");
    }
    // a page that was begun goes on where it was, whatever is written down meanwhile
    let first = client.get(&format!("{TASKS}?limit=10")).expect(200);
    add(&client, json!({"title": "earlier", "due_on": "1990-01-01"}));
    let next = first["next"].as_str().unwrap();
    assert_eq!(listed(&client, &format!("?cursor={next}")), whole[10..]);
    for bad in [
        "x",
        "1.2",
        "..",
        "..nobody",
        "1.2.3.4",
        "9999999999..019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f",
    ] {
        assert_eq!(
            client.get(&format!("{TASKS}?cursor={bad}")).problem(422),
            "bad_cursor",
            "{bad}"
        );
    }
    assert_eq!(client.get(&format!("{TASKS}?limit=0")).problem(422), "bad_limit");
}

fn overdue_is_by_the_business_clock(database: Database) {
    let (_server, client) = start(database);
    add(
        &client,
        json!({"title": "six o'clock", "due_at": "2026-01-15T18:00:00+08:00"}),
    );
    add(&client, json!({"title": "today", "due_on": "2026-01-15"}));
    add(&client, json!({"title": "some day"}));
    let set = |instant: &str| {
        client.post("/api/v1/clock", &json!({ "set": instant })).expect(200);
        let overdue = listed(&client, "?state=overdue");
        let shown = client.all(TASKS);
        let marked: Vec<Value> = shown.into_iter().filter(|task| task["overdue"] == true).collect();
        assert_eq!(titles(&marked), overdue);
        overdue
    };
    assert_eq!(listed(&client, "?state=overdue"), Vec::<String>::new());
    assert_eq!(set("2026-01-15T17:59:59+08:00"), Vec::<String>::new());
    assert_eq!(set("2026-01-15T18:00:00+08:00"), ["six o'clock"]);
    assert_eq!(set("2026-01-15T23:59:59+08:00"), ["six o'clock"]);
    // the day is over when it is over for the agency
    assert_eq!(set("2026-01-16T00:00:00+08:00"), ["six o'clock", "today"]);
    assert_eq!(listed(&client, "?state=open"), ["six o'clock", "today", "some day"]);
}

fn one_sees_what_is_theirs(database: Database) {
    let (_server, owner) = start(database);
    let key = |name: &str, holder: Option<&str>| {
        let body = json!({"name": name, "scopes": ["campaigns"], "holder": holder});
        let made = owner.post("/api/v1/keys", &body).expect(201);
        let client = Client::new(&owner.base, made["api_key"].as_str().unwrap());
        (client, made["id"].as_str().unwrap().to_owned())
    };
    let (lin, _) = key("desk", Some("Ms  Lin"));
    let (_, phone) = key("phone", Some("ms lin"));
    let (wu, of_wu) = key("Mr Wu", None);
    add(&owner, json!({"title": "by name", "assignee": " MS\u{3000}LIN"}));
    add(&owner, json!({"title": "by another key", "assignee_id": phone}));
    let to_wu = add(&owner, json!({"title": "by key", "assignee_id": of_wu}));
    add(&owner, json!({"title": "a namesake's", "assignee": "Mr Wu"}));
    add(&owner, json!({"title": "nobody's"}));
    assert_eq!(to_wu["assignee"], "Mr Wu", "a key is shown by its name");
    assert_eq!(listed(&lin, "?mine=true"), ["by name", "by another key"]);
    assert_eq!(listed(&wu, "?mine=true"), ["by key"], "a key is not whom it is called");
    assert_eq!(listed(&owner, "?mine=true"), Vec::<String>::new());
    assert_eq!(listed(&owner, "?mine=false").len(), 5);
    // it changes hands
    let given = patch(&wu, &to_wu, &json!({"assignee": "Ms Lin"})).expect(200);
    assert_eq!(
        (&given["assignee"], &given["assignee_id"]),
        (&json!("Ms Lin"), &json!(null))
    );
    assert_eq!(listed(&wu, "?mine=true"), Vec::<String>::new());
    assert_eq!(listed(&lin, "?mine=true&state=open").len(), 3);
    let free = patch(&lin, &to_wu, &json!({"assignee": " "})).expect(200);
    assert_eq!(free["assignee"], json!(null));
    assert_eq!(listed(&lin, "?mine=true").len(), 2);
}

fn who_said_first_that_it_is_done_is_kept(database: Database) {
    let (server, owner) = start(database);
    let colleagues: Vec<Client> = (0..4).map(|_| with_key(&server, &owner, &["campaigns"])).collect();
    let task = add(&owner, json!({"title": "Call the airline"}));
    assert_eq!(
        (&task["done"], &task["done_by"], &task["version"]),
        (&json!(false), &json!(null), &json!(1))
    );
    // several at once: one of them was first, and all are told who
    let said: Vec<Value> = std::thread::scope(|scope| {
        let (colleagues, task) = (colleagues.iter(), &task);
        let threads: Vec<_> = colleagues
            .map(|client| scope.spawn(move || patch(client, task, &json!({"done": true})).expect(200)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let first = &said[0];
    assert!(
        first["done_by"].is_string() && first["done_at"] == "2026-01-15T04:00:00.000Z",
        "{first}"
    );
    for other in &said {
        assert_eq!(other, first);
    }
    owner.post("/api/v1/clock", &json!({"advance": "1h"})).expect(200);
    let again = patch(&owner, &task, &json!({"done": true})).expect(200);
    assert_eq!(&again, first, "what is so already changes nothing");
    // what came of it can be said later
    let outcome = patch(
        &owner,
        &task,
        &json!({"done": true, "outcome": "They give us ten seats more"}),
    )
    .expect(200);
    assert_eq!(outcome["outcome"], "They give us ten seats more");
    assert_eq!(
        (&outcome["done_by"], &outcome["done_at"]),
        (&first["done_by"], &first["done_at"])
    );
    let reopened = patch(&owner, &task, &json!({"done": false})).expect(200);
    assert_eq!(
        (
            &reopened["done"],
            &reopened["done_by"],
            &reopened["done_at"],
            &reopened["outcome"]
        ),
        (&json!(false), &json!(null), &json!(null), &json!(null))
    );
    let done = patch(&owner, &task, &json!({"done": true})).expect(200);
    assert_eq!(done["done_at"], "2026-01-15T05:00:00.000Z");
    assert_ne!(done["done_by"], first["done_by"]);
}

fn a_change_names_the_version_it_is_of(database: Database) {
    let (_server, client) = start(database);
    let body = json!({"title": "Call the airline", "due_on": "2026-01-20"}).to_string();
    let once = [("idempotency-key", "first-call")];
    let send = || {
        let sent = client.try_send("POST", TASKS, "application/json", body.as_bytes(), &once);
        sent.unwrap()
    };
    let made = send();
    let task = made.expect(201);
    let path = format!("{TASKS}/{}", id(&task));
    assert_eq!(made.header("location"), path);
    assert_eq!(made.etag.as_deref(), Some("\"1\""));
    assert_eq!(send().expect(201), task, "the same request again");
    assert_eq!(listed(&client, "").len(), 1);
    let change = |version: &str, change: Value| {
        let (change, headers) = (change.to_string(), [("if-match", version)]);
        let sent = client.try_send("PATCH", &path, "application/json", change.as_bytes(), &headers);
        sent.unwrap()
    };
    let later = change("\"1\"", json!({"due_on": "2026-01-21"}));
    assert_eq!(later.etag.as_deref(), Some("\"2\""));
    assert_eq!(later.expect(200)["due_on"], "2026-01-21");
    assert_eq!(change("\"1\"", json!({"done": true})).problem(412), "version_changed");
    assert_eq!(change("\"x\"", json!({"done": true})).problem(412), "bad_etag");
    let read = client.get(&path);
    assert_eq!(read.etag.as_deref(), Some("\"2\""));
    assert_eq!(read.expect(200)["done"], false);
    // what is left out stays, and an empty text is nothing
    let never = change("\"2\"", json!({"due_on": ""})).expect(200);
    assert_eq!(
        (&never["due_on"], &never["title"]),
        (&json!(null), &json!("Call the airline"))
    );
    let timed = change("\"3\"", json!({"due_at": "2026-01-20T23:30:00Z"})).expect(200);
    assert_eq!(timed["due_on"], "2026-01-21", "the agency's day");
    let whole = change("\"4\"", json!({"due_on": "2026-01-22"})).expect(200);
    assert_eq!(
        (&whole["due_on"], &whole["due_at"]),
        (&json!("2026-01-22"), &json!(null))
    );
}

fn a_campaign_waits_for_all_its_tasks(database: Database) {
    let office = Office::open(database);
    let planner = &office.planner;
    office.draft("prepared", 10);
    let task = add(
        planner,
        json!({"title": "Train the shops", "kind": "training", "subject": "campaign/prepared"}),
    );
    assert_eq!(office.take("prepared", &["submit", "approve"])["state"], "preparing");
    assert_eq!(office.step("prepared", "start").problem(409), "open_tasks");
    patch(planner, &task, &json!({"done": true})).expect(200);
    office.take("prepared", &["start", "end"]);
    // nothing has to be prepared for what is over
    assert_eq!(
        patch(planner, &task, &json!({"done": false})).problem(409),
        "wrong_state"
    );
    let more = json!({"title": "Too late", "subject": "campaign/prepared"});
    assert_eq!(planner.post(TASKS, &more).problem(409), "wrong_state");
    assert_eq!(planner.get(&format!("{TASKS}/{}", id(&task))).expect(200)["done"], true);
    // two hundred are enough for anybody's campaign
    office.draft("busy", 11);
    for number in 0..200 {
        add(
            planner,
            json!({"title": format!("task {number}"), "subject": "campaign/busy"}),
        );
    }
    let more = json!({"title": "one more", "subject": "campaign/busy"});
    assert_eq!(planner.post(TASKS, &more).problem(409), "too_many_tasks");
    add(planner, json!({"title": "about nothing"}));
}

fn what_is_no_task_is_refused(database: Database) {
    let office = Office::open(database);
    let planner = &office.planner;
    office.draft("one", 10);
    let agency = office.owner.get("/api/v1/agency").expect(200)["id"].clone();
    let stranger = "019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f";
    let long = "x".repeat(201);
    let refused = [
        (json!({}), 422, "bad_body"),
        (json!({"title": ""}), 422, "bad_name"),
        (json!({"title": " \t "}), 422, "bad_name"),
        (json!({"title": long}), 422, "bad_name"),
        (json!({"title": "a\u{7}b"}), 422, "bad_name"),
        (json!({"title": "a\u{0}b"}), 422, "bad_name"),
        (json!({"title": "a", "assignee": long}), 422, "bad_name"),
        (json!({"title": "a", "kind": "party"}), 422, "bad_kind"),
        (json!({"title": "a", "kind": "training"}), 422, "bad_kind"),
        (json!({"title": "a", "kind": "x".repeat(100_000)}), 422, "bad_kind"),
        (json!({"title": "a", "subject": ""}), 422, "bad_subject"),
        (json!({"title": "a", "subject": "campaign"}), 422, "bad_subject"),
        (json!({"title": "a", "subject": "one"}), 422, "bad_subject"),
        (json!({"title": "a", "subject": "Campaign/one"}), 422, "bad_subject"),
        (json!({"title": "a", "subject": "customer/one"}), 422, "bad_subject"),
        (json!({"title": "a", "subject": "campaign/a\u{0}b"}), 422, "bad_subject"),
        (json!({"title": "a", "subject": "campaign/"}), 404, "not_found"),
        (json!({"title": "a", "subject": "campaign/two"}), 404, "not_found"),
        (
            json!({"title": "a", "subject": format!("campaign/{stranger}")}),
            404,
            "not_found",
        ),
        (
            json!({"title": "a", "subject": format!("campaign/{}", "x".repeat(100_000))}),
            404,
            "not_found",
        ),
        (json!({"title": "a", "due_on": "soon"}), 422, "bad_day"),
        (json!({"title": "a", "due_on": "2026-02-30"}), 422, "bad_day"),
        (json!({"title": "a", "due_on": "99999-01-01"}), 422, "bad_day"),
        (json!({"title": "a", "due_at": "soon"}), 422, "bad_due"),
        (json!({"title": "a", "due_at": "2026-01-20"}), 422, "bad_due"),
        (json!({"title": "a", "due_at": "9999-01-20T00:00:00Z"}), 422, "bad_due"),
        (
            json!({"title": "a", "due_on": "2026-01-20", "due_at": "2026-01-20T08:00:00Z"}),
            422,
            "bad_due",
        ),
        (
            json!({"title": "a", "assignee": "Ms Lin", "assignee_id": stranger}),
            422,
            "bad_assignee",
        ),
        (json!({"title": "a", "assignee_id": stranger}), 422, "unknown_assignee"),
        (json!({"title": "a", "assignee_id": agency}), 422, "unknown_assignee"),
        (json!({"title": "a", "assignee_id": "nobody"}), 422, "bad_body"),
        (json!({"title": "a", "done": true}), 422, "bad_body"),
    ];
    for (body, status, code) in refused {
        let shown: String = body.to_string().chars().take(200).collect();
        let answer = planner.post(TASKS, &body);
        assert_eq!(answer.problem(status), code, "{shown}");
        assert!(answer.text.len() < 2_000, "{shown}");
    }
    assert_eq!(listed(planner, ""), Vec::<String>::new(), "nothing of it is there");
    let task = add(planner, json!({"title": "a"}));
    for (change, code) in [
        (json!({"title": ""}), "bad_name"),
        (json!({"outcome": "x".repeat(4_001)}), "bad_note"),
        (json!({"outcome": "a\u{0}b"}), "bad_text"),
        (json!({"due_on": "soon"}), "bad_day"),
        (json!({"subject": "campaign/one"}), "bad_body"),
        (json!({"assignee_id": agency}), "unknown_assignee"),
    ] {
        assert_eq!(patch(planner, &task, &change).problem(422), code, "{change}");
    }
    assert_eq!(planner.get(&format!("{TASKS}/{}", id(&task))).expect(200), task);
    for (query, status, code) in [
        ("?state=late", 422, "bad_state"),
        ("?subject=one", 422, "bad_subject"),
        ("?subject=campaign/two", 404, "not_found"),
        ("?mine=perhaps", 400, "bad_query"),
        ("?assignee=me", 400, "bad_query"),
    ] {
        assert_eq!(planner.get(&format!("{TASKS}{query}")).problem(status), code, "{query}");
    }
    for nowhere in [stranger, "1", "x"] {
        let path = format!("{TASKS}/{nowhere}");
        assert_eq!(planner.get(&path).problem(404), "not_found");
        assert_eq!(planner.patch(&path, &json!({"done": true})).problem(404), "not_found");
    }
    // who may look and who may write
    for client in [&office.reader, &office.approver] {
        assert_eq!(listed(client, ""), ["a"]);
        assert_eq!(client.post(TASKS, &json!({"title": "b"})).problem(403), "scope_missing");
        assert_eq!(
            patch(client, &task, &json!({"done": true})).problem(403),
            "scope_missing"
        );
    }
    let sales = with_key(&office.server, &office.owner, &["quotes", "intake", "rules"]);
    assert_eq!(sales.get(TASKS).problem(403), "scope_missing");
}

fn tasks_of_others_are_not_there(database: Database) {
    let office = Office::open(database);
    office.draft("one", 10);
    let theirs = office.server.agency("others");
    let task = add(
        &office.planner,
        json!({"title": "ours", "subject": "campaign/one", "assignee": "owner"}),
    );
    let campaign = task["subject"]["id"].as_str().unwrap();
    assert_eq!(listed(&theirs, ""), Vec::<String>::new());
    assert_eq!(listed(&theirs, "?mine=true"), Vec::<String>::new());
    assert_eq!(theirs.get(&format!("{TASKS}/{}", id(&task))).problem(404), "not_found");
    assert_eq!(patch(&theirs, &task, &json!({"done": true})).problem(404), "not_found");
    for subject in ["campaign/one".to_owned(), format!("campaign/{campaign}")] {
        assert_eq!(
            theirs.get(&format!("{TASKS}?subject={subject}")).problem(404),
            "not_found"
        );
        let body = json!({"title": "theirs", "subject": subject});
        assert_eq!(theirs.post(TASKS, &body).problem(404), "not_found");
    }
    let by = task["created_by"].as_str().unwrap();
    let body = json!({"title": "theirs", "assignee_id": by});
    assert_eq!(theirs.post(TASKS, &body).problem(422), "unknown_assignee");
    let seen = office.reader.get(&format!("{TASKS}/{}", id(&task))).expect(200);
    assert_eq!(seen, task);
}

fn what_becomes_of_a_task_is_written_down_and_told(database: Database) {
    let (server, client) = start(database);
    let receiver = Receiver::taking();
    let hook = json!({"url": receiver.base, "types": ["task.*"]});
    client.post("/api/v1/webhooks", &hook).expect(201);
    let task = add(
        &client,
        json!({"title": "Call the airline", "assignee": "Ms Lin", "due_on": "2026-01-20"}),
    );
    patch(
        &client,
        &task,
        &json!({"title": "Call both airlines", "assignee": "Ms Lin"}),
    )
    .expect(200);
    for _ in 0..2 {
        patch(&client, &task, &json!({"done": true, "outcome": "Ten seats more"})).expect(200);
    }
    patch(&client, &task, &json!({"done": false})).expect(200);

    let log = client.all(&format!("/api/v1/audit?subject=task/{}", id(&task)));
    let entries: Vec<(&str, &Value)> = log
        .iter()
        .rev()
        .map(|entry| (entry["action"].as_str().unwrap(), &entry["detail"]["fields"]))
        .collect();
    let expected = [
        ("task.create", json!(null)),
        ("task.change", json!(["title"])),
        ("task.change", json!(["done", "outcome"])),
        ("task.change", json!(["done", "outcome"])),
    ];
    assert_eq!(
        entries,
        expected.iter().map(|(what, of)| (*what, of)).collect::<Vec<_>>()
    );
    let came = eventually("all is told", Duration::from_secs(30), || {
        let came = receiver.taken();
        (came.len() >= 4).then_some(came)
    });
    let kinds: Vec<String> = came.iter().map(|came| came.kind()).collect();
    assert_eq!(kinds, ["task.created", "task.changed", "task.done", "task.changed"]);
    let subjects: BTreeSet<String> = came.iter().map(|came| came.subject()).collect();
    assert_eq!(subjects, BTreeSet::from([format!("task/{}", id(&task))]));
    let data = came[2].json()["data"].clone();
    assert_eq!(
        (
            &data["title"],
            &data["assignee"],
            &data["due_on"],
            &data["done"],
            &data["subject"]
        ),
        (
            &json!("Call both airlines"),
            &json!("Ms Lin"),
            &json!("2026-01-20"),
            &json!(true),
            &json!(null)
        )
    );
    drop(server);
}

fn the_command_line_has_tasks(database: Database) {
    let office = Office::open(database);
    office.draft("one", 10);
    let run = |language: &str, words: &[&str]| {
        let mut command = office.server.command(words);
        let command = command.env("POSTHOUSE_URL", &office.server.base);
        let output = command
            .env("POSTHOUSE_API_KEY", &office.planner.key)
            .env("LANG", language)
            .output()
            .unwrap();
        let said = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (en, zh) = ("en_US.UTF-8", "zh_CN.UTF-8");
    let fine = |language: &str, words: &[&str]| {
        let (code, said) = run(language, words);
        assert_eq!(code, Some(0), "{said}");
        said
    };
    assert!(fine(en, &["tasks"]).contains("No such tasks"));
    let of_one = ["--subject", "campaign/one"];
    let words = [
        &[
            "tasks",
            "add",
            "Train the shops",
            "--kind",
            "training",
            "--assignee",
            "Ms Lin",
            "--due",
            "2026-01-14",
        ],
        &of_one[..],
    ]
    .concat();
    let said = fine(en, &words);
    assert!(
        said.contains("Train the shops") && said.contains("posthouse tasks done "),
        "{said}"
    );
    let said = fine(zh, &["tasks", "add", "回访客人", "--due", "2026-01-20 18:00"]);
    assert!(said.contains("2026-01-20 18:00") && said.contains("完成后："), "{said}");
    let shown = fine(en, &["tasks"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines[1].contains("2026-01-14") && lines[1].contains("overdue"),
        "{shown}"
    );
    assert!(lines[1].contains("Spring") && lines[1].contains("Ms Lin"), "{shown}");
    assert!(
        lines[2].contains("2026-01-20 18:00") && lines[2].contains("open"),
        "{shown}"
    );
    assert!(fine(zh, &["tasks", "--state", "overdue"]).contains("已逾期"));
    assert!(fine(en, &["tasks", "--mine"]).contains("No such tasks"));
    let document: Value = serde_json::from_str(&fine(en, &[&["tasks", "--json"], &of_one[..]].concat())).unwrap();
    let task = &document["items"][0];
    assert_eq!(
        (document["items"].as_array().unwrap().len(), &task["title"]),
        (1, &json!("Train the shops"))
    );
    let said = fine(zh, &["tasks", "done", id(task), "--outcome", "全部六家门店"]);
    assert!(said.contains("已完成：Train the shops"), "{said}");
    let done = office.reader.get(&format!("{TASKS}/{}", id(task))).expect(200);
    assert_eq!(
        (&done["done"], &done["outcome"]),
        (&json!(true), &json!("全部六家门店"))
    );
    assert!(fine(en, &["tasks", "--state", "done"]).contains("Train the shops"));
    let (code, said) = run(en, &["tasks", "add", "Fly", "--subject", "campaign/none"]);
    assert!(code == Some(1) && said.contains("no such campaign"), "{said}");
    let (code, said) = run(zh, &["tasks", "--subject", "none"]);
    assert!(code == Some(1) && said.contains("不是任务的对象"), "{said}");
    assert_eq!(run(en, &["tasks", "--state", "late"]).0, Some(2));
    let help = fine(zh, &["tasks", "add", "--help"]);
    assert!(help.contains("任务内容") && help.contains("期限："), "{help}");
}
