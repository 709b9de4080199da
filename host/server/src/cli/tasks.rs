//! `posthouse tasks`: what is to be done, by whom, until when.

use super::Failure;
use super::client::Client;
use super::trade::{House, encoded, items, lines, row, text};
use crate::output::{Output, table};
use clap::{Args, Subcommand};
use posthouse_domain::{time, words};
use serde_json::{Value, json};
use uuid::Uuid;

/// Tasks.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Tasks {
    #[command(subcommand)]
    what: Option<What>,
    /// Only your own: assigned to this key, to another key of its holder, or to the holder's name.
    #[arg(long)]
    mine: bool,
    /// Only those that are open, overdue or done; the open ones if left out.
    #[arg(long, value_parser = ["open", "overdue", "done"], default_value = "open", hide_default_value = true)]
    state: String,
    /// Only those about this, as campaign/KEY.
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// How many are listed, in the order in which they are due.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a task down.
    Add(Add),
    /// Say that a task is done.
    Done {
        /// Id of the task.
        id: Uuid,
        /// What came of it.
        #[arg(long, value_name = "TEXT")]
        outcome: Option<String>,
    },
}

/// A task to be written down.
#[derive(Debug, Args)]
struct Add {
    /// What is to be done.
    title: String,
    /// What it is about, as campaign/KEY; a campaign does not start before its tasks are done.
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// What kind of work it is: training, materials or other for a campaign.
    #[arg(long, default_value = "other")]
    kind: String,
    /// Who is to do it.
    #[arg(long, value_name = "NAME")]
    assignee: Option<String>,
    /// Until when: a day as 2027-03-31, or an instant as 2027-03-31T18:00.
    #[arg(long, value_name = "WHEN")]
    due: Option<String>,
}

impl Tasks {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        match &self.what {
            None => self.list(&client, output),
            Some(What::Add(add)) => add.run(&client, output),
            Some(What::Done { id, outcome }) => {
                let body = json!({"done": true, "outcome": outcome});
                let done = client.send("PATCH", &format!("/tasks/{id}"), &body)?;
                output.answer(&done, || {
                    words!("Done: {title}", "已完成：{title}", title = text(&done, "title")).to_string()
                })
            }
        }
    }

    fn list(&self, client: &Client, output: Output) -> Result<(), Failure> {
        let house = House::ask(client)?;
        let mut path = format!("/tasks?state={}&limit={}", self.state, self.limit);
        if self.mine {
            path += "&mine=true";
        }
        if let Some(subject) = &self.subject {
            path += &format!("&subject={}", encoded(subject));
        }
        let page = client.get(&path)?;
        output.answer(&page, || list(&page, &house))
    }
}

impl Add {
    fn run(&self, client: &Client, output: Output) -> Result<(), Failure> {
        let house = House::ask(client)?;
        let mut body =
            json!({"title": self.title, "subject": self.subject, "kind": self.kind, "assignee": self.assignee});
        if let Some(due) = &self.due {
            let is_day = time::parse_day(due).is_some();
            body[if is_day { "due_on" } else { "due_at" }] = due.as_str().into();
        }
        let task = client.send("POST", "/tasks", &body)?;
        output.answer(&task, || added(&task, &house))
    }
}

/// Until when, as the agency's clocks show it.
fn due(task: &Value, house: &House) -> String {
    match task["due_at"].is_string() {
        true => house.clock(&task["due_at"]),
        false => text(task, "due_on").to_owned(),
    }
}

/// What a task is about, by its name.
fn about(task: &Value) -> &str {
    text(&task["subject"], "name")
}

fn state(task: &Value) -> String {
    match (task["done"] == true, task["overdue"] == true) {
        (true, _) => words!("done", "已完成"),
        (false, true) => words!("overdue", "已逾期"),
        (false, false) => words!("open", "未完成"),
    }
    .to_string()
}

fn added(task: &Value, house: &House) -> String {
    let id = text(task, "id");
    let pairs = [
        (words!("about", "对象"), about(task).to_owned()),
        (words!("assignee", "负责人"), text(task, "assignee").to_owned()),
        (words!("due", "期限"), due(task, house)),
    ];
    let when_done = words!(
        "When it is done: posthouse tasks done {id}",
        "完成后：posthouse tasks done {id}"
    );
    format!("{}\n{}\n{when_done}\n", text(task, "title"), lines(&pairs))
}

fn list(page: &Value, house: &House) -> String {
    let head = row([
        words!("due", "期限"),
        words!("state", "状态"),
        words!("task", "任务"),
        words!("about", "对象"),
        words!("assignee", "负责人"),
        words!("id", "编号"),
    ]
    .map(|head| head.to_string()));
    let rows = items(page, "items").map(|task| {
        row([
            due(task, house),
            state(task),
            text(task, "title").to_owned(),
            about(task).to_owned(),
            text(task, "assignee").to_owned(),
            text(task, "id").to_owned(),
        ])
    });
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    if rows.len() == 1 {
        return words!(
            "No such tasks. `posthouse tasks add` writes one down.",
            "没有符合的任务。用 `posthouse tasks add` 新建。"
        )
        .to_string();
    }
    let mut words = table(&rows);
    if page["next"].is_string() {
        words += &words!("\nThere are more; --limit lists more.", "\n还有更多；--limit 可多列。").to_string();
    }
    words
}
