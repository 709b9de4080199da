//! Rooms that nobody uses are put away: an agency at work takes memory for its frame and memberships, and most agencies of a large
//! installation are quiet most of the time. The frame is saved before, so that the room comes back quickly.

use super::Room;
use crate::App;
use crate::error::Result;
use posthouse_domain::Instant;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long nobody has asked for a room that is put away, in ms.
const QUIET: i64 = 15 * 60_000;
/// Rooms that are open at most, but for those at work. Beyond it even those are put away that were used [`JUST_USED`] ago: a night opens
/// one agency after the other.
const MOST_OPEN: usize = 1_000;
/// Whoever used a room this lately, in ms, is likely to come again.
const JUST_USED: i64 = 5_000;
/// How often it is looked for rooms to put away.
const EVERY: Duration = Duration::from_secs(5);

impl App {
    /// Puts rooms away that nobody uses, until the server stops.
    pub(crate) async fn put_quiet_rooms_away(self) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let open = self.put_away(self.machine.now(), MOST_OPEN).await;
            metrics::gauge!("posthouse_open_agencies").set(open as f64);
        }
    }

    /// Puts rooms away that nobody has used for a while, and the longest unused ones of more than `most`. Returns how many are open.
    pub(crate) async fn put_away(&self, now: Instant, most: usize) -> usize {
        let mut rooms = self.open_rooms();
        rooms.sort_unstable_by_key(|room| room.used_at());
        let mut beyond = rooms.len().saturating_sub(most);
        for room in rooms {
            let unused = now - room.used_at();
            if unused < if beyond > 0 { JUST_USED } else { QUIET } {
                break;
            }
            match self.put_one_away(room).await {
                Ok(away) => beyond = beyond.saturating_sub(usize::from(away)),
                Err(error) => tracing::warn!(%error, "an agency that nobody uses stays open"),
            }
        }
        self.open_rooms().len()
    }

    /// Puts a room away if nobody is at work in it; whether that was so.
    async fn put_one_away(&self, room: Arc<Room>) -> Result<bool> {
        // whoever is at the desk is at work
        let Ok(mut desk) = room.desk.try_lock() else {
            return Ok(false);
        };
        let used = room.used_at();
        self.segments().save_frame(&room, &mut desk).await?;
        drop(desk);
        let (following, logging) = (room.woken.clone(), room.logbook.woken.clone());
        {
            let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
            // the map's and this one: nobody else has it, and while the map is locked nobody comes to have it
            let unused = Arc::strong_count(&room) == 2 && room.used_at() == used && room.is_idle();
            if !unused {
                return Ok(false);
            }
            rooms.remove(&room.id);
        }
        tracing::debug!(agency = %room.slug, "nobody uses the agency: it is put away");
        drop(room);
        // whoever waits for news of the room finds that it is gone, and ends
        following.notify_one();
        logging.notify_one();
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use crate::App;
    use crate::testing::{self, NOW};
    use posthouse_domain::{Clock as _, Instant};
    use posthouse_store::Store;
    use serde_json::json;
    use std::time::Duration;

    /// Puts rooms away until so many are open: whoever follows what was just committed may still be at work in one.
    async fn put_away_until(app: &App, now: Instant, most: usize, open: usize) {
        for _ in 0..500 {
            if app.put_away(now, most).await == open {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} are open", app.open_rooms().len());
    }

    async fn a_quiet_agency_is_put_away_and_comes_back(store: Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut app, clocks) = testing::host(&store, NOW);
        app.frames = Some(folder.path().to_owned());
        let (caller, customer) = testing::agency_with_a_trip(&app, "quiet").await;
        let agency = caller.room.id;
        let before = app.profiles().get(&caller, customer).await.expect("a customer");
        let key = caller.actor;
        assert_eq!(app.put_away(NOW, 10).await, 1, "it was just used");
        clocks.machine.set(NOW + super::QUIET);
        assert_eq!(app.put_away(NOW + super::QUIET, 10).await, 1, "somebody has it");
        drop(caller);
        let workers = app.background.len();
        put_away_until(&app, NOW + super::QUIET, 10, 0).await;
        // those who worked for it end
        for _ in 0..200 {
            if app.background.len() == workers - 3 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(app.background.len(), workers - 3);
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            1,
            "its frame is saved"
        );
        // and it comes back as it was
        let caller = testing::owner(&app, agency, key).await;
        let after = app.profiles().get(&caller, customer).await.expect("a customer");
        assert_eq!(after.facts, before.facts);
        let booked = json!({
            "source": "shop", "external_id": "2", "type": "booking.confirmed", "occurred_at": "2026-01-11T08:00:00Z",
            "customer": {"identities": [{"kind": "phone", "value": "13800138000"}]},
            "data": {"booking_id": "B2", "amount": 10_000},
        });
        assert_eq!(
            app.intake()
                .accept(&caller, &[booked])
                .await
                .expect("an answer")
                .accepted,
            1
        );
        let after = app.profiles().get(&caller, customer).await.expect("a customer");
        assert_eq!(after.facts["trips-total"], json!(2));
    }

    async fn the_longest_unused_go_first_where_many_are_open(store: Store) {
        let (app, clocks) = testing::host(&store, NOW);
        let mut agencies = Vec::new();
        for (n, slug) in ["a", "b", "c"].iter().enumerate() {
            clocks.machine.set(NOW + n as i64);
            let (caller, _) = testing::agency_with_a_trip(&app, slug).await;
            agencies.push(caller.room.id);
        }
        let later = NOW + super::JUST_USED;
        // the others were used too lately
        put_away_until(&app, later, 1, 2).await;
        assert_eq!(app.put_away(later, 1).await, 2);
        let open: Vec<_> = app.open_rooms().iter().map(|room| room.id).collect();
        assert!(!open.contains(&agencies[0]));
        put_away_until(&app, later + 10, 1, 1).await;
        assert_eq!(app.open_rooms()[0].id, agencies[2]);
    }

    testing::on_both_engines!(
        a_quiet_agency_is_put_away_and_comes_back,
        the_longest_unused_go_first_where_many_are_open,
    );
}
