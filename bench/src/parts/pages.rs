//! The console's pages over a large agency: how long the server takes for each room, and how large its page is.

use super::seed::Seeded;
use super::server::{Client, Server};
use crate::report::{Row, grouped, median, quantile, times};
use crate::{Plan, Result};
use serde_json::json;

/// How often each page is asked for.
const ROUNDS: usize = 60;
/// Rooms by their addresses. `{customer}` stands for the one who spent most.
const PAGES: [&str; 22] = [
    "/",
    "/customers",
    "/customers?q=zhang",
    "/customers?fact=trips-24m%3A2..&sort=-spend-24m",
    "/customers?segment=rfm.champions&sort=-spend-24m",
    "/customers/{customer}",
    "/customers/{customer}?tab=trips",
    "/palette?q=zhang",
    "/segments",
    "/segments/rfm",
    "/segments/rfm.champions",
    "/insights",
    "/insights/rfm",
    "/insights/stages",
    "/insights/loyal",
    "/campaigns",
    "/quotes",
    "/imports",
    "/plugins",
    "/jobs",
    "/team",
    "/audit",
];
/// A page that reads nothing of customers.
const BESIDE: &str = "/settings";
/// Largest page, in bytes.
const LARGEST: usize = 60 * 1024;

/// What somebody who is signed in sends along.
pub(super) fn sign_in(client: &Client) -> Result<String> {
    let body = json!({"email": "bench@posthouse.example", "name": "Bench", "role": "owner"});
    let invited = client.post("staff", &body)?;
    let body = json!({"token": invited["token"], "password": "a long road with many inns"});
    let joined = client.post("join", &body)?;
    Ok(joined["token"].as_str().ok_or("nobody is signed in")?.to_owned())
}

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let seeded = Seeded::read(&plan.folder)?;
    let server = Server::start_by_hand(&plan.folder, &seeded.key, seeded.days)?;
    let client = server.client();
    while !client.ready()? {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    server.bind(plan)?;
    let cookie = sign_in(&client)?;
    let best = client.get("customers?sort=-spend-24m&limit=1")?;
    let best = best["items"][0]["id"]
        .as_str()
        .ok_or("there are no customers")?
        .to_owned();
    let measure = |path: &str| -> Result<(f64, f64, usize)> {
        let path = path.replace("{customer}", &best);
        // what is read once is read before
        let mut size = client.page(&cookie, &path)?.1;
        let mut took = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let (time, bytes) = client.page(&cookie, &path)?;
            took.push(time);
            size = size.max(bytes);
        }
        Ok((median(&took), quantile(&took, 0.95), size))
    };
    let (beside, beside_slow, _) = measure(BESIDE)?;
    let (mut slowest, mut largest) = ((0.0, ""), (0, ""));
    for path in PAGES {
        let (usual, slow, size) = measure(path)?;
        eprintln!(
            "  {path}: p50 {usual:.1} ms, p95 {slow:.1} ms, {} bytes",
            grouped(size as u64)
        );
        if slow > slowest.0 {
            slowest = (slow, path);
        }
        if size > largest.0 {
            largest = (size, path);
        }
    }
    server.stop()?;
    let most = if plan.customers > 100_000 { 100.0 } else { 50.0 };
    Row {
        work: format!(
            "{} pages of the console over {} customers, signed in, each {ROUNDS} times; SQLite",
            PAGES.len(),
            grouped(plan.customers)
        ),
        ours: format!(
            "the slowest, `{}`: p95 {:.1} ms; the largest, `{}`: {} kB",
            slowest.1,
            slowest.0,
            largest.1,
            largest.0 / 1024
        ),
        beside: format!("`{BESIDE}`, which reads no customer: p50 {beside:.1} ms, p95 {beside_slow:.1} ms"),
        ratio: format!("{} of it", times(slowest.0 / beside_slow)),
        reach: format!("p95 ≤ {most:.0} ms, ≤ 60 kB"),
        reached: Some(slowest.0 <= most && largest.0 <= LARGEST),
    }
    .print();
    Ok(())
}
