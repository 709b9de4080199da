//! What is to be done today and soon, besides what campaigns need: something late, something for a certain hour, something done.

use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::team::Caller;
use posthouse_app::work::{Assignee, Due, NewTask, TaskChange, TaskFilter};
use posthouse_domain::{Day, time};

/// When a task is due: days from today, and the hour if there is one.
type When = (Day, Option<i64>);

/// A task of the demo.
struct DemoTask {
    title: &'static str,
    /// Who is to do it; the demo's own key where nobody is named.
    assignee: Option<&'static str>,
    due: Option<When>,
    /// What came of it, once it is done.
    outcome: Option<&'static str>,
}

const TASKS: [DemoTask; 5] = [
    DemoTask {
        title: "回访北海道团的家庭 · Call the families back from Hokkaido",
        assignee: None,
        due: Some((-1, None)),
        outcome: None,
    },
    DemoTask {
        title: "与航司确认春节加班机座位 · Settle the seats of the extra flights with the airline",
        assignee: None,
        due: Some((0, Some(17))),
        outcome: None,
    },
    DemoTask {
        title: "整理退改签话术 · Write down what to say about changes and refunds",
        assignee: Some("李敏 Li Min"),
        due: Some((2, None)),
        outcome: None,
    },
    DemoTask {
        title: "更新导游排班表 · Bring the guides' roster up to date",
        assignee: Some("陈浩 Chen Hao"),
        due: None,
        outcome: None,
    },
    DemoTask {
        title: "寄出生日贺卡 · Send the birthday cards",
        assignee: Some("李敏 Li Min"),
        due: Some((-3, None)),
        outcome: Some("寄出 42 张，退回 1 张 · 42 sent, one came back"),
    },
];

/// Writes down what is to be done, unless an earlier start has.
pub(super) async fn write_down(app: &App, caller: &Caller) -> Result<(), Failure> {
    let tasks = app.tasks();
    let (there, _) = tasks.list(caller, &TaskFilter::default(), None, 1_000).await?;
    let people = app.team().staff(caller).await?;
    let today = caller.room.day_of(app.now());
    for DemoTask {
        title,
        assignee,
        due,
        outcome,
    } in TASKS
    {
        if there.iter().any(|task| task.title == title) {
            continue;
        }
        let due = due.map_or(Due::Never, |(days, hour)| match hour {
            None => Due::On(today + days),
            Some(hour) => Due::At(time::start_of_day(today + days, caller.room.terms.time_zone) + hour * 3_600_000),
        });
        let new = NewTask {
            kind: None,
            title: title.to_owned(),
            assignee: match assignee {
                None => Assignee::Actor(caller.actor),
                // who can sign in finds it among their own
                Some(name) => match people.iter().find(|person| person.name == name) {
                    Some(person) => Assignee::Actor(person.id),
                    None => Assignee::Named(name.to_owned()),
                },
            },
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
