//! Listening: connections in, the router behind them, and an orderly end.

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::state::App;

/// Serves until `app.stopping` is cancelled, and then until the requests under way have finished.
///
/// # Errors
/// If the listener fails.
pub async fn serve(listener: TcpListener, app: App) -> std::io::Result<()> {
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let stopping = app.stopping.clone();
    axum::serve(listener, crate::router(app)).with_graceful_shutdown(stopping.cancelled_owned()).await
}
