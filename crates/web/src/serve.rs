//! Listening: connections in, the router behind them, and an orderly end.
//!
//! What must hold: who connects and says little, or nothing, takes a place for a bounded time, and there are only so many places; a request that two
//! servers could read differently is refused.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::state::App;

/// Connections at once; further ones wait until one ends.
const CONNECTIONS_MAX: usize = 8192;
/// For the head of a request, from the end of the one before: longer than balancers keep an idle connection.
const HEAD_WITHIN: Duration = Duration::from_secs(75);
/// Bytes of a request's head.
const HEAD_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 100;
/// Requests at once on one connection of HTTP/2.
const STREAMS_MAX: u32 = 200;
/// A connection of HTTP/2 that does not answer a ping within this is given up.
const PING_WITHIN: Duration = Duration::from_secs(20);
/// Where no connection can be taken, such as for want of file handles, it is tried again.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

/// Serves until `app.stopping` is cancelled, and then until the requests under way have finished. Once `app.draining` is
/// cancelled, each answer is the last on its connection, so that few are left to be closed.
///
/// # Errors
/// None: a connection that cannot be taken is logged, and others are.
pub async fn serve(listener: TcpListener, app: App) -> std::io::Result<()> {
    let stopping = app.stopping.clone();
    let router = crate::router(app);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let http = http();
    loop {
        let place = tokio::select! {
            () = stopping.cancelled() => break,
            place = places.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // Whoever asked went away again: no reason to let others wait.
            Err(error) if is_theirs(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let inner = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = (!is_ambiguous(request.headers())).then(|| inner.call(request));
            async move {
                match answer {
                    Some(answer) => answer.await,
                    None => Ok(last_on_its_connection(StatusCode::BAD_REQUEST.into_response())),
                }
            }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service).into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = &*error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

fn is_theirs(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    [ConnectionAborted, ConnectionRefused, ConnectionReset].contains(&error.kind())
}

fn http() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_MAX)
        .max_headers(HEADERS_MAX);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_WITHIN)
        .keep_alive_timeout(PING_WITHIN)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(64 << 10);
    http
}

/// Whether its length is told twice: a proxy in front may believe the other one, and take the rest for another request.
fn is_ambiguous(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH)
}

/// For all that browsers ask for, once `draining` is cancelled.
pub(crate) async fn last_answer(
    State(draining): State<CancellationToken>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let answer = next.run(request).await;
    if draining.is_cancelled() { last_on_its_connection(answer) } else { answer }
}

/// Who asked opens another connection for what comes next: to another process, if a balancer is in between.
pub(crate) fn last_on_its_connection(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}
