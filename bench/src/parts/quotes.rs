//! Quotes over HTTP from the real server, on both engines: with fifty campaigns in force, beside the same baskets with none.

use super::server::Client;
use super::shop::Shop;
use crate::report::{Row, grouped, median, quantile, ratio, times};
use crate::{Plan, Result};
use serde::Deserialize;
use std::collections::HashMap;
use std::ops::Range;
use std::time::Instant;
use uuid::Uuid;

const CAMPAIGNS: usize = 50;
/// Clients that ask at the same time in the second row.
const CROWD: usize = 8;

/// What is looked at of a quote.
#[derive(Deserialize)]
struct Quote {
    id: Uuid,
    trace: Vec<Trace>,
}

#[derive(Deserialize)]
struct Trace {
    applied: bool,
    code: String,
    decision: Option<Uuid>,
}

/// What a quote met of the campaigns.
#[derive(Default)]
struct Met {
    asked: Vec<f64>,
    offered: Vec<f64>,
    applied: Vec<f64>,
}

impl Met {
    fn add(&mut self, quote: &Quote) {
        let count = |is: fn(&Trace) -> bool| quote.trace.iter().filter(|trace| is(trace)).count() as f64;
        self.asked.push(count(|trace| trace.decision.is_some()));
        self.offered
            .push(count(|trace| trace.decision.is_some() && trace.code != "no_offer"));
        self.applied.push(count(|trace| trace.applied));
    }
}

/// Asks for the quotes of `numbers`, one after the other, each under its key; the answers, and the milliseconds of each.
fn ask(shop: &Shop, client: &Client, numbers: Range<usize>) -> Result<(Vec<Quote>, Vec<f64>)> {
    let (mut quotes, mut times) = (Vec::new(), Vec::new());
    for number in numbers {
        let (answer, time) = client.timed_once("quotes", &shop.request(number)?, Some(&format!("quote-{number}")))?;
        quotes.push(serde_json::from_slice(&answer)?);
        times.push(time);
    }
    Ok((quotes, times))
}

/// The same by several clients at once; quotes per second, and the milliseconds of each.
fn crowd(shop: &Shop, from: usize, each: usize) -> Result<(f64, Vec<f64>)> {
    let clients = (0..CROWD).map(|n| shop.server.client_for(&format!("crowd {n}"), &["quotes"]));
    let clients = clients.collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    let times = std::thread::scope(|scope| {
        let asking: Vec<_> = clients
            .iter()
            .enumerate()
            .map(|(n, client)| {
                let from = from + n * each;
                scope.spawn(move || ask(shop, client, from..from + each).map_err(|error| error.to_string()))
            })
            .collect();
        let mut times = Vec::new();
        for asked in asking {
            times.extend(asked.join().map_err(|_| "a client failed; see above")??.1);
        }
        Ok::<_, Box<dyn std::error::Error>>(times)
    })?;
    Ok(((CROWD * each) as f64 / began.elapsed().as_secs_f64(), times))
}

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let embedded = on(
        plan,
        "SQLite",
        Shop::open(plan, "bare").await?,
        Shop::open(plan, "shop").await?,
        None,
    )
    .await?;
    if let Some(server) = &plan.postgres {
        let bare = Shop::open_on(server, plan, "bare_on_server").await?;
        let shop = Shop::open_on(server, plan, "shop_on_server").await?;
        on(plan, "PostgreSQL", bare, shop, Some(embedded)).await?;
    }
    Ok(())
}

/// What one client waits for a quote in the middle, in ms, and how many quotes a second a crowd gets.
struct Pace {
    middle: f64,
    rate: f64,
}

/// Measures a shop beside one that has no campaign; what is to be reached on a server goes by the pace of the embedded database.
async fn on(plan: &Plan, engine: &str, bare: Shop, shop: Shop, embedded: Option<Pace>) -> Result<Pace> {
    shop.launch_many(plan, CAMPAIGNS)?;
    let client = shop.server.client_for("shop", &["quotes"])?;
    let bare_client = bare.server.client_for("shop", &["quotes"])?;
    for (client, shop) in [(&client, &shop), (&bare_client, &bare)] {
        ask(shop, client, 0..plan.quotes)?;
    }

    let (mut ours, mut theirs, mut ids, mut met) = (Vec::new(), Vec::new(), Vec::new(), Met::default());
    let (mut middles, mut bare_middles) = (Vec::new(), Vec::new());
    for round in 1..=plan.rounds {
        let numbers = round * plan.quotes..(round + 1) * plan.quotes;
        let (quotes, times) = ask(&shop, &client, numbers.clone())?;
        for quote in quotes {
            assert_eq!(quote.trace.len(), CAMPAIGNS, "a campaign is missing");
            met.add(&quote);
            ids.push(quote.id);
        }
        middles.push(median(&times));
        ours.extend(times);
        let (_, times) = ask(&bare, &bare_client, numbers)?;
        bare_middles.push(median(&times));
        theirs.extend(times);
    }
    let from = (plan.rounds + 1) * plan.quotes;
    let (ours_rate, ours_crowd) = crowd(&shop, from, plan.quotes)?;
    let (bare_rate, bare_crowd) = crowd(&bare, from, plan.quotes)?;
    // sent again, each is answered with what it made
    let numbers = plan.quotes..2 * plan.quotes;
    let (quotes, again) = ask(&shop, &client, numbers)?;
    assert!(
        quotes.iter().zip(&ids).all(|(quote, id)| quote.id == *id),
        "a retry made another quote"
    );
    let rules = rules(&shop, &ids).await?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;

    let both = |times: &[f64]| format!("p50 {:.2} ms, p99 {:.2} ms", median(times), quantile(times, 0.99));
    let crowded = |rate: f64, times: &[f64]| format!("{} quotes/s, {}", grouped(rate.round() as u64), both(times));
    let (middle, slow) = (median(&ours), quantile(&ours, 0.99));
    Row {
        work: format!(
            "quote over HTTP, {CAMPAIGNS} live campaigns, one client: {:.0} rules asked, {:.0} offer something, {:.0} campaigns apply; {} customers, {engine}",
            median(&met.asked),
            median(&met.offered),
            median(&met.applied),
            grouped(shop.customers.len() as u64),
        ),
        ours: format!(
            "{}; in the rules {rules:.2} ms, spread over {threads} threads: {:.0} % of the time",
            both(&ours),
            rules / threads / middle * 100.0
        ),
        beside: format!("the same baskets with no campaign: {}", both(&theirs)),
        ratio: format!("{} of it", times(ratio(&middles, &bare_middles))),
        reach: match &embedded {
            None => "p50 ≤ 3 ms, p99 ≤ 10 ms, ≤ 2 × of it".into(),
            Some(embedded) => format!("p50 ≤ 2 × that on SQLite ({:.2} ms), ≤ 2 × of it", embedded.middle),
        },
        reached: Some(
            embedded.as_ref().map_or(middle <= 3.0 && slow <= 10.0, |embedded| middle <= 2.0 * embedded.middle)
                && ratio(&middles, &bare_middles) <= 2.0,
        ),
    }
    .print();
    Row {
        work: format!("the same on {engine}, {CROWD} clients at once"),
        ours: crowded(ours_rate, &ours_crowd),
        beside: format!("the same baskets with no campaign: {}", crowded(bare_rate, &bare_crowd)),
        ratio: format!("{} of its quotes", times(ours_rate / bare_rate)),
        reach: match &embedded {
            None => "≥ 500 quotes/s".into(),
            Some(embedded) => format!("≥ half of those on SQLite ({:.0}/s)", embedded.rate),
        },
        reached: Some(ours_rate >= embedded.as_ref().map_or(500.0, |embedded| embedded.rate / 2.0)),
    }
    .print();
    Row {
        work: format!("the same quotes on {engine} asked for again under their keys, one client"),
        ours: both(&again),
        beside: format!("the first time: {}", both(&ours)),
        ratio: format!("{} of it", times(median(&again) / middle)),
        reach: String::new(),
        reached: None,
    }
    .print();
    shop.server.stop()?;
    bare.server.stop()?;
    Ok(Pace {
        middle,
        rate: ours_rate,
    })
}

/// What the calls of all rules of a quote took together, in milliseconds, in the middle of these quotes: each from the making of its
/// store to the reading of its answer.
async fn rules(shop: &Shop, quotes: &[Uuid]) -> Result<f64> {
    let mut sums: HashMap<Uuid, i64> = HashMap::new();
    for decision in shop.decisions().await? {
        let usage: serde_json::Value = serde_json::from_str(&decision.usage)?;
        let quote = decision.subject_id.ok_or("a decision on nothing")?;
        *sums.entry(quote).or_default() += usage["micros"].as_i64().ok_or("a decision without a time")?;
    }
    let millis: Vec<f64> = quotes
        .iter()
        .filter_map(|quote| Some(*sums.get(quote)? as f64 / 1e3))
        .collect();
    assert_eq!(millis.len(), quotes.len(), "a quote without decisions");
    Ok(median(&millis))
}
