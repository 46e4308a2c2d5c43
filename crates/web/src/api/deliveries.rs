//! Deliveries: what became of each event at each endpoint, and sending one again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use socialhook_core::id::{EndpointId, EventId};
use socialhook_store::attempts::{self, Attempt as StoredAttempt};
use socialhook_store::ledger::{self, Cursor, Entry, Size, State as Standing, Toward};
use socialhook_store::{channels, endpoints, events as stored_events, health, replays};
use utoipa::{IntoParams, ToSchema};

use super::Page;
use super::events::limit;
use super::gate::Caller;
use super::problem::{Problem, Problems};
use crate::deliveries::export::state;
use crate::deliveries::wanted::{Known, OUTCOMES, Wanted as Filters};
use crate::error::Error;
use crate::extract::{Asked, Path};
use crate::state::App;

/// An event and an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    #[schema(value_type = String)]
    event_id: EventId,
    /// Null: no endpoint wanted the event.
    #[schema(value_type = Option<String>)]
    endpoint_id: Option<EndpointId>,
    /// The event's word, such as `message.received`.
    event: String,
    received_at: DateTime<Utc>,
    /// `delivered`, `sending`, `waiting`, `parked`, `discarded` or `unmatched`.
    state: &'static str,
    /// When it is tried next.
    due_at: Option<DateTime<Utc>>,
    attempts: u16,
    last_attempt_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last attempt.
    last_status: Option<u16>,
    /// What the last attempt failed of.
    last_failure: Option<String>,
    last_latency_ms: Option<f64>,
}

impl From<Entry> for Delivery {
    fn from(entry: Entry) -> Self {
        let due_at = match entry.state {
            Standing::Waiting { due_at } => Some(due_at),
            _ => None,
        };
        Self {
            event_id: entry.event_id,
            endpoint_id: entry.endpoint_id,
            event: entry.event,
            received_at: entry.received_at,
            state: state(entry.state),
            due_at,
            attempts: entry.attempts,
            last_attempt_at: entry.last_attempt_at,
            last_status: entry.last_status,
            last_failure: entry.last_failure,
            last_latency_ms: entry.last_latency_us.map(milliseconds),
        }
    }
}

fn milliseconds(micros: i32) -> f64 {
    f64::from(micros) / 1000.0
}

/// One HTTP request to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attempt {
    /// From 1 on.
    number: u16,
    replay: bool,
    started_at: DateTime<Utc>,
    latency_ms: f64,
    /// Null: there was no answer.
    status: Option<u16>,
    /// Null: it was delivered.
    failure: Option<String>,
    /// The beginning of a failure's answer.
    response: Option<String>,
}

impl From<StoredAttempt> for Attempt {
    fn from(attempt: StoredAttempt) -> Self {
        Self {
            number: attempt.number,
            replay: attempt.replay,
            started_at: attempt.started_at,
            latency_ms: milliseconds(attempt.latency_us),
            status: attempt.status,
            failure: attempt.failure,
            response: attempt.excerpt.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryWithAttempts {
    #[serde(flatten)]
    delivery: Delivery,
    /// Oldest first.
    attempt_log: Vec<Attempt>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `delivered`, `waiting`, `parked` or `unmatched`; left out: all.
    #[param(pattern = "^(delivered|waiting|parked|unmatched)$")]
    outcome: Option<String>,
    /// `whatsapp`, `messenger` or `instagram`.
    #[param(pattern = "^(whatsapp|messenger|instagram)$")]
    platform: Option<String>,
    /// A channel's id.
    #[param(pattern = "^chn_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    channel: Option<String>,
    /// An endpoint's id, or its name.
    #[param(min_length = 1, max_length = 100)]
    endpoint: Option<String>,
    /// An event word, or a beginning such as `message.*`.
    #[param(pattern = r"^(\*|[a-z_]+(\.[a-z_]+)*(\.\*)?)$", max_length = 64)]
    event: Option<String>,
    /// What happened at this time or later: RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// What happened before this time: RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
    #[param(pattern = r"^evt_[0-7][0-9a-hjkmnp-tv-z]{25}\.end_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
}

impl Wanted {
    /// As the dashboard's address says it.
    fn filters(self) -> Filters {
        Filters {
            outcome: self.outcome.unwrap_or_default(),
            platform: self.platform.unwrap_or_default(),
            channel: self.channel.unwrap_or_default(),
            endpoint: self.endpoint.unwrap_or_default(),
            event: self.event.unwrap_or_default(),
            from: self.from.unwrap_or_default(),
            to: self.to.unwrap_or_default(),
            after: self.cursor.unwrap_or_default(),
            ..Filters::default()
        }
    }
}

/// A filter that is there and says nothing is a mistake of a program.
fn empty(wanted: &Wanted) -> Option<Problem> {
    let filters = [
        ("outcome", &wanted.outcome),
        ("platform", &wanted.platform),
        ("channel", &wanted.channel),
        ("endpoint", &wanted.endpoint),
        ("event", &wanted.event),
        ("from", &wanted.from),
        ("to", &wanted.to),
        ("cursor", &wanted.cursor),
    ];
    let empty = filters.into_iter().filter(|(_, value)| value.as_deref() == Some(""));
    let wrong: Vec<_> = empty.map(|(name, _)| (name, "Give a value, or leave it out.".to_owned())).collect();
    (!wrong.is_empty()).then(|| Problem::wrong(wrong))
}

/// What an address that people see would leave out, and a program has to be told.
fn check(asked: &Filters, known: &Known<'_>) -> Result<ledger::Filters, Problem> {
    let (filters, fields) = asked.filters(known);
    let mut wrong: Vec<(&str, String)> = Vec::new();
    if !OUTCOMES.iter().any(|(_, word, _)| *word == asked.outcome) {
        wrong.push(("outcome", "Give delivered, waiting, parked or unmatched.".to_owned()));
    }
    let is_platform = socialhook_core::event::Platform::from_word(&asked.platform).is_some();
    if !asked.platform.is_empty() && !is_platform {
        wrong.push(("platform", "Give whatsapp, messenger or instagram.".to_owned()));
    }
    if !asked.channel.is_empty() && !known.channels.iter().any(|one| one.channel_id.to_string() == asked.channel) {
        wrong.push(("channel", "You have no channel with this id.".to_owned()));
    }
    if !asked.after.is_empty() && asked.place().0 == Cursor::NEWEST {
        wrong.push(("cursor", "Give next_cursor of the part before.".to_owned()));
    }
    let fields = [("endpoint", fields.endpoint), ("event", fields.event), ("from", fields.from), ("to", fields.to)];
    wrong.extend(fields.into_iter().filter_map(|(name, field)| Some((name, field.error?))));
    if wrong.is_empty() { Ok(filters) } else { Err(Problem::wrong(wrong)) }
}

/// Deliveries, newest first
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "Deliveries", security(("key" = [])), params(Wanted),
    responses((status = 200, body = Page<Delivery>), Problems))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Delivery>>, Problem> {
    let limit = limit(wanted.limit)?;
    if let Some(problem) = empty(&wanted) {
        return Err(problem);
    }
    let asked = wanted.filters();
    let mut c = app.tenant(caller.tenant_id).await?;
    let channels = channels::list(&mut c, caller.tenant_id).await?;
    let endpoints = endpoints::names(&mut c, caller.tenant_id).await?;
    let known = Known { channels: &channels, endpoints: &endpoints, zone: Tz::UTC, now: app.clock.now() };
    let filters = check(&asked, &known)?;
    let place = (asked.place().0, Toward::Older);
    let found = ledger::page(&mut c, caller.tenant_id, &filters, place, Size::of(limit)).await?;
    let cursor = |at: Cursor| format!("{}.{}", at.event_id, at.endpoint_id);
    let data = found.entries.into_iter().map(Delivery::from).collect();
    Ok(Json(Page { data, next_cursor: found.older.map(cursor) }))
}

/// One delivery, with its attempts
#[utoipa::path(get, path = "/api/v1/deliveries/{event_id}/{endpoint_id}", tag = "Deliveries", security(("key" = [])),
    params(("event_id" = String, Path), ("endpoint_id" = String, Path)),
    responses((status = 200, body = DeliveryWithAttempts), Problems))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((event_id, endpoint_id)): Path<(EventId, EndpointId)>,
) -> Result<Json<DeliveryWithAttempts>, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    let entry = ledger::find(&mut c, caller.tenant_id, event_id, endpoint_id).await?.ok_or(Error::NotFound)?;
    let attempts = attempts::of_delivery(&mut c, caller.tenant_id, event_id, endpoint_id).await?;
    let attempt_log = attempts.into_iter().map(Attempt::from).collect();
    Ok(Json(DeliveryWithAttempts { delivery: entry.into(), attempt_log }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Resent {
    /// False: it was being sent, or waiting to be, already.
    opened: bool,
    /// The endpoint is paused: the event is sent when it resumes.
    waits_for_resume: bool,
}

/// Send an event to an endpoint again
///
/// Also to one that never got it.
#[utoipa::path(post, path = "/api/v1/deliveries/{event_id}/{endpoint_id}/resend", tag = "Deliveries", security(("key" = [])),
    params(("event_id" = String, Path), ("endpoint_id" = String, Path)),
    responses((status = 202, body = Resent), Problems))]
pub async fn resend(
    State(app): State<App>,
    caller: Caller,
    Path((event_id, endpoint_id)): Path<(EventId, EndpointId)>,
) -> Result<Response, Problem> {
    let (tenant_id, now) = (caller.tenant_id, app.clock.now());
    let mut c = app.tenant(tenant_id).await?;
    stored_events::find(&mut c, tenant_id, event_id).await?.ok_or(Error::NotFound)?;
    let endpoint = endpoints::find(&mut c, tenant_id, endpoint_id).await?.ok_or(Error::NotFound)?;
    let opened = replays::resend(&mut c, tenant_id, &[(event_id, endpoint_id)], now).await? == 1;
    health::probe_now(&mut c, tenant_id, endpoint_id, now).await?;
    drop(c);
    app.relay.wake();
    Ok((StatusCode::ACCEPTED, Json(Resent { opened, waits_for_resume: endpoint.paused.is_some() })).into_response())
}
