//! Segments: how many are in which, who, why and since when; what a rule would change, and putting it into force.

mod activation;
mod binding;
mod list;
mod members;
mod sample;
mod trial;
mod tried;

use crate::Desk;
use crate::fault::Answer;
use axum::Router;
use axum::routing::{get, post};
use posthouse_app::rules::PluginView;
use posthouse_app::team::Caller;
use posthouse_domain::Localized;
use serde::Deserialize;
use serde_json::Value;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/segments", get(list::list))
        .route("/segments/{name}", get(of_name))
        .route("/segments/{name}/sample", post(sample::draw))
        .route("/segments/{name}/undo", post(activation::undo))
        .route("/try-a-rule", get(trial::open).post(trial::preview))
        .route("/try-a-rule/activate", post(activation::activate))
        .route("/try-a-rule/{id}/moves", get(tried::moves))
}

/// The members of `binding.key`, or a binding with all its segments.
async fn of_name(
    desk: axum::extract::State<Desk>,
    staff: crate::door::Staff,
    bare: crate::door::Bare,
    axum::extract::Path(name): axum::extract::Path<String>,
    request: axum::extract::Request,
) -> Answer {
    use axum::extract::Query;
    let bad = |_| posthouse_web::Problem::not_found("segment");
    match name.split_once('.') {
        Some((binding, key)) => {
            let asked = Query::try_from_uri(request.uri()).map_err(bad)?;
            members::members(desk, staff, bare, (binding, key), asked).await
        }
        None => {
            let asked = Query::try_from_uri(request.uri()).map_err(bad)?;
            binding::binding(desk, staff, bare, &name, asked).await
        }
    }
}

/// A segment as its rule describes it.
#[derive(Debug, Clone, Deserialize)]
struct Described {
    key: String,
    title: Localized,
}

/// The segments of a plugin.
fn described(plugin: &PluginView) -> Vec<Described> {
    serde_json::from_value(plugin.segments.clone()).unwrap_or_default()
}

/// A text of a plugin in both languages.
fn localized(value: &Value) -> Localized {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

/// The plugins that sort customers, the newest first.
async fn sorting(desk: &Desk, caller: &Caller) -> posthouse_app::Result<Vec<PluginView>> {
    /// More than an agency keeps.
    const ALL: usize = 1_000;
    let (mut plugins, _) = desk.app().plugins().list(caller, None, ALL).await?;
    plugins.retain(|plugin| plugin.extension_point == posthouse_app::segments::SEGMENTATION);
    plugins.reverse();
    Ok(plugins)
}

/// The width of a bar, of 72, for a share of all.
fn bar(count: u64, all: u64) -> u64 {
    72 * count / all.max(1)
}
