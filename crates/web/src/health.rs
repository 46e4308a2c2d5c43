//! Whether the process runs, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;
use socialhook_store::directory;

use crate::state::App;

/// The process runs.
pub async fn live() -> &'static str {
    "ok"
}

/// The database answers.
pub async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    let answer = async {
        let mut c = app.pools.background.acquire().await?;
        directory::epoch(&mut c).await
    };
    match answer.await {
        Ok(_) => (StatusCode::OK, "ok"),
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
    }
}
