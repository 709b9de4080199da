//! The API in one process, without sockets: what every call shares. Capabilities are tested against the real binary.

mod house;
mod scopes;

use super::*;
use axum::body::Body;
use axum::http::Request;
use house::House;
pub(super) use house::front;
use tower::ServiceExt;

const JSON: (&str, &str) = ("content-type", "application/json");

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn everything_that_goes_wrong_is_a_problem() {
    let house = House::open().await;
    assert_eq!(house.problem("GET", "/nothing", &[], "").await, is(404, "unknown_path"));
    assert_eq!(
        house.problem("GET", "/api/v1/nothing", &[], "").await,
        is(404, "unknown_path")
    );
    assert_eq!(
        house.problem("DELETE", "/api/v1/customers", &[], "").await,
        is(405, "method_not_allowed")
    );
    assert_eq!(
        house.problem("GET", "/api/v1/customers/not-an-id", &[], "").await,
        is(404, "not_found")
    );
    assert_eq!(
        house.problem("GET", "/api/v1/customers?limit=x", &[], "").await,
        is(400, "bad_query")
    );
    assert_eq!(
        house.problem("GET", "/api/v1/customers?limt=3", &[], "").await,
        is(400, "bad_query")
    );
    assert_eq!(
        house.problem("GET", "/api/v1/customers?limit=0", &[], "").await,
        is(422, "bad_limit")
    );
    assert_eq!(
        house.problem("GET", "/api/v1/customers?limit=1001", &[], "").await,
        is(422, "bad_limit")
    );
    assert_eq!(
        house.problem("GET", "/api/v1/customers?cursor=x", &[], "").await,
        is(422, "bad_cursor")
    );
    assert_eq!(
        house
            .problem("POST", "/api/v1/events", &[("content-type", "text/plain")], "{}")
            .await,
        is(415, "wrong_content_type")
    );
    assert_eq!(
        house.problem("POST", "/api/v1/events", &[], "{}").await,
        is(415, "wrong_content_type")
    );
    assert_eq!(
        house.problem("POST", "/api/v1/events", &[JSON], "{\"events\": [").await,
        is(400, "bad_json")
    );
    // a body that may be left out may be null
    let path = "/api/v1/bindings/segmentation/nobody/rollback";
    for body in ["", "null", "{}"] {
        assert_eq!(
            house.problem("POST", path, &[JSON], body).await,
            is(404, "not_found"),
            "{body}"
        );
    }
    // a list of an object's values in their order is no object
    for body in ["{}", " [[]]"] {
        assert_eq!(
            house.problem("POST", "/api/v1/events", &[JSON], body).await,
            is(422, "bad_body"),
            "{body}"
        );
    }
    assert_eq!(
        house
            .problem("POST", "/api/v1/plugins", &[("content-type", "application/wasm")], "no")
            .await
            .0,
        422
    );
    assert_eq!(
        house.problem("GET", "/api/v1/facts/export?format=xls", &[], "").await,
        is(422, "bad_format")
    );
    assert_eq!(
        house.problem("POST", "/api/v1/imports?kind=trains", &[], "").await,
        is(422, "bad_kind")
    );
}

#[tokio::test]
async fn a_wrong_method_says_which_would_be_right() {
    let house = House::open().await;
    let (status, headers, _) = house.ask("DELETE", "/api/v1/segments", &[], "").await;
    assert_eq!(status, 405);
    assert!(headers["allow"].to_str().unwrap().contains("GET"), "{headers:?}");
}

#[tokio::test]
async fn who_only_asks_what_an_export_is_leaves_no_entry() {
    let house = House::open().await;
    let path = "/api/v1/facts/export?format=jsonl";
    let log = async || house.ask("GET", "/api/v1/audit", &[], "").await.2;
    let before = log().await;
    for _ in 0..20 {
        let (status, headers, _) = house.ask("HEAD", path, &[], "").await;
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "application/x-ndjson");
    }
    for file in ["errors.csv", "warnings.csv"] {
        let path = format!("/api/v1/imports/{}/{file}", uuid::Uuid::nil());
        assert_eq!(house.ask("HEAD", &path, &[], "").await.0, 404);
    }
    assert_eq!(log().await, before);
    let mut taken = 0;
    let refused = loop {
        match house.ask("GET", path, &[], "").await.0 {
            200 if taken < 1_000 => taken += 1,
            other => break other,
        }
    };
    assert_eq!(refused, 429);
    assert!(taken >= 60, "{taken}");
}

#[tokio::test]
async fn without_a_key_nothing_is_answered() {
    let mut house = House::open().await;
    for key in ["", "ph_x", "ph_00000000000000000000000000000000_00"] {
        house.key = key.into();
        assert_eq!(house.problem("GET", "/api/v1/segments", &[], "").await.0, 401, "{key}");
    }
    assert_eq!(house.ask("GET", "/livez", &[], "").await.0, 200);
    assert_eq!(
        house.problem("GET", "/readyz", &[], "").await,
        (503, "warming_up".into())
    );
    house.app.start();
    let began = std::time::Instant::now();
    while house.ask("GET", "/readyz", &[], "").await.0 != 200 {
        assert!(began.elapsed().as_secs() < 20, "nobody opens the rules in force");
        tokio::task::yield_now().await;
    }
    assert_eq!(house.ask("GET", "/api/openapi.json", &[], "").await.0, 200);
    house.app.stop().await;
}

#[tokio::test]
async fn a_key_does_what_its_scopes_allow() {
    let mut house = House::open().await;
    let (status, _, made) = house
        .ask(
            "POST",
            "/api/v1/keys",
            &[JSON],
            r#"{"name": "shop", "scopes": ["intake"]}"#,
        )
        .await;
    assert_eq!(status, 201, "{made}");
    let owner = std::mem::replace(&mut house.key, made["api_key"].as_str().unwrap().to_owned());
    assert_eq!(
        house
            .ask("POST", "/api/v1/events", &[JSON], r#"{"events": []}"#)
            .await
            .0,
        200
    );
    assert_eq!(
        house.problem("GET", "/api/v1/customers", &[], "").await,
        is(403, "scope_missing")
    );
    assert_eq!(
        house.problem("POST", "/api/v1/segmentation/runs", &[], "").await,
        is(403, "scope_missing")
    );
    let shop = std::mem::replace(&mut house.key, owner);
    assert_eq!(
        house
            .ask(
                "DELETE",
                &format!("/api/v1/keys/{}", made["id"].as_str().unwrap()),
                &[],
                ""
            )
            .await
            .0,
        204
    );
    house.key = shop;
    assert_eq!(
        house
            .problem("POST", "/api/v1/events", &[JSON], r#"{"events": []}"#)
            .await,
        is(401, "key_unknown")
    );
}

#[tokio::test]
async fn too_large_and_too_often() {
    let mut http = Http::default();
    (http.event_bytes, http.requests_per_second) = (100, 2);
    let house = House::with(http).await;
    let long = format!("{{\"events\": [{}]}}", " ".repeat(200));
    assert_eq!(
        house.problem("POST", "/api/v1/events", &[JSON], &long).await,
        is(413, "body_too_large")
    );
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (status, headers, _) = house.ask("GET", "/api/v1/segments", &[], "").await;
        seen.push((status, headers.contains_key("retry-after")));
    }
    assert!(seen.contains(&(429, true)), "{seen:?}");
}

const LI: &str = r#"{"identities": [{"kind": "phone", "value": "13800138000"}], "name": "Li"}"#;

#[tokio::test]
async fn the_same_request_with_the_same_key_is_carried_out_once() {
    let mut house = House::open().await;
    let once = ("idempotency-key", "one");
    let (status, headers, first) = house.ask("POST", "/api/v1/customers", &[JSON, once], LI).await;
    assert!(status == 201 && !headers.contains_key("idempotent-replayed"));
    let (status, headers, again) = house.ask("POST", "/api/v1/customers", &[JSON, once], LI).await;
    assert_eq!((status, &again), (201, &first));
    assert_eq!(headers["idempotent-replayed"], "true");
    let other = LI.replace("Li", "Wang");
    assert_eq!(
        house.problem("POST", "/api/v1/customers", &[JSON, once], &other).await,
        is(422, "idempotency_key_reused")
    );
    assert_eq!(
        house
            .problem("POST", "/api/v1/customers", &[JSON, ("idempotency-key", "")], LI)
            .await,
        is(400, "bad_idempotency_key")
    );
    // a new key is made and told once, and nobody else hears an answer
    let (body, secret) = (
        r#"{"name": "shop", "scopes": ["intake"]}"#,
        ("idempotency-key", "secret"),
    );
    let (status, _, shop) = house.ask("POST", "/api/v1/keys", &[JSON, secret], body).await;
    assert_eq!(status, 201);
    let (status, _, lost) = house.ask("POST", "/api/v1/keys", &[JSON, secret], body).await;
    assert_eq!((status, &lost["code"]), (409, &"answer_lost".into()));
    let detail = lost["detail"].as_str().unwrap();
    assert!(
        detail.contains(&format!("key/{}", shop["id"].as_str().unwrap())),
        "{detail}"
    );
    house.key = shop["api_key"].as_str().unwrap().to_owned();
    assert_eq!(
        house
            .problem("POST", "/api/v1/keys", &[JSON, ("idempotency-key", "new")], body)
            .await,
        is(403, "scope_missing")
    );
    assert_eq!(
        house.problem("POST", "/api/v1/customers", &[JSON, once], LI).await,
        is(422, "idempotency_key_reused")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_come_at_once_hear_one_answer() {
    let house = House::open().await;
    for number in 0..10 {
        let key = format!("copies-{number}");
        let body = LI.replace("13800138000", &format!("1380013800{number}"));
        let once = [JSON, ("idempotency-key", key.as_str())];
        let ask = || house.ask("POST", "/api/v1/customers", &once, &body);
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        assert_eq!([one.0, two.0, three.0], [201; 3], "{} {} {}", one.2, two.2, three.2);
        assert_eq!((&one.2, &one.2), (&two.2, &three.2));
    }
}

#[tokio::test]
async fn a_failed_request_gives_its_key_back() {
    let house = House::open().await;
    let once = ("idempotency-key", "two");
    for _ in 0..2 {
        assert_eq!(
            house
                .problem("POST", "/api/v1/customers", &[JSON, once], r#"{"identities": []}"#)
                .await,
            is(422, "identity_missing")
        );
    }
    assert_eq!(house.ask("POST", "/api/v1/customers", &[JSON, once], LI).await.0, 201);
}

#[tokio::test]
async fn events_are_counted_before_they_are_read() {
    let house = House::open().await;
    let many = format!("{{\"events\": [{}{{}}]}}", "{},".repeat(200_000));
    let (status, _, body) = house.ask("POST", "/api/v1/events", &[JSON], &many).await;
    assert_eq!((status, &body["code"]), (422, &"too_many_events".into()));
    assert!(body["detail"].as_str().unwrap().contains("200001"), "{body}");
    let good = |id: &str| {
        format!(
            r#"{{"source": "shop", "external_id": "{id}", "type": "contact.made", "occurred_at": "2026-01-10T10:00:00+08:00",
            "customer": {{"identities": [{{"kind": "member_no", "value": "M1"}}]}}}}"#
        )
    };
    let (long, deep) = (
        "[".to_owned() + &"0,".repeat(40_000) + "0]",
        "[".repeat(200) + &"]".repeat(200),
    );
    let mixed = format!("{{\"events\": [{long}, {}, {deep}, 7, {}]}}", good("a"), good("b"));
    let (status, _, body) = house.ask("POST", "/api/v1/events", &[JSON], &mixed).await;
    assert_eq!((status, &body["accepted"]), (200, &2.into()), "{body}");
    let rejected: Vec<_> = body["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["index"].as_u64().unwrap(), r["code"].as_str().unwrap()))
        .collect();
    assert_eq!(rejected, [(0, "event_too_large"), (2, "bad_event"), (3, "bad_event")]);
}

#[tokio::test]
async fn no_nul_gets_in() {
    let house = House::open().await;
    for path in ["customers?q=a%00b", "customers?segment=rfm.x%00"] {
        let path = format!("/api/v1/{path}");
        assert_eq!(
            house.problem("GET", &path, &[], "").await,
            is(422, "bad_text"),
            "{path}"
        );
    }
    for path in [
        "bindings/segmentation/a%00b",
        "segments/a%00.b/members",
        "plugins/a%00",
        "plugins/beef",
    ] {
        let path = format!("/api/v1/{path}");
        assert_eq!(house.problem("GET", &path, &[], "").await.0, 404, "{path}");
    }
    for (method, path, more) in [
        ("PUT", "/api/v1/bindings/segmentation/rfm", ""),
        ("POST", "/api/v1/segmentation/preview", r#", "name": "rfm""#),
    ] {
        let body = format!(r#"{{"digest": "a\u0000", "config": {{}}{more}}}"#);
        assert_eq!(
            house.problem(method, path, &[JSON], &body).await,
            is(404, "not_found"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    let (front, _folder) = house::front().await;
    let router: Router = Router::new()
        .route("/", axum::routing::get(async || -> &'static str { panic!("hunter2") }))
        .layer(from_fn_with_state(front.doors().clone(), observe::observe));
    let response = router
        .oneshot(Request::get("/").body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), 500);
    assert!(response.headers().contains_key("x-request-id"));
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("hunter2"));
}

#[tokio::test]
async fn what_comes_later_says_so() {
    let house = House::open().await;
    let digest = "a".repeat(64);
    let shadow = format!("{{\"digest\": \"{digest}\", \"mode\": \"shadow\"}}");
    assert_eq!(
        house
            .problem("PUT", "/api/v1/bindings/segmentation/rfm", &[JSON], &shadow)
            .await,
        is(422, "mode_not_available")
    );
    let active = format!("{{\"digest\": \"{digest}\"}}");
    assert_eq!(
        house
            .problem("PUT", "/api/v1/bindings/promotion/spring", &[JSON], &active)
            .await,
        is(409, "amendment_needed")
    );
    assert_eq!(
        house
            .problem("PUT", "/api/v1/bindings/nonsense/x", &[JSON], &active)
            .await,
        is(404, "not_found")
    );
    assert_eq!(
        house
            .problem("PUT", "/api/v1/bindings/segmentation/rfm", &[JSON], &active)
            .await,
        is(404, "not_found")
    );
    let form = ("content-type", "multipart/form-data; boundary=x");
    let mapping = "--x\r\nContent-Disposition: form-data; name=\"mapping\"\r\n\r\na\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nphone\r\n--x--\r\n";
    assert_eq!(
        house
            .problem("POST", "/api/v1/imports?kind=bookings", &[form], mapping)
            .await,
        is(422, "bad_mapping")
    );
    assert_eq!(
        house
            .problem("POST", "/api/v1/imports?kind=bookings", &[form], "--x--\r\n")
            .await,
        is(422, "file_missing")
    );
    assert_eq!(
        house
            .problem("POST", "/api/v1/imports?kind=bookings", &[form], "--x\r\nConte")
            .await,
        is(400, "bad_multipart")
    );
}

#[tokio::test]
async fn customers_are_changed_at_the_version_that_was_read() {
    let house = House::open().await;
    let new = r#"{"identities": [{"kind": "phone", "value": "13800138000"}], "name": "王小明"}"#;
    let (status, headers, made) = house.ask("POST", "/api/v1/customers", &[JSON], new).await;
    assert_eq!(status, 201, "{made}");
    let path = headers["location"].to_str().unwrap().to_owned();
    let tag = headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(
        house.problem("POST", "/api/v1/customers", &[JSON], new).await,
        is(409, "customer_exists")
    );
    let (status, headers, _) = house
        .ask(
            "PATCH",
            &path,
            &[JSON, ("if-match", &tag)],
            r#"{"attributes": {"home_city": "上海"}}"#,
        )
        .await;
    assert_eq!(status, 200);
    assert_ne!(headers["etag"].to_str().unwrap(), tag);
    let stale = house
        .problem(
            "PATCH",
            &path,
            &[JSON, ("if-match", &tag)],
            r#"{"attributes": {"home_city": "北京"}}"#,
        )
        .await;
    assert_eq!(stale, is(412, "version_changed"));
    assert!(
        made["created_at"].as_str().is_some_and(|at| at.ends_with('Z')),
        "{made}"
    );
}
