//! A running campaign's rule swapped under load: none of the quotes fails, none is decided twice, and the next one asks the new rule.

use super::server::Client;
use super::shop::{Shop, text};
use crate::report::{Row, grouped, median, millis, quantile, times};
use crate::{Plan, Result};
use serde_json::{Value, json};
use sqlx::SqliteConnection;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Clients that quote and confirm all the while.
const CROWD: usize = 3;
/// List price of every basket: a rate of 1 basis point takes off 100.
const PRICE: i64 = 1_000_000;

/// What the load came to.
#[derive(Default)]
struct Load {
    quotes: Vec<f64>,
    confirms: Vec<f64>,
    failed: Vec<String>,
}

/// A basket for one of the customers, whose price tells the rate of the rule.
fn basket(shop: &Shop, number: usize) -> Vec<u8> {
    let line = json!({"sku": "YN-7", "kind": "tour", "departs": "2099-05-01", "travellers": 2, "unit_price": PRICE, "quantity": 1});
    json!({"customer_id": shop.customer(number), "channel": "app", "lines": [line]})
        .to_string()
        .into_bytes()
}

/// Settings under which the rule takes off so many basis points.
fn settings(rate: usize) -> Value {
    json!({"steps": [{"days": 1, "rate": rate}]})
}

/// The basis points a quote was given.
fn rate_of(quote: &Value) -> Result<i64> {
    Ok((PRICE - quote["price"].as_i64().ok_or("a quote without a price")?) * 10_000 / PRICE)
}

/// Quotes and confirms until told to stop; every fifth confirmation is sent twice.
fn load(shop: &Shop, client: &Client, sender: usize, stop: &AtomicBool, next: &AtomicUsize) -> Load {
    let mut load = Load::default();
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut once = || -> Result<()> {
            let (answer, time) = client.timed("quotes", &basket(shop, number))?;
            load.quotes.push(time);
            let quote: Value = serde_json::from_slice(&answer)?;
            let path = format!("quotes/{}/confirm", text(&quote["id"])?);
            let booking = json!({"booking_id": format!("S{sender}-{number}")}).to_string();
            for _ in 0..1 + usize::from(number.is_multiple_of(5)) {
                let (_, time) = client.timed(&path, booking.as_bytes())?;
                load.confirms.push(time);
            }
            Ok(())
        };
        if let Err(error) = once() {
            load.failed.push(error.to_string());
        }
    }
    load
}

/// What a swap took: from the call until it was answered, and from the call until a quote of the new rule was there.
struct Swap {
    answered: f64,
    serving: f64,
    /// Quotes of the old rule that were asked for after the answer.
    stale: usize,
}

/// Swaps the rule of a campaign and asks for quotes until one is of the new rule. Every fourth swap is a rollback, at once; the others are
/// amendments that the owner proposes and another key approves.
fn swap(shop: &Shop, campaign: &str, number: usize) -> Result<Swap> {
    let customer = number * 31;
    let before = quoted(shop, customer)?;
    let (began, expected) = if number % 4 == 3 {
        let revisions = shop.owner.get("bindings/promotion/swapped/history?limit=2")?;
        let older = revisions["items"][1]["config"]["steps"][0]["rate"].as_i64();
        let began = Instant::now();
        shop.owner.post("bindings/promotion/swapped/rollback", &json!({}))?;
        (began, older.ok_or("a revision without a rate")?)
    } else {
        let rate = 100 + number % 2_000;
        let digest = shop.owner.get("bindings/promotion/swapped")?["digest"].clone();
        let path = format!("campaigns/{campaign}/amendments");
        let proposed = shop
            .owner
            .post(&path, &json!({"digest": digest, "config": settings(rate)}))?;
        let approve = format!("{path}/{}/approve", proposed["amendment"]);
        let began = Instant::now();
        shop.approver.post(&approve, &json!({}))?;
        (began, rate as i64)
    };
    let answered = millis(began.elapsed());
    assert_ne!(before, expected, "the swap would not be seen");
    let mut stale = 0;
    while quoted(shop, customer)? != expected {
        stale += 1;
        if began.elapsed() > Duration::from_secs(10) {
            return Err("the new rule does not come into force".into());
        }
    }
    Ok(Swap {
        answered,
        serving: millis(began.elapsed()),
        stale,
    })
}

/// The rate of a quote that is asked for now.
fn quoted(shop: &Shop, number: usize) -> Result<i64> {
    let (answer, _) = shop.owner.timed("quotes", &basket(shop, number))?;
    rate_of(&serde_json::from_slice(&answer)?)
}

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let shop = Shop::open(plan, "swaps").await?;
    let digest = shop.upload(plan, "early-bird")?;
    let campaign = shop.launch("swapped", "season", 1, &digest, &settings(50))?;
    let clients = (0..CROWD).map(|n| shop.server.client_for(&format!("crowd {n}"), &["quotes"]));
    let clients = clients.collect::<Result<Vec<_>>>()?;
    let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let began = Instant::now();
    let (swaps, loads) = std::thread::scope(|scope| {
        let loading: Vec<_> = clients
            .iter()
            .enumerate()
            .map(|(sender, client)| {
                let (shop, stop, next) = (&shop, &stop, &next);
                scope.spawn(move || load(shop, client, sender, stop, next))
            })
            .collect();
        let swaps: Result<Vec<Swap>> = (0..plan.swaps).map(|number| swap(&shop, &campaign, number)).collect();
        stop.store(true, Ordering::Relaxed);
        let loads: Vec<Load> = loading.into_iter().filter_map(|load| load.join().ok()).collect();
        swaps.map(|swaps| (swaps, loads))
    })?;
    let elapsed = began.elapsed().as_secs_f64();
    if loads.len() != CROWD {
        return Err("a client failed; see above".into());
    }
    let mut all = Load::default();
    for load in loads {
        all.quotes.extend(load.quotes);
        all.confirms.extend(load.confirms);
        all.failed.extend(load.failed);
    }
    if let Some(first) = all.failed.first() {
        eprintln!("  {first}");
    }
    let doubled = doubled(&shop).await?;
    shop.server.stop()?;

    let of = |part: fn(&Swap) -> f64| swaps.iter().map(part).collect::<Vec<f64>>();
    let (answered, serving) = (of(|swap| swap.answered), of(|swap| swap.serving));
    let stale: usize = swaps.iter().map(|swap| swap.stale).sum();
    let both = |times: &[f64]| format!("p50 {:.1} ms, p99 {:.1} ms", median(times), quantile(times, 0.99));
    let slowest = quantile(&serving, 1.0);
    Row {
        work: format!(
            "{} swaps of a running campaign's rule, {CROWD} clients quoting and confirming all the while ({} quotes and {} confirmations in {elapsed:.0} s): from the call that approves or rolls back until a quote of the new rule is there",
            grouped(plan.swaps as u64),
            grouped(all.quotes.len() as u64),
            grouped(all.confirms.len() as u64),
        ),
        ours: format!(
            "{}, at most {slowest:.1} ms; {} failed, {doubled} doubled, {stale} of the old rule after the answer",
            both(&serving),
            all.failed.len()
        ),
        beside: format!(
            "the call alone: {}; a quote meanwhile: {}; a confirmation: {}",
            both(&answered),
            both(&all.quotes),
            both(&all.confirms)
        ),
        ratio: format!("{} of the call", times(median(&serving) / median(&answered))),
        reach: "≤ 100 ms, 0 failed, 0 doubled".into(),
        reached: Some(slowest <= 100.0 && all.failed.is_empty() && doubled == 0 && stale == 0),
    }
    .print();
    Ok(())
}

/// What is there once too often or too seldom, or does not add up: each query counts one kind of it.
const WRONG: [&str; 4] = [
    // quotes that took from the budget other than once
    "SELECT COUNT(*) FROM quote q WHERE
     (SELECT COUNT(*) FROM ledger_entry e WHERE e.agency_id = q.agency_id AND e.cause_id = q.id AND e.movement = 'reserve') <> 1",
    // confirmed ones that spent it other than once, others that spent it at all
    "SELECT COUNT(*) FROM quote q WHERE
     (SELECT COUNT(*) FROM ledger_entry e WHERE e.agency_id = q.agency_id AND e.cause_id = q.id AND e.movement = 'commit') <> (q.state = 'confirmed')",
    // budgets that are not the sum of their entries
    "SELECT COUNT(*) FROM ledger_counter c WHERE c.place = 'total/' AND (c.credited, c.debited, c.held) <>
     (SELECT SUM(e.credited), SUM(e.debited), SUM(e.held) FROM ledger_entry e
      WHERE e.agency_id = c.agency_id AND e.kind = c.kind AND e.owner = c.owner)",
    // nor that of what quotes took
    "SELECT COUNT(*) FROM ledger_counter c WHERE c.place = 'total/' AND c.held + c.debited <> (SELECT SUM(q.list_price - q.price) FROM quote q)",
];

async fn doubled(shop: &Shop) -> Result<i64> {
    let mut database = shop.database().await?;
    let mut found = 0;
    for query in WRONG {
        let wrong: i64 = sqlx::query_scalar(query).fetch_one(&mut database).await?;
        if wrong > 0 {
            eprintln!("  {wrong} of: {query}");
        }
        found += wrong;
    }
    Ok(found + unlike(shop, &mut database).await?)
}

/// Quotes that have other than one decision, or whose saving is not that of the revision which it names.
async fn unlike(shop: &Shop, database: &mut SqliteConnection) -> Result<i64> {
    let quotes: Vec<(Uuid, i64, i64)> = sqlx::query_as("SELECT id, list_price, list_price - price FROM quote")
        .fetch_all(&mut *database)
        .await?;
    let rates: HashMap<i64, i64> =
        sqlx::query_as("SELECT revision, json_extract(config, '$.steps[0].rate') FROM binding_revision WHERE extension_point = 'promotion'")
            .fetch_all(database)
            .await?
            .into_iter()
            .collect();
    let mut revisions: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for decision in shop.decisions().await? {
        let quote = decision.subject_id.ok_or("a decision on nothing")?;
        revisions.entry(quote).or_default().push(decision.revision);
    }
    let is_wrong = |(quote, list_price, saving): &&(Uuid, i64, i64)| match revisions.get(quote).map(Vec::as_slice) {
        Some([revision]) => rates
            .get(revision)
            .is_none_or(|rate| saving * 10_000 != list_price * rate),
        _ => true,
    };
    Ok(quotes.iter().filter(is_wrong).count() as i64)
}
