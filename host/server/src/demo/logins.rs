//! Two people of the demo who can sign in: their passwords are drawn when they are made, and said once.

use super::State;
use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::clock::SystemEntropy;
use posthouse_app::team::{Caller, Device, NewStaff, OWNER};
use posthouse_domain::{Entropy, Words, words};
use std::net::Ipv4Addr;

/// Role, name and e-mail address of each.
const PEOPLE: [(&str, &str, &str); 2] = [
    (OWNER, "林晓 Lin Xiao", "lin.xiao@silkroad.example"),
    ("sales", "李敏 Li Min", "li.min@silkroad.example"),
];
/// Letters and digits that nobody takes for others.
const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Somebody who can sign in.
pub(super) struct Login {
    pub(super) email: &'static str,
    /// What they are, to be said before the address.
    pub(super) head: Words,
    /// None if it was said at an earlier start.
    pub(super) password: Option<String>,
}

/// Three times four signs: 60 bits.
fn draw() -> String {
    let mut random = [0; 12];
    SystemEntropy.fill(&mut random);
    let signs = random.map(|byte| char::from(SIGNS[usize::from(byte) % SIGNS.len()]));
    let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// Makes both, unless an earlier start has; passwords that nobody has heard are drawn anew.
pub(super) async fn make(app: &App, caller: &Caller, state: &State) -> Result<Vec<Login>, Failure> {
    let team = app.team();
    let there = team.staff(caller).await?;
    let mut logins = Vec::new();
    for (role, name, email) in PEOPLE {
        let head = match role {
            OWNER => words!("Owner", "所有者"),
            _ => words!("Sales", "销售顾问"),
        };
        let known = there.iter().find(|person| person.email == email);
        if state.logins_told && known.is_some() {
            logins.push(Login {
                email,
                head,
                password: None,
            });
            continue;
        }
        let invited = match known {
            Some(person) => team.invite_again(caller, person.id).await?,
            None => {
                let new = NewStaff {
                    email,
                    name: Some(name),
                    role,
                    branch: None,
                };
                team.invite(caller, new).await?
            }
        };
        let here = Device {
            address: Ipv4Addr::LOCALHOST.into(),
            agent: "posthouse demo",
        };
        let password = draw();
        let signed_in = team
            .accept_invitation(&invited.token, "", &password, here)
            .await?
            .whole()?;
        team.sign_out(&signed_in.session).await?;
        logins.push(Login {
            email,
            head,
            password: Some(password),
        });
    }
    Ok(logins)
}
