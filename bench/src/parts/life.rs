//! The memory of a server at work: mornings of an agency with very many customers, over HTTP, everything one after the other.

use super::house::BINDINGS;
use super::seed::Seeded;
use super::server::{Client, Server};
use crate::report::{Row, grouped, times};
use crate::{Plan, Result};
use serde_json::{Value, json};
use std::time::Instant;

const MORNINGS: i64 = 3;
/// Most memory a server needs for a million customers, in MB.
const MOST: f64 = 400.0;

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let mut seeded = Seeded::read(&plan.folder)?;
    let server = Server::start_by_hand(&plan.folder, &seeded.key, seeded.days)?;
    let client = server.client();
    while !client.ready()? {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let at_rest = server.resident();
    server.bind(plan)?;
    let digest = client.upload(plan.packed(BINDINGS[1])?)?["digest"].clone();
    let began = Instant::now();
    for _ in 0..MORNINGS {
        morning(&server, &client, &digest, plan.customers)?;
    }
    let took = began.elapsed().as_secs_f64() / MORNINGS as f64;
    let (peak, after) = (server.peak(), server.resident());
    server.stop()?;
    seeded.days += MORNINGS;
    seeded.write(&plan.folder)?;
    Row {
        work: format!(
            "memory of a server of {} customers over {MORNINGS} mornings: the day turned, lists, members, a sample, insights, a preview, a run, \
             everyone's facts in three formats; SQLite",
            grouped(plan.customers)
        ),
        ours: format!("{peak:.0} MB at most, {after:.0} MB after, {took:.1} s for a morning"),
        beside: format!("the same server, ready and asked for nothing: {at_rest:.0} MB"),
        ratio: format!("{} of it", times(peak / at_rest)),
        reach: format!("≤ {MOST:.0} MB"),
        reached: Some(peak <= MOST),
    }
    .print();
    Ok(())
}

/// What staff ask for when a day begins.
fn morning(server: &Server, client: &Client, digest: &Value, customers: u32) -> Result<()> {
    let note = |what: &str| eprintln!("  {what}: {:.0} MB at most", server.peak());
    client.post("clock", &json!({"advance": "1d"}))?;
    note("the day turned");
    let listed = client.get("segments")?;
    let largest = listed["items"].as_array().and_then(|items| {
        let count = |item: &&Value| item["count"].as_u64().unwrap_or(0);
        items.iter().max_by_key(count)
    });
    let largest = largest.ok_or("there are no segments")?;
    let (binding, key) = (&largest["binding"], &largest["key"]);
    let segment = format!(
        "segments/{}.{}",
        binding.as_str().unwrap_or(""),
        key.as_str().unwrap_or("")
    );
    let members = client.get(&format!("{segment}/members?limit=200"))?;
    let next = members["next"].as_str().ok_or("one page has all members")?;
    client.get(&format!("{segment}/members?limit=200&cursor={next}"))?;
    client.get(&format!("{segment}/sample?size=100&seed=life"))?;
    note("lists and a sample");
    for view in ["insights/pareto", "insights/loyal", "customers?q=%E7%8E%8B"] {
        client.get(view)?;
    }
    client.post("insights/clv", &json!({}))?;
    note("insights");
    let preview = json!({ "digest": digest, "config": {}, "name": BINDINGS[0] });
    let previewed = client.post("segmentation/preview", &preview)?;
    assert_eq!(previewed["customers"], customers);
    client.post("segmentation/runs", &json!({}))?;
    note("a preview and a run");
    for format in ["csv", "jsonl", "arrow"] {
        let bytes = client.drain(&format!("facts/export?format={format}"))?;
        assert!(bytes > u64::from(customers), "{format} has {bytes} bytes");
    }
    note("three exports");
    Ok(())
}
