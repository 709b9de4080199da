//! The festival of a year ago, from its plan to its lessons, day by day on a clock that is turned.

use super::agreed::Desk;
use super::campaigns;
use super::plugins::Offers;
use super::shop::{ask_for_festival, askers};
use super::{State, say, seconds};
use crate::config::Config;
use crate::house;
use crate::output::{Failure, counted};
use posthouse_app::campaigns::Evaluation;
use posthouse_domain::campaign::{Action, State as Stand};
use posthouse_domain::{Clock, Day, Instant, time, words};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant as Moment;

/// How many ask for a price.
const ASKERS: u32 = 160;
/// For how many days people ask; the rest of the window they travel.
const DAYS: Day = 35;

/// A clock whose hands are turned.
pub(super) struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Instant {
        self.0.load(Ordering::Acquire)
    }
}

impl Hands {
    pub(super) fn at(now: Instant) -> Self {
        Self(AtomicI64::new(now))
    }

    pub(super) fn set(&self, now: Instant) {
        self.0.store(now, Ordering::Release);
    }

    /// To ten in the morning in Shanghai.
    fn turn_to(&self, day: Day) {
        self.set(i64::from(day) * time::DAY_MILLIS + 2 * 3_600_000);
    }
}

/// Plans, runs and evaluates it, unless an earlier start did. Before any rule is in force, so that nobody moves between segments in the
/// past.
pub(super) async fn hold(config: &Config, state: &State, offers: &Offers) -> Result<(), Failure> {
    let Some((holiday, planned)) = campaigns::last_year(offers, state.today) else {
        return Ok(());
    };
    let began = Moment::now();
    let (name, key, first) = (planned.name.clone(), planned.key.clone(), holiday.from - 42);
    let hands = Arc::new(Hands::at(0));
    hands.turn_to(first);
    let begun = hands.now();
    // frames of the past are of no use to the start that follows
    let app = house::open_at(config, hands.clone(), None).await?;
    let (planner, approver) = super::callers(&app, state).await?;
    let desk = Desk {
        app: &app,
        planner: &planner,
        approver: &approver,
    };
    desk.group().await?;
    desk.carry(planned).await?;
    let mut asked = 0;
    let mut stand = app.campaigns().get(&planner, &key).await?.campaign.state;
    if stand == Stand::Running {
        let askers = askers(&app, &planner, state, 1, ASKERS).await?;
        asked = askers.len() as u64;
        for day in 0..DAYS {
            hands.turn_to(first + day);
            let today = askers.iter().skip(day as usize).step_by(DAYS as usize);
            for asker in today.filter(|asker| asker.was_known(first + day)) {
                ask_for_festival(&app, &planner, asker, (state.seed, begun, holiday.from)).await?;
            }
        }
        hands.turn_to(holiday.to + 2);
        stand = desk
            .step(&planner, &key, Action::End, Some("假期结束 · The holiday is over"))
            .await?
            .campaign
            .state;
    }
    if stand == Stand::Ended {
        hands.turn_to(holiday.to + 9);
        let learned = Evaluation {
            judgement: "微信群里问的人最多；海报晚到了三天。 · Most asked in the WeChat groups; the posters came three days late.".to_owned(),
            lessons: "提前六周开始是对的；物料要提前两周到店；问价的客户太少，对照组看不出确切效果，下次多邀请一倍。 · To begin six weeks ahead \
                      was right; materials have to be in the shops two weeks before; too few asked for the holdout to show what it brought, \
                      so invite twice as many."
                .to_owned(),
        };
        app.campaigns().evaluate(&planner, &key, &learned, None).await?;
    }
    app.stop().await;
    say(&words!(
        "{name} was held and evaluated: {customers} asked, in {seconds} s.",
        "{name} 已举办并复盘：{customers}询价，用时 {seconds} 秒。",
        customers = counted(asked, "customer"),
        seconds = seconds(began)
    ));
    Ok(())
}
