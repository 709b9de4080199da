//! Moving the business clock by hand: everything that is due on the way happens in its order.

use super::runner::SHORTEST_SLEEP;
use super::{JobClock, Lane};
use crate::App;
use crate::error::{AppError, Result};
use crate::team::Caller;
use posthouse_domain::{Instant, Rejection, time, words};
use posthouse_store::{Access, jobs as store};

/// How the clock is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMove {
    /// On by so many ms.
    By(i64),
    /// On to an instant.
    To(Instant),
}

/// What the clock did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockMoved {
    /// Where it stood, in ms since 1970.
    pub from: Instant,
    /// Where it stands, in ms since 1970.
    pub to: Instant,
    /// How many jobs ran on the way.
    pub jobs: u64,
}

/// The longest move, in ms: ten years of nights.
const FURTHEST: i64 = 3_660 * 86_400_000;

impl ClockMove {
    /// Reads a move: `advance` is a duration as `3d`, `set` an instant.
    ///
    /// # Errors
    /// `bad_clock` for neither or both, or what is no duration or instant.
    pub fn read(caller: &Caller, advance: Option<&str>, set: Option<&str>) -> Result<Self> {
        let bad = |detail| AppError::invalid("bad_clock", detail);
        // what is no time may be of any length
        let shown = |text: &str| text.chars().take(64).collect::<String>();
        match (advance, set) {
            (Some(text), None) => duration(text).map(Self::By).ok_or_else(|| {
                bad(words!(
                    "advance {text:?} is not understood; write a whole number and d, h, m or s, as in 3d",
                    "advance {text:?} 无法识别；请写整数加 d、h、m 或 s，如 3d",
                    text = shown(text)
                ))
            }),
            (None, Some(text)) => time::parse_instant(text, caller.room.terms.time_zone)
                .map(Self::To)
                .ok_or_else(|| {
                    bad(words!(
                        "set {text:?} is not an instant; write it like 2026-03-01T09:00:00+08:00 or 2026-03-01",
                        "set {text:?} 不是时刻；请写成 2026-03-01T09:00:00+08:00 或 2026-03-01",
                        text = shown(text)
                    ))
                }),
            _ => Err(bad(words!(
                "send either advance or set",
                "请在 advance 和 set 中只给出一个"
            ))),
        }
    }
}

fn duration(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    let millis: i64 = match unit {
        'd' => 86_400_000,
        'h' => 3_600_000,
        'm' => 60_000,
        's' => 1_000,
        _ => return None,
    };
    count.checked_mul(millis).filter(|by| *by > 0)
}

impl App {
    /// Moves the business clock on. Nobody else takes jobs meanwhile.
    ///
    /// # Errors
    /// `clock_not_manual`; `bad_clock` for a move back or beyond ten years; `shutting_down` and failures of the database, after which the
    /// clock stands where it had come to.
    pub async fn move_clock(&self, caller: &Caller, by: ClockMove) -> Result<ClockMoved> {
        let moved = self.travel(by).await?;
        let detail = serde_json::json!({"from": time::instant_text(moved.from), "to": time::instant_text(moved.to)});
        self.audit().note_look(caller, "clock.move", "clock", &detail).await?;
        Ok(moved)
    }

    pub(super) async fn travel(&self, by: ClockMove) -> Result<ClockMoved> {
        let _turn = self.turn.lock().await;
        let from = self.clock.now();
        if !self.clock.set(from) {
            return Err(AppError::conflict(
                "clock_not_manual",
                words!(
                    "this server's clock is not moved by hand; start it with serve --clock manual:INSTANT",
                    "本服务器的时钟不能手动拨动；请用 serve --clock manual:时刻 启动"
                ),
            ));
        }
        let to = match by {
            ClockMove::By(millis) => from.saturating_add(millis),
            ClockMove::To(to) => to,
        };
        if !(from..=from.saturating_add(FURTHEST)).contains(&to) {
            return Err(AppError::invalid(
                "bad_clock",
                words!(
                    "the clock stands at {now}; it only moves forward, by at most ten years at a time",
                    "时钟现为 {now}；只能往前拨，不能回拨，一次最多十年",
                    now = time::instant_text(from)
                ),
            ));
        }
        let mut jobs = 0;
        loop {
            jobs += self.run_all_due().await?;
            if self.ending.is_cancelled() {
                return Err(AppError::Busy(Rejection::new(
                    "shutting_down",
                    words!(
                        "the server is stopping; the clock stands at {now}",
                        "服务器正在停止；时钟停在 {now}",
                        now = time::instant_text(self.clock.now())
                    ),
                )));
            }
            let mut tx = self.store.read(Access::Jobs).await?;
            let next = store::next_due(
                &mut tx,
                Lane::Timers,
                JobClock::Business,
                self.machine.now(),
                store::LeftOut::default(),
            )
            .await?;
            drop(tx);
            match next.filter(|due| *due <= to) {
                // it was scheduled this moment, or whoever schedules it again has locked it
                Some(due) if due <= self.clock.now() => tokio::time::sleep(SHORTEST_SLEEP).await,
                Some(due) => {
                    self.clock.set(due);
                }
                None => break,
            }
        }
        self.clock.set(to);
        Ok(ClockMoved { from, to, jobs })
    }

    async fn run_all_due(&self) -> Result<u64> {
        let mut jobs = 0;
        loop {
            match self.run_timers().await? {
                0 => return Ok(jobs),
                ran => jobs += ran,
            }
            if self.ending.is_cancelled() {
                return Ok(jobs);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("3d"), Some(259_200_000));
        assert_eq!(duration("90m"), Some(5_400_000));
        for bad in ["", "d", "3", "-1d", "0h", "3 d", "1.5h", "三天", "99999999999999d"] {
            assert_eq!(duration(bad), None, "{bad:?}");
        }
    }
}
