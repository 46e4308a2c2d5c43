//! The JSON API under `/api/v1`: its routes, and what each takes to call.
//!
//! What must hold: every operation stands in [`OPERATIONS`], with the scope that it takes and, if it changes something, its words for the audit
//! log; one that does not is refused. All go through [`gate`], and every failure is `application/problem+json`.

pub mod channels;
pub mod deliveries;
mod description;
pub mod endpoints;
pub mod events;
mod gate;
mod idempotent;
mod keys;
mod media;
mod problem;
pub mod replays;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Serialize;
use socialhook_store::api_keys::Scope;
use utoipa::ToSchema;

pub use description::description;
pub use keys::{confirm as confirm_revoking, create as create_key, revoke as revoke_key, show as show_keys};
pub use problem::Problem;

use crate::error::Error;
use crate::layers;
use crate::router::Web;
use crate::state::App;

/// Where the API begins.
pub const ROOT: &str = "/api/v1";
/// Bytes of a request's body.
pub const BODY_MAX: usize = 64 << 10;
/// Things in a list, at most, and by default.
const LIST_MAX: u8 = 100;
const LIST_DEFAULT: u8 = 50;

/// Method, route, the scope that it takes, and what the audit log says of it.
pub const OPERATIONS: &[(&str, &str, Scope, Option<&str>)] = &[
    ("GET", "/api/v1/channels", Scope::Read, None),
    ("GET", "/api/v1/channels/{channel_id}", Scope::Read, None),
    ("GET", "/api/v1/channels/{channel_id}/doctor", Scope::Read, None),
    ("GET", "/api/v1/endpoints", Scope::Read, None),
    ("POST", "/api/v1/endpoints", Scope::Endpoints, Some("Added an endpoint")),
    ("GET", "/api/v1/endpoints/{endpoint_id}", Scope::Read, None),
    ("PUT", "/api/v1/endpoints/{endpoint_id}", Scope::Endpoints, Some("Changed an endpoint")),
    ("DELETE", "/api/v1/endpoints/{endpoint_id}", Scope::Endpoints, Some("Deleted an endpoint")),
    ("POST", "/api/v1/endpoints/{endpoint_id}/pause", Scope::Endpoints, Some("Paused an endpoint")),
    ("POST", "/api/v1/endpoints/{endpoint_id}/resume", Scope::Endpoints, Some("Resumed an endpoint")),
    ("POST", "/api/v1/endpoints/{endpoint_id}/test", Scope::Deliveries, Some("Sent a test event")),
    ("GET", "/api/v1/events", Scope::Read, None),
    ("GET", "/api/v1/events/{event_id}", Scope::Read, None),
    ("GET", "/api/v1/events/{event_id}/media", Scope::Read, None),
    ("GET", "/api/v1/deliveries", Scope::Read, None),
    ("GET", "/api/v1/deliveries/{event_id}/{endpoint_id}", Scope::Read, None),
    ("POST", "/api/v1/deliveries/{event_id}/{endpoint_id}/resend", Scope::Deliveries, Some("Resent an event")),
    ("GET", "/api/v1/replays", Scope::Read, None),
    ("POST", "/api/v1/replays", Scope::Deliveries, Some("Started a replay")),
    ("GET", "/api/v1/replays/{replay_id}", Scope::Read, None),
    ("POST", "/api/v1/replays/{replay_id}/cancel", Scope::Deliveries, Some("Cancelled a replay")),
];

fn operation(method: &Method, route: &str) -> Option<(Scope, Option<&'static str>)> {
    let found = OPERATIONS.iter().find(|(verb, known, ..)| *verb == method.as_str() && *known == route);
    found.map(|(.., scope, words)| (*scope, *words))
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Give it as `cursor` for the next part; null: there is no more. A part may be short, or empty, and go on all the same.
    pub next_cursor: Option<String>,
}

/// All operations; those that go out themselves take longer than a page may.
pub(crate) fn routes(app: &App) -> Router<Web> {
    let quick = Router::new()
        .route("/channels", get(channels::list))
        .route("/channels/{channel_id}", get(channels::show))
        .route("/endpoints", get(endpoints::list).post(endpoints::create))
        .route("/endpoints/{endpoint_id}", get(endpoints::show).put(endpoints::replace).delete(endpoints::delete))
        .route("/endpoints/{endpoint_id}/pause", post(endpoints::pause))
        .route("/endpoints/{endpoint_id}/resume", post(endpoints::resume))
        .route("/events", get(events::list))
        .route("/events/{event_id}", get(events::show))
        .route("/events/{event_id}/media", get(media::list))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{event_id}/{endpoint_id}", get(deliveries::show))
        .route("/deliveries/{event_id}/{endpoint_id}/resend", post(deliveries::resend))
        .route("/replays", get(replays::list).post(replays::create))
        .route("/replays/{replay_id}", get(replays::show))
        .route("/replays/{replay_id}/cancel", post(replays::cancel))
        .layer(layers::timeout());
    let routes = quick
        .route("/endpoints/{endpoint_id}/test", post(endpoints::test))
        .route("/channels/{channel_id}/doctor", get(channels::doctor))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(app.clone(), idempotent::answer))
        .layer(from_fn_with_state(app.clone(), gate::pass))
        .route("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], description())))
        .fallback(async || Error::NotFound.into_response())
        .method_not_allowed_fallback(async || Error::Method.into_response())
        .layer(from_fn(problem::tell));
    Router::new().nest(ROOT, routes)
}
