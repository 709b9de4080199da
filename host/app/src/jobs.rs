//! Background work: imports, the turn of the day, news from other hosts.

use crate::App;
use crate::error::Result;
use posthouse_store::{Access, dialect};
use std::time::Duration;
use uuid::Uuid;

/// How often open rooms look for what other hosts committed, should the news of it be lost.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often the cache of compiled plugins is tidied.
const TIDY_EVERY: Duration = Duration::from_hours(24);

impl App {
    /// Starts background work; [`App::stop`] ends it.
    pub fn start(&self) {
        self.tasks.spawn(self.clone().import_files());
        self.tasks.spawn(self.clone().keep_days());
        self.tasks.spawn(self.clone().keep_quotes());
        self.tasks.spawn(self.clone().hear_other_hosts());
        self.tasks.spawn(self.clone().tidy_cache());
        self.tasks.spawn(self.clone().renew_words());
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

    /// Runs every agency's rules again once its day has turned, and whatever a stopped server left unclassified.
    async fn keep_days(self) {
        while !self.stopping.is_cancelled() {
            if let Err(error) = self.turn_days().await {
                tracing::error!(%error, "the turn of the day is not done; trying again");
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// Frees what overdue quotes hold and follows what became of bookings, in every agency.
    async fn keep_quotes(self) {
        while !self.stopping.is_cancelled() {
            let more = self.look_at_quotes().await.unwrap_or_else(|error| {
                tracing::error!(%error, "quotes are not settled; trying again");
                false
            });
            if more {
                continue;
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// Whether there may be more to do.
    async fn look_at_quotes(&self) -> Result<bool> {
        let mut tx = self.store.read(Access::Jobs).await?;
        let agencies = posthouse_store::team::agencies(&mut tx).await?;
        drop(tx);
        let mut more = false;
        for agency in agencies {
            if self.stopping.is_cancelled() {
                return Ok(false);
            }
            let room = self.room(agency.id).await?;
            match self.settle_quotes(&room).await {
                Ok(left) => more |= left,
                Err(error) => {
                    tracing::error!(%error, agency = %room.slug, "quotes are not settled; trying again");
                }
            }
        }
        Ok(more)
    }

    async fn turn_days(&self) -> Result<()> {
        let mut tx = self.store.read(Access::Jobs).await?;
        let agencies = posthouse_store::team::agencies(&mut tx).await?;
        drop(tx);
        for agency in agencies {
            if self.stopping.is_cancelled() {
                return Ok(());
            }
            // one agency's trouble must not keep the others from their new day
            let room = self.room(agency.id).await?;
            if let Err(error) = self.fit_day(&room).await {
                tracing::error!(%error, agency = %room.slug, "customer lifetime values are not fitted; trying again");
            }
            if let Err(error) = self.turn_day(&room).await {
                tracing::error!(%error, agency = %room.slug, "the turn of the day is not done; trying again");
            }
            if let Err(error) = self.end_overdue(&room).await {
                tracing::error!(%error, agency = %room.slug, "campaigns that are over are not ended; trying again");
            }
        }
        Ok(())
    }

    /// Wakes the rooms whose agency another host wrote for. News can be lost with a connection, or never come; so all rooms look for
    /// themselves now and then.
    async fn hear_other_hosts(self) {
        if dialect::is_embedded(&self.store) {
            return;
        }
        let listening = async {
            loop {
                match dialect::listen(&self.store, |agency| self.wake_rooms(agency)).await {
                    Ok(()) => tracing::warn!("not hearing other hosts: the connection is lost; connecting again"),
                    Err(error) => tracing::warn!(%error, "not hearing other hosts; connecting again"),
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

    /// Lets the open room of this agency, or every open room, look for what was committed.
    fn wake_rooms(&self, agency: Option<Uuid>) {
        for room in self.open_rooms() {
            if agency.is_none_or(|agency| room.id == agency) {
                room.woken.notify_one();
            }
        }
    }
}
