//! What is around a page: the rooms that its reader may enter, and who that is.

use crate::show::initial;
use crate::ui::Ui;
use posthouse_app::team::{Mask, Scope, Session};

/// A room of the console.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Its name in addresses and texts.
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) icon: &'static str,
    /// The key after `g`.
    pub(crate) key: &'static str,
    /// Who may enter: whoever has any of these.
    needs: &'static [Scope],
    /// From whom this is kept, they have no use for it.
    shows: Option<Mask>,
}

/// Every room that works, in the order of the rail.
const ROOMS: &[Room] = &[
    Room {
        name: "today",
        path: "/",
        icon: "list-todo",
        key: "t",
        needs: &Scope::ALL,
        shows: None,
    },
    Room {
        name: "customers",
        path: "/customers",
        icon: "user",
        key: "c",
        needs: &[Scope::Read],
        shows: None,
    },
    Room {
        name: "segments",
        path: "/segments",
        icon: "chart-pie",
        key: "s",
        needs: &[Scope::Read],
        shows: None,
    },
    Room {
        name: "campaigns",
        path: "/campaigns",
        icon: "megaphone",
        key: "a",
        needs: &[Scope::Campaigns, Scope::Approvals, Scope::Read],
        shows: None,
    },
    Room {
        name: "quotes",
        path: "/quotes",
        icon: "ticket",
        key: "q",
        needs: &[Scope::Quotes, Scope::Read],
        shows: None,
    },
    Room {
        name: "members",
        path: "/members",
        icon: "award",
        key: "l",
        needs: &[Scope::Read],
        shows: Some(Mask::Money),
    },
    Room {
        name: "complaints",
        path: "/complaints",
        icon: "message-circle-warning",
        key: "o",
        needs: &[Scope::Read],
        shows: None,
    },
    Room {
        name: "insights",
        path: "/insights",
        icon: "chart-column",
        key: "i",
        needs: &[Scope::Read],
        shows: None,
    },
    Room {
        name: "imports",
        path: "/imports",
        icon: "upload",
        key: "m",
        needs: &[Scope::Intake],
        shows: None,
    },
    Room {
        name: "plugins",
        path: "/plugins",
        icon: "plug",
        key: "p",
        needs: &[Scope::Rules, Scope::Operations],
        shows: None,
    },
    Room {
        name: "team",
        path: "/team",
        icon: "users",
        key: "e",
        needs: &[Scope::Team, Scope::Audit],
        shows: None,
    },
    Room {
        name: "settings",
        path: "/settings",
        icon: "settings",
        key: ",",
        needs: &Scope::ALL,
        shows: None,
    },
];

/// Rooms that the bar of a phone has place for, beside the button that shows the others and the one of one's own.
const IN_A_BAR: usize = 4;

/// What the frame of a page says of its reader.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// The room that the page is in; empty where it is in none.
    pub(crate) room: &'static str,
    pub(crate) rooms: Vec<Room>,
    pub(crate) agency: String,
    pub(crate) person: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) theme: Option<String>,
    pub(crate) csrf: String,
    pub(crate) initial: String,
}

impl Shell {
    pub(crate) fn new(session: &Session, ui: Ui, room: &'static str) -> Self {
        let caller = &session.caller;
        let may = |room: &&Room| {
            let is_kept = room.shows.is_some_and(|mask| caller.is_masked(mask));
            !is_kept && room.needs.iter().any(|scope| caller.may(*scope).is_ok())
        };
        Self {
            room,
            // who has something to do first has no way around it
            rooms: match session.must_enrol {
                true => Vec::new(),
                false => ROOMS.iter().filter(may).copied().collect(),
            },
            agency: session.agency.clone(),
            person: session.person.name.clone(),
            email: session.person.email.clone(),
            role: ui.local(&session.person.role_title).to_owned(),
            theme: session.person.theme.clone(),
            csrf: session.csrf.clone(),
            initial: initial(&session.person.name),
        }
    }

    /// The rooms that the bar of a phone has no place for.
    pub(crate) fn rest(&self) -> &[Room] {
        self.rooms.get(IN_A_BAR..).unwrap_or_default()
    }

    /// Whether the page is in one of those.
    pub(crate) fn is_in_the_rest(&self) -> bool {
        self.rest().iter().any(|room| room.name == self.room)
    }

    /// Whether this theme was chosen; none is as the device has it.
    pub(crate) fn has_theme(&self, theme: &str) -> bool {
        self.theme.as_deref().unwrap_or("device") == theme
    }
}
