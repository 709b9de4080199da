//! Background work: imports, the turn of the day, news from other hosts.

use crate::App;
use crate::error::Result;
use posthouse_store::{Access, dialect};
use std::time::Duration;

impl App {
    /// Starts background work; [`App::stop`] ends it.
    pub fn start(&self) {
        self.tasks.spawn(self.clone().import_files());
        self.tasks.spawn(self.clone().keep_days());
        self.tasks.spawn(self.clone().hear_other_hosts());
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
            if let Err(error) = self.turn_day(&room).await {
                tracing::error!(%error, agency = %room.slug, "the turn of the day is not done; trying again");
            }
        }
        Ok(())
    }

    /// Wakes the rooms whose agency another host wrote for.
    async fn hear_other_hosts(self) {
        while !self.stopping.is_cancelled() {
            let heard = dialect::listen(&self.store, |agency| {
                if let Some(room) = self.open_rooms().into_iter().find(|room| room.id == agency) {
                    room.woken.notify_one();
                }
            });
            tokio::select! {
                () = self.stopping.cancelled() => return,
                result = heard => if let Err(error) = result {
                    tracing::warn!(%error, "not hearing other hosts; connecting again");
                },
            }
            for room in self.open_rooms() {
                room.woken.notify_one();
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}
