//! The floor, `socialhook bench-floor`: the least that a relay can do and still keep what it has accepted. It checks the signature,
//! takes the message out of the body, stores both with whoever waits, answers, forwards, and logs the attempt with whoever waits.
//!
//! No tenants, no configuration, no signing, no retries, no limits: it is there to be measured beside the relay, on the same
//! machine in the same minute, and for nothing else.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use socialhook_core::signature::{self, Key};
use socialhook_store::PgConnection;
use socialhook_store::floor::{self, Attempts};
use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

use super::APP_SECRET;

/// Two batches under way: while one waits for its flush, the other fills.
const WRITERS: usize = 2;
const BATCH_MAX: usize = 512;
const QUEUE_MAX: usize = 8192;
const IN_FLIGHT_MAX: usize = 64;
/// Attempts gather for so long between two commits.
const LOG_EVERY: Duration = Duration::from_millis(5);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the floor's database is not understood")]
    Url(#[source] sqlx::Error),
    #[error("the floor's database failed")]
    Store(#[from] socialhook_store::Error),
    #[error("the floor cannot listen")]
    Listen(#[from] std::io::Error),
    #[error("a part of the floor died")]
    Died,
}

struct Floor {
    key: Key,
    arrivals: mpsc::Sender<Arrival>,
    attempts: mpsc::Sender<Attempt>,
    client: Client<HttpConnector, Full<Bytes>>,
    receiver: Uri,
    in_flight: Semaphore,
}

struct Arrival {
    raw: Bytes,
    event: Bytes,
    stored: oneshot::Sender<i64>,
}

struct Attempt {
    event_id: i64,
    status: u16,
    latency: Duration,
}

/// Serves until it is killed.
///
/// # Errors
/// If it cannot start, or its database fails.
pub async fn run(listen: SocketAddr, database_url: &str, receiver: Uri) -> Result<(), Error> {
    let options = PgConnectOptions::from_str(database_url).map_err(Error::Url)?;
    let mut c = connect(&options).await?;
    floor::prepare(&mut c).await?;
    let (arrivals, arriving) = mpsc::channel(QUEUE_MAX);
    let (attempts, attempted) = mpsc::channel(QUEUE_MAX);
    let arriving = Arc::new(Mutex::new(arriving));
    let mut writers = tokio::task::JoinSet::new();
    writers.spawn(log(c, attempted));
    for _ in 0..WRITERS {
        writers.spawn(write(connect(&options).await?, arriving.clone()));
    }
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IN_FLIGHT_MAX).build(connector);
    let key = Key::new(&SecretString::from(APP_SECRET));
    let in_flight = Semaphore::new(IN_FLIGHT_MAX);
    let floor = Arc::new(Floor { key, arrivals, attempts, client, receiver, in_flight });
    let listener = TcpListener::bind(listen).await?;
    tokio::select! {
        served = serve(&listener, &floor) => served.map_err(Error::from),
        ended = writers.join_next() => Err(match ended {
            Some(Ok(Err(error))) => error.into(),
            _ => Error::Died,
        }),
    }
}

async fn connect(options: &PgConnectOptions) -> socialhook_store::Result<PgConnection> {
    Ok(PgConnection::connect_with(options).await?)
}

async fn serve(listener: &TcpListener, floor: &Arc<Floor>) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(converse(stream, floor.clone()));
    }
}

async fn converse(stream: TcpStream, floor: Arc<Floor>) {
    let service = service_fn(move |request| {
        let floor = floor.clone();
        async move {
            let status = accept(&floor, request).await.err().unwrap_or(StatusCode::OK);
            let mut response = Response::new(Full::new(Bytes::new()));
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        }
    });
    // Whoever lets go of his connection has reasons of his own.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn accept(floor: &Arc<Floor>, request: Request<Incoming>) -> Result<(), StatusCode> {
    let (parts, body) = request.into_parts();
    let raw = body.collect().await.map_err(|_| StatusCode::BAD_REQUEST)?.to_bytes();
    let signature = parts.headers.get(signature::HEADER).map(hyper::header::HeaderValue::as_bytes);
    signature::verify(std::slice::from_ref(&floor.key), signature, &raw).map_err(|_| StatusCode::FORBIDDEN)?;
    let event = Bytes::from(event(&raw).ok_or(StatusCode::BAD_REQUEST)?);
    let (stored, storing) = oneshot::channel();
    let arrival = Arrival { raw, event: event.clone(), stored };
    floor.arrivals.send(arrival).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let event_id = storing.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    tokio::spawn(forward(floor.clone(), event_id, event));
    Ok(())
}

async fn forward(floor: Arc<Floor>, event_id: i64, event: Bytes) {
    let Ok(permit) = floor.in_flight.acquire().await else { return };
    let begun = Instant::now();
    let request = Request::post(floor.receiver.clone()).header(CONTENT_TYPE, "application/json");
    let request = request.body(Full::new(event)).expect("these make a request");
    let Ok(response) = floor.client.request(request).await else { return };
    let status = response.status().as_u16();
    // Read to its end, so that the connection can be used again.
    let _ = response.into_body().collect().await;
    drop(permit);
    let _ = floor.attempts.send(Attempt { event_id, status, latency: begun.elapsed() }).await;
}

async fn write(mut c: PgConnection, arriving: Arc<Mutex<mpsc::Receiver<Arrival>>>) -> socialhook_store::Result<()> {
    let mut batch: Vec<Arrival> = Vec::new();
    // One gathers, and the other meanwhile waits for its flush.
    while arriving.lock().await.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let raw: Vec<&[u8]> = batch.iter().map(|arrival| &arrival.raw[..]).collect();
        let events: Vec<&[u8]> = batch.iter().map(|arrival| &arrival.event[..]).collect();
        let event_ids = floor::store(&mut c, &raw, &events).await?;
        for (arrival, event_id) in batch.drain(..).zip(event_ids) {
            let _ = arrival.stored.send(event_id);
        }
    }
    Ok(())
}

async fn log(mut c: PgConnection, mut attempted: mpsc::Receiver<Attempt>) -> socialhook_store::Result<()> {
    let mut batch: Vec<Attempt> = Vec::new();
    let mut pause = tokio::time::interval(LOG_EVERY);
    pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while attempted.recv_many(&mut batch, BATCH_MAX * WRITERS).await > 0 {
        let mut attempts = Attempts::default();
        for attempt in batch.drain(..) {
            attempts.event_ids.push(attempt.event_id);
            attempts.statuses.push(i32::from(attempt.status));
            attempts.latencies_us.push(i32::try_from(attempt.latency.as_micros()).unwrap_or(i32::MAX));
        }
        floor::log(&mut c, &attempts).await?;
        pause.tick().await;
    }
    Ok(())
}

/// What is forwarded of a body: its first message, or None.
fn event(raw: &[u8]) -> Option<Vec<u8>> {
    let body: Body = serde_json::from_slice(raw).ok()?;
    let message = body.entry.first()?.changes.first()?.value.messages.first()?;
    let event = json!({
        "platform": "whatsapp",
        "event": "message.received",
        "timestamp": message.timestamp.parse::<i64>().ok()?,
        "from": format!("+{}", message.from),
        "message": { "id": message.id, "type": message.kind, "body": message.text.body },
    });
    serde_json::to_vec(&event).ok()
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    value: Value<'a>,
}

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Text<'a>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    body: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_message_out() {
        let raw = super::super::webhook::Webhooks::new(vec!["401".to_owned()], None).body(1, 7, 1_747_231_892);
        let event: serde_json::Value = serde_json::from_slice(&event(raw.as_bytes()).unwrap()).unwrap();
        assert_eq!(event["timestamp"], 1_747_231_892);
        assert_eq!(event["message"]["type"], "text");
        assert!(super::super::ledger::find(event.to_string().as_bytes()).is_some());
    }
}
