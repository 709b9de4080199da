//! Campaigns as an agency runs them: planned by one, approved by another.

use crate::Client;
use serde_json::{Value, json};

/// Two people of an agency.
#[derive(Debug, Clone)]
pub struct Campaigns {
    /// Who plans, and does everything else.
    pub client: Client,
    /// Who agrees.
    pub approver: Client,
}

/// The window of [`Campaigns::plan`], around the clock of most tests.
pub const WINDOW: [&str; 2] = ["2026-01-01", "2026-03-01"];

/// Figures of test plans that a host would ask about.
const MEANT: [&str; 6] = [
    "budget.total",
    "budget.per_customer",
    "budget.per_day",
    "holdout",
    "price_floor",
    "goal.targets",
];

impl Campaigns {
    /// The owner of the agency plans; a key that may only approve approves.
    pub fn new(client: &Client) -> Self {
        let body = json!({"name": "approver", "scopes": ["approvals", "read"]});
        let key = client.post("/api/v1/keys", &body).expect(201);
        Self {
            client: client.clone(),
            approver: Client::new(&client.base, key["api_key"].as_str().expect("a key")),
        }
    }

    /// Follows the server to another address.
    pub fn move_to(&mut self, base: &str) {
        base.clone_into(&mut self.client.base);
        base.clone_into(&mut self.approver.base);
    }

    /// Defines a stacking group.
    pub fn group(&self, key: &str, mode: &str) {
        let body = json!({"mode": mode, "title": {"zh-CN": key, "en": key}});
        self.client
            .put(&format!("/api/v1/stacking-groups/{key}"), &body)
            .expect(200);
    }

    /// A plan that takes everyone, with a million in its purse; `changes` are put over it.
    pub fn plan(&self, component: &[u8], priority: i32, changes: Value) -> Value {
        let mut plan = json!({
            "goal": {"purpose": "Fill the departures of spring"},
            "window": {"from": WINDOW[0], "to": WINDOW[1]},
            "budget": {"total": 1_000_000},
            "stacking": {"group": "season", "priority": priority},
            "rule": {"digest": self.client.admit(component), "config": {}},
        });
        for (key, value) in changes.as_object().expect("an object of changes") {
            plan[key] = value.clone();
        }
        plan
    }

    /// Writes a campaign down; its id.
    pub fn draft(&self, key: &str, plan: &Value) -> String {
        // small figures are easily read, and meant
        let body = json!({"key": key, "type": "price-or-gift", "name": key, "plan": plan, "as_written": MEANT});
        let made = self.client.post("/api/v1/campaigns", &body).expect(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Takes a step that has to succeed.
    pub fn step(&self, id: &str, action: &str) -> Value {
        let client = match action {
            "approve" | "reject" => &self.approver,
            _ => &self.client,
        };
        client
            .post(&format!("/api/v1/campaigns/{id}/{action}"), &json!({}))
            .expect(200)
    }

    /// Plans, approves and starts a campaign; its id.
    pub fn run(&self, key: &str, plan: &Value) -> String {
        let id = self.draft(key, plan);
        for action in ["submit", "approve", "start"] {
            self.step(&id, action);
        }
        id
    }

    /// Puts another rule into force in a running campaign, by an amendment that is approved.
    pub fn amend(&self, id: &str, component: &[u8]) {
        self.propose(id, &json!({"digest": self.client.admit(component), "config": {}}));
    }

    /// Amends a running campaign: one proposes, the other approves.
    pub fn propose(&self, id: &str, amendment: &Value) {
        let mut amendment = amendment.clone();
        if amendment["plan"].is_object() {
            amendment["as_written"] = json!(MEANT);
        }
        let path = format!("/api/v1/campaigns/{id}/amendments");
        let number = self.client.post(&path, &amendment).expect(201)["amendment"].clone();
        self.approver
            .post(&format!("{path}/{number}/approve"), &json!({}))
            .expect(200);
    }

    /// A quote for one line of this list price.
    pub fn quote(&self, customer: Option<&str>, unit_price: i64, codes: &[&str]) -> Value {
        self.client
            .post("/api/v1/quotes", &basket(customer, unit_price, codes))
            .expect(201)
    }

    /// What of a campaign's budget is held and spent.
    pub fn budget(&self, id: &str) -> (i64, i64) {
        let budget = self.client.get(&format!("/api/v1/campaigns/{id}/budget")).expect(200);
        let sum = |field: &str| budget[field].as_i64().expect("an amount");
        (sum("held"), sum("spent"))
    }

    /// What all movements of a campaign's budget come to: held and spent.
    pub fn sum_of_entries(&self, id: &str) -> (i64, i64) {
        let (mut sums, mut cursor) = ((0, 0), String::new());
        loop {
            let path = format!("/api/v1/campaigns/{id}/budget?limit=1000{cursor}");
            let page = self.client.get(&path).expect(200);
            for entry in page["entries"].as_array().expect("entries") {
                sums.0 += entry["held"].as_i64().expect("an amount");
                sums.1 += entry["spent"].as_i64().expect("an amount");
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return sums,
            }
        }
    }

    /// Makes every decision of the agency again; how many there were.
    pub fn replay_all(&self) -> usize {
        replay_all(&self.client)
    }
}

/// Makes every decision of an agency again; how many there were.
///
/// # Panics
/// If one of them gives other bytes.
pub fn replay_all(client: &Client) -> usize {
    let decisions = client.all("/api/v1/decisions");
    for decision in &decisions {
        let id = decision["id"].as_str().expect("an id");
        let path = format!("/api/v1/decisions/{id}/replay");
        let replay = client.send("POST", &path, "", &[]).expect(200);
        assert_eq!(replay["identical"], true, "{replay} of {decision}");
        assert_eq!(replay["output"], decision["output"], "{decision}");
    }
    decisions.len()
}

/// A basket of one line of this list price.
pub fn basket(customer: Option<&str>, unit_price: i64, codes: &[&str]) -> Value {
    let mut basket = json!({
        "channel": "app", "codes": codes,
        "lines": [{"sku": "YN-7", "kind": "tour", "destination": "云南", "theme": "culture", "departs": "2026-05-01",
            "travellers": 2, "unit_price": unit_price, "quantity": 1}],
    });
    if let Some(customer) = customer {
        basket["customer_id"] = customer.into();
    }
    basket
}

/// What a quote's trace says of a campaign, by its key.
pub fn traced(quote: &Value, key: &str) -> String {
    let trace = quote["trace"].as_array().expect("a trace");
    let found = trace.iter().find(|trace| trace["campaign"]["key"] == key);
    let found = found.unwrap_or_else(|| panic!("{key} is not in the trace: {quote}"));
    for language in ["zh-CN", "en"] {
        assert!(
            found["text"][language].as_str().is_some_and(|text| !text.is_empty()),
            "{found}"
        );
    }
    found["code"].as_str().expect("a code").to_owned()
}
