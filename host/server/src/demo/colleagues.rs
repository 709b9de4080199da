//! Branches, and colleagues who have not come yet: what a team looks like on its first day.

use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::team::{Caller, NewStaff, StaffChange};

/// Where people work.
const BRANCHES: [&str; 2] = ["静安门店 Jing'an", "徐汇门店 Xuhui"];
/// Role, name, e-mail address and branch of each colleague.
const COLLEAGUES: [(&str, &str, &str, usize); 3] = [
    ("crm_specialist", "陈洁 Chen Jie", "chen.jie@silkroad.example", 0),
    ("guide", "赵磊 Zhao Lei", "zhao.lei@silkroad.example", 1),
    ("finance", "吴敏 Wu Min", "wu.min@silkroad.example", 0),
];
/// Who can sign in and works in the first branch.
const SALES: &str = "li.min@silkroad.example";

/// Writes down what is not there yet.
pub(super) async fn make(app: &App, caller: &Caller) -> Result<(), Failure> {
    let team = app.team();
    let mut branches = team.branches(caller).await?;
    for name in BRANCHES {
        if !branches.iter().any(|branch| branch.name == name) {
            branches.push(team.add_branch(caller, name).await?);
        }
    }
    let at = |place: usize| branches.iter().find(|branch| branch.name == BRANCHES[place]);
    let there = team.staff(caller).await?;
    for (role, name, email, place) in COLLEAGUES {
        if there.iter().any(|person| person.email == email) {
            continue;
        }
        let new = NewStaff {
            email,
            name: Some(name),
            role,
            branch: at(place).map(|branch| branch.id),
        };
        team.invite(caller, new).await?;
    }
    let sales = there
        .iter()
        .find(|person| person.email == SALES && person.branch.is_none());
    if let Some((person, branch)) = sales.zip(at(0)) {
        let change = StaffChange {
            branch: Some(Some(branch.id)),
            ..StaffChange::default()
        };
        team.change_staff(caller, person.id, &change, None).await?;
    }
    Ok(())
}
