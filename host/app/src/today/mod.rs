//! What a day begins with: what waits for whoever looks, what happened, who departs and returns.

mod beginning;
mod happened;
mod needs;
mod trips;

pub use beginning::{Beginning, FirstStep};
pub use happened::{CampaignSpend, Happened, SegmentChange};
pub use needs::{Need, NeedKind};
pub use trips::{Travelling, TripToday};

use crate::Today;
use crate::error::Result;
use crate::team::Caller;
use posthouse_domain::{Day, Instant};
use posthouse_store::{Access, campaigns, profiles};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// How long the rail's numbers are shown before they are counted again, in ms of the machine's clock.
const RAIL_KEPT: i64 = 10_000;
/// Most people whose numbers are kept.
const RAILS: usize = 1_000;

/// What a day begins with.
#[derive(Debug, Clone)]
pub struct TodayView {
    /// The agency's day.
    pub day: Day,
    /// What waits for whoever asks, what is due first first.
    pub needs: Vec<Need>,
    /// How many more of a kind there are than are listed, up to a hundred.
    pub more: Vec<(NeedKind, u64)>,
    /// What happened lately.
    pub happened: Happened,
    /// Whose trip begins today.
    pub departs: Travelling,
    /// Whose trip ends today.
    pub returns: Travelling,
}

/// The numbers beside the rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rail {
    /// Customers whom who asks sees.
    pub customers: u64,
    /// Campaigns that run.
    pub campaigns_running: u64,
    /// What waits for whoever asks.
    pub waiting: u64,
}

/// What a room keeps of these for moments.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    rails: Mutex<HashMap<Uuid, (Instant, Rail)>>,
    lately: Mutex<Option<happened::Lately>>,
}

impl Today<'_> {
    /// What a day begins with. What the caller may not look at elsewhere is left out.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn of(&self, caller: &Caller) -> Result<TodayView> {
        self.app.segments().ensure_loaded(&caller.room).await?;
        let moment = self.app.segments().moment(&caller.room);
        let (needs, more) = self.needs(caller, moment).await?;
        self.keep_rail(caller, waiting(&needs, &more)).await?;
        Ok(TodayView {
            day: moment.today,
            needs,
            more,
            happened: self.happened(caller, moment).await?,
            departs: self.travelling(caller, trips::Way::Out, moment.today).await?,
            returns: self.travelling(caller, trips::Way::Back, moment.today).await?,
        })
    }

    /// The numbers beside the rooms, at most ten seconds old. They are new after [`Today::of`].
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn rail(&self, caller: &Caller) -> Result<Rail> {
        let now = self.app.machine.now();
        let kept = self.rails(caller).get(&caller.actor).copied();
        if let Some((_, rail)) = kept.filter(|(at, _)| (0..RAIL_KEPT).contains(&(now - at))) {
            return Ok(rail);
        }
        let moment = self.app.segments().moment(&caller.room);
        let (needs, more) = self.needs(caller, moment).await?;
        self.keep_rail(caller, waiting(&needs, &more)).await
    }

    async fn keep_rail(&self, caller: &Caller, waiting: u64) -> Result<Rail> {
        let agency = caller.room.id;
        let visible = self.app.profiles().visible(caller).await?;
        let own = visible.ordinals().map(roaring::RoaringBitmap::len);
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let (_, customers) = profiles::counter(&mut tx, agency).await?;
        let customers = own.unwrap_or(customers as u64);
        let running = campaigns::count_running(&mut tx, agency).await?;
        drop(tx);
        let rail = Rail {
            customers,
            campaigns_running: running as u64,
            waiting,
        };
        let mut rails = self.rails(caller);
        if rails.len() >= RAILS {
            rails.clear();
        }
        rails.insert(caller.actor, (self.app.machine.now(), rail));
        Ok(rail)
    }

    fn rails<'c>(&self, caller: &'c Caller) -> std::sync::MutexGuard<'c, HashMap<Uuid, (Instant, Rail)>> {
        caller.room.today.rails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn waiting(needs: &[Need], more: &[(NeedKind, u64)]) -> u64 {
    needs.len() as u64 + more.iter().map(|(_, more)| more).sum::<u64>()
}
