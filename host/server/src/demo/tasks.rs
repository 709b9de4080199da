//! What is to be done today and soon, besides what campaigns need: something late, something for a certain hour, something done.

use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::team::Caller;
use posthouse_app::work::{Assignee, Due, NewTask, TaskChange, TaskFilter};
use posthouse_domain::{Day, time};

/// When a task is due: days from today, and the hour if there is one.
type When = (Day, Option<i64>);

/// Titles, who is to do it (the demo's own key where nobody is named), when, and what came of it.
const TASKS: [(&str, Option<&str>, Option<When>, Option<&str>); 5] = [
    (
        "回访北海道团的家庭 · Call the families back from Hokkaido",
        None,
        Some((-1, None)),
        None,
    ),
    (
        "与航司确认春节加班机座位 · Settle the seats of the extra flights with the airline",
        None,
        Some((0, Some(17))),
        None,
    ),
    (
        "整理退改签话术 · Write down what to say about changes and refunds",
        Some("李敏 Li Min"),
        Some((2, None)),
        None,
    ),
    (
        "更新导游排班表 · Bring the guides' roster up to date",
        Some("陈浩 Chen Hao"),
        None,
        None,
    ),
    (
        "寄出生日贺卡 · Send the birthday cards",
        Some("李敏 Li Min"),
        Some((-3, None)),
        Some("寄出 42 张，退回 1 张 · 42 sent, one came back"),
    ),
];

/// Writes down what is to be done, unless an earlier start has.
pub(super) async fn write_down(app: &App, caller: &Caller) -> Result<(), Failure> {
    let tasks = app.tasks();
    let (there, _) = tasks.list(caller, &TaskFilter::default(), None, 1_000).await?;
    let today = caller.room.day_of(app.now());
    for (title, assignee, when, outcome) in TASKS {
        if there.iter().any(|task| task.title == title) {
            continue;
        }
        let due = when.map_or(Due::Never, |(days, hour)| match hour {
            None => Due::On(today + days),
            Some(hour) => Due::At(time::start_of_day(today + days, caller.room.terms.time_zone) + hour * 3_600_000),
        });
        let new = NewTask {
            kind: None,
            title: title.to_owned(),
            assignee: assignee.map_or(Assignee::Actor(caller.key), |name| Assignee::Named(name.to_owned())),
            due,
        };
        let task = tasks.add(caller, None, &new).await?;
        if let Some(outcome) = outcome {
            let done = TaskChange {
                done: Some(true),
                outcome: Some(outcome.to_owned()),
                ..TaskChange::default()
            };
            tasks.change(caller, task.id, &done, None).await?;
        }
    }
    Ok(())
}
