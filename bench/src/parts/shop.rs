//! An agency with campaigns in force, as other parts ask it for quotes.

use super::house;
use super::seed::{self, Seeded};
use super::server::{Client, Server};
use crate::population::DAY_MILLIS;
use crate::{Plan, Result};
use posthouse_app::clock::SystemClock;
use posthouse_domain::promotion::{Basket, Line, ProductKind};
use posthouse_domain::time::day_text;
use posthouse_domain::{Clock, Day};
use posthouse_store::decisions::{self, DecisionRow, Filter};
use posthouse_store::{Access, Store, Tx};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use std::path::PathBuf;
use uuid::Uuid;

/// The reference promotions, with settings under which they offer something to a good part of the baskets.
pub(crate) const PROMOTIONS: [&str; 6] = [
    "early-bird",
    "festival",
    "member-price",
    "win-back",
    "buy-together",
    "new-route",
];

/// Stacking groups, with how their campaigns go together and how many of every ten campaigns are in each. Those that go alone stand last:
/// the first in line would keep all others from the basket.
const GROUPS: [(&str, &str, usize); 6] = [
    ("season", "stackable", 1),
    ("line", "ordered", 1),
    ("early", "best-of", 2),
    ("members", "best-of", 2),
    ("places", "best-of", 2),
    ("alone", "exclusive", 2),
];

/// More than all quotes together take.
const PURSE: i64 = 1_000_000_000_000;

/// A server with an agency of its own, and what there is to ask it.
pub(crate) struct Shop {
    pub(crate) server: Server,
    /// The owner, who plans.
    pub(crate) owner: Client,
    /// A key that agrees to what the owner plans.
    pub(crate) approver: Client,
    /// Everyone who may ask for a quote.
    pub(crate) customers: Vec<Uuid>,
    today: Day,
    folder: PathBuf,
}

impl Shop {
    /// The same on a new database of a PostgreSQL server.
    pub(crate) async fn open_on(server: &str, plan: &Plan, name: &str) -> Result<Self> {
        let folder = plan.folder.join(name);
        std::fs::create_dir_all(&folder)?;
        house::put_elsewhere(&folder, &house::new_database(server, name).await?)?;
        Self::open(plan, name).await
    }

    /// Seeds a folder below the plan's and opens an agency over it, with its segments in force and no campaign.
    pub(crate) async fn open(plan: &Plan, name: &str) -> Result<Self> {
        let folder = plan.folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let plan = Plan {
            customers: plan.shop_customers,
            folder: folder.clone(),
            ..plan.clone()
        };
        seed::run(&plan).await?;
        let customers = customers(&folder).await?;
        let server = Server::start_now(&folder, &Seeded::read(&folder)?.key)?;
        server.bind(&plan)?;
        let owner = server.client();
        for (key, mode, _) in GROUPS {
            let body = json!({"mode": mode, "title": {"zh-CN": key, "en": key}});
            owner.send("PUT", &format!("stacking-groups/{key}"), &body)?;
        }
        let approver = server.client_for("approver", &["approvals", "read"])?;
        Ok(Self {
            server,
            owner,
            approver,
            customers,
            today: (SystemClock.now() / DAY_MILLIS) as Day,
            folder,
        })
    }

    /// Uploads a promotion and gives its digest.
    pub(crate) fn upload(&self, plan: &Plan, name: &str) -> Result<String> {
        text(&self.owner.upload(plan.packed(name)?)?["digest"])
    }

    /// Plans a campaign, has it approved and starts it; gives its id.
    pub(crate) fn launch(
        &self,
        key: &str,
        group: &str,
        priority: usize,
        digest: &str,
        config: &Value,
    ) -> Result<String> {
        let plan = json!({
            "goal": {"purpose": "Measured by the bench"},
            "window": {"from": day_text(self.today - 30), "to": day_text(self.today + 60)},
            "budget": {"total": PURSE, "per_customer": PURSE, "per_day": PURSE},
            "stacking": {"group": group, "priority": priority},
            "rule": {"digest": digest, "config": config},
        });
        let body = json!({"key": key, "type": "price-or-gift", "name": key, "plan": plan});
        let id = text(&self.owner.post("campaigns", &body)?["id"])?;
        for (who, action) in [
            (&self.owner, "submit"),
            (&self.approver, "approve"),
            (&self.owner, "start"),
        ] {
            who.post(&format!("campaigns/{id}/{action}"), &json!({}))?;
        }
        Ok(id)
    }

    /// Puts so many campaigns into force, the reference promotions in turn, each with settings of its own.
    pub(crate) fn launch_many(&self, plan: &Plan, count: usize) -> Result<()> {
        let mut digests = Vec::new();
        for name in PROMOTIONS {
            digests.push(self.upload(plan, name)?);
        }
        let share: usize = GROUPS.iter().map(|(.., share)| share).sum();
        let mut places = GROUPS
            .iter()
            .flat_map(|(group, _, part)| std::iter::repeat_n(*group, count * part / share));
        for number in 0..count {
            let (name, digest) = (PROMOTIONS[number % 6], &digests[number % 6]);
            let group = places.next().unwrap_or(GROUPS[0].0);
            self.launch(
                &format!("{name}-{number}"),
                group,
                number + 1,
                digest,
                &settings(name, number),
            )?;
        }
        Ok(())
    }

    /// Every decision of the agency.
    pub(crate) async fn decisions(&self) -> Result<Vec<DecisionRow>> {
        let store = Store::open(&house::address(&self.folder)).await?;
        let agency = agency(&store).await?;
        let mut tx = store.read(Access::Agency(agency)).await?;
        let (mut all, mut before) = (Vec::new(), Some(Uuid::max()));
        while let Some(from) = before {
            let page = decisions::latest(&mut tx, agency, &Filter::default(), from, 5_000).await?;
            all.extend(page.rows);
            before = page.next;
        }
        drop(tx);
        store.close().await;
        Ok(all)
    }

    /// The database, to look into.
    pub(crate) async fn database(&self) -> Result<SqliteConnection> {
        database(&self.folder).await
    }
}

/// Every customer of the folder's agency, in the order in which they came.
async fn customers(folder: &std::path::Path) -> Result<Vec<Uuid>> {
    const IDS: &str = "SELECT id FROM customer WHERE agency_id = $1 ORDER BY ordinal";
    let store = Store::open(&house::address(folder)).await?;
    let agency = agency(&store).await?;
    let ids = match &mut store.read(Access::Agency(agency)).await? {
        Tx::Sqlite(c) => sqlx::query_scalar(IDS).bind(agency).fetch_all(&mut **c).await?,
        Tx::Postgres(c) => sqlx::query_scalar(IDS).bind(agency).fetch_all(&mut **c).await?,
    };
    store.close().await;
    Ok(ids)
}

/// The one agency of a database.
async fn agency(store: &Store) -> Result<Uuid> {
    let mut tx = store.read(Access::Jobs).await?;
    Ok(posthouse_store::team::agencies(&mut tx).await?.remove(0).id)
}

async fn database(folder: &std::path::Path) -> Result<SqliteConnection> {
    Ok(SqliteConnection::connect(&house::address(folder)).await?)
}

/// A text of an answer.
pub(crate) fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().ok_or("the answer lacks a text")?.to_owned())
}

/// Settings of the number's own for a promotion: rates of 0.50 to 2.50 %, so that fifty leave something of a price.
fn settings(name: &str, number: usize) -> Value {
    let rate = 50 + number % 5 * 50;
    match name {
        "early-bird" => json!({"steps": [{"days": 60, "rate": rate + 100}, {"days": 20, "rate": rate}]}),
        // the calendar is left at that of 2026
        "festival" => json!({"rate": rate, "days_before": 10, "days_after": 10}),
        "member-price" => json!({"others": rate, "tiers": [{"tier": "gold", "rate": rate + 200}]}),
        "win-back" => json!({"rate": rate, "silent_days": 180, "most": 50_000}),
        "buy-together" => json!({"rate": rate, "every_nth_traveller": 2, "nth_rate": rate}),
        _ => {
            json!({"destinations": ["日本", "泰国", "云南", "西藏", "法国", "意大利"], "rate": rate + 100, "others": rate, "introduction": 1_000})
        }
    }
}

/// The basket of a number: a tour, and in every other one a hotel and a flight with it.
pub(crate) fn basket(number: usize, today: Day) -> Basket {
    let places = ["日本", "泰国", "云南", "海南", "冰岛"];
    let themes = ["亲子", "海岛", "文化", "美食"];
    let travellers = 1 + (number % 4) as i32;
    let line = |kind: ProductKind, unit_price: i64| Line {
        sku: format!("{}-{:03}", kind.as_str(), number % 500),
        kind,
        destination: Some(places[number % places.len()].to_owned()),
        theme: Some(themes[number % themes.len()].to_owned()),
        departs: Some(today + 10 + (number * 7 % 120) as i32),
        travellers,
        unit_price,
        unit_cost: None,
        quantity: travellers,
    };
    let mut lines = vec![line(ProductKind::Tour, 300_000 + (number % 97) as i64 * 1_000)];
    if number % 2 == 1 {
        lines.extend([line(ProductKind::Hotel, 80_000), line(ProductKind::Flight, 160_000)]);
    }
    Basket {
        channel: "app".into(),
        lines,
    }
}

impl Shop {
    /// What asks for a quote of the number's basket.
    pub(crate) fn request(&self, number: usize) -> Result<Vec<u8>> {
        let mut body = serde_json::to_value(basket(number, self.today))?;
        body["customer_id"] = self.customer(number).to_string().into();
        for line in body["lines"].as_array_mut().into_iter().flatten() {
            let day = line["departs"].as_i64().ok_or("a line without a day")?;
            line["departs"] = day_text(day as i32).into();
        }
        Ok(serde_json::to_vec(&body)?)
    }

    /// Who asks for a quote of this number: each customer four times in a row, the next one far from the last, so that they do not share
    /// pages of the database.
    pub(crate) fn customer(&self, number: usize) -> Uuid {
        self.customers[number / 4 * 7_919 % self.customers.len()]
    }
}
