//! One decision by itself: a rule asked through the sandbox, beside a webhook that is asked the same over loopback.

use super::shop::basket;
use crate::population::{NOW, TODAY};
use crate::report::{Row, grouped, median, quantile, ratio, times};
use crate::{Plan, Result};
use axum::{Json, Router, routing::post};
use posthouse_domain::promotion::{Basket, Line, Offer, ProductKind, Saving, check};
use posthouse_engine::{Context, Engine, EngineConfig, PromotionPlugin};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::time::Instant;

/// Baskets that are asked about in turn.
const BASKETS: usize = 64;

/// What a webhook is asked: what the sandbox is asked, but settings, which it knows.
#[derive(Serialize, Deserialize)]
struct Question {
    now: i64,
    today: i32,
    basket: Basket,
}

/// Days ahead and the rate from then on: the defaults of `plugins/early-bird`.
const STEPS: [(i32, u32); 3] = [(90, 1_200), (60, 800), (30, 500)];

/// The rule of `plugins/early-bird` under its defaults.
fn early_bird(today: i32, basket: &Basket) -> Vec<Offer> {
    let offer = |(place, line): (usize, &Line)| {
        let kind = matches!(line.kind, ProductKind::Tour | ProductKind::Cruise);
        let ahead = line.departs.filter(|_| kind)? - today;
        let step = STEPS.iter().position(|(days, _)| ahead >= *days)?;
        Some(Offer {
            line: place as u32,
            saving: Saving::Rate(STEPS[step].1),
            reason: u16::from(step == 0),
        })
    };
    basket.lines.iter().enumerate().filter_map(offer).collect()
}

async fn answer(Json(question): Json<Question>) -> Json<Vec<Offer>> {
    Json(early_bird(question.today, &question.basket))
}

/// Serves the webhook on a thread and a runtime of its own; its address.
fn webhook() -> Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            use axum::serve::ListenerExt;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let listener = listener.tap_io(|stream| {
                // without it answers only come later
                let _ = stream.set_nodelay(true);
            });
            axum::serve(listener, Router::new().route("/", post(answer))).await
        })
    });
    Ok(address)
}

/// Microseconds of each decision of a round.
fn timed(plan: &Plan, baskets: &[Basket], ask: impl Fn(&Basket) -> Result<Vec<Offer>>) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(plan.decisions);
    for basket in baskets.iter().cycle().take(plan.decisions) {
        let began = Instant::now();
        black_box(ask(black_box(basket))?);
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(times)
}

pub(crate) fn run(plan: &Plan) -> Result<()> {
    let engine = Engine::new(EngineConfig::default())?;
    let plugin = engine.admit(&plan.packed("early-bird")?)?.plugin;
    let plugin = plugin
        .front::<PromotionPlugin>()
        .ok_or("the component is no promotion")?;
    let reasons = plugin.description().reasons.len();
    let context = Context {
        now: NOW,
        today: TODAY,
        seed: 1,
        config: "{}".into(),
        quantiles: Vec::new(),
    };
    let baskets: Vec<Basket> = (0..BASKETS).map(|number| basket(number, TODAY)).collect();
    let (address, agent) = (webhook()?, ureq::Agent::new_with_defaults());

    let sandbox = |basket: &Basket| plugin.decide(&context, basket, &[]).map(|said| said.answer.offers);
    let over_http = |basket: &Basket| -> Result<Vec<Offer>> {
        let question = Question {
            now: NOW,
            today: TODAY,
            basket: basket.clone(),
        };
        let said: Vec<Offer> = agent.post(&address).send_json(question)?.body_mut().read_json()?;
        check(&said, basket.lines.len(), reasons).map_err(|(_, problem)| problem)?;
        Ok(said)
    };
    // both must say the same before either is timed
    let mut given = 0;
    for basket in &baskets {
        let (ours, theirs) = (sandbox(basket)?, over_http(basket)?);
        assert_eq!(ours, theirs, "the sandbox and the webhook differ on {basket:?}");
        given += usize::from(!ours.is_empty());
    }
    assert!(given > BASKETS / 2, "{given} of {BASKETS} baskets get an offer");

    let (mut ours, mut theirs, mut native) = (Vec::new(), Vec::new(), Vec::new());
    let (mut slowest, mut slow_hooks) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let sandboxed = timed(plan, &baskets, |basket| Ok(sandbox(basket)?))?;
        let hooked = timed(plan, &baskets, over_http)?;
        let bare = timed(plan, &baskets, |basket| Ok(early_bird(TODAY, basket)))?;
        ours.push(median(&sandboxed));
        theirs.push(median(&hooked));
        native.push(median(&bare));
        slowest.push(quantile(&sandboxed, 0.99));
        slow_hooks.push(quantile(&hooked, 0.99));
    }
    let micros = |times: &[f64], slow: &[f64]| format!("p50 {:.1} µs, p99 {:.1} µs", median(times), median(slow));
    Row {
        work: format!(
            "one decision by itself: early-bird asked about a basket, a store of its own, fuel and epoch on; {} in each round",
            grouped(plan.decisions as u64)
        ),
        ours: micros(&ours, &slowest),
        beside: format!(
            "a webhook on loopback that is asked the same as JSON over a connection that stays open, the rule in plain Rust ({:.2} µs of it): {}",
            median(&native),
            micros(&theirs, &slow_hooks)
        ),
        ratio: format!("{} faster", times(ratio(&theirs, &ours))),
        reach: "p50 ≤ 60 µs".into(),
        reached: Some(median(&ours) <= 60.0),
    }
    .print();
    Ok(())
}
