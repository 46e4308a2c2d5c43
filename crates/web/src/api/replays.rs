//! Replays: what happened in a stretch of time, sent to one endpoint again.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use socialhook_core::id::{ChannelId, EndpointId, ReplayId};
use socialhook_store::replays::{self as stored, Replay as Stored};
use utoipa::{IntoParams, ToSchema};

use super::events::limit;
use super::gate::Caller;
use super::problem::{Problem, Problems};
use super::{Page, ROOT};
use crate::error::Error;
use crate::extract::{Asked, Body, Path};
use crate::replays::form::{self, ReplayForm};
use crate::state::App;

#[derive(Debug, Serialize, ToSchema)]
pub struct Replay {
    #[schema(value_type = String)]
    id: ReplayId,
    #[schema(value_type = String)]
    endpoint_id: EndpointId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// `undelivered` or `all`.
    which: &'static str,
    #[schema(value_type = Option<String>)]
    channel_id: Option<ChannelId>,
    event: Option<String>,
    /// `under_way`, `finished` or `cancelled`.
    state: &'static str,
    /// Events that were looked at so far, and those of them that were sent again.
    looked_at: i64,
    resent: i64,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Stored> for Replay {
    fn from(replay: Stored) -> Self {
        let state = match (replay.finished_at, replay.cancelled_at) {
            (Some(_), _) => "finished",
            (_, Some(_)) => "cancelled",
            _ => "under_way",
        };
        Self {
            id: replay.replay_id,
            endpoint_id: replay.chosen.endpoint_id,
            from: replay.chosen.from,
            to: replay.chosen.to,
            which: replay.chosen.which.as_str(),
            channel_id: replay.chosen.channel_id,
            event: replay.chosen.event,
            state,
            looked_at: replay.looked_at,
            resent: replay.opened,
            created_at: replay.created_at,
            ended_at: replay.finished_at.or(replay.cancelled_at),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReplay {
    /// An endpoint's id, or its name.
    #[schema(min_length = 1, max_length = 100)]
    endpoint: String,
    /// RFC 3339; what happened at this time or later.
    #[schema(format = DateTime, example = "2026-11-02T12:00:00Z")]
    from: String,
    /// RFC 3339; what happened before this time. Left out: until now.
    #[schema(format = DateTime)]
    to: Option<String>,
    /// `undelivered` (left out: this) or `all`.
    #[schema(pattern = "^(undelivered|all)$")]
    which: Option<String>,
    /// A channel's id.
    #[schema(pattern = "^chn_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    channel: Option<String>,
    /// An event word, or a beginning such as `message.*`.
    #[schema(pattern = r"^(\*|[a-z_]+(\.[a-z_]+)*(\.\*)?)$", max_length = 64)]
    event: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    #[param(value_type = Option<String>, pattern = "^rep_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    cursor: Option<ReplayId>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
}

/// Replays, newest first
#[utoipa::path(get, path = "/api/v1/replays", tag = "Replays", security(("key" = [])), params(Wanted),
    responses((status = 200, body = Page<Replay>), Problems))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Replay>>, Problem> {
    let limit = limit(wanted.limit)?;
    let mut c = app.tenant(caller.tenant_id).await?;
    let mut replays = stored::list_before(&mut c, caller.tenant_id, wanted.cursor, i64::from(limit) + 1).await?;
    drop(c);
    let has_more = replays.len() > usize::from(limit);
    replays.truncate(limit.into());
    let next_cursor = replays.last().filter(|_| has_more).map(|last| last.replay_id.to_string());
    Ok(Json(Page { data: replays.into_iter().map(Replay::from).collect(), next_cursor }))
}

/// Start a replay
#[utoipa::path(post, path = "/api/v1/replays", tag = "Replays", security(("key" = [])), request_body = NewReplay,
    responses((status = 201, body = Replay), Problems))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewReplay>) -> Result<Response, Problem> {
    let form = ReplayForm {
        endpoint: new.endpoint,
        from: new.from,
        to: new.to.unwrap_or_default(),
        which: new.which.unwrap_or_default(),
        channel: new.channel.unwrap_or_default(),
        event: new.event.unwrap_or_default(),
    };
    let now = app.clock.now();
    let checked = form::check(&app, (caller.tenant_id, now.with_timezone(&Tz::UTC)), form).await?;
    let chosen = checked.map_err(|asked| Problem::wrong(asked.complaints()))?.chosen;
    let mut c = app.tenant(caller.tenant_id).await?;
    let replay_id = stored::create(&mut c, caller.tenant_id, &chosen, None, now).await?;
    let replay = stored::find(&mut c, caller.tenant_id, replay_id).await?.ok_or(Error::NotFound)?;
    drop(c);
    app.relay.wake();
    let place = [(header::LOCATION, format!("{ROOT}/replays/{replay_id}"))];
    Ok((StatusCode::CREATED, place, Json(Replay::from(replay))).into_response())
}

/// One replay
#[utoipa::path(get, path = "/api/v1/replays/{replay_id}", tag = "Replays", security(("key" = [])),
    params(("replay_id" = String, Path)), responses((status = 200, body = Replay), Problems))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(replay_id): Path<ReplayId>,
) -> Result<Json<Replay>, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    let replay = stored::find(&mut c, caller.tenant_id, replay_id).await?.ok_or(Error::NotFound)?;
    Ok(Json(replay.into()))
}

/// Cancel a replay
///
/// What was handed to the endpoint by then is still sent.
#[utoipa::path(post, path = "/api/v1/replays/{replay_id}/cancel", tag = "Replays", security(("key" = [])),
    params(("replay_id" = String, Path)), responses((status = 200, body = Replay), Problems))]
pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(replay_id): Path<ReplayId>,
) -> Result<Json<Replay>, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    stored::find(&mut c, caller.tenant_id, replay_id).await?.ok_or(Error::NotFound)?;
    if !stored::cancel(&mut c, caller.tenant_id, replay_id, app.clock.now()).await? {
        return Err(Problem::conflict("This replay is over already."));
    }
    let replay = stored::find(&mut c, caller.tenant_id, replay_id).await?.ok_or(Error::NotFound)?;
    Ok(Json(replay.into()))
}
