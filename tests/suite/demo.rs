//! The demo as somebody meets it who has just started it.

use posthouse_tests::server::program;
use posthouse_tests::{Client, eventually};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A demo that serves, ended with the test.
pub(crate) struct Demo {
    child: Child,
    introduction: String,
    pub(crate) client: Client,
    /// The key that agrees to plans.
    pub(crate) approver: String,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        Self::start_at(folder, "fixed:2026-06-01T10:00:00+08:00")
    }

    /// Starts by another clock.
    pub(crate) fn start_at(folder: &Path, clock: &str) -> Self {
        Self::start_with(folder, &["--clock", clock], &[])
    }

    /// Starts as it is, on this database if one is named, with these settings.
    pub(crate) fn start_on(folder: &Path, database: Option<&str>, settings: &[(&str, String)]) -> Self {
        let named = database.map(|database| ["--database", database]);
        Self::start_with(folder, named.as_ref().map_or(&[], |words| &words[..]), settings)
    }

    fn start_with(folder: &Path, words: &[&str], settings: &[(&str, String)]) -> Self {
        // a port of its own, as in life: port 0 can be listened on twice, and hides that
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let listen = port.expect("a port").to_string();
        let mut child = Command::new(program())
            .args(["demo", "--customers", "160", "--listen", &listen])
            .args(words)
            .current_dir(folder)
            .env("POSTHOUSE_HTTP__REQUESTS_PER_SECOND", "1000000")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the demo starts");
        let mut introduction = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            introduction += &format!("{line}\n");
            if line.contains("Ctrl-C") {
                break;
            }
        }
        let after = |head: &str| {
            let line = introduction.lines().find(|line| line.trim_start().starts_with(head));
            let line = line.unwrap_or_else(|| panic!("{head} is not in {introduction}"));
            line.split_whitespace().next_back().unwrap().to_owned()
        };
        let client = Client::new(after("API  ").strip_suffix("/api/v1").unwrap(), &after("API key"));
        let approver = after("Approver");
        Self {
            child,
            introduction,
            client,
            approver,
        }
    }

    /// Address and password of somebody whom the introduction names.
    pub(crate) fn login(&self, who: &str) -> String {
        let line = self
            .introduction
            .lines()
            .find_map(|line| line.trim_start().strip_prefix(who));
        let mut words = line
            .unwrap_or_else(|| panic!("{who} is not in {}", self.introduction))
            .split_whitespace();
        format!("{} {}", words.next().unwrap(), words.next().unwrap())
    }

    /// What a command prints as a document that the introduction names by its beginning.
    fn printed(&self, command: &str) -> Value {
        let line = self
            .introduction
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with(command));
        let line = line.unwrap_or_else(|| panic!("{command} is not in {}", self.introduction));
        let output = Command::new(program())
            .args(line.split_whitespace().skip(1))
            .arg("--json")
            .env("POSTHOUSE_URL", &self.client.base)
            .env("POSTHOUSE_API_KEY", &self.client.key)
            .output()
            .expect("the command runs");
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("a document")
    }

    /// Keys of campaigns by their states.
    fn campaigns(&self) -> BTreeMap<String, Vec<Value>> {
        let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for campaign in self.client.all("/api/v1/campaigns") {
            let state = campaign["state"].as_str().unwrap().to_owned();
            found.entry(state).or_default().push(campaign);
        }
        found
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let _ = self.child.wait();
    }
}

#[test]
fn campaigns_run_in_the_demo() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    let by_state = demo.campaigns();
    let count = |state: &str| by_state.get(state).map_or(0, Vec::len);
    for (state, expected) in [
        ("running", 6),
        ("evaluated", 1),
        ("preparing", 1),
        ("submitted", 1),
        ("draft", 1),
    ] {
        assert_eq!(count(state), expected, "{state} in {:?}", by_state.keys());
    }
    let texts = |campaigns: &[Value], key: &str| -> BTreeSet<String> {
        campaigns
            .iter()
            .map(|one| one[key].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(texts(&by_state["running"], "type").len(), 5, "the five types");
    for key in texts(&by_state["running"], "key") {
        assert!(demo.introduction.contains(&key), "{key} in {}", demo.introduction);
        let campaign = demo.client.get(&format!("/api/v1/campaigns/{key}")).expect(200);
        assert_eq!(
            (&campaign["approval"]["holds"], &campaign["open_tasks"]),
            (&true.into(), &0.into()),
            "{campaign}"
        );
        assert_ne!(
            campaign["approval"]["by"], campaign["submitted_by"],
            "another person agreed"
        );
        let count = |key: &str| campaign[key].as_array().unwrap().len();
        assert_eq!(count("granted"), count("facts"), "{campaign}");
    }
    // the festival of a year ago, with what was learned, is beside this year's
    let before = &by_state["evaluated"][0];
    let (key, kind) = (before["key"].as_str().unwrap(), before["type"].as_str().unwrap());
    assert_eq!((key, kind), ("golden-week-2025", "festival"));
    let lessons = demo.client.get("/api/v1/campaigns/lessons?type=festival").expect(200);
    assert_eq!(lessons["items"][0]["key"], key);
    assert!(
        lessons["items"][0]["at"].as_str().unwrap().starts_with("2025-10-16"),
        "{lessons}"
    );
    let effect = demo.client.get("/api/v1/campaigns/golden-week-2026/effect").expect(200);
    assert_eq!(effect["earlier"]["key"], key);
    let old = demo.client.get(&format!("/api/v1/campaigns/{key}/effect")).expect(200);
    assert!(
        old["treatment"]["buyers"].as_i64() > Some(0) && old["holdout"]["customers"].as_i64() > Some(0),
        "{old}"
    );

    // there is something to do: for a campaign, late, done, and for whoever has the key
    let tasks = |query: &str| demo.client.all(&format!("/api/v1/tasks{query}"));
    let preparing = by_state["preparing"][0]["key"].as_str().unwrap();
    assert_eq!(tasks(&format!("?state=open&subject=campaign/{preparing}")).len(), 2);
    assert_eq!(tasks("?state=overdue&mine=true").len(), 1);
    assert_eq!(tasks("?state=open&mine=true").len(), 2);
    assert!(tasks("?state=done").iter().any(|task| task["outcome"].is_string()));

    // somebody asks, books, and calls a trip off
    let states = || -> BTreeMap<String, usize> {
        let mut states = BTreeMap::new();
        for quote in demo.client.all("/api/v1/quotes") {
            *states.entry(quote["state"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        states
    };
    let found = states();
    assert!(
        ["open", "confirmed", "released"]
            .iter()
            .all(|state| found.contains_key(*state)),
        "{found:?}"
    );
    let coupon = eventually("what was called off comes back", Duration::from_secs(30), || {
        let quotes = demo.client.all("/api/v1/quotes");
        quotes.into_iter().find(|quote| quote["returned"].as_i64() > Some(0))
    });
    assert_eq!(coupon["coupons"][0]["state"], "held", "{coupon}");
    let decisions = demo.client.all("/api/v1/decisions");
    assert!(decisions.len() > 30, "{}", decisions.len());
    for decision in decisions.iter().step_by(9) {
        let path = format!("/api/v1/decisions/{}/replay", decision["id"].as_str().unwrap());
        assert_eq!(
            demo.client.send("POST", &path, "", &[]).expect(200)["identical"],
            true,
            "{decision}"
        );
    }
    // the coupon that the introduction names is good
    let named = demo
        .introduction
        .lines()
        .find_map(|line| line.trim().strip_prefix("Coupon"));
    let code = serde_json::json!({"code": named.unwrap().trim()});
    assert_eq!(
        demo.client.post("/api/v1/coupons/look-up", &code).expect(200)["state"],
        "good"
    );

    // another start finds all of it and makes nothing anew
    let introduction = demo.introduction.clone();
    drop(demo);
    let again = Demo::start(folder.path());
    assert_eq!(again.campaigns().values().map(Vec::len).sum::<usize>(), 10);
    let keys = |text: &str| text.lines().find(|line| line.contains("Approver")).map(str::to_owned);
    assert_eq!(keys(&again.introduction), keys(&introduction));
}

/// What a newcomer asks for first is worth asking.
fn what_is_printed_shows_something(demo: &Demo) {
    let quote = demo.printed("posthouse quote");
    assert!(quote["price"].as_i64() < quote["list_price"].as_i64(), "{quote}");
    assert!(quote["customer_id"].is_string(), "{quote}");
    assert_eq!(
        quote["trace"].as_array().unwrap().len(),
        6,
        "every campaign in force says something"
    );
    let customer = demo.printed("posthouse customers show");
    assert_eq!(customer["id"], quote["customer_id"]);
    assert!(
        !demo.printed("posthouse customers 李")["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert!(
        !demo.printed("posthouse campaigns")["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let named = demo
        .introduction
        .lines()
        .find_map(|line| line.trim().strip_prefix("Coupon"));
    let code = serde_json::json!({"code": named.unwrap().trim()});
    assert_eq!(
        demo.client.post("/api/v1/coupons/look-up", &code).expect(200)["state"],
        "good"
    );
}

#[test]
fn months_later_six_campaigns_run_and_save_something() {
    let folder = tempfile::tempdir().unwrap();
    let mut known = 0;
    // five and fourteen months later, and on the day before a holiday and in the middle of one
    for day in ["2025-01-15", "2025-06-16", "2026-03-16", "2026-09-30", "2026-10-03"] {
        let demo = Demo::start_at(folder.path(), &format!("fixed:{day}T10:00:00+08:00"));
        let by_state = demo.campaigns();
        let running = &by_state["running"];
        let keys: Vec<&str> = running.iter().map(|one| one["key"].as_str().unwrap()).collect();
        assert_eq!(running.len(), 6, "{day}: {keys:?}");
        let types: BTreeSet<&str> = running.iter().map(|one| one["type"].as_str().unwrap()).collect();
        assert_eq!(types.len(), 5, "{day}: {types:?}");
        for campaign in running {
            let window = &campaign["window"];
            let (from, to) = (window["from"].as_str().unwrap(), window["to"].as_str().unwrap());
            assert!(from < format!("{day}T02:00").as_str() && to > day, "{day}: {campaign}");
        }
        for state in ["preparing", "submitted", "draft"] {
            let waits = by_state.get(state).into_iter().flatten();
            let timely = waits.filter(|one| one["window"]["to"].as_str().unwrap() > day).count();
            assert!(timely >= 1, "{day}: nothing is {state}");
        }
        what_is_printed_shows_something(&demo);
        let all: usize = by_state.values().map(Vec::len).sum();
        assert!(all > known || day == "2026-10-03", "{day}: {all} after {known}");
        known = all;
    }
}

#[test]
fn members_of_every_tier_have_two_years_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    let members = demo.client.all("/api/v1/members");
    assert!(members.len() > 40, "{}", members.len());
    let mut tiers: BTreeMap<&str, usize> = BTreeMap::new();
    for member in &members {
        *tiers.entry(member["tier"]["key"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!(
        tiers.keys().copied().collect::<Vec<_>>(),
        ["gold", "member", "platinum", "silver"],
        "{tiers:?}"
    );
    let count = |is: &dyn Fn(&Value) -> bool| members.iter().filter(|member| is(member)).count();
    assert!(count(&|member| member["points"]["pending"].as_i64() > Some(0)) > 0);
    assert!(count(&|member| member["points"]["expiring"][0]["on"].as_str() < Some("2026-09-01")) > 0);
    assert!(count(&|member| member["since"].as_str() < Some("2024-12-31")) > 5);
    for binding in ["main", "referral"] {
        demo.client
            .get(&format!("/api/v1/bindings/loyalty/{binding}"))
            .expect(200);
    }
    // what each has is the sum of a statement whose lines have the days on which they would have been written
    let (mut days, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for member in &members {
        let id = member["customer_id"].as_str().unwrap();
        let lines = demo.client.all(&format!("/api/v1/members/{id}/ledger"));
        let moved: i64 = lines
            .iter()
            .filter(|line| line["wallet"] == "points")
            .map(|line| line["changed"]["available"].as_i64().unwrap())
            .sum();
        assert_eq!(member["points"]["available"], moved, "{id}");
        let at = |line: &Value| line["at"].as_str().unwrap().to_owned();
        assert!(lines.is_sorted_by_key(at), "{id}");
        days.extend(lines.iter().map(|line| at(line)[..10].to_owned()));
        kinds.extend(lines.iter().map(|line| line["kind"].as_str().unwrap().to_owned()));
    }
    let first = days.first().unwrap().as_str();
    assert!(
        days.len() > 60 && first > "2024-05-31" && first < "2024-09-01",
        "{days:?}"
    );
    for kind in ["earned", "activated", "expired"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
    drop(demo);
    assert_eq!(
        Demo::start(folder.path()).client.all("/api/v1/members").len(),
        members.len()
    );
}
