//! People from their invitation to their end, on both engines and by clocks that are moved by hand.

mod second_factor;

use super::*;
use crate::audit::AuditFilter;
use crate::testing::{self, Clocks, NOW, on_both_engines};
use crate::{App, work::is_one_of};
use posthouse_domain::{Localized, time::Clock as _};
use posthouse_store::Access;
use std::net::Ipv4Addr;

on_both_engines!(
    a_link_opens_once_and_for_a_week,
    wrong_passwords_lock_the_door_for_a_while,
    nobody_learns_who_is_of_the_staff,
    sessions_end_by_themselves,
    a_token_is_replaced,
    who_is_disabled_is_out_at_once,
    sessions_are_ended_by_those_who_may,
    nobody_gives_what_they_do_not_have,
    the_last_owner_stays,
    people_and_their_keys_are_one_person,
    agencies_do_not_open_for_each_other,
    a_password_is_changed_by_who_knows_it,
    an_own_role_holds_from_the_next_request_on,
);

const HOUR: i64 = 3_600_000;
const PASSWORD: &str = "seventh camel on the road";

fn from(last: u8) -> Device<'static> {
    Device {
        address: Ipv4Addr::new(203, 0, 113, last).into(),
        agent: "Firefox\u{202e} 140",
    }
}

fn credentials<'c>(email: &'c str, password: &'c str) -> Credentials<'c> {
    Credentials {
        agency: None,
        email,
        password,
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(AppError::Invalid(rejection) | AppError::Conflict(rejection) | AppError::Denied(rejection)) => {
            rejection.code
        }
        Err(AppError::Unauthorised) => "unauthorised".into(),
        Err(AppError::NotFound(what)) => format!("no {what}"),
        other => panic!("{other:?}"),
    }
}

/// A session that nothing stands before.
fn whole(outcome: Result<Entry>) -> SignedIn {
    outcome.and_then(Entry::whole).expect("a session")
}

/// An agency's house, with a key that may do everything.
struct House {
    app: App,
    clocks: Clocks,
    owner: Caller,
}

impl House {
    async fn of(store: &Store, slug: &str) -> Self {
        let (app, clocks) = testing::host(store, NOW);
        let (_, key) = testing::agency(store, slug).await;
        let owner = app.team().authenticate(&key).await.expect("a caller");
        Self { app, clocks, owner }
    }

    fn later(&self, millis: i64) {
        self.clocks.machine.set(self.clocks.machine.now() + millis);
    }

    async fn invite(&self, email: &str, role: &str) -> Invited {
        let new = NewStaff {
            email,
            name: None,
            role,
            branch: None,
        };
        self.app.team().invite(&self.owner, new).await.expect("an invitation")
    }

    /// Somebody who has just taken up an invitation.
    async fn person(&self, email: &str, role: &str) -> SignedIn {
        let invited = self.invite(email, role).await;
        let team = self.app.team();
        let accepted = team.accept_invitation(&invited.token, "", PASSWORD, from(1)).await;
        whole(accepted)
    }

    async fn actions(&self) -> Vec<String> {
        let filter = AuditFilter::default();
        let (entries, _) = self
            .app
            .audit()
            .list(&self.owner, &filter, None, 100)
            .await
            .expect("entries");
        entries.into_iter().map(|entry| entry.action).collect()
    }
}

async fn a_link_opens_once_and_for_a_week(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let invited = house.invite(" Li.Min@Silk.example ", "sales").await;
    assert_eq!(
        (&*invited.person.email, &*invited.person.name),
        ("li.min@silk.example", "li.min")
    );
    assert_eq!(invited.person.state, StaffState::Invited);
    assert_eq!(invited.path(), format!("/join/{}", invited.token));
    assert_eq!(
        code(team.sign_in(credentials("li.min@silk.example", ""), from(1)).await),
        "sign_in_refused"
    );
    assert_eq!(
        code(
            team.accept_invitation(&invited.token, "", "li.min li.min", from(1))
                .await
        ),
        "weak_password"
    );
    let accepted = team
        .accept_invitation(&invited.token, "李敏 Li Min", PASSWORD, from(1))
        .await;
    let SignedIn { token, session } = whole(accepted);
    assert_eq!((&*session.person.name, &*session.person.role), ("李敏 Li Min", "sales"));
    assert_eq!(
        (&session.caller.scopes[..2], session.caller.rows),
        (&[Scope::Intake, Scope::Read][..], Rows::Of(session.person.id))
    );
    assert_eq!(team.session(&token).await.expect("a session").id, session.id);
    // a second time it opens nothing, nor does one that was replaced or is over
    assert_eq!(
        code(team.accept_invitation(&invited.token, "", PASSWORD, from(1)).await),
        "invitation_over"
    );
    let first = house.invite("chen@silk.example", "guide").await;
    let second = team.invite_again(&house.owner, first.person.id).await.expect("another");
    assert_eq!(
        code(team.accept_invitation(&first.token, "", PASSWORD, from(1)).await),
        "invitation_over"
    );
    assert_eq!(
        team.invitation(&second.token).await.expect("a person").1,
        "chen@silk.example"
    );
    house.later(7 * 24 * HOUR);
    assert_eq!(
        code(team.accept_invitation(&second.token, "", PASSWORD, from(1)).await),
        "invitation_over"
    );
    for wrong in ["", "phi", "phi_x_y", &token, &format!("{}0", second.token)] {
        assert_eq!(code(team.invitation(wrong).await), "invitation_over", "{wrong}");
    }
    // a new link takes the place of a password, and ends what was begun under it
    let SignedIn { token, .. } = whole(
        team.sign_in(credentials("LI.MIN@silk.example", PASSWORD), from(1))
            .await,
    );
    let id = session.person.id;
    let again = team.invite_again(&house.owner, id).await.expect("a link");
    assert!(team.session(&token).await.is_ok(), "until it is used");
    team.accept_invitation(&again.token, "", "another camel entirely", from(1))
        .await
        .expect("a session");
    assert_eq!(code(team.session(&token).await), "unauthorised");
    assert_eq!(
        code(
            team.sign_in(credentials("li.min@silk.example", PASSWORD), from(1))
                .await
        ),
        "sign_in_refused"
    );
    assert_eq!(
        code(
            team.invite(
                &house.owner,
                NewStaff {
                    email: "LI.MIN@silk.example",
                    name: None,
                    role: "sales",
                    branch: None
                }
            )
            .await
        ),
        "staff_exists"
    );
    let actions = house.actions().await;
    for action in ["staff.invite", "staff.accept", "staff.sign-in"] {
        assert!(actions.iter().any(|own| own == action), "{action} in {actions:?}");
    }
}

async fn wrong_passwords_lock_the_door_for_a_while(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    house.person("li@silk.example", "sales").await;
    let sign_in = async |password, last| team.sign_in(credentials("li@silk.example", password), from(last)).await;
    for n in 0..5 {
        assert_eq!(code(sign_in("wrong", n).await), "sign_in_refused");
    }
    assert_eq!(code(sign_in(PASSWORD, 9).await), "locked_out", "from anywhere");
    house.later(29_999);
    assert_eq!(code(sign_in(PASSWORD, 9).await), "locked_out");
    house.later(1);
    assert_eq!(code(sign_in("wrong", 9).await), "sign_in_refused");
    house.later(59_999);
    assert_eq!(code(sign_in(PASSWORD, 9).await), "locked_out", "twice as long");
    // another host knows as well
    let (other, clocks) = testing::host(&store, house.clocks.machine.now());
    assert_eq!(
        code(
            other
                .team()
                .sign_in(credentials("li@silk.example", PASSWORD), from(9))
                .await
        ),
        "locked_out"
    );
    clocks.machine.set(house.clocks.machine.now() + 1);
    assert!(
        other
            .team()
            .sign_in(credentials("li@silk.example", PASSWORD), from(9))
            .await
            .is_ok()
    );
    house.later(1);
    for _ in 0..4 {
        assert_eq!(
            code(sign_in("wrong", 9).await),
            "sign_in_refused",
            "none counts any more"
        );
    }
    assert!(sign_in(PASSWORD, 9).await.is_ok());
    // an address that tries one after the other has to wait, whoever it asks for
    for n in 0..30 {
        let email = format!("nobody{n}@silk.example");
        let _ = team.sign_in(credentials(&email, "wrong"), from(77)).await;
    }
    assert_eq!(code(sign_in(PASSWORD, 77).await), "locked_out");
    assert!(sign_in(PASSWORD, 78).await.is_ok());
    assert!(house.actions().await.iter().any(|action| action == "staff.lock-out"));
    // a new link lets in who was locked out
    let people = team.staff(&house.owner).await.expect("people");
    for n in 0..5 {
        assert_eq!(code(sign_in("wrong", n).await), "sign_in_refused");
    }
    let link = team.invite_again(&house.owner, people[0].id).await.expect("a link");
    team.accept_invitation(&link.token, "", PASSWORD, from(78))
        .await
        .expect("a session");
    assert!(sign_in(PASSWORD, 78).await.is_ok());
}

async fn nobody_learns_who_is_of_the_staff(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    house.person("li@silk.example", "sales").await;
    let mut heard = Vec::new();
    for email in ["li@silk.example", "nobody@silk.example"] {
        let mut said = Vec::new();
        for n in 0..12_u8 {
            let outcome = team.sign_in(credentials(email, "wrong"), from(n)).await;
            let Err(AppError::Invalid(rejection)) = outcome else {
                panic!("{outcome:?}")
            };
            said.push((rejection.code, rejection.detail.en));
            house.later(20_000);
        }
        heard.push(said);
    }
    assert_eq!(heard[0], heard[1]);
    assert!(heard[0].iter().any(|(code, _)| code == "locked_out"));
}

async fn sessions_end_by_themselves(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let SignedIn { token, session } = house.person("li@silk.example", "sales").await;
    assert_eq!(session.ends_at, NOW + 12 * HOUR);
    house.later(12 * HOUR - 1);
    let seen = team.session(&token).await.expect("a session");
    assert_eq!(
        (seen.ends_at, seen.csrf),
        (NOW + 24 * HOUR - 1, session.csrf),
        "asked for again"
    );
    house.later(12 * HOUR);
    assert_eq!(code(team.session(&token).await), "unauthorised", "idle");
    assert!(team.sessions(&house.owner).await.expect("sessions").is_empty());
    let SignedIn { token, session } = whole(team.sign_in(credentials("li@silk.example", PASSWORD), from(1)).await);
    for _ in 0..27 {
        house.later(6 * HOUR);
        assert!(team.session(&token).await.is_ok());
    }
    let last = team.session(&token).await.expect("a session");
    house.later(6 * HOUR - 1);
    assert!(
        team.session(&token).await.is_ok(),
        "{} {}",
        session.ends_at,
        last.ends_at
    );
    house.later(1);
    assert_eq!(code(team.session(&token).await), "unauthorised", "after a week");
}

async fn a_token_is_replaced(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let SignedIn { token, session } = house.person("li@silk.example", "sales").await;
    house.later(HOUR - 1);
    assert!(!team.session(&token).await.expect("a session").is_stale);
    house.later(1);
    assert!(team.session(&token).await.expect("a session").is_stale);
    let replaced = team.rotate(&token).await.expect("another token");
    assert_ne!(replaced.token, token);
    assert_eq!(
        (replaced.session.id, &replaced.session.csrf),
        (session.id, &session.csrf),
        "forms that are open still work"
    );
    // what was under way at the same time is let in, and replaces nothing
    let meanwhile = team.session(&token).await.expect("a session");
    assert!(!meanwhile.is_stale);
    assert_eq!(code(team.rotate(&token).await), "session_rotated");
    assert!(team.session(&replaced.token).await.is_ok());
    house.later(60_000);
    assert_eq!(code(team.session(&token).await), "unauthorised");
    assert!(team.session(&replaced.token).await.is_ok());
    team.sign_out(&replaced.session).await.expect("out");
    assert_eq!(code(team.session(&replaced.token).await), "unauthorised");
    team.sign_out(&replaced.session).await.expect("out already");
}

async fn who_is_disabled_is_out_at_once(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let SignedIn { token, session } = house.person("li@silk.example", "sales").await;
    let disable = |disabled| StaffChange {
        disabled: Some(disabled),
        ..StaffChange::default()
    };
    let id = session.person.id;
    let before = team.person(&house.owner, id).await.expect("a person");
    assert_eq!(
        code(
            team.change_staff(&house.owner, id, &disable(true), Some(before.version + 1))
                .await
        ),
        "version_changed"
    );
    let after = team
        .change_staff(&house.owner, id, &disable(true), Some(before.version))
        .await
        .expect("a person");
    assert_eq!((after.state, after.version), (StaffState::Disabled, before.version + 1));
    assert_eq!(code(team.session(&token).await), "unauthorised");
    assert_eq!(
        code(team.sign_in(credentials("li@silk.example", PASSWORD), from(1)).await),
        "sign_in_refused"
    );
    assert_eq!(code(team.invite_again(&house.owner, id).await), "staff_disabled");
    assert_eq!(code(team.rotate(&token).await), "unauthorised");
    let same = team
        .change_staff(&house.owner, id, &disable(true), None)
        .await
        .expect("a person");
    assert_eq!(same.version, after.version, "what is so already changes nothing");
    team.change_staff(&house.owner, id, &disable(false), None)
        .await
        .expect("a person");
    assert_eq!(
        code(team.session(&token).await),
        "unauthorised",
        "it does not come back"
    );
    assert!(
        team.sign_in(credentials("li@silk.example", PASSWORD), from(1))
            .await
            .is_ok()
    );
    // whoever has the database lets in whom nobody else can
    set_disabled(&store, house.owner.room.id, id, true, NOW)
        .await
        .expect("a person");
    let link = reset(&store, house.owner.room.id, id, NOW, &crate::clock::SystemEntropy)
        .await
        .expect("a link");
    team.accept_invitation(&link.token, "", PASSWORD, from(1))
        .await
        .expect("a session");
}

async fn sessions_are_ended_by_those_who_may(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person("li@silk.example", "sales").await;
    let chen = house.person("chen@silk.example", "guide").await;
    let lead = house.person("lead@silk.example", "crm_lead").await;
    let boss = house.person("boss@silk.example", OWNER).await;
    let own = team.sessions(&li.session.caller).await.expect("sessions");
    assert_eq!(own.iter().map(|entry| entry.id).collect::<Vec<_>>(), [li.session.id]);
    assert_eq!((&*own[0].agent, &*own[0].address), ("Firefox 140", "203.0.113.1"));
    assert_eq!(team.sessions(&lead.session.caller).await.expect("sessions").len(), 4);
    assert_eq!(
        code(team.end_session(&li.session.caller, chen.session.id).await),
        "no session"
    );
    assert_eq!(
        code(team.end_session(&lead.session.caller, boss.session.id).await),
        "not_yours_to_give"
    );
    team.end_session(&lead.session.caller, chen.session.id)
        .await
        .expect("ended");
    assert_eq!(code(team.session(&chen.token).await), "unauthorised");
    assert_eq!(
        code(team.end_session(&lead.session.caller, chen.session.id).await),
        "no session"
    );
    team.end_session(&li.session.caller, li.session.id)
        .await
        .expect("ended");
    assert_eq!(code(team.session(&li.token).await), "unauthorised");
}

async fn nobody_gives_what_they_do_not_have(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let lead = house.person("lead@silk.example", "crm_lead").await.session.caller;
    let boss = house.person("boss@silk.example", OWNER).await.session;
    let invite = async |role| {
        let new = NewStaff {
            email: "new@silk.example",
            name: None,
            role,
            branch: None,
        };
        team.invite(&lead, new).await
    };
    for beyond in [OWNER, "operator", "auditor"] {
        assert_eq!(code(invite(beyond).await), "not_yours_to_give", "{beyond}");
    }
    assert_eq!(code(invite("emperor").await), "unknown_role");
    let sales = invite("sales").await.expect("an invitation").person;
    let role = |role: &str| StaffChange {
        role: Some(role.into()),
        ..StaffChange::default()
    };
    assert_eq!(
        code(team.change_staff(&lead, sales.id, &role(OWNER), None).await),
        "not_yours_to_give"
    );
    assert_eq!(
        code(team.change_staff(&lead, lead.actor, &role(OWNER), None).await),
        "not_yours_to_give"
    );
    team.change_staff(&lead, sales.id, &role("guide"), None)
        .await
        .expect("a person");
    // nor does anybody become somebody who has more
    assert_eq!(
        code(team.invite_again(&lead, boss.person.id).await),
        "not_yours_to_give"
    );
    assert_eq!(
        code(team.change_staff(&lead, boss.person.id, &role("sales"), None).await),
        "not_yours_to_give"
    );
    let key = |scopes| NewKey {
        name: "k",
        scopes,
        holder: None,
    };
    assert_eq!(
        code(team.create_key(&lead, key(&[Scope::Owner])).await),
        "not_yours_to_give"
    );
    assert_eq!(
        code(team.create_key(&lead, key(&[Scope::Read, Scope::Audit])).await),
        "not_yours_to_give"
    );
    let (id, _) = team.create_key(&lead, key(&[Scope::Read])).await.expect("a key");
    assert_eq!(
        code(team.revoke_key(&lead, house.owner.actor).await),
        "not_yours_to_give"
    );
    team.revoke_key(&lead, id).await.expect("revoked");
    // somebody of their own who sees less makes nobody who sees more, and no key, which sees everything
    let new = NewRole {
        title: Localized::new("店长", "Shop manager"),
        permissions: vec![Scope::Team, Scope::Read, Scope::Read],
        masks: vec![Mask::Money],
        rows: RowScope::Branch,
    };
    let (made, is_new) = team.put_role(&lead, "manager", &new, None).await.expect("a role");
    assert_eq!((made.permissions.len(), is_new), (2, true));
    let manager = house.person("manager@silk.example", "manager").await.session.caller;
    assert_eq!(
        code(team.create_key(&manager, key(&[Scope::Read])).await),
        "not_yours_to_give"
    );
    let wider = [
        NewRole {
            masks: vec![],
            ..new.clone()
        },
        NewRole {
            rows: RowScope::All,
            ..new.clone()
        },
        NewRole {
            permissions: vec![Scope::Intake],
            ..new.clone()
        },
    ];
    for wide in wider {
        assert_eq!(
            code(team.put_role(&manager, "manager", &wide, None).await),
            "not_yours_to_give"
        );
    }
    let narrow = NewRole {
        masks: Mask::ALL.to_vec(),
        rows: RowScope::Own,
        ..new.clone()
    };
    team.put_role(&manager, "clerk", &narrow, None).await.expect("a role");
    for (key, role, expected) in [
        ("sales", &new, "role_built_in"),
        ("Big", &new, "bad_role"),
        (
            "x",
            &NewRole {
                permissions: vec![Scope::Owner],
                ..new.clone()
            },
            "bad_role",
        ),
    ] {
        assert_eq!(code(team.put_role(&house.owner, key, role, None).await), expected);
    }
    assert_eq!(
        code(team.put_role(&lead, "manager", &new, Some(7)).await),
        "version_changed"
    );
}

async fn the_last_owner_stays(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let first = house.person("first@silk.example", OWNER).await.session.person.id;
    // somebody who has not come yet is no owner who can sign in
    let second = house.invite("second@silk.example", OWNER).await;
    let disable = StaffChange {
        disabled: Some(true),
        ..StaffChange::default()
    };
    let lower = StaffChange {
        role: Some("sales".into()),
        ..StaffChange::default()
    };
    for change in [&disable, &lower] {
        assert_eq!(
            code(team.change_staff(&house.owner, first, change, None).await),
            "last_owner"
        );
    }
    assert_eq!(
        code(set_disabled(&store, house.owner.room.id, first, true, NOW).await),
        "last_owner"
    );
    team.accept_invitation(&second.token, "", PASSWORD, from(1))
        .await
        .expect("a session");
    // of two who disable each other one stays
    let (one, other) = tokio::join!(
        team.change_staff(&house.owner, first, &disable, None),
        team.change_staff(&house.owner, second.person.id, &disable, None)
    );
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|done| **done).count(), 1);
}

async fn people_and_their_keys_are_one_person(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person("li@silk.example", OWNER).await.session.caller;
    let chen = house.person("chen@silk.example", OWNER).await.session.caller;
    let key = async |holder| {
        let new = NewKey {
            name: "k",
            scopes: &[Scope::Approvals],
            holder,
        };
        let (_, key) = team.create_key(&house.owner, new).await.expect("a key");
        team.authenticate(&key).await.expect("a caller")
    };
    let (own, nobodys) = (key(Some("LI@silk.example")).await, key(None).await);
    let mut tx = store.read(Access::Agency(li.room.id)).await.expect("a transaction");
    for (caller, actor, expected) in [
        (&li, &li, true),
        (&li, &own, true),
        (&own, &li, true),
        (&li, &chen, false),
        (&chen, &own, false),
        (&li, &nobodys, false),
        (&nobodys, &li, false),
    ] {
        let same = is_one_of(&mut tx, caller, &[Some(actor.actor)])
            .await
            .expect("an answer");
        assert_eq!(same, expected, "{:?} {:?}", caller.holder, actor.holder);
    }
}

async fn agencies_do_not_open_for_each_other(store: Store) {
    let house = House::of(&store, "a").await;
    let (_, key) = testing::agency(&store, "b").await;
    let team = house.app.team();
    let theirs = team.authenticate(&key).await.expect("a caller");
    let li = house.person("li@silk.example", "sales").await;
    let id = li.session.person.id;
    assert!(team.staff(&theirs).await.expect("people").is_empty());
    assert!(team.sessions(&theirs).await.expect("sessions").is_empty());
    assert_eq!(code(team.person(&theirs, id).await), "no person");
    assert_eq!(code(team.invite_again(&theirs, id).await), "no person");
    assert_eq!(
        code(team.change_staff(&theirs, id, &StaffChange::default(), None).await),
        "no person"
    );
    assert_eq!(code(team.end_session(&theirs, li.session.id).await), "no session");
    let branch = team.add_branch(&house.owner, "Jing'an").await.expect("a branch");
    assert_eq!(code(team.add_branch(&house.owner, "JING'AN").await), "branch_exists");
    let new = NewStaff {
        email: "li@silk.example",
        name: None,
        role: "sales",
        branch: Some(branch.id),
    };
    assert_eq!(code(team.invite(&theirs, new).await), "no branch");
    // a token says its agency, and is one of no other
    let moved = li.token.replace(
        &house.owner.room.id.simple().to_string(),
        &theirs.room.id.simple().to_string(),
    );
    assert_eq!(code(team.session(&moved).await), "unauthorised");
    // who works for both says for which
    let there = team
        .invite(&theirs, NewStaff { branch: None, ..new })
        .await
        .expect("an invitation");
    team.accept_invitation(&there.token, "", "another camel entirely", from(1))
        .await
        .expect("a session");
    assert_eq!(
        code(team.sign_in(credentials("li@silk.example", PASSWORD), from(1)).await),
        "sign_in_refused"
    );
    for (agency, password, expected) in [
        ("a", PASSWORD, house.owner.room.id),
        ("b", "another camel entirely", theirs.room.id),
    ] {
        let named = Credentials {
            agency: Some(agency),
            ..credentials("li@silk.example", password)
        };
        let session = whole(team.sign_in(named, from(1)).await).session;
        assert_eq!(session.caller.room.id, expected);
    }
    let wrong = Credentials {
        agency: Some("b"),
        ..credentials("li@silk.example", PASSWORD)
    };
    assert_eq!(code(team.sign_in(wrong, from(1)).await), "sign_in_refused");
}

async fn a_password_is_changed_by_who_knows_it(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person("li@silk.example", "sales").await;
    let other = whole(team.sign_in(credentials("li@silk.example", PASSWORD), from(2)).await);
    let change = async |present, new| team.change_password(&li.session, present, new, from(1)).await;
    assert_eq!(code(change("wrong", "another camel entirely").await), "sign_in_refused");
    assert_eq!(code(change(PASSWORD, "short").await), "weak_password");
    change(PASSWORD, "another camel entirely").await.expect("changed");
    assert!(team.session(&li.token).await.is_ok(), "where it was changed");
    assert_eq!(code(team.session(&other.token).await), "unauthorised");
    assert_eq!(
        code(team.sign_in(credentials("li@silk.example", PASSWORD), from(1)).await),
        "sign_in_refused"
    );
    assert!(
        team.sign_in(credentials("li@silk.example", "another camel entirely"), from(1))
            .await
            .is_ok()
    );
    let chosen = Preferences {
        language: Some("zh-CN".into()),
        theme: Some("dark".into()),
    };
    let person = team.prefer(&li.session.caller, &chosen).await.expect("a person");
    assert_eq!(
        (person.language.as_deref(), person.theme.as_deref()),
        (Some("zh-CN"), Some("dark"))
    );
    let odd = Preferences {
        language: Some("fr".into()),
        theme: None,
    };
    assert_eq!(code(team.prefer(&li.session.caller, &odd).await), "bad_appearance");
    assert_eq!(
        code(team.prefer(&house.owner, &chosen).await),
        "no person",
        "a key is nobody"
    );
}

async fn an_own_role_holds_from_the_next_request_on(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let branch = team.add_branch(&house.owner, "静安门店").await.expect("a branch");
    let role = |permissions: &[Scope]| NewRole {
        title: Localized::new("店员", "Clerk"),
        permissions: permissions.to_vec(),
        masks: vec![Mask::Money],
        rows: RowScope::Branch,
    };
    team.put_role(&house.owner, "clerk", &role(&[Scope::Read]), None)
        .await
        .expect("a role");
    let li = house.person("li@silk.example", "clerk").await;
    let id = li.session.person.id;
    assert_eq!(li.session.caller.rows, Rows::Of(id), "of no branch yet");
    let moved = StaffChange {
        branch: Some(Some(branch.id)),
        ..StaffChange::default()
    };
    team.change_staff(&house.owner, id, &moved, None)
        .await
        .expect("a person");
    let (changed, is_new) = team
        .put_role(&house.owner, "clerk", &role(&[Scope::Read, Scope::Quotes]), Some(1))
        .await
        .expect("a role");
    assert_eq!((changed.version, is_new), (2, false));
    let now = team.session(&li.token).await.expect("a session");
    assert_eq!(
        (now.caller.rows, now.caller.masks.as_slice()),
        (Rows::OfBranch(branch.id), &[Mask::Money][..])
    );
    assert!(now.caller.may(Scope::Quotes).is_ok() && now.caller.may(Scope::Intake).is_err());
    assert_eq!(now.person.branch.map(|branch| branch.name).as_deref(), Some("静安门店"));
    assert_eq!(team.roles(&house.owner).await.expect("roles").len(), 12);
}
