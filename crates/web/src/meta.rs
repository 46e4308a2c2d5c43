//! The two routes that Meta calls, per app: the challenge (GET) and the webhooks (POST).
//!
//! What must hold: 200 only for what is stored; 403 where the signature or verify token does not fit; 503 with `Retry-After`
//! where it cannot be stored right now, so that Meta repeats it (WhatsApp §9, Messenger §7).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use socialhook_core::signature;
use socialhook_relay::ingest::BODY_MAX;
use socialhook_relay::simulate::SIMULATED_HEADER;
use socialhook_relay::{NotAccepted, Post, Relay};
use tokio_util::sync::CancellationToken;

use crate::serve;

/// Seconds after which Meta may try again; it keeps its own schedule, other senders may not.
const RETRY_AFTER_SECONDS: &str = "5";

struct Meta {
    relay: Relay,
    draining: CancellationToken,
}

pub(crate) fn routes(relay: Relay, draining: CancellationToken) -> Router {
    Router::new()
        .route("/webhooks/meta/{app_key}", get(challenge).post(receive))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Arc::new(Meta { relay, draining }))
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
    State(meta): State<Arc<Meta>>,
    Path(app_key): Path<String>,
    query: Result<Query<Challenge>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else {
        return (StatusCode::BAD_REQUEST, "hub.mode, hub.verify_token and hub.challenge are needed\n").into_response();
    };
    if query.mode == "subscribe" && meta.relay.verifies(&app_key, &query.verify_token).await {
        let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
        (plain, query.answer).into_response()
    } else {
        (StatusCode::FORBIDDEN, "the verify token does not fit\n").into_response()
    }
}

async fn receive(
    State(meta): State<Arc<Meta>>,
    Path(callback_key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signature = headers.get(signature::HEADER).map(|value| value.as_bytes().to_vec());
    let simulated = headers.contains_key(HeaderName::from_static(SIMULATED_HEADER));
    let answer = match meta.relay.accept(Post { callback_key, signature, body, headers, simulated }).await {
        Ok(_) => (StatusCode::OK, "ok").into_response(),
        Err(NotAccepted::UnknownApp) => (StatusCode::NOT_FOUND, "no app has this callback URL\n").into_response(),
        Err(NotAccepted::Refused(refusal)) => (StatusCode::FORBIDDEN, format!("{refusal}\n")).into_response(),
        Err(NotAccepted::Unavailable) => {
            let retry = [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)];
            (StatusCode::SERVICE_UNAVAILABLE, retry, "it cannot be stored right now\n").into_response()
        }
    };
    if meta.draining.is_cancelled() { serve::last_on_its_connection(answer) } else { answer }
}
