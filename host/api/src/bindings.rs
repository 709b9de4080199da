//! Bindings: which rule is in force, since when, and how to go back.

use super::Front;
use super::aside::SetAside;
use super::calls::Calls;
use super::extract::{Auth, IfMatch, Json, OptionalJson, Path, Query, etag, if_match, plugin_digest};
use super::fixed;
use super::page::{At, BackwardsQuery, Page, page_of};
use super::points::{Change, known};
use super::preview::Diff;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use posthouse_app::rules::Activation;
use posthouse_app::rules::{BindingView, LogEntry, RevisionView};
use posthouse_app::team::Scope;
use posthouse_domain::words;
use posthouse_web::problem::{Answer, Problem};
use posthouse_web::reader::Said;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Rules], routes!(list))
        .open_to(&[Scope::Rules], routes!(read, activate, end))
        .open_to(&[Scope::Rules], routes!(history))
        .open_to(&[Scope::Rules], routes!(logs))
        .open_to(&[Scope::Rules], routes!(rollback))
        .open_to(&[Scope::Rules], routes!(ask_again))
}

/// A rule to be put into force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"digest": "9f2b6c…", "config": {}}))]
pub(crate) struct NewBinding {
    /// The plugin.
    digest: String,
    /// Its settings; `{}` takes the plugin's defaults.
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    /// `active`, or left out. `shadow` and `canary` come with a later version.
    #[schema(value_type = Option<fixed::BindingMode>)]
    mode: Option<String>,
    /// Comes with `canary`.
    #[schema(minimum = 0, maximum = 100)]
    canary_percent: Option<u8>,
    /// Facts granted to the binding beyond those granted before. The first activation grants what the plugin declares. Facts that say who
    /// customers are or what they spend (`sensitivity` is `personal`) take a key with the scope `grants`: 403 `grant_not_allowed`.
    grant: Option<Vec<String>>,
}

/// What to go back to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": 1}))]
pub(crate) struct Rollback {
    /// The revision. Left out, it is the one before the present, or the one before that which the present brought back.
    to: Option<i64>,
}

/// A binding as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Binding {
    /// What it decides.
    #[schema(value_type = fixed::ExtensionPoint)]
    extension_point: String,
    /// The agency's name for it.
    #[schema(example = "rfm")]
    name: String,
    /// Number of the revision in force, as in `ETag`.
    revision: i64,
    /// `active`.
    #[schema(value_type = fixed::BindingMode)]
    mode: &'static str,
    /// The plugin in force.
    digest: String,
    /// Its settings.
    #[schema(value_type = Object)]
    config: Value,
    /// SHA-256 of the settings as canonical JSON.
    config_digest: String,
    /// When it came into force.
    activated_at: At,
    /// Facts the agency has granted to it.
    granted: Vec<String>,
    /// Since when the rule fails: old memberships stand, a campaign offers nothing.
    stale_since: Option<At>,
    /// How it fails; without what the rule itself says of that for a key without the scope `read`.
    stale_reason: Option<Said>,
    /// Whether it is not asked for a while: its campaign offers nothing.
    set_aside: Option<SetAside>,
    /// When it ended. It decides nothing since; `digest` and `config` are of the rule that stood before.
    ended_at: Option<At>,
    /// Why a host could not open its plugin when it last tried: it decides nothing.
    not_opened: Option<Said>,
    /// What the activation moved; only in the answer to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    diff: Option<Diff>,
}

impl From<BindingView> for Binding {
    fn from(view: BindingView) -> Self {
        Self {
            extension_point: view.extension_point,
            name: view.name,
            revision: view.revision,
            mode: view.mode,
            digest: view.digest,
            config: view.config,
            config_digest: view.config_digest,
            activated_at: view.activated_at.into(),
            granted: view.granted,
            stale_since: view.stale_since.map(At),
            stale_reason: view.stale_reason.map(Said),
            set_aside: view.set_aside.map(SetAside::from),
            ended_at: view.ended_at.map(At),
            not_opened: view.not_opened.map(Said),
            diff: view.diff.map(Diff::from),
        }
    }
}

/// One revision of a binding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Revision {
    /// Counts from 1.
    revision: i64,
    /// The plugin.
    digest: String,
    /// Its settings.
    #[schema(value_type = Object)]
    config: Value,
    /// SHA-256 of the settings as canonical JSON.
    config_digest: String,
    /// The revision a rollback brought back.
    restores: Option<i64>,
    /// `activation`, `rollback`, `ending`: no rule came into its place, or `breaker`: the host went back by itself because the rule kept failing.
    #[schema(value_type = fixed::RevisionCause)]
    cause: String,
    /// How the rule failed, if the host went back by itself.
    note: Option<Said>,
    /// The key that asked for it; null if the host did it by itself.
    activated_by: Option<Uuid>,
    /// When it came into force.
    activated_at: At,
    /// What it moved.
    diff: Diff,
}

impl From<RevisionView> for Revision {
    fn from(view: RevisionView) -> Self {
        Self {
            revision: view.revision,
            digest: view.digest,
            config: view.config,
            config_digest: view.config_digest,
            restores: view.restores,
            cause: view.cause,
            note: view.note.map(Said),
            activated_by: view.activated_by,
            activated_at: view.activated_at.into(),
            diff: view.diff.into(),
        }
    }
}

/// A line of a binding's log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogLine {
    /// Business time of the run, or of the look at those who changed.
    at: At,
    /// `debug`, `info`, `warn` or `error` as the plugin says, or in the host's words `fault`: how a call ended, and `about`: whose facts
    /// or which basket brought that about.
    #[schema(value_type = fixed::LogLevel, example = "info")]
    level: String,
    /// The text; the host's own in the language of `Accept-Language`.
    message: Said,
    /// `activation`, `rollback`, `breaker`, `request` or `midnight`, as of a run; `change`: a customer's facts changed; `decision`: a
    /// single case.
    #[schema(value_type = fixed::LogCause, example = "change")]
    cause: String,
    /// The plugin that wrote it.
    digest: String,
}

impl From<LogEntry> for LogLine {
    fn from(entry: LogEntry) -> Self {
        Self {
            at: entry.at.into(),
            level: entry.level,
            message: entry.message.into(),
            cause: entry.cause,
            digest: entry.digest,
        }
    }
}

/// Which bindings to list. They are always listed whole, so whoever asks for pages gets the only one.
#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// Those that have ended, instead of those that decide.
    #[serde(default)]
    ended: bool,
}

/// Every binding of the agency that decides, or those that have ended.
#[utoipa::path(get, path = "/bindings", tag = "bindings", operation_id = "listBindings", params(Which),
    responses((status = 200, description = "All of them; `next` is always null.", body = Page<Binding>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(which): Query<Which>,
) -> Answer<axum::Json<Page<Binding>>> {
    let bindings = front.app().bindings();
    let views = match which.ended {
        true => bindings.ended(&caller).await?,
        false => bindings.list(&caller).await?,
    };
    Ok(axum::Json(Page::whole(views)))
}

/// One binding.
#[utoipa::path(get, path = "/bindings/{extension_point}/{name}", tag = "bindings", operation_id = "getBinding",
    params(("extension_point" = fixed::ExtensionPoint, Path, description = "What is decided."), ("name" = String, Path, description = "The agency's name for it.")),
    responses((status = 200, description = "The binding.", body = Binding)))]
async fn read(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((point, name)): Path<(String, String)>,
) -> Answer<impl IntoResponse> {
    let view = front
        .app()
        .bindings()
        .get(&caller, known(&point)?.name(), &name)
        .await?;
    Ok((etag(view.revision), axum::Json(Binding::from(view))))
}

/// Put a rule into force.
///
/// When this answers, everyone is in the segment the new rule gives; before, everyone was where the old one put them. No preview is
/// demanded beforehand.
///
/// The rule of a campaign (`promotion`) is put into force by starting the campaign and by amendments: 409 `amendment_needed`.
#[utoipa::path(put, path = "/bindings/{extension_point}/{name}", tag = "bindings", operation_id = "activateBinding", request_body = NewBinding,
    params(("extension_point" = fixed::ExtensionPoint, Path, description = "What is decided."), ("name" = String, Path, description = "Lower-case letters, digits and hyphens; a new name makes a new binding."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the revision that is to be replaced; 412 `revision_changed` if it is another by now."),
        ("If-None-Match" = Option<String>, Header, description = "`*` makes a new binding only.")),
    responses((status = 200, description = "The binding with its new revision and what it moved.", body = Binding)))]
async fn activate(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((point, name)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<NewBinding>,
) -> Answer<impl IntoResponse> {
    let of_point = known(&point)?.name();
    let point = known(&point)?.by_itself(&name)?;
    let mode = body.mode.as_deref().unwrap_or("active");
    if mode != "active" || body.canary_percent.is_some() {
        let known = if ["active", "shadow", "canary"].contains(&mode) {
            words!("is not available", "尚不可用")
        } else {
            words!("is not known", "无法识别")
        };
        let detail = words!(
            "mode {mode:?} {known}; only active is, shadow and canary come with a later version: leave mode and canary_percent out",
            "模式 {mode:?} {known}；目前只有 active，shadow 和 canary 将在后续版本提供：请不填 mode 和 canary_percent"
        );
        return Err(Problem::unprocessable("mode_not_available", detail));
    }
    let new_only = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == b"*");
    let asked = if_match(&headers)?;
    let expected = match (new_only, asked) {
        (true, _) => Some(0),
        (false, IfMatch::Any) => {
            let bound = front.app().bindings().list(&caller).await?;
            let is_there = bound
                .iter()
                .any(|bound| (&*bound.extension_point, &*bound.name) == (of_point, &*name));
            asked.of(is_there, "revision_changed")?
        }
        (false, _) => asked.version(),
    };
    let activation = Activation {
        digest: plugin_digest(&body.digest)?,
        config: Value::Object(body.config),
        grant: body.grant,
    };
    let change = Change {
        app: front.app(),
        caller: &caller,
        name: &name,
        expected,
    };
    let view = point.activate(change, activation).await?;
    Ok((etag(view.revision), axum::Json(Binding::from(view))))
}

/// End a binding.
///
/// Everyone leaves its segments, and its rule is not asked any more. History, past members and decisions stay, and `POST …/rollback` puts the
/// rule back into force. One that has ended stays as it is. While a campaign in force goes by its segments it stays: 409 `binding_in_use`. The rule of a
/// campaign ends with the campaign: 409 `amendment_needed`.
#[utoipa::path(delete, path = "/bindings/{extension_point}/{name}", tag = "bindings", operation_id = "endBinding",
    params(("extension_point" = fixed::ExtensionPoint, Path, description = "What is decided."), ("name" = String, Path, description = "The agency's name for it."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the revision that is to end; 412 `revision_changed` if it is another by now.")),
    responses((status = 200, description = "The binding with the revision that ended it, and whom that moved.", body = Binding)))]
async fn end(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((point, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer<impl IntoResponse> {
    let point = known(&point)?.by_itself(&name)?;
    let change = Change {
        app: front.app(),
        caller: &caller,
        name: &name,
        expected: if_match(&headers)?.version(),
    };
    let view = point.end(change).await?;
    Ok((etag(view.revision), axum::Json(Binding::from(view))))
}

/// Every revision of a binding, the newest first.
#[utoipa::path(get, path = "/bindings/{extension_point}/{name}/history", tag = "bindings", operation_id = "listRevisions",
    params(("extension_point" = fixed::ExtensionPoint, Path, description = "What is decided."), ("name" = String, Path, description = "The agency's name for it."), BackwardsQuery),
    responses((status = 200, description = "A page of revisions.", body = Page<Revision>)))]
async fn history(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((point, name)): Path<(String, String)>,
    Query(query): Query<BackwardsQuery>,
) -> Answer<axum::Json<Page<Revision>>> {
    let point = known(&point)?.name();
    let (limit, before) = query.page(&front)?;
    let items = front
        .app()
        .bindings()
        .history(&caller, point, &name, before, limit as i64 + 1)
        .await?;
    Ok(axum::Json(page_of(items, limit, |item| item.revision)))
}

/// What a binding's rules wrote lately, the newest first.
///
/// The last 1,000 lines are kept, and of one run the first 100. They are written in the background, a moment after the run. Lines `about`
/// a customer, and what a rule wrote or said itself, are shown to keys with the scope `read` only; others see how many lines there are, when and
/// of which level.
#[utoipa::path(get, path = "/bindings/{extension_point}/{name}/logs", tag = "bindings", operation_id = "listLogLines",
    params(("extension_point" = fixed::ExtensionPoint, Path, description = "What is decided."), ("name" = String, Path, description = "The agency's name for it."), BackwardsQuery),
    responses((status = 200, description = "A page of lines.", body = Page<LogLine>)))]
async fn logs(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((point, name)): Path<(String, String)>,
    Query(query): Query<BackwardsQuery>,
) -> Answer<axum::Json<Page<LogLine>>> {
    let point = known(&point)?.name();
    let (limit, before) = query.page(&front)?;
    let items = front
        .app()
        .bindings()
        .log(&caller, point, &name, before, limit as i64 + 1)
        .await?;
    Ok(axum::Json(page_of(items, limit, |item| item.line)))
}

/// Activate an earlier revision again.
///
/// It becomes a new revision that says what it restores. Without a body it goes back by one, and each further time by one
/// more: from what an earlier rollback brought back to what stood before that.
#[utoipa::path(post, path = "/bindings/{extension_point}/{name}/rollback", tag = "bindings", operation_id = "rollbackBinding", request_body = Option<Rollback>,
    params(("extension_point" = fixed::ExtensionPoint, Path, description = "What is decided."), ("name" = String, Path, description = "The agency's name for it."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the revision in force.")),
    responses((status = 200, description = "The binding with its new revision and what it moved.", body = Binding)))]
async fn rollback(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((point, name)): Path<(String, String)>,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<Rollback>,
) -> Answer<impl IntoResponse> {
    let point = known(&point)?;
    let change = Change {
        app: front.app(),
        caller: &caller,
        name: &name,
        expected: if_match(&headers)?.version(),
    };
    let view = point.roll_back(change, body.to).await?;
    Ok((etag(view.revision), axum::Json(Binding::from(view))))
}

/// Ask a rule again that was set aside.
///
/// The rule of a campaign that keeps failing or costing, without an older revision to go back to, is not asked until `set_aside.until`. This has it asked
/// at once, as if nothing had been counted against it. A rule that was not set aside stays as it is.
#[utoipa::path(post, path = "/bindings/{extension_point}/{name}/ask-again", tag = "bindings", operation_id = "askBindingAgain",
    params(("extension_point" = fixed::ExtensionPoint, Path, description = "What is decided."), ("name" = String, Path, description = "The agency's name for it.")),
    responses((status = 200, description = "The binding.", body = Binding)))]
async fn ask_again(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((point, name)): Path<(String, String)>,
) -> Answer<impl IntoResponse> {
    let point = known(&point)?.name();
    let view = front.app().bindings().ask_again(&caller, point, &name).await?;
    Ok((etag(view.revision), axum::Json(Binding::from(view))))
}
