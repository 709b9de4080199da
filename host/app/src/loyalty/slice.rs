//! Some bookings that have changed, with the members whose they are and what came of them so far.

use super::programme::Programme;
use super::sheet::Sheet;
use crate::rules::Moment;
use crate::{App, Room};
use posthouse_domain::Day;
use posthouse_store::loyalty::{OccasionRow, ReferralRow};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Bookings as members have them, and the occasions that came of them.
pub(super) struct Slice<'a> {
    pub(super) app: &'a App,
    pub(super) room: &'a Room,
    pub(super) programme: Programme,
    /// Names of the bindings whose rules are asked.
    pub(super) bindings: Vec<String>,
    pub(super) moment: Moment,
    pub(super) sheets: BTreeMap<Uuid, Sheet>,
    pub(super) occasions: HashMap<String, Vec<OccasionRow>>,
    /// The referrals by which these customers came.
    pub(super) brought: Vec<Brought>,
    /// Customers whose bookings are looked at again.
    pub(super) looks_again: Vec<Uuid>,
    pub(super) changed: Vec<OccasionRow>,
}

/// A referral of somebody whose bookings are followed, as it becomes.
pub(super) struct Brought {
    pub(super) row: ReferralRow,
    /// The occasions that came of it.
    pub(super) occasions: Vec<OccasionRow>,
    /// Days on which others whom the referrer brought had completed their first trips.
    pub(super) earlier: Vec<Day>,
    pub(super) is_changed: bool,
}
