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
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
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
/// Bytes of a request's head. Of headers, a hundred are taken, as hyper has it without being told.
const HEAD_MAX: usize = 64 << 10;
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
    let http = http(HEAD_WITHIN);
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
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
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

/// HTTP/1.1 alone: browsers ask for HTTP/2 behind TLS only, which is the proxy's, and a connection whose version is still to be told would be waited
/// for without end.
fn http(head_within: Duration) -> Builder {
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_within).max_buf_size(HEAD_MAX).max_header_size(HEAD_MAX);
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What a client gets that sends these bytes again and again, without ever ending a request's head.
    async fn answer_to(begun: &[u8], more: &[u8]) -> String {
        let (mut client, ours) = tokio::io::duplex(64 << 10);
        let nobody = service_fn(async |_: Request<Incoming>| Ok::<_, std::convert::Infallible>("in".into_response()));
        let served = async { http(Duration::from_millis(200)).serve_connection(TokioIo::new(ours), nobody).await };
        let asked = async {
            client.write_all(begun).await.unwrap();
            let (mut from, mut to) = tokio::io::split(client);
            let dripping = async {
                while to.write_all(more).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            let mut answer = String::new();
            tokio::select! {
                read = from.read_to_string(&mut answer) => { read.unwrap(); }
                () = dripping => {}
            }
            answer
        };
        let both = async { tokio::join!(served, asked).1 };
        tokio::time::timeout(Duration::from_secs(20), both).await.expect("it is not waited for without end")
    }

    #[tokio::test]
    async fn heads_that_never_end_are_not_waited_for() {
        for (begun, more) in [
            ("GET / HTTP/1.1\r\nhost: a\r\n", "x: y\r\n"),
            ("GET / HT", ""),
            ("PRI * HT", ""),
            ("", ""),
            ("GET / HTTP/1.1\r\nhost: ", "a"),
        ] {
            let answer = answer_to(begun.as_bytes(), more.as_bytes()).await;
            assert!(!answer.contains("in"), "{begun:?} {more:?}: {answer}");
        }
        let answer = answer_to(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b"").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("in"), "{answer}");
    }
}
