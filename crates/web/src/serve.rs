//! Listening: connections in, the router behind them, and an orderly end.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::state::App;

/// Serves until `app.stopping` is cancelled, and then until the requests under way have finished. Once `app.draining` is
/// cancelled, each answer is the last on its connection, so that few are left to be closed.
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
    let service = crate::router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stopping.cancelled_owned()).await
}

/// For all that browsers ask for, once `draining` is cancelled.
pub(crate) async fn last_answer(State(draining): State<CancellationToken>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    if draining.is_cancelled() { last_on_its_connection(answer) } else { answer }
}

/// Who asked opens another connection for what comes next: to another process, if a balancer is in between.
pub(crate) fn last_on_its_connection(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}
