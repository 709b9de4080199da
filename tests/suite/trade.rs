//! The trade on the command line: customers, campaigns from a file, coupons, quotes; and figures that are another unit than they look.

use super::campaigns::{Office, detail, with_key};
use super::command_line::{run, text};
use super::segments::CLOCK;
use posthouse_tests::plugins::packed;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Output, Stdio};

on_both_engines!(
    a_campaign_goes_from_its_file_into_force,
    a_file_with_mistakes_plans_nothing,
    a_figure_in_the_wrong_unit_is_asked_about,
    what_was_understood_is_said_back,
    a_dry_run_writes_nothing,
    coupons_are_made_quoted_and_redeemed,
    a_basket_in_a_file_is_priced,
    customers_are_found_and_shown,
    a_key_knows_its_agency,
);

const PLAN: &str = r#"
key = "spring-2026"
type = "festival"
name = "Spring Festival 2026"
owner = "Ms Lin"
places = ["app"]
price_floor = "80 %"

[goal]
purpose = "Fill the departures of spring"
targets = { sales = "800,000.00", participants = 120 }

[window]
first_day = "today"
last_day = 2026-03-03

[budget]
total = "50,000.00"
per_customer = 1000

[stacking]
group = "season"
priority = 10

[rule]
plugin = "early-bird"
"#;

/// A shop with two keys and the reference plugin for early birds.
struct Shop {
    server: Server,
    owner: Client,
    planner: Client,
    approver: Client,
}

impl Shop {
    fn open(database: Database) -> Self {
        let server = Server::start(
            database,
            Options {
                clock: CLOCK,
                ..Options::default()
            },
        );
        let owner = server.agency("shop");
        owner.admit(&packed("early-bird"));
        let planner = with_key(&server, &owner, &["campaigns", "quotes", "read"]);
        let approver = with_key(&server, &owner, &["approvals"]);
        let shop = Self {
            server,
            owner,
            planner,
            approver,
        };
        let group = [
            "campaigns",
            "group",
            "season",
            "best-of",
            "--en",
            "Season offers",
            "--zh",
            "季节优惠",
        ];
        let said = shop.planned(&group);
        assert!(said.contains("Stacking group season is best-of."), "{said}");
        assert!(
            said.contains("Only the one of its campaigns that takes off most applies."),
            "{said}"
        );
        shop
    }

    fn write(&self, name: &str, content: &str) -> String {
        let file = self.server.folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    }

    fn run(&self, client: &Client, words: &[&str]) -> Output {
        run(&self.server, client, words)
    }

    /// What the planner is told by a command that goes well.
    fn planned(&self, words: &[&str]) -> String {
        said(&self.run(&self.planner, words))
    }

    /// What the approver is told by a command that goes well.
    fn approved(&self, words: &[&str]) -> String {
        said(&self.run(&self.approver, words))
    }

    /// Why the planner's command fails.
    fn refused(&self, words: &[&str]) -> String {
        let output = self.run(&self.planner, words);
        assert!(!output.status.success(), "{}", text(&output.stdout));
        text(&output.stderr)
    }

    /// The campaign of a file, running.
    fn running(&self, file: &str, key: &str) {
        self.planned(&["campaigns", "plan", file]);
        self.planned(&["campaigns", "submit", key]);
        self.approved(&["campaigns", "approve", key]);
        self.planned(&["campaigns", "start", key]);
    }
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn document(output: &Output) -> Value {
    serde_json::from_str(&said(output)).expect("one document on stdout")
}

fn holds(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

fn a_campaign_goes_from_its_file_into_force(database: Database) {
    let shop = Shop::open(database);
    let file = shop.write("spring.toml", PLAN);
    holds(
        &shop.planned(&["campaigns", "plan", &file]),
        &[
            "spring-2026 is created as a draft:",
            "Goal: Fill the departures of spring. To reach:",
            "sales CNY 800,000.00",
            "From 2026-01-15 to 2026-03-03, both included: 48 days, Asia/Shanghai.",
            "Takes off at most CNY 50,000.00 in all, CNY 1,000.00 for one customer.",
            "Never below 80 % of the list price.",
            "Offers by early-bird 1.",
            "Next: posthouse campaigns submit spring-2026",
        ],
    );
    let plan = shop.planner.get("/api/v1/campaigns/spring-2026").expect(200)["plan"].clone();
    assert_eq!(
        (
            &plan["budget"]["total"],
            &plan["budget"]["per_customer"],
            &plan["price_floor"]
        ),
        (&json!(5_000_000), &json!(100_000), &json!(8_000))
    );
    // the same file again changes nothing; another plan is a draft again
    holds(
        &shop.planned(&["campaigns", "plan", &file]),
        &["has this plan already and stays draft"],
    );
    holds(
        &shop.planned(&["campaigns", "submit", "spring-2026", "--note", "please"]),
        &[
            "spring-2026 is submitted.",
            "with another key: posthouse campaigns approve spring-2026",
        ],
    );
    let larger = shop.write("larger.toml", &PLAN.replace("50,000.00", "60,000.00"));
    holds(
        &shop.planned(&["campaigns", "plan", &larger]),
        &[
            "has a new plan and is a draft again",
            "What changes:",
            "Now: Takes off at most CNY 50,000.00 in all, CNY 1,000.00 for one customer. From then on: Takes off at most CNY 60,000.00",
        ],
    );
    shop.planned(&["campaigns", "submit", "spring-2026"]);
    let own = run(&shop.server, &shop.owner, &["campaigns", "reject", "spring-2026"]);
    assert_eq!(own.status.code(), Some(2), "a rejection says why");
    holds(
        &shop.approved(&["campaigns", "reject", "spring-2026", "--note", "too much"]),
        &["The plan of spring-2026 is rejected"],
    );
    shop.planned(&["campaigns", "plan", &file]);
    shop.planned(&["campaigns", "submit", "spring-2026"]);
    holds(&shop.refused(&["campaigns", "approve", "spring-2026"]), &["approvals"]);
    holds(
        &shop.approved(&["campaigns", "approve", "spring-2026", "--note", "watch the budget"]),
        &[
            "You agreed to this plan; spring-2026 is approved",
            "CNY 50,000.00",
            "Next: posthouse campaigns start",
        ],
    );
    holds(
        &shop.planned(&["campaigns", "start", "spring-2026"]),
        &["spring-2026 is running. From 2026-01-15"],
    );
    holds(
        &shop.planned(&["campaigns", "show", "spring-2026"]),
        &[
            "spring-2026: Spring Festival 2026 (festival), running",
            "Ms Lin",
            "watch the budget",
            "CNY 50,000.00 left",
        ],
    );
    let listed = shop.planned(&["campaigns", "--state", "running"]);
    holds(&listed, &["spring-2026", "2026-01-15 – 2026-03-03", "season", "Ms Lin"]);
    assert!(
        shop.planned(&["campaigns", "--state", "draft"])
            .contains("No campaigns.")
    );
    // what is in force is amended
    holds(
        &shop.refused(&["campaigns", "plan", &larger]),
        &["posthouse campaigns amend"],
    );
    holds(
        &shop.planned(&["campaigns", "amend", &larger, "--note", "it goes well"]),
        &[
            "Amendment 1 of spring-2026 is proposed.",
            "From then on: Takes off at most CNY 60,000.00 in all",
            "posthouse campaigns approve spring-2026 --amendment 1",
        ],
    );
    holds(
        &shop.planned(&["campaigns", "amendments", "spring-2026"]),
        &["Amendment 1, submitted", "it goes well"],
    );
    holds(
        &shop.approved(&["campaigns", "approve", "spring-2026", "--amendment", "1"]),
        &["CNY 60,000.00"],
    );
    let view = document(&shop.run(&shop.planner, &["campaigns", "show", "spring-2026", "--json"]));
    assert_eq!(view["plan"]["budget"]["total"], 6_000_000);
    let unknown = shop.run(
        &shop.approver,
        &["campaigns", "approve", "spring-2026", "--amendment", "9"],
    );
    holds(&text(&unknown.stderr), &["there is no amendment 9"]);
    let smaller = shop.write("smaller.toml", &PLAN.replace("50,000.00", "40,000.00"));
    shop.planned(&["campaigns", "amend", &smaller]);
    let reject = ["campaigns", "reject", "spring-2026", "--amendment", "2", "--note", "no"];
    holds(&shop.approved(&reject), &["Amendment 2 of spring-2026 is rejected"]);
    for (action, state) in [("pause", "paused"), ("resume", "running"), ("end", "ended")] {
        holds(
            &shop.planned(&["campaigns", action, "spring-2026"]),
            &[&format!("spring-2026 is {state}.")],
        );
    }
    let evaluate = [
        "campaigns",
        "evaluate",
        "spring-2026",
        "--judgement",
        "Well liked.",
        "--lessons",
        "Begin earlier.",
    ];
    holds(&shop.planned(&evaluate), &["spring-2026 is evaluated."]);
    let document = document(&shop.run(&shop.planner, &["campaigns", "--json"]));
    assert_eq!(document["items"][0]["state"], "evaluated");
    holds(
        &shop.planned(&["campaigns", "groups"]),
        &["season", "best-of", "Season offers"],
    );
}

fn a_file_with_mistakes_plans_nothing(database: Database) {
    let shop = Shop::open(database);
    let wrong = shop.write(
        "wrong.toml",
        &PLAN
            .replace("price_floor = \"80 %\"", "price_floor = 8000")
            .replace("per_customer = 1000", "per_costumer = 1000"),
    );
    let refused = shop.run(&shop.planner, &["campaigns", "plan", &wrong, "--json"]);
    assert_eq!(refused.status.code(), Some(1));
    let error = serde_json::from_slice::<Value>(&refused.stdout).unwrap()["error"].clone();
    assert_eq!(error["code"], "bad_file");
    holds(
        error["detail"].as_str().unwrap(),
        &[
            "has 2 mistakes",
            "line 7: price_floor is 8000; shares are in percent",
            "line 19: budget.per_costumer is not known; did you mean per_customer?",
        ],
    );
    for (from, to, part) in [
        (
            "\"early-bird\"",
            "\"late-bird\"",
            "rule.plugin \"late-bird\": there is no such plugin; those that make offers are: early-bird",
        ),
        (
            "plugin = \"early-bird\"",
            "digest = \"000000\"",
            "rule.digest \"000000\"",
        ),
        ("\"season\"", "\"seasons\"", "season"),
        (
            "[goal]\n",
            "[audience]\nfacts = [{fact = \"attr.vip\", is = true}]\n[goal]\n",
            "attr.vip",
        ),
        ("total = \"50,000.00\"", "total = 500", "--as-written"),
    ] {
        let file = shop.write("wrong.toml", &PLAN.replace(from, to));
        holds(&shop.refused(&["campaigns", "plan", &file]), &[part]);
    }
    assert_eq!(shop.planner.all("/api/v1/campaigns"), [json!(null); 0]);
    assert_eq!(
        shop.run(&shop.planner, &["campaigns", "plan", "nowhere.toml"])
            .status
            .code(),
        Some(2)
    );
    // two revisions of one name do not say which is meant
    shop.owner
        .admit(&posthouse_tests::plugins::twin(&packed("early-bird"), 1));
    let file = shop.write("spring.toml", PLAN);
    holds(
        &shop.refused(&["campaigns", "plan", &file]),
        &["is ambiguous", "write version or digest"],
    );
    let plugins = shop.planner.all("/api/v1/plugins");
    let digest = &plugins[0]["digest"].as_str().unwrap()[..16];
    let by_digest = PLAN.replace("plugin = \"early-bird\"", &format!("digest = \"{digest}\""));
    shop.planned(&["campaigns", "plan", &shop.write("spring.toml", &by_digest)]);
}

/// Every slip of a unit in a plan, as it is written and what is said of it.
fn slips() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        // 80 for 80 %, 50000 for 50,000.00
        ("price_floor", json!({"price_floor": 80}), "for 80 % write 8000"),
        (
            "budget.total",
            json!({"budget": {"total": 50_000}}),
            "which is CNY 500.00; for CNY 50,000.00 write 5000000",
        ),
        // what is of their kind
        ("holdout", json!({"holdout": 10}), "for 10 % write 1000"),
        ("margin_floor", json!({"margin_floor": 15}), "for 15 % write 1500"),
        (
            "budget.per_customer",
            json!({"budget": {"total": 1_000_000, "per_customer": 1_000}}),
            "for CNY 1,000.00 write 100000",
        ),
        (
            "budget.per_day",
            json!({"budget": {"total": 1_000_000, "per_day": 2_000_000}}),
            "more than budget.total",
        ),
        (
            "goal.targets",
            json!({"goal": {"purpose": "x", "targets": [{"measure": "sales", "figure": 50_000}]}}),
            "for CNY 50,000.00",
        ),
        (
            "audience.facts",
            json!({"audience": {"facts": [{"fact": "spend-24m", "at_least": 5_000}]}}),
            "for CNY 5,000.00 write 500000",
        ),
    ]
}

fn a_figure_in_the_wrong_unit_is_asked_about(database: Database) {
    let office = Office::open(database);
    let mut plain = office.plan(30);
    plain["budget"] = json!({"total": 1_000_000});
    for (place, (field, changes, part)) in slips().into_iter().enumerate() {
        let mut plan = plain.clone();
        for (key, value) in changes.as_object().unwrap() {
            plan[key] = value.clone();
        }
        let key = format!("slip-{place}");
        let refused = office.create(&key, &plan);
        assert_eq!(refused.problem(422), "implausible", "{changes}");
        holds(&detail(&refused), &[part, &format!("\"as_written\": [\"{field}\"]")]);
        // whoever means it says so by the field's name, and by no other
        let insist = |meant: &str| {
            let body = json!({"key": key, "type": "member", "name": "Slip", "plan": plan, "as_written": [meant]});
            office.planner.post("/api/v1/campaigns", &body)
        };
        let other = if field == "window" { "holdout" } else { "window" };
        assert_eq!(insist(other).problem(422), "implausible");
        assert_eq!(insist("plan").problem(422), "bad_as_written");
        insist(field).expect(201);
    }
    // a change and an amendment are held to the same
    office.create("sound", &plain).expect(201);
    let mut odd = plain.clone();
    odd["price_floor"] = json!(80);
    let change = |body: Value| office.planner.patch("/api/v1/campaigns/sound", &body);
    assert_eq!(change(json!({"plan": odd})).problem(422), "implausible");
    assert_eq!(office.campaign("sound")["version"], 1, "nothing was changed");
    office.take("sound", &["submit", "approve", "start"]);
    let path = "/api/v1/campaigns/sound/amendments";
    let amend = |body: Value| office.planner.post(path, &body);
    assert_eq!(amend(json!({"plan": odd})).problem(422), "implausible");
    let proposed = amend(json!({"plan": odd, "as_written": ["price_floor"]})).expect(201);
    assert_eq!(
        proposed["preview"]["changes"],
        json!([{"en": "Now: No lowest share of the list price. From then on: Never below 0.8 % of the list price.",
            "zh-CN": "现在：不设最低折后比例。变更后：折后价不低于原价的 0.8%。"}])
    );
}

fn what_was_understood_is_said_back(database: Database) {
    let office = Office::open(database);
    let mut plan = office.plan(10);
    plan["price_floor"] = json!(8_000);
    plan["budget"] = json!({"total": 5_000_000});
    let sentence = |understood: &Value, en: &str, zh: &str| {
        let wanted = json!({"en": en, "zh-CN": zh});
        assert!(
            understood.as_array().unwrap().contains(&wanted),
            "{wanted} is not in {understood}"
        );
    };
    let check = |campaign: &Value| {
        let understood = &campaign["understood"];
        sentence(
            understood,
            "Never below 80 % of the list price.",
            "折后价不低于原价的 80%。",
        );
        sentence(
            understood,
            "Takes off at most CNY 50,000.00 in all.",
            "优惠总额不超过 CNY 50,000.00。",
        );
        sentence(
            understood,
            "From 2026-01-10 to 2026-02-09, both included: 31 days, Asia/Shanghai.",
            "2026-01-10 至 2026-02-09，含首尾共 31 天（Asia/Shanghai）。",
        );
    };
    let made = office.create("said", &plan).expect(201);
    check(&made);
    check(&office.campaign("said"));
    assert!(
        made["plugin"]["name"].is_string() && made["plugin"]["version"].is_string(),
        "{made}"
    );
    plan["needs_coupon"] = json!(true);
    let changed = office
        .planner
        .patch("/api/v1/campaigns/said", &json!({"plan": plan}))
        .expect(200);
    check(&changed);
    // so do coupons and groups
    let coupons = json!({"label": "Fair", "count": 500, "uses": 2, "expires_at": "2026-02-01"});
    let batch = office
        .planner
        .post("/api/v1/campaigns/said/coupons", &coupons)
        .expect(201);
    sentence(
        &batch["understood"],
        "500 codes for whoever brings one, each good 2 times.",
        "500 个券码，任何人持码可用，每码可用 2 次。",
    );
    sentence(
        &batch["understood"],
        "Good until 2026-02-01 00:00, Asia/Shanghai.",
        "有效期至 2026-02-01 00:00（Asia/Shanghai）。",
    );
    let listed = office.reader.get("/api/v1/campaigns/said/coupons").expect(200);
    assert_eq!(listed["items"][0]["understood"], batch["understood"]);
    let group = office.planner.put(
        "/api/v1/stacking-groups/basket",
        &json!({"mode": "ordered", "title": {"en": "Basket", "zh-CN": "组合"}}),
    );
    sentence(
        &group.expect(200)["understood"],
        "All of its campaigns apply, each measured on what the one before it left.",
        "组内活动全部享受，依次按前一项优惠后的价格计算。",
    );
}

fn a_dry_run_writes_nothing(database: Database) {
    let shop = Shop::open(database);
    let file = shop.write("spring.toml", PLAN);
    let would = shop.planned(&["campaigns", "plan", &file, "--dry-run"]);
    holds(
        &would,
        &[
            "spring-2026 would be created as a draft:",
            "CNY 50,000.00 in all",
            "80 %",
        ],
    );
    assert_eq!(shop.planner.all("/api/v1/campaigns"), [json!(null); 0]);
    shop.planned(&["campaigns", "plan", &file]);
    let before = shop.planner.get("/api/v1/campaigns/spring-2026").expect(200);
    holds(
        &shop.planned(&["campaigns", "plan", &file, "--dry-run"]),
        &["has this plan already"],
    );
    let other = shop.write("other.toml", &PLAN.replace("80 %", "85 %"));
    let would = document(&shop.run(&shop.planner, &["campaigns", "plan", &other, "--dry-run", "--json"]));
    assert_eq!(would["would"], "change");
    assert_eq!(
        would["changes"][0]["en"],
        "Now: Never below 80 % of the list price. From then on: Never below 85 % of the list price."
    );
    assert_eq!(shop.planner.get("/api/v1/campaigns/spring-2026").expect(200), before);
    let member = shop.write("member.toml", &PLAN.replace("\"festival\"", "\"member\""));
    holds(
        &shop.refused(&["campaigns", "plan", &member, "--dry-run"]),
        &["is of type festival, which stays so"],
    );
}

const TRIP: &str = r#"
channel = "app"

[[lines]]
sku = "YN-7"
kind = "tour"
destination = "云南"
departs = "in 100 days"
travellers = 2
quantity = 2
unit_price = "4,980.00"
"#;

fn coupons_are_made_quoted_and_redeemed(database: Database) {
    let shop = Shop::open(database);
    let file = shop.write(
        "spring.toml",
        &PLAN
            .replace("[goal]", "needs_coupon = true\n\n[goal]")
            .replace("per_customer = 1000", ""),
    );
    shop.running(&file, "spring-2026");
    let made = shop.run(
        &shop.planner,
        &[
            "coupons",
            "make",
            "spring-2026",
            "--label",
            "At the fair",
            "--count",
            "3",
            "--last-day",
            "2026-02-28",
        ],
    );
    let codes: Vec<String> = said(&made).lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 3, "{codes:?}");
    holds(
        &text(&made.stderr),
        &[
            "3 codes for whoever brings one, each good once.",
            "Good until 2026-03-01 00:00",
        ],
    );
    let trip = shop.write(
        "trip.toml",
        &format!("codes = [\"{}\"]\n{TRIP}", codes[0].to_lowercase()),
    );
    let quote = document(&shop.run(&shop.planner, &["quote", &trip, "--json"]));
    // 12 % of 9,960.00
    assert_eq!(
        (&quote["list_price"], &quote["price"]),
        (&json!(996_000), &json!(876_480)),
        "{quote}"
    );
    let id = quote["id"].as_str().unwrap();
    holds(
        &shop.planned(&["coupons", "look-up", &codes[0]]),
        &["Used 0 of 1, held 1.", id],
    );
    holds(
        &shop.planned(&["confirm", id, "--booking", "B-1"]),
        &["Confirmed with booking B-1: CNY 8,764.80."],
    );
    holds(
        &shop.planned(&["coupons", "look-up", &codes[0]]),
        &["used up", "Used 1 of 1"],
    );
    let list = shop.planned(&["coupons", "list", "spring-2026"]);
    holds(&list, &["At the fair", "ready"]);
    // codes in a file of their own; one that is there is not overwritten
    let out = shop.server.folder.path().join("codes.csv");
    let words = [
        "coupons",
        "make",
        "spring-2026",
        "--label",
        "Desk",
        "--count",
        "2",
        "--out",
        out.to_str().unwrap(),
    ];
    holds(&shop.planned(&words), &["They are in", "2 codes"]);
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 2);
    holds(&shop.refused(&words), &["name a new file"]);
    let batches = shop.planner.all("/api/v1/campaigns/spring-2026/coupons");
    assert_eq!(batches.len(), 2, "a refused command makes no codes");
    let batch = batches[0]["id"].as_str().unwrap();
    holds(
        &shop.planned(&["coupons", "revoke", "spring-2026", batch]),
        &["are revoked"],
    );
    let none = shop.run(&shop.planner, &["coupons", "make", "spring-2026", "--label", "x"]);
    assert_eq!(none.status.code(), Some(2), "for whom is not said");
}

fn a_basket_in_a_file_is_priced(database: Database) {
    let shop = Shop::open(database);
    let file = shop.write("spring.toml", &PLAN.replace("per_customer = 1000", ""));
    shop.running(&file, "spring-2026");
    let guest = json!({"name": "李伟", "identities": [{"kind": "member_no", "value": "M-8001"}]});
    let guest = shop.owner.post("/api/v1/customers", &guest).expect(201)["id"].clone();
    let trip = shop.write("trip.toml", &format!("customer = \"m-8001\"\n{TRIP}"));
    let shown = shop.planned(&["quote", &trip]);
    holds(
        &shown,
        &[
            "in CNY, held until 2026-01-15 12:30.",
            "YN-7  云南  2         9,960.00    1,195.20  8,764.80",
            "1,195.20 off YN-7 by Spring Festival 2026:",
            "✓ spring-2026",
            "posthouse release ",
        ],
    );
    let quotes = shop.planner.all("/api/v1/quotes");
    assert_eq!((&quotes[0]["customer_id"], quotes.len()), (&guest, 1));
    let id = quotes[0]["id"].as_str().unwrap();
    holds(
        &shop.planned(&["release", id]),
        &["Released: budgets and coupons that it held are free again."],
    );
    assert_eq!(
        document(&shop.run(&shop.planner, &["release", id, "--json"]))["state"],
        "released"
    );
    // JSON from standard input; a booking without a number of its own takes the quote's
    let basket = json!({"channel": "app", "lines": [{"sku": "YN-7", "kind": "tour", "departs": "2026-05-01", "travellers": 1, "quantity": 1,
        "unit_price": 4980.00}]});
    let mut command = shop.server.command(&["quote", "-", "--json"]);
    command
        .env("POSTHOUSE_URL", &shop.planner.base)
        .env("POSTHOUSE_API_KEY", &shop.planner.key);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(basket.to_string().as_bytes())
        .unwrap();
    let quote = document(&child.wait_with_output().unwrap());
    assert_eq!(
        (&quote["list_price"], &quote["price"]),
        (&json!(498_000), &json!(438_240)),
        "{quote}"
    );
    let id = quote["id"].as_str().unwrap();
    let confirmed = document(&shop.run(&shop.planner, &["confirm", id, "--json"]));
    assert_eq!(confirmed["booking_id"], id);
    // mistakes are named, and nothing is quoted
    for (from, to, part) in [
        (
            "\"4,980.00\"",
            "\"4980 USD\"",
            "line 12: lines[1].unit_price is \"4980 USD\"",
        ),
        ("\"tour\"", "\"train ride\"", "train ride"),
        (
            "customer = \"m-8001\"",
            "customer = \"M-1\"",
            "there is no customer with the member number \"M-1\"",
        ),
    ] {
        let wrong = format!("customer = \"m-8001\"\n{TRIP}").replace(from, to);
        let wrong = shop.write("wrong.toml", &wrong);
        holds(&shop.refused(&["quote", &wrong]), &[part]);
    }
    assert_eq!(shop.planner.all("/api/v1/quotes").len(), 2);
}

fn customers_are_found_and_shown(database: Database) {
    let shop = Shop::open(database);
    shop.owner.import(
        "bookings",
        "customer_member_no,customer_name,customer_phone,booked_at,amount\nM-1,李伟,13800138001,2025-12-01,4980\nM-2,王芳,13900139002,2025-11-01,100\n"
            .as_bytes(),
    );
    let found = shop.planned(&["customers", "李"]);
    holds(&found, &["李伟", "M-1"]);
    assert!(!found.contains("王芳"), "{found}");
    holds(&shop.planned(&["customers"]), &["李伟", "王芳", "member number"]);
    holds(&shop.planned(&["customers", "nobody", "here"]), &["Nobody was found."]);
    let shown = shop.planned(&["customers", "show", "m-1"]);
    holds(
        &shown,
        &["李伟", "spend-total", "CNY 4,980.00", "member_no", "booking.confirmed"],
    );
    let document = document(&shop.run(&shop.planner, &["customers", "李", "--json"]));
    assert_eq!(document["items"].as_array().unwrap().len(), 1);
    let id = document["items"][0]["id"].as_str().unwrap();
    holds(&shop.planned(&["customers", "show", id]), &["李伟"]);
    holds(
        &shop.refused(&["customers", "show", "M-9"]),
        &["there is no customer with the member number \"M-9\""],
    );
    // in which segments they are
    let digest = shop.owner.admit(&packed("rfm"));
    shop.owner
        .put(
            "/api/v1/bindings/segmentation/rfm",
            &json!({"digest": digest, "config": {}}),
        )
        .expect(200);
    let items = shop.owner.get("/api/v1/customers").expect(200)["items"].clone();
    let segment = items[0]["segments"][0].as_str().unwrap();
    assert!(segment.starts_with("rfm."), "{items}");
    let name = items[0]["label"].as_str().unwrap();
    holds(&shop.planned(&["customers", "--segment", segment]), &[name, segment]);
}

fn a_key_knows_its_agency(database: Database) {
    let shop = Shop::open(database);
    let agency = shop.approver.get("/api/v1/agency").expect(200);
    assert_eq!(
        (
            &agency["slug"],
            &agency["currency"],
            &agency["currency_digits"],
            &agency["today"],
            &agency["scopes"]
        ),
        (
            &json!("shop"),
            &json!("CNY"),
            &json!(2),
            &json!("2026-01-15"),
            &json!(["approvals"])
        ),
        "{agency}"
    );
    let other = shop.server.agency("other");
    assert_eq!(other.get("/api/v1/agency").expect(200)["slug"], "other");
}
