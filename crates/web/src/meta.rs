//! The two routes that Meta calls, per app: the challenge (GET) and the webhooks (POST).
//!
//! What must hold: 200 only for what is stored; 403 where the signature or verify token does not fit; 503 with `Retry-After`
//! where it cannot be stored right now, so that Meta repeats it (WhatsApp §9, Messenger §7).

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, FromRef, FromRequest, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use socialhook_core::signature;
use socialhook_relay::ingest::BODY_MAX;
use socialhook_relay::simulate::SIMULATED_HEADER;
use socialhook_relay::{NotAccepted, Post};

use crate::client::Client;
use crate::error::Error;
use crate::state::App;
use crate::{serve, throttle};

/// For a whole body: Meta gives up sooner.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Seconds after which Meta may try again; it keeps its own schedule, other senders may not.
const RETRY_AFTER_SECONDS: &str = "5";

/// Only a challenge asks for it; a webhook costs one count of the state.
impl FromRef<Arc<App>> for App {
    fn from_ref(app: &Arc<App>) -> Self {
        Self::clone(app)
    }
}

pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/webhooks/meta/{app_key}", get(challenge).post(receive))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Arc::new(app))
}

#[derive(serde::Deserialize)]
struct Challenge {
    #[serde(rename = "hub.mode")]
    mode: String,
    #[serde(rename = "hub.verify_token")]
    verify_token: String,
    #[serde(rename = "hub.challenge")]
    answer: String,
}

/// Answers with the challenge as plain text if the verify token is the app's.
async fn challenge(
    State(app): State<Arc<App>>,
    client: Client,
    Path(app_key): Path<String>,
    query: Result<Query<Challenge>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else {
        return (StatusCode::BAD_REQUEST, "hub.mode, hub.verify_token and hub.challenge are needed\n").into_response();
    };
    // Counted before it is looked at, or who guesses would be told when he is right.
    let counted = match throttle::challenge(&app, &client, &app_key).await {
        Ok(counted) => counted,
        Err(Error::TooOften(wait)) => {
            let retry = [(header::RETRY_AFTER, wait.num_seconds().max(1).to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, retry, "too many verify tokens were tried\n").into_response();
        }
        Err(_) => return unavailable(),
    };
    if query.mode != "subscribe" || !app.relay.verifies(&app_key, &query.verify_token).await {
        return (StatusCode::FORBIDDEN, "the verify token does not fit\n").into_response();
    }
    if let Err(error) = throttle::succeeded(&app, counted).await {
        tracing::warn!(%error, "a challenge could not be told to have been right");
    }
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (plain, query.answer).into_response()
}

fn unavailable() -> Response {
    let retry = [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)];
    (StatusCode::SERVICE_UNAVAILABLE, retry, "it cannot be stored right now\n").into_response()
}

async fn receive(
    State(app): State<Arc<App>>,
    Path(callback_key): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let body = match tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(rejection)) => return rejection.into_response(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n").into_response(),
    };
    let signature = headers.get(signature::HEADER).map(|value| value.as_bytes().to_vec());
    let simulated = headers.contains_key(HeaderName::from_static(SIMULATED_HEADER));
    let answer = match app.relay.accept(Post { callback_key, signature, body, headers, simulated }).await {
        Ok(_) => (StatusCode::OK, "ok").into_response(),
        Err(NotAccepted::UnknownApp) => (StatusCode::NOT_FOUND, "no app has this callback URL\n").into_response(),
        Err(NotAccepted::Refused(refusal)) => (StatusCode::FORBIDDEN, format!("{refusal}\n")).into_response(),
        Err(NotAccepted::Unavailable) => unavailable(),
    };
    if app.draining.is_cancelled() { serve::last_on_its_connection(answer) } else { answer }
}
