//! Customer lifetime value: the models are fitted each night and on request; the fact `clv-24m` is worked out from the latest fit and
//! each customer's own booking days whenever the frame takes a row.
//!
//! A fit is a row of its own, and values are never stored: all hosts that know the fit work out the same values. A fit changes no
//! customer's change number, so rules that read the fact see new values at the next full run; the nightly one follows the nightly fit.

use crate::days::Of;
use crate::error::{AppError, Result, retrying};
use crate::facts::frame::Frame;
use crate::rules::{Moment, in_pool};
use crate::team::{Caller, Mask};
use crate::{Insights, Room};
use posthouse_domain::clv::bgnbd::BgNbd;
use posthouse_domain::clv::gamma_gamma::GammaGamma;
use posthouse_domain::clv::{self, Fit, Model, Purchases};
use posthouse_domain::{Day, Instant, Rejection, time, words};
use posthouse_store::{Access, Tx, clv as store, dialect, history};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Most customers that a fit is made from. Of more, every second, third … is taken: the parameters hardly change, the time does.
const MOST_FITTED: usize = 200_000;

/// The latest fit of an agency.
#[derive(Debug, Clone)]
pub struct ClvFit {
    /// Counts from 1.
    pub fit: i64,
    /// The day up to which the history was looked at.
    pub day: Day,
    /// Business time, in ms since 1970.
    pub at: Instant,
    /// Customers with a trip.
    pub customers: i64,
    /// Those of them who booked again.
    pub repeaters: i64,
    /// The models, or the code of the reason why there are none.
    pub found: std::result::Result<Fit, String>,
}

fn read(row: store::FitRow) -> Result<ClvFit> {
    let found = match row.unfit {
        Some(reason) => Err(reason),
        None => Ok(fit_of(&row).ok_or_else(|| AppError::Internal(format!("fit {} lacks a parameter", row.fit)))?),
    };
    Ok(ClvFit {
        fit: row.fit,
        day: row.day,
        at: row.at,
        customers: row.customers,
        repeaters: row.repeaters,
        found,
    })
}

fn fit_of(row: &store::FitRow) -> Option<Fit> {
    Some(Fit {
        model: Model {
            day: row.day,
            rate: BgNbd {
                r: row.r?,
                alpha: row.alpha?,
                a: row.a?,
                b: row.b?,
            },
            value: GammaGamma {
                p: row.p?,
                q: row.q?,
                gamma: row.gamma?,
            },
        },
        rate_log_likelihood: row.rate_log_likelihood?,
        value_log_likelihood: row.value_log_likelihood?,
    })
}

/// Those whom a fit is made from, and how many there are: customers with a trip, and those of them who booked again.
struct Population {
    sample: Vec<Purchases>,
    all: usize,
    repeaters: usize,
}

impl Population {
    fn of(frame: &Frame) -> Self {
        let known = frame.purchases();
        let everyone = || (0..frame.len()).filter_map(&known);
        let (mut all, mut repeaters) = (0usize, 0);
        for purchases in everyone() {
            all += 1;
            repeaters += usize::from(purchases.repeats > 0);
        }
        let step = all.div_ceil(MOST_FITTED).max(1);
        Self {
            sample: everyone().step_by(step).collect(),
            all,
            repeaters,
        }
    }
}

/// Fits the models to everyone.
fn fit(population: &Population, fit: i64, moment: Moment) -> store::FitRow {
    let Population { sample, all, repeaters } = population;
    let found = clv::fit(moment.today, sample);
    let model = found.as_ref().ok().map(|fit| fit.model);
    store::FitRow {
        fit,
        day: moment.today,
        at: moment.now,
        customers: *all as i64,
        repeaters: *repeaters as i64,
        unfit: found.as_ref().err().map(|reason| reason.as_str().to_owned()),
        r: model.map(|model| model.rate.r),
        alpha: model.map(|model| model.rate.alpha),
        a: model.map(|model| model.rate.a),
        b: model.map(|model| model.rate.b),
        rate_log_likelihood: found.as_ref().ok().map(|fit| fit.rate_log_likelihood),
        p: model.map(|model| model.value.p),
        q: model.map(|model| model.value.q),
        gamma: model.map(|model| model.value.gamma),
        value_log_likelihood: found.as_ref().ok().map(|fit| fit.value_log_likelihood),
    }
}

impl Insights<'_> {
    /// The latest fit; none before the first night.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn clv(&self, caller: &Caller) -> Result<Option<ClvFit>> {
        caller.must_see(&[Mask::Money])?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        store::latest(&mut tx, caller.room.id).await?.map(read).transpose()
    }

    /// Fits the models now, and returns what was found.
    ///
    /// # Errors
    /// `fit_overtaken` if another fit of this agency was quicker; failures of the database.
    pub async fn fit_clv(&self, caller: &Caller) -> Result<ClvFit> {
        self.app
            .audit()
            .note_look(caller, "insights.fit", "insights/clv", &serde_json::json!({}))
            .await?;
        let row = self.make_fit(&caller.room, None).await?.ok_or_else(|| {
            AppError::Busy(Rejection::new(
                "fit_overtaken",
                words!(
                    "another fit was kept meanwhile; read it with GET /api/v1/insights/clv",
                    "期间已保存了另一次拟合；请用 GET /api/v1/insights/clv 读取"
                ),
            ))
        })?;
        read(row)
    }

    /// Fits the models once a day, before the rules run for it.
    pub(crate) async fn fit_day(&self, room: &Arc<Room>) -> Result<()> {
        let today = self.app.segments().moment(room).today;
        if room.fitted_on.load(Ordering::Relaxed) == today {
            return Ok(());
        }
        if let Some(row) = self.make_fit(room, Some(today)).await? {
            tracing::info!(agency = %room.slug, customers = row.customers, unfit = row.unfit, "fitted customer lifetime values");
        }
        room.fitted_on.store(today, Ordering::Relaxed);
        Ok(())
    }

    /// Makes a fit and keeps it; nothing if another host did first, or `once_on` has one.
    async fn make_fit(&self, room: &Arc<Room>, once_on: Option<Day>) -> Result<Option<store::FitRow>> {
        let row = loop {
            // the desk is free again while the fit is made: events are followed meanwhile
            let (desk, moment) = self.app.days().desk(room, Of::Today).await?;
            drop(desk);
            let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
            let latest = store::latest(&mut tx, room.id).await?;
            // an agency's first night is the one after its first day: until then its files are still coming in
            let midnight = time::start_of_day(moment.today, room.terms.time_zone);
            let customers = history::customers_by(&mut tx, room.id, midnight - 1).await?;
            drop(tx);
            if once_on.is_some_and(|day| latest.as_ref().is_some_and(|row| row.day >= day) || customers == 0) {
                return Ok(None);
            }
            let number = latest.map_or(1, |row| row.fit + 1);
            let asked = room.clone();
            let found = in_pool(&self.app.engine, room.id, move || {
                let population = Population::of(&*asked.frame_of(moment.today)?);
                Some(fit(&population, number, moment))
            })
            .await?;
            // otherwise a day has passed meanwhile
            if let Some(row) = found {
                break row;
            }
        };
        let kept = retrying!(async {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            let kept = store::insert(&mut tx, room.id, &row).await?;
            dialect::notify(&mut tx, room.id).await?;
            tx.commit().await?;
            Ok::<_, AppError>(kept)
        })?;
        let mut desk = room.desk.lock().await;
        retrying!(self.app.segments().sync(room, &mut desk))?;
        Ok(kept.then_some(row))
    }

    /// Works out everyone's value anew if there is a fit that this host does not know.
    pub(crate) async fn sync_clv(&self, room: &Arc<Room>, tx: &mut Tx) -> Result<()> {
        if store::latest_number(tx, room.id).await? == room.frame().fit {
            return Ok(());
        }
        let Some(fit) = store::latest(tx, room.id).await?.map(read).transpose()? else {
            return Ok(());
        };
        let model = fit.found.ok().map(|fit| fit.model);
        // whoever holds the desk is the only one to change the frame
        let asked = room.clone();
        let worths = in_pool(&self.app.engine, room.id, move || {
            let frame = &*asked.frame();
            let known = frame.purchases();
            let worth = |row| model?.worth(&known(row)?);
            (0..frame.len()).into_par_iter().map(worth).collect::<Vec<_>>()
        })
        .await?;
        room.frame_mut().put_model(fit.fit, model, &worths);
        Ok(())
    }
}
