//! `posthouse quote`, `confirm` and `release`: what a basket costs with every campaign in force, and what becomes of that price.

mod basket;

use super::Failure;
use super::client::Client;
use super::customers::id_of;
use super::form::Form;
use super::trade::{House, items, row, said, text};
use crate::output::{Output, table};
use clap::Args;
use posthouse_domain::words;
use serde_json::{Value, json};
use uuid::Uuid;

/// What a basket file looks like.
pub(super) const BASKET: &str = "The file is TOML (or JSON). Prices are in major units, days are days or from today on:

  customer = \"M00012\"       # member number or id; nobody in particular if left out
  channel = \"app\"           # where: campaigns name their places by the same words
  codes = [\"7XQ2-M4KD-0WZH-9PCT\"]
  hold_minutes = 30

  [[lines]]
  sku = \"YN-7\"
  kind = \"tour\"             # tour, hotel, flight, train, cruise, ticket, transfer, visa, insurance or other
  destination = \"云南\"
  theme = \"culture\"
  departs = \"in 75 days\"    # or 2027-05-01
  travellers = 2
  quantity = 2
  unit_price = \"4,980.00\"   # of one
  unit_cost = \"3,900.00\"    # what one costs the agency, where it is known";

/// Prices a basket with every campaign in force, and holds the price for a while.
#[derive(Debug, Args)]
pub(super) struct Quote {
    /// The file with the basket; `-` reads standard input.
    file: String,
    /// Who buys, by member number or id, instead of whom the file names.
    #[arg(long, value_name = "ID|MEMBER_NO")]
    customer: Option<String>,
}

/// Confirms a quote with its booking.
#[derive(Debug, Args)]
pub(super) struct Confirm {
    /// Id of the quote.
    #[arg(value_parser = super::id)]
    quote: Uuid,
    /// The booking's id as events and files tell it; the quote's id if left out.
    #[arg(long, value_name = "ID")]
    booking: Option<String>,
}

/// Lets a quote go.
#[derive(Debug, Args)]
pub(super) struct Release {
    /// Id of the quote.
    #[arg(value_parser = super::id)]
    quote: Uuid,
}

impl Quote {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let house = House::ask(&client)?;
        let form = Form::open(&self.file, house.trade())?;
        let (of_file, mut basket) = basket::read(&form)?;
        if let Some(customer) = self.customer.or(of_file) {
            basket["customer_id"] = id_of(&client, &customer)?.to_string().into();
        }
        let quote = client.send("POST", "/quotes", &basket)?;
        output.answer(&quote, || priced(&quote, &house))
    }
}

impl Confirm {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let house = House::ask(&client)?;
        let booking = self.booking.unwrap_or_else(|| self.quote.to_string());
        let path = format!("/quotes/{}/confirm", self.quote);
        let quote = client.send("POST", &path, &json!({"booking_id": booking}))?;
        output.answer(&quote, || {
            let price = house.money(quote["price"].as_i64().unwrap_or(0));
            let booking = text(&quote, "booking_id");
            let coupons = items(&quote, "coupons").any(|coupon| coupon["state"] == "held");
            let redeemed = match coupons {
                true => words!(" Its coupons are redeemed.", "优惠券已核销。"),
                false => words!("", ""),
            };
            words!(
                "Confirmed with booking {booking}: {price}. Its savings are charged to the budgets.{redeemed}",
                "已用订单 {booking} 确认：{price}。优惠已计入预算。{redeemed}"
            )
            .to_string()
        })
    }
}

impl Release {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let quote = client.send("POST", &format!("/quotes/{}/release", self.quote), &Value::Null)?;
        output.answer(&quote, || {
            match text(&quote, "state") {
                "expired" => words!(
                    "Its time was over already; nothing of it is held.",
                    "报价已过期，不再占用任何预算和优惠券。"
                ),
                _ => words!(
                    "Released: budgets and coupons that it held are free again.",
                    "已释放：所占用的预算和优惠券恢复可用。"
                ),
            }
            .to_string()
        })
    }
}

/// A quote for people: its lines, what was taken off and why, and what became of every campaign and coupon.
fn priced(quote: &Value, house: &House) -> String {
    let (id, currency, until) = (
        text(quote, "id"),
        text(quote, "currency"),
        house.clock(&quote["expires_at"]),
    );
    let mut shown = words!(
        "Quote {id}, in {currency}, held until {until}.\n\n",
        "报价 {id}，币种 {currency}，保留至 {until}。\n\n"
    )
    .to_string();
    let head = row([
        words!("line", "项目"),
        words!("quantity", "数量"),
        words!("list price", "原价"),
        words!("saving", "优惠"),
        words!("price", "现价"),
    ]
    .map(|head| head.to_string()));
    let basket: Vec<&Value> = items(quote, "basket").collect();
    let minor = |value: &Value| value.as_i64().unwrap_or(0);
    let saving = |list: &Value, price: &Value| house.amount(&json!(minor(list) - minor(price)));
    let rows = items(quote, "lines").zip(&basket).map(|(line, of)| {
        let place = text(of, "destination");
        let name = if place.is_empty() {
            text(line, "sku").to_owned()
        } else {
            format!("{}  {place}", text(line, "sku"))
        };
        let (list, price) = (&line["list_price"], &line["price"]);
        row([
            name,
            of["quantity"].to_string(),
            house.amount(list),
            saving(list, price),
            house.amount(price),
        ])
    });
    let (list, price) = (&quote["list_price"], &quote["price"]);
    let total = row([
        words!("total", "合计").to_string(),
        String::new(),
        house.amount(list),
        saving(list, price),
        house.amount(price),
    ]);
    shown += &table(&std::iter::once(head).chain(rows).chain([total]).collect::<Vec<_>>());
    shown += &savings(quote, &basket, house);
    shown += &coupons(quote);
    shown += &trace(quote);
    let next = words!(
        "\nBook it: posthouse confirm {id} --booking ID. Let it go: posthouse release {id}\n",
        "\n预订：posthouse confirm {id} --booking 订单号；放弃：posthouse release {id}\n"
    );
    shown + &next.to_string()
}

fn savings(quote: &Value, basket: &[&Value], house: &House) -> String {
    let mut shown = String::new();
    for one in items(quote, "adjustments") {
        let line = one["line"].as_u64().and_then(|line| basket.get(line as usize));
        let sku = line.map(|line| text(line, "sku")).unwrap_or_default();
        let (off, name) = (house.amount(&one["off"]), text(&one["campaign"], "name"));
        let why = said(&one["reason"]["text"]);
        shown += &words!(
            "  {off} off {sku} by {name}: {why}",
            "  {sku} 优惠 {off}，{name}：{why}"
        )
        .to_string();
        if one["asked"].as_i64() > one["off"].as_i64() {
            let asked = house.amount(&one["asked"]);
            shown += &words!(" ({asked} asked; its floor cut it)", "（原可优惠 {asked}，受底价限制）").to_string();
        }
        shown.push('\n');
    }
    if shown.is_empty() {
        return words!("\nNothing is taken off.\n", "\n没有优惠。\n").to_string();
    }
    let head = words!("\nSavings\n", "\n优惠\n");
    format!("{head}{shown}")
}

fn coupons(quote: &Value) -> String {
    let rows: Vec<Vec<String>> = items(quote, "coupons")
        .map(|one| row([format!("  {}", text(one, "code")), said(&one["text"])]))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = words!("\nCoupons\n", "\n优惠券\n");
    format!("{head}{}", table(&rows))
}

/// Every campaign in force: what it takes off, or why it does not.
fn trace(quote: &Value) -> String {
    let rows: Vec<Vec<String>> = items(quote, "trace")
        .map(|one| {
            let sign = if one["applied"] == true { "✓" } else { "–" };
            row([
                format!("  {sign} {}", text(&one["campaign"], "key")),
                text(&one["campaign"], "name").to_owned(),
                said(&one["text"]),
            ])
        })
        .collect();
    if rows.is_empty() {
        return words!("\nNo campaign is running.\n", "\n没有进行中的活动。\n").to_string();
    }
    let head = words!("\nCampaigns\n", "\n活动\n");
    format!("{head}{}", table(&rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::AgencyTerms;
    use posthouse_domain::money::Currency;

    #[test]
    fn a_quote_says_what_it_costs_and_why() {
        let house = House {
            terms: AgencyTerms {
                currency: Currency::parse("CNY").unwrap(),
                time_zone: "Asia/Shanghai".parse().unwrap(),
                country: "CN".into(),
            },
            today: 20_000,
        };
        let named = |key: &str, name: &str| json!({"id": "1", "key": key, "name": name});
        let quote = json!({
            "id": "019b", "currency": "CNY", "expires_at": "2026-01-15T02:30:00.000Z", "list_price": 5_760_000, "price": 5_068_800,
            "lines": [{"sku": "IS-9", "list_price": 5_760_000, "price": 5_068_800}],
            "basket": [{"sku": "IS-9", "destination": "Iceland", "quantity": 2}],
            "adjustments": [{"campaign": named("early-bird", "Early bird"), "line": 0, "off": 691_200, "asked": 700_000,
                "reason": {"code": "early", "text": {"en": "Booked 75 days ahead", "zh-CN": "提前 75 天预订"}}}],
            "coupons": [{"code": "…9PCT", "state": "held", "text": {"en": "Held for this quote", "zh-CN": "已保留"}}],
            "trace": [{"campaign": named("early-bird", "Early bird"), "applied": true, "text": {"en": "CNY 6,912.00 off", "zh-CN": "优惠"}},
                {"campaign": named("member-days", "Member days"), "applied": false, "text": {"en": "Not for this customer", "zh-CN": "不属于"}}],
        });
        let words = priced(&quote, &house);
        for part in [
            "Quote 019b, in CNY, held until 2026-01-15 10:30.",
            "IS-9  Iceland  2         57,600.00   6,912.00  50,688.00",
            "total                    57,600.00   6,912.00  50,688.00",
            "6,912.00 off IS-9 by Early bird: Booked 75 days ahead (7,000.00 asked; its floor cut it)",
            "…9PCT  Held for this quote",
            "✓ early-bird   Early bird   CNY 6,912.00 off",
            "– member-days  Member days  Not for this customer",
            "posthouse confirm 019b --booking ID",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let nothing = json!({"id": "1", "currency": "CNY"});
        assert!(priced(&nothing, &house).contains("Nothing is taken off."));
    }
}
