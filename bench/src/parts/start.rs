//! From the start of the process until it is ready, and until it has told what segments there are: with twenty plugins in force,
//! compiled code and frame kept from the last time, beside the same start without either.

use super::seed::Seeded;
use super::server::Server;
use crate::report::{Row, grouped, median, ratio, times};
use crate::{Plan, Result};
use serde_json::json;
use std::time::{Duration, Instant};

const PLUGINS: u8 = 20;

/// Milliseconds until ready, and until the segments are told.
struct Start {
    ready: f64,
    told: f64,
}

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let seeded = Seeded::read(&plan.folder)?;
    let server = Server::start(&plan.folder, &seeded.key, seeded.days)?;
    let client = server.client();
    for number in 1..=PLUGINS {
        let plugin = client.upload(like(&plan.component()?, number))?;
        let body = json!({ "digest": plugin["digest"], "config": {}, "mode": "active" });
        client.send("PUT", &format!("bindings/segmentation/rule-{number}"), &body)?;
    }
    server.stop()?;

    let rounds = plan.rounds.min(5);
    let (mut warm, mut cold) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        warm.push(start(plan, &seeded)?);
        for kept in ["data/cache", "data/frames"] {
            std::fs::remove_dir_all(plan.folder.join(kept))?;
        }
        cold.push(start(plan, &seeded)?);
    }
    let of = |starts: &[Start], part: fn(&Start) -> f64| starts.iter().map(part).collect::<Vec<f64>>();
    let row = |what: &str, part: fn(&Start) -> f64, reach: Option<f64>| {
        let (ours, theirs) = (of(&warm, part), of(&cold, part));
        Row {
            work: format!(
                "start until {what}: {PLUGINS} plugins in force, {} customers, code and frame kept",
                grouped(plan.customers)
            ),
            ours: format!("{:.0} ms", median(&ours)),
            beside: format!("the same start with neither kept: {:.0} ms", median(&theirs)),
            ratio: format!("{} faster", times(ratio(&theirs, &ours))),
            reach: reach.map_or_else(String::new, |most| format!("≤ {most:.0} ms")),
            reached: reach.map(|most| median(&ours) <= most),
        }
        .print();
    };
    row("ready", |start| start.ready, Some(500.0));
    row("the first list of segments is answered", |start| start.told, None);
    Ok(())
}

fn start(plan: &Plan, seeded: &Seeded) -> Result<Start> {
    let began = Instant::now();
    let server = Server::start(&plan.folder, &seeded.key, seeded.days)?;
    let client = server.client();
    while !client.ready()? {
        std::thread::sleep(Duration::from_millis(1));
    }
    let ready = began.elapsed().as_secs_f64() * 1e3;
    let segments = client.get("segments")?;
    let told = began.elapsed().as_secs_f64() * 1e3;
    let rules = segments["items"].as_array().map_or(0, |items| {
        let ours = |item: &&serde_json::Value| item["key"] == "champions" && item["stale"] == false;
        items.iter().filter(ours).count()
    });
    assert!(rules >= usize::from(PLUGINS), "{rules} rules are in force");
    server.stop()?;
    Ok(Start { ready, told })
}

/// The same rule as another plugin: a custom section that nobody reads gives it another digest.
fn like(component: &[u8], number: u8) -> Vec<u8> {
    // section 0, 7 bytes long: a name of 5 bytes and one of content
    [component, &[0, 7, 5], b"bench", &[number]].concat()
}
