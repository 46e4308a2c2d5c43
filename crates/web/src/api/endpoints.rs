//! Endpoints: where events go.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use socialhook_core::delivery::Outcome;
use socialhook_core::id::{ChannelId, EndpointId};
use socialhook_core::sample;
use socialhook_relay::trial::NotTried;
use socialhook_store::channels;
use socialhook_store::endpoints::{
    self as stored, Endpoint as Stored, NewEndpoint as Changed, PauseReason, Target, removal,
};
use socialhook_store::health::{self, State as Health, Unwell};
use utoipa::ToSchema;

use super::gate::Caller;
use super::problem::{Problem, Problems};
use super::{Page, ROOT};
use crate::endpoint::settings::{CheckedOptions, OptionFields};
use crate::endpoint::{save, trial};
use crate::endpoints::{Checked, EndpointFields, EndpointForm, add};
use crate::error::{Error, database};
use crate::extract::{Body, Path};
use crate::state::App;

#[derive(Debug, Serialize, ToSchema)]
pub struct Endpoint {
    #[schema(value_type = String)]
    id: EndpointId,
    name: String,
    /// Null: the inspector, a page of ours that shows what arrives.
    url: Option<String>,
    /// Event words, beginnings such as `message.*`, or `*`.
    events: Vec<String>,
    /// Null: every channel's.
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<ChannelId>>,
    /// `active`, `paused`, `down` (it does not answer) or `catching_up`.
    state: &'static str,
    paused_at: Option<DateTime<Utc>>,
    down_since: Option<DateTime<Utc>>,
    /// Deliveries that are kept for it: parked, or waiting for it to resume. At most 20,000 are counted.
    kept: i64,
    created_at: DateTime<Utc>,
}

impl From<Stored> for Endpoint {
    fn from(endpoint: Stored) -> Self {
        let state = match (endpoint.paused, endpoint.unwell) {
            (Some(_), _) => "paused",
            (None, Some(Unwell { state: Health::Down { .. }, .. })) => "down",
            (None, Some(_)) => "catching_up",
            (None, None) => "active",
        };
        Self {
            id: endpoint.endpoint_id,
            name: endpoint.name,
            url: match endpoint.target {
                Target::Http { url } => Some(url),
                Target::Inspector => None,
            },
            events: endpoint.events,
            channels: endpoint.channel_ids,
            state,
            paused_at: endpoint.paused.map(|(at, _)| at),
            down_since: endpoint.unwell.map(|unwell| unwell.down_since),
            kept: endpoint.kept,
            created_at: endpoint.created_at,
        }
    }
}

/// A new endpoint, or all that an endpoint is to be: what is left out is as for a new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEndpoint {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Where events are posted to.
    #[schema(format = "uri", pattern = "^https?://", max_length = 2048, example = "https://example.com/hook")]
    url: String,
    /// Event words, beginnings such as `message.*`, or `*`. Left out: all.
    events: Option<Vec<String>>,
    /// Channels' ids. Left out: all channels, also new ones.
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<ChannelId>>,
    /// How long an attempt may take, in seconds.
    #[schema(minimum = 1, maximum = 30)]
    timeout_seconds: Option<u16>,
    /// Requests a second, at most.
    #[schema(minimum = 1, maximum = 1000)]
    rate_per_second: Option<u16>,
    /// Whether requests carry a signature as Meta makes it, too.
    #[serde(default)]
    meta_signature: bool,
    /// Whether events carry what Meta sent, byte for byte.
    #[serde(default)]
    raw: bool,
    /// Headers that go with each request.
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedEndpoint {
    #[serde(flatten)]
    endpoint: Endpoint,
    /// It signs the requests. It is not told again by the API.
    secret: String,
}

impl NewEndpoint {
    /// As the dashboard's form says it, so that the same is checked.
    fn check(self, app: &App, known: &[channels::Channel]) -> Result<(Checked, CheckedOptions), Problem> {
        let mut wrong: Vec<(&str, String)> = Vec::new();
        let own = |id: &ChannelId| known.iter().any(|channel| channel.channel_id == *id);
        if !self.channels.iter().flatten().all(own) {
            wrong.push(("channels", "You have no channel with one of these ids.".to_owned()));
        }
        if self.headers.iter().any(|(name, value)| format!("{name}{value}").contains(['\n', '\r'])) {
            wrong.push(("headers", "A header is one line.".to_owned()));
        }
        let number = |number: Option<u16>| number.map(|number| number.to_string()).unwrap_or_default();
        let lines: Vec<String> = self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let mut pairs = vec![
            ("name", self.name),
            ("url", self.url),
            ("events", self.events.unwrap_or_default().join(" ")),
            ("timeout", number(self.timeout_seconds)),
            ("rate", number(self.rate_per_second)),
            ("headers", lines.join("\n")),
        ];
        pairs.extend(self.channels.iter().flatten().map(|id| ("channel", id.to_string())));
        pairs.extend(
            [("meta_signature", self.meta_signature), ("raw", self.raw)]
                .into_iter()
                .filter(|(_, is)| *is)
                .map(|(name, _)| (name, "on".to_owned())),
        );
        let pairs: Vec<(String, String)> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut options = OptionFields::entered(&pairs);
        let mut fields = EndpointFields::entered(EndpointForm::read(pairs));
        let (checked, set) = (fields.check(app, false), options.check(None));
        let all = [
            ("name", fields.name),
            ("url", fields.url),
            ("events", fields.events),
            ("timeout_seconds", options.timeout),
            ("rate_per_second", options.rate),
            ("headers", options.headers),
        ];
        wrong.extend(all.into_iter().filter_map(|(name, field)| Some((name, field.error?))));
        match (checked, set) {
            (Some(checked), Some(set)) if wrong.is_empty() => Ok((checked, set)),
            _ => Err(Problem::wrong(wrong)),
        }
    }
}

async fn checked(app: &App, caller: &Caller, new: NewEndpoint) -> Result<(Checked, CheckedOptions), Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    let known = channels::list(&mut c, caller.tenant_id).await?;
    drop(c);
    new.check(app, &known)
}

fn name_taken(error: socialhook_store::Error) -> Problem {
    match error.constraint() {
        Some("endpoint_name") => Problem::conflict("You have an endpoint of this name already."),
        _ => error.into(),
    }
}

async fn find(app: &App, caller: &Caller, endpoint_id: EndpointId) -> Result<Stored, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    Ok(stored::find(&mut c, caller.tenant_id, endpoint_id).await?.ok_or(Error::NotFound)?)
}

/// All endpoints
///
/// In one part: there is no next cursor. Of each, 1,000 kept deliveries are counted at most.
#[utoipa::path(get, path = "/api/v1/endpoints", tag = "Endpoints", security(("key" = [])),
    responses((status = 200, body = Page<Endpoint>), Problems))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Page<Endpoint>>, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    let endpoints = stored::list(&mut c, caller.tenant_id).await?;
    Ok(Json(Page { data: endpoints.into_iter().map(Endpoint::from).collect(), next_cursor: None }))
}

/// One endpoint
#[utoipa::path(get, path = "/api/v1/endpoints/{endpoint_id}", tag = "Endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path)), responses((status = 200, body = Endpoint), Problems))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Json<Endpoint>, Problem> {
    Ok(Json(find(&app, &caller, endpoint_id).await?.into()))
}

/// Add an endpoint
#[utoipa::path(post, path = "/api/v1/endpoints", tag = "Endpoints", security(("key" = [])), request_body = NewEndpoint,
    responses((status = 201, body = CreatedEndpoint), Problems))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewEndpoint>) -> Result<Response, Problem> {
    let (new, options) = checked(&app, &caller, new).await?;
    let endpoint_id = add(&app, caller.tenant_id, (&new, Some(&options))).await.map_err(name_taken)?;
    app.relay.refresh().await?;
    let endpoint = find(&app, &caller, endpoint_id).await?.into();
    let mut c = app.tenant(caller.tenant_id).await?;
    let secrets = stored::secrets::live(&mut c, caller.tenant_id, endpoint_id, &app.sealer).await?;
    let secret = secrets.first().ok_or(Error::Unexpected("an endpoint has no secret"))?;
    let secret = secret.secret.expose_secret().to_owned();
    let place = [(header::LOCATION, format!("{ROOT}/endpoints/{endpoint_id}"))];
    Ok((StatusCode::CREATED, place, Json(CreatedEndpoint { endpoint, secret })).into_response())
}

/// Change an endpoint
///
/// To all that the body says: what is left out is as for a new one. Its secrets and what is kept for it stay.
#[utoipa::path(put, path = "/api/v1/endpoints/{endpoint_id}", tag = "Endpoints", security(("key" = [])), request_body = NewEndpoint,
    params(("endpoint_id" = String, Path)), responses((status = 200, body = Endpoint), Problems))]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint_id): Path<EndpointId>,
    Body(new): Body<NewEndpoint>,
) -> Result<Json<Endpoint>, Problem> {
    let before = find(&app, &caller, endpoint_id).await?;
    if before.target == Target::Inspector {
        return Err(Problem::conflict("The inspector is changed in the dashboard only."));
    }
    let (new, options) = checked(&app, &caller, new).await?;
    let changed = Changed {
        endpoint_id,
        name: &new.name,
        target: &new.target,
        events: &new.events,
        channel_ids: new.channel_ids.as_deref(),
    };
    if !save(&app, caller.tenant_id, &changed, &options).await.map_err(name_taken)? {
        return Err(Error::NotFound.into());
    }
    app.relay.refresh().await?;
    Ok(Json(find(&app, &caller, endpoint_id).await?.into()))
}

/// Delete an endpoint
///
/// What is kept for it is given up. With very much of that it takes several calls: 409 says so.
#[utoipa::path(delete, path = "/api/v1/endpoints/{endpoint_id}", tag = "Endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path)), responses((status = 204, description = "Deleted"), Problems))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<StatusCode, Problem> {
    find(&app, &caller, endpoint_id).await?;
    let mut c = app.pools.background.acquire().await.map_err(database)?;
    let discarded = removal::discard(&mut c, caller.tenant_id, endpoint_id, true, app.clock.now()).await?;
    if !discarded.is_all {
        return Err(Problem::conflict(format!(
            "{} deliveries were given up; there are more. Call again.",
            discarded.number
        )));
    }
    removal::delete(&mut c, caller.tenant_id, endpoint_id, app.clock.now()).await?;
    drop(c);
    app.relay.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pause an endpoint
///
/// Nothing is sent to it; its events wait.
#[utoipa::path(post, path = "/api/v1/endpoints/{endpoint_id}/pause", tag = "Endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path)), responses((status = 200, body = Endpoint), Problems))]
pub async fn pause(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Json<Endpoint>, Problem> {
    find(&app, &caller, endpoint_id).await?;
    let mut c = app.tenant(caller.tenant_id).await?;
    stored::pause(&mut c, caller.tenant_id, endpoint_id, PauseReason::Person, app.clock.now()).await?;
    drop(c);
    app.relay.refresh().await?;
    Ok(Json(find(&app, &caller, endpoint_id).await?.into()))
}

/// Resume an endpoint
///
/// What was kept for it is sent, oldest first.
#[utoipa::path(post, path = "/api/v1/endpoints/{endpoint_id}/resume", tag = "Endpoints", security(("key" = [])),
    params(("endpoint_id" = String, Path)), responses((status = 200, body = Endpoint), Problems))]
pub async fn resume(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint_id): Path<EndpointId>,
) -> Result<Json<Endpoint>, Problem> {
    find(&app, &caller, endpoint_id).await?;
    let mut c = app.tenant(caller.tenant_id).await?;
    stored::resume(&mut c, caller.tenant_id, endpoint_id).await?;
    app.relay.refresh().await?;
    health::send_parked(&mut c, caller.tenant_id, endpoint_id, app.clock.now()).await?;
    drop(c);
    app.relay.wake();
    Ok(Json(find(&app, &caller, endpoint_id).await?.into()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestEvent {
    /// A kind of webhook, such as `whatsapp-text`; `socialhook simulate --list` names all.
    #[schema(min_length = 1, example = "whatsapp-text")]
    sample: String,
}

/// What came of a test event.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tested {
    event: &'static str,
    delivered: bool,
    /// Null: there was no answer.
    status: Option<u16>,
    failure: Option<&'static str>,
    latency_ms: f64,
    /// The beginning of a failure's answer.
    response: Option<String>,
}

/// Send a test event now
///
/// Whatever the endpoint's settings say, and also while it is paused. It is marked `"test": true`, and appears in no list.
#[utoipa::path(post, path = "/api/v1/endpoints/{endpoint_id}/test", tag = "Endpoints", security(("key" = [])), request_body = TestEvent,
    params(("endpoint_id" = String, Path)), responses((status = 200, body = Tested), Problems))]
pub async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(endpoint_id): Path<EndpointId>,
    Body(wanted): Body<TestEvent>,
) -> Result<Json<Tested>, Problem> {
    find(&app, &caller, endpoint_id).await?;
    let unknown = || Problem::wrong([("sample", "There is no such kind; such as whatsapp-text.".to_owned())]);
    let sample = sample::find(&wanted.sample).filter(|sample| sample.scope == sample::Scope::Channel);
    let body = trial::body(&app, sample.ok_or_else(unknown)?);
    let trial = app.relay.try_endpoint(caller.tenant_id, endpoint_id, body.as_bytes()).await;
    let trial = trial.map_err(|error| match error {
        NotTried::Unknown => Error::NotFound,
        NotTried::Busy => Error::Busy,
        NotTried::NoEvent => Error::Unexpected("a sample without an event"),
    })?;
    let (status, failure) = match &trial.outcome {
        Outcome::Delivered { status } => (Some(*status), None),
        Outcome::Failed { class, status, .. } => (*status, Some(class.as_str())),
    };
    Ok(Json(Tested {
        event: trial.event,
        delivered: failure.is_none(),
        status,
        failure,
        latency_ms: f64::from(trial.latency_us) / 1000.0,
        response: trial.excerpt.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    }))
}
