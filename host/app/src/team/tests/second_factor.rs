//! Second factors, on both engines and by clocks that are moved by hand.

use super::*;
use crate::team::AgencyChange;
use crate::team::second_factor as factors;
use crate::team::totp::Secret;
use data_encoding::BASE32_NOPAD;

on_both_engines!(
    a_code_is_asked_for_and_taken_once,
    a_recovery_code_opens_once,
    wrong_codes_lock_the_door_like_passwords,
    two_hosts_take_a_code_once,
    an_agency_wants_everybody_to_have_one,
    it_is_taken_away_by_who_may,
    a_link_does_not_do_without_a_code,
);

const STEP: i64 = 30_000;
const EMAIL: &str = "li@silk.example";

/// The telephone of somebody, with the recovery codes beside it.
struct Phone {
    secret: Secret,
    codes: Vec<String>,
}

impl Phone {
    /// What it shows at this time.
    fn code(&self, now: i64) -> String {
        self.secret.code(now.div_euclid(STEP))
    }
}

impl House {
    fn now(&self) -> i64 {
        self.clocks.machine.now()
    }

    /// Sets a second factor up for somebody, a step ago: the code that is shown now was not used.
    async fn enrol(&self, caller: &Caller) -> Phone {
        let team = self.app.team();
        team.begin_second_factor(caller).await.expect("a secret");
        let begun = team.second_factor(caller).await.expect("a factor").begun;
        let secret = begun.expect("what was begun").secret;
        let secret = Secret::of(BASE32_NOPAD.decode(secret.as_bytes()).expect("Base32"));
        let code = secret.code(self.now().div_euclid(STEP));
        let codes = team.confirm_second_factor(caller, &code).await.expect("codes");
        self.later(STEP);
        Phone { secret, codes }
    }

    /// The token of somebody whose password is right and whose code is missing.
    async fn half(&self) -> String {
        half_on(&self.app).await
    }
}

async fn half_on(app: &App) -> String {
    match app.team().sign_in(credentials(EMAIL, PASSWORD), from(1)).await {
        Ok(Entry::Half(token)) => token,
        other => panic!("{other:?}"),
    }
}

async fn a_code_is_asked_for_and_taken_once(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person(EMAIL, "sales").await.session.caller;
    assert!(team.second_factor(&li).await.expect("a factor").since.is_none());
    // a wrong code confirms nothing, and what was begun waits for an hour
    assert_eq!(
        code(team.confirm_second_factor(&li, "000000").await),
        "second_factor_over"
    );
    team.begin_second_factor(&li).await.expect("a secret");
    assert_eq!(code(team.confirm_second_factor(&li, "nonsense").await), "code_refused");
    whole(team.sign_in(credentials(EMAIL, PASSWORD), from(1)).await);
    house.later(HOUR);
    assert_eq!(
        code(team.confirm_second_factor(&li, "000000").await),
        "second_factor_over"
    );
    let phone = house.enrol(&li).await;
    assert_eq!(code(team.begin_second_factor(&li).await), "second_factor_there");
    let listed = team.staff(&house.owner).await.expect("people");
    assert!(listed[0].has_second_factor);
    // the half session opens nothing
    let token = house.half().await;
    assert_eq!(code(team.session(&token).await), "unauthorised");
    assert_eq!(code(team.authenticate(&token).await.map(|_| ())), "unauthorised");
    assert_eq!(
        code(
            team.sign_in(credentials(EMAIL, PASSWORD), from(1))
                .await
                .and_then(Entry::whole)
        ),
        "code_needed"
    );
    // the code that confirmed it was taken then
    let shown = phone.code(house.now() - STEP);
    assert_eq!(code(team.second_step(&token, &shown, from(1)).await), "code_refused");
    let shown = phone.code(house.now());
    let spaced = format!("{} {}", &shown[..3], &shown[3..]);
    let signed_in = team.second_step(&token, &spaced, from(1)).await.expect("a session");
    assert!(team.session(&signed_in.token).await.is_ok());
    assert_eq!(
        code(team.second_step(&token, &shown, from(1)).await),
        "sign_in_over",
        "once"
    );
    // the same code opens nothing in its own half minute, the next one does, and earlier ones no more
    let token = house.half().await;
    assert_eq!(code(team.second_step(&token, &shown, from(1)).await), "code_refused");
    let next = phone.code(house.now() + STEP);
    assert!(
        team.second_step(&token, &next, from(1)).await.is_ok(),
        "a device may be ahead"
    );
    house.later(5 * STEP);
    let token = house.half().await;
    let late = phone.code(house.now() - STEP);
    assert!(team.second_step(&token, &late, from(1)).await.is_ok(), "or behind");
    let token = house.half().await;
    let too_late = phone.code(house.now() - 2 * STEP);
    assert_eq!(code(team.second_step(&token, &too_late, from(1)).await), "code_refused");
    house.later(5 * 60_000);
    let shown = phone.code(house.now());
    assert_eq!(code(team.second_step(&token, &shown, from(1)).await), "sign_in_over");
    let actions = house.actions().await;
    assert!(
        actions.iter().any(|action| action == "staff.second-factor-on"),
        "{actions:?}"
    );
}

async fn a_recovery_code_opens_once(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person(EMAIL, "sales").await.session.caller;
    let phone = house.enrol(&li).await;
    assert_eq!(phone.codes.len(), 10);
    let token = house.half().await;
    let typed = phone.codes[3].to_lowercase().replace('-', " ");
    assert!(team.second_step(&token, &typed, from(1)).await.is_ok());
    let token = house.half().await;
    assert_eq!(
        code(team.second_step(&token, &phone.codes[3], from(1)).await),
        "code_refused"
    );
    assert_eq!(team.second_factor(&li).await.expect("a factor").codes_left, 9);
    // new ones take the place of those before
    assert_eq!(
        code(team.renew_recovery_codes(&li, "000000", from(1)).await),
        "code_refused"
    );
    let renewed = team
        .renew_recovery_codes(&li, &phone.code(house.now()), from(1))
        .await
        .expect("codes");
    assert_eq!(
        code(team.second_step(&token, &phone.codes[4], from(1)).await),
        "code_refused"
    );
    assert!(team.second_step(&token, &renewed[0], from(1)).await.is_ok());
    // somebody else's opens nothing
    let chen = house.person("chen@silk.example", "guide").await.session.caller;
    let theirs = house.enrol(&chen).await;
    let token = house.half().await;
    assert_eq!(
        code(team.second_step(&token, &theirs.codes[0], from(1)).await),
        "code_refused"
    );
    let actions = house.actions().await;
    for action in ["staff.recovery-code", "staff.recovery-codes"] {
        assert!(actions.iter().any(|own| own == action), "{action} in {actions:?}");
    }
}

async fn wrong_codes_lock_the_door_like_passwords(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person(EMAIL, "sales").await.session.caller;
    let phone = house.enrol(&li).await;
    // a right password between them forgives nothing
    for n in 0..5 {
        let token = house.half().await;
        assert_eq!(code(team.second_step(&token, "000000", from(n)).await), "code_refused");
    }
    let right = phone.code(house.now());
    assert_eq!(
        code(team.sign_in(credentials(EMAIL, PASSWORD), from(9)).await),
        "locked_out"
    );
    house.later(30_000);
    let token = house.half().await;
    assert_eq!(code(team.second_step(&token, "000000", from(9)).await), "code_refused");
    let right_too = phone.code(house.now());
    assert_eq!(
        code(team.second_step(&token, &right_too, from(9)).await),
        "locked_out",
        "twice as long"
    );
    house.later(60_000);
    assert_eq!(
        code(team.second_step(&token, &right, from(9)).await),
        "code_refused",
        "long over"
    );
    house.later(120_000);
    let token = house.half().await;
    let shown = phone.code(house.now());
    assert!(team.second_step(&token, &shown, from(9)).await.is_ok());
    // and nothing counts any more
    house.later(STEP);
    let token = house.half().await;
    assert_eq!(code(team.second_step(&token, "000000", from(9)).await), "code_refused");
    let shown = phone.code(house.now());
    assert!(team.second_step(&token, &shown, from(9)).await.is_ok());
    assert!(house.actions().await.iter().any(|action| action == "staff.lock-out"));
}

async fn two_hosts_take_a_code_once(store: Store) {
    let house = House::of(&store, "a").await;
    let li = house.person(EMAIL, "sales").await.session.caller;
    let phone = house.enrol(&li).await;
    let (other, _) = testing::host(&store, house.now());
    for n in 0..4 {
        let (one, two) = (house.half().await, half_on(&other).await);
        let typed = match n % 2 {
            0 => phone.code(house.now()),
            _ => phone.codes[n].clone(),
        };
        let (here, there) = (house.app.team(), other.team());
        let (first, second) = tokio::join!(
            here.second_step(&one, &typed, from(1)),
            there.second_step(&two, &typed, from(2))
        );
        assert_eq!(
            usize::from(first.is_ok()) + usize::from(second.is_ok()),
            1,
            "{first:?} {second:?}"
        );
        house.later(STEP);
    }
}

fn needed(needed: bool) -> AgencyChange {
    AgencyChange {
        second_factor_needed: Some(needed),
        ..AgencyChange::default()
    }
}

async fn an_agency_wants_everybody_to_have_one(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person(EMAIL, "sales").await;
    let lead = house.person("lead@silk.example", "crm_lead").await.session.caller;
    assert!(matches!(
        team.change_agency(&lead, &needed(true)).await,
        Err(AppError::Forbidden("owner"))
    ));
    team.change_agency(&house.owner, &needed(true))
        .await
        .expect("it is wanted");
    team.change_agency(&house.owner, &needed(true))
        .await
        .expect("twice is once");
    // from the next request on
    let session = team.session(&li.token).await.expect("a session");
    assert!(session.must_enrol);
    assert_eq!(
        code(team.authenticate(&li.token).await.map(|_| ())),
        "second_factor_needed"
    );
    assert!(
        team.is_second_factor_needed(&house.owner).await.expect("an answer"),
        "keys go on"
    );
    house.enrol(&session.caller).await;
    assert!(!team.session(&li.token).await.expect("a session").must_enrol);
    assert!(team.authenticate(&li.token).await.is_ok());
    team.change_agency(&house.owner, &needed(false))
        .await
        .expect("it is not");
    let chen = house.person("chen@silk.example", "guide").await;
    assert!(team.authenticate(&chen.token).await.is_ok());
    let wanted = house.actions().await;
    let wanted = wanted.iter().filter(|action| *action == "agency.second-factor");
    assert_eq!(wanted.count(), 2);
}

async fn it_is_taken_away_by_who_may(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person(EMAIL, "sales").await.session.caller;
    let phone = house.enrol(&li).await;
    // by themselves: with password and code
    let shown = phone.code(house.now());
    let remove = async |password, code: &str| team.remove_second_factor(&li, password, code, from(1)).await;
    assert_eq!(code(remove("wrong", &shown).await), "sign_in_refused");
    assert_eq!(code(remove(PASSWORD, "000000").await), "code_refused");
    remove(PASSWORD, &shown).await.expect("it is gone");
    whole(team.sign_in(credentials(EMAIL, PASSWORD), from(1)).await);
    assert_eq!(team.second_factor(&li).await.expect("a factor").codes_left, 0);
    // by who looks after them
    house.later(STEP);
    house.enrol(&li).await;
    let token = house.half().await;
    let lead = house.person("lead@silk.example", "crm_lead").await.session.caller;
    team.take_second_factor(&lead, li.actor).await.expect("it is gone");
    team.take_second_factor(&lead, li.actor).await.expect("twice is once");
    assert_eq!(code(team.second_step(&token, "000000", from(1)).await), "sign_in_over");
    whole(team.sign_in(credentials(EMAIL, PASSWORD), from(1)).await);
    // by nobody who has less than they
    let boss = house.person("boss@silk.example", "owner").await.session.caller;
    house.enrol(&boss).await;
    assert_eq!(
        code(team.take_second_factor(&lead, boss.actor).await),
        "not_yours_to_give"
    );
    // and by who has the machine
    let agency = house.owner.room.id;
    let taken = factors::take_second_factor(&store, agency, boss.actor, house.now()).await;
    assert!(taken.expect("an answer"));
    let taken = factors::take_second_factor(&store, agency, boss.actor, house.now()).await;
    assert!(!taken.expect("an answer"), "there was none");
    let off = house.actions().await;
    let off = off.iter().filter(|action| *action == "staff.second-factor-off");
    assert_eq!(off.count(), 3);
    // a key is nobody
    assert_eq!(code(team.begin_second_factor(&house.owner).await), "no person");
}

async fn a_link_does_not_do_without_a_code(store: Store) {
    let house = House::of(&store, "a").await;
    let team = house.app.team();
    let li = house.person(EMAIL, "sales").await.session.caller;
    let phone = house.enrol(&li).await;
    let before = house.half().await;
    let link = team.invite_again(&house.owner, li.actor).await.expect("a link");
    let accepted = team
        .accept_invitation(&link.token, "", "another camel entirely", from(1))
        .await;
    let Ok(Entry::Half(token)) = accepted else {
        panic!("{accepted:?}")
    };
    // whoever had come by the old password begins anew
    let shown = phone.code(house.now());
    assert_eq!(code(team.second_step(&before, &shown, from(1)).await), "sign_in_over");
    assert!(team.second_step(&token, &shown, from(1)).await.is_ok());
}
