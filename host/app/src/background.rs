//! Background work: jobs, news from other hosts.

use crate::App;
use crate::error::{Result, retrying};
use crate::jobs::Lane;
use posthouse_store::Access;
use posthouse_store::dialect::{self, Ear, News};
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;
use uuid::Uuid;

/// How often open rooms look for what other hosts committed, should the news of it be lost.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Jobs at once that wait for others on the network.
const DELIVERIES: u32 = 32;
/// Jobs at once that wait for those who failed lately, or have not answered yet.
const RETRIES: u32 = 8;

/// Jobs at once that go over many, which a few processors have enough of.
const WORK: u32 = 4;

/// How often the cache of compiled plugins is tidied.
const TIDY_EVERY: Duration = Duration::from_hours(24);

impl App {
    /// Starts background work; [`App::stop`] ends it.
    pub fn start(&self) {
        if let Some(folder) = &self.frames
            && let Err(error) = crate::facts::saved::clear(folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "what an earlier run left among saved frames is still there");
        }
        let app = self.clone();
        self.background.spawn(async move {
            if let Err(error) = retrying!(app.days().bring_back()) {
                tracing::error!(%error, "nights that were scheduled too late come at their time");
            }
            app.release_earlier_jobs().await;
            app.hold_clock().await;
            for (lane, width) in [
                (Lane::Deliveries, DELIVERIES),
                (Lane::Retries, RETRIES),
                (Lane::Imports, crate::intake::FILES),
                (Lane::Work, WORK),
            ] {
                app.background.spawn(app.clone().run_beside(lane, width));
            }
            app.run_jobs().await;
        });
        self.background.spawn(self.clone().keep_in_step());
        self.background.spawn(self.clone().warm_up());
        self.background.spawn(self.clone().follow_what_was_left());
        self.background.spawn(self.clone().hear_other_hosts());
        self.background.spawn(self.clone().tidy_cache());
        let app = self.clone();
        self.background.spawn(async move { app.upkeep().renew_words().await });
        self.background.spawn(self.clone().put_quiet_rooms_away());
    }

    /// Opens the rules in force, so that whoever asks for a quote does not wait for the compiler. Until then this host is not ready.
    pub(crate) async fn warm_up(self) {
        while let Err(error) = retrying!(self.open_what_is_in_force()) {
            tracing::warn!(%error, "the rules in force are not opened yet; trying again");
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
        self.warm.store(true, Ordering::Release);
    }

    async fn open_what_is_in_force(&self) -> Result<()> {
        let mut tx = self.store.read(Access::Jobs).await?;
        let in_force = posthouse_store::plugins::in_force(&mut tx).await?;
        drop(tx);
        let mut seen = HashSet::new();
        for (agency, digest) in in_force {
            if self.stopping.is_cancelled() {
                break;
            }
            if !seen.insert(digest.clone()) {
                continue;
            }
            // one that does not open is told of to whoever needs it
            self.plugins().open_all(agency, [digest].into()).await?;
        }
        Ok(())
    }

    /// Deletes compiled plugins that nobody uses any more, at the start and once a day.
    async fn tidy_cache(self) {
        while !self.stopping.is_cancelled() {
            let (engine, now) = (self.engine.clone(), self.machine.now());
            match tokio::task::spawn_blocking(move || engine.tidy_cache(now)).await {
                Ok(Ok(0)) => {}
                Ok(Ok(files)) => tracing::info!(files, "deleted compiled plugins that nobody uses any more"),
                Ok(Err(error)) => tracing::warn!(%error, "the cache of compiled plugins cannot be tidied"),
                Err(error) => tracing::error!(%error, "the cache of compiled plugins is not tidied"),
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep(TIDY_EVERY) => {}
            }
        }
    }

    /// Lets segments follow what a server that stopped left unclassified.
    async fn follow_what_was_left(self) {
        let behind = match self.left_behind().await {
            Ok(behind) => behind,
            Err(error) => {
                tracing::error!(%error, "segments that were left behind follow at the next event");
                return;
            }
        };
        for agency in behind {
            // one agency's trouble must not keep the others behind
            match self.room(agency).await {
                Ok(room) => room.woken.notify_one(),
                Err(error) => {
                    tracing::error!(%error, %agency, "segments that were left behind follow at the next event");
                }
            }
        }
    }

    /// Agencies whose rules have not been asked about everything that was committed.
    async fn left_behind(&self) -> Result<Vec<Uuid>> {
        let mut tx = self.store.read(Access::Jobs).await?;
        Ok(posthouse_store::segments::behind(&mut tx).await?)
    }

    /// Wakes the rooms whose agency another host wrote for. News can be lost with a connection, or never come; so all rooms look for
    /// themselves now and then.
    pub(crate) async fn hear_other_hosts(self) {
        if dialect::is_embedded(&self.store) {
            return;
        }
        let listening = async {
            let mut ear = self.in_step.take_ear();
            loop {
                if let Err(error) = self.hear_until_lost(ear.take()).await {
                    tracing::warn!(%error, "not hearing other hosts; connecting again");
                } else {
                    tracing::warn!("not hearing other hosts: the connection is lost; connecting again");
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let looking = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                self.wake_rooms(None);
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => {}
            () = listening => {}
            () = looking => {}
        }
    }

    /// Hears other hosts as long as the connection lasts, this one or a new one.
    async fn hear_until_lost(&self, ear: Option<Ear>) -> Result<()> {
        let ear = match ear {
            None => dialect::listen(&self.store, self.in_step.kind()).await?,
            ear => ear,
        };
        let Some(mut ear) = ear else { return Ok(()) };
        // whatever was committed before was not heard
        self.wake_rooms(None);
        while let Some(news) = ear.hear().await? {
            match news {
                News::Committed(agency) => self.wake_rooms(Some(agency)),
                News::LetIn(agency, digest) => {
                    let app = self.clone();
                    self.background.spawn(app.open_what_came(agency, digest));
                }
            }
        }
        Ok(())
    }

    /// Opens a plugin that was let in wherever it was uploaded, so that nobody waits for the compiler when it comes into force.
    async fn open_what_came(self, agency: Uuid, digest: String) {
        // one that does not open is told of to whoever needs it
        if let Err(error) = retrying!(self.plugins().open_all(agency, [digest.clone()].into())) {
            tracing::warn!(%error, %agency, digest, "a plugin that another host let in is opened when it is needed");
        }
    }

    /// Lets the room of this agency, or every open room, look for what was committed. A room is opened for it: the host that committed may be
    /// gone by now.
    fn wake_rooms(&self, agency: Option<Uuid>) {
        let mut found = false;
        for room in self.open_rooms() {
            if agency.is_none_or(|agency| room.id == agency) {
                room.woken.notify_one();
                found = true;
            }
        }
        if let (Some(agency), false) = (agency, found) {
            let app = self.clone();
            self.background.spawn(async move {
                match app.room(agency).await {
                    Ok(room) => room.woken.notify_one(),
                    Err(error) => {
                        tracing::warn!(%error, %agency, "what another host committed is followed at the next event")
                    }
                }
            });
        }
    }
}
