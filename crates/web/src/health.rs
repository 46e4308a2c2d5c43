//! Whether the process runs, and whether it can serve.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;

use crate::state::App;

/// A balancer asks often and waits for nobody.
const ANSWER_WITHIN: Duration = Duration::from_millis(750);

/// The process runs.
pub async fn live() -> &'static str {
    "ok"
}

/// The database answers, and the process is not about to stop.
pub async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.draining.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    // Also bounds the wait for a connection.
    match tokio::time::timeout(ANSWER_WITHIN * 2, app.relay.reaches_database(ANSWER_WITHIN)).await {
        Ok(true) => (StatusCode::OK, "ok"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer"),
    }
}
