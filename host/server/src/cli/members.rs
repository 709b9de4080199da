//! `posthouse members`: who takes part in the loyalty programme, what they have, and what is done by hand.

mod shown;

use super::Failure;
use super::client::Client;
use super::customers::id_of;
use super::trade::{House, encoded, items, text};
use crate::output::Output;
use clap::{Args, Subcommand};
use posthouse_domain::words;
use serde_json::{Value, json};
use uuid::Uuid;

/// Members.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Members {
    #[command(subcommand)]
    what: Option<What>,
    /// A name, part of a telephone number, a number on a card or a referral code; everybody if left out.
    text: Vec<String>,
    /// Only members of this tier, by its key.
    #[arg(long, value_name = "TIER")]
    tier: Option<String>,
    /// Only members in this state.
    #[arg(long, value_parser = ["active", "suspended", "closed"])]
    state: Option<String>,
    /// How many are listed.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show a member: tier and why, balances, what expires.
    Show {
        /// Card number, or id of the customer.
        member: String,
        /// As it was on the evening of a past day: 2027-03-31.
        #[arg(long, value_name = "DAY")]
        as_of: Option<String>,
    },
    /// List what moved, and why.
    Statement {
        /// Card number, or id of the customer.
        member: String,
        /// The first day: 2027-01-01; the beginning if left out.
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// The last day; today if left out.
        #[arg(long, value_name = "DAY")]
        to: Option<String>,
    },
    /// Make a customer a member.
    Enrol {
        /// Id or member number of the customer.
        customer: String,
    },
    /// Ask for points or status by hand; another person approves it.
    Adjust(Adjust),
    /// List what was asked for by hand and waits.
    Waiting,
    /// Agree to what was asked for by hand.
    Approve(Verdict),
    /// Say no to what was asked for by hand.
    Reject(Verdict),
    /// Order a reward.
    Redeem {
        /// Card number, or id of the customer.
        member: String,
        /// Key of the reward.
        reward: String,
    },
    /// Pass points on to another member.
    Transfer {
        /// Card number, or id of the customer, of whoever passes them on.
        member: String,
        /// The same of whoever gets them.
        to: String,
        /// How many.
        points: i64,
    },
}

/// What somebody asks for.
#[derive(Debug, Args)]
struct Adjust {
    /// Card number, or id of the customer.
    member: String,
    /// How many: 500, or -500 to take them away.
    #[arg(allow_hyphen_values = true)]
    points: i64,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Status instead of points.
    #[arg(long)]
    status: bool,
    /// The last day of what is given: 2027-12-31; it has no end if left out.
    #[arg(long, value_name = "DAY")]
    expires: Option<String>,
}

/// A yes or no.
#[derive(Debug, Args)]
struct Verdict {
    /// Id of what was asked for.
    #[arg(value_parser = super::id)]
    id: Uuid,
    /// What there is to say.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

impl Members {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        match &self.what {
            None => self.list(&client, output),
            Some(what) => what.run(&client, output),
        }
    }

    fn list(&self, client: &Client, output: Output) -> Result<(), Failure> {
        let mut path = format!("/members?limit={}", self.limit);
        let sought = Some(self.text.join(" ")).filter(|text| !text.trim().is_empty());
        for (name, value) in [("q", &sought), ("tier", &self.tier), ("state", &self.state)] {
            if let Some(value) = value {
                path += &format!("&{name}={}", encoded(value));
            }
        }
        let page = client.get(&path)?;
        output.answer(&page, || shown::list(&page))
    }
}

/// The customer of a member who is named by the number on the card, or by the customer's id. The number that an agency itself gives its customers
/// names nobody here: points would move where it is somebody's card number.
///
/// # Errors
/// `member_unknown` if nobody has that card.
fn member_of(client: &Client, named: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = Uuid::try_parse(named.trim()) {
        return Ok(id);
    }
    let page = client.get(&format!("/members?limit=10&q={}", encoded(named.trim())))?;
    let found = items(&page, "items").find(|one| text(one, "member_no") == named.trim());
    let id = found.and_then(|one| Uuid::try_parse(text(one, "customer_id")).ok());
    id.ok_or_else(|| {
        Failure::coded(
            "member_unknown",
            words!(
                "there is no member with the card number {named:?}; `posthouse members TEXT` finds them by name or telephone number",
                "没有卡号为 {named:?} 的会员；可用 `posthouse members TEXT` 按姓名或手机号查找"
            ),
        )
    })
}

impl What {
    fn run(&self, client: &Client, output: Output) -> Result<(), Failure> {
        match self {
            Self::Show { member, as_of } => {
                let mut path = format!("/members/{}", member_of(client, member)?);
                if let Some(day) = as_of {
                    path += &format!("?as_of={}", encoded(day));
                }
                let found = client.get(&path)?;
                output.answer(&found, || shown::one(&found))
            }
            Self::Statement { member, from, to } => {
                let house = House::ask(client)?;
                let id = member_of(client, member)?;
                let found = statement(client, id, [("from", from), ("to", to)])?;
                output.answer(&found, || shown::statement(&found, &house))
            }
            Self::Enrol { customer } => {
                let id = id_of(client, customer)?;
                let made = client.send("POST", "/members", &json!({ "customer_id": id }))?;
                output.answer(&made, || shown::one(&made))
            }
            Self::Adjust(adjust) => adjust.run(client, output),
            Self::Waiting => {
                let house = House::ask(client)?;
                let page = client.get("/adjustments?state=waiting&limit=1000")?;
                output.answer(&page, || shown::waiting(&page, &house))
            }
            Self::Approve(verdict) => verdict.say(client, "approve", output),
            Self::Reject(verdict) => verdict.say(client, "reject", output),
            Self::Redeem { member, reward } => {
                let id = member_of(client, member)?;
                let made = client.send("POST", &format!("/members/{id}/redeem"), &json!({ "reward": reward }))?;
                output.answer(&made, || shown::ordered(&made))
            }
            Self::Transfer { member, to, points } => {
                let (from, to) = (member_of(client, member)?, member_of(client, to)?);
                let body = json!({"to": to, "points": points});
                let made = client.send("POST", &format!("/members/{from}/transfer"), &body)?;
                output.answer(&made, || words!("{points} passed on", "已转赠 {points}").to_string())
            }
        }
    }
}

/// All lines of a statement, with what there was before and behind them.
fn statement(client: &Client, id: Uuid, days: [(&str, &Option<String>); 2]) -> Result<Value, Failure> {
    let mut path = format!("/members/{id}/ledger?limit=1000");
    for (name, day) in days {
        if let Some(day) = day {
            path += &format!("&{name}={}", encoded(day));
        }
    }
    let mut found = client.get(&path)?;
    let mut lines: Vec<Value> = items(&found, "items").cloned().collect();
    while let Some(next) = found["next"].as_str() {
        let page = client.get(&format!("{path}&cursor={next}"))?;
        lines.extend(items(&page, "items").cloned());
        found["next"] = page["next"].clone();
    }
    found["items"] = lines.into();
    Ok(found)
}

impl Adjust {
    fn run(&self, client: &Client, output: Output) -> Result<(), Failure> {
        let id = member_of(client, &self.member)?;
        let wallet = if self.status { "status" } else { "points" };
        let mut body = json!({"wallet": wallet, "points": self.points, "reason": self.reason});
        if let Some(day) = &self.expires {
            body["expires"] = day.as_str().into();
        }
        let asked = client.send("POST", &format!("/members/{id}/adjust"), &body)?;
        output.answer(&asked, || {
            let id = text(&asked, "id");
            words!(
                "It waits for another person: posthouse members approve {id}",
                "等待他人批准：posthouse members approve {id}"
            )
            .to_string()
        })
    }
}

impl Verdict {
    fn say(&self, client: &Client, verdict: &str, output: Output) -> Result<(), Failure> {
        let body = json!({ "note": self.note });
        let done = client.send("POST", &format!("/adjustments/{}/{verdict}", self.id), &body)?;
        output.answer(&done, || {
            match text(&done, "state") {
                "approved" => words!("Approved and carried out.", "已批准并入账。"),
                _ => words!("Rejected.", "已驳回。"),
            }
            .to_string()
        })
    }
}
