//! A database of a build before normal forms: what it holds is brought into them once, and what would become one stays apart.

use posthouse_app::intake::files::workbook::Workbooks;
use posthouse_app::profiles::Browse;
use posthouse_app::team::{Caller, NewAgency, create_agency};
use posthouse_app::{App, Parts, clock};
use posthouse_domain::booking::{Booking, BookingDetails, BookingRecord, BookingStatus};
use posthouse_domain::time::FixedClock;
use posthouse_engine::{Engine, EngineConfig};
use posthouse_store::intake::{self, BookingRow, CustomerRow, EventRow, NewIdentity};
use posthouse_store::work::{self, Filter, TaskRow};
use posthouse_store::{Access, Store, Tx, forms};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

const NOW: i64 = 1_768_449_600_000; // 2026-01-15T04:00Z

fn host(store: &Store) -> App {
    App::new(Parts {
        store: store.clone(),
        engine: Engine::new(EngineConfig::default()).expect("an engine"),
        clock: Arc::new(FixedClock(NOW)),
        machine: Arc::new(FixedClock(NOW)),
        entropy: Arc::new(clock::SystemEntropy),
        secret: [7; 32],
        frames: None,
        workbooks: Workbooks::nowhere(),
        private_webhooks: false,
        campaigns_in_force: 500,
        allowances: posthouse_app::Allowances::default(),
        provider: None,
    })
}

fn customer(number: u128) -> Uuid {
    Uuid::from_u128(1_000 + number)
}

/// Customers, identities, bookings and records as an earlier build wrote them.
async fn fill(tx: &mut Tx, agency: Uuid) {
    let customers: Vec<CustomerRow> = (1..=12)
        .map(|number| CustomerRow {
            id: customer(number),
            ordinal: number as i64 - 1,
            profile: json!({"name": "李\u{200b}伟"}).to_string(),
            since_on: 1,
            created_at: 1,
            updated_at: 1,
            version: 1,
        })
        .collect();
    intake::next_change(tx, agency).await.expect("the lock");
    intake::take_ordinals(tx, agency, 12).await.expect("ordinals");
    intake::put_customers(tx, agency, &customers).await.expect("customers");
    let identity = |kind, value: &str, number| NewIdentity {
        kind,
        value: value.to_owned(),
        customer_id: customer(number),
        sealed: None,
        written: None,
    };
    let identities = [
        // one of its form
        identity("email", "Wang.Fang@example.com", 1),
        identity("member_no", "C15\u{2060}M", 1),
        // two of one form, none of them written in it
        identity("email", "Li.Wei@example.com", 2),
        identity("email", "LI.WEI@example.com", 3),
        // the same of one customer
        identity("email", "Zhao@example.com", 4),
        identity("email", "zhao@example.com", 4),
        // dashes were dropped; files know where one of them stood, and that another was two numbers
        identity("member_no", "VIP001", 5),
        identity("member_no", "112", 6),
        identity("member_no", "M77", 7),
        // a switchboard whose extension a file knows
        identity("phone", "+861065529988", 8),
        // case matters
        identity("wechat_openid", "oAbC", 9),
        identity("wechat_openid", "oABC", 10),
    ];
    intake::insert_identities(tx, agency, &identities, 1)
        .await
        .expect("identities");
    for value in ["C15\u{2060}M", "VIP001", "112", "M77"] {
        forms::move_identity(tx, agency, ("member_no", value), value, None, true)
            .await
            .expect("a number whose dashes are not known");
    }
    let record = |source: &str, id: &str, number, data: Value| EventRow {
        source: source.into(),
        external_id: id.into(),
        customer_id: customer(number),
        kind: "profile.updated".into(),
        occurred_at: 1,
        received_at: 1,
        data: data.to_string(),
    };
    let records = [
        record("import:customers", "r1", 5, json!({"member_no": "VIP-001"})),
        record("import:bookings", "r2", 6, json!({"customer_member_no": "1-12"})),
        record("import:bookings", "r3", 6, json!({"customer_member_no": "11-2"})),
        record("import:customers", "r4", 8, json!({"phone": "010-65529988 转 102"})),
        record("shop", "ＥＶ１", 1, json!({})),
        record("shop", "ＥＶ２", 1, json!({})),
        record("shop", "EV2", 2, json!({})),
    ];
    intake::insert_events(tx, agency, &records).await.expect("records");
    let booking = |id: &str, number| BookingRow {
        id: id.into(),
        customer_id: customer(number),
        known_as: number as i64,
        booking: Booking::begin(&BookingRecord {
            booking_id: id.into(),
            status: BookingStatus::Confirmed,
            happened_at: Some(1),
            on: 20_000,
            details: BookingDetails::default(),
        }),
    };
    let bookings = [
        booking("ＢＭ７", 1),
        booking("ＢＭ８", 2),
        booking("BM8", 3),
        booking("\u{202a}BM9\u{202c}", 4),
    ];
    intake::put_bookings(tx, agency, &bookings).await.expect("bookings");
    for (number, assignee) in [(1, Some("Ｍｓ\u{3000}Lin")), (2, Some("Mr Wu")), (3, None)] {
        let task = TaskRow {
            id: Uuid::from_u128(number),
            subject_kind: None,
            subject_id: None,
            number: None,
            kind: "other".into(),
            title: "Call them".into(),
            assignee: assignee.map(str::to_owned),
            assignee_form: None,
            assignee_id: None,
            assignee_name: None,
            due_on: None,
            due_at: None,
            outcome: None,
            done_by: None,
            done_at: None,
            created_by: None,
            created_at: 1,
            version: 1,
        };
        work::insert_task(tx, agency, &task).await.expect("a task");
    }
    for step in forms::STEPS {
        forms::put_step(tx, agency, step, "", false)
            .await
            .expect("a step to be taken");
    }
}

/// Whose tasks these are by name.
async fn tasks_of(store: &Store, agency: Uuid, holder: &str) -> Vec<u128> {
    let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
    let filter = Filter {
        person: Some((Uuid::nil(), Some(holder))),
        ..Filter::default()
    };
    let rows = work::tasks(&mut tx, agency, &filter, None, 10).await.expect("tasks");
    rows.into_iter().map(|row| row.id.as_u128()).collect()
}

async fn identities(store: &Store, agency: Uuid) -> BTreeMap<String, (u128, Option<String>)> {
    let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
    let rows = forms::identities_from(&mut tx, agency, ("", ""), 100)
        .await
        .expect("identities");
    rows.into_iter()
        .map(|row| {
            (
                format!("{} {}", row.kind, row.value),
                (row.customer_id.as_u128() - 1_000, row.written),
            )
        })
        .collect()
}

fn event(id: &str, identities: &[(&str, &str)], kind: &str, data: Value) -> Value {
    let identities: Vec<Value> = identities
        .iter()
        .map(|(kind, value)| json!({"kind": kind, "value": value}))
        .collect();
    json!({"source": "shop", "external_id": id, "type": kind, "occurred_at": "2026-01-10T09:00:00+08:00",
        "customer": {"identities": identities}, "data": data})
}

async fn sent(app: &App, caller: &Caller, event: Value) -> Result<(), String> {
    let answer = app.intake().accept(caller, &[event]).await.expect("an answer");
    match answer.rejected.first() {
        Some(rejected) => Err(rejected.code.clone()),
        None => Ok(()),
    }
}

/// Whose record this became, by the activity it left.
async fn owner(store: &Store, agency: Uuid, id: &str) -> u128 {
    let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
    let rows = forms::records_from(&mut tx, agency, ("", ""), 1_000)
        .await
        .expect("records");
    let row = rows
        .into_iter()
        .find(|(source, external_id, _)| source == "shop" && external_id == id);
    row.expect("the record landed").2.as_u128().saturating_sub(1_000)
}

async fn old_rows_are_brought_to_their_forms(address: String) {
    let store = Store::open(&address).await.expect("the database opens");
    let new = NewAgency {
        slug: "old".into(),
        name: "Old".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    let (row, key) = create_agency(&store, new, NOW, &clock::SystemEntropy)
        .await
        .expect("a new agency");
    let agency = row.id;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    fill(&mut tx, agency).await;
    tx.commit().await.expect("old rows");
    let app = host(&store);
    app.upkeep().bring_to_form().await.expect("forms");
    let found = identities(&store, agency).await;
    let written = |text: &str| Some(text.to_owned());
    for (form, owner, shown) in [
        ("email wang.fang@example.com", 1, written("Wang.Fang@example.com")),
        ("member_no c15m", 1, written("C15M")),
        ("email zhao@example.com", 4, None),
        ("member_no vip-001", 5, written("VIP-001")),
        ("member_no 112", 6, None),
        ("member_no m77", 7, written("M77")),
        ("phone +861065529988;ext=102", 8, written("010-65529988 转 102")),
        ("wechat_openid oAbC", 9, None),
        ("wechat_openid oABC", 10, None),
    ] {
        assert_eq!(found.get(form), Some(&(owner, shown)), "{form} in {found:?}");
    }
    assert_eq!(found.len(), 11, "nobody lost an identity: {found:?}");
    assert_eq!(tasks_of(&store, agency, "ms lin").await, [1]);
    assert_eq!(tasks_of(&store, agency, "mr wu").await, [2]);

    // again, and after a start that was cut off: nothing changes
    let again = host(&store);
    again.upkeep().bring_to_form().await.expect("forms");
    assert_eq!(identities(&store, agency).await, found);
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    for step in forms::STEPS {
        forms::put_step(&mut tx, agency, step, "", false).await.expect("a step");
    }
    tx.commit().await.expect("steps");
    again.upkeep().bring_to_form().await.expect("forms");
    assert_eq!(identities(&store, agency).await, found);

    let caller = app.team().authenticate(&key).await.expect("a caller");
    let (clashes, next) = app.upkeep().clashes(&caller, None, 100).await.expect("clashes");
    let listed: Vec<(&str, &str, u128)> = clashes
        .iter()
        .map(|row| (row.kind.as_str(), row.was.as_str(), row.customer_id.as_u128() - 1_000))
        .collect();
    assert_eq!(
        listed,
        [
            ("booking", "BM8", 3),
            ("booking", "ＢＭ８", 2),
            ("email", "LI.WEI@example.com", 3),
            ("email", "Li.Wei@example.com", 2),
            ("member_no", "112", 6),
            ("member_no", "112", 6),
            ("record", "shop ＥＶ２", 1),
        ]
    );
    assert_eq!(next, None);
    // as `posthouse doctor` sees them, which only looks
    let seen = posthouse_store::database::clashes(&address).await.expect("clashes");
    let seen: Vec<(&str, &str, &str)> = seen
        .iter()
        .map(|row| (row.slug.as_str(), row.kind.as_str(), row.was.as_str()))
        .collect();
    let expected: Vec<_> = listed.iter().map(|(kind, was, _)| ("old", *kind, *was)).collect();
    assert_eq!(seen, expected);
    let (first, next) = app.upkeep().clashes(&caller, None, 3).await.expect("a page");
    let (rest, _) = app
        .upkeep()
        .clashes(&caller, next.as_deref(), 100)
        .await
        .expect("the next");
    assert_eq!((first.len(), rest.len()), (3, 4));

    // what is written as one of them always was goes on meaning it; other writings are refused
    let contact = |id: &str, kind: &str, value: &str| event(id, &[(kind, value)], "contact.made", json!({}));
    for (id, kind, value, expected) in [
        ("n1", "email", "WANG.FANG@example.com", Ok(1)),
        ("n2", "member_no", "c15m", Ok(1)),
        ("n3", "email", "Li.Wei@example.com", Ok(2)),
        ("n4", "email", "LI.WEI@EXAMPLE.com", Ok(3)),
        ("n5", "email", "li.wei@example.com", Err("identity_conflict")),
        ("n6", "member_no", "Vip-001", Ok(5)),
        ("n7", "member_no", "1-12", Ok(6)),
        ("n8", "member_no", "11-2", Ok(6)),
        ("n9", "member_no", "M-77", Err("identity_conflict")),
        ("n10", "member_no", "m77", Ok(7)),
        ("n11", "phone", "010-65529988-102", Ok(8)),
        ("n12", "wechat_openid", "oABC", Ok(10)),
    ] {
        let answer = sent(&app, &caller, contact(id, kind, value)).await;
        match expected {
            Ok(expected) => {
                assert_eq!(answer, Ok(()), "{kind} {value}");
                assert_eq!(owner(&store, agency, id).await, expected, "{kind} {value}");
            }
            Err(code) => assert_eq!(answer, Err(code.to_owned()), "{kind} {value}"),
        }
    }
    // with another identity nothing is guessed, and the number gets its dashes
    let both = [("member_no", "M-77"), ("member_no", "m-77")];
    let known = [("member_no", "M77"), ("email", "m77@example.com")];
    assert_eq!(
        sent(&app, &caller, event("k1", &known, "contact.made", json!({}))).await,
        Ok(())
    );
    let dashed = [("email", "m77@example.com"), both[0]];
    assert_eq!(
        sent(&app, &caller, event("k2", &dashed, "contact.made", json!({}))).await,
        Ok(())
    );
    assert_eq!(
        sent(&app, &caller, event("k3", &both, "contact.made", json!({}))).await,
        Ok(())
    );
    assert_eq!(owner(&store, agency, "k3").await, 7);

    // bookings and records
    let about = |id: &str, booking: &str, number: &str| {
        event(
            id,
            &[("wechat_openid", number)],
            "booking.cancelled",
            json!({"booking_id": booking}),
        )
    };
    let ask = |booking: &'static str, kind: &'static str, value: &'static str| {
        event(
            &format!("b {booking} {value}"),
            &[(kind, value)],
            "booking.cancelled",
            json!({"booking_id": booking}),
        )
    };
    assert_eq!(sent(&app, &caller, ask("BM7", "member_no", "C15M")).await, Ok(()));
    assert_eq!(
        sent(&app, &caller, ask("BM9", "email", "zhao@example.com")).await,
        Ok(())
    );
    assert_eq!(
        sent(&app, &caller, ask("ＢＭ８", "email", "Li.Wei@example.com")).await,
        Ok(())
    );
    assert_eq!(
        sent(&app, &caller, ask("BM8", "email", "LI.WEI@example.com")).await,
        Ok(())
    );
    assert_eq!(
        sent(&app, &caller, about("b4", "B\u{200b}M8", "oAbC")).await,
        Err("booking_conflict".to_owned())
    );
    let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
    let bookings = intake::bookings(&mut tx, agency, &["BM7", "BM8", "ＢＭ８", "BM9"])
        .await
        .expect("bookings");
    drop(tx);
    let mut cancelled: Vec<&str> = bookings
        .iter()
        .filter(|row| row.booking.status == BookingStatus::Cancelled)
        .map(|row| row.id.as_str())
        .collect();
    cancelled.sort_unstable();
    assert_eq!(cancelled, ["BM7", "BM8", "BM9", "ＢＭ８"]);
    for known in ["EV1", "ＥＶ１", "EV2", "ＥＶ２"] {
        let answer = app
            .intake()
            .accept(&caller, &[contact(known, "member_no", "C15M")])
            .await
            .expect("an answer");
        assert_eq!((answer.accepted, answer.duplicates), (0, 1), "{known}");
    }

    // the words of searches are made anew in the background, also of those whom nobody has spoken of since
    app.start();
    let began = std::time::Instant::now();
    loop {
        let browse = Browse {
            q: Some("liwei".into()),
            limit: 100,
            ..Browse::default()
        };
        let found = app.profiles().browse(&caller, &browse).await.expect("a list").rows;
        let quiet = [customer(11), customer(12)];
        if quiet.iter().all(|id| found.iter().any(|found| found.summary.id == *id)) {
            break;
        }
        assert!(began.elapsed().as_secs() < 20, "the words are renewed: {found:?}");
        tokio::task::yield_now().await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_are_brought_to_their_forms_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    old_rows_are_brought_to_their_forms(format!("sqlite:{}", folder.path().join("old.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_are_brought_to_their_forms_postgres() {
    old_rows_are_brought_to_their_forms(posthouse_tests::postgres::database()).await;
}
