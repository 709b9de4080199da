//! What an amendment is foreseen to change.

use crate::error::Result;
use crate::{App, Room};
use posthouse_domain::campaign::Plan;
use posthouse_store::campaigns::CampaignRow;
use serde_json::{Value, json};

impl App {
    /// What the rule `digest` with the settings `config` would have offered beside the one in force; shown to whoever decides.
    pub(super) async fn preview_amendment(
        &self,
        _room: &Room,
        _campaign: &CampaignRow,
        _plan: &Plan,
        _digest: &str,
        _config: &Value,
    ) -> Result<Value> {
        Ok(json!({}))
    }
}
