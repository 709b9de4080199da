//! What has to be ready before a campaign starts: staff trained, materials made.

use super::life::state_of;
use super::{find, find_locked};
use crate::error::{AppError, Result};
use crate::work::Workable;
use posthouse_domain::campaign::State;
use posthouse_domain::words;
use posthouse_store::{Tx, campaigns as store};
use std::collections::HashMap;
use uuid::Uuid;

/// Campaigns as things that have tasks.
pub(crate) struct Tasked;

impl Workable for Tasked {
    const KIND: &'static str = "campaign";
    const TASK_KINDS: &'static [&'static str] = &["training", "materials"];

    async fn find(tx: &mut Tx, agency: Uuid, name: &str) -> Result<Uuid> {
        Ok(find(tx, agency, name).await?.id)
    }

    /// Nothing has to be prepared for a campaign that is over.
    async fn hold(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
        let row = find_locked(tx, agency, &id.to_string()).await?;
        match state_of(&row)? {
            State::Ended | State::Evaluated => {
                let detail = words!(
                    "{key}: a campaign that is {state} cannot get further tasks",
                    "{key}：状态为 {state} 的活动无需再筹备",
                    key = row.key,
                    state = row.state
                );
                Err(AppError::conflict("wrong_state", detail))
            }
            _ => Ok(()),
        }
    }

    async fn names(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        Ok(store::names(tx, agency, ids).await?.into_iter().collect())
    }
}
