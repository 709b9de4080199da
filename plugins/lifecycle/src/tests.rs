use super::*;

#[test]
fn golden_cases() {
    harness::<Lifecycle>().golden(include_str!("../golden.json"));
}

#[test]
fn reasons_speak_of_the_customer() {
    let guest = Guest {
        trips_total: 2,
        first_trip_days: Some(400),
        recency_days: Some(200),
        badly_resolved_12m: 1,
        last_complaint_days: Some(12),
    };
    let answers = harness::<Lifecycle>().rows([guest]).classify();
    assert_eq!(
        answers[0].because_zh.as_deref(),
        Some("12 天前投诉，处理不满意，此后没有预订")
    );
}

#[test]
fn thresholds_that_leave_no_time_to_stay_are_refused() {
    let ask = |settings: &str| {
        let call = harness::<Lifecycle>().settings(settings);
        call.try_classify().map(|_| ())
    };
    let refused = |settings: &str, sentence: &str| assert_eq!(ask(settings), Err(format!("settings: {sentence}")));
    assert_eq!(ask("{}"), Ok(()));
    refused(
        r#"{"stay_days": 91}"#,
        "/stay_days: new_days is 90, but nobody may leave a stage before 91 days; set stay_days to 90 at most",
    );
    refused(
        r#"{"at_risk_days": 119}"#,
        "/at_risk_days: at_risk_days is 119; it has to be new_days and stay_days together, 120, or more",
    );
    assert_eq!(ask(r#"{"at_risk_days": 120}"#), Ok(()));
    refused(
        r#"{"lost_days": 394}"#,
        "/lost_days: lost_days is 394; it has to be at_risk_days and stay_days together, 395, or more",
    );
    assert_eq!(ask(r#"{"lost_days": 395}"#), Ok(()));
    refused(
        r#"{"complaint_days": 89}"#,
        "/complaint_days: complaint_days is 89; it has to be 90 or more, so that nobody is new again after a complaint",
    );
    refused(
        r#"{"complaint_days": 336}"#,
        "/complaint_days: complaint_days and stay_days come to 366 days; complaints are known for 365",
    );
    assert_eq!(ask(r#"{"complaint_days": 335}"#), Ok(()));
}

/// A small generator, so that a walk that fails can be walked again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i32) -> i32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as i32
    }

    fn settings(&mut self) -> Settings {
        let stay_days = 7 + self.below(60);
        let new_days = stay_days + self.below(60);
        let at_risk_days = new_days + stay_days + self.below(400);
        Settings {
            new_days,
            mature_trips: 2 + self.below(4),
            mature_span_days: self.below(800),
            at_risk_days,
            lost_days: at_risk_days + stay_days + self.below(400),
            complaint_days: new_days + self.below(365 - stay_days - new_days + 1),
            stay_days,
        }
    }
}

/// What is on record of a customer, by day.
#[derive(Default)]
struct Records {
    bookings: Vec<i32>,
    complaints: Vec<i32>,
}

impl Records {
    /// Something happens on this day, mostly nothing.
    fn happen(&mut self, today: i32, busy: i32, dice: &mut Dice) -> bool {
        match dice.below(busy) {
            0..=2 => self.bookings.push(today),
            3 => self.complaints.push(today),
            // The latest trip is cancelled: the facts are again those of the one before.
            4 if !self.bookings.is_empty() => drop(self.bookings.pop()),
            _ => return false,
        }
        true
    }

    fn guest(&self, today: i32) -> Guest {
        Guest {
            trips_total: self.bookings.len() as i32,
            first_trip_days: self.bookings.first().map(|day| today - day),
            recency_days: self.bookings.last().map(|day| today - day),
            badly_resolved_12m: self.complaints.iter().filter(|day| today - **day < 365).count() as i32,
            last_complaint_days: self.complaints.last().map(|day| today - day),
        }
    }
}

/// How a stage began: on which day, and whether time alone brought it.
struct Spell {
    stage: &'static str,
    since: i32,
    by_time: bool,
}

#[test]
fn nobody_flickers_between_stages() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut moved_by_time, mut closest) = (0, i32::MAX);
    for walk in 0..1_500 {
        let settings = dice.settings();
        let mut problems = Problems::default();
        settings.validate(&mut problems);
        assert_eq!(problems, Problems::default(), "{settings:?}");
        let stay = settings.stay_days;
        let ctx = Context {
            now: 0,
            today: Day(0),
            seed: 0,
            settings,
            quantiles: (),
        };
        let (mut records, busy) = (Records::default(), 60 + dice.below(1_200));
        let mut spell: Option<Spell> = None;
        let mut latest_record = 0;
        for today in 0..2_200 {
            let recorded = records.happen(today, busy, &mut dice);
            if recorded {
                latest_record = today;
            }
            let class = Lifecycle::classify(records.guest(today), &ctx);
            let stage = class.segment_key().expect("everyone is in a stage");
            match &spell {
                Some(spell) if spell.stage == stage => continue,
                // Time brought the stage and ends it, and nothing was recorded in between.
                Some(spell) if spell.by_time && latest_record < spell.since => {
                    let stayed = today - spell.since;
                    assert!(
                        recorded || stayed >= stay,
                        "walk {walk}, day {today}: {:?} for {stayed} days under {:?}",
                        spell.stage,
                        ctx.settings
                    );
                    if !recorded {
                        moved_by_time += 1;
                        closest = closest.min(stayed - stay);
                    }
                }
                _ => {}
            }
            spell = Some(Spell {
                stage,
                since: today,
                by_time: !recorded,
            });
        }
    }
    assert!(
        moved_by_time > 1_000 && closest == 0,
        "{moved_by_time} spells between two moves by time, the closest {closest} days above the limit: the walks prove little"
    );
}
