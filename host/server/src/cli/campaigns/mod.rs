//! `posthouse campaigns`: planned from a file, agreed to by another key, started, amended, ended, evaluated.

mod groups;
mod plan_file;
mod show;

use super::Failure;
use super::client::Client;
use super::form::Form;
use super::trade::{House, encoded, items, text};
use crate::output::Output;
use clap::{Args, Subcommand};
pub(super) use plan_file::PLAN;
use plan_file::{PlanFile, RuleName};
use posthouse_domain::catalogue::{self, FactKind};
use posthouse_domain::{attribute, words};
use serde_json::{Value, json};
use std::cell::OnceCell;

/// Campaigns from plan to lessons.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Campaigns {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only those in this state: draft, submitted, approved, preparing, running, paused, ended or evaluated.
    #[arg(long)]
    state: Option<String>,
    /// Only those of this type: new-product, price-or-gift, festival, member or joint.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// How many are listed, the newest first.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a campaign: its plan in words, its approval, budget and tasks.
    Show(Which),
    /// Create a campaign from a file, or change the plan of one that was not started. It is a draft then.
    #[command(after_help = PLAN)]
    Plan(Plan),
    /// Ask for approval.
    Submit(Step),
    /// Agree to a plan, or with --amendment to an amendment. Another key than the one that planned it.
    Approve(Decision),
    /// Reject a plan, or with --amendment an amendment, with the reason as note.
    Reject(Decision),
    /// Start an approved campaign and activate its rule.
    Start(Step),
    /// Stop a running campaign for a while. Quotes that hold its prices can be confirmed.
    Pause(Step),
    /// Let a paused campaign go on.
    Resume(Step),
    /// End a campaign for good. At the end of its window this happens by itself.
    End(Step),
    /// Record how an ended campaign went and what was learned.
    Evaluate(Evaluation),
    /// Propose another plan for a campaign that is running or paused, from a file. It is in force once another key approves it.
    #[command(after_help = PLAN)]
    Amend(Amend),
    /// List the amendments of a campaign, the newest first.
    Amendments(Which),
    /// List the stacking groups.
    Groups,
    /// Create a stacking group, or change its mode and titles.
    Group(groups::Group),
}

/// Which campaign.
#[derive(Debug, Args)]
struct Which {
    /// Key or id of the campaign.
    campaign: String,
}

/// A step with what there is to say.
#[derive(Debug, Args)]
struct Step {
    /// Key or id of the campaign.
    campaign: String,
    /// Why.
    #[arg(long)]
    note: Option<String>,
}

/// Agreeing or not.
#[derive(Debug, Args)]
struct Decision {
    /// Key or id of the campaign.
    campaign: String,
    /// Number of the amendment that is decided on, instead of the plan.
    #[arg(long, value_name = "N")]
    amendment: Option<u32>,
    /// Why; a rejection needs it.
    #[arg(long)]
    note: Option<String>,
}

/// A plan from a file.
#[derive(Debug, Args)]
struct Plan {
    /// The file; `-` reads standard input.
    file: String,
    /// Only show what was understood, in words.
    #[arg(long)]
    dry_run: bool,
    /// Fields whose unusual figures are meant as they are written, as the refusal names them.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    as_written: Vec<String>,
}

/// Another plan for what is in force.
#[derive(Debug, Args)]
struct Amend {
    /// The file with the whole plan as it is to be; `-` reads standard input.
    file: String,
    /// Why.
    #[arg(long)]
    note: Option<String>,
    /// Facts that the rule of the plan reads beyond those granted before.
    #[arg(long, value_name = "FACT,…", value_delimiter = ',')]
    grant: Vec<String>,
    /// Fields whose unusual figures are meant as they are written, as the refusal names them.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    as_written: Vec<String>,
}

/// How a campaign went.
#[derive(Debug, Args)]
struct Evaluation {
    /// Key or id of the campaign.
    campaign: String,
    /// How it went, in the view of those who know: what the figures do not say.
    #[arg(long)]
    judgement: String,
    /// What to do again and what not.
    #[arg(long)]
    lessons: String,
}

impl Campaigns {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let desk = Desk::open(output)?;
        match self.command {
            None => desk.list(self.state.as_deref(), self.kind.as_deref(), self.limit),
            Some(Command::Show(which)) => desk.show(&which.campaign),
            Some(Command::Plan(plan)) => desk.plan(plan),
            Some(Command::Submit(step)) => desk.step("submit", &step),
            Some(Command::Approve(decision)) => desk.approve(&decision),
            Some(Command::Reject(decision)) => desk.reject(decision),
            Some(Command::Start(step)) => desk.step("start", &step),
            Some(Command::Pause(step)) => desk.step("pause", &step),
            Some(Command::Resume(step)) => desk.step("resume", &step),
            Some(Command::End(step)) => desk.step("end", &step),
            Some(Command::Evaluate(evaluation)) => desk.evaluate(&evaluation),
            Some(Command::Amend(amend)) => desk.amend(amend),
            Some(Command::Amendments(which)) => desk.amendments(&which.campaign),
            Some(Command::Groups) => groups::list(&desk.client, output),
            Some(Command::Group(group)) => group.run(&desk.client, output),
        }
    }
}

/// Where campaigns are worked on.
struct Desk {
    client: Client,
    house: House,
    output: Output,
    /// The agency's attributes, once somebody asks.
    facts: OnceCell<Value>,
}

/// The address of a campaign.
fn at(campaign: &str) -> String {
    format!("/campaigns/{}", encoded(campaign))
}

impl Desk {
    fn open(output: Output) -> Result<Self, Failure> {
        let client = Client::from_environment()?;
        let house = House::ask(&client)?;
        Ok(Self {
            client,
            house,
            output,
            facts: OnceCell::new(),
        })
    }

    fn list(&self, state: Option<&str>, kind: Option<&str>, limit: u32) -> Result<(), Failure> {
        let mut path = format!("/campaigns?limit={limit}");
        for (name, value) in [("state", state), ("type", kind)] {
            if let Some(value) = value {
                path += &format!("&{name}={}", encoded(value));
            }
        }
        let page = self.client.get(&path)?;
        self.output.answer(&page, || show::list(&page, &self.house))
    }

    fn show(&self, campaign: &str) -> Result<(), Failure> {
        let found = self.client.get(&at(campaign))?;
        self.output.answer(&found, || show::campaign(&found, &self.house))
    }

    /// The campaign of a file as the API takes it.
    fn read(&self, file: &str, as_written: Vec<String>) -> Result<(String, Value), Failure> {
        let form = Form::open(file, self.house.trade())?;
        let PlanFile {
            key,
            kind,
            name,
            owner,
            mut plan,
            rule,
            as_written: of_file,
        } = plan_file::read(&form, &|fact| self.kind_of(fact))?;
        plan["rule"]["digest"] = self.digest(&rule)?.into();
        let as_written = [of_file, as_written].concat();
        let body =
            json!({"key": key, "type": kind, "name": name, "owner": owner, "plan": plan, "as_written": as_written});
        Ok((key, body))
    }

    /// The kind of a fact of the catalogue or of the agency's own.
    fn kind_of(&self, fact: &str) -> Option<FactKind> {
        if !fact.starts_with(attribute::PREFIX) {
            return catalogue::find(fact).map(|fact| fact.kind);
        }
        let facts = self.facts.get_or_init(|| self.client.get("/facts").unwrap_or_default());
        let found = items(facts, "items").find(|known| text(known, "key") == fact)?;
        serde_json::from_value(found["kind"].clone()).ok()
    }

    /// The digest of a rule. A name that several revisions have does not say which.
    fn digest(&self, rule: &RuleName) -> Result<String, Failure> {
        let revisions = self.revisions()?;
        let fits = |revision: &&Value| match rule {
            RuleName::Digest(digest) => text(revision, "digest").starts_with(digest.as_str()),
            RuleName::Name(name, version) => {
                text(revision, "name") == name
                    && version
                        .as_deref()
                        .is_none_or(|version| text(revision, "version") == version)
            }
        };
        let found: Vec<&Value> = revisions.iter().filter(fits).collect();
        let named = match rule {
            RuleName::Digest(digest) => format!("rule.digest {digest:?}"),
            RuleName::Name(name, None) => format!("rule.plugin {name:?}"),
            RuleName::Name(name, Some(version)) => format!("rule.plugin {name:?} version {version:?}"),
        };
        match found[..] {
            [one] => Ok(text(one, "digest").to_owned()),
            [] => {
                let offers = revisions
                    .iter()
                    .filter(|one| text(one, "extension_point") == "promotion");
                let mut known: Vec<&str> = offers.map(|one| text(one, "name")).collect();
                known.sort_unstable();
                known.dedup();
                let known = known.join(", ");
                Err(Failure::coded(
                    "plugin_unknown",
                    words!(
                        "{named}: there is no such plugin; those that make offers are: {known}. `posthouse plugin push` uploads another",
                        "{named}：没有这个插件；可计算优惠的插件有：{known}。`posthouse plugin push` 可上传新插件"
                    ),
                ))
            }
            _ => {
                let list: Vec<String> = found
                    .iter()
                    .map(|one| {
                        format!(
                            "{} ({})",
                            text(one, "version"),
                            text(one, "digest").get(..12).unwrap_or("")
                        )
                    })
                    .collect();
                let list = list.join(", ");
                Err(Failure::coded(
                    "plugin_ambiguous",
                    words!(
                        "{named} is ambiguous: there are {list}; write version or digest under [rule] to say which",
                        "{named} 对应多个版本：{list}；请在 [rule] 下写明 version 或 digest"
                    ),
                ))
            }
        }
    }

    fn revisions(&self) -> Result<Vec<Value>, Failure> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.client.get(&format!("/plugins?limit=1000{cursor}"))?;
            all.extend(items(&page, "items").cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={}", encoded(next)),
                None => return Ok(all),
            }
        }
    }

    fn plan(&self, plan: Plan) -> Result<(), Failure> {
        let (key, mut body) = self.read(&plan.file, plan.as_written)?;
        let would = self
            .client
            .send("POST", "/campaigns?dry_run=true", &body)
            .map_err(|failure| hinted(failure, &plan.file))?;
        if plan.dry_run {
            return self.output.answer(&would, || show::rehearsal(&key, &would));
        }
        let create = text(&would, "would") == "create";
        let done = if create {
            self.client.send("POST", "/campaigns", &body)?
        } else {
            let fields = body.as_object_mut();
            fields.map(|fields| (fields.remove("key"), fields.remove("type")));
            if body["owner"].is_null() {
                body["owner"] = "".into();
            }
            self.client.send("PATCH", &at(&key), &body)?
        };
        self.output.answer(&done, || show::planned(&done, &would))
    }

    fn step(&self, action: &str, step: &Step) -> Result<(), Failure> {
        let done = self.client.send(
            "POST",
            &format!("{}/{action}", at(&step.campaign)),
            &json!({"note": step.note}),
        )?;
        self.output.answer(&done, || show::stepped(action, &done))
    }

    /// Agrees to what is shown, and to nothing that was changed since.
    fn approve(&self, decision: &Decision) -> Result<(), Failure> {
        let address = at(&decision.campaign);
        let seen = self.client.get(&address)?;
        let (path, shown) = match decision.amendment {
            None => (format!("{address}/approve"), seen["understood"].clone()),
            Some(number) => {
                let amendment = self.amendment(&address, number)?;
                let changes = amendment["preview"]["changes"].clone();
                (format!("{address}/amendments/{number}/approve"), changes)
            }
        };
        let body = json!({"note": decision.note});
        let done = self.client.send_if("POST", &path, &body, seen["version"].as_i64())?;
        self.output
            .answer(&done, || show::approved(decision.amendment, &shown, &done))
    }

    fn amendment(&self, address: &str, number: u32) -> Result<Value, Failure> {
        let page = self.client.get(&format!("{address}/amendments?limit=1000"))?;
        let found = items(&page, "items").find(|one| one["amendment"] == number).cloned();
        found.ok_or_else(|| {
            Failure::coded(
                "amendment_unknown",
                words!(
                    "there is no amendment {number}; `posthouse campaigns amendments` lists them",
                    "没有第 {number} 号变更；`posthouse campaigns amendments` 可列出全部"
                ),
            )
        })
    }

    fn reject(&self, decision: Decision) -> Result<(), Failure> {
        let address = at(&decision.campaign);
        let Some(note) = decision.note else {
            return Err(Failure::usage(words!(
                "say why with --note: whoever planned it reads it",
                "请用 --note 说明原因，策划人会看到"
            )));
        };
        let path = match decision.amendment {
            None => format!("{address}/reject"),
            Some(number) => format!("{address}/amendments/{number}/reject"),
        };
        let done = self.client.send("POST", &path, &json!({"note": note}))?;
        self.output
            .answer(&done, || show::rejected(&decision.campaign, decision.amendment))
    }

    fn evaluate(&self, evaluation: &Evaluation) -> Result<(), Failure> {
        let body = json!({"judgement": evaluation.judgement, "lessons": evaluation.lessons});
        let path = format!("{}/evaluate", at(&evaluation.campaign));
        let done = self.client.send("POST", &path, &body)?;
        self.output.answer(&done, || show::stepped("evaluate", &done))
    }

    fn amend(&self, amend: Amend) -> Result<(), Failure> {
        let (key, body) = self.read(&amend.file, amend.as_written)?;
        let body =
            json!({"plan": body["plan"], "as_written": body["as_written"], "grant": amend.grant, "note": amend.note});
        let proposed = self.client.send("POST", &format!("{}/amendments", at(&key)), &body)?;
        self.output
            .answer(&proposed, || show::amendment(&key, &proposed, &self.house))
    }

    fn amendments(&self, campaign: &str) -> Result<(), Failure> {
        let page = self.client.get(&format!("{}/amendments", at(campaign)))?;
        self.output
            .answer(&page, || show::amendments(campaign, &page, &self.house))
    }
}

/// A refusal with what to do about it on the command line.
fn hinted(failure: Failure, file: &str) -> Failure {
    match failure.code.as_str() {
        "wrong_state" => failure.with_hint(words!(
            "What is in force is amended: posthouse campaigns amend {file}",
            "已生效的活动通过变更流程调整：posthouse campaigns amend {file}"
        )),
        "implausible" => failure.with_hint(words!(
            "In the file money is in major units and shares are in percent; --as-written insists",
            "文件中金额以元填写、比例以百分比填写；确认无误可加 --as-written"
        )),
        _ => failure,
    }
}
